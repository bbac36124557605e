//! What was read last of each page.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use url::Url;

use super::{
    Store, StoreError,
    blob::{self, Decompressor, compress},
    millis,
};
use crate::{
    crawl::{fetch::Validators, page_headers::PageHeaders, url::PageKey},
    extract::Article,
    hash::{Hash, sha256},
    outcome::SkipReason,
};

/// The content coding under which bodies that came without one are stored.
const STORED_CODING: &str = "zstd";

/// Lists of links are read together as far as this, in bytes.
const MOST_LINKS: usize = 4 * 1024 * 1024;

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
        /// When it changed last, as a sitemap says.
        lastmod: Option<String>,
        /// When.
        at: Timestamp,
    },
}

/// A page that was read, ready to be stored: made on the thread that read it, so that the transaction is short.
#[derive(Debug)]
pub struct ReadPage {
    url: Url,
    depth: u32,
    lastmod: Option<String>,
    validators: Validators,
    headers: String,
    content_type: Option<String>,
    coding: String,
    body: Stored,
    content: Hash,
    rules: u32,
    representation: u32,
    article: Stored,
    title: String,
    language: Option<String>,
    links: Stored,
    canonical: Option<String>,
    noindex: bool,
    unwanted: Option<String>,
    variant: Option<PageKey>,
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
    /// When it changed last, as a sitemap says.
    pub lastmod: Option<String>,
    /// For the next visit.
    pub validators: Validators,
    /// What its headers say of it.
    pub headers: &'a PageHeaders,
    /// `Content-Type`, as received.
    pub content_type: Option<String>,
    /// Content coding of `wire`; `None` for identity.
    pub coding: Option<String>,
    /// The body as it came.
    pub wire: &'a [u8],
    /// SHA-256 of the decoded body.
    pub content: Hash,
    /// Version of the rules that made the article.
    pub rules: u32,
    /// Under which request headers it was read.
    pub representation: u32,
    /// What was extracted.
    pub article: &'a Article,
    /// What it links to, one URL per line, `rel=nofollow` left out; after an empty line what it names besides.
    pub links: String,
    /// What it names as its canonical form.
    pub canonical: Option<&'a PageKey>,
    /// Whether it asks not to be indexed.
    pub noindex: bool,
    /// Why its language is not wanted.
    pub unwanted: Option<String>,
    /// Its variant in a preferred language.
    pub variant: Option<PageKey>,
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
        let links = reading.links.as_bytes();
        PageUpdate::Read(Box::new(ReadPage {
            url: reading.url.clone(),
            depth: reading.depth,
            lastmod: reading.lastmod,
            validators: reading.validators,
            content_type: reading.content_type,
            coding,
            body,
            content: reading.content,
            rules: reading.rules,
            representation: reading.representation,
            title: reading.article.title.clone(),
            language: reading.article.language.clone(),
            article: Stored { hash: sha256(&article), bytes: compress(&article) },
            links: Stored { hash: sha256(links), bytes: compress(links) },
            canonical: reading.canonical.map(ToString::to_string),
            noindex: reading.noindex,
            unwanted: reading.unwanted,
            variant: reading.variant,
            headers: serde_json::to_string(reading.headers).expect("headers have string keys only"),
            contained: reading.article.container.is_exact(),
            at: reading.at,
        }))
    }
}

impl ReadPage {
    /// SHA-256 of its article.
    pub fn article(&self) -> Hash {
        self.article.hash
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
    /// What its headers said of it.
    pub headers: PageHeaders,
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
    /// The links of pages as they were when these were read last, one per line; none for an unknown page. Only the
    /// first pages are answered for where the lists are long; at least one.
    pub async fn links(&self, keys: Vec<PageKey>) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            let mut decompressor = Decompressor::new().map_err(|_| StoreError::Damaged("list of links"))?;
            let mut hash_of = connection.prepare_cached("SELECT links FROM page WHERE key = ?1")?;
            let mut lists: Vec<String> = Vec::with_capacity(keys.len());
            let mut size = 0;
            for key in keys {
                let hash: Option<Hash> = hash_of.query_row([key.as_ref()], |row| row.get(0)).optional()?;
                let list = match hash {
                    Some(hash) => decompressor.text(connection, &hash, "list of links")?,
                    None => String::new(),
                };
                size += list.len();
                lists.push(list);
                if size > MOST_LINKS {
                    break;
                }
            }
            Ok(lists)
        })
        .await
    }

    /// The stored body of a page.
    pub async fn reread(&self, key: PageKey) -> Result<Option<Reread>, StoreError> {
        self.read(move |connection| {
            let row = connection
                .prepare_cached(
                    "SELECT content_type, coding, body, etag, last_modified, headers FROM page WHERE key = ?1",
                )?
                .query_row([key.as_ref()], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get::<_, Hash>(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get::<_, Option<String>>(5)?,
                    ))
                })
                .optional()?;
            let Some((content_type, coding, body, etag, last_modified, headers)) = row else {
                return Ok(None);
            };
            let wire = blob::get(connection, &body)?.ok_or(StoreError::Damaged("body"))?;
            let validators = Validators { etag, last_modified };
            let headers = read_headers(headers.as_deref())?;
            Ok(Some(Reread { content_type, coding, wire, validators, headers }))
        })
        .await
    }

    /// The articles of these members, in this order; other keys are left out.
    pub async fn articles(&self, keys: Vec<PageKey>) -> Result<Vec<ArticlePage>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT candidate FROM page WHERE key = ?1")?;
            let mut pages = Vec::with_capacity(keys.len());
            let mut decompressor = Decompressor::new().map_err(|_| StoreError::Damaged("article"))?;
            for key in keys {
                let hash: Option<Hash> =
                    statement.query_row([key.as_ref()], |row| row.get(0)).optional()?.flatten();
                let Some(hash) = hash else { continue };
                let json = decompressor.text(connection, &hash, "article")?;
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

/// What headers said of a page; nothing, where an older version stored it.
pub(super) fn read_headers(json: Option<&str>) -> Result<PageHeaders, StoreError> {
    let read = json.map(serde_json::from_str).transpose();
    Ok(read.map_err(|_| StoreError::Damaged("list of headers"))?.unwrap_or_default())
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
                     rules, article, links, canonical, noindex, contained, fetched_at, lastmod,
                     unwanted, variant, headers, representation)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                     ?22)
                 ON CONFLICT (key) DO UPDATE SET url = excluded.url, source = excluded.source, depth = excluded.depth,
                     etag = excluded.etag, last_modified = excluded.last_modified, content_type = excluded.content_type,
                     coding = excluded.coding, body = excluded.body, content = excluded.content,
                     rules = excluded.rules, article = excluded.article, links = excluded.links,
                     canonical = excluded.canonical, noindex = excluded.noindex, contained = excluded.contained,
                     fetched_at = excluded.fetched_at, lastmod = excluded.lastmod, unwanted = excluded.unwanted,
                     variant = excluded.variant, headers = excluded.headers,
                     representation = excluded.representation",
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
                page.rules,
                page.article.hash,
                page.links.hash,
                page.canonical,
                page.noindex,
                page.contained,
                millis(page.at),
                page.lastmod,
                page.unwanted,
                page.variant.as_ref().map(AsRef::<str>::as_ref),
                page.headers,
                page.representation,
            ])?;
            tx.prepare_cached(
                "INSERT INTO heading (article, title, language) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![page.article.hash, page.title, page.language])?;
        }
        PageUpdate::Confirmed { url, depth, validators, lastmod, at } => {
            tx.prepare_cached(
                "UPDATE page SET url = ?2, source = ?3, depth = ?4, fetched_at = ?5, lastmod = ?6 WHERE key = ?1",
            )?
            .execute(params![key.as_ref(), url.as_str(), source, depth, millis(*at), lastmod])?;
            if let Some(validators) = validators {
                tx.prepare_cached("UPDATE page SET etag = ?2, last_modified = ?3 WHERE key = ?1")?
                    .execute(params![key.as_ref(), validators.etag, validators.last_modified])?;
            }
        }
    }
    Ok(())
}
