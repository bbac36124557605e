//! `Link:` headers (RFC 8288): what a page names without saying so in its HTML.

use serde::{Deserialize, Serialize};

/// Links that are read of one answer; pages have a handful.
const MOST: usize = 100;

/// One link of a header, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderLink {
    /// The target, possibly relative.
    pub target: String,
    /// Relation types, in lower case.
    pub rel: Vec<String>,
    /// `hreflang`, where it is given.
    pub hreflang: Option<String>,
}

impl HeaderLink {
    /// Whether the link is of this relation type.
    pub fn is(&self, rel: &str) -> bool {
        self.rel.iter().any(|name| name == rel)
    }
}

/// Reads the values of all `Link` headers. What cannot be read ends the value that it stands in, as RFC 8288 §B.2
/// parses: a header that is half right still names something.
pub fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Vec<HeaderLink> {
    let mut links = Vec::new();
    for value in values {
        let mut rest = value;
        while let Some((link, after)) = next_link(rest) {
            if links.len() == MOST {
                return links;
            }
            links.push(link);
            rest = after;
        }
    }
    links
}

fn next_link(text: &str) -> Option<(HeaderLink, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (target, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let mut link = HeaderLink { target: target.trim().to_owned(), rel: Vec::new(), hreflang: None };
    loop {
        rest = rest.trim_start();
        let Some(parameter) = rest.strip_prefix(';') else { break };
        let parameter = parameter.trim_start();
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => value_of(after.trim_start()),
            None => (String::new(), after),
        };
        rest = after;
        // The first of each counts (§3.3, §3.4.1).
        match name.trim().to_ascii_lowercase().as_str() {
            "rel" if link.rel.is_empty() => {
                link.rel = value.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
            }
            "hreflang" if link.hreflang.is_none() => link.hreflang = Some(value),
            _ => {}
        }
    }
    Some((link, rest))
}

/// A token or a quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_at(text.find([';', ',']).unwrap_or(text.len()));
        return (value.trim_end().to_owned(), after);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(char),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, expected: &[(&str, &str, Option<&str>)]) {
        let links = parse([value].into_iter());
        let seen: Vec<_> = links
            .iter()
            .map(|link| (link.target.as_str(), link.rel.join(" "), link.hreflang.as_deref()))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(target, rel, lang)| (*target, (*rel).to_owned(), *lang)).collect();
        assert_eq!(seen, expected, "{value}");
    }

    #[test]
    fn a_header_names_any_number_of_links() {
        check("</a>; rel=\"canonical\"", &[("/a", "canonical", None)]);
        check("<b?x=1,2>; rel=next, <c>;rel=prev", &[("b?x=1,2", "next", None), ("c", "prev", None)]);
        check(
            "<https://a.test/de>; rel=\"Alternate\"; hreflang=\"de\" , <d>",
            &[("https://a.test/de", "alternate", Some("de")), ("d", "", None)],
        );
        check("<a>; title=\"x, <y>; \\\"z\"; rel=next", &[("a", "next", None)]);
        check("<a>; rel=next; rel=prev", &[("a", "next", None)]);
        check("<a>; rel=\"start http://x.test/rel\"", &[("a", "start http://x.test/rel", None)]);
        check("<a>; crossorigin; rel=next", &[("a", "next", None)]);
    }

    #[test]
    fn what_cannot_be_read_ends_the_value() {
        check("", &[]);
        check("no link", &[]);
        check("<a>; rel=next, rubbish, <b>", &[("a", "next", None)]);
        check("<a", &[]);
        check("<a>; rel=\"next", &[("a", "next", None)]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(value in "[<>;,=\"\\\\a-z é]{0,60}") {
            prop_assert!(parse([value.as_str()].into_iter()).len() <= value.len());
        }
    }
}
