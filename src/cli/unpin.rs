//! `corpusd unpin PIPELINE`

use clap::Args;

use super::{Common, Exit, complain, open};
use crate::store::Store;

/// Arguments of `unpin`.
#[derive(Debug, Args)]
pub(super) struct UnpinArgs {
    /// Which pipeline
    pipeline: String,
}

/// Lets later runs publish what they find; until then what is live stays live.
pub(super) async fn unpin(common: &Common, args: &UnpinArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let state_dir = common.state_dir();
    let name = pipeline.name.as_str();
    let unpinned = Store::exists(&state_dir, name) && Store::open(&state_dir, name)?.unpin().await?;
    complain(&if unpinned {
        format!("`{name}` is no longer pinned: the next run publishes what it finds, if the gates pass it")
    } else {
        format!("`{name}` was not pinned")
    });
    Ok(Exit::Done)
}
