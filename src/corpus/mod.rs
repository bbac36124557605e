//! The corpus: what is sent. Deterministic, within the budget, whole documents only.

pub mod assemble;
pub mod budget;
pub mod difference;
pub mod manifest;
pub mod section;

pub use assemble::{Assembler, Corpus, Fit, LINK_MAP_HEADING, SEPARATOR, Section};
pub use budget::{Budget, Counts, Limit, Priority, Unit};
pub use difference::Difference;
pub use manifest::{Entry, Manifest};
