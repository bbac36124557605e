//! One SQLite file: how it is opened, read and written.

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::{
    StoreError,
    backup::{alone_in, copy_to, remove},
};
use crate::blocking::blocking;

/// How long a transaction waits for one of another process.
pub(super) const BUSY: Duration = Duration::from_secs(30);

/// A connection to one file; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens, or makes, the file, and takes its schema through all of `steps`.
    pub(super) fn open(path: &Path, steps: &'static [&'static str]) -> Result<Database, StoreError> {
        Self::open_at_latest(path, steps).map_err(|error| match error {
            StoreError::Database(source) => StoreError::Unusable { path: path.to_owned(), source },
            other => other,
        })
    }

    fn open_at_latest(path: &Path, steps: &'static [&'static str]) -> Result<Database, StoreError> {
        make_private_file(path)?;
        let mut connection = Connection::open(path)?;
        // Before anything is written: a newer corpusd must find its file as it left it.
        let version = version_of(&connection)?;
        if version > steps.len() {
            return Err(StoreError::Newer(path.to_owned()));
        }
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        match version {
            0 => migrate(&mut connection, steps, version)?,
            _ if version < steps.len() => upgrade(&mut connection, path, steps)?,
            _ => {}
        }
        Ok(Database(Arc::new(Mutex::new(connection))))
    }

    /// Reads every page of the file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they do not belong together.
    pub(super) fn look_through(&self) -> Result<(), StoreError> {
        look_through(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads on a blocking thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_connection(move |connection| read(connection)).await
    }

    /// Writes on a blocking thread, in one immediate transaction.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_connection(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = write(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    async fn on_connection<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.0);
        let work = move || {
            // A panic inside a transaction rolled it back while unwinding: the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        blocking(work).await
    }
}

/// Makes the file, if there is none, for its owner alone: it holds what private sites say, and the folder, which may have
/// been there before, may be open to all. SQLite gives the files beside it the same rights.
fn make_private_file(path: &Path) -> Result<(), StoreError> {
    match File::options().create_new(true).write(true).mode(0o600).open(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Reads every page of the file behind the connection.
pub(super) fn look_through(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged("state")) }
}

/// How many steps its schema has taken.
pub(super) fn version_of(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the schema of a file with data up to date, and keeps a copy of what it was before beside it: the way back to
/// the corpusd that wrote it. The copy of the upgrade before goes.
fn upgrade(
    connection: &mut Connection,
    path: &Path,
    steps: &'static [&'static str],
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    let absolute = std::path::absolute(path).map_err(failed)?;
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    // Another process may be at the same; what it has made new is no copy of what was before.
    let _alone = alone_in(folder).map_err(failed)?;
    let version = version_of(connection)?;
    if version < steps.len() {
        let copy = before(&absolute, steps.len());
        copy_to(connection, &copy)?;
        for earlier in (1..steps.len()).map(|version| before(&absolute, version)) {
            remove(&earlier).map_err(failed)?;
        }
    }
    migrate(connection, steps, version)
}

/// What a file was before it came to this version.
fn before(path: &Path, version: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-v{version}"));
    PathBuf::from(name)
}

/// Brings the schema up to date. Two processes may do so at once: the slower one finds its steps done.
fn migrate(
    connection: &mut Connection,
    steps: &'static [&'static str],
    mut version: usize,
) -> Result<(), StoreError> {
    while let Err(error) = migrations(steps).to_latest(connection) {
        let now = version_of(connection)?;
        if now == version {
            return Err(StoreError::Migration(Box::new(error)));
        }
        version = now;
    }
    Ok(())
}

/// The steps of a schema, as the migration crate takes them.
pub(super) fn migrations(steps: &'static [&'static str]) -> Migrations<'static> {
    steps.iter().copied().map(M::up).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{super::backup::look_at, *};

    const STEPS: [&str; 3] = [
        "CREATE TABLE word (word TEXT)",
        "ALTER TABLE word ADD COLUMN second TEXT",
        "CREATE TABLE third (word TEXT)",
    ];

    #[test]
    fn nobody_else_reads_what_private_sites_say() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("docs.sqlite3"), &STEPS).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let rights = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(rights, 0o600, "{:?}", file.file_name());
        }
        drop(database);
    }

    #[test]
    fn a_copy_of_what_was_before_an_upgrade_is_kept_until_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docs.sqlite3");
        let kept = || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
            names.retain(|name| name.contains("before") || name.starts_with('.'));
            names
        };
        for (steps, expected) in [(&STEPS[..1], None), (&STEPS[..2], Some(1)), (&STEPS[..], Some(2))] {
            for _ in 0..2 {
                let database = Database::open(&path, steps).unwrap();
                let connection = database.0.lock().unwrap();
                connection.execute("INSERT INTO word (word) VALUES ('kept')", []).unwrap();
                assert_eq!(version_of(&connection).unwrap(), steps.len());
            }
            let Some(before) = expected else {
                assert_eq!(kept(), [""; 0]);
                continue;
            };
            let name = format!("docs.sqlite3.before-v{}", steps.len());
            assert_eq!(kept(), [name.as_str()]);
            let copy = look_at(&folder.path().join(name)).unwrap();
            let words: usize = copy.query_row("SELECT count(*) FROM word", [], |row| row.get(0)).unwrap();
            assert_eq!((version_of(&copy).unwrap(), words), (before, 2 * before));
        }
    }
}
