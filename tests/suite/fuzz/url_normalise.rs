//! The key of a page: itself when it is made again, and nothing but the session and the tracking less than the URL.

use corpusd::crawl::url::{PageKey, requestable};
use url::{Position, Url};

/// `input` is an address, and a link on some page.
pub(super) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let page = Url::parse("https://a.test/dir/page?query").unwrap();
    for url in [Url::parse(&text), page.join(&text)].into_iter().flatten() {
        match PageKey::new(&url) {
            Some(key) => key_of(&url, &key),
            None => assert!(!requestable(&url), "{url} has no key"),
        }
    }
}

fn key_of(url: &Url, key: &PageKey) {
    let again = Url::parse(key.as_ref()).unwrap();
    assert_eq!(again.as_str(), key.as_ref(), "{url}");
    assert_eq!(PageKey::new(&again).as_ref(), Some(key), "{url}");
    assert_eq!(again[..Position::BeforePath], url[..Position::BeforePath], "{url}");
    assert_eq!(again.fragment(), None, "{url}");

    // What becomes of a segment or a parameter is its own affair, so that each can be looked at alone.
    let mut path: String = url.path().split('/').skip(1).filter_map(segment).collect();
    if path.is_empty() {
        path.push('/');
    }
    assert_eq!(again.path(), path, "{url}");
    let query: Vec<String> =
        url.query().into_iter().flat_map(|query| query.split('&')).filter_map(parameter).collect();
    assert_eq!(again.query().unwrap_or_default(), query.join("&"), "{url}");
}

/// What is kept of a path segment, with the slash before it. Only ASP.NET's session takes the slash along.
fn segment(segment: &str) -> Option<String> {
    let key = PageKey::new(&Url::parse(&format!("https://a.test/{segment}")).unwrap()).unwrap();
    let kept = Url::parse(key.as_ref()).unwrap().path().to_owned();
    if kept == "/" && segment.starts_with('(') {
        return None;
    }
    // A segment with parameters may lose some of them; any other means what it meant.
    let parts = |text: &str| text.split(';').map(meaning).collect::<Vec<_>>();
    let (before, after) = (parts(segment), parts(&kept[1..]));
    assert_eq!(before[0], after[0], "{segment} became {kept}");
    let mut left = before.iter();
    assert!(after.iter().all(|part| left.any(|other| other == part)), "{segment} became {kept}");
    Some(kept)
}

/// What is kept of a parameter of the query.
fn parameter(parameter: &str) -> Option<String> {
    if parameter.is_empty() {
        return Some(String::new());
    }
    let key = PageKey::new(&Url::parse(&format!("https://a.test/?{parameter}")).unwrap()).unwrap();
    let kept = Url::parse(key.as_ref()).unwrap().query()?.to_owned();
    assert_eq!(meaning(&kept), meaning(parameter), "{parameter} became {kept}");
    Some(kept)
}

/// The octets of a text, each with whether it is escaped; an unreserved character means the same either way.
fn meaning(text: &str) -> Vec<(u8, bool)> {
    let octets = text.as_bytes();
    let mut meaning = Vec::new();
    let mut at = 0;
    while at < octets.len() {
        let escape = text
            .get(at + 1..at + 3)
            .filter(|digits| octets[at] == b'%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(digits) = escape {
            let value = u8::from_str_radix(digits, 16).unwrap();
            meaning.push((value, !(value.is_ascii_alphanumeric() || b"-._~".contains(&value))));
            at += 3;
        } else {
            meaning.push((octets[at], false));
            at += 1;
        }
    }
    meaning
}
