//! `corpusd validate [FILE…]`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::{Common, Exit, open, say};
use crate::config::{self, Diagnostic, Loaded};

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Which files; all of the config folder where none is named
    files: Vec<PathBuf>,
    /// Count variables that are not set as set: in CI, and in editors
    #[arg(long)]
    allow_unset: bool,
    /// Print one JSON object per fault on stdout
    #[arg(long)]
    json: bool,
}

/// Checks the files and prints everything that is wrong with them.
pub(super) fn validate(common: &Common, args: &ValidateArgs) -> anyhow::Result<Exit> {
    let env = open::env(args.allow_unset);
    let results = if args.files.is_empty() {
        let dir = common.config_dir();
        config::load_dir(&dir, &env).with_context(|| format!("no pipeline files in `{}`", dir.display()))?
    } else {
        args.files.iter().map(|file| config::load_file(file, &env)).collect()
    };
    let mut sound = 0;
    for result in &results {
        let told: &[Diagnostic] = match result {
            Ok(Loaded { warnings, .. }) => {
                sound += 1;
                warnings
            }
            Err(faults) => faults,
        };
        for diagnostic in told {
            if args.json { say(&json(diagnostic))? } else { open::print(diagnostic) }
        }
    }
    let broken = results.len() - sound;
    if !args.json && !common.quiet {
        say(&format!("{sound} pipelines are sound, {broken} are not"))?;
    }
    Ok(if broken == 0 { Exit::Done } else { Exit::Config })
}

fn json(diagnostic: &Diagnostic) -> String {
    serde_json::json!({
        "file": diagnostic.file.display().to_string(),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "severity": diagnostic.severity.to_string(),
        "message": diagnostic.message,
        "help": diagnostic.help,
    })
    .to_string()
}
