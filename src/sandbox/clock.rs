//! The sandbox's own time, in milliseconds since the Unix epoch.
//!
//! It never runs backwards, whatever the wall clock does, and can be pushed forward from outside, so that
//! tests see training end and rate windows pass without sleeping.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use jiff::Timestamp;

/// Where a manual clock starts: 2026-01-01T00:00:00Z.
const MANUAL_START: u64 = 1_767_225_600_000;

/// What drives the sandbox's time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Starts at the wall time the function tells and runs on by itself.
    Real(fn() -> Timestamp),
    /// Starts at 2026-01-01T00:00:00Z and moves only by `POST /__sandbox/clock/advance`.
    Manual,
}

/// A running clock.
pub(super) struct Time {
    start: u64,
    running_since: Option<Instant>,
    advanced: AtomicU64,
}

impl Time {
    pub(super) fn new(clock: Clock) -> Self {
        let (start, running_since) = match clock {
            // A wall clock before 1970 is a broken one; the sandbox then starts at the epoch.
            Clock::Real(now) => (u64::try_from(now().as_millisecond()).unwrap_or(0), Some(Instant::now())),
            Clock::Manual => (MANUAL_START, None),
        };
        Self { start, running_since, advanced: AtomicU64::new(0) }
    }

    pub(super) fn now(&self) -> u64 {
        let ran = self.running_since.map_or(0, |since| millis(since.elapsed()));
        self.start.saturating_add(ran).saturating_add(self.advanced.load(Ordering::Acquire))
    }

    /// Pushes the clock forward, by 49 days at most, which keeps the sum from ever wrapping.
    pub(super) fn advance(&self, by: u32) {
        self.advanced.fetch_add(u64::from(by), Ordering::AcqRel);
    }
}

/// A duration in whole milliseconds.
pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339 in UTC with milliseconds; `None` beyond the year 9999.
pub(super) fn rfc3339(at: u64) -> Option<String> {
    let at = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    Some(format!("{at:.3}"))
}
