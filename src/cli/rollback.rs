//! `corpusd rollback PIPELINE [TO]`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, open, summary};
use crate::run;

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// Which pipeline
    pipeline: String,
    /// The number of a publication, or the beginning of its hash, as `history` lists them [default: the one before
    /// what is live]
    to: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Publishes an earlier corpus again, and pins it.
pub(super) async fn rollback(
    common: &Common,
    args: &RollbackArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one_to_run(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    let ended = run::rollback(&pipeline, &context, args.to.as_deref()).await;
    context.outbox.close().await;
    match ended {
        Ok(report) => summary::tell(&report, args.json),
        Err(error) => open::explain(&pipeline, error),
    }
}
