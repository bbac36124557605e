//! The sample help centre: an invented company, served from the plain files beside this module.
//!
//! It is varied on purpose: two layouts, boilerplate that misleads whoever keeps it, duplicates, a canonical
//! twin, hidden text, a page to be left alone, one that only the sitemap knows, one that moved, one that is
//! missing, another language, another charset. Every answer has the same bytes each time.

mod pages;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderName, Method, StatusCode, header};
use encoding_rs::WINDOWS_1252;

use super::call::Call;
use super::reply::Reply;
use super::text::sha256;
use pages::{MISSING, PAGES, Page, Trait};

/// Where a page has moved for good.
const MOVED: [(&str, &str); 1] = [("/help/old-password", "/help/account/reset-password")];

const HTML: &str = "text/html; charset=utf-8";
const HTML_1252: &str = "text/html; charset=windows-1252";

/// Answers a request to the site; `None` for a path that is not the site's.
pub(super) fn answer(call: &Call, address: SocketAddr) -> Option<Reply> {
    let path = call.path.as_str();
    let ours =
        path == "/help" || path.starts_with("/help/") || ["/robots.txt", "/sitemap.xml"].contains(&path);
    if !ours {
        return None;
    }
    if ![Method::GET, Method::HEAD].contains(&call.method) {
        return Some(Reply::empty(StatusCode::METHOD_NOT_ALLOWED).with(header::ALLOW, "GET, HEAD"));
    }
    let moved = [("/help", "/help/")].into_iter().chain(MOVED).find(|(from, _)| *from == path);
    Some(match (path, moved, PAGES.iter().find(|page| page.path == path)) {
        (_, Some((_, to)), _) => Reply::empty(StatusCode::MOVED_PERMANENTLY).with(header::LOCATION, to),
        ("/robots.txt", ..) => {
            Reply::new(StatusCode::OK, "text/plain; charset=utf-8", robots(&base(call, address)))
        }
        ("/sitemap.xml", ..) => Reply::new(StatusCode::OK, "application/xml", sitemap(&base(call, address))),
        (_, _, Some(page)) => revalidated(call, page, render(page, &base(call, address))),
        _ => Reply::new(StatusCode::NOT_FOUND, HTML, MISSING.fill("")),
    })
}

/// Scheme and authority under which the client knows the site.
fn base(call: &Call, address: SocketAddr) -> String {
    let plain = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]".contains(c));
    match call.header(header::HOST).filter(plain) {
        Some(host) => format!("http://{host}"),
        None => format!("http://{address}"),
    }
}

fn robots(base: &str) -> String {
    format!("User-agent: *\nDisallow: /help/internal/\n\nSitemap: {base}/sitemap.xml\n")
}

fn sitemap(base: &str) -> String {
    let listed = PAGES.iter().filter(|page| !page.is(Trait::Unlisted));
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
    let urls = listed.map(|page| {
        format!("  <url><loc>{base}{}</loc><lastmod>{}</lastmod></url>\n", page.path, page.modified)
    });
    [head.to_owned()].into_iter().chain(urls).chain(["</urlset>\n".to_owned()]).collect()
}

fn render(page: &Page, base: &str) -> Reply {
    let html = page.fill(base);
    if page.is(Trait::Windows1252) {
        return Reply::new(StatusCode::OK, HTML_1252, WINDOWS_1252.encode(&html).0.into_owned());
    }
    Reply::new(StatusCode::OK, HTML, html)
}

/// The reply with its validators, or 304 when the client holds it already (RFC 9110, section 13.2.2:
/// `If-None-Match` decides alone when it is there).
fn revalidated(call: &Call, page: &Page, reply: Reply) -> Reply {
    let tag = format!("\"{}\"", &sha256(&reply.body)[..16]);
    let modified = UNIX_EPOCH + Duration::from_secs(page.modified_at());
    let fresh = match call.header(header::IF_NONE_MATCH) {
        Some(held) => {
            held.split(',').map(str::trim).any(|held| held == "*" || held.trim_start_matches("W/") == tag)
        }
        None => since(call).is_some_and(|since| modified <= since),
    };
    let reply = if fresh { Reply::empty(StatusCode::NOT_MODIFIED) } else { reply };
    let robots = page.is(Trait::Noindex).then_some("noindex");
    let reply = reply.with(header::ETAG, tag).with(header::LAST_MODIFIED, httpdate::fmt_http_date(modified));
    robots.map_or(reply.clone(), |robots| reply.with(HeaderName::from_static("x-robots-tag"), robots))
}

fn since(call: &Call) -> Option<SystemTime> {
    httpdate::parse_http_date(call.header(header::IF_MODIFIED_SINCE)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::answer::ask;
    use crate::sandbox::index::Index;
    use crate::sandbox::testing::{Answer, Served, manual};

    async fn get(served: &Served, path: &str, headers: &str) -> Answer {
        served.raw("GET", path, headers, b"").await.unwrap()
    }

    #[tokio::test]
    async fn every_page_is_the_same_twice_and_is_revalidated_by_tag_or_by_date() {
        let served = Served::start(manual()).await;
        for page in &PAGES {
            let first = get(&served, page.path, "").await;
            let second = get(&served, page.path, "").await;
            assert_eq!((first.status, &first.body), (200, &second.body), "{}", page.path);
            let tag = first.header("etag").unwrap().to_owned();
            let date = first.header("last-modified").unwrap().to_owned();
            for (headers, status) in [
                (format!("if-none-match: {tag}\r\n"), 304),
                (format!("if-none-match: \"x\", W/{tag}\r\n"), 304),
                ("if-none-match: *\r\n".to_owned(), 304),
                ("if-none-match: \"x\"\r\n".to_owned(), 200),
                (format!("if-none-match: \"x\"\r\nif-modified-since: {date}\r\n"), 200),
                (format!("if-modified-since: {date}\r\n"), 304),
                ("if-modified-since: Sat, 01 Jan 2000 00:00:00 GMT\r\n".to_owned(), 200),
                ("if-modified-since: yesterday\r\n".to_owned(), 200),
            ] {
                let answer = get(&served, page.path, &headers).await;
                assert_eq!((answer.status, answer.header("etag")), (status, Some(tag.as_str())), "{headers}");
                assert_eq!(answer.body.is_empty(), status == 304);
            }
        }
        served.stop().await;
    }

    #[tokio::test]
    async fn the_site_has_its_peculiar_pages() {
        let served = Served::start(manual()).await;
        let base = format!("http://{}", served.address);
        let robots = get(&served, "/robots.txt", "").await.text();
        assert_eq!(
            robots,
            format!("User-agent: *\nDisallow: /help/internal/\n\nSitemap: {base}/sitemap.xml\n")
        );
        let sitemap = get(&served, "/sitemap.xml", "").await.text();
        let linked: String = PAGES.iter().map(|page| page.fill("")).collect();
        let only_in_sitemap = "/help/offers/schools";
        assert!(
            sitemap.contains(&format!("{base}{only_in_sitemap}"))
                && !linked.contains(&format!("href=\"{only_in_sitemap}"))
        );
        assert!(!sitemap.contains("internal") && !sitemap.contains("/help/search"));
        let moved = get(&served, "/help/old-password", "").await;
        assert_eq!((moved.status, moved.header("location")), (301, Some("/help/account/reset-password")));
        assert_eq!(get(&served, "/help", "").await.status, 301);
        assert!(linked.contains("/help/troubleshooting/firmware-3"));
        assert_eq!(get(&served, "/help/troubleshooting/firmware-3", "").await.status, 404);
        let old = get(&served, "/help/legacy/hub-one", "").await;
        assert_eq!(old.header("content-type"), Some("text/html; charset=windows-1252"));
        assert!(old.body.contains(&0x93) && old.body.contains(&0x80), "quotes and the euro sign");
        assert_eq!(get(&served, "/help/search", "").await.header("x-robots-tag"), Some("noindex"));
        let twin = get(&served, "/help/hub", "").await.text();
        assert!(twin.contains(&format!("<link rel=\"canonical\" href=\"{base}/help/products/hub\">")));
        let content = |path: &str| PAGES.iter().find(|page| page.path == path).unwrap().content;
        assert_eq!(content("/help/orders/shipping"), content("/help/orders/delivery"));
        assert!(
            get(&served, "/help/de/passwort-zuruecksetzen", "").await.text().contains("<html lang=\"de\">")
        );
        let posted = served.raw("POST", "/help/", "", b"").await.unwrap();
        assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
        served.stop().await;
    }

    #[tokio::test]
    async fn without_the_site_its_addresses_are_unknown() {
        let served = Served::start(crate::sandbox::Options { site: false, ..manual() }).await;
        assert_eq!(get(&served, "/help/", "").await.status, 404);
        assert_eq!(get(&served, "/robots.txt", "").await.status, 404);
        served.stop().await;
    }

    /// Questions with what the answer must say.
    const QUESTIONS: [(&str, &str); 10] = [
        ("How do I reset my password?", "valid for 30 minutes"),
        ("What are your opening hours?", "Monday to Friday from 08:00 to 18:00"),
        ("How much does the Grower plan cost?", "€9 per month"),
        ("What is the return period?", "30 days"),
        ("How long does the battery of the Root Probe last?", "18 months"),
        ("Which Wi-Fi networks does the Hub support?", "2.4 GHz"),
        ("How do I export my readings as CSV?", "Settings › Data › Export"),
        ("What does a blinking red light mean?", "cannot reach the internet"),
        ("How long is the warranty on the Hub?", "3 years"),
        ("Do you sell bicycles in Antarctica?", "Hmm, I am not sure."),
    ];

    /// As much of HTML to Markdown as these pages need.
    fn crude_markdown(html: &str) -> String {
        let marked = [
            ("<h1", "\n\n# <"),
            ("<h2", "\n\n## <"),
            ("<summary", "\n\n## <"),
            ("<li", "\n- <"),
            ("<tr", "\n| <"),
            ("</td>", " | "),
            ("</th>", " | "),
            ("<p", "\n\n<"),
            ("</p>", "\n\n"),
            ("</h2>", "\n\n"),
            ("</h1>", "\n\n"),
            ("</summary>", "\n\n"),
            ("</ul>", "\n\n"),
            ("</table>", "\n\n"),
            ("<dt", "\n\n<"),
        ];
        let marked = marked.iter().fold(html.replace('\n', " "), |html, (tag, mark)| html.replace(tag, mark));
        let mut pieces = marked.split('<');
        let first = pieces.next().unwrap_or_default().to_owned();
        first + &pieces.map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<String>()
    }

    fn right_answers(html_of: impl Fn(&Page) -> String) -> Vec<&'static str> {
        let skipped = |page: &&Page| {
            !page.is(Trait::Noindex) && !page.path.contains("/internal/") && !page.is(Trait::Unlisted)
        };
        let text: Vec<String> =
            PAGES.iter().filter(skipped).map(|page| crude_markdown(&html_of(page))).collect();
        let text = text.join("\n\n");
        let index = Index::build(&text);
        let right = |(question, expected): &&(&str, &str)| {
            let answer = ask(&text, &index, question);
            answer
                .map_or(crate::sandbox::answer::FALLBACK.to_owned(), |answer| answer.text)
                .contains(expected)
        };
        QUESTIONS.iter().filter(right).map(|(question, _)| *question).collect()
    }

    #[test]
    fn a_clean_corpus_answers_every_question_and_a_dirty_one_does_not() {
        let clean = right_answers(|page| page.content.to_owned());
        assert_eq!(clean, QUESTIONS.map(|(question, _)| question));
        let dirty = right_answers(|page| page.fill(""));
        println!("a dirty corpus answers {} of {}: {dirty:?}", dirty.len(), clean.len());
        assert!(dirty.len() + 2 <= clean.len(), "{dirty:?}");
    }
}
