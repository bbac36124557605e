//! One `Allow` or `Disallow` rule: how specific it is, and whether it covers a path (RFC 9309, sections 2.2.2
//! and 2.2.3).
//!
//! Matching never goes back: the leftmost place for each piece between two stars is as good as any later one,
//! so the time is linear in the path and the rule, however many stars the rule has.

use std::cmp::Reverse;

use crate::crawl::percent;

/// Stands for `*` in the comparable text of a rule, where every other octet is visible ASCII.
const WILDCARD: char = '\0';

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
    /// The path pattern in its comparable spelling.
    text: String,
    /// Whether the pattern ended in `$`.
    anchored: bool,
    /// How specific the rule is: the octets of its pattern, `*` and `$` included.
    octets: usize,
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
        let mut text = String::with_capacity(pattern.len());
        for (position, piece) in pattern.split(|&octet| octet == b'*').enumerate() {
            if position > 0 {
                text.push(WILDCARD);
            }
            text.push_str(&percent::comparable_octets(piece));
        }
        let octets = text.len() + usize::from(anchored);
        Some(Self { access, line: String::from_utf8_lossy(line).into_owned(), text, anchored, octets })
    }

    /// Sorts the more specific rule first, so that the first rule that covers a path decides.
    pub(super) fn precedence(&self) -> impl Ord + '_ {
        (Reverse(self.octets), self.access, self.text.as_str())
    }

    /// Whether the rule covers `path`, a path with its query in comparable spelling.
    pub(super) fn covers(&self, path: &str) -> bool {
        let Some((head, rest)) = self.text.split_once(WILDCARD) else {
            return if self.anchored { path == self.text } else { path.starts_with(self.text.as_str()) };
        };
        let Some(mut left) = path.strip_prefix(head) else { return false };
        let mut pieces = rest;
        if self.anchored {
            let (middle, tail) = rest.rsplit_once(WILDCARD).unwrap_or(("", rest));
            let Some(before_tail) = left.strip_suffix(tail) else { return false };
            (pieces, left) = (middle, before_tail);
        }
        for piece in pieces.split(WILDCARD).filter(|piece| !piece.is_empty()) {
            // `contains` is vectorised and `find` is not: asking first makes a miss, the usual answer, cheap.
            if !left.contains(piece) {
                return false;
            }
            let Some(at) = left.find(piece) else { return false };
            left = &left[at + piece.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expected: bool) {
        let covers =
            Rule::new(Access::Disallow, pattern.as_bytes(), b"").is_some_and(|rule| rule.covers(path));
        assert_eq!(covers, expected, "{pattern} {path}");
    }

    #[test]
    fn stars_and_the_end_mark_are_the_only_syntax() {
        check("/fish", "/fishing?x", true);
        check("/fish$", "/fish", true);
        check("/fish$", "/fish?x", false);
        check("/fish*", "/fish", true);
        check("/*.php$", "/a.php/b.php", true);
        check("/*.php$", "/a.php?x", false);
        check("/a*b*b$", "/ab", false);
        check("/a*b*b$", "/abb", true);
        check("*$", "/x", true);
        check("/a*$", "/abc", true);
        check("/**b", "/ab", true);
        check("/a$b", "/a$b/c", true);
        check("/a$$", "/a$", true);
        check("fish", "/fish", false);
        check("$", "/", false);
        check("", "/", false);
    }

    #[test]
    fn an_escaped_star_or_dollar_is_the_plain_character() {
        check("/a%2a", "/a*", true);
        check("/a%2Ab", "/axb", false);
        check("/a%24", "/a$", true);
        check("/a%24", "/a", false);
    }
}
