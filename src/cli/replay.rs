//! `corpusd replay PIPELINE`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain, open, plan, summary::grouped};
use crate::run;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Which pipeline
    pipeline: String,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

/// Reads the stored pages again by the rules of today, and prints what a run would publish.
pub(super) async fn replay(
    common: &Common,
    args: &ReplayArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let store = match open::state(common, &pipeline)? {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    let replay = match run::replay(&pipeline, &context).await {
        Ok(replay) => replay,
        Err(error) => return open::explain(&pipeline, error),
    };
    if !common.quiet {
        complain(&format!(
            "{} stored pages were read again, {} pages changed, {} stay as they were because the rules find no page in them",
            grouped(replay.read),
            grouped(replay.changed),
            grouped(replay.unread)
        ));
    }
    plan::tell(&pipeline, &store, &context, args.json).await
}
