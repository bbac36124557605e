//! What a visitor opens: tabs and their panels, questions and their answers. Found in one pass before writing, since
//! a label may stand far from what it names.

use std::collections::{HashMap, HashSet};

use html5ever::LocalName;

use crate::html::{Element, Holds, Measure, NodeId, Tree, is_heading, local_name};

use super::callout::visible_text;
use super::nodes::NodeSet;

mod strip;
mod ticked;

use strip::{Strip, Tab, beside, is_row_of_buttons, strip};
pub(crate) use strip::{is_strip, named_by_click};

/// Bytes of a question or a tab's label at most.
const MAX_LABEL: usize = 300;
/// Elements around a question that may be the list it is in.
const MAX_DEPTH: usize = 12;
/// Elements around a question that may say that it is one.
const AROUND: usize = 3;
/// Nodes in and beside a label among which its box is looked for.
const NEAR: usize = 8;

/// The tabs and questions of a page.
#[derive(Debug, Default)]
pub(super) struct Disclosures {
    /// What each panel is called on its tab.
    labels: HashMap<NodeId, String>,
    /// Tabs whose labels stand at their panels.
    strips: HashSet<NodeId>,
    /// What opens something, and whether it is a question.
    openers: HashMap<NodeId, bool>,
    /// Lists that hold questions: their items are parts of a page.
    arranging: HashSet<NodeId>,
}

impl Disclosures {
    pub(super) fn find(tree: &Tree, measure: &Measure, dropped: &NodeSet, roots: &[NodeId]) -> Self {
        let mut found = Self::default();
        let mut strips = Vec::new();
        for &root in roots {
            let mut nodes = tree.descendants(root);
            while let Some(id) = nodes.next() {
                let Some(element) = tree.element(id) else { continue };
                if dropped.contains(id) {
                    nodes.skip_children();
                } else if is_strip(element) || is_row_of_buttons(tree, id, element) {
                    strips.extend(strip(tree, measure, dropped, id));
                } else if *element.name() == local_name!("label")
                    && (found.is_strip(id) || found.tick(tree, dropped, id))
                {
                    nodes.skip_children();
                } else if *element.name() == local_name!("summary") {
                    if let Some(true) = asks(tree, dropped, measure.text(id), id, element) {
                        found.open(tree, id, true);
                    }
                } else if let Some(question) = opener(tree, measure, dropped, id, element) {
                    found.open(tree, id, question);
                }
            }
        }
        found.link(tree, strips);
        found
    }

    /// Takes the row of tabs that begins with a label; whether one does.
    fn tick(&mut self, tree: &Tree, dropped: &NodeSet, id: NodeId) -> bool {
        let row = ticked::row(tree, dropped, id);
        let is_row = !row.is_empty();
        for tab in row {
            self.strips.insert(tab.tab);
            self.labels.entry(tab.panel).or_insert(tab.label);
        }
        is_row
    }

    fn open(&mut self, tree: &Tree, id: NodeId, question: bool) {
        self.openers.insert(id, question);
        let is_list = |up: &NodeId| matches!(tree.name(*up), Some(&(local_name!("ul") | local_name!("ol"))));
        if question {
            self.arranging.extend(tree.ancestors(id).take(MAX_DEPTH).filter(is_list));
        }
    }

    /// Finds the panels of each strip: by the ids that connect them, else by their number.
    fn link(&mut self, tree: &Tree, strips: Vec<Strip<'_>>) {
        if strips.is_empty() {
            return;
        }
        let mut by_id = HashMap::new();
        let mut by_tab = HashMap::new();
        for id in tree.descendants(Tree::ROOT) {
            let Some(element) = tree.element(id) else { continue };
            if let Some(own) = element.id() {
                by_id.entry(own).or_insert(id);
            }
            if let Some(tab) = element.attr_named("aria-labelledby") {
                by_tab.entry(tab).or_insert(id);
            }
        }
        for Strip { id: strip, tabs, alone } in strips {
            let named = |tab: &Tab| {
                let by_own_id = || by_tab.get(tree.element(tab.id)?.id()?);
                tab.opens.and_then(|opens| by_id.get(opens)).or_else(by_own_id).copied()
            };
            let mut panels: Vec<_> = tabs.iter().map(named).collect();
            if panels.iter().all(Option::is_none) {
                panels = beside(tree, strip, tabs.len()).into_iter().map(Some).collect();
            }
            // Tabs that all open the same panel choose what it lists.
            let is_filter =
                panels.len() > 1 && panels.iter().all(|panel| panel.is_some() && *panel == panels[0]);
            if panels.is_empty() {
                continue;
            }
            if alone {
                self.strips.insert(strip);
            }
            for (tab, panel) in tabs.into_iter().zip(panels) {
                if let Some(panel) = panel.filter(|_| !is_filter) {
                    self.labels.entry(panel).or_insert(tab.label);
                }
            }
        }
    }

    pub(super) fn is_strip(&self, id: NodeId) -> bool {
        self.strips.contains(&id)
    }

    pub(super) fn label(&self, panel: NodeId) -> Option<&str> {
        self.labels.get(&panel).map(String::as_str)
    }

    /// Whether an element opens something, and if so, whether it is a question.
    pub(super) fn opener(&self, id: NodeId) -> Option<bool> {
        self.openers.get(&id).copied()
    }

    pub(super) fn arranges(&self, list: NodeId) -> bool {
        self.arranging.contains(&list)
    }
}

/// Whether an element that is no heading and no `summary` opens what follows; if so, whether it is a question.
fn opener(tree: &Tree, measure: &Measure, dropped: &NodeSet, id: NodeId, element: &Element) -> Option<bool> {
    match *element.name() {
        local_name!("button") => {
            // In a heading it is the heading's text.
            let folds = |name| element.attr_named(name) == Some("collapse");
            let opens = element.attr_named("aria-expanded").is_some()
                && element.attr_named("aria-haspopup").is_none();
            let opens = opens || folds("data-toggle") || folds("data-bs-toggle");
            if !opens && !in_faq(tree, id) {
                return None;
            }
            let question = asks(tree, dropped, MAX_LABEL, id, element)?;
            (question || answer_follows(tree, measure, id)).then_some(question)
        }
        local_name!("label") => {
            let next = || {
                let mut after = std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n));
                after.find(|&n| tree.name(n).is_some_and(|name| *name != local_name!("input")))
            };
            let opens = switches(tree, id, element)
                && next().is_some_and(|n| tree.name(n).is_some_and(is_part) && measure.text(n) > 0);
            opens.then(|| asks(tree, dropped, measure.text(id), id, element)).flatten()
        }
        local_name!("div") | local_name!("p") | local_name!("span") => {
            let toggles = element.attr(&local_name!("role")) == Some("button")
                && element.attr_named("aria-expanded").is_some();
            let named = || element.classes().any(|class| class.to_ascii_lowercase().contains("question"));
            if !(toggles || element.attr(&local_name!("class")).is_some() && named()) {
                return None;
            }
            let leaf = !measure.holds(id).any(Holds::HEADING.and(Holds::LIST).and(Holds::TABLE));
            (leaf && asks(tree, dropped, measure.text(id), id, element)? && tree.next_sibling(id).is_some())
                .then_some(true)
        }
        _ => None,
    }
}

/// Whether an element is the label of a box beside it that no form sends: ticking it opens a part of the page.
pub(crate) fn switches(tree: &Tree, id: NodeId, element: &Element) -> bool {
    if *element.name() != local_name!("label") {
        return false;
    }
    let of = element.attr(&local_name!("for"));
    let is_box = |n: NodeId| {
        let Some(input) = tree.element(n).filter(|e| *e.name() == local_name!("input")) else { return false };
        let kind = input.attr(&local_name!("type")).unwrap_or_default();
        let ticks = ["checkbox", "radio"].iter().any(|name| kind.eq_ignore_ascii_case(name));
        ticks && of.is_none_or(|of| input.id() == Some(of))
    };
    let before = std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n));
    let after = std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n));
    let beside = || of.is_some() && before.take(NEAR).chain(after.take(NEAR)).any(is_box);
    let is_form = |up: NodeId| tree.name(up) == Some(&local_name!("form"));
    (tree.descendants(id).take(NEAR).any(is_box) || beside())
        && !tree.ancestors(id).take(MAX_DEPTH).any(is_form)
}

fn is_part(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("div")
            | local_name!("section")
            | local_name!("article")
            | local_name!("p")
            | local_name!("ul")
            | local_name!("ol")
            | local_name!("dl")
    )
}

/// Whether a short text is a question; `None` where there is no text or too much of it.
fn asks(tree: &Tree, dropped: &NodeSet, bytes: usize, id: NodeId, element: &Element) -> Option<bool> {
    if bytes == 0 || bytes > MAX_LABEL || holds_heading(tree, id) {
        return None;
    }
    let text = visible_text(tree, dropped, id);
    if text.is_empty() || text.len() > MAX_LABEL {
        return None;
    }
    let text = text.trim_end_matches(['+', '-', '−', '›', '▼', '▾', '⌄', ' ']);
    if !text.contains(char::is_alphanumeric) {
        return None;
    }
    let in_faq = || *element.name() == local_name!("summary") && in_faq(tree, id);
    Some(text.ends_with(['?', '？', '؟']) || in_faq())
}

/// Whether a heading is in or around an element.
pub(super) fn holds_heading(tree: &Tree, id: NodeId) -> bool {
    let is_heading = |n: NodeId| tree.name(n).is_some_and(is_heading);
    tree.descendants(id).any(is_heading) || tree.ancestors(id).take(MAX_DEPTH).any(is_heading)
}

/// Whether something around an element says that it holds questions and answers.
fn in_faq(tree: &Tree, id: NodeId) -> bool {
    std::iter::once(id).chain(tree.ancestors(id)).take(AROUND + 1).filter_map(|up| tree.element(up)).any(
        |up| {
            let by_class = up.classes().any(|class| {
                class.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
                    ["faq", "faqs", "accordion"].iter().any(|name| word.eq_ignore_ascii_case(name))
                })
            });
            let by_type = up
                .attr(&local_name!("itemtype"))
                .is_some_and(|kind| kind.ends_with("/Question") || kind.ends_with("/FAQPage"));
            by_class || by_type
        },
    )
}

/// Whether text stands right after an element, or after what holds nothing else.
fn answer_follows(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    std::iter::once(id).chain(tree.ancestors(id)).take(2).any(|at| {
        let after = std::iter::successors(tree.next_sibling(at), |&n| tree.next_sibling(n));
        after.filter(|&n| tree.element(n).is_some()).take(1).any(|n| measure.text(n) > 0)
    })
}
