//! How a pipeline stands: what its runs came to, what is live, what keeps it from going on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError, fires::fired, millis, timestamp};
use crate::{
    notify::Past,
    report::{Ending, RunReport},
    schedule::Fired,
};

/// How a pipeline stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The last run that ended with a report, and when it ended: a run that was killed has none.
    pub last: Option<(RunReport, Timestamp)>,
    /// When what is live was last known to be what the sources say: at the end of a run that published it or found it
    /// unchanged, or else when it was published.
    pub true_at: Option<Timestamp>,
    /// When something was published last.
    pub published_at: Option<Timestamp>,
    /// Whether the gates hold a corpus for the target.
    pub held: bool,
    /// How many pushes there were, by how far they came.
    pub publications: BTreeMap<String, u64>,
    /// What its schedule fired last.
    pub fired: Option<Fired>,
}

impl Store {
    /// What was so before `run`, for `target`.
    pub async fn past(&self, run: u64, target: String) -> Result<Past, StoreError> {
        self.read(move |connection| past(connection, run, &target)).await
    }

    /// How the pipeline stands with `target`.
    pub async fn standing(&self, target: String) -> Result<Standing, StoreError> {
        self.read(move |connection| {
            let last: Option<(String, i64)> = connection
                .query_row(
                    "SELECT report, finished_at FROM run WHERE report IS NOT NULL AND finished_at IS NOT NULL
                     ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let last = match last {
                Some((report, at)) => {
                    let report =
                        serde_json::from_str(&report).map_err(|_| StoreError::Damaged("report of a run"))?;
                    Some((report, timestamp(at)?))
                }
                None => None,
            };
            let mut statement = connection
                .prepare_cached("SELECT state, count(*) FROM publication WHERE target = ?1 GROUP BY 1")?;
            let publications = statement.query_map([&target], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Standing {
                last,
                true_at: past(connection, u64::MAX >> 1, &target)?.true_at,
                published_at: published_at(connection, &target)?,
                held: connection.query_row(
                    "SELECT count(*) > 0 FROM held WHERE target = ?1",
                    [&target],
                    |row| row.get(0),
                )?,
                publications: publications.collect::<Result<_, _>>()?,
                fired: fired(connection)?,
            })
        })
        .await
    }
}

impl Store {
    /// Notes that somebody is told that what is live is stale, which was true last at `true_at`. False where that was told
    /// already.
    pub async fn note_stale(&self, true_at: Timestamp) -> Result<bool, StoreError> {
        self.write(move |tx| {
            if told_stale(tx)? == Some(true_at) {
                return Ok(false);
            }
            tx.execute("DELETE FROM told_stale", [])?;
            tx.execute("INSERT INTO told_stale (true_at) VALUES (?1)", [millis(true_at)])?;
            Ok(true)
        })
        .await
    }
}

/// Runs that were stopped, killed, or are still under way say nothing.
fn past(connection: &Connection, before: u64, target: &str) -> Result<Past, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT outcome, finished_at FROM run
         WHERE id < ?1 AND outcome IS NOT NULL AND finished_at IS NOT NULL ORDER BY id DESC",
    )?;
    let mut rows = statement.query([before])?;
    let mut past = Past { told_stale: told_stale(connection)?, ..Past::default() };
    while let Some(row) = rows.next()? {
        let ending = Ending::from_name(&row.get::<_, String>(0)?);
        let Some(ending) = ending.filter(|ending| ending.is_well().is_some()) else { continue };
        let at = timestamp(row.get(1)?)?;
        past.last = past.last.or(Some((ending, at)));
        if ending.confirms_what_is_live() {
            past.true_at = Some(at);
            return Ok(past);
        }
    }
    past.true_at = published_at(connection, target)?;
    Ok(past)
}

fn told_stale(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> =
        connection.query_row("SELECT true_at FROM told_stale", [], |row| row.get(0)).optional()?;
    at.map(timestamp).transpose()
}

fn published_at(connection: &Connection, target: &str) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = connection
        .query_row(
            "SELECT coalesce(settled_at, created_at) FROM publication
             WHERE target = ?1 AND state = 'acknowledged' ORDER BY id DESC LIMIT 1",
            [target],
            |row| row.get(0),
        )
        .optional()?;
    at.map(timestamp).transpose()
}
