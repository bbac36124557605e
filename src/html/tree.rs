//! A page as a flat arena: nodes in one `Vec`, linked by index.
//!
//! Dropping it frees one vector and walking it follows links, so no depth of nesting can overflow the stack.
//! It is built by `parse` only; nobody changes it afterwards.

use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, ns};

/// A node's place in its tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// A dense number, below [`Tree::len`], for side tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An element: its name and what attributes survived the caps.
#[derive(Debug)]
pub struct Element {
    pub(super) name: QualName,
    pub(super) attributes: Vec<Attribute>,
}

impl Element {
    /// The tag's name, lower case for HTML.
    pub fn name(&self) -> &LocalName {
        &self.name.local
    }

    /// Whether this is an HTML element, not SVG or `MathML`.
    pub fn is_html(&self) -> bool {
        self.name.ns == ns!(html)
    }

    /// The value of an attribute, entities decoded.
    pub fn attr(&self, name: &LocalName) -> Option<&str> {
        self.attributes.iter().find(|a| a.name.local == *name).map(|a| &*a.value)
    }

    /// The value of an attribute looked up by text, for names that are not known to the parser.
    pub fn attr_named(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
    }

    /// All attributes in source order.
    pub fn attrs(&self) -> impl Iterator<Item = (&LocalName, &str)> {
        self.attributes.iter().map(|a| (&a.name.local, &*a.value))
    }

    /// The tokens of `class`.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.attr(&html5ever::local_name!("class")).unwrap_or_default().split_ascii_whitespace()
    }

    /// Whether `class` holds this token, by exact case.
    pub fn has_class(&self, class: &str) -> bool {
        self.classes().any(|c| c == class)
    }

    /// The element's `id`.
    pub fn id(&self) -> Option<&str> {
        self.attr(&html5ever::local_name!("id"))
    }
}

/// Index that stands for "no node".
pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) enum Data {
    Document,
    Element(Element),
    Text(StrTendril),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) first_child: u32,
    pub(super) last_child: u32,
    pub(super) previous: u32,
    pub(super) next: u32,
    /// Distance from the document when the node was attached. The adoption agency may move subtrees afterwards,
    /// so it is good enough to bound growth and nothing else.
    pub(super) depth: u16,
    pub(super) data: Data,
}

impl Node {
    pub(super) fn new(data: Data) -> Self {
        Self { parent: NONE, first_child: NONE, last_child: NONE, previous: NONE, next: NONE, depth: 0, data }
    }
}

/// A parsed page.
#[derive(Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
}

fn node(index: u32) -> Option<NodeId> {
    (index != NONE).then_some(NodeId(index))
}

impl Tree {
    /// The document node, parent of `<html>`.
    pub const ROOT: NodeId = NodeId(0);

    /// How many nodes there are, also such as are attached nowhere.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: the document node is always there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The element at `id`, if it is one.
    pub fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.nodes[id.index()].data {
            Data::Element(element) => Some(element),
            Data::Document | Data::Text(_) => None,
        }
    }

    /// The text at `id`, if it is a text node.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id.index()].data {
            Data::Text(text) => Some(text),
            Data::Document | Data::Element(_) => None,
        }
    }

    /// The name of the HTML element at `id`.
    pub fn name(&self, id: NodeId) -> Option<&LocalName> {
        self.element(id).map(Element::name)
    }

    /// An attribute of the element at `id`.
    pub fn attr(&self, id: NodeId, name: &LocalName) -> Option<&str> {
        self.element(id)?.attr(name)
    }

    /// Whether the element at `id` carries this class.
    pub fn has_class(&self, id: NodeId, class: &str) -> bool {
        self.element(id).is_some_and(|e| e.has_class(class))
    }

    /// The node above.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        node(self.nodes[id.index()].parent)
    }

    /// The first node below.
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        node(self.nodes[id.index()].first_child)
    }

    /// The node after it under the same parent.
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        node(self.nodes[id.index()].next)
    }

    /// The node before it under the same parent.
    pub fn previous_sibling(&self, id: NodeId) -> Option<NodeId> {
        node(self.nodes[id.index()].previous)
    }

    /// From the parent up to the document.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.parent(id), |&up| self.parent(up))
    }

    /// The nodes directly below, in document order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: self.first_child(id) }
    }

    /// All nodes below, in document order.
    pub fn descendants(&self, id: NodeId) -> Descendants<'_> {
        let mut walk = self.walk(id);
        walk.next();
        Descendants(walk)
    }

    /// A walk over `id` and all below, which says when an element is left again.
    pub fn walk(&self, id: NodeId) -> Walk<'_> {
        Walk { tree: self, root: id, next: Some(Step::Enter(id)) }
    }

    /// The text below, white space collapsed and trimmed; silent elements are not left out.
    pub fn text_of(&self, id: NodeId) -> String {
        let mut out = String::new();
        for text in self.descendants(id).filter_map(|n| self.text(n)) {
            for (i, word) in text.split_whitespace().enumerate() {
                let glued = i == 0 && !text.starts_with(char::is_whitespace) && !out.ends_with(' ');
                if !out.is_empty() && !glued && !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push_str(word);
            }
            if text.ends_with(char::is_whitespace) && !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// Iterator of [`Tree::children`].
#[derive(Debug, Clone)]
pub struct Children<'t> {
    tree: &'t Tree,
    next: Option<NodeId>,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.next?;
        self.next = self.tree.next_sibling(id);
        Some(id)
    }
}

/// Iterator of [`Tree::descendants`].
#[derive(Debug, Clone)]
pub struct Descendants<'t>(Walk<'t>);

impl Descendants<'_> {
    /// Goes on after the subtree of the element returned last.
    pub fn skip_children(&mut self) {
        self.0.skip_children();
    }
}

impl Iterator for Descendants<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        loop {
            match self.0.next()? {
                Step::Enter(id) => return Some(id),
                Step::Leave(_) => {}
            }
        }
    }
}

/// One step of a [`Walk`]. Text nodes are entered and never left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The node comes into view.
    Enter(NodeId),
    /// All below the element was seen.
    Leave(NodeId),
}

/// Iterator of [`Tree::walk`].
#[derive(Debug, Clone)]
pub struct Walk<'t> {
    tree: &'t Tree,
    root: NodeId,
    next: Option<Step>,
}

impl Walk<'_> {
    /// Leaves the element that was just entered without looking at what is below it.
    pub fn skip_children(&mut self) {
        if let Some(Step::Enter(id)) = self.next
            && let Some(parent) = self.tree.parent(id)
            && self.tree.first_child(parent) == Some(id)
        {
            self.next = Some(Step::Leave(parent));
        }
    }

    fn after(&self, id: NodeId) -> Option<Step> {
        if id == self.root {
            return None;
        }
        let node = &self.tree.nodes[id.index()];
        if node.next == NONE {
            Some(Step::Leave(NodeId(node.parent)))
        } else {
            Some(Step::Enter(NodeId(node.next)))
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let step = self.next?;
        self.next = match step {
            Step::Enter(id) => {
                let node = &self.tree.nodes[id.index()];
                if node.first_child != NONE {
                    Some(Step::Enter(NodeId(node.first_child)))
                } else if matches!(node.data, Data::Text(_)) {
                    self.after(id)
                } else {
                    Some(Step::Leave(id))
                }
            }
            Step::Leave(id) => self.after(id),
        };
        Some(step)
    }
}
