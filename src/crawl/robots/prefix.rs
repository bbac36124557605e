//! Which of many texts does an input start with? One binary search, then a link for each.

use std::ops::Range;

/// Distinct texts in their order.
#[derive(Clone, Debug)]
pub(super) struct PrefixTable {
    /// All texts, one behind the other.
    octets: Vec<u8>,
    texts: Vec<Text>,
    /// How many texts begin with a lesser octet than this index, or are empty.
    before: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Text {
    span: Range<usize>,
    /// The longest other text that this one starts with.
    shorter: Option<usize>,
}

impl PrefixTable {
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut sorted: Vec<&[u8]> = texts.collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut octets = Vec::new();
        let mut texts = Vec::with_capacity(sorted.len());
        // The texts that the present one may start with, each a prefix of the next.
        let mut nested: Vec<usize> = Vec::new();
        for (number, text) in sorted.iter().enumerate() {
            while nested.last().is_some_and(|&last| !text.starts_with(sorted[last])) {
                nested.pop();
            }
            let start = octets.len();
            octets.extend_from_slice(text);
            texts.push(Text { span: start..octets.len(), shorter: nested.last().copied() });
            nested.push(number);
        }
        let begins_before = |octet: u16| {
            sorted.partition_point(|text| text.first().is_none_or(|&first| u16::from(first) < octet))
        };
        Self { octets, texts, before: (0..=256).map(begins_before).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of this number.
    pub(super) fn text(&self, number: usize) -> &[u8] {
        &self.octets[self.texts[number].span.clone()]
    }

    /// The number of a text.
    pub(super) fn number(&self, text: &[u8]) -> Option<usize> {
        self.starts_of(text).next().filter(|&number| self.text(number) == text)
    }

    /// The numbers of the texts that `input` starts with, the longest first.
    pub(super) fn starts_of(&self, input: &[u8]) -> impl Iterator<Item = usize> {
        // Every start of the input is also one of the last text that does not stand after it.
        let last = self.last_not_after(input);
        let common = last.map_or(0, |last| common_start(self.text(last), input));
        std::iter::successors(last, |&longer| self.texts[longer].shorter)
            .skip_while(move |&number| self.texts[number].span.len() > common)
    }

    /// The last text that does not stand after `input`, of those that begin like it; else the empty text.
    fn last_not_after(&self, input: &[u8]) -> Option<usize> {
        let alike = match input.first() {
            Some(&first) => self.before[usize::from(first)]..self.before[usize::from(first) + 1],
            None => 0..self.before[0],
        };
        let found =
            self.texts[alike.clone()].partition_point(|text| &self.octets[text.span.clone()] <= input);
        if found > 0 { Some(alike.start + found - 1) } else { (self.before[0] > 0).then_some(0) }
    }
}

fn common_start(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_start_comes_first() {
        let check = |texts: &[&str], input: &str, expected: &[&str]| {
            let table = PrefixTable::new(texts.iter().map(|text| text.as_bytes()));
            let found: Vec<_> = table.starts_of(input.as_bytes()).map(|at| table.text(at)).collect();
            let expected: Vec<_> = expected.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(found, expected, "{texts:?} {input}");
        };
        check(&[], "a", &[]);
        check(&["a"], "", &[]);
        check(&["", "b"], "a", &[""]);
        check(&["/", "/a", "/a", "/ab", "/abc", "/b"], "/abd", &["/ab", "/a", "/"]);
        check(&["/a", "/b"], "/", &[]);
        check(&["/a", "/aab", "/aac"], "/aad", &["/a"]);
    }

    proptest! {
        #[test]
        fn every_start_is_found(texts in vec("[ab]{0,6}", 0..12), input in "[ab]{0,8}") {
            let table = PrefixTable::new(texts.iter().map(String::as_bytes));
            let found: Vec<_> = table.starts_of(input.as_bytes()).map(|at| table.text(at).to_vec()).collect();
            let mut expected: Vec<_> = texts.iter().filter(|text| input.starts_with(*text)).cloned().collect();
            expected.sort_by_key(|text| std::cmp::Reverse(text.len()));
            expected.dedup();
            prop_assert_eq!(found, expected.into_iter().map(String::into_bytes).collect::<Vec<_>>());
            for text in &texts {
                prop_assert_eq!(table.number(text.as_bytes()).map(|at| table.text(at)), Some(text.as_bytes()));
            }
        }
    }
}
