//! Headings and what stands below them, once it is known what is dropped.
//!
//! Lists of links are chrome beside content and content on an index; only their headings tell which.

use std::collections::HashSet;

use crate::html::{Holds, Measure, NodeId, Step, Tree, heading_level, is_silent, local_name};

use super::removal::{Reason, Removals};

/// A heading and the text up to the next one.
#[derive(Debug)]
struct Section {
    /// `None`: what stands above the first heading.
    heading: Option<NodeId>,
    level: usize,
    /// Bytes of text that stay.
    kept: usize,
    /// What was dropped here.
    lost: Vec<NodeId>,
    /// Whether link lists stand here that may be what the page is for.
    entries: bool,
}

/// Takes back `doubtful` link lists if they are what the page is for, and drops headings that lost all they had.
pub(super) fn settle(
    tree: &Tree,
    measure: &Measure,
    root: NodeId,
    doubtful: &[NodeId],
    removals: &mut Removals,
) {
    let (mut sections, kept) = sections(tree, measure, root, removals);
    // A link list of the index stands under its heading, after an introduction at most, or holds its heading.
    let mut entries = Vec::new();
    for section in &mut sections {
        let lists = section.lost.iter().copied().filter(|id| doubtful.binary_search(id).is_ok());
        let text: usize = lists.clone().map(|id| measure.text(id)).sum();
        let own: Vec<NodeId> =
            lists.filter(|&id| section.kept < text || measure.holds(id).any(Holds::HEADING)).collect();
        section.entries = !own.is_empty();
        entries.extend(own);
    }
    if is_index(tree, measure, &entries, kept) {
        for section in sections.iter_mut().filter(|section| section.entries) {
            section.kept += 1;
        }
        for entry in entries {
            removals.restore(entry);
        }
    }
    // From the end, so that a heading above knows whether one below it stays.
    let mut below: Option<usize> = None;
    for section in sections.iter().rev() {
        let has_below = below.is_some_and(|level| level > section.level);
        if let Some(heading) = section.heading
            && section.kept == 0
            && !has_below
            && !section.lost.is_empty()
            && section.level > 1
        {
            removals.insert(heading, Reason::Heading);
        } else {
            below = Some(section.level);
        }
    }
}

/// Whether link lists with headings are what the page is for: several, all different, and much of its text.
fn is_index(tree: &Tree, measure: &Measure, lists: &[NodeId], kept: usize) -> bool {
    let text: usize = lists.iter().map(|&id| measure.text(id)).sum();
    let mut seen = HashSet::new();
    lists.len() >= 2 && text * 2 >= kept && lists.iter().all(|&id| seen.insert(tree.text_of(id)))
}

/// The sections below `root` in document order, and the bytes of text that stay in all of it.
fn sections(tree: &Tree, measure: &Measure, root: NodeId, removals: &Removals) -> (Vec<Section>, usize) {
    let mut sections = vec![Section { heading: None, level: 0, kept: 0, lost: Vec::new(), entries: false }];
    let mut all = 0;
    let mut walk = tree.walk(root);
    while let Some(step) = walk.next() {
        let Step::Enter(id) = step else { continue };
        let Some(element) = tree.element(id) else {
            let text = measure.text(id);
            all += text;
            if let Some(section) = sections.last_mut() {
                section.kept += text;
            }
            continue;
        };
        if removals.contains(id) {
            if let Some(section) = sections.last_mut().filter(|_| measure.text(id) > 0) {
                section.lost.push(id);
            }
            walk.skip_children();
            continue;
        }
        if let Some(level) = heading_level(element) {
            all += measure.text(id);
            sections.push(Section { heading: Some(id), level, kept: 0, lost: Vec::new(), entries: false });
            walk.skip_children();
        } else if *element.name() == local_name!("img") {
            if let Some(section) = sections.last_mut() {
                section.kept += 1;
            }
        } else if is_silent(element) {
            walk.skip_children();
        }
    }
    (sections, all)
}
