//! What is known of one URL: how it was found, how it ended, how its visits ended before, what is stored of it.

use jiff::Timestamp;

use super::{Store, StoreError, timestamp};
use crate::{crawl::url::PageKey, outcome::Outcome};

/// What is known of a URL.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// How the last crawl came across it, once for each source that did; the first one counts.
    pub found: Vec<Finding>,
    /// How visits ended, whenever that was another way than before, the latest first.
    pub visits: Vec<Visited>,
    /// What is stored of it.
    pub page: Option<StoredPage>,
}

/// How a source's crawl came across a URL, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which source.
    pub source: usize,
    /// As it was requested.
    pub url: String,
    /// Steps from a start URL.
    pub depth: u32,
    /// What named it; `None` for start URLs.
    pub found_on: Option<String>,
    /// When it changed last, as a sitemap says.
    pub lastmod: Option<String>,
    /// How it ended; `None` where that is not decided.
    pub outcome: Option<Outcome>,
    /// What a person should know besides.
    pub detail: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Where it redirects to.
    pub leads_to: Option<String>,
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Visited {
    /// When.
    pub at: Timestamp,
    /// The stable name of the outcome.
    pub outcome: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What a person should know besides.
    pub detail: String,
}

/// What is stored of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPage {
    /// When it was read, or confirmed unchanged, last.
    pub fetched_at: Timestamp,
    /// What it names as its canonical form.
    pub canonical: Option<String>,
    /// Whether it is part of the snapshot that was published, or of the last complete crawl.
    pub member: bool,
    /// Complete crawls in a row that found it gone.
    pub gone_runs: u32,
    /// Since when it fails for passing reasons.
    pub failing_since: Option<Timestamp>,
}

impl Store {
    /// What is known of the URL with this key.
    pub async fn story(&self, key: PageKey) -> Result<Story, StoreError> {
        self.read(move |connection| {
            let key = key.as_ref();
            let mut statement = connection.prepare_cached(
                "SELECT source, url, depth, found_on, lastmod, outcome, coalesce(detail, ''), status, leads_to
                 FROM frontier WHERE key = ?1 ORDER BY rank, source",
            )?;
            let found = statement.query_map([key], |row| {
                Ok(Finding {
                    source: row.get(0)?,
                    url: row.get(1)?,
                    depth: row.get(2)?,
                    found_on: row.get(3)?,
                    lastmod: row.get(4)?,
                    outcome: row.get::<_, Option<String>>(5)?.as_deref().and_then(Outcome::from_name),
                    detail: row.get(6)?,
                    status: row.get(7)?,
                    leads_to: row.get(8)?,
                })
            })?;
            let found = found.collect::<Result<_, _>>()?;
            let mut statement = connection.prepare_cached(
                "SELECT at, outcome, status, coalesce(detail, '') FROM visit WHERE key = ?1 ORDER BY at DESC",
            )?;
            let mut visits = Vec::new();
            let mut rows = statement.query([key])?;
            while let Some(row) = rows.next()? {
                let (outcome, status, detail) = (row.get(1)?, row.get(2)?, row.get(3)?);
                visits.push(Visited { at: timestamp(row.get(0)?)?, outcome, status, detail });
            }
            let mut statement = connection.prepare_cached(
                "SELECT fetched_at, canonical, candidate IS NOT NULL OR snapshot IS NOT NULL, gone_runs, failing_since
                 FROM page WHERE key = ?1",
            )?;
            let mut rows = statement.query([key])?;
            let page = match rows.next()? {
                None => None,
                Some(row) => Some(StoredPage {
                    fetched_at: timestamp(row.get(0)?)?,
                    canonical: row.get(1)?,
                    member: row.get(2)?,
                    gone_runs: row.get(3)?,
                    failing_since: row.get::<_, Option<i64>>(4)?.map(timestamp).transpose()?,
                }),
            };
            Ok(Story { found, visits, page })
        })
        .await
    }
}
