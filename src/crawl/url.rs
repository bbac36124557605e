//! The identity of a page: when two links name the same page, they have the same [`PageKey`].
//!
//! A key is for comparing and storing. The URL that is requested stays the one that was linked: a server
//! that keeps its session in the URL would otherwise redirect back for ever.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Position, Url};

use super::percent;

/// The identity of a page: its URL with the spelling variants and the tracking removed.
///
/// On top of what [`Url`] itself normalises (scheme and host in lower case, default port, dot segments),
/// escapes have one spelling, and the fragment, an empty query, tracking parameters and session ids are gone.
/// The order of parameters, double slashes and trailing slashes stay: they may name different pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageKey(String);

impl PageKey {
    /// A key that was made by [`PageKey::new`] and read back from the store.
    pub(crate) fn stored(key: String) -> Self {
        Self(key)
    }

    /// The key of the page at `url`, or nothing when it is not [`requestable`].
    ///
    /// A key parsed as a URL has itself as its key. Called for every link of every page: a link that is
    /// already normal costs one allocation, that of the key.
    pub fn new(url: &Url) -> Option<Self> {
        if !requestable(url) {
            return None;
        }
        let path = identity_path(url);
        let query = identity_query(url);
        let as_linked = &url[..Position::AfterQuery];
        if matches!((&path, &query), (Cow::Borrowed(_), None | Some(Cow::Borrowed(_))))
            && query.is_some() == url.query().is_some()
        {
            return Some(Self(as_linked.to_owned()));
        }
        let mut key = String::with_capacity(as_linked.len());
        key.push_str(&url[..Position::BeforePath]);
        key.push_str(&path);
        if let Some(query) = query {
            key.push('?');
            key.push_str(&query);
        }
        Some(Self(key))
    }
}

impl PageKey {
    /// Scheme, host and port, with the slash after them.
    pub fn site(&self) -> &str {
        // From the ninth byte on, the first slash is the one after the host.
        let slash = self.0.get(8..).and_then(|rest| rest.find('/'));
        slash.map_or(&self.0, |at| &self.0[..=8 + at])
    }
}

impl AsRef<str> for PageKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a crawl may ask for this URL at all: http or https, a host, and no credentials.
pub fn requestable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
}

/// Whether two URLs are of one site: the same host apart from a leading `www.`, over http or https, with
/// the same port or both with their scheme's default.
pub fn same_site(a: &Url, b: &Url) -> bool {
    requestable(a) && requestable(b) && a.port() == b.port() && site_host(a) == site_host(b)
}

/// The host without a leading `www.`.
pub(super) fn site_host(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host))
}

/// The path of the page's key.
pub(super) fn identity_path(url: &Url) -> Cow<'_, str> {
    let path = percent::normalised(url.path());
    match without_session_ids(&path) {
        Some(stripped) => Cow::Owned(stripped),
        None => path,
    }
}

/// The query of the page's key, without its question mark.
pub(super) fn identity_query(url: &Url) -> Option<Cow<'_, str>> {
    let query = percent::normalised(url.query()?);
    let query = match without_tracking(&query) {
        Some(stripped) => Cow::Owned(stripped),
        None => query,
    };
    (!query.is_empty()).then_some(query)
}

/// The path without `;jsessionid=…` and ASP.NET's `/(S(…))/`, or nothing when there is none.
fn without_session_ids(path: &str) -> Option<String> {
    if !path.contains([';', '(']) {
        return None;
    }
    let mut stripped = String::with_capacity(path.len());
    for segment in path.split('/').skip(1) {
        let start = stripped.len();
        stripped.push('/');
        for (position, part) in segment.split(';').enumerate() {
            if position == 0 {
                stripped.push_str(part);
            } else if !is_session_parameter(part) {
                stripped.push(';');
                stripped.push_str(part);
            }
        }
        match &stripped[start..] {
            // A dot segment that this made would be resolved by the next parse.
            "/." | "/.." => {
                stripped.truncate(start + 1);
                stripped.push_str(segment);
            }
            left if is_aspnet_session(&left[1..]) => stripped.truncate(start),
            _ => {}
        }
    }
    if stripped.is_empty() {
        stripped.push('/');
    }
    (stripped != path).then_some(stripped)
}

/// The query without tracking and session parameters, or nothing when there is none.
fn without_tracking(query: &str) -> Option<String> {
    let dropped = |parameter: &&str| is_tracking_parameter(parameter) || is_session_parameter(parameter);
    if !query.split('&').any(|parameter| dropped(&parameter)) {
        return None;
    }
    let mut stripped = String::with_capacity(query.len());
    for (position, parameter) in query.split('&').filter(|parameter| !dropped(parameter)).enumerate() {
        if position > 0 {
            stripped.push('&');
        }
        stripped.push_str(parameter);
    }
    Some(stripped)
}

/// Families of parameters that name a campaign, never a page.
const TRACKING_PREFIXES: [&str; 7] = ["utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "__hs"];

/// Parameters that mail and advertising systems add to any link.
const TRACKING_NAMES: [&str; 36] = [
    "_bta_c",
    "_bta_tid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_kx",
    "_openstat",
    "dclid",
    "epik",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "hsctatracking",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "oly_anon_id",
    "oly_enc_id",
    "srsltid",
    "ttclid",
    "twclid",
    "vero_conv",
    "vero_id",
    "wbraid",
    "yclid",
    "ysclid",
];

fn is_tracking_parameter(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or(parameter);
    TRACKING_PREFIXES.iter().any(|prefix| {
        name.len() > prefix.len() && name.as_bytes()[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
    }) || TRACKING_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Names that nothing but a session goes by.
const SESSION_NAMES: [&str; 6] =
    ["asp.net_sessionid", "cfid", "cftoken", "jsessionid", "phpsessid", "phpsessionid"];

/// Names that a session shares with content: dropped only with a value that no person wrote.
const AMBIGUOUS_SESSION_NAMES: [&str; 9] =
    ["csrf_token", "nonce", "s", "session", "session_id", "sessid", "sessionid", "sid", "token"];

fn is_session_parameter(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    is_one_of(&SESSION_NAMES)
        || name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("aspsessionid"))
        || (is_one_of(&AMBIGUOUS_SESSION_NAMES) && looks_generated(value))
}

/// Whether a value is a session's random text: PHP's has 26 or 32 characters, ASP.NET's 24, a UUID 36.
fn looks_generated(value: &str) -> bool {
    value.len() >= 24
        && value.bytes().any(|octet| octet.is_ascii_digit())
        && (value.bytes().all(|octet| octet.is_ascii_alphanumeric())
            || value.bytes().all(|octet| octet.is_ascii_hexdigit() || octet == b'-'))
}

/// Whether a path segment is ASP.NET's cookieless session: `(S(…))`, also after `A(…)` and `F(…)`, or the
/// bare `(…)` of version 1.1.
fn is_aspnet_session(segment: &str) -> bool {
    let Some(inner) = segment.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return false };
    if inner.len() == 24 && looks_generated(inner) {
        return true;
    }
    let Some(inner) = inner.strip_suffix(')') else { return false };
    inner.split(')').all(|ticket| {
        ticket.split_once('(').is_some_and(|(kind, value)| {
            matches!(kind, "A" | "F" | "S")
                && value.len() >= 24
                && value.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const CASES: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/url_normalise.json"));

    fn key(input: &str) -> Option<String> {
        PageKey::new(&Url::parse(input).ok()?).map(|key| key.to_string())
    }

    fn check(input: &str, expected: &str) {
        assert_eq!(key(input).as_deref(), Some(expected), "{input}");
    }

    #[test]
    fn the_published_cases_hold() {
        let cases: Value = serde_json::from_str(CASES).unwrap();
        for case in cases["normalise"].as_array().unwrap() {
            let expected = Some(case["expect"].as_str().unwrap()).filter(|&text| text != "REJECT");
            assert_eq!(key(case["input"].as_str().unwrap()).as_deref(), expected, "{case}");
        }
        for case in cases["relative"].as_array().unwrap() {
            let base = Url::parse(case["base"].as_str().unwrap()).unwrap();
            let joined = base.join(case["ref"].as_str().unwrap()).unwrap();
            assert_eq!(joined.as_str(), case["expect"].as_str().unwrap(), "{case}");
        }
    }

    #[test]
    fn tracking_leaves_and_content_stays() {
        check("http://a.test/p?a=1&gclid=x&b=2", "http://a.test/p?a=1&b=2");
        check("http://a.test/p?%75tm_source=x", "http://a.test/p");
        check("http://a.test/p?b=2&a=1&a=1", "http://a.test/p?b=2&a=1&a=1");
        check("http://a.test/p?utm=x&ref=y", "http://a.test/p?utm=x&ref=y");
        check("http://a.test/p?", "http://a.test/p");
        check("http://a.test/p?q=utm_source", "http://a.test/p?q=utm_source");
    }

    #[test]
    fn session_ids_leave_wherever_they_stand() {
        check("http://a.test/p;JSESSIONID=1.node2/q;v=1", "http://a.test/p/q;v=1");
        check("http://a.test/p?sid=0a1b2c3d4e5f60718293a4b5c6d7e8f9", "http://a.test/p");
        check(
            "http://a.test/p?sid=introductionToThingsWeSell",
            "http://a.test/p?sid=introductionToThingsWeSell",
        );
        check("http://a.test/p?ASPSESSIONIDQQGGQRST=ABCDEFGHIJKLMNOPQRSTUVWX", "http://a.test/p");
        check("http://a.test/(S(4hqa0555fwsecu455xqckv45))", "http://a.test/");
        check("http://a.test/(S(short))/p", "http://a.test/(S(short))/p");
        check("http://a.test/..;jsessionid=1/p", "http://a.test/..;jsessionid=1/p");
    }

    #[test]
    fn one_site_spans_www_and_the_https_upgrade() {
        let check = |a: &str, b: &str, expected: bool| {
            let (a, b) = (Url::parse(a).unwrap(), Url::parse(b).unwrap());
            assert_eq!(same_site(&a, &b), expected, "{a} {b}");
            assert_eq!(same_site(&b, &a), expected, "{b} {a}");
        };
        check("http://a.test/x", "https://www.a.test/y", true);
        check("http://a.test:8080/", "https://a.test:8080/", true);
        check("http://a.test/", "http://a.test:8080/", false);
        check("http://a.test/", "http://docs.a.test/", false);
        check("http://a.test/", "http://b.a.test/", false);
        check("http://[::1]/", "http://[::1]/", true);
        check("http://a.test/", "ftp://a.test/", false);
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(
            path in "(/|%|[0-9a-f]|\\.|;jsessionid=|;|~|\\(S\\([0-9a-z]{24}\\)\\)|%2[eE]|%3[0-9]){0,20}",
            query in "(&|=|%|[0-9a-f]|\\?|utm_id=|sid=|%75){0,20}",
        ) {
            let url = Url::parse(&format!("http://a.test/{path}?{query}")).unwrap();
            let once = PageKey::new(&url).unwrap();
            let again = PageKey::new(&Url::parse(once.as_ref()).unwrap()).unwrap();
            prop_assert_eq!(once, again);
        }

        #[test]
        fn any_text_has_a_key_or_none(text in "(http://)?.{0,40}") {
            if let Some(once) = key(&text) {
                prop_assert_eq!(key(&once), Some(once));
            }
        }
    }
}
