//! The only SQL: one SQLite file per pipeline, `state/<pipeline>.sqlite3`, and a small one for what pipelines
//! share.
//!
//! Public methods are async and run on blocking threads; none of them carries an SQLite type, so that
//! another engine can stand behind them one day. Every write is one `BEGIN IMMEDIATE` transaction: killing
//! the process at any moment leaves a committed state.

mod backup;
mod blob;
mod check;
mod corpora;
mod crawl;
mod database;
mod fires;
mod frontier;
mod holds;
mod inbound;
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
mod shared;
mod standing;
mod story;
mod tally;
mod verifications;
mod waves;

use std::{
    fs,
    path::{Path, PathBuf},
};

use database::Database;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

pub use backup::BackupError;
pub use corpora::{KnownCorpus, LeftOut, StoredCorpus, WhyLeftOut};
pub use crawl::{CrawlStart, LastCrawl};
pub use frontier::{Discovery, Settled};
pub use holds::{Held, Pause};
pub use lock::{DaemonLock, LockError, RunLock};
pub use members::{Member, SnapshotChange};
pub use outcomes::{Heading, PageOutcome};
pub use pages::{ArticlePage, PageUpdate, ReadPage, Reading, Reread};
pub use pins::Pin;
pub use publications::{Before, Publication, PublicationState};
pub use replay::{ReadBefore, ReadOtherwise};
pub use runs::RunRow;
pub use shared::{KeyRefused, NAME as SHARED};
pub use standing::Standing;
pub use story::{Finding, StoredPage, Story, Visited};
pub use tally::Tally;
pub use verifications::{Failures, Verification, VerificationState};
pub use waves::{Next, Validation, Wave};

/// The state of one pipeline, with what it shares with others; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    own: Database,
    shared: Database,
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
    #[error("cannot use `{}`{}", path.display(), advice(source))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file was damaged, and lies where nothing overwrites it.
    #[error(
        "the state was damaged and lies in `{}` (put a backup in its place, or remove it to begin anew: what is live is \
         held for approval then)", .0.display()
    )]
    SetAside(PathBuf),
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
        let own = Database::open(&state_dir.join(format!("{pipeline}.sqlite3")), &schema::STEPS)?;
        Ok(Store { own, shared: shared::open(state_dir)? })
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
        self.own.read(read).await
    }

    /// Writes on a blocking thread, in one immediate transaction.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.own.write(write).await
    }
}

/// A disk that is full is no reason to move a state away.
fn advice(error: &rusqlite::Error) -> &'static str {
    if check::says_damage(error) {
        " (a damaged file can be moved away: the next run makes a new one)"
    } else {
        ""
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
