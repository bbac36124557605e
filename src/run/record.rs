//! How a run is recorded: its report, from the beginning to the end.

use jiff::Timestamp;
use tracing::Span;

use super::{Context, RunError, Stage};
use crate::{
    crawl::part::Part,
    http::traffic::Traffic,
    outcome::{Failure, Outcome, SkipReason},
    pipeline::Pipeline,
    report::{Documents, Ending, Pages, PublishReport, PublishStatus, RunReport, VerifyReport},
    store::{RunLock, SnapshotChange, Store, Tally},
};

/// Records that a run begins.
pub(super) async fn begin(
    pipeline: &Pipeline,
    store: &Store,
    lock: &RunLock,
    context: &Context,
) -> Result<RunReport, RunError> {
    let started_at = (context.now)();
    let run = store.begin_run(lock, started_at).await?;
    Span::current().record("run.id", run);
    Ok(blank(pipeline, run, started_at))
}

/// The report of a run that has done nothing yet.
pub(super) fn blank(pipeline: &Pipeline, run: u64, started_at: Timestamp) -> RunReport {
    let target = pipeline.target.kind().to_owned();
    RunReport {
        pipeline: pipeline.name.clone(),
        run,
        outcome: Ending::Failed,
        started_at,
        duration_ms: 0,
        pages: Pages::default(),
        http: Traffic::default(),
        documents: Documents::default(),
        corpus: None,
        gates: Vec::new(),
        publish: PublishReport { target, status: PublishStatus::NotSent, request_id: None },
        verify: VerifyReport::default(),
        error: None,
        notes: Vec::new(),
    }
}

/// Records how it ended.
pub(super) async fn finish(store: &Store, context: &Context, report: &mut RunReport) -> Result<(), RunError> {
    context.progress.enter(Stage::Reporting);
    let now = (context.now)();
    report.duration_ms = u64::try_from(now.duration_since(report.started_at).as_millis()).unwrap_or(0);
    report.make_plain();
    let json = serde_json::to_string(&report).expect("a report has string keys only");
    store.finish_run(report.run, report.outcome.name().to_owned(), json, now).await?;
    let (outcome, duration_ms) = (report.outcome.name(), report.duration_ms);
    match (report.outcome, &report.error) {
        (Ending::Failed | Ending::Paused | Ending::VerificationFailed, Some(error)) => {
            tracing::error!(outcome, duration_ms, "run ends: {outcome}: {error}");
        }
        (Ending::Held | Ending::Incomplete, Some(error)) => {
            tracing::warn!(outcome, duration_ms, "run ends: {outcome}: {error}");
        }
        _ => tracing::info!(outcome, duration_ms, "run ends: {outcome}"),
    }
    Ok(())
}

/// What a run that was limited to a part says of it.
pub(super) fn limited(part: &Part, pages: &Pages) -> String {
    let (part, outside) = (part.shown(), pages.outside);
    match pages.requested {
        0 => format!("no page matches {part}: all {outside} pages stay as they were"),
        _ => format!("only {part} was crawled; {outside} other pages stay as they were"),
    }
}

/// What became of the pages.
pub(super) fn pages(tally: &Tally, change: &SnapshotChange) -> Pages {
    let mut pages = Pages {
        discovered: tally.discovered,
        requested: tally.requested,
        fetched: tally.fetched,
        not_modified: tally.not_modified,
        new: change.new,
        changed: change.changed,
        unchanged: change.unchanged,
        removed: change.removed,
        carried_forward: change.carried_forward,
        outside: change.outside,
        ..Pages::default()
    };
    for (name, count) in &tally.by_outcome {
        match Outcome::from_name(name) {
            // A broken link is no failure.
            Some(Outcome::Skipped(reason)) => {
                pages.skipped += count;
                pages.skipped_by.insert(reason.name().to_owned(), *count);
                pages.truncated |= matches!(reason, SkipReason::MaxPages | SkipReason::Depth);
            }
            Some(Outcome::Failed(failure)) => {
                pages.failed += count;
                pages.failed_by.insert(Failure::name(failure).to_owned(), *count);
            }
            Some(Outcome::Fetched | Outcome::NotModified) | None => {}
        }
    }
    pages
}
