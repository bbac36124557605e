//! Crawler traps: [`trap`] knows those that one URL gives away by itself, paths that loop and URLs without measure;
//! [`TrapBudget`] those that only show over many URLs, calendars, facet searches, endless lists.

mod budget;
mod shape;
mod suspicion;

use url::{Position, Url};

pub use budget::{TrapBudget, TrapKind, TrapReason};
pub use shape::{Shape, shape};

/// The longest URL that is requested, in bytes without the fragment: the limit of Internet Explorer, which
/// the web has kept to.
pub const MAX_URL_LEN: usize = 2_083;

/// A cycle of segments and the number of times it may stand in a row before it is a loop. One segment gets
/// a turn more: `/2011/11/11/11` is a date with an hour.
const LOOPS: [(usize, usize, &str); 3] = [
    (1, 4, "the same path segment 4 times in a row"),
    (2, 3, "2 path segments repeated 3 times in a row"),
    (3, 3, "3 path segments repeated 3 times in a row"),
];

/// Why `url` looks like a trap, if it does. Linear in the length of the URL.
pub fn trap(url: &Url) -> Option<&'static str> {
    if url[..Position::AfterQuery].len() > MAX_URL_LEN {
        return Some("a URL longer than 2083 bytes");
    }
    let segments: Vec<&str> = url.path_segments()?.collect();
    LOOPS
        .into_iter()
        .find(|&(cycle, turns, _)| longest_echo(&segments, cycle) >= cycle * (turns - 1))
        .map(|(.., reason)| reason)
}

/// The longest run of segments that are each equal to the one `cycle` places before.
fn longest_echo(segments: &[&str], cycle: usize) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for (segment, earlier) in segments.iter().skip(cycle).zip(segments) {
        run = if segment == earlier { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const CASES: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/url_normalise.json"));

    fn check(url: &str, expected: bool) {
        assert_eq!(trap(&Url::parse(url).unwrap()).is_some(), expected, "{url}");
    }

    #[test]
    fn the_published_cases_hold() {
        let cases: Value = serde_json::from_str(CASES).unwrap();
        for case in cases["traps"].as_array().unwrap() {
            check(case["url"].as_str().unwrap(), case["expect"] == "trap");
            let url = Url::parse(case["url"].as_str().unwrap()).unwrap();
            let now = "2026-11-20T00:00:00Z".parse().unwrap();
            let suspicious = super::suspicion::Suspicion::of(&url, now).is_some();
            assert_eq!(suspicious, case["expect"] == "budget", "{case}");
        }
    }

    #[test]
    fn a_loop_is_found_wherever_it_stands() {
        check("http://a.test/a/a/a", false);
        check("http://a.test/x/a/a/a/a", true);
        check("http://a.test/a/b/a/b", false);
        check("http://a.test/x/a/b/a/b/a/b", true);
        check("http://a.test/a/b/c/a/b/c", false);
        check("http://a.test/a/b/c/a/b/c/a/b/c", true);
        check("http://a.test/a/x/a/y/a/z", false);
        check("http://a.test////", true);
        check("http://a.test//a//b", false);
    }

    #[test]
    fn the_fragment_does_not_count_as_length() {
        let url = |length: usize| format!("http://a.test/{}", "a".repeat(length - 14));
        check(&url(MAX_URL_LEN), false);
        check(&url(MAX_URL_LEN + 1), true);
        check(&format!("{}#{}", url(MAX_URL_LEN), "f".repeat(100)), false);
    }
}
