//! The frontier: every URL of the crawl under way, how it was found, and how it ended.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use url::Url;

use super::{Store, StoreError, millis, pages, pages::PageUpdate};
use crate::{crawl::url::PageKey, outcome::Outcome};

/// States of a URL, as they stand in queries: found, being asked for in a wave, ended.
const WAITING: u8 = 0;
const SETTLED: u8 = 2;
/// The [rank](Outcome::rank) of what has not ended.
const UNDECIDED: u8 = 2;

/// So many pages may have changed at once, however few there are.
const FEW_CHANGES: u64 = 10;

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
    /// When it changed last, as a sitemap says.
    pub lastmod: Option<String>,
    /// Decided without a request.
    pub decided: Option<(Outcome, String)>,
}

/// How one URL ended, with what it brought.
#[derive(Debug)]
pub struct Settled {
    /// The URL's identity.
    pub key: PageKey,
    /// Steps from a start URL.
    pub depth: u32,
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

impl Store {
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
                tx.prepare_cached(
                    "INSERT INTO doubt (source, reason) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute(params![source, doubt])?;
            }
            batch.iter().try_for_each(|settled| settle(tx, source, settled))
        })
        .await
    }

    /// Members of the snapshot that no source has come across as one of its own so far, with the depth they had
    /// and the source they are of.
    pub async fn unseen_members(&self) -> Result<Vec<(Url, u32, usize)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT url, depth, source FROM page WHERE snapshot IS NOT NULL
                 AND key NOT IN (SELECT key FROM frontier WHERE outcome IS NULL OR outcome NOT IN ('scope', 'excluded'))
                 ORDER BY key",
            )?;
            let mut rows = statement.query([])?;
            let mut unseen = Vec::new();
            while let Some(row) = rows.next()? {
                let url: String = row.get(0)?;
                let url = Url::parse(&url).map_err(|_| StoreError::Damaged("URL"))?;
                unseen.push((url, row.get(1)?, row.get(2)?));
            }
            Ok(unseen)
        })
        .await
    }

    /// Whether what sitemaps say of changes tells pages apart: where most known pages count as changed at once, the
    /// site writes the time of its last build, or the present, and it says nothing of the page.
    pub async fn lastmods_are_news(&self, source: usize) -> Result<bool, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*), coalesce(sum(f.lastmod IS NOT p.lastmod), 0) FROM frontier f JOIN page p ON p.key = f.key
                 WHERE f.source = ?1 AND f.lastmod IS NOT NULL",
            )?;
            let (known, changed): (u64, u64) =
                statement.query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(changed <= FEW_CHANGES || changed * 2 <= known)
        })
        .await
    }

    /// The hashes of the URLs of `source` that the frontier holds, at most `limit`: what need not be offered again after
    /// a resume. A variant that was set aside need be, by a page that links it after all.
    pub async fn known_urls(
        &self,
        source: usize,
        limit: usize,
        hash: fn(&str) -> u128,
    ) -> Result<HashSet<u128>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT url FROM frontier WHERE source = ?1 AND (admitted = 1 OR outcome IS NOT 'language') LIMIT ?2",
            )?;
            let mut known = HashSet::new();
            let mut rows = statement.query(params![source, limit])?;
            while let Some(row) = rows.next()? {
                known.insert(hash(row.get_ref(0)?.as_str().map_err(|_| StoreError::Damaged("URL"))?));
            }
            Ok(known)
        })
        .await
    }
}

fn discover(tx: &Transaction<'_>, source: usize, discovery: &Discovery) -> Result<(), StoreError> {
    let (outcome, detail) = match &discovery.decided {
        Some((outcome, detail)) => (Some(outcome.name()), Some(detail.as_str())),
        None => (None, None),
    };
    // The least depth counts, and of two spellings of one URL the normal one is requested, else the smaller, whichever
    // was found first; one that may be requested goes before one that may not.
    tx.prepare_cached(
        "INSERT INTO frontier (key, url, source, depth, hops, found_on, state, outcome, rank, detail, lastmod)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (key, source) DO UPDATE SET
             url = excluded.url, depth = excluded.depth, hops = excluded.hops, found_on = excluded.found_on,
             state = excluded.state, outcome = excluded.outcome, rank = excluded.rank, detail = excluded.detail,
             lastmod = coalesce(excluded.lastmod, frontier.lastmod)
         WHERE excluded.state = 0 AND (
             (frontier.state = 0 AND (excluded.depth < frontier.depth
                 OR (excluded.depth = frontier.depth
                     AND (excluded.url != excluded.key, excluded.url) < (frontier.url != frontier.key, frontier.url))))
             OR (frontier.admitted = 0 AND frontier.outcome IN ('depth', 'trap', 'language')))",
    )?
    .execute(params![
        discovery.key.as_ref(),
        discovery.url.as_str(),
        source,
        discovery.depth,
        discovery.hops,
        discovery.found_on,
        if outcome.is_some() { SETTLED } else { WAITING },
        outcome,
        discovery.decided.as_ref().map_or(UNDECIDED, |(outcome, _)| outcome.rank()),
        detail,
        discovery.lastmod,
    ])?;
    if discovery.lastmod.is_some() {
        tx.prepare_cached(
            "UPDATE frontier SET lastmod = ?3 WHERE key = ?1 AND source = ?2 AND lastmod IS NULL",
        )?
        .execute(params![discovery.key.as_ref(), source, discovery.lastmod])?;
    }
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
        "UPDATE frontier SET state = 2, outcome = ?3, rank = ?4, detail = ?5, status = ?6, leads_to = ?7
         WHERE key = ?1 AND source = ?2",
    )?
    .execute(params![
        settled.key.as_ref(),
        source,
        settled.outcome.name(),
        settled.outcome.rank(),
        settled.detail,
        settled.status,
        settled.leads_to.as_ref().map(AsRef::<str>::as_ref),
    ])?;
    Ok(())
}
