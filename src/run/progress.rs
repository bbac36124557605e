//! Where a run has got to: counters that a progress bar reads while the run writes them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the sites.
    Crawling,
    /// Deciding what became of each known page.
    Completing,
    /// Making the corpus.
    Assembling,
    /// Asking the API about the agent.
    Asking,
    /// Comparing the corpus with what is live.
    Judging,
    /// Recording what is about to be sent.
    Intending,
    /// Sending it.
    Sending,
    /// Recording what came of that.
    Settling,
    /// Asking the agent about it.
    Verifying,
    /// Recording how the run ended.
    Reporting,
}

impl Stage {
    /// Every stage, in the order of a run that publishes.
    pub const ALL: [Stage; 10] = [
        Stage::Crawling,
        Stage::Completing,
        Stage::Assembling,
        Stage::Asking,
        Stage::Judging,
        Stage::Intending,
        Stage::Sending,
        Stage::Settling,
        Stage::Verifying,
        Stage::Reporting,
    ];

    /// Its name in logs and on the progress bar.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Crawling => "crawling",
            Stage::Completing => "completing",
            Stage::Assembling => "assembling",
            Stage::Asking => "asking",
            Stage::Judging => "judging",
            Stage::Intending => "intending",
            Stage::Sending => "sending",
            Stage::Settling => "settling",
            Stage::Verifying => "verifying",
            Stage::Reporting => "reporting",
        }
    }
}

/// Counters of one run.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicU64,
    done: AtomicU64,
    /// Its place in [`Stage::ALL`].
    stage: AtomicUsize,
}

impl Progress {
    /// URLs that are to be requested, so far.
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    /// URLs whose outcome is known.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// What the run is doing.
    pub fn stage(&self) -> Stage {
        Stage::ALL[self.stage.load(Ordering::Relaxed)]
    }

    pub(super) fn enter(&self, stage: Stage) {
        tracing::debug!(stage = stage.name(), "{}", stage.name());
        self.stage.store(stage as usize, Ordering::Relaxed);
    }

    pub(super) fn add(&self, found: u64, done: u64) {
        self.found.fetch_add(found, Ordering::Relaxed);
        self.done.fetch_add(done, Ordering::Relaxed);
    }
}
