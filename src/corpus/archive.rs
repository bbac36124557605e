//! Pages that another one has taken the place of, or that lie in an archive, by their URLs.

use std::collections::{BTreeMap, BTreeSet};

/// Folders of what is kept for the record, and of lists of other pages; also pages that generators list all names on.
const ARCHIVES: &[&str] = &[
    "_modules",
    "allclasses-index",
    "allpackages-index",
    "archive",
    "archived",
    "archives",
    "author",
    "authors",
    "category",
    "categories",
    "deprecated",
    "genindex",
    "index-all",
    "legacy",
    "old",
    "outdated",
    "overview-tree",
    "package-tree",
    "py-modindex",
    "tag",
    "tags",
    "topics",
    "unsupported",
];
/// What the newest version is called where it has no number.
const NEWEST: &[&str] = &["current", "devel", "latest", "main", "master", "next", "stable"];
/// Numbers that a version has at most.
const PARTS: usize = 4;

/// The numbers of a version, the first one first.
type Version = [u32; PARTS];

/// The versions that lie beside each other, over a whole corpus.
#[derive(Debug, Default)]
pub struct Archives {
    /// By what stands before the version: the newest one; `None` where it has a name.
    newest: BTreeMap<String, Option<Version>>,
}

impl Archives {
    /// Learns which versions there are from all URLs of the corpus.
    pub fn of<'a>(urls: impl Iterator<Item = &'a str>) -> Archives {
        let (mut versions, mut named) = (BTreeMap::<String, Version>::new(), BTreeSet::new());
        for url in urls {
            for (before, segment) in segments(url) {
                if NEWEST.contains(&segment) {
                    named.insert(before.to_owned());
                } else if let Some(version) = version(segment) {
                    let newest = versions.entry(before.to_owned()).or_insert(version);
                    *newest = version.max(*newest);
                }
            }
        }
        let newest = versions.into_iter().map(|(before, version)| {
            let newest = if named.contains(&before) { None } else { Some(version) };
            (before, newest)
        });
        Archives { newest: newest.collect() }
    }

    /// Whether the page lies in an archive, under a date, or in a version that is not the newest.
    pub fn contains(&self, url: &str) -> bool {
        let mut year_before = false;
        segments(url).any(|(before, segment)| {
            let is_old = version(segment).is_some_and(|version| match self.newest.get(before) {
                Some(Some(newest)) => version < *newest,
                // Beside one that is called the newest, all numbers are old.
                Some(None) => true,
                None => false,
            });
            let is_date = year_before && is_number(segment, 2, 1..=12);
            year_before = is_number(segment, 4, 1990..=2099);
            let name = segment.to_ascii_lowercase();
            let name = name.strip_suffix(".html").unwrap_or(&name);
            is_old || is_date || ARCHIVES.contains(&name)
        })
    }
}

/// The segments of a URL's path, each with what stands before it.
fn segments(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = &url[..end];
    let start = url.find("://").map_or(0, |at| at + 3);
    let path = url[start..].find('/').map_or(url.len(), |at| start + at);
    let slashes = url[path..].match_indices('/').map(move |(at, _)| path + at + 1);
    slashes.filter_map(move |start| {
        let segment = url[start..].split('/').next()?;
        (!segment.is_empty()).then_some((&url[..start], segment))
    })
}

/// A version: `v2`, `v1.4`, `3.11`, `2.x`; not a plain number, which may be anything.
fn version(segment: &str) -> Option<Version> {
    let number = segment.strip_prefix(['v', 'V']).unwrap_or(segment);
    if number.len() == segment.len() && !number.contains('.') {
        return None;
    }
    let mut version = Version::default();
    for (place, part) in number.split('.').enumerate() {
        // What is newer than any number stands for all of them.
        let part = if part == "x" && place > 0 { u32::MAX } else { digits(part)? };
        *version.get_mut(place)? = part;
    }
    Some(version)
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_number(segment: &str, length: usize, range: std::ops::RangeInclusive<u32>) -> bool {
    segment.len() <= length && digits(segment).is_some_and(|number| range.contains(&number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(urls: &[&str], archived: &[&str]) {
        let archives = Archives::of(urls.iter().copied());
        let found: Vec<_> = urls.iter().copied().filter(|url| archives.contains(url)).collect();
        assert_eq!(found, archived);
    }

    #[test]
    fn versions_are_old_where_there_is_a_newer_one() {
        check(&["https://a.test/v1/x", "https://a.test/v2/y"], &["https://a.test/v1/x"]);
        check(&["https://a.test/docs/3.9/x", "https://a.test/docs/3.11/x"], &["https://a.test/docs/3.9/x"]);
        check(
            &["https://a.test/1.x/", "https://a.test/1.4/", "https://a.test/2.x/"],
            &["https://a.test/1.x/", "https://a.test/1.4/"],
        );
        check(&["https://a.test/latest/x", "https://a.test/v9/x"], &["https://a.test/v9/x"]);
        check(&["https://a.test/api/v1/x", "https://b.test/api/v2/x"], &[]);
        check(&["https://a.test/api/v1/x", "https://a.test/guide/v2/x"], &[]);
        check(&["https://a.test/v1/x", "https://a.test/vat/x", "https://a.test/video"], &[]);
    }

    #[test]
    fn archives_lists_and_dated_posts_are_old() {
        check(
            &[
                "https://a.test/archive/x",
                "https://a.test/blog/Tags/x",
                "https://a.test/blog/2019/05/x",
                "https://a.test/blog/2019/5/",
                "https://a.test/blog/tags",
                "https://a.test/genindex.html",
                "https://a.test/_modules/a.html",
                "https://a.test/index.html",
            ],
            &[
                "https://a.test/archive/x",
                "https://a.test/blog/Tags/x",
                "https://a.test/blog/2019/05/x",
                "https://a.test/blog/2019/5/",
                "https://a.test/blog/tags",
                "https://a.test/genindex.html",
                "https://a.test/_modules/a.html",
            ],
        );
        check(
            &[
                "https://archive.test/x",
                "https://a.test/archiver",
                "https://a.test/2019/report",
                "https://a.test/x?tag=/tag/",
            ],
            &[],
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(urls in prop::collection::vec("(https?://)?[a-zä./v0-9?#-]{0,40}", 0..5)) {
            let archives = Archives::of(urls.iter().map(String::as_str));
            for url in &urls {
                archives.contains(url);
            }
        }
    }
}
