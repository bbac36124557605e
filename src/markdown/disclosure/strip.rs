//! A strip of tabs, and the panels beside it.

use crate::html::{Element, Measure, NodeId, Tree, local_name};

use super::super::callout::visible_text;
use super::super::nodes::NodeSet;
use super::MAX_LABEL;

/// Elements around a strip of tabs beside which its panels are looked for.
const AROUND: usize = 3;
/// Texts of a script that are taken for ids.
const MAX_NAMES: usize = 8;
/// Tabs of one strip at most.
pub(super) const MAX_TABS: usize = 64;

/// Classes of strips of tabs.
const STRIPS: &[&str] = &[
    "tabbed-labels",
    "nav-tabs",
    "tabs",
    "tabs-menu",
    "tabs-nav",
    "tabs-list",
    "tabs__list",
    "tab-menu",
    "tab-nav",
    "tab-list",
    "tab-links",
    "tab-labels",
    "tab-buttons",
    // Webflow, Divi, WPBakery, Kadence, jQuery UI, UIkit.
    "w-tab-menu",
    "et_pb_tabs_controls",
    "vc_tta-tabs-list",
    "kt-tabs-title-list",
    "ui-tabs-nav",
    "uk-tab",
];

/// A strip of tabs: what each is called, and the id of what it opens.
pub(super) struct Strip<'t> {
    pub(super) id: NodeId,
    pub(super) tabs: Vec<Tab<'t>>,
    /// Nothing but tabs is in it.
    pub(super) alone: bool,
}

pub(super) struct Tab<'t> {
    pub(super) id: NodeId,
    pub(super) label: String,
    pub(super) opens: Option<&'t str>,
}

/// Whether an element says that it is a strip of tabs.
pub(crate) fn is_strip(element: &Element) -> bool {
    element.attr(&local_name!("role")).is_some_and(|role| role.eq_ignore_ascii_case("tablist"))
        || element.classes().any(|class| STRIPS.contains(&class))
}

/// A strip of tabs that only scripts tell from a part of the page.
pub(super) fn is_row_of_buttons(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let mut parts = tree.children(id).filter_map(|n| tree.element(n)).peekable();
    element.has_class("tab")
        && parts.peek().is_some()
        && parts.all(|part| *part.name() == local_name!("button") && named_by_click(part).next().is_some())
}

/// The tabs below a strip.
pub(super) fn strip<'t>(
    tree: &'t Tree,
    measure: &Measure,
    dropped: &NodeSet,
    id: NodeId,
) -> Option<Strip<'t>> {
    let is_tab = |n: NodeId| {
        tree.element(n)
            .is_some_and(|e| e.attr(&local_name!("role")).is_some_and(|r| r.eq_ignore_ascii_case("tab")))
    };
    let mut found: Vec<NodeId> = tree.descendants(id).filter(|&n| is_tab(n)).take(MAX_TABS + 1).collect();
    if found.is_empty() {
        let is_label = |n: &NodeId| {
            matches!(
                tree.name(*n),
                Some(&(local_name!("label") | local_name!("a") | local_name!("button") | local_name!("li")))
            )
        };
        found = tree.children(id).filter(is_label).take(MAX_TABS + 1).collect();
    }
    if found.len() > MAX_TABS || found.iter().any(|&tab| measure.text(tab) > MAX_LABEL) {
        return None;
    }
    let alone = measure.text(id) <= found.iter().map(|&tab| measure.text(tab)).sum();
    let tab = |id: NodeId| {
        let links = std::iter::once(id).chain(tree.descendants(id)).filter_map(|n| tree.element(n));
        let opens = links.filter_map(target).find(|target| !target.is_empty());
        Tab { id, label: visible_text(tree, dropped, id), opens }
    };
    let tabs: Vec<Tab> = found.into_iter().map(tab).collect();
    let named = tabs.iter().all(|tab| (1..=MAX_LABEL).contains(&tab.label.len()));
    (named && (1..=MAX_TABS).contains(&tabs.len())).then_some(Strip { id, tabs, alone })
}

/// The id of what a tab opens.
fn target(element: &Element) -> Option<&str> {
    element
        .attr_named("aria-controls")
        .or_else(|| element.attr_named("data-bs-target"))
        .or_else(|| element.attr_named("data-target"))
        .or_else(|| element.attr_named("data-tab"))
        .or_else(|| element.attr(&local_name!("href")).filter(|href| href.starts_with('#')))
        .map(|target| target.trim_start_matches('#'))
        .or_else(|| named_by_click(element).next())
}

/// The texts that the script names which runs when an element is pressed: `toggle('answer')`.
pub(crate) fn named_by_click(element: &Element) -> impl Iterator<Item = &str> {
    let script = element.attr(&local_name!("onclick")).unwrap_or_default();
    let names = script.split(['\'', '"']).skip(1).step_by(2).map(|name| name.trim_start_matches('#'));
    names.filter(|name| !name.is_empty()).take(MAX_NAMES)
}

/// The panels beside a strip: as many parts as it has tabs, inside of what follows it or following it themselves.
pub(super) fn beside(tree: &Tree, strip: NodeId, tabs: usize) -> Vec<NodeId> {
    let elements = |id: NodeId| tree.children(id).filter(|&n| tree.element(n).is_some());
    for at in std::iter::once(strip).chain(tree.ancestors(strip)).take(AROUND) {
        let after: Vec<NodeId> = std::iter::successors(tree.next_sibling(at), |&n| tree.next_sibling(n))
            .filter(|&n| tree.element(n).is_some())
            .take(tabs)
            .collect();
        let is_panel = |&n: &NodeId| tree.element(n).is_some_and(is_panel);
        if after.len() == tabs && after.iter().all(is_panel) {
            return after;
        }
        if let Some(&next) = after.first() {
            let inside: Vec<NodeId> = elements(next).take(tabs + 1).collect();
            return if inside.len() == tabs { inside } else { Vec::new() };
        }
    }
    Vec::new()
}

/// Whether an element says that it is what a tab shows.
fn is_panel(element: &Element) -> bool {
    let names_panel = |class: &str| {
        let class = class.to_ascii_lowercase().replace('_', "-");
        let part = class
            .strip_prefix("tabs")
            .or_else(|| class.strip_prefix("tab"))
            .map(|rest| rest.trim_start_matches('-'));
        matches!(part, Some("" | "content" | "pane" | "panel" | "item" | "body"))
    };
    element.attr(&local_name!("role")).is_some_and(|role| role.eq_ignore_ascii_case("tabpanel"))
        || element.classes().any(names_panel)
}
