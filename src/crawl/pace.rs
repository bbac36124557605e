//! How fast one host is asked: no faster than configured, and slower as soon as it shows that this is too fast.
//!
//! Pure: what happened comes in, the interval and the number of requests at once come out. Failures slow a host
//! down or change nothing; only good answers speed it up again, and never beyond what is configured.

use std::time::Duration;

/// A host may double its interval this often: 5 requests a second become one in 1.6 seconds.
const MOST_DOUBLINGS: u32 = 3;
/// What is doubled where the rate is unlimited.
const UNLIMITED: Duration = Duration::from_millis(10);
/// Good answers after which one doubling is taken back.
const RECOVERS_AFTER: u32 = 10;
/// A host counts as burdened when its answers take so many times longer than at its best …
const BURDENED: f64 = 3.0;
/// … and so long at least: below, nobody is hurt.
const SLOW: Duration = Duration::from_secs(1);
/// What is left of the requests at once when a host is burdened, and when it pushes back.
const EASED: f64 = 0.75;
const PUSHED_BACK: f64 = 0.5;
/// Weight of the newest answer in the smoothed time.
const NEWEST: f64 = 0.2;

/// The pace towards one host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pace {
    /// As configured; zero for an unlimited rate.
    interval: Duration,
    most_at_once: f64,
    at_once: f64,
    /// Whether nothing has gone wrong so far, so that the number of requests at once grows fast.
    opening: bool,
    doublings: u32,
    /// Good answers since something was slowed down.
    good: u32,
    /// Answers since the number of requests at once changed: those under way before the change say nothing of it.
    since_change: u32,
    /// Time to the head of an answer, smoothed, in seconds; and the least it ever was.
    latency: Option<f64>,
    best: f64,
}

impl Pace {
    /// Begins with two requests at once: enough to learn from.
    pub(super) fn new(interval: Duration, most_at_once: u32) -> Pace {
        let most_at_once = f64::from(most_at_once.max(1));
        Pace {
            interval,
            most_at_once,
            at_once: most_at_once.min(2.0),
            opening: true,
            doublings: 0,
            good: 0,
            since_change: 0,
            latency: None,
            best: f64::INFINITY,
        }
    }

    /// Keeps to another configuration as well, wherever that is the slower one.
    pub(super) fn tighten(&mut self, interval: Duration, most_at_once: u32) {
        self.interval = self.interval.max(interval);
        self.most_at_once = self.most_at_once.min(f64::from(most_at_once.max(1)));
        self.at_once = self.at_once.min(self.most_at_once);
    }

    /// The time between the starts of two requests; `delay` is the host's own `Crawl-delay`.
    pub(super) fn interval(&self, delay: Option<Duration>) -> Duration {
        let doubled = match self.doublings {
            0 => self.interval,
            doublings => self.interval.max(UNLIMITED) * (1 << doublings),
        };
        doubled.max(delay.unwrap_or_default())
    }

    /// Requests that may be under way at once.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to `concurrency`")]
    pub(super) fn at_once(&self) -> usize {
        self.at_once as usize
    }

    /// The head of an answer came after `latency`.
    pub(super) fn answered(&mut self, latency: Duration) {
        let newest = latency.as_secs_f64();
        let smoothed = self.latency.map_or(newest, |before| before + NEWEST * (newest - before));
        self.latency = Some(smoothed);
        self.best = self.best.min(smoothed);
        self.good += 1;
        self.since_change += 1;
        if self.good >= RECOVERS_AFTER {
            self.good = 0;
            self.doublings = self.doublings.saturating_sub(1);
        }
        if smoothed > SLOW.as_secs_f64() && smoothed > BURDENED * self.best {
            self.ease(EASED);
        } else {
            let step = if self.opening { 1.0 } else { 1.0 / self.at_once };
            self.at_once = (self.at_once + step).min(self.most_at_once);
        }
    }

    /// The host said that this was too much (429, 503), or gave no answer in time.
    pub(super) fn pushed_back(&mut self) {
        if self.ease(PUSHED_BACK) {
            self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
        }
    }

    /// Lowers the number of requests at once, once for all that were under way together.
    fn ease(&mut self, to: f64) -> bool {
        self.good = 0;
        let is_news = self.opening || f64::from(self.since_change) >= self.at_once;
        if is_news {
            self.opening = false;
            self.since_change = 0;
            self.at_once = (self.at_once * to).max(1.0);
        } else {
            self.since_change += 1;
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    fn answered(pace: &mut Pace, times: u32, latency: Duration) {
        for _ in 0..times {
            pace.answered(latency);
        }
    }

    #[test]
    fn a_fast_host_soon_gets_all_the_requests_at_once_that_are_allowed() {
        let mut pace = Pace::new(Duration::ZERO, 8);
        answered(&mut pace, 6, TENTH);
        assert_eq!(pace.at_once(), 8);
    }

    #[test]
    fn a_host_that_becomes_slow_under_load_is_asked_less_at_once() {
        let mut pace = Pace::new(Duration::ZERO, 8);
        answered(&mut pace, 10, TENTH);
        answered(&mut pace, 60, Duration::from_secs(4));
        assert_eq!(pace.at_once(), 1);
        answered(&mut pace, 100, TENTH);
        assert_eq!(pace.at_once(), 8);
    }

    #[test]
    fn a_host_that_is_always_slow_is_not_burdened_by_us() {
        let mut pace = Pace::new(Duration::ZERO, 8);
        answered(&mut pace, 50, Duration::from_secs(3));
        assert_eq!(pace.at_once(), 8);
    }

    #[test]
    fn a_host_that_pushes_back_is_asked_half_as_often_until_it_answers_again() {
        let mut pace = Pace::new(TENTH, 8);
        pace.pushed_back();
        assert_eq!(pace.interval(None), 2 * TENTH);
        answered(&mut pace, RECOVERS_AFTER, TENTH);
        assert_eq!(pace.interval(None), TENTH);
    }

    #[test]
    fn answers_to_requests_that_went_out_together_push_back_once() {
        let mut pace = Pace::new(TENTH, 8);
        answered(&mut pace, 10, TENTH);
        for _ in 0..4 {
            pace.pushed_back();
        }
        assert_eq!((pace.at_once(), pace.interval(None)), (4, 2 * TENTH));
    }

    #[test]
    fn a_slower_crawl_delay_wins() {
        let pace = Pace::new(TENTH, 8);
        assert_eq!(pace.interval(Some(Duration::from_secs(2))), Duration::from_secs(2));
        assert_eq!(pace.interval(Some(Duration::from_millis(1))), TENTH);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_within_what_is_configured(
            most in 1_u32..65,
            events in prop::collection::vec(prop::option::of(0_u64..60_000), 0..300),
        ) {
            let mut pace = Pace::new(TENTH, most);
            for event in events {
                let before = (pace.interval(None), pace.at_once());
                if let Some(latency) = event {
                    pace.answered(Duration::from_millis(latency));
                } else {
                    pace.pushed_back();
                    prop_assert!(pace.interval(None) >= before.0 && pace.at_once() <= before.1);
                }
                prop_assert!(pace.interval(None) >= TENTH && pace.interval(None) <= TENTH * 8);
                prop_assert!((1..=most as usize).contains(&pace.at_once()));
            }
        }
    }
}
