//! One `Allow` or `Disallow` rule: how specific it is, and the pieces that a path must have (RFC 9309, sections
//! 2.2.2 and 2.2.3).

use std::cmp::Reverse;

use crate::crawl::percent;

/// Stands for `*` in the text of a rule, where every other octet but [`END`] is visible ASCII.
const WILDCARD: char = '\0';

/// Stands for the `$` that ends a rule, and behind a path for its end: so `$` is met like any other character.
pub(super) const END: u8 = 1;

/// What a rule says. `Allow` comes first: it wins between equally specific rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Allow,
    Disallow,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) access: Access,
    /// The line as the file has it, to explain a decision with.
    pub(super) line: String,
    /// The path pattern in its comparable spelling, with [`WILDCARD`] and [`END`].
    text: String,
}

impl Rule {
    /// The rule with this path pattern, or nothing when no path can match it: it is empty, or starts with
    /// neither `/` nor `*`.
    pub(super) fn new(access: Access, pattern: &[u8], line: &[u8]) -> Option<Self> {
        if !matches!(pattern.first(), Some(b'/' | b'*')) {
            return None;
        }
        let (pattern, anchored) = match pattern.split_last() {
            Some((b'$', rest)) => (rest, true),
            _ => (pattern, false),
        };
        let mut text = String::with_capacity(pattern.len() + 1);
        for (position, piece) in pattern.split(|&octet| octet == b'*').enumerate() {
            if position > 0 {
                text.push(WILDCARD);
            }
            text.push_str(&percent::comparable_octets(piece));
        }
        if anchored {
            text.push(char::from(END));
        }
        Some(Self { access, line: String::from_utf8_lossy(line).into_owned(), text })
    }

    /// Sorts the more specific rule first, the one with more octets: of the rules that cover a path, the first
    /// decides.
    pub(super) fn precedence(&self) -> (Reverse<usize>, Access) {
        (Reverse(self.text.len()), self.access)
    }

    /// What stands before the first star: a path must start with it.
    pub(super) fn head(&self) -> &[u8] {
        self.split().next().unwrap_or_default()
    }

    /// What stands between the stars, none of it empty: a path must have all of it behind the head, in this
    /// order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.split().skip(1).filter(|piece| !piece.is_empty())
    }

    fn split(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(WILDCARD).map(str::as_bytes)
    }
}
