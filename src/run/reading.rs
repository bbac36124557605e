//! From a visited page to what is settled of it: charset, one parse, links, article.
//!
//! Pure and synchronous; runs on blocking threads. A panic here, on whatever a site sends, is that page's
//! failure and no other's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use url::Url;

use super::rules::Rules;
use crate::{
    crawl::{
        fetch::{Candidate, Page, Validators},
        language::{self, Evidence, Unwanted},
        link_header::HeaderLink,
        page_headers::PageHeaders,
        url::PageKey,
    },
    doubt::{self, Doubt, DoubtKind, Probe, Seen},
    extract::{self, Article, Asked},
    hash::{Hash, sha256},
    html,
    http::{
        charset,
        decode::{DecodeLimit, Decoder},
        media::Media,
    },
    outcome::{Failure, Outcome, SkipReason},
    store::{PageUpdate, Reading, Reread},
};

/// Links that are taken from one page, the first ones. An index of a large reference has 10,000.
const MOST_LINKS: usize = 50_000;

/// Bytes of text that a page has at most which only sends its visitors on: "If you are not redirected, click here".
const MOST_STUB_TEXT: usize = 600;

/// What reading a page gave.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) links: Links,
    /// Where the page sends its visitors.
    pub(super) leads_to: Option<Url>,
    pub(super) update: Option<PageUpdate>,
}

/// Where a page leads.
#[derive(Debug)]
pub(super) enum Links {
    /// These were read from it now.
    Fresh(Outlinks),
    /// As they are stored.
    Stored,
    /// Nowhere.
    None,
}

/// What a page names.
#[derive(Debug, Default)]
pub(super) struct Outlinks {
    /// Where it leads.
    pub(super) follow: Vec<Url>,
    /// Variants of it that need not be asked for, because another language is preferred.
    pub(super) unneeded: Vec<Url>,
}

impl Outlinks {
    /// As it is stored: a URL per line, the two lists parted by an empty line.
    fn text(&self) -> String {
        let lines = |urls: &[Url]| urls.iter().map(Url::as_str).collect::<Vec<_>>().join("\n");
        match self.unneeded.as_slice() {
            [] => lines(&self.follow),
            unneeded => format!("{}\n\n{}", lines(&self.follow), lines(unneeded)),
        }
    }
}

impl Read {
    pub(super) fn ended(outcome: Outcome, detail: String, links: Links) -> Read {
        Read { outcome, detail, links, leads_to: None, update: None }
    }
}

/// Reads a page that came over HTTP. `keep` tells whether it may become a document.
pub(super) fn page(candidate: &Candidate, page: Page, keep: bool, rules: &Rules, now: Timestamp) -> Read {
    let content = sha256(page.body());
    if let Some(known) = &candidate.known
        && known.content == content
        && known.rules == rules.version
        && known.headers == page.headers
        && !known.noindex
    {
        return confirmed(candidate, Outcome::Fetched, Some(page.validators), keep, now);
    }
    // A large page gives its place back when the parsing is done.
    let Page { content_type, content_encoding, headers, validators, wire, decoded, place: _place } = page;
    let body = decoded.unwrap_or_else(|| wire.clone());
    let source = Body { content_type, coding: content_encoding, headers, wire, content, validators };
    read_body(candidate, source, body, keep, Outcome::Fetched, rules, now)
}

/// Settles a page that answered 304, whose article is as the rules make it today.
pub(super) fn not_modified(candidate: &Candidate, keep: bool, now: Timestamp) -> Read {
    confirmed(candidate, Outcome::NotModified, None, keep, now)
}

/// Settles a page of which what is stored is true; `validators` are new ones.
fn confirmed(
    candidate: &Candidate,
    ended: Outcome,
    validators: Option<Validators>,
    keep: bool,
    now: Timestamp,
) -> Read {
    let noindex = candidate.known.as_ref().is_some_and(|known| known.noindex);
    let unwanted = candidate.known.as_ref().and_then(|known| known.unwanted.clone());
    let (outcome, detail) = standing(ended, noindex, unwanted, keep);
    let update = PageUpdate::Confirmed {
        url: candidate.url.clone(),
        depth: candidate.depth,
        validators,
        lastmod: candidate.lastmod.clone(),
        at: now,
    };
    Read { outcome, detail, links: Links::Stored, leads_to: None, update: Some(update) }
}

/// Reads the stored body of a page that answered 304, because the rules have changed since.
pub(super) fn again(
    candidate: &Candidate,
    stored: Reread,
    keep: bool,
    rules: &Rules,
    now: Timestamp,
) -> Read {
    let limit = DecodeLimit { max_bytes: crate::crawl::fetch::PAGE_LIMITS.decoded, max_ratio: u32::MAX };
    let mut body = Vec::new();
    let undone = Decoder::new(&stored.coding, limit).and_then(|mut decoder| {
        decoder.push(&stored.wire, &mut body)?;
        decoder.finish()
    });
    if let Err(error) = undone {
        return Read::ended(Outcome::Failed(Failure::Decode), format!("stored body: {error}"), Links::Stored);
    }
    let source = Body {
        content_type: stored.content_type,
        coding: Some(stored.coding),
        headers: stored.headers,
        wire: stored.wire,
        content: sha256(&body),
        validators: stored.validators,
    };
    read_body(candidate, source, body, keep, Outcome::NotModified, rules, now)
}

/// A body with what is stored beside it.
struct Body {
    content_type: Option<String>,
    coding: Option<String>,
    headers: PageHeaders,
    wire: Vec<u8>,
    content: Hash,
    validators: Validators,
}

fn read_body(
    candidate: &Candidate,
    source: Body,
    body: Vec<u8>,
    keep: bool,
    ended: Outcome,
    rules: &Rules,
    now: Timestamp,
) -> Read {
    let parsed = catch_unwind(AssertUnwindSafe(|| parse(candidate, &source, body, rules)));
    let Parsed { links, article, doubt, unwanted, unneeded } = match parsed {
        Ok(Ok(parsed)) => parsed,
        Ok(Err((failure, detail))) => return Read::ended(Outcome::Failed(failure), detail, Links::Stored),
        Err(_panic) => {
            let detail = "the page made the parser fail".to_owned();
            return Read::ended(Outcome::Failed(Failure::ParseLimit), detail, Links::Stored);
        }
    };
    let asks = source.headers.asks;
    let noindex = asks.noindex || links.noindex;
    // A page that names its canonical form, its variants, or refreshes to another, leads there whatever else it says.
    let mut follow: Vec<Url> = links.refresh.iter().chain(&links.canonical).cloned().collect();
    let variants = links.alternates.into_iter().map(|(_, url)| url);
    follow.extend(variants.filter(|url| !unneeded.contains(url)));
    if !(links.nofollow_all || asks.nofollow) {
        follow.extend(links.follow);
    }
    follow.truncate(MOST_LINKS);
    let outlinks = Outlinks { follow, unneeded };
    let text: usize = article.blocks.iter().map(|block| block.markdown.len()).sum();
    if let Some(to) = links.refresh.filter(|to| PageKey::new(to).is_some_and(|key| key != candidate.key))
        && text <= MOST_STUB_TEXT
    {
        let detail = format!("the page refreshes to {to}");
        let read = Read::ended(Outcome::Skipped(SkipReason::Redirected), detail, Links::None);
        return Read { leads_to: Some(to), ..read };
    }
    if let Some(Doubt { kind, detail }) = doubt {
        // What was read of it before stays, and so do the links: those of a login lead nowhere, and those of a page that
        // does not exist lead on for ever.
        let links = match candidate.known {
            Some(_) => Links::Stored,
            None if kind == DoubtKind::Soft404 => Links::None,
            None => Links::Fresh(outlinks),
        };
        return Read::ended(Outcome::Skipped(kind.reason()), detail, links);
    }
    let (unwanted, variant) = match unwanted {
        Some(Unwanted { variant: Some(variant), .. }) => (None, PageKey::new(&variant)),
        Some(Unwanted { detail, variant: None }) => (Some(detail), None),
        None => (None, None),
    };
    let (outcome, detail) = standing(ended, noindex, unwanted.clone(), keep);
    if article.blocks.is_empty() && outcome == ended {
        // What was stored of it, if anything, stays: more likely the page is broken than emptied.
        let detail = "no text was found on the page".to_owned();
        return Read::ended(Outcome::Skipped(SkipReason::Empty), detail, Links::Fresh(outlinks));
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
        rules: rules.version,
        representation: rules.representation,
        article: &article,
        links: outlinks.text(),
        canonical: canonical.as_ref(),
        noindex,
        unwanted,
        variant,
        headers: &source.headers,
        at: now,
    });
    Read { outcome, detail, links: Links::Fresh(outlinks), leads_to: None, update: Some(update) }
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

/// What one parse of a page gives.
struct Parsed {
    links: html::Links,
    article: Article,
    doubt: Option<Doubt>,
    /// Why its language is not wanted, or gives way.
    unwanted: Option<Unwanted>,
    /// Its variants that need not be asked for.
    unneeded: Vec<Url>,
}

fn parse(
    candidate: &Candidate,
    source: &Body,
    body: Vec<u8>,
    rules: &Rules,
) -> Result<Parsed, (Failure, String)> {
    let url = &candidate.url;
    let decoded = charset::decode(source.content_type.as_deref(), body)
        .map_err(|error| (Failure::Decode, format!("charset: {error}")))?;
    let media = Media::of(source.content_type.as_deref(), decoded.text.as_bytes());
    let content = content(media, &decoded.text, url, &rules.cleaning.of(url));
    let (tree, mut links, article) = content.map_err(|limit| (Failure::ParseLimit, limit.to_string()))?;
    add_header_links(&mut links, &source.headers.links, url);
    // A host that answers everything with its home page makes that no missing page.
    let is_start = url.path() == "/" || rules.starts.contains(&candidate.key);
    let seen = Seen { tree: &tree, article: &article, url, is_start };
    let doubt = doubt::page(&seen, rules.probes.get(&url.origin()));
    let mut alternates = language::alternates(&links.alternates);
    // No page gives way to one that is never asked for.
    alternates.retain(|variant| rules.follows(&variant.url));
    let evidence = Evidence {
        url,
        declared: article.language.as_deref(),
        header: source.headers.language.as_deref(),
        alternates: &alternates,
    };
    let unwanted = rules.plan.languages.unwanted(&evidence);
    let unneeded = rules
        .plan
        .languages
        .unneeded(&alternates)
        .into_iter()
        .filter(|other| *other != url)
        .cloned()
        .collect();
    Ok(Parsed { links, article, doubt, unwanted, unneeded })
}

/// What a page holds, in whichever of the two forms that pages have.
fn content(
    media: Media,
    text: &str,
    url: &Url,
    asked: &Asked<'_>,
) -> Result<(html::Tree, html::Links, Article), html::ParseLimit> {
    if media == Media::Markdown {
        return extract::native(text, url, asked);
    }
    let tree = html::parse(text)?;
    let links = html::links(&tree, url);
    let article = extract::extract(&tree, &links, asked);
    Ok((tree, links, article))
}

/// What a host answered, with a page, for a URL that certainly does not exist.
pub(super) fn probe(url: &Url, page: &Page) -> Option<Probe> {
    let read = || {
        let decoded = charset::decode(page.content_type.as_deref(), page.body().to_vec()).ok()?;
        let media = Media::of(page.content_type.as_deref(), decoded.text.as_bytes());
        let (.., article) = content(media, &decoded.text, url, &Asked::default()).ok()?;
        Some(Probe::of(&article, url))
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// How a page that was read ends: as a page, unless it asks not to be indexed, is in a language that is not wanted, or
/// is walked for its links only.
fn standing(ended: Outcome, noindex: bool, unwanted: Option<String>, keep: bool) -> (Outcome, String) {
    if noindex {
        (Outcome::Skipped(SkipReason::Noindex), "the page asks not to be indexed".to_owned())
    } else if !keep {
        (Outcome::Skipped(SkipReason::NotKept), "not under `keep`".to_owned())
    } else if let Some(detail) = unwanted {
        (Outcome::Skipped(SkipReason::Language), detail)
    } else {
        (ended, String::new())
    }
}
