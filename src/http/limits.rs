//! How long an exchange may take, and how much of an answer is read.

use std::time::Duration;

use super::error::TimedOut;

/// Time to open a connection, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time from a GET to the head of its answer.
pub(super) const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest silence between two reads of a body.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A body may begin slowly; from then on it has to come at the least rate, or it only keeps a place.
pub(super) const SLOW_START: Duration = Duration::from_secs(10);
/// Bytes per second.
pub(super) const LEAST_RATE: u64 = 1024;
/// What all headers of an answer may take, names and values. (The protocol layer reads 400 KiB at most.)
pub(super) const MAX_HEADERS: usize = 64 * 1024;

/// Whether a body of which so many bytes came in so much time only keeps a place.
pub(super) fn is_too_slow(received: u64, time: Duration) -> bool {
    time > SLOW_START && received < LEAST_RATE * time.as_secs()
}

/// How long the head of an answer is waited for, and what is told when it does not come: where something is
/// `pushed`, the whole time, because the API takes it all in before it answers.
pub(super) fn patience(pushed: bool, total: Duration) -> (Duration, TimedOut) {
    if pushed || total <= FIRST_BYTE_TIMEOUT {
        (total, TimedOut::Total)
    } else {
        (FIRST_BYTE_TIMEOUT, TimedOut::FirstByte)
    }
}

/// What is read of an answer, at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes on the wire.
    pub wire: u64,
    /// Bytes after decoding.
    pub decoded: u64,
    /// Time for the whole exchange.
    pub total: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_begin_slowly_but_not_drip() {
        let check = |received, seconds, expected| {
            let time = Duration::from_secs(seconds);
            assert_eq!(is_too_slow(received, time), expected, "{received} bytes in {time:?}");
        };
        check(0, 0, false);
        check(0, 10, false);
        check(1, 11, true);
        check(11 * LEAST_RATE - 1, 11, true);
        check(11 * LEAST_RATE, 11, false);
        // One byte short of every silence that is allowed.
        check(60, 60 * 29, true);
        check(u64::MAX, u64::MAX / LEAST_RATE, false);
    }

    #[test]
    fn the_head_of_an_answer_is_waited_for_less_long_than_the_whole() {
        let check = |pushed, total, expected: (u64, TimedOut)| {
            let (patience, which) = patience(pushed, Duration::from_secs(total));
            assert_eq!((patience.as_secs(), which), expected, "pushed: {pushed}, total: {total} s");
        };
        check(false, 60, (30, TimedOut::FirstByte));
        check(false, 30, (30, TimedOut::Total));
        check(false, 5, (5, TimedOut::Total));
        check(true, 120, (120, TimedOut::Total));
        check(true, 5, (5, TimedOut::Total));
    }
}
