//! What came of a request, whichever version of the API it went to.

use std::time::Duration;

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Accepted.
    Applied,
    /// Nobody knows: to be settled by asking, or with the same bytes.
    Unknown(String),
    /// Most likely applied (a success of a form that the contract does not know, or no answer in time): worth
    /// asking, and hardly worth sending again.
    Unclear(String),
    /// Certainly not received.
    NotSent(String),
    /// Not now; nothing was written.
    Later(Option<Duration>, String),
    /// A training is under way: not in this run.
    Busy(String),
    /// Never like this.
    Refused(Refusal, String),
}

/// What has to change before anything is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key: 401.
    Key,
    /// The plan: 402, 403.
    Plan,
    /// The agent id: 404, or an answer for another agent.
    Agent,
    /// The size: 413.
    Size,
    /// The request itself: 400, 405, 422, a redirect.
    Request,
}

/// Why the API could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Something has to change first.
    #[error("{1}")]
    Refused(Refusal, String),
    /// May pass.
    #[error("{1}")]
    Passing(Option<Duration>, String),
}
