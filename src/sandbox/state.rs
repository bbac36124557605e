//! Everything the sandbox holds, behind one lock that is never kept while an index is built or searched.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::account::{self, Account};
use super::agent::Agent;
use super::clock::Time;
use super::fault::Faults;
use super::log::Log;
use super::{Options, id};

/// A running sandbox.
pub(super) struct Sandbox {
    pub(super) options: Options,
    pub(super) address: SocketAddr,
    pub(super) time: Time,
    pub(super) shutdown: CancellationToken,
    state: Mutex<State>,
}

/// What a reset puts back.
pub(super) struct State {
    pub(super) accounts: Vec<Account>,
    pub(super) faults: Faults,
    pub(super) log: Log,
    agents_made: u64,
    sources_made: u64,
    requests_seen: u64,
}

impl Sandbox {
    pub(super) fn new(options: Options, address: SocketAddr, shutdown: CancellationToken) -> Self {
        let time = Time::new(options.clock);
        let state = Mutex::new(State::new(&options, time.now()));
        Self { options, address, time, shutdown, state }
    }

    /// The state as of now: every training that is over has been put live.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half-written here: each change is one assignment.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.time.now();
        state.agents_mut().for_each(|agent| agent.settle(now));
        state
    }

    /// Forgets everything but the options and the time.
    pub(super) fn reset(&self) {
        *self.state() = State::new(&self.options, self.time.now());
    }
}

impl State {
    fn new(options: &Options, now: u64) -> Self {
        Self {
            accounts: account::ready_made(options, now),
            faults: Faults::default(),
            log: Log::default(),
            agents_made: 0,
            sources_made: 0,
            requests_seen: 0,
        }
    }

    pub(super) fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.accounts.iter().flat_map(|account| &account.agents)
    }

    fn agents_mut(&mut self) -> impl Iterator<Item = &mut Agent> {
        self.accounts.iter_mut().flat_map(|account| &mut account.agents)
    }

    pub(super) fn next_agent_id(&mut self, seed: u64) -> String {
        self.agents_made += 1;
        id::agent(seed, self.agents_made)
    }

    pub(super) fn next_source_id(&mut self, seed: u64) -> String {
        self.sources_made += 1;
        id::source(seed, self.sources_made)
    }

    pub(super) fn next_request_id(&mut self, seed: u64) -> String {
        self.requests_seen += 1;
        id::request(seed, self.requests_seen)
    }
}
