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
    pub(super) fn is_link(&self) -> bool {
        matches!(self, Self::Link(_))
    }

    pub(super) fn opener(&self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Deleted => "~~",
            Self::Link(_) => "[",
        }
    }

    /// The character that an end of this markup starts with.
    pub(super) fn closer(&self) -> char {
        match self {
            Self::Strong | Self::Emphasis => '*',
            Self::Deleted => '~',
            Self::Link(_) => ']',
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing written yet: the mark comes with the first character it holds.
    Pending,
    /// It is this span of the line.
    Open(usize),
    /// Not written, and its end will not be either.
    Ignored,
}

#[derive(Debug)]
pub(super) struct OpenMark {
    pub(super) mark: Mark,
    pub(super) stage: Stage,
}
