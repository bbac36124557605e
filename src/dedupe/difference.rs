//! Whether a document says anything that another one, nearly the same, does not.
//!
//! Measured on 240 pages of six documentation sites, nine pairs share 0.9 of their shingles, and all nine are pages of
//! their own (`RMatches` and `RMatchIndices`): a share alone throws answers away. A document that is kept for nothing
//! costs some room, and goes first when there is none; one that is lost costs an answer. So in doubt it is kept.

use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashSet},
};

use super::{
    Said,
    negation::turns,
    words::{Passage, passages, words},
};

/// Passages of its own that a document loses at most: about ten changed words, or a sentence.
const MOST_LOST: usize = 40;
/// Beside a word, these make it code, a path, or money.
const MARKS: &[char] = &['`', '_', '/', '\\', '=', '$', '€', '£', '¥', '@', '{', '}', '<', '&'];
/// What two documents have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Likeness {
    /// Too little to be compared.
    Apart,
    /// Nearly all, and yet one says something of its own: a number, a name, a heading. Here, what.
    Variant(String),
    /// All that the first one says.
    Same,
}

/// What `own` has in common with `other`, where both share at least `near` (0.0 ..= 1.0) of their passages.
/// Linear in both.
pub fn likeness(own: &Said, other: &Said, near: f64) -> Likeness {
    let shared = shared(own.passages(), other.passages());
    let all = own.passages().len() + other.passages().len() - shared;
    if all == 0 || (shared as f64) < near * all as f64 {
        return Likeness::Apart;
    }
    if is_within(own.text(), other.text()) {
        return Likeness::Same;
    }
    let fact = new_heading(own, other).or_else(|| {
        let names = Names { both: [own, other], found: OnceCell::new() };
        let lost = Difference { text: own.text(), shared: other.passages(), most: MOST_LOST, names: &names };
        // What the other one says besides may turn what both say.
        let added =
            Difference { text: other.text(), shared: own.passages(), most: usize::MAX, names: &names };
        lost.fact().or_else(|| added.fact())
    });
    fact.map_or(Likeness::Same, Likeness::Variant)
}

/// How many hashes two sorted lists have in common.
fn shared(own: &[u64], other: &[u64]) -> usize {
    let mut other = other.iter().peekable();
    let is_shared = |hash: &&u64| {
        while other.next_if(|other| other < hash).is_some() {}
        other.peek() == Some(hash)
    };
    own.iter().filter(is_shared).count()
}

/// Whether all lines of `own` stand in `other` too, in this order.
fn is_within(own: &str, other: &str) -> bool {
    let mut lines = other.lines();
    own.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .all(|line| lines.any(|other| other.trim() == line))
}

/// What one of two documents is, or has a section, about, and the other is not.
fn new_heading(own: &Said, other: &Said) -> Option<String> {
    let plain = |heading: &str| words(heading).map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    let headings = |said: &Said| -> BTreeSet<String> {
        let headings = said.text().lines().filter(|line| line.starts_with('#')).map(plain);
        headings.chain([plain(&said.document.title)]).collect()
    };
    headings(own).symmetric_difference(&headings(other)).next().cloned()
}

/// What stands in one text and not in another.
struct Difference<'a> {
    text: &'a str,
    /// The passages of the other one, sorted.
    shared: &'a [u64],
    /// Passages that may differ.
    most: usize,
    names: &'a Names<'a>,
}

impl Difference<'_> {
    /// The first passage of its own that may carry a fact, or after which too much is its own.
    fn fact(&self) -> Option<String> {
        let own = passages(self.text).filter(|passage| self.shared.binary_search(&passage.hash).is_err());
        let mut own = own.enumerate();
        let fact = own.find(|(count, passage)| *count >= self.most || self.is_fact(passage));
        fact.map(|(_, passage)| passage.words.join(" ").trim_end().to_owned())
    }

    fn is_fact(&self, passage: &Passage<'_>) -> bool {
        let words = || passage.words.iter().filter(|word| !word.is_empty());
        // To know names takes a look at both texts.
        words().any(|word| self.is_telling(word)) || words().any(|word| self.names.contains(word))
    }

    /// Whether a word may carry a fact, name or not: a number, what turns a statement, code, a path, an amount of money; in
    /// scripts without capitals, where nothing tells a name, any word.
    fn is_telling(&self, word: &str) -> bool {
        let has_no_case = |c: char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
        let is_marked = |(before, after): (&str, &str)| before.ends_with(MARKS) || after.starts_with(MARKS);
        word.chars().any(|c| c.is_numeric() || has_no_case(c))
            || turns(&word.to_lowercase())
            || around(self.text, word).is_some_and(is_marked)
    }
}

/// Which words are most likely names; looked up when the first one is asked for.
struct Names<'a> {
    both: [&'a Said; 2],
    found: OnceCell<Capitals<'a>>,
}

/// What capitals say in two texts.
struct Capitals<'a> {
    /// Words that have one within a sentence, or stand in a title or a URL; in lower case.
    names: HashSet<String>,
    /// Words that are written small somewhere, so that they are no names where they are not.
    small: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    /// Capitals within a word make it a name; one at its beginning does where it has one within a sentence, too, or stands
    /// in title or URL.
    fn contains(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        if lower == word || word == "I" {
            return false;
        }
        let Capitals { names, small } = self.found.get_or_init(|| self.capitals());
        word.chars().skip(1).any(char::is_uppercase)
            || names.contains(&lower) && !small.contains(lower.as_str())
    }

    fn capitals(&self) -> Capitals<'a> {
        let (mut names, mut small) = (HashSet::new(), HashSet::new());
        for said in self.both {
            let (document, text) = (&said.document, said.text());
            names.extend(words(&document.title).chain(words(&document.url)).map(str::to_lowercase));
            for word in words(text) {
                if word.starts_with(char::is_lowercase) {
                    small.insert(word);
                } else if word.starts_with(char::is_uppercase) && !begins_sentence(text, word) {
                    names.insert(word.to_lowercase());
                }
            }
        }
        Capitals { names, small }
    }
}

fn begins_sentence(text: &str, word: &str) -> bool {
    let before = around(text, word).map_or("", |(before, _)| before);
    let before =
        before.trim_end_matches([' ', '\t', '*', '_', '"', '\'', '“', '‘', '(', '[', '>', '#', '-', '`']);
    before.is_empty() || before.ends_with(['\n', '.', '!', '?', ':', '…', '|'])
}

/// What stands before and after a word that was taken from the text.
fn around<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let start = (word.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some((text.get(..start)?, text.get(start + word.len()..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{document::Document, extract::Block};

    fn document(title: &str, text: &str) -> Said {
        let block = Block { fingerprint: 0, markdown: text.to_owned() };
        Said::by(Document::new("https://a.test/x", title, [block].iter()).unwrap())
    }

    /// A page about something, whose last paragraph is `last`.
    fn page(last: &str) -> String {
        let steps = (0..60).map(|n| {
            let verb = ["open", "close", "choose", "confirm", "review"][n % 5];
            let noun = ["the menu", "a dialogue", "your profile", "that list", "some settings"][n / 5 % 5];
            let adverb = ["slowly", "again", "with care", "as usual", "in time"][n / 25 % 5];
            format!("then {verb} {noun} {adverb}")
        });
        format!("The page explains how to do it.\n\n{}.\n\n{last}", steps.collect::<Vec<_>>().join(", "))
    }

    #[track_caller]
    fn check(own: &str, other: &str, expected: Option<&str>) {
        let found = likeness(&document("Guide", &page(own)), &document("Guide", &page(other)), 0.8);
        let is_expected = match (&found, expected) {
            (Likeness::Variant(passage), Some(fact)) => passage.contains(fact),
            (found, expected) => *found == Likeness::Same && expected.is_none(),
        };
        assert!(is_expected, "{own} / {other}: {found:?}");
    }

    #[test]
    fn another_wording_says_nothing_new() {
        check("Press the button to save.", "Click the button to save.", None);
        check("Was this page helpful?", "Did this help you?", None);
        check("The window closes then.", "When that is done, the window closes itself.", None);
        check("Send a mail to us…", "Send a mail to us.", None);
    }

    #[test]
    fn what_the_other_says_too_is_no_loss() {
        check("See below.", "See below.\n\n## Related\n\n- Release 3.1 of Acme", None);
    }

    #[test]
    fn a_number_a_name_a_price_and_a_negation_are_facts() {
        check("Install version 3.1 of it.", "Install version 3.2 of it.", Some("3 1"));
        check("Ships to Germany within days.", "Ships to France within days.", Some("Germany"));
        check(
            "Germany is near. It ships to Germany.",
            "France is near. It ships to France.",
            Some("Germany"),
        );
        check("It is supported.", "It is not supported.", Some("is supported"));
        check("The plan costs ten euros.", "The plan costs nine euros.", Some("ten"));
        check("Call `open` at last.", "Call `close` at last.", Some("open"));
        check("Get [it](/download/new).", "Get [it](/download/old).", Some("download"));
        check("パスワードを再設定します", "パスワードを変更します", Some("再"));
        check("A costs 10, B costs 20.", "A costs 20, B costs 10.", Some("10"));
    }

    #[test]
    fn another_subject_is_a_fact() {
        let (own, other) =
            (document("Delete a user", &page("Done.")), document("Delete a group", &page("Ready.")));
        assert!(matches!(likeness(&own, &other, 0.8), Likeness::Variant(_)));
        check("## Remove users\n\nDone.", "## Remove groups\n\nDone.", Some("remove groups"));
    }

    #[test]
    fn much_text_of_its_own_is_a_fact() {
        let own: Vec<_> = (0..50_u8)
            .map(|n| format!("{}ish", char::from(b'a' + n % 26).to_string().repeat(1 + usize::from(n / 26))))
            .collect();
        let text = page(&own.join(" ")).repeat(2);
        let found = likeness(&document("Guide", &text), &document("Guide", &page("x").repeat(2)), 0.5);
        assert!(matches!(found, Likeness::Variant(passage) if passage.contains("ish")));
    }

    #[test]
    fn texts_with_little_in_common_are_not_compared() {
        assert_eq!(
            likeness(&document("Guide", &page("x")), &document("Guide", "Short."), 0.8),
            Likeness::Apart
        );
        assert_eq!(likeness(&document("Guide", "…"), &document("Guide", "–"), 0.8), Likeness::Apart);
    }

    proptest! {
        #[test]
        fn any_two_texts_can_be_compared(one in "(\\PC|[a-c \\n#`]){1,60}", other in "(\\PC|[a-c \\n#`]){1,60}") {
            let make = |text: &str| {
                let block = Block { fingerprint: 0, markdown: text.to_owned() };
                Document::new("/x", "t", [block].iter()).map(Said::by)
            };
            if let (Some(one), Some(other)) = (make(&one), make(&other)) {
                likeness(&one, &other, 0.5);
                prop_assert_ne!(likeness(&one, &one, 1.0), Likeness::Variant(String::new()));
            }
        }
    }
}
