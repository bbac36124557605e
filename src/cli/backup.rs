//! `corpusd backup DIR [PIPELINE…]`

use std::path::PathBuf;

use clap::Args;

use super::{Common, Exit, complain, say};
use crate::store::{SHARED, Store};

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where the copies go; earlier ones of the same pipelines are replaced
    dir: PathBuf,
    /// Which pipelines; all that have a state where none is named
    pipelines: Vec<String>,
}

/// Copies the state, whatever runs meanwhile, and prints the path of each copy. The pipeline files are not asked: the state
/// is worth keeping also where they are broken or gone.
pub(super) async fn backup(common: &Common, args: &BackupArgs) -> anyhow::Result<Exit> {
    let state_dir = common.state_dir();
    let kept = Store::names(&state_dir)?;
    let mut exit = Exit::Done;
    for missing in args.pipelines.iter().filter(|name| !kept.contains(name)) {
        complain(&format!("error: `{missing}` has no state in `{}`", state_dir.display()));
        exit = Exit::Usage;
    }
    // What concerns a key belongs to each of them.
    let is_meant =
        |name: &&String| args.pipelines.is_empty() || *name == SHARED || args.pipelines.contains(name);
    for name in kept.iter().filter(is_meant) {
        match Store::back_up(&state_dir, name, &args.dir).await {
            Ok(copy) => say(&copy.display().to_string())?,
            Err(error) => {
                complain(&format!("error: {name}: {:#}", anyhow::Error::new(error)));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}
