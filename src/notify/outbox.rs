//! What is still to be done for runs that have ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync,
    task::{AbortHandle, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::report::PipelineName;

/// Messages to the webhook of one pipeline that may be under way: more than gather where it is only slow.
const MOST_POSTS: usize = 100;
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
    pipelines: HashMap<PipelineName, Own>,
}

/// What is under way for one pipeline.
#[derive(Debug, Default)]
struct Own {
    /// The last ping, which may have arrived.
    ping: Option<AbortHandle>,
    /// What the webhook is to be told and may know by now, the oldest first.
    posts: VecDeque<AbortHandle>,
    /// How many of these were given up for newer ones.
    given_up: u64,
    /// Whose turn it is, of the commands that have the same name in the pipeline file.
    turns: HashMap<&'static str, Turn>,
}

#[derive(Debug, Default)]
struct Turn {
    /// Held by the command that is at work.
    at_work: Arc<sync::Mutex<()>>,
    /// Cancelled when another takes the place of the command that waits for it.
    replaced: CancellationToken,
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

    /// Sends a ping in the background, in the place of an earlier one of the pipeline that has not arrived: what comes
    /// last is what a health check believes.
    pub(super) fn ping(&self, pipeline: &PipelineName, ping: impl Future<Output = ()> + Send + 'static) {
        let mut under_way = self.under_way();
        let ping = under_way.spawn(ping);
        if let Some(earlier) = under_way.of(pipeline).ping.replace(ping) {
            earlier.abort();
        }
    }

    /// Tells the webhook in the background. Where too much has not arrived, the oldest of the pipeline is given up: what a
    /// receiver that was down wants to know first is how it stands now.
    pub(super) fn post(&self, pipeline: &PipelineName, post: impl Future<Output = ()> + Send + 'static) {
        let mut under_way = self.under_way();
        let post = under_way.spawn(post);
        let own = under_way.of(pipeline);
        own.posts.retain(|post| !post.is_finished());
        own.posts.push_back(post);
        if own.posts.len() > MOST_POSTS
            && let Some(oldest) = own.posts.pop_front()
        {
            oldest.abort();
            own.given_up += 1;
            let given_up = own.given_up;
            tracing::warn!(
                webhook.given_up = given_up,
                "`{pipeline}`: {MOST_POSTS} messages to the webhook have not arrived, and the oldest is given up for a \
                 newer one; that makes {given_up} so far"
            );
        }
    }

    /// Runs a command that follows a run in the background, one run's after the other's. While one is at work, only the
    /// last waits: a command that hangs must not gather others behind it. Each `name` takes turns for itself, so that
    /// an alarm neither waits for what follows every run nor makes way for it.
    pub(super) fn follow(
        &self,
        pipeline: &PipelineName,
        name: &'static str,
        command: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut under_way = self.under_way();
        let turn = under_way.of(pipeline).turns.entry(name).or_default();
        std::mem::take(&mut turn.replaced).cancel();
        let (at_work, replaced) = (Arc::clone(&turn.at_work), turn.replaced.clone());
        under_way.spawn(async move {
            let _turn = tokio::select! {
                biased;
                turn = at_work.lock_owned() => turn,
                () = replaced.cancelled() => {
                    tracing::warn!(
                        "`{name}` is left out after this run: that of an earlier run is still at work, and that of a \
                         later run takes its place"
                    );
                    return;
                }
            };
            command.await;
        });
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    fn of(&mut self, pipeline: &PipelineName) -> &mut Own {
        self.pipelines.entry(pipeline.clone()).or_default()
    }

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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::oneshot::{self, error::TryRecvError};

    use super::*;

    #[tokio::test]
    async fn of_what_does_not_arrive_the_oldest_is_given_up_in_each_pipeline_for_itself() {
        let outbox = Outbox::default();
        let post = |pipeline: &str| {
            let (alive, ended) = oneshot::channel::<()>();
            outbox.post(&PipelineName::new(pipeline).unwrap(), async move {
                let _alive = alive;
                pending::<()>().await;
            });
            ended
        };
        let mut other = post("other");
        let mut posts: Vec<_> = (0..MOST_POSTS + 3).map(|_| post("docs")).collect();
        for given_up in posts.drain(..3) {
            assert!(given_up.await.is_err());
        }
        for waits in posts.iter_mut().chain([&mut other]) {
            assert_eq!(waits.try_recv(), Err(TryRecvError::Empty));
        }
        assert_eq!(outbox.under_way().of(&PipelineName::new("docs").unwrap()).given_up, 3);
    }

    #[tokio::test]
    async fn what_has_arrived_makes_room() {
        let outbox = Outbox::default();
        let docs = PipelineName::new("docs").unwrap();
        for _ in 0..2 * MOST_POSTS {
            let (done, arrived) = oneshot::channel();
            outbox.post(&docs, async move { done.send(()).unwrap() });
            arrived.await.unwrap();
        }
        assert_eq!(outbox.under_way().of(&docs).given_up, 0);
    }
}
