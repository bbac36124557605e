//! API v2: an agent is made of sources, and each is written by itself.
//!
//! Contract: the vendor's documents describe two generations. In the first a write waits for `POST …/train`, and a
//! deleted source goes with it; in the second a write trains by itself, and a deletion is final.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Account, Agent, ApiError, Patience, Push, Refusal, Source, Status,
    account::{json_size, refusal, tells_failure},
};
use crate::http::{FetchError, Limits};

/// A text source is at most so long, in UTF-16 code units.
pub const MAX_TEXT: u64 = 1_048_576;
/// A name is at most so long, in UTF-16 code units.
pub const MAX_NAME: usize = 100;
/// Sources on one page of the list; the most that the API gives.
const PAGE: usize = 100;
/// Pages of the list; beyond, it has no end.
const MAX_PAGES: usize = 1_000;
/// Times that something is asked before its failure counts.
const ASKS: usize = 3;
/// What is read of an answer.
const ANSWER: Limits =
    Limits { wire: 4 * 1024 * 1024, decoded: 4 * 1024 * 1024, total: Duration::from_secs(30) };

/// A client for one agent.
#[derive(Debug, Clone)]
pub struct Client {
    account: Account,
    agent_id: String,
    /// Time for one write.
    timeout: Duration,
    patience: Patience,
}

/// A source as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// 1 to [`MAX_NAME`] UTF-16 code units.
    pub name: &'a str,
    /// What it says, 1 to [`MAX_TEXT`] UTF-16 code units: a text, or the answer to `question`.
    pub content: &'a str,
    /// What is asked, where it is a question with its answer (`qna`). What is the one cannot become the other.
    pub question: Option<&'a str>,
}

/// An answer, read.
struct Answer {
    status: u16,
    wait: Option<Duration>,
    request_id: Option<String>,
    body: Vec<u8>,
}

/// What a text adds to the size of a request, in bytes.
pub fn written_size(text: &str) -> u64 {
    json_size(&text).saturating_sub(2)
}

impl Draft<'_> {
    fn body(&self) -> Value {
        let Draft { name, content, question } = self;
        match question {
            Some(question) => json!({"name": name, "questions": [question], "answer": content}),
            None => json!({"name": name, "content": content}),
        }
    }
}

impl Client {
    /// A client for the agent `agent_id` of this account. Each write takes at most `timeout`; what the agent is too
    /// busy for is tried again as `patience` says.
    pub fn new(account: Account, agent_id: &str, timeout: Duration, patience: Patience) -> Client {
        Client { account, agent_id: agent_id.to_owned(), timeout, patience }
    }

    /// The patience with an agent in training.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The agent with its sources. Asked for first: the list of an agent that does not exist is empty.
    ///
    /// # Errors
    /// [`ApiError`]; an agent that the account does not have is refused.
    pub async fn agent(&self) -> Result<Agent, ApiError> {
        let json = self.get("", "").await?;
        let agent = json.get("data").filter(|data| data.is_object()).unwrap_or(&json);
        let text = |field: &str| agent.get(field).and_then(Value::as_str).map(str::to_owned);
        if text("id").as_deref() != Some(&self.agent_id) {
            return Err(ApiError::Passing(
                None,
                "the answer is not about the agent that was asked for".to_owned(),
            ));
        }
        let sources = Some(self.sources().await?);
        Ok(Agent { name: text("name"), characters: None, last_trained_at: text("lastTrainedAt"), sources })
    }

    /// Every source of the agent. Means nothing unless the agent exists.
    ///
    /// # Errors
    /// [`ApiError`], also where the list has no end.
    pub async fn sources(&self) -> Result<Vec<Source>, ApiError> {
        let endless = || ApiError::Passing(None, "the list of sources does not end".to_owned());
        let (mut sources, mut ids, mut cursors) = (Vec::new(), HashSet::new(), HashSet::new());
        let mut query = format!("?limit={PAGE}");
        for _ in 0..MAX_PAGES {
            let page = self.get("/sources", &query).await?;
            let Listed { on_page, next } = listed(&page).ok_or_else(|| {
                ApiError::Passing(None, "the list of sources has a form that is not known".to_owned())
            })?;
            // What was written meanwhile may move a source to the next page.
            sources.extend(on_page.into_iter().filter(|source| ids.insert(source.id.clone())));
            let Some(cursor) = next else { return Ok(sources) };
            query = format!("?limit={PAGE}&cursor={}", encoded(&cursor));
            if !cursors.insert(cursor) {
                return Err(endless());
            }
        }
        Err(endless())
    }

    /// Whether something was written that waits for a training to be asked for.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn awaits_training(&self) -> Result<bool, ApiError> {
        match self.get("/sources/summary", "").await {
            Ok(summary) => Ok(summary.get("shouldRetrain").and_then(Value::as_bool).unwrap_or(false)),
            // What trains on write may not know the question.
            Err(ApiError::Refused(Refusal::Agent | Refusal::Request, _)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks for a training; while another is under way, again.
    pub async fn train(&self) -> Push {
        match self.write(Method::POST, "/train", Some(&json!({}))).await.0 {
            // There is none to ask for: it trains on write.
            Push::Refused(Refusal::Agent, _) => Push::Applied,
            push => push,
        }
    }

    /// Makes a source. Gives what came of it with the API's name for the request, as all writes do.
    pub async fn create(&self, draft: Draft<'_>) -> (Push, Option<String>) {
        let mut body = draft.body();
        body["type"] = json!(if draft.question.is_some() { "qna" } else { "text" });
        self.write(Method::POST, "/sources", Some(&body)).await
    }

    /// Replaces name and content of a source. While it is in training, again.
    pub async fn update(&self, id: &str, draft: Draft<'_>) -> (Push, Option<String>) {
        let body = draft.body();
        self.write(Method::PUT, &format!("/sources/{}", encoded(id)), Some(&body)).await
    }

    /// Deletes a source; one that is gone already, or about to be, counts as deleted.
    pub async fn delete(&self, id: &str) -> (Push, Option<String>) {
        self.write(Method::DELETE, &format!("/sources/{}", encoded(id)), None).await
    }

    /// Gives the agent another name.
    pub async fn rename(&self, name: &str) -> (Push, Option<String>) {
        self.write(Method::PUT, "", Some(&json!({"name": name}))).await
    }

    /// Asks the agent a question, as a visitor would.
    ///
    /// # Errors
    /// [`ApiError`], also where the answer holds no text.
    pub async fn chat(&self, question: &str) -> Result<String, ApiError> {
        let body = json!({"message": question, "stream": false});
        let answer = self.send(Method::POST, "/chat", Some(&body), ANSWER.total).await;
        let json = self.understood(answer)?;
        let parts = json.pointer("/data/parts").or_else(|| json.get("parts")).and_then(Value::as_array);
        let texts = parts.into_iter().flatten().filter(|part| part["type"] == "text");
        let text: String = texts.filter_map(|part| part["text"].as_str()).collect();
        if text.is_empty() {
            return Err(ApiError::Passing(None, "the answer holds no text".to_owned()));
        }
        Ok(text)
    }

    /// Asks, a few times where it fails for a passing reason: a list is many questions.
    async fn get(&self, path: &str, query: &str) -> Result<Value, ApiError> {
        let mut attempt = 0;
        loop {
            let answer = self.send(Method::GET, &format!("{path}{query}"), None, ANSWER.total).await;
            match self.understood(answer) {
                Err(ApiError::Passing(wait, _))
                    if attempt + 1 < ASKS && self.patience.pause(attempt, wait).await =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn understood(&self, answer: Result<Answer, FetchError>) -> Result<Value, ApiError> {
        self.account.check_key()?;
        let answer = answer.map_err(|error| ApiError::Passing(None, self.account.in_words(&error)))?;
        if !matches!(answer.status, 200..=299) {
            return Err(self.account.failure(answer.status, answer.wait, &answer.body));
        }
        serde_json::from_slice(&answer.body).map_err(|_| {
            let shown = self.account.shown(&answer.body);
            ApiError::Passing(None, format!("status {} with a body that is not JSON: {shown}", answer.status))
        })
    }

    /// One write, again while the API is busy with the agent or wants to be left alone for a while.
    async fn write(&self, method: Method, path: &str, body: Option<&Value>) -> (Push, Option<String>) {
        if let Err(error) = self.account.check_key() {
            return (Push::Refused(Refusal::Key, error.to_string()), None);
        }
        let mut attempt = 0;
        loop {
            let (push, request_id) = match self.send(method.clone(), path, body, self.timeout).await {
                Ok(answer) => (self.judge(&method, &answer), answer.request_id),
                Err(error) if error.is_unsent() => (Push::NotSent(self.account.in_words(&error)), None),
                Err(error) => (Push::Unknown(self.account.in_words(&error)), None),
            };
            let wait = match &push {
                Push::Busy(_) => None,
                Push::Later(wait, _) => *wait,
                _ => return (push, request_id),
            };
            if !self.patience.pause(attempt, wait).await {
                return (push, request_id);
            }
            attempt += 1;
        }
    }

    /// What the answer to a write means.
    fn judge(&self, method: &Method, answer: &Answer) -> Push {
        let json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let explained = || self.account.explain(answer.status, &answer.body);
        match (answer.status, code_in(&json)) {
            (200..=299, _) if tells_failure(&json) => Push::Refused(Refusal::Request, explained()),
            // Whether it did what it says shows in the list.
            (200..=299, _) => Push::Applied,
            (404 | 410, code) if *method == Method::DELETE && code != Some("AGENT_NOT_FOUND") => {
                Push::Applied
            }
            (409, Some("SOURCE_PENDING_DELETION" | "SOURCE_ALREADY_PENDING_DELETION"))
                if *method == Method::DELETE =>
            {
                Push::Applied
            }
            (409, Some("SOURCE_IS_TRAINING" | "AGENT_ALREADY_TRAINING")) => Push::Busy(explained()),
            (422, Some("SOURCE_SIZE_LIMIT_EXCEEDED")) => Push::Refused(Refusal::Size, explained()),
            // Maintenance guarantees that nothing was written.
            (429, _) | (503, Some("SERVICE_UNDER_MAINTENANCE")) => Push::Later(answer.wait, explained()),
            (503, _) if answer.wait.is_some() => Push::Later(answer.wait, explained()),
            // Somebody else was at it, or nobody knows: what to do shows in the list.
            (404, Some("RESOURCE_NOT_FOUND" | "SOURCE_NOT_FOUND")) | (408 | 409 | 425 | 500.., _) => {
                Push::Unknown(explained())
            }
            (status, _) => Push::Refused(refusal(status), explained()),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        total: Duration,
    ) -> Result<Answer, FetchError> {
        let path = format!("v2/agents/{}{path}", encoded(&self.agent_id));
        let body = body.map(|body| Bytes::from(body.to_string()));
        let answer = self.account.send(method, &path, body, Limits { total, ..ANSWER }).await?;
        let (status, wait) = (answer.status(), self.account.retry_after(&answer));
        let request_id = self.account.request_id(&answer);
        let body = match answer.read_start(ANSWER.decoded).await {
            Ok(body) => body,
            // The status alone says enough of a failure.
            Err(_) if !matches!(status, 200..=299) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Answer { status, wait, request_id, body })
    }
}

/// One page of the list.
struct Listed {
    on_page: Vec<Source>,
    next: Option<String>,
}

/// A page of the list; `None` for a form that is not known.
fn listed(page: &Value) -> Option<Listed> {
    let items = page.get("data")?.as_array()?;
    let on_page = items.iter().map(source).collect::<Option<Vec<_>>>()?;
    let pagination = page.get("pagination");
    let more = pagination.and_then(|pagination| pagination.get("hasMore")?.as_bool()).unwrap_or(false);
    let cursor = pagination.and_then(|pagination| pagination.get("cursor")?.as_str());
    match (more, cursor) {
        (false, _) => Some(Listed { on_page, next: None }),
        (true, Some(cursor)) => Some(Listed { on_page, next: Some(cursor.to_owned()) }),
        (true, None) => None,
    }
}

fn source(item: &Value) -> Option<Source> {
    let text = |field: &str| item.get(field).and_then(Value::as_str);
    Some(Source {
        id: text("id")?.to_owned(),
        kind: text("type")?.to_owned(),
        name: text("name").unwrap_or_default().to_owned(),
        size: item.get("size").and_then(Value::as_u64).unwrap_or(0),
        status: Status::from_name(text("status").unwrap_or_default()),
    })
}

/// The code of an error.
fn code_in(json: &Value) -> Option<&str> {
    let error = json.get("error")?;
    error.as_str().or_else(|| error.get("code")?.as_str())
}

/// As one segment of a path, or one value of a query.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::{super::account::tests::account, *};

    #[test]
    fn a_page_of_the_list_says_what_comes_next() {
        let check = |page: &str, expected: Option<(usize, Option<&str>)>| {
            let page = serde_json::from_str(page).unwrap();
            let found = listed(&page).map(|listed| (listed.on_page.len(), listed.next));
            assert_eq!(found, expected.map(|(count, next)| (count, next.map(str::to_owned))), "{page}");
        };
        let item = r#"{"id":"a","type":"text","name":null,"size":3,"status":"trained","metadata":null}"#;
        check(r#"{"data":[],"pagination":{"cursor":null,"hasMore":false,"total":0}}"#, Some((0, None)));
        check(&format!(r#"{{"data":[{item}]}}"#), Some((1, None)));
        check(
            &format!(r#"{{"data":[{item}],"pagination":{{"cursor":"c","hasMore":true,"total":2}}}}"#),
            Some((1, Some("c"))),
        );
        check(r#"{"data":[],"pagination":{"cursor":null,"hasMore":true}}"#, None);
        check(r#"{"data":[{"name":"without an id"}]}"#, None);
        check(r#"{"sources":[]}"#, None);
    }

    #[test]
    fn an_answer_to_a_write_means_what_its_status_and_code_say() {
        let patience = Patience { pauses: Vec::new(), stop: tokio_util::sync::CancellationToken::new() };
        let client = Client::new(account(), "abc", Duration::from_secs(1), patience);
        let check = |methods: &[Method], status: u16, wait: Option<u64>, body: &str, expected: &str| {
            for method in methods {
                let (wait, body) = (wait.map(Duration::from_secs), body.as_bytes().to_vec());
                let push = client.judge(method, &Answer { status, wait, request_id: None, body });
                let kind = match &push {
                    Push::Refused(refusal, _) => format!("{refusal:?}"),
                    other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
                };
                assert_eq!(kind, expected, "{method} {status}: {push:?}");
            }
        };
        let code = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"as it happens"}}}}"#);
        let all = [Method::POST, Method::PUT, Method::DELETE];
        let (writes, delete) = (&all[..2], &all[2..]);
        for body in ["", "<html>", "null", r#"{"data":{"id":"x"}}"#, r#"{"success":true,"error":null}"#] {
            for status in [200, 201, 202, 204] {
                check(&all, status, None, body, "Applied");
            }
        }
        check(&all, 200, None, r#"{"success":false}"#, "Request");
        check(&all, 200, None, &code("SOMETHING"), "Request");
        for status in [301, 302, 304, 307, 400, 405, 422, 451] {
            check(&all, status, None, "", "Request");
        }
        for (status, refusal) in [(401, "Key"), (402, "Plan"), (403, "Plan"), (413, "Size")] {
            check(&all, status, None, "<html>", refusal);
        }
        check(&all, 422, None, &code("SOURCE_SIZE_LIMIT_EXCEEDED"), "Size");
        check(&all, 404, None, &code("AGENT_NOT_FOUND"), "Agent");
        check(writes, 404, None, &code("SOURCE_NOT_FOUND"), "Unknown");
        check(writes, 404, None, "<html>", "Agent");
        for status in [404, 410] {
            check(delete, status, None, "<html>", "Applied");
        }
        check(delete, 409, None, &code("SOURCE_PENDING_DELETION"), "Applied");
        check(writes, 409, None, &code("SOURCE_PENDING_DELETION"), "Unknown");
        check(&all, 409, None, &code("SOURCE_IS_TRAINING"), "Busy");
        for wait in [None, Some(0), Some(86_400)] {
            check(&all, 429, wait, "<html>", "Later");
        }
        check(&all, 503, Some(0), "<html>", "Later");
        check(&all, 503, None, &code("SERVICE_UNDER_MAINTENANCE"), "Later");
        for status in [408, 409, 425, 500, 502, 503, 504, 520, 599] {
            check(&all, status, None, "<html>", "Unknown");
        }
    }

    #[test]
    fn an_id_stays_one_segment_of_the_path() {
        assert_eq!(encoded("5QHA6VB-DIAbBhxwqxfdi"), "5QHA6VB-DIAbBhxwqxfdi");
        assert_eq!(encoded("../a b?c=d"), "..%2Fa%20b%3Fc%3Dd");
    }

    #[test]
    fn the_size_of_a_text_is_that_of_its_json() {
        let check = |text: &str| {
            assert_eq!(written_size(text), serde_json::to_string(text).unwrap().len() as u64 - 2, "{text:?}");
        };
        ["", "plain", "quote \" and \\ and \n and \u{1} and ä and 🎈"].into_iter().for_each(check);
    }
}
