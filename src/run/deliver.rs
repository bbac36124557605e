//! The gates and the commit protocol: intent, request, acknowledgement.
//!
//! An outcome that nobody knows is settled by asking the API, then by sending the same bytes again, or a newer
//! corpus that passed the gates; by nothing else.

use std::time::Duration;

use super::{Context, RunError, assemble::Assembled};
use crate::{
    chatbase::{self, ApiError, Push},
    corpus::{Corpus, Counts},
    gate::{self, ApprovedCorpus, Facts, Foreign, Warrant},
    hash::hex,
    pipeline::Pipeline,
    publish::{Publisher, Target},
    report::{Ending, PublishStatus, RunReport},
    store::{Before, Held, Pause, Publication, PublicationState, Store, StoredCorpus},
};

/// The same bytes are sent again at most so often in one run.
const RESENDS: u32 = 2;
/// A `Retry-After` up to this is waited for within the run.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// How long to wait for what.
#[derive(Debug, Clone)]
pub struct Waits {
    /// Before the next attempt at something that failed for a passing reason; doubled each time.
    pub backoff: Duration,
    /// Pauses between the questions whether a push of unknown outcome arrived.
    pub confirm: Vec<Duration>,
}

impl Default for Waits {
    fn default() -> Waits {
        // Training takes one to two minutes as a rule, and shows when it is done.
        Waits {
            backoff: Duration::from_secs(2),
            confirm: [2, 4, 8, 16, 30, 60].map(Duration::from_secs).to_vec(),
        }
    }
}

/// Why nothing is sent: a refusal that no change of settings has answered yet.
pub(super) async fn pause_in_force(pipeline: &Pipeline, store: &Store) -> Result<Option<String>, RunError> {
    match store.paused().await? {
        Some(pause) if pause.fingerprint == pipeline.target.fingerprint(&pipeline.agent.id) => {
            let name = &pipeline.name;
            Ok(Some(format!(
                "{} (paused since {}; `corpusd resume {name}` lifts the pause)",
                pause.reason, pause.at
            )))
        }
        Some(_) => {
            store.resume().await?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// Publishes what was assembled if it differs from what is live and the gates pass it.
pub(super) async fn deliver(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    assembled: &Assembled,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let mut delivery = Delivery::new(pipeline, store, context, report);
    let unsettled = store.unsettled(delivery.target.clone()).await?;
    if let Some(publication) = &unsettled {
        delivery.ask_once(publication).await?;
    }
    let live = store.live(delivery.target.clone()).await?;
    let unsettled = store.unsettled(delivery.target.clone()).await?;
    if unsettled.is_none() && live.as_ref().is_some_and(|live| live.corpus == assembled.sha256) {
        store.release().await?;
        delivery.report.outcome = Ending::Unchanged;
        delivery.report.publish.status = PublishStatus::NotNeeded;
        return Ok(());
    }
    let agent = match delivery.agent().await {
        Ok(agent) => agent,
        Err(error) => return delivery.api_failed(error).await,
    };
    let corpus = match &assembled.fresh {
        Some(corpus) => corpus.clone(),
        None => delivery.kept(assembled.sha256).await?.into(),
    };
    let published = match &live {
        Some(live) => store.manifest(live.corpus).await?,
        None => None,
    };
    let facts = delivery.facts(&corpus.text, agent.as_ref(), live.is_some() || unsettled.is_some());
    let verdict = gate::judge(published.as_ref(), &corpus, facts, &pipeline.gates);
    delivery.report.gates.clone_from(&verdict.lines);
    store
        .keep_corpus(corpus.clone(), assembled.made_from, assembled.left_out.clone(), (context.now)())
        .await?;
    if let Some(approved) = ApprovedCorpus::new(corpus.text, corpus.sha256, Warrant::Verdict(&verdict)) {
        store.release().await?;
        delivery.push(agent.as_ref(), &approved, corpus.manifest.size).await
    } else {
        let reasons: Vec<_> = verdict.holds().map(|line| format!("{}: {}", line.gate, line.detail)).collect();
        let held = Held { corpus: corpus.sha256, run: delivery.report.run, gates: verdict.lines };
        store.hold(held).await?;
        let name = &pipeline.name;
        let reason = format!(
            "held by {} (`corpusd show {name}` to look, `corpusd approve {name}` to go on)",
            reasons.join("; ")
        );
        delivery.report.end(Ending::Held, reason);
        delivery.resend_pending(agent.as_ref()).await
    }
}

/// Publishes what the gates hold, because a person approved it.
pub(super) async fn deliver_held(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    held: Held,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let mut delivery = Delivery::new(pipeline, store, context, report);
    delivery.report.gates.clone_from(&held.gates);
    let kept = delivery.kept(held.corpus).await?;
    let agent = match delivery.agent().await {
        Ok(agent) => agent,
        Err(error) => return delivery.api_failed(error).await,
    };
    let size = kept.manifest.size;
    let Some(approved) = ApprovedCorpus::new(kept.text, kept.sha256, Warrant::Approval) else {
        return Ok(());
    };
    delivery.push(agent.as_ref(), &approved, size).await
}

/// Settles a push of unknown outcome where this run has no corpus of its own to send.
pub(super) async fn settle_pending(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let mut delivery = Delivery::new(pipeline, store, context, report);
    let Some(publication) = store.unsettled(delivery.target.clone()).await? else { return Ok(()) };
    delivery.ask_once(&publication).await?;
    if store.unsettled(delivery.target.clone()).await?.is_some() {
        // What could not be asked stays unknown, and the next run asks again.
        if let Ok(agent) = delivery.agent().await {
            return delivery.resend_pending(agent.as_ref()).await;
        }
    }
    Ok(())
}

/// One run's dealings with its target.
struct Delivery<'a> {
    pipeline: &'a Pipeline,
    store: &'a Store,
    context: &'a Context,
    report: &'a mut RunReport,
    publisher: Publisher,
    target: String,
}

impl<'a> Delivery<'a> {
    fn new(
        pipeline: &'a Pipeline,
        store: &'a Store,
        context: &'a Context,
        report: &'a mut RunReport,
    ) -> Delivery<'a> {
        let agent_id = &pipeline.agent.id;
        let publisher = pipeline.target.connect(agent_id, context.window.clone(), context.now);
        Delivery { pipeline, store, context, report, publisher, target: pipeline.target.identity(agent_id) }
    }

    /// What the target says of the agent, asked again after passing failures.
    async fn agent(&self) -> Result<Option<chatbase::Agent>, ApiError> {
        let mut attempt = 0;
        loop {
            match self.publisher.agent().await {
                Err(ApiError::Passing(wait, _)) if attempt < RESENDS && self.wait(attempt, wait).await => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Waits before attempt `attempt` + 1; false where the API asks for longer than a run waits.
    async fn wait(&self, attempt: u32, asked: Option<Duration>) -> bool {
        let wait = asked.unwrap_or_default().max(self.context.waits.backoff * 2_u32.saturating_pow(attempt));
        if wait > LONGEST_WAIT {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.context.stop.cancelled() => false,
        }
    }

    async fn kept(&self, sha256: [u8; 32]) -> Result<StoredCorpus, RunError> {
        let kept = self.store.corpus(sha256).await?;
        kept.ok_or_else(|| RunError::MissingCorpus(hex(&sha256[..4])))
    }

    fn facts(&self, text: &str, agent: Option<&chatbase::Agent>, ours: bool) -> Facts {
        let name = self.name(agent);
        let (body, adopt) = match &self.pipeline.target {
            Target::ChatbaseV1(v1) => {
                let size = chatbase::v1::body_size(&self.pipeline.agent.id, name, text);
                (Some((size, v1.max_body)), v1.adopt)
            }
            Target::Directory(_) => (None, true),
        };
        let foreign = match agent {
            Some(agent) if !ours && !adopt => match agent.characters {
                Some(0) => Foreign::None,
                Some(count) => Foreign::Characters(count),
                None => Foreign::Unknown,
            },
            _ => Foreign::None,
        };
        let pages = &self.report.pages;
        Facts { requested: pages.requested, failed: pages.failed, body, foreign }
    }

    /// The configured name, else the one the agent has: sending another would rename it.
    fn name<'n>(&'n self, agent: Option<&'n chatbase::Agent>) -> Option<&'n str> {
        self.pipeline.agent.name.as_deref().or_else(|| agent?.name.as_deref())
    }

    /// Intent, request, acknowledgement; what is unknown is asked about and sent again.
    async fn push(
        &mut self,
        agent: Option<&chatbase::Agent>,
        corpus: &ApprovedCorpus,
        size: Counts,
    ) -> Result<(), RunError> {
        let before = agent.map_or_else(Before::default, |agent| Before {
            last_trained_at: agent.last_trained_at.clone(),
            characters: agent.characters,
        });
        let now = (self.context.now)();
        let id = self
            .store
            .intend(self.report.run, *corpus.sha256(), self.target.clone(), before.clone(), now)
            .await?;
        let name = self.name(agent).map(str::to_owned);
        let mut attempt = 0;
        loop {
            let (push, request_id) = self.publisher.push(name.as_deref(), corpus).await;
            let request = request_id.as_deref().unwrap_or("none");
            tracing::info!(request.id = request, size_bytes = size.bytes, "push: {}", describe(&push));
            if request_id.is_some() {
                self.report.publish.request_id.clone_from(&request_id);
            }
            match push {
                Push::Applied => return self.acknowledged(id, request_id, "accepted").await,
                Push::Refused(_, reason) => return self.refused(id, request_id, reason).await,
                Push::Unknown(ref reason) | Push::Unclear(ref reason) => {
                    let resends = if matches!(push, Push::Unclear(_)) { 1 } else { RESENDS };
                    self.settle(id, PublicationState::Unknown, request_id.clone(), reason).await?;
                    if self.confirmed(&before, size).await {
                        return self.acknowledged(id, request_id, "confirmed by asking").await;
                    }
                    if attempt >= resends || self.context.stop.is_cancelled() {
                        self.report.publish.status = PublishStatus::Unknown;
                        let reason = format!(
                            "nobody knows whether the push arrived ({reason}); the next run settles it"
                        );
                        self.report.end(Ending::Failed, reason);
                        return Ok(());
                    }
                }
                Push::NotSent(reason) | Push::Later(_, reason) if attempt >= RESENDS => {
                    return self.not_sent(id, request_id, reason).await;
                }
                Push::NotSent(reason) => {
                    if !self.wait(attempt, None).await {
                        return self.not_sent(id, request_id, reason).await;
                    }
                }
                Push::Later(wait, reason) => {
                    if wait.is_none() && reason.starts_with("status 409") || !self.wait(attempt, wait).await {
                        return self.not_sent(id, request_id, reason).await;
                    }
                }
            }
            attempt += 1;
        }
    }

    /// Asks whether a push of unknown outcome arrived, until the answer is yes or patience ends.
    async fn confirmed(&self, before: &Before, size: Counts) -> bool {
        for pause in &self.context.waits.confirm {
            tokio::select! {
                () = tokio::time::sleep(*pause) => {}
                () = self.context.stop.cancelled() => return false,
            }
            if let Ok(Some(agent)) = self.publisher.agent().await
                && arrived(before, &agent, size)
            {
                return true;
            }
        }
        false
    }

    /// Asks once about a push that an earlier run left unsettled.
    async fn ask_once(&mut self, publication: &Publication) -> Result<(), RunError> {
        let Some(manifest) = self.store.manifest(publication.corpus).await? else { return Ok(()) };
        if let Ok(Some(agent)) = self.publisher.agent().await
            && arrived(&publication.before, &agent, manifest.size)
        {
            tracing::info!("the push of an earlier run had arrived");
            let state = PublicationState::Acknowledged;
            self.settle(publication.id, state, publication.request_id.clone(), "confirmed by asking").await?;
        }
        Ok(())
    }

    /// Sends the bytes of an unsettled push again: what is live may be either, and must become one.
    async fn resend_pending(&mut self, agent: Option<&chatbase::Agent>) -> Result<(), RunError> {
        let Some(publication) = self.store.unsettled(self.target.clone()).await? else { return Ok(()) };
        let kept = self.kept(publication.corpus).await?;
        let Some(approved) = ApprovedCorpus::new(kept.text, kept.sha256, Warrant::Intent) else {
            return Ok(());
        };
        let (outcome, error) = (self.report.outcome, self.report.error.clone());
        self.push(agent, &approved, kept.manifest.size).await?;
        if self.report.outcome == Ending::Published {
            // Only an older push was settled; this run's own outcome stands.
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

    async fn refused(&mut self, id: i64, request_id: Option<String>, reason: String) -> Result<(), RunError> {
        self.settle(id, PublicationState::Rejected, request_id, &reason).await?;
        self.report.publish.status = PublishStatus::Rejected;
        self.pause(reason).await
    }

    /// What was certainly not received needs no settling: the next run makes its own intent.
    async fn not_sent(
        &mut self,
        id: i64,
        request_id: Option<String>,
        reason: String,
    ) -> Result<(), RunError> {
        self.settle(id, PublicationState::Rejected, request_id, &reason).await?;
        self.report.publish.status = PublishStatus::NotSent;
        self.report.end(Ending::Failed, format!("not published: {reason}"));
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
        self.store
            .settle_publication(id, state, request_id, detail.to_owned(), self.pipeline.keep, now)
            .await?;
        Ok(())
    }

    async fn api_failed(&mut self, error: ApiError) -> Result<(), RunError> {
        match error {
            ApiError::Refused(_, reason) => self.pause(reason).await,
            ApiError::Passing(_, reason) => {
                self.report
                    .end(Ending::Failed, format!("the API could not be asked about the agent: {reason}"));
                Ok(())
            }
        }
    }

    async fn pause(&mut self, reason: String) -> Result<(), RunError> {
        let fingerprint = self.pipeline.target.fingerprint(&self.pipeline.agent.id);
        self.store.pause(Pause { reason: reason.clone(), fingerprint, at: (self.context.now)() }).await?;
        self.report.end(Ending::Paused, reason);
        Ok(())
    }
}

impl From<StoredCorpus> for Corpus {
    fn from(kept: StoredCorpus) -> Corpus {
        Corpus { text: kept.text, sha256: kept.sha256, manifest: kept.manifest }
    }
}

/// Whether what the API says of the agent shows that a push of this size arrived after `before`. A training
/// alone proves nothing: somebody may have retrained the agent on what it held.
fn arrived(before: &Before, agent: &chatbase::Agent, size: Counts) -> bool {
    let trained_since = agent.last_trained_at.is_some() && agent.last_trained_at != before.last_trained_at;
    let other_size = agent.characters != before.characters;
    match agent.characters {
        Some(count) if [size.utf16, size.characters, size.bytes].contains(&count) => {
            trained_since || other_size
        }
        // The count may include what the agent holds besides.
        Some(_) => trained_since && other_size,
        None => trained_since,
    }
}

fn describe(push: &Push) -> &str {
    match push {
        Push::Applied => "accepted",
        Push::Unknown(reason)
        | Push::Unclear(reason)
        | Push::NotSent(reason)
        | Push::Later(_, reason)
        | Push::Refused(_, reason) => reason,
    }
}
