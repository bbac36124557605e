//! Nodes of a page to Markdown: `CommonMark` with GFM tables and strikethrough, and never raw HTML.
//!
//! It writes what it is given; what is content and what is not is decided before, by `extract`. No recursion on the
//! page's nesting.

mod block;
mod clean;
mod code;
mod list;
mod math;
mod nodes;
mod reference;
mod render;
mod table;
mod writer;

pub use block::Block;
pub use clean::clean_line;
pub use nodes::NodeSet;
pub use render::{Page, render};

#[cfg(test)]
mod tests;
