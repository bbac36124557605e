//! The index of a text: which words stand in which passage, and how well a question fits (BM25).

use std::collections::HashMap;

use super::chunk::{Chunk, chunks};

/// Saturation of term frequency, and weight of the length of a passage.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A passage below this score is no answer.
const MIN_SCORE: f64 = 0.1;

/// Words too common to say what a question is about, sorted.
const STOP_WORDS: [&str; 66] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it",
    "its", "me", "my", "no", "not", "of", "on", "or", "our", "should", "so", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "to", "us", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "you", "your",
];

/// An inverted index over the passages of one text.
pub(super) struct Index {
    pub(super) chunks: Vec<Chunk>,
    /// For each word the passages that hold it and how often, in order of passages.
    postings: HashMap<Box<str>, Vec<Posting>>,
    /// Words of each passage, headings included.
    lengths: Vec<u32>,
    mean_length: f64,
}

struct Posting {
    chunk: u32,
    count: u32,
}

/// The passage that fits a question best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) chunk: usize,
    /// The share of the question's words that the passage holds, 0 to 1.
    pub(super) coverage: f64,
}

impl Index {
    pub(super) fn build(text: &str) -> Self {
        let chunks = chunks(text);
        let mut postings: HashMap<Box<str>, Vec<Posting>> = HashMap::new();
        let mut lengths = Vec::with_capacity(chunks.len());
        for (number, chunk) in (0_u32..).zip(&chunks) {
            let mut length = 0;
            for part in chunk.headings.iter().chain([&chunk.range]) {
                each_word(&text[part.clone()], |word| {
                    length += 1;
                    match postings.get_mut(word) {
                        Some(list) => count(list, number),
                        None => drop(postings.insert(word.into(), vec![Posting { chunk: number, count: 1 }])),
                    }
                });
            }
            lengths.push(length);
        }
        let total: f64 = lengths.iter().map(|length| f64::from(*length)).sum();
        let mean_length = (total / lengths.len().max(1) as f64).max(1.0);
        Self { chunks, postings, lengths, mean_length }
    }

    /// The best passage for the words of a question, the earlier one of equals; `None` when none fits well
    /// enough: it must hold at least half of the words.
    pub(super) fn best(&self, words: &[String]) -> Option<Hit> {
        let mut scores = vec![0.0; self.chunks.len()];
        let mut held = vec![0_u32; self.chunks.len()];
        for list in words.iter().filter_map(|word| self.postings.get(word.as_str())) {
            let (all, having) = (self.chunks.len() as f64, list.len() as f64);
            let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for posting in list {
                let chunk = usize::try_from(posting.chunk).ok()?;
                let count = f64::from(posting.count);
                let length = f64::from(self.lengths[chunk]) / self.mean_length;
                scores[chunk] += rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
                held[chunk] += 1;
            }
        }
        let (chunk, score) =
            scores.into_iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let coverage = f64::from(held[chunk]) / words.len().max(1) as f64;
        (score >= MIN_SCORE && coverage >= 0.5).then_some(Hit { chunk, coverage })
    }
}

fn count(list: &mut Vec<Posting>, chunk: u32) {
    match list.last_mut() {
        Some(last) if last.chunk == chunk => last.count += 1,
        _ => list.push(Posting { chunk, count: 1 }),
    }
}

/// Calls `found` with each word that counts: lower case, alphanumeric, two characters or a digit, no stop word.
fn each_word(text: &str, mut found: impl FnMut(&str)) {
    let mut lower = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        let short = lower.chars().nth(1).is_none() && !lower.chars().all(char::is_numeric);
        if !short && STOP_WORDS.binary_search(&lower.as_str()).is_err() {
            found(&lower);
        }
    }
}

/// The distinct words of a text that count, in order of appearance.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    each_word(text, |word| {
        if seen.insert(word.to_owned()) {
            words.push(word.to_owned());
        }
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, question: &str, expected: Option<&str>) {
        let index = Index::build(text);
        let best = index.best(&words(question)).map(|hit| &text[index.chunks[hit.chunk].range.clone()]);
        assert_eq!(best, expected, "{question} in {text:?}");
    }

    #[test]
    fn the_stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn words_are_lower_case_without_stop_words_and_keep_numbers() {
        assert_eq!(
            words("How do I reset MY Password? Password 7 x ÄPFEL"),
            ["reset", "password", "7", "äpfel"]
        );
    }

    #[test]
    fn the_passage_with_the_question_s_words_wins_and_headings_count() {
        let text = "# Hours\n\nMonday to Friday.\n\n# Price of the hub\n\nIt is 89.\n";
        check(text, "What are your hours?", Some("Monday to Friday."));
        check(text, "price of a hub", Some("It is 89."));
        check(text, "", None);
        check(text, "what is the", None);
        check("", "hours", None);
    }

    #[test]
    fn a_passage_must_hold_half_of_the_question() {
        let text = "The hub has a lamp.";
        check(text, "hub lamp colour scheme", Some(text));
        check(text, "hub colour scheme table", None);
    }

    #[test]
    fn the_largest_text_that_a_plan_takes_is_indexed() {
        let line = |number: usize| {
            format!("Sensor {number} reports moisture {} to hub {}. ", number % 97, number % 13)
        };
        let mut text = String::with_capacity(11_000_000);
        let mut number = 0;
        while text.len() < 10_990_000 {
            if number % 40 == 0 {
                text.push_str("\n\n## Another part\n\n");
            }
            text.push_str(&line(number));
            number += 1;
        }
        let index = Index::build(&text);
        assert!(index.best(&words("sensor 4242")).is_some());
    }
}
