//! Nodes of a page to Markdown: `CommonMark` with GFM tables and strikethrough, and never raw HTML.
//!
//! It writes what it is given; what is content and what is not is decided before, by `extract`. No recursion on the
//! page's nesting.

mod block;
mod callout;
mod clean;
mod code;
mod disclosure;
mod icon;
mod list;
mod math;
mod nodes;
mod note;
mod reference;
mod render;
mod table;
mod writer;

pub use block::Block;
pub(crate) use callout::{is_callout, visible_text};
pub use clean::clean_line;
pub(crate) use clean::spells_invisibly;
pub(crate) use disclosure::{is_strip, named_by_click, switches};
pub use nodes::NodeSet;
pub use render::{Page, fact, render};

#[cfg(test)]
mod tests;
