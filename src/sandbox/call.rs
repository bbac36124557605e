//! One request as the routes see it: read, measured and parsed, but not yet judged.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::text::{CharUnit, hex, sha256, wide};

/// A request with its body read.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) raw_query: Option<String>,
    query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Intake,
    /// The JSON object of the body; `None` when it is not one.
    pub(super) json: Option<Map<String, Value>>,
}

impl Call {
    pub(super) fn new(parts: Parts, body: Intake) -> Self {
        // A query that does not decode is as good as none: the schema check then names what is missing.
        let query =
            axum::extract::Query::try_from_uri(&parts.uri).map_or_else(|_| Vec::new(), |query| query.0);
        let json = body.kept.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok());
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            raw_query: parts.uri.query().map(str::to_owned),
            query,
            headers: parts.headers,
            body,
            json,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The key after `Bearer`.
    pub(super) fn key(&self) -> Option<&str> {
        let (scheme, key) = self.header(header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    }

    /// Whether the body claims to be JSON.
    pub(super) fn claims_json(&self) -> bool {
        let essence = self.header(header::CONTENT_TYPE).and_then(|value| value.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    }

    /// A string field of the body.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.json.as_ref()?.get(field)?.as_str()
    }

    /// What the log keeps of the text that is written: `sourceText` in v1, `content` in v2.
    pub(super) fn source(&self) -> Option<SourceFacts> {
        self.text("sourceText").or_else(|| self.text("content")).map(SourceFacts::of)
    }
}

/// The measures of a pushed text.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SourceFacts {
    source_sha256: String,
    utf16: u64,
    scalars: u64,
    bytes: u64,
}

impl SourceFacts {
    pub(super) fn of(text: &str) -> Self {
        Self {
            source_sha256: sha256(text.as_bytes()),
            utf16: CharUnit::Utf16.count(text),
            scalars: CharUnit::Scalar.count(text),
            bytes: CharUnit::Bytes.count(text),
        }
    }
}

/// A body as it comes in: hashed to its end, kept only up to a limit.
pub(super) struct Intake {
    limit: u64,
    length: u64,
    hash: Sha256,
    /// The bytes, unless there were more than the limit.
    pub(super) kept: Option<Vec<u8>>,
}

impl Intake {
    /// `announced` is the Content-Length: a body announced as too large is never kept.
    pub(super) fn new(limit: u64, announced: Option<u64>) -> Self {
        let kept = announced.is_none_or(|length| length <= limit).then(Vec::new);
        Self { limit, length: 0, hash: Sha256::new(), kept }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.length += wide(bytes.len());
        self.hash.update(bytes);
        if self.length > self.limit {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }

    /// Bytes received so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}
