//! The chatbot: our own stand-in for the API, with what tests turn and look at.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Mutex,
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use corpusd::sandbox::{self, Clock, Generation, Options, Received, STANDARD_KEY};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{contract, world::now};

/// The operation that replaces an agent's text.
const PUSH: &str = "/api/v1/update-chatbot-data";

/// A running sandbox; it ends with its runtime.
#[derive(Debug)]
pub(crate) struct Chatbot {
    pub(crate) address: SocketAddr,
    received: Mutex<Receiver<Received>>,
}

impl Chatbot {
    /// Trains at once, so that what was pushed is told at once, and takes no push without the agent's name.
    pub(crate) async fn start() -> Chatbot {
        Chatbot::with(|options| options).await
    }

    /// The same, of this generation of API v2.
    pub(crate) async fn of(generation: Generation) -> Chatbot {
        Chatbot::with(|options| Options { generation, ..options }).await
    }

    pub(crate) async fn with(change: impl FnOnce(Options) -> Options) -> Chatbot {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::channel();
        let options = Options {
            received: Some(sender),
            train_base: Duration::ZERO,
            train_per_mb: Duration::ZERO,
            require_name: true,
            rate: (100_000, Duration::from_secs(1)),
            ..Options::new(Clock::Real(now))
        };
        tokio::spawn(sandbox::serve(listener, change(options), CancellationToken::new()));
        Chatbot { address, received: Mutex::new(received) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is wrong, by the contract, with the requests that came in since this was asked last.
    pub(crate) fn faults(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received.try_iter().filter_map(|request| contract::fault(&request)).collect()
    }

    /// What happens to pushes from now on. `action` is a line or an object, as the sandbox reads them.
    pub(crate) async fn on_push(&self, action: impl Into<Value>) {
        self.fault(json!({"path_glob": PUSH}), action.into()).await;
    }

    /// What happens to the next push only.
    pub(crate) async fn on_next_push(&self, action: impl Into<Value>) {
        self.fault(json!({"path_glob": PUSH, "times": 1}), action.into()).await;
    }

    pub(crate) async fn fault(&self, matching: Value, action: Value) {
        let (status, body) = self.ask("POST", "faults", &json!({"match": matching, "action": action})).await;
        assert_eq!(status, 201, "{body}");
    }

    pub(crate) async fn heal(&self) {
        assert_eq!(self.ask("DELETE", "faults", &Value::Null).await.0, 204);
    }

    /// Every request to the API, oldest first.
    pub(crate) async fn log(&self) -> Vec<Value> {
        let (_, body) = self.ask("GET", "log", &Value::Null).await;
        serde_json::from_str(&body).unwrap()
    }

    /// Every push that was answered, or deliberately not.
    pub(crate) async fn pushes(&self) -> Vec<Value> {
        self.log()
            .await
            .into_iter()
            .filter(|entry| entry["path"] == PUSH && entry["method"] == "POST")
            .collect()
    }

    /// The hashes of everything that was pushed, each once.
    pub(crate) async fn hashes(&self) -> Vec<String> {
        let mut hashes: Vec<_> = self
            .pushes()
            .await
            .iter()
            .filter_map(|push| Some(push["source_sha256"].as_str()?.to_owned()))
            .collect();
        hashes.sort();
        hashes.dedup();
        hashes
    }

    /// The text that was last pushed to `agent` and stored.
    pub(crate) async fn text(&self, agent: &str) -> String {
        let (status, body) = self.ask("GET", &format!("agents/{agent}/text"), &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Everything that `agent` answers from, other sources included.
    pub(crate) async fn live(&self, agent: &str) -> String {
        self.ask("GET", &format!("agents/{agent}/live"), &Value::Null).await.1
    }

    /// What the sandbox holds of `agent`.
    pub(crate) async fn agent(&self, agent: &str) -> Value {
        let (_, body) = self.ask("GET", "state", &Value::Null).await;
        let state: Value = serde_json::from_str(&body).unwrap();
        let mut agents = state["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|account| account["agents"].as_array().unwrap());
        agents.find(|item| item["id"] == agent).unwrap().clone()
    }

    /// The sources of `agent` that were made through API v2.
    pub(crate) async fn sources(&self, agent: &str) -> Vec<Value> {
        let (_, body) = self.ask("GET", &format!("agents/{agent}/sources"), &Value::Null).await;
        serde_json::from_str(&body).unwrap()
    }

    /// Every write to sources: method and status, oldest first.
    pub(crate) async fn writes(&self) -> Vec<(String, u64)> {
        let log = self.log().await.into_iter();
        let writes = log.filter(|entry| {
            entry["method"] != "GET" && entry["path"].as_str().is_some_and(|path| path.contains("/sources"))
        });
        writes
            .map(|entry| {
                (entry["method"].as_str().unwrap().to_owned(), entry["status"].as_u64().unwrap_or_default())
            })
            .collect()
    }

    /// Somebody else asks for this at API v2, below the agent.
    pub(crate) async fn by_somebody_else(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.asked(method, &format!("/api/v2/agents/{path}"), body).await;
        assert!((200..300).contains(&status), "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// Somebody else trains `agent` on this text.
    pub(crate) async fn trained_by_somebody_else(&self, agent: &str, text: &str) {
        let body = json!({"chatbotId": agent, "chatbotName": "Sandbox Agent", "sourceText": text});
        let (status, answer) = self.asked("POST", PUSH, &body).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// A request with the key of the account; without a body where that is null.
    pub(crate) async fn asked(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let headers = format!("authorization: Bearer {STANDARD_KEY}\r\ncontent-type: application/json\r\n");
        exchange(self.address, method, path, &headers, &written(body)).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = exchange(self.address, method, &format!("/__sandbox/{path}"), "", &written(body)).await;
        answer.unwrap_or_else(|error| panic!("the sandbox answers `{method} {path}`: {error}"))
    }
}

impl Drop for Chatbot {
    /// Whatever the test was about: nothing was sent that the contract does not know.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let faults = self.faults();
            assert!(faults.is_empty(), "requests that break the contract:\n{}", faults.join("\n"));
        }
    }
}

/// A body as it is sent: JSON, or nothing for null.
fn written(body: &Value) -> String {
    if body.is_null() { String::new() } else { body.to_string() }
}

/// One request on a connection of its own. The sandbox's control answers come with a length.
async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}
