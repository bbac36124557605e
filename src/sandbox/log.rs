//! The request log that tests assert on. It holds hashes and counts, never a body and never a key.

use std::collections::VecDeque;

use serde::Serialize;

use super::account::{EXPIRED_KEY, FREE_KEY, HOBBY_KEY, STANDARD_KEY};
use super::call::SourceFacts;

/// Older entries make room beyond this many.
const CAPACITY: usize = 100_000;

/// One request, as it was answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    pub(super) request_id: String,
    /// Milliseconds of the sandbox clock.
    pub(super) at: u64,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) user_agent: Option<String>,
    /// `None` when the connection was cut or left without an answer.
    pub(super) status: Option<u16>,
    /// The fault that was injected.
    pub(super) fault: Option<String>,
    /// Bytes of the body that arrived.
    pub(super) body_bytes: u64,
    pub(super) body_sha256: String,
    /// Hash and counts of the text that was written.
    #[serde(flatten)]
    pub(super) source: Option<SourceFacts>,
}

/// The requests in the order in which they were answered.
#[derive(Default)]
pub(super) struct Log(VecDeque<Entry>);

impl Log {
    pub(super) fn record(&mut self, entry: Entry) {
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(super) fn entries(&self) -> &VecDeque<Entry> {
        &self.0
    }
}

/// The text without any of the ready-made keys, which a careless client may have put into a URL.
pub(super) fn masked(text: &str) -> String {
    let keys = [STANDARD_KEY, HOBBY_KEY, FREE_KEY, EXPIRED_KEY];
    keys.iter().fold(text.to_owned(), |text, key| text.replace(key, "[key]"))
}
