//! Politeness towards one host: its permits, its pace, its robots.txt, and whether it is down.
//!
//! A caller cannot forget a step: the only way to a request is [`Host::turn`], and what came of it goes to
//! [`Host::learn`]. How fast that is follows from what is learnt (`pace`).

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::OnceCell, time::sleep_until};
use url::Url;

use super::{
    CrawlPlan, PRODUCT_TOKEN,
    fetch::{Candidate, Validators},
    file::{self, Extent, NoFile},
    pacer::{Pacer, Turn},
    robots::Robots,
};
use crate::http::{Client, Limits};

/// Pages in a row that fail, each after its retries, before a host is spared further ones: far beyond what
/// independent faults do.
const STRUGGLING_AFTER: u32 = 20;
/// Pages in a row that fail before the rest is not asked for in this run.
const DOWN_AFTER: u32 = 100;
/// The longest `Retry-After` that is waited for within a run.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// So long a host may keep a run waiting in all before it counts as down.
const MOST_WAITING: Duration = Duration::from_mins(10);
/// A `Crawl-delay` beyond this is worth a word: a site of many pages takes hours then.
const LONG_DELAY: Duration = Duration::from_secs(10);
/// First pause before another attempt; doubled each time.
const BACKOFF: Duration = Duration::from_millis(500);
/// robots.txt beyond this is not read (RFC 9309 §2.5 asks for at least 500 KiB).
const ROBOTS_LIMITS: Limits =
    Limits { wire: 512 * 1024, decoded: 512 * 1024, total: Duration::from_secs(30) };

/// One host (scheme, name, port) and how we behave towards it.
#[derive(Debug)]
pub struct Host {
    root: Url,
    /// Shared with the other runs that ask this host.
    pacer: Arc<Pacer>,
    /// How long it has asked to be left alone, in milliseconds, all in all; what several requests were told at once
    /// counts once.
    quiet: AtomicU64,
    retries: AtomicU32,
    robots: OnceCell<RobotsTxt>,
    failures_in_a_row: AtomicU32,
    /// A page that it gave before: where many others fail, it tells whether the host does.
    good: OnceLock<Candidate>,
    /// Why nothing more is asked of it in this run.
    down: OnceLock<String>,
}

/// What is known of a host's rules.
#[derive(Debug)]
enum RobotsTxt {
    /// Read, or known to be absent.
    Rules(Robots),
    /// Could not be read: complete disallow (RFC 9309 §2.3.1.4).
    Unreachable(NoRobots),
}

/// Why a host's rules are not known, so that nothing may be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRobots {
    /// The egress guard refuses the host.
    Blocked(String),
    /// No trusted TLS session leads to the host.
    Untrusted(String),
    /// robots.txt could not be read.
    Unreachable(String),
}

/// What an attempt taught about the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lesson {
    /// The head of an answer came after so long.
    Answered(Duration),
    /// It answered with a fault of its own, which says nothing of its strength.
    Faulty,
    /// It gave a page, or said that there is none.
    Well,
    /// This was too much for it: 429, 503, or no answer in time.
    PushedBack,
    /// It failed this page for good in this run.
    Failing,
    /// It asks, by `Retry-After`, to be left alone for so long.
    LeaveAlone(Duration),
    /// The next attempt is to come so much later, and what has no turn yet with it.
    Wait(Duration),
}

impl Lesson {
    /// What the head of an answer teaches.
    pub(super) fn of_answer(status: u16, latency: Duration) -> Lesson {
        match status {
            429 | 503 => Lesson::PushedBack,
            200..=399 | 404 | 410 => Lesson::Answered(latency),
            // A refusal is quick, and no sign that more of them are welcome.
            _ => Lesson::Faulty,
        }
    }
}

impl Host {
    pub(super) fn new(url: &Url, plan: &CrawlPlan, pacer: Arc<Pacer>) -> Host {
        Host {
            root: url.join("/").unwrap_or_else(|_| url.clone()),
            pacer,
            quiet: AtomicU64::new(0),
            retries: AtomicU32::new(plan.retries),
            robots: OnceCell::new(),
            failures_in_a_row: AtomicU32::new(0),
            good: OnceLock::new(),
            down: OnceLock::new(),
        }
    }

    /// Is asked by another source from now on: the slower of the paces counts.
    pub(super) fn serve(&self, plan: &CrawlPlan) {
        self.retries.store(plan.retries, Ordering::Relaxed);
        self.pacer.serve(plan);
    }

    /// Scheme, name and port.
    pub(super) fn root(&self) -> &Url {
        &self.root
    }

    /// Waits for a permit, then for the pace; the request may run while the turn is held.
    ///
    /// # Errors
    /// Why nothing more is asked of the host in this run, also where that was learnt while this one waited.
    pub async fn turn(&self) -> Result<Turn<'_>, &str> {
        self.is_up()?;
        let turn = self.pacer.permit().await;
        loop {
            self.is_up()?;
            let slot = self.pacer.reserve(self.crawl_delay());
            sleep_until(slot).await;
            // Another request may have been told to wait in the meantime, and that was meant for all.
            if self.pacer.allows(slot) {
                return self.is_up().map(|()| turn);
            }
        }
    }

    fn is_up(&self) -> Result<(), &str> {
        self.down.get().map_or(Ok(()), |reason| Err(reason))
    }

    fn crawl_delay(&self) -> Option<Duration> {
        match self.robots.get() {
            Some(RobotsTxt::Rules(robots)) => robots.crawl_delay(),
            _ => None,
        }
    }

    /// Takes in how a request went.
    pub fn learn(&self, lesson: Lesson) {
        match lesson {
            Lesson::Answered(latency) => self.pacer.answered(latency),
            Lesson::PushedBack => self.pacer.pushed_back(),
            Lesson::Faulty => {}
            Lesson::Well => self.failures_in_a_row.store(0, Ordering::Relaxed),
            Lesson::Failing => {
                self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            // A wait too long for a run is no wait: the host is down then.
            Lesson::LeaveAlone(wait) if wait > LONGEST_WAIT => {
                self.give_up(format!("asks to wait {} s", wait.as_secs()));
            }
            Lesson::LeaveAlone(wait) => {
                let longer = u64::try_from(self.pacer.leave_alone(wait).as_millis()).unwrap_or(u64::MAX);
                let before = self.quiet.fetch_add(longer, Ordering::Relaxed);
                if Duration::from_millis(before.saturating_add(longer)) > MOST_WAITING {
                    self.give_up("keeps asking to wait".to_owned());
                }
            }
            Lesson::Wait(wait) => self.pacer.wait(wait),
        }
    }

    /// Asks nothing more of the host in this run. The first reason stays.
    pub(super) fn give_up(&self, reason: String) {
        let _was_down = self.down.set(reason);
    }

    /// How many pages failed in a row, where that are so many that the host may be down.
    pub(super) fn suspect(&self) -> Option<u32> {
        let failures = self.failures_in_a_row.load(Ordering::Relaxed);
        (failures > 0 && failures.is_multiple_of(DOWN_AFTER)).then_some(failures)
    }

    /// A page that it gave before.
    pub(super) fn good(&self) -> Option<&Candidate> {
        self.good.get()
    }

    /// Remembers a page that it gave.
    pub(super) fn remember(&self, candidate: &Candidate) {
        self.good.get_or_init(|| Candidate { validators: Validators::default(), ..candidate.clone() });
    }

    /// The pause before attempt `attempt` (from 1), or `None` when there is none left. `asked` is the host's
    /// own `Retry-After`; one too long to wait for ends the attempts, and so does a host that struggles.
    pub fn pause_before(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        let struggling = self.failures_in_a_row.load(Ordering::Relaxed) >= STRUGGLING_AFTER;
        if attempt > self.retries.load(Ordering::Relaxed)
            || struggling
            || asked.is_some_and(|asked| asked > LONGEST_WAIT)
        {
            return None;
        }
        // Spread, so that what failed together does not come back together.
        let backoff = BACKOFF.mul_f64(f64::from(2_u32.saturating_pow(attempt - 1)) * (0.5 + chance()));
        Some(asked.unwrap_or_default().max(backoff))
    }

    /// The host's rules, read once; everyone who asks meanwhile waits for the one request.
    ///
    /// # Errors
    /// The reason, where robots.txt is unreachable: nothing may be requested then.
    pub async fn robots(&self, client: &Client, now: fn() -> Timestamp) -> Result<&Robots, &NoRobots> {
        match self.robots.get_or_init(|| self.read_robots(client, now)).await {
            RobotsTxt::Rules(robots) => Ok(robots),
            RobotsTxt::Unreachable(reason) => Err(reason),
        }
    }

    /// Why pages of this host were not asked for although no rule forbids it.
    pub(super) fn trouble(&self) -> Option<String> {
        if let Some(RobotsTxt::Unreachable(NoRobots::Untrusted(reason) | NoRobots::Unreachable(reason))) =
            self.robots.get()
        {
            return Some(format!("{}robots.txt is unreachable: {reason}", self.root));
        }
        self.is_up().err().map(|reason| format!("{} {reason}", self.root))
    }

    /// What is odd about its rules, although it forbids nothing.
    pub(super) fn oddity(&self) -> Option<String> {
        match self.robots.get() {
            Some(RobotsTxt::Rules(robots)) if robots.is_markup() => {
                Some(format!("{}robots.txt is a page: it has no rules", self.root))
            }
            _ => None,
        }
    }

    /// 2xx gives rules, other 4xx than 429 mean that there are none (RFC 9309 §2.3.1.3), all else is trouble: a host
    /// that asks for patience has not said that everything is allowed.
    async fn read_robots(&self, client: &Client, now: fn() -> Timestamp) -> RobotsTxt {
        let url = match self.root.join("/robots.txt") {
            Ok(url) => url,
            Err(error) => return RobotsTxt::Unreachable(NoRobots::Unreachable(error.to_string())),
        };
        match file::read(self, client, &url, Extent::Start(ROBOTS_LIMITS), now).await {
            Ok(body) => {
                let robots = Robots::parse(&body, PRODUCT_TOKEN);
                if let Some(delay) = robots.crawl_delay().filter(|delay| *delay > LONG_DELAY) {
                    tracing::warn!("{url} asks for {} s between requests", delay.as_secs());
                }
                RobotsTxt::Rules(robots)
            }
            // RFC 9309 §2.3.1.2: beyond the redirects that are followed, the file may count as unavailable, too.
            Err(NoFile::Absent(_)) => RobotsTxt::Rules(Robots::allow_all()),
            Err(NoFile::Blocked(reason)) => RobotsTxt::Unreachable(NoRobots::Blocked(reason)),
            Err(NoFile::Untrusted(reason)) => RobotsTxt::Unreachable(NoRobots::Untrusted(reason)),
            Err(NoFile::Astray(reason) | NoFile::Trouble(reason)) => {
                RobotsTxt::Unreachable(NoRobots::Unreachable(reason))
            }
        }
    }
}

/// A random number from 0 to 1.
fn chance() -> f64 {
    random() as f64 / u64::MAX as f64
}

/// A random number: the standard library seeds its hashers with one.
pub(super) fn random() -> u64 {
    std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), ())
}
