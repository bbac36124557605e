//! What an agent holds besides what we put there: a plan's limit is on all of it.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};

impl Store {
    /// Records how many bytes of others `target` told of when it was asked.
    pub async fn note_others(&self, target: String, bytes: u64) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO others (target, bytes) VALUES (?1, ?2)
                 ON CONFLICT (target) DO UPDATE SET bytes = excluded.bytes",
                params![target, bytes],
            )?;
            Ok(())
        })
        .await
    }

    /// How many bytes of others `target` told of when it was asked last; none where it was never asked, or does not tell.
    pub async fn others(&self, target: String) -> Result<u64, StoreError> {
        self.read(move |connection| {
            let bytes = connection
                .query_row("SELECT bytes FROM others WHERE target = ?1", [target], |row| row.get(0))
                .optional()?;
            Ok(bytes.unwrap_or(0))
        })
        .await
    }
}
