//! A document as it is compared with others: cut into passages once, however often it is compared.

use std::borrow::Cow;

use super::{text, words::shingles};
use crate::document::Document;

/// What a document says.
#[derive(Debug, Clone)]
pub struct Said {
    /// The document.
    pub document: Document,
    /// Its text with links within its site made relative, where it has such links.
    relative: Option<String>,
    passages: Vec<u64>,
}

impl Said {
    /// What this document says. Linear in its text, but for the sorting of its passages.
    pub fn by(document: Document) -> Said {
        let relative = match text(&document) {
            Cow::Owned(text) => Some(text),
            Cow::Borrowed(_) => None,
        };
        let mut passages: Vec<u64> = shingles(relative.as_deref().unwrap_or(&document.markdown)).collect();
        passages.sort_unstable();
        passages.dedup();
        Said { document, relative, passages }
    }

    /// Its text, links within its site made relative.
    pub(super) fn text(&self) -> &str {
        self.relative.as_deref().unwrap_or(&self.document.markdown)
    }

    /// The hashes of its passages, sorted, each once.
    pub(super) fn passages(&self) -> &[u64] {
        &self.passages
    }
}
