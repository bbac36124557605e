//! Publications: the commit protocol.
//!
//! The intent (which bytes, by hash) is recorded before the request and the acknowledgement after it. An
//! intent without an end means that its outcome is unknown: it is settled by asking, or by sending the same
//! bytes again, or by a newer corpus.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, corpora::forget_corpora, millis, timestamp};
use crate::{corpus::Counts, hash::Hash};

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

/// The columns that [`publication`] reads.
const PUBLICATION: &str =
    "SELECT id, corpus, state, before, request_id, coalesce(settled_at, created_at), run, restores, settings
     FROM publication";

/// What the API said of the agent before a push: to find out later whether the push arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// When it was trained last, as the API writes it.
    pub last_trained_at: Option<String>,
    /// How many characters it held.
    pub characters: Option<u64>,
    /// The size of what was acknowledged last: it may have been in training still.
    pub live: Option<Counts>,
    /// The sizes of earlier pushes of other corpora that nobody knows of: they may arrive later than this one.
    #[serde(default)]
    pub unsettled: Vec<Counts>,
}

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its number.
    pub id: i64,
    /// The run that made it.
    pub run: u64,
    /// Which corpus.
    pub corpus: Hash,
    /// How far it came.
    pub state: PublicationState,
    /// What the API said before it.
    pub before: Before,
    /// The API's own name for the request.
    pub request_id: Option<String>,
    /// Fingerprint of what the pipeline file said then; `None` where that is not known.
    pub settings: Option<String>,
    /// When it was settled, or begun.
    pub at: Timestamp,
    /// The earlier publication that it went back to.
    pub restores: Option<i64>,
}

impl PublicationState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            PublicationState::Intent => "intent",
            PublicationState::Acknowledged => "acknowledged",
            PublicationState::Rejected => "rejected",
            PublicationState::Unknown => "unknown",
            PublicationState::Superseded => "superseded",
        }
    }

    /// Whether nobody knows what came of it, and it matters still.
    pub fn is_unsettled(self) -> bool {
        matches!(self, PublicationState::Intent | PublicationState::Unknown)
    }

    fn from_name(name: &str) -> Option<PublicationState> {
        use PublicationState::{Acknowledged, Intent, Rejected, Superseded, Unknown};
        [Intent, Acknowledged, Rejected, Unknown, Superseded].into_iter().find(|state| state.name() == name)
    }
}

impl Store {
    /// What `target` holds as far as we know: the last acknowledged push.
    pub async fn live(&self, target: String) -> Result<Option<Publication>, StoreError> {
        self.publication(target, "state = 'acknowledged'").await
    }

    /// A push to `target` whose outcome is not known.
    pub async fn unsettled(&self, target: String) -> Result<Option<Publication>, StoreError> {
        self.publication(target, "state IN ('intent', 'unknown')").await
    }

    /// Every push to `target` that is remembered, the latest first.
    pub async fn publications(&self, target: String) -> Result<Vec<Publication>, StoreError> {
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached(&format!("{PUBLICATION} WHERE target = ?1 ORDER BY id DESC"))?;
            let rows = statement.query_map([target], |row| Ok(publication(row)))?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    async fn publication(
        &self,
        target: String,
        state: &'static str,
    ) -> Result<Option<Publication>, StoreError> {
        self.read(move |connection| {
            let row = connection
                .query_row(
                    &format!("{PUBLICATION} WHERE target = ?1 AND {state} ORDER BY id DESC LIMIT 1"),
                    [target],
                    |row| Ok(publication(row)),
                )
                .optional()?;
            row.transpose()
        })
        .await
    }

    /// Records that `corpus` is about to be sent to `target`, under settings with this fingerprint; and that this goes back
    /// to an earlier publication, where that is pinned, or takes the place of a corpus that failed its verification.
    pub async fn intend(
        &self,
        run: u64,
        corpus: Hash,
        target: String,
        before: Before,
        settings: String,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.write(move |tx| {
            let before = serde_json::to_string(&before).expect("two plain fields");
            tx.execute(
                "INSERT INTO publication (run, corpus, target, state, before, settings, created_at, restores)
                 VALUES (?1, ?2, ?3, 'intent', ?4, ?5, ?6, coalesce(
                     (SELECT p.id FROM pin
                         JOIN publication p ON p.id = pin.publication WHERE p.corpus = ?2 AND p.target = ?3),
                     (SELECT max(p.id) FROM publication p
                         JOIN verification v ON v.target = p.target AND v.fallback = p.corpus AND v.state = 'failed'
                         WHERE p.corpus = ?2 AND p.target = ?3 AND p.state = 'acknowledged' AND p.restores IS NULL
                         AND v.corpus = (SELECT live.corpus FROM publication live
                             WHERE live.target = ?3 AND live.state = 'acknowledged' ORDER BY live.id DESC LIMIT 1))))",
                params![run, corpus, target, before, settings, millis(now)],
            )?;
            Ok(tx.last_insert_rowid())
        })
        .await
    }

    /// Records what came of a push. An acknowledgement settles all earlier ones to the same target; then, unless `keep` is
    /// `None`, the published corpora are forgotten that are not among the `keep` newest, nor the last of a month, and that
    /// nothing in the store needs.
    pub async fn settle_publication(
        &self,
        id: i64,
        state: PublicationState,
        request_id: Option<String>,
        detail: String,
        keep: Option<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE publication SET state = ?2, request_id = coalesce(?3, request_id), detail = ?4, settled_at = ?5
                 WHERE id = ?1",
                params![id, state.name(), request_id, detail, millis(now)],
            )?;
            if state == PublicationState::Acknowledged {
                // Whatever came of earlier pushes, this one is what the target holds.
                tx.execute(
                    "UPDATE publication SET state = 'superseded', settled_at = ?2
                     WHERE state IN ('intent', 'unknown') AND id < ?1
                     AND target = (SELECT target FROM publication WHERE id = ?1)",
                    params![id, millis(now)],
                )?;
                tx.execute("DELETE FROM held WHERE corpus = (SELECT corpus FROM publication WHERE id = ?1)", [id])?;
                if let Some(keep) = keep {
                    forget_corpora(tx, keep)?;
                }
            }
            Ok(())
        })
        .await
    }
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
        run: row.get(6)?,
        restores: row.get(7)?,
        settings: row.get(8)?,
    })
}
