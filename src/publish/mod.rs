//! Where a corpus goes, and how it is sent there.
//!
//! Accepts an [`ApprovedCorpus`] only. What is recorded around a push, and what follows from its outcome,
//! is the business of `run`.

mod directory;

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    blocking::blocking,
    chatbase::{self, ApiError, Push, Refusal, Window},
    gate::ApprovedCorpus,
    hash::{Hash, hex},
    http::{self, egress::Egress},
};

/// Where a corpus goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// `POST /api/v1/update-chatbot-data`: replaces the agent's whole training text. The usual choice.
    ChatbaseV1(ChatbaseV1),
    /// Files in a folder: to look at a corpus, or to feed another system.
    Directory(PathBuf),
}

/// The settings of [`Target::ChatbaseV1`].
#[derive(Debug, Clone)]
pub struct ChatbaseV1 {
    /// Scheme, host and port of the API; HTTPS unless loopback.
    pub base_url: Url,
    /// The account's API key.
    pub api_key: SecretString,
    /// Largest request body that is sent, in bytes.
    pub max_body: u64,
    /// Time for the whole push request.
    pub timeout: Duration,
    /// Whether training text that corpusd did not put there may be replaced.
    pub adopt: bool,
}

impl Target {
    /// The target's name in reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::ChatbaseV1(_) => "chatbase_v1",
            Target::Directory(_) => "directory",
        }
    }

    /// Names the one text that a push replaces: equal identity, same text.
    pub fn identity(&self, agent_id: &str) -> String {
        match self {
            Target::ChatbaseV1(v1) => format!("chatbase_v1 {} {agent_id}", v1.base_url),
            Target::Directory(path) => format!("directory {}", path.display()),
        }
    }

    /// The target with all its settings: what is secret goes in by its hash.
    pub fn fingerprint(&self, agent_id: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.identity(agent_id));
        if let Target::ChatbaseV1(v1) = self {
            hasher.update([0]);
            hasher.update(v1.api_key.expose_secret());
            hasher.update(format!("{:?}", (v1.max_body, v1.timeout, v1.adopt)));
        }
        hex(&hasher.finalize()[..8])
    }

    /// A connection to the target.
    pub fn connect(&self, agent_id: &str, window: Arc<Window>, now: fn() -> Timestamp) -> Publisher {
        match self {
            Target::ChatbaseV1(v1) => {
                let http = http::Client::new(Egress::new([&v1.base_url]), http::USER_AGENT);
                let client =
                    chatbase::Client::new(http, v1.base_url.clone(), v1.api_key.clone(), window, now);
                Publisher::ChatbaseV1 { client, agent_id: agent_id.to_owned(), timeout: v1.timeout }
            }
            Target::Directory(path) => Publisher::Directory(path.clone()),
        }
    }
}

/// A connection to a [`Target`].
#[derive(Debug)]
pub enum Publisher {
    /// As [`Target::ChatbaseV1`].
    ChatbaseV1 {
        /// The account.
        client: chatbase::Client,
        /// Whose text is replaced.
        agent_id: String,
        /// Time for the whole push request.
        timeout: Duration,
    },
    /// As [`Target::Directory`].
    Directory(PathBuf),
}

impl Publisher {
    /// What the target says of the agent; `None` for a target that has none.
    ///
    /// # Errors
    /// [`ApiError`]; an agent that the account does not have is refused.
    pub async fn agent(&self) -> Result<Option<chatbase::Agent>, ApiError> {
        match self {
            Publisher::ChatbaseV1 { client, agent_id, .. } => match client.agent(agent_id).await? {
                Some(agent) => Ok(Some(agent)),
                None => Err(ApiError::Refused(
                    Refusal::Agent,
                    format!("this account has no agent `{agent_id}`: check `agent.id` and `publish.api_key`"),
                )),
            },
            Publisher::Directory(_) => Ok(None),
        }
    }

    /// Whether the target still holds what was published last, as far as it is ours to know: a file may have been
    /// deleted.
    pub async fn still_holds(&self, sha256: Hash) -> bool {
        match self {
            Publisher::ChatbaseV1 { .. } => true,
            Publisher::Directory(path) => {
                let path = path.clone();
                blocking(move || directory::held(&path)).await == Some(sha256)
            }
        }
    }

    /// Asks the agent a question, as a visitor would, and gives its answer. Nothing is saved as a conversation where the
    /// target has a way to avoid it; the answer may cost a credit all the same.
    ///
    /// # Errors
    /// [`ApiError`]; a target without an agent refuses.
    pub async fn ask(&self, question: &str) -> Result<String, ApiError> {
        match self {
            Publisher::ChatbaseV1 { client, agent_id, .. } => client.chat(agent_id, question).await,
            Publisher::Directory(_) => {
                Err(ApiError::Refused(Refusal::Request, "a directory answers no questions".to_owned()))
            }
        }
    }

    /// Sends the corpus, and gives what came of it with the target's name for the request.
    pub async fn push(&self, name: Option<&str>, corpus: &ApprovedCorpus) -> (Push, Option<String>) {
        match self {
            Publisher::ChatbaseV1 { client, agent_id, timeout } => {
                client.update(agent_id, name, corpus.text(), *timeout).await
            }
            Publisher::Directory(path) => {
                let (shown, path, corpus) = (path, path.clone(), corpus.clone());
                let push = match blocking(move || directory::write(&path, &corpus)).await {
                    Ok(()) => Push::Applied,
                    Err(error) => Push::NotSent(format!("`{}`: {error}", shown.display())),
                };
                (push, None)
            }
        }
    }
}
