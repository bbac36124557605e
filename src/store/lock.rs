//! Locks that the operating system frees when a process dies, however it dies.
//!
//! One per pipeline, so that two processes never write one database, and one per agent, so that two pipelines never
//! replace each other's text. The agent's is taken in the state folder, and once more where all processes of this
//! user look, whatever state folder they work on. And one for the daemon of a folder of state.

use std::{
    env,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::hash::{hex, sha256};

/// All locks of a run. Whoever holds one may begin runs; there is no other way to get one.
#[derive(Debug)]
pub struct RunLock {
    _pipeline: File,
    _agent: File,
    _for_user: Vec<File>,
}

/// The right to be the daemon of a folder of state.
#[derive(Debug)]
pub struct DaemonLock {
    _state: File,
}

/// Why a run could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process is at it.
    #[error("another process holds `{}`", .0.display())]
    Taken(PathBuf),
    /// The lock file cannot be used.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl RunLock {
    /// Takes the lock of the pipeline, then those of its agent, without waiting. `place` names the text that the
    /// pipeline replaces: the same for every pipeline that replaces it.
    ///
    /// # Errors
    /// [`LockError::Taken`] where another process holds any of them.
    pub fn take(state_dir: &Path, pipeline: &str, agent_id: &str, place: &str) -> Result<RunLock, LockError> {
        let own = lock_pipeline(state_dir, pipeline)?;
        let agent = lock(&state_dir.join("agents").join(file_name(agent_id)))?;
        // Who owns the state owns the folders that are safe: there is no other way to ask who we are.
        let user =
            own.metadata().map_err(|source| LockError::Io { path: state_dir.to_owned(), source })?.uid();
        Ok(RunLock { _pipeline: own, _agent: agent, _for_user: lock_for_user(user, &file_name(place))? })
    }
}

impl DaemonLock {
    /// Takes it, without waiting.
    ///
    /// # Errors
    /// [`LockError::Taken`] where another daemon works on this folder.
    pub fn take(state_dir: &Path) -> Result<DaemonLock, LockError> {
        // No pipeline has a name that begins with a dot.
        Ok(DaemonLock { _state: lock(&state_dir.join(".daemon.lock"))? })
    }
}

pub(super) fn lock_pipeline(state_dir: &Path, pipeline: &str) -> Result<File, LockError> {
    lock(&state_dir.join(format!("{pipeline}.lock")))
}

/// An agent id, or an address, may hold anything; its hash is a file name.
fn file_name(what: &str) -> String {
    format!("{}.lock", hex(&sha256(what.as_bytes())[..16]))
}

/// Takes the lock `name` in each folder that the processes of `user` share. Where there is no such folder, the locks
/// in the state folder have to do.
fn lock_for_user(user: u32, name: &str) -> Result<Vec<File>, LockError> {
    let mut held = Vec::new();
    for folder in folders_of(user) {
        let safe = make_safe(&folder, user).map_err(|source| LockError::Io { path: folder.clone(), source });
        match safe.and_then(|()| lock(&folder.join(name))) {
            Ok(file) => held.push(file),
            Err(LockError::Io { path, source }) => tracing::warn!(
                "no lock in `{}` ({source}): a process with another state folder would not be noticed",
                path.display()
            ),
            Err(taken @ LockError::Taken(_)) => return Err(taken),
        }
    }
    Ok(held)
}

/// A shell has a runtime folder where cron has none, so that only both together see everyone.
fn folders_of(user: u32) -> impl Iterator<Item = PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| fs::metadata(folder).is_ok_and(|found| found.uid() == user));
    let temporary = env::temp_dir().join(format!("corpusd-{user}"));
    runtime.map(|folder| folder.join("corpusd")).into_iter().chain([temporary])
}

/// Makes a folder that nobody else can write to. One that somebody else has made, where everybody may, is not used.
fn make_safe(folder: &Path, user: u32) -> io::Result<()> {
    super::make_private(folder)?;
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not ours alone"))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        super::make_private(folder)?;
    }
    File::options().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn lock(path: &Path) -> Result<File, LockError> {
    let failed = |source| LockError::Io { path: path.to_owned(), source };
    let file = open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The lock, as soon as nobody else holds it.
pub(super) fn lock_waiting(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn two_pipelines_with_one_agent_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        // Unlike any place of another test, for the folders of the user are everybody's.
        let place = |agent: &str| format!("{} {agent}", folder.path().display());
        let take = |pipeline: &str, agent: &str| RunLock::take(folder.path(), pipeline, agent, &place(agent));
        let first = take("one", "agent").unwrap();
        assert!(matches!(take("two", "agent"), Err(LockError::Taken(_))));
        assert!(matches!(take("one", "other"), Err(LockError::Taken(_))));
        assert!(take("two", "other").is_ok());
        drop(first);
        assert!(take("one", "agent").is_ok());
    }

    #[test]
    fn two_state_folders_with_one_agent_exclude_each_other() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let place = folders[0].path().display().to_string();
        let take = |at: usize| RunLock::take(folders[at].path(), "docs", "agent", &place);
        let first = take(0).unwrap();
        assert!(matches!(take(1), Err(LockError::Taken(_))));
        drop(first);
        assert!(take(1).is_ok());
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let user = fs::metadata(folder.path()).unwrap().uid();
        let path = |name: &str| folder.path().join(name);
        assert!(make_safe(&path("fresh"), user).is_ok());
        assert!(make_safe(&path("fresh"), user + 1).is_err());
        fs::set_permissions(path("fresh"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(make_safe(&path("fresh"), user).is_err());
        symlink(folder.path(), path("link")).unwrap();
        assert!(make_safe(&path("link"), user).is_err());
        fs::write(path("file"), "").unwrap();
        assert!(make_safe(&path("file"), user).is_err());
    }
}
