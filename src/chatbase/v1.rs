//! API v1: one text per agent, replaced as a whole.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::window::{Window, asked_wait};
use crate::{
    http::{self, FetchError, Limits},
    outcome::in_words,
};

/// What is read of an answer to a push; a longer one is not understood.
const ANSWER_LIMIT: u64 = 1024 * 1024;
/// What is read of the list of agents.
const LIST_LIMITS: Limits =
    Limits { wire: 16 * 1024 * 1024, decoded: 16 * 1024 * 1024, total: Duration::from_secs(30) };
/// What is shown of an answer that is not JSON.
const SHOWN: usize = 500;

/// A client for one account.
#[derive(Debug, Clone)]
pub struct Client {
    http: http::Client,
    base_url: Url,
    key: SecretString,
    window: Arc<Window>,
    now: fn() -> Timestamp,
}

/// An agent, as `get-chatbots` tells. Every field but the id may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// Its name, to be sent back unchanged.
    pub name: Option<String>,
    /// How many characters it was trained on.
    pub characters: Option<u64>,
    /// When it was trained last, as the API writes it.
    pub last_trained_at: Option<String>,
}

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Accepted.
    Applied,
    /// Nobody knows: to be settled by asking, or with the same bytes.
    Unknown(String),
    /// Most likely applied (a success of a form that the contract does not know, or no answer in time): worth
    /// asking, and hardly worth sending again.
    Unclear(String),
    /// Certainly not received.
    NotSent(String),
    /// Not now; nothing was written.
    Later(Option<Duration>, String),
    /// A training is under way: not in this run.
    Busy(String),
    /// Never like this.
    Refused(Refusal, String),
}

/// What has to change before anything is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key: 401.
    Key,
    /// The plan: 402, 403.
    Plan,
    /// The agent id: 404, or an answer for another agent.
    Agent,
    /// The size: 413.
    Size,
    /// The request itself: 400, 405, 422, a redirect.
    Request,
}

/// Why the API could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Something has to change first.
    #[error("{1}")]
    Refused(Refusal, String),
    /// May pass.
    #[error("{1}")]
    Passing(Option<Duration>, String),
}

/// The body of `update-chatbot-data`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    chatbot_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    chatbot_name: Option<&'a str>,
    source_text: &'a str,
}

/// Size in bytes of the request that would push `text`.
pub fn body_size(agent_id: &str, name: Option<&str>, text: &str) -> u64 {
    struct Count(u64);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    let update = Update { chatbot_id: agent_id, chatbot_name: name, source_text: text };
    serde_json::to_writer(&mut count, &update)
        .expect("counting does not fail, and the body has string keys only");
    count.0
}

impl Client {
    /// A client for the account of `key` at `base_url`.
    pub fn new(
        http: http::Client,
        base_url: Url,
        key: SecretString,
        window: Arc<Window>,
        now: fn() -> Timestamp,
    ) -> Client {
        Client { http, base_url, key, window, now }
    }

    /// The agent with this id; `None` where the account has no such agent.
    ///
    /// # Errors
    /// [`ApiError`], also where the answer is none that the contract knows.
    pub async fn agent(&self, id: &str) -> Result<Option<Agent>, ApiError> {
        self.window.turn().await;
        let url = self.endpoint("get-chatbots");
        let answer = match self.http.get(&url, &[self.authorization()?], LIST_LIMITS).await {
            Ok(answer) => answer,
            Err(error) => return Err(ApiError::Passing(None, self.masked(&in_words(&error)))),
        };
        let (status, wait) = (answer.status(), asked_wait(&answer, (self.now)()));
        if !matches!(status, 200..=299) {
            // The status says enough, whatever becomes of the body.
            let body = answer.read_start(ANSWER_LIMIT).await.unwrap_or_default();
            return Err(match status {
                408 | 425 | 429 | 500.. => ApiError::Passing(wait, self.explain(status, &body)),
                _ => ApiError::Refused(refusal(status), self.explain(status, &body)),
            });
        }
        let body =
            answer.read().await.map_err(|error| ApiError::Passing(wait, self.masked(&in_words(&error))))?;
        agent_in(body.decoded.as_ref().unwrap_or(&body.wire), id)
            .map_err(|reason| ApiError::Passing(None, reason))
    }

    /// Replaces the agent's whole text, and gives what came of it with the API's name for the request.
    pub async fn update(
        &self,
        agent_id: &str,
        name: Option<&str>,
        text: &str,
        timeout: Duration,
    ) -> (Push, Option<String>) {
        self.window.turn().await;
        let authorization = match self.authorization() {
            Ok(authorization) => authorization,
            Err(error) => return (Push::Refused(Refusal::Key, error.to_string()), None),
        };
        let update = Update { chatbot_id: agent_id, chatbot_name: name, source_text: text };
        let body = serde_json::to_vec(&update).expect("the body has string keys only");
        let limits = Limits { wire: ANSWER_LIMIT, decoded: ANSWER_LIMIT, total: timeout };
        let url = self.endpoint("update-chatbot-data");
        let answer = match self.http.post_json(&url, &[authorization], Bytes::from(body), limits).await {
            Ok(answer) => answer,
            Err(error) => return (self.without_answer(&error), None),
        };
        let request_id = answer.header("x-request-id").map(|id| short(&self.masked(id)));
        let (status, wait) = (answer.status(), asked_wait(&answer, (self.now)()));
        let push = match answer.read_start(ANSWER_LIMIT).await {
            Ok(body) => self.judge(status, wait, &body, agent_id),
            Err(error) if matches!(status, 200..=299) => Push::Unknown(self.masked(&in_words(&error))),
            // The status alone says enough of a failure.
            Err(_) => self.judge(status, wait, b"", agent_id),
        };
        (push, request_id)
    }

    /// Asks the agent a question, as a visitor would. The exchange is not saved as a conversation.
    ///
    /// # Errors
    /// [`ApiError`], also where the answer holds no text.
    pub async fn chat(&self, agent_id: &str, question: &str) -> Result<String, ApiError> {
        self.window.turn().await;
        let body = serde_json::json!({
            "chatbotId": agent_id,
            "messages": [{"role": "user", "content": question}],
            "stream": false,
        });
        let url = self.endpoint("chat");
        let passing = |error: &FetchError| ApiError::Passing(None, self.masked(&in_words(error)));
        let headers = [self.authorization()?];
        let answer = self.http.post_json(&url, &headers, Bytes::from(body.to_string()), LIST_LIMITS).await;
        let answer = answer.map_err(|error| passing(&error))?;
        let (status, wait) = (answer.status(), asked_wait(&answer, (self.now)()));
        let body = answer.read_start(ANSWER_LIMIT).await.map_err(|error| passing(&error))?;
        match status {
            200..=299 => {
                let json: Option<Value> = serde_json::from_slice(&body).ok();
                let text = json.as_ref().and_then(|json| json.get("text")?.as_str());
                text.map(str::to_owned)
                    .ok_or_else(|| ApiError::Passing(None, "the answer holds no text".to_owned()))
            }
            408 | 425 | 429 | 500.. => Err(ApiError::Passing(wait, self.explain(status, &body))),
            _ => Err(ApiError::Refused(refusal(status), self.explain(status, &body))),
        }
    }

    fn judge(&self, status: u16, wait: Option<Duration>, body: &[u8], agent_id: &str) -> Push {
        match status {
            200..=299 => self.judge_success(status, body, agent_id),
            409 => Push::Busy(self.explain(status, body)),
            429 => Push::Later(wait, self.explain(status, body)),
            // With a time it is maintenance, and nothing was written.
            503 if wait.is_some() => Push::Later(wait, self.explain(status, body)),
            408 | 425 | 500.. => Push::Unknown(self.explain(status, body)),
            _ => Push::Refused(refusal(status), self.explain(status, body)),
        }
    }

    /// A success names the agent, or nothing; an error field makes it a failure.
    fn judge_success(&self, status: u16, body: &[u8], agent_id: &str) -> Push {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            let shown = self.shown(body);
            return Push::Unclear(format!("status {status} with a body that is not JSON: {shown}"));
        };
        let has_error = |field: &str| {
            json.get(field).is_some_and(|error| !error.is_null() && *error != Value::Bool(false))
        };
        if has_error("error") || has_error("errors") {
            return Push::Refused(Refusal::Request, self.explain(status, body));
        }
        match ["chatbotId", "id"].iter().find_map(|field| json.get(field)?.as_str()) {
            Some(id) if id == agent_id => Push::Applied,
            Some(id) => Push::Refused(
                Refusal::Agent,
                self.masked(&format!("the API answered for another agent, `{}`", short(id))),
            ),
            None => Push::Unclear(format!("status {status} without an agent id")),
        }
    }

    fn without_answer(&self, error: &FetchError) -> Push {
        let detail = self.masked(&in_words(error));
        match error {
            _ if error.is_unsent() => Push::NotSent(detail),
            FetchError::Timeout(_) => Push::Unclear(detail),
            _ => Push::Unknown(detail),
        }
    }

    fn endpoint(&self, name: &str) -> Url {
        self.base_url.join(&format!("/api/v1/{name}")).expect("a checked base URL takes a path")
    }

    fn authorization(&self) -> Result<(HeaderName, HeaderValue), ApiError> {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", self.key.expose_secret())).map_err(|_| {
                ApiError::Refused(Refusal::Key, "the key holds characters that no header can".to_owned())
            })?;
        value.set_sensitive(true);
        Ok((AUTHORIZATION, value))
    }

    /// Status, message and advice, without the key.
    fn explain(&self, status: u16, body: &[u8]) -> String {
        let message =
            message_in(body).map_or_else(|| self.shown(body), |message| short(&self.masked(&message)));
        let separator = if message.is_empty() { "" } else { ": " };
        let advice = match status {
            401 => " (the key was refused: check `publish.api_key`, then `corpusd resume`)",
            402 | 403 => " (API access needs the Standard plan or higher; older accounts: any paid plan)",
            404 => " (no such agent in this account: check `agent.id`)",
            413 => " (too large for the API: lower `corpus.limit`, or `publish.max_body` to hold it earlier)",
            300..=399 => " (redirects are never followed on a push: check `publish.base_url`)",
            _ => "",
        };
        format!("status {status}{separator}{message}{advice}")
    }

    fn shown(&self, body: &[u8]) -> String {
        short(&self.masked(String::from_utf8_lossy(body).trim()))
    }

    /// An answer may repeat what it was sent.
    fn masked(&self, text: &str) -> String {
        let key = self.key.expose_secret();
        if key.is_empty() { text.to_owned() } else { text.replace(key, "***") }
    }
}

fn refusal(status: u16) -> Refusal {
    match status {
        401 => Refusal::Key,
        402 | 403 => Refusal::Plan,
        404 => Refusal::Agent,
        413 => Refusal::Size,
        _ => Refusal::Request,
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// The message of an error body, in any of its three shapes, with its issues.
fn message_in(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let message = text(json.get("message"))
        .or_else(|| text(json.get("error")))
        .or_else(|| text(json.pointer("/error/message")))
        .or_else(|| text(json.pointer("/errors/0/message")))?;
    let issues = json.get("issues").and_then(Value::as_array).into_iter().flatten().filter_map(|issue| {
        Some(format!("{}: {}", issue.get("field")?.as_str()?, issue.get("message")?.as_str()?))
    });
    let details = json.get("details").and_then(Value::as_object).into_iter().flatten();
    let details = details.filter_map(|(field, problem)| Some(format!("{field}: {}", problem.as_str()?)));
    let more: Vec<String> = issues.chain(details).collect();
    Some(if more.is_empty() { message } else { format!("{message} ({})", more.join("; ")) })
}

/// Finds the agent in whichever shape the list has.
fn agent_in(body: &[u8], id: &str) -> Result<Option<Agent>, String> {
    let json: Value =
        serde_json::from_slice(body).map_err(|_| "the list of agents is not JSON".to_owned())?;
    let list = [json.get("chatbots"), json.pointer("/chatbots/data"), json.get("data"), Some(&json)]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)
        .ok_or("the list of agents has a form that is not known")?;
    let field = |item: &Value, names: [&str; 2]| {
        names.iter().find_map(|name| item.get(name)).filter(|value| !value.is_null()).cloned()
    };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let found = list.iter().find(|item| field(item, ["id", "chatbotId"]).map(text).as_deref() == Some(id));
    Ok(found.map(|item| Agent {
        name: field(item, ["name", "chatbotName"]).map(text),
        characters: field(item, ["num_of_characters", "numOfCharacters"])
            .and_then(|count| text(count).parse().ok()),
        last_trained_at: field(item, ["last_trained_at", "lastTrainedAt"]).map(text),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_understood_in_each_of_its_shapes() {
        let check = |body: &str, expected: Option<&str>| {
            assert_eq!(message_in(body.as_bytes()).as_deref(), expected, "{body}");
        };
        check(r#"{"message":"Invalid"}"#, Some("Invalid"));
        check(
            r#"{"message":"Invalid","issues":[{"field":"a","message":"Required"}]}"#,
            Some("Invalid (a: Required)"),
        );
        check(r#"{"error":"bad","message":"worse"}"#, Some("worse"));
        check(r#"{"error":{"code":"X","message":"m","details":{}}}"#, Some("m"));
        check(r#"{"errors":[{"message":"first"}]}"#, Some("first"));
        check("<html>", None);
        check("[]", None);
    }

    #[test]
    fn an_agent_is_found_in_every_shape_of_the_list() {
        let agent = Agent {
            name: Some("A".into()),
            characters: Some(7),
            last_trained_at: Some("2026-01-01T00:00:00Z".into()),
        };
        let item = r#"{"id":"x","name":"A","num_of_characters":7,"last_trained_at":"2026-01-01T00:00:00Z"}"#;
        for list in [
            format!("[{item}]"),
            format!(r#"{{"chatbots":[{item}]}}"#),
            format!(r#"{{"chatbots":{{"data":[{item}]}}}}"#),
        ] {
            assert_eq!(agent_in(list.as_bytes(), "x"), Ok(Some(agent.clone())), "{list}");
            assert_eq!(agent_in(list.as_bytes(), "y"), Ok(None), "{list}");
        }
        let camel = r#"{"chatbots":[{"chatbotId":"x","chatbotName":"A"}]}"#;
        let bare = Agent { name: Some("A".into()), ..Agent::default() };
        assert_eq!(agent_in(camel.as_bytes(), "x"), Ok(Some(bare)));
        assert!(agent_in(b"<html>", "x").is_err());
        assert!(agent_in(b"{}", "x").is_err());
    }

    #[test]
    fn the_size_of_a_request_is_that_of_its_bytes() {
        for text in ["", "plain", "quote \" and \\ and \n and \u{1} and ä and 🎈"] {
            let update = Update { chatbot_id: "id", chatbot_name: Some("n\"ame"), source_text: text };
            assert_eq!(
                body_size("id", Some("n\"ame"), text),
                serde_json::to_vec(&update).unwrap().len() as u64
            );
        }
    }
}
