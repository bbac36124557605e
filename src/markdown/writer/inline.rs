//! Text, marks and code spans: gathered on the open line, and written when the block ends.

use super::emphasis::{first, settle};
use super::escape::{self, Kind, Place};
use super::line::{Emphasis, Line, Piece};
use super::mark::Mark;
use super::{Writer, longest_run};

impl Writer {
    fn emphasis(&self) -> Emphasis {
        if self.heading.is_some() { Emphasis::Ignored } else { Emphasis::Written }
    }

    /// Text of the page.
    pub(in crate::markdown) fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let read = self.line.text(rest, self.emphasis());
            if rest[..read].ends_with(['\u{2028}', '\u{2029}']) {
                self.line_break();
            }
            rest = &rest[read..];
        }
    }

    /// A line break inside a block.
    pub(in crate::markdown) fn line_break(&mut self) {
        if self.is_one_line() {
            self.line.space();
        } else if self.line.hard_break() {
            // Two breaks in a row are how old pages separate paragraphs.
            self.end_block();
        }
    }

    /// Inline markup starts.
    pub(in crate::markdown) fn open(&mut self, mark: Mark) {
        let emphasis = self.emphasis();
        self.line.open(mark, emphasis);
    }

    /// The inline markup opened last ends.
    pub(in crate::markdown) fn close(&mut self) {
        self.line.close();
    }

    /// Inline code starts.
    pub(in crate::markdown) fn open_code(&mut self) {
        self.line.open_code();
    }

    /// Inline code ends.
    pub(in crate::markdown) fn close_code(&mut self) {
        self.line.close_code();
    }

    /// Whether TeX can stand here between dollar signs as it is.
    pub(in crate::markdown) fn is_plain_tex(&self, tex: &str) -> bool {
        is_plain(tex, self.is_cell())
    }

    /// A formula: as it is between dollar signs where every reader takes that for text, else as code between them.
    pub(in crate::markdown) fn formula(&mut self, tex: &str) {
        self.text("$");
        if self.is_plain_tex(tex) {
            self.text(tex);
        } else {
            self.line.open_code();
            self.text(tex);
            self.line.close_code();
        }
        self.text("$");
    }

    /// The last character on this line, unless white space follows it.
    pub(in crate::markdown) fn last_char(&self) -> Option<char> {
        self.line.last_char()
    }

    /// Writes a line; `prefix` is what a further line of the same paragraph starts with.
    pub(super) fn write_line(&mut self, mut line: Line, kind: Kind, prefix: &str) {
        line.compose();
        settle(&mut line);
        line.compose();
        let mut pieces = line.pieces.iter().peekable();
        let mut line_start = self.out.len();
        let (mut continues, mut in_link) = (false, false);
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(range) => {
                    let follow = pieces.peek().and_then(|next| first(&line, next));
                    let place = Place { line_start, continues, kind, in_link, follow };
                    escape::write(&mut self.out, &line.text[range.clone()], place);
                }
                Piece::Code(range) => write_code(&mut self.out, &line.text[range.clone()], kind),
                Piece::Break => {
                    self.out.push_str("  \n");
                    self.out.push_str(prefix);
                    line_start = self.out.len();
                    continues = true;
                }
                Piece::Open(span) => {
                    in_link |= line.spans[*span].is_link();
                    self.out.push_str(line.spans[*span].opener());
                }
                Piece::Close(span) => match &line.spans[*span] {
                    Mark::Link(destination) => {
                        in_link = false;
                        self.out.push_str("](");
                        let start = self.out.len();
                        self.out.push_str(destination);
                        self.destinations.push((start, self.out.len()));
                        self.out.push(')');
                    }
                    mark => self.out.push_str(mark.opener()),
                },
            }
        }
        self.has_text = true;
    }
}

/// Whether TeX can stand between dollar signs without an escape, which would be part of it.
fn is_plain(tex: &str, cell: bool) -> bool {
    let kind = if cell { Kind::Cell } else { Kind::Paragraph };
    let mut out = String::from("$");
    let place = Place { line_start: 0, continues: false, kind, in_link: true, follow: Some('$') };
    escape::write(&mut out, tex, place);
    out[1..] == *tex
}

fn write_code(out: &mut String, code: &str, kind: Kind) {
    let longest = longest_run(code, '`');
    let fence = "`".repeat(longest + 1);
    let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
    out.push_str(&fence);
    out.push_str(pad);
    if kind == Kind::Cell {
        out.push_str(&code.replace('|', "\\|"));
    } else {
        out.push_str(code);
    }
    out.push_str(pad);
    out.push_str(&fence);
}
