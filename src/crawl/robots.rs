//! robots.txt as RFC 9309 says. Where Google's parser differs, the RFC decides; where the RFC is silent,
//! Google's leniency is followed.
//!
//! This module reads a file that was fetched. What a missing or failing file means is the fetch's decision,
//! which it states with [`Robots::allow_all`], or by not asking at all.

mod line;
mod prefix;
mod rule;
mod rules;

use std::time::Duration;

use url::{Position, Url};

use self::line::{Record, records, without_bom};
use self::rule::{Access, Rule};
use self::rules::Rules;
use crate::crawl::percent;

/// The longest `Crawl-delay` that is followed. A longer one is most often milliseconds taken for seconds.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_mins(5);

/// How many `Sitemap` lines are kept.
pub const MAX_SITEMAPS: usize = 1_000;

/// What one site's robots.txt means for one crawler.
#[derive(Clone, Debug)]
pub struct Robots {
    rules: Box<Rules>,
    crawl_delay: Option<Duration>,
    sitemaps: Vec<String>,
    is_markup: bool,
}

impl Robots {
    /// Reads the file for the crawler with this product token (`corpusd`), which is compared without case.
    ///
    /// No body is an error. 500 KiB are read, as RFC 9309, section 2.5, asks. All groups that name the token
    /// are merged; the `*` groups count only when there is none.
    pub fn parse(body: &[u8], product_token: &str) -> Self {
        let own_token = token(product_token.as_bytes());
        let mut own = Group::default();
        let mut star = Group::default();
        let mut sitemaps = Vec::new();
        // Agent lines add up until the first rule; the next agent line after it begins another group.
        let mut rules_began = false;
        for (record, line) in records(body) {
            match record {
                Record::UserAgent(agent) => {
                    if rules_began {
                        (rules_began, own.is_open, star.is_open) = (false, false, false);
                    }
                    if is_star(agent) {
                        star.open();
                    } else if !own_token.is_empty() && token(agent).eq_ignore_ascii_case(own_token) {
                        own.open();
                    }
                }
                Record::Rule(access, pattern) => {
                    rules_began = true;
                    let rule = Rule::new(access, pattern, line);
                    for group in [&mut own, &mut star].into_iter().filter(|group| group.is_open) {
                        group.rules.extend(rule.clone());
                    }
                }
                Record::CrawlDelay(value) => {
                    let delay = crawl_delay(value);
                    for group in [&mut own, &mut star].into_iter().filter(|group| group.is_open) {
                        group.crawl_delay = group.crawl_delay.max(delay);
                    }
                }
                Record::Sitemap(url) => {
                    if sitemaps.len() < MAX_SITEMAPS && !url.is_empty() {
                        sitemaps.push(String::from_utf8_lossy(url).into_owned());
                    }
                }
            }
        }
        let Group { rules, crawl_delay, .. } = if own.is_named { own } else { star };
        let rules = Box::new(Rules::new(rules));
        let is_markup = without_bom(body).trim_ascii_start().starts_with(b"<");
        Self { rules, crawl_delay, sitemaps, is_markup }
    }

    /// No restriction: what a site without a robots.txt means.
    pub fn allow_all() -> Self {
        Self {
            rules: Box::new(Rules::new(Vec::new())),
            crawl_delay: None,
            sitemaps: Vec::new(),
            is_markup: false,
        }
    }

    /// Whether the crawler may ask for `url`, which the caller knows to be of this site. For robots.txt
    /// itself it always may.
    ///
    /// About a microsecond with thousands of ordinary rules. With 500 KiB of rules that nearly cover the longest
    /// URL it is some 0.1 to 0.5 ms, and 4 ms with rules that were made against the way they are searched: each
    /// rule costs once what it has in common with the URL, not once for each place in it.
    pub fn allows(&self, url: &Url) -> bool {
        self.deciding(url).is_none_or(|(access, _)| access == Access::Allow)
    }

    /// The line that decides over `url`, as the file has it, or nothing where none covers it.
    pub fn rule_for(&self, url: &Url) -> Option<&str> {
        self.deciding(url).map(|(_, line)| line)
    }

    /// The pause between requests that the file asks of this crawler: the longest of its groups'
    /// `Crawl-delay` lines, at most [`MAX_CRAWL_DELAY`].
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The file's `Sitemap` lines as they stand, for every crawler, at most [`MAX_SITEMAPS`].
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// Whether the file was a page of HTML or XML, which says nothing about robots and that something answers
    /// for every path.
    pub fn is_markup(&self) -> bool {
        self.is_markup
    }

    fn deciding(&self, url: &Url) -> Option<(Access, &str)> {
        if url.path() == "/robots.txt" {
            return None;
        }
        let path_and_query = &url[Position::BeforePath..Position::AfterQuery];
        self.rules.deciding(&percent::comparable(path_and_query))
    }
}

/// What the groups for one crawler say together.
#[derive(Default)]
struct Group {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    /// Whether any line names the crawler; a group without rules still counts.
    is_named: bool,
    /// Whether the lines being read speak to the crawler.
    is_open: bool,
}

impl Group {
    fn open(&mut self) {
        (self.is_named, self.is_open) = (true, true);
    }
}

/// The product token that a value starts with: `AlphaBot` of `AlphaBot/2.1` (RFC 9309, section 2.2.1).
fn token(value: &[u8]) -> &[u8] {
    let is_token = |octet: &u8| octet.is_ascii_alphabetic() || matches!(octet, b'-' | b'_');
    let length = value.iter().take_while(|octet| is_token(octet)).count();
    &value[..length]
}

fn is_star(agent: &[u8]) -> bool {
    agent.split(u8::is_ascii_whitespace).next() == Some(b"*")
}

/// The delay that a value in seconds asks for: `10`, `0.5`, `2s`.
fn crawl_delay(value: &[u8]) -> Option<Duration> {
    let length = value.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b'.').count();
    let seconds: f64 = std::str::from_utf8(&value[..length]).ok()?.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(MAX_CRAWL_DELAY).min(MAX_CRAWL_DELAY))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/robots.json"));

    fn body_of(case: &Value) -> Vec<u8> {
        if let Some(hex) = case["robots_hex"].as_str() {
            let octet = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            return (0..hex.len()).step_by(2).map(octet).collect();
        }
        if let Some(text) = case["robots"].as_str() {
            return text.as_bytes().to_vec();
        }
        let template = &case["robots_template"];
        let text = |name: &str| template[name].as_str().unwrap_or_default();
        let times = |name: &str| usize::try_from(template[name].as_u64().unwrap_or_default()).unwrap();
        let mut body = text("head").to_owned();
        body.push_str(&text("repeat").repeat(times("repeat_count")));
        body.push_str(&text("pad_line").repeat(times("pad_count")));
        body.push_str(text("tail"));
        body.into_bytes()
    }

    fn robots(text: &str) -> Robots {
        Robots::parse(text.as_bytes(), "corpusd")
    }

    fn url(path: &str) -> Url {
        Url::parse("https://a.test/").unwrap().join(path).unwrap()
    }

    #[test]
    fn the_published_cases_hold() {
        let cases: Value = serde_json::from_str(CASES).unwrap();
        for case in cases["cases"].as_array().unwrap() {
            for check in case["checks"].as_array().unwrap() {
                let robots = Robots::parse(&body_of(case), check["agent"].as_str().unwrap());
                let url = Url::parse(check["url"].as_str().unwrap()).unwrap();
                assert_eq!(robots.allows(&url), check["allow"].as_bool().unwrap(), "{} {check}", case["id"]);
            }
        }
    }

    #[test]
    fn the_line_that_decides_is_told() {
        let robots = robots("User-agent: *\nDisallow: /a # secret\nAllow: /a/b\n");
        let check = |path: &str, expected: Option<&str>| assert_eq!(robots.rule_for(&url(path)), expected);
        check("/a/x", Some("Disallow: /a # secret"));
        check("/a/b/c", Some("Allow: /a/b"));
        check("/z", None);
    }

    #[test]
    fn the_query_takes_part_and_the_fragment_does_not() {
        let robots = robots("User-agent: *\nDisallow: /*?sort=\nDisallow: /q?a='b'$\n");
        let check = |path: &str, expected: bool| assert_eq!(robots.allows(&url(path)), expected, "{path}");
        check("/list?sort=up", false);
        check("/list?page=2&sort=up", true);
        check("/list#?sort=", true);
        check("/q?a='b'", false);
    }

    #[test]
    fn the_delay_is_the_longest_that_is_meant_for_us() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(robots(text).crawl_delay(), expected.map(Duration::from_secs_f64), "{text}");
        };
        check("User-agent: *\nCrawl-delay: 10\n", Some(10.0));
        check(
            "User-agent: *\nCrawl-delay: 10\nUser-agent: corpusd/1.0\nCrawl-delay: .5\nDisallow:\n",
            Some(0.5),
        );
        check("User-agent: *\nCrawl-delay: 9\nUser-agent: corpusd\nDisallow: /x\n", None);
        check("User-agent: corpusd\nCrawl-delay: 1\n\nUser-agent: corpusd\nCrawl-delay: 2s\n", Some(2.0));
        check("User-agent: *\nCrawl-delay: 99999999999999999999999999999\n", Some(300.0));
        check("User-agent: *\nCrawl-delay: -1\nCrawl-delay: NaN\nCrawl-delay: 1.2.3\n", None);
        check("User-agent: other\nCrawl-delay: 10\n", None);
    }

    #[test]
    fn sitemaps_are_for_everyone_and_bounded() {
        let text =
            format!("User-agent: other\nSitemap: /s.xml\n{}", "Sitemap: https://a.test/s\n".repeat(5_000));
        assert_eq!(robots(&text).sitemaps()[0], "/s.xml");
        assert_eq!(robots(&text).sitemaps().len(), MAX_SITEMAPS);
    }

    #[test]
    fn a_page_in_place_of_the_file_is_flagged() {
        assert!(robots("\u{FEFF}\n<!doctype html><title>Home</title>").is_markup());
        assert!(!robots("User-agent: *\nDisallow: /<x>\n").is_markup());
    }

    #[test]
    fn a_file_full_of_stars_is_answered() {
        let mut body = "User-agent: *\n".to_owned();
        while body.len() < 400_000 {
            body.push_str("Disallow: /");
            body.push_str(&"*ab".repeat(200));
            body.push_str("*c$\nAllow: *aab*bba*z\n");
        }
        assert!(robots(&body).allows(&url(&"ab".repeat(1_000))));
    }

    /// A star in a rule, unlike the plain character that `%2A` stands for.
    const STAR: char = '\0';

    /// What may stand in a rule, and what it means.
    const TOKENS: [(&str, &str); 14] = [
        ("*", "\0"),
        ("a", "a"),
        ("%61", "a"),
        ("b", "b"),
        ("/", "/"),
        ("%2f", "%2F"),
        ("%2F", "%2F"),
        ("%2A", "*"),
        ("%24", "$"),
        ("é", "%C3%A9"),
        ("%c3%a9", "%C3%A9"),
        ("%7C", "%7C"),
        ("|", "%7C"),
        ("?", "?"),
    ];

    /// A text of these tokens as it is written, and as it is meant.
    fn text_of(tokens: &[usize]) -> (String, String) {
        tokens.iter().map(|&token| TOKENS[token]).unzip()
    }

    /// Whether `pattern` covers `path`, by a table of which octets of the one reach which of the other.
    fn covers_by_table(pattern: &str, anchored: bool, path: &str) -> bool {
        let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for &octet in pattern {
            let mut next = vec![false; path.len() + 1];
            for end in 0..=path.len() {
                next[end] = if char::from(octet) == STAR {
                    reached[..=end].contains(&true)
                } else {
                    end > 0 && path[end - 1] == octet && reached[end - 1]
                };
            }
            reached = next;
        }
        if anchored { reached[path.len()] } else { reached.contains(&true) }
    }

    proptest! {
        #[test]
        fn the_most_specific_rule_decides(
            rules in vec((prop::sample::select(&["/", "*"]), vec(0..TOKENS.len(), 0..6), any::<[bool; 2]>()), 0..8),
            path in vec(1..TOKENS.len(), 0..10),
        ) {
            let (path, meant_path) = text_of(&path);
            let meant_path = format!("/{meant_path}");
            let mut lines = vec!["User-agent: *".to_owned()];
            let mut decision = None;
            for (first, tokens, [allow, anchored]) in rules {
                let (pattern, meaning) = text_of(&tokens);
                let meaning = format!("{}{meaning}", first.replace('*', "\0"));
                let (access, end) = (if allow { "Allow" } else { "Disallow" }, if anchored { "$" } else { "" });
                lines.push(format!("{access}: {first}{pattern}{end}"));
                if covers_by_table(&meaning, anchored, &meant_path) {
                    decision = decision.max(Some((meaning.len() + end.len(), allow)));
                }
            }
            let url = Url::parse(&format!("https://a.test/{path}")).unwrap();
            let expected = decision.is_none_or(|(_, allow)| allow);
            prop_assert_eq!(robots(&lines.join("\n")).allows(&url), expected, "{:?} {}", lines, url);
        }

        #[test]
        fn any_octets_are_a_robots_file(body: Vec<u8>, path in ".{0,30}") {
            let robots = Robots::parse(&body, "corpusd");
            robots.allows(&url(&format!("/x{path}")));
        }

        #[test]
        fn lines_of_any_kind_are_a_robots_file(
            lines in vec("(User-agent|Allow|Disallow|Crawl-delay|Sitemap)?[: ]?.{0,12}", 0..12),
            path in "[a-z%*$/]{0,12}",
        ) {
            let robots = robots(&lines.join("\r"));
            robots.allows(&url(&format!("/x{path}")));
        }
    }
}
