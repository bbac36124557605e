//! The clock of the wall, which may be wrong, and may be changed at any time.

use jiff::{SignedDuration, Timestamp, civil::date, tz::Offset};
use tokio::time::Instant;

/// From so much on, a change of the clock is worth a word, …
const JUMP: SignedDuration = SignedDuration::from_mins(1);
/// … and from so much on somebody should look at it.
const LARGE_JUMP: SignedDuration = SignedDuration::from_hours(1);

/// What the clock said last.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// With the moment by the clock that nobody changes.
    last: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// Takes a look: whether the clock can be right. A machine without a clock of its own begins in 1970, until it has
    /// asked for the time.
    pub(super) fn look(&mut self, now: Timestamp, instant: Instant) -> bool {
        let is_set = now >= released();
        if is_set {
            self.notice_jump(now, instant);
        } else {
            self.last = None;
        }
        is_set
    }

    /// A change of the clock, or a sleep of the machine, shows as a difference between the two clocks.
    fn notice_jump(&mut self, now: Timestamp, instant: Instant) {
        if let Some((last, last_instant)) = self.last.replace((now, instant)) {
            let passed = SignedDuration::try_from(instant - last_instant).unwrap_or(SignedDuration::MAX);
            let jump = now.duration_since(last).saturating_sub(passed);
            let seconds = jump.as_secs();
            if jump.abs() >= LARGE_JUMP {
                tracing::error!(
                    jump_s = seconds,
                    "the clock jumped by {seconds} s: is it right now? It says {now:.0}"
                );
            } else if jump.abs() >= JUMP {
                tracing::warn!(jump_s = seconds, "the clock jumped by {seconds} s, or the machine slept");
            }
        }
    }
}

/// No clock that is right says less.
fn released() -> Timestamp {
    Offset::UTC.to_timestamp(date(2026, 1, 1).at(0, 0, 0, 0)).unwrap_or(Timestamp::UNIX_EPOCH)
}
