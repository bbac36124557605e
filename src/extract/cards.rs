//! Cards that lead to other pages of the site, on a page that is about one thing of its own.
//!
//! A card is known by its shape, not by its words: several siblings, each a link with a picture or a heading and
//! little text besides.

use url::Url;

use crate::html::{Holds, Measure, NodeId, Tree, local_name};

use super::removal::{Reason, Removals};

/// Cards that make a row.
const ROW: usize = 3;
/// Bytes of text on a card.
const MAX_TEXT: usize = 300;
/// Nodes of a card that are looked at.
const MAX_NODES: usize = 96;

/// Adds rows of cards below `root` to what is removed.
pub(super) fn mark(tree: &Tree, measure: &Measure, root: NodeId, base: &Url, removals: &mut Removals) {
    let kept = kept(tree, measure, root, removals);
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        if removals.contains(id) || tree.element(id).is_none() {
            nodes.skip_children();
            continue;
        }
        let children: Vec<NodeId> = tree
            .children(id)
            .filter(|&child| tree.element(child).is_some() && measure.text(child) > 0)
            .collect();
        if children.len() < ROW || measure.text(id) * 3 > kept {
            continue;
        }
        let cards: Vec<NodeId> =
            children.iter().copied().filter(|&child| is_card(tree, measure, child, base)).collect();
        if cards.len() >= ROW && cards.len() * 10 >= children.len() * 8 {
            removals.insert(id, Reason::Cards);
            nodes.skip_children();
        }
    }
}

/// Bytes of text that stay below `root`.
fn kept(tree: &Tree, measure: &Measure, root: NodeId, removals: &Removals) -> usize {
    let mut kept = measure.text(root);
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        if removals.contains(id) {
            kept = kept.saturating_sub(measure.text(id));
            nodes.skip_children();
        }
    }
    kept
}

/// A link to another page of the site that holds a picture or a heading, and little else.
fn is_card(tree: &Tree, measure: &Measure, id: NodeId, base: &Url) -> bool {
    if measure.text(id) > MAX_TEXT || !measure.holds(id).any(Holds::LINK) {
        return false;
    }
    let (mut leads, mut shows) = (false, false);
    for node in std::iter::once(id).chain(tree.descendants(id)).take(MAX_NODES) {
        match tree.name(node) {
            Some(&local_name!("a")) => {
                leads |= tree.attr(node, &local_name!("href")).is_some_and(|href| leads_on(href, base));
            }
            Some(&local_name!("img") | &local_name!("picture")) => shows = true,
            _ => {}
        }
    }
    leads && (shows || measure.holds(id).any(Holds::HEADING)) && measure.link(id) * 4 >= measure.text(id)
}

/// Whether a link leads to another page of the same site.
fn leads_on(href: &str, base: &Url) -> bool {
    let href = href.trim_ascii();
    if href.is_empty() || href.starts_with('#') {
        return false;
    }
    base.join(href).is_ok_and(|url| url.host() == base.host() && url.path() != base.path())
}
