//! From links to what the frontier takes: what is known already, and what is decided without a request.

use std::{collections::HashSet, sync::Arc};

use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    crawl::{CrawlPlan, part::Part, scope::Decision, traps, url::PageKey},
    outcome::{Outcome, SkipReason},
    store::{Discovery, Store, StoreError},
};

/// Beyond so many, the frontier itself finds out whether a URL is known.
const MOST_SEEN: usize = 1_000_000;

/// How a URL was found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Route<'a> {
    /// Steps from a start URL.
    pub(super) depth: u32,
    /// Redirects that led here.
    pub(super) hops: u32,
    /// The page that named it, or what else did; `None` for start URLs.
    pub(super) found_on: Option<&'a str>,
    /// When it changed last, as a sitemap says.
    pub(super) lastmod: Option<&'a str>,
}

/// Takes the URLs that one source's crawl comes across.
pub(super) struct Discoverer {
    plan: Arc<CrawlPlan>,
    /// What lies outside of it is not even noted.
    only: Option<Part>,
    /// Hashes of the URLs that were taken: 16 bytes each instead of a query each.
    seen: HashSet<u128>,
}

impl Discoverer {
    /// Begins with what the frontier holds already.
    pub(super) async fn new(
        plan: Arc<CrawlPlan>,
        only: Option<Part>,
        store: &Store,
        source: usize,
    ) -> Result<Discoverer, StoreError> {
        Ok(Discoverer { plan, only, seen: store.known_urls(source, MOST_SEEN, hash).await? })
    }

    /// Whether this text is a URL that was taken before, so that it need not even be parsed.
    pub(super) fn knows(&self, url: &str) -> bool {
        self.seen.contains(&hash(url))
    }

    /// Takes the URL anew: it may have been found on a longer route before, and the frontier takes the shorter one.
    pub(super) fn take_again(&mut self, url: &Url, route: Route<'_>) -> Option<Discovery> {
        self.seen.remove(&hash(url.as_str()));
        self.take(url, route)
    }

    /// A variant of a page that need not be asked for; another page may still link it, and have it asked for.
    pub(super) fn take_variant(&mut self, url: &Url, route: Route<'_>) -> Option<Discovery> {
        let mut variant = self.take(url, route)?;
        self.seen.remove(&hash(url.as_str()));
        if variant.decided.is_none() {
            let detail = "its variant in a preferred language is kept".to_owned();
            variant.decided = Some((Outcome::Skipped(SkipReason::Language), detail));
        }
        Some(variant)
    }

    /// A URL as the frontier takes it, decided where no request is needed for that; `None` where it was taken before
    /// or can never be requested, or is not of the part that is crawled.
    pub(super) fn take(&mut self, url: &Url, route: Route<'_>) -> Option<Discovery> {
        let hash = hash(url.as_str());
        if self.seen.contains(&hash) {
            return None;
        }
        if self.seen.len() < MOST_SEEN {
            self.seen.insert(hash);
        }
        if self.only.as_ref().is_some_and(|part| !part.covers(url)) {
            return None;
        }
        let key = PageKey::new(url)?;
        let skipped = |reason, detail: &str| Some((Outcome::Skipped(reason), detail.to_owned()));
        let decided = match (traps::trap(url), self.plan.scope.decide(url)) {
            (_, Decision::OutOfScope) => skipped(SkipReason::Scope, "not under `follow`"),
            (_, Decision::Excluded) => skipped(SkipReason::Excluded, "under `exclude`"),
            (Some(trap), Decision::Follow { .. }) => skipped(SkipReason::Trap, trap),
            (None, Decision::Follow { .. }) if route.depth > self.plan.max_depth => {
                skipped(SkipReason::Depth, "deeper than `max_depth`")
            }
            (None, Decision::Follow { .. }) => None,
        };
        let mut url = url.clone();
        url.set_fragment(None);
        let Route { depth, hops, found_on, lastmod } = route;
        let text = |text: Option<&str>| text.map(str::to_owned);
        Some(Discovery { key, url, depth, hops, found_on: text(found_on), lastmod: text(lastmod), decided })
    }
}

/// Of a URL's text. 128 bits: two URLs of one site never share it.
fn hash(url: &str) -> u128 {
    xxh3_128(url.as_bytes())
}
