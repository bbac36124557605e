//! Ids that look like the vendor's and repeat from run to run: a hash of seed and counter, spelled out.

use sha2::{Digest as _, Sha256};

/// The alphabet of nanoid.
const NANOID: &[u8; 64] = b"useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict";
/// Lower-case base32 of RFC 4648.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// An agent id: 21 characters as nanoid writes them.
pub(super) fn agent(seed: u64, counter: u64) -> String {
    spell(seed, "agent", counter, NANOID, 21)
}

/// A source id, as an agent's.
pub(super) fn source(seed: u64, counter: u64) -> String {
    spell(seed, "source", counter, NANOID, 21)
}

/// A request id: `req_` and 26 characters of base32.
pub(super) fn request(seed: u64, counter: u64) -> String {
    format!("req_{}", spell(seed, "request", counter, BASE32, 26))
}

fn spell(seed: u64, kind: &str, counter: u64, alphabet: &[u8], length: usize) -> String {
    let digest = Sha256::digest(format!("{kind}/{seed}/{counter}"));
    digest.iter().take(length).map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect()
}
