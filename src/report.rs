//! What a run did: stored, printed, and exposed as JSON. Field names are stable.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    corpus::{Budget, Counts, Unit},
    gate::Line,
    hash::{Hash, hex},
    http::traffic::Traffic,
    plain::one_line,
};

/// The stem of a pipeline file: `[a-z0-9-]{1,64}`, but not `shared`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PipelineName(String);

/// A text that is no pipeline name.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no pipeline name: use 1 to 64 of a-z, 0-9 and `-`, and not `shared`")]
pub struct BadName(pub String);

impl PipelineName {
    /// Checks the name.
    ///
    /// # Errors
    /// [`BadName`] where it is not 1 to 64 of `a-z`, `0-9` and `-`, or is `shared`.
    pub fn new(name: &str) -> Result<PipelineName, BadName> {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            // Its state would be the file that all pipelines share.
            && name != "shared";
        if fits { Ok(PipelineName(name.to_owned())) } else { Err(BadName(name.chars().take(80).collect())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PipelineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A corpus was published.
    Published,
    /// A corpus would have been published; nothing was sent, as was asked for.
    Pending,
    /// What is live is still true.
    Unchanged,
    /// The corpus is good, and it is too soon to send it: a later run publishes it.
    Deferred,
    /// A gate holds the corpus.
    Held,
    /// The crawl is incomplete: nothing was assembled.
    Incomplete,
    /// The API refused something that a person has to change.
    Paused,
    /// A person wants another corpus live: nothing else is published until that changes.
    Pinned,
    /// Something failed that may pass.
    Failed,
    /// A corpus was published, and the agent's answers are not good enough.
    VerificationFailed,
    /// Asked to stop: the next run goes on from there.
    Interrupted,
}

impl Ending {
    /// Every one, so that a name read back from the store finds its value.
    pub const ALL: [Ending; 11] = [
        Ending::Published,
        Ending::Unchanged,
        Ending::Held,
        Ending::Incomplete,
        Ending::Paused,
        Ending::Failed,
        Ending::Interrupted,
        Ending::Pinned,
        Ending::Pending,
        Ending::Deferred,
        Ending::VerificationFailed,
    ];

    /// Whether all went as it should, or a person has to look; `None` where neither came out, because the run was
    /// stopped or was not meant to publish.
    pub fn is_well(self) -> Option<bool> {
        match self {
            Ending::Published | Ending::Unchanged | Ending::Deferred | Ending::Pinned => Some(true),
            Ending::Held
            | Ending::Incomplete
            | Ending::Paused
            | Ending::Failed
            | Ending::VerificationFailed => Some(false),
            Ending::Interrupted | Ending::Pending => None,
        }
    }

    /// Whether what is live is known to be what the sources say now.
    pub fn confirms_what_is_live(self) -> bool {
        matches!(self, Ending::Published | Ending::Unchanged)
    }

    /// The ending with this stable name.
    pub fn from_name(name: &str) -> Option<Ending> {
        Ending::ALL.into_iter().find(|ending| ending.name() == name)
    }

    /// The stable name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Published => "published",
            Ending::Pending => "pending",
            Ending::Unchanged => "unchanged",
            Ending::Deferred => "deferred",
            Ending::Held => "held",
            Ending::Incomplete => "incomplete",
            Ending::Paused => "paused",
            Ending::Pinned => "pinned",
            Ending::Failed => "failed",
            Ending::VerificationFailed => "verification_failed",
            Ending::Interrupted => "interrupted",
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Which pipeline.
    pub pipeline: PipelineName,
    /// Its number within the pipeline.
    pub run: u64,
    /// How it ended.
    pub outcome: Ending,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// What the crawl came across.
    pub pages: Pages,
    /// What went over the wire for that.
    #[serde(default)]
    pub http: Traffic,
    /// What became of the pages.
    pub documents: Documents,
    /// What was assembled; `None` where the crawl was incomplete.
    pub corpus: Option<CorpusReport>,
    /// What the gates said; empty where nothing was to be published.
    pub gates: Vec<Line>,
    /// What became of the push.
    pub publish: PublishReport,
    /// What the agent answered to golden questions.
    pub verify: VerifyReport,
    /// Why the run did not end well.
    pub error: Option<String>,
    /// What else a person should know, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Counts of URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pages {
    /// Every URL that was found.
    pub discovered: u64,
    /// URLs that were asked for, whatever came of it.
    pub requested: u64,
    /// Answered with a body that was read.
    pub fetched: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Pages that the snapshot did not have before.
    pub new: u64,
    /// Pages whose content changed.
    pub changed: u64,
    /// Pages whose content did not.
    pub unchanged: u64,
    /// Pages that left the snapshot.
    pub removed: u64,
    /// Pages that could not be read and stay as they were.
    pub carried_forward: u64,
    /// Pages of the snapshot that were not asked for, because the run was limited to a part.
    #[serde(default)]
    pub outside: u64,
    /// URLs that could not be read.
    pub failed: u64,
    /// URLs that give no document although nothing failed.
    pub skipped: u64,
    /// The same, by reason.
    pub skipped_by: BTreeMap<String, u64>,
    /// `failed`, by kind.
    pub failed_by: BTreeMap<String, u64>,
    /// Whether `max_pages` or `max_depth` left pages out.
    pub truncated: bool,
}

/// Counts of documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Documents {
    /// In the corpus.
    pub kept: u64,
    /// Of these, how many are there with their leading sections only.
    #[serde(default)]
    pub partial: u64,
    /// Left out because another document has the same text.
    pub duplicates: u64,
    /// Left out because another document has nearly the same text.
    pub near_duplicates: u64,
    /// Left out because the budget had no room.
    pub dropped_for_budget: u64,
    /// All of these, by URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// The corpus, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CorpusReport {
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
    /// Unicode scalar values.
    pub characters: u64,
    /// UTF-16 code units.
    pub utf16: u64,
    /// UTF-8 bytes.
    pub bytes: u64,
    /// The limit that leaves the least room, headroom deducted.
    pub limit: u64,
    /// Its unit: `chars` or `bytes`.
    pub unit: String,
}

impl CorpusReport {
    /// The size of a corpus, against the limit that leaves the least room.
    pub fn of(sha256: Hash, size: Counts, budget: &Budget) -> CorpusReport {
        let tightest = budget.tightest(size);
        CorpusReport {
            sha256: hex(&sha256),
            characters: size.characters,
            utf16: size.utf16,
            bytes: size.bytes,
            limit: tightest.map_or(0, |limit| budget.room(limit)),
            unit: match tightest.map(|limit| limit.unit) {
                Some(Unit::Bytes) => "bytes".to_owned(),
                Some(Unit::Chars) | None => "chars".to_owned(),
            },
        }
    }
}

/// What became of the push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishReport {
    /// `chatbase_v1` or `directory`.
    pub target: String,
    /// How far it came.
    pub status: PublishStatus,
    /// The API's own name for the request.
    pub request_id: Option<String>,
}

/// What came of golden questions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Questions that were asked, each counted once.
    pub asked: u64,
    /// Of these, how many were answered as expected.
    pub passed: u64,
    /// The others, one line each, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Why the questions could not be asked to the end; the next run asks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified: Option<String>,
}

/// How far a push came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishStatus {
    /// Accepted.
    Acknowledged,
    /// What is live is the same already.
    NotNeeded,
    /// Not attempted, or certainly not received.
    NotSent,
    /// Refused.
    Rejected,
    /// Nobody knows.
    Unknown,
}

impl RunReport {
    /// Notes that the run did not end well, and why.
    pub fn end(&mut self, outcome: Ending, reason: String) {
        self.outcome = outcome;
        self.error = Some(reason);
    }

    /// Takes out of its sentences what a terminal would obey: they quote what sites say.
    pub fn make_plain(&mut self) {
        let details = self.gates.iter_mut().map(|line| &mut line.detail);
        for sentence in self.notes.iter_mut().chain(&mut self.error).chain(details) {
            if let Cow::Owned(plain) = one_line(sentence) {
                *sentence = plain;
            }
        }
    }

    /// Whether the run reached its end, although some pages could not be read.
    pub fn has_troubled_pages(&self) -> bool {
        self.pages.failed > 0 || self.pages.carried_forward > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_ending() {
        for ending in Ending::ALL {
            assert_eq!(Ending::from_name(ending.name()), Some(ending));
        }
        assert_eq!(Ending::from_name("well"), None);
    }

    #[test]
    fn a_pipeline_name_is_a_plain_file_stem() {
        for name in ["docs", "a-1", "x"] {
            assert!(PipelineName::new(name).is_ok(), "{name}");
        }
        for name in ["", "shared", "Docs", "../../etc/x", "a b", "a.b", "ä", &"a".repeat(65)] {
            assert!(PipelineName::new(name).is_err(), "{name}");
        }
    }
}
