//! Runs and their reports.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{RunLock, Store, StoreError, millis, timestamp};

/// Reports are kept this long.
const KEPT_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

/// One pass over one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its number, from 1.
    pub id: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended; `None` while it runs.
    pub outcome: Option<String>,
    /// Its report, as JSON.
    pub report: Option<String>,
}

impl Store {
    /// Begins a run, marks those that a killed process left as `interrupted`, and forgets old ones.
    pub async fn begin_run(&self, _lock: &RunLock, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE run SET outcome = 'interrupted', finished_at = ?1 WHERE outcome IS NULL",
                [millis(now)],
            )?;
            tx.execute("DELETE FROM run WHERE started_at < ?1", [millis(now - KEPT_FOR)])?;
            tx.execute("INSERT INTO run (started_at) VALUES (?1)", [millis(now)])?;
            Ok(u64::try_from(tx.last_insert_rowid()).unwrap_or_default())
        })
        .await
    }

    /// Records how a run ended.
    pub async fn finish_run(
        &self,
        run: u64,
        outcome: String,
        report: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE run SET finished_at = ?2, outcome = ?3, report = ?4 WHERE id = ?1",
                params![run, millis(now), outcome, report],
            )?;
            Ok(())
        })
        .await
    }

    /// Every run that is remembered, the latest first.
    pub async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, started_at, outcome, report FROM run ORDER BY id DESC")?;
            let mut rows = statement.query([])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                let started_at = timestamp(row.get(1)?)?;
                runs.push(RunRow { id: row.get(0)?, started_at, outcome: row.get(2)?, report: row.get(3)? });
            }
            Ok(runs)
        })
        .await
    }

    /// The last run, whatever became of it.
    pub async fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        self.read(|connection| {
            let row = connection
                .query_row(
                    "SELECT id, started_at, outcome, report FROM run ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
                )
                .optional()?;
            let Some((id, started_at, outcome, report)) = row else { return Ok(None) };
            Ok(Some(RunRow { id, started_at: timestamp(started_at)?, outcome, report }))
        })
        .await
    }
}
