//! Locks that the operating system frees when a process dies, however it dies.
//!
//! One per pipeline, so that two processes never write one database; one per agent, so that two pipelines in
//! different folders never replace each other's text; and one for the daemon of a folder of state.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::hash::{hex, sha256};

/// Both locks of a run. Whoever holds one may begin runs; there is no other way to get one.
#[derive(Debug)]
pub struct RunLock {
    _pipeline: File,
    _agent: File,
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
    /// Takes the lock of the pipeline, then that of its agent, without waiting.
    ///
    /// # Errors
    /// [`LockError::Taken`] where another process holds either.
    pub fn take(state_dir: &Path, pipeline: &str, agent_id: &str) -> Result<RunLock, LockError> {
        // An agent id may hold anything; its hash is a file name.
        let agent = format!("{}.lock", hex(&sha256(agent_id.as_bytes())[..16]));
        Ok(RunLock {
            _pipeline: lock_pipeline(state_dir, pipeline)?,
            _agent: lock(state_dir.join("agents").join(agent))?,
        })
    }
}

impl DaemonLock {
    /// Takes it, without waiting.
    ///
    /// # Errors
    /// [`LockError::Taken`] where another daemon works on this folder.
    pub fn take(state_dir: &Path) -> Result<DaemonLock, LockError> {
        // No pipeline has a name that begins with a dot.
        Ok(DaemonLock { _state: lock(state_dir.join(".daemon.lock"))? })
    }
}

pub(super) fn lock_pipeline(state_dir: &Path, pipeline: &str) -> Result<File, LockError> {
    lock(state_dir.join(format!("{pipeline}.lock")))
}

fn lock(path: PathBuf) -> Result<File, LockError> {
    let open = || {
        if let Some(folder) = path.parent() {
            super::make_private(folder)?;
        }
        File::options().create(true).truncate(false).write(true).open(&path)
    };
    let file = match open() {
        Ok(file) => file,
        Err(source) => return Err(LockError::Io { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken(path)),
        Err(TryLockError::Error(source)) => Err(LockError::Io { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pipelines_with_one_agent_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunLock::take(folder.path(), "one", "agent").unwrap();
        assert!(matches!(RunLock::take(folder.path(), "two", "agent"), Err(LockError::Taken(_))));
        assert!(matches!(RunLock::take(folder.path(), "one", "other"), Err(LockError::Taken(_))));
        assert!(RunLock::take(folder.path(), "two", "other").is_ok());
        drop(first);
        assert!(RunLock::take(folder.path(), "one", "agent").is_ok());
    }
}
