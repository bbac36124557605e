//! Pipeline files: YAML in, [`Pipeline`]s out, and every fault with its line, its column and a way out.
//!
//! A file is read in three steps: to a located tree (`tree`), whose values then get their variables filled in
//! (`variable`), and are read by type, section by section, into the option types of the stages (`reader` and
//! the modules named after sections). Nothing that comes after validates configuration again.
//!
//! It must not write, print, or look at the environment other than through [`Env`]; and no message of it may
//! hold a secret, the value of a variable, or more of a file than one key or short value.

mod access;
mod clean;
mod corpus;
mod defaults;
mod diagnostic;
mod draft;
mod fields;
mod file;
mod inputs;
mod keys;
mod notify;
pub mod quantity;
mod reader;
mod schedule;
mod secret;
mod section;
mod settings;
mod site;
mod target;
mod tree;
mod variable;
mod verify;

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

pub use defaults::Defaults;
use diagnostic::Mark;
pub use diagnostic::{Diagnostic, Severity};
use draft::Draft;
pub use inputs::Inputs;
pub use settings::{FILE_NAME as SETTINGS_FILE, Settings, check_settings, load_settings};

use crate::pipeline::Pipeline;

/// What a pipeline file may refer to.
pub struct Env<'a> {
    /// The environment variable of this name.
    pub var: &'a dyn Fn(&str) -> Option<String>,
    /// systemd's `$CREDENTIALS_DIRECTORY`.
    pub credentials_dir: Option<PathBuf>,
    /// `validate --allow-unset`: a variable that is not set counts as set to something that fits. The
    /// pipeline that comes out is not for running.
    pub allow_unset: bool,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Env { credentials_dir, allow_unset, .. } = self;
        f.debug_struct("Env")
            .field("credentials_dir", credentials_dir)
            .field("allow_unset", allow_unset)
            .finish_non_exhaustive()
    }
}

/// A pipeline file that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub pipeline: Pipeline,
    /// What its author should know.
    pub warnings: Vec<Diagnostic>,
}

/// The pipeline files of a folder, as they were read.
#[derive(Debug)]
pub struct Folder {
    /// What came of each, in the order of their names.
    pub files: Vec<Result<Loaded, Vec<Diagnostic>>>,
    /// What the author of the defaults should know; or what is wrong with them, so that those of before hold.
    pub defaults: Result<Vec<Diagnostic>, Vec<Diagnostic>>,
    /// All that was read for it: they, the file of the defaults, and the files that they name.
    pub inputs: Inputs,
}

/// Why a folder of pipeline files cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("list the folder `{}`", dir.display())]
pub struct ListError {
    /// The folder.
    pub dir: PathBuf,
    /// What went wrong.
    pub source: io::Error,
}

/// Reads one pipeline file for itself, without defaults of the user's. Links are followed (Kubernetes mounts files as links).
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load_file(path: &Path, env: &Env<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    Draft::read(path, &Defaults::default(), env, &mut Inputs::default()).finish()
}

/// Reads the pipeline files of a folder, each for itself, in the order of their names: `*.yaml` and `*.yml`,
/// not in folders below, not hidden, no pipes. Files that would overwrite each other's agent, or share a name, are
/// refused, all of them. The defaults are read again before.
///
/// # Errors
/// When the folder cannot be listed; what is wrong with a file stands in its own result.
pub fn load_dir(dir: &Path, defaults: &mut Defaults, env: &Env<'_>) -> Result<Folder, ListError> {
    let files = files(dir).map_err(|source| ListError { dir: dir.to_owned(), source })?;
    let mut inputs = Inputs::default();
    let read = defaults.read(env, &mut inputs);
    let mut drafts: Vec<Draft> =
        files.iter().map(|path| Draft::read(path, defaults, env, &mut inputs)).collect();
    let stem = |draft: &Draft| draft.path.file_stem().map(|stem| (stem.to_owned(), None));
    refuse_shared(&mut drafts, stem, |other| {
        (format!("`{other}` has the same pipeline name"), "rename one of them")
    });
    let agent = |draft: &Draft| draft.agent.clone().map(|(id, at)| (id, Some(at)));
    refuse_shared(&mut drafts, agent, |other| {
        let message = format!("`{other}` has the same agent id: they would overwrite each other");
        (message, "one agent, one pipeline: put all its sources into one file")
    });
    Ok(Folder { files: drafts.into_iter().map(Draft::finish).collect(), defaults: read, inputs })
}

/// The pipeline files of a folder, by name. Hidden ones are left out: editors keep locks and backups there; and so is
/// the file of the daemon.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let is_other = path
            .file_name()
            .is_some_and(|name| name == SETTINGS_FILE || name.to_string_lossy().starts_with('.'));
        // One that leads nowhere is told of when it is read; a pipe would keep its reader waiting.
        let can_be_read = std::fs::metadata(&path).map_or(true, |found| found.is_file());
        if is_yaml && !is_other && can_be_read {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Adds a fault to every draft that claims the same as another.
fn refuse_shared<K: Ord>(
    drafts: &mut [Draft],
    claim: impl Fn(&Draft) -> Option<(K, Option<Mark>)>,
    fault: impl Fn(&str) -> (String, &'static str),
) {
    let mut claims: BTreeMap<K, Vec<(usize, Option<Mark>)>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        if let Some((claimed, at)) = claim(draft) {
            claims.entry(claimed).or_default().push((index, at));
        }
    }
    for claimants in claims.into_values() {
        for (index, at) in &claimants {
            let Some((other, _)) = claimants.iter().find(|(other, _)| other != index) else {
                continue;
            };
            let other = drafts[*other].path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (message, help) = fault(&other);
            drafts[*index].faults.error(*at, message, help);
        }
    }
}

#[cfg(test)]
mod tests;
