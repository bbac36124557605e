//! ONE RUN, top to bottom: start reading here.
//!
//! crawl → snapshot → corpus → gates → publish → report. A page that fails is data in the report; a run that
//! fails leaves what is live as it was.

mod assemble;
mod deliver;
mod delivery;
mod deploy;
mod discoverer;
mod doctor;
mod lanes;
mod look;
mod pause;
mod plan;
pub mod progress;
mod reading;
mod record;
mod replay;
mod rollback;
mod rules;
mod site;
mod telling;
mod verification;
mod waits;
mod walk;

use std::{
    any::Any, collections::HashSet, panic::AssertUnwindSafe, path::PathBuf, sync::Arc, time::Duration,
};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use assemble::Assembled;
pub use assemble::Made;
pub use deploy::{Deploy, DeployError, wait_for_deploy};
pub use doctor::{Check, Finding, Health, doctor};
pub use look::{Looked, OnHold, corpus_named, document, document_text, is_in_corpus, next_corpus, on_hold};
pub use pause::{Paused, paused, resume};
pub use plan::{Boilerplate, Changed, Dropped, Item, Plan, Repeated, Standing, plan};
pub use progress::{Progress, Stage};
use record::{begin, blank, finish, limited, pages};
pub use replay::{Replay, replay};
pub use rollback::{NoPublication, rollback};
pub use telling::{tell_if_stale, tell_unable};
pub use verification::{ExamineError, Examined, examine, failures};
pub use waits::Waits;
use walk::Walked;

use crate::{
    chatbase::Window,
    crawl::pacer::Pacers,
    gate::{self, Crawled, Line},
    http::traffic::Traffic,
    notify::Outbox,
    outcome::in_words,
    pipeline::{Pipeline, Source},
    report::{CorpusReport, Ending, RunReport},
    snapshot::Patience,
    store::{LockError, RunLock, SnapshotChange, Store, StoreError, Tally},
};

/// What a run needs besides its pipeline.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where the state lives.
    pub state_dir: PathBuf,
    /// The wall clock.
    pub now: fn() -> Timestamp,
    /// The API's request window, shared by all runs of the process.
    pub window: Arc<Window>,
    /// The pace towards each host, shared likewise.
    pub pacers: Arc<Pacers>,
    /// How long to wait for what.
    pub waits: Waits,
    /// Whether nothing is sent, whatever the gates say: the run crawls, judges and reports.
    pub dry_run: bool,
    /// Ends the run at the next safe moment.
    pub stop: CancellationToken,
    /// How long the run may take; it ends at the next safe moment after that.
    pub timeout: Option<Duration>,
    /// Where the run has got to.
    pub progress: Arc<Progress>,
    /// Takes what is told of the run; the process has to close it before it ends.
    pub outbox: Outbox,
}

/// Why a run could not be made, or not be finished.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another process is at it, or the lock file cannot be used.
    #[error("failed to lock the pipeline")]
    Lock(#[from] LockError),
    /// The state cannot be used.
    #[error("failed to use the state")]
    Store(#[from] StoreError),
    /// Asked to stop: what was read is committed, and the next run goes on from there.
    #[error("interrupted")]
    Interrupted,
    /// A corpus that is recorded is not there.
    #[error("the corpus {0} is recorded but not kept")]
    MissingCorpus(String),
    /// There is no such publication.
    #[error(transparent)]
    NoPublication(#[from] NoPublication),
}

/// Runs a pipeline once, and tells those of it who want to know.
///
/// # Errors
/// [`RunError`] where the run could not even be recorded; every other failure is in the report.
pub async fn run(pipeline: &Pipeline, context: &Context) -> Result<RunReport, RunError> {
    // A whole run is a large future, too large for the stacks of its callers.
    let recorded = Box::pin(recorded(pipeline, context));
    telling::told(pipeline, context, recorded, |report| Some(report)).await
}

/// From the lock to the recorded report.
async fn recorded(pipeline: &Pipeline, context: &Context) -> Result<RunReport, RunError> {
    let lock = lock(pipeline, context)?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    let mut report = begin(pipeline, &store, &lock, context).await?;
    tracing::info!("run begins");
    let limited = Limited::new(context);
    let work = async {
        if let Err(reason) = telling::begun(pipeline, &limited.context, report.run).await? {
            report.end(Ending::Failed, reason);
            return Ok(());
        }
        verified(pipeline, &store, &limited.context, &mut report).await
    };
    // A panic is a fault of this program; it must not take the other runs with it, nor go unrecorded. What was
    // committed before it is sound.
    let passed = AssertUnwindSafe(work).catch_unwind().await;
    match passed {
        Ok(Ok(())) => {}
        Ok(Err(RunError::Interrupted)) => {
            report.pages = pages(&store.tally().await?, &SnapshotChange::default());
            if context.stop.is_cancelled() {
                report.end(Ending::Interrupted, "asked to stop; the next run goes on from here".to_owned());
            } else {
                store.postpone_crawl().await?;
                report.end(
                    Ending::Incomplete,
                    "out of time (`schedule.timeout`): what is live stays live, and the next run goes on from here"
                        .to_owned(),
                );
            }
        }
        Ok(Err(error)) => report.end(Ending::Failed, in_words(&error)),
        Err(panic) => report.end(Ending::Failed, format!("a fault of this program: {}", said(&*panic))),
    }
    finish(&store, context, &mut report).await?;
    Ok(report)
}

/// A context whose time is limited.
struct Limited {
    context: Context,
    timer: Option<JoinHandle<()>>,
}

impl Limited {
    fn new(context: &Context) -> Limited {
        let stop = context.stop.child_token();
        let timer = context.timeout.map(|timeout| {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(timeout).await;
                stop.cancel();
            })
        });
        Limited { context: Context { stop, ..context.clone() }, timer }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}

/// A whole run: golden questions stand at its end, however it came there.
async fn verified(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    report: &mut RunReport,
) -> Result<(), RunError> {
    pass(pipeline, store, context, report).await?;
    verification::settle(pipeline, store, context, report).await
}

/// The steps of a run. Returning early means that what is live stays live.
async fn pass(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    report: &mut RunReport,
) -> Result<(), RunError> {
    if let Some(Paused { reason, at }) = paused(pipeline, store).await? {
        let name = &pipeline.name;
        report.end(
            Ending::Paused,
            format!("{reason} (paused since {at}; `corpusd resume {name}` lifts the pause)"),
        );
        return Ok(());
    }
    // What was refused before has been changed since.
    store.resume().await?;

    if pipeline.only.is_some() && store.sources_with_members().await?.is_empty() {
        let reason = "`--only` carries all else forward, and nothing is known yet: run once without it";
        report.end(Ending::Failed, reason.to_owned());
        return Ok(());
    }
    if pipeline.only.is_some()
        && let Some(reason) = deliver::whole_is_held(pipeline, store).await?
    {
        report.end(Ending::Held, reason);
        return deliver::settle_pending(pipeline, store, context, report).await;
    }
    context.progress.enter(Stage::Crawling);
    let Walked { doubts, notes, traffic } = walk::walk(pipeline, store, context).await?;
    report.http = traffic;
    report.notes = notes;
    let reasons = doubts.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>().join("; ");
    let withheld: HashSet<usize> = doubts.iter().map(|(source, _)| *source).collect();
    if !others_can_go_on(pipeline, store, &withheld).await? {
        store.abandon_crawl().await?;
        report.pages = pages(&store.tally().await?, &SnapshotChange::default());
        report.end(
            Ending::Incomplete,
            format!("the crawl is incomplete, and what is live stays live: {reasons}"),
        );
        return deliver::settle_pending(pipeline, store, context, report).await;
    }
    if !doubts.is_empty() {
        report.notes.push(format!("a source stays as it was, because its crawl is incomplete: {reasons}"));
    }

    let Traffic { requests, bytes, .. } = report.http;
    tracing::info!(http.requests = requests, http.size_bytes = bytes, "crawled");

    context.progress.enter(Stage::Completing);
    let change = store.complete_crawl(patience(pipeline), pipeline.only.clone(), (context.now)()).await?;
    // Before assembling, which notes what became of pages: here every page counts that was read.
    let mut doubts = site::doubts(store, &withheld).await?;
    context.progress.enter(Stage::Assembling);
    let assembled = assemble::assemble(pipeline, store).await?;
    store.note_outcomes(assembled.notes()).await?;
    if assembled.fresh.is_some() {
        let Assembled { sha256, made_from, .. } = assembled;
        let (left_out, remarks) = (assembled.left_out.clone(), assembled.remarks.clone());
        store.note_made_from(sha256, assembled.manifest.clone(), made_from, left_out, remarks).await?;
    }
    let tally = store.tally().await?;
    report.pages = pages(&tally, &change);
    report.notes.extend(pipeline.only.as_ref().map(|part| limited(part, &report.pages)));
    report.documents = assembled.documents.clone();
    report.notes.extend(assembled.swapped.iter().chain(&assembled.remarks).cloned());
    report.corpus = Some(CorpusReport::of(assembled.sha256, assembled.manifest.size, &pipeline.budget));
    let (documents, size_bytes) = (report.documents.kept, assembled.manifest.size.bytes);
    tracing::info!(documents, size_bytes, "assembled");

    doubts.extend(gate::of_going(change.going, change.members(), &pipeline.gates));
    let crawled = crawled(&tally, &change, doubts);
    deliver::deliver(pipeline, store, context, &crawled, &assembled, report).await
}

/// What a complete crawl says for or against its corpus.
fn crawled(tally: &Tally, change: &SnapshotChange, doubts: Vec<Line>) -> Crawled {
    Crawled {
        requested: tally.believed.0,
        // A page that is gone was read, in its way: how many may leave is for another gate.
        failed: tally.believed.1.max(change.carried_forward - change.withheld - change.going),
        doubts,
    }
}

/// Whether the run can go on with the sources that were crawled completely: the others have to have something that
/// stays as it was, or what is published would lack them.
async fn others_can_go_on(
    pipeline: &Pipeline,
    store: &Store,
    doubted: &HashSet<usize>,
) -> Result<bool, RunError> {
    Ok(doubted.is_empty()
        || doubted.len() < pipeline.sources.len() && doubted.is_subset(&store.sources_with_members().await?))
}

/// Approves what the gates hold and publishes it, without a crawl.
///
/// # Errors
/// As [`run`]; the report is `None` where nothing is held.
pub async fn approve(pipeline: &Pipeline, context: &Context) -> Result<Option<RunReport>, RunError> {
    telling::told(pipeline, context, approved(pipeline, context), Option::as_ref).await
}

async fn approved(pipeline: &Pipeline, context: &Context) -> Result<Option<RunReport>, RunError> {
    let lock = lock(pipeline, context)?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    let Some(held) = store.held().await? else { return Ok(None) };
    let mut report = begin(pipeline, &store, &lock, context).await?;
    resume(pipeline, &store).await?;
    let delivered = match deliver::deliver_held(pipeline, &store, context, held, &mut report).await {
        Ok(()) => verification::settle(pipeline, &store, context, &mut report).await,
        failed => failed,
    };
    if let Err(error) = delivered {
        report.end(Ending::Failed, in_words(&error));
    }
    finish(&store, context, &mut report).await?;
    Ok(Some(report))
}

fn lock(pipeline: &Pipeline, context: &Context) -> Result<RunLock, LockError> {
    let agent = &pipeline.agent.id;
    RunLock::take(&context.state_dir, pipeline.name.as_str(), agent, &pipeline.target.place(agent))
}

fn patience(pipeline: &Pipeline) -> Vec<Patience> {
    let of = |source: &Source| match source {
        Source::Site(plan) => Patience { gone_after: plan.gone_after, stale_for: plan.stale_for },
    };
    pipeline.sources.iter().map(of).collect()
}
