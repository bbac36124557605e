//! What the schedule has fired: so that no instant fires twice, whoever looks, and none is forgotten.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, millis, timestamp};
use crate::schedule::{Fired, Record};

impl Store {
    /// What fired last; `None` where no schedule was ever looked at.
    pub async fn fired(&self) -> Result<Option<Fired>, StoreError> {
        self.read(fired).await
    }

    /// Records what fires now, before it does. False, and nothing is recorded, where another process has been faster.
    pub async fn fire(&self, Record { before, fired: now }: Record) -> Result<bool, StoreError> {
        self.write(move |tx| {
            if fired(tx)? != before {
                return Ok(false);
            }
            tx.execute("DELETE FROM fired", [])?;
            tx.execute(
                "INSERT INTO fired (schedule, at) VALUES (?1, ?2)",
                params![now.schedule, millis(now.at)],
            )?;
            Ok(true)
        })
        .await
    }
}

pub(super) fn fired(connection: &Connection) -> Result<Option<Fired>, StoreError> {
    let row: Option<(String, i64)> = connection
        .query_row("SELECT schedule, at FROM fired", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(schedule, at)| Ok(Fired { schedule, at: timestamp(at)? })).transpose()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[tokio::test]
    async fn an_instant_is_fired_by_one_process_only() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) =
            (Store::open(folder.path(), "docs").unwrap(), Store::open(folder.path(), "docs").unwrap());
        let fired = |at| Fired { schedule: "@daily".to_owned(), at: Timestamp::from_second(at).unwrap() };
        let record = |before, now| Record { before, fired: fired(now) };
        assert!(one.fire(record(None, 1)).await.unwrap());
        assert!(!other.fire(record(None, 1)).await.unwrap());
        assert!(other.fire(record(Some(fired(1)), 2)).await.unwrap());
        assert!(!one.fire(record(Some(fired(1)), 2)).await.unwrap());
        assert_eq!(one.fired().await.unwrap(), Some(fired(2)));
    }
}
