//! Cuts a Markdown text into the passages that answers are taken from, without copying it.
//!
//! A passage is a run of paragraphs under one heading, at most [`LIMIT`] characters long; a `Q:`/`A:` pair is
//! always a passage of its own. Nothing here tells navigation or cookie notices from content: a dirty text
//! makes dirty passages, and that is the point.

use std::ops::Range;

/// The most characters of a passage.
const LIMIT: usize = 1200;

/// A passage of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// The headings above it, outermost first, as bytes of the text.
    pub(super) headings: Vec<Range<usize>>,
}

/// The passages of `text` in order.
pub(super) fn chunks(text: &str) -> Vec<Chunk> {
    let mut cutter = Cutter { text, chunks: Vec::new(), headings: Vec::new(), open: None };
    for block in Blocks::new(text) {
        match block {
            Block::Heading(level, title) => cutter.heading(level, title),
            Block::Paragraph(range) => cutter.paragraph(range),
        }
    }
    cutter.flush();
    cutter.chunks
}

struct Cutter<'a> {
    text: &'a str,
    chunks: Vec<Chunk>,
    headings: Vec<(usize, Range<usize>)>,
    open: Option<Range<usize>>,
}

impl Cutter<'_> {
    fn heading(&mut self, level: usize, title: Range<usize>) {
        self.flush();
        while self.headings.last().is_some_and(|(above, _)| *above >= level) {
            self.headings.pop();
        }
        self.headings.push((level, title));
    }

    fn paragraph(&mut self, range: Range<usize>) {
        let words = &self.text[range.clone()];
        let completes = words.starts_with("A:") && self.open_text().is_some_and(is_lone_question);
        let apart = words.starts_with("Q:") || self.open_text().is_some_and(|open| open.starts_with("Q:"));
        let joined = self.open.as_ref().map_or(range.start, |open| open.start)..range.end;
        if !completes && (apart || is_long(&self.text[joined])) {
            self.flush();
        }
        if is_long(words) {
            self.flush();
            for piece in split(self.text, range) {
                self.open = Some(piece);
                self.flush();
            }
            return;
        }
        let start = self.open.as_ref().map_or(range.start, |open| open.start);
        self.open = Some(start..range.end);
    }

    fn open_text(&self) -> Option<&str> {
        self.open.clone().map(|open| &self.text[open])
    }

    fn flush(&mut self) {
        if let Some(range) = self.open.take() {
            let headings = self.headings.iter().map(|(_, title)| title.clone()).collect();
            self.chunks.push(Chunk { range, headings });
        }
    }
}

/// A question whose answer has not come yet.
fn is_lone_question(passage: &str) -> bool {
    passage.starts_with("Q:") && !passage.contains("\nA:")
}

fn is_long(passage: &str) -> bool {
    passage.chars().nth(LIMIT).is_some()
}

/// Cuts a paragraph that is too long: after a line, else after a word, else anywhere.
fn split(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let rest = &text[start..range.end];
        let limit = rest.char_indices().nth(LIMIT).map_or(rest.len(), |(at, _)| at);
        let end = if limit == rest.len() {
            limit
        } else {
            let piece = &rest[..limit];
            piece.rfind('\n').or_else(|| piece.rfind(' ')).map_or(limit, |at| at + 1)
        };
        pieces.push(start..start + end);
        start += end;
    }
    pieces
}

enum Block {
    /// Level and title.
    Heading(usize, Range<usize>),
    Paragraph(Range<usize>),
}

/// The blocks of a text: headings, and lines between blank ones. A fenced code block is one paragraph.
struct Blocks<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Blocks<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn line(&self) -> Option<&'a str> {
        self.text[self.at..].split_inclusive('\n').next()
    }
}

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        while self.line()?.trim().is_empty() {
            self.at += self.line()?.len();
        }
        let start = self.at;
        if let Some((level, title)) = heading(self.line()?) {
            let title = start + title.start..start + title.end;
            self.at += self.line()?.len();
            return Some(Block::Heading(level, title));
        }
        let mut end = start;
        let mut fence = None;
        while let Some(line) = self.line() {
            if fence.is_none() && (line.trim().is_empty() || heading(line).is_some()) {
                break;
            }
            fence = match (fence, fence_of(line)) {
                (Some(open), Some(mark)) if open == mark => None,
                (None, opened) => opened,
                (open, _) => open,
            };
            if !line.trim().is_empty() {
                end = self.at + line.trim_end().len();
            }
            self.at += line.len();
        }
        Some(Block::Paragraph(start..end))
    }
}

/// Level and title of an ATX heading.
fn heading(line: &str) -> Option<(usize, Range<usize>)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?;
    let ended = title.is_empty() || title.starts_with([' ', '\t', '\r', '\n']);
    if !(1..=6).contains(&level) || !ended {
        return None;
    }
    let lead = title.len() - title.trim_start().len();
    let start = level + lead;
    Some((level, start..(start + title.trim().len())))
}

/// The character of a code fence that the line opens or closes.
pub(super) fn fence_of(line: &str) -> Option<char> {
    let line = line.trim_start();
    ['`', '~'].into_iter().find(|mark| line.chars().take(3).filter(|c| c == mark).count() == 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<(String, &str)> = chunks(text)
            .into_iter()
            .map(|chunk| {
                let path: Vec<&str> = chunk.headings.into_iter().map(|title| &text[title]).collect();
                (path.join(" > "), &text[chunk.range])
            })
            .collect();
        let expected: Vec<(String, &str)> =
            expected.iter().map(|(path, body)| ((*path).to_owned(), *body)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn passages_follow_headings_and_remember_the_path_to_them() {
        check("", &[]);
        check("one\n\ntwo", &[("", "one\n\ntwo")]);
        check("# A\n\none\n## B\ntwo\n# C\nthree\n", &[("A", "one"), ("A > B", "two"), ("C", "three")]);
        check("#hash\n\n####### deep", &[("", "#hash\n\n####### deep")]);
        check("# A\r\n\r\none\r\n", &[("A", "one")]);
    }

    #[test]
    fn a_fence_hides_blank_lines_and_hashes() {
        check("```\n# no\n\n~~~\n```\n# Yes\nx", &[("", "```\n# no\n\n~~~\n```"), ("Yes", "x")]);
    }

    #[test]
    fn a_question_and_its_answer_are_one_passage_of_their_own() {
        check("a\n\nQ: b?\nA: c\n\nd", &[("", "a"), ("", "Q: b?\nA: c"), ("", "d")]);
        check("Q: b?\n\nA: c\n\nQ: d?\n\nA: e", &[("", "Q: b?\n\nA: c"), ("", "Q: d?\n\nA: e")]);
    }

    proptest! {
        #[test]
        fn passages_are_short_and_leave_out_nothing_but_headings(text in "([a-zé#`QA:\\-]{0,9}[ \n]){0,600}") {
            let chunks = chunks(&text);
            let mut at = 0;
            for Chunk { range, .. } in chunks.into_iter().chain([Chunk { range: text.len()..text.len(), headings: vec![] }]) {
                let passage = &text[range.clone()];
                let limit = if passage.starts_with("Q:") { 2 * LIMIT } else { LIMIT };
                prop_assert!(passage.chars().count() <= limit);
                let between = &text[at..range.start];
                prop_assert!(between.lines().all(|line| line.trim().is_empty() || heading(line).is_some()), "{between}");
                at = range.end;
            }
        }
    }
}
