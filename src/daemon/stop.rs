//! How the daemon ends: it waits for what it has begun, but not for ever.

use std::pin::pin;

use tokio::time::{Instant, timeout_at};

use super::{Daemon, service};

impl Daemon {
    /// Waits for the runs, which were told to stop, and for those who are told of them, as long as is allowed.
    pub(super) async fn stop(&mut self) {
        service::stopping();
        self.service.status(format!("stopping, {} running", self.runs.len()));
        let deadline = Instant::now() + self.settings.stop_timeout;
        while !self.runs.is_empty() {
            let next = self.service.wake(Instant::now(), deadline);
            match timeout_at(next, self.runs.join_next_with_id()).await {
                Ok(Some(ended)) => self.ended(ended).await,
                Ok(None) => break,
                Err(_) if Instant::now() >= deadline => {
                    let names: Vec<&str> =
                        self.started.values().map(|started| started.pipeline.name.as_str()).collect();
                    tracing::warn!(
                        "not waited for any longer: {}; the next run goes on from there",
                        names.join(", ")
                    );
                    return;
                }
                Err(_) => self.service.alive(),
            }
        }
        let outbox = self.context.outbox.clone();
        let mut told = pin!(outbox.close());
        loop {
            let next = self.service.wake(Instant::now(), deadline);
            if timeout_at(next, &mut told).await.is_ok() {
                return;
            }
            if Instant::now() >= deadline {
                break;
            }
            self.service.alive();
        }
        tracing::warn!("messages and commands that are still under way are given up");
    }
}
