//! `corpusd status [PIPELINE…]`

use clap::Args;
use comfy_table::{Table, presets};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Common, Exit, open, say,
    summary::{grouped, reasons, verification},
};
use crate::{
    gate::Verdict,
    pipeline::Pipeline,
    plain::one_line,
    report::RunReport,
    run,
    store::{Store, StoreError},
};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Which pipelines; all enabled ones where none is named
    pipelines: Vec<String>,
    /// Print one JSON object per pipeline and line
    #[arg(long)]
    json: bool,
}

/// How a pipeline stands.
#[derive(Debug, Serialize)]
struct Standing {
    pipeline: String,
    last_run: Option<RunReport>,
    /// A run that has not ended, or was killed.
    running_since: Option<Timestamp>,
    /// When the schedule asks for the next run; a moment that has passed where it was missed.
    next_run: Option<Timestamp>,
    live: Option<Live>,
    held: Option<String>,
    /// How to go on with what is held.
    #[serde(skip)]
    ways_on: String,
    /// Whether the last run was for another agent or target, and what it holds waits for nobody.
    #[serde(skip)]
    held_elsewhere: bool,
    paused: Option<String>,
    pinned: Option<Pinned>,
    unsettled: bool,
}

#[derive(Debug, Serialize)]
struct Pinned {
    publication: i64,
    since: Timestamp,
}

#[derive(Debug, Serialize)]
struct Live {
    sha256: String,
    since: Timestamp,
    documents: u64,
    characters: u64,
}

/// Prints how the pipelines stand.
pub(super) async fn status(
    common: &Common,
    args: &StatusArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let opened = open::open(common, &args.pipelines)?;
    let mut standings = Vec::new();
    for pipeline in &opened.pipelines {
        standings.push(standing(common, pipeline, now()).await?);
    }
    if args.json {
        for standing in &standings {
            say(&serde_json::to_string(standing).expect("a standing has string keys only"))?;
        }
    } else {
        say(&table(&standings, now()))?;
    }
    Ok(opened.exit)
}

async fn standing(common: &Common, pipeline: &Pipeline, now: Timestamp) -> Result<Standing, StoreError> {
    let state_dir = common.state_dir();
    let name = pipeline.name.as_str();
    let mut standing = Standing {
        pipeline: name.to_owned(),
        last_run: None,
        running_since: None,
        next_run: pipeline.next_run(None, now),
        live: None,
        held: None,
        ways_on: String::new(),
        held_elsewhere: false,
        paused: None,
        pinned: None,
        unsettled: false,
    };
    // Looking must not make a state where there is none.
    if !Store::exists(&state_dir, name) {
        return Ok(standing);
    }
    let store = Store::open(&state_dir, name)?;
    standing.next_run = pipeline.next_run(store.fired().await?, now);
    let target = pipeline.target.identity(&pipeline.agent.id);
    if let Some(run) = store.last_run().await? {
        standing.last_run = run.report.and_then(|json| serde_json::from_str(&json).ok());
        standing.running_since = run.outcome.is_none().then_some(run.started_at);
    }
    if let Some(live) = store.live(target.clone()).await? {
        let manifest = store.manifest(live.corpus).await?.unwrap_or_default();
        standing.live = Some(Live {
            sha256: crate::hash::hex(&live.corpus),
            since: live.at,
            documents: manifest.documents.len() as u64,
            characters: manifest.size.characters,
        });
    }
    let held = store.held().await?;
    let last = standing.last_run.as_ref().map(|report| report.run);
    standing.held_elsewhere =
        held.as_ref().is_some_and(|held| held.target != target && Some(held.run) == last);
    if let Some(held) = held.filter(|held| held.target == target) {
        let verdict = Verdict { lines: held.gates };
        standing.held = Some(one_line(&verdict.reasons()).into_owned());
        standing.ways_on = verdict.ways_on(&pipeline.name);
    }
    standing.paused = run::paused(pipeline, &store).await?.map(|paused| paused.reason);
    let pin = store.pinned(target.clone()).await?;
    standing.pinned = pin.map(|pin| Pinned { publication: pin.publication, since: pin.at });
    standing.unsettled = store.unsettled(target).await?.is_some();
    Ok(standing)
}

fn table(standings: &[Standing], now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["pipeline", "last run", "next run", "live", "age of what is live"]);
    for standing in standings {
        let last = match (&standing.last_run, standing.running_since) {
            (_, Some(since)) => format!("under way since {since:.0}, or killed"),
            (Some(report), None) => format!("{} {}", report.outcome.name(), ago(now, report.started_at)),
            (None, None) => "never".to_owned(),
        };
        let (live, age) = match &standing.live {
            Some(live) => {
                let size = format!("{} documents, {} characters", live.documents, grouped(live.characters));
                (size, ago(now, live.since))
            }
            None => ("nothing".to_owned(), String::new()),
        };
        let next = standing.next_run.map_or_else(|| "on demand".to_owned(), |next| ahead(now, next));
        table.add_row([standing.pipeline.clone(), last, next, live, age]);
    }
    let mut lines = vec![table.to_string()];
    for standing in standings {
        let name = &standing.pipeline;
        if let Some(report) = &standing.last_run {
            let told = verification(&report.verify).into_iter().chain(report.notes.iter().cloned());
            let told = told.chain(reasons(&report.pages));
            lines.extend(told.map(|line| format!("{name}: {line}")));
        }
        if let Some(error) = standing.last_run.as_ref().and_then(|report| report.error.as_ref())
            && standing.held.is_none()
            && standing.paused.is_none()
        {
            lines.push(if standing.held_elsewhere {
                format!("{name}: the last run was for another agent or target")
            } else {
                format!("{name}: {error}")
            });
        }
        if let Some(held) = &standing.held {
            lines.push(format!("{name}: held by {held}"));
            lines.push(format!("{name}: {}", standing.ways_on));
        }
        if let Some(reason) = &standing.paused {
            lines.push(format!("{name}: paused: {reason}"));
            lines.push(format!("{name}: `corpusd resume {name}` lifts the pause"));
        }
        if let Some(Pinned { publication, since }) = &standing.pinned {
            lines.push(format!(
                "{name}: publication {publication} is pinned since {since:.0}; `corpusd unpin {name}` lets runs publish again"
            ));
        }
        if standing.unsettled {
            lines
                .push(format!("{name}: nobody knows whether the last push arrived; the next run settles it"));
        }
    }
    lines.join("\n")
}

fn ahead(now: Timestamp, then: Timestamp) -> String {
    let until = then.duration_since(now);
    match until.as_secs() {
        ..=0 => "due now".to_owned(),
        1..120 => format!("in {} s", until.as_secs()),
        120..7200 => format!("in {} min", until.as_mins()),
        7200..172_800 => format!("in {} h", until.as_hours()),
        seconds => format!("in {} days", seconds / 86_400),
    }
}

fn ago(now: Timestamp, then: Timestamp) -> String {
    let since = now.duration_since(then).max(SignedDuration::ZERO);
    match since.as_secs() {
        0..120 => format!("{} s ago", since.as_secs()),
        120..7200 => format!("{} min ago", since.as_mins()),
        7200..172_800 => format!("{} h ago", since.as_hours()),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}
