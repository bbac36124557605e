//! Text, marks and code spans on the open line.

use super::super::clean::{Cleaner, Fate};
use super::mark::{LastEnd, Mark, OpenMark, RiskyEnd, Stage};
use super::{Line, MAX_MARKS, Writer, longest_run};

/// Bytes that may be syntax, white space or not ASCII; all others are copied as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut b = 0x21_u8;
    while b < 0x7F {
        plain[b as usize] = !matches!(
            b,
            b'\\'
                | b'`'
                | b'*'
                | b'_'
                | b'['
                | b']'
                | b'('
                | b'<'
                | b'>'
                | b'&'
                | b'~'
                | b'|'
                | b'#'
                | b'+'
                | b'-'
                | b'='
                | b'.'
                | b')'
                | b':'
        );
        b += 1;
    }
    plain
};

fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace()
}

impl Writer {
    /// A line break inside a block.
    pub(in crate::markdown) fn line_break(&mut self) {
        self.flush_code();
        if self.is_cell() || self.line != Line::Paragraph {
            self.space = true;
            return;
        }
        if self.out.len() == self.line_start {
            // Two breaks in a row are how old pages separate paragraphs.
            self.end_block();
            return;
        }
        for i in (0..self.marks.len()).rev() {
            if !matches!(self.marks[i].mark, Mark::Link(_)) {
                let stage = self.close_mark(i);
                self.marks[i].stage = stage;
            }
        }
        self.risky.clear();
        self.last_end = None;
        self.space = false;
        self.out.push_str("  \n");
        self.prefix(false);
        self.line_start = self.out.len();
    }

    /// Inline markup starts.
    pub(in crate::markdown) fn open(&mut self, mark: Mark) {
        if self.marks.len() >= MAX_MARKS {
            self.unwritten += 1;
            return;
        }
        let link = matches!(mark, Mark::Link(_));
        if link {
            self.flush_code();
        }
        // Emphasis in code cannot be written, in headings says nothing; links and equal marks do not nest.
        let ignored = (!link && (self.code_depth > 0 || self.heading.is_some()))
            || self.marks.iter().any(|m| {
                m.stage != Stage::Ignored && (m.mark == mark || (link && matches!(m.mark, Mark::Link(_))))
            });
        self.marks.push(OpenMark { mark, stage: if ignored { Stage::Ignored } else { Stage::Pending } });
    }

    /// The inline markup opened last ends.
    pub(in crate::markdown) fn close(&mut self) {
        if self.unwritten > 0 {
            self.unwritten -= 1;
            return;
        }
        if self.marks.last().is_some_and(|m| matches!(m.mark, Mark::Link(_))) {
            self.flush_code();
        }
        if let Some(last) = self.marks.len().checked_sub(1) {
            self.close_mark(last);
            self.marks.pop();
        }
    }

    /// Writes the end of mark `i`; says in which state the mark goes on in a following block.
    pub(super) fn close_mark(&mut self, i: usize) -> Stage {
        let OpenMark { mark, stage } = &self.marks[i];
        let &Stage::Open(opened) = stage else { return *stage };
        if let Mark::Link(destination) = mark {
            self.out.push_str("](");
            let start = self.out.len();
            self.out.push_str(destination);
            self.destinations.push((start, self.out.len()));
            self.out.push(')');
            // A card with heading, picture and text is one link: once is enough.
            return Stage::Ignored;
        }
        let marker = mark.opener();
        if self.out.ends_with(is_punctuation) {
            self.risky.push(RiskyEnd { opened, closed: self.out.len(), width: marker.len() });
        }
        self.out.push_str(marker);
        self.last_end = Some(LastEnd { at: self.out.len(), marker, opened });
        Stage::Pending
    }

    /// Makes sure that an inline line is open and that all that must stand before `next` is written.
    fn prepare(&mut self, next: char) {
        if self.line == Line::Closed && !self.is_cell() {
            self.start_line();
            self.line = Line::Paragraph;
            if let Some(level) = self.heading {
                self.out.extend(std::iter::repeat_n('#', level));
                self.out.push(' ');
                self.line = Line::Heading;
                self.line_start = self.out.len();
            }
        }
        let at_start = self.out.len() == self.line_start;
        if self.space && !at_start {
            self.out.push(' ');
        } else if !self.risky.is_empty() && !is_punctuation(next) {
            self.take_back_risky();
        }
        self.space = false;
        self.risky.clear();
        self.has_text = true;
        if self.marks.iter().any(|m| m.stage == Stage::Pending) {
            self.write_pending(next);
        }
    }

    fn write_pending(&mut self, next: char) {
        for i in 0..self.marks.len() {
            if self.marks[i].stage != Stage::Pending {
                continue;
            }
            let marker = self.marks[i].mark.opener();
            if self.heading.is_some() && !matches!(self.marks[i].mark, Mark::Link(_)) {
                continue;
            }
            if matches!(self.marks[i].mark, Mark::Link(_)) {
                if self.out.ends_with('!') {
                    // `![` would be an image.
                    self.out.insert(self.out.len() - 1, '\\');
                }
                self.marks[i].stage = Stage::Open(self.out.len());
                self.out.push('[');
                continue;
            }
            let before = self.out[self.line_start..].chars().next_back();
            if let Some(end) = self.last_end
                && end.at == self.out.len()
                && end.marker != "`"
            {
                if end.marker == marker {
                    // `**a****b**` is one bold run: take the end back and go on.
                    self.out.truncate(end.at - marker.len());
                    self.last_end = None;
                    self.marks[i].stage = Stage::Open(end.opened);
                } else {
                    // `*a***b**`: the two runs would be read together.
                    self.marks[i].stage = Stage::Ignored;
                }
                continue;
            }
            let links_next = self.marks[i + 1..]
                .iter()
                .any(|m| m.stage == Stage::Pending && matches!(m.mark, Mark::Link(_)));
            let follows = if links_next { '[' } else { next };
            let left_flanking =
                !is_punctuation(follows) || before.is_none_or(|c| c.is_whitespace() || is_punctuation(c));
            if left_flanking {
                self.marks[i].stage = Stage::Open(self.out.len());
                self.out.push_str(marker);
            } else {
                self.marks[i].stage = Stage::Ignored;
            }
        }
    }

    /// Emphasis whose end would not be read as one, because a letter follows punctuation, is not written at all.
    fn take_back_risky(&mut self) {
        let mut risky = std::mem::take(&mut self.risky);
        while let Some(RiskyEnd { opened, closed, width }) = risky.pop() {
            self.out.replace_range(closed..closed + width, "");
            self.out.replace_range(opened..opened + width, "");
            for inner in &mut risky {
                inner.opened -= if inner.opened > opened { width } else { 0 };
                inner.closed -= width;
            }
            for destination in self.destinations.iter_mut().filter(|d| d.0 > opened) {
                destination.0 -= width;
                destination.1 -= width;
            }
        }
        self.last_end = None;
    }

    /// Text of the page: white space collapsed, syntax escaped, invisible characters dropped.
    pub(in crate::markdown) fn text(&mut self, text: &str) {
        if self.code_depth > 0 {
            self.code.push_str(text);
            return;
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let b = bytes[at];
            if PLAIN[b as usize] && !self.cleaner.is_busy() {
                let from = at;
                while at < bytes.len() && PLAIN[bytes[at] as usize] {
                    at += 1;
                }
                let run = &text[from..at];
                let first = char::from(b);
                self.prepare(first);
                self.out.push_str(run);
                self.cleaner.passed(char::from(bytes[at - 1]));
            } else if b == b' ' || b == b'\n' {
                self.space = true;
                at += 1;
                self.cleaner.passed(' ');
            } else {
                let Some(c) = text[at..].chars().next() else { return };
                at += c.len_utf8();
                self.special(c, &text[at..]);
            }
        }
    }

    fn special(&mut self, c: char, rest: &str) {
        if c.is_ascii_punctuation() && !self.cleaner.is_busy() {
            self.cleaner.passed(c);
            let space = self.space;
            self.prepare(c);
            if self.needs_escape(c, rest, space) {
                self.out.push('\\');
            }
            self.out.push(c);
            return;
        }
        match self.cleaner.fate(c) {
            Fate::Keep => {
                self.prepare(c);
                self.out.push(c);
            }
            Fate::Drop => {}
            Fate::Space => self.space = true,
            Fate::LineBreak => self.line_break(),
        }
    }

    /// Text of ours, such as a check box.
    pub(in crate::markdown) fn raw(&mut self, text: &str) {
        self.prepare(text.chars().next().unwrap_or(' '));
        self.out.push_str(text);
    }

    /// The last character written on this line, unless white space follows it.
    pub(in crate::markdown) fn last_char(&self) -> Option<char> {
        if self.space || self.line_start > self.out.len() {
            None
        } else {
            self.out[self.line_start..].chars().next_back()
        }
    }

    /// Whether no block can be written here: in a table cell or a heading.
    pub(in crate::markdown) fn is_one_line(&self) -> bool {
        self.is_cell() || self.heading.is_some()
    }

    /// Lists and quotes that are open.
    pub(in crate::markdown) fn nesting(&self) -> usize {
        self.nesting
    }

    /// How much was written: it grows with each block.
    pub(in crate::markdown) fn position(&self) -> (usize, usize) {
        (self.blocks.len(), self.out.len())
    }

    /// Whether a heading is being written.
    pub(in crate::markdown) fn in_heading(&self) -> bool {
        self.heading.is_some()
    }

    /// Inline code starts.
    pub(in crate::markdown) fn open_code(&mut self) {
        self.code_depth += 1;
    }

    /// Inline code ends.
    pub(in crate::markdown) fn close_code(&mut self) {
        if self.code_depth == 1 {
            self.flush_code();
        }
        self.code_depth = self.code_depth.saturating_sub(1);
    }

    /// Writes the code gathered so far as one span.
    pub(super) fn flush_code(&mut self) {
        if self.code.is_empty() {
            return;
        }
        let raw = std::mem::take(&mut self.code);
        let mut code = String::with_capacity(raw.len());
        self.space |= raw.starts_with(char::is_whitespace);
        let mut cleaner = Cleaner::default();
        for c in raw.chars() {
            let fate = if c.is_ascii_graphic() && !cleaner.is_busy() {
                Fate::Keep
            } else if c == ' ' {
                Fate::Space
            } else {
                cleaner.fate(c)
            };
            match fate {
                Fate::Keep => {
                    code.push(c);
                }
                Fate::Drop => {}
                Fate::Space | Fate::LineBreak if code.is_empty() || code.ends_with(' ') => {}
                Fate::Space | Fate::LineBreak => code.push(' '),
            }
        }
        let trailing = raw.ends_with(char::is_whitespace);
        code.truncate(code.trim_end().len());
        if self.is_cell() {
            code = code.replace('|', "\\|");
        }
        if !code.is_empty() {
            self.write_code(&code);
        }
        self.space |= trailing;
    }

    fn write_code(&mut self, code: &str) {
        self.prepare('`');
        if let Some(end) = self.last_end
            && end.at == self.out.len()
            && end.marker == "`"
            && !code.contains('`')
        {
            // `a``b` would be one span with backticks in it: go on in the span before.
            self.out.pop();
            self.out.push_str(code);
            self.out.push('`');
            self.last_end = Some(LastEnd { at: self.out.len(), ..end });
            return;
        }
        let longest = longest_run(code, '`');
        let fence = "`".repeat(longest + 1);
        if self.out.ends_with('`') {
            self.out.push(' ');
        }
        let pad = if longest > 0 && (code.starts_with('`') || code.ends_with('`')) { " " } else { "" };
        for part in [&fence, pad, code, pad, &fence] {
            self.out.push_str(part);
        }
        self.last_end = (longest == 0).then_some(LastEnd { at: self.out.len(), marker: "`", opened: 0 });
        self.cleaner.passed('`');
    }
}
