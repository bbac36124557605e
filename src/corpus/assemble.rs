//! From documents to a corpus within the budget.

use super::{
    Budget, Counts, Entry, Manifest,
    section::{link_line, section},
};
use crate::{
    document::Document,
    hash::{Hash, sha256},
};

/// Between two sections.
pub const SEPARATOR: &str = "\n---\n\n";
/// Above the link map.
pub const LINK_MAP_HEADING: &str = "# Pages\n\n";

/// The text that is sent, and what it consists of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corpus {
    /// CommonMark.
    pub text: String,
    /// SHA-256 of `text`.
    pub sha256: Hash,
    /// What it consists of.
    pub manifest: Manifest,
}

/// One document as it stands in a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    /// What the manifest says of it.
    pub entry: &'a Entry,
    /// Heading, source line and body.
    pub text: &'a str,
}

impl Corpus {
    /// The documents in their order, found by the sizes in the manifest; they stand at the end of the text.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        let mut start = self.start_of_sections();
        self.manifest.documents.iter().map(move |entry| {
            let end = start.saturating_add(length(entry.size.bytes));
            // A manifest of another text has nothing to show.
            let text = self.text.get(start..end).unwrap_or("");
            start = end.saturating_add(SEPARATOR.len());
            Section { entry, text }
        })
    }

    /// The lines of the link map, one per document in their order; none where the corpus has no link map.
    pub fn link_lines(&self) -> impl Iterator<Item = &str> {
        let above = self.text.get(..self.start_of_sections()).and_then(|above| above.strip_suffix(SEPARATOR));
        let lines = above.and_then(|above| above.strip_prefix(LINK_MAP_HEADING));
        lines.unwrap_or("").split_inclusive('\n')
    }

    fn start_of_sections(&self) -> usize {
        let lengths = self.manifest.documents.iter().map(|entry| length(entry.size.bytes));
        let all = lengths.fold(0_usize, |all, own| all.saturating_add(own).saturating_add(SEPARATOR.len()));
        (self.text.len() + SEPARATOR.len()).saturating_sub(all)
    }
}

impl<'a> Section<'a> {
    /// What stands below the source line.
    pub fn body(&self) -> &'a str {
        let below = self.text.split_once("\nSource: ").and_then(|(_, rest)| rest.split_once('\n'));
        below.map_or("", |(_, body)| body.trim())
    }
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Whether a document became part of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It did.
    Kept,
    /// There was no room for it; a smaller one after it may still fit.
    Dropped,
}

/// Takes documents in the order in which they compete for the budget, and holds only those that fit: memory
/// is bounded by the budget, whatever the size of the site.
#[derive(Debug)]
pub struct Assembler {
    budget: Budget,
    link_map: String,
    sections: Vec<String>,
    documents: Vec<Entry>,
    size: Counts,
}

impl Assembler {
    /// An empty corpus.
    pub fn new(budget: Budget) -> Assembler {
        let size = if budget.link_map { Counts::of(LINK_MAP_HEADING) } else { Counts::default() };
        Assembler { budget, link_map: String::new(), sections: Vec::new(), documents: Vec::new(), size }
    }

    /// Adds a document where there is room for all of it.
    pub fn offer(&mut self, document: &Document) -> Fit {
        let section = section(document);
        let line = if self.budget.link_map { link_line(document) } else { String::new() };
        let own = Counts::of(&section);
        let size = self.size + own + Counts::of(&line) + Counts::of(SEPARATOR);
        if !self.budget.fits(size) {
            return Fit::Dropped;
        }
        self.size = size;
        self.link_map.push_str(&line);
        self.sections.push(section);
        let (url, title) = (document.url.clone(), document.title.clone());
        self.documents.push(Entry { url, title, hash: document.hash, size: own, source: String::new() });
        Fit::Kept
    }

    /// The corpus: link map first, then the sections in the order they were offered.
    pub fn finish(self) -> Corpus {
        let mut text = String::with_capacity(usize::try_from(self.size.bytes).unwrap_or(0));
        if self.budget.link_map && !self.sections.is_empty() {
            text.push_str(LINK_MAP_HEADING);
            text.push_str(&self.link_map);
        }
        for section in self.sections {
            if !text.is_empty() {
                text.push_str(SEPARATOR);
            }
            text.push_str(&section);
        }
        let size = Counts::of(&text);
        let sha256 = sha256(text.as_bytes());
        Corpus { text, sha256, manifest: Manifest { documents: self.documents, size } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        corpus::{Limit, Unit},
        extract::Block,
    };

    fn document(url: &str, text: &str) -> Document {
        let block = Block { fingerprint: 0, markdown: text.to_owned() };
        Document::new(url, url.trim_start_matches('/'), [block].iter()).unwrap()
    }

    fn budget(unit: Unit, max: u64) -> Budget {
        Budget { limits: vec![Limit { unit, max }], headroom: 0.0, priority: Vec::new(), link_map: true }
    }

    #[test]
    fn a_corpus_begins_with_the_link_map_and_names_every_source() {
        let mut assembler = Assembler::new(budget(Unit::Chars, 10_000));
        assert_eq!(assembler.offer(&document("/a", "Alpha.")), Fit::Kept);
        assert_eq!(assembler.offer(&document("/b", "Beta.")), Fit::Kept);
        assert_eq!(
            assembler.finish().text,
            "# Pages\n\n- [a](/a)\n- [b](/b)\n\n---\n\n# a\n\nSource: /a\n\nAlpha.\n\n---\n\n# b\n\nSource: /b\n\nBeta.\n"
        );
    }

    #[test]
    fn the_sections_of_a_corpus_are_found_again() {
        let mut assembler = Assembler::new(budget(Unit::Chars, 10_000));
        let texts = ["Alpha.\n\n---\n\nSource: none", "Bäta."];
        for (url, text) in ["/a", "/b"].into_iter().zip(texts) {
            assembler.offer(&document(url, text));
        }
        let corpus = assembler.finish();
        let found: Vec<_> = corpus.sections().map(|section| (&*section.entry.url, section.body())).collect();
        assert_eq!(found, [("/a", texts[0]), ("/b", texts[1])]);
        assert_eq!(corpus.link_lines().collect::<Vec<_>>(), ["- [a](/a)\n", "- [b](/b)\n"]);
        let other = Corpus { text: "ä".to_owned(), ..corpus };
        assert!(other.sections().all(|section| section.text.len() <= 2));
    }

    #[test]
    fn a_document_that_does_not_fit_is_left_out_whole_and_a_smaller_one_may_follow() {
        let mut assembler = Assembler::new(budget(Unit::Bytes, 120));
        assert_eq!(assembler.offer(&document("/a", "Alpha.")), Fit::Kept);
        assert_eq!(assembler.offer(&document("/b", &"long ".repeat(100))), Fit::Dropped);
        assert_eq!(assembler.offer(&document("/c", "Gamma.")), Fit::Kept);
        let corpus = assembler.finish();
        assert!(!corpus.text.contains("long"));
        assert!(corpus.text.contains("Gamma."));
    }

    proptest! {
        #[test]
        fn a_corpus_is_always_below_its_limit(
            texts in prop::collection::vec("[a-zäß🎈 \n#]{1,80}", 1..20),
            max in 1_u64..2_000,
            by_bytes: bool,
        ) {
            let unit = if by_bytes { Unit::Bytes } else { Unit::Chars };
            let mut assembler = Assembler::new(budget(unit, max));
            for (n, text) in texts.iter().enumerate() {
                let block = Block { fingerprint: 0, markdown: text.clone() };
                if let Some(document) = Document::new(&format!("/{n}"), "t", [block].iter()) {
                    assembler.offer(&document);
                }
            }
            let corpus = assembler.finish();
            prop_assert_eq!(corpus.manifest.size, Counts::of(&corpus.text));
            prop_assert!(corpus.text.is_empty() || corpus.manifest.size.in_unit(unit) < max);
        }
    }
}
