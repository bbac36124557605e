//! The rate limiter: a log of the hits inside a sliding window, one per key.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::HeaderName;

use super::ResetUnit;
use super::clock::millis;
use super::reply::Reply;

/// The hits of one key. Refused hits do not enter the window.
pub(super) struct Window {
    limit: usize,
    length: u64,
    hits: VecDeque<u64>,
}

/// Where a key stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: usize,
    pub(super) remaining: usize,
    /// When the oldest hit leaves the window, in milliseconds of the sandbox clock.
    pub(super) reset_at: u64,
    /// Whole seconds to wait, at least 1, when the request was refused.
    pub(super) retry_after: Option<u64>,
}

impl Standing {
    /// The reply with the headers that tell of it.
    pub(super) fn on(self, reply: Reply, unit: ResetUnit) -> Reply {
        let reset = match unit {
            ResetUnit::Millis => self.reset_at,
            ResetUnit::Seconds => self.reset_at.div_ceil(1000),
        };
        reply
            .with(HeaderName::from_static("x-ratelimit-limit"), self.limit)
            .with(HeaderName::from_static("x-ratelimit-remaining"), self.remaining)
            .with(HeaderName::from_static("x-ratelimit-reset"), reset)
    }
}

impl Window {
    pub(super) fn new((limit, length): (u32, Duration)) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, length: millis(length), hits: VecDeque::new() }
    }

    /// Counts a request at `now`, unless the window is full.
    pub(super) fn hit(&mut self, now: u64) -> Standing {
        while self.hits.front().is_some_and(|oldest| oldest.saturating_add(self.length) <= now) {
            self.hits.pop_front();
        }
        let admitted = self.hits.len() < self.limit;
        if admitted {
            self.hits.push_back(now);
        }
        let reset_at = self.hits.front().unwrap_or(&now).saturating_add(self.length);
        Standing {
            limit: self.limit,
            remaining: self.limit - self.hits.len(),
            reset_at,
            retry_after: (!admitted).then(|| (reset_at - now).div_ceil(1000).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_the_limit_and_the_wait_told_is_enough(
            limit in 1_u32..6,
            seconds in 1_u64..4,
            gaps in proptest::collection::vec(0_u64..1500, 1..80),
        ) {
            let mut window = Window::new((limit, Duration::from_secs(seconds)));
            let (mut now, mut admitted) = (1_000_000, Vec::new());
            for gap in gaps {
                now += gap;
                let recent = admitted.iter().filter(|at| *at + seconds * 1000 > now).count();
                let standing = window.hit(now);
                let full = recent == usize::try_from(limit).unwrap();
                prop_assert_eq!(standing.retry_after.is_some(), full);
                if let Some(wait) = standing.retry_after {
                    prop_assert!(wait >= 1 && now + wait * 1000 >= standing.reset_at);
                    prop_assert!(now + (wait - 1) * 1000 < standing.reset_at);
                    now = standing.reset_at;
                    prop_assert_eq!(window.hit(now).retry_after, None);
                }
                admitted.push(now);
            }
        }
    }

    #[test]
    fn a_window_of_nothing_refuses_everything() {
        assert_eq!(Window::new((0, Duration::from_secs(10))).hit(5).retry_after, Some(10));
    }
}
