//! A part of a pipeline's sites: what `run --only` crawls, while all else stays as it was.

use url::Url;

use super::{
    pattern::{PatternError, Patterns, Site, Target},
    url::same_site,
};

/// The pages that a run is limited to. How patterns read: see [`pattern`](super::pattern).
#[derive(Debug, Clone)]
pub struct Part {
    patterns: Patterns,
    starts: Vec<Url>,
}

impl Part {
    /// What matches one of the patterns; those that start with `/` speak of the sites of `starts`.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn new(patterns: &[String], starts: Vec<Url>) -> Result<Part, PatternError> {
        Ok(Part { patterns: Patterns::new(patterns)?, starts })
    }

    /// Whether the page at `url` is of this part.
    pub fn covers(&self, url: &Url) -> bool {
        let is_on_site = self.starts.iter().any(|start| same_site(start, url));
        self.patterns.matches(&Target::new(url, if is_on_site { Site::Start } else { Site::Other }))
    }

    /// Whether the site of a start URL can have pages of this part.
    pub fn touches(&self, start: &Url) -> bool {
        self.patterns.texts().iter().any(|pattern| {
            let host_end = pattern.find("://").map(|at| at + "://".len());
            let site = host_end.map(|from| {
                let slash = pattern[from..].find('/');
                Url::parse(&pattern[..slash.map_or(pattern.len(), |at| from + at)])
            });
            site.is_none_or(|site| site.is_ok_and(|site| same_site(&site, start)))
        })
    }

    /// As written.
    pub fn shown(&self) -> String {
        self.patterns.texts().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(patterns: &[&str]) -> Part {
        let starts = ["https://a.test/docs/", "https://b.test/"].map(|start| start.parse().unwrap());
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Part::new(&patterns, starts.to_vec()).unwrap()
    }

    #[test]
    fn a_path_speaks_of_all_start_sites_and_a_url_of_its_own() {
        let check = |patterns: &[&str], url: &str, expected| {
            assert_eq!(part(patterns).covers(&url.parse().unwrap()), expected, "{patterns:?} {url}");
        };
        check(&["/docs/**"], "https://a.test/docs/x", true);
        check(&["/docs/**"], "http://www.b.test/docs/x?y=1#z", true);
        check(&["/docs/**"], "https://c.test/docs/x", false);
        check(&["/docs/**"], "https://a.test/blog/", false);
        check(&["/docs/**", "https://c.test/x"], "https://c.test/x", true);
        check(&["https://a.test/docs/*"], "https://b.test/docs/x", false);
        check(&[], "https://a.test/docs/x", false);
    }

    #[test]
    fn a_site_that_no_pattern_speaks_of_is_not_touched() {
        let check = |patterns: &[&str], start: &str, expected| {
            assert_eq!(part(patterns).touches(&start.parse().unwrap()), expected, "{patterns:?} {start}");
        };
        check(&["/docs/**"], "https://b.test/", true);
        check(&["https://a.test/docs/**"], "https://b.test/", false);
        check(&["https://a.test/docs/**"], "http://www.a.test/", true);
        check(&["https://a.test"], "https://a.test/", true);
        check(&["https://a.test/**", "/x"], "https://b.test/", true);
    }
}
