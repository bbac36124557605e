//! API v1: the order of checks, and one operation per route.
//!
//! Body size, route, key, plan, rate, JSON, schema, existence, quota: the first that fails answers.

mod chat;
mod history;
mod write;

use axum::http::Method;
use serde_json::{Map, Value};

use super::account;
use super::call::Call;
use super::fault::Twist;
use super::refusal::{Issue, Refusal};
use super::reply::Reply;
use super::state::Sandbox;

/// A request whose caller is known and admitted.
struct Admitted<'a> {
    sandbox: &'a Sandbox,
    call: &'a Call,
    /// The account's place in the state.
    account: usize,
    twist: Option<&'a Twist>,
}

type Operation = fn(&Admitted) -> Result<Reply, Refusal>;

/// The routes under `/api/v1/`.
const ROUTES: [(&str, Method, Operation); 8] = [
    ("chat", Method::POST, chat::chat),
    ("create-chatbot", Method::POST, write::create),
    ("delete-chatbot", Method::DELETE, write::delete),
    ("get-chatbots", Method::GET, history::chatbots),
    ("get-conversations", Method::GET, history::conversations),
    ("get-leads", Method::GET, history::leads),
    ("update-chatbot-data", Method::POST, write::update),
    ("update-chatbot-settings", Method::POST, write::settings),
];

/// Answers a request to `/api/v1/<operation>`.
pub(super) fn answer(sandbox: &Sandbox, call: &Call, operation: &str, twist: Option<&Twist>) -> Reply {
    let Some((_, method, run)) = ROUTES.iter().find(|(name, ..)| *name == operation) else {
        return Refusal::Route.reply();
    };
    if call.method != *method {
        return Refusal::Method(method.clone()).reply();
    }
    let (account, standing) = match account::admit(sandbox, call) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.reply(),
    };
    let admitted = Admitted { sandbox, call, account, twist };
    let outcome = match standing.retry_after {
        Some(wait) => Err(Refusal::Rate(wait)),
        None => run(&admitted),
    };
    standing.on(outcome.unwrap_or_else(|refusal| refusal.reply()), sandbox.options.rate_reset)
}

/// The body of a JSON route, which must be an object sent as JSON.
fn body(call: &Call) -> Result<&Map<String, Value>, Refusal> {
    call.json.as_ref().filter(|_| call.claims_json()).ok_or(Refusal::Body(Vec::new()))
}

/// A string field that may be absent; anything but a string is an issue.
fn optional<'a>(call: &'a Call, field: &'static str, issues: &mut Vec<Issue>) -> Option<&'a str> {
    let value = call.json.as_ref()?.get(field)?;
    let text = value.as_str();
    if text.is_none() {
        issues.push(Issue::new(field, "Expected string"));
    }
    text
}

/// A string field that must be there; an issue when it is not.
fn required<'a>(call: &'a Call, field: &'static str, issues: &mut Vec<Issue>) -> &'a str {
    let before = issues.len();
    let text = optional(call, field, issues);
    if text.is_none() && issues.len() == before {
        issues.push(Issue::new(field, "Required"));
    }
    text.unwrap_or_default()
}

/// Goes on when nothing is wrong with the body.
fn settled(mut issues: Vec<Issue>) -> Result<(), Refusal> {
    // A field that is asked for twice is complained about once.
    issues.dedup_by_key(|issue| issue.field);
    if issues.is_empty() { Ok(()) } else { Err(Refusal::Body(issues)) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use crate::sandbox::testing::{Answer, Served, manual};
    use crate::sandbox::{
        AGENT_ID, ChatbotsShape, Clock, HOBBY_KEY, OCCUPIED_AGENT_ID, Options, ResponseShape, STANDARD_KEY,
        StreamShape, Wipes,
    };

    #[derive(Deserialize)]
    struct Case {
        name: String,
        method: String,
        path: String,
        #[serde(default = "standard_key")]
        key: Option<String>,
        content_type: Option<String>,
        #[serde(default)]
        send: Value,
        status: u16,
        #[serde(default)]
        headers: HashMap<String, String>,
        #[serde(default)]
        absent: Vec<String>,
        /// The part of the body that is compared.
        #[serde(default)]
        pick: String,
        text: Option<String>,
        #[serde(default)]
        body: Value,
    }

    #[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
    fn standard_key() -> Option<String> {
        Some(STANDARD_KEY.to_owned())
    }

    #[tokio::test]
    async fn the_contract_holds_request_by_request() {
        let cases =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sandbox_contract.json"));
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        let served = Served::start(manual()).await;
        for case in cases {
            let key = case.key.map_or(String::new(), |key| format!("authorization: Bearer {key}\r\n"));
            let kind = case.content_type.unwrap_or("application/json; charset=utf-8".to_owned());
            let sent = match case.send {
                Value::Null => String::new(),
                Value::String(text) => text,
                json => json.to_string(),
            };
            let headers = format!("{key}content-type: {kind}\r\n");
            let answer = served.raw(&case.method, &case.path, &headers, sent.as_bytes()).await.unwrap();
            let name = case.name;
            assert_eq!(answer.status, case.status, "{name}: {}", answer.text());
            assert!(
                case.path.starts_with("/__")
                    || answer.header("x-request-id").is_some_and(|id| id.len() == 30)
            );
            for (header, value) in case.headers {
                assert_eq!(answer.header(&header), Some(value.as_str()), "{name}: {header}");
            }
            for header in case.absent {
                assert_eq!(answer.header(&header), None, "{name}: {header}");
            }
            if let Some(text) = case.text {
                assert_eq!(answer.text(), text, "{name}");
            } else {
                let body = answer.json();
                assert_eq!(*body.pointer(&case.pick).unwrap_or(&Value::Null), case.body, "{name}");
            }
        }
        served.stop().await;
    }

    async fn push(served: &Served, agent: &str, text: &str) -> Answer {
        served
            .post("update-chatbot-data", &json!({ "chatbotId": agent, "sourceText": text }), "")
            .await
            .unwrap()
    }

    async fn ask(served: &Served, agent: &str, question: &str) -> String {
        let body = json!({ "chatbotId": agent, "messages": [{ "role": "user", "content": question }] });
        served.post("chat", &body, "").await.unwrap().json()["text"].as_str().unwrap().to_owned()
    }

    async fn characters(served: &Served, agent: usize) -> Value {
        let headers = format!("authorization: Bearer {STANDARD_KEY}\r\n");
        let listed = served.raw("GET", "/api/v1/get-chatbots", &headers, b"").await.unwrap().json();
        listed["chatbots"]["data"][agent]["num_of_characters"].clone()
    }

    #[tokio::test]
    async fn a_push_must_stay_below_the_limit_together_with_what_it_leaves_in_place() {
        let served = Served::start(Options { plan_chars: Some(10), ..manual() }).await;
        assert_eq!(push(&served, AGENT_ID, "123456789").await.status, 200);
        // Two UTF-16 units for one character.
        let over = push(&served, AGENT_ID, "12345678😀").await;
        assert_eq!(over.status, 400);
        let message = "Character limit exceeded. Your plan allows 10 characters per AI agent, received 10.";
        assert_eq!(over.json(), json!({ "message": message }));
        assert_eq!(served.stored(AGENT_ID).await, "123456789");
        // The file of the other agent stays and counts.
        assert_eq!(push(&served, OCCUPIED_AGENT_ID, "1").await.status, 400);
        served.stop().await;
    }

    #[tokio::test]
    async fn what_a_push_removes_is_as_chosen() {
        for (wipes, typed, file) in
            [(Wipes::Nothing, true, true), (Wipes::Text, false, true), (Wipes::All, false, false)]
        {
            let served = Served::start(Options { wipes, ..manual() }).await;
            assert_eq!(push(&served, OCCUPIED_AGENT_ID, "Bananas are yellow.").await.status, 200);
            served.advance(60_000).await;
            assert_eq!(ask(&served, OCCUPIED_AGENT_ID, "partner hotline").await.contains("Thursday"), typed);
            assert_eq!(ask(&served, OCCUPIED_AGENT_ID, "fair stand").await.contains("hall 7"), file);
            assert_eq!(ask(&served, OCCUPIED_AGENT_ID, "yellow bananas").await, "Bananas are yellow.");
            served.stop().await;
        }
    }

    #[tokio::test]
    async fn a_newer_push_supersedes_the_training_under_way() {
        let served = Served::start(manual()).await;
        push(&served, AGENT_ID, "The answer is one.").await;
        served.advance(500).await;
        push(&served, AGENT_ID, "The answer is two.").await;
        served.advance(500).await;
        assert_eq!(ask(&served, AGENT_ID, "answer").await, "Hmm, I am not sure.");
        served.advance(500).await;
        assert_eq!(ask(&served, AGENT_ID, "answer").await, "The answer is two.");
        assert_eq!(characters(&served, 0).await, 18);
        served.stop().await;
    }

    #[tokio::test]
    async fn shapes_are_as_chosen() {
        let options = Options {
            require_name: true,
            response: ResponseShape::Object,
            chatbots_shape: ChatbotsShape::Array,
            stream: StreamShape::Sse,
            hobby_api: true,
            credits: 1,
            ..manual()
        };
        let served = Served::start(options).await;
        let unnamed = push(&served, AGENT_ID, "Bananas are yellow.").await.json();
        assert_eq!(unnamed["issues"], json!([{ "field": "chatbotName", "message": "Required" }]));
        let body =
            json!({ "chatbotId": AGENT_ID, "chatbotName": "Named", "sourceText": "Bänanas are yellow." });
        let object = served.post("update-chatbot-data", &body, "").await.unwrap().json();
        assert_eq!((&object["chatbotId"], &object["chatbotName"]), (&json!(AGENT_ID), &json!("Named")));
        let headers = format!("authorization: Bearer {HOBBY_KEY}\r\n");
        let listed = served.raw("GET", "/api/v1/get-chatbots", &headers, b"").await.unwrap().json();
        assert_eq!(listed["chatbots"].as_array().unwrap().len(), 1);
        served.advance(60_000).await;
        let question = json!({ "chatbotId": AGENT_ID, "stream": true, "messages": [{ "role": "user", "content": "bänanas" }] });
        let streamed = served.post("chat", &question, "").await.unwrap();
        assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
        assert!(streamed.text().starts_with("data: {\"text\":\"Bänanas \"}\n\n"), "{}", streamed.text());
        assert!(streamed.text().ends_with("data: [DONE]\n\n"));
        let broke = served.post("chat", &question, "").await.unwrap();
        assert_eq!(broke.status, 400);
        assert!(broke.text().contains("currently unavailable"));
        served.stop().await;
    }

    #[tokio::test]
    async fn a_raw_stream_is_the_text() {
        let served = Served::start(manual()).await;
        let question = json!({ "chatbotId": AGENT_ID, "stream": true, "messages": [{ "role": "user", "content": "?" }] });
        let streamed = served.post("chat", &question, "").await.unwrap();
        assert_eq!(streamed.text(), "Hmm, I am not sure.");
        assert_eq!(streamed.header("transfer-encoding"), Some("chunked"));
        served.stop().await;
    }

    #[tokio::test]
    async fn the_rate_window_refuses_with_the_wait_and_opens_again() {
        let served = Served::start(Options { rate: (3, Duration::from_secs(10)), ..manual() }).await;
        for remaining in ["2", "1", "0"] {
            let answer = push(&served, AGENT_ID, "x").await;
            assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, Some(remaining)));
            served.advance(100).await;
        }
        let refused = push(&served, AGENT_ID, "y").await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("10")));
        assert_eq!(refused.header("x-ratelimit-reset"), Some("1767225610000"));
        assert_eq!(refused.json(), json!({ "message": "Rate limit exceeded" }));
        assert_eq!(served.stored(AGENT_ID).await, "x");
        served.advance(9_700).await;
        assert_eq!(push(&served, AGENT_ID, "y").await.status, 200);
        assert_eq!(push(&served, AGENT_ID, "y").await.status, 429);
        served.stop().await;
    }

    #[tokio::test]
    async fn a_body_over_the_cap_is_refused_in_plain_text_but_still_logged() {
        let served = Served::start(Options { max_body: 1000, ..manual() }).await;
        let big = "x".repeat(3_000_000);
        let refused = push(&served, AGENT_ID, &big).await;
        assert_eq!((refused.status, refused.header("content-type")), (413, Some("text/plain")));
        assert_eq!(refused.text(), "Request Entity Too Large\n\nFUNCTION_PAYLOAD_TOO_LARGE\n");
        // Without a length the cap strikes while streaming.
        let headers = "transfer-encoding: chunked\r\ncontent-type: application/json\r\n";
        let chunked = format!("7d0\r\n{}\r\n0\r\n\r\n", "x".repeat(2000));
        let request =
            format!("POST /api/v1/chat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n{chunked}");
        assert!(served.bytes(request.as_bytes()).await.starts_with("HTTP/1.1 413"));
        let log = served.log().await;
        assert_eq!(log[0]["status"], 413);
        assert!(log[0]["body_bytes"].as_u64().unwrap() > 3_000_000);
        served.stop().await;
    }

    #[tokio::test]
    async fn the_log_knows_hashes_and_counts_but_no_key() {
        let served = Served::start(manual()).await;
        push(&served, AGENT_ID, "é😀").await;
        let headers = "user-agent: probe/1\r\n";
        served.raw("GET", "/api/v1/get-chatbots?key=sbx-standard", headers, b"").await.unwrap();
        let log = served.log().await;
        assert_eq!(
            (&log[0]["utf16"], &log[0]["scalars"], &log[0]["bytes"], &log[0]["at"]),
            (&json!(3), &json!(2), &json!(6), &json!(1_767_225_600_000_u64))
        );
        let hash = crate::sandbox::text::sha256("é😀".as_bytes());
        assert_eq!(log[0]["source_sha256"], json!(hash));
        assert_eq!((&log[1]["query"], &log[1]["user_agent"]), (&json!("key=[key]"), &json!("probe/1")));
        assert!(!log.to_string().contains(STANDARD_KEY));
        served.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn questions_during_pushes_are_answered_from_one_text_as_a_whole() {
        let options =
            Options { rate: (100_000, Duration::from_secs(1)), train_base: Duration::ZERO, ..manual() };
        let served = Arc::new(Served::start(options).await);
        let text = |number: usize| format!("Alpha is number {number}. Beta is number {number}.");
        push(&served, AGENT_ID, &text(0)).await;
        let pushing = tokio::spawn({
            let served = Arc::clone(&served);
            async move {
                for number in 1..60 {
                    assert_eq!(push(&served, AGENT_ID, &text(number)).await.status, 200);
                    served.advance(1).await;
                }
            }
        });
        while !pushing.is_finished() {
            let answer = ask(&served, AGENT_ID, "alpha beta").await;
            assert!((0..60).any(|number| answer == text(number)), "{answer}");
        }
        pushing.await.unwrap();
        assert_eq!(ask(&served, AGENT_ID, "alpha beta").await, text(59));
    }

    #[tokio::test]
    async fn the_same_requests_give_the_same_ids() {
        let run = async || {
            let served = Served::start(manual()).await;
            let body = json!({ "chatbotName": "New one" });
            let made = served.post("create-chatbot", &body, "").await.unwrap();
            let ids = (made.json()["chatbotId"].clone(), made.header("x-request-id").map(str::to_owned));
            served.stop().await;
            ids
        };
        let first = run().await;
        assert_eq!(first.0.as_str().unwrap().len(), 21);
        assert_eq!(first, run().await);
    }

    #[tokio::test]
    async fn a_real_clock_starts_at_the_wall_time_and_runs_by_itself() {
        let wall = || jiff::Timestamp::from_second(1_700_000_000).unwrap();
        let served =
            Served::start(Options { train_base: Duration::ZERO, ..Options::new(Clock::Real(wall)) }).await;
        push(&served, AGENT_ID, "Bananas are yellow.").await;
        assert_eq!(ask(&served, AGENT_ID, "yellow bananas").await, "Bananas are yellow.");
        let headers = format!("authorization: Bearer {STANDARD_KEY}\r\n");
        let listed = served.raw("GET", "/api/v1/get-chatbots", &headers, b"").await.unwrap().json();
        let created = listed["chatbots"]["data"][0]["created_at"].as_str().unwrap();
        assert!(created.starts_with("2023-11-14T22:13:2"), "{created}");
        served.stop().await;
    }

    #[tokio::test]
    async fn only_loopback_is_served() {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let refused =
            crate::sandbox::serve(listener, manual(), tokio_util::sync::CancellationToken::new()).await;
        assert!(refused.unwrap_err().to_string().contains("loopback"));
    }
}
