//! What a corpus consists of: kept with it, so that the next one can be compared.

use std::collections::{BTreeMap, BTreeSet};

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

/// How one corpus differs from an earlier one, in documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// URLs that the earlier one did not have.
    pub added: Vec<String>,
    /// URLs that only the earlier one has.
    pub removed: Vec<String>,
    /// URLs whose text is another.
    pub changed: Vec<String>,
}

impl Manifest {
    /// How this corpus differs from `earlier`. A document that moved to another URL with its text is neither
    /// added nor removed: nothing was lost.
    pub fn difference(&self, earlier: &Manifest) -> Difference {
        let by_url = |manifest: &Manifest| -> BTreeMap<String, ContentHash> {
            manifest.documents.iter().map(|entry| (entry.url.clone(), entry.hash)).collect()
        };
        let texts = |manifest: &Manifest| -> BTreeSet<ContentHash> {
            manifest.documents.iter().map(|entry| entry.hash).collect()
        };
        let (new, old) = (by_url(self), by_url(earlier));
        let (new_texts, old_texts) = (texts(self), texts(earlier));
        let missing_from = |other: &BTreeMap<_, _>,
                            texts: &BTreeSet<_>,
                            from: &BTreeMap<String, ContentHash>| {
            let gone =
                |(url, hash): &(&String, &ContentHash)| !other.contains_key(*url) && !texts.contains(*hash);
            from.iter().filter(gone).map(|(url, _)| url.clone()).collect::<Vec<_>>()
        };
        Difference {
            added: missing_from(&old, &old_texts, &new),
            removed: missing_from(&new, &new_texts, &old),
            changed: new
                .iter()
                .filter(|(url, hash)| old.get(*url).is_some_and(|before| before != *hash))
                .map(|(url, _)| url.clone())
                .collect(),
        }
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
    fn a_document_that_moved_is_neither_added_nor_removed() {
        let earlier = manifest(&[("/a", "alpha"), ("/b", "beta"), ("/c", "gamma")]);
        let later = manifest(&[("/a2", "alpha"), ("/b", "beta 2"), ("/d", "delta")]);
        let difference = later.difference(&earlier);
        assert_eq!(difference.added, ["/d"]);
        assert_eq!(difference.removed, ["/c"]);
        assert_eq!(difference.changed, ["/b"]);
    }
}
