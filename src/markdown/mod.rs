//! Nodes of a page to Markdown: `CommonMark` with GFM tables and strikethrough, and never raw HTML.
//!
//! It writes what it is given; what is content and what is not is decided before, by `extract`. No recursion on the
//! page's nesting.

mod clean;
mod code;
mod nodes;
mod render;
mod table;
mod writer;

use serde::{Deserialize, Serialize};

pub use clean::clean_line;
pub use nodes::NodeSet;
pub use render::{Page, render};

/// One top-level piece of a document: a heading, a paragraph, a whole list, a table, a code block.
///
/// Blocks joined by empty lines are the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// XXH3 of the block's text, without white space and link destinations.
    pub fingerprint: u64,
    /// The Markdown, without line ends around it.
    pub markdown: String,
}

#[cfg(test)]
mod tests;
