//! From a visited page to what is settled of it: charset, one parse, links, article.
//!
//! Pure and synchronous; runs on blocking threads. A panic here, on whatever a site sends, is that page's
//! failure and no other's.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use jiff::Timestamp;
use url::Url;

use crate::{
    crawl::{
        fetch::{Candidate, Page, RobotsTag},
        url::PageKey,
    },
    extract::{self, Article, Cleaning},
    hash::{Hash, sha256},
    html,
    http::{
        charset,
        decode::{DecodeLimit, Decoder},
    },
    outcome::{Failure, Outcome, SkipReason},
    store::{PageUpdate, Reading, Reread},
};

/// Links that are taken from one page, the first ones. An index of a large reference has 10,000.
const MOST_LINKS: usize = 50_000;

/// What reading a page gave.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) links: Links,
    pub(super) update: Option<PageUpdate>,
}

/// How pages are read.
#[derive(Debug)]
pub(super) struct Terms {
    /// Whether the page may become a document.
    pub(super) keep: bool,
    /// What the pipeline says about content.
    pub(super) cleaning: Arc<Cleaning>,
    pub(super) now: Timestamp,
}

/// Where a page leads.
#[derive(Debug)]
pub(super) enum Links {
    /// These were read from it now.
    Fresh(Vec<Url>),
    /// As they are stored.
    Stored,
    /// Nowhere.
    None,
}

impl Read {
    pub(super) fn ended(outcome: Outcome, detail: String, links: Links) -> Read {
        Read { outcome, detail, links, update: None }
    }
}

/// Reads a page that came over HTTP.
pub(super) fn page(candidate: &Candidate, page: Page, terms: &Terms) -> Read {
    let content = sha256(page.body());
    if let Some(known) = candidate.known
        && known.content == content
        && known.extractor == terms.cleaning.version()
        && !known.noindex
        && page.asks == RobotsTag::default()
    {
        let update = PageUpdate::Confirmed {
            url: candidate.url.clone(),
            depth: candidate.depth,
            validators: Some(page.validators),
            at: terms.now,
        };
        let (outcome, detail) = standing(Outcome::Fetched, known.noindex, terms.keep);
        return Read { outcome, detail, links: Links::Stored, update: Some(update) };
    }
    // A large page gives its place back when the parsing is done.
    let Page { content_type, content_encoding, asks, validators, wire, decoded, place: _place } = page;
    let body = decoded.unwrap_or_else(|| wire.clone());
    let source = Body { content_type, coding: content_encoding, wire, content, validators };
    read_body(candidate, source, body, asks, Outcome::Fetched, terms)
}

/// Settles a page that answered 304, whose article is as the rules make it today.
pub(super) fn not_modified(candidate: &Candidate, terms: &Terms) -> Read {
    let noindex = candidate.known.is_some_and(|known| known.noindex);
    let (outcome, detail) = standing(Outcome::NotModified, noindex, terms.keep);
    let update = PageUpdate::Confirmed {
        url: candidate.url.clone(),
        depth: candidate.depth,
        validators: None,
        at: terms.now,
    };
    Read { outcome, detail, links: Links::Stored, update: Some(update) }
}

/// Reads the stored body of a page that answered 304, because the rules have changed since.
pub(super) fn again(candidate: &Candidate, stored: Reread, terms: &Terms) -> Read {
    let limit = DecodeLimit { max_bytes: crate::crawl::fetch::PAGE_LIMITS.decoded, max_ratio: u32::MAX };
    let mut body = Vec::new();
    let undone = Decoder::new(&stored.coding, limit).and_then(|mut decoder| {
        decoder.push(&stored.wire, &mut body)?;
        decoder.finish()
    });
    if let Err(error) = undone {
        return Read::ended(Outcome::Failed(Failure::Decode), format!("stored body: {error}"), Links::Stored);
    }
    // What the headers asked for was read with the body; pages that are not to be indexed never answer 304.
    let asks = RobotsTag::default();
    let source = Body {
        content_type: stored.content_type,
        coding: Some(stored.coding),
        wire: stored.wire,
        content: sha256(&body),
        validators: stored.validators,
    };
    read_body(candidate, source, body, asks, Outcome::NotModified, terms)
}

/// A body with what is stored beside it.
struct Body {
    content_type: Option<String>,
    coding: Option<String>,
    wire: Vec<u8>,
    content: Hash,
    validators: crate::crawl::fetch::Validators,
}

fn read_body(
    candidate: &Candidate,
    source: Body,
    body: Vec<u8>,
    asks: RobotsTag,
    ended: Outcome,
    terms: &Terms,
) -> Read {
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        parse(&candidate.url, source.content_type.as_deref(), body, &terms.cleaning)
    }));
    let (links, article) = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err((failure, detail))) => return Read::ended(Outcome::Failed(failure), detail, Links::Stored),
        Err(_panic) => {
            let detail = "the page made the parser fail".to_owned();
            return Read::ended(Outcome::Failed(Failure::ParseLimit), detail, Links::Stored);
        }
    };
    let noindex = asks.noindex || links.noindex;
    // A page that names its canonical form, or refreshes to another, leads there whatever else it says.
    let mut follow: Vec<Url> = links.refresh.iter().chain(&links.canonical).cloned().collect();
    if !(links.nofollow_all || asks.nofollow) {
        follow.extend(links.follow);
    }
    follow.truncate(MOST_LINKS);
    let (outcome, detail) = standing(ended, noindex, terms.keep);
    if article.blocks.is_empty() && outcome == ended {
        // What was stored of it, if anything, stays: more likely the page is broken than emptied.
        let detail = "no text was found on the page".to_owned();
        return Read::ended(Outcome::Skipped(SkipReason::Empty), detail, Links::Fresh(follow));
    }
    let canonical = links.canonical.as_ref().and_then(PageKey::new);
    let update = PageUpdate::read(Reading {
        url: &candidate.url,
        depth: candidate.depth,
        validators: source.validators,
        content_type: source.content_type,
        coding: source.coding,
        wire: &source.wire,
        content: source.content,
        extractor: terms.cleaning.version(),
        article: &article,
        links: &follow,
        canonical: canonical.as_ref(),
        noindex,
        at: terms.now,
    });
    Read { outcome, detail, links: Links::Fresh(follow), update: Some(update) }
}

fn parse(
    url: &Url,
    content_type: Option<&str>,
    body: Vec<u8>,
    cleaning: &Cleaning,
) -> Result<(html::Links, Article), (Failure, String)> {
    let decoded = charset::decode(content_type, body)
        .map_err(|error| (Failure::Decode, format!("charset: {error}")))?;
    let tree = html::parse(&decoded.text).map_err(|limit| (Failure::ParseLimit, limit.to_string()))?;
    let links = html::links(&tree, url);
    let article = extract::extract(&tree, &links, &cleaning.of(url));
    Ok((links, article))
}

/// How a page that was read ends: as a page, unless it asks not to be indexed or is walked for its links only.
fn standing(ended: Outcome, noindex: bool, keep: bool) -> (Outcome, String) {
    if noindex {
        (Outcome::Skipped(SkipReason::Noindex), "the page asks not to be indexed".to_owned())
    } else if !keep {
        (Outcome::Skipped(SkipReason::NotKept), "not under `keep`".to_owned())
    } else {
        (ended, String::new())
    }
}
