//! How large a corpus may be, and which documents come first.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::crawl::pattern::{Patterns, Site, Target};

/// The limits of a corpus and the order in which documents compete for it.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Every limit holds; the stricter wins. Never empty.
    pub limits: Vec<Limit>,
    /// Share of each limit left free, 0.0 ..= 0.9.
    pub headroom: f64,
    /// The first matching pattern gives a document its weight; none: 0.
    pub priority: Vec<Priority>,
    /// Documents that have to be part of the corpus.
    pub required: Vec<Patterns>,
    /// Whether a document that does not fit gives its leading sections.
    pub partial: bool,
    /// Whether the corpus begins with a list of its documents' titles and URLs.
    pub link_map: bool,
    /// What a document says of where it comes from.
    pub provenance: Provenance,
}

/// What stands below the title of a document in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Provenance {
    /// Its URL, and the pages above it.
    #[default]
    Minimal,
    /// Besides, its language and the day of its last change, where the page states them.
    Full,
    /// Nothing.
    Off,
}

/// One limit: the corpus stays strictly below `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub unit: Unit,
    /// The limit itself, in `unit`s.
    pub max: u64,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Characters as the API counts them: UTF-16 code units.
    Chars,
    /// UTF-8 bytes.
    Bytes,
}

/// Documents under a pattern come before others.
#[derive(Debug, Clone)]
pub struct Priority {
    /// Which documents.
    pub pattern: Patterns,
    /// Higher first; other documents have 0.
    pub weight: i64,
}

/// The size of a text in the three units that limits are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Unicode scalar values.
    pub characters: u64,
    /// UTF-16 code units.
    pub utf16: u64,
    /// UTF-8 bytes.
    pub bytes: u64,
}

impl Counts {
    /// Counts `text`.
    pub fn of(text: &str) -> Counts {
        // One pass over bytes: a scalar begins at every byte that is no continuation, and takes a second
        // UTF-16 unit where it has four bytes.
        let mut counts = Counts { bytes: text.len() as u64, ..Counts::default() };
        for byte in text.bytes() {
            counts.characters += u64::from(byte & 0xC0 != 0x80);
            counts.utf16 += u64::from(byte & 0xC0 != 0x80) + u64::from(byte >= 0xF0);
        }
        counts
    }

    /// The size in a limit's unit.
    pub fn in_unit(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Chars => self.utf16,
            Unit::Bytes => self.bytes,
        }
    }
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            characters: self.characters + other.characters,
            utf16: self.utf16 + other.utf16,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sub for Counts {
    type Output = Counts;

    /// What is left of a text without a part of it.
    fn sub(self, part: Counts) -> Counts {
        Counts {
            characters: self.characters.saturating_sub(part.characters),
            utf16: self.utf16.saturating_sub(part.utf16),
            bytes: self.bytes.saturating_sub(part.bytes),
        }
    }
}

impl Budget {
    /// These limits without headroom; no document before another.
    pub fn of(limits: Vec<Limit>) -> Budget {
        Budget {
            limits,
            headroom: 0.0,
            priority: Vec::new(),
            required: Vec::new(),
            partial: false,
            link_map: true,
            provenance: Provenance::default(),
        }
    }

    /// Whether a corpus of this size is strictly below every limit, with the headroom left free.
    pub fn fits(&self, size: Counts) -> bool {
        self.limits.iter().all(|limit| size.in_unit(limit.unit) < self.room(*limit))
    }

    /// What `limit` leaves with the headroom deducted: a corpus stays strictly below it.
    pub fn room(&self, limit: Limit) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "limits are far below 2^52"
        )]
        let headroom = (limit.max as f64 * self.headroom).ceil() as u64;
        limit.max.saturating_sub(headroom)
    }

    /// The limit that leaves the least room for a corpus of this size.
    pub fn tightest(&self, size: Counts) -> Option<Limit> {
        let share = |limit: &Limit| size.in_unit(limit.unit) as f64 / self.room(*limit).max(1) as f64;
        self.limits.iter().copied().max_by(|a, b| share(a).total_cmp(&share(b)))
    }

    /// The weight of the document at `url`; the first matching pattern decides.
    pub fn weight(&self, url: &str) -> i64 {
        let Some(target) = target(url) else { return 0 };
        self.priority
            .iter()
            .find(|priority| priority.pattern.matches(&target))
            .map_or(0, |priority| priority.weight)
    }

    /// Whether the document at `url` has to be part of the corpus.
    pub fn requires(&self, url: &str) -> bool {
        !self.required.is_empty()
            && target(url).is_some_and(|target| self.required.iter().any(|pattern| pattern.matches(&target)))
    }
}

/// A document's URL as patterns see it; its site is one of the pipeline's.
fn target(url: &str) -> Option<Target> {
    Url::parse(url).ok().map(|url| Target::new(&url, Site::Start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(max: u64, headroom: f64) -> Budget {
        Budget { headroom, ..Budget::of(vec![Limit { unit: Unit::Chars, max }]) }
    }

    #[test]
    fn counts_agree_with_the_standard_library() {
        for text in ["", "plain", "äöü €", "emoji 🏴󠁧󠁢󠁳󠁣󠁴󠁿 and 日本語", "\u{10FFFF}"]
        {
            let counts = Counts::of(text);
            assert_eq!(counts.characters, text.chars().count() as u64, "{text}");
            assert_eq!(counts.utf16, text.encode_utf16().count() as u64, "{text}");
        }
    }

    #[test]
    fn a_corpus_at_the_limit_does_not_fit() {
        let size = |utf16| Counts { utf16, ..Counts::default() };
        assert!(budget(100, 0.0).fits(size(99)));
        assert!(!budget(100, 0.0).fits(size(100)));
        assert!(budget(100, 0.02).fits(size(97)));
        assert!(!budget(100, 0.02).fits(size(98)));
        assert!(!budget(1, 0.0).fits(size(1)));
        assert_eq!(budget(11_000_000, 0.02).room(budget(11_000_000, 0.02).limits[0]), 10_780_000);
    }

    #[test]
    fn the_stricter_limit_wins() {
        let limits = [(Unit::Chars, 100), (Unit::Bytes, 150)].map(|(unit, max)| Limit { unit, max });
        let budget = Budget::of(limits.to_vec());
        assert!(budget.fits(Counts::of(&"a".repeat(99))));
        assert!(!budget.fits(Counts::of(&"a".repeat(100))));
        assert!(budget.fits(Counts::of(&"ä".repeat(74))));
        assert!(!budget.fits(Counts::of(&"ä".repeat(75))));
        // Two UTF-16 units and four bytes each.
        assert!(budget.fits(Counts::of(&"🎈".repeat(37))));
        assert!(!budget.fits(Counts::of(&"🎈".repeat(38))));
    }

    #[test]
    fn the_first_matching_pattern_gives_the_weight() {
        let priority =
            |text: &str, weight| Priority { pattern: Patterns::new(&[text.to_owned()]).unwrap(), weight };
        let mut budget = budget(100, 0.0);
        budget.priority =
            vec![priority("/docs/old/**", -5), priority("/docs/**", 10), priority("https://b.test/**", 3)];
        assert_eq!(budget.weight("https://a.test/docs/old/x"), -5);
        assert_eq!(budget.weight("https://a.test/docs/x?y=/docs/old/"), 10);
        assert_eq!(budget.weight("https://b.test/x"), 3);
        assert_eq!(budget.weight("https://a.test"), 0);
        let patterns =
            ["/pricing", "https://b.test/**"].map(|text| Patterns::new(&[text.to_owned()]).unwrap());
        budget.required = patterns.to_vec();
        assert!(budget.requires("https://a.test/pricing") && budget.requires("https://b.test/x"));
        assert!(!budget.requires("https://a.test/pricing/x") && !budget.requires("no URL"));
    }
}
