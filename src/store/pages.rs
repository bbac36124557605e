//! What was read last of each page.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use url::Url;

use super::{
    Store, StoreError,
    blob::{self, compress, decompress},
    millis,
};
use crate::{
    crawl::{fetch::Validators, url::PageKey},
    extract::Article,
    hash::{Hash, sha256},
    outcome::SkipReason,
};

/// The content coding under which bodies that came without one are stored.
const STORED_CODING: &str = "zstd";

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
            contained: reading.article.container.is_exact(),
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

/// A member's text.
#[derive(Debug)]
pub struct ArticlePage {
    /// Its identity.
    pub key: PageKey,
    /// What was extracted from it.
    pub article: Article,
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

    /// The articles of these members, in this order; other keys are left out.
    pub async fn articles(&self, keys: Vec<PageKey>) -> Result<Vec<ArticlePage>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT candidate FROM page WHERE key = ?1")?;
            let mut pages = Vec::with_capacity(keys.len());
            for key in keys {
                let hash: Option<Hash> =
                    statement.query_row([key.as_ref()], |row| row.get(0)).optional()?.flatten();
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
            let mut statement = tx.prepare_cached(
                "UPDATE frontier SET outcome = ?2, detail = ?3
                 WHERE key = ?1 AND outcome IN ('fetched', 'not_modified')",
            )?;
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
