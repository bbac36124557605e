//! The corpus that a person wants live, whatever later runs find.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, corpora::forget_unused_corpora, millis, timestamp};
use crate::hash::Hash;

/// What is to be live until somebody unpins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Which corpus.
    pub corpus: Hash,
    /// The publication that it was gone back to.
    pub publication: i64,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// Pins the corpus of a publication, instead of what may be pinned already. Nothing is held any more: what the gates
    /// say of a newer corpus is asked again once this one is unpinned.
    pub async fn pin(&self, publication: i64, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("DELETE FROM pin", [])?;
            tx.execute(
                "INSERT INTO pin (publication, at) VALUES (?1, ?2)",
                params![publication, millis(now)],
            )?;
            tx.execute("DELETE FROM held", [])?;
            forget_unused_corpora(tx)
        })
        .await
    }

    /// What is pinned for `target`: a pipeline that publishes elsewhere now is free.
    pub async fn pinned(&self, target: String) -> Result<Option<Pin>, StoreError> {
        self.read(move |connection| {
            let row: Option<(Hash, i64, i64)> = connection
                .query_row(
                    "SELECT p.corpus, p.id, pin.at FROM pin JOIN publication p ON p.id = pin.publication
                     WHERE p.target = ?1",
                    [target],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((corpus, publication, at)) = row else { return Ok(None) };
            Ok(Some(Pin { corpus, publication, at: timestamp(at)? }))
        })
        .await
    }

    /// Lets later runs publish again; tells whether anything was pinned.
    pub async fn unpin(&self) -> Result<bool, StoreError> {
        self.write(|tx| Ok(tx.execute("DELETE FROM pin", [])? > 0)).await
    }
}
