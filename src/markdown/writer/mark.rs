//! Inline markup: what it is written as, and how far each piece of it has come.

/// Inline markup that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::markdown) enum Mark {
    /// `**`
    Strong,
    /// `*`
    Emphasis,
    /// `~~`
    Deleted,
    /// A link to this destination.
    Link(String),
}

impl Mark {
    pub(super) fn opener(&self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Deleted => "~~",
            Self::Link(_) => "[",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing written yet: the mark comes with the first character it holds.
    Pending,
    /// Written at this place of the block.
    Open(usize),
    /// Not written, and its end will not be either.
    Ignored,
}

#[derive(Debug)]
pub(super) struct OpenMark {
    pub(super) mark: Mark,
    pub(super) stage: Stage,
}

/// An end of emphasis that reads as one only if no letter follows.
#[derive(Debug)]
pub(super) struct RiskyEnd {
    pub(super) opened: usize,
    pub(super) closed: usize,
    pub(super) width: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct LastEnd {
    pub(super) at: usize,
    pub(super) marker: &'static str,
    pub(super) opened: usize,
}
