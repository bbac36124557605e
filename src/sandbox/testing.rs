//! A running sandbox and a client of a few lines that sees every byte and every reset.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Clock, Options, STANDARD_KEY, serve};

pub(super) struct Served {
    pub(super) address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

pub(super) fn manual() -> Options {
    Options::new(Clock::Manual)
}

impl Served {
    pub(super) async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, options, shutdown.clone()));
        Self { address, shutdown, serving }
    }

    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
    }

    /// Sends one request and reads to the end of the connection.
    pub(super) async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address).await?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Answer::parse(&bytes)
    }

    /// Sends bytes as they are and gives back everything that comes.
    pub(super) async fn bytes(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends JSON with the key of the Standard account and, if not empty, a fault of its own.
    pub(super) async fn post(&self, operation: &str, body: &Value, fault: &str) -> io::Result<Answer> {
        let fault = if fault.is_empty() { String::new() } else { format!("x-sandbox-fault: {fault}\r\n") };
        let headers =
            format!("authorization: Bearer {STANDARD_KEY}\r\ncontent-type: application/json\r\n{fault}");
        self.raw("POST", &format!("/api/v1/{operation}"), &headers, body.to_string().as_bytes()).await
    }

    pub(super) async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.raw(method, &format!("/__sandbox/{path}"), "", body.as_bytes()).await.unwrap()
    }

    pub(super) async fn log(&self) -> Value {
        self.control("GET", "log", &Value::Null).await.json()
    }

    pub(super) async fn advance(&self, ms: u32) {
        assert_eq!(self.control("POST", "clock/advance", &serde_json::json!({ "ms": ms })).await.status, 200);
    }

    pub(super) async fn stored(&self, agent: &str) -> String {
        self.control("GET", &format!("agents/{agent}/text"), &Value::Null).await.text()
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let end =
            bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut answer = Self {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        if answer.header("transfer-encoding").is_some() {
            answer.body = unchunked(&answer.body);
        }
        Ok(answer)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        let end = (at + 2 + size).min(bytes.len());
        body.extend_from_slice(&bytes[at + 2..end]);
        bytes = bytes.get(end + 2..).unwrap_or_default();
    }
    body
}
