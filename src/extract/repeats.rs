//! What a page says twice: the copy for small screens, the button under each card.
//!
//! Blocks that repeat over several pages are `template`'s.

use std::collections::{HashMap, HashSet};

use crate::markdown::Block;

/// Bytes from which a block says something; a shorter one may well be said again.
const STATEMENT: usize = 80;
/// Bytes of the text of a link that can be a button.
const BUTTON: usize = 40;
/// How often such a link must stand alone to be the button of cards.
const BUTTONS: usize = 3;

/// Removes the repetitions among a page's blocks, and the headings that only repeat with them.
pub(super) fn remove(blocks: &mut Vec<Block>) {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for block in blocks.iter() {
        *counts.entry(block.fingerprint).or_default() += 1;
    }
    let mut seen = HashSet::new();
    let mut repeats: Vec<bool> = blocks
        .iter()
        .map(|block| {
            let again = !seen.insert(block.fingerprint);
            let times = counts.get(&block.fingerprint).copied().unwrap_or(1);
            (again && (is_heading(block) || is_statement(block))) || (times >= BUTTONS && is_link(block))
        })
        .collect();
    // A heading said again is a repetition only if what stands below it is.
    for at in (0..blocks.len()).rev() {
        if is_heading(&blocks[at]) && !repeats.get(at + 1).copied().unwrap_or(false) {
            repeats[at] = false;
        }
    }
    let mut repeats = repeats.into_iter();
    blocks.retain(|_| !repeats.next().unwrap_or(false));
}

fn is_heading(block: &Block) -> bool {
    block.markdown.starts_with('#')
}

/// Prose; code, tables and rules may be the same in several places for good reason.
fn is_statement(block: &Block) -> bool {
    !block.markdown.starts_with(['`', '|', '#']) && text_len(&block.markdown) >= STATEMENT
}

/// Bytes of Markdown outside of link destinations.
fn text_len(markdown: &str) -> usize {
    let destinations = markdown.split("](").skip(1).map(|rest| rest.find(')').unwrap_or(rest.len()));
    markdown.len() - destinations.sum::<usize>()
}

/// A block that is one link with a few words.
fn is_link(block: &Block) -> bool {
    let text = block.markdown.strip_prefix('[').and_then(|rest| rest.split_once("]("));
    text.is_some_and(|(text, rest)| text.len() < BUTTON && rest.find(')') == Some(rest.len() - 1))
}
