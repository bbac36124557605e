//! Waves: which candidates are asked for together, and in which order.
//!
//! A wave admits what waits at the least depth, in the order of the keys, as far as the page budget goes; the next
//! wave begins when every one of them is settled. So the set of pages does not depend on the order in which answers
//! arrive.

use rusqlite::{Connection, Row, Transaction, params};
use url::Url;

use super::{Store, StoreError, pages::read_headers};
use crate::{
    crawl::{
        fetch::{Candidate, Known, Validators},
        url::PageKey,
    },
    hash::Hash,
    outcome::{Outcome, SkipReason},
};

/// What comes next in the crawl of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another wave.
    Wave(Wave),
    /// Nothing: all that was found is settled.
    Done,
    /// Nothing: the page budget is used up, and what it had no room for is settled.
    OutOfBudget,
}

/// When a page may be asked for by its validators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validation {
    /// Whether a page that a sitemap says has changed is asked for in full.
    pub trust_lastmod: bool,
    /// Under which request headers it is asked for: validators are of one representation.
    pub representation: u32,
}

/// A set of URLs that were admitted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wave {
    /// Steps from a start URL.
    pub depth: u32,
    /// How many were admitted, or were left from before a kill.
    pub admitted: u64,
}

impl Store {
    /// Admits the next wave of `source`, of which at most `max_pages` URLs are admitted in all. What `trap` gives a reason against is settled as a trap, and what the budget has no room for
    /// as `max_pages`.
    pub async fn next_wave(
        &self,
        source: usize,
        max_pages: u64,
        trap: impl FnMut(&Url) -> Option<String> + Send + 'static,
    ) -> Result<Next, StoreError> {
        self.write(move |tx| next_wave(tx, source, max_pages, trap)).await
    }

    /// The URLs of `source` that were admitted to waves so far, in the order in which they were; with the hash of its
    /// article each that was read.
    pub async fn admitted(&self, source: usize) -> Result<Vec<(Url, Option<Hash>)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT f.url, p.article FROM frontier f LEFT JOIN page p ON p.key = f.key AND f.rank = 0
                 WHERE f.source = ?1 AND f.admitted = 1 ORDER BY f.depth, f.key",
            )?;
            let mut rows = statement.query([source])?;
            let mut urls = Vec::new();
            while let Some(row) = rows.next()? {
                urls.push((url(row, 0)?, row.get(1)?));
            }
            Ok(urls)
        })
        .await
    }

    /// Pages of the snapshot that the page budget of `source` had no room for.
    pub async fn members_over_budget(&self, source: usize) -> Result<u64, StoreError> {
        self.read(move |connection| {
            Ok(connection.query_row(
                "SELECT count(*) FROM frontier f JOIN page p ON p.key = f.key
                 WHERE f.source = ?1 AND f.outcome = 'max_pages' AND p.snapshot IS NOT NULL",
                [source],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// The sites (scheme, host and port, with the slash) that the admitted candidates of `source` are of.
    pub async fn wave_sites(&self, source: usize, depth: u32) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            // From the ninth character on, the first slash is the one after the host.
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT substr(key, 1, 8 + instr(substr(key, 9), '/')) FROM frontier
                 WHERE source = ?1 AND outcome IS NULL AND state = 1 AND depth = ?2 ORDER BY 1",
            )?;
            let sites = statement.query_map(params![source, depth], |row| row.get(0))?;
            Ok(sites.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The next admitted candidates of `source` whose keys begin with `site`, after `after`, in the order of the keys.
    pub async fn candidates(
        &self,
        source: usize,
        depth: u32,
        site: String,
        after: Option<PageKey>,
        limit: usize,
        validation: Validation,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT f.key, f.url, f.depth, f.hops, p.etag, p.last_modified, p.content, p.rules, p.noindex, f.lastmod,
                     f.lastmod IS NOT NULL AND f.lastmod IS NOT p.lastmod, p.article, p.unwanted, p.headers, p.representation
                 FROM frontier f LEFT JOIN page p ON p.key = f.key
                 WHERE f.source = ?1 AND f.outcome IS NULL AND f.state = 1 AND f.depth = ?2 AND f.key > ?3 AND f.key >= ?4
                     AND f.key < ?5
                 ORDER BY f.key LIMIT ?6",
            )?;
            let after = after.as_ref().map_or("", AsRef::as_ref);
            // The character after the slash that the site ends with.
            let end = format!("{}0", site.trim_end_matches('/'));
            let mut rows = statement.query(params![source, depth, after, site, end, limit])?;
            let mut candidates = Vec::new();
            while let Some(row) = rows.next()? {
                candidates.push(candidate(row, validation)?);
            }
            Ok(candidates)
        })
        .await
    }
}

fn url(row: &Row<'_>, column: usize) -> Result<Url, StoreError> {
    Url::parse(row.get_ref(column)?.as_str().map_err(|_| StoreError::Damaged("URL"))?)
        .map_err(|_| StoreError::Damaged("URL"))
}

fn candidate(row: &Row<'_>, validation: Validation) -> Result<Candidate, StoreError> {
    let known = match row.get(6)? {
        Some(content) => Some(Known {
            content,
            article: row.get(11)?,
            rules: row.get(7)?,
            noindex: row.get(8)?,
            headers: read_headers(
                row.get_ref(13)?.as_str_or_null().map_err(|_| StoreError::Damaged("list of headers"))?,
            )?,
            unwanted: row.get(12)?,
        }),
        None => None,
    };
    // Whether a page may be indexed can change in a header alone, which a 304 need not repeat. And where the sitemap
    // says that a page has changed, it is read in full: some servers' validators do not notice.
    let says_changed = validation.trust_lastmod && row.get(10)?;
    let is_other = row.get::<_, Option<u32>>(14)? != Some(validation.representation);
    let validators = match known {
        Some(Known { noindex: false, .. }) if !says_changed && !is_other => {
            Validators { etag: row.get(4)?, last_modified: row.get(5)? }
        }
        _ => Validators::default(),
    };
    Ok(Candidate {
        key: PageKey::stored(row.get(0)?),
        url: url(row, 1)?,
        lastmod: row.get(9)?,
        depth: row.get(2)?,
        hops: row.get(3)?,
        validators,
        known,
    })
}

fn next_wave(
    tx: &Transaction<'_>,
    source: usize,
    max_pages: u64,
    mut trap: impl FnMut(&Url) -> Option<String>,
) -> Result<Next, StoreError> {
    let admitted: u64 = tx.query_row(
        // What robots.txt disallows was admitted but never requested.
        "SELECT count(*) FROM frontier WHERE source = ?1 AND admitted = 1 AND coalesce(outcome, '') != 'robots'",
        [source],
        |row| row.get(0),
    )?;
    let mut room = max_pages.saturating_sub(admitted);
    loop {
        if let Some(wave) = wave_under_way(tx, source)? {
            return Ok(Next::Wave(wave));
        }
        let Some(depth) = least_waiting(tx, source)? else { return Ok(Next::Done) };
        if room == 0 {
            let outcome = Outcome::Skipped(SkipReason::MaxPages);
            tx.execute(
                "UPDATE frontier SET state = 2, outcome = ?2, rank = ?3, detail = 'the page budget was used up'
                 WHERE source = ?1 AND outcome IS NULL AND state = 0",
                params![source, outcome.name(), outcome.rank()],
            )?;
            return Ok(Next::OutOfBudget);
        }
        room -= admit(tx, source, depth, room, &mut trap)?;
    }
}

/// Admits what waits at `depth`, traps left out, as far as there is room.
fn admit(
    tx: &Transaction<'_>,
    source: usize,
    depth: u32,
    room: u64,
    trap: &mut impl FnMut(&Url) -> Option<String>,
) -> Result<u64, StoreError> {
    let mut admitted = 0;
    let mut last = None;
    let mut traps = Vec::new();
    let mut waiting = tx.prepare_cached(
        "SELECT key, url FROM frontier WHERE source = ?1 AND outcome IS NULL AND state = 0 AND depth = ?2 ORDER BY key",
    )?;
    let mut rows = waiting.query(params![source, depth])?;
    while admitted < room
        && let Some(row) = rows.next()?
    {
        let key: String = row.get(0)?;
        match trap(&url(row, 1)?) {
            Some(reason) => traps.push((key.clone(), reason)),
            None => admitted += 1,
        }
        last = Some(key);
    }
    drop(rows);
    let trapped = Outcome::Skipped(SkipReason::Trap);
    for (key, reason) in traps {
        tx.prepare_cached(
            "UPDATE frontier SET state = 2, outcome = ?3, rank = ?4, detail = ?5 WHERE key = ?1 AND source = ?2",
        )?
        .execute(params![key, source, trapped.name(), trapped.rank(), reason])?;
    }
    tx.prepare_cached(
        "UPDATE frontier SET state = 1, admitted = 1 WHERE source = ?1 AND key IN (
             SELECT key FROM frontier WHERE source = ?1 AND outcome IS NULL AND state = 0 AND depth = ?2 AND key <= ?3)",
    )?
    .execute(params![source, depth, last])?;
    Ok(admitted)
}

fn least_waiting(connection: &Connection, source: usize) -> Result<Option<u32>, StoreError> {
    Ok(connection.query_row(
        "SELECT min(depth) FROM frontier WHERE source = ?1 AND outcome IS NULL AND state = 0",
        [source],
        |row| row.get(0),
    )?)
}

fn wave_under_way(connection: &Connection, source: usize) -> Result<Option<Wave>, StoreError> {
    let wave = connection.query_row(
        "SELECT count(*), max(depth) FROM frontier WHERE source = ?1 AND outcome IS NULL AND state = 1",
        [source],
        |row| Ok((row.get(0)?, row.get::<_, Option<u32>>(1)?)),
    )?;
    Ok(match wave {
        (admitted, Some(depth)) => Some(Wave { depth, admitted }),
        (_, None) => None,
    })
}
