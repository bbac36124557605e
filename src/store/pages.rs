//! What was read of each page, and the snapshot: the pages that documents are made of.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use url::Url;

use super::{
    Store, StoreError,
    blob::{self, compress, decompress},
    millis, timestamp,
};
use crate::{
    crawl::{fetch::Validators, url::PageKey},
    extract::Article,
    hash::{Hash, sha256},
    outcome::{Failure, Outcome, SkipReason},
    snapshot::{self, Fate, Patience, Standing},
};

/// The content coding under which bodies that came without one are stored.
const STORED_CODING: &str = "zstd";
/// Redirects are refused after ten; a chain that is longer still closes on itself.
const LONGEST_CHAIN: usize = 32;

/// What a visit teaches about a page.
#[derive(Debug)]
pub enum PageUpdate {
    /// Its content was read: for the first time, or because it, or the rules, changed.
    Read(Box<ReadPage>),
    /// Its content is what is stored.
    Confirmed {
        /// As it is linked now.
        url: Url,
        /// As it is reached now.
        depth: u32,
        /// New validators, where the server gave the page in full.
        validators: Option<Validators>,
        /// When.
        at: Timestamp,
    },
}

/// A page that was read, ready to be stored: made on the thread that read it, so that the transaction is short.
#[derive(Debug)]
pub struct ReadPage {
    url: Url,
    depth: u32,
    validators: Validators,
    content_type: Option<String>,
    coding: String,
    body: Stored,
    content: Hash,
    extractor: u32,
    article: Stored,
    links: Stored,
    canonical: Option<String>,
    noindex: bool,
    contained: bool,
    at: Timestamp,
}

#[derive(Debug)]
struct Stored {
    hash: Hash,
    bytes: Vec<u8>,
}

/// What [`PageUpdate::read`] needs to know.
#[derive(Debug)]
pub struct Reading<'a> {
    /// As it was linked.
    pub url: &'a Url,
    /// Steps from a start URL.
    pub depth: u32,
    /// For the next visit.
    pub validators: Validators,
    /// `Content-Type`, as received.
    pub content_type: Option<String>,
    /// Content coding of `wire`; `None` for identity.
    pub coding: Option<String>,
    /// The body as it came.
    pub wire: &'a [u8],
    /// SHA-256 of the decoded body.
    pub content: Hash,
    /// Version of the rules that made the article.
    pub extractor: u32,
    /// What was extracted.
    pub article: &'a Article,
    /// What it links to, `rel=nofollow` left out.
    pub links: &'a [Url],
    /// What it names as its canonical form.
    pub canonical: Option<&'a PageKey>,
    /// Whether it asks not to be indexed.
    pub noindex: bool,
    /// When it was read.
    pub at: Timestamp,
}

impl PageUpdate {
    /// Hashes and compresses what was read.
    pub fn read(reading: Reading<'_>) -> PageUpdate {
        let identity = reading.coding.as_deref().is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        let (coding, body) = match reading.coding {
            Some(coding) if !identity => {
                (coding, Stored { hash: sha256(reading.wire), bytes: reading.wire.to_vec() })
            }
            _ => (STORED_CODING.to_owned(), Stored { hash: reading.content, bytes: compress(reading.wire) }),
        };
        let article = serde_json::to_vec(reading.article).expect("an article has string keys only");
        let links = reading.links.iter().map(Url::as_str).collect::<Vec<_>>().join("\n");
        PageUpdate::Read(Box::new(ReadPage {
            url: reading.url.clone(),
            depth: reading.depth,
            validators: reading.validators,
            content_type: reading.content_type,
            coding,
            body,
            content: reading.content,
            extractor: reading.extractor,
            article: Stored { hash: sha256(&article), bytes: compress(&article) },
            links: Stored { hash: sha256(links.as_bytes()), bytes: compress(links.as_bytes()) },
            canonical: reading.canonical.map(ToString::to_string),
            noindex: reading.noindex,
            contained: reading.article.container.is_recognised(),
            at: reading.at,
        }))
    }
}

/// A stored body, to be read again by newer rules.
#[derive(Debug)]
pub struct Reread {
    /// `Content-Type`, as received.
    pub content_type: Option<String>,
    /// Content coding of `wire`.
    pub coding: String,
    /// The body as it is stored.
    pub wire: Vec<u8>,
    /// For the next visit.
    pub validators: Validators,
}

/// A page of the snapshot, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its identity.
    pub key: PageKey,
    /// As it is linked.
    pub url: String,
    /// Which source it came from.
    pub source: usize,
    /// What it names as its canonical form.
    pub canonical: Option<String>,
    /// Whether a content container was recognised.
    pub contained: bool,
    /// The hash of its article.
    pub article: Hash,
}

/// A member's text.
#[derive(Debug)]
pub struct ArticlePage {
    /// Its identity.
    pub key: PageKey,
    /// What was extracted from it.
    pub article: Article,
}

/// How the snapshot changed when a crawl was completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotChange {
    /// Pages that were no members before.
    pub new: u64,
    /// Members whose article changed.
    pub changed: u64,
    /// Members whose article did not.
    pub unchanged: u64,
    /// Members that were not read now and stay as they were.
    pub carried_forward: u64,
    /// Pages that are members no more.
    pub removed: u64,
}

impl Store {
    /// The links of a page as they were when it was read last, one per line; none for an unknown page.
    pub async fn links(&self, key: PageKey) -> Result<String, StoreError> {
        self.read(move |connection| {
            let hash: Option<Hash> = connection
                .prepare_cached("SELECT links FROM page WHERE key = ?1")?
                .query_row([key.as_ref()], |row| row.get(0))
                .optional()?;
            hash.map_or_else(|| Ok(String::new()), |hash| text(connection, &hash, "list of links"))
        })
        .await
    }

    /// The stored body of a page.
    pub async fn reread(&self, key: PageKey) -> Result<Option<Reread>, StoreError> {
        self.read(move |connection| {
            let row = connection
                .prepare_cached(
                    "SELECT content_type, coding, body, etag, last_modified FROM page WHERE key = ?1",
                )?
                .query_row([key.as_ref()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get::<_, Hash>(2)?, row.get(3)?, row.get(4)?))
                })
                .optional()?;
            let Some((content_type, coding, body, etag, last_modified)) = row else { return Ok(None) };
            let wire = blob::get(connection, &body)?.ok_or(StoreError::Damaged("body"))?;
            Ok(Some(Reread { content_type, coding, wire, validators: Validators { etag, last_modified } }))
        })
        .await
    }

    /// Completes the crawl: settles redirect chains, decides the fate of every known page by the patience of
    /// its source, and collects what nothing refers to any more. One transaction.
    pub async fn complete_crawl(
        &self,
        patience: Vec<Patience>,
        now: Timestamp,
    ) -> Result<SnapshotChange, StoreError> {
        self.write(move |tx| {
            let chains = settle_redirect_chains(tx)?;
            let change = renew_snapshot(tx, &chains, &patience, now)?;
            tx.execute("UPDATE crawl SET state = 'complete' WHERE state = 'running'", [])?;
            collect(tx)?;
            Ok(change)
        })
        .await
    }

    /// The snapshot, in the order of the keys.
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, url, source, canonical, contained, article FROM page WHERE member = 1 ORDER BY key",
            )?;
            let members = statement.query_map([], |row| {
                Ok(Member {
                    key: PageKey::stored(row.get(0)?),
                    url: row.get(1)?,
                    source: row.get(2)?,
                    canonical: row.get(3)?,
                    contained: row.get(4)?,
                    article: row.get(5)?,
                })
            })?;
            Ok(members.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The articles of these pages, in this order; keys that are unknown are left out.
    pub async fn articles(&self, keys: Vec<PageKey>) -> Result<Vec<ArticlePage>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT article FROM page WHERE key = ?1")?;
            let mut pages = Vec::with_capacity(keys.len());
            for key in keys {
                let hash: Option<Hash> = statement.query_row([key.as_ref()], |row| row.get(0)).optional()?;
                let Some(hash) = hash else { continue };
                let json = text(connection, &hash, "article")?;
                let article = serde_json::from_str(&json).map_err(|_| StoreError::Damaged("article"))?;
                pages.push(ArticlePage { key, article });
            }
            Ok(pages)
        })
        .await
    }

    /// Records what became of pages after the crawl: canonical twins, duplicates, pages without text.
    pub async fn note_outcomes(&self, notes: Vec<(PageKey, SkipReason, String)>) -> Result<(), StoreError> {
        self.write(move |tx| {
            let mut statement =
                tx.prepare_cached("UPDATE frontier SET outcome = ?2, detail = ?3 WHERE key = ?1")?;
            for (key, reason, detail) in notes {
                statement.execute(params![key.as_ref(), reason.name(), detail])?;
            }
            Ok(())
        })
        .await
    }
}

fn text(connection: &rusqlite::Connection, hash: &Hash, what: &'static str) -> Result<String, StoreError> {
    let stored = blob::get(connection, hash)?.ok_or(StoreError::Damaged(what))?;
    let bytes = decompress(&stored).map_err(|_| StoreError::Damaged(what))?;
    String::from_utf8(bytes).map_err(|_| StoreError::Damaged(what))
}

pub(super) fn update(
    tx: &Transaction<'_>,
    source: usize,
    key: &PageKey,
    update: &PageUpdate,
) -> Result<(), StoreError> {
    match update {
        PageUpdate::Read(page) => {
            for stored in [&page.body, &page.article, &page.links] {
                blob::put(tx, &stored.hash, &stored.bytes)?;
            }
            tx.prepare_cached(
                "INSERT INTO page (key, url, source, depth, etag, last_modified, content_type, coding, body, content,
                     extractor, article, links, canonical, noindex, contained, fetched_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
                 ON CONFLICT (key) DO UPDATE SET url = excluded.url, source = excluded.source, depth = excluded.depth,
                     etag = excluded.etag, last_modified = excluded.last_modified, content_type = excluded.content_type,
                     coding = excluded.coding, body = excluded.body, content = excluded.content,
                     extractor = excluded.extractor, article = excluded.article, links = excluded.links,
                     canonical = excluded.canonical, noindex = excluded.noindex, contained = excluded.contained,
                     fetched_at = excluded.fetched_at",
            )?
            .execute(params![
                key.as_ref(),
                page.url.as_str(),
                source,
                page.depth,
                page.validators.etag,
                page.validators.last_modified,
                page.content_type,
                page.coding,
                page.body.hash,
                page.content,
                page.extractor,
                page.article.hash,
                page.links.hash,
                page.canonical,
                page.noindex,
                page.contained,
                millis(page.at),
            ])?;
        }
        PageUpdate::Confirmed { url, depth, validators, at } => {
            tx.prepare_cached(
                "UPDATE page SET url = ?2, source = ?3, depth = ?4, fetched_at = ?5 WHERE key = ?1",
            )?
            .execute(params![key.as_ref(), url.as_str(), source, depth, millis(*at)])?;
            if let Some(validators) = validators {
                tx.prepare_cached("UPDATE page SET etag = ?2, last_modified = ?3 WHERE key = ?1")?
                    .execute(params![key.as_ref(), validators.etag, validators.last_modified])?;
            }
        }
    }
    Ok(())
}

/// Marks redirect loops as failed, and gives the end of every other chain.
fn settle_redirect_chains(tx: &Transaction<'_>) -> Result<HashMap<String, Option<Outcome>>, StoreError> {
    let mut steps = HashMap::new();
    let mut statement = tx.prepare("SELECT key, leads_to FROM frontier WHERE outcome = 'redirected'")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        steps.insert(row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default());
    }
    let mut outcome_of = tx.prepare("SELECT outcome FROM frontier WHERE key = ?1")?;
    let mut mark_loop =
        tx.prepare("UPDATE frontier SET outcome = 'status', detail = 'redirect loop' WHERE key = ?1")?;
    let mut ends = HashMap::with_capacity(steps.len());
    for key in steps.keys() {
        let mut end = key;
        let mut left = LONGEST_CHAIN;
        while let (Some(next), true) = (steps.get(end), left > 0) {
            end = next;
            left -= 1;
        }
        if steps.contains_key(end) {
            mark_loop.execute([key])?;
            ends.insert(key.clone(), Some(Outcome::Failed(Failure::Status)));
        } else {
            let name: Option<String> = outcome_of.query_row([end], |row| row.get(0)).optional()?.flatten();
            ends.insert(key.clone(), name.as_deref().and_then(Outcome::from_name));
        }
    }
    Ok(ends)
}

/// How a redirected URL ended, for its own fate.
fn end_of_redirect(end: Option<Outcome>) -> Outcome {
    match end {
        // The target is a page: this URL is none of its own any more.
        Some(
            Outcome::Fetched
            | Outcome::NotModified
            | Outcome::Skipped(SkipReason::Noindex | SkipReason::NotKept | SkipReason::Robots),
        ) => Outcome::Skipped(SkipReason::Redirected),
        Some(Outcome::Skipped(SkipReason::NotFound)) => Outcome::Skipped(SkipReason::NotFound),
        Some(failed @ Outcome::Failed(_)) => failed,
        // To a place we do not go, as to a login elsewhere: not a reason to forget the page.
        _ => Outcome::Failed(Failure::Status),
    }
}

fn renew_snapshot(
    tx: &Transaction<'_>,
    chains: &HashMap<String, Option<Outcome>>,
    patience: &[Patience],
    now: Timestamp,
) -> Result<SnapshotChange, StoreError> {
    let mut change = SnapshotChange::default();
    let mut known = tx.prepare(
        "SELECT p.key, p.source, p.member, p.gone_runs, p.failing_since, f.outcome, p.snapshot IS p.article
         FROM page p LEFT JOIN frontier f ON f.key = p.key ORDER BY p.key",
    )?;
    let mut stay = tx.prepare(
        "UPDATE page SET member = 1, gone_runs = 0, failing_since = NULL, snapshot = article WHERE key = ?1",
    )?;
    let mut carry = tx.prepare("UPDATE page SET gone_runs = ?2, failing_since = ?3 WHERE key = ?1")?;
    let mut leave = tx.prepare(
        "UPDATE page SET member = 0, gone_runs = 0, failing_since = NULL, snapshot = NULL WHERE key = ?1",
    )?;
    let mut rows = known.query([])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let source: usize = row.get(1)?;
        let failing_since: Option<i64> = row.get(4)?;
        let standing = Standing {
            member: row.get(2)?,
            gone_runs: row.get(3)?,
            failing_since: failing_since.map(timestamp).transpose()?,
        };
        let ended = match row.get::<_, Option<String>>(5)?.as_deref().and_then(Outcome::from_name) {
            Some(Outcome::Skipped(SkipReason::Redirected)) => {
                Some(end_of_redirect(chains.get(&key).copied().flatten()))
            }
            ended => ended,
        };
        // A source that the configuration lost takes its pages with it.
        let fate = patience
            .get(source)
            .map_or(Fate::Out, |patience| snapshot::fate(standing, ended, *patience, now));
        match fate {
            Fate::Current => {
                match (standing.member, row.get(6)?) {
                    (false, _) => change.new += 1,
                    (true, false) => change.changed += 1,
                    (true, true) => change.unchanged += 1,
                }
                stay.execute([&key])?;
            }
            Fate::CarriedForward { gone_runs, failing_since } => {
                change.carried_forward += 1;
                carry.execute(params![key, gone_runs, failing_since.map(millis)])?;
            }
            Fate::Out => {
                change.removed += u64::from(standing.member);
                leave.execute([&key])?;
            }
        }
    }
    Ok(change)
}

/// Forgets pages that no crawl comes across any more, and blobs that nothing refers to.
fn collect(tx: &Transaction<'_>) -> Result<(), StoreError> {
    // Besides members, only pages that are read for their links, or that may be read again, are worth their place.
    tx.execute(
        "DELETE FROM page WHERE member = 0 AND key NOT IN (
             SELECT key FROM frontier WHERE outcome IN ('noindex', 'not_kept', 'empty') OR outcome IN
                 ('dns', 'connect', 'tls', 'timeout', 'status', 'truncated', 'decode', 'parse_limit'))",
        [],
    )?;
    tx.execute(
        "DELETE FROM blob WHERE sha256 NOT IN (SELECT body FROM page UNION SELECT article FROM page UNION SELECT links FROM page)",
        [],
    )?;
    Ok(())
}
