//! Copies of a database that is in use: each is whole, as of one moment, and for its owner alone.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{self, Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{SHARED, Store, StoreError, database::BUSY, make_private};
use crate::{blocking::blocking, report::PipelineName};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It would take the place of what it is a copy of.
    #[error("`{}` is the folder of the state itself: name another one", .0.display())]
    Same(PathBuf),
    /// Something works with what lies there, or was killed while it did: a new file must not meet that log.
    #[error("`{}` shows that this is the folder of another state: name another one", .0.display())]
    InUse(PathBuf),
    /// Nothing has that name.
    #[error("`{0}` has no state")]
    Unknown(String),
    /// The state cannot be read, or the copy not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The names of what is kept in `state_dir`, sorted: pipelines, whether they still have a file or not, and [`SHARED`],
    /// where there is any.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn names(state_dir: &Path) -> Result<Vec<String>, StoreError> {
        let failed = |source| StoreError::Io { path: state_dir.to_owned(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(state_dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if let (Some(name), true) = (
                path.file_stem().and_then(OsStr::to_str),
                path.extension().is_some_and(|extension| extension == "sqlite3"),
            ) && (name == SHARED || PipelineName::new(name).is_ok())
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Copies what is kept as `name` in `state_dir` into the folder `into`, under the name that it has, and gives the copy's
    /// path. An earlier copy stays until the new one is whole. Runs go on meanwhile.
    ///
    /// # Errors
    /// [`BackupError`]; an earlier copy is untouched then.
    pub async fn back_up(state_dir: &Path, name: &str, into: &Path) -> Result<PathBuf, BackupError> {
        let (state_dir, name, into) = (state_dir.to_owned(), name.to_owned(), into.to_owned());
        blocking(move || back_up(&state_dir, &name, &into)).await
    }
}

fn back_up(state_dir: &Path, name: &str, into: &Path) -> Result<PathBuf, BackupError> {
    let file = format!("{name}.sqlite3");
    let from = state_dir.join(&file);
    if !from.exists() {
        return Err(BackupError::Unknown(name.to_owned()));
    }
    let failed = |source| StoreError::Io { path: into.to_owned(), source };
    make_private(into).map_err(failed)?;
    if is_same(state_dir, into).map_err(failed)? {
        return Err(BackupError::Same(into.to_owned()));
    }
    let log = into.join(format!("{file}-wal"));
    if log.exists() {
        return Err(BackupError::InUse(log));
    }
    let _alone = alone_in(into).map_err(failed)?;
    let unusable = |source| StoreError::Unusable { path: from.clone(), source };
    let connection = look_at(&from).map_err(unusable)?;
    let copy = into.join(file);
    copy_to(&connection, &copy).map_err(|error| match error {
        StoreError::Database(source) => unusable(source),
        other => other,
    })?;
    Ok(copy)
}

/// Whatever they are called, and however they are mounted.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// A connection that changes nothing, not even the version of the schema.
pub(super) fn look_at(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Makes everybody else wait who does so with the same folder, for as long as it is held.
pub(super) fn alone_in(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// Writes what the connection sees at this moment to `to`, as a whole or not at all. Whoever calls this holds
/// [`alone_in`] of the folder.
pub(super) fn copy_to(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: to.to_owned(), source };
    let invalid = |reason: &str| failed(io::Error::new(io::ErrorKind::InvalidInput, reason));
    // What begins with a slash can be taken for nothing but a path.
    let to = path::absolute(to).map_err(failed)?;
    let (Some(folder), Some(name)) = (to.parent(), to.file_name().and_then(OsStr::to_str)) else {
        return Err(invalid("the path has no file name"));
    };
    let fresh = folder.join(format!(".{name}.new"));
    let Some(fresh_text) = fresh.to_str() else { return Err(invalid("the path is not Unicode")) };
    // One that was killed may have left it.
    remove(&fresh).map_err(failed)?;
    let copied = (|| {
        // Made by us, for SQLite would let others read it.
        File::options().create_new(true).write(true).mode(0o600).open(&fresh).map_err(failed)?;
        connection.execute("VACUUM INTO ?1", [fresh_text])?;
        // SQLite does not wait until the copy is on the disk.
        File::open(&fresh).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, &to).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    })();
    if copied.is_err() {
        remove(&fresh).map_err(failed)?;
    }
    copied
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn count(path: &Path) -> i64 {
        look_at(path).unwrap().query_row("SELECT count(*) FROM run", [], |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn a_copy_is_whole_private_and_replaces_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let (state, into) = (folder.path().join("state"), folder.path().join("kept/here"));
        let store = Store::open(&state, "docs").unwrap();
        for runs in 0..3 {
            let copy = Store::back_up(&state, "docs", &into).await.unwrap();
            assert_eq!((copy.clone(), count(&copy)), (into.join("docs.sqlite3"), runs));
            store.write(|tx| Ok(tx.execute("INSERT INTO run (started_at) VALUES (1)", [])?)).await.unwrap();
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&into), mode(&into.join("docs.sqlite3"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&into).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_copied_leaves_the_earlier_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (state, into) = (folder.path().join("state"), folder.path().join("kept"));
        drop(Store::open(&state, "docs").unwrap());
        let copy = Store::back_up(&state, "docs", &into).await.unwrap();
        let sound = fs::read(&copy).unwrap();
        fs::write(state.join("docs.sqlite3"), vec![0xaa; 8192]).unwrap();
        assert!(matches!(
            Store::back_up(&state, "docs", &into).await,
            Err(BackupError::Store(StoreError::Unusable { .. }))
        ));
        assert!(fs::read(&copy).unwrap() == sound && fs::read_dir(&into).unwrap().count() == 1);
        assert!(matches!(Store::back_up(&state, "gone", &into).await, Err(BackupError::Unknown(_))));
    }

    #[tokio::test]
    async fn a_state_is_no_place_for_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let [state, other, link] = ["state", "other", "link"].map(|name| folder.path().join(name));
        drop(Store::open(&state, "docs").unwrap());
        let _at_work = Store::open(&other, "docs").unwrap();
        assert!(matches!(Store::back_up(&state, "docs", &other).await, Err(BackupError::InUse(_))));
        symlink(&state, &link).unwrap();
        for into in [&state, &link] {
            assert!(matches!(Store::back_up(&state, "docs", into).await, Err(BackupError::Same(_))));
        }
    }

    #[test]
    fn what_is_kept_is_listed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["docs", "a-1"] {
            drop(Store::open(folder.path(), name).unwrap());
        }
        for name in
            ["docs.sqlite3.before-v3", "docs.sqlite3.damaged-1", "Not One.sqlite3", ".docs.sqlite3.new"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(Store::names(folder.path()).unwrap(), ["a-1", "docs", SHARED]);
        assert!(Store::names(&folder.path().join("absent")).is_err());
    }
}
