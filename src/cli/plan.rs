//! `corpusd plan PIPELINE`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain, hold, open, say, summary::grouped};
use crate::{
    gate::Ruling,
    pipeline::Pipeline,
    report::{CorpusReport, Ending},
    run::{self, Boilerplate, Context, Dropped, Item, Plan},
    store::Store,
};

/// Documents of a kind, sections and blocks that are shown; `--json` has all.
const SHOWN: usize = 20;
/// Characters of the bar that shows how much of the budget is used.
const BAR: u64 = 40;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Which pipeline
    pipeline: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints what a run would publish if the site were as the last complete crawl found it.
pub(super) async fn plan(common: &Common, args: &PlanArgs, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let store = match open::state(common, &pipeline)? {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    tell(&pipeline, &store, &context, args.json).await
}

/// Prints the plan of a pipeline; exit 10 where something else would be published than what is live.
pub(super) async fn tell(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    json: bool,
) -> anyhow::Result<Exit> {
    let Some(plan) = run::plan(pipeline, store, context).await? else {
        let name = &pipeline.name;
        complain(&format!(
            "no crawl of `{name}` was completed yet: `corpusd run --once --dry-run {name}` makes one"
        ));
        return Ok(Exit::Failed);
    };
    say(&if json {
        serde_json::to_string(&plan).expect("a plan has string keys only")
    } else {
        lines(&plan).join("\n")
    })?;
    Ok(if plan.has_changes() { Exit::Pending } else { Exit::Done })
}

fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("{}: by the crawl of {:.0}", plan.pipeline, plan.crawled_at)];
    lines.extend(documents("+", &plan.added));
    let changed = plan.changed.iter().map(|changed| {
        let (now, before) = (changed.item.characters, changed.characters_before);
        let by = if now < before {
            format!("-{}", grouped(before - now))
        } else {
            format!("+{}", grouped(now - before))
        };
        format!("  ~ {:>9}  {}  ({by})", grouped(now), changed.item.url)
    });
    lines.extend(first(changed, plan.changed.len()));
    lines.extend(documents("-", &plan.removed));
    let [added, changed, removed] = [plan.added.len(), plan.changed.len(), plan.removed.len()];
    let unchanged = plan.documents.kept.saturating_sub((added + changed) as u64);
    lines.push(format!("{added} new, {changed} changed, {removed} removed, {unchanged} unchanged"));
    if plan.has_changes() && added + changed + removed == 0 {
        lines.push("the same documents, in another order or form".to_owned());
    }
    lines.push(bar(&plan.next));
    lines.extend(dropped(&plan.dropped));
    lines.extend(plan.boilerplate.iter().flat_map(boilerplate));
    for line in &plan.gates {
        let ruling = if line.verdict == Ruling::Hold { "HOLD" } else { "pass" };
        lines.push(format!("  {ruling}  {}: {}", line.gate, line.detail));
    }
    lines.extend(plan.notes.iter().cloned());
    lines.extend(plan.held.as_ref().and_then(|held| hold::not_shown(plan.pipeline.as_str(), held)));
    lines.push(verdict(plan));
    lines
}

fn documents(sign: &'static str, items: &[Item]) -> Vec<String> {
    let line =
        |item: &Item| format!("  {sign} {:>9}  {}  {}", grouped(item.characters), item.url, item.title);
    first(items.iter().map(line), items.len())
}

/// The first lines, and how many more there are.
fn first(lines: impl Iterator<Item = String>, all: usize) -> Vec<String> {
    let more = (all > SHOWN).then(|| format!("    … and {} more (`--json` has all)", all - SHOWN));
    lines.take(SHOWN).chain(more).collect()
}

fn bar(corpus: &CorpusReport) -> String {
    let used = if corpus.unit == "bytes" { corpus.bytes } else { corpus.utf16 };
    let limit = corpus.limit.max(1);
    let filled = used.saturating_mul(BAR).div_ceil(limit).min(BAR);
    let bar: String = (0..BAR).map(|at| if at < filled { '█' } else { '░' }).collect();
    let percent = used as f64 * 100.0 / limit as f64;
    format!("{bar} {percent:.1}% of {} {} ({} used)", grouped(corpus.limit), corpus.unit, grouped(used))
}

fn dropped(dropped: &[Dropped]) -> Vec<String> {
    if dropped.is_empty() {
        return Vec::new();
    }
    let documents: u64 = dropped.iter().map(|section| section.documents).sum();
    let characters: u64 = dropped.iter().map(|section| section.characters).sum();
    let mut lines = vec![format!(
        "no room for {} documents with {} characters:",
        grouped(documents),
        grouped(characters)
    )];
    let line = |section: &Dropped| {
        format!(
            "  {:>11}  {}  ({} documents)",
            grouped(section.characters),
            section.section,
            section.documents
        )
    };
    lines.extend(first(dropped.iter().map(line), dropped.len()));
    lines
}

fn boilerplate(of: &Boilerplate) -> Vec<String> {
    let mut lines = vec![format!(
        "left out because it repeats over the pages of {} ({:.0}% of the text stays):",
        of.source,
        of.kept * 100.0
    )];
    lines.extend(of.blocks.iter().map(|block| format!("  {:>5} pages  {}", block.pages, block.sample)));
    lines
}

fn verdict(plan: &Plan) -> String {
    let name = &plan.pipeline;
    match plan.outcome {
        Ending::Held => {
            format!("a run would hold this; what is live stays live (`corpusd diff {name}` to look)")
        }
        Ending::Pinned => format!("a run would publish nothing until `corpusd unpin {name}`"),
        Ending::Pending => {
            let after = plan.deferred_until.map(|until| format!(" after {until:.0}")).unwrap_or_default();
            format!("a run would publish this{after} (`corpusd diff {name}` to look)")
        }
        _ => "a run would publish nothing: this is live".to_owned(),
    }
}
