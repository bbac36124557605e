//! Pages whose stored bodies are read again by other rules than they were read by.
//!
//! Which pages the last complete crawl consists of stays as it is: only their articles become others.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use url::Url;

use super::{
    Store, StoreError,
    corpora::forget_unused_corpora,
    members::collect_blobs,
    pages::{PageUpdate, read_headers, update},
    timestamp,
};
use crate::{
    crawl::{
        fetch::{Candidate, Known, Validators},
        url::PageKey,
    },
    hash::Hash,
};

/// A page that other rules read.
#[derive(Debug, Clone)]
pub struct ReadBefore {
    /// As a visit would find it.
    pub candidate: Candidate,
    /// When its body was fetched.
    pub fetched_at: Timestamp,
}

/// What today's rules made of a stored body.
#[derive(Debug)]
pub struct ReadOtherwise {
    /// Whose body.
    pub key: PageKey,
    /// What they made of it.
    pub page: PageUpdate,
}

impl Store {
    /// Pages of `source` that were read by other rules than `rules`, after `after`, in the order of the keys.
    pub async fn read_by_other_rules(
        &self,
        source: usize,
        rules: u32,
        after: Option<PageKey>,
        limit: usize,
    ) -> Result<Vec<ReadBefore>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, url, depth, lastmod, content, article, rules, noindex, headers, unwanted, fetched_at
                 FROM page WHERE source = ?1 AND rules != ?2 AND key > ?3 ORDER BY key LIMIT ?4",
            )?;
            let after = after.as_ref().map_or("", AsRef::as_ref);
            let rows = statement.query_map(params![source, rules, after, limit], |row| Ok(read_before(row)))?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    /// Stores what the rules made of pages of `source`, and lets the last complete crawl consist of that; tells how many
    /// of its articles are others now. What is held was made of the old ones, so it is held no longer: the next run judges.
    pub async fn read_otherwise(&self, source: usize, pages: Vec<ReadOtherwise>) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let mut changed = 0;
            for ReadOtherwise { key, page } in pages {
                let before: Option<(Hash, Option<u32>)> = tx
                    .prepare_cached("SELECT article, representation FROM page WHERE key = ?1")?
                    .query_row([key.as_ref()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((article, representation)) = before else { continue };
                update(tx, source, &key, &page)?;
                // Nothing was asked for: the body is still what an earlier request gave.
                tx.prepare_cached("UPDATE page SET representation = ?2 WHERE key = ?1")?
                    .execute(params![key.as_ref(), representation])?;
                changed += tx
                    .prepare_cached(
                        "UPDATE page SET candidate = article WHERE key = ?1 AND candidate = ?2 AND article != ?2",
                    )?
                    .execute(params![key.as_ref(), article])? as u64;
            }
            if changed > 0 {
                tx.execute("DELETE FROM held", [])?;
                forget_unused_corpora(tx)?;
            }
            Ok(changed)
        })
        .await
    }

    /// Forgets what nothing refers to any more.
    pub async fn collect_garbage(&self) -> Result<(), StoreError> {
        self.write(collect_blobs).await
    }
}

fn read_before(row: &Row<'_>) -> Result<ReadBefore, StoreError> {
    let url: String = row.get(1)?;
    let headers: Option<String> = row.get(8)?;
    let known = Known {
        content: row.get(4)?,
        article: row.get(5)?,
        rules: row.get(6)?,
        noindex: row.get(7)?,
        headers: read_headers(headers.as_deref())?,
        unwanted: row.get(9)?,
    };
    let candidate = Candidate {
        key: PageKey::stored(row.get(0)?),
        url: Url::parse(&url).map_err(|_| StoreError::Damaged("URL"))?,
        depth: row.get(2)?,
        hops: 0,
        lastmod: row.get(3)?,
        validators: Validators::default(),
        known: Some(known),
    };
    Ok(ReadBefore { candidate, fetched_at: timestamp(row.get(10)?)? })
}
