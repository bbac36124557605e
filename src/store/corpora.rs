//! Corpora that are kept: what was published, is being published, or is held.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    blob::{compress, decompress},
    millis,
};
use crate::{
    corpus::{Corpus, Counts, Manifest},
    crawl::url::PageKey,
    hash::Hash,
    outcome::SkipReason,
};

/// A corpus that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCorpus {
    /// SHA-256 of `text`.
    pub sha256: Hash,
    /// What is, or was, sent.
    pub text: String,
    /// What it consists of.
    pub manifest: Manifest,
}

/// A corpus that was kept, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCorpus {
    /// SHA-256 of its text.
    pub sha256: Hash,
    /// What it consists of.
    pub manifest: Manifest,
    /// What was left out of it.
    pub left_out: Vec<LeftOut>,
    /// What a person should know of the pages that it was made of.
    pub remarks: Vec<String>,
}

/// A page that is part of the snapshot and not of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its identity.
    pub key: PageKey,
    /// Why.
    pub why: WhyLeftOut,
    /// What a person should know besides.
    pub detail: String,
    /// How large its section of the corpus would be; nothing where it has none.
    #[serde(default)]
    pub size: Counts,
}

/// Why a page is not part of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyLeftOut {
    /// It gives no document of its own.
    Skipped(SkipReason),
    /// There was no room for its document.
    Budget,
}

impl Store {
    /// Keeps a corpus, and what it was made from.
    pub async fn keep_corpus(
        &self,
        corpus: Corpus,
        made_from: Hash,
        left_out: Vec<LeftOut>,
        remarks: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let manifest = serde_json::to_vec(&corpus.manifest).expect("a manifest has string keys only");
            let left_out = serde_json::to_vec(&left_out).expect("a list of plain fields");
            let remarks = serde_json::to_string(&remarks).expect("a list of strings");
            tx.execute(
                "INSERT INTO corpus (sha256, text, manifest, left_out, remarks, made_from, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (sha256) DO UPDATE SET
                     manifest = excluded.manifest, left_out = excluded.left_out, remarks = excluded.remarks,
                     made_from = excluded.made_from",
                params![
                    corpus.sha256,
                    compress(corpus.text.as_bytes()),
                    compress(&manifest),
                    compress(&left_out),
                    remarks,
                    made_from,
                    millis(now)
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Notes that a corpus, if it is kept, was made from this too, so that it need not be made again.
    pub async fn note_made_from(
        &self,
        sha256: Hash,
        manifest: Manifest,
        made_from: Hash,
        left_out: Vec<LeftOut>,
        remarks: Vec<String>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let manifest = serde_json::to_vec(&manifest).expect("a manifest has string keys only");
            let left_out = serde_json::to_vec(&left_out).expect("a list of plain fields");
            let remarks = serde_json::to_string(&remarks).expect("a list of strings");
            tx.execute(
                "UPDATE corpus SET manifest = ?2, made_from = ?3, left_out = ?4, remarks = ?5 WHERE sha256 = ?1",
                params![sha256, compress(&manifest), made_from, compress(&left_out), remarks],
            )?;
            Ok(())
        })
        .await
    }

    /// A kept corpus.
    pub async fn corpus(&self, sha256: Hash) -> Result<Option<StoredCorpus>, StoreError> {
        self.read(move |connection| {
            let row: Option<(Vec<u8>, Vec<u8>)> = connection
                .query_row("SELECT text, manifest FROM corpus WHERE sha256 = ?1", [sha256], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((text, manifest)) = row else { return Ok(None) };
            let text = decompress(&text).ok().and_then(|text| String::from_utf8(text).ok());
            let text = text.ok_or(StoreError::Damaged("corpus"))?;
            Ok(Some(StoredCorpus { sha256, text, manifest: read_manifest(&manifest)? }))
        })
        .await
    }

    /// What a kept corpus consists of.
    pub async fn manifest(&self, sha256: Hash) -> Result<Option<Manifest>, StoreError> {
        self.read(move |connection| {
            let manifest: Option<Vec<u8>> = connection
                .query_row("SELECT manifest FROM corpus WHERE sha256 = ?1", [sha256], |row| row.get(0))
                .optional()?;
            manifest.map(|manifest| read_manifest(&manifest)).transpose()
        })
        .await
    }

    /// The kept corpus that was made from this; what was made once need not be made again.
    pub async fn corpus_made_from(&self, made_from: Hash) -> Result<Option<KnownCorpus>, StoreError> {
        self.read(move |connection| {
            let row: Option<(Hash, Vec<u8>, Vec<u8>, String)> = connection
                .query_row(
                    "SELECT sha256, manifest, left_out, remarks FROM corpus WHERE made_from = ?1",
                    [made_from],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
                )
                .optional()?;
            let Some((sha256, manifest, left_out, remarks)) = row else { return Ok(None) };
            let left_out = decompress(&left_out).ok().and_then(|json| serde_json::from_slice(&json).ok());
            let left_out = left_out.ok_or(StoreError::Damaged("list of what was left out"))?;
            let remarks =
                serde_json::from_str(&remarks).map_err(|_| StoreError::Damaged("remarks on a corpus"))?;
            Ok(Some(KnownCorpus { sha256, manifest: read_manifest(&manifest)?, left_out, remarks }))
        })
        .await
    }
}

fn read_manifest(stored: &[u8]) -> Result<Manifest, StoreError> {
    let json = decompress(stored).map_err(|_| StoreError::Damaged("manifest"))?;
    serde_json::from_slice(&json).map_err(|_| StoreError::Damaged("manifest"))
}

/// Keeps the last `keep` published corpora, besides the last one of each month (UTC) and target, so what each target holds
/// too, and whatever is pinned, held or unsettled.
pub(super) fn forget_corpora(tx: &Transaction<'_>, keep: u32) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM publication WHERE state NOT IN ('intent', 'unknown')
         AND id NOT IN (SELECT max(id) FROM publication WHERE state = 'acknowledged'
             GROUP BY target, strftime('%Y-%m', settled_at / 1000, 'unixepoch'))
         AND id NOT IN (SELECT publication FROM pin)
         AND corpus NOT IN
         (SELECT corpus FROM publication WHERE state = 'acknowledged' GROUP BY corpus ORDER BY max(id) DESC LIMIT ?1)",
        [keep],
    )?;
    forget_unused_corpora(tx)
}

pub(super) fn forget_unused_corpora(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        // What a rollback would send, or be sent because of, is kept however old it is.
        "DELETE FROM corpus WHERE sha256 NOT IN (SELECT corpus FROM publication UNION SELECT corpus FROM held
             UNION SELECT fallback FROM verification WHERE fallback IS NOT NULL AND state != 'passed'
             UNION SELECT corpus FROM verification v WHERE state = 'passed' AND at = (
                 SELECT max(at) FROM verification last WHERE last.target = v.target AND last.state = 'passed'))",
        [],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Before, Held, PublicationState};

    /// Publishes a corpus, named by one byte, to a target at a time; what was kept of all of them then.
    async fn publish(store: &Store, name: u8, target: &str, at: &str, state: PublicationState) {
        let at: Timestamp = at.parse().unwrap();
        let corpus = Corpus { sha256: [name; 32], ..Corpus::default() };
        store.keep_corpus(corpus, [name; 32], Vec::new(), Vec::new(), at).await.unwrap();
        let (target, settings) = (target.to_owned(), String::new());
        let id = store.intend(1, [name; 32], target, Before::default(), settings, at).await.unwrap();
        store.settle_publication(id, state, None, String::new(), Some(2), at).await.unwrap();
    }

    async fn kept(store: &Store) -> Vec<u8> {
        let mut kept = Vec::new();
        for name in 0..=u8::MAX {
            if store.corpus([name; 32]).await.unwrap().is_some() {
                kept.push(name);
            }
        }
        kept
    }

    #[tokio::test]
    async fn the_newest_are_kept_and_the_last_of_each_month() {
        use PublicationState::{Acknowledged, Rejected, Unknown};
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "docs").unwrap();
        let days = [
            "2026-01-05",
            "2026-01-31",
            "2026-02-01",
            "2026-02-02",
            "2026-03-01",
            "2026-03-02",
            "2026-03-03",
        ];
        for (name, day) in (1..).zip(days) {
            publish(&store, name, "a", &format!("{day}T23:59:59Z"), Acknowledged).await;
        }
        // Of January and February the last, of March the two newest.
        assert_eq!(kept(&store).await, [2, 4, 6, 7]);
        // Each target has its own months, the newest are those of all.
        publish(&store, 8, "b", "2026-03-04T00:00:00Z", Acknowledged).await;
        assert_eq!(kept(&store).await, [2, 4, 7, 8]);
        // What nobody knows of, what is pinned and what is held needs its corpus.
        publish(&store, 9, "a", "2026-03-05T00:00:00Z", Unknown).await;
        store.pin(7, "2026-03-05T00:00:00Z".parse().unwrap()).await.unwrap();
        let held = Corpus { sha256: [20; 32], ..Corpus::default() };
        store.keep_corpus(held, [20; 32], Vec::new(), Vec::new(), Timestamp::UNIX_EPOCH).await.unwrap();
        store
            .hold(Held { corpus: [20; 32], run: 1, target: "a".to_owned(), gates: Vec::new() })
            .await
            .unwrap();
        publish(&store, 10, "b", "2026-03-06T00:00:00Z", Rejected).await;
        publish(&store, 11, "b", "2026-03-07T00:00:00Z", Acknowledged).await;
        publish(&store, 12, "b", "2026-03-08T00:00:00Z", Acknowledged).await;
        assert_eq!(kept(&store).await, [2, 4, 7, 9, 11, 12, 20]);
        // A newer push settles what was unknown, and unpinned it is one of March like others.
        assert!(store.unpin().await.unwrap());
        publish(&store, 13, "a", "2026-03-09T00:00:00Z", Acknowledged).await;
        assert_eq!(kept(&store).await, [2, 4, 12, 13, 20]);
        // Gone back to, an old one is among the newest.
        publish(&store, 2, "a", "2026-04-01T00:00:00Z", Acknowledged).await;
        assert_eq!(kept(&store).await, [2, 4, 12, 13, 20]);
    }
}
