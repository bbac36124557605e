//! `corpusd completions SHELL`

use clap::{Args, CommandFactory};

use super::{Cli, Exit, put};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    shell: clap_complete::Shell,
}

/// Prints a script that completes commands and options.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "corpusd", &mut script);
    put(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
