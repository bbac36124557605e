//! How long an exchange may take, and how much of an answer is read.

use std::time::Duration;

/// Time to open a connection, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time from a GET to the head of its answer.
pub(super) const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest silence between two reads of a body.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A body may begin slowly; from then on it has to come at the least rate, or it only keeps a place.
pub(super) const SLOW_START: Duration = Duration::from_secs(10);
/// Bytes per second.
pub(super) const LEAST_RATE: u64 = 1024;
/// What all headers of an answer may take, names and values. (The protocol layer reads 400 KiB at most.)
pub(super) const MAX_HEADERS: usize = 64 * 1024;

/// What is read of an answer, at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes on the wire.
    pub wire: u64,
    /// Bytes after decoding.
    pub decoded: u64,
    /// Time for the whole exchange.
    pub total: Duration,
}
