//! Where the running text is, on pages that name no landmark.
//!
//! Each paragraph gives its text outside of links to the elements around it, the nearest most; the element that
//! gathers most is the article, and siblings that read like it belong to it.

use html5ever::LocalName;

use crate::html::{Measure, NodeId, Step, Tree, is_silent, local_name};

use super::removal::Removals;

/// Bytes of text outside of links from which a block counts as a paragraph.
const PARAGRAPH: usize = 80;
/// The share of what remains of a page's text that its content holds.
const ENOUGH: f64 = 0.85;

/// The root of the content below `body`, or `None` if no element stands out from what surrounds it.
pub(super) fn root(tree: &Tree, measure: &Measure, body: NodeId, removals: &Removals) -> Option<NodeId> {
    let (scores, text) = scores(tree, measure, body, removals);
    let best = tree.descendants(body).filter(|&id| scores[id.index()] > 0.0).max_by(|&a, &b| {
        // Of equals the outermost, which comes first.
        scores[a.index()].total_cmp(&scores[b.index()]).then(b.cmp(&a))
    })?;
    // The content may be spread over the page: then everything is better than a part.
    let enough = |id: NodeId| f64::from(text[id.index()]) >= ENOUGH * f64::from(text[body.index()]);
    std::iter::successors(Some(best), |&id| tree.parent(id))
        .take_while(|&id| id != body)
        .find(|&id| enough(id))
}

/// By node: the score of its paragraphs, and bytes of text, what is removed not counted.
fn scores(tree: &Tree, measure: &Measure, body: NodeId, removals: &Removals) -> (Vec<f64>, Vec<u32>) {
    let (mut scores, mut text) = (vec![0.0_f64; tree.len()], vec![0_u32; tree.len()]);
    let mut paragraphs = Vec::new();
    let mut walk = tree.walk(body);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) if removals.contains(id) => walk.skip_children(),
            Step::Enter(id) => {
                if let Some(parent) = tree.parent(id).filter(|_| tree.text(id).is_some()) {
                    let bytes = u32::try_from(measure.text(id)).unwrap_or(u32::MAX);
                    text[parent.index()] = text[parent.index()].saturating_add(bytes);
                } else if tree.element(id).is_some_and(is_silent) {
                    walk.skip_children();
                }
            }
            Step::Leave(id) => {
                let bytes = text[id.index()];
                if let Some(parent) = tree.parent(id).filter(|_| id != body) {
                    text[parent.index()] = text[parent.index()].saturating_add(bytes);
                }
                if tree.name(id).is_some_and(is_paragraph) {
                    paragraphs.push(id);
                }
            }
        }
    }
    for id in paragraphs {
        let bytes = (text[id.index()] as usize).saturating_sub(measure.link(id) * 2);
        if bytes < PARAGRAPH {
            continue;
        }
        let mut share = bytes as f64;
        for up in tree.ancestors(id).take(4) {
            scores[up.index()] += share;
            share /= 2.0;
        }
    }
    (scores, text)
}

fn is_paragraph(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("p")
            | local_name!("pre")
            | local_name!("blockquote")
            | local_name!("td")
            | local_name!("li")
    )
}
