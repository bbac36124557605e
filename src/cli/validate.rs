//! `corpusd validate [FILE…]`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::{Common, Exit, open, say};
use crate::config::{self, Defaults, Diagnostic, Loaded, SETTINGS_FILE};

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
    let mut settings = Vec::new();
    let results = if args.files.is_empty() {
        let dir = common.config_dir();
        settings.extend(open::settings_file(common));
        // What is wrong with the defaults is found with the rest of their file.
        let folder = config::load_dir(&dir, &mut Defaults::default(), &env)
            .with_context(|| format!("no pipeline files in `{}`", dir.display()))?;
        folder.files
    } else {
        let is_settings = |file: &&PathBuf| file.ends_with(SETTINGS_FILE);
        settings.extend(args.files.iter().filter(is_settings).cloned());
        let pipelines = args.files.iter().filter(|file| !is_settings(file));
        pipelines.map(|file| config::load_file(file, &env)).collect()
    };
    let mut told = Vec::new();
    let mut are_settings_sound = true;
    for file in settings {
        match config::check_settings(&file, &env) {
            Ok(warnings) => told.push(warnings),
            Err(faults) => {
                are_settings_sound = false;
                told.push(faults);
            }
        }
    }
    let files = results.len();
    let mut sound = 0;
    for result in results {
        told.push(match result {
            Ok(Loaded { warnings, .. }) => {
                sound += 1;
                warnings
            }
            Err(faults) => faults,
        });
    }
    for told in &told {
        for diagnostic in told {
            if args.json { say(&json(diagnostic))? } else { open::print(diagnostic) }
        }
    }
    let broken = files - sound;
    if !args.json && !common.quiet {
        let pipelines = if sound == 1 { "pipeline" } else { "pipelines" };
        let are = |count| if count == 1 { "is" } else { "are" };
        say(&format!("{sound} {pipelines} {} sound, {broken} {} not", are(sound), are(broken)))?;
    }
    Ok(if broken == 0 && are_settings_sound { Exit::Done } else { Exit::Config })
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
