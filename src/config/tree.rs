//! A YAML file as a tree in which every key and value knows its place.
//!
//! It holds what the file says and nothing more: no types, no variables, no merged keys. Its size is bounded
//! before anything reads it, and it is an arena, so that neither building nor dropping it recurses on what
//! the file nests.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError};

use super::diagnostic::{Faults, Mark};

/// Collections inside collections; the pipeline file needs six.
const MAX_NESTING: usize = 64;
/// Keys and values of the whole file, and values when every alias counts as what it stands for: stops alias
/// bombs.
const MAX_VALUES: usize = 100_000;

/// Index of a [`Node`] in its [`Tree`]; an alias is a second use of the same index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(usize);

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: NodeId,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Mark,
    pub(super) kind: Kind,
    /// Values in and below it, itself included.
    size: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// `plain`: written without quotes, so that it may mean "no value".
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<NodeId>),
    Map(Vec<Entry>),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: NodeId,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) at: Mark,
    pub(super) text: String,
    pub(super) plain: bool,
}

impl Tree {
    /// Reads YAML. A fault of syntax or size ends the reading and gives none; after a tag it goes on to find
    /// other faults.
    pub(super) fn parse(text: &str, faults: &mut Faults) -> Option<Tree> {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: MAX_NESTING,
            block_nesting_limit: MAX_NESTING,
        };
        let mut builder = Builder::default();
        for event in Parser::new_from_str_with_options(text, options) {
            let step = match event {
                Ok((event, span)) => {
                    if let Some(tag) = span.tag_start() {
                        faults.error(
                            mark(tag),
                            "a tag (`!…`) is not allowed",
                            "remove it: every key has its type",
                        );
                    }
                    builder.take(event, mark(span.start))
                }
                Err(error) => Err(syntax_error(&error)),
            };
            if let Err(end) = step {
                faults.error(end.at, end.message, end.help);
                return None;
            }
        }
        let Some(root) = builder.root.filter(|root| !builder.nodes[root.0].is_null()) else {
            faults.error(None, "the file is empty", "see pipelines/examples/reference.yaml");
            return None;
        };
        Some(Tree { nodes: builder.nodes, root })
    }

    pub(super) fn root(&self) -> &Node {
        self.node(self.root)
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

impl Key {
    /// Whether it brings in another mapping's keys: `<<`, without quotes.
    pub(super) fn is_merge(&self) -> bool {
        self.plain && self.text == "<<"
    }
}

impl Node {
    /// Whether nothing was written: `key:`, `key: ~`, `key: null`.
    pub(super) fn is_null(&self) -> bool {
        const NULLS: [&str; 5] = ["", "~", "null", "Null", "NULL"];
        matches!(&self.kind, Kind::Scalar { text, plain: true } if NULLS.contains(&text.as_str()))
    }

    pub(super) fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// A fault after which the rest of the file cannot be read.
struct End {
    at: Mark,
    message: String,
    help: &'static str,
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// None while the anchored collection is still open.
    anchors: HashMap<usize, Option<NodeId>>,
    root: Option<NodeId>,
}

/// A collection whose end has not come yet.
struct Open {
    at: Mark,
    anchor: usize,
    kind: Kind,
    size: usize,
    /// In a mapping: the key that waits for its value.
    key: Option<Key>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Mark) -> Result<(), End> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let message = "a second document begins here".to_owned();
                return Err(End { at, message, help: "one file holds one pipeline: split it" });
            }
            Event::Scalar(text, style, anchor, _) => {
                let (text, plain) = (text.into_owned(), style == ScalarStyle::Plain);
                let key = self.waits_for_key().then(|| Key { at, text: text.clone(), plain });
                let node = self.push(Node { at, kind: Kind::Scalar { text, plain }, size: 1 })?;
                self.anchors.insert(anchor, Some(node));
                match self.open.last_mut() {
                    Some(open) if key.is_some() => open.key = key,
                    _ => self.place(node, at)?,
                }
            }
            Event::SequenceStart(_, anchor, _) => self.begin(at, anchor, Kind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.begin(at, anchor, Kind::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { at, anchor, kind, size, .. }) = self.open.pop() {
                    let node = self.push(Node { at, kind, size })?;
                    self.anchors.insert(anchor, Some(node));
                    self.place(node, at)?;
                }
            }
            Event::Alias(anchor) => {
                let Some(Some(node)) = self.anchors.get(&anchor) else {
                    let message = "an alias stands inside the value that it names".to_owned();
                    return Err(End { at, message, help: "write the value out" });
                };
                self.place(*node, at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, at: Mark, anchor: usize, kind: Kind) {
        self.anchors.insert(anchor, None);
        self.open.push(Open { at, anchor, kind, size: 1, key: None });
    }

    fn push(&mut self, node: Node) -> Result<NodeId, End> {
        if self.nodes.len() >= MAX_VALUES {
            return Err(too_many(node.at));
        }
        self.nodes.push(node);
        Ok(NodeId(self.nodes.len() - 1))
    }

    fn waits_for_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Map(_), key: None, .. }))
    }

    /// Puts a finished value (or one more use of it, `at` the alias) where it belongs.
    fn place(&mut self, node: NodeId, at: Mark) -> Result<(), End> {
        let added = self.nodes[node.0].size;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size = open.size.saturating_add(added);
        if open.size > MAX_VALUES {
            return Err(too_many(at));
        }
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => {
                let Some(key) = open.key.take() else {
                    let help = "write `key: value`; quote a value that begins with `{`, `[` or `*`";
                    return Err(End { at, message: "a key must be text".to_owned(), help });
                };
                entries.push(Entry { key, value: node });
            }
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }
}

fn too_many(at: Mark) -> End {
    let message = format!("more than {MAX_VALUES} values, aliases written out");
    End { at, message, help: "use fewer aliases, or split the pipeline" }
}

fn mark(marker: Marker) -> Mark {
    // The parser counts columns from 0.
    Mark { line: marker.line() as u64, column: marker.col() as u64 + 1 }
}

/// The parser's texts hold no content of the file, save for the one character left out here.
fn syntax_error(error: &ScanError) -> End {
    let (message, help) = match error.kind() {
        ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            ("a tab cannot indent".to_owned(), "indent with spaces")
        }
        ErrorKind::RecursionLimitExceeded => (format!("nested deeper than {MAX_NESTING} levels"), ""),
        ErrorKind::UnknownAnchor => {
            ("an alias (`*…`) names no earlier anchor".to_owned(), "quote a value that begins with `*`")
        }
        ErrorKind::UnexpectedCharacter { .. } => (
            "unexpected character".to_owned(),
            "quote a value that begins with `@`, `%`, a backtick or the like",
        ),
        kind @ (ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator) => {
            (kind.to_string(), "inside `[ ]` and `{ }`, put quotes around \"${VARIABLE}\"")
        }
        kind @ (ErrorKind::InvalidSimpleKey | ErrorKind::SimpleKeyExpected) => {
            (kind.to_string(), "quote a value that contains `: `; write `key: value`")
        }
        kind => (kind.to_string(), ""),
    };
    End { at: mark(*error.marker()), message, help }
}
