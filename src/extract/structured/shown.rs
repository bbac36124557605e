//! What a page shows already, to tell what it states besides.

use std::collections::HashSet;

use crate::extract::facts::is_currency;
use crate::markdown::Block;

/// Bytes of text that are searched for what is stated.
const MAX_SEARCHED: usize = 100 << 20;

/// What is shown, as letters and digits, so that a fact is found however it is written.
pub(in crate::extract) struct Shown {
    letters: String,
    /// Bytes that may still be searched.
    budget: usize,
    words: HashSet<String>,
}

impl Shown {
    pub(in crate::extract) fn new(blocks: &[Block]) -> Self {
        let mut shown = Self { letters: String::new(), budget: MAX_SEARCHED, words: HashSet::new() };
        for block in blocks {
            shown.letters.push_str(&letters(&block.markdown));
            shown.words.extend(words(&block.markdown));
            shown.words.extend(prices(&block.markdown));
        }
        shown
    }

    /// Whether letters stand in the text; where too much was asked, they are taken for shown.
    pub(super) fn contains(&mut self, letters: &str) -> bool {
        match self.budget.checked_sub(self.letters.len()) {
            Some(left) => {
                self.budget = left;
                self.letters.contains(letters)
            }
            None => true,
        }
    }

    /// Whether a value stands in the text: a long one as it is, a short one word by word.
    pub(in crate::extract) fn holds(&mut self, value: &str) -> bool {
        let own = letters(value);
        own.is_empty()
            || (own.len() >= 12 && self.contains(&own))
            || words(value).all(|word| self.words.contains(&word))
    }

    /// Whether an answer is shown: as it is, or in nearly the same words where its question is.
    pub(super) fn answers(&mut self, question: &str, answer: &str) -> bool {
        let (mut known, mut all) = (0, 0);
        for word in words(answer) {
            all += 1;
            known += usize::from(self.words.contains(&word));
        }
        known == all
            || self.contains(&letters(answer))
            || (known * 5 >= all * 4 && self.contains(&letters(question)))
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Prices, as numbers without what groups their digits.
fn prices(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let beside = |at: usize| &words[at.saturating_sub(1)..words.len().min(at + 2)];
    let priced = (0..words.len()).filter(|&at| beside(at).iter().any(|word| is_currency(word)));
    let found: Vec<String> = priced.flat_map(|at| pieces(words[at])).filter_map(ungrouped).collect();
    found.into_iter()
}

/// A number without what stands between its groups of three digits: `3,665.00` is 3665, and `1.500` may be 1500.
fn ungrouped(number: &str) -> Option<String> {
    let separator = number.chars().find(|c| matches!(c, ',' | '.'))?;
    let point = if separator == ',' { '.' } else { ',' };
    let (whole, fraction) = number.split_once(point).unwrap_or((number, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(separator);
    let leads = |first: &str| (1..=3).contains(&first.len()) && is_digits(first);
    let is_grouped =
        groups.next().is_some_and(leads) && groups.all(|group| group.len() == 3 && is_digits(group));
    let whole = whole.replace(separator, "");
    (is_grouped && is_digits(fraction)).then(|| match fraction.trim_end_matches('0') {
        "" => whole,
        fraction => format!("{whole}.{fraction}"),
    })
}

/// Words and numbers; `1.50`, `1,50` and `1.5` are the same number.
fn words(text: &str) -> impl Iterator<Item = String> {
    pieces(text).filter_map(|word| {
        let word = word.to_lowercase().replace(',', ".");
        let number = word.contains('.') && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let word = if number { word.trim_end_matches('0').trim_end_matches('.').to_owned() } else { word };
        (!word.is_empty()).then_some(word)
    })
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | ':')))
        .map(|word| word.trim_matches(['.', ',', ':']))
}
