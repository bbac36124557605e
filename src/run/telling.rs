//! Whoever wants to know of a run: in the log, and outside.

use tracing::{Span, field};

use super::{Context, RunError};
use crate::{
    notify::{Notifier, Past},
    outcome::in_words,
    pipeline::Pipeline,
    report::RunReport,
    store::LockError,
};

/// What every line in the log of a run says, down to the least talkative level.
pub(super) fn span(pipeline: &Pipeline) -> Span {
    tracing::error_span!("run", pipeline = pipeline.name.as_str(), run.id = field::Empty)
}

pub(super) fn notifier(pipeline: &Pipeline, context: &Context) -> Notifier {
    Notifier::new(&pipeline.name, &pipeline.notify, &context.outbox, context.now)
}

/// Does what the user wants to be done before a run, unless it is stopped meanwhile; gives why it is not to go on.
pub(super) async fn before(
    notifier: &Notifier,
    context: &Context,
    run: u64,
) -> Result<Result<(), String>, RunError> {
    tokio::select! {
        done = notifier.before(run) => Ok(done.map_err(|error| format!("not begun: {error}"))),
        () = context.stop.cancelled() => Err(RunError::Interrupted),
    }
}

/// Hands a finished run on to those who want to know.
pub(super) async fn tell(notifier: &Notifier, ended: &Result<(RunReport, Past), RunError>) {
    match ended {
        Ok((report, past)) => notifier.ended(report, past).await,
        // Whoever is at it tells of its own run.
        Err(RunError::Lock(LockError::Taken(_))) => {}
        Err(error) => notifier.failed(&in_words(error)).await,
    }
}
