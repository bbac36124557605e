//! What a corpus consists of: kept with it, so that the next one can be compared.

use std::collections::HashSet;

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
}
