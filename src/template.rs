//! Blocks that repeat over a site's pages: navigation, cookie bars, footers.
//!
//! Where a content container was recognised, chrome is outside of it already, and removing what repeats
//! inside costs content; so only pages without one are counted, and only they lose blocks. Chrome stands around
//! the content: what repeats between two blocks of a page's own, as the heading "Parameters" does, is content.

use std::collections::{HashMap, HashSet};

use crate::extract::{Article, Block};

/// A block on at least this share of the pages belongs to the template …
const SHARE: f64 = 0.3;
/// … but never one on fewer pages than this: two pages may well say the same.
const FEWEST: u64 = 5;
/// The counts are pruned each time this many pages were counted, so that memory follows the number of blocks
/// that repeat and not the size of the site. A count is low by at most `pages / PRUNE_EVERY` then, which
/// the threshold allows for.
const PRUNE_EVERY: u64 = 200;

/// Counts on how many pages each block stands (lossy counting, Manku and Motwani 2002).
#[derive(Debug, Default)]
pub struct Counts {
    pages: u64,
    /// Fingerprint → (count, how many may have been missed before it was first counted).
    blocks: HashMap<u64, (u64, u64)>,
}

/// The fingerprints of the blocks that repeat.
#[derive(Debug, Clone, Default)]
pub struct Template {
    blocks: HashSet<u64>,
}

impl Counts {
    /// Counts the blocks of one page, each once.
    pub fn add(&mut self, article: &Article) {
        let missed = self.pages / PRUNE_EVERY;
        self.pages += 1;
        let once: HashSet<u64> = article.blocks.iter().map(|block| block.fingerprint).collect();
        for fingerprint in once {
            self.blocks.entry(fingerprint).or_insert((0, missed)).0 += 1;
        }
        if self.pages.is_multiple_of(PRUNE_EVERY) {
            let bucket = self.pages / PRUNE_EVERY;
            self.blocks.retain(|_, (count, missed)| *count + *missed > bucket);
        }
    }

    /// The blocks that stand on enough of the pages.
    pub fn template(self) -> Template {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a page count"
        )]
        let threshold = ((self.pages as f64 * SHARE).ceil() as u64).max(FEWEST);
        let repeats = |(count, missed): (u64, u64)| count + missed >= threshold && count >= FEWEST;
        let blocks =
            self.blocks.into_iter().filter(|&(_, counts)| repeats(counts)).map(|(block, _)| block).collect();
        Template { blocks }
    }
}

impl Template {
    /// The blocks of a page that are its own: all between the repeating ones at its beginning and its end.
    pub fn own<'a>(&self, article: &'a Article) -> impl Iterator<Item = &'a Block> {
        let blocks = &article.blocks[..];
        let repeats = |block: &Block| self.blocks.contains(&block.fingerprint) && !is_code(block);
        let own = if article.container.is_recognised() {
            blocks
        } else {
            match (
                blocks.iter().position(|block| !repeats(block)),
                blocks.iter().rposition(|block| !repeats(block)),
            ) {
                (Some(first), Some(last)) => &blocks[first..=last],
                _ => &[],
            }
        };
        own.iter()
    }
}

/// Code is never chrome.
fn is_code(block: &Block) -> bool {
    block.markdown.starts_with("```") || block.markdown.starts_with("~~~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Container;

    fn page(container: Container, fingerprints: &[u64]) -> Article {
        let blocks = fingerprints
            .iter()
            .map(|f| Block { fingerprint: *f, markdown: format!("block {f}") })
            .collect::<Vec<_>>();
        Article {
            title: String::new(),
            language: None,
            description: None,
            container,
            blocks,
            flags: Vec::new(),
        }
    }

    fn own(template: &Template, article: &Article) -> Vec<u64> {
        template.own(article).map(|block| block.fingerprint).collect()
    }

    #[test]
    fn what_stands_on_most_pages_goes_and_what_is_unique_stays() {
        let mut counts = Counts::default();
        for n in 0..10 {
            counts.add(&page(Container::Body, &[1, 100 + n, 1]));
        }
        let template = counts.template();
        assert_eq!(own(&template, &page(Container::Body, &[1, 103])), [103]);
    }

    #[test]
    fn what_repeats_amid_a_page_s_own_text_is_content() {
        let mut counts = Counts::default();
        for n in 0..10 {
            counts.add(&page(Container::Body, &[1, 100 + n, 2, 200 + n, 3]));
        }
        let template = counts.template();
        assert_eq!(own(&template, &page(Container::Body, &[1, 103, 2, 203, 3])), [103, 2, 203]);
    }

    #[test]
    fn a_few_pages_that_say_the_same_are_no_template() {
        let mut counts = Counts::default();
        for n in 0..4 {
            counts.add(&page(Container::Body, &[1, 100 + n]));
        }
        let template = counts.template();
        assert_eq!(own(&template, &page(Container::Body, &[1])), [1]);
    }

    #[test]
    fn a_recognised_container_loses_nothing() {
        let mut counts = Counts::default();
        (0..10).for_each(|_| counts.add(&page(Container::Body, &[1])));
        let article = page(Container::Landmark("main".into()), &[1, 2]);
        assert_eq!(own(&counts.template(), &article), [1, 2]);
    }

    #[test]
    fn counting_a_large_site_keeps_what_repeats_and_forgets_what_does_not() {
        let mut counts = Counts::default();
        for n in 0..20_000_u64 {
            // Every third page carries block 1, from late on.
            let mut blocks = vec![1_000_000 + n * 2, 1_000_001 + n * 2];
            if n % 3 != 1 {
                blocks.push(1);
            }
            counts.add(&page(Container::Body, &blocks));
        }
        assert!(counts.blocks.len() < 1_000, "{} counts held", counts.blocks.len());
        assert_eq!(counts.template().blocks, HashSet::from([1]));
    }
}
