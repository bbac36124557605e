//! Where a run has got to: counters that a progress bar reads while the run writes them.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the sites.
    Crawling,
    /// Making the corpus.
    Assembling,
    /// Sending it.
    Publishing,
    /// Asking the agent about it.
    Verifying,
}

/// Counters of one run.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicU64,
    done: AtomicU64,
    stage: AtomicU64,
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
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Crawling,
            1 => Stage::Assembling,
            2 => Stage::Publishing,
            _ => Stage::Verifying,
        }
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u64, Ordering::Relaxed);
    }

    pub(super) fn add(&self, found: u64, done: u64) {
        self.found.fetch_add(found, Ordering::Relaxed);
        self.done.fetch_add(done, Ordering::Relaxed);
    }
}
