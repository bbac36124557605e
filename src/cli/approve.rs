//! `corpusd approve PIPELINE`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain, open, summary};
use crate::{run, store::Store};

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// Which pipeline
    pipeline: String,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Publishes what the gates hold.
pub(super) async fn approve(
    common: &Common,
    args: &ApproveArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one_to_run(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    let ended = run::approve(&pipeline, &context).await;
    context.outbox.close().await;
    let report = match ended {
        Ok(Some(report)) => report,
        Ok(None) => {
            let name = pipeline.name.as_str();
            let target = pipeline.target.identity(&pipeline.agent.id);
            let pin = Store::open(&context.state_dir, name)?.pinned(target).await?;
            complain(&match pin {
                // What may have been held before is no longer: one was gone back to instead.
                Some(pin) => format!(
                    "nothing is held for `{name}`: publication {} is pinned, until `corpusd unpin {name}`",
                    pin.publication
                ),
                None => format!("nothing is held for `{name}`"),
            });
            return Ok(Exit::Done);
        }
        Err(error) => return open::explain(&pipeline, error),
    };
    summary::tell(&report, args.json)
}
