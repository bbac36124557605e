//! The crawl of a pipeline's sources: the store's frontier feeds the crawl, visits are read, and what came of
//! them is settled in batches.

mod commit;
mod seed;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use url::{Origin, Url};

use super::{
    Context, RunError,
    discoverer::{Discoverer, Route},
    lanes::Lanes,
    reading::{self, Links, Outlinks, Read},
    rules::Rules,
};
use crate::{
    blocking::blocking,
    crawl::{
        Crawl, CrawlPlan, Hosts,
        fetch::{Candidate, Found, Visit},
        part::Part,
        traps::TrapBudget,
        url::PageKey,
    },
    extract::Cleaning,
    hash::{hex, sha256},
    http::{Client, egress::Egress, traffic::Traffic},
    outcome::{Failure, Outcome, SkipReason},
    pipeline::{Pipeline, Source},
    store::{CrawlStart, Discovery, Next, PageUpdate, Settled, Store, Validation},
};

/// Settled pages wait for at most this many others, and this long, to be committed together.
const BATCH: usize = 64;
/// So many URLs that they named, too, are reason enough to commit.
const BATCH_NAMED: usize = 20_000;
const BATCH_WAIT: Duration = Duration::from_millis(500);
/// Redirects that are followed from one link.
const MOST_HOPS: u32 = 10;

/// What came of the crawl besides what the store holds.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Why the crawl of which source is incomplete; none where all are complete.
    pub(super) doubts: Vec<(usize, String)>,
    /// What is odd about hosts and sitemaps, although nothing was left out for it.
    pub(super) notes: Vec<String>,
    /// What went over the wire.
    pub(super) traffic: Traffic,
}

/// Crawls every source, one after the other.
pub(super) async fn walk(pipeline: &Pipeline, store: &Store, context: &Context) -> Result<Walked, RunError> {
    let (mut traffic, mut notes) = (Traffic::default(), Vec::new());
    let mut hosts = Hosts::default();
    let cleaning = Arc::new(pipeline.cleaning.clone());
    let start = store.begin_crawl(fingerprint(pipeline), (context.now)()).await?;
    if start == CrawlStart::Resumed {
        tracing::info!("goes on with the crawl that was interrupted");
    }
    for (index, source) in pipeline.sources.iter().enumerate() {
        let Source::Site(plan) = source;
        if pipeline.only.as_ref().is_some_and(|part| !plan.start.iter().any(|start| part.touches(start))) {
            continue;
        }
        let mut walk = SourceWalk::new(index, plan, pipeline, &cleaning, hosts, store, context).await?;
        walk.seed().await?;
        walk.waves().await?;
        // Pages that nothing links to any more are asked themselves: an unlinked page is not a deleted one.
        walk.seed_unseen_members(&pipeline.sources).await?;
        walk.waves().await?;
        traffic = traffic.plus(walk.client.traffic());
        notes.extend(walk.crawl.notes());
        notes.extend(lock(&walk.traps).cuts());
        notes.append(&mut walk.notes);
        hosts = walk.crawl.into_hosts();
    }
    Ok(Walked { doubts: store.doubts().await?, notes, traffic })
}

/// Names what is crawled: an interrupted crawl goes on only under the same, at whatever pace.
fn fingerprint(pipeline: &Pipeline) -> String {
    let only = pipeline.only.as_ref().map(Part::shown);
    hex(&sha256(format!("{only:?} {}", sources(pipeline)).as_bytes())[..8])
}

/// What the pipeline file says of what is crawled, whatever part of it this run is limited to.
pub(super) fn sources(pipeline: &Pipeline) -> String {
    let of = |source: &Source| match source {
        Source::Site(plan) => {
            let CrawlPlan { start, scope, sitemap, max_pages, max_depth, languages, .. } = plan;
            format!("{start:?} {scope:?} {sitemap:?} {max_pages} {max_depth} {languages:?}")
        }
    };
    let sources: Vec<String> = pipeline.sources.iter().map(of).collect();
    format!("{sources:?} {}", pipeline.cleaning.version())
}

/// The crawl of one source.
struct SourceWalk<'a> {
    source: usize,
    plan: Arc<CrawlPlan>,
    store: &'a Store,
    context: &'a Context,
    client: Client,
    crawl: Crawl,
    discoverer: Discoverer,
    rules: Arc<Rules>,
    /// Hosts that were asked for a page that does not exist.
    probed: HashSet<Origin>,
    traps: Arc<Mutex<TrapBudget>>,
    readers: JoinSet<Result<(Visited, Read), RunError>>,
    settled: Vec<Settled>,
    /// Which of these lead where their page led when it was read last.
    as_stored: Vec<usize>,
    /// What is odd about the sitemaps.
    notes: Vec<String>,
    /// Whether what the sitemaps say of changes is believed.
    trusts_lastmod: bool,
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
        pipeline: &Pipeline,
        cleaning: &Arc<Cleaning>,
        hosts: Hosts,
        store: &'a Store,
        context: &'a Context,
    ) -> Result<SourceWalk<'a>, RunError> {
        let client = Client::with_access(Egress::new(&plan.start), &plan.user_agent, plan.access.clone());
        let plan = Arc::new(plan.clone());
        let rules = Arc::new(Rules::new(&plan, cleaning));
        let discoverer = Discoverer::new(Arc::clone(&plan), pipeline.only.clone(), store, source).await?;
        let mut traps = TrapBudget::new((context.now)());
        // What was admitted before a kill is not judged a second time, only counted.
        let admitted = store.admitted(source).await?;
        for (url, _) in &admitted {
            let _judged_before = traps.admit(url);
        }
        for (url, article) in admitted.iter().filter(|(_, article)| article.is_some()) {
            traps.learn(url, article.as_ref());
        }
        Ok(SourceWalk {
            source,
            crawl: Crawl::new(
                client.clone(),
                Arc::clone(&plan),
                hosts,
                Arc::clone(&context.pacers),
                context.now,
            ),
            client,
            plan,
            store,
            context,
            discoverer,
            rules,
            probed: HashSet::new(),
            traps: Arc::new(Mutex::new(traps)),
            readers: JoinSet::new(),
            settled: Vec::new(),
            as_stored: Vec::new(),
            notes: Vec::new(),
            trusts_lastmod: true,
            named: 0,
            respelled: Vec::new(),
            commit_at: Instant::now() + BATCH_WAIT,
        })
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
        loop {
            let traps = Arc::clone(&self.traps);
            let is_trap = move |url: &Url| lock(&traps).admit(url).err().map(|trap| trap.to_string());
            match self.store.next_wave(self.source, self.plan.max_pages, is_trap).await? {
                Next::Wave(wave) => {
                    tracing::debug!(wave.depth, wave.admitted, "wave begins");
                    self.wave(wave.depth).await?;
                }
                Next::Done => return Ok(()),
                Next::OutOfBudget => {
                    let lost_members = self.store.members_over_budget(self.source).await?;
                    let swallowed = lock(&self.traps).swallowed(self.plan.max_pages, lost_members);
                    let doubts = swallowed.into_iter().collect();
                    self.store.settle(self.source, Vec::new(), doubts, (self.context.now)()).await?;
                    return Ok(());
                }
            }
        }
    }

    async fn wave(&mut self, depth: u32) -> Result<(), RunError> {
        let validation =
            Validation { trust_lastmod: self.trusts_lastmod, representation: self.rules.representation };
        let mut lanes = Lanes::open(self.store, self.source, depth, validation).await?;
        let stop = self.context.stop.clone();
        let sites = lanes.sites();
        tokio::select! {
            () = self.probe(&sites) => {}
            () = stop.cancelled() => return Err(RunError::Interrupted),
        }
        let most_readers = std::thread::available_parallelism().map_or(2, usize::from);
        loop {
            if self.settled.len() >= BATCH || self.named >= BATCH_NAMED {
                self.commit().await?;
            }
            self.respelled.drain(..).for_each(|candidate| lanes.again(candidate));
            while self.readers.len() < most_readers {
                let crawl = &self.crawl;
                let Some(candidate) = lanes.next(|url| crawl.has_room(url)).await? else { break };
                self.crawl.offer(candidate);
            }
            if self.crawl.is_idle() && self.readers.is_empty() && lanes.is_empty() {
                return self.commit().await;
            }
            tokio::select! {
                Some(visit) = self.crawl.next(), if self.readers.len() < most_readers => self.take(visit),
                Some(read) = self.readers.join_next() => {
                    let (visited, read) = match read {
                        Ok(read) => read?,
                        Err(error) => std::panic::resume_unwind(error.into_panic()),
                    };
                    self.settle(visited, read);
                }
                () = sleep_until(self.commit_at), if !self.settled.is_empty() => self.commit().await?,
                () = stop.cancelled() => {
                    self.commit().await?;
                    return Err(RunError::Interrupted);
                }
            }
        }
    }

    /// Takes what a visit found: a page is read on a blocking thread, everything else is settled at once.
    fn take(&mut self, visit: Visit) {
        let Visit { candidate, found, status } = visit;
        let keep = self.rules.keeps(&candidate.url);
        let mut visited = Visited { candidate, status, leads_to: None };
        let read = match found {
            Found::Page(page) => {
                let (rules, now) = (Arc::clone(&self.rules), self.context.now);
                self.readers.spawn(async move {
                    let candidate = visited.candidate.clone();
                    let read = blocking(move || reading::page(&candidate, *page, keep, &rules, now())).await;
                    Ok((visited, read))
                });
                return;
            }
            Found::NotModified => match &visited.candidate.known {
                Some(known) if known.rules != self.rules.version => {
                    self.read_again(visited, keep);
                    return;
                }
                _ => reading::not_modified(&visited.candidate, keep, (self.context.now)()),
            },
            Found::Redirect(to) => {
                let detail = format!("to {to}");
                visited.leads_to = Some(to);
                Read::ended(Outcome::Skipped(SkipReason::Redirected), detail, Links::None)
            }
            Found::Skipped(reason, detail) => Read::ended(Outcome::Skipped(reason), detail, Links::None),
            Found::Failed(failure, detail) => Read::ended(Outcome::Failed(failure), detail, Links::Stored),
        };
        self.settle(visited, read);
    }

    /// Reads the stored body of a page that has not changed, because the rules have.
    fn read_again(&mut self, visited: Visited, keep: bool) {
        let (store, rules, now) = (self.store.clone(), Arc::clone(&self.rules), self.context.now);
        self.readers.spawn(async move {
            let candidate = visited.candidate.clone();
            let read = match store.reread(candidate.key.clone()).await? {
                Some(stored) => {
                    blocking(move || reading::again(&candidate, stored, keep, &rules, now())).await
                }
                None => reading::not_modified(&candidate, keep, now()),
            };
            Ok((visited, read))
        });
    }

    /// Notes how a URL ended and what it named; it is committed with others.
    fn settle(&mut self, visited: Visited, read: Read) {
        let Visited { candidate, status, leads_to } = visited;
        let leads_to = leads_to.or(read.leads_to);
        let leads_to_key = leads_to.as_ref().and_then(PageKey::new);
        if let Some(target) = &leads_to
            && leads_to_key.as_ref() == Some(&candidate.key)
            && candidate.hops < MOST_HOPS
        {
            // The server adds or strips what makes no difference to us: the same page, asked for as it wants.
            self.respelled.push(Candidate { url: target.clone(), hops: candidate.hops + 1, ..candidate });
            return;
        }
        let mut outcome = read.outcome;
        let mut detail = read.detail;
        let found_on = Some(candidate.key.as_ref());
        let onward = Route { depth: candidate.depth + 1, found_on, ..Route::default() };
        let mut discoveries = Vec::new();
        match read.links {
            Links::Fresh(links) => {
                let Outlinks { follow, unneeded } = links;
                discoveries
                    .extend(unneeded.iter().filter_map(|url| self.discoverer.take_variant(url, onward)));
                discoveries.extend(follow.iter().filter_map(|url| self.discoverer.take(url, onward)));
            }
            // Read when this is committed, together with those of others.
            Links::Stored if candidate.known.is_some() => self.as_stored.push(self.settled.len()),
            Links::Stored | Links::None => {}
        }
        if let Some(target) = &leads_to {
            if candidate.hops >= MOST_HOPS {
                outcome = Outcome::Failed(Failure::Status);
                detail = format!("more than {MOST_HOPS} redirects");
            } else {
                // It may have been linked one step deeper before: the frontier takes the lesser depth.
                let hops = candidate.hops + 1;
                let route = Route { depth: candidate.depth, hops, found_on, lastmod: None };
                discoveries.extend(self.discoverer.take_again(target, route));
            }
        }
        // Pages that could not be read, or are in doubt, prove nothing.
        if outcome.rank() == 0 {
            let article = match &read.update {
                Some(PageUpdate::Read(page)) => Some(page.article()),
                _ => candidate.known.as_ref().map(|known| known.article),
            };
            lock(&self.traps).learn(&candidate.url, article.as_ref());
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
            depth: candidate.depth,
            outcome,
            detail,
            status,
            leads_to: leads_to_key,
            discoveries,
            page: read.update,
        });
    }
}

fn lock(traps: &Mutex<TrapBudget>) -> MutexGuard<'_, TrapBudget> {
    traps.lock().unwrap_or_else(PoisonError::into_inner)
}
