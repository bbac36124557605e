//! Tabs without a script: a row of radio buttons whose labels are the tabs, before the panels that they show.

use crate::html::{NodeId, Tree, local_name};

use super::super::callout::visible_text;
use super::super::nodes::NodeSet;
use super::{MAX_LABEL, strip::MAX_TABS};

/// Elements beside a label that are looked at.
const BESIDE: usize = 2 * MAX_TABS;

/// A label that is a tab, what it says, and its panel.
pub(super) struct Ticked {
    pub(super) tab: NodeId,
    pub(super) label: String,
    pub(super) panel: NodeId,
}

/// The tabs of the row that begins with a label; none if it is another label. A form sends what is ticked in it.
pub(super) fn row(tree: &Tree, dropped: &NodeSet, first: NodeId) -> Vec<Ticked> {
    found(tree, dropped, first).unwrap_or_default()
}

fn found(tree: &Tree, dropped: &NodeSet, first: NodeId) -> Option<Vec<Ticked>> {
    let is = |name, n: NodeId| tree.name(n) == Some(&name);
    let next = |n| {
        std::iter::successors(tree.next_sibling(n), |&n| tree.next_sibling(n))
            .filter(|&n| tree.element(n).is_some())
            .take(BESIDE)
    };
    let before = |n| {
        std::iter::successors(tree.previous_sibling(n), |&n| tree.previous_sibling(n))
            .filter(|&n| tree.element(n).is_some())
            .take(BESIDE)
    };
    let (label, input) = (local_name!("label"), local_name!("input"));
    if before(first).any(|n| !is(input.clone(), n)) {
        return None;
    }
    let row = tree.parent(first)?;
    let beside = next(first).take_while(|&n| is(label.clone(), n) || is(input.clone(), n));
    let tabs: Vec<NodeId> = std::iter::once(first).chain(beside.filter(|&n| is(label.clone(), n))).collect();
    if !(2..=MAX_TABS).contains(&tabs.len()) {
        return None;
    }
    let is_radio = |n: NodeId, id: &str| {
        let kind = || tree.attr(n, &local_name!("type")).unwrap_or_default();
        is(input.clone(), n)
            && tree.element(n).and_then(|e| e.id()) == Some(id)
            && kind().eq_ignore_ascii_case("radio")
    };
    let is_ticked = |tab: NodeId| {
        let Some(id) = tree.attr(tab, &local_name!("for")) else { return false };
        tree.children(row).take(BESIDE).chain(before(row)).any(|n| is_radio(n, id))
    };
    let in_form = || tree.ancestors(first).any(|up| is(local_name!("form"), up));
    if !tabs.iter().all(|&tab| is_ticked(tab)) || in_form() {
        return None;
    }
    let mut after: Vec<NodeId> = next(*tabs.last()?).filter(|&n| !is(input.clone(), n)).collect();
    if after.is_empty() {
        after = next(row).collect();
    }
    let panels = match after[..] {
        [one] => tree.children(one).filter(|&n| tree.element(n).is_some()).take(BESIDE).collect(),
        _ => after,
    };
    let labels = tabs.iter().map(|&tab| visible_text(tree, dropped, tab));
    let labels: Vec<String> = labels.filter(|label| (1..=MAX_LABEL).contains(&label.len())).collect();
    // Of texts side by side it may be chance that there are as many.
    let are_parts = panels.iter().all(|&panel| {
        matches!(
            tree.name(panel),
            Some(&(local_name!("div") | local_name!("section") | local_name!("article") | local_name!("li")))
        )
    });
    let fits = are_parts && panels.len() == tabs.len() && labels.len() == tabs.len();
    let ticked = tabs.into_iter().zip(labels).zip(panels);
    fits.then(|| ticked.map(|((tab, label), panel)| Ticked { tab, label, panel }).collect())
}
