//! `corpusd man [DIR]`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, CommandFactory};

use super::{Cli, Exit, put};

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Where the pages go, one per command; without it the first of them is printed
    dir: Option<PathBuf>,
}

/// Writes the manual pages.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    if let Some(dir) = &args.dir {
        let written = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
        written.with_context(|| format!("write the pages into `{}`", dir.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        put(&String::from_utf8(page)?)?;
    }
    Ok(Exit::Done)
}
