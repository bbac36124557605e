//! How the URLs of the crawl ended, in numbers.

use std::collections::BTreeMap;

use super::{Store, StoreError};
use crate::outcome::{Outcome, SkipReason};

/// How the URLs of a crawl ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the stable name of the outcome.
    pub by_outcome: BTreeMap<String, u64>,
    /// URLs that were requested, or were about to be.
    pub requested: u64,
    /// All of them.
    pub discovered: u64,
    /// Answered with a page.
    pub fetched: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// The same for the sources that were crawled completely: URLs that were requested, and of these failed.
    pub believed: (u64, u64),
}

impl Store {
    /// The start URLs, the outcome of each, and its detail.
    pub async fn starts(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT url, coalesce(outcome, 'waiting'), coalesce(detail, '') FROM frontier
                 WHERE depth = 0 ORDER BY source, hops, key LIMIT 20",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// How the URLs of the crawl ended.
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT coalesce(outcome, ''), count(*), sum(admitted), sum(coalesce(status, 0) IN (200, 203)),
                     sum(coalesce(status, 0) = 304), sum(admitted AND source NOT IN (SELECT source FROM doubt)),
                     -- A refusal of what never was a page is a broken link, once it is known what are pages.
                     sum(admitted AND source NOT IN (SELECT source FROM doubt)
                         AND coalesce(status, 0) IN (401, 402, 403, 451) AND (SELECT count(*) FROM (
                             SELECT 1 FROM page WHERE snapshot IS NOT NULL LIMIT 1)) = 1
                         AND NOT EXISTS (SELECT 1 FROM page p WHERE p.key = ended.key AND p.snapshot IS NOT NULL))
                 FROM ended GROUP BY 1",
            )?;
            let mut tally = Tally::default();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (name, count): (String, u64) = (row.get(0)?, row.get(1)?);
                tally.discovered += count;
                tally.fetched += row.get::<_, u64>(3)?;
                tally.not_modified += row.get::<_, u64>(4)?;
                let outcome = Outcome::from_name(&name);
                let believed: u64 = row.get(5)?;
                if outcome != Some(Outcome::Skipped(SkipReason::Robots)) {
                    tally.requested += row.get::<_, u64>(2)?;
                    tally.believed.0 += believed;
                }
                if let Some(Outcome::Failed(_)) = outcome {
                    tally.believed.1 += believed - row.get::<_, u64>(6)?;
                }
                if !name.is_empty() {
                    tally.by_outcome.insert(name, count);
                }
            }
            Ok(tally)
        })
        .await
    }
}
