//! How long a run waits, and for what: settings of the process, so that tests need not sleep.

use std::time::Duration;

use super::Context;
use crate::chatbase::Patience;

/// How long to wait for what.
#[derive(Debug, Clone)]
pub struct Waits {
    /// Before the next attempt at something that failed for a passing reason; doubled each time.
    pub backoff: Duration,
    /// Pauses between the questions whether a push of unknown outcome arrived: all of them where it most likely
    /// did, the first half where it most likely did not.
    pub confirm: Vec<Duration>,
    /// Pauses between looks at an agent that is busy with its training.
    pub training: Vec<Duration>,
    /// Between two questions whether a deploy is live.
    pub deploy: Duration,
}

impl Default for Waits {
    fn default() -> Waits {
        // Training takes one to two minutes as a rule, and shows when it is done.
        Waits {
            backoff: Duration::from_secs(2),
            confirm: [2, 4, 8, 16, 30, 60].map(Duration::from_secs).to_vec(),
            // Seconds as a rule; ten minutes in all.
            training: [2, 4, 8].into_iter().chain([15; 39]).map(Duration::from_secs).collect(),
            deploy: Duration::from_secs(5),
        }
    }
}

impl Context {
    /// Lets time pass; false where the run is to end.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// How long to go on with an API that is busy, with one pause before each further attempt.
    pub(super) fn patience(&self, pauses: Vec<Duration>) -> Patience {
        Patience { pauses, stop: self.stop.clone() }
    }
}
