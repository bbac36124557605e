//! HTML text to [`Tree`], by html5ever's tokenizer and tree builder, with caps that hold while the tree grows.
//!
//! The parser itself has none: open elements are scanned per tag and attributes compared pairwise, so that nesting
//! and attribute lists cost quadratic time. `guard` stands between tokenizer and tree builder and keeps what the
//! builder sees small; `giant` keeps what the tokenizer sees small.
//!
//! Scripting counts as enabled: `<noscript>` is one raw text that nobody renders, as in a visitor's browser, so lazy
//! images and their `<noscript>` twins do not come out twice and a tracking pixel in the head does not end the head.
//! Only where `<noscript>` holds nearly all the text there is (forums serve crawlers so) it is the page.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TreeSink;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};

use super::tree::{Data, Node, NodeId, Tree};
use guard::Guard;
use sink::Sink;

mod guard;
mod giant;
mod noscript;
mod protected;
mod sink;

/// Levels of elements; deeper tags are dropped and what they hold goes to the ancestor at the cap, as in browsers.
pub const MAX_DEPTH: u16 = 512;
/// Attributes per element; the rest is dropped.
pub const MAX_ATTRIBUTES: usize = 128;
/// Bytes per attribute value; a longer value is cut.
pub const MAX_ATTRIBUTE_BYTES: usize = 64 * 1024;
/// Nodes per page, and attributes per page.
pub const MAX_NODES: usize = 1_000_000;

/// Input goes in by pieces of this many bytes, so that a page over a cap stops early.
const PIECE: usize = 16 * 1024;
/// So many places where an attribute may begin, without one token, can only be one huge tag or comment: then tags are
/// measured before they are fed.
const SILENT_SEPARATORS: usize = 4096;

/// Why a page was not parsed to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseLimit {
    /// The tree outgrew [`MAX_NODES`].
    #[error("page has more than {MAX_NODES} nodes")]
    Nodes,
    /// All elements together outgrew [`MAX_NODES`] attributes: unclosed formatting tags are cloned with all theirs.
    #[error("page has more than {MAX_NODES} attributes")]
    Attributes,
}

/// Parses a page.
///
/// # Errors
/// [`ParseLimit`] if the page is larger than any real one; nesting, attribute counts and sizes are cut silently.
pub fn parse(html: &str) -> Result<Tree, ParseLimit> {
    let mut tree = parse_with(html, Scripting::Enabled)?;
    if noscript::is_the_page(&tree) {
        tree = parse_with(html, Scripting::Disabled)?;
        noscript::show(&mut tree);
    }
    if protected::is_used(html) {
        protected::show(&mut tree);
    }
    Ok(tree)
}

/// Whether `<noscript>` is one raw text (enabled) or elements like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scripting {
    Enabled,
    Disabled,
}

fn parse_with(html: &str, scripting: Scripting) -> Result<Tree, ParseLimit> {
    match parse_by_pieces(html, scripting)? {
        Some(tree) => Ok(tree),
        None => parse_by_tags(html, scripting),
    }
}

/// `None`: a tag or comment without end was met, too long for the tokenizer's pairwise comparison of attributes.
fn parse_by_pieces(html: &str, scripting: Scripting) -> Result<Option<Tree>, ParseLimit> {
    let parser = Parser::new(html.len(), scripting);
    let (mut rest, mut silent) = (html, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE).max(1));
        let tokens = parser.tokens();
        parser.feed(piece)?;
        silent = if parser.tokens() == tokens {
            silent + piece.bytes().filter(|&b| separates(b)).count()
        } else {
            0
        };
        if silent >= SILENT_SEPARATORS {
            return Ok(None);
        }
        rest = after;
    }
    parser.finish().map(Some)
}

fn separates(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'')
}

/// The same, in step with the tokenizer: each tag is measured, and cut to the caps, before the tokenizer sees it.
fn parse_by_tags(html: &str, scripting: Scripting) -> Result<Tree, ParseLimit> {
    let parser = Parser::new(html.len(), scripting);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = if parser.in_markup() && giant::starts_tag(rest) {
            let end = giant::tag_end(rest);
            (giant::within_caps(&rest[..end]), &rest[end..])
        } else {
            let end = if parser.in_markup() { giant::text_end(rest) } else { giant::raw_text_end(rest) };
            (Cow::Borrowed(&rest[..end]), &rest[end..])
        };
        parser.feed(&piece)?;
        rest = after;
    }
    parser.finish()
}

struct Parser {
    tokenizer: Tokenizer<Guard>,
    input: BufferQueue,
}

impl Parser {
    fn new(bytes: usize, scripting: Scripting) -> Self {
        // Documentation pages have a node per 20 to 30 bytes.
        let sink = Sink {
            nodes: RefCell::new(Vec::with_capacity((bytes / 24).clamp(64, MAX_NODES))),
            ..Sink::default()
        };
        sink.nodes.borrow_mut().push(Node::new(Data::Document));
        let options = TreeBuilderOpts {
            scripting_enabled: scripting == Scripting::Enabled,
            drop_doctype: true,
            ..TreeBuilderOpts::default()
        };
        let guard = Guard {
            builder: TreeBuilder::new(sink, options),
            tokens: Cell::new(0),
            in_markup: Cell::new(true),
            xml: Cell::new(false),
            swallowed: Cell::new(0),
            muted: Cell::new(0),
        };
        Self { tokenizer: Tokenizer::new(guard, TokenizerOpts::default()), input: BufferQueue::default() }
    }

    fn feed(&self, piece: &str) -> Result<(), ParseLimit> {
        self.input.push_back(StrTendril::from_slice(piece));
        while !self.input.is_empty() {
            // Whatever stops the tokenizer early (a script, an encoding label) is nothing to us: go on.
            let _: html5ever::interface::TokenizerResult<NodeId> = self.tokenizer.feed(&self.input);
        }
        self.tokenizer.sink.builder.sink.over.get().map_or(Ok(()), Err)
    }

    fn tokens(&self) -> usize {
        self.tokenizer.sink.tokens.get()
    }

    /// Whether the tokenizer, having been fed whole constructs only, takes `<x` as the start of a tag.
    fn in_markup(&self) -> bool {
        self.tokenizer.sink.in_markup.get()
    }

    fn finish(self) -> Result<Tree, ParseLimit> {
        self.tokenizer.end();
        let sink = self.tokenizer.sink.builder.sink;
        sink.over.get().map_or_else(|| Ok(sink.finish()), Err)
    }
}

#[cfg(test)]
mod tests;
