//! What is left out of a page's content, and why.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use crate::html::{Measure, NodeId, Tree};
use crate::markdown::NodeSet;

use super::cleaning::Asked;

/// Why a part of a page is no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The pipeline's `remove` names it.
    Asked,
    /// The generator's rule names it.
    Rule,
    /// A visitor cannot see it.
    Hidden,
    /// A known consent dialog, share bar, chat or advertising widget.
    Widget(&'static str),
    /// The element says it: `nav`, `footer`, …
    Element(&'static str),
    /// `role` says it.
    Role(&'static str),
    /// A word of its `id` or `class` says it, and it is short or consists of links.
    Name(&'static str),
    /// A list of links beside the content.
    Links,
    /// A section that leads to other pages, and says so in its heading.
    Teaser,
    /// Cards that lead to other pages, below the one thing that this page is about.
    Cards,
    /// A list of places on this page.
    Contents,
    /// What customers say below a product.
    Reviews,
    /// A heading that lost all that stood below it.
    Heading,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Asked => write!(f, "asked for"),
            Reason::Rule => write!(f, "by the rule"),
            Reason::Hidden => write!(f, "hidden"),
            Reason::Widget(name) => write!(f, "widget {name}"),
            Reason::Element(name) => write!(f, "<{name}>"),
            Reason::Role(role) => write!(f, "role={role}"),
            Reason::Name(name) => write!(f, "named {name}"),
            Reason::Links => write!(f, "list of links"),
            Reason::Teaser => write!(f, "teaser, by its heading"),
            Reason::Cards => write!(f, "cards of other pages"),
            Reason::Contents => write!(f, "contents of this page"),
            Reason::Reviews => write!(f, "reviews"),
            Reason::Heading => write!(f, "heading of nothing"),
        }
    }
}

/// The parts left out, with the reason for each.
#[derive(Debug)]
pub(super) struct Removals {
    set: NodeSet,
    reasons: Vec<(NodeId, Reason)>,
}

impl Removals {
    /// Nothing is left out of a tree of `len` nodes yet.
    pub(super) fn new(len: usize) -> Self {
        Self { set: NodeSet::new(len), reasons: Vec::new() }
    }

    pub(super) fn insert(&mut self, id: NodeId, reason: Reason) {
        self.set.insert(id);
        self.reasons.push((id, reason));
    }

    /// Leaves out what the pipeline names.
    pub(super) fn ask(&mut self, tree: &Tree, root: NodeId, asked: &Asked<'_>) {
        for id in asked.remove.iter().flat_map(|remove| remove.find(tree, root)) {
            self.insert(id, Reason::Asked);
        }
    }

    /// Takes a part back.
    pub(super) fn restore(&mut self, id: NodeId) {
        self.set.remove(id);
    }

    pub(super) fn contains(&self, id: NodeId) -> bool {
        self.set.contains(id)
    }

    /// The parts themselves.
    pub(super) fn set(&self) -> &NodeSet {
        &self.set
    }

    /// Leaves out what a visitor cannot see, unless that is nearly all below `root`: then it is only hidden until it
    /// is loaded, and the answer is no.
    pub(super) fn hide(
        &mut self,
        tree: &Tree,
        measure: &Measure,
        root: NodeId,
        mark: impl FnOnce(&mut NodeSet),
    ) -> bool {
        let before = self.set.clone();
        mark(&mut self.set);
        let mut hidden = 0;
        let mut nodes = tree.descendants(root);
        while let Some(id) = nodes.next() {
            if self.contains(id) {
                hidden += measure.text(id);
                nodes.skip_children();
            }
        }
        let hides = hidden * 10 <= measure.text(root) * 9;
        if !hides {
            self.set = before;
        }
        hides
    }

    /// Why each part is left out; such as are not named are hidden.
    pub(super) fn reasons(&self) -> HashMap<NodeId, Reason> {
        self.reasons.iter().copied().collect()
    }
}
