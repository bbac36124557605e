//! What a corpus consists of: kept with it, so that the next one can be compared.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::document::ContentHash;

/// The documents of a corpus, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// One per document.
    pub documents: Vec<Entry>,
    /// Of the whole corpus.
    pub size: Counts,
}

/// One document of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where a customer finds it.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Of its text.
    pub hash: ContentHash,
    /// Of its section of the corpus.
    pub size: Counts,
    /// The name of the source that it comes from; empty where that was not noted yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// What of its section had no room, where only the leading sections of the document fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Counts>,
}

impl Manifest {
    /// URLs of documents that `earlier` has and this one has not. A document that moved to another URL with its
    /// text was not lost.
    pub fn lost_since<'a>(&self, earlier: &'a Manifest) -> Vec<&'a str> {
        let urls: HashSet<&str> = self.documents.iter().map(|entry| entry.url.as_str()).collect();
        let texts: HashSet<ContentHash> = self.documents.iter().map(|entry| entry.hash).collect();
        let is_lost = |entry: &&Entry| !urls.contains(entry.url.as_str()) && !texts.contains(&entry.hash);
        earlier.documents.iter().filter(is_lost).map(|entry| entry.url.as_str()).collect()
    }

    /// URLs of documents that `earlier` has with another text, which this one has nowhere.
    pub fn changed_since<'a>(&self, earlier: &'a Manifest) -> Vec<&'a str> {
        let urls: HashSet<&str> = self.documents.iter().map(|entry| entry.url.as_str()).collect();
        let texts: HashSet<ContentHash> = self.documents.iter().map(|entry| entry.hash).collect();
        let is_changed = |entry: &&Entry| urls.contains(entry.url.as_str()) && !texts.contains(&entry.hash);
        earlier.documents.iter().filter(is_changed).map(|entry| entry.url.as_str()).collect()
    }

    /// Names of sources that documents of `earlier` come from, and none of this one, where one of them was lost.
    pub fn sources_lost_since<'a>(&self, earlier: &'a Manifest) -> BTreeSet<&'a str> {
        let present: HashSet<&str> = self.documents.iter().map(|entry| entry.source.as_str()).collect();
        let lost: HashSet<&str> = self.lost_since(earlier).into_iter().collect();
        let of_lost = earlier.documents.iter().filter(|entry| lost.contains(entry.url.as_str()));
        let sources = of_lost.map(|entry| entry.source.as_str());
        sources.filter(|source| !source.is_empty() && !present.contains(source)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(documents: &[(&str, &str)]) -> Manifest {
        let documents = documents
            .iter()
            .map(|(url, text)| Entry {
                url: (*url).to_owned(),
                title: String::new(),
                hash: ContentHash::of(text),
                size: Counts::of(text),
                source: url.chars().take(2).collect(),
                cut: None,
            })
            .collect();
        Manifest { documents, size: Counts::default() }
    }

    #[test]
    fn a_document_that_moved_is_not_lost() {
        let earlier = manifest(&[("/a", "alpha"), ("/b", "beta"), ("/c", "gamma")]);
        let later = manifest(&[("/a2", "alpha"), ("/b", "beta 2"), ("/d", "delta")]);
        assert_eq!(later.lost_since(&earlier), ["/c"]);
    }

    #[test]
    fn a_document_with_another_text_at_its_url_changed() {
        let earlier = manifest(&[("/a", "alpha"), ("/b", "beta"), ("/c", "gamma")]);
        let later = manifest(&[("/a", "beta"), ("/b", "beta 2"), ("/c", "gamma 2")]);
        assert_eq!(later.changed_since(&earlier), ["/a", "/c"]);
    }

    #[test]
    fn a_source_is_lost_with_its_last_document_unless_another_source_has_its_texts() {
        let earlier = manifest(&[("/a1", "alpha"), ("/a2", "beta"), ("/b1", "gamma"), ("/c1", "delta")]);
        let later = manifest(&[("/a1", "alpha 2"), ("/d1", "delta")]);
        assert_eq!(later.sources_lost_since(&earlier).into_iter().collect::<Vec<_>>(), ["/b"]);
    }

    #[test]
    fn a_manifest_of_before_sources_were_noted_can_be_read() {
        let json = serde_json::to_string(&manifest(&[("", "alpha")])).unwrap();
        assert!(!json.contains("source"), "{json}");
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap().documents[0].source, "");
    }
}
