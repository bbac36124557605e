//! `corpusd run --once [PIPELINE…]`

use std::{sync::Arc, time::Duration};

use clap::Args;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Common, Exit, bar, complain, open, say, summary};
use crate::{
    chatbase::Window,
    config::quantity::Period,
    crawl::{part::Part, pattern::PatternError},
    pipeline::Pipeline,
    report::RunReport,
    run::{self, Context, Deploy, RunError},
    store::LockError,
};

/// How long a deploy is waited for where nothing else is said.
const DEPLOYED_WITHIN: Duration = Duration::from_mins(10);

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Run each pipeline now, then exit: for cron, a systemd timer, or after a deploy
    #[arg(long, required = true)]
    once: bool,
    /// Which pipelines; all enabled ones where none is named
    pipelines: Vec<String>,
    /// First wait until this URL answers with a status of success: a new deploy is live then
    #[arg(long, value_name = "URL")]
    wait_for_url: Option<Url>,
    /// And until its answer has this text, such as the version that was deployed
    #[arg(long, value_name = "TEXT", requires = "wait_for_url")]
    contains: Option<String>,
    /// How long to wait for that; then the exit code is 1, and nothing was run [default: 10m]
    #[arg(long, value_name = "DURATION", requires = "wait_for_url")]
    timeout: Option<Period>,
    /// Crawl only the pages that match, such as `/docs/**`, and leave all others as they were; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
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
    let mut opened = open::open(common, &args.pipelines)?;
    if let Err(error) = limit(&mut opened.pipelines, &args.only) {
        complain(&format!("error: --only: {error}"));
        return Ok(Exit::Usage);
    }
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
    let deploy = args.wait_for_url.clone().map(|url| Deploy {
        url,
        contains: args.contains.clone(),
        timeout: args.timeout.map_or(DEPLOYED_WITHIN, |Period(timeout)| timeout),
    });
    for pipeline in &enabled {
        let context = open::context(common.state_dir(), now, &window, stop.clone());
        if let Some(deploy) = &deploy
            && let Err(error) = run::wait_for_deploy(deploy, pipeline, &context).await
        {
            complain(&format!("error: {}: {error}; nothing was run", pipeline.name));
            exit = exit.min(Exit::Failed);
            continue;
        }
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

/// Limits the pipelines to the pages that match, where any patterns are given.
fn limit(pipelines: &mut [Pipeline], only: &[String]) -> Result<(), PatternError> {
    for pipeline in pipelines.iter_mut().filter(|_| !only.is_empty()) {
        pipeline.only = Some(Part::new(only, pipeline.starts().cloned().collect())?);
    }
    Ok(())
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
