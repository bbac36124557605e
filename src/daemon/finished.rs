//! The one place that every finished run of the daemon comes by.

use crate::report::{Ending, RunReport};

/// Hands on what a run did.
pub(super) fn finished(report: &RunReport) {
    let (pipeline, run, outcome) = (&report.pipeline, report.run, report.outcome.name());
    let reason = report.error.as_deref().unwrap_or_default();
    match report.outcome {
        Ending::Published | Ending::Unchanged => {
            tracing::info!(pipeline = %pipeline, run.id = run, "`{pipeline}`: {outcome}");
        }
        Ending::Interrupted => {
            tracing::warn!(pipeline = %pipeline, run.id = run, "`{pipeline}`: {outcome}: {reason}");
        }
        _ => tracing::error!(pipeline = %pipeline, run.id = run, "`{pipeline}`: {outcome}: {reason}"),
    }
}
