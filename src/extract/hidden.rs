//! What a visitor cannot see: `hidden`, and styles that take an element out of sight.
//!
//! Class names prove nothing: accordions, tabs and screen-reader texts are content that somebody opens or hears.

use std::collections::HashSet;

use crate::html::{Element, Measure, NodeId, Tree, local_name};
use crate::markdown::NodeSet;

use super::style::{self, Sight};
use super::stylesheet::Stylesheet;

/// Adds the hidden elements below `root` to `dropped`.
pub(super) fn mark(
    tree: &Tree,
    measure: &Measure,
    stylesheet: &Stylesheet,
    root: NodeId,
    dropped: &mut NodeSet,
) {
    let mut openable: Option<HashSet<&str>> = None;
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        let by_rule = || {
            // What hides nearly all of a page hides it until it is loaded.
            let hides = stylesheet.sight(element)?;
            let is_part = measure.text(id) * 5 <= measure.text(root) * 4;
            (is_part && !follows_button(tree, id)).then_some(hides)
        };
        let Some(sight) = own_sight(element).or_else(by_rule) else { continue };
        let controlled =
            element.id().is_some_and(|own| openable.get_or_insert_with(|| controlled(tree)).contains(own));
        if controlled || is_panel(tree, id, element) {
            continue;
        }
        if sight == Sight::Invisible && restores(tree, id) {
            continue;
        }
        dropped.insert(id);
        nodes.skip_children();
    }
}

/// What an element's own attributes do to its text.
fn own_sight(element: &Element) -> Option<Sight> {
    let mut hidden = None;
    for (name, value) in element.attrs() {
        match *name {
            local_name!("hidden") if !value.trim_ascii().eq_ignore_ascii_case("until-found") => {
                hidden = Some(Sight::Gone);
            }
            local_name!("style") => hidden = hidden.or_else(|| style::inline(value)),
            _ => {}
        }
    }
    hidden
}

/// A panel right below what a visitor presses is opened by it.
fn follows_button(tree: &Tree, id: NodeId) -> bool {
    let mut before = std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n));
    before.find_map(|n| tree.element(n)).is_some_and(|e| {
        *e.name() == local_name!("button")
            || e.attr(&local_name!("role")) == Some("button")
            || e.attr(&local_name!("onclick")).is_some()
    })
}

/// Ids that some control of the page opens.
fn controlled(tree: &Tree) -> HashSet<&str> {
    let mut ids = HashSet::new();
    for element in tree.descendants(Tree::ROOT).filter_map(|id| tree.element(id)) {
        for name in ["aria-controls", "data-target", "data-bs-target", "data-tab", "aria-owns"] {
            for id in element.attr_named(name).unwrap_or_default().split_ascii_whitespace() {
                ids.insert(id.trim_start_matches('#'));
            }
        }
        let opens = element
            .attr_named("data-toggle")
            .or_else(|| element.attr_named("role"))
            .or_else(|| element.attr_named("data-bs-toggle"));
        if opens.is_some_and(|o| matches!(o, "tab" | "collapse" | "pill"))
            && let Some(target) = element.attr(&local_name!("href")).and_then(|h| h.strip_prefix('#'))
        {
            ids.insert(target);
        }
    }
    ids
}

/// One of several panels that tabs switch between, or an answer that its question opens.
fn is_panel(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let role = |e: &Element| e.attr(&local_name!("role")).is_some_and(|r| r.eq_ignore_ascii_case("tabpanel"));
    let named = |e: &Element| {
        e.classes().any(|c| {
            let c = c.to_ascii_lowercase();
            c.contains("tab-content")
                || c.contains("tab-pane")
                || c.contains("tabpanel")
                || c.contains("tabbed")
                || c.contains("accordion")
                || c.contains("faq")
                || c.contains("collaps")
                || c.contains("expand")
                || c == "tabs"
        })
    };
    role(element)
        || named(element)
        || tree.parent(id).and_then(|p| tree.element(p)).is_some_and(|p| named(p) || &**p.name() == "tabs")
}

/// Whether something below an invisible element is visible again.
fn restores(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).filter_map(|n| tree.element(n)?.attr(&local_name!("style"))).any(|style| {
        let style: String = style.to_ascii_lowercase().split_ascii_whitespace().collect();
        style.contains("visibility:visible")
    })
}
