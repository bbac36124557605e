//! One SQLite file: how it is opened, read and written.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::StoreError;
use crate::blocking::blocking;

/// How long a transaction waits for one of another process.
const BUSY: Duration = Duration::from_secs(30);

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
        let mut connection = Connection::open(path)?;
        // Before anything is written: a newer corpusd must find its file as it left it.
        let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > steps.len() {
            return Err(StoreError::Newer(path.to_owned()));
        }
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        migrate(&mut connection, steps, version)?;
        Ok(Database(Arc::new(Mutex::new(connection))))
    }

    /// Reads every page of the file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they do not belong together.
    pub(super) fn look_through(&self) -> Result<(), StoreError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged("state")) }
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

/// Brings the schema up to date. Two processes may do so at once: the slower one finds its steps done.
fn migrate(
    connection: &mut Connection,
    steps: &'static [&'static str],
    mut version: usize,
) -> Result<(), StoreError> {
    while let Err(error) = migrations(steps).to_latest(connection) {
        let now = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
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
