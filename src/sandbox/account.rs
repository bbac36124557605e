//! The ready-made accounts: who holds which key, on which plan, with which agents.

use std::sync::Arc;

use super::Options;
use super::agent::Agent;
use super::call::Call;
use super::rate::{Standing, Window};
use super::refusal::Refusal;
use super::state::Sandbox;

/// The key of the account on the Standard plan.
pub const STANDARD_KEY: &str = "sbx-standard";
/// The key of the account on the Hobby plan.
pub const HOBBY_KEY: &str = "sbx-hobby";
/// The key of the account on the Free plan, which may not use the API.
pub const FREE_KEY: &str = "sbx-free";
/// A key of the Standard account that has expired.
pub const EXPIRED_KEY: &str = "sbx-expired";

/// An agent of the Standard account that was never trained, named "Sandbox Agent".
pub const AGENT_ID: &str = "5QHA6VB-DIAbBhxwqxfdi";
/// An agent of the Standard account that already knows text nobody pushed.
pub const OCCUPIED_AGENT_ID: &str = "w7Jd2mXq_0PzTn4RkYc8L";
/// The agent of the Hobby account.
pub const HOBBY_AGENT_ID: &str = "hB3vK9tQ-x5WnZ1sLf6Ma";
/// The agent of the Free account.
pub const FREE_AGENT_ID: &str = "fR8yE2uT_c4GpJ7dSk0Vo";

/// What somebody typed into the dashboard of the occupied agent.
const TYPED_TEXT: &str = "# Notes of the sales team\n\nPartners get a discount of 20 percent on hubs. \
    The partner hotline is open on Thursday afternoon.\n";
/// What somebody uploaded to the occupied agent as a file.
const FILE_TEXT: &str =
    "# Fair handbook\n\nThe fair stand is in hall 7. Bring two demo hubs and the banner.\n";

/// What an account has paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Free,
    Hobby,
    Standard,
}

impl Plan {
    /// The documented limit of characters per agent.
    pub(super) fn characters(self) -> u64 {
        match self {
            Self::Free => 400_000,
            Self::Hobby | Self::Standard => 11_000_000,
        }
    }

    /// The limit of bytes per agent, which newer documents give instead.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Free => 400_000,
            Self::Hobby => 10_000_000,
            Self::Standard => 20_000_000,
        }
    }
}

/// One customer. Its agents are invisible to every other.
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) plan: Plan,
    pub(super) credits: u64,
    pub(super) window: Window,
    pub(super) agents: Vec<Agent>,
    key: &'static str,
    expired_key: Option<&'static str>,
}

/// The accounts as they are at the start and after a reset.
pub(super) fn ready_made(options: &Options, now: u64) -> Vec<Account> {
    let account = |name, plan, key, expired_key, agents| Account {
        name,
        plan,
        credits: options.credits,
        window: Window::new(options.rate),
        agents,
        key,
        expired_key,
    };
    let mut occupied = Agent::new(OCCUPIED_AGENT_ID.to_owned(), "Partner Desk".to_owned(), now);
    occupied.occupy(Arc::from(TYPED_TEXT), Arc::from(FILE_TEXT), options.char_unit, now);
    let agent = |id: &str| Agent::new(id.to_owned(), "Sandbox Agent".to_owned(), now);
    vec![
        account("standard", Plan::Standard, STANDARD_KEY, Some(EXPIRED_KEY), vec![agent(AGENT_ID), occupied]),
        account("hobby", Plan::Hobby, HOBBY_KEY, None, vec![agent(HOBBY_AGENT_ID)]),
        account("free", Plan::Free, FREE_KEY, None, vec![agent(FREE_AGENT_ID)]),
    ]
}

/// Key, plan and rate window: the place of the account, and where its key stands.
pub(super) fn admit(sandbox: &Sandbox, call: &Call) -> Result<(usize, Standing), Refusal> {
    let mut state = sandbox.state();
    let index = open(&state.accounts, call.key())?;
    let account = &mut state.accounts[index];
    match account.plan {
        Plan::Standard => {}
        Plan::Hobby if sandbox.options.hobby_api => {}
        Plan::Free | Plan::Hobby => return Err(Refusal::Plan),
    }
    Ok((index, account.window.hit(sandbox.time.now())))
}

/// The place of the account that `key` opens.
fn open(accounts: &[Account], key: Option<&str>) -> Result<usize, Refusal> {
    let key = key.ok_or(Refusal::NoKey)?;
    if accounts.iter().any(|account| account.expired_key == Some(key)) {
        return Err(Refusal::ExpiredKey);
    }
    accounts.iter().position(|account| account.key == key).ok_or(Refusal::UnknownKey)
}

impl Account {
    pub(super) fn agent(&mut self, id: &str) -> Result<&mut Agent, Refusal> {
        self.agents.iter_mut().find(|agent| agent.id == id).ok_or(Refusal::Chatbot)
    }
}
