//! What the decoders of all codings have in common.

/// What one call read and wrote. Nothing of both means: more input is needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) consumed: usize,
    pub(super) produced: usize,
}

/// The bytes break the rules of their format.
#[derive(Debug)]
pub(super) struct Malformed;
