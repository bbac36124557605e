//! Corpora and publications: the commit protocol.
//!
//! The intent (which bytes, by hash) is recorded before the request and the acknowledgement after it. An
//! intent without an end means that its outcome is unknown: it is settled by asking, or by sending the same
//! bytes again, or by a newer corpus.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    blob::{compress, decompress},
    millis, timestamp,
};
use crate::{
    corpus::{Corpus, Manifest},
    crawl::url::PageKey,
    gate::Line,
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
}

/// A page that is part of the snapshot and not of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its identity.
    pub key: PageKey,
    /// As it is linked.
    pub url: String,
    /// Why.
    pub why: WhyLeftOut,
    /// What a person should know besides.
    pub detail: String,
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

/// How far a push came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationState {
    /// Recorded; the request may have been sent, or not.
    Intent,
    /// Accepted.
    Acknowledged,
    /// Refused: what was live stayed live.
    Rejected,
    /// Sent, and nobody knows what came of it.
    Unknown,
    /// Unknown for ever: a newer corpus took its place.
    Superseded,
}

/// What the API said of the agent before a push: to find out later whether the push arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// When it was trained last, as the API writes it.
    pub last_trained_at: Option<String>,
    /// How many characters it held.
    pub characters: Option<u64>,
}

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its number.
    pub id: i64,
    /// Which corpus.
    pub corpus: Hash,
    /// How far it came.
    pub state: PublicationState,
    /// What the API said before it.
    pub before: Before,
    /// The API's own name for the request.
    pub request_id: Option<String>,
    /// When it was settled, or begun.
    pub at: Timestamp,
}

/// What the gates hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Which corpus.
    pub corpus: Hash,
    /// Which run made it.
    pub run: u64,
    /// Why.
    pub gates: Vec<Line>,
}

/// Why nothing is sent for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// In words.
    pub reason: String,
    /// Of the settings that were refused.
    pub fingerprint: String,
    /// Since when.
    pub at: Timestamp,
}

impl PublicationState {
    fn name(self) -> &'static str {
        match self {
            PublicationState::Intent => "intent",
            PublicationState::Acknowledged => "acknowledged",
            PublicationState::Rejected => "rejected",
            PublicationState::Unknown => "unknown",
            PublicationState::Superseded => "superseded",
        }
    }

    fn from_name(name: &str) -> Option<PublicationState> {
        use PublicationState::{Acknowledged, Intent, Rejected, Superseded, Unknown};
        [Intent, Acknowledged, Rejected, Unknown, Superseded].into_iter().find(|state| state.name() == name)
    }
}

impl Store {
    /// Keeps a corpus, and what it was made from.
    pub async fn keep_corpus(
        &self,
        corpus: Corpus,
        made_from: Hash,
        left_out: Vec<LeftOut>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let manifest = serde_json::to_vec(&corpus.manifest).expect("a manifest has string keys only");
            let left_out = serde_json::to_vec(&left_out).expect("a list of plain fields");
            tx.execute(
                "INSERT INTO corpus (sha256, text, manifest, left_out, made_from, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (sha256) DO UPDATE SET
                     manifest = excluded.manifest, left_out = excluded.left_out, made_from = excluded.made_from",
                params![
                    corpus.sha256,
                    compress(corpus.text.as_bytes()),
                    compress(&manifest),
                    compress(&left_out),
                    made_from,
                    millis(now)
                ],
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
            let row: Option<(Hash, Vec<u8>, Vec<u8>)> = connection
                .query_row(
                    "SELECT sha256, manifest, left_out FROM corpus WHERE made_from = ?1",
                    [made_from],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((sha256, manifest, left_out)) = row else { return Ok(None) };
            let left_out = decompress(&left_out).ok().and_then(|json| serde_json::from_slice(&json).ok());
            let left_out = left_out.ok_or(StoreError::Damaged("list of what was left out"))?;
            Ok(Some(KnownCorpus { sha256, manifest: read_manifest(&manifest)?, left_out }))
        })
        .await
    }

    /// What `target` holds as far as we know: the last acknowledged push.
    pub async fn live(&self, target: String) -> Result<Option<Publication>, StoreError> {
        self.publication(target, "state = 'acknowledged'").await
    }

    /// A push to `target` whose outcome is not known.
    pub async fn unsettled(&self, target: String) -> Result<Option<Publication>, StoreError> {
        self.publication(target, "state IN ('intent', 'unknown')").await
    }

    async fn publication(
        &self,
        target: String,
        state: &'static str,
    ) -> Result<Option<Publication>, StoreError> {
        self.read(move |connection| {
            let row = connection
                .query_row(
                    &format!(
                        "SELECT id, corpus, state, before, request_id, coalesce(settled_at, created_at)
                         FROM publication WHERE target = ?1 AND {state} ORDER BY id DESC LIMIT 1"
                    ),
                    [target],
                    |row| Ok(publication(row)),
                )
                .optional()?;
            row.transpose()
        })
        .await
    }

    /// Records that `corpus` is about to be sent to `target`. What was unsettled before is superseded.
    pub async fn intend(
        &self,
        run: u64,
        corpus: Hash,
        target: String,
        before: Before,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE publication SET state = 'superseded', settled_at = ?2
                 WHERE target = ?1 AND state IN ('intent', 'unknown')",
                params![target, millis(now)],
            )?;
            let before = serde_json::to_string(&before).expect("two plain fields");
            tx.execute(
                "INSERT INTO publication (run, corpus, target, state, before, created_at)
                 VALUES (?1, ?2, ?3, 'intent', ?4, ?5)",
                params![run, corpus, target, before, millis(now)],
            )?;
            Ok(tx.last_insert_rowid())
        })
        .await
    }

    /// Records what came of a push. An acknowledgement clears what was held, and all but `keep` corpora that
    /// nothing needs any more are forgotten.
    pub async fn settle_publication(
        &self,
        id: i64,
        state: PublicationState,
        request_id: Option<String>,
        detail: String,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE publication SET state = ?2, request_id = coalesce(?3, request_id), detail = ?4, settled_at = ?5
                 WHERE id = ?1",
                params![id, state.name(), request_id, detail, millis(now)],
            )?;
            if state == PublicationState::Acknowledged {
                tx.execute("DELETE FROM held", [])?;
                forget_corpora(tx, keep)?;
            }
            Ok(())
        })
        .await
    }

    /// Holds a corpus, instead of one that may be held already.
    pub async fn hold(&self, held: Held) -> Result<(), StoreError> {
        self.write(move |tx| {
            let gates = serde_json::to_string(&held.gates).expect("lines have string keys only");
            tx.execute("DELETE FROM held", [])?;
            tx.execute(
                "INSERT INTO held (corpus, run, gates) VALUES (?1, ?2, ?3)",
                params![held.corpus, held.run, gates],
            )?;
            forget_unused_corpora(tx)
        })
        .await
    }

    /// What is held.
    pub async fn held(&self) -> Result<Option<Held>, StoreError> {
        self.read(|connection| {
            let row: Option<(Hash, u64, String)> = connection
                .query_row("SELECT corpus, run, gates FROM held", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((corpus, run, gates)) = row else { return Ok(None) };
            let gates = serde_json::from_str(&gates).map_err(|_| StoreError::Damaged("list of gates"))?;
            Ok(Some(Held { corpus, run, gates }))
        })
        .await
    }

    /// Nothing is held any more: a later run was healthy.
    pub async fn release(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM held", [])?;
            Ok(())
        })
        .await
    }

    /// Pauses publishing, instead of an earlier pause.
    pub async fn pause(&self, pause: Pause) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("DELETE FROM pause", [])?;
            tx.execute(
                "INSERT INTO pause (reason, fingerprint, at) VALUES (?1, ?2, ?3)",
                params![pause.reason, pause.fingerprint, millis(pause.at)],
            )?;
            Ok(())
        })
        .await
    }

    /// The pause, if there is one.
    pub async fn paused(&self) -> Result<Option<Pause>, StoreError> {
        self.read(|connection| {
            let row: Option<(String, String, i64)> = connection
                .query_row("SELECT reason, fingerprint, at FROM pause", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((reason, fingerprint, at)) = row else { return Ok(None) };
            Ok(Some(Pause { reason, fingerprint, at: timestamp(at)? }))
        })
        .await
    }

    /// Lifts the pause; tells whether there was one.
    pub async fn resume(&self) -> Result<bool, StoreError> {
        self.write(|tx| Ok(tx.execute("DELETE FROM pause", [])? > 0)).await
    }
}

fn read_manifest(stored: &[u8]) -> Result<Manifest, StoreError> {
    let json = decompress(stored).map_err(|_| StoreError::Damaged("manifest"))?;
    serde_json::from_slice(&json).map_err(|_| StoreError::Damaged("manifest"))
}

fn publication(row: &Row<'_>) -> Result<Publication, StoreError> {
    let state: String = row.get(2)?;
    let before: String = row.get(3)?;
    Ok(Publication {
        id: row.get(0)?,
        corpus: row.get(1)?,
        state: PublicationState::from_name(&state).ok_or(StoreError::Damaged("state of a publication"))?,
        before: serde_json::from_str(&before)
            .map_err(|_| StoreError::Damaged("state before a publication"))?,
        request_id: row.get(4)?,
        at: timestamp(row.get(5)?)?,
    })
}

/// Keeps the last `keep` published corpora, and whatever is held or unsettled.
fn forget_corpora(tx: &Transaction<'_>, keep: u32) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM publication WHERE state NOT IN ('intent', 'unknown') AND corpus NOT IN
         (SELECT corpus FROM publication WHERE state = 'acknowledged' GROUP BY corpus ORDER BY max(id) DESC LIMIT ?1)",
        [keep],
    )?;
    forget_unused_corpora(tx)
}

fn forget_unused_corpora(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM corpus WHERE sha256 NOT IN (SELECT corpus FROM publication UNION SELECT corpus FROM held)",
        [],
    )?;
    Ok(())
}
