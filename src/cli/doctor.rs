//! `corpusd doctor [PIPELINE…]`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, open, say};
use crate::{
    plain::one_line,
    report::PipelineName,
    run::{self, Finding, Health},
};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Which pipelines; all enabled ones where none is named
    pipelines: Vec<String>,
    /// Print one JSON object per check and line
    #[arg(long)]
    json: bool,
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Line<'a> {
    pipeline: &'a PipelineName,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Looks at everything that a run needs, and says what is wrong with it. Nothing is written, here or at the API.
pub(super) async fn doctor(
    common: &Common,
    args: &DoctorArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let opened = open::open_to_run(common, &args.pipelines)?;
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    let mut exit = opened.exit;
    for pipeline in &opened.pipelines {
        for finding in run::doctor(pipeline, &context).await {
            let line = Line { pipeline: &pipeline.name, finding: &finding };
            if args.json {
                say(&serde_json::to_string(&line).expect("a finding has string keys only"))?;
            } else {
                let Finding { check, health, detail } = &finding;
                say(&format!("{}: {} {}: {}", pipeline.name, mark(*health), check.name(), one_line(detail)))?;
            }
            if finding.health == Health::Failed {
                exit = exit.min(Exit::Failed);
            }
        }
    }
    Ok(exit)
}

/// As wide as each other, so that what follows stands in columns.
fn mark(health: Health) -> &'static str {
    match health {
        Health::Ok => "ok     ",
        Health::Failed => "FAILED ",
        Health::Unknown => "unknown",
    }
}
