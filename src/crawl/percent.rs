//! Percent-encoding (RFC 3986, section 2.1) brought to one spelling, so that two spellings of one text
//! compare equal. It never turns an escape into a delimiter: `%2F` does not become `/`.

use std::borrow::Cow;

/// The text with unreserved characters decoded and the remaining escapes in upper case.
///
/// A `%` that starts no escape stays as it is. Idempotent, also for texts such as `%%36%36`.
pub(super) fn normalised(text: &str) -> Cow<'_, str> {
    match rewritten(text.as_bytes(), is_unreserved, |_| false) {
        Some(rewritten) => Cow::Owned(rewritten),
        None => Cow::Borrowed(text),
    }
}

/// The text as rules and patterns compare it (RFC 9309, section 2.2.2): [`normalised`], and every octet
/// that is neither unreserved nor reserved is escaped, so that `/café` meets `/caf%c3%a9`, and `/a|b`
/// meets `/a%7Cb`.
///
/// `*` and `$` are decoded, as their escapes are how a rule spells the plain character; `'` too, as URLs
/// carry it plain in the path and escaped in the query.
pub(super) fn comparable(text: &str) -> Cow<'_, str> {
    match rewritten(text.as_bytes(), is_plain_in_comparison, needs_escape) {
        Some(rewritten) => Cow::Owned(rewritten),
        None => Cow::Borrowed(text),
    }
}

/// [`comparable`] for octets in no known encoding; each one above ASCII is escaped as it is.
pub(super) fn comparable_octets(octets: &[u8]) -> String {
    rewritten(octets, is_plain_in_comparison, needs_escape)
        .unwrap_or_else(|| octets.iter().copied().map(char::from).collect())
}

fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

fn is_plain_in_comparison(octet: u8) -> bool {
    is_unreserved(octet) || matches!(octet, b'*' | b'$' | b'\'')
}

fn needs_escape(octet: u8) -> bool {
    !octet.is_ascii_graphic()
        || matches!(octet, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

/// The rewritten text, or nothing when it is right as it stands, which nearly every link is.
fn rewritten(input: &[u8], decode: impl Fn(u8) -> bool, encode: impl Fn(u8) -> bool) -> Option<String> {
    if !input.iter().any(|&octet| octet == b'%' || encode(octet)) {
        return None;
    }
    let mut output = String::with_capacity(input.len() + 16);
    let mut lone_percent = None;
    let mut at = 0;
    while let Some(&octet) = input.get(at) {
        match escaped_octet(input, at) {
            Some(value) if decode(value) && !completes_escape(&output, lone_percent, value) => {
                output.push(char::from(value));
                at += 3;
            }
            Some(value) => {
                push_escape(&mut output, value);
                at += 3;
            }
            None => {
                if octet == b'%' {
                    lone_percent = Some(output.len());
                }
                if encode(octet) {
                    push_escape(&mut output, octet);
                } else {
                    output.push(char::from(octet));
                }
                at += 1;
            }
        }
    }
    Some(output)
}

/// The octet that an escape at `at` stands for.
fn escaped_octet(input: &[u8], at: usize) -> Option<u8> {
    let &[b'%', high, low] = input.get(at..at + 3)? else { return None };
    Some(hex_value(high)? << 4 | hex_value(low)?)
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether decoding `value` here would make an escape out of a `%` that was none: `%%36%36` is not `%66`.
fn completes_escape(output: &str, lone_percent: Option<usize>, value: u8) -> bool {
    value.is_ascii_hexdigit()
        && lone_percent.is_some_and(|percent| match output.as_bytes().get(percent + 1..) {
            Some([]) => true,
            Some([digit]) => digit.is_ascii_hexdigit(),
            _ => false,
        })
}

fn push_escape(output: &mut String, octet: u8) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    output.push('%');
    output.push(char::from(DIGITS[usize::from(octet >> 4)]));
    output.push(char::from(DIGITS[usize::from(octet & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_unreserved_characters_are_decoded() {
        let check = |input: &str, expected: &str| assert_eq!(normalised(input), expected, "{input}");
        check("/plain", "/plain");
        check("/%7euser/%66oo", "/~user/foo");
        check("/a%2fb%3f%23%25", "/a%2Fb%3F%23%25");
        check("/90%+off%", "/90%+off%");
        check("/%zz%4", "/%zz%4");
        check("/%c3%a9", "/%C3%A9");
    }

    #[test]
    fn decoding_never_completes_an_escape_that_was_none() {
        let check = |input: &str, expected: &str| assert_eq!(normalised(input), expected, "{input}");
        check("%%36%36", "%%366");
        check("%6%36", "%6%36");
        check("%%7E", "%~");
        check("%2566", "%2566");
    }

    #[test]
    fn compared_texts_meet_whatever_their_spelling() {
        let check = |one: &str, other: &str| assert_eq!(comparable(one), comparable(other), "{one}");
        check("/café", "/caf%c3%a9");
        check("/a b|c", "/a%20b%7Cc");
        check("/a%2a%24", "/a*$");
        check("?q='x'", "?q=%27x%27");
        assert_ne!(comparable("/a%2Fb"), comparable("/a/b"));
        assert_eq!(comparable_octets(b"/caf\xE9"), "/caf%E9");
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(text in "[%0-9a-fA-F/~ ]{0,24}") {
            let once = normalised(&text).into_owned();
            prop_assert_eq!(normalised(&once), once.as_str());
            let once = comparable(&text).into_owned();
            prop_assert_eq!(comparable(&once), once.as_str());
        }

        #[test]
        fn compared_octets_are_visible_ascii(octets: Vec<u8>) {
            prop_assert!(comparable_octets(&octets).bytes().all(|octet| octet.is_ascii_graphic()));
        }
    }
}
