//! Footnotes: signs in the text, and the notes that they lead to.

use std::collections::{HashMap, HashSet};

use crate::html::{Element, Measure, NodeId, Tree, is_heading, local_name};

use super::nodes::NodeSet;

/// Bytes of a note's sign at most.
const MAX_SIGN: usize = 8;
/// Nodes of a note among which its way back is looked for.
const MAX_NODES: usize = 400;
/// Signs of one note whose ways back are looked for.
const MAX_USES: usize = 32;
/// Nodes after the label of a note among which the note is looked for.
const NEAR: usize = 8;
/// Elements around a sign whose ids a note may lead back to.
const AROUND: usize = 3;
/// Elements around a note that may be left out with it.
const MAX_LEVELS: usize = 64;

/// The footnotes of a page.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Links that are signs, or what holds nothing else, with their label.
    signs: HashMap<NodeId, String>,
    /// Elements that hold a note, with its label.
    bodies: HashMap<NodeId, String>,
    /// How often each note is used.
    uses: HashMap<NodeId, usize>,
    /// Ways back, and labels that stand at the notes.
    left_out: HashSet<NodeId>,
    /// Texts after the number of a note, which begin with what sets it off.
    set_off: HashSet<NodeId>,
    /// Lists of notes: the labels number them.
    lists: HashSet<NodeId>,
}

impl Notes {
    pub(super) fn find(tree: &Tree, measure: &Measure, dropped: &NodeSet, roots: &[NodeId]) -> Self {
        let mut found = Self::default();
        let mut candidates = Vec::new();
        for &root in roots {
            let mut nodes = tree.descendants(root);
            while let Some(id) = nodes.next() {
                let Some(element) = tree.element(id) else { continue };
                if dropped.contains(id) {
                    nodes.skip_children();
                } else if *element.name() == local_name!("a") {
                    candidates.extend(sign(tree, measure, id, element));
                }
            }
        }
        if candidates.is_empty() {
            return found;
        }
        let mut by_id = HashMap::new();
        for id in tree.descendants(Tree::ROOT) {
            let Some(element) = tree.element(id) else { continue };
            if let Some(own) = element.id() {
                by_id.entry(own).or_insert(id);
            }
            // Word names the label that a note begins with.
            if *element.name() == local_name!("a")
                && let (Some(name), Some(note)) = (element.attr(&local_name!("name")), tree.parent(id))
            {
                by_id.entry(name).or_insert(note);
            }
        }
        let is_dropped = |note| {
            let around = tree.ancestors(note).take(MAX_LEVELS);
            std::iter::once(note).chain(around).any(|up| dropped.contains(up))
        };
        for (id, target, label) in candidates {
            // The way back from a note looks like a sign.
            if std::iter::once(id).chain(tree.ancestors(id)).take(AROUND).any(|n| found.left_out.contains(&n))
            {
                continue;
            }
            match by_id.get(target) {
                // Its sign would lead nowhere.
                Some(&note) if is_dropped(note) => {
                    found.left_out.insert(id);
                }
                Some(&note) => found.add(tree, measure, id, note, label),
                None => {}
            }
        }
        found
    }

    fn add(&mut self, tree: &Tree, measure: &Measure, sign: NodeId, note: NodeId, label: String) {
        let shown = in_brackets(tree, measure, sign, &label).unwrap_or(sign);
        if self.bodies.contains_key(&note) {
            self.signs.insert(shown, label);
            let uses = self.uses.entry(note).or_default();
            *uses += 1;
            if *uses < MAX_USES {
                self.leave_out_ways_back(tree, measure, note, sign);
            }
            return;
        }
        let (note, body) = match label_before(tree, measure, note) {
            Some((label, body)) => {
                self.left_out.insert(label);
                (label, body)
            }
            None if tree.name(note) == Some(&local_name!("dt")) => return,
            None => (note, note),
        };
        let returns = self.leave_out_ways_back(tree, measure, note, sign);
        if !returns && !is_named_note(tree, note) {
            self.left_out.remove(&note);
            return;
        }
        if let Some(list) = tree.parent(body).filter(|_| tree.name(body) == Some(&local_name!("li"))) {
            self.lists.insert(list);
        }
        let is_label = |n: &NodeId| {
            let labelled =
                tree.element(*n).is_some_and(|e| e.classes().any(|class| class.ends_with("label")));
            labelled && measure.text(*n) <= 2 * MAX_SIGN && tree.text_of(*n).trim_matches(['[', ']']) == label
        };
        self.left_out.extend(tree.descendants(note).take(MAX_NODES).filter(is_label));
        self.bodies.insert(body, label.clone());
        if body != note {
            self.bodies.insert(note, label.clone());
        }
        self.signs.insert(shown, label);
    }

    /// Finds the links of a note that lead back to its sign.
    fn leave_out_ways_back(&mut self, tree: &Tree, measure: &Measure, note: NodeId, sign: NodeId) -> bool {
        let ids: Vec<&str> = std::iter::once(sign)
            .chain(tree.ancestors(sign))
            .take(AROUND)
            .filter_map(|n| tree.element(n))
            .flat_map(|element| element.id().into_iter().chain(element.attr(&local_name!("name"))))
            .collect();
        let leads_back = |n: &NodeId| {
            let href =
                tree.attr(*n, &local_name!("href")).and_then(|href| href.trim_ascii().strip_prefix('#'));
            href.is_some_and(|target| ids.contains(&target))
        };
        let ways: Vec<NodeId> = tree.descendants(note).take(MAX_NODES).filter(leads_back).collect();
        for &way in &ways {
            let after = tree.next_sibling(way).filter(|&n| tree.text(n).is_some_and(|t| t.starts_with(". ")));
            self.set_off.extend(after);
            // A label in brackets goes as a whole.
            if measure.text(way) > 4 * MAX_SIGN {
                self.left_out.insert(way);
                continue;
            }
            let text = tree.text_of(way);
            let whole = tree
                .ancestors(way)
                .take_while(|&up| up != note)
                .take(AROUND)
                .take_while(|&up| measure.text(up) <= 4 * MAX_SIGN)
                .take_while(|&up| {
                    tree.text_of(up).trim_matches(['[', ']', '(', ')', '^', ' ', '.']) == text.trim()
                })
                .last();
            self.left_out.insert(whole.unwrap_or(way));
        }
        !ways.is_empty()
    }

    /// The label of the sign that a link is, or the superscript around it.
    pub(super) fn sign(&self, id: NodeId) -> Option<&str> {
        self.signs.get(&id).map(String::as_str)
    }

    pub(super) fn body(&self, id: NodeId) -> Option<&str> {
        self.bodies.get(&id).map(String::as_str)
    }

    /// Bytes with which a text begins that set off the number of the note before it.
    pub(super) fn set_off(&self, text: NodeId) -> usize {
        if self.set_off.contains(&text) { ". ".len() } else { 0 }
    }

    pub(super) fn leaves_out(&self, id: NodeId) -> bool {
        self.left_out.contains(&id)
    }

    /// Whether a heading only names the notes to who hears the page.
    pub(super) fn is_label(&self, tree: &Tree, heading: NodeId) -> bool {
        !self.bodies.is_empty()
            && tree.has_class(heading, "sr-only")
            && tree.attr(heading, &local_name!("id")).is_some_and(|id| id.ends_with("footnote-label"))
    }

    pub(super) fn is_list(&self, id: NodeId) -> bool {
        self.lists.contains(&id)
    }
}

/// A link that may be a note's sign: its id, what it leads to, and its label.
fn sign<'t>(
    tree: &'t Tree,
    measure: &Measure,
    id: NodeId,
    element: &'t Element,
) -> Option<(NodeId, &'t str, String)> {
    let target = element.attr(&local_name!("href"))?.trim_ascii().strip_prefix('#')?;
    let raised = || tree.ancestors(id).take(2).any(|up| tree.name(up) == Some(&local_name!("sup")));
    let holds = || tree.children(id).any(|n| tree.name(n) == Some(&local_name!("sup")));
    let named = element.attr(&local_name!("role")) == Some("doc-noteref")
        || element.classes().any(|class| class.starts_with("footnote"));
    if !named && !raised() && !holds() {
        return None;
    }
    if measure.text(id) > 2 * MAX_SIGN {
        return None;
    }
    let text = tree.text_of(id);
    let label = text.trim_matches(['[', ']', '(', ')', '^', ' ']);
    let plain = (1..=MAX_SIGN).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| (id, target, label.to_owned()))
}

/// The element before a note that holds its label, and the note: old Sphinx's term, Texinfo's heading.
fn label_before(tree: &Tree, measure: &Measure, named: NodeId) -> Option<(NodeId, NodeId)> {
    let is_label = |n: &NodeId| match tree.name(*n) {
        Some(&local_name!("dt")) => true,
        Some(name) => {
            let is_short = measure.text(*n) <= 2 * MAX_SIGN;
            is_heading(name) && *n != named && is_short && tree.text_of(*n) == tree.text_of(named)
        }
        None => false,
    };
    let label = std::iter::once(named).chain(tree.parent(named)).find(is_label)?;
    let after = std::iter::successors(tree.next_sibling(label), |&n| tree.next_sibling(n));
    let is_note = |&n: &NodeId| matches!(tree.name(n), Some(&(local_name!("dd") | local_name!("p"))));
    Some((label, after.take(NEAR).find(is_note)?))
}

/// The superscript that holds nothing but a sign, its brackets outside of the link.
fn in_brackets(tree: &Tree, measure: &Measure, sign: NodeId, label: &str) -> Option<NodeId> {
    let up = tree.parent(sign).filter(|&up| tree.name(up) == Some(&local_name!("sup")))?;
    (measure.text(up) <= 2 * MAX_SIGN && tree.text_of(up).trim().trim_matches(['[', ']']) == label)
        .then_some(up)
}

fn is_named_note(tree: &Tree, note: NodeId) -> bool {
    std::iter::once(note).chain(tree.ancestors(note)).take(AROUND).filter_map(|n| tree.element(n)).any(|e| {
        matches!(e.attr(&local_name!("role")), Some("doc-footnote" | "doc-endnote" | "doc-endnotes"))
            || e.classes().any(|class| class.starts_with("footnote"))
    })
}
