//! Markdown as it is written: blocks inside containers (list items, quotes), and inline text inside blocks.
//!
//! The writer knows `CommonMark`'s reading rules and nothing of HTML. It escapes only what would be read as syntax,
//! opens emphasis only where it can be read as such, and never writes raw HTML. What it writes depends on what is to
//! be read only, not on how the page was marked up: Markdown that is read and written again stays the same.

use super::block::Block;
use escape::Kind;
use line::Line;

mod emphasis;
mod escape;
mod inline;
mod line;
mod list;
mod mark;

pub(super) use mark::Mark;

#[derive(Debug)]
struct Container {
    /// What its first line starts with: `- `, `1. `; nothing for a quote.
    first: String,
    quote: bool,
    started: bool,
    /// An item with which another list begins for a reader.
    anew: bool,
}

impl Container {
    fn item(first: String) -> Self {
        Self { first, quote: false, started: false, anew: false }
    }

    /// Whether its first line can follow a paragraph without an empty line: only a list that starts with 1 may.
    fn interrupts(&self) -> bool {
        let number = self.first.trim_end_matches([' ', '.', ')']);
        matches!(number, "-" | "*" | "1")
    }
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

/// Writes one document.
#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    blocks: Vec<Block>,
    /// Link destinations in `out`: syntax, not text.
    destinations: Vec<(usize, usize)>,
    containers: Vec<Container>,
    lists: Vec<list::Spread>,
    /// Lists and quotes that are open: what is inside belongs to one top-level block.
    nesting: usize,
    gap: Gap,
    /// The inline text of the block that is open.
    line: Line,
    /// Level of the heading that is being written.
    heading: Option<usize>,
    target: Target,
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
            lists: Vec::new(),
            nesting: 0,
            gap: Gap::None,
            line: Line::default(),
            heading: None,
            target,
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
        let line = self.line.take();
        self.write_line(line, Kind::Cell, "");
        self.out
    }

    /// Whether no block can be written here: in a table cell or a heading.
    pub(super) fn is_one_line(&self) -> bool {
        self.target == Target::Cell || self.heading.is_some()
    }

    /// Whether nothing was written in the line that is open.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Whether a table cell is being written.
    pub(super) fn is_cell(&self) -> bool {
        self.target == Target::Cell
    }

    /// Lists and quotes that are open.
    pub(super) fn nesting(&self) -> usize {
        self.nesting
    }

    /// Columns that stand before the text of what is open.
    pub(super) fn indent(&self) -> usize {
        self.containers.iter().map(|container| container.first.len().max(2)).sum()
    }

    /// How much was written: it grows with each block.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.blocks.len(), self.out.len())
    }

    /// Whether a heading is being written.
    pub(super) fn in_heading(&self) -> bool {
        self.heading.is_some()
    }

    /// Whether an item is open in which nothing was written yet.
    pub(super) fn begins_item(&self) -> bool {
        self.line.is_empty() && self.containers.last().is_some_and(|item| !item.started && !item.quote)
    }

    // Blocks.

    /// Ends the open paragraph, if any. Marks that are still open go on in the next block.
    pub(super) fn end_block(&mut self) {
        if self.is_one_line() {
            self.line.space();
            return;
        }
        self.write_block(None);
    }

    fn write_block(&mut self, heading: Option<usize>) {
        let line = self.line.take();
        if line.is_empty() {
            return;
        }
        self.start_line();
        let kind = if heading.is_some() { Kind::Heading } else { Kind::Paragraph };
        if let Some(level) = heading {
            self.out.extend(std::iter::repeat_n('#', level));
            self.out.push(' ');
        }
        let mut prefix = String::new();
        push_prefix(&mut self.containers, &mut prefix);
        self.write_line(line, kind, &prefix);
        self.end_lines();
    }

    /// What is written next starts with this text.
    pub(super) fn lead_in(&mut self, lead: String) {
        self.end_block();
        self.line.lead = Some(lead);
    }

    /// Ends what a lead belongs to.
    pub(super) fn end_lead(&mut self) {
        self.end_block();
        self.line.lead = None;
    }

    /// What comes now is no text: a lead that waits for some is a paragraph of its own.
    fn end_before_block(&mut self) {
        self.end_block();
        self.line.settle_lead();
        self.end_block();
    }

    /// Ends one of the blocks that share the one line of a cell.
    pub(super) fn end_part(&mut self) {
        self.end_block();
        if self.is_one_line() {
            self.line.part();
        }
    }

    /// A block's last line is written.
    fn end_lines(&mut self) {
        self.has_text = true;
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
    }

    /// Opens a new block's first line: separation from the block before, then the containers' prefixes.
    fn start_line(&mut self) {
        self.note_spread();
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.gap == Gap::Blank {
                push_blank_prefix(&self.containers, &mut self.out);
                self.out.push('\n');
            }
        }
        self.prefix();
        self.gap = Gap::None;
    }

    /// The containers' part of a line.
    fn prefix(&mut self) {
        push_prefix(&mut self.containers, &mut self.out);
    }

    /// A heading starts; what is written until [`Writer::end_heading`] is its text, on one line.
    pub(super) fn start_heading(&mut self, level: usize) {
        self.end_block();
        self.heading = Some(level);
    }

    /// Ends a heading. Without text, nothing of it is written.
    pub(super) fn end_heading(&mut self) {
        let level = self.heading.take();
        if self.is_cell() {
            self.line.space();
        } else {
            self.write_block(level);
        }
    }

    /// A thematic break.
    pub(super) fn rule(&mut self) {
        self.end_block();
        if !self.is_one_line() && self.nesting == 0 && !self.blocks.is_empty() {
            self.blocks.push(Block::new("---".to_owned(), &[]));
        }
    }

    /// A quote starts.
    pub(super) fn open_quote(&mut self) {
        self.open_nesting();
        self.containers.push(Container { quote: true, ..Container::item(String::new()) });
    }

    /// It ends.
    pub(super) fn close_quote(&mut self) {
        self.end_block();
        let quote = self.containers.pop();
        self.close_nesting(quote.is_some_and(|quote| quote.started));
    }

    fn open_nesting(&mut self) {
        self.end_before_block();
        self.nesting += 1;
    }

    /// `written` tells whether there was anything in it: of what was empty, nothing is seen after it.
    fn close_nesting(&mut self, written: bool) {
        self.nesting = self.nesting.saturating_sub(1);
        if written {
            self.gap = Gap::Blank;
        }
        if self.nesting == 0 && !self.is_cell() {
            self.flush();
        }
    }

    /// A fenced code block.
    pub(super) fn code_block(&mut self, code: &str, language: &str) {
        self.end_before_block();
        let longest = longest_run(code, '`');
        let fence = "`".repeat((longest + 1).max(3));
        self.start_line();
        self.out.push_str(&fence);
        self.out.push_str(language);
        for line in code.split('\n') {
            self.out.push('\n');
            if line.trim_ascii().is_empty() {
                push_blank_prefix(&self.containers, &mut self.out);
            } else {
                self.prefix();
                self.out.push_str(line);
            }
        }
        self.out.push('\n');
        self.prefix();
        self.out.push_str(&fence);
        self.end_lines();
    }

    /// Lines that are Markdown already, such as a table's; empty lines do not occur.
    pub(super) fn lines(&mut self, lines: &[String]) {
        self.end_before_block();
        for (i, line) in lines.iter().enumerate() {
            if i == 0 {
                self.start_line();
            } else {
                self.out.push('\n');
                self.prefix();
            }
            self.out.push_str(line);
        }
        self.end_lines();
    }
}

fn push_spaces(out: &mut String, mut count: usize) {
    const SPACES: &str = "                ";
    while count > 0 {
        let part = count.min(SPACES.len());
        out.push_str(&SPACES[..part]);
        count -= part;
    }
}

/// The containers' part of a line.
fn push_prefix(containers: &mut [Container], out: &mut String) {
    for container in containers {
        if container.quote {
            out.push_str("> ");
        } else if container.started {
            push_spaces(out, container.first.len());
        } else {
            out.push_str(&container.first);
        }
        container.started = true;
    }
}

/// The containers' part of a blank line: only what is needed to stay inside them.
fn push_blank_prefix(containers: &[Container], out: &mut String) {
    let from = out.len();
    for container in containers.iter().take_while(|container| container.started) {
        if container.quote {
            out.push_str("> ");
        } else {
            push_spaces(out, container.first.len());
        }
    }
    while out.len() > from && out.ends_with(' ') {
        out.pop();
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
