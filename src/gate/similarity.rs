//! How much two corpora say in common: next to nothing where another site answers at the old address.

use std::collections::BTreeSet;

use crate::{corpus::Corpus, dedupe::words::shingles};

/// Shingles that are kept of a corpus; of more, those with the smallest hashes, which are a fair sample.
const SAMPLE: usize = 4_096;

/// The share of the smaller corpus's text that the other has too, 0.0 ..= 1.0: neither growth nor shrinking makes two
/// corpora differ, for that is judged elsewhere. Exact for small corpora, within a few hundredths for large ones.
///
/// URLs and link map are not looked at: another company's help centre has a `/contact` too.
pub(super) fn similarity(one: &Corpus, other: &Corpus) -> f64 {
    let (one, other) = (Sample::of(one), Sample::of(other));
    // Below the lower of the two bounds both samples are complete.
    let bound = one.bound().min(other.bound());
    let (one, other) = (one.up_to(bound), other.up_to(bound));
    let smaller = one.len().min(other.len());
    if smaller == 0 { 1.0 } else { one.intersection(&other).count() as f64 / smaller as f64 }
}

/// The smallest hashes of a corpus's shingles.
#[derive(Default)]
struct Sample(BTreeSet<u64>);

impl Sample {
    fn of(corpus: &Corpus) -> Sample {
        let mut sample = Sample::default();
        for section in corpus.sections() {
            sample.add(section.body());
        }
        sample
    }

    fn add(&mut self, text: &str) {
        for hash in shingles(text) {
            if hash < self.bound() && self.0.insert(hash) && self.0.len() > SAMPLE {
                self.0.pop_last();
            }
        }
    }

    /// Every hash up to this is in the sample.
    fn bound(&self) -> u64 {
        if self.0.len() < SAMPLE { u64::MAX } else { self.0.last().copied().unwrap_or(u64::MAX) }
    }

    fn up_to(mut self, bound: u64) -> BTreeSet<u64> {
        let above = bound.checked_add(1).map(|above| self.0.split_off(&above));
        drop(above);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::tests::corpus_of;

    fn text(range: std::ops::Range<u32>) -> String {
        range.map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(one: &str, other: &str, expected: f64) {
        let corpora = [one, other].map(|text| corpus_of(&[("https://a.test/", "Title", text)]));
        for (one, other) in [(&corpora[0], &corpora[1]), (&corpora[1], &corpora[0])] {
            let found = similarity(one, other);
            assert!((found - expected).abs() < 0.03, "{found} instead of {expected}");
        }
    }

    #[test]
    fn what_is_common_counts_against_the_smaller() {
        check("one two three four five", "one two three four five", 1.0);
        check("one two three four five", "six seven eight nine ten", 0.0);
        check(&text(0..1_000), &text(0..10_000), 1.0);
        check(&text(0..100_000), &text(90_000..190_000), 0.1);
        check(&text(0..100_000), &text(70_000..170_000), 0.3);
        check("", "one", 1.0);
        check("short", "short", 1.0);
        check("short", "other", 0.0);
    }

    #[test]
    fn texts_without_spaces_are_compared_by_character() {
        check("パスワードを再設定する方法を説明します", "パスワードを再設定する方法を教えます", 0.73);
    }
}
