//! How large a corpus may be, and which documents come first.

use std::ops::Add;

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
    /// Whether the corpus begins with a list of its documents' titles and URLs.
    pub link_map: bool,
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

impl Budget {
    /// Whether a corpus of this size is strictly below every limit, with the headroom left free.
    pub fn fits(&self, size: Counts) -> bool {
        self.limits.iter().all(|limit| size.in_unit(limit.unit) <= self.most(*limit))
    }

    /// The largest size that `limit` takes, headroom deducted.
    pub fn most(&self, limit: Limit) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "limits are far below 2^52"
        )]
        let with_headroom = (limit.max as f64 * (1.0 - self.headroom)).floor() as u64;
        with_headroom.min(limit.max.saturating_sub(1))
    }

    /// The limit that leaves the least room for a corpus of this size.
    pub fn tightest(&self, size: Counts) -> Option<Limit> {
        let share = |limit: &Limit| size.in_unit(limit.unit) as f64 / self.most(*limit).max(1) as f64;
        self.limits.iter().copied().max_by(|a, b| share(a).total_cmp(&share(b)))
    }

    /// The weight of the document at `url`; the first matching pattern decides.
    pub fn weight(&self, url: &str) -> i64 {
        let Ok(url) = Url::parse(url) else { return 0 };
        let target = Target::new(&url, Site::Start);
        self.priority
            .iter()
            .find(|priority| priority.pattern.matches(&target))
            .map_or(0, |priority| priority.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(max: u64, headroom: f64) -> Budget {
        let limits = vec![Limit { unit: Unit::Chars, max }];
        Budget { limits, headroom, priority: Vec::new(), link_map: true }
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
        assert!(budget(100, 0.02).fits(size(98)));
        assert!(!budget(100, 0.02).fits(size(99)));
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
    }
}
