//! Where the running text is, on pages that name no landmark.
//!
//! Each paragraph gives its text outside of links to the elements around it, the nearest most; the element that
//! gathers most is the article, and siblings that read like it belong to it.

use crate::html::{Measure, NodeId, Tree, local_name};

/// Bytes of text outside of links from which a block counts as a paragraph.
const PARAGRAPH: usize = 80;

/// The roots of the content below `body`, or `None` if no element stands out.
pub(super) fn roots(tree: &Tree, measure: &Measure, body: NodeId) -> Option<Vec<NodeId>> {
    let mut scores = vec![0.0_f64; tree.len()];
    let mut nodes = tree.descendants(body);
    while let Some(id) = nodes.next() {
        let Some(name) = tree.name(id) else { continue };
        if matches!(*name, local_name!("nav") | local_name!("footer") | local_name!("aside")) {
            nodes.skip_children();
            continue;
        }
        if !matches!(
            *name,
            local_name!("p")
                | local_name!("pre")
                | local_name!("blockquote")
                | local_name!("td")
                | local_name!("li")
        ) {
            continue;
        }
        let own = measure.text(id).saturating_sub(measure.link(id) * 2);
        if own < PARAGRAPH {
            continue;
        }
        let mut share = own as f64;
        for up in tree.ancestors(id).take(4) {
            scores[up.index()] += share;
            share /= 2.0;
        }
        nodes.skip_children();
    }
    let best = tree.descendants(body).filter(|&id| scores[id.index()] > 0.0).max_by(|&a, &b| {
        // Of equals the outermost, which comes first.
        scores[a.index()].total_cmp(&scores[b.index()]).then(b.cmp(&a))
    })?;
    let own = |id: NodeId| measure.text(id).saturating_sub(measure.link(id));
    // The content may be spread over the page: then everything is better than a part.
    let mut top = best;
    while top != body && (own(top) as f64) < 0.5 * own(body) as f64 {
        top = tree.parent(top)?;
    }
    (top != body).then(|| vec![top])
}
