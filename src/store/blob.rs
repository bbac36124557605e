//! Content-addressed blobs.

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::hash::Hash;

/// The level that costs least; bodies and texts shrink to a fifth with it already.
const LEVEL: i32 = 1;

/// Stores `bytes` as they are, under `hash`.
pub(super) fn put(connection: &Connection, hash: &Hash, bytes: &[u8]) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO blob (sha256, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![hash, bytes])?;
    Ok(())
}

/// What is stored under `hash`, as it is.
pub(super) fn get(connection: &Connection, hash: &Hash) -> Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT bytes FROM blob WHERE sha256 = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()
}

/// Compresses with zstd.
pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, LEVEL).expect("zstd compresses into a Vec without limit")
}

/// Undoes [`compress`].
pub(super) fn decompress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::stream::decode_all(bytes)
}
