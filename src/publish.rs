//! Where a corpus goes, and how it is sent there.
//!
//! Accepts an [`ApprovedCorpus`] only. What is recorded around a push, and what follows from its outcome,
//! is the business of `run`.

mod directory;
pub mod sources;

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    blocking::blocking,
    chatbase::{self, Account, ApiError, Patience, Push, Refusal, Window, v2},
    gate::ApprovedCorpus,
    hash::{Hash, hex},
    http::{self, egress::Egress},
};
use sources::Sources;

/// Where a corpus goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// `POST /api/v1/update-chatbot-data`: replaces the agent's whole training text. The usual choice.
    ChatbaseV1(ChatbaseV1),
    /// `…/api/v2/agents/{id}/sources`: one source per document, of which a push writes those that changed.
    ChatbaseV2(ChatbaseV2),
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

/// The settings of [`Target::ChatbaseV2`].
#[derive(Debug, Clone)]
pub struct ChatbaseV2 {
    /// Scheme, host and port of the API; HTTPS unless loopback.
    pub base_url: Url,
    /// The account's API key.
    pub api_key: SecretString,
    /// Time for each write.
    pub timeout: Duration,
    /// How large sources may be, and how many there should be.
    pub limits: sources::Limits,
}

/// What came of sending a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What came of it as a whole.
    pub push: Push,
    /// The target's name for the request, or for the last of several.
    pub request_id: Option<String>,
    /// Whether the target may hold a part of it, so that what it holds is neither this corpus nor the one before.
    pub partial: bool,
}

impl Target {
    /// The target's name in reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::ChatbaseV1(_) => "chatbase_v1",
            Target::ChatbaseV2(_) => "chatbase_v2",
            Target::Directory(_) => "directory",
        }
    }

    /// Names the one text that a push replaces: equal identity, same text.
    pub fn identity(&self, agent_id: &str) -> String {
        match self {
            Target::ChatbaseV1(v1) => format!("chatbase_v1 {} {agent_id}", v1.base_url),
            Target::ChatbaseV2(v2) => format!("chatbase_v2 {} {agent_id}", v2.base_url),
            Target::Directory(path) => format!("directory {}", path.display()),
        }
    }

    /// Where the API is, and the key to it; `None` for a target that has none.
    fn api(&self) -> Option<(&Url, &SecretString)> {
        match self {
            Target::ChatbaseV1(v1) => Some((&v1.base_url, &v1.api_key)),
            Target::ChatbaseV2(v2) => Some((&v2.base_url, &v2.api_key)),
            Target::Directory(_) => None,
        }
    }

    /// Where its API is; `None` for a target that has none.
    pub fn base_url(&self) -> Option<&Url> {
        self.api().map(|(base_url, _)| base_url)
    }

    /// Names the account that the key opens, by a hash; `None` for a target that has none.
    pub fn account(&self) -> Option<String> {
        let (base_url, key) = self.api()?;
        let mut hasher = Sha256::new();
        hasher.update(base_url.as_str());
        hasher.update([0]);
        hasher.update(key.expose_secret());
        Some(hex(&hasher.finalize()[..16]))
    }

    /// Names what a pipeline with this target writes to: two that write to the same must exclude each other.
    pub fn place(&self, agent_id: &str) -> String {
        match self.api() {
            Some((base_url, _)) => format!("{base_url} {agent_id}"),
            None => self.identity(agent_id),
        }
    }

    /// The target with all its settings: what is secret goes in by its hash.
    pub fn fingerprint(&self, agent_id: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.identity(agent_id));
        match self {
            Target::ChatbaseV1(v1) => {
                hasher.update([0]);
                hasher.update(v1.api_key.expose_secret());
                hasher.update(format!("{:?}", (v1.max_body, v1.timeout, v1.adopt)));
            }
            Target::ChatbaseV2(v2) => {
                hasher.update([0]);
                hasher.update(v2.api_key.expose_secret());
                hasher.update(format!("{:?}", (v2.timeout, v2.limits)));
            }
            Target::Directory(_) => {}
        }
        hex(&hasher.finalize()[..8])
    }

    /// A connection to the target. What an agent is too busy for is tried again as `patience` says.
    pub fn connect(
        &self,
        agent_id: &str,
        window: Arc<Window>,
        now: fn() -> Timestamp,
        patience: Patience,
    ) -> Publisher {
        let account = |base_url: &Url, key: &SecretString| {
            let http = http::Client::new(Egress::new([base_url]), http::USER_AGENT);
            Account::new(http, base_url.clone(), key.clone(), window, now)
        };
        match self {
            Target::ChatbaseV1(v1) => {
                let client = chatbase::v1::Client::new(account(&v1.base_url, &v1.api_key));
                Publisher::ChatbaseV1 { client, agent_id: agent_id.to_owned(), timeout: v1.timeout }
            }
            Target::ChatbaseV2(v2) => {
                let account = account(&v2.base_url, &v2.api_key);
                let client = v2::Client::new(account, agent_id, v2.timeout, patience);
                Publisher::ChatbaseV2(Sources::new(client, v2.limits))
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
        client: chatbase::v1::Client,
        /// Whose text is replaced.
        agent_id: String,
        /// Time for the whole push request.
        timeout: Duration,
    },
    /// As [`Target::ChatbaseV2`].
    ChatbaseV2(Sources),
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
            Publisher::ChatbaseV2(sources) => sources.agent().await.map(Some),
            Publisher::Directory(_) => Ok(None),
        }
    }

    /// Whether the target still holds what was published last, as far as it is ours to know: a file may have been
    /// deleted.
    pub async fn still_holds(&self, sha256: Hash) -> bool {
        match self {
            Publisher::ChatbaseV1 { .. } | Publisher::ChatbaseV2(_) => true,
            Publisher::Directory(path) => {
                let path = path.clone();
                blocking(move || directory::held(&path)).await == Some(sha256)
            }
        }
    }

    /// Whether the agent has been trained on what was sent last, going by what it says of itself now, and what it said
    /// before that of when it was trained; `None` where it does not tell.
    pub fn is_trained(agent: &chatbase::Agent, before: Option<&str>) -> Option<bool> {
        match &agent.sources {
            Some(known) => Some(sources::is_trained(known)),
            None => agent.last_trained_at.as_deref().map(|trained| Some(trained) != before),
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
            Publisher::ChatbaseV2(sources) => sources.ask(question).await,
            Publisher::Directory(_) => {
                Err(ApiError::Refused(Refusal::Request, "a directory answers no questions".to_owned()))
            }
        }
    }

    /// Sends the corpus, to an agent that has, or shall have, this name.
    pub async fn push(&self, name: Option<&str>, corpus: &ApprovedCorpus) -> Sent {
        match self {
            Publisher::ChatbaseV1 { client, agent_id, timeout } => {
                let (push, request_id) = client.update(agent_id, name, corpus.text(), *timeout).await;
                Sent { push, request_id, partial: false }
            }
            Publisher::ChatbaseV2(sources) => sources.converge(name, corpus.shared()).await,
            Publisher::Directory(path) => {
                let (shown, path, corpus) = (path, path.clone(), corpus.clone());
                let push = match blocking(move || directory::write(&path, &corpus)).await {
                    Ok(()) => Push::Applied,
                    Err(error) => Push::NotSent(format!("`{}`: {error}", shown.display())),
                };
                Sent { push, request_id: None, partial: false }
            }
        }
    }
}
