//! A text as the words it consists of, and as the passages of a few words by which texts are compared.

use std::collections::VecDeque;

use xxhash_rust::xxh3::xxh3_64;

/// Words that are compared as one passage: few texts share four in a row by chance.
pub const SHINGLE: usize = 4;

/// The words of a text; in scripts without spaces every character is one.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

/// See [`words`].
#[derive(Debug, Clone)]
pub struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Words<'_> {
    /// The character at `at`.
    fn next_char(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at)? {
            byte if byte.is_ascii() => Some(char::from(*byte)),
            _ => self.text.get(self.at..)?.chars().next(),
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut first = self.next_char()?;
        while !first.is_alphanumeric() {
            self.at += first.len_utf8();
            first = self.next_char()?;
        }
        let start = self.at;
        self.at += first.len_utf8();
        if !is_a_word(first) {
            while let Some(c) = self.next_char().filter(|c| c.is_alphanumeric() && !is_a_word(*c)) {
                self.at += c.len_utf8();
            }
        }
        self.text.get(start..self.at)
    }
}

/// Thai to Myanmar, Khmer, and everything from the CJK radicals on.
fn is_a_word(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..)
}

/// The hashes of a text's shingles in their order: of every [`SHINGLE`] words in a row, whatever their case. A text of
/// fewer words is one shingle, one without words none.
pub fn shingles(text: &str) -> impl Iterator<Item = u64> {
    passages(text).map(|passage| passage.hash)
}

/// A shingle with its words.
#[derive(Debug, Clone)]
pub(super) struct Passage<'a> {
    pub(super) hash: u64,
    /// Some words of `text`, as they stand there.
    pub(super) words: [&'a str; SHINGLE],
}

/// The shingles of a text with their words; where there are fewer, the last ones are empty.
pub(super) fn passages(text: &str) -> impl Iterator<Item = Passage<'_>> {
    let mut words = words(text);
    let mut window: VecDeque<(&str, u64)> = VecDeque::with_capacity(SHINGLE);
    let mut is_first = true;
    std::iter::from_fn(move || {
        if !is_first {
            window.pop_front();
        }
        while window.len() < SHINGLE {
            let Some(word) = words.next() else { break };
            window.push_back((word, hash(word)));
        }
        if window.is_empty() || window.len() < SHINGLE && !is_first {
            return None;
        }
        is_first = false;
        let (mut passage, mut bytes) = ([""; SHINGLE], [0; SHINGLE * 8]);
        for ((slot, own), (word, hash)) in bytes.chunks_exact_mut(8).zip(&mut passage).zip(&window) {
            slot.copy_from_slice(&hash.to_le_bytes());
            *own = word;
        }
        Some(Passage { hash: xxh3_64(&bytes), words: passage })
    })
}

fn hash(word: &str) -> u64 {
    if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        xxh3_64(word.as_bytes())
    } else {
        xxh3_64(word.to_lowercase().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_word_is_a_run_of_letters_and_digits() {
        check("", &[]);
        check(" … ", &[]);
        check("Größe 3.1, [rmatch_indices](/x)", &["Größe", "3", "1", "rmatch", "indices", "x"]);
        check("再設定a1する", &["再", "設", "定", "a1", "す", "る"]);
    }

    #[test]
    fn a_short_text_is_one_shingle_and_case_makes_no_difference() {
        assert_eq!(shingles("").count(), 0);
        assert_eq!(shingles("one two").count(), 1);
        assert_eq!(shingles("one two three four").count(), 1);
        assert_eq!(shingles("one two three four five").count(), 2);
        assert!(shingles("Reset YOUR Ärger now, please").eq(shingles("reset your ärger now – please")));
    }

    proptest! {
        #[test]
        fn words_are_the_letters_and_digits_of_a_text(text in "(\\PC|[a-zA-Z0-9 .再ไ]){0,60}") {
            let all: String = words(&text).collect();
            let expected: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            prop_assert_eq!(all, expected);
        }
    }
}
