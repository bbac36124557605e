//! `state/shared.sqlite3`: what concerns an account, and with it every pipeline that uses its key.
//!
//! An account is named by a hash of the key and of the API's address; the key itself is nowhere.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, database::Database, lock::lock_waiting, millis, timestamp};

/// The name of the file that pipelines share, without `.sqlite3`; no pipeline may have it.
pub const NAME: &str = "shared";

/// Every migration, oldest first; never edit or remove one.
pub(super) const STEPS: [&str; 1] = ["
    CREATE TABLE account (
        id         TEXT PRIMARY KEY,  -- hash of key and address
        refused    TEXT,              -- why nothing is sent with this key until a person lifts it
        refused_at INTEGER,           -- ms since the epoch, as every time here
        wait_until INTEGER            -- the API asked for no request before this
    ) WITHOUT ROWID;
    "];

/// That a key was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRefused {
    /// In words.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Opens, or makes, the file of `state_dir`.
pub(super) fn open(state_dir: &Path) -> Result<Database, StoreError> {
    let path = state_dir.join(format!("{NAME}.lock"));
    // Every process opens it, and only one can make it.
    let _one_at_a_time =
        lock_waiting(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    Database::open(&path.with_extension("sqlite3"), &STEPS)
}

impl Store {
    /// Why nothing is sent with the key of `account`.
    pub async fn key_refused(&self, account: String) -> Result<Option<KeyRefused>, StoreError> {
        self.shared
            .read(move |connection| {
                let row: Option<(String, i64)> = connection
                    .query_row(
                        "SELECT refused, refused_at FROM account WHERE id = ?1 AND refused IS NOT NULL",
                        [account],
                        |row| Ok((row.get(0)?, row.get(1)?)),
                    )
                    .optional()?;
                row.map(|(reason, at)| Ok(KeyRefused { reason, at: timestamp(at)? })).transpose()
            })
            .await
    }

    /// Notes that the key of `account` was refused: no pipeline sends anything with it any more.
    pub async fn refuse_key(&self, account: String, refused: KeyRefused) -> Result<(), StoreError> {
        self.shared
            .write(move |tx| {
                tx.execute(
                    "INSERT INTO account (id, refused, refused_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (id) DO UPDATE SET refused = excluded.refused, refused_at = excluded.refused_at",
                    params![account, refused.reason, millis(refused.at)],
                )?;
                Ok(())
            })
            .await
    }

    /// The key of `account` is worth another try; tells whether it was refused.
    pub async fn trust_key(&self, account: String) -> Result<bool, StoreError> {
        self.shared
            .write(move |tx| {
                let lifted = tx.execute(
                    "UPDATE account SET refused = NULL, refused_at = NULL WHERE id = ?1 AND refused IS NOT NULL",
                    [account],
                )?;
                Ok(lifted > 0)
            })
            .await
    }

    /// Until when the API asked for no request of `account`, which may have passed.
    pub async fn wait_until(&self, account: String) -> Result<Option<Timestamp>, StoreError> {
        self.shared
            .read(move |connection| {
                let until: Option<i64> = connection
                    .query_row(
                        "SELECT wait_until FROM account WHERE id = ?1 AND wait_until IS NOT NULL",
                        [account],
                        |row| row.get(0),
                    )
                    .optional()?;
                until.map(timestamp).transpose()
            })
            .await
    }

    /// Notes that the API asked for no request of `account` before `until`; what it asked for last counts.
    pub async fn ask_to_wait(&self, account: String, until: Timestamp) -> Result<(), StoreError> {
        self.shared
            .write(move |tx| {
                tx.execute(
                    "INSERT INTO account (id, wait_until) VALUES (?1, ?2)
                     ON CONFLICT (id) DO UPDATE SET wait_until = excluded.wait_until",
                    params![account, millis(until)],
                )?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_refused_key_is_refused_to_every_pipeline_until_one_lifts_it() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| Store::open(folder.path(), name).unwrap());
        let refused = KeyRefused { reason: "status 401".to_owned(), at: at(5) };
        one.refuse_key("a".to_owned(), refused.clone()).await.unwrap();
        assert_eq!(two.key_refused("a".to_owned()).await.unwrap(), Some(refused));
        assert_eq!(two.key_refused("b".to_owned()).await.unwrap(), None);
        assert!(two.trust_key("a".to_owned()).await.unwrap());
        assert!(!one.trust_key("a".to_owned()).await.unwrap());
        assert_eq!(one.key_refused("a".to_owned()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_wait_outlives_the_process_and_leaves_a_refusal_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "one").unwrap();
        store.refuse_key("a".to_owned(), KeyRefused { reason: "no".to_owned(), at: at(5) }).await.unwrap();
        store.ask_to_wait("a".to_owned(), at(100)).await.unwrap();
        drop(store);
        let store = Store::open(folder.path(), "two").unwrap();
        assert_eq!(store.wait_until("a".to_owned()).await.unwrap(), Some(at(100)));
        assert!(store.key_refused("a".to_owned()).await.unwrap().is_some());
        assert_eq!(store.wait_until("b".to_owned()).await.unwrap(), None);
    }

    #[test]
    fn many_can_make_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| open(folder.path()).unwrap());
            }
        });
    }
}
