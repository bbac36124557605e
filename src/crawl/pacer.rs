//! Turns at one host, for everyone in the process who asks it: pipelines that crawl the same host share its pace.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use url::{Origin, Url};

use super::{CrawlPlan, Rate, pace::Pace};

/// The hosts that are being asked, by whichever run.
#[derive(Debug, Default)]
pub struct Pacers(Mutex<HashMap<Origin, Arc<Pacer>>>);

impl Pacers {
    /// The turns at the host of `url`; where others ask it too, the slower of the paces counts for all.
    pub(super) fn of(&self, url: &Url, plan: &CrawlPlan) -> Arc<Pacer> {
        let mut pacers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // A run that begins right after another one keeps the distance to its last request.
        pacers.retain(|_, pacer| Arc::strong_count(pacer) > 1 || pacer.pacing().next > now);
        let pacer = pacers.entry(url.origin()).or_insert_with(|| Arc::new(Pacer::new(plan)));
        pacer.serve(plan);
        Arc::clone(pacer)
    }
}

/// Who may ask one host, and when.
#[derive(Debug)]
pub(super) struct Pacer {
    permits: Semaphore,
    pacing: Mutex<Pacing>,
}

/// The pace, and where it has got to.
#[derive(Debug)]
struct Pacing {
    pace: Pace,
    /// When the next request may start that has no turn yet.
    next: Instant,
    /// Any: before this moment the host wants to be left alone, also by those who have a turn already.
    quiet_until: Instant,
    /// Permits there are, free or taken.
    permits: usize,
}

/// The right to make one request, while it is held.
#[derive(Debug)]
pub struct Turn<'a> {
    pacer: &'a Pacer,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut pacing = self.pacer.pacing();
        if pacing.permits > pacing.pace.at_once()
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            pacing.permits -= 1;
        }
    }
}

impl Pacer {
    fn new(plan: &CrawlPlan) -> Pacer {
        let pace = Pace::new(interval(plan), plan.concurrency);
        let (permits, now) = (pace.at_once(), Instant::now());
        Pacer {
            permits: Semaphore::new(permits),
            pacing: Mutex::new(Pacing { pace, next: now, quiet_until: now, permits }),
        }
    }

    /// Is asked by another source from now on: the slower of the paces counts.
    pub(super) fn serve(&self, plan: &CrawlPlan) {
        self.pacing().pace.tighten(interval(plan), plan.concurrency);
    }

    fn pacing(&self) -> MutexGuard<'_, Pacing> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit.
    pub(super) async fn permit(&self) -> Turn<'_> {
        let permit = self.permits.acquire().await.expect("the semaphore is never closed");
        Turn { pacer: self, permit: Some(permit) }
    }

    /// Takes the next free instant of the pace; `delay` is the host's own `Crawl-delay`.
    pub(super) fn reserve(&self, delay: Option<Duration>) -> Instant {
        let mut pacing = self.pacing();
        let slot = pacing.next.max(Instant::now());
        pacing.next = slot + pacing.pace.interval(delay);
        slot
    }

    /// Whether the host still lets itself be asked at `slot`: it may have asked for patience since that was reserved.
    pub(super) fn allows(&self, slot: Instant) -> bool {
        slot >= self.pacing().quiet_until
    }

    /// An answer came after `latency`.
    pub(super) fn answered(&self, latency: Duration) {
        let mut pacing = self.pacing();
        pacing.pace.answered(latency);
        let more = pacing.pace.at_once().saturating_sub(pacing.permits);
        pacing.permits += more;
        self.permits.add_permits(more);
    }

    /// The host was asked too much.
    pub(super) fn pushed_back(&self) {
        self.pacing().pace.pushed_back();
    }

    /// Leaves the host alone for so long; gives how much longer that is than it was left alone for already.
    pub(super) fn leave_alone(&self, wait: Duration) -> Duration {
        let mut pacing = self.pacing();
        let now = Instant::now();
        let quiet_already = pacing.quiet_until.max(now);
        let until = quiet_already.max(now + wait);
        pacing.quiet_until = until;
        pacing.next = pacing.next.max(until);
        until - quiet_already
    }

    /// Begins nothing new for so long.
    pub(super) fn wait(&self, wait: Duration) {
        let mut pacing = self.pacing();
        pacing.next = pacing.next.max(Instant::now() + wait);
    }
}

/// The time between two requests that a plan asks for.
fn interval(plan: &CrawlPlan) -> Duration {
    match plan.rate {
        Rate::PerSecond(rate) => Duration::from_secs_f64(1.0 / rate),
        Rate::Unlimited => Duration::ZERO,
    }
}
