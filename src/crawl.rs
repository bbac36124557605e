//! The crawl: from a batch of candidates to visits, politely.
//!
//! [`Crawl`] is a window over the frontier, which lives in the store: `run` offers candidates while there is
//! [room](Crawl::has_room), takes visits with [`Crawl::next`] and settles each in the store. Every candidate is a task
//! of its own, so that a slow consumer stalls no exchange; and because a consumer that does not call `next`
//! leaves no room, the crawl never runs ahead of it and never drops anything.

pub mod fetch;
mod file;
pub mod host;
pub mod language;
pub mod link_header;
mod pace;
pub mod pacer;
pub mod page_headers;
pub mod part;
pub mod pattern;
mod percent;
pub mod robots;
pub mod scope;
pub mod seeds;
pub mod sitemap;
pub mod traps;
pub mod url;

use std::{collections::HashMap, sync::Arc, time::Duration};

use ::url::{Origin, Url};
use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::Instrument;

use self::url::{PageKey, same_site};
use crate::http::{Client, access::Access};
use fetch::{Candidate, Validators, Visit};
use host::Host;
use language::Languages;
use pacer::Pacers;
use scope::Scope;

/// The product token that robots.txt groups are matched with.
pub const PRODUCT_TOKEN: &str = "corpusd";

/// Visits under way at once, over all hosts of a source.
const MOST_UNDER_WAY: usize = 256;

/// What one `site` source asks of the crawl.
#[derive(Debug, Clone)]
pub struct CrawlPlan {
    /// Where the crawl begins; never empty, http(s), no credentials.
    pub start: Vec<Url>,
    /// Which links are walked and which pages become documents.
    pub scope: Scope,
    /// Where sitemaps are looked for.
    pub sitemap: SitemapChoice,
    /// At most this many URLs are requested, chosen by depth, then key.
    pub max_pages: u64,
    /// Links further than this from a start URL are not walked.
    pub max_depth: u32,
    /// Requests per second and host; a slower `Crawl-delay` wins.
    pub rate: Rate,
    /// Requests under way at once per host.
    pub concurrency: u32,
    /// Further attempts per page and run after a passing failure.
    pub retries: u32,
    /// The `User-Agent` header; the product token for robots.txt is `corpusd`.
    pub user_agent: String,
    /// Which languages are wanted.
    pub languages: Languages,
    /// What private sites ask for, and the way to them.
    pub access: Access,
    /// Runs that must confirm a 404 or 410 before a page leaves.
    pub gone_after: u32,
    /// How long a page that fails for a passing reason is carried forward.
    pub stale_for: Duration,
}

/// Where sitemaps are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SitemapChoice {
    /// `Sitemap:` lines of robots.txt, else `/sitemap.xml`.
    Auto,
    /// Links alone.
    Off,
    /// This sitemap and no other.
    At(Url),
}

/// Requests per second and host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// At most this many a second; finite and above zero.
    PerSecond(f64),
    /// As fast as `concurrency` allows.
    Unlimited,
}

/// The hosts that a run has come to: each is one, whichever source asks it.
pub type Hosts = HashMap<Origin, Arc<Host>>;

/// The window of one source's crawl: what is being fetched now.
#[derive(Debug)]
pub struct Crawl {
    client: Client,
    plan: Arc<CrawlPlan>,
    hosts: Hosts,
    pacers: Arc<Pacers>,
    under_way: JoinSet<Visit>,
    /// How many of these are of each host.
    of_host: HashMap<Origin, usize>,
    now: fn() -> Timestamp,
}

impl Crawl {
    /// A crawl with nothing under way; `hosts` were asked by other sources before, `pacers` are those of all runs.
    pub fn new(
        client: Client,
        plan: Arc<CrawlPlan>,
        hosts: Hosts,
        pacers: Arc<Pacers>,
        now: fn() -> Timestamp,
    ) -> Crawl {
        for host in hosts.values() {
            host.serve(&plan);
        }
        Crawl { client, plan, hosts, pacers, under_way: JoinSet::new(), of_host: HashMap::new(), now }
    }

    /// Whether another candidate of this host may be offered: two per permit keep every permit busy.
    pub fn has_room(&self, url: &Url) -> bool {
        let under_way = self.of_host.get(&url.origin()).copied().unwrap_or(0);
        under_way < self.plan.concurrency as usize * 2 && self.under_way.len() < MOST_UNDER_WAY
    }

    /// Starts the visit of a candidate, as soon as its host permits.
    pub fn offer(&mut self, candidate: Candidate) {
        *self.of_host.entry(candidate.url.origin()).or_default() += 1;
        let host = self.host(&candidate.url);
        let (client, now) = (self.client.clone(), self.now);
        let visit = async move { fetch::visit(&client, &host, candidate, now).await };
        self.under_way.spawn(visit.in_current_span());
    }

    /// The hosts, for the next source.
    pub fn into_hosts(self) -> Hosts {
        self.hosts
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The next finished visit; `None` when nothing is under way.
    ///
    /// # Panics
    /// Where a visit panicked: that is a fault of this program, and the run fails with it.
    pub async fn next(&mut self) -> Option<Visit> {
        match self.under_way.join_next().await? {
            Ok(visit) => {
                if let Some(under_way) = self.of_host.get_mut(&visit.candidate.url.origin()) {
                    *under_way -= 1;
                }
                Some(visit)
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Asks the host of `start` for a page beside it that certainly does not exist.
    pub async fn probe(&mut self, start: &Url) -> Option<Visit> {
        let url = start.join(&format!("corpusd-{:016x}", host::random())).ok()?;
        let candidate = Candidate {
            key: PageKey::new(&url)?,
            url,
            depth: 0,
            hops: 0,
            lastmod: None,
            validators: Validators::default(),
            known: None,
        };
        let host = self.host(start);
        Some(fetch::visit(&self.client, &host, candidate, self.now).await)
    }

    /// The politeness towards the host of `url`, made at its first use.
    pub fn host(&mut self, url: &Url) -> Arc<Host> {
        let (plan, pacers) = (&self.plan, &self.pacers);
        let host = || Arc::new(Host::new(url, plan, pacers.of(url, plan)));
        Arc::clone(self.hosts.entry(url.origin()).or_insert_with(host))
    }

    /// Start hosts that pages were not asked of, with the reason: robots.txt unreachable, or down. The crawl is
    /// incomplete then. Another host that a link leads to is no reason for that; its pages failed.
    pub fn doubts(&self) -> Vec<String> {
        self.of_starts(Host::trouble)
    }

    /// What is odd about start hosts, although nothing was left out for it.
    pub fn notes(&self) -> Vec<String> {
        self.of_starts(Host::oddity)
    }

    /// What there is to be told of each host of the sites that the source starts at, sorted: apex and `www.`, http and https.
    fn of_starts(&self, tell: fn(&Host) -> Option<String>) -> Vec<String> {
        let is_start = |host: &&Arc<Host>| self.plan.start.iter().any(|start| same_site(start, host.root()));
        let mut told: Vec<_> = self.hosts.values().filter(is_start).filter_map(|host| tell(host)).collect();
        told.sort();
        told
    }
}
