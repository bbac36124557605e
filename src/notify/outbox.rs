//! What is still to be done for runs that have ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::report::PipelineName;

/// The longest that the end of the process waits for messages that do not arrive.
const LAST_ATTEMPTS: Duration = Duration::from_secs(10);

/// Messages and commands under way; its clones share them. What is left when the last one is dropped is ended.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    under_way: Arc<Mutex<UnderWay>>,
    closing: CancellationToken,
}

#[derive(Debug, Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    /// The last ping of each pipeline, which may have arrived.
    pings: HashMap<PipelineName, AbortHandle>,
}

impl Outbox {
    /// Waits for what is under way, before the process ends: for messages at most 10 s, for commands as long as they
    /// may take. Dropping the future ends them.
    pub async fn close(&self) {
        self.closing.cancel();
        let mut tasks = std::mem::take(&mut self.under_way().tasks);
        while let Some(ended) = tasks.join_next().await {
            tell_panic(ended);
        }
    }

    /// Cancelled when the process is about to end.
    pub(super) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Does something in the background.
    pub(super) fn add(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.under_way().spawn(task);
    }

    /// Sends a ping in the background, in the place of an earlier one of the pipeline that has not arrived: what comes
    /// last is what a health check believes.
    pub(super) fn ping(&self, pipeline: &PipelineName, ping: impl Future<Output = ()> + Send + 'static) {
        let mut under_way = self.under_way();
        let ping = under_way.spawn(ping);
        if let Some(earlier) = under_way.pings.insert(pipeline.clone(), ping) {
            earlier.abort();
        }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while let Some(ended) = self.tasks.try_join_next() {
            tell_panic(ended);
        }
        self.tasks.spawn(task.in_current_span())
    }
}

/// Who was aborted was meant to be.
fn tell_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("telling of a run panicked: {error}");
    }
}

/// Comes when the process has waited long enough.
pub(super) async fn too_late(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(LAST_ATTEMPTS).await;
}
