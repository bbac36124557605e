//! `corpusd explain PIPELINE URL`

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use super::{Common, Exit, complain, open, say, summary::grouped};
use crate::{
    crawl::{scope::Decision, traps, url::PageKey},
    extract::Block,
    outcome::{Outcome, SkipReason},
    pipeline::{Pipeline, Source},
    plain::one_line,
    run,
    store::{self, Store, Story},
};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Which pipeline
    pipeline: String,
    /// Which page
    url: Url,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What became of a URL.
#[derive(Debug, Serialize)]
struct Explanation {
    url: String,
    /// How the last crawl came across it, the source that counts first.
    found: Vec<Finding>,
    /// What the pipeline's patterns say of it today, source by source.
    rules: Vec<String>,
    history: Vec<Visit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_read: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried_forward: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentFacts>,
    /// What was taken off it because it repeats over the site's pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Taken>,
}

#[derive(Debug, Serialize)]
struct Finding {
    source: usize,
    requested_as: String,
    depth: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    found_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lastmod: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leads_to: Option<String>,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Visit {
    at: Timestamp,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    detail: String,
}

#[derive(Debug, Serialize)]
struct DocumentFacts {
    title: String,
    characters: u64,
    in_corpus: bool,
}

#[derive(Debug, Serialize)]
struct Taken {
    blocks: usize,
    characters: u64,
    /// How the first of them begin.
    samples: Vec<String>,
}

/// Blocks of the template that are shown, and characters of each.
const SAMPLES: usize = 5;
const SAMPLE: usize = 60;

impl Taken {
    fn of(blocks: &[Block]) -> Option<Taken> {
        let line = |block: &Block| -> String {
            block.markdown.lines().next().unwrap_or_default().chars().take(SAMPLE).collect()
        };
        (!blocks.is_empty()).then(|| Taken {
            blocks: blocks.len(),
            characters: blocks.iter().map(|block| block.markdown.chars().count() as u64).sum(),
            samples: blocks.iter().take(SAMPLES).map(line).collect(),
        })
    }
}

/// Prints what became of a URL, and why.
pub(super) async fn explain(common: &Common, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let Some(key) = PageKey::new(&args.url) else {
        complain("a page has an http or https URL without credentials");
        return Ok(Exit::Usage);
    };
    let store = match open::state(common, &pipeline)? {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let story = store.story(key.clone()).await?;
    let explanation = explanation(&pipeline, &store, &args.url, &key, story).await?;
    if args.json {
        say(&serde_json::to_string(&explanation)?)?;
    } else {
        say(&told(&explanation))?;
    }
    Ok(if explanation.found.is_empty() { Exit::Failed } else { Exit::Done })
}

async fn explanation(
    pipeline: &Pipeline,
    store: &Store,
    url: &Url,
    key: &PageKey,
    story: Story,
) -> anyhow::Result<Explanation> {
    let outcome = story.found.first().and_then(|finding| finding.outcome);
    let rules = rules_say(pipeline, url);
    let carried_forward = story.page.as_ref().filter(|page| page.member).and_then(|page| {
        match (page.failing_since, page.gone_runs) {
            (Some(since), _) => Some(format!("it has failed since {since:.0}; what was read before stays")),
            (None, 1) => {
                Some("it was gone in 1 run; what was read before stays until more confirm it".to_owned())
            }
            (None, runs @ 2..) => {
                Some(format!("it was gone in {runs} runs; what was read before stays until more confirm it"))
            }
            (None, 0) => None,
        }
    });
    let made = run::document(pipeline, store, key).await?;
    let template = made.as_ref().and_then(|made| Taken::of(&made.template));
    let document = match made.and_then(|made| made.document) {
        Some(document) => Some(DocumentFacts {
            title: document.title,
            characters: document.markdown.chars().count() as u64,
            in_corpus: match outcome {
                Some(Outcome::Skipped(
                    SkipReason::Duplicate
                    | SkipReason::NearDuplicate
                    | SkipReason::Canonical
                    | SkipReason::Empty,
                )) => false,
                _ => run::is_in_corpus(pipeline, store, key).await?,
            },
        }),
        None => None,
    };
    let visits = story.visits.into_iter();
    Ok(Explanation {
        url: key.to_string(),
        found: story.found.into_iter().map(found).collect(),
        rules,
        history: visits
            .map(|visit| Visit {
                at: visit.at,
                outcome: visit.outcome,
                status: visit.status,
                detail: visit.detail,
            })
            .collect(),
        last_read: story.page.as_ref().map(|page| page.fetched_at),
        carried_forward,
        document,
        template,
    })
}

fn found(finding: store::Finding) -> Finding {
    Finding {
        source: finding.source + 1,
        requested_as: finding.url,
        depth: finding.depth,
        found_on: finding.found_on,
        lastmod: finding.lastmod,
        outcome: finding.outcome.map_or("waiting", Outcome::name),
        status: finding.status,
        leads_to: finding.leads_to,
        detail: finding.detail,
    }
}

/// What the rules of each source say of a URL, without asking anyone.
fn rules_say(pipeline: &Pipeline, url: &Url) -> Vec<String> {
    let of = |source: &Source| match source {
        Source::Site(plan) => match (plan.scope.decide(url), traps::trap(url)) {
            (Decision::OutOfScope | Decision::Excluded, _) => {
                format!("it is left alone: {}", plan.scope.rule(url))
            }
            (_, Some(trap)) => format!("it looks like a trap: {trap}"),
            (Decision::Follow { keep: false }, None) => {
                format!("it is walked for its links only: {}", plan.scope.rule(url))
            }
            (Decision::Follow { keep: true }, None) => {
                format!("it is followed and kept: {}", plan.scope.rule(url))
            }
        },
    };
    pipeline.sources.iter().map(of).collect()
}

fn told(explanation: &Explanation) -> String {
    let mut text = explanation.url.clone();
    let mut line = |name: &str, what: &str| {
        // Writing to a String cannot fail.
        let _written = write!(text, "\n  {name:<10} {}", one_line(what));
    };
    if explanation.found.is_empty() {
        line("found", "no: the last crawl came across no page and no sitemap that names it");
    }
    for found in &explanation.found {
        let on = found.found_on.as_deref().map_or("as a start URL".to_owned(), |on| format!("on {on}"));
        line("found", &format!("{on}, depth {}, source {}", found.depth, found.source));
        if found.requested_as != explanation.url {
            line("asked as", &found.requested_as);
        }
        if let Some(lastmod) = &found.lastmod {
            line("lastmod", &format!("{lastmod}, says the sitemap"));
        }
        let status = found.status.map(|status| format!(" (status {status})")).unwrap_or_default();
        let detail = if found.detail.is_empty() { String::new() } else { format!(": {}", found.detail) };
        line("ended", &format!("{}{status}{detail}", found.outcome));
    }
    for (index, rule) in explanation.rules.iter().enumerate() {
        let source =
            if explanation.rules.len() > 1 { format!("source {}: ", index + 1) } else { String::new() };
        line("rule", &format!("{source}{rule}"));
    }
    if let Some(at) = explanation.last_read {
        line("last read", &format!("{at:.0}"));
    }
    if let Some(carried) = &explanation.carried_forward {
        line("stays", carried);
    }
    for (index, visit) in explanation.history.iter().enumerate() {
        let status = visit.status.map(|status| format!(" {status}")).unwrap_or_default();
        let detail = if visit.detail.is_empty() { String::new() } else { format!(": {}", visit.detail) };
        let name = if index == 0 { "history" } else { "" };
        line(name, &format!("{:.0}  {}{status}{detail}", visit.at, visit.outcome));
    }
    if let Some(document) = &explanation.document {
        let place = if document.in_corpus { "in the corpus" } else { "not in the corpus" };
        let characters = grouped(document.characters);
        line("document", &format!("\"{}\", {characters} characters, {place}", document.title));
    }
    if let Some(taken) = &explanation.template {
        let Taken { blocks, characters, samples } = taken;
        let characters = grouped(*characters);
        line(
            "template",
            &format!("took {blocks} blocks, {characters} characters, as other pages have them:"),
        );
        for sample in samples {
            line("", sample);
        }
    }
    text
}
