//! What a visitor cannot see: `hidden`, and inline styles that take an element out of sight.
//!
//! Class names prove nothing: accordions, tabs and screen-reader texts are content that somebody opens or hears.

use std::collections::HashSet;

use crate::html::{Element, NodeId, Tree, local_name};
use crate::markdown::NodeSet;

/// Adds the hidden elements below `root` to `dropped`.
pub(super) fn mark(tree: &Tree, root: NodeId, dropped: &mut NodeSet) {
    let mut openable: Option<HashSet<&str>> = None;
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        let Some(sight) = sight(element) else { continue };
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Takes no space at all.
    Gone,
    /// `visibility: hidden`, which a child may take back.
    Invisible,
}

fn sight(element: &Element) -> Option<Sight> {
    let mut hidden = None;
    for (name, value) in element.attrs() {
        match *name {
            local_name!("hidden") if !value.trim_ascii().eq_ignore_ascii_case("until-found") => {
                hidden = Some(Sight::Gone);
            }
            local_name!("style") => hidden = hidden.or_else(|| styled(value)),
            _ => {}
        }
    }
    hidden
}

/// What an inline style does to an element's text.
fn styled(style: &str) -> Option<Sight> {
    let lower = style.to_ascii_lowercase();
    let (mut clipped, mut small, mut absolute) = (false, 0, false);
    let mut moving = false;
    let mut sight = None;
    let mut see_through = false;
    for declaration in lower.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.trim().trim_end_matches("!important").trim();
        match property.trim() {
            "display" if value == "none" => sight = Some(Sight::Gone),
            "visibility" if matches!(value, "hidden" | "collapse") => {
                sight = sight.or(Some(Sight::Invisible));
            }
            "opacity" if number(value) == Some(0.0) => see_through = true,
            "transition" | "animation" | "transform" | "will-change" | "animation-name"
            | "animation-delay" => moving = true,
            "font-size"
                if number(value).is_some_and(|n| n < 3.0)
                    && (value.ends_with("px") || number(value) == Some(0.0)) =>
            {
                sight = Some(Sight::Gone);
            }
            "text-indent" | "left" | "top" | "right" | "margin-left" if far_away(value) => {
                sight = Some(Sight::Gone);
            }
            "clip" if value.replace([',', ' '], "").starts_with("rect(0") => clipped = true,
            "clip-path" if value.contains("inset(50%") || value.contains("inset(100%") => clipped = true,
            "width" | "height" | "max-height"
                if number(value).is_some_and(|n| n <= 1.0) && !value.ends_with('%') =>
            {
                small += 1;
            }
            "overflow" if value == "hidden" => small += 1,
            "position" if matches!(value, "absolute" | "fixed") => absolute = true,
            _ => {}
        }
    }
    if (clipped && absolute) || small >= 3 || (see_through && !moving) {
        return Some(Sight::Gone);
    }
    sight
}

/// The number that a CSS length starts with.
fn number(value: &str) -> Option<f32> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    value[..end].parse().ok()
}

fn far_away(value: &str) -> bool {
    number(value).is_some_and(|n| n <= if value.ends_with("em") { -99.0 } else { -999.0 })
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

/// One of several panels that tabs switch between.
fn is_panel(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let role = |e: &Element| e.attr(&local_name!("role")).is_some_and(|r| r.eq_ignore_ascii_case("tabpanel"));
    let named = |e: &Element| {
        e.classes().any(|c| {
            let c = c.to_ascii_lowercase();
            c.contains("tab-content")
                || c.contains("tab-pane")
                || c.contains("tabpanel")
                || c.contains("tabbed")
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
