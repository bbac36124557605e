//! What the commands share: where files are, which pipelines are meant, and a run's context.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain};
use crate::{
    chatbase::Window,
    config::{self, Defaults, Diagnostic, Env, Loaded, SETTINGS_FILE, Settings},
    notify::Outbox,
    pipeline::Pipeline,
    report::PipelineName,
    run::{Context, Progress, RunError, Waits},
    store::{LockError, Store},
};

/// Where files lie that concern the whole machine.
const SYSTEM_DIR: &str = "/etc/corpusd";

/// Pipelines that can be used, and the exit code that is due for those that cannot.
pub(super) struct Opened {
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) exit: Exit,
}

impl Opened {
    fn one(mut self) -> Result<Pipeline, Exit> {
        self.pipelines.pop().ok_or(self.exit)
    }
}

impl Common {
    /// The folder of the pipeline files.
    pub(super) fn config_dir(&self) -> PathBuf {
        let systemd = || std::env::var_os("CONFIGURATION_DIRECTORY").map(PathBuf::from);
        let here = || Some(PathBuf::from("pipelines")).filter(|dir| dir.is_dir());
        let given = self.config_dir.clone().or_else(systemd).or_else(here);
        given.unwrap_or_else(|| PathBuf::from(SYSTEM_DIR))
    }

    /// The folder of the state.
    pub(super) fn state_dir(&self) -> PathBuf {
        let systemd = || std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
        self.state.clone().or_else(systemd).unwrap_or_else(|| PathBuf::from("state"))
    }
}

/// The process environment, for [`config`].
pub(super) fn env(allow_unset: bool) -> Env<'static> {
    let credentials_dir = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    Env { var: &|name| std::env::var(name).ok(), credentials_dir, allow_unset }
}

/// Reads every pipeline file, prints what is wrong with them, and gives those that are named (all enabled ones
/// where none is). Whom they tell of their runs is as in their own files: they are for looking at.
pub(super) fn open(common: &Common, names: &[String]) -> anyhow::Result<Opened> {
    read(common, Defaults::default(), names)
}

/// The same for pipelines that are to run; none of them where the defaults are broken, as nobody knows then what has to
/// be done before a run, and who is to hear of it.
pub(super) fn open_to_run(common: &Common, names: &[String]) -> anyhow::Result<Opened> {
    read(common, defaults(common), names)
}

fn read(common: &Common, mut defaults: Defaults, names: &[String]) -> anyhow::Result<Opened> {
    let mut wanted = Vec::new();
    for name in names {
        match PipelineName::new(name) {
            Ok(name) => wanted.push(name),
            Err(error) => {
                complain(&format!("error: {error}"));
                return Ok(Opened { pipelines: Vec::new(), exit: Exit::Usage });
            }
        }
    }
    let dir = common.config_dir();
    let loaded = config::load_dir(&dir, &mut defaults, &env(false)).with_context(|| {
        format!("no pipeline files: put one into `{}`, or name its folder with --config-dir", dir.display())
    })?;
    match loaded.defaults {
        Ok(warnings) => warnings.iter().for_each(print),
        Err(faults) => {
            faults.iter().for_each(print);
            return Ok(Opened { pipelines: Vec::new(), exit: Exit::Config });
        }
    }
    let mut opened = Opened { pipelines: Vec::new(), exit: Exit::Done };
    for result in loaded.files {
        match result {
            Ok(Loaded { pipeline, warnings }) => {
                let meant =
                    if wanted.is_empty() { pipeline.enabled } else { wanted.contains(&pipeline.name) };
                if meant {
                    warnings.iter().for_each(print);
                    opened.pipelines.push(pipeline);
                }
            }
            Err(faults) => {
                let meant = |fault: &Diagnostic| {
                    let stem = fault.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                    wanted.is_empty() || wanted.iter().any(|name| name.as_str() == stem)
                };
                if faults.iter().any(meant) {
                    faults.iter().for_each(print);
                    opened.exit = Exit::Config;
                }
            }
        }
    }
    for name in &wanted {
        if opened.exit == Exit::Done && !opened.pipelines.iter().any(|pipeline| pipeline.name == *name) {
            complain(&format!("error: no pipeline `{name}` in `{}`", dir.display()));
            return Ok(Opened { pipelines: Vec::new(), exit: Exit::Usage });
        }
    }
    Ok(opened)
}

/// The one pipeline with this name, to look at.
pub(super) fn open_one(common: &Common, name: &str) -> anyhow::Result<Result<Pipeline, Exit>> {
    Ok(open(common, &[name.to_owned()])?.one())
}

/// The one pipeline with this name, to run.
pub(super) fn open_one_to_run(common: &Common, name: &str) -> anyhow::Result<Result<Pipeline, Exit>> {
    Ok(open_to_run(common, &[name.to_owned()])?.one())
}

/// The state of a pipeline, which is not made where there is none: looking changes nothing.
pub(super) fn state(common: &Common, pipeline: &Pipeline) -> anyhow::Result<Result<Store, Exit>> {
    let (state_dir, name) = (common.state_dir(), pipeline.name.as_str());
    if !Store::exists(&state_dir, name) {
        complain(&format!("`{name}` has not run yet: `corpusd run --once {name}`"));
        return Ok(Err(Exit::Failed));
    }
    Ok(Ok(Store::open(&state_dir, name)?))
}

/// Where the file with the daemon's settings and the defaults of all pipelines may be: in the working directory, else
/// beside the pipeline files, else in the machine's folder.
fn settings_places(common: &Common) -> [PathBuf; 3] {
    [PathBuf::new(), common.config_dir(), PathBuf::from(SYSTEM_DIR)].map(|folder| folder.join(SETTINGS_FILE))
}

/// The first of them that there is.
pub(super) fn settings_file(common: &Common) -> Option<PathBuf> {
    settings_places(common).into_iter().find(|file| file.exists())
}

/// What holds for all pipelines, not yet read.
pub(super) fn defaults(common: &Common) -> Defaults {
    Defaults::of(settings_places(common).into())
}

/// The daemon's settings, or the defaults where no file has any, and what their author should know.
///
/// # Errors
/// What is wrong with them.
pub(super) fn settings(common: &Common) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    match settings_file(common) {
        Some(file) => config::load_settings(&file, &env(false)),
        None => Ok((Settings::default(), Vec::new())),
    }
}

/// What to say, and how to exit, where a command could not do its work for a reason that a person can do something about.
///
/// # Errors
/// Every other one is given back.
pub(super) fn explain(pipeline: &Pipeline, error: RunError) -> anyhow::Result<Exit> {
    let (reason, exit) = match error {
        RunError::Lock(error @ LockError::Taken(_)) => (error.to_string(), Exit::Busy),
        RunError::NoPublication(error) => (error.to_string(), Exit::Usage),
        error => return Err(error.into()),
    };
    complain(&format!("error: {}: {reason}", pipeline.name));
    Ok(exit)
}

/// Prints a diagnostic.
pub(super) fn print(diagnostic: &Diagnostic) {
    complain(&diagnostic.to_string());
}

/// What a run needs besides its pipeline. All runs of the process share `window`.
pub(super) fn context(
    state_dir: PathBuf,
    now: fn() -> Timestamp,
    window: &Arc<Window>,
    stop: CancellationToken,
) -> Context {
    Context {
        state_dir,
        now,
        window: Arc::clone(window),
        pacers: Arc::default(),
        waits: Waits::default(),
        dry_run: false,
        stop,
        timeout: None,
        progress: Arc::new(Progress::default()),
        outbox: Outbox::default(),
    }
}
