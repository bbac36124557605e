//! robots.txt: the matcher against an oracle that tries every way to match, and files of any kind.

use corpusd::crawl::robots::{MAX_CRAWL_DELAY, MAX_SITEMAPS, Robots};
use url::{Position, Url};

/// The first line of `input` is a path. The others are a file, and then the patterns of a file's rules, each behind
/// a character that says what they do.
pub(super) fn check(input: &[u8]) {
    let at = input.iter().position(|&octet| octet == b'\n').unwrap_or(input.len());
    let (path, body) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let path = sound(&String::from_utf8_lossy(path));
    let Ok(url) = Url::parse(&format!("https://a.test/{path}")) else { return };
    any_file(body, &url);
    if url.path() != "/robots.txt" {
        most_specific_rule(&String::from_utf8_lossy(body), &url);
    }
}

fn any_file(body: &[u8], url: &Url) {
    let robots = Robots::parse(body, "corpusd");
    let allowed = robots.allows(url);
    let says_allow = |line: &str| line.starts_with(['a', 'A']);
    assert_eq!(allowed, robots.rule_for(url).is_none_or(says_allow), "{:?}", robots.rule_for(url));
    assert!(robots.crawl_delay().is_none_or(|delay| delay <= MAX_CRAWL_DELAY));
    assert!(robots.sitemaps().len() <= MAX_SITEMAPS);

    let spaced = body.split(|&octet| octet == b'\n').collect::<Vec<_>>().join(&b"\r\n# said\r\n \r\n"[..]);
    let spaced = Robots::parse(&spaced, "CORPUSD");
    assert_eq!(spaced.rule_for(url), robots.rule_for(url), "line ends and comments mean nothing");
    assert_eq!(spaced.crawl_delay(), robots.crawl_delay(), "line ends and comments mean nothing");
}

fn most_specific_rule(text: &str, url: &Url) {
    let path = comparable(&url[Position::BeforePath..Position::AfterQuery]);
    let mut file = "User-agent: *\n".to_owned();
    let mut decision = None;
    for line in text.lines() {
        let allow = line.starts_with('+');
        let pattern = line.get(1..).unwrap_or_default().split('#').next().unwrap_or_default();
        let pattern = sound(&pattern.replace('\r', "")).trim_ascii().to_owned();
        file.push_str(if allow { "Allow: " } else { "Disallow: " });
        file.push_str(&pattern);
        file.push('\n');
        if !pattern.starts_with(['/', '*']) {
            continue;
        }
        let pieces = pattern.strip_suffix('$').unwrap_or(&pattern);
        let anchored = pieces.len() < pattern.len();
        let meant = pieces.split('*').map(comparable).collect::<Vec<_>>().join("\0");
        if covers(meant.as_bytes(), anchored, path.as_bytes()) {
            decision = decision.max(Some((meant.len() + usize::from(anchored), allow)));
        }
    }
    let expected = decision.is_none_or(|(_, allow)| allow);
    assert_eq!(Robots::parse(file.as_bytes(), "corpusd").allows(url), expected, "{url}\n{file}");
}

/// The text with every `%` the start of an escape.
fn sound(text: &str) -> String {
    let is_escape = |at: usize| {
        text.get(at + 1..at + 3).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let mut sound = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        sound.push(character);
        if character == '%' && !is_escape(at) {
            sound.push_str("25");
        }
    }
    sound
}

/// One spelling for all that RFC 9309, section 2.2.2, takes for the same.
fn comparable(sound: &str) -> String {
    let mut spelled = String::new();
    let mut octets = sound.bytes();
    while let Some(octet) = octets.next() {
        let (octet, escaped) = if octet == b'%' {
            let digits: String = octets.by_ref().take(2).map(char::from).collect();
            (u8::from_str_radix(&digits, 16).unwrap(), true)
        } else {
            (octet, false)
        };
        let is_plain = if escaped {
            octet.is_ascii_alphanumeric() || b"-._~*$'".contains(&octet)
        } else {
            octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet)
        };
        if is_plain {
            spelled.push(char::from(octet));
        } else {
            spelled.push_str(&format!("%{octet:02X}"));
        }
    }
    spelled
}

/// Whether a pattern, NUL for its stars, covers a path: by a table of which octets of the one reach which of the other.
fn covers(pattern: &[u8], anchored: bool, path: &[u8]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for &octet in pattern {
        let mut next = vec![false; path.len() + 1];
        if octet == 0 {
            let first = reached.iter().position(|&reached| reached).unwrap_or(reached.len());
            next[first..].fill(true);
        } else {
            for end in 1..=path.len() {
                next[end] = path[end - 1] == octet && reached[end - 1];
            }
        }
        reached = next;
    }
    if anchored { reached[path.len()] } else { reached.contains(&true) }
}
