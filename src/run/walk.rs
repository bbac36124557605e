//! The crawl of a pipeline's sources: the store's frontier feeds the crawl, visits are read, and what came of
//! them is settled in batches.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    Context, RunError,
    reading::{self, Links, Read, Terms},
};
use crate::{
    blocking::blocking,
    crawl::{
        Crawl, CrawlPlan,
        fetch::{Candidate, Found, Visit},
        scope::Decision,
        seeds::Sitemaps,
        traps,
        url::PageKey,
    },
    extract::Cleaning,
    hash::{hex, sha256},
    http::{Client, egress::Egress},
    outcome::{Failure, Outcome, SkipReason},
    pipeline::{Pipeline, Source},
    store::{CrawlStart, Discovery, Settled, Store, StoreError},
};

/// Settled pages wait for at most this many others, and this long, to be committed together.
const BATCH: usize = 64;
/// So many URLs that they named, too, are reason enough to commit.
const BATCH_NAMED: usize = 20_000;
const BATCH_WAIT: Duration = Duration::from_millis(500);
/// Redirects that are followed from one link.
const MOST_HOPS: u32 = 10;
/// Beyond so many, the frontier itself finds out whether a URL is known.
const MOST_SEEN: usize = 1_000_000;
/// Candidates are taken from the frontier in portions of this many.
const PORTION: usize = 256;

/// Crawls every source, one after the other, and gives the reasons why the crawl is incomplete; none where it is
/// complete.
pub(super) async fn walk(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
) -> Result<Vec<String>, RunError> {
    let start = store.begin_crawl(fingerprint(pipeline), (context.now)()).await?;
    if start == CrawlStart::Resumed {
        tracing::info!("goes on with the crawl that was interrupted");
    }
    for (index, source) in pipeline.sources.iter().enumerate() {
        let Source::Site(plan) = source;
        let mut walk = SourceWalk::new(index, plan, &pipeline.cleaning, store, context).await?;
        walk.seed().await?;
        walk.waves().await?;
        // Pages that nothing links to any more are asked themselves: an unlinked page is not a deleted one.
        walk.seed_unseen_members().await?;
        walk.waves().await?;
    }
    Ok(store.doubts().await?)
}

/// Names what is crawled and how: an interrupted crawl goes on only under the same.
fn fingerprint(pipeline: &Pipeline) -> String {
    let sources = format!("{:?} {}", pipeline.sources, pipeline.cleaning.version());
    hex(&sha256(sources.as_bytes())[..8])
}

/// The crawl of one source.
struct SourceWalk<'a> {
    source: usize,
    plan: Arc<CrawlPlan>,
    cleaning: Arc<Cleaning>,
    store: &'a Store,
    context: &'a Context,
    client: Client,
    crawl: Crawl,
    /// Hashes of the URLs that were offered to the frontier: 16 bytes each instead of a query each.
    seen: HashSet<u128>,
    readers: JoinSet<Result<(Visited, Read), RunError>>,
    settled: Vec<Settled>,
    /// URLs that the settled pages named.
    named: usize,
    /// Visits whose server led them to another spelling of the same URL.
    respelled: Vec<Candidate>,
    commit_at: Instant,
}

/// What is known of a visit once its page is being read.
struct Visited {
    candidate: Candidate,
    status: Option<u16>,
    leads_to: Option<Url>,
}

impl<'a> SourceWalk<'a> {
    async fn new(
        source: usize,
        plan: &CrawlPlan,
        cleaning: &Cleaning,
        store: &'a Store,
        context: &'a Context,
    ) -> Result<SourceWalk<'a>, RunError> {
        let client = Client::new(Egress::new(&plan.start), &plan.user_agent);
        let plan = Arc::new(plan.clone());
        let seen = store.known_urls(source).await?.iter().map(|url| hash(url)).collect();
        Ok(SourceWalk {
            source,
            crawl: Crawl::new(client.clone(), Arc::clone(&plan), context.now),
            client,
            plan,
            cleaning: Arc::new(cleaning.clone()),
            store,
            context,
            seen,
            readers: JoinSet::new(),
            settled: Vec::new(),
            named: 0,
            respelled: Vec::new(),
            commit_at: Instant::now() + BATCH_WAIT,
        })
    }

    /// Offers the start URLs and what the sitemaps name.
    async fn seed(&mut self) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let starts: Vec<_> = plan.start.iter().filter_map(|url| self.discovery(url, 0, 0, None)).collect();
        self.offer(starts).await?;
        let stop = self.context.stop.clone();
        tokio::select! {
            seeded = self.seed_from_sitemaps(&plan) => seeded,
            () = stop.cancelled() => Err(RunError::Interrupted),
        }
    }

    async fn seed_from_sitemaps(&mut self, plan: &CrawlPlan) -> Result<(), RunError> {
        let (client, now) = (self.client.clone(), self.context.now);
        let mut sitemaps = Sitemaps::find(&client, &mut self.crawl, plan, now).await;
        while let Some(urls) = sitemaps.next(&client, &mut self.crawl, now).await {
            for urls in urls.chunks(PORTION) {
                let found =
                    urls.iter().filter_map(|url| self.discovery(url, 1, 0, Some("sitemap"))).collect();
                self.offer(found).await?;
            }
        }
        self.store.settle(self.source, Vec::new(), sitemaps.into_doubts(), now()).await?;
        Ok(())
    }

    async fn seed_unseen_members(&mut self) -> Result<(), RunError> {
        let members = self.store.unseen_members().await?;
        let found = members
            .iter()
            .filter_map(|(url, depth)| self.discovery(url, *depth, 0, Some("an earlier run")))
            .collect();
        self.offer(found).await
    }

    async fn offer(&mut self, found: Vec<Discovery>) -> Result<(), RunError> {
        self.count(&found);
        Ok(self.store.discover(self.source, found).await?)
    }

    fn count(&self, found: &[Discovery]) {
        let waiting = found.iter().filter(|discovery| discovery.decided.is_none()).count();
        self.context.progress.add(waiting as u64, 0);
    }

    /// Works through the frontier, wave by wave.
    async fn waves(&mut self) -> Result<(), RunError> {
        while let Some(wave) = self.store.next_wave(self.source, self.plan.max_pages).await? {
            tracing::debug!(wave.depth, wave.admitted, "wave begins");
            self.wave(wave.depth).await?;
        }
        Ok(())
    }

    async fn wave(&mut self, depth: u32) -> Result<(), RunError> {
        let mut waiting = VecDeque::new();
        let mut after = None;
        let most_readers = std::thread::available_parallelism().map_or(2, usize::from);
        let stop = self.context.stop.clone();
        loop {
            while self.crawl.room() > 0 && self.readers.len() < most_readers {
                waiting.extend(self.respelled.drain(..));
                if waiting.is_empty() {
                    waiting.extend(self.store.candidates(self.source, depth, after.clone(), PORTION).await?);
                }
                let Some(candidate) = waiting.pop_front() else { break };
                after = after.max(Some(candidate.key.clone()));
                self.crawl.offer(candidate);
            }
            if self.crawl.is_idle() && self.readers.is_empty() && self.respelled.is_empty() {
                return self.commit().await;
            }
            tokio::select! {
                Some(visit) = self.crawl.next(), if self.readers.len() < most_readers => self.read(visit),
                Some(read) = self.readers.join_next() => {
                    let (visited, read) = match read {
                        Ok(read) => read?,
                        Err(error) => std::panic::resume_unwind(error.into_panic()),
                    };
                    self.settle(visited, read).await?;
                    if self.settled.len() >= BATCH || self.named >= BATCH_NAMED {
                        self.commit().await?;
                    }
                }
                () = sleep_until(self.commit_at), if !self.settled.is_empty() => self.commit().await?,
                () = stop.cancelled() => {
                    self.commit().await?;
                    return Err(RunError::Interrupted);
                }
            }
        }
    }

    /// Starts the reading of what a visit found.
    fn read(&mut self, visit: Visit) {
        let Visit { candidate, found, status } = visit;
        let keep = matches!(self.plan.scope.decide(&candidate.url), Decision::Follow { keep: true });
        let store = self.store.clone();
        let terms = Terms { keep, cleaning: Arc::clone(&self.cleaning), now: (self.context.now)() };
        let mut visited = Visited { candidate, status, leads_to: None };
        self.readers.spawn(async move {
            let read = match found {
                Found::Page(page) => {
                    let candidate = visited.candidate.clone();
                    blocking(move || reading::page(&candidate, *page, &terms)).await
                }
                Found::NotModified => match visited.candidate.known {
                    Some(known) if known.extractor != terms.cleaning.version() => {
                        let candidate = visited.candidate.clone();
                        match store.reread(candidate.key.clone()).await? {
                            Some(stored) => {
                                blocking(move || reading::again(&candidate, stored, &terms)).await
                            }
                            None => reading::not_modified(&candidate, &terms),
                        }
                    }
                    _ => reading::not_modified(&visited.candidate, &terms),
                },
                Found::Redirect(to) => {
                    let detail = format!("to {to}");
                    visited.leads_to = Some(to);
                    Read::ended(Outcome::Skipped(SkipReason::Redirected), detail, Links::None)
                }
                Found::Skipped(reason, detail) => Read::ended(Outcome::Skipped(reason), detail, Links::None),
                Found::Failed(failure, detail) => {
                    Read::ended(Outcome::Failed(failure), detail, Links::Stored)
                }
            };
            Ok((visited, read))
        });
    }

    /// Notes how a URL ended and what it named; it is committed with others.
    async fn settle(&mut self, visited: Visited, read: Read) -> Result<(), RunError> {
        let Visited { candidate, status, leads_to } = visited;
        let leads_to_key = leads_to.as_ref().and_then(PageKey::new);
        if let Some(target) = &leads_to
            && leads_to_key.as_ref() == Some(&candidate.key)
            && candidate.hops < MOST_HOPS
        {
            // The server adds or strips what makes no difference to us: the same page, asked for as it wants.
            self.respelled.push(Candidate { url: target.clone(), hops: candidate.hops + 1, ..candidate });
            return Ok(());
        }
        let mut outcome = read.outcome;
        let mut detail = read.detail;
        let found_on = Some(candidate.key.as_ref());
        let depth = candidate.depth + 1;
        let mut discoveries = Vec::new();
        match read.links {
            Links::Fresh(links) => {
                discoveries.extend(links.iter().filter_map(|url| self.discovery(url, depth, 0, found_on)));
            }
            Links::Stored if candidate.known.is_some() => {
                // Most are known by now, and a known one need not even be parsed.
                let links = self.store.links(candidate.key.clone()).await?;
                for link in links.lines().filter(|link| !link.is_empty()) {
                    if !self.seen.contains(&hash(link)) {
                        let url = Url::parse(link).map_err(|_| StoreError::Damaged("link"))?;
                        discoveries.extend(self.discovery(&url, depth, 0, found_on));
                    }
                }
            }
            Links::Stored | Links::None => {}
        }
        if let Some(target) = &leads_to {
            if candidate.hops >= MOST_HOPS {
                outcome = Outcome::Failed(Failure::Status);
                detail = format!("more than {MOST_HOPS} redirects");
            } else {
                // It may have been linked one step deeper before: the frontier takes the lesser depth.
                self.seen.remove(&hash(target.as_str()));
                discoveries.extend(self.discovery(target, candidate.depth, candidate.hops + 1, found_on));
            }
        }
        tracing::debug!(page.url = %candidate.url, status, outcome = outcome.name(), "{detail}");
        self.count(&discoveries);
        self.context.progress.add(0, 1);
        if self.settled.is_empty() {
            self.commit_at = Instant::now() + BATCH_WAIT;
        }
        self.named += discoveries.len();
        self.settled.push(Settled {
            key: candidate.key,
            outcome,
            detail,
            status,
            leads_to: leads_to_key,
            discoveries,
            page: read.update,
        });
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), RunError> {
        if !self.settled.is_empty() {
            self.named = 0;
            let batch = std::mem::take(&mut self.settled);
            let doubts = self.crawl.doubts();
            self.store.settle(self.source, batch, doubts, (self.context.now)()).await?;
        }
        Ok(())
    }

    /// A URL as the frontier takes it, decided where no request is needed for that; `None` where it was
    /// offered before or can never be requested.
    fn discovery(&mut self, url: &Url, depth: u32, hops: u32, found_on: Option<&str>) -> Option<Discovery> {
        let hash = hash(url.as_str());
        if self.seen.contains(&hash) {
            return None;
        }
        if self.seen.len() < MOST_SEEN {
            self.seen.insert(hash);
        }
        let key = PageKey::new(url)?;
        let skipped = |reason, detail: &str| Some((Outcome::Skipped(reason), detail.to_owned()));
        let decided = match (traps::trap(url), self.plan.scope.decide(url)) {
            (_, Decision::OutOfScope) => skipped(SkipReason::Scope, "not under `follow`"),
            (_, Decision::Excluded) => skipped(SkipReason::Excluded, "under `exclude`"),
            (Some(trap), Decision::Follow { .. }) => skipped(SkipReason::Trap, trap),
            (None, Decision::Follow { .. }) if depth > self.plan.max_depth => {
                skipped(SkipReason::Depth, "deeper than `max_depth`")
            }
            (None, Decision::Follow { .. }) => None,
        };
        let mut url = url.clone();
        url.set_fragment(None);
        Some(Discovery { key, url, depth, hops, found_on: found_on.map(str::to_owned), decided })
    }
}

/// Of a URL's text. 128 bits: two URLs of one site never share it.
fn hash(url: &str) -> u128 {
    xxh3_128(url.as_bytes())
}
