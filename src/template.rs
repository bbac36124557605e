//! Blocks that repeat over a site's pages: navigation, cookie bars, footers, "was this helpful".
//!
//! Where a rule of a generator or of the pipeline names the content, chrome is outside of it already, and removing
//! what repeats inside costs content; so only other pages are counted, and only they lose blocks. Chrome stands
//! around the content: what repeats between blocks of a page's own, as the heading "Parameters" does, is content.
//! A repeating block with facts (a price, a telephone number, opening hours) stays on the first page that has it.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::extract::{Article, Block, Container, has_facts};

mod audit;

pub use audit::{Alarm, Audit, Removed, Stripped};

/// A block on at least this share of the pages belongs to the template …
const SHARE: f64 = 0.3;
/// … but never one on fewer pages than this: two pages may well say the same.
const FEWEST: u64 = 5;
/// The counts are pruned each time this many pages were counted, so that memory follows the number of blocks
/// that repeat and not the size of the site. A count is low by at most `pages / PRUNE_EVERY` then, which
/// the threshold allows for.
const PRUNE_EVERY: u64 = 200;
/// Own text that may stand at either end of a page beside its content: a date, a breadcrumb.
const BESIDE: f64 = 0.03;

/// Counts on how many pages each block stands (lossy counting, Manku and Motwani 2002).
#[derive(Debug, Default)]
pub struct Counts {
    pages: u64,
    blocks: HashMap<u64, Count>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    pages: u64,
    /// How many may have been missed before it was first counted.
    missed: u64,
    /// The first page, by its hash, if the block carries facts.
    home: Option<u64>,
}

/// The blocks that repeat.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// By fingerprint, with the page that keeps the block.
    blocks: HashMap<u64, Option<u64>>,
}

/// A page with the template taken off.
#[derive(Debug, Clone, Default)]
pub struct Trimmed<'a> {
    /// The page's own blocks, in order.
    pub own: Vec<&'a Block>,
    /// What belongs to the template.
    pub removed: Vec<&'a Block>,
}

impl Counts {
    /// Counts the blocks of one page, each once. Pages come in the order of the corpus, whose first page keeps what
    /// is kept once.
    pub fn add(&mut self, page: &str, article: &Article) {
        let missed = self.pages / PRUNE_EVERY;
        self.pages += 1;
        let mut once = HashSet::new();
        for block in article.blocks.iter().filter(|block| once.insert(block.fingerprint)) {
            let first = || Count { pages: 0, missed, home: has_facts(&block.markdown).then(|| name(page)) };
            self.blocks.entry(block.fingerprint).or_insert_with(first).pages += 1;
        }
        if self.pages.is_multiple_of(PRUNE_EVERY) {
            let bucket = self.pages / PRUNE_EVERY;
            self.blocks.retain(|_, count| count.pages + count.missed > bucket);
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
        let repeats = |count: &Count| count.pages + count.missed >= threshold && count.pages >= FEWEST;
        let blocks = self.blocks.into_iter().filter(|(_, count)| repeats(count));
        Template { blocks: blocks.map(|(block, count)| (block, count.home)).collect() }
    }
}

impl Template {
    /// Takes the template off a page.
    pub fn trim<'a>(&self, page: &str, article: &'a Article) -> Trimmed<'a> {
        let blocks = &article.blocks;
        if article.container.is_exact() || self.blocks.is_empty() {
            return Trimmed { own: blocks.iter().collect(), removed: Vec::new() };
        }
        let page = name(page);
        let repeats: Vec<bool> = blocks.iter().map(|block| self.repeats(block, page)).collect();
        if article.container != Container::Body && repeats.iter().all(|repeats| *repeats) {
            // Chrome stands around content. Where a landmark holds nothing else, many pages have one text: that is for
            // others to judge.
            return Trimmed { own: blocks.iter().collect(), removed: Vec::new() };
        }
        let content = content(blocks, &repeats);
        let mut trimmed = Trimmed::default();
        for (at, block) in blocks.iter().enumerate() {
            let side =
                if repeats[at] && !content.contains(&at) { &mut trimmed.removed } else { &mut trimmed.own };
            side.push(block);
        }
        trimmed
    }

    fn repeats(&self, block: &Block, page: u64) -> bool {
        self.blocks.get(&block.fingerprint).is_some_and(|home| *home != Some(page)) && !is_code(block)
    }
}

/// Where the content of a page is: from its first own heading or the beginning of its own text to the end of it. A
/// little text of its own may stand beside it, among what repeats.
fn content(blocks: &[Block], repeats: &[bool]) -> std::ops::Range<usize> {
    let own = |at: usize| if repeats[at] { 0 } else { blocks[at].markdown.len() };
    let beside = (0..blocks.len()).map(own).sum::<usize>() as f64 * BESIDE;
    // The first block at which more of the page's own was met than may stand beside its content.
    let mut met = 0;
    let first = (0..blocks.len()).find(|&at| {
        met += own(at);
        !repeats[at] && (met as f64 > beside || blocks[at].markdown.starts_with('#'))
    });
    met = 0;
    let last = (0..blocks.len()).rfind(|&at| {
        met += own(at);
        !repeats[at] && met as f64 > beside
    });
    match (first, last) {
        // The heading of own text is content, even if other pages have the same.
        (Some(first), Some(last)) if first <= last => {
            let heads = first > 0 && blocks[first - 1].markdown.starts_with('#');
            first - usize::from(heads)..last + 1
        }
        _ => 0..0,
    }
}

/// Code is never chrome.
fn is_code(block: &Block) -> bool {
    block.markdown.starts_with("```") || block.markdown.starts_with("~~~")
}

fn name(page: &str) -> u64 {
    xxh3_64(page.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(container: Container, texts: &[String]) -> Article {
        let fingerprint = |text: &String| xxh3_64(text.as_bytes());
        let block = |text: &String| Block { fingerprint: fingerprint(text), markdown: text.clone() };
        Article {
            title: String::new(),
            language: None,
            description: None,
            breadcrumbs: Vec::new(),
            modified: None,
            container,
            blocks: texts.iter().map(block).collect(),
            flags: Vec::new(),
        }
    }

    /// `*` stands for text that no other page has.
    fn page(number: u64, texts: &[&str]) -> Article {
        let own =
            |text: &&str| text.replace('*', &format!("what only page {number} says, and at some length"));
        article(Container::Body, &texts.iter().map(own).collect::<Vec<_>>())
    }

    /// Ten pages of this make; the one with the number 3, trimmed.
    fn check(texts: &[&str], expected: &[&str]) {
        let mut counts = Counts::default();
        for number in 0..10 {
            counts.add(&format!("/{number}"), &page(number, texts));
        }
        let template = counts.template();
        let (third, expected) = (page(3, texts), page(3, expected));
        let trimmed = template.trim("/3", &third);
        let own: Vec<_> = trimmed.own.iter().map(|block| &block.markdown).collect();
        assert_eq!(own, expected.blocks.iter().map(|block| &block.markdown).collect::<Vec<_>>(), "{texts:?}");
        assert_eq!(trimmed.own.len() + trimmed.removed.len(), texts.len());
    }

    #[test]
    fn what_stands_on_most_pages_goes_and_what_is_unique_stays() {
        check(&["Menu", "# *", "*", "Was this helpful?"], &["# *", "*"]);
        check(&["Menu", "*", "Menu"], &["*"]);
        check(&["Menu", "Footer"], &[]);
    }

    #[test]
    fn what_repeats_amid_a_page_s_own_text_is_content() {
        check(&["Menu", "*", "## Parameters", "*!", "Footer"], &["*", "## Parameters", "*!"]);
        check(&["Menu", "# *", "## Parameters", "*!", "Footer"], &["# *", "## Parameters", "*!"]);
        check(&["Menu", "## Overview", "*"], &["## Overview", "*"]);
    }

    #[test]
    fn a_little_own_text_among_what_repeats_hides_nothing() {
        let long = "* ".repeat(60);
        check(&["Menu", &long, "Was this helpful?", "#*", "Footer"], &[&long, "#*"]);
    }

    #[test]
    fn code_stays() {
        check(&["```\nx\n```", "*", "```\nx\n```"], &["```\nx\n```", "*", "```\nx\n```"]);
    }

    #[test]
    fn a_block_with_facts_stays_on_one_page() {
        let texts = ["Call +49 30 1234567, Mon to Fri.", "# *", "*", "All rights reserved."];
        let mut counts = Counts::default();
        (0..10).for_each(|number| counts.add(&format!("/{number}"), &page(number, &texts)));
        let template = counts.template();
        let kept = |number: u64| {
            template
                .trim(&format!("/{number}"), &page(number, &texts))
                .own
                .iter()
                .any(|b| b.markdown == texts[0])
        };
        assert_eq!((0..10).filter(|&number| kept(number)).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn one_text_in_the_landmark_of_many_pages_is_no_template() {
        let mut counts = Counts::default();
        (0..10).for_each(|number| counts.add("/", &page(number, &["Closed", "Come back later"])));
        let template = counts.template();
        let texts = ["Closed".to_owned(), "Come back later".to_owned()];
        let own = |container| template.trim("/", &article(container, &texts)).own.len();
        assert_eq!(own(Container::Landmark("main".into())), 2);
        assert_eq!(own(Container::Body), 0);
    }

    #[test]
    fn a_few_pages_that_say_the_same_are_no_template() {
        let mut counts = Counts::default();
        (0..4).for_each(|number| counts.add("/", &page(number, &["Menu", "*"])));
        assert_eq!(counts.template().trim("/", &page(0, &["Menu"])).own.len(), 1);
    }

    #[test]
    fn what_a_rule_found_loses_nothing() {
        let mut counts = Counts::default();
        (0..10).for_each(|number| counts.add("/", &page(number, &["Menu"])));
        let template = counts.template();
        let texts = ["Menu".to_owned(), "Own".to_owned()];
        let own = |container| template.trim("/", &article(container, &texts)).own.len();
        assert_eq!(own(Container::Rule("sphinx".into())), 2);
        assert_eq!(own(Container::Asked), 2);
        assert_eq!(own(Container::Landmark("main".into())), 1);
    }

    #[test]
    fn counting_a_large_site_keeps_what_repeats_and_forgets_what_does_not() {
        let mut counts = Counts::default();
        for number in 0..20_000_u64 {
            // Every third page carries the menu, from late on.
            let texts: &[&str] = if number % 3 == 1 { &["*", "*!"] } else { &["*", "*!", "Menu"] };
            counts.add("/", &page(number, texts));
        }
        assert!(counts.blocks.len() < 1_000, "{} counts held", counts.blocks.len());
        assert_eq!(counts.template().blocks.len(), 1);
    }
}
