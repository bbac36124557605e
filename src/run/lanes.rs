//! The candidates of a wave, host by host.
//!
//! A host that answers slowly, or wants long pauses, fills its own room in the crawl and holds up no other.

use std::collections::VecDeque;

use url::Url;

use crate::{
    crawl::{fetch::Candidate, url::PageKey},
    store::{Store, StoreError, Validation},
};

/// Candidates are taken from the frontier in portions of this many.
const PORTION: usize = 256;

/// What waits in one wave of one source.
pub(super) struct Lanes {
    store: Store,
    source: usize,
    depth: u32,
    validation: Validation,
    hosts: Vec<Lane>,
    /// The lane that is looked at first next time.
    turn: usize,
}

/// What waits for one host.
struct Lane {
    /// What the keys of this host begin with: scheme, host and port, with the slash.
    site: String,
    after: Option<PageKey>,
    waiting: VecDeque<Candidate>,
    /// Whether the frontier has no more of this host.
    drained: bool,
}

impl Lanes {
    /// The lanes of the wave that was admitted last.
    pub(super) async fn open(
        store: &Store,
        source: usize,
        depth: u32,
        validation: Validation,
    ) -> Result<Lanes, StoreError> {
        let lane = |site| Lane { site, after: None, waiting: VecDeque::new(), drained: false };
        let hosts = store.wave_sites(source, depth).await?.into_iter().map(lane).collect();
        Ok(Lanes { store: store.clone(), source, depth, validation, hosts, turn: 0 })
    }

    /// The hosts, as scheme, host and port with the slash.
    pub(super) fn sites(&self) -> Vec<String> {
        self.hosts.iter().map(|lane| lane.site.clone()).collect()
    }

    /// The next candidate of a host that has room, each host in its turn.
    pub(super) async fn next(
        &mut self,
        mut has_room: impl FnMut(&Url) -> bool,
    ) -> Result<Option<Candidate>, StoreError> {
        for step in 0..self.hosts.len() {
            let at = (self.turn + step) % self.hosts.len();
            let lane = &mut self.hosts[at];
            if lane.waiting.is_empty() && !lane.drained {
                let (site, after) = (lane.site.clone(), lane.after.clone());
                let more = self
                    .store
                    .candidates(self.source, self.depth, site, after, PORTION, self.validation)
                    .await?;
                lane.drained = more.len() < PORTION;
                lane.after = more.last().map(|candidate| candidate.key.clone()).or(lane.after.take());
                lane.waiting.extend(more);
            }
            if lane.waiting.front().is_some_and(|candidate| has_room(&candidate.url)) {
                self.turn = at + 1;
                return Ok(lane.waiting.pop_front());
            }
        }
        Ok(None)
    }

    /// Puts a candidate back: it is asked for again, in another spelling.
    pub(super) fn again(&mut self, candidate: Candidate) {
        match self.hosts.iter_mut().find(|lane| candidate.key.as_ref().starts_with(&lane.site)) {
            Some(lane) => lane.waiting.push_front(candidate),
            None => debug_assert!(false, "a candidate of no lane"),
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.hosts.iter().all(|lane| lane.drained && lane.waiting.is_empty())
    }
}
