//! `corpusd run --once [PIPELINE…]`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, bar, complain, open, say, summary};
use crate::{
    chatbase::Window,
    pipeline::Pipeline,
    report::RunReport,
    run::{self, Context, RunError},
    store::LockError,
};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Run each pipeline now, then exit: for cron, a systemd timer, or after a deploy
    #[arg(long, required = true)]
    once: bool,
    /// Which pipelines; all enabled ones where none is named
    pipelines: Vec<String>,
    /// Send nothing: crawl, judge and report; exit 10 where something would be published
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON report per line on stdout instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs the pipelines, one after the other, and prints what they did.
pub(super) async fn run(common: &Common, args: &RunArgs, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    debug_assert!(args.once, "the argument is required");
    let opened = open::open(common, &args.pipelines)?;
    if opened.pipelines.is_empty() && opened.exit == Exit::Done {
        complain("0 pipelines: nothing to do");
    }
    let (enabled, disabled): (Vec<_>, Vec<_>) =
        opened.pipelines.into_iter().partition(|pipeline| pipeline.enabled);
    for pipeline in disabled {
        complain(&format!("`{}` is disabled (`enabled: false`): nothing to do", pipeline.name));
    }
    let window = Arc::new(Window::default());
    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(stop.clone()));
    let mut exit = opened.exit;
    let mut reports = Vec::new();
    for pipeline in &enabled {
        let context = open::context(common.state_dir(), now, &window, stop.clone());
        let context = Context { dry_run: args.dry_run, ..context };
        let result = run_one(pipeline, &context, common.quiet).await;
        exit = exit.min(settle(pipeline, result, args.json, &mut reports)?);
        if stop.is_cancelled() {
            break;
        }
    }
    if !args.json && !common.quiet && !reports.is_empty() {
        say(&summary::table(&reports))?;
    }
    if stop.is_cancelled() { Ok(signals.await.unwrap_or(Exit::Interrupted)) } else { Ok(exit) }
}

/// Runs one pipeline with a progress bar beside it. It runs as a task of its own, so that a panic in it is a
/// failed run and touches no other.
pub(super) async fn run_one(
    pipeline: &Pipeline,
    context: &Context,
    quiet: bool,
) -> Result<RunReport, anyhow::Error> {
    let bar = bar::start(pipeline, Arc::clone(&context.progress), quiet);
    let (pipeline, context) = (pipeline.clone(), context.clone());
    let result = tokio::spawn(async move { run::run(&pipeline, &context).await }).await;
    bar.finish().await;
    match result {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => {
            Err(anyhow::Error::new(error).context("the run panicked; what is live stays as it was"))
        }
    }
}

fn settle(
    pipeline: &Pipeline,
    result: Result<RunReport, anyhow::Error>,
    json: bool,
    reports: &mut Vec<RunReport>,
) -> anyhow::Result<Exit> {
    Ok(match result {
        Ok(report) => {
            if json {
                say(&serde_json::to_string(&report).expect("a report has string keys only"))?;
            }
            let exit = Exit::of(&report);
            reports.push(report);
            exit
        }
        Err(error) => {
            complain(&format!("error: {}: {error:#}", pipeline.name));
            match error.downcast_ref::<RunError>() {
                Some(RunError::Lock(LockError::Taken(_))) => Exit::Busy,
                _ => Exit::Failed,
            }
        }
    })
}

/// Cancels `stop` at the first SIGINT or SIGTERM; a second one ends the process at once, which loses nothing
/// that was committed.
async fn stop_on_signal(stop: CancellationToken) -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        complain("warning: signals cannot be handled; they will end the process at once");
        return Exit::Failed;
    };
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    };
    stop.cancel();
    complain("stopping; the next run goes on from here (once more to stop at once)");
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[expect(clippy::exit, reason = "the user asked twice")]
        std::process::exit(if exit == Exit::Interrupted { 130 } else { 143 });
    });
    exit
}
