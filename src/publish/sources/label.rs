//! What the name of a source says: that it is ours, what part of the corpus it holds, and in which version.
//!
//! The API gives no content back, and local state can be lost, so the name carries what a plan has to know:
//! `corpusd/t64-3f2a9c81b7d40000/0123456789abcdef Getting started`. Whoever renames a source takes it from us.

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::chatbase::v2::MAX_NAME;

/// What every name of ours begins with.
const PREFIX: &str = "corpusd/";
/// Of the 64 bits of a key, those that tell the parts of one document apart.
const PART_BITS: u32 = 16;

/// What part of the corpus a source holds: all that has a key of this range. Keys are spread evenly, and a range
/// halves into two, so that what does not fit into one source moves no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    kind: Kind,
    /// The first key of the range.
    first: u64,
    /// How many leading bits all its keys share.
    depth: u32,
}

/// What a source is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Documents.
    Text,
    /// Lines of the link map.
    Links,
    /// A question with its answer.
    Answer,
}

/// A name, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// What it holds.
    pub slot: Slot,
    /// In which version.
    pub version: u64,
}

/// The key of the first part of the document at `url`; further parts follow it.
pub fn key(url: &str) -> u64 {
    leading_bits(url) & (u64::MAX << PART_BITS)
}

/// The key of the answer to `question` in the document at `url`: another question beside it leaves it as it is.
pub fn key_of_answer(url: &str, question: &str) -> u64 {
    key(url) | leading_bits(question) >> (u64::BITS - PART_BITS)
}

fn leading_bits(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

impl Slot {
    /// The range of one key.
    pub fn one(kind: Kind, key: u64) -> Slot {
        Slot { kind, first: key, depth: u64::BITS }
    }

    /// The range that `key` lies in, of those that share `depth` leading bits, at most 64.
    pub fn around(kind: Kind, key: u64, depth: u32) -> Slot {
        let depth = depth.min(u64::BITS);
        Slot { kind, first: key & !tail(depth), depth }
    }

    /// The half of this range that `key` lies in; `None` where it cannot be halved.
    pub fn half(self, key: u64) -> Option<Slot> {
        (self.depth < u64::BITS).then(|| Slot::around(self.kind, key, self.depth + 1))
    }

    /// Whether a source that the API calls `kind` may be one of these: whoever copies a name does not make it ours. What is
    /// no question with its answer is a text.
    pub fn is_kind(self, kind: &str) -> bool {
        kind == if self.kind == Kind::Answer { "qna" } else { "text" }
    }

    /// What its sources are made of.
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Whether it was made to hold several documents.
    pub fn is_shared(self) -> bool {
        self.depth < u64::BITS
    }

    /// The keys of documents of which it holds at least a part.
    pub fn documents(self) -> RangeInclusive<u64> {
        let whole = u64::MAX << PART_BITS;
        self.first & whole..=self.first | tail(self.depth)
    }
}

/// The bits below the `depth` leading ones.
fn tail(depth: u32) -> u64 {
    u64::MAX.checked_shr(depth).unwrap_or(0)
}

impl Label {
    /// The label of a source with this content.
    pub fn of(slot: Slot, content: &str) -> Label {
        Label { slot, version: leading_bits(content) }
    }

    /// The name of a source, at most [`MAX_NAME`] UTF-16 code units with as much of `caption` as there is room for.
    pub fn name(&self, caption: &str) -> String {
        let Slot { kind, first, depth } = self.slot;
        let letter = match kind {
            Kind::Text => 't',
            Kind::Links => 'l',
            Kind::Answer => 'q',
        };
        let mut name = format!("{PREFIX}{letter}{depth}-{first:016x}/{:016x} ", self.version);
        let mut room = MAX_NAME - name.len();
        let words =
            caption.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        for c in words.collect::<Vec<_>>().join(" ").chars() {
            let Some(left) = room.checked_sub(c.len_utf16()) else { break };
            room = left;
            name.push(c);
        }
        name.truncate(name.trim_end().len());
        name
    }

    /// Reads a name; `None` where it is not of ours.
    pub fn parse(name: &str) -> Option<Label> {
        let (label, _) = name.split_once(' ').unwrap_or((name, ""));
        let (place, version) = label.strip_prefix(PREFIX)?.split_once('/')?;
        let (kind, range) = match place.split_at_checked(1)? {
            ("t", range) => (Kind::Text, range),
            ("l", range) => (Kind::Links, range),
            ("q", range) => (Kind::Answer, range),
            _ => return None,
        };
        let (depth, first) = range.split_once('-')?;
        let hex = |digits: &str| (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten();
        let slot = Slot::around(kind, hex(first)?, depth.parse().ok()?);
        let label = Label { slot, version: hex(version)? };
        // One spelling each: what differs was written by somebody else.
        (label.name("") == format!("{PREFIX}{place}/{version}")).then_some(label)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_not_exactly_ours_is_somebody_elses() {
        let ours = Label::of(Slot::one(Kind::Text, key("https://a.test/")), "text").name("Home");
        assert!(Label::parse(&ours).is_some(), "{ours}");
        for name in [
            "",
            "corpusd",
            "corpusd/ notes",
            "corpusd/t64-0000000000000000",
            "corpusd/t65-0000000000000000/0000000000000000",
            "corpusd/t+4-0000000000000000/0000000000000000",
            "corpusd/t4-0000000000000001/0000000000000000",
            "corpusd/t4-000000000000000/00000000000000000",
            "corpusd/x4-0000000000000000/0000000000000000",
            "corpusd/é",
            &ours.to_uppercase(),
            &format!(" {ours}"),
        ] {
            assert_eq!(Label::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_range_holds_the_documents_of_which_it_holds_a_part() {
        let document = key("https://a.test/");
        let holds = |slot: Slot| slot.documents().contains(&document);
        assert!(holds(Slot::one(Kind::Text, document)));
        assert!(holds(Slot::one(Kind::Text, document + 3)));
        assert!(holds(Slot::around(Kind::Text, document, 7)));
        assert!(holds(Slot::around(Kind::Text, 0, 0)));
        assert!(!holds(Slot::one(Kind::Text, key("https://a.test/b"))));
        assert!(!holds(Slot::around(Kind::Text, !document, 1)));
    }

    proptest! {
        #[test]
        fn a_name_says_what_it_was_made_of(key: u64, depth in 0_u32..=64, content: String, caption: String) {
            let label = Label::of(Slot::around(Kind::Links, key, depth), &content);
            let name = label.name(&caption);
            prop_assert!(name.encode_utf16().count() <= MAX_NAME);
            prop_assert_eq!(Label::parse(&name), Some(label));
        }

        #[test]
        fn no_name_makes_the_reader_panic(name: String) {
            Label::parse(&name);
            Label::parse(&format!("{PREFIX}{name}"));
        }
    }
}
