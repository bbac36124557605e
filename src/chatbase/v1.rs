//! API v1: one text per agent, replaced as a whole.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use super::{
    Account, Agent, ApiError, Push, Refusal,
    account::{json_size, refusal, short, tells_failure},
};
use crate::http::{FetchError, Limits};

/// What is read of an answer to a push; a longer one is not understood.
const ANSWER_LIMIT: u64 = 1024 * 1024;
/// What is read of the list of agents.
const LIST_LIMITS: Limits =
    Limits { wire: 16 * 1024 * 1024, decoded: 16 * 1024 * 1024, total: Duration::from_secs(30) };

/// A client for one account.
#[derive(Debug, Clone)]
pub struct Client {
    account: Account,
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
    json_size(&Update { chatbot_id: agent_id, chatbot_name: name, source_text: text })
}

impl Client {
    /// A client for this account.
    pub fn new(account: Account) -> Client {
        Client { account }
    }

    /// The agent with this id; `None` where the account has no such agent.
    ///
    /// # Errors
    /// [`ApiError`], also where the answer is none that the contract knows.
    pub async fn agent(&self, id: &str) -> Result<Option<Agent>, ApiError> {
        self.account.check_key()?;
        let answer = match self.account.send(Method::GET, "v1/get-chatbots", None, LIST_LIMITS).await {
            Ok(answer) => answer,
            Err(error) => return Err(ApiError::Passing(None, self.account.in_words(&error))),
        };
        let (status, wait) = (answer.status(), self.account.retry_after(&answer));
        if !matches!(status, 200..=299) {
            // The status says enough, whatever becomes of the body.
            let body = answer.read_start(ANSWER_LIMIT).await.unwrap_or_default();
            return Err(self.account.failure(status, wait, &body));
        }
        let body =
            answer.read().await.map_err(|error| ApiError::Passing(wait, self.account.in_words(&error)))?;
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
        if let Err(error) = self.account.check_key() {
            return (Push::Refused(Refusal::Key, error.to_string()), None);
        }
        let update = Update { chatbot_id: agent_id, chatbot_name: name, source_text: text };
        let body = serde_json::to_vec(&update).expect("the body has string keys only");
        let limits = Limits { wire: ANSWER_LIMIT, decoded: ANSWER_LIMIT, total: timeout };
        let sent = self.account.send(Method::POST, "v1/update-chatbot-data", Some(Bytes::from(body)), limits);
        let answer = match sent.await {
            Ok(answer) => answer,
            Err(error) => return (self.without_answer(&error), None),
        };
        let request_id = self.account.request_id(&answer);
        let (status, wait) = (answer.status(), self.account.retry_after(&answer));
        let push = match answer.read_start(ANSWER_LIMIT).await {
            Ok(body) => self.judge(status, wait, &body, agent_id),
            Err(error) if matches!(status, 200..=299) => Push::Unknown(self.account.in_words(&error)),
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
        self.account.check_key()?;
        let body = serde_json::json!({
            "chatbotId": agent_id,
            "messages": [{"role": "user", "content": question}],
            "stream": false,
        });
        let passing = |error: &FetchError| ApiError::Passing(None, self.account.in_words(error));
        let body = Bytes::from(body.to_string());
        let answer = self.account.send(Method::POST, "v1/chat", Some(body), LIST_LIMITS).await;
        let answer = answer.map_err(|error| passing(&error))?;
        let (status, wait) = (answer.status(), self.account.retry_after(&answer));
        let body = answer.read_start(ANSWER_LIMIT).await.map_err(|error| passing(&error))?;
        if !matches!(status, 200..=299) {
            return Err(self.account.failure(status, wait, &body));
        }
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        let text = json.as_ref().and_then(|json| json.get("text")?.as_str());
        text.map(str::to_owned).ok_or_else(|| ApiError::Passing(None, "the answer holds no text".to_owned()))
    }

    fn judge(&self, status: u16, wait: Option<Duration>, body: &[u8], agent_id: &str) -> Push {
        match status {
            200..=299 => self.judge_success(status, body, agent_id),
            409 => Push::Busy(self.account.explain(status, body)),
            429 => Push::Later(wait, self.account.explain(status, body)),
            // With a time it is maintenance, and nothing was written.
            503 if wait.is_some() => Push::Later(wait, self.account.explain(status, body)),
            408 | 425 | 500.. => Push::Unknown(self.account.explain(status, body)),
            _ => Push::Refused(refusal(status), self.account.explain(status, body)),
        }
    }

    /// A success names the agent, or nothing; one that tells of an error is a failure.
    fn judge_success(&self, status: u16, body: &[u8], agent_id: &str) -> Push {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            let shown = self.account.shown(body);
            return Push::Unclear(format!("status {status} with a body that is not JSON: {shown}"));
        };
        if tells_failure(&json) {
            return Push::Refused(Refusal::Request, self.account.explain(status, body));
        }
        match ["chatbotId", "id"].iter().find_map(|field| json.get(field)?.as_str()) {
            Some(id) if id == agent_id => Push::Applied,
            Some(id) => Push::Refused(
                Refusal::Agent,
                self.account.masked(&format!("the API answered for another agent, `{}`", short(id))),
            ),
            None => Push::Unclear(format!("status {status} without an agent id")),
        }
    }

    fn without_answer(&self, error: &FetchError) -> Push {
        let detail = self.account.in_words(error);
        match error {
            _ if error.is_unsent() => Push::NotSent(detail),
            FetchError::Timeout(_) => Push::Unclear(detail),
            _ => Push::Unknown(detail),
        }
    }
}

/// Finds the agent in whichever shape the list has.
fn agent_in(body: &[u8], id: &str) -> Result<Option<Agent>, String> {
    let json: Value =
        serde_json::from_slice(body).map_err(|_| "the list of agents is not JSON".to_owned())?;
    if [Some(&json), json.get("chatbots")].into_iter().flatten().any(tells_failure) {
        return Err("the list of agents tells of an error".to_owned());
    }
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
        sources: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::{super::account::tests::account, *};

    #[test]
    fn an_agent_is_found_in_every_shape_of_the_list() {
        let agent = Agent {
            name: Some("A".into()),
            characters: Some(7),
            last_trained_at: Some("2026-01-01T00:00:00Z".into()),
            sources: None,
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
        // Nothing is known of agents then: not even that there are none.
        assert!(agent_in(br#"{"chatbots":{"data":[],"error":"timeout"}}"#, "x").is_err());
        assert!(agent_in(br#"{"chatbots":{"data":[],"error":null}}"#, "x").is_ok());
    }

    #[test]
    fn an_answer_to_a_push_means_what_its_status_and_body_say() {
        let client = Client::new(account());
        let check = |status: u16, wait: Option<u64>, body: &str, expected: &str| {
            let push = client.judge(status, wait.map(Duration::from_secs), body.as_bytes(), "abc");
            let told = format!("{push:?}");
            let kind = match push {
                Push::Refused(refusal, _) => format!("{refusal:?}"),
                _ => told.split('(').next().unwrap_or_default().to_owned(),
            };
            assert_eq!(kind, expected, "{status} {body}: {told}");
            assert!(!told.contains("sk-canary"), "{told}");
        };
        for body in
            [r#"{"chatbotId":"abc"}"#, r#"{"id":"abc","errors":[]}"#, r#"{"chatbotId":"abc","error":null}"#]
        {
            for status in [200, 201, 202, 299] {
                check(status, None, body, "Applied");
            }
        }
        for body in ["", "<html>", "{\"chatbotId\":\"ab", "null", "[]", "{}", "\"abc\"", "{\"chatbotId\":7}"]
        {
            for status in [200, 203, 204, 206] {
                check(status, None, body, "Unclear");
            }
        }
        check(200, None, r#"{"chatbotId":"ABC"}"#, "Agent");
        check(200, None, r#"{"chatbotId":"abc","error":"full"}"#, "Request");
        check(200, None, r#"{"chatbotId":"abc","success":false}"#, "Request");
        for status in [300, 302, 303, 304, 308, 400, 405, 406, 410, 415, 418, 422, 423, 428, 431, 451] {
            check(status, Some(9), "sk-canary", "Request");
        }
        for (status, refusal) in [(401, "Key"), (402, "Plan"), (403, "Plan"), (404, "Agent"), (413, "Size")] {
            check(status, None, r#"{"message":"no sk-canary"}"#, refusal);
        }
        check(409, Some(9), "", "Busy");
        for wait in [None, Some(0), Some(86_400)] {
            check(429, wait, "slow down", "Later");
        }
        check(503, Some(0), "", "Later");
        for status in [408, 425, 500, 501, 502, 503, 504, 507, 508, 511, 520, 529, 530, 599, 999] {
            check(status, None, "<html>", "Unknown");
        }
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
