//! Path patterns as the pipeline file writes them, compiled once: `/docs/**`, `https://example.com/*.html`.
//!
//! - `*` is any text within a path segment, `**` any text across segments, `{a,b}` either of the two.
//! - Every other character is itself, `?` and `[` included: URLs use them.
//! - A pattern with a `?` is compared with path and query, any other with the path alone; it must match all
//!   of it.
//! - `/docs/**` is what lies below `/docs/`, that page included, but not `/docs`.
//! - A pattern that starts with `/` belongs to the start sites; one that starts with `http://` or `https://`
//!   to the site it names, where `http`, `https` and `www.` make no difference, as for start sites.
//! - Both sides are compared with percent-encoding in one spelling, on the page's key: `/café/**` is
//!   `/caf%C3%A9/**`.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use url::Url;

use super::percent;
use super::url::{identity_path, identity_query, requestable, site_host};

/// The longest pattern, in bytes.
pub const MAX_PATTERN_LEN: usize = 1_024;

/// How deep `{…{…}…}` may go.
pub const MAX_PATTERN_DEPTH: usize = 8;

/// Why a list of patterns was refused.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// One pattern is wrong.
    #[error("compile pattern {number} (`{pattern}`): {fault}", number = .index + 1)]
    Pattern {
        /// Its place in the list, from 0.
        index: usize,
        /// The pattern, cut to its first 80 characters.
        pattern: String,
        /// What is wrong with it.
        fault: PatternFault,
    },
    /// Each pattern is right, but together they are too much.
    #[error("compile {count} patterns together")]
    Together {
        /// How many there are.
        count: usize,
        /// The compiler's reason.
        source: globset::Error,
    },
}

/// What is wrong with one pattern.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// Neither a path nor a URL.
    #[error("it must start with `/`, `http://` or `https://`")]
    Start,
    /// Over [`MAX_PATTERN_LEN`].
    #[error("it has {0} bytes, more than {MAX_PATTERN_LEN}")]
    TooLong(usize),
    /// Over [`MAX_PATTERN_DEPTH`].
    #[error("its braces are nested more than {MAX_PATTERN_DEPTH} deep")]
    TooDeep,
    /// `{` without `}`, or the other way round.
    #[error("its braces do not pair up")]
    Unpaired,
    /// What stands before the path is no host that a crawl could ask.
    #[error("`{0}` is not a host with an optional port")]
    Host(String),
    /// The compiler refused it.
    #[error("{0}")]
    Glob(globset::ErrorKind),
}

/// A list of patterns, any of which may match.
#[derive(Clone)]
pub struct Patterns {
    texts: Vec<String>,
    path: GlobSet,
    path_and_query: GlobSet,
}

/// As written, so that equal patterns look equal: what they were compiled to changes with use and with the compiler.
impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.texts).finish()
    }
}

impl Patterns {
    /// Compiles the patterns. An empty list matches nothing.
    pub fn new(patterns: &[String]) -> Result<Self, PatternError> {
        let together = |source| PatternError::Together { count: patterns.len(), source };
        let mut path = GlobSetBuilder::new();
        let mut path_and_query = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let glob = compiled(pattern).map_err(|fault| PatternError::Pattern {
                index,
                pattern: pattern.chars().take(80).collect(),
                fault,
            })?;
            if pattern.contains('?') { &mut path_and_query } else { &mut path }.add(glob);
        }
        Ok(Self {
            texts: patterns.to_vec(),
            path: path.build().map_err(together)?,
            path_and_query: path_and_query.build().map_err(together)?,
        })
    }

    /// Whether there is no pattern at all.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The first pattern that matches, as written.
    pub fn matching(&self, target: &Target) -> Option<&str> {
        self.texts
            .iter()
            .map(String::as_str)
            .find(|text| Patterns::new(&[(*text).to_owned()]).is_ok_and(|pattern| pattern.matches(target)))
    }

    /// As written, one after the other.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether one of the patterns matches.
    pub fn matches(&self, target: &Target) -> bool {
        let is_match = |from: usize| {
            self.path.is_match(&target.text[from..target.path_end])
                || self.path_and_query.is_match(&target.text[from..])
        };
        is_match(0) || (target.on_start_site && is_match(target.path_start))
    }
}

/// A URL in the form that patterns are compared with: host, path and query of the page's key.
#[derive(Clone, Debug)]
pub struct Target {
    text: String,
    path_start: usize,
    path_end: usize,
    on_start_site: bool,
}

impl Target {
    /// The target that `url` is; `on_start_site` says whether patterns that start with `/` speak of it.
    pub fn new(url: &Url, site: Site) -> Self {
        let mut text = authority(url);
        let path_start = text.len();
        text.push_str(&percent::comparable(&identity_path(url)));
        let path_end = text.len();
        if let Some(query) = identity_query(url) {
            text.push('?');
            text.push_str(&percent::comparable(&query));
        }
        Self { text, path_start, path_end, on_start_site: site == Site::Start }
    }

    /// The path, in its comparable spelling.
    pub fn path(&self) -> &str {
        &self.text[self.path_start..self.path_end]
    }
}

/// Whose URL a [`Target`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// One of the sites that the crawl starts from.
    Start,
    /// Any other.
    Other,
}

/// Host and port without what one site may vary: `www.` and the default port.
fn authority(url: &Url) -> String {
    let host = site_host(url).unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn compiled(pattern: &str) -> Result<globset::Glob, PatternFault> {
    // First of all, as what follows is linear in the length and the compiler recurses into the depth.
    if pattern.len() > MAX_PATTERN_LEN {
        return Err(PatternFault::TooLong(pattern.len()));
    }
    check_braces(pattern)?;
    let (site, path) = split_site(pattern)?;
    let mut glob = String::with_capacity(pattern.len() * 2);
    push_glob(&mut glob, &site);
    push_glob(&mut glob, path);
    GlobBuilder::new(&glob)
        .literal_separator(true)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map_err(|error| PatternFault::Glob(error.kind().clone()))
}

fn check_braces(pattern: &str) -> Result<(), PatternFault> {
    let mut depth = 0_usize;
    for octet in pattern.bytes() {
        match octet {
            b'{' if depth == MAX_PATTERN_DEPTH => return Err(PatternFault::TooDeep),
            b'{' => depth += 1,
            b'}' => depth = depth.checked_sub(1).ok_or(PatternFault::Unpaired)?,
            _ => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(PatternFault::Unpaired) }
}

/// The authority that a pattern names, if it does, and its path.
fn split_site(pattern: &str) -> Result<(String, &str), PatternFault> {
    if pattern.starts_with('/') {
        return Ok((String::new(), pattern));
    }
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| {
            let start = pattern.get(..scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then(|| &pattern[scheme.len()..])
        })
        .ok_or(PatternFault::Start)?;
    let host_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    // The URL parser brings the host to the spelling that URLs have; stars and braces pass through it.
    let scheme = &pattern[..pattern.len() - rest.len()];
    let url = Url::parse(&format!("{scheme}{host}/"))
        .ok()
        .filter(|url| requestable(url) && url.path() == "/")
        .ok_or_else(|| PatternFault::Host(host.chars().take(80).collect()))?;
    Ok((authority(&url), if path.is_empty() { "/" } else { path }))
}

/// Translates a pattern to the syntax of `globset`, with literal text in its comparable spelling.
fn push_glob(glob: &mut String, pattern: &str) {
    let mut rest = pattern;
    while let Some(at) = rest.find(['*', '{', '}']) {
        push_literal(glob, &rest[..at]);
        let syntax = &rest[at..];
        if syntax.starts_with("**") {
            rest = syntax.trim_start_matches('*');
            let is_whole_segment = glob.ends_with('/') && (rest.is_empty() || rest.starts_with('/'));
            // `globset` lets `**` cross segments only where it is a segment of its own.
            glob.push_str(if is_whole_segment { "**" } else { "{*,*/**/*}" });
        } else {
            glob.push_str(&syntax[..1]);
            rest = &syntax[1..];
        }
    }
    push_literal(glob, rest);
}

fn push_literal(glob: &mut String, text: &str) {
    for character in percent::comparable(text).chars() {
        if matches!(character, '*' | '?' | '[' | ']') {
            glob.push('\\');
        }
        glob.push(character);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patterns(text: &str) -> Patterns {
        Patterns::new(&[text.to_owned()]).unwrap()
    }

    fn check(pattern: &str, url: &str, expected: bool) {
        let url = Url::parse("https://a.test/").unwrap().join(url).unwrap();
        let site = if url.host_str() == Some("a.test") { Site::Start } else { Site::Other };
        assert_eq!(patterns(pattern).matches(&Target::new(&url, site)), expected, "{pattern} {url}");
    }

    #[test]
    fn one_star_stays_in_its_segment_and_two_cross() {
        check("/docs/*", "/docs/a", true);
        check("/docs/*", "/docs/a/b", false);
        check("/docs/**", "/docs/a/b", true);
        check("/docs/**", "/docs/", true);
        check("/docs/**", "/docs", false);
        check("/docs{,/**}", "/docs", true);
        check("/docs/**", "/docs2/a", false);
        check("/**/print", "/a/b/print", true);
        check("/**/print", "/print", true);
        check("/a/**/b", "/a/b", true);
        check("/**.pdf", "/a/b.pdf", true);
        check("/docs**", "/docs2/a/b", true);
        check("/v*/guide", "/v2/guide", true);
        check("/***", "/a/b", true);
        check("/Docs/*", "/docs/a", false);
    }

    #[test]
    fn what_urls_use_as_text_is_text() {
        check("/a[1]", "/a[1]", true);
        check("/a[1]", "/a1", false);
        check("/a]b[!c", "/a]b[!c", true);
        check("/a,b", "/a,b", true);
        check("/{a,b}/c", "/b/c", true);
        check("/{a,{b,c}}/d", "/c/d", true);
        check("/a%2Ab", "/a*b", true);
        check("/a%2Ab", "/axb", false);
        check("/%7Ba%7D", "/{a}", true);
    }

    #[test]
    fn a_question_mark_brings_in_the_query() {
        check("/a", "/a?x=1", true);
        check("/a?x=1", "/a?x=1", true);
        check("/a?x=1", "/a", false);
        check("/a?x=1", "/abx=1", false);
        check("/a?*page=*", "/a?sort=up&page=2", true);
        check("/a?x=1", "/a?x=1&utm_source=mail", true);
        check("/**?q=**", "/a/b?q=http://b.test/", true);
    }

    #[test]
    fn one_text_has_one_spelling() {
        check("/café/**", "/caf%c3%a9/x", true);
        check("/caf%C3%A9/**", "/café/x", true);
        check("/a b", "/a%20b", true);
        check("/%7euser", "/~user", true);
        check("/a%2fb", "/a/b", false);
    }

    #[test]
    fn a_full_url_names_another_site() {
        check("https://b.test/x/*", "http://www.b.test/x/y", true);
        check("https://b.test/x/*", "/x/y", false);
        check("https://www.b.test", "https://b.test/", true);
        check("https://*.b.test/**", "https://docs.b.test/x/y", true);
        check("https://*.b.test/**", "https://b.test/x", false);
        check("http://b.test:8080/**", "http://b.test:8080/x", true);
        check("http://b.test:8080/**", "http://b.test/x", false);
        check("HTTPS://BÜCHER.test/**", "https://bücher.test/x", true);
        check("/x/**", "https://b.test/x/y", false);
    }

    #[test]
    fn what_cannot_be_compiled_is_refused_with_the_reason() {
        let check = |pattern: &str, expected: PatternFault| match Patterns::new(&[pattern.to_owned()]) {
            Err(PatternError::Pattern { index: 0, fault, .. }) => assert_eq!(fault, expected, "{pattern}"),
            other => panic!("{pattern}: {other:?}"),
        };
        check("docs/**", PatternFault::Start);
        check("", PatternFault::Start);
        check("ftp://a.test/", PatternFault::Start);
        check("/{a", PatternFault::Unpaired);
        check("/a}{", PatternFault::Unpaired);
        check("https:///x", PatternFault::Host(String::new()));
        check("https://u:p@a.test/", PatternFault::Host("u:p@a.test".to_owned()));
        check(&format!("/{}{}", "{".repeat(10_000), "}".repeat(10_000)), PatternFault::TooLong(20_001));
        check(&format!("/{}{}", "{a,".repeat(9), "}".repeat(9)), PatternFault::TooDeep);
    }

    #[test]
    fn the_largest_patterns_compile_and_answer() {
        let stars = format!("/{}", "a**".repeat(341));
        let braces = format!("/{}", "{a,b}".repeat(204));
        check(&stars, &format!("/{}", "a".repeat(2_000)), true);
        check(&braces, &format!("/{}", "ab".repeat(102)), true);
    }

    /// Whether `pattern`, made of text and stars, matches all of `path`: the ends that each part can reach.
    fn matches_by_table(pattern: &str, path: &str) -> bool {
        let path = path.as_bytes();
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        let mut rest = pattern;
        while let Some(first) = rest.bytes().next() {
            let mut next = vec![false; path.len() + 1];
            let stars = rest.len() - rest.trim_start_matches('*').len();
            let after_stars = &rest[stars..];
            let is_segment =
                pattern[..pattern.len() - rest.len()].ends_with('/') && after_stars.starts_with('/');
            for start in (0..=path.len()).filter(|&start| reached[start]) {
                for end in start..=path.len() {
                    let text = &path[start..end];
                    next[end] |= match stars {
                        0 => text == [first],
                        1 => !text.contains(&b'/'),
                        // `/**/` is also a single slash.
                        _ if is_segment => text.is_empty() || text.ends_with(b"/"),
                        _ => true,
                    };
                }
            }
            rest = match stars {
                0 => &rest[1..],
                2.. if is_segment => &after_stars[1..],
                _ => after_stars,
            };
            reached = next;
        }
        reached[path.len()]
    }

    proptest! {
        #[test]
        fn stars_match_what_the_plain_reading_says(
            pattern in "/(a|b|/|\\*|\\*\\*){0,8}",
            path in "/[ab]?(a|b|/[ab]){0,8}/?",
        ) {
            let url = Url::parse(&format!("https://a.test{path}")).unwrap();
            let found = patterns(&pattern).matches(&Target::new(&url, Site::Start));
            prop_assert_eq!(found, matches_by_table(&pattern, &path), "{} {}", pattern, path);
        }

        #[test]
        fn any_text_is_a_pattern_or_a_fault(text in "(/|https://)?.{0,40}", path in "[a-z/*{}%?]{0,20}") {
            if let Ok(patterns) = Patterns::new(&[text]) {
                let url = Url::parse("https://a.test/").unwrap().join(&format!("/x{path}")).unwrap();
                patterns.matches(&Target::new(&url, Site::Start));
            }
        }

        #[test]
        fn a_path_without_syntax_matches_itself(path in "/[a-zé\\[\\]!,$'() |^-]{1,20}") {
            let url = Url::parse("https://a.test/").unwrap().join(&path).unwrap();
            prop_assert!(patterns(path.trim_end()).matches(&Target::new(&url, Site::Start)));
        }
    }
}
