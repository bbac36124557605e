//! `corpusd run`, `corpusd run --once [PIPELINE…]`, `corpusd run --due [PIPELINE…]`

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{ArgGroup, Args};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Common, Exit, bar, complain, daemon, metrics_file, open, say, signals::stop_on_signal, summary};
use crate::{
    config::quantity::Period,
    crawl::{part::Part, pattern::PatternError},
    outcome::in_words,
    pipeline::Pipeline,
    report::RunReport,
    run::{self, Context, Deploy, RunError},
    schedule::{Due, Timer},
    store::{LockError, Store, StoreError},
};

/// How long a deploy is waited for where nothing else is said.
const DEPLOYED_WITHIN: Duration = Duration::from_mins(10);

/// Arguments of `run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(group = ArgGroup::new("pass").args(["once", "due"]).multiple(true))]
pub(super) struct RunArgs {
    /// Run each pipeline now, then exit: for a systemd timer, or after a deploy
    #[arg(long)]
    once: bool,
    /// Run those that are due by their schedules, then exit: for cron, every few minutes
    #[arg(long)]
    due: bool,
    /// Which pipelines; all enabled ones where none is named
    #[arg(requires = "pass")]
    pipelines: Vec<String>,
    /// First wait until this URL answers with a status of success: a new deploy is live then
    #[arg(long, value_name = "URL", requires = "pass")]
    wait_for_url: Option<Url>,
    /// And until its answer has this text, such as the version that was deployed
    #[arg(long, value_name = "TEXT", requires = "wait_for_url")]
    contains: Option<String>,
    /// How long to wait for that; then the exit code is 1, and nothing was run [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = period, requires = "wait_for_url")]
    timeout: Option<Duration>,
    /// Crawl only the pages that match, such as `/docs/**`, and leave all others as they were; may be repeated
    #[arg(long, value_name = "PATTERN", requires = "pass")]
    only: Vec<String>,
    /// Send nothing: crawl, judge and report; exit 10 where something would be published
    #[arg(long, requires = "pass")]
    dry_run: bool,
    /// Print one JSON report per line on stdout instead of a table
    #[arg(long, requires = "pass")]
    json: bool,
    /// How long the daemon may take to stop, such as 60s [default: as in corpusd.yaml]
    #[arg(long, value_name = "TIME", value_parser = period, conflicts_with = "pass")]
    stop_timeout: Option<Duration>,
    /// Write what Prometheus is told, of every enabled pipeline, into this file: for `node_exporter`'s textfile collector
    #[arg(long, value_name = "FILE", requires = "pass")]
    metrics_file: Option<PathBuf>,
}

impl RunArgs {
    /// Whether it goes on until it is stopped.
    pub(super) fn is_daemon(&self) -> bool {
        !self.once && !self.due
    }
}

fn period(text: &str) -> Result<Duration, String> {
    text.parse::<Period>()
        .map(|Period(period)| period)
        .map_err(|malformed| format!("wanted {}", malformed.expected))
}

/// Runs the pipelines on their schedules, or one after the other, and prints what they did.
pub(super) async fn run(common: &Common, args: &RunArgs, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    if args.is_daemon() {
        return Ok(daemon::daemon(common, args.stop_timeout, now).await);
    }
    let mut opened = open::open_to_run(common, &args.pipelines)?;
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
    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(stop.clone()));
    let template = open::context(common.state_dir(), now, &Arc::default(), stop.clone());
    let mut exit = opened.exit;
    let turns: Vec<_> = if args.due {
        let (turns, seen) = due(enabled, &template).await;
        exit = exit.min(seen);
        turns
    } else {
        enabled.into_iter().map(|pipeline| Turn { pipeline, fire: None }).collect()
    };
    let mut reports = Vec::new();
    let deploy = args.wait_for_url.clone().map(|url| Deploy {
        url,
        contains: args.contains.clone(),
        timeout: args.timeout.unwrap_or(DEPLOYED_WITHIN),
    });
    for Turn { pipeline, fire } in turns {
        let mut context = Context { dry_run: args.dry_run, progress: Arc::default(), ..template.clone() };
        if let Some(deploy) = &deploy
            && let Err(error) = run::wait_for_deploy(deploy, &pipeline, &context).await
        {
            complain(&format!("error: {}: {error}; nothing was run", pipeline.name));
            exit = exit.min(Exit::Failed);
            continue;
        }
        if let Some((since, timer)) = fire {
            context.timeout = Some(timer.schedule().timeout);
            match claim(&pipeline, since, timer, &context).await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    exit = exit.min(settle(&pipeline, Err(error.into()), args.json, &mut reports)?);
                    continue;
                }
            }
        }
        let result = run_one(&pipeline, &context, common.quiet).await;
        exit = exit.min(settle(&pipeline, result, args.json, &mut reports)?);
        if stop.is_cancelled() {
            break;
        }
    }
    if !args.json && !common.quiet && !reports.is_empty() {
        say(&summary::table(&reports))?;
    }
    if let Some(path) = &args.metrics_file {
        metrics_file::write(common, path, now()).await?;
    }
    template.outbox.close().await;
    if stop.is_cancelled() { Ok(signals.await.unwrap_or(Exit::Interrupted)) } else { Ok(exit) }
}

/// Limits the pipelines to the pages that match, where any patterns are given.
fn limit(pipelines: &mut [Pipeline], only: &[String]) -> Result<(), PatternError> {
    for pipeline in pipelines.iter_mut().filter(|_| !only.is_empty()) {
        pipeline.only = Some(Part::new(only, pipeline.starts().cloned().collect())?);
    }
    Ok(())
}

/// A pipeline that is to run.
struct Turn {
    pipeline: Pipeline,
    /// Since when it is due, where a schedule says so.
    fire: Option<(Timestamp, Timer)>,
}

/// Those that are due, the longest overdue first. A pipeline whose state cannot be used keeps no other from running.
async fn due(pipelines: Vec<Pipeline>, context: &Context) -> (Vec<Turn>, Exit) {
    let (mut turns, mut exit) = (Vec::new(), Exit::Done);
    for pipeline in pipelines {
        let now = (context.now)();
        match crate::daemon::timer(context, &pipeline, now).await {
            Ok(Some(mut timer)) => {
                if let Due::Since(since) = timer.look(now) {
                    turns.push(Turn { pipeline, fire: Some((since, timer)) });
                }
            }
            Ok(None) => {}
            Err(error) => {
                complain(&format!("error: {}: {}", pipeline.name, in_words(&error)));
                exit = Exit::Failed;
            }
        }
    }
    turns.sort_by_key(|turn| turn.fire.as_ref().map(|(since, _)| *since));
    (turns, exit)
}

/// Takes the fire; false where another process has.
async fn claim(
    pipeline: &Pipeline,
    since: Timestamp,
    mut timer: Timer,
    context: &Context,
) -> Result<bool, StoreError> {
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    store.fire(timer.fire(since, (context.now)())).await
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
