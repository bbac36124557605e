//! The API's request window: at most so many requests in any ten seconds.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

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

#[cfg(test)]
mod tests {
    use super::*;

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
