//! The API's request window: at most so many requests in any ten seconds.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::http::Answer;

/// The documented window of v1: 100 requests in 10 seconds.
const REQUESTS: usize = 100;
const SPAN: Duration = Duration::from_secs(10);

/// The times of the last requests. Shared by everything in the process that talks to the API: one window for
/// all keys is stricter than the documented one per key, and requests are few.
#[derive(Debug, Default)]
pub struct Window {
    times: Mutex<VecDeque<Instant>>,
}

impl Window {
    /// Waits until another request fits into the window, and counts it.
    pub async fn turn(&self) {
        sleep_until(self.reserve(Instant::now())).await;
    }

    fn reserve(&self, now: Instant) -> Instant {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match times.len() {
            REQUESTS.. => now.max(times.pop_front().map_or(now, |oldest| oldest + SPAN)),
            _ => now,
        };
        times.push_back(at);
        at
    }
}

/// The longest wait that a reset time can ask for: it is that of a window of seconds.
const LONGEST_RESET: Duration = Duration::from_mins(1);

/// How long an answer asks us to stay away: by `Retry-After`, else until the window that is used up begins anew.
pub(super) fn asked_wait(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let reset = || match answer.status() {
        429 => until_reset(answer.header("x-ratelimit-reset")?, now),
        _ => None,
    };
    answer.retry_after(now).or_else(reset)
}

/// `X-RateLimit-Reset` is a time since the epoch, in milliseconds by one documentation and in seconds by another.
fn until_reset(header: &str, now: Timestamp) -> Option<Duration> {
    let number: i64 = header.trim().parse().ok()?;
    let reset = match number {
        1_000_000_000_000.. => Timestamp::from_millisecond(number),
        _ => Timestamp::from_second(number),
    };
    let left = Duration::try_from(reset.ok()?.duration_since(now)).unwrap_or_default();
    Some(left.min(LONGEST_RESET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_time_is_read_in_either_unit_and_bounded() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let check = |header: &str, expected: Option<u64>| {
            assert_eq!(until_reset(header, now), expected.map(Duration::from_secs), "{header}");
        };
        check("1700000030", Some(30));
        check("1700000030000", Some(30));
        check("1699999990", Some(0));
        check("1700009999", Some(60));
        check("9223372036854775807", None);
        check("soon", None);
        check("", None);
    }

    #[test]
    fn any_ten_seconds_hold_at_most_a_hundred_requests() {
        let window = Window::default();
        let now = Instant::now();
        let times: Vec<_> = (0..350).map(|_| window.reserve(now)).collect();
        for pair in times.windows(REQUESTS + 1) {
            assert!(pair[REQUESTS] - pair[0] >= SPAN);
        }
    }
}
