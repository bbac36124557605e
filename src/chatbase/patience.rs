//! How long to go on with an API that is busy.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A wait that the API asks for is waited for up to this; a longer one is for another run.
pub const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// Pauses between attempts at something that passes, such as a training.
#[derive(Debug, Clone)]
pub struct Patience {
    /// One before each further attempt; after the last, patience is over.
    pub pauses: Vec<Duration>,
    /// Ends all waiting.
    pub stop: CancellationToken,
}

impl Patience {
    /// Waits before attempt `attempt` + 1, at least as long as the API `asked` for; false where patience is over.
    pub async fn pause(&self, attempt: usize, asked: Option<Duration>) -> bool {
        let Some(pause) = self.pauses.get(attempt) else { return false };
        let wait = asked.unwrap_or_default().max(*pause);
        if wait > LONGEST_WAIT {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.stop.cancelled() => false,
        }
    }
}
