//! One run's dealings with its target: the commit protocol of intent, request, acknowledgement.
//!
//! An outcome that nobody knows is settled by asking the API, then by sending the same bytes again, or a newer
//! corpus that passed the gates; by nothing else.

mod arrival;
mod facts;
mod patience;

pub(super) use patience::{is_within, settings, wanted_later, wanted_wait};

use super::{Context, RunError, Stage, deliver::kept, pause};
use crate::{
    chatbase::{self, ApiError, Patience, Push, Refusal},
    corpus::Counts,
    gate::{self, ApprovedCorpus, Crawled, Gates, Verdict, Warrant},
    hash::Hash,
    outcome::in_words,
    pipeline::Pipeline,
    publish::{Publisher, Sent},
    report::{Ending, PublishStatus, RunReport},
    store::{PublicationState, Store},
};

/// The same bytes are sent again at most so often in one run.
const RESENDS: u32 = 2;

/// One run's dealings with its target.
pub(super) struct Delivery<'a> {
    pipeline: &'a Pipeline,
    store: &'a Store,
    context: &'a Context,
    crawled: &'a Crawled,
    pub(super) report: &'a mut RunReport,
    pub(super) publisher: Publisher,
    pub(super) target: String,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        pipeline: &'a Pipeline,
        store: &'a Store,
        context: &'a Context,
        crawled: &'a Crawled,
        report: &'a mut RunReport,
    ) -> Delivery<'a> {
        let agent_id = &pipeline.agent.id;
        let patience = Patience { pauses: context.waits.training.clone(), stop: context.stop.clone() };
        let publisher = pipeline.target.connect(agent_id, context.window.clone(), context.now, patience);
        Delivery {
            pipeline,
            store,
            context,
            crawled,
            report,
            publisher,
            target: pipeline.target.identity(agent_id),
        }
    }

    /// What the target says of the agent, asked again after passing failures.
    pub(super) async fn agent(&self) -> Result<Option<chatbase::Agent>, ApiError> {
        self.context.progress.enter(Stage::Asking);
        let mut attempt = 0;
        loop {
            match self.ask().await {
                Err(ApiError::Passing(wait, _)) if attempt < RESENDS && self.wait(attempt, wait).await => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Asks once, unless the API wants no requests now.
    async fn ask(&self) -> Result<Option<chatbase::Agent>, ApiError> {
        let unusable = |error| ApiError::Passing(None, in_words(&error));
        if let Some(until) = self.embargo().await.map_err(unusable)? {
            return Err(ApiError::Passing(None, wanted_later(until)));
        }
        let answer = self.publisher.agent().await;
        if let Err(ApiError::Passing(Some(asked), _)) = &answer {
            self.heed(*asked).await.map_err(unusable)?;
        }
        answer
    }

    /// Whether the target holds this corpus, as far as anybody can know.
    pub(super) async fn is_live(&self, corpus: Hash) -> Result<bool, RunError> {
        let unsettled = self.store.unsettled(self.target.clone()).await?;
        let live = self.store.live(self.target.clone()).await?;
        Ok(unsettled.is_none()
            && live.is_some_and(|live| live.corpus == corpus)
            && self.publisher.still_holds(corpus).await)
    }

    /// The configured name, else the one the agent has: sending another would rename it.
    fn name<'n>(&'n self, agent: Option<&'n chatbase::Agent>) -> Option<&'n str> {
        self.pipeline.agent.name.as_deref().or_else(|| agent?.name.as_deref())
    }

    /// The target holds the corpus already. Even so, a crawl of which too much failed is no good news.
    pub(super) async fn unchanged(&mut self, gates: &Gates) -> Result<(), RunError> {
        self.report.publish.status = PublishStatus::NotNeeded;
        self.store.release().await?;
        let lines = gate::of_crawl(self.crawled, gates);
        let verdict = Verdict { lines };
        if verdict.is_hold() {
            self.report.end(Ending::Held, format!("held by {}; what is live stays live", verdict.reasons()));
            self.report.gates = verdict.lines;
            return Ok(());
        }
        self.store.promote().await?;
        self.report.outcome = Ending::Unchanged;
        Ok(())
    }

    /// Intent, request, acknowledgement; what is unknown is asked about and sent again.
    pub(super) async fn push(
        &mut self,
        agent: Option<&chatbase::Agent>,
        corpus: &ApprovedCorpus,
        size: Counts,
    ) -> Result<(), RunError> {
        if self.context.dry_run {
            self.report.outcome = Ending::Pending;
            let name = &self.pipeline.name;
            self.report.notes.push(format!("nothing was sent, as asked for (`corpusd diff {name}` to look)"));
            return Ok(());
        }
        let before = self.before(agent, *corpus.sha256()).await?;
        let now = (self.context.now)();
        self.context.progress.enter(Stage::Intending);
        let id = self
            .store
            .intend(
                self.report.run,
                *corpus.sha256(),
                self.target.clone(),
                before.clone(),
                settings(self.pipeline),
                now,
            )
            .await?;
        let name = self.name(agent).map(str::to_owned);
        // Once one attempt may have arrived, what later ones come to does not make it undone.
        let mut unknown = false;
        let mut attempt = 0;
        loop {
            self.context.progress.enter(Stage::Sending);
            let Sent { push, request_id, partial } = self.publisher.push(name.as_deref(), corpus).await;
            unknown |= partial;
            let request = request_id.as_deref().unwrap_or("none");
            tracing::info!(request.id = request, size_bytes = size.bytes, "push: {}", describe(&push));
            if request_id.is_some() {
                self.report.publish.request_id.clone_from(&request_id);
            }
            let again = match &push {
                Push::Applied => return self.acknowledged(id, request_id, "accepted").await,
                Push::Refused(refusal, reason) => {
                    self.not_applied(id, unknown, PublishStatus::Rejected, request_id, reason).await?;
                    return self.pause(*refusal, reason.clone()).await;
                }
                Push::Unknown(reason) | Push::Unclear(reason) => {
                    unknown = true;
                    self.settle(id, PublicationState::Unknown, request_id.clone(), reason).await?;
                    // What most likely arrived is worth the time of a training; what most likely failed is not.
                    let pauses = &self.context.waits.confirm;
                    let (pauses, most) = match push {
                        Push::Unclear(_) => (&pauses[..], 1),
                        _ => (&pauses[..pauses.len().div_ceil(2)], RESENDS),
                    };
                    match self.confirmed(&before, size, pauses).await {
                        Ok(true) => return self.acknowledged(id, request_id, "confirmed by asking").await,
                        Ok(false) => {}
                        Err(refused) => {
                            let (status, reason) = (PublishStatus::Unknown, refused.to_string());
                            self.not_applied(id, unknown, status, request_id, &reason).await?;
                            return self.api_failed(refused).await;
                        }
                    }
                    attempt < most && !self.context.stop.is_cancelled() && self.embargo().await?.is_none()
                }
                Push::Busy(_) => false,
                Push::NotSent(_) => attempt < RESENDS && self.wait(attempt, None).await,
                Push::Later(asked, _) => {
                    if let Some(asked) = asked {
                        self.heed(*asked).await?;
                    }
                    attempt < RESENDS && self.wait(attempt, *asked).await
                }
            };
            if !again {
                let reason = describe(&push);
                return self.not_applied(id, unknown, PublishStatus::NotSent, request_id, reason).await;
            }
            attempt += 1;
        }
    }

    /// What the target is to hold whatever the site says: what is pinned, else the bytes of an unsettled push, because what
    /// is live may be either, and must become one.
    async fn owed(&self) -> Result<Option<(Hash, Warrant<'static>)>, RunError> {
        if let Some(pin) = self.store.pinned(self.target.clone()).await? {
            return Ok((!self.is_live(pin.corpus).await?).then_some((pin.corpus, Warrant::Published)));
        }
        let unsettled = self.store.unsettled(self.target.clone()).await?;
        Ok(unsettled.map(|publication| (publication.corpus, Warrant::Intent)))
    }

    /// Sends what is owed where the agent was not asked yet.
    pub(super) async fn send_owed(&mut self) -> Result<(), RunError> {
        if self.owed().await?.is_none() {
            return Ok(());
        }
        let agent = match self.agent().await {
            Ok(agent) => agent,
            Err(error @ ApiError::Refused(Refusal::Key, _)) => {
                self.report.notes.extend(self.report.error.take());
                return self.api_failed(error).await;
            }
            // What cannot be asked stays as it is, and the next run asks again.
            Err(_) => return Ok(()),
        };
        self.resend_pending(agent.as_ref()).await
    }

    /// Sends what is owed, and leaves this run's own outcome as it is where that is accepted.
    pub(super) async fn resend_pending(&mut self, agent: Option<&chatbase::Agent>) -> Result<(), RunError> {
        if self.context.dry_run {
            return Ok(());
        }
        let Some((corpus, warrant)) = self.owed().await? else { return Ok(()) };
        if self.embargo().await?.is_some() {
            return Ok(());
        }
        let kept = kept(self.store, corpus).await?;
        let size = kept.manifest.size;
        let Some(approved) = ApprovedCorpus::new(kept.into(), warrant) else {
            return Ok(());
        };
        let (outcome, error) = (self.report.outcome, self.report.error.clone());
        self.push(agent, &approved, size).await?;
        if self.report.outcome == Ending::Published {
            // Only what was owed was sent; this run's own outcome stands.
            (self.report.outcome, self.report.error) = (outcome, error);
        }
        Ok(())
    }

    async fn acknowledged(&mut self, id: i64, request_id: Option<String>, how: &str) -> Result<(), RunError> {
        self.settle(id, PublicationState::Acknowledged, request_id, how).await?;
        self.report.outcome = Ending::Published;
        self.report.error = None;
        self.report.publish.status = PublishStatus::Acknowledged;
        Ok(())
    }

    /// The push was not accepted. What may have arrived earlier stays unknown, for the next run to settle; what
    /// certainly did not needs no settling.
    async fn not_applied(
        &mut self,
        id: i64,
        unknown: bool,
        status: PublishStatus,
        request_id: Option<String>,
        reason: &str,
    ) -> Result<(), RunError> {
        let state = if unknown { PublicationState::Unknown } else { PublicationState::Rejected };
        self.settle(id, state, request_id, reason).await?;
        self.report.publish.status = if unknown { PublishStatus::Unknown } else { status };
        let what = if unknown {
            "nobody knows whether the push arrived; the next run settles it"
        } else {
            "not published"
        };
        self.report.end(Ending::Failed, format!("{what}: {reason}"));
        Ok(())
    }

    async fn settle(
        &self,
        id: i64,
        state: PublicationState,
        request_id: Option<String>,
        detail: &str,
    ) -> Result<(), RunError> {
        let now = (self.context.now)();
        self.context.progress.enter(Stage::Settling);
        self.store
            .settle_publication(id, state, request_id, detail.to_owned(), Some(self.pipeline.keep), now)
            .await?;
        Ok(())
    }

    pub(super) async fn api_failed(&mut self, error: ApiError) -> Result<(), RunError> {
        match error {
            ApiError::Refused(refusal, reason) => self.pause(refusal, reason).await,
            ApiError::Passing(_, reason) => {
                self.report
                    .end(Ending::Failed, format!("the API could not be asked about the agent: {reason}"));
                Ok(())
            }
        }
    }

    async fn pause(&mut self, refusal: Refusal, reason: String) -> Result<(), RunError> {
        pause::pause(self.pipeline, self.store, refusal, reason.clone(), (self.context.now)()).await?;
        self.report.end(Ending::Paused, reason);
        Ok(())
    }
}

fn describe(push: &Push) -> &str {
    match push {
        Push::Applied => "accepted",
        Push::Unknown(reason)
        | Push::Unclear(reason)
        | Push::NotSent(reason)
        | Push::Later(_, reason)
        | Push::Busy(reason)
        | Push::Refused(_, reason) => reason,
    }
}
