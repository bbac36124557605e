//! A robots.txt as records: the lenient reading of RFC 9309, section 2.2, and of the common parsers.

use super::rule::Access;

/// A line that means something, with its value trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    UserAgent(&'a [u8]),
    Rule(Access, &'a [u8]),
    CrawlDelay(&'a [u8]),
    Sitemap(&'a [u8]),
}

/// How much of a file is read: the limit that RFC 9309, section 2.5, sets as the least.
const MAX_BODY_LEN: usize = 500 * 1_024;

/// How much of a line is read: 8 times the longest URL, as the reference parser does.
const MAX_LINE_LEN: usize = 8 * 2_083;

/// The records of a file, each with its line. Lines end with CR, LF or both; a line that the limit cuts is
/// left out.
pub(super) fn records(body: &[u8]) -> impl Iterator<Item = (Record<'_>, &[u8])> {
    within_limit(without_bom(body))
        .split(|octet| matches!(octet, b'\r' | b'\n'))
        .map(|line| line.get(..MAX_LINE_LEN).unwrap_or(line).trim_ascii())
        .filter_map(|line| Some((record(line)?, line)))
}

/// The body without a byte order mark, even one that was cut short.
pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    let length = body.iter().zip(b"\xEF\xBB\xBF").take_while(|(octet, mark)| octet == mark).count();
    &body[length..]
}

fn within_limit(body: &[u8]) -> &[u8] {
    let is_line_end = |octet: &u8| matches!(octet, b'\r' | b'\n');
    match body.get(MAX_BODY_LEN) {
        None => body,
        Some(next) if is_line_end(next) => &body[..MAX_BODY_LEN],
        // Half of `Allow: /public` would allow everything.
        Some(_) => {
            let end = body[..MAX_BODY_LEN].iter().rposition(is_line_end).unwrap_or(MAX_BODY_LEN);
            &body[..end]
        }
    }
}

fn record(line: &[u8]) -> Option<Record<'_>> {
    let text = line.split(|&octet| octet == b'#').next().unwrap_or_default().trim_ascii();
    let (key, value) = match text.iter().position(|&octet| octet == b':') {
        Some(colon) => (text[..colon].trim_ascii(), text[colon + 1..].trim_ascii()),
        None => split_at_blank(text)?,
    };
    let is_one_of = |names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes()));
    // With the misspellings that the reference parser takes: their meaning is plain.
    if is_one_of(&["user-agent", "useragent", "user agent"]) {
        Some(Record::UserAgent(value))
    } else if is_one_of(&["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]) {
        Some(Record::Rule(Access::Disallow, value))
    } else if is_one_of(&["allow"]) {
        Some(Record::Rule(Access::Allow, value))
    } else if is_one_of(&["crawl-delay", "crawldelay"]) {
        Some(Record::CrawlDelay(value))
    } else if is_one_of(&["sitemap", "site-map"]) {
        Some(Record::Sitemap(value))
    } else {
        None
    }
}

/// Key and value of a line whose colon was forgotten: two words and no more, or prose would become rules.
fn split_at_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = text.iter().position(u8::is_ascii_whitespace)?;
    let (key, value) = (&text[..blank], text[blank..].trim_ascii());
    (!value.iter().any(u8::is_ascii_whitespace)).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<Record<'_>>) {
        let found = records(line.as_bytes()).next().map(|(record, _)| record);
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn a_line_is_read_leniently_but_prose_is_not() {
        check("Disallow: /a # not b", Some(Record::Rule(Access::Disallow, b"/a")));
        check("  disallow\t:\t/a  ", Some(Record::Rule(Access::Disallow, b"/a")));
        check("DISALLOW /a", Some(Record::Rule(Access::Disallow, b"/a")));
        check("disallow everything here", None);
        check("Dissallow: /a", Some(Record::Rule(Access::Disallow, b"/a")));
        check("Allow:", Some(Record::Rule(Access::Allow, b"")));
        check("Sitemap: https://a.test/s.xml", Some(Record::Sitemap(b"https://a.test/s.xml")));
        check("# Disallow: /a", None);
        check("Noindex: /a", None);
        check("disallow", None);
    }

    #[test]
    fn the_line_that_the_limit_cuts_is_left_out() {
        let check = |pad: usize, expected: usize| {
            let body = format!("{}\nAllow: /public\nAllow: /late\n", "#".repeat(pad));
            assert_eq!(records(body.as_bytes()).count(), expected, "{pad}");
        };
        let first = "\nAllow: /public".len();
        check(MAX_BODY_LEN - first, 1);
        check(MAX_BODY_LEN - first + 1, 0);
        check(MAX_BODY_LEN - first - 1, 1);
    }
}
