//! Bytes to text, by the rules that browsers follow, with a second opinion where the label and the bytes
//! disagree.
//!
//! In order: a byte order mark, the label of the `Content-Type`, the label in the markup, valid UTF-8, and
//! last a guess. UTF-7 and the encodings that WHATWG maps to "replacement" are never decoded: they hide
//! markup from filters.

mod prescan;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::http::media::{self, Media};

/// Replacement characters from which a label is disbelieved, unless the rest of the text speaks for it.
const MANY_BROKEN: usize = 8;

/// The same as a share: one broken character of so many.
const BROKEN_SHARE: usize = 32;

/// Non-ASCII bytes that have to form valid UTF-8 before a label such as GBK is disbelieved. A pair of its
/// bytes is valid UTF-8 by chance about one time in seven, three pairs one time in three hundred.
const UTF8_EVIDENCE: usize = 6;

/// Bytes that a guess is based on. The detector takes about 90 ms for 1 MB, and more text tells it little.
const SAMPLE: usize = 256 * 1024;

/// Bytes of ASCII kept before the first byte outside ASCII.
const LEAD_IN: usize = 64;

/// A body as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text without its byte order mark; malformed sequences have become U+FFFD.
    pub text: String,
    /// The WHATWG name of the encoding that was used.
    pub encoding: &'static str,
    /// Whether the encoding was guessed, or chosen against the label, or left characters broken.
    pub doubtful: bool,
}

/// Why a body is not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// A binary format under a text label; names the format.
    #[error("the body is binary ({0})")]
    Binary(&'static str),
    /// Labelled with an encoding that browsers refuse as well, such as ISO-2022-KR.
    #[error("the body is labelled with an encoding that is unsafe to decode")]
    Unsafe,
}

/// Decodes `body`. Valid UTF-8 is checked once and not copied.
///
/// # Errors
/// [`CharsetError::Binary`] by signature or by control characters, [`CharsetError::Unsafe`] by label.
pub fn decode(content_type: Option<&str>, body: Vec<u8>) -> Result<Decoded, CharsetError> {
    if let Some(format) = media::binary_format(&body) {
        return Err(CharsetError::Binary(format));
    }
    let decoded = match Encoding::for_bom(&body) {
        Some((encoding, mark)) => after_mark(encoding, mark, body),
        None => match declared(content_type, &body) {
            Some(encoding) if encoding == REPLACEMENT => return Err(CharsetError::Unsafe),
            label => unmarked(label, body),
        },
    };
    if media::mostly_control(decoded.text.as_bytes()) {
        return Err(CharsetError::Binary("control characters"));
    }
    Ok(decoded)
}

/// The encoding that the header names or, in markup, the document itself.
fn declared(content_type: Option<&str>, body: &[u8]) -> Option<&'static Encoding> {
    content_type.and_then(header_label).or_else(|| match Media::of(content_type, body) {
        Media::Html | Media::Xml => prescan::declared(body),
        Media::Markdown | Media::Text | Media::Other => None,
    })
}

/// The `charset` parameter of a `Content-Type`, quoted in any way. A label that is not known counts as
/// absent.
fn header_label(content_type: &str) -> Option<&'static Encoding> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// A byte order mark is believed whatever follows it.
fn after_mark(encoding: &'static Encoding, mark: usize, mut body: Vec<u8>) -> Decoded {
    body.drain(..mark);
    if encoding != UTF_8 {
        return decode_as(encoding, &body).0;
    }
    match String::from_utf8(body) {
        Ok(text) => Decoded { text, encoding: UTF_8.name(), doubtful: false },
        Err(error) => decode_as(UTF_8, error.as_bytes()).0,
    }
}

/// A body without a byte order mark.
fn unmarked(label: Option<&'static Encoding>, body: Vec<u8>) -> Decoded {
    let utf8 = |text, doubtful| Decoded { text, encoding: UTF_8.name(), doubtful };
    match (String::from_utf8(body), label) {
        (Ok(text), None) => utf8(text, false),
        (Ok(text), Some(label)) if label == UTF_8 => utf8(text, false),
        (Ok(text), Some(label)) if label.is_ascii_compatible() && text.is_ascii() => {
            Decoded { text, encoding: label.name(), doubtful: false }
        }
        (Ok(text), Some(label)) if is_utf8_after_all(label, &text) => utf8(text, true),
        (Ok(text), Some(label)) => decode_as(label, text.as_bytes()).0,
        (Err(error), label) => not_utf8(label, error.as_bytes()),
    }
}

/// Whether valid UTF-8 is more likely UTF-8 than what it is labelled with.
fn is_utf8_after_all(label: &'static Encoding, text: &str) -> bool {
    if label == UTF_16LE || label == UTF_16BE {
        // Every ASCII character of UTF-16 has a NUL.
        !text.contains('\0')
    } else if label == ISO_2022_JP || label.is_single_byte() {
        !text.is_ascii()
    } else {
        text.bytes().filter(|byte| !byte.is_ascii()).count() >= UTF8_EVIDENCE
    }
}

fn not_utf8(label: Option<&'static Encoding>, bytes: &[u8]) -> Decoded {
    let (by_label, sound) = decode_as(label.unwrap_or(UTF_8), bytes);
    if sound || is_credible(&by_label.text, label.is_some()) {
        return by_label;
    }
    let (guessed, _) = decode_as(guess(bytes), bytes);
    Decoded { doubtful: true, ..guessed }
}

/// The likeliest legacy encoding, going by [`SAMPLE`] bytes from the first one outside ASCII.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let telling = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
    // The letters before it are evidence too.
    let start = telling.saturating_sub(LEAD_IN);
    let end = bytes.len().min(start + SAMPLE);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[start..end], end == bytes.len());
    detector.guess(None, Utf8Detection::Deny)
}

/// Decodes as told; also says whether every sequence was well-formed.
fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> (Decoded, bool) {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    (Decoded { text: text.into_owned(), encoding: encoding.name(), doubtful: broken }, !broken)
}

/// Whether damaged text is damage in the right encoding, rather than the wrong encoding. Sound sequences
/// outside ASCII seldom come about by chance, so more of them than broken ones settle it; short of that, a
/// label survives little damage and a guess none.
fn is_credible(text: &str, labelled: bool) -> bool {
    let (mut characters, mut sound, mut broken) = (0, 0, 0);
    for character in text.chars() {
        characters += 1;
        match character {
            char::REPLACEMENT_CHARACTER => broken += 1,
            other if !other.is_ascii() => sound += 1,
            _ => {}
        }
    }
    sound > broken || (labelled && broken < MANY_BROKEN && broken * BROKEN_SHARE < characters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/charset.json"));

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn check(content_type: &str, body: &[u8], encoding: &str, text: &str, doubtful: bool) {
        let decoded = decode(Some(content_type), body.to_vec()).unwrap();
        assert_eq!((decoded.encoding, decoded.text.as_str(), decoded.doubtful), (encoding, text, doubtful));
    }

    #[test]
    fn each_body_is_read_as_a_browser_would_or_better() {
        let file: Value = serde_json::from_str(CASES).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let field = |name: &str| case[name].as_str().unwrap();
            let result = decode(Some(field("content_type")), bytes(field("body_hex")));
            match field("expect_encoding") {
                "REJECT" => {
                    assert!(matches!(result, Err(CharsetError::Binary(_))), "{}: {result:?}", field("id"));
                }
                "replacement" => assert_eq!(result, Err(CharsetError::Unsafe), "{}", field("id")),
                encodings => {
                    let decoded = result.unwrap();
                    assert!(
                        encodings.split(" or ").any(|name| name == decoded.encoding),
                        "{}: {decoded:?}",
                        field("id")
                    );
                    assert!(decoded.text.contains(field("expect_contains")), "{}: {decoded:?}", field("id"));
                    assert!(!decoded.text.starts_with('\u{feff}'), "{}", field("id"));
                    let flagged =
                        field("note").contains("flag the page") || decoded.text.contains('\u{fffd}');
                    assert_eq!(decoded.doubtful, flagged, "{}: {decoded:?}", field("id"));
                }
            }
        }
    }

    #[test]
    fn a_label_that_lies_yields_to_the_bytes() {
        let swedish = "Räksmörgås på ön";
        check("text/html; charset=gbk", swedish.as_bytes(), "UTF-8", swedish, true);
        check("text/html; charset=shift_jis", "日本語".as_bytes(), "UTF-8", "日本語", true);
        check("text/html; charset=utf-16", b"<p>plain", "UTF-8", "<p>plain", true);
        check("text/html; charset=iso-2022-jp", "é".as_bytes(), "UTF-8", "é", true);
        let page = format!("<p>{}", "På ön är det ofta så. <b>ja</b> ".repeat(20));
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&page);
        check("text/html; charset=utf-8", &latin, "windows-1252", &page, true);
        check("text/html", &latin, "windows-1252", &page, true);
        check("text/html; charset=nonsense", page.as_bytes(), "UTF-8", &page, false);
    }

    #[test]
    fn damage_does_not_make_utf8_something_else() {
        let body = [&b"\xff"[..], "Räksmörgås".as_bytes(), b"\xc3"].concat();
        check("text/html; charset=utf-8", &body, "UTF-8", "\u{fffd}Räksmörgås\u{fffd}", true);
        check("text/html", &body, "UTF-8", "\u{fffd}Räksmörgås\u{fffd}", true);
    }

    #[test]
    fn a_byte_order_mark_is_believed_whatever_follows() {
        check(
            "text/html; charset=gbk",
            b"\xef\xbb\xbf\xe9\xe9 \xe9\xe9",
            "UTF-8",
            "\u{fffd}\u{fffd} \u{fffd}\u{fffd}",
            true,
        );
        check("text/html", b"\xef\xbb\xbfone", "UTF-8", "one", false);
        check("text/html", b"\xef\xbb\xbf", "UTF-8", "", false);
        check("text/html", b"\xff\xfeh", "UTF-16LE", "\u{fffd}", true);
    }

    #[test]
    fn a_short_text_keeps_the_label_that_its_bytes_also_fit() {
        // Valid UTF-8 by chance.
        check("text/html; charset=gbk", b"\xc4\xa3", "GBK", "模", false);
    }

    #[test]
    fn the_markup_is_asked_only_where_there_is_markup() {
        let body = b"`<meta charset=shift_jis>` \x93\xfa";
        check("text/html", body, "Shift_JIS", "`<meta charset=shift_jis>` 日", false);
        assert!(decode(Some("text/plain"), body.to_vec()).unwrap().doubtful);
        let xml = b"<?xml version='1.0' encoding='iso-8859-2'?><a>\xb1</a>";
        assert_eq!(decode(Some("application/xml"), xml.to_vec()).unwrap().encoding, "ISO-8859-2");
        assert_eq!(decode(None, xml.to_vec()).unwrap().encoding, "ISO-8859-2");
        let kr = b"<meta charset=iso-2022-kr>x".to_vec();
        assert_eq!(decode(Some("text/html"), kr), Err(CharsetError::Unsafe));
    }

    #[test]
    fn binary_is_refused_under_any_label() {
        let refused = |content_type, body: &[u8]| {
            let result = decode(content_type, body.to_vec());
            assert!(matches!(result, Err(CharsetError::Binary(_))), "{body:?}: {result:?}");
        };
        for content_type in [None, Some("text/html"), Some("text/plain; charset=iso-8859-1")] {
            for body in
                [&b"GIF89a..."[..], b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x7fELF\x02"]
            {
                refused(content_type, body);
            }
            refused(content_type, &[b"text"[..].to_vec(), vec![0; 40]].concat());
            refused(content_type, &(0..=255).cycle().skip(7).take(5000).collect::<Vec<u8>>());
        }
        // UTF-32 looks like UTF-16 with a NUL in every second place.
        refused(Some("text/html"), b"\xff\xfe\0\0h\0\0\0e\0\0\0j\0\0\0!\0\0\0");
        check("text/html", b"one \0 stray", "UTF-8", "one \0 stray", false);
    }

    #[test]
    fn valid_utf8_keeps_its_allocation() {
        let body = "Räksmörgås".repeat(1000).into_bytes();
        let address = body.as_ptr();
        assert_eq!(decode(Some("text/html"), body).unwrap().text.as_ptr(), address);
    }

    proptest! {
        #[test]
        fn utf8_text_survives_unlabelled(text in "\\PC{0,200}") {
            prop_assume!(media::binary_format(text.as_bytes()).is_none() && !text.starts_with('\u{feff}'));
            prop_assert_eq!(decode(Some("text/plain"), text.clone().into_bytes()).unwrap().text, text);
        }

        #[test]
        fn no_body_panics(body: Vec<u8>, label in "[a-z0-9-]{0,12}") {
            let labelled = decode(Some(&format!("text/html; charset={label}")), body.clone());
            let results = [labelled, decode(None, body)];
            prop_assert!(results.iter().flatten().all(|decoded| decoded.encoding != REPLACEMENT.name()));
        }
    }
}
