//! One agent: its settings, the text it was given, the text it answers from, and its conversations.

use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde_json::{Value, json};

use super::answer::FALLBACK;
use super::clock::rfc3339;
use super::fault::Twist;
use super::source::{Generation, Lesson, Listed, Source};
use super::text::{CharUnit, wide};
use super::training::{Corpus, Training};
use super::{Options, Wipes};

/// What `get-chatbots` tells about training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Status {
    Untrained,
    Training,
    Trained,
    Failed,
}

/// An agent of one account.
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) instructions: String,
    pub(super) temperature: f64,
    pub(super) visibility: String,
    pub(super) status: Status,
    pub(super) created_at: u64,
    pub(super) last_message_at: Option<u64>,
    pub(super) last_trained_at: Option<u64>,
    /// The text of the last push, trained or not.
    pub(super) pushed: Arc<str>,
    /// Text typed in the dashboard.
    pub(super) typed: Arc<str>,
    /// Text of files and links.
    pub(super) files: Arc<str>,
    /// What it answers from besides its sources.
    pub(super) live: Option<Arc<Corpus>>,
    pub(super) training: Option<Training>,
    /// What was made through v2.
    pub(super) sources: Vec<Source>,
    /// All that it answers from, put together by the first that asks.
    knowledge: OnceLock<Option<Arc<Corpus>>>,
    pub(super) conversations: Vec<Conversation>,
    pub(super) leads: Vec<Lead>,
}

/// An exchange that a caller chose to keep by naming it.
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) created_at: u64,
    pub(super) last_message_at: u64,
    pub(super) messages: Vec<Value>,
}

/// A visitor who left an address.
pub(super) struct Lead {
    pub(super) id: u64,
    pub(super) created_at: u64,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

impl Agent {
    pub(super) fn new(id: String, name: String, now: u64) -> Self {
        Self {
            id,
            name,
            instructions: String::new(),
            temperature: 0.0,
            visibility: "private".to_owned(),
            status: Status::Untrained,
            created_at: now,
            last_message_at: None,
            last_trained_at: None,
            pushed: Arc::from(""),
            typed: Arc::from(""),
            files: Arc::from(""),
            live: None,
            training: None,
            sources: Vec::new(),
            knowledge: OnceLock::new(),
            conversations: Vec::new(),
            leads: Vec::new(),
        }
    }

    /// Gives the agent sources that did not come through the API, trained, and a lead to list.
    pub(super) fn occupy(&mut self, typed: Arc<str>, files: Arc<str>, unit: CharUnit, now: u64) {
        self.live = Some(Arc::new(Corpus::new(Arc::clone(&self.pushed), &[&typed, &files], unit)));
        (self.typed, self.files) = (typed, files);
        self.status = Status::Trained;
        self.last_trained_at = Some(now);
        self.leads = vec![Lead { id: 1, created_at: now, name: "Ada Example", email: "ada@example.org" }];
    }

    /// The sources that a push leaves in place.
    pub(super) fn kept_by(&self, wipes: Wipes) -> (Arc<str>, Arc<str>) {
        let kept = |source: &Arc<str>, keep| if keep { Arc::clone(source) } else { Arc::from("") };
        (kept(&self.typed, wipes == Wipes::Nothing), kept(&self.files, wipes != Wipes::All))
    }

    /// Puts a training live once it is over. What was live before stays so when it fails.
    pub(super) fn settle(&mut self, now: u64) {
        self.settle_sources(now);
        let Some(training) = self.training.take_if(|training| training.over_at.is_some_and(|at| at <= now))
        else {
            return;
        };
        if training.fails {
            self.status = Status::Failed;
        } else {
            self.status = Status::Trained;
            self.last_trained_at = training.over_at;
            self.live = Some(training.corpus);
            self.forget_knowledge();
        }
    }

    /// The same for its sources; those that leave do so when a training did not fail.
    fn settle_sources(&mut self, now: u64) {
        let mut trained_at = None;
        self.sources.retain_mut(|source| {
            let over_at = source.training.as_ref().and_then(|lesson| lesson.over_at);
            let is_over = source.settle(now);
            if is_over {
                trained_at = trained_at.max(over_at);
            }
            !(is_over && source.leaving)
        });
        if trained_at.is_some() {
            self.last_trained_at = self.last_trained_at.max(trained_at);
            self.forget_knowledge();
        }
    }

    /// All that it answers from.
    pub(super) fn knowledge(&self, unit: CharUnit) -> Option<Arc<Corpus>> {
        let together = || {
            let sources: Vec<&Arc<str>> =
                self.sources.iter().filter_map(|source| source.live.as_ref()).collect();
            if sources.is_empty() {
                return self.live.clone();
            }
            let first = self.live.as_ref().map_or_else(|| Arc::from(""), |live| live.shared_text());
            Some(Arc::new(Corpus::new(first, &sources, unit)))
        };
        self.knowledge.get_or_init(together).clone()
    }

    /// What it answers from has changed.
    pub(super) fn forget_knowledge(&mut self) {
        self.knowledge = OnceLock::new();
    }

    /// What it says when it does not know: the `Fallback:` line of its instructions, if there is one.
    pub(super) fn fallback(&self) -> &str {
        let line = self.instructions.lines().find_map(|line| line.trim().strip_prefix("Fallback:"));
        line.map_or(FALLBACK, |line| line.trim().trim_matches('"'))
    }

    /// The list of its sources, with what came there otherwise.
    pub(super) fn listed(&self) -> Vec<Listed> {
        let other = |id: &str, kind, name: &str, text: &Arc<str>| {
            (!text.is_empty()).then(|| Listed {
                created_at: self.created_at,
                id: format!("{id}-{}", self.id),
                kind,
                name: name.to_owned(),
                size: wide(text.len()),
                status: "trained",
            })
        };
        let others = [
            other("pushed", "text", "Text", &self.pushed),
            other("typed", "text", "Notes", &self.typed),
            other("file", "file", "Handbook.pdf", &self.files),
        ];
        others.into_iter().flatten().chain(self.sources.iter().map(Source::listed)).collect()
    }

    /// Whether one of its sources is being trained.
    pub(super) fn is_training(&self) -> bool {
        self.sources.iter().any(|source| source.training.is_some())
    }

    /// Trains it on all that was written since the last time, and lets go what is to leave.
    pub(super) fn train(&mut self, options: &Options, twist: Option<&Twist>, now: u64) {
        let new: Vec<&mut Source> = self.sources.iter_mut().filter(|source| !source.is_trained()).collect();
        let bytes = new.iter().map(|source| source.content.len()).sum();
        let lesson = Lesson::start(bytes, options, twist, now);
        for source in new {
            source.training = Some(lesson);
        }
    }

    /// How far its training is, in the words of that generation.
    pub(super) fn training_status(&self, generation: Generation) -> &'static str {
        let is_known = self.live.is_some() || self.sources.iter().any(|source| source.live.is_some());
        match generation {
            _ if self.is_training() || self.training.is_some() => "training",
            Generation::Two if self.sources.iter().any(|source| source.failed) => "failed",
            _ if !is_known => "untrained",
            Generation::One if self.sources.iter().any(|source| !source.is_trained()) => "updated",
            _ => "trained",
        }
    }

    /// The item of `get-chatbots`, with the fields that clients of the vendor have observed.
    pub(super) fn profile(&self, unit: CharUnit) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "visibility": self.visibility,
            "created_at": rfc3339(self.created_at),
            "instructions": self.instructions,
            "index_name": "sandbox",
            "ip_limit": null,
            "ip_limit_timeframe": null,
            "ip_limit_message": null,
            "initial_messages": ["Hi! What can I help you with?"],
            "styles": null,
            "model": MODEL,
            "last_message_at": self.last_message_at.and_then(rfc3339),
            "num_of_characters": self.knowledge(unit).map_or(0, |knowledge| knowledge.characters),
            "last_trained_at": self.last_trained_at.and_then(rfc3339),
            "status": self.status,
            "temp": self.temperature,
            "only_allow_on_added_domains": false,
        })
    }

    /// The chatbot object that some documents show as the answer to a write.
    pub(super) fn object(&self) -> Value {
        json!({
            "chatbotId": self.id,
            "chatbotName": self.name,
            "model": MODEL,
            "temperature": self.temperature,
            "createdAt": rfc3339(self.created_at),
        })
    }
}

/// The model's name, chosen so that nobody takes its answers for a language model's.
const MODEL: &str = "sandbox-extractive";
