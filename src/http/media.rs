//! What kind of thing a response holds, by its `Content-Type`, and by its first bytes where the header is
//! silent.
//!
//! Only the kinds that the crawl reads are told apart. Text is never promoted to HTML against its header.

/// Bytes of a body that are looked at.
const WINDOW: usize = 1024;

/// Openings of HTML (WHATWG MIME Sniffing, section 7.1), in lower case. A space or `>` has to follow, except
/// after the comment.
const HTML_OPENINGS: [&[u8]; 17] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<script",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<body",
    b"<br",
    b"<p",
    b"<!--",
];

/// First bytes of formats that are served as text by mistake. Ambiguous ones (`BM`, `MZ`) are absent: their
/// control characters give them away.
const BINARY: [(&[u8], &str); 23] = [
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh91AY&SY", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x7fELF", "ELF"),
    (b"\0asm", "WebAssembly"),
    (b"\xca\xfe\xba\xbe", "class file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE"),
    (b"SQLite format 3\0", "SQLite"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"OggS\0", "Ogg"),
    (b"wOFF\0", "WOFF"),
    (b"wOF2\0", "WOFF2"),
];

/// The kinds of response that the crawl tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// HTML or XHTML.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// XML that is neither XHTML nor an image: sitemaps, feeds.
    Xml,
    /// Anything else: not for reading.
    Other,
}

impl Media {
    /// The kind that `content_type` declares. `start` is the beginning of the body, 1,024 bytes are enough;
    /// it is looked at only if the header is absent, malformed or says `unknown`.
    pub fn of(content_type: Option<&str>, start: &[u8]) -> Media {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        match essence.trim_ascii().to_ascii_lowercase().as_str() {
            "text/html" | "application/xhtml+xml" => Media::Html,
            "text/markdown" | "text/x-markdown" => Media::Markdown,
            "text/plain" => Media::Text,
            "text/xml" | "application/xml" => Media::Xml,
            "unknown/unknown" | "application/unknown" | "*/*" => sniff(start),
            other if !other.contains('/') => sniff(start),
            other if other.starts_with("application/") && other.ends_with("+xml") => Media::Xml,
            _ => Media::Other,
        }
    }

    /// Whether pages are of this kind.
    pub fn is_page(self) -> bool {
        matches!(self, Media::Html | Media::Markdown)
    }
}

fn sniff(start: &[u8]) -> Media {
    if binary_format(start).is_some() || mostly_control(start) {
        return Media::Other;
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let opens = |opening: &&[u8]| {
        text.split_at_checked(opening.len()).is_some_and(|(head, tail)| {
            head.eq_ignore_ascii_case(opening)
                && (opening.ends_with(b"--")
                    || matches!(tail.first(), Some(b'>' | b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')))
        })
    };
    if text.starts_with(b"<?xml") {
        Media::Xml
    } else if HTML_OPENINGS.iter().any(opens) {
        Media::Html
    } else {
        Media::Text
    }
}

/// The binary format whose signature `start` bears.
pub fn binary_format(start: &[u8]) -> Option<&'static str> {
    let signed = BINARY.iter().find(|(signature, _)| start.starts_with(signature)).map(|(_, name)| *name);
    // Containers keep their name behind a length.
    signed.or_else(|| match (start.get(..4)?, start.get(4..8)?, start.get(8..12)?) {
        (b"RIFF", _, b"WEBP" | b"WAVE" | b"AVI ") => Some("RIFF"),
        (_, b"ftyp", _) => Some("MP4"),
        _ => None,
    })
}

/// Whether `start` holds more control characters than damaged text would: at least 4, and 1 of 64 bytes.
/// Which ones count: WHATWG MIME Sniffing, "binary data byte".
pub(super) fn mostly_control(start: &[u8]) -> bool {
    let start = &start[..start.len().min(WINDOW)];
    let binary = |byte: &&u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let count = start.iter().filter(binary).count();
    count >= 4 && count * 64 >= start.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(content_type: Option<&str>, start: &[u8], expected: Media) {
        assert_eq!(Media::of(content_type, start), expected, "{content_type:?} {start:?}");
    }

    #[test]
    fn the_header_decides_where_it_speaks() {
        check(Some("text/html; charset=utf-8"), b"", Media::Html);
        check(Some(" TEXT/HTML ;x"), b"\x89PNG\r\n\x1a\n", Media::Html);
        check(Some("application/xhtml+xml"), b"", Media::Html);
        check(Some("text/markdown"), b"<!doctype html>", Media::Markdown);
        check(Some("text/plain"), b"<!doctype html>", Media::Text);
        check(Some("application/rss+xml"), b"", Media::Xml);
        check(Some("text/xml"), b"", Media::Xml);
        check(Some("image/svg+xml"), b"", Media::Other);
        check(Some("application/json"), b"", Media::Other);
        check(Some("application/octet-stream"), b"<!doctype html>", Media::Other);
        check(Some("text/css"), b"", Media::Other);
    }

    #[test]
    fn the_first_bytes_decide_where_the_header_is_silent() {
        for silent in [None, Some(""), Some("; charset=utf-8"), Some("html"), Some("unknown/unknown")] {
            check(silent, b"<!doctype HTML><p>hi</p>", Media::Html);
            check(silent, b"\xef\xbb\xbf\r\n <HTML lang=en>", Media::Html);
            check(silent, b"<!-- cached --><html>", Media::Html);
            check(silent, b"<p>", Media::Html);
            check(silent, b"<pre>", Media::Text);
            check(silent, b"<p", Media::Text);
            check(silent, b"<?xml version='1.0'?><urlset>", Media::Xml);
            check(silent, b"# Title", Media::Text);
            check(silent, b"", Media::Text);
            check(silent, b"GIF89a", Media::Other);
            check(silent, b"RIFF\x01\x02\x03\x04WEBPVP8 ", Media::Other);
            check(silent, b"\x00\x00\x00\x18ftypmp42", Media::Other);
            check(silent, b"\x00\x01\x02\x03\x04\x05", Media::Other);
        }
    }

    proptest! {
        #[test]
        fn no_header_and_no_body_panic(content_type in proptest::option::of(".{0,40}"), start: Vec<u8>) {
            Media::of(content_type.as_deref(), &start);
        }
    }
}
