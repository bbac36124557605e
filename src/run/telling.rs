//! Whoever wants to know of a run: in the log, and outside.

use tracing::{Instrument, field};

use super::{Context, RunError};
use crate::{
    notify::{Notifier, Past},
    outcome::in_words,
    pipeline::Pipeline,
    report::RunReport,
    store::{LockError, Store, StoreError},
};

/// Does work that ends with a recorded report, with the name of the run in each line of its log, and hands on what came
/// of it to those who want to know. This is the one place where they are told.
pub(super) async fn told<T>(
    pipeline: &Pipeline,
    context: &Context,
    work: impl Future<Output = Result<T, RunError>>,
    report_in: fn(&T) -> Option<&RunReport>,
) -> Result<T, RunError> {
    // At the least talkative level, so that every line has it.
    let span = tracing::error_span!("run", pipeline = pipeline.name.as_str(), run.id = field::Empty);
    let all = async {
        let ended = work.await;
        match &ended {
            // Whoever only wants to see what would happen is told on the spot.
            _ if context.dry_run => {}
            Ok(value) => {
                if let Some(report) = report_in(value) {
                    tell(pipeline, context, report).await;
                }
            }
            // Whoever is at it tells of its own run; and what a person got wrong at the keyboard is no news.
            Err(RunError::Lock(LockError::Taken(_)) | RunError::NoPublication(_)) => {}
            Err(error) => notifier(pipeline, context).failed(&in_words(error)).await,
        }
        ended
    };
    Box::pin(all.instrument(span)).await
}

/// Tells that a run has begun, and does what the user wants to be done before it, unless it is stopped meanwhile; gives
/// why it is not to go on.
pub(super) async fn begun(
    pipeline: &Pipeline,
    context: &Context,
    run: u64,
) -> Result<Result<(), String>, RunError> {
    if context.dry_run {
        return Ok(Ok(()));
    }
    let notifier = notifier(pipeline, context);
    notifier.started();
    tokio::select! {
        done = notifier.before(run) => Ok(done.map_err(|error| format!("not begun: {error}"))),
        () = context.stop.cancelled() => Err(RunError::Interrupted),
    }
}

/// Tells that a run is due and cannot even begin.
pub async fn tell_unable(pipeline: &Pipeline, context: &Context, reason: &str) {
    notifier(pipeline, context).failed(reason).await;
}

/// Tells that what is live turned stale since the last run: once, whatever process looks.
///
/// # Errors
/// [`StoreError`] where the state cannot be used.
pub async fn tell_if_stale(pipeline: &Pipeline, context: &Context) -> Result<(), StoreError> {
    let name = pipeline.name.as_str();
    // Nobody else is told of this: a health check misses its ping.
    if pipeline.notify.webhook.is_none() || !Store::exists(&context.state_dir, name) {
        return Ok(());
    }
    let store = Store::open(&context.state_dir, name)?;
    let standing = store.standing(pipeline.target.identity(&pipeline.agent.id)).await?;
    let Some((report, ended_at)) = standing.last else { return Ok(()) };
    let past = past(pipeline, context, report.run + 1).await?;
    let notifier = notifier(pipeline, context);
    if let Some(true_at) = past.true_at.filter(|_| notifier.is_stale(&past))
        && store.note_stale(true_at).await?
    {
        notifier.aged(&report, &past, ended_at);
    }
    Ok(())
}

async fn tell(pipeline: &Pipeline, context: &Context, report: &RunReport) {
    let past = match past(pipeline, context, report.run).await {
        Ok(past) => past,
        Err(error) => {
            tracing::warn!("what was before the run is not known: {}", in_words(&error));
            Past::default()
        }
    };
    notifier(pipeline, context).ended(report, &past).await;
}

async fn past(pipeline: &Pipeline, context: &Context, run: u64) -> Result<Past, StoreError> {
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    store.past(run, pipeline.target.identity(&pipeline.agent.id)).await
}

fn notifier(pipeline: &Pipeline, context: &Context) -> Notifier {
    Notifier::new(&pipeline.name, &pipeline.notify, &context.outbox, context.now)
}
