//! A document: the Markdown that is kept of a page.

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::{
    extract::Block,
    hash::{Hash, sha256},
};

/// What is kept of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where a customer finds it.
    pub url: String,
    /// Its title; never empty.
    pub title: String,
    /// The names of the pages above it, from the top.
    pub trail: Vec<String>,
    /// BCP 47 language, as the page declares it.
    pub language: Option<String>,
    /// Day of its last change, as the page declares it: `2024-12-31`.
    pub modified: Option<String>,
    /// Normalised Markdown; never empty.
    pub markdown: String,
    /// Of `markdown`.
    pub hash: ContentHash,
}

/// SHA-256 of a document's normalised Markdown: equal text, equal hash, whatever the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(#[serde(with = "hex_text")] pub Hash);

impl Document {
    /// Makes a document of the blocks that are left of a page; `None` where no text is left.
    pub fn new<'a>(url: &str, title: &str, blocks: impl Iterator<Item = &'a Block>) -> Option<Document> {
        let mut joined = String::new();
        for block in blocks {
            if !joined.is_empty() {
                joined.push_str("\n\n");
            }
            joined.push_str(&block.markdown);
        }
        let markdown = normalise(&joined);
        if markdown.is_empty() {
            return None;
        }
        let title = if title.trim().is_empty() { url } else { title.trim() };
        Some(Document {
            url: url.to_owned(),
            title: title.to_owned(),
            trail: Vec::new(),
            language: None,
            modified: None,
            hash: ContentHash::of(&markdown),
            markdown,
        })
    }

    /// The same, below these pages.
    #[must_use]
    pub fn below(self, trail: &[String]) -> Document {
        Document { trail: trail.to_vec(), ..self }
    }

    /// The same, with what the page states of itself.
    #[must_use]
    pub fn stating(self, language: Option<&str>, modified: Option<&str>) -> Document {
        Document { language: language.map(str::to_owned), modified: modified.map(str::to_owned), ..self }
    }
}

impl ContentHash {
    /// The hash of normalised Markdown.
    pub fn of(markdown: &str) -> ContentHash {
        ContentHash(sha256(markdown.as_bytes()))
    }
}

/// Removes noise only: Unicode form, line ends, outer white space. A date or a number is content.
pub fn normalise(markdown: &str) -> String {
    let trimmed = markdown.trim_matches(|c| c == '\n' || c == '\r').trim_end();
    let composed = match is_nfc_quick(trimmed.chars()) {
        IsNormalized::Yes => trimmed.to_owned(),
        _ => trimmed.nfc().collect(),
    };
    if composed.contains('\r') { composed.replace("\r\n", "\n").replace('\r', "\n") } else { composed }
}

mod hex_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::hash::hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(D::Error::custom("a SHA-256 has 64 hexadecimal digits"));
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
            *byte = u8::from_str_radix(digits, 16).map_err(D::Error::custom)?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(texts: &[&str]) -> Vec<Block> {
        texts.iter().map(|text| Block { fingerprint: 0, markdown: (*text).to_owned() }).collect()
    }

    #[test]
    fn equal_text_in_another_unicode_form_has_an_equal_hash() {
        let composed = Document::new("u", "t", blocks(&["caf\u{e9}"]).iter()).unwrap();
        let decomposed = Document::new("v", "s", blocks(&["cafe\u{301}"]).iter()).unwrap();
        assert_eq!(composed.hash, decomposed.hash);
    }

    #[test]
    fn a_changed_number_changes_the_hash() {
        let monday = Document::new("u", "t", blocks(&["Open until 5 pm"]).iter()).unwrap();
        let tuesday = Document::new("u", "t", blocks(&["Open until 6 pm"]).iter()).unwrap();
        assert_ne!(monday.hash, tuesday.hash);
    }

    #[test]
    fn a_page_without_text_gives_no_document() {
        assert_eq!(Document::new("u", "t", blocks(&["", "\n"]).iter()), None);
    }

    #[test]
    fn the_url_stands_in_for_a_missing_title() {
        assert_eq!(
            Document::new("https://a.test/x", " ", blocks(&["x"]).iter()).unwrap().title,
            "https://a.test/x"
        );
    }

    #[test]
    fn a_hash_survives_json() {
        let hash = ContentHash::of("x");
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContentHash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<ContentHash>("\"zz\"").is_err());
    }

    proptest::proptest! {
        #[test]
        fn normalising_is_idempotent(text in "\\PC{0,200}") {
            let once = normalise(&text);
            proptest::prop_assert_eq!(normalise(&once), once);
        }
    }
}
