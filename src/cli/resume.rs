//! `corpusd resume PIPELINE`

use clap::Args;

use super::{Common, Exit, complain, open};
use crate::{run, store::Store};

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// Which pipeline
    pipeline: String,
}

/// Lifts a pause; the next run tries again.
pub(super) async fn resume(common: &Common, args: &ResumeArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let state_dir = common.state_dir();
    let name = pipeline.name.as_str();
    // Another pipeline may have met the refusal of a key that this one uses too.
    let lifted = run::resume(&pipeline, &Store::open(&state_dir, name)?).await?;
    complain(&if lifted {
        format!("`{name}` is no longer paused")
    } else {
        format!("`{name}` was not paused")
    });
    Ok(Exit::Done)
}
