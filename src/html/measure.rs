//! One pass over a tree for what every later question needs: how much text is where, and which blocks it holds.

use html5ever::{LocalName, local_name};

use super::tree::{Element, NodeId, Step, Tree};

/// Which kinds of element a node holds, at any depth, itself included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holds(u8);

impl Holds {
    /// A heading.
    pub const HEADING: Self = Self(1);
    /// Preformatted text.
    pub const PRE: Self = Self(2);
    /// A table.
    pub const TABLE: Self = Self(4);
    /// A list.
    pub const LIST: Self = Self(8);
    /// A block of running text.
    pub const BLOCK: Self = Self(16);
    /// A link with an address.
    pub const LINK: Self = Self(32);

    /// Whether any of these kinds is there.
    pub fn any(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Side tables by node: bytes of text, bytes of that inside links, and what is held.
#[derive(Debug)]
pub struct Measure {
    text: Vec<u32>,
    link: Vec<u32>,
    holds: Vec<Holds>,
}

/// Whether an element's content is never shown as text: code, media, form controls, templates.
pub fn is_silent(element: &Element) -> bool {
    match *element.name() {
        local_name!("script")
        | local_name!("style")
        | local_name!("noscript")
        | local_name!("template")
        | local_name!("svg")
        | local_name!("button")
        | local_name!("textarea")
        | local_name!("select")
        | local_name!("datalist")
        | local_name!("input")
        | local_name!("iframe")
        | local_name!("canvas")
        | local_name!("audio")
        | local_name!("video")
        | local_name!("head")
        | local_name!("noembed")
        | local_name!("noframes")
        | local_name!("progress")
        | local_name!("meter") => true,
        // Without data, its fallback is what a visitor sees.
        local_name!("object") => element.attr(&local_name!("data")).is_some(),
        _ => false,
    }
}

/// The level of a heading, 1 to 6: that of its tag, or what `role=heading` and `aria-level` say, which is 2 where no
/// level is given (WAI-ARIA 1.2, `heading`). Doxygen names its pages in a `div`.
pub fn heading_level(element: &Element) -> Option<usize> {
    tag_level(element.name()).or_else(|| {
        if element.has_class("headertitle") {
            return Some(1);
        }
        let carries = matches!(*element.name(), local_name!("div") | local_name!("p") | local_name!("span"));
        let role = element.attr(&local_name!("role")).filter(|_| carries)?;
        let level = element.attr_named("aria-level").and_then(|level| level.trim_ascii().parse().ok());
        role.trim_ascii().eq_ignore_ascii_case("heading").then(|| level.unwrap_or(2).clamp(1, 6))
    })
}

/// Whether elements of this name are headings.
pub fn is_heading(name: &LocalName) -> bool {
    tag_level(name).is_some()
}

fn tag_level(name: &LocalName) -> Option<usize> {
    Some(match *name {
        local_name!("h1") => 1,
        local_name!("h2") => 2,
        local_name!("h3") => 3,
        local_name!("h4") => 4,
        local_name!("h5") => 5,
        local_name!("h6") => 6,
        _ => return None,
    })
}

fn own(name: &LocalName) -> Holds {
    match *name {
        _ if is_heading(name) => Holds::HEADING,
        local_name!("pre") => Holds::PRE,
        local_name!("table") => Holds::TABLE,
        local_name!("ul") | local_name!("ol") | local_name!("dl") => Holds::LIST,
        local_name!("p") | local_name!("div") | local_name!("section") | local_name!("blockquote") => {
            Holds::BLOCK
        }
        local_name!("a") => Holds::LINK,
        _ => Holds::default(),
    }
}

/// Whether an `a` leads nowhere but opens something beside it, as the titles of accordions do: it reads as text.
fn opens_here(link: &Element) -> bool {
    let told = || {
        ["aria-expanded", "aria-controls"].iter().any(|name| link.attr_named(name).is_some())
            && link.attr_named("aria-haspopup").is_none()
    };
    match link.attr(&local_name!("href")).map(str::trim_ascii) {
        Some("") => true,
        Some(target) => target.starts_with('#') && told(),
        None => link.attr(&local_name!("tabindex")).is_some() || told(),
    }
}

impl Measure {
    /// Measures a whole tree.
    pub fn new(tree: &Tree) -> Self {
        let mut measure = Self {
            text: vec![0; tree.len()],
            link: vec![0; tree.len()],
            holds: vec![Holds::default(); tree.len()],
        };
        let mut walk = tree.walk(Tree::ROOT);
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(id) => {
                    if let Some(text) = tree.text(id) {
                        let bytes = u32::try_from(text.trim_ascii().len()).unwrap_or(u32::MAX);
                        if let Some(parent) = tree.parent(id) {
                            let sum = &mut measure.text[parent.index()];
                            *sum = sum.saturating_add(bytes);
                        }
                        measure.text[id.index()] = bytes;
                    } else if tree.element(id).is_some_and(is_silent) {
                        walk.skip_children();
                    }
                }
                Step::Leave(id) => measure.leave(tree, id),
            }
        }
        measure
    }

    fn leave(&mut self, tree: &Tree, id: NodeId) {
        let i = id.index();
        if let Some(element) = tree.element(id) {
            let own = own(element.name());
            self.holds[i] = self.holds[i].and(own);
            if own == Holds::LINK && !opens_here(element) {
                self.link[i] = self.text[i];
            }
        }
        if let Some(parent) = tree.parent(id) {
            let p = parent.index();
            self.text[p] = self.text[p].saturating_add(self.text[i]);
            self.link[p] = self.link[p].saturating_add(self.link[i]);
            self.holds[p] = self.holds[p].and(self.holds[i]);
        }
    }

    /// Bytes of text below a node, white space at the ends of text nodes not counted.
    pub fn text(&self, id: NodeId) -> usize {
        self.text[id.index()] as usize
    }

    /// The part of [`Measure::text`] that is inside links.
    pub fn link(&self, id: NodeId) -> usize {
        self.link[id.index()] as usize
    }

    /// What kinds of block the node holds, itself included.
    pub fn holds(&self, id: NodeId) -> Holds {
        self.holds[id.index()]
    }
}
