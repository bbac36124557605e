//! Tags of many kilobytes, cut before the tokenizer sees them.
//!
//! The tokenizer compares each attribute of a tag with all before it, so the cap must hold before it, not after.
//! The grammar here is the tokenizer's own (WHATWG HTML 13.2.5.6 to 13.2.5.39), for one tag that begins at the
//! start of the text.

use std::borrow::Cow;

use super::{MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES};

/// Whether the text starts with a start tag or an end tag.
pub(super) fn starts_tag(text: &str) -> bool {
    let bytes = text.as_bytes();
    let name = if bytes.get(1) == Some(&b'/') { 2 } else { 1 };
    bytes.first() == Some(&b'<') && bytes.get(name).is_some_and(u8::is_ascii_alphabetic)
}

fn is_space(b: u8) -> bool {
    matches!(b, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ')
}

/// One attribute's place: where it begins, where its value begins and ends (without quotes), and where it ends.
struct Span {
    start: usize,
    value: std::ops::Range<usize>,
    end: usize,
}

/// The attribute at or after `at`; `None` at the tag's end.
fn attribute(bytes: &[u8], mut at: usize) -> Option<Span> {
    let skip_space = |mut at: usize| {
        while at < bytes.len() && is_space(bytes[at]) {
            at += 1;
        }
        at
    };
    while at < bytes.len() && (is_space(bytes[at]) || bytes[at] == b'/') {
        at += 1;
    }
    if at >= bytes.len() || bytes[at] == b'>' {
        return None;
    }
    let start = at;
    // An equals sign here is part of the name.
    at += 1;
    while at < bytes.len() && !is_space(bytes[at]) && !matches!(bytes[at], b'/' | b'>' | b'=') {
        at += 1;
    }
    let named = at;
    at = skip_space(at);
    if bytes.get(at) != Some(&b'=') {
        return Some(Span { start, value: named..named, end: named });
    }
    at = skip_space(at + 1);
    if let Some(&quote @ (b'"' | b'\'')) = bytes.get(at) {
        let from = at + 1;
        let to = bytes[from..].iter().position(|&b| b == quote).map_or(bytes.len(), |n| from + n);
        return Some(Span { start, value: from..to, end: (to + 1).min(bytes.len()) });
    }
    let from = at;
    while at < bytes.len() && !is_space(bytes[at]) && bytes[at] != b'>' {
        at += 1;
    }
    Some(Span { start, value: from..at, end: at })
}

/// Where the tag's name ends.
fn name_end(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .skip(2)
        .position(|&b| is_space(b) || matches!(b, b'/' | b'>'))
        .map_or(bytes.len(), |at| at + 2)
}

/// Length of the tag that the text starts with, its `>` included.
pub(super) fn tag_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = name_end(bytes);
    while let Some(span) = attribute(bytes, at) {
        at = span.end;
    }
    bytes[at..].iter().position(|&b| b == b'>').map_or(bytes.len(), |n| at + n + 1)
}

/// Length of what the text starts with outside of tags: a comment, a declaration, or text up to the next `<`.
pub(super) fn text_end(text: &str) -> usize {
    let closing = |mark: &str, from: usize| text.get(from..)?.find(mark).map(|at| from + at + mark.len());
    if text.starts_with("<!--") {
        // `<!-->` is a whole comment, too.
        let (plain, bang) = (closing("-->", 2), closing("--!>", 4));
        return plain.into_iter().chain(bang).min().unwrap_or(text.len());
    }
    if text.starts_with("<!") || text.starts_with("<?") || text.starts_with("</") {
        return closing(">", 2).unwrap_or(text.len());
    }
    raw_text_end(text)
}

/// Length of a piece of raw text in which at most one end tag can end.
pub(super) fn raw_text_end(text: &str) -> usize {
    let end = text.bytes().skip(1).position(|b| b == b'<').map_or(text.len(), |at| at + 1);
    text.bytes().take(end).position(|b| b == b'>').map_or(end, |at| at + 1)
}

/// The tag with no more and no longer attributes than the caps allow.
pub(super) fn within_caps(tag: &str) -> Cow<'_, str> {
    if tag.len() <= MAX_ATTRIBUTES {
        return Cow::Borrowed(tag);
    }
    let bytes = tag.as_bytes();
    let name = name_end(bytes);
    let mut out = tag[..tag.floor_char_boundary(name.min(MAX_ATTRIBUTE_BYTES))].to_owned();
    let mut at = name;
    for _ in 0..MAX_ATTRIBUTES {
        let Some(span) = attribute(bytes, at) else { break };
        let cut = tag.floor_char_boundary((span.value.start + MAX_ATTRIBUTE_BYTES).min(span.value.end));
        let label = tag.floor_char_boundary((span.start + MAX_ATTRIBUTE_BYTES).min(span.value.start));
        out.push(' ');
        out.push_str(&tag[span.start..label]);
        out.push_str(&tag[span.value.start..cut.max(span.value.start)]);
        out.push_str(&tag[span.value.end..span.end]);
        at = span.end;
    }
    if tag.ends_with('>') {
        out.push_str(if tag.ends_with("/>") { " />" } else { ">" });
    }
    Cow::Owned(out)
}
