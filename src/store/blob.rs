//! Content-addressed blobs.

use std::io;

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use crate::hash::Hash;

/// The level that costs least; bodies and texts shrink to a fifth with it already.
const LEVEL: i32 = 1;

/// Stores `bytes` as they are, under `hash`.
pub(super) fn put(connection: &Connection, hash: &Hash, bytes: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO blob (sha256, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![hash, bytes])?;
    Ok(())
}

/// What is stored under `hash`, as it is.
pub(super) fn get(connection: &Connection, hash: &Hash) -> rusqlite::Result<Option<Vec<u8>>> {
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
pub(super) fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Decompressor::new()?.bytes(bytes)
}

/// Undoes [`compress`], for many texts: what it needs for that is made once.
pub(super) struct Decompressor(zstd::bulk::Decompressor<'static>);

impl Decompressor {
    pub(super) fn new() -> io::Result<Decompressor> {
        zstd::bulk::Decompressor::new().map(Decompressor)
    }

    /// The bytes that were compressed.
    pub(super) fn bytes(&mut self, stored: &[u8]) -> io::Result<Vec<u8>> {
        let size = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten();
        let size = size.and_then(|size| usize::try_from(size).ok());
        self.0.decompress(stored, size.ok_or(io::ErrorKind::InvalidData)?)
    }

    /// The text under `hash`; `what` names it in the error where it is damaged or missing.
    pub(super) fn text(
        &mut self,
        connection: &Connection,
        hash: &Hash,
        what: &'static str,
    ) -> Result<String, StoreError> {
        let stored = get(connection, hash)?.ok_or(StoreError::Damaged(what))?;
        let bytes = self.bytes(&stored).map_err(|_| StoreError::Damaged(what))?;
        String::from_utf8(bytes).map_err(|_| StoreError::Damaged(what))
    }
}
