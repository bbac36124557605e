//! The arena as it grows.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, QualName};

use super::super::tree::{Data, Element, NONE, Node, NodeId, Tree};
use super::{MAX_ATTRIBUTES, MAX_NODES, ParseLimit};

/// Where the tree builder puts nodes.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) nodes: RefCell<Vec<Node>>,
    pub(super) attributes: Cell<usize>,
    /// Depth of the element attached last: none that is open is deeper.
    pub(super) depth: Cell<u16>,
    /// The element whose name was asked for last.
    pub(super) asked: Cell<NodeId>,
    pub(super) over: Cell<Option<ParseLimit>>,
}

impl Sink {
    fn create(&self, data: Data) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() >= MAX_NODES {
            self.over.set(Some(ParseLimit::Nodes));
        }
        nodes.push(Node::new(data));
        // Far below u32::MAX: nothing is built any more once `over` is set.
        NodeId(u32::try_from(nodes.len() - 1).unwrap_or(0))
    }

    /// Links `child`, which has no parent, under `parent`, before `sibling` or last.
    fn link(&self, child: NodeId, parent: NodeId, sibling: Option<NodeId>) {
        let mut nodes = self.nodes.borrow_mut();
        let depth = nodes[parent.index()].depth.saturating_add(1);
        let previous = sibling.map_or(nodes[parent.index()].last_child, |s| nodes[s.index()].previous);
        let next = sibling.map_or(NONE, |s| s.0);
        let node = &mut nodes[child.index()];
        (node.parent, node.previous, node.next, node.depth) = (parent.0, previous, next, depth);
        if matches!(node.data, Data::Element(_)) {
            self.depth.set(depth);
        }
        match previous {
            NONE => nodes[parent.index()].first_child = child.0,
            before => nodes[before as usize].next = child.0,
        }
        match next {
            NONE => nodes[parent.index()].last_child = child.0,
            after => nodes[after as usize].previous = child.0,
        }
    }

    fn unlink(&self, child: NodeId) {
        let mut nodes = self.nodes.borrow_mut();
        let node = &mut nodes[child.index()];
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
        if parent == NONE {
            return;
        }
        match previous {
            NONE => nodes[parent as usize].first_child = next,
            before => nodes[before as usize].next = next,
        }
        match next {
            NONE => nodes[parent as usize].last_child = previous,
            after => nodes[after as usize].previous = previous,
        }
    }

    fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.nodes.borrow()[id.index()].parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// Puts a node or text under `parent`; text joins a text node that ends where it begins.
    fn insert(&self, parent: NodeId, sibling: Option<NodeId>, child: NodeOrText<NodeId>) {
        match child {
            NodeOrText::AppendNode(child) => {
                self.unlink(child);
                self.link(child, parent, sibling);
            }
            NodeOrText::AppendText(text) => {
                {
                    let mut nodes = self.nodes.borrow_mut();
                    let before =
                        sibling.map_or(nodes[parent.index()].last_child, |s| nodes[s.index()].previous);
                    if before != NONE
                        && let Data::Text(existing) = &mut nodes[before as usize].data
                    {
                        existing.push_tendril(&text);
                        return;
                    }
                }
                let child = self.create(Data::Text(text));
                self.link(child, parent, sibling);
            }
        }
    }

    fn count_attributes(&self, more: usize) {
        self.attributes.set(self.attributes.get() + more);
        if self.attributes.get() > MAX_NODES {
            self.over.set(Some(ParseLimit::Attributes));
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Tree;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Tree {
        Tree { nodes: self.nodes.into_inner() }
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        Tree::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.asked.set(*target);
        Ref::map(self.nodes.borrow(), |nodes| match &nodes[target.index()].data {
            Data::Element(element) => &element.name,
            Data::Document | Data::Text(_) => unreachable!("the tree builder asks elements only"),
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _flags: ElementFlags) -> NodeId {
        self.count_attributes(attributes.len());
        self.create(Data::Element(Element { name, attributes }))
    }

    fn create_comment(&self, _text: StrTendril) -> NodeId {
        self.create(Data::Text(StrTendril::new()))
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> NodeId {
        self.create(Data::Text(StrTendril::new()))
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        match self.parent(*element) {
            Some(parent) => self.insert(parent, Some(*element), child),
            None => self.insert(*previous, None, child),
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    /// A template's content is kept below the template itself: walks skip templates whole.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        if let Some(parent) = self.parent(*sibling) {
            self.insert(parent, Some(*sibling), child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        let mut nodes = self.nodes.borrow_mut();
        if let Data::Element(element) = &mut nodes[target.index()].data {
            for attribute in attributes {
                if element.attributes.len() < MAX_ATTRIBUTES
                    && element.attributes.iter().all(|a| a.name != attribute.name)
                {
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.unlink(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let child = self.nodes.borrow()[node.index()].first_child;
            if child == NONE {
                return;
            }
            self.unlink(NodeId(child));
            self.link(NodeId(child), *new_parent, None);
        }
    }
}
