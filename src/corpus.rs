//! The corpus: what is sent. Deterministic, within the budget, nothing cut in the middle of a section.

pub mod archive;
pub mod assemble;
pub mod budget;
pub mod difference;
pub mod manifest;
pub mod pairs;
mod part;
pub mod section;
pub mod worth;

pub use archive::Archives;
pub use assemble::{Assembler, Corpus, Fit, LINK_MAP_HEADING, SEPARATOR, Section};
pub use budget::{Budget, Counts, Limit, Priority, Provenance, Unit};
pub use difference::Difference;
pub use manifest::{Entry, Manifest};
pub use pairs::{Pair, pairs};
pub use worth::Worth;
