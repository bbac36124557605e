//! How the content of a page was found, as a person needs it to write a selector.

use std::collections::HashMap;

use serde::Serialize;

use crate::html::{Measure, NodeId, Tree, local_name};
use crate::markdown::clean_line;

use super::container::Choice;
use super::removal::{Reason, Removals};

/// Elements that a path names at most, from the nearest up.
const PATH: usize = 4;
/// Classes that a path names of each element at most.
const CLASSES: usize = 3;
/// Characters of a part's text that are shown.
const SAMPLE: usize = 60;

/// Where the content of a page is, and what of it was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The elements that hold the content.
    pub roots: Vec<Part>,
    /// Rules that found their place on the page and were not taken, because it holds too little of its text.
    pub passed_over: Vec<String>,
    /// What was left out inside the roots, in document order.
    pub removed: Vec<(Reason, Part)>,
    /// Blocks that the page says twice, or that are no more than a button.
    pub repeated: Vec<String>,
    /// Bytes of text on the page.
    pub page_bytes: usize,
}

/// An element of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its place as a selector of the pipeline file can name it: `main > div#content.wide`.
    pub path: String,
    /// Bytes of its text.
    pub bytes: usize,
    /// How its text begins.
    pub sample: String,
}

impl Explanation {
    pub(super) fn new(
        tree: &Tree,
        measure: &Measure,
        choice: &Choice,
        removals: &Removals,
        repeated: Vec<String>,
    ) -> Self {
        let reasons = removals.reasons();
        Self {
            roots: choice.roots.iter().map(|&id| part(tree, measure, id)).collect(),
            passed_over: choice.passed_over.clone(),
            removed: choice
                .roots
                .iter()
                .flat_map(|&root| removed(tree, measure, root, removals, &reasons))
                .collect(),
            repeated,
            page_bytes: measure.text(Tree::ROOT),
        }
    }
}

/// The outermost parts left out below `root` that hold text.
fn removed(
    tree: &Tree,
    measure: &Measure,
    root: NodeId,
    removals: &Removals,
    reasons: &HashMap<NodeId, Reason>,
) -> Vec<(Reason, Part)> {
    let mut found = Vec::new();
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        if !removals.contains(id) {
            continue;
        }
        nodes.skip_children();
        if measure.text(id) > 0 {
            let reason = reasons.get(&id).copied().unwrap_or(Reason::Hidden);
            found.push((reason, part(tree, measure, id)));
        }
    }
    found
}

fn part(tree: &Tree, measure: &Measure, id: NodeId) -> Part {
    let mut sample = String::new();
    for text in tree.descendants(id).filter_map(|n| tree.text(n)) {
        sample.push_str(text);
        if sample.len() > SAMPLE * 8 {
            break;
        }
    }
    let sample = clean_line(&sample).chars().take(SAMPLE).collect();
    Part { path: path(tree, id), bytes: measure.text(id), sample }
}

/// The element and those above it, up to one with an `id`.
fn path(tree: &Tree, id: NodeId) -> String {
    let mut names = Vec::new();
    for at in std::iter::once(id).chain(tree.ancestors(id)).take(PATH) {
        let Some(element) = tree.element(at) else { break };
        let mut name = element.name().to_string();
        let own = element.id().filter(|own| is_name(own));
        if let Some(own) = own {
            name.push('#');
            name.push_str(own);
        }
        for class in element.classes().filter(|class| is_name(class)).take(CLASSES) {
            name.push('.');
            name.push_str(class);
        }
        names.push(name);
        if own.is_some() || *element.name() == local_name!("body") {
            break;
        }
    }
    names.reverse();
    names.join(" > ")
}

/// Whether a selector can name it without escapes.
fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
}
