//! Looks whether the state of a pipeline can be used, before anything is done with it.
//!
//! A damaged file is set aside, never overwritten: what is in it may be saved, and a new one would not know what is
//! live. While it lies there and nothing stands in its place, its pipeline has no state.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::ErrorCode;

use super::{
    Store, StoreError,
    backup::look_at,
    database::{Database, look_through, version_of},
    lock::{LockError, lock_pipeline},
    schema, shared,
};
use crate::blocking::blocking;

impl Store {
    /// Looks through the state of `pipeline`, and sets it aside where it is damaged. What another process works with is
    /// sound as far as anybody can tell.
    ///
    /// # Errors
    /// [`StoreError::SetAside`] where it was damaged, now or before; others where it cannot be used for another reason.
    pub async fn check(state_dir: &Path, pipeline: &str, now: Timestamp) -> Result<(), StoreError> {
        let (state_dir, pipeline) = (state_dir.to_owned(), pipeline.to_owned());
        blocking(move || check(&state_dir, &pipeline, now)).await
    }

    /// Looks through the state of `pipeline`, and through what it shares with others, and changes nothing; false where
    /// there is none yet.
    ///
    /// # Errors
    /// [`StoreError`], as a run would meet it.
    pub async fn examine(state_dir: &Path, pipeline: &str) -> Result<bool, StoreError> {
        let (state_dir, pipeline) = (state_dir.to_owned(), pipeline.to_owned());
        blocking(move || {
            Store::check_aside(&state_dir, &pipeline)?;
            let own = examine(&state_dir, &pipeline, schema::STEPS.len())?;
            examine(&state_dir, shared::NAME, shared::STEPS.len())?;
            Ok(own)
        })
        .await
    }

    /// Looks whether the state of `pipeline` was set aside, and nothing has taken its place since.
    ///
    /// # Errors
    /// [`StoreError::SetAside`] then.
    pub fn check_aside(state_dir: &Path, pipeline: &str) -> Result<(), StoreError> {
        if Store::exists(state_dir, pipeline) {
            return Ok(());
        }
        let prefix = format!("{pipeline}.sqlite3.damaged-");
        let failed = |source| StoreError::Io { path: state_dir.to_owned(), source };
        let entries = match fs::read_dir(state_dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                return Err(StoreError::SetAside(entry.path()));
            }
        }
        Ok(())
    }
}

fn check(state_dir: &Path, pipeline: &str, now: Timestamp) -> Result<(), StoreError> {
    Store::check_aside(state_dir, pipeline)?;
    if !Store::exists(state_dir, pipeline) {
        return Ok(());
    }
    let _lock = match lock_pipeline(state_dir, pipeline) {
        Ok(lock) => lock,
        Err(LockError::Taken(_)) => return Ok(()),
        Err(LockError::Io { path, source }) => return Err(StoreError::Io { path, source }),
    };
    // Its own file alone: what it shares with others is no fault of it.
    let path = state_dir.join(format!("{pipeline}.sqlite3"));
    match Database::open(&path, &schema::STEPS).and_then(|own| own.look_through()) {
        Err(error) if is_damage(&error) => {
            let aside = set_aside(&path, now).map_err(|source| StoreError::Io { path, source })?;
            Err(StoreError::SetAside(aside))
        }
        looked => looked,
    }
}

fn examine(state_dir: &Path, name: &str, newest: usize) -> Result<bool, StoreError> {
    let path = state_dir.join(format!("{name}.sqlite3"));
    if !path.exists() {
        return Ok(false);
    }
    let looked = look_at(&path).map_err(StoreError::Database).and_then(|connection| {
        if version_of(&connection)? > newest {
            return Err(StoreError::Newer(path.clone()));
        }
        look_through(&connection)
    });
    looked.map(|()| true).map_err(|error| match error {
        StoreError::Database(source) => StoreError::Unusable { path, source },
        other => other,
    })
}

fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Damaged(_) => true,
        StoreError::Unusable { source, .. } | StoreError::Database(source) => says_damage(source),
        StoreError::Migration(error) => {
            matches!(&**error, rusqlite_migration::Error::RusqliteError { err, .. } if says_damage(err))
        }
        StoreError::Io { .. } | StoreError::Newer(_) | StoreError::SetAside(_) => false,
    }
}

/// Whether SQLite says that the file is not what it wrote.
pub(super) fn says_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Renames the file, after what SQLite keeps beside it: a new file must not meet the log of an old one.
fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let aside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{}{suffix}", now.as_second()));
        PathBuf::from(name)
    };
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        match fs::rename(&beside, aside(suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, aside(""))?;
    Ok(aside(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(folder: &Path) -> Result<(), StoreError> {
        Store::check(folder, "docs", Timestamp::from_second(1_800_000_000).unwrap()).await
    }

    #[tokio::test]
    async fn a_damaged_file_is_set_aside_until_another_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docs.sqlite3");
        check(folder.path()).await.unwrap();
        drop(Store::open(folder.path(), "docs").unwrap());
        check(folder.path()).await.unwrap();

        let sound = fs::read(&file).unwrap();
        let mut damaged = sound.clone();
        damaged[4096..].fill(0xaa);
        for damaged in [damaged, b"no database at all, but long enough to be read as one".repeat(40)] {
            fs::write(&file, damaged).unwrap();
            let Err(StoreError::SetAside(aside)) = check(folder.path()).await else {
                panic!("not set aside")
            };
            assert!(!file.exists() && aside.exists());
            assert!(matches!(check(folder.path()).await, Err(StoreError::SetAside(again)) if again == aside));
            fs::write(&file, &sound).unwrap();
            check(folder.path()).await.unwrap();
            fs::remove_file(aside).unwrap();
        }
    }

    #[tokio::test]
    async fn an_examination_finds_the_same_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docs.sqlite3");
        let examine = async || Store::examine(folder.path(), "docs").await;
        assert!(!examine().await.unwrap());
        drop(Store::open(folder.path(), "docs").unwrap());
        assert!(examine().await.unwrap());
        let mut damaged = fs::read(&file).unwrap();
        damaged[4096..].fill(0xaa);
        fs::write(&file, &damaged).unwrap();
        assert!(examine().await.is_err());
        assert!(fs::read(&file).unwrap() == damaged);
        fs::rename(&file, folder.path().join("docs.sqlite3.damaged-1")).unwrap();
        assert!(matches!(examine().await, Err(StoreError::SetAside(_))));
    }

    #[tokio::test]
    async fn a_newer_file_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "docs").unwrap();
        store.write(|tx| Ok(tx.pragma_update(None, "user_version", 10_000)?)).await.unwrap();
        drop(store);
        assert!(matches!(check(folder.path()).await, Err(StoreError::Newer(_))));
        assert!(folder.path().join("docs.sqlite3").exists());
    }
}
