//! One account at the API: where it is, its key, and what its answers mean in words.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::{
    ApiError, Refusal,
    window::{Window, asked_wait},
};
use crate::{
    http::{self, FetchError, Limits},
    outcome::in_words,
};

/// What is shown of an answer that is not JSON, in characters.
const SHOWN: usize = 500;

/// An account and the connection to it; cheap to clone.
#[derive(Debug, Clone)]
pub struct Account {
    http: http::Client,
    base_url: Url,
    key: SecretString,
    window: Arc<Window>,
    now: fn() -> Timestamp,
}

impl Account {
    /// The account of `key` at `base_url`.
    pub fn new(
        http: http::Client,
        base_url: Url,
        key: SecretString,
        window: Arc<Window>,
        now: fn() -> Timestamp,
    ) -> Account {
        Account { http, base_url, key, window, now }
    }

    /// Sends one request to a path below `/api/`, when the window has room for it. Any status is an answer.
    ///
    /// # Errors
    /// [`FetchError`]; a key that no header can carry is none of its kinds and is told by [`Account::check_key`].
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        json: Option<Bytes>,
        limits: Limits,
    ) -> Result<http::Answer, FetchError> {
        self.window.turn().await;
        let url = self.base_url.join(&format!("/api/{path}")).expect("a checked base URL takes a path");
        let headers = self.authorization().map_or_else(Vec::new, |header| vec![header]);
        let body = json.map(|json| ("application/json", json));
        self.http.send(method, &url, &headers, body, limits).await
    }

    /// How long the answer asks to be left alone.
    pub(super) fn retry_after(&self, answer: &http::Answer) -> Option<Duration> {
        asked_wait(answer, (self.now)())
    }

    /// The API's name for the request.
    pub(super) fn request_id(&self, answer: &http::Answer) -> Option<String> {
        answer.header("x-request-id").map(|id| short(&self.masked(id)))
    }

    /// Whether the key can be sent at all.
    ///
    /// # Errors
    /// [`ApiError::Refused`] where it cannot.
    pub(super) fn check_key(&self) -> Result<(), ApiError> {
        let help = "the key holds characters that no header can";
        self.authorization().map(drop).ok_or_else(|| ApiError::Refused(Refusal::Key, help.to_owned()))
    }

    fn authorization(&self) -> Option<(HeaderName, HeaderValue)> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.key.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some((AUTHORIZATION, value))
    }

    /// An error as a person reads it, without the key.
    pub(super) fn in_words(&self, error: &FetchError) -> String {
        self.masked(&in_words(error))
    }

    /// Status, message and advice, without the key.
    pub(super) fn explain(&self, status: u16, body: &[u8]) -> String {
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

    pub(super) fn shown(&self, body: &[u8]) -> String {
        short(&self.masked(String::from_utf8_lossy(body).trim()))
    }

    /// An answer may repeat what it was sent.
    pub(super) fn masked(&self, text: &str) -> String {
        let key = self.key.expose_secret();
        if key.is_empty() { text.to_owned() } else { text.replace(key, "***") }
    }

    /// What a status that is no success means to somebody who asks.
    pub(super) fn failure(&self, status: u16, wait: Option<Duration>, body: &[u8]) -> ApiError {
        match status {
            408 | 409 | 425 | 429 | 500.. => ApiError::Passing(wait, self.explain(status, body)),
            _ => ApiError::Refused(refusal(status), self.explain(status, body)),
        }
    }
}

pub(super) fn refusal(status: u16) -> Refusal {
    match status {
        401 => Refusal::Key,
        402 | 403 => Refusal::Plan,
        404 => Refusal::Agent,
        413 => Refusal::Size,
        _ => Refusal::Request,
    }
}

pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// Size in bytes of a value as JSON, without writing it anywhere.
pub(super) fn json_size(value: &impl Serialize) -> u64 {
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
    serde_json::to_writer(&mut count, value)
        .expect("counting does not fail, and bodies have string keys only");
    count.0
}

/// Whether a body tells of a failure, whatever its status says. A field for errors that holds none tells of none.
pub(super) fn tells_failure(json: &Value) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    let has_error =
        ["error", "errors"].into_iter().filter_map(|field| json.get(field)).any(|value| !is_empty(value));
    has_error || json.get("success") == Some(&Value::Bool(false))
}

/// The message of an error body, in any of its shapes, with its issues.
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
    let details =
        ["/details", "/error/details"].into_iter().filter_map(|path| json.pointer(path)?.as_object());
    let details =
        details.flatten().filter_map(|(field, problem)| Some(format!("{field}: {}", problem.as_str()?)));
    let more: Vec<String> = issues.chain(details).collect();
    Some(if more.is_empty() { message } else { format!("{message} ({})", more.join("; ")) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An account that no request reaches.
    pub(in crate::chatbase) fn account() -> Account {
        let base_url = Url::parse("https://api.test/").unwrap();
        let http = http::Client::new(http::egress::Egress::new([&base_url]), http::USER_AGENT);
        let now = || Timestamp::UNIX_EPOCH;
        Account::new(http, base_url, "sk-canary".into(), Arc::default(), now)
    }

    #[test]
    fn a_body_tells_of_a_failure_by_an_error_that_it_holds() {
        for failed in [
            r#"{"error":"full"}"#,
            r#"{"error":{"code":"X"}}"#,
            r#"{"errors":["full"]}"#,
            r#"{"chatbotId":"abc","error":true}"#,
            r#"{"success":false,"message":"full"}"#,
        ] {
            assert!(tells_failure(&serde_json::from_str(failed).unwrap()), "{failed}");
        }
        for fine in [
            r#"{"chatbotId":"abc","error":null,"errors":[]}"#,
            r#"{"error":"","errors":{}}"#,
            r#"{"error":false,"success":true}"#,
            "[]",
            "null",
        ] {
            assert!(!tells_failure(&serde_json::from_str(fine).unwrap()), "{fine}");
        }
    }

    #[test]
    fn what_may_pass_is_asked_again() {
        for status in 300..600 {
            let passes = matches!(account().failure(status, None, b""), ApiError::Passing(..));
            assert_eq!(passes, matches!(status, 408 | 409 | 425 | 429 | 500..), "{status}");
        }
    }

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
        check(
            r#"{"error":{"code":"X","message":"m","details":{"name":"too long"}}}"#,
            Some("m (name: too long)"),
        );
        check(r#"{"errors":[{"message":"first"}]}"#, Some("first"));
        check("<html>", None);
        check("[]", None);
    }
}
