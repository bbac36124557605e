//! Markdown as it is written: blocks inside containers (list items, quotes), and inline text inside blocks.
//!
//! The writer knows `CommonMark`'s reading rules and nothing of HTML. It escapes only what would be read as syntax,
//! opens emphasis only where it can be read as such, and never writes raw HTML.

use super::block::Block;
use super::clean::Cleaner;
use mark::{LastEnd, OpenMark, RiskyEnd};

mod escape;
mod inline;
mod mark;

pub(super) use mark::Mark;

/// Inline marks inside each other at most: they are looked through for each character.
const MAX_MARKS: usize = 16;

#[derive(Debug)]
struct Container {
    /// What its first line starts with: `- `, `1. `, `> `.
    first: String,
    quote: bool,
    started: bool,
}

/// What stands between the block before and the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Line,
    Blank,
}

/// What is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Document,
    /// A table cell: one line, pipes escaped.
    Cell,
}

/// Where the inline text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// No block is open.
    Closed,
    Paragraph,
    Heading,
}

/// Writes one document.
#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    blocks: Vec<Block>,
    /// Link destinations in `out`: syntax, not text.
    destinations: Vec<(usize, usize)>,
    containers: Vec<Container>,
    /// Lists and quotes that are open: what is inside belongs to one top-level block.
    nesting: usize,
    gap: Gap,
    line: Line,
    /// Level of the heading that is being written.
    heading: Option<usize>,
    /// White space came by and waits for what follows it.
    space: bool,
    marks: Vec<OpenMark>,
    /// Marks opened inside of [`MAX_MARKS`] others.
    unwritten: usize,
    risky: Vec<RiskyEnd>,
    /// Where the last emphasis or code span ended.
    last_end: Option<LastEnd>,
    /// Nested `code` elements and the text they gathered.
    code_depth: usize,
    code: String,
    target: Target,
    cleaner: Cleaner,
    /// The text of the current line starts here.
    line_start: usize,
    /// The block holds text besides syntax.
    has_text: bool,
}

impl Writer {
    /// A writer of blocks.
    pub(super) fn document() -> Self {
        Self::new(Target::Document)
    }

    /// A writer of one table cell.
    pub(super) fn cell() -> Self {
        Self::new(Target::Cell)
    }

    fn new(target: Target) -> Self {
        Self {
            out: String::new(),
            blocks: Vec::new(),
            destinations: Vec::new(),
            containers: Vec::new(),
            nesting: 0,
            gap: Gap::None,
            line: Line::Closed,
            heading: None,
            space: false,
            marks: Vec::new(),
            unwritten: 0,
            risky: Vec::new(),
            last_end: None,
            code_depth: 0,
            code: String::new(),
            target,
            cleaner: Cleaner::default(),
            line_start: 0,
            has_text: false,
        }
    }

    /// Ends the document.
    pub(super) fn finish(mut self) -> Vec<Block> {
        self.end_block();
        self.flush();
        self.blocks
    }

    /// Ends a cell: its one line.
    pub(super) fn finish_line(mut self) -> String {
        self.end_block();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }

    fn is_cell(&self) -> bool {
        self.target == Target::Cell
    }

    // Blocks.

    /// Ends the open paragraph or heading, if any. Marks that are still open go on in the next block.
    pub(super) fn end_block(&mut self) {
        self.flush_code();
        if self.is_cell() || self.heading.is_some() {
            self.space = true;
            return;
        }
        self.space = false;
        if self.line == Line::Closed {
            return;
        }
        for i in (0..self.marks.len()).rev() {
            let stage = self.close_mark(i);
            self.marks[i].stage = stage;
        }
        self.risky.clear();
        self.last_end = None;
        while self.out.ends_with(['\n', ' ']) && self.out.len() > self.line_start {
            self.out.pop();
        }
        self.line = Line::Closed;
        self.gap = Gap::Blank;
        if self.nesting == 0 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut markdown = std::mem::take(&mut self.out);
        markdown.truncate(markdown.trim_end().len());
        if self.has_text && !markdown.is_empty() {
            self.blocks.push(Block::new(markdown, &self.destinations));
        }
        self.destinations.clear();
        self.gap = Gap::None;
        self.has_text = false;
        self.line_start = 0;
    }

    /// Opens a new block's first line: separation from the block before, then the containers' prefixes.
    fn start_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.gap == Gap::Blank {
                self.prefix(true);
                self.out.push('\n');
            }
        }
        self.prefix(false);
        self.gap = Gap::None;
        self.line_start = self.out.len();
    }

    /// The containers' part of a line; on a `blank` line only what is needed to stay inside them.
    fn prefix(&mut self, blank: bool) {
        let from = self.out.len();
        for container in &mut self.containers {
            if blank && !container.started {
                break;
            }
            if container.quote {
                self.out.push_str("> ");
            } else if container.started {
                self.out.extend(std::iter::repeat_n(' ', container.first.len()));
            } else {
                self.out.push_str(&container.first);
            }
            container.started = true;
        }
        if blank {
            while self.out.len() > from && self.out.ends_with(' ') {
                self.out.pop();
            }
        }
    }

    /// A heading starts; what is written until [`Writer::end_heading`] is its text, on one line.
    pub(super) fn start_heading(&mut self, level: usize) {
        self.end_block();
        self.heading = Some(level);
    }

    /// Ends a heading. Without text, nothing of it is written.
    pub(super) fn end_heading(&mut self) {
        self.flush_code();
        self.heading = None;
        self.end_block();
    }

    /// A thematic break.
    pub(super) fn rule(&mut self) {
        self.end_block();
        if !self.is_cell() && self.nesting == 0 && !self.blocks.is_empty() {
            self.blocks.push(Block::new("---".to_owned(), &[]));
        }
    }

    /// A list or a quote starts.
    pub(super) fn open_nesting(&mut self) {
        self.end_block();
        self.nesting += 1;
    }

    /// It ends.
    pub(super) fn close_nesting(&mut self) {
        self.end_block();
        self.nesting = self.nesting.saturating_sub(1);
        self.gap = Gap::Blank;
        if self.nesting == 0 && !self.is_cell() {
            self.flush();
        }
    }

    /// The next block follows closely: items of a tight list, a list right under its item's text.
    pub(super) fn tighten(&mut self) {
        if self.gap == Gap::Blank {
            self.gap = Gap::Line;
        }
    }

    /// A list item starts, with its marker and the blank after it.
    pub(super) fn open_item(&mut self, marker: String) {
        self.end_block();
        self.containers.push(Container { first: marker, quote: false, started: false });
    }

    /// A quote starts.
    pub(super) fn open_quote(&mut self) {
        self.end_block();
        self.containers.push(Container { first: String::new(), quote: true, started: false });
    }

    /// Item or quote ends. Says whether anything was written in it.
    pub(super) fn close_container(&mut self) -> bool {
        self.end_block();
        self.containers.pop().is_some_and(|c| c.started)
    }

    /// A fenced code block.
    pub(super) fn code_block(&mut self, code: &str, language: &str) {
        self.end_block();
        let longest = longest_run(code, '`');
        let fence = "`".repeat((longest + 1).max(3));
        self.start_line();
        self.out.push_str(&fence);
        self.out.push_str(language);
        for line in code.split('\n') {
            self.out.push('\n');
            self.prefix(line.is_empty());
            self.out.push_str(line);
        }
        self.out.push('\n');
        self.prefix(false);
        self.out.push_str(&fence);
        self.has_text = true;
        self.gap = Gap::Blank;
        if self.nesting == 0 {
            self.flush();
        }
    }

    /// Lines that are Markdown already, such as a table's; empty lines do not occur.
    pub(super) fn lines(&mut self, lines: &[String]) {
        self.end_block();
        for (i, line) in lines.iter().enumerate() {
            if i == 0 {
                self.start_line();
            } else {
                self.out.push('\n');
                self.prefix(false);
            }
            self.out.push_str(line);
        }
        self.has_text = true;
        self.gap = Gap::Blank;
        if self.nesting == 0 {
            self.flush();
        }
    }
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    if !text.contains(of) {
        return 0;
    }
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
