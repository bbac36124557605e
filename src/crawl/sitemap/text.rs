//! The octets of a sitemap as text: gzip unpacked within bounds, the encoding told by what the octets are.
//!
//! The declared encoding is not asked: URLs are ASCII, and declarations are wrong more often than the octets.

use std::borrow::Cow;
use std::io::Read;
use std::str::Utf8Error;

use flate2::read::MultiGzDecoder;

use super::{Doubt, MAX_SITEMAP_LEN};

/// The text of a body, and why it may not be all of it.
pub(super) fn decoded(body: &[u8]) -> (Cow<'_, str>, Option<Doubt>) {
    if body.starts_with(b"\x1F\x8B") {
        let (unpacked, doubt) = unpacked(body);
        return (as_text(Cow::Owned(unpacked)), doubt);
    }
    match body.get(..MAX_SITEMAP_LEN) {
        Some(head) if head.len() < body.len() => (as_text(Cow::Borrowed(head)), Some(Doubt::TooLarge)),
        _ => (as_text(Cow::Borrowed(body)), None),
    }
}

/// `text` cut to at most `length` bytes, at a character.
pub(super) fn cut_to(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

fn unpacked(body: &[u8]) -> (Vec<u8>, Option<Doubt>) {
    let mut unpacked = Vec::new();
    let limit = MAX_SITEMAP_LEN as u64 + 1;
    let read = MultiGzDecoder::new(body).take(limit).read_to_end(&mut unpacked);
    let doubt = if unpacked.len() > MAX_SITEMAP_LEN {
        unpacked.truncate(MAX_SITEMAP_LEN);
        Some(Doubt::TooLarge)
    } else {
        read.err().map(|_| Doubt::Cut)
    };
    (unpacked, doubt)
}

/// UTF-16 by its mark or its first `<`, else UTF-8 if it is, else one character an octet (ISO 8859-1).
fn as_text(octets: Cow<'_, [u8]>) -> Cow<'_, str> {
    match &*octets {
        [0xFE, 0xFF, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_be_bytes)),
        [0xFF, 0xFE, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0, b'<', ..] => return Cow::Owned(utf16(&octets, u16::from_be_bytes)),
        [b'<', 0, ..] => return Cow::Owned(utf16(&octets, u16::from_le_bytes)),
        _ => {}
    }
    match octets {
        Cow::Borrowed(octets) => match std::str::from_utf8(octets) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => Cow::Owned(not_utf8(octets, error)),
        },
        Cow::Owned(octets) => Cow::Owned(String::from_utf8(octets).unwrap_or_else(|error| {
            let reason = error.utf8_error();
            not_utf8(error.as_bytes(), reason)
        })),
    }
}

fn not_utf8(octets: &[u8], error: Utf8Error) -> String {
    match error.error_len() {
        // Only the last character, which was cut in two.
        None => String::from_utf8_lossy(octets).into_owned(),
        Some(_) => octets.iter().copied().map(char::from).collect(),
    }
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = octets.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|&pair| unit(pair)))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
