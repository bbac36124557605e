//! From a visited page to what is settled of it: charset, one parse, links, article.
//!
//! Pure and synchronous; runs on blocking threads. A panic here, on whatever a site sends, is that page's
//! failure and no other's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use url::Url;

use crate::{
    crawl::{
        fetch::{Candidate, Page, RobotsTag},
        link_header::HeaderLink,
        url::PageKey,
    },
    extract::{self, Article},
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

/// Reads a page that came over HTTP. `keep` tells whether it may become a document.
pub(super) fn page(candidate: &Candidate, page: Page, keep: bool, now: Timestamp) -> Read {
    let content = sha256(page.body());
    if let Some(known) = candidate.known
        && known.content == content
        && known.extractor == extract::VERSION
        && !known.noindex
        && page.asks == RobotsTag::default()
    {
        let update = PageUpdate::Confirmed {
            url: candidate.url.clone(),
            depth: candidate.depth,
            validators: Some(page.validators),
            lastmod: candidate.lastmod.clone(),
            at: now,
        };
        let (outcome, detail) = standing(Outcome::Fetched, known.noindex, keep);
        return Read { outcome, detail, links: Links::Stored, update: Some(update) };
    }
    // A large page gives its place back when the parsing is done.
    let Page { content_type, content_encoding, asks, links, validators, wire, decoded, place: _place } = page;
    let body = decoded.unwrap_or_else(|| wire.clone());
    let source = Body { content_type, coding: content_encoding, wire, content, links, validators };
    read_body(candidate, source, body, asks, keep, Outcome::Fetched, now)
}

/// Settles a page that answered 304, whose article is as the rules make it today.
pub(super) fn not_modified(candidate: &Candidate, keep: bool, now: Timestamp) -> Read {
    let noindex = candidate.known.is_some_and(|known| known.noindex);
    let (outcome, detail) = standing(Outcome::NotModified, noindex, keep);
    let update = PageUpdate::Confirmed {
        url: candidate.url.clone(),
        depth: candidate.depth,
        validators: None,
        lastmod: candidate.lastmod.clone(),
        at: now,
    };
    Read { outcome, detail, links: Links::Stored, update: Some(update) }
}

/// Reads the stored body of a page that answered 304, because the rules have changed since.
pub(super) fn again(candidate: &Candidate, stored: Reread, keep: bool, now: Timestamp) -> Read {
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
        links: Vec::new(),
        validators: stored.validators,
    };
    read_body(candidate, source, body, asks, keep, Outcome::NotModified, now)
}

/// A body with what is stored beside it.
struct Body {
    content_type: Option<String>,
    coding: Option<String>,
    wire: Vec<u8>,
    content: Hash,
    /// What its headers named.
    links: Vec<HeaderLink>,
    validators: crate::crawl::fetch::Validators,
}

fn read_body(
    candidate: &Candidate,
    source: Body,
    body: Vec<u8>,
    asks: RobotsTag,
    keep: bool,
    ended: Outcome,
    now: Timestamp,
) -> Read {
    let parsed =
        catch_unwind(AssertUnwindSafe(|| parse(&candidate.url, source.content_type.as_deref(), body)));
    let (mut links, article) = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err((failure, detail))) => return Read::ended(Outcome::Failed(failure), detail, Links::Stored),
        Err(_panic) => {
            let detail = "the page made the parser fail".to_owned();
            return Read::ended(Outcome::Failed(Failure::ParseLimit), detail, Links::Stored);
        }
    };
    add_header_links(&mut links, &source.links, &candidate.url);
    let noindex = asks.noindex || links.noindex;
    // A page that names its canonical form, its variants, or refreshes to another, leads there whatever else it says.
    let mut follow: Vec<Url> = links.refresh.iter().chain(&links.canonical).cloned().collect();
    follow.extend(links.alternates.iter().map(|(_, url)| url.clone()));
    if !(links.nofollow_all || asks.nofollow) {
        follow.extend(links.follow);
    }
    follow.truncate(MOST_LINKS);
    let (outcome, detail) = standing(ended, noindex, keep);
    if article.blocks.is_empty() && outcome == ended {
        // What was stored of it, if anything, stays: more likely the page is broken than emptied.
        let detail = "no text was found on the page".to_owned();
        return Read::ended(Outcome::Skipped(SkipReason::Empty), detail, Links::Fresh(follow));
    }
    let canonical = links.canonical.as_ref().and_then(PageKey::new);
    let update = PageUpdate::read(Reading {
        url: &candidate.url,
        depth: candidate.depth,
        lastmod: candidate.lastmod.clone(),
        validators: source.validators,
        content_type: source.content_type,
        coding: source.coding,
        wire: &source.wire,
        content: source.content,
        extractor: extract::VERSION,
        article: &article,
        links: &follow,
        canonical: canonical.as_ref(),
        noindex,
        at: now,
    });
    Read { outcome, detail, links: Links::Fresh(follow), update: Some(update) }
}

/// What headers name counts like what the page names, which goes first.
fn add_header_links(links: &mut html::Links, headers: &[HeaderLink], page: &Url) {
    for header in headers {
        let Ok(mut url) = page.join(&header.target) else { continue };
        url.set_fragment(None);
        if header.is("canonical") && links.canonical.is_none() {
            links.canonical = Some(url.clone());
        }
        match &header.hreflang {
            Some(language) if header.is("alternate") => links.alternates.push((language.clone(), url)),
            _ if header.is("next") || header.is("prev") => links.follow.push(url),
            _ => {}
        }
    }
}

fn parse(
    url: &Url,
    content_type: Option<&str>,
    body: Vec<u8>,
) -> Result<(html::Links, Article), (Failure, String)> {
    let decoded = charset::decode(content_type, body)
        .map_err(|error| (Failure::Decode, format!("charset: {error}")))?;
    let tree = html::parse(&decoded.text).map_err(|limit| (Failure::ParseLimit, limit.to_string()))?;
    let links = html::links(&tree, url);
    let article = extract::extract(&tree, &links);
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
