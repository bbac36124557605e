//! A source of an agent (API v2): its text as written, the version that the agent answers from, and its training.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Options;
use super::clock::rfc3339;
use super::fault::Twist;
use super::text::wide;

/// Which of the two documented generations of API v2 is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// A write waits for `POST …/train`; a deletion too.
    One,
    /// A write trains by itself; a deletion is final.
    Two,
}

/// A source that was made through the API.
pub(super) struct Source {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) content: Arc<str>,
    pub(super) created_at: u64,
    /// What the agent answers from.
    pub(super) live: Option<Arc<str>>,
    pub(super) training: Option<Lesson>,
    /// Whether its last training failed.
    pub(super) failed: bool,
    /// Whether it goes with the next training.
    pub(super) leaving: bool,
}

/// The kinds of sources that can be written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Qna,
}

/// A training of one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lesson {
    /// When it is over, in milliseconds of the sandbox clock; never, when stalled.
    pub(super) over_at: Option<u64>,
    pub(super) fails: bool,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Qna => "qna",
        }
    }
}

impl Source {
    /// Ends its training when that is over, and tells whether the agent answers from something else now.
    pub(super) fn settle(&mut self, now: u64) -> bool {
        let Some(lesson) = self.training.take_if(|lesson| lesson.over_at.is_some_and(|at| at <= now)) else {
            return false;
        };
        self.failed = lesson.fails;
        if !lesson.fails {
            self.live = Some(Arc::clone(&self.content));
        }
        !lesson.fails
    }

    /// Begins a training on what it says now.
    pub(super) fn train(&mut self, options: &Options, twist: Option<&Twist>, now: u64) {
        self.training = Some(Lesson::start(self.content.len(), options, twist, now));
    }

    pub(super) fn is_trained(&self) -> bool {
        !self.leaving && !self.failed && self.live.as_ref() == Some(&self.content)
    }

    pub(super) fn status(&self) -> &'static str {
        match &self.live {
            _ if self.leaving => "toBeDeleted",
            _ if self.failed => "failed",
            None => "untrained",
            Some(live) if *live == self.content => "trained",
            Some(_) => "updated",
        }
    }

    pub(super) fn listed(&self) -> Listed {
        Listed {
            created_at: self.created_at,
            id: self.id.clone(),
            kind: self.kind.name(),
            name: self.name.clone(),
            size: wide(self.content.len()),
            status: self.status(),
        }
    }
}

/// An item of the list of sources.
pub(super) struct Listed {
    pub(super) created_at: u64,
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) status: &'static str,
}

impl Listed {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "type": self.kind,
            "name": self.name,
            "size": self.size,
            "createdAt": rfc3339(self.created_at),
            "status": self.status,
            "metadata": null,
        })
    }
}
