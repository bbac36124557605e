//! Measures of a text: what a character is, and the hash by which tests recognise it.

use sha2::{Digest as _, Sha256};

/// What counts as one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharUnit {
    /// UTF-16 code units, as JavaScript's `length` counts.
    Utf16,
    /// Unicode scalar values.
    Scalar,
    /// UTF-8 bytes.
    Bytes,
}

impl CharUnit {
    pub(super) fn count(self, text: &str) -> u64 {
        let count = match self {
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Scalar => text.chars().count(),
            Self::Bytes => text.len(),
        };
        wide(count)
    }
}

/// A size in memory, as JSON tells it.
pub(super) fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        hex
    })
}
