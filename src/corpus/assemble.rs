//! From documents to a corpus within the budget.

use super::{
    Budget, Counts, Entry, Manifest,
    part::leading_part,
    section::{body, link_line, section},
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
    /// Its title and what is said of its origin: all that stands above its body.
    pub fn head(&self) -> &'a str {
        self.text.trim_end().strip_suffix(self.body()).unwrap_or(self.text)
    }

    /// What the document says, without its title and what is said of its origin.
    pub fn body(&self) -> &'a str {
        body(self.text)
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
    /// Its leading sections did; this much of it had no room.
    Part(Counts),
    /// There was no room for its section, of this size; a smaller one after it may still fit.
    Dropped(Counts),
}

/// Takes documents in the order in which they compete for the budget, and holds only those that fit: memory
/// is bounded by the budget, whatever the size of the site.
#[derive(Debug)]
pub struct Assembler {
    budget: Budget,
    placed: Vec<Placed>,
    size: Counts,
}

/// A document in the corpus.
#[derive(Debug)]
struct Placed {
    place: usize,
    link_line: String,
    section: String,
    entry: Entry,
}

impl Placed {
    fn new(place: usize, document: &Document, budget: &Budget) -> Placed {
        let section = section(document, budget.provenance);
        let (url, title) = (document.url.clone(), document.title.clone());
        let size = Counts::of(&section);
        let link_line = if budget.link_map { link_line(document) } else { String::new() };
        let entry = Entry { url, title, hash: document.hash, size, source: String::new(), cut: None };
        Placed { place, link_line, section, entry }
    }

    /// What it adds to a corpus.
    fn cost(&self) -> Counts {
        self.entry.size + Counts::of(&self.link_line) + Counts::of(SEPARATOR)
    }
}

/// What a document adds to the size of a corpus.
pub fn cost(document: &Document, budget: &Budget) -> Counts {
    Placed::new(0, document, budget).cost()
}

impl Assembler {
    /// An empty corpus.
    pub fn new(budget: Budget) -> Assembler {
        let size = if budget.link_map { Counts::of(LINK_MAP_HEADING) } else { Counts::default() };
        Assembler { budget, placed: Vec::new(), size }
    }

    /// Adds a document where there is room for all of it, or for its leading sections if these are asked for. It will
    /// stand in the corpus in the order of `place`s, whatever the order of the offers.
    pub fn offer(&mut self, place: usize, document: &Document) -> Fit {
        let whole = Placed::new(place, document, &self.budget);
        let size = whole.entry.size;
        if self.fits(&whole) {
            self.add(whole);
            return Fit::Kept;
        }
        let fitting = |part: &Document| self.fits(&Placed::new(place, part, &self.budget));
        let part = if self.budget.partial { leading_part(document, fitting) } else { None };
        let Some(part) = part else { return Fit::Dropped(size) };
        let mut part = Placed::new(place, &part, &self.budget);
        let cut = size - part.entry.size;
        part.entry.cut = Some(cut);
        self.add(part);
        Fit::Part(cut)
    }

    /// Whether there is room for documents that cost so much together.
    pub fn has_room_for(&self, cost: Counts) -> bool {
        self.budget.fits(self.size + cost)
    }

    fn fits(&self, document: &Placed) -> bool {
        self.has_room_for(document.cost())
    }

    fn add(&mut self, document: Placed) {
        self.size = self.size + document.cost();
        self.placed.push(document);
    }

    /// The corpus: link map first, then the sections.
    pub fn finish(mut self) -> Corpus {
        self.placed.sort_by_key(|document| document.place);
        let mut text = String::with_capacity(usize::try_from(self.size.bytes).unwrap_or(0));
        if self.budget.link_map && !self.placed.is_empty() {
            text.push_str(LINK_MAP_HEADING);
            text.extend(self.placed.iter().map(|document| document.link_line.as_str()));
        }
        let mut documents = Vec::with_capacity(self.placed.len());
        for Placed { section, entry, .. } in self.placed {
            if !text.is_empty() {
                text.push_str(SEPARATOR);
            }
            text.push_str(&section);
            documents.push(entry);
        }
        let size = Counts::of(&text);
        let sha256 = sha256(text.as_bytes());
        Corpus { text, sha256, manifest: Manifest { documents, size } }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        corpus::{Limit, Provenance, Unit, Worth},
        extract::Block,
    };

    fn document(url: &str, text: &str) -> Document {
        let block = Block { fingerprint: 0, markdown: text.to_owned() };
        Document::new(url, url.trim_start_matches('/'), [block].iter()).unwrap()
    }

    fn budget(unit: Unit, max: u64) -> Budget {
        Budget::of(vec![Limit { unit, max }])
    }

    #[test]
    fn a_corpus_begins_with_the_link_map_and_names_every_source() {
        let mut assembler = Assembler::new(budget(Unit::Chars, 10_000));
        // Offered in another order than they stand in.
        assert_eq!(assembler.offer(7, &document("/b", "Beta.")), Fit::Kept);
        assert_eq!(assembler.offer(3, &document("/a", "Alpha.")), Fit::Kept);
        assert_eq!(
            assembler.finish().text,
            "# Pages\n\n- [a](/a)\n- [b](/b)\n\n---\n\n# a\n\nSource: /a\n\nAlpha.\n\n---\n\n# b\n\nSource: /b\n\nBeta.\n"
        );
    }

    #[test]
    fn the_sections_of_a_corpus_are_found_again() {
        for provenance in [Provenance::Minimal, Provenance::Full, Provenance::Off] {
            let mut assembler = Assembler::new(Budget { provenance, ..budget(Unit::Chars, 10_000) });
            let texts = ["Alpha.\n\n---\n\nSource: none", "Bäta."];
            for (place, (url, text)) in ["/a", "/b"].into_iter().zip(texts).enumerate() {
                let document =
                    document(url, text).below(&["Docs".to_owned()]).stating(Some("en"), Some("2024-12-31"));
                assembler.offer(place, &document);
            }
            let corpus = assembler.finish();
            let found: Vec<_> =
                corpus.sections().map(|section| (&*section.entry.url, section.body())).collect();
            assert_eq!(found, [("/a", texts[0]), ("/b", texts[1])]);
            assert_eq!(corpus.link_lines().collect::<Vec<_>>(), ["- [a](/a)\n", "- [b](/b)\n"]);
            let other = Corpus { text: "ä".to_owned(), ..corpus };
            assert!(other.sections().all(|section| section.text.len() <= 2));
        }
    }

    #[test]
    fn a_document_that_does_not_fit_is_left_out_whole_and_a_smaller_one_may_follow() {
        let mut assembler = Assembler::new(budget(Unit::Bytes, 120));
        assert_eq!(assembler.offer(0, &document("/a", "Alpha.")), Fit::Kept);
        let Fit::Dropped(size) = assembler.offer(1, &document("/b", &"long ".repeat(100))) else { panic!() };
        assert_eq!(size.bytes, "# b\n\nSource: /b\n\n".len() as u64 + 500);
        assert_eq!(assembler.offer(2, &document("/c", "Gamma.")), Fit::Kept);
        let corpus = assembler.finish();
        assert!(!corpus.text.contains("long"));
        assert!(corpus.text.contains("Gamma."));
    }

    #[test]
    fn a_document_that_does_not_fit_may_give_its_leading_sections() {
        let mut assembler = Assembler::new(Budget { partial: true, ..budget(Unit::Bytes, 120) });
        let text = format!("Intro.\n\n## First\n\nShort.\n\n## Second\n\n{}", "long ".repeat(100));
        let Fit::Part(cut) = assembler.offer(0, &document("/a", &text)) else { panic!() };
        let corpus = assembler.finish();
        assert!(corpus.text.ends_with("Source: /a\n\nIntro.\n\n### First\n\nShort.\n"), "{}", corpus.text);
        let entry = &corpus.manifest.documents[0];
        assert_eq!(entry.cut, Some(cut));
        assert_eq!(cut.bytes, "\n### Second\n\n".len() as u64 + 500);
        assert_eq!(entry.hash, document("/a", "Intro.\n\n## First\n\nShort.").hash);
    }

    /// How many cases a property is tried with: few here, 100,000 where somebody has the time.
    fn cases(usual: u32) -> ProptestConfig {
        let asked = std::env::var("CORPUSD_PAGE_SETS").ok().and_then(|cases| cases.parse().ok());
        ProptestConfig::with_cases(asked.unwrap_or(usual))
    }

    /// A text of a few sections, some of them with code that looks like headings.
    fn text() -> impl Strategy<Value = String> {
        let section = ("(# |## |### |)", "[a-zäß🎈 ]{1,40}", any::<bool>());
        prop::collection::vec(section, 1..6).prop_map(|sections| {
            let written = sections.into_iter().map(|(heading, text, has_code)| {
                let code = if has_code { "\n\n```\n# code\n## code\n```" } else { "" };
                format!("{heading}S{text}E\n\ns{text}e{code}")
            });
            written.collect::<Vec<_>>().join("\n\n")
        })
    }

    fn assembled(budget: Budget, documents: &[Document], order: &[usize]) -> Corpus {
        let mut assembler = Assembler::new(budget);
        for &place in order {
            assembler.offer(place, &documents[place]);
        }
        assembler.finish()
    }

    proptest! {
        #![proptest_config(cases(5_000))]

        #[test]
        fn a_corpus_is_always_below_its_limit_and_cut_between_sections_only(
            texts in prop::collection::vec(text(), 1..12),
            max in 1_u64..3_000,
            headroom in 0.0..0.5,
            by_bytes: bool,
            partial: bool,
            link_map: bool,
        ) {
            let unit = if by_bytes { Unit::Bytes } else { Unit::Chars };
            let documents: Vec<_> =
                texts.iter().enumerate().map(|(n, text)| document(&format!("/{n}"), text)).collect();
            let budget = Budget { headroom, partial, link_map, ..budget(unit, max) };
            let corpus = assembled(budget, &documents, &(0..documents.len()).collect::<Vec<_>>());
            let size = corpus.manifest.size;
            prop_assert_eq!(size, Counts::of(&corpus.text));
            prop_assert!(corpus.text.is_empty() || (size.in_unit(unit) as f64) < max as f64 * (1.0 - headroom));
            for section in corpus.sections() {
                let whole = documents.iter().find(|document| document.url == section.entry.url).unwrap();
                let whole = super::section(whole, Provenance::Minimal);
                prop_assert!(whole.starts_with(section.text));
                let rest = &whole[section.text.len()..];
                prop_assert_eq!(rest.is_empty(), section.entry.cut.is_none());
                prop_assert!(rest.is_empty() || rest.starts_with("\n#"), "cut before {rest:?}");
                prop_assert!(section.text.matches("```").count().is_multiple_of(2));
                prop_assert!(partial || rest.is_empty());
            }
        }

    }

    proptest! {
        #![proptest_config(cases(500))]

        /// The documents that a change moves in or out are together hardly larger than the change itself and the
        /// largest document.
        #[test]
        fn a_small_change_moves_few_documents(
            sizes in prop::collection::vec((1_usize..400, 0_u32..4, 0_u32..40), 2..60),
            changed in any::<prop::sample::Index>(),
            new_size in 0_usize..400,
            max in 100_u64..12_000,
        ) {
            let kept = |sizes: &[(usize, u32, u32)]| -> BTreeMap<String, u64> {
                let documents: Vec<_> = sizes
                    .iter()
                    .enumerate()
                    .map(|(n, (size, ..))| document(&format!("/{n:02}"), &"x".repeat((*size).max(1))))
                    .collect();
                let mut order: Vec<usize> = (0..sizes.len()).filter(|&n| sizes[n].0 > 0).collect();
                order.sort_by_key(|&n| {
                    let (_, depth, inbound) = sizes[n];
                    Worth { depth, inbound, ..Worth::default() }.rank()
                });
                let corpus = assembled(budget(Unit::Chars, max), &documents, &order);
                let costs = |entry: &Entry| (entry.url.clone(), entry.size.utf16 + 20);
                corpus.manifest.documents.iter().map(costs).collect()
            };
            let (before, mut after) = (kept(&sizes), sizes.clone());
            let changed = changed.index(sizes.len());
            after[changed].0 = new_size;
            let after = kept(&after);
            let moved = before.iter().filter(|(url, _)| !after.contains_key(*url));
            let moved = moved.chain(after.iter().filter(|(url, _)| !before.contains_key(*url)));
            let url = format!("/{changed:02}");
            let moved: u64 = moved.filter(|(moved, _)| **moved != url).map(|(_, size)| size).sum();
            let largest = 450;
            prop_assert!(moved <= 3 * largest, "{moved}");
        }
    }
}
