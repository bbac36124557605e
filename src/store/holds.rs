//! What keeps a corpus from being published: the gates, or a refusal.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, corpora::forget_unused_corpora, millis, timestamp};
use crate::{gate::Line, hash::Hash};

/// What the gates hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Which corpus.
    pub corpus: Hash,
    /// Which run made it.
    pub run: u64,
    /// For which target.
    pub target: String,
    /// Why.
    pub gates: Vec<Line>,
}

/// Why nothing is sent for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// In words.
    pub reason: String,
    /// Of the settings that were refused.
    pub fingerprint: String,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// Holds a corpus, instead of one that may be held already.
    pub async fn hold(&self, held: Held) -> Result<(), StoreError> {
        self.write(move |tx| {
            let gates = serde_json::to_string(&held.gates).expect("lines have string keys only");
            tx.execute("DELETE FROM held", [])?;
            tx.execute(
                "INSERT INTO held (corpus, run, target, gates) VALUES (?1, ?2, ?3, ?4)",
                params![held.corpus, held.run, held.target, gates],
            )?;
            forget_unused_corpora(tx)
        })
        .await
    }

    /// What is held.
    pub async fn held(&self) -> Result<Option<Held>, StoreError> {
        self.read(|connection| {
            let row: Option<(Hash, u64, String, String)> = connection
                .query_row("SELECT corpus, run, target, gates FROM held", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            let Some((corpus, run, target, gates)) = row else { return Ok(None) };
            let gates = serde_json::from_str(&gates).map_err(|_| StoreError::Damaged("list of gates"))?;
            Ok(Some(Held { corpus, run, target, gates }))
        })
        .await
    }

    /// Nothing is held any more: a later run was healthy.
    pub async fn release(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM held", [])?;
            Ok(())
        })
        .await
    }

    /// Pauses publishing, instead of an earlier pause.
    pub async fn pause(&self, pause: Pause) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("DELETE FROM pause", [])?;
            tx.execute(
                "INSERT INTO pause (reason, fingerprint, at) VALUES (?1, ?2, ?3)",
                params![pause.reason, pause.fingerprint, millis(pause.at)],
            )?;
            Ok(())
        })
        .await
    }

    /// The pause, if there is one.
    pub async fn paused(&self) -> Result<Option<Pause>, StoreError> {
        self.read(|connection| {
            let row: Option<(String, String, i64)> = connection
                .query_row("SELECT reason, fingerprint, at FROM pause", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((reason, fingerprint, at)) = row else { return Ok(None) };
            Ok(Some(Pause { reason, fingerprint, at: timestamp(at)? }))
        })
        .await
    }

    /// Lifts the pause; tells whether there was one.
    pub async fn resume(&self) -> Result<bool, StoreError> {
        self.write(|tx| Ok(tx.execute("DELETE FROM pause", [])? > 0)).await
    }
}
