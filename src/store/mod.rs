//! The only SQL: one SQLite file per pipeline, `state/<pipeline>.sqlite3`.
//!
//! Public methods are async and run on blocking threads; none of them carries an SQLite type, so that
//! another engine can stand behind them one day. Every write is one `BEGIN IMMEDIATE` transaction: killing
//! the process at any moment leaves a committed state.

mod blob;
mod corpora;
mod crawl;
mod frontier;
mod holds;
mod lock;
mod members;
mod outcomes;
mod pages;
mod pins;
mod publications;
mod redirects;
mod replay;
mod runs;
mod schema;
mod story;
mod tally;
mod verifications;
mod waves;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::blocking::blocking;

pub use corpora::{KnownCorpus, LeftOut, StoredCorpus, WhyLeftOut};
pub use crawl::{CrawlStart, LastCrawl};
pub use frontier::{Discovery, Settled};
pub use holds::{Held, Pause};
pub use lock::{LockError, RunLock};
pub use members::{Member, SnapshotChange};
pub use outcomes::{Heading, PageOutcome};
pub use pages::{ArticlePage, PageUpdate, ReadPage, Reading, Reread};
pub use pins::Pin;
pub use publications::{Before, Publication, PublicationState};
pub use replay::{ReadBefore, ReadOtherwise};
pub use runs::RunRow;
pub use story::{Finding, StoredPage, Story, Visited};
pub use tally::Tally;
pub use verifications::{Verification, VerificationState};
pub use waves::{Next, Validation, Wave};

/// The state of one pipeline; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

/// Why the state could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or file cannot be made or opened.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Written by a newer corpusd.
    #[error("`{}` was written by a newer corpusd", .0.display())]
    Newer(PathBuf),
    /// The file is none of ours, is damaged, or may not be written.
    #[error("cannot use `{}` (a damaged file can be moved away: the next run makes a new one)", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// SQLite failed.
    #[error("database")]
    Database(#[from] rusqlite::Error),
    /// The schema could not be brought up to date.
    #[error("database schema")]
    Migration(#[source] Box<rusqlite_migration::Error>),
    /// What was stored cannot be read back.
    #[error("stored {0} is damaged")]
    Damaged(&'static str),
}

impl Store {
    /// Opens, or makes, the state of `pipeline` in `state_dir`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Newer`] leaves the file as it is.
    pub fn open(state_dir: &Path, pipeline: &str) -> Result<Store, StoreError> {
        make_private(state_dir).map_err(|source| StoreError::Io { path: state_dir.to_owned(), source })?;
        let path = state_dir.join(format!("{pipeline}.sqlite3"));
        Self::open_file(&path).map_err(|error| match error {
            StoreError::Database(source) => StoreError::Unusable { path, source },
            other => other,
        })
    }

    fn open_file(path: &Path) -> Result<Store, StoreError> {
        let mut connection = Connection::open(path)?;
        // Before anything is written: a newer corpusd must find its file as it left it.
        let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > schema::STEPS.len() {
            return Err(StoreError::Newer(path.to_owned()));
        }
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::migrations()
            .to_latest(&mut connection)
            .map_err(|error| StoreError::Migration(Box::new(error)))?;
        Ok(Store { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Whether `pipeline` has any state in `state_dir`.
    pub fn exists(state_dir: &Path, pipeline: &str) -> bool {
        state_dir.join(format!("{pipeline}.sqlite3")).exists()
    }

    /// Reads on a blocking thread.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_connection(move |connection| read(connection)).await
    }

    /// Writes on a blocking thread, in one immediate transaction.
    async fn write<T: Send + 'static>(
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
        let connection = Arc::clone(&self.connection);
        let work = move || {
            // A panic inside a transaction rolled it back while unwinding: the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        blocking(work).await
    }
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn timestamp(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::Damaged("time"))
}

/// Makes a folder for its owner alone: it holds what private sites say. One that is there stays as it is.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
