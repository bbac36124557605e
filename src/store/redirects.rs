//! Where chains of redirects end.

use std::collections::HashMap;

/// Redirects are refused after ten; a chain that is longer still closes on itself.
const LONGEST_CHAIN: usize = 32;

/// The end of the chain that begins at `key`; of one that closes on itself, somewhere in it.
pub(super) fn end_of<'a>(steps: &'a HashMap<String, String>, key: &'a str) -> &'a str {
    let mut end = key;
    for _ in 0..LONGEST_CHAIN {
        let Some(next) = steps.get(end) else { break };
        end = next;
    }
    end
}
