//! Verifications: what agents answered when they had been trained on a corpus.
//!
//! That a corpus is to be verified is recorded before it is sent, together with what is sent instead should it fail. So a
//! process that is killed between the push and the last answer leaves the questions to the next run.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Store, StoreError, millis, timestamp};
use crate::{hash::Hash, verify::Asked};

/// So long what came of corpora is remembered that are not kept any more, in milliseconds: 90 days.
const KEPT_FOR: i64 = 90 * 24 * 60 * 60 * 1000;

/// How far the verification of a corpus came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationState {
    /// Not asked yet, or not to the end.
    Due,
    /// The answers were good enough.
    Passed,
    /// They were not.
    Failed,
}

/// What is known of a corpus that was sent to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Which corpus.
    pub corpus: Hash,
    /// What takes its place where it fails; `None` where it stays.
    pub fallback: Option<Hash>,
    /// How far it came.
    pub state: VerificationState,
    /// Under which questionnaire.
    pub questionnaire: String,
    /// In which run.
    pub run: u64,
    /// What came of each question, when it was asked last.
    pub asked: Vec<Asked>,
}

/// Corpora that failed one after the other and made way for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many since one passed; never none.
    pub in_a_row: u32,
    /// When the last of them failed.
    pub last: Timestamp,
    /// In which run.
    pub run: u64,
    /// What was to take its place.
    pub fallback: Hash,
}

impl Verification {
    /// Whether somebody wants it live although it failed, and it has not been asked about since: it is due, with nothing to
    /// take its place, and with the answers that it failed by.
    pub fn is_insisted(&self) -> bool {
        self.state == VerificationState::Due && self.fallback.is_none() && !self.asked.is_empty()
    }
}

impl VerificationState {
    fn name(self) -> &'static str {
        match self {
            VerificationState::Due => "due",
            VerificationState::Passed => "passed",
            VerificationState::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Option<VerificationState> {
        use VerificationState::{Due, Failed, Passed};
        [Due, Passed, Failed].into_iter().find(|state| state.name() == name)
    }
}

impl Store {
    /// Records what is known of a corpus at `target`, instead of what was known before.
    pub async fn note_verification(
        &self,
        target: String,
        verification: Verification,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let Verification { corpus, fallback, state, questionnaire, run, asked } = verification;
            let asked = serde_json::to_string(&asked).expect("a list of plain fields");
            tx.execute(
                "INSERT OR REPLACE INTO verification (target, corpus, fallback, state, questionnaire, run, asked, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![target, corpus, fallback, state.name(), questionnaire, run, asked, millis(now)],
            )?;
            forget_verifications(tx, now)
        })
        .await
    }

    /// What is known of this corpus at `target`.
    pub async fn verification(
        &self,
        target: String,
        corpus: Hash,
    ) -> Result<Option<Verification>, StoreError> {
        self.one_verification("target = ?1 AND corpus = ?2", target, Some(corpus)).await
    }

    /// The last corpus that passed at `target`.
    pub async fn last_verified(&self, target: String) -> Result<Option<Verification>, StoreError> {
        self.one_verification("target = ?1 AND ?2 IS NULL AND state = 'passed'", target, None).await
    }

    /// What came of the last corpus at `target` that is another than this one.
    pub async fn last_verification_besides(
        &self,
        target: String,
        corpus: Hash,
    ) -> Result<Option<Verification>, StoreError> {
        self.one_verification("target = ?1 AND corpus != ?2 AND state != 'due'", target, Some(corpus)).await
    }

    /// The corpora that failed at `target` under this questionnaire since one passed there; `None` where none did.
    pub async fn failures(
        &self,
        target: String,
        questionnaire: String,
    ) -> Result<Option<Failures>, StoreError> {
        self.read(move |connection| {
            let (in_a_row, last, run, fallback): (u32, Option<i64>, Option<u64>, Option<Hash>) = connection
                .query_row(
                // Beside `max`, a bare column is of the row that has it.
                "SELECT count(*), max(at), run, fallback FROM verification
                 WHERE target = ?1 AND questionnaire = ?2 AND state = 'failed' AND fallback IS NOT NULL
                 AND at > coalesce(
                     (SELECT max(at) FROM verification WHERE target = ?1 AND state = 'passed'), -1)",
                [target, questionnaire],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )?;
            let (Some(last), Some(run), Some(fallback)) = (last, run, fallback) else { return Ok(None) };
            Ok(Some(Failures { in_a_row, last: timestamp(last)?, run, fallback }))
        })
        .await
    }

    async fn one_verification(
        &self,
        which: &'static str,
        target: String,
        corpus: Option<Hash>,
    ) -> Result<Option<Verification>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT corpus, fallback, state, questionnaire, run, asked FROM verification
                 WHERE {which} ORDER BY at DESC, run DESC LIMIT 1"
            );
            let row = connection
                .query_row(&sql, params![target, corpus], |row| Ok(verification(row)))
                .optional()?;
            row.transpose()
        })
        .await
    }
}

fn verification(row: &Row<'_>) -> Result<Verification, StoreError> {
    let state: String = row.get(2)?;
    let asked: String = row.get(5)?;
    Ok(Verification {
        corpus: row.get(0)?,
        fallback: row.get(1)?,
        state: VerificationState::from_name(&state).ok_or(StoreError::Damaged("state of a verification"))?,
        questionnaire: row.get(3)?,
        run: row.get(4)?,
        asked: serde_json::from_str(&asked).map_err(|_| StoreError::Damaged("list of answers"))?,
    })
}

fn forget_verifications(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM verification WHERE at < ?1 AND corpus NOT IN (SELECT sha256 FROM corpus)",
        [millis(now) - KEPT_FOR],
    )?;
    Ok(())
}
