//! How much two corpora say in common: next to nothing where another site answers at the old address.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// A source of fewer documents is rewritten now and then, and says little.
const FEWEST: usize = 5;

/// Of the sources among `known`, the one of whose text the least is still anywhere in `after`, and the share that is,
/// 0.0 ..= 1.0. `None` where `before` is of one source: then the whole speaks for it.
///
/// Another site at the address of a small source is a small part of the whole.
pub(super) fn least_kept<'a>(before: &'a Corpus, after: &Corpus, known: &[String]) -> Option<(&'a str, f64)> {
    let mut sources = BTreeMap::<&str, (usize, Sample)>::new();
    for section in before.sections() {
        let (documents, sample) = sources.entry(&section.entry.source).or_default();
        *documents += 1;
        sample.add(section.body());
    }
    if sources.len() < 2 {
        return None;
    }
    sources.retain(|source, (documents, _)| *documents >= FEWEST && known.iter().any(|name| name == source));
    let sampled = sources.values().flat_map(|(_, sample)| sample.0.iter().map(|hash| (*hash, false)));
    let mut is_there: HashMap<u64, bool> = sampled.collect();
    for hash in after.sections().flat_map(|section| shingles(section.body())) {
        is_there.entry(hash).and_modify(|there| *there = true);
    }
    let kept =
        sources.into_iter().filter(|(_, (_, sample))| !sample.0.is_empty()).map(|(source, (_, sample))| {
            let there = sample.0.iter().filter(|hash| is_there[hash]).count();
            (source, there as f64 / sample.0.len() as f64)
        });
    kept.min_by(|(_, one), (_, other)| one.total_cmp(other))
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

    /// A corpus of two sources: `small` documents of the one, 50 of the other, all of them their own; those of the small one
    /// say what they do in `version`.
    fn two_sources(small: u32, version: &str) -> Corpus {
        let docs = (0..50).map(|n| (format!("https://a.test/{n}"), text(n * 100..n * 100 + 90)));
        let blog = (0..small).map(|n| {
            let words: Vec<_> = (0..30).map(|word| format!("{version}{n}x{word}")).collect();
            (format!("https://b.test/{n}"), words.join(" "))
        });
        let documents: Vec<_> = docs.chain(blog).collect();
        let documents: Vec<_> =
            documents.iter().map(|(url, text)| (url.as_str(), "Title", text.as_str())).collect();
        let mut corpus = corpus_of(&documents);
        for entry in &mut corpus.manifest.documents {
            entry.source = entry.url[..15].to_owned();
        }
        corpus
    }

    #[test]
    fn a_source_of_which_little_is_left_is_found_in_a_corpus_of_which_most_is() {
        let known = ["https://a.test/", "https://b.test/"].map(str::to_owned);
        let least = |before: &Corpus, after: &Corpus, known: &[String]| {
            least_kept(before, after, known).map(|(source, kept)| (source.to_owned(), (kept * 100.0).round()))
        };
        let (before, after) = (two_sources(6, "ours"), two_sources(6, "theirs"));
        assert!(similarity(&before, &after) > 0.8);
        assert_eq!(least(&before, &after, &known), Some((known[1].clone(), 0.0)));
        assert_eq!(least(&before, &before, &known), Some((known[0].clone(), 100.0)));
        // Taken out on purpose; too small to tell.
        assert_eq!(least(&before, &after, &known[..1]), Some((known[0].clone(), 100.0)));
        assert_eq!(least(&two_sources(4, "ours"), &after, &known), Some((known[0].clone(), 100.0)));
        // Where two sources yield one page, the first has it.
        let mut moved = before.clone();
        moved.manifest.documents.iter_mut().for_each(|entry| entry.source.clone_from(&known[0]));
        assert_eq!(least(&before, &moved, &known), Some((known[0].clone(), 100.0)));
        assert_eq!(least(&moved, &after, &known), None);
    }

    #[test]
    fn texts_without_spaces_are_compared_by_character() {
        check("パスワードを再設定する方法を説明します", "パスワードを再設定する方法を教えます", 0.73);
    }
}
