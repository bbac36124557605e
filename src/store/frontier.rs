//! The frontier: every URL of the crawl under way, in the order of its turn.
//!
//! A crawl proceeds in waves. A wave admits what waits at the least depth, in the order of the keys, as far
//! as the page budget goes; the next wave begins when every one of them is settled. So the set of pages does
//! not depend on the order in which answers arrive.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use url::Url;

use super::{Store, StoreError, millis, pages, pages::PageUpdate, timestamp};
use crate::{
    crawl::{
        fetch::{Candidate, Known, Validators},
        url::PageKey,
    },
    outcome::Outcome,
};

/// A crawl that stood still for longer than this begins anew: its pages would be of too different an age.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(1);

const WAITING: i64 = 0;
const ADMITTED: i64 = 1;
const SETTLED: i64 = 2;

/// How a crawl begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlStart {
    /// With an empty frontier.
    Anew,
    /// Where a killed process left it.
    Resumed,
}

/// A URL that a page, a sitemap or the configuration named.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// Its identity.
    pub key: PageKey,
    /// As it was linked.
    pub url: Url,
    /// Steps from a start URL.
    pub depth: u32,
    /// Redirects that led here.
    pub hops: u32,
    /// The key of the page that named it; `None` for start URLs, or what else named it.
    pub found_on: Option<String>,
    /// Decided without a request.
    pub decided: Option<(Outcome, String)>,
}

/// How one URL ended, with what it brought.
#[derive(Debug)]
pub struct Settled {
    /// The URL's identity.
    pub key: PageKey,
    /// How it ended.
    pub outcome: Outcome,
    /// What a person should know besides.
    pub detail: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Where it redirects to.
    pub leads_to: Option<PageKey>,
    /// What it named.
    pub discoveries: Vec<Discovery>,
    /// What was read, or confirmed.
    pub page: Option<PageUpdate>,
}

/// A set of URLs that were admitted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wave {
    /// Steps from a start URL.
    pub depth: u32,
    /// How many were admitted, or were left from before a kill.
    pub admitted: u64,
}

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
}

impl Store {
    /// Begins the crawl of sources with this fingerprint, or resumes it where a killed process left it.
    pub async fn begin_crawl(&self, plan: String, now: Timestamp) -> Result<CrawlStart, StoreError> {
        self.write(move |tx| {
            let left: Option<(String, i64)> = tx
                .query_row(
                    "SELECT plan, moved_at FROM crawl WHERE state = 'running' ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            if let Some((left_plan, moved_at)) = left
                && left_plan == plan
                && now.duration_since(timestamp(moved_at)?) < RESUME_WITHIN
            {
                return Ok(CrawlStart::Resumed);
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

    /// Marks the crawl as one that cannot be completed: the next run begins anew.
    pub async fn abandon_crawl(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE crawl SET state = 'incomplete' WHERE state = 'running'", [])?;
            Ok(())
        })
        .await
    }

    /// Adds what was discovered for `source`; what is known already stays as it is.
    pub async fn discover(&self, source: usize, discoveries: Vec<Discovery>) -> Result<(), StoreError> {
        self.write(move |tx| discoveries.iter().try_for_each(|discovery| discover(tx, source, discovery)))
            .await
    }

    /// Settles URLs of `source`, with everything they brought, in one transaction. `doubts` say why the crawl
    /// cannot become complete, also when it is interrupted and goes on later.
    pub async fn settle(
        &self,
        source: usize,
        batch: Vec<Settled>,
        doubts: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("UPDATE crawl SET moved_at = ?1 WHERE state = 'running'", [millis(now)])?;
            for doubt in doubts {
                tx.prepare_cached("INSERT INTO doubt (reason) VALUES (?1) ON CONFLICT DO NOTHING")?
                    .execute([doubt])?;
            }
            batch.iter().try_for_each(|settled| settle(tx, source, settled))
        })
        .await
    }

    /// Why the crawl cannot become complete; empty where it can.
    pub async fn doubts(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT reason FROM doubt ORDER BY reason")?;
            let doubts = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(doubts)
        })
        .await
    }

    /// Admits the next wave of `source`, of which at most `max_pages` URLs are admitted in all; `None` when
    /// nothing waits. What the budget has no room for is settled as `max_pages`.
    pub async fn next_wave(&self, source: usize, max_pages: u64) -> Result<Option<Wave>, StoreError> {
        self.write(move |tx| next_wave(tx, source, max_pages)).await
    }

    /// The next admitted candidates of `source` after `after`, in the order of the keys.
    pub async fn candidates(
        &self,
        source: usize,
        depth: u32,
        after: Option<PageKey>,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT f.key, f.url, f.depth, f.hops, p.etag, p.last_modified, p.content, p.extractor, p.noindex
                 FROM frontier f LEFT JOIN page p ON p.key = f.key
                 WHERE f.source = ?1 AND f.state = ?2 AND f.depth = ?3 AND f.key > ?4 ORDER BY f.key LIMIT ?5",
            )?;
            let after = after.as_ref().map_or("", AsRef::as_ref);
            let mut rows = statement.query(params![source, ADMITTED, depth, after, limit])?;
            let mut candidates = Vec::new();
            while let Some(row) = rows.next()? {
                candidates.push(candidate(row)?);
            }
            Ok(candidates)
        })
        .await
    }

    /// Members of the snapshot that no source has come across as one of its own so far, with the depth they had.
    pub async fn unseen_members(&self) -> Result<Vec<(Url, u32)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT url, depth FROM page WHERE snapshot IS NOT NULL
                 AND key NOT IN (SELECT key FROM frontier WHERE outcome IS NULL OR outcome NOT IN ('scope', 'excluded'))
                 ORDER BY key",
            )?;
            let mut rows = statement.query([])?;
            let mut unseen = Vec::new();
            while let Some(row) = rows.next()? {
                let url: String = row.get(0)?;
                unseen.push((Url::parse(&url).map_err(|_| StoreError::Damaged("URL"))?, row.get(1)?));
            }
            Ok(unseen)
        })
        .await
    }

    /// Every URL text of `source` that the frontier holds: what need not be offered again after a resume.
    pub async fn known_urls(&self, source: usize) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT url FROM frontier WHERE source = ?1")?;
            let urls = statement.query_map([source], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(urls)
        })
        .await
    }

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
                     sum(coalesce(status, 0) = 304)
                 FROM ended GROUP BY 1",
            )?;
            let mut tally = Tally::default();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (name, count): (String, u64) = (row.get(0)?, row.get(1)?);
                tally.discovered += count;
                tally.fetched += row.get::<_, u64>(3)?;
                tally.not_modified += row.get::<_, u64>(4)?;
                if name != "robots" {
                    tally.requested += row.get::<_, u64>(2)?;
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

fn candidate(row: &Row<'_>) -> Result<Candidate, StoreError> {
    let (key, url): (String, String) = (row.get(0)?, row.get(1)?);
    let known = match row.get(6)? {
        Some(content) => Some(Known { content, extractor: row.get(7)?, noindex: row.get(8)? }),
        None => None,
    };
    // Whether a page may be indexed can change in a header alone, which a 304 need not repeat.
    let validators = match known {
        Some(Known { noindex: false, .. }) => Validators { etag: row.get(4)?, last_modified: row.get(5)? },
        _ => Validators::default(),
    };
    Ok(Candidate {
        key: PageKey::stored(key),
        url: Url::parse(&url).map_err(|_| StoreError::Damaged("URL"))?,
        depth: row.get(2)?,
        hops: row.get(3)?,
        validators,
        known,
    })
}

fn discover(tx: &Transaction<'_>, source: usize, discovery: &Discovery) -> Result<(), StoreError> {
    let (outcome, detail) = match &discovery.decided {
        Some((outcome, detail)) => (Some(outcome.name()), Some(detail.as_str())),
        None => (None, None),
    };
    // The least depth counts, and of two spellings of one URL the smaller is requested, whichever was found
    // first; one that may be requested goes before one that may not.
    tx.prepare_cached(
        "INSERT INTO frontier (key, url, source, depth, hops, found_on, state, outcome, detail)
         VALUES (:key, :url, :source, :depth, :hops, :found_on, :state, :outcome, :detail)
         ON CONFLICT (key, source) DO UPDATE SET
             url = excluded.url, depth = excluded.depth, hops = excluded.hops, found_on = excluded.found_on,
             state = excluded.state, outcome = excluded.outcome, detail = excluded.detail
         WHERE excluded.state = 0 AND (
             (frontier.state = 0 AND (excluded.depth < frontier.depth
                 OR (excluded.depth = frontier.depth AND excluded.url < frontier.url)))
             OR frontier.outcome IN ('depth', 'trap'))",
    )?
    .execute(named_params! {
        ":key": discovery.key.as_ref(),
        ":url": discovery.url.as_str(),
        ":source": source,
        ":depth": discovery.depth,
        ":hops": discovery.hops,
        ":found_on": discovery.found_on,
        ":state": if outcome.is_some() { SETTLED } else { WAITING },
        ":outcome": outcome,
        ":detail": detail,
    })?;
    Ok(())
}

fn settle(tx: &Transaction<'_>, source: usize, settled: &Settled) -> Result<(), StoreError> {
    for discovery in &settled.discoveries {
        discover(tx, source, discovery)?;
    }
    if let Some(page) = &settled.page {
        pages::update(tx, source, &settled.key, page)?;
    }
    tx.prepare_cached(
        "UPDATE frontier SET state = ?2, outcome = ?3, detail = ?4, status = ?5, leads_to = ?6
         WHERE key = ?1 AND source = ?7",
    )?
    .execute(params![
        settled.key.as_ref(),
        SETTLED,
        settled.outcome.name(),
        settled.detail,
        settled.status,
        settled.leads_to.as_ref().map(AsRef::<str>::as_ref),
        source,
    ])?;
    Ok(())
}

fn next_wave(tx: &Transaction<'_>, source: usize, max_pages: u64) -> Result<Option<Wave>, StoreError> {
    if let Some(left) = wave_under_way(tx, source)? {
        return Ok(Some(left));
    }
    let depth: Option<u32> = tx.query_row(
        "SELECT min(depth) FROM frontier WHERE source = ?1 AND state = ?2",
        params![source, WAITING],
        |row| row.get(0),
    )?;
    let Some(depth) = depth else { return Ok(None) };
    let admitted: u64 = tx.query_row(
        // What robots.txt disallows was admitted but never requested.
        "SELECT count(*) FROM frontier WHERE source = ?1 AND admitted = 1 AND coalesce(outcome, '') != 'robots'",
        [source],
        |row| row.get(0),
    )?;
    tx.execute(
        "UPDATE frontier SET state = ?3, admitted = 1 WHERE source = ?1 AND key IN
         (SELECT key FROM frontier WHERE source = ?1 AND state = ?2 AND depth = ?4 ORDER BY key LIMIT ?5)",
        params![
            source,
            WAITING,
            ADMITTED,
            depth,
            i64::try_from(max_pages.saturating_sub(admitted)).unwrap_or(i64::MAX)
        ],
    )?;
    if let Some(wave) = wave_under_way(tx, source)? {
        return Ok(Some(wave));
    }
    tx.execute(
        "UPDATE frontier SET state = ?3, outcome = 'max_pages', detail = 'the page budget was used up'
         WHERE source = ?1 AND state = ?2",
        params![source, WAITING, SETTLED],
    )?;
    Ok(None)
}

fn wave_under_way(connection: &Connection, source: usize) -> Result<Option<Wave>, StoreError> {
    let wave = connection.query_row(
        "SELECT count(*), max(depth) FROM frontier WHERE source = ?1 AND state = ?2",
        params![source, ADMITTED],
        |row| Ok((row.get(0)?, row.get::<_, Option<u32>>(1)?)),
    )?;
    Ok(match wave {
        (admitted, Some(depth)) => Some(Wave { depth, admitted }),
        (_, None) => None,
    })
}
