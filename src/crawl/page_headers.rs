//! What headers say of a page: whether it may be indexed, its language, its links.

use serde::{Deserialize, Serialize};

use super::{PRODUCT_TOKEN, link_header::HeaderLink};

/// What headers say of a page, besides how it is transferred. Stored beside the body: a 304 need not repeat them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHeaders {
    /// `Content-Language`.
    pub language: Option<String>,
    /// `X-Robots-Tag`.
    pub asks: RobotsTag,
    /// `Link`.
    pub links: Vec<HeaderLink>,
}

/// What `X-Robots-Tag` headers ask of us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsTag {
    /// The page is not to be indexed.
    pub noindex: bool,
    /// Its links are not to be followed.
    pub nofollow: bool,
}

impl RobotsTag {
    /// Reads the headers' values. A value may begin with the name of the one crawler that all of it is for.
    pub fn of<'a>(values: impl Iterator<Item = &'a str>) -> RobotsTag {
        let mut tag = RobotsTag::default();
        for value in values {
            let directives = match value.split_once(':') {
                // These have a value after a colon themselves.
                Some((first, _)) if is_valued(first) => value,
                Some((agent, rest))
                    if agent.trim().eq_ignore_ascii_case(PRODUCT_TOKEN) || agent.trim() == "*" =>
                {
                    rest
                }
                Some(_) => continue,
                None => value,
            };
            for directive in directives.split(',').map(str::trim) {
                let is = |name: &str| directive.eq_ignore_ascii_case(name);
                tag.noindex |= is("noindex") || is("none");
                tag.nofollow |= is("nofollow") || is("none");
            }
        }
        tag
    }
}

/// Whether what stands before the first colon of an `X-Robots-Tag` ends in a directive that takes a value, so that
/// it names no crawler.
fn is_valued(before_colon: &str) -> bool {
    let last = before_colon.rsplit(',').next().unwrap_or(before_colon).trim();
    ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"]
        .iter()
        .any(|name| last.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_robots_tag_counts_when_it_is_for_everyone_or_for_us() {
        let check = |values: &[&str], noindex, nofollow| {
            assert_eq!(RobotsTag::of(values.iter().copied()), RobotsTag { noindex, nofollow }, "{values:?}");
        };
        check(&["noindex"], true, false);
        check(&["nofollow, NoIndex"], true, true);
        check(&["none"], true, true);
        check(&["corpusd: noindex"], true, false);
        check(&["otherbot: nofollow, noindex"], false, false);
        check(&["otherbot: noindex", "nofollow"], false, true);
        check(&["unavailable_after: 25 Jun 2030 15:00:00 PST"], false, false);
        check(&["max-snippet: 20, noindex"], true, false);
        check(&["noindex, max-snippet: 20"], true, false);
        check(&[], false, false);
    }
}
