//! Which pages an answer cites.

use std::collections::HashSet;

use url::Url;

use crate::crawl::url::PageKey;

/// The pages that a corpus has documents of; by default they are not known, and any may be cited.
#[derive(Debug, Clone, Default)]
pub struct Links(Option<HashSet<String>>);

impl Links {
    /// The pages at these URLs.
    pub fn of<'a>(urls: impl IntoIterator<Item = &'a str>) -> Links {
        let places = urls.into_iter().filter_map(|url| place(&Url::parse(url).ok()?));
        Links(Some(places.collect()))
    }

    pub(super) fn have(&self, url: &Url) -> bool {
        match &self.0 {
            Some(places) => place(url).is_some_and(|place| places.contains(&place)),
            None => true,
        }
    }
}

/// Whether two URLs are of the same page, as a reader would say.
pub(super) fn same_page(a: &Url, b: &Url) -> bool {
    place(a).is_some_and(|a| Some(a) == place(b))
}

/// Models lose or add the slash at the end, which hardly ever leads to another page.
fn place(url: &Url) -> Option<String> {
    let key = PageKey::new(url)?;
    Some(key.as_ref().trim_end_matches('/').to_owned())
}

/// The absolute web addresses in an answer, however they are written down: as a Markdown link, between `<` and `>`, or
/// bare in a sentence.
pub(super) fn cited(answer: &str) -> Vec<Url> {
    let mut cited = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.find("http") {
        rest = &rest[at..];
        if !rest.starts_with("http://") && !rest.starts_with("https://") {
            rest = &rest["http".len()..];
            continue;
        }
        let (written, after) = rest.split_at(length(rest));
        cited.extend(Url::parse(without_punctuation(written)));
        rest = after;
    }
    cited
}

/// Bytes from the beginning of a URL to where it has to be over; never 0.
fn length(text: &str) -> usize {
    let (mut round, mut square) = (0_u32, 0_u32);
    for (at, c) in text.char_indices() {
        let ends = match c {
            '(' => {
                round += 1;
                false
            }
            '[' => {
                square += 1;
                false
            }
            // One that was not opened within the URL closes what the URL stands in.
            ')' => round.checked_sub(1).map(|left| round = left).is_none(),
            ']' => square.checked_sub(1).map(|left| square = left).is_none(),
            '<' | '>' | '"' | '`' | '|' | '\\' | '{' | '}' => true,
            _ => c.is_whitespace() || c.is_control(),
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// Without what ends a sentence, or an emphasis, rather than a URL.
fn without_punctuation(url: &str) -> &str {
    url.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '\'', '…', '。', '、', '’', '”', '»'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_found_however_it_is_written_down() {
        let check = |answer: &str, expected: &[&str]| {
            let found: Vec<String> = cited(answer).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{answer}");
        };
        check("[Reset](https://a.test/reset)", &["https://a.test/reset"]);
        check("See https://a.test/x.", &["https://a.test/x"]);
        check(
            "(see https://a.test/x?a=b&c), or **https://a.test/y**!",
            &["https://a.test/x?a=b&c", "https://a.test/y"],
        );
        check("<http://a.test/>, https://a.test/y#z", &["http://a.test/", "https://a.test/y#z"]);
        check("[https://a.test/x](https://a.test/x \"title\")", &["https://a.test/x", "https://a.test/x"]);
        check("https://a.test/wiki/Hub_(device) is one", &["https://a.test/wiki/Hub_(device)"]);
        check("| https://a.test/x|y |", &["https://a.test/x"]);
        check("httpd, https:, http://", &[]);
        check("a.test/x and /x and ftp://a.test/", &[]);
        check("", &[]);
    }

    #[test]
    fn a_slash_at_the_end_a_fragment_and_tracking_lead_to_the_same_page() {
        let links = Links::of(["https://a.test/x/", "https://a.test/"]);
        let check =
            |url: &str, expected| assert_eq!(links.have(&Url::parse(url).unwrap()), expected, "{url}");
        check("https://a.test/x", true);
        check("https://a.test/x/?utm_source=chat#top", true);
        check("https://a.test", true);
        check("https://a.test/xy", false);
        check("https://a.test/x?page=2", false);
        check("https://b.test/x/", false);
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in "(https?://|[()\\[\\]<>. ]|\\PC){0,40}") {
            let _ = cited(&answer);
        }
    }
}
