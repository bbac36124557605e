//! One URL: robots.txt, a turn, a conditional GET, its retries, and what the answer means.
//!
//! Redirects are not followed: the target is a URL with an outcome of its own, so nothing is fetched twice
//! and every hop passes scope, robots.txt and guard like any other URL.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::{
    host::{Host, Lesson, NoRobots},
    link_header,
    page_headers::{PageHeaders, RobotsTag},
    url::PageKey,
};
use crate::{
    http::{
        Answer, Client, FetchError, Limits,
        media::{Media, binary_format},
    },
    outcome::{Failure, SkipReason},
};

/// What is read of one page. Documentation pages beyond a few MiB are concatenations ("all on one page")
/// of pages that are crawled anyway.
pub const PAGE_LIMITS: Limits =
    Limits { wire: 10 * 1024 * 1024, decoded: 10 * 1024 * 1024, total: Duration::from_mins(1) };

/// What is asked for: pages.
const WANTED: &str = "text/html,application/xhtml+xml;q=0.9,text/markdown;q=0.5,*/*;q=0.1";

/// A URL whose turn has come.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its identity.
    pub key: PageKey,
    /// What is requested: the URL as it was linked.
    pub url: Url,
    /// Steps from a start URL.
    pub depth: u32,
    /// Redirects that led here.
    pub hops: u32,
    /// When it changed last, as a sitemap says.
    pub lastmod: Option<String>,
    /// From the last time it was read.
    pub validators: Validators,
    /// What is stored of it.
    pub known: Option<Known>,
}

/// What is stored of a page that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// SHA-256 of its decoded body.
    pub content: [u8; 32],
    /// SHA-256 of its article.
    pub article: [u8; 32],
    /// Version of the rules that made its article.
    pub rules: u32,
    /// Whether it asked not to be indexed.
    pub noindex: bool,
    /// What its headers said.
    pub headers: PageHeaders,
    /// Why its language is not wanted.
    pub unwanted: Option<String>,
}

/// What a server gave to ask "has it changed?" with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, as received.
    pub etag: Option<String>,
    /// `Last-Modified`, as received.
    pub last_modified: Option<String>,
}

/// A candidate and what came of it.
#[derive(Debug)]
pub struct Visit {
    /// The candidate.
    pub candidate: Candidate,
    /// What came of it.
    pub found: Found,
    /// HTTP status of the last answer, if there was one.
    pub status: Option<u16>,
}

/// What came of a visit.
#[derive(Debug)]
pub enum Found {
    /// A page.
    Page(Box<Page>),
    /// 304: what is stored is still true.
    NotModified,
    /// Leads to another URL.
    Redirect(Url),
    /// Gives no page although nothing failed.
    Skipped(SkipReason, String),
    /// Could not be read now.
    Failed(Failure, String),
}

/// What came over HTTP.
#[derive(Debug)]
pub struct Page {
    /// `Content-Type`, as received.
    pub content_type: Option<String>,
    /// `Content-Encoding` of `wire`.
    pub content_encoding: Option<String>,
    /// What its headers say of it.
    pub headers: PageHeaders,
    /// For the next visit.
    pub validators: Validators,
    /// The body as it came, to be stored.
    pub wire: Vec<u8>,
    /// The body decoded; `None` when that is the wire itself.
    pub decoded: Option<Vec<u8>>,
    /// The place of a large body, kept until the page was read.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Page {
    /// The decoded body.
    pub fn body(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(&self.wire)
    }
}

/// Visits a candidate; never fails, because a failure is a finding too.
pub(super) async fn visit(
    client: &Client,
    host: &Host,
    candidate: Candidate,
    now: fn() -> Timestamp,
) -> Visit {
    let refused = match host.robots(client, now).await {
        Ok(robots) if robots.allows(&candidate.url) => None,
        Ok(robots) => {
            let rule = robots.rule_for(&candidate.url).unwrap_or("a rule for all");
            Some(Found::Skipped(SkipReason::Robots, format!("robots.txt: {rule}")))
        }
        Err(NoRobots::Blocked(reason)) => Some(Found::Skipped(SkipReason::BlockedAddress, reason.clone())),
        Err(NoRobots::Untrusted(reason)) => Some(Found::Failed(Failure::Tls, reason.clone())),
        Err(NoRobots::Unreachable(reason)) => {
            Some(Found::Failed(Failure::Connect, format!("not asked, robots.txt is unreachable: {reason}")))
        }
    };
    if let Some(found) = refused {
        return Visit { candidate, found, status: None };
    }
    let mut attempt = 0;
    loop {
        let turn = match host.turn().await {
            Ok(turn) => turn,
            Err(reason) => {
                let found = Found::Failed(Failure::Connect, format!("not asked, the host {reason}"));
                return Visit { candidate, found, status: None };
            }
        };
        let tried = try_once(client, host, &candidate, now).await;
        drop(turn);
        let passing = if let Found::Failed(..) = tried.found {
            tried.passing
        } else {
            host.learn(Lesson::Well);
            if matches!(tried.found, Found::Page(_) | Found::NotModified) {
                host.remember(&candidate);
            }
            return Visit { candidate, found: tried.found, status: tried.status };
        };
        // For the whole host, whether this page has an attempt left or not.
        if let Some(asked) = tried.retry_after {
            host.learn(Lesson::LeaveAlone(asked));
        }
        attempt += 1;
        let pause = if passing { host.pause_before(attempt, tried.retry_after) } else { None };
        match pause {
            // `Retry-After` speaks for the whole host, everything else for this page.
            Some(pause) if tried.retry_after.is_some() => host.learn(Lesson::Wait(pause)),
            Some(pause) => tokio::time::sleep(pause).await,
            None => {
                if passing {
                    host.learn(Lesson::Failing);
                    // No answer, and a plea for patience, speak for the host; a fault of a page may be its own.
                    let of_page = matches!(tried.status, Some(status) if !matches!(status, 429 | 503));
                    look_again(client, host, of_page, now).await;
                }
                return Visit { candidate, found: tried.found, status: tried.status };
            }
        }
    }
}

/// Where many pages failed in a row: whether it is they that fail, or the host.
async fn look_again(client: &Client, host: &Host, of_page: bool, now: fn() -> Timestamp) {
    let Some(failures) = host.suspect() else { return };
    if of_page
        && let Some(good) = host.good()
        && let Ok(_turn) = host.turn().await
        && !matches!(try_once(client, host, good, now).await.found, Found::Failed(..))
    {
        return host.learn(Lesson::Well);
    }
    host.give_up(format!("failed {failures} pages in a row"));
}

/// One attempt.
struct Tried {
    found: Found,
    status: Option<u16>,
    /// Whether the same request may succeed a little later.
    passing: bool,
    retry_after: Option<Duration>,
}

impl Tried {
    fn done(found: Found, status: u16) -> Tried {
        Tried { found, status: Some(status), passing: false, retry_after: None }
    }
}

async fn try_once(client: &Client, host: &Host, candidate: &Candidate, now: fn() -> Timestamp) -> Tried {
    let headers = request_headers(&candidate.validators);
    let answer = match client.get(&candidate.url, &headers, PAGE_LIMITS).await {
        Ok(answer) => answer,
        Err(error) => {
            if let FetchError::Timeout(_) = error {
                host.learn(Lesson::PushedBack);
            }
            return without_answer(&error, None);
        }
    };
    let status = answer.status();
    host.learn(Lesson::of_answer(status, answer.latency()));
    match status {
        200 | 203 => read_page(answer).await,
        304 if candidate.validators != Validators::default() => Tried::done(Found::NotModified, status),
        301 | 302 | 303 | 307 | 308 => Tried::done(redirect(client, &candidate.url, &answer), status),
        404 | 410 => Tried::done(Found::Skipped(SkipReason::NotFound, format!("status {status}")), status),
        _ => Tried {
            found: Found::Failed(Failure::Status, format!("status {status}")),
            status: Some(status),
            passing: matches!(status, 408 | 425 | 429 | 500..=599),
            retry_after: answer.retry_after(now()),
        },
    }
}

fn request_headers(validators: &Validators) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![(ACCEPT, HeaderValue::from_static(WANTED))];
    // A validator that no header can carry is left out: the page is read in full then.
    let conditional = [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)];
    for (name, value) in conditional {
        if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.push((name, value));
        }
    }
    headers
}

async fn read_page(answer: Answer) -> Tried {
    let status = answer.status();
    let text = |name: &str| answer.header(name).map(str::to_owned);
    let content_type = text("content-type");
    // Without a content type the body decides, once it is here.
    if content_type.is_some() && !Media::of(content_type.as_deref(), b"").is_page() {
        let what = content_type.unwrap_or_default();
        return Tried::done(Found::Skipped(SkipReason::ContentType, what), status);
    }
    let mut page = Page {
        content_type,
        content_encoding: text("content-encoding"),
        headers: PageHeaders {
            language: text("content-language"),
            asks: RobotsTag::of(answer.header_values("x-robots-tag")),
            links: link_header::parse(answer.header_values("link")),
        },
        validators: Validators { etag: text("etag"), last_modified: text("last-modified") },
        wire: Vec::new(),
        decoded: None,
        place: None,
    };
    let body = match answer.read().await {
        Ok(body) => body,
        Err(error) => return without_answer(&error, Some(status)),
    };
    let delimited = body.delimited;
    (page.wire, page.decoded, page.place) = (body.wire, body.decoded, body.place);
    if !delimited && looks_cut(page.body()) {
        return without_answer(&FetchError::Truncated, Some(status));
    }
    if !Media::of(page.content_type.as_deref(), page.body()).is_page() || binary_format(page.body()).is_some()
    {
        return Tried::done(
            Found::Skipped(SkipReason::ContentType, "no page in the body".to_owned()),
            status,
        );
    }
    Tried::done(Found::Page(Box::new(page)), status)
}

/// A body that ends where the connection was closed may have been cut: then `<html` is never closed.
fn looks_cut(body: &[u8]) -> bool {
    let contains =
        |part: &[u8], needle: &[u8]| part.windows(needle.len()).any(|at| at.eq_ignore_ascii_case(needle));
    let head = &body[..body.len().min(2048)];
    let tail = &body[body.len().saturating_sub(4096)..];
    contains(head, b"<html") && !contains(tail, b"</html")
}

fn redirect(client: &Client, from: &Url, answer: &Answer) -> Found {
    let Some(to) = answer.location(from) else {
        return Found::Failed(
            Failure::Status,
            format!("status {} without a usable Location", answer.status()),
        );
    };
    match client.egress().check_redirect(from, &to) {
        Ok(_) => Found::Redirect(to),
        Err(blocked) => Found::Skipped(SkipReason::BlockedAddress, format!("redirect refused: {blocked}")),
    }
}

fn without_answer(error: &FetchError, status: Option<u16>) -> Tried {
    let detail = error.to_string();
    let (found, passing) = match error {
        FetchError::Blocked(_) => (Found::Skipped(SkipReason::BlockedAddress, detail), false),
        FetchError::TooLarge { .. } | FetchError::LargeHeaders => {
            (Found::Skipped(SkipReason::TooLarge, detail), false)
        }
        FetchError::Dns(_) => (Found::Failed(Failure::Dns, detail), true),
        FetchError::Connect(_) | FetchError::Broken(_) => (Found::Failed(Failure::Connect, detail), true),
        // A certificate that is not trusted now is not trusted in a second either.
        FetchError::Tls(_) | FetchError::Setup(_) => (Found::Failed(Failure::Tls, detail), false),
        FetchError::Timeout(_) => (Found::Failed(Failure::Timeout, detail), true),
        FetchError::Truncated => (Found::Failed(Failure::Truncated, detail), true),
        FetchError::Decode(_) => (Found::Failed(Failure::Decode, detail), false),
    };
    Tried { found, status, passing, retry_after: None }
}
