//! The parsed page: one flat tree per page, bounded while it is built, and the links on it.
//!
//! Everything that reads a page (links, content, Markdown) walks this one tree, without recursion.
//! No I/O, no clock, and no opinion on what is content: that is `extract`'s.

mod links;
mod measure;
mod parse;
mod tree;

pub use html5ever::local_name;
pub use links::{Base, Links, links};
pub use measure::{Holds, Measure, heading_level, is_heading, is_silent};
pub use parse::{MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_NODES, ParseLimit, parse};
pub use tree::{Children, Descendants, Element, NodeId, Step, Tree, Walk};
