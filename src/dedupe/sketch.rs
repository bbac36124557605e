//! Which documents may be nearly the same, without comparing each with each: `MinHash` by locality-sensitive hashing.
//!
//! One permutation with densified bins (Li, Owen & Zhang 2012; Shrivastava 2017) costs one hash a shingle. The bins are
//! hashed together in bands; documents that share a band are candidates, and the texts decide. Of two that share nine
//! tenths of their shingles, all but one pair in five thousand share a band, of two that share half, one in sixteen.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Said;

/// The smallest hash of the shingles that fall into each is kept.
const BINS: usize = 128;
/// Bins that have to be equal together.
const ROWS: usize = 8;
const BANDS: usize = BINS / ROWS;
/// Candidates that are worth comparing; where none of them fits, the rest are as little alike.
const CANDIDATES: usize = 3;

/// What is kept of a document to find those like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands([u64; BANDS]);

impl Bands {
    /// The bands of a document's text; `None` where it has no words.
    pub fn of(said: &Said) -> Option<Bands> {
        Bands::of_passages(said.passages())
    }

    fn of_passages(passages: &[u64]) -> Option<Bands> {
        let mut bins: [Option<u32>; BINS] = [None; BINS];
        for &hash in passages {
            // The bin by the lowest bits, its value by the highest.
            let slot = &mut bins[bin_of(hash)];
            let value = (hash >> 32) as u32;
            *slot = Some(slot.map_or(value, |least| least.min(value)));
        }
        if bins.iter().all(Option::is_none) {
            return None;
        }
        let full = std::array::from_fn::<u32, BINS, _>(|bin| filled(&bins, bin));
        let mut bands = [0; BANDS];
        for (number, (band, rows)) in bands.iter_mut().zip(full.chunks_exact(ROWS)).enumerate() {
            let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
            // Equal rows in another band are another band.
            *band = xxh3_64_with_seed(&bytes, number as u64);
        }
        Some(Bands(bands))
    }
}

/// The bin's value; an empty one borrows from another, the same one for all documents that have that one filled.
fn filled(bins: &[Option<u32>; BINS], bin: usize) -> u32 {
    let others = (0_u64..).map(|attempt| bin_of(xxh3_64_with_seed(&bin.to_le_bytes(), attempt)));
    bins[bin].or_else(|| others.into_iter().find_map(|other| bins[other])).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, reason = "there are few bins")]
fn bin_of(hash: u64) -> usize {
    (hash % BINS as u64) as usize
}

/// Documents by their bands. Of those that share one, only the first is kept: memory and time grow with the
/// documents alone, however alike they are.
#[derive(Debug, Default)]
pub struct Index {
    first: HashMap<u64, usize>,
}

impl Index {
    /// Documents that may be nearly the same, those that share most bands first, of these the first one first.
    pub fn similar(&self, bands: &Bands) -> Vec<usize> {
        let mut shared: Vec<(usize, usize)> = Vec::new();
        for document in bands.0.iter().filter_map(|band| self.first.get(band)) {
            match shared.iter_mut().find(|(_, known)| known == document) {
                Some((count, _)) => *count += 1,
                None => shared.push((1, *document)),
            }
        }
        shared.sort_unstable_by_key(|&(count, document)| (std::cmp::Reverse(count), document));
        shared.into_iter().take(CANDIDATES).map(|(_, document)| document).collect()
    }

    /// Adds a document.
    pub fn insert(&mut self, bands: &Bands, document: usize) {
        for band in bands.0 {
            self.first.entry(band).or_insert(document);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::words::shingles, *};

    fn bands(text: &str) -> Option<Bands> {
        Bands::of_passages(&shingles(text).collect::<Vec<_>>())
    }

    fn text(words: std::ops::Range<u32>) -> String {
        words.map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
    }

    /// How many of 200 texts of `length` words find one of which `changed` words in a row differ.
    fn found(length: u32, changed: u32) -> usize {
        let is_found = |round: &u32| {
            let base = round * 1_000_000;
            let one = text(base..base + length);
            let other =
                text(base..base + length - changed) + " " + &text(base + 500_000..base + 500_000 + changed);
            let mut index = Index::default();
            index.insert(&bands(&one).unwrap(), 7);
            index.similar(&bands(&other).unwrap()) == [7]
        };
        (0..200).filter(is_found).count()
    }

    #[test]
    fn what_is_nearly_the_same_is_found_and_what_is_not_is_left_alone() {
        assert!(found(1_000, 40) >= 198, "{}", found(1_000, 40));
        assert!(found(100, 4) >= 190, "{}", found(100, 4));
        assert!(found(1_000, 600) <= 10, "{}", found(1_000, 600));
    }

    #[test]
    fn of_many_alike_those_that_share_most_come_first_and_few_are_named() {
        let mut index = Index::default();
        for document in 0..50 {
            let own = document * 9_000..document * 9_000 + 40;
            index.insert(&bands(&(text(0..1_000) + " " + &text(own))).unwrap(), document as usize);
        }
        let found = index.similar(&bands(&(text(0..1_000) + " " + &text(9_000..9_040))).unwrap());
        assert!((1..=CANDIDATES).contains(&found.len()), "{found:?}");
        assert!(bands(" … ").is_none());
    }
}
