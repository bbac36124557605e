//! What a picture without text says: the ticks and crosses of tables that compare.

use crate::html::{Element, NodeId, Tree, local_name};

use super::nodes::NodeSet;

/// Nodes of a cell among which its picture is looked for.
const NEAR: usize = 16;
/// Bytes of a picture's name at most.
const MAX_NAME: usize = 40;

/// Words of the classes of icons, and what they show.
const SIGNS: &[(&[&str], &str)] = &[
    (&["check", "checkmark", "tick", "checked", "yes"], "✓"),
    (&["times", "xmark", "cross", "close", "no", "x"], "✗"),
];

/// What the picture in a cell without text says.
pub(super) fn icon<'t>(tree: &'t Tree, dropped: &NodeSet, cell: NodeId) -> Option<&'t str> {
    let mut nodes = tree.descendants(cell);
    for _ in 0..NEAR {
        let id = nodes.next()?;
        if dropped.contains(id) {
            nodes.skip_children();
        } else if let Some(said) = tree.element(id).and_then(|element| said(tree, id, element)) {
            return Some(said);
        }
    }
    None
}

fn said<'t>(tree: &'t Tree, id: NodeId, element: &'t Element) -> Option<&'t str> {
    let is_picture = matches!(*element.name(), local_name!("svg") | local_name!("i") | local_name!("span"));
    if !is_picture {
        return None;
    }
    let own = || tree.children(id).find(|&n| tree.name(n) == Some(&local_name!("title")));
    let name = element
        .attr_named("aria-label")
        .or_else(|| tree.text(tree.first_child(own()?)?))
        .or_else(|| element.attr(&local_name!("title")));
    name.map(str::trim).filter(|name| (1..=MAX_NAME).contains(&name.len())).or_else(|| sign(element))
}

/// What the class of an icon calls it: `fa-check`, `icon--cross`.
fn sign(element: &Element) -> Option<&'static str> {
    let words = || {
        let class = element.attr(&local_name!("class")).unwrap_or_default();
        class.split(|c: char| !c.is_ascii_alphanumeric())
    };
    SIGNS.iter().find(|(names, _)| words().any(|word| names.contains(&word))).map(|(_, sign)| *sign)
}
