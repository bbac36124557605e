//! Which links a crawl walks and which pages it keeps, as the pipeline file says.
//!
//! The scope knows nothing of robots.txt, budgets or traps: it answers for one URL by that URL alone.

use std::collections::BTreeSet;
use std::fmt;

use url::Url;

use super::pattern::{PatternError, Patterns, Site, Target};
use super::url::{PageKey, requestable, same_site};

/// Why a scope was refused.
#[derive(Debug, thiserror::Error)]
#[error("read `{list}`")]
pub struct ScopeError {
    /// The list that is wrong.
    pub list: ScopeList,
    /// The pattern that is wrong, and why.
    pub source: PatternError,
}

/// One of the three lists of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeList {
    /// Which links to walk.
    Follow,
    /// Which pages become documents.
    Keep,
    /// Which links are left alone.
    Exclude,
}

impl fmt::Display for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Follow => "follow",
            Self::Keep => "keep",
            Self::Exclude => "exclude",
        })
    }
}

/// What the scope says of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Ask for it and walk its links.
    Follow {
        /// Whether its page becomes a document.
        keep: bool,
    },
    /// No `follow` pattern covers it.
    OutOfScope,
    /// An `exclude` pattern covers it.
    Excluded,
}

/// The scope of one crawl. How patterns read: see [`pattern`](super::pattern).
///
/// A page is fetched only when it is followed: `keep` chooses among the followed pages and fetches nothing
/// more.
#[derive(Clone, Debug)]
pub struct Scope {
    start: Vec<Start>,
    follow: Patterns,
    keep: Patterns,
    exclude: Patterns,
}

/// A URL that the crawl starts from.
#[derive(Clone, Debug)]
struct Start {
    url: Url,
    key: PageKey,
    /// The path of the folder it stands in, with the final slash.
    folder: String,
}

impl Scope {
    /// The scope of a crawl that starts from `start`.
    ///
    /// Without `follow`, what lies in the folder of a start URL is followed, on that site; without `keep`,
    /// everything followed is kept. A start URL is followed whatever the lists say; one that is not
    /// [`requestable`] is passed over.
    pub fn new(
        start: &[Url],
        follow: &[String],
        keep: &[String],
        exclude: &[String],
    ) -> Result<Self, ScopeError> {
        let patterns =
            |list, texts: &[String]| Patterns::new(texts).map_err(|source| ScopeError { list, source });
        let mut seen = BTreeSet::new();
        Ok(Self {
            start: start
                .iter()
                .filter_map(Start::new)
                .filter(|start| seen.insert(start.key.clone()))
                .collect(),
            follow: patterns(ScopeList::Follow, follow)?,
            keep: patterns(ScopeList::Keep, keep)?,
            exclude: patterns(ScopeList::Exclude, exclude)?,
        })
    }

    /// Which rule decides about `url`, for a person.
    pub fn rule(&self, url: &Url) -> String {
        let is_on_site = self.start.iter().any(|start| same_site(&start.url, url));
        let target = Target::new(url, if is_on_site { Site::Start } else { Site::Other });
        let list = |patterns: &Patterns| patterns.texts().join(", ");
        match self.decide(url) {
            Decision::Excluded => {
                format!("`exclude` has {}", self.exclude.matching(&target).unwrap_or_default())
            }
            Decision::OutOfScope if !self.follow.is_empty() => {
                format!("`follow` has only {}", list(&self.follow))
            }
            Decision::OutOfScope if is_on_site => {
                let folders: Vec<&str> = self.start.iter().map(|start| start.folder.as_str()).collect();
                format!("without `follow`, only what lies below {} is walked", folders.join(", "))
            }
            Decision::OutOfScope => "it is on another site".to_owned(),
            Decision::Follow { keep: false } => format!("`keep` has only {}", list(&self.keep)),
            Decision::Follow { keep: true } => match self.follow.matching(&target) {
                Some(pattern) => format!("`follow` has {pattern}"),
                None => "it lies below a start URL".to_owned(),
            },
        }
    }

    /// What to do with a link to `url`.
    pub fn decide(&self, url: &Url) -> Decision {
        if !requestable(url) {
            return Decision::OutOfScope;
        }
        let sites: Vec<&Start> = self.start.iter().filter(|start| same_site(&start.url, url)).collect();
        let target = Target::new(url, if sites.is_empty() { Site::Other } else { Site::Start });
        let is_start = || PageKey::new(url).is_some_and(|key| sites.iter().any(|start| start.key == key));
        if self.exclude.matches(&target) && !is_start() {
            return Decision::Excluded;
        }
        let is_followed = if self.follow.is_empty() {
            sites.iter().any(|start| target.path().starts_with(&start.folder))
        } else {
            self.follow.matches(&target)
        };
        if is_followed || is_start() {
            Decision::Follow { keep: self.keep.is_empty() || self.keep.matches(&target) }
        } else {
            Decision::OutOfScope
        }
    }
}

impl Start {
    fn new(url: &Url) -> Option<Self> {
        let key = PageKey::new(url)?;
        let target = Target::new(url, Site::Start);
        let folder_end = target.path().rfind('/').map_or(0, |slash| slash + 1);
        Some(Self { url: url.clone(), key, folder: target.path()[..folder_end].to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Decision = Decision::Follow { keep: true };
    const WALKED: Decision = Decision::Follow { keep: false };

    fn scope(start: &[&str], follow: &[&str], keep: &[&str], exclude: &[&str]) -> Scope {
        let urls: Vec<Url> = start.iter().map(|url| Url::parse(url).unwrap()).collect();
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Scope::new(&urls, &owned(follow), &owned(keep), &owned(exclude)).unwrap()
    }

    fn check(scope: &Scope, url: &str, expected: Decision) {
        assert_eq!(scope.decide(&Url::parse(url).unwrap()), expected, "{url}");
    }

    #[test]
    fn without_patterns_the_folder_of_each_start_is_followed_and_kept() {
        let scope = scope(&["https://a.test/docs/intro", "https://b.test/caf%c3%a9/"], &[], &[], &[]);
        check(&scope, "https://a.test/docs/x/y", KEPT);
        check(&scope, "http://www.a.test/docs/", KEPT);
        check(&scope, "https://a.test/blog/", Decision::OutOfScope);
        check(&scope, "https://a.test/docs", Decision::OutOfScope);
        check(&scope, "https://b.test/café/x", KEPT);
        check(&scope, "https://b.test/docs/x", Decision::OutOfScope);
        check(&scope, "https://c.test/docs/x", Decision::OutOfScope);
        check(&scope, "https://a.test:8443/docs/x", Decision::OutOfScope);
        check(&scope, "https://u:p@a.test/docs/x", Decision::OutOfScope);
    }

    #[test]
    fn keep_chooses_among_the_followed_pages_only() {
        let scope =
            scope(&["https://a.test/"], &["/docs/**", "/list?page=*"], &["/docs/*.html", "/blog/**"], &[]);
        check(&scope, "https://a.test/docs/x.html", KEPT);
        check(&scope, "https://a.test/docs/x", WALKED);
        check(&scope, "https://a.test/list?page=2", WALKED);
        check(&scope, "https://a.test/list", Decision::OutOfScope);
        check(&scope, "https://a.test/blog/x", Decision::OutOfScope);
    }

    #[test]
    fn a_start_is_followed_whatever_the_lists_say() {
        let scope = scope(&["https://a.test/home"], &["/docs/**"], &["/docs/**"], &["/**"]);
        check(&scope, "https://a.test/home?utm_source=x#top", WALKED);
        check(&scope, "https://a.test/docs/x", Decision::Excluded);
    }

    #[test]
    fn another_site_is_followed_only_by_name() {
        let scope = scope(&["https://a.test/"], &["/**", "https://b.test/help/**"], &[], &["/old/**"]);
        check(&scope, "https://b.test/help/x", KEPT);
        check(&scope, "https://b.test/x", Decision::OutOfScope);
        check(&scope, "https://b.test/help/old/", KEPT);
        check(&scope, "https://a.test/old/x", Decision::Excluded);
    }

    #[test]
    fn a_wrong_pattern_is_named_with_its_list_and_place() {
        let exclude = ["/ok".to_owned(), "no".to_owned()];
        let error = Scope::new(&[], &[], &[], &exclude).unwrap_err();
        assert_eq!(error.to_string(), "read `exclude`");
        assert_eq!(
            error.source.to_string(),
            "compile pattern 2 (`no`): it must start with `/`, `http://` or `https://`"
        );
    }
}
