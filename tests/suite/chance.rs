//! Dice that fall the same way every time, and how much of a random test is done.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Dice of one seed: what they show depends on nothing but the question, so that a failure can be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number of `0 .. below` for the `nth` question about `what`.
    pub(crate) fn roll(self, what: &str, nth: u64, below: u64) -> u64 {
        xxh3_64_with_seed(what.as_bytes(), self.0 ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % below
    }

    /// Whether something that happens `percent` times of a hundred happens.
    pub(crate) fn happens(self, percent: u64, what: &str, nth: u64) -> bool {
        self.roll(what, nth, 100) < percent
    }
}

/// How much of something is done: so much by default, and more where somebody has the time and says so in the
/// environment.
pub(crate) fn amount(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}
