//! A corpus as sources of an agent that is kept by its sources.
//!
//! A push converges: it looks at what is there, plans, and writes what differs. So whatever became of an earlier push, of
//! a request without an answer or of a person's edit, the next push ends it. Only sources that carry our name are
//! touched, and nothing goes before everything else is there.

pub mod label;
pub mod layout;
pub mod plan;

use std::sync::Arc;

use label::Label;
pub use layout::Limits;
use layout::{Answers, Wanted, layout};
pub use plan::survey;
use plan::{Step, labelled, of_ours, plan};

use super::Sent;
use crate::{
    blocking::blocking,
    chatbase::{
        self, ApiError, Push, Refusal, Source, Status,
        v2::{Client, Draft},
    },
    corpus::Corpus,
};

/// Writes of one push that may fail for a passing reason before it gives up: the others are made meanwhile.
const MAX_FAILED: usize = 3;
/// Looks at a list that does not show what was written before that counts as lost.
const LOOKS: usize = 3;
const UNLISTED: &str = "the API does not list what it accepted";

/// A connection to the sources of an agent.
#[derive(Debug)]
pub struct Sources {
    client: Client,
    limits: Limits,
}

/// What the writes of one push came to so far.
#[derive(Debug, Default)]
struct Done {
    /// The API's name for the last request that has one.
    request_id: Option<String>,
    /// Whether the agent may hold something of the push.
    any: bool,
    /// Why the API did not take a question with its answer, if it refused one.
    refused_answer: Option<String>,
}

impl Sources {
    /// The sources that `client` writes, within these limits.
    pub fn new(client: Client, limits: Limits) -> Sources {
        Sources { client, limits }
    }

    /// The agent with all its sources.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn agent(&self) -> Result<chatbase::Agent, ApiError> {
        self.client.agent().await
    }

    /// Asks the agent a question, as a visitor would.
    pub(super) async fn ask(&self, question: &str) -> Result<String, ApiError> {
        self.client.chat(question).await
    }

    /// Makes the agent's sources those of `corpus`, and its name `name`, and waits for the training.
    pub(super) async fn converge(&self, name: Option<&str>, corpus: Arc<Corpus>) -> Sent {
        let mut done = Done::default();
        let push = self.push(name, corpus, &mut done).await;
        let partial = done.any && push != Push::Applied;
        Sent { push, request_id: done.request_id, partial }
    }

    async fn push(&self, name: Option<&str>, corpus: Arc<Corpus>, done: &mut Done) -> Push {
        let agent = match self.client.agent().await {
            Ok(agent) => agent,
            Err(error) => return later(error),
        };
        if let Some(name) = name.filter(|name| agent.name.as_deref() != Some(name)) {
            let (push, request_id) = self.client.rename(name).await;
            done.note(&push, request_id);
            if push != Push::Applied {
                return passing(push);
            }
        }
        let known = Arc::new(agent.sources.unwrap_or_default());
        let wanted = match self.bring_up(&corpus, known, Answers::Native, done).await {
            Ok(None) => return Push::Applied,
            Ok(Some(wanted)) => wanted,
            Err(push) => {
                let Some(reason) = done.refused_answer.take() else { return push };
                tracing::warn!("questions are written as texts, because the API refused one: {reason}");
                let known = match self.client.sources().await {
                    Ok(known) => Arc::new(known),
                    Err(error) => return later(error),
                };
                match self.bring_up(&corpus, known, Answers::AsThere, done).await {
                    Ok(None) => return Push::Applied,
                    Ok(Some(wanted)) => wanted,
                    Err(push) => return push,
                }
            }
        };
        match self.train(done).await {
            Push::Applied => self.settled(&wanted).await,
            push => push,
        }
    }

    /// Writes what differs from what is wanted, and gives that; `None` where nothing differs.
    async fn bring_up(
        &self,
        corpus: &Arc<Corpus>,
        known: Arc<Vec<Source>>,
        answers: Answers,
        done: &mut Done,
    ) -> Result<Option<Vec<Wanted>>, Push> {
        let wanted = {
            let (corpus, known, limits) = (Arc::clone(corpus), Arc::clone(&known), self.limits);
            blocking(move || layout(&corpus, &known, limits, answers)).await
        };
        let steps = plan(&wanted, &known);
        if steps.is_empty() && is_trained(&known) {
            return Ok(None);
        }
        tracing::info!(
            sources = wanted.len(),
            writes = steps.len(),
            "the agent's sources are brought up to date"
        );
        let (writes, deletions) = steps.split_at(steps.iter().take_while(|step| !step.is_delete()).count());
        let mut push = self.perform(writes, done).await;
        // An answer that says nothing of what was written may be that of something else than the API.
        if push == Push::Applied && !writes.is_empty() && !deletions.is_empty() {
            push = self.listed(&wanted).await;
        }
        if push == Push::Applied {
            push = self.perform(deletions, done).await;
        }
        match push {
            Push::Applied => Ok(Some(wanted)),
            push => Err(push),
        }
    }

    /// Makes writes one after the other.
    async fn perform(&self, steps: &[Step<'_>], done: &mut Done) -> Push {
        let mut failures = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            if self.client.patience().stop.is_cancelled() {
                return Push::Later(None, "asked to stop".to_owned());
            }
            let (push, request_id) = match step {
                Step::Update(id, wanted) => self.client.update(id, draft(wanted)).await,
                Step::Create(wanted) => self.client.create(draft(wanted)).await,
                Step::Delete(id) => self.client.delete(id).await,
            };
            done.note(&push, request_id);
            match push {
                Push::Applied => tracing::debug!("{step}"),
                Push::Unknown(reason) | Push::Unclear(reason) => {
                    failures.push(format!("{step}: {reason}"));
                    if failures.len() == MAX_FAILED {
                        break;
                    }
                }
                Push::Refused(Refusal::Size, reason) => {
                    let left: u64 = steps[at..].iter().map(Step::bytes).sum();
                    let help = "lower `corpus.limit`, or delete other sources of the agent";
                    let reason =
                        format!("{reason} ({left} bytes found no room, and nothing was deleted: {help})");
                    return Push::Refused(Refusal::Size, reason);
                }
                Push::Refused(refusal @ (Refusal::Request | Refusal::Plan), reason) => {
                    // Which forms of sources an account takes shows only here.
                    done.refused_answer = step.is_answer().then(|| reason.clone());
                    return Push::Refused(refusal, reason);
                }
                push => return push,
            }
        }
        match failures.into_iter().next() {
            Some(first) => Push::Later(None, first),
            None => Push::Applied,
        }
    }

    /// Asks for a training where the API waits to be asked.
    async fn train(&self, done: &mut Done) -> Push {
        match self.client.awaits_training().await {
            Ok(false) => Push::Applied,
            Ok(true) => {
                done.any = true;
                passing(self.client.train().await)
            }
            Err(error) => later(error),
        }
    }

    /// Waits until the list shows all that is wanted, whatever it shows besides.
    async fn listed(&self, wanted: &[Wanted]) -> Push {
        let mut look = 0;
        loop {
            match self.look(wanted).await {
                Ok(known) if plan(wanted, &known).iter().all(Step::is_delete) => return Push::Applied,
                Ok(_) => look += 1,
                Err(push) => return push,
            }
            if look == LOOKS || !self.client.patience().pause(look - 1, None).await {
                return Push::Later(None, UNLISTED.to_owned());
            }
        }
    }

    /// Waits until the agent answers from what is wanted. Where that takes too long, what was accepted has to do.
    async fn settled(&self, wanted: &[Wanted]) -> Push {
        let mut look = 0;
        loop {
            let known = match self.look(wanted).await {
                Ok(known) => known,
                Err(push) => return push,
            };
            let is_listed = plan(wanted, &known).is_empty();
            if is_listed && is_trained(&known) {
                return Push::Applied;
            }
            look += 1;
            let goes_on = is_listed || look < LOOKS;
            if !goes_on || !self.client.patience().pause(look - 1, None).await {
                if is_listed {
                    tracing::warn!("the sources were accepted, and their training is not confirmed");
                    return Push::Applied;
                }
                return Push::Later(None, UNLISTED.to_owned());
            }
        }
    }

    /// The agent's sources, if no training of what is wanted has failed.
    async fn look(&self, wanted: &[Wanted]) -> Result<Vec<Source>, Push> {
        let known = self.client.sources().await.map_err(later)?;
        let is_wanted = |label: Label| wanted.iter().any(|wanted| wanted.label.slot == label.slot);
        let failed: Vec<_> = of_ours(&known)
            .filter(|(label, source)| source.status == Status::Failed && is_wanted(*label))
            .collect();
        match failed.first() {
            None => Ok(known),
            Some((_, first)) => {
                let reason =
                    format!("the training of {} sources failed, first `{}`", failed.len(), first.name);
                Err(Push::Later(None, reason))
            }
        }
    }
}

impl Done {
    fn note(&mut self, push: &Push, request_id: Option<String>) {
        self.any |= matches!(push, Push::Applied | Push::Unknown(_) | Push::Unclear(_));
        self.request_id = request_id.or(self.request_id.take());
    }
}

impl Step<'_> {
    fn is_delete(&self) -> bool {
        matches!(self, Step::Delete(_))
    }

    /// Whether it brings a question with its answer.
    fn is_answer(&self) -> bool {
        matches!(self, Step::Update(_, wanted) | Step::Create(wanted) if wanted.question.is_some())
    }

    /// The bytes that it brings.
    fn bytes(&self) -> u64 {
        match self {
            Step::Update(_, wanted) | Step::Create(wanted) => wanted.content.len() as u64,
            Step::Delete(_) => 0,
        }
    }
}

impl std::fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Update(_, wanted) => write!(f, "update `{}`", wanted.name),
            Step::Create(wanted) => write!(f, "create `{}`", wanted.name),
            Step::Delete(id) => write!(f, "delete {id}"),
        }
    }
}

fn draft(wanted: &Wanted) -> Draft<'_> {
    Draft { name: &wanted.name, content: &wanted.content, question: wanted.question.as_deref() }
}

/// Whether nothing of ours waits for a training, not even to leave with it.
pub(super) fn is_trained(known: &[Source]) -> bool {
    labelled(known).all(|(_, source)| source.status == Status::Trained)
}

/// What nobody knows of is settled by another look.
fn passing(push: Push) -> Push {
    match push {
        Push::Unknown(reason) | Push::Unclear(reason) => Push::Later(None, reason),
        push => push,
    }
}

fn later(error: ApiError) -> Push {
    match error {
        ApiError::Refused(refusal, reason) => Push::Refused(refusal, reason),
        ApiError::Passing(wait, reason) => Push::Later(wait, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wanted source as the API lists it in the end.
    pub(super) fn trained(wanted: &Wanted) -> Source {
        Source {
            id: wanted.name.clone(),
            kind: if wanted.question.is_some() { "qna" } else { "text" }.to_owned(),
            name: wanted.name.clone(),
            size: wanted.content.len() as u64,
            status: Status::Trained,
        }
    }
}
