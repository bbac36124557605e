//! `corpusd history PIPELINE`

use clap::Args;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use super::{Common, Exit, open, say, summary::grouped};
use crate::{
    hash::hex,
    pipeline::Pipeline,
    report::RunReport,
    store::{PublicationState, RunRow, Store, StoreError},
};

/// Runs that are shown, the latest ones; `--json` has all.
const SHOWN: usize = 20;
/// Digits of a hash that are shown: enough to name it.
const DIGITS: usize = 8;

/// Arguments of `history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Which pipeline
    pipeline: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was published, and what ran, the latest first. Field names are stable.
#[derive(Debug, Serialize)]
struct History {
    pipeline: String,
    publications: Vec<Published>,
    runs: Vec<Ran>,
}

#[derive(Debug, Serialize)]
struct Published {
    publication: i64,
    run: u64,
    at: Timestamp,
    state: &'static str,
    sha256: String,
    documents: u64,
    characters: u64,
    live: bool,
    pinned: bool,
    /// The earlier publication that it went back to.
    restores: Option<i64>,
    /// Whether `rollback` takes it.
    can_roll_back: bool,
}

#[derive(Debug, Serialize)]
struct Ran {
    run: u64,
    started_at: Timestamp,
    /// `None` while it runs.
    outcome: Option<String>,
    sha256: Option<String>,
    documents: Option<u64>,
    characters: Option<u64>,
    error: Option<String>,
}

/// Prints what was published and what ran.
pub(super) async fn history(common: &Common, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let history = match open::state(common, &pipeline)? {
        Ok(store) => read(&pipeline, &store).await?,
        Err(exit) => return Ok(exit),
    };
    say(&if args.json {
        serde_json::to_string(&history).expect("a history has string keys only")
    } else {
        table(&history)
    })?;
    Ok(Exit::Done)
}

async fn read(pipeline: &Pipeline, store: &Store) -> Result<History, StoreError> {
    let target = pipeline.target.identity(&pipeline.agent.id);
    let live = store.live(target.clone()).await?.map(|live| live.id);
    let pinned = store.pinned(target.clone()).await?.map(|pin| pin.publication);
    let mut publications = Vec::new();
    for publication in store.publications(target).await? {
        let manifest = store.manifest(publication.corpus).await?.unwrap_or_default();
        publications.push(Published {
            publication: publication.id,
            run: publication.run,
            at: publication.at,
            state: publication.state.name(),
            sha256: hex(&publication.corpus),
            documents: manifest.documents.len() as u64,
            characters: manifest.size.characters,
            live: live == Some(publication.id),
            pinned: pinned == Some(publication.id),
            restores: publication.restores,
            can_roll_back: publication.state == PublicationState::Acknowledged,
        });
    }
    let runs = store.runs().await?.into_iter().map(ran).collect();
    Ok(History { pipeline: pipeline.name.to_string(), publications, runs })
}

fn ran(row: RunRow) -> Ran {
    // A report of another version may not be readable; that the run was is known.
    let report: Option<RunReport> = row.report.and_then(|json| serde_json::from_str(&json).ok());
    let corpus = report.as_ref().and_then(|report| report.corpus.clone());
    Ran {
        run: row.id,
        started_at: row.started_at,
        outcome: row.outcome,
        documents: corpus.is_some().then(|| report.as_ref().map_or(0, |report| report.documents.kept)),
        characters: corpus.as_ref().map(|corpus| corpus.characters),
        sha256: corpus.map(|corpus| corpus.sha256),
        error: report.and_then(|report| report.error),
    }
}

fn table(history: &History) -> String {
    let mut published = Table::new();
    published.load_style(presets::UTF8_BORDERS_ONLY);
    published.set_header(["publication", "at", "state", "documents", "characters", "corpus", "run"]);
    for row in &history.publications {
        published.add_row([
            row.publication.to_string(),
            format!("{:.0}", row.at),
            state(row),
            grouped(row.documents),
            grouped(row.characters),
            row.sha256.chars().take(DIGITS).collect(),
            row.run.to_string(),
        ]);
    }
    let mut runs = Table::new();
    runs.load_style(presets::UTF8_BORDERS_ONLY);
    runs.set_header(["run", "began", "outcome", "documents", "characters", "corpus"]);
    for row in history.runs.iter().take(SHOWN) {
        let number = |number: Option<u64>| number.map(grouped).unwrap_or_default();
        runs.add_row([
            row.run.to_string(),
            format!("{:.0}", row.started_at),
            row.outcome.clone().unwrap_or_else(|| "under way, or killed".to_owned()),
            number(row.documents),
            number(row.characters),
            row.sha256.iter().flat_map(|sha256| sha256.chars().take(DIGITS)).collect(),
        ]);
    }
    let name = &history.pipeline;
    let mut lines = Vec::new();
    if history.publications.is_empty() {
        lines.push(format!("{name}: nothing was published yet"));
    } else {
        lines.push(published.to_string());
        lines.push(format!("{name}: `corpusd rollback {name} NUMBER` goes back to one that was accepted"));
    }
    lines.push(runs.to_string());
    if history.runs.len() > SHOWN {
        lines.push(format!("{name}: {} earlier runs (`--json` has all)", history.runs.len() - SHOWN));
    }
    lines.join("\n")
}

fn state(row: &Published) -> String {
    let state = match row.state {
        "acknowledged" if row.live => "live",
        "acknowledged" => "accepted",
        "intent" => "unknown",
        other => other,
    };
    let restores = row.restores.map(|earlier| format!(", back to {earlier}")).unwrap_or_default();
    let pinned = if row.pinned { ", pinned" } else { "" };
    format!("{state}{restores}{pinned}")
}
