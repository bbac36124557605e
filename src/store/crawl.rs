//! The crawl under way: how it begins, and why it may not become complete.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Store, StoreError, members::collect_blobs, millis, timestamp};

/// A crawl that stood still for longer than this begins anew: its pages would be of too different an age.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// The same for one that ran out of time: at a schedule it goes on only when it is due again, and would never get to the
/// end if it began anew each time.
const POSTPONED_WITHIN: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How a crawl begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlStart {
    /// With an empty frontier.
    Anew,
    /// Where a killed process left it.
    Resumed,
}

/// The crawl that is under way, or the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastCrawl {
    /// When something was settled last.
    pub moved_at: Timestamp,
    /// Whether it was completed.
    pub complete: bool,
}

impl Store {
    /// The crawl that is under way, or the last one; `None` before the first.
    pub async fn last_crawl(&self) -> Result<Option<LastCrawl>, StoreError> {
        self.read(|connection| {
            let row: Option<(i64, bool)> = connection
                .query_row(
                    "SELECT moved_at, state = 'complete' FROM crawl ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((moved_at, complete)) = row else { return Ok(None) };
            Ok(Some(LastCrawl { moved_at: timestamp(moved_at)?, complete }))
        })
        .await
    }

    /// Begins the crawl of sources with this fingerprint, or resumes it where a killed process left it.
    pub async fn begin_crawl(&self, plan: String, now: Timestamp) -> Result<CrawlStart, StoreError> {
        self.write(move |tx| {
            let left: Option<(String, i64, bool)> = tx
                .query_row(
                    "SELECT plan, moved_at, state = 'postponed' FROM crawl WHERE state IN ('running', 'postponed')
                     ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let left_over = left.is_some();
            if let Some((left_plan, moved_at, postponed)) = left
                && left_plan == plan
                && now.duration_since(timestamp(moved_at)?)
                    < if postponed { POSTPONED_WITHIN } else { RESUME_WITHIN }
            {
                tx.execute("UPDATE crawl SET state = 'running'", [])?;
                return Ok(CrawlStart::Resumed);
            }
            // One that was killed has not been noted yet.
            if left_over {
                note_visits(tx)?;
            }
            tx.execute("DELETE FROM frontier", [])?;
            tx.execute("DELETE FROM crawl", [])?;
            tx.execute("DELETE FROM doubt", [])?;
            tx.execute(
                "INSERT INTO crawl (plan, started_at, moved_at, state) VALUES (?1, ?2, ?2, 'running')",
                params![plan, millis(now)],
            )?;
            Ok(CrawlStart::Anew)
        })
        .await
    }

    /// Marks the crawl as one that ran out of time: the next run goes on with it, also days later.
    pub async fn postpone_crawl(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE crawl SET state = 'postponed' WHERE state = 'running'", [])?;
            Ok(())
        })
        .await
    }

    /// Marks the crawl as one that cannot be completed: the next run begins anew.
    pub async fn abandon_crawl(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            note_visits(tx)?;
            tx.execute("UPDATE crawl SET state = 'incomplete' WHERE state = 'running'", [])?;
            // What was read now is asked for conditionally the next time; what only earlier crawls came across, and none
            // completed, is not.
            tx.execute(
                "DELETE FROM page WHERE snapshot IS NULL AND candidate IS NULL AND key NOT IN (SELECT key FROM frontier)",
                [],
            )?;
            collect_blobs(tx)?;
            forget_visits(tx)?;
            Ok(())
        })
        .await
    }

    /// Why the crawl of which source cannot become complete; empty where all can.
    pub async fn doubts(&self) -> Result<Vec<(usize, String)>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT source, reason FROM doubt ORDER BY source, reason")?;
            let doubts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(doubts.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Visits of one URL that are remembered, the latest ones.
const VISITS_KEPT: u32 = 20;

/// Remembers how this crawl's visits ended, where that was another way than before.
pub(super) fn note_visits(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO visit (key, at, outcome, status, detail)
         SELECT e.key, c.moved_at, e.outcome, e.status, e.detail
         FROM ended e, (SELECT moved_at FROM crawl ORDER BY id DESC LIMIT 1) c
         WHERE e.admitted = 1 AND e.outcome IS NOT NULL AND (e.outcome, e.status) IS NOT (
             SELECT outcome, status FROM visit WHERE key = e.key ORDER BY at DESC LIMIT 1)
         ON CONFLICT (key, at) DO UPDATE SET outcome = excluded.outcome, status = excluded.status, detail = excluded.detail",
        [],
    )?;
    Ok(())
}

/// So long visits are remembered of URLs that no crawl comes across any more, in milliseconds: 90 days.
const VISITS_KEPT_FOR: i64 = 90 * 24 * 60 * 60 * 1000;

/// Forgets visits of URLs that no crawl has come across for long, and all but the latest of the others.
pub(super) fn forget_visits(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM visit WHERE key NOT IN (SELECT key FROM frontier)
         AND at < (SELECT moved_at FROM crawl ORDER BY id DESC LIMIT 1) - ?1",
        [VISITS_KEPT_FOR],
    )?;
    tx.execute(
        "DELETE FROM visit WHERE key IN (SELECT key FROM visit GROUP BY key HAVING count(*) > ?1) AND at <= (
             SELECT at FROM visit latest WHERE latest.key = visit.key ORDER BY at DESC LIMIT 1 OFFSET ?1)",
        [VISITS_KEPT],
    )?;
    Ok(())
}
