//! One piece of a document, and the hash by which it is known again on other pages.

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use xxhash_rust::xxh3::xxh3_64;

/// One top-level piece of a document: a heading, a paragraph, a whole list, a table, a code block.
///
/// Blocks joined by empty lines are the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// XXH3 of the block's text, without white space and link destinations.
    pub fingerprint: u64,
    /// The Markdown, without line ends around it.
    pub markdown: String,
}

impl Block {
    /// A block of Markdown in NFC, whose link destinations stand at these places.
    pub(super) fn new(markdown: String, destinations: &[(usize, usize)]) -> Self {
        let fingerprint = fingerprint(&markdown, destinations);
        let in_nfc = markdown.is_ascii() || is_nfc_quick(markdown.chars()) == IsNormalized::Yes;
        let markdown = if in_nfc { markdown } else { markdown.nfc().collect() };
        Self { fingerprint, markdown }
    }
}

/// Hash of a block's text: white space and link destinations left out, so that one menu is the same on every page.
fn fingerprint(markdown: &str, destinations: &[(usize, usize)]) -> u64 {
    let mut text = Vec::with_capacity(markdown.len());
    let mut at = 0;
    let mut add = |part: &str| text.extend(part.bytes().filter(|b| !b.is_ascii_whitespace()));
    for &(start, end) in destinations {
        add(markdown.get(at..start).unwrap_or_default());
        at = end;
    }
    add(markdown.get(at..).unwrap_or_default());
    xxh3_64(&text)
}
