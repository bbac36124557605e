//! One agent: its settings, the text it was given, the text it answers from, and its conversations.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::Wipes;
use super::clock::rfc3339;
use super::text::CharUnit;
use super::training::{Corpus, Training};

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
    /// What it answers from.
    pub(super) live: Option<Arc<Corpus>>,
    pub(super) training: Option<Training>,
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
        }
    }

    /// The item of `get-chatbots`, with the fields that clients of the vendor have observed.
    pub(super) fn profile(&self) -> Value {
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
            "num_of_characters": self.live.as_ref().map_or(0, |live| live.characters),
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
