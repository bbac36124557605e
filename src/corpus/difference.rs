//! What one corpus has that another has not, document by document.

use std::collections::{HashMap, HashSet};

use super::{Corpus, Section};

/// How a corpus differs from an earlier one. A document is the same where it stands under its URL with the same text,
/// wherever in the corpus.
#[derive(Debug, Default, PartialEq)]
pub struct Difference<'a> {
    /// Documents at URLs that the earlier one has not, in the order of the later one.
    pub added: Vec<Section<'a>>,
    /// Documents with another text, before and after, in the order of the later one.
    pub changed: Vec<(Section<'a>, Section<'a>)>,
    /// Documents at URLs that the later one has not, in the order of the earlier one.
    pub removed: Vec<Section<'a>>,
}

impl<'a> Difference<'a> {
    /// Compares two corpora.
    pub fn between(earlier: &'a Corpus, later: &'a Corpus) -> Difference<'a> {
        let before: HashMap<&str, Section<'a>> =
            earlier.sections().map(|section| (section.entry.url.as_str(), section)).collect();
        let mut difference = Difference::default();
        for section in later.sections() {
            match before.get(section.entry.url.as_str()) {
                None => difference.added.push(section),
                Some(old) if old.text != section.text => difference.changed.push((*old, section)),
                Some(_) => {}
            }
        }
        let after: HashSet<&str> = later.manifest.documents.iter().map(|entry| entry.url.as_str()).collect();
        difference.removed =
            earlier.sections().filter(|section| !after.contains(section.entry.url.as_str())).collect();
        difference
    }

    /// Whether no document differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::{Assembler, Budget, Limit, Unit},
        document::Document,
        extract::Block,
    };

    fn corpus(documents: &[(&str, &str)]) -> Corpus {
        let limits = vec![Limit { unit: Unit::Bytes, max: 10_000 }];
        let mut assembler = Assembler::new(Budget::of(limits));
        for (place, (url, text)) in documents.iter().enumerate() {
            let block = Block { fingerprint: 0, markdown: (*text).to_owned() };
            assembler.offer(place, &Document::new(url, "T", [block].iter()).unwrap());
        }
        assembler.finish()
    }

    #[test]
    fn documents_come_change_and_go() {
        let earlier = corpus(&[("/a", "alpha"), ("/b", "beta"), ("/c", "gamma")]);
        let later = corpus(&[("/d", "delta"), ("/c", "gamma"), ("/b", "beta 2")]);
        let Difference { added, changed, removed } = Difference::between(&earlier, &later);
        let url = |section: &Section<'_>| section.entry.url.clone();
        assert_eq!(added.iter().map(url).collect::<Vec<_>>(), ["/d"]);
        assert_eq!(removed.iter().map(url).collect::<Vec<_>>(), ["/a"]);
        let [(before, after)] = changed[..] else { panic!("one changed: {changed:?}") };
        assert_eq!((before.body(), after.body()), ("beta", "beta 2"));
    }

    #[test]
    fn another_order_is_no_difference() {
        let one = corpus(&[("/a", "alpha"), ("/b", "beta")]);
        let other = corpus(&[("/b", "beta"), ("/a", "alpha")]);
        assert_ne!(one.sha256, other.sha256);
        assert!(Difference::between(&one, &other).is_empty());
    }
}
