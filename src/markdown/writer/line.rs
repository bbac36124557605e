//! The inline text of one block while it is gathered. It is written when all of it is known: what must be escaped,
//! and where emphasis can be read as such, depends on both neighbours.

use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::super::clean::{Cleaner, Fate};
use super::mark::{Mark, OpenMark, Stage};

/// Inline marks inside each other at most: they are looked through for each character.
const MAX_MARKS: usize = 16;

/// A part of a line in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Range<usize>),
    Code(Range<usize>),
    /// A hard line break.
    Break,
    /// A span begins: an index into [`Line::spans`].
    Open(usize),
    Close(usize),
}

/// What came by since the last visible character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Spacing {
    #[default]
    None,
    /// A line end of the source, which is no space between ideographs.
    LineEnd,
    Space,
    /// In a line that holds several blocks, one of them ends.
    Part,
    Break,
}

/// Whether marks other than links are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Emphasis {
    Written,
    /// In headings it says nothing.
    Ignored,
}

/// The line being gathered, and the marks that are open over it.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Text and code in reading order, white space collapsed, invisible characters dropped.
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) spans: Vec<Mark>,
    /// What stands before the next character: an item's label, the sign of a note.
    pub(super) lead: Option<String>,
    spacing: Spacing,
    marks: Vec<OpenMark>,
    /// Marks opened inside of [`MAX_MARKS`] others.
    unwritten: usize,
    /// Nested `code` elements.
    code_depth: usize,
    /// The last piece is code whose element is still open.
    in_code: bool,
    cleaner: Cleaner,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Brings the text into NFC, piece by piece: composed after escaping, a letter could swallow what was escaped
    /// (`<` and U+0338).
    pub(super) fn compose(&mut self) {
        if self.text.is_ascii() || is_nfc_quick(self.text.chars()) == IsNormalized::Yes {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        for piece in &mut self.pieces {
            if let Piece::Text(range) | Piece::Code(range) = piece {
                let start = text.len();
                text.extend(self.text[range.clone()].nfc());
                *range = start..text.len();
            }
        }
        self.text = text;
    }

    /// White space before the next character, if anything stands before it.
    pub(super) fn space(&mut self) {
        self.spacing = self.spacing.max(Spacing::Space);
    }

    /// The same, where one of several blocks in one line ends.
    pub(super) fn part(&mut self) {
        self.spacing = self.spacing.max(Spacing::Part);
    }

    /// Writes a lead that waits for text.
    pub(super) fn settle_lead(&mut self) {
        if let Some(lead) = self.lead.take() {
            self.append(lead.trim_end(), false);
        }
    }

    /// A hard line break before the next character. Says whether one is waiting already: two are a new paragraph.
    pub(super) fn hard_break(&mut self) -> bool {
        let second = self.spacing == Spacing::Break;
        if !self.is_empty() {
            self.spacing = Spacing::Break;
        }
        second
    }

    /// The last character, unless white space follows it.
    pub(super) fn last_char(&self) -> Option<char> {
        if self.spacing == Spacing::None { self.text.chars().next_back() } else { None }
    }

    /// Inline markup starts.
    pub(super) fn open(&mut self, mark: Mark, emphasis: Emphasis) {
        if self.marks.len() >= MAX_MARKS {
            self.unwritten += 1;
            return;
        }
        let link = mark.is_link();
        // Emphasis in code cannot be written; links and equal marks do not nest.
        let ignored = (!link && (self.code_depth > 0 || emphasis == Emphasis::Ignored))
            || self
                .marks
                .iter()
                .any(|m| m.stage != Stage::Ignored && (m.mark == mark || (link && m.mark.is_link())));
        self.marks.push(OpenMark { mark, stage: if ignored { Stage::Ignored } else { Stage::Pending } });
    }

    /// The inline markup opened last ends.
    pub(super) fn close(&mut self) {
        if self.unwritten > 0 {
            self.unwritten -= 1;
        } else if let Some(OpenMark { stage: Stage::Open(span), .. }) = self.marks.pop() {
            self.pieces.push(Piece::Close(span));
        }
    }

    pub(super) fn open_code(&mut self) {
        self.code_depth += 1;
    }

    pub(super) fn close_code(&mut self) {
        self.code_depth = self.code_depth.saturating_sub(1);
        self.in_code &= self.code_depth > 0;
    }

    /// Takes the finished line out. Marks that are still open go on in the next one.
    pub(super) fn take(&mut self) -> Line {
        for mark in self.marks.iter_mut().rev() {
            if let Stage::Open(span) = mark.stage {
                self.pieces.push(Piece::Close(span));
                // A card with heading, picture and text is one link: once is enough.
                mark.stage = if mark.mark.is_link() { Stage::Ignored } else { Stage::Pending };
            }
        }
        self.spacing = Spacing::None;
        self.in_code = false;
        Line {
            text: std::mem::take(&mut self.text),
            pieces: std::mem::take(&mut self.pieces),
            spans: std::mem::take(&mut self.spans),
            ..Line::default()
        }
    }

    /// Text of the page: white space collapsed, invisible characters dropped. Says how much of it was read: a line
    /// separator ends the line.
    pub(super) fn text(&mut self, text: &str, emphasis: Emphasis) -> usize {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let b = bytes[at];
            if b.is_ascii_graphic() && !self.cleaner.is_busy() {
                let run = bytes[at..].iter().take_while(|b| b.is_ascii_graphic()).count();
                self.push(&text[at..at + run], emphasis);
                at += run;
                self.cleaner.passed(char::from(bytes[at - 1]));
            } else if matches!(b, b' ' | b'\n') {
                let spacing = if b == b'\n' { Spacing::LineEnd } else { Spacing::Space };
                // Indentation after a line end is no space either.
                if self.spacing != Spacing::LineEnd {
                    self.spacing = self.spacing.max(spacing);
                }
                at += 1;
                self.cleaner.passed(' ');
            } else {
                let Some(c) = text[at..].chars().next() else { break };
                at += c.len_utf8();
                match self.cleaner.fate(c) {
                    Fate::Keep => self.push(c.encode_utf8(&mut [0; 4]), emphasis),
                    Fate::Drop => {}
                    Fate::Space => self.space(),
                    Fate::LineBreak => return at,
                }
            }
        }
        at
    }

    /// Adds visible text, and before it all that waited for it.
    fn push(&mut self, text: &str, emphasis: Emphasis) {
        let spacing = std::mem::take(&mut self.spacing);
        if !self.is_empty() {
            match spacing {
                Spacing::Break => self.pieces.push(Piece::Break),
                Spacing::LineEnd if !self.in_code && self.joins_ideographs(text) => {}
                Spacing::Space | Spacing::LineEnd => {
                    let code = self.in_code && matches!(self.pieces.last(), Some(Piece::Code(_)));
                    let ends =
                        self.lead.is_some() || self.marks.iter().any(|mark| mark.stage == Stage::Pending);
                    self.append(" ", code && !ends);
                }
                Spacing::Part => {
                    let separator = if self.lead.is_none() && self.runs_into(text) { "; " } else { " " };
                    self.append(separator, false);
                }
                Spacing::None => {}
            }
        }
        if let Some(lead) = self.lead.take() {
            self.append(&lead, false);
        }
        for i in 0..self.marks.len() {
            let pending = self.marks[i].stage == Stage::Pending;
            if pending && (emphasis == Emphasis::Written || self.marks[i].mark.is_link()) {
                self.begin_span(i);
            }
        }
        self.append(text, self.code_depth > 0);
        self.in_code = self.code_depth > 0;
    }

    fn begin_span(&mut self, i: usize) {
        let mark = &self.marks[i].mark;
        // `**a****b**` is one bold run: go on in it.
        if !mark.is_link()
            && let Some(&Piece::Close(span)) = self.pieces.last()
            && self.spans[span] == *mark
        {
            self.pieces.pop();
            self.marks[i].stage = Stage::Open(span);
            return;
        }
        self.spans.push(mark.clone());
        self.marks[i].stage = Stage::Open(self.spans.len() - 1);
        self.pieces.push(Piece::Open(self.spans.len() - 1));
    }

    /// Adds to the last piece if it is of the same kind: two code spans side by side are read as one.
    fn append(&mut self, text: &str, code: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        match self.pieces.last_mut() {
            Some(Piece::Text(range)) if !code => range.end = end,
            Some(Piece::Code(range)) if code => range.end = end,
            _ => self.pieces.push(if code { Piece::Code(start..end) } else { Piece::Text(start..end) }),
        }
    }

    /// Whether nothing tells the block that ended from the one that begins with `next`.
    fn runs_into(&self, next: &str) -> bool {
        let ends = |c: char| !".,;:!?…-–—•◦▪|/([{。、：；！？".contains(c);
        let begins = |c: char| !".,;:!?-–—•◦▪|/)]}&+".contains(c);
        self.text.ends_with(ends) && next.starts_with(begins)
    }

    /// Chinese and Japanese are written without spaces: a line end between two ideographs is none.
    fn joins_ideographs(&self, next: &str) -> bool {
        self.text.chars().next_back().is_some_and(is_ideograph) && next.starts_with(is_ideograph)
    }
}

/// Ideographs, kana and their punctuation.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFF}')
}
