//! The keys that stand in one section, with their values.

use std::collections::BTreeMap;

use super::{
    diagnostic::Mark,
    keys::Section,
    tree::{Kind, Node},
};

/// The keys of one section, merges done; none of them unknown or double.
pub(super) struct Fields<'a> {
    pub(super) section: &'static Section,
    /// Where a key that is missing would be.
    pub(super) at: Mark,
    pub(super) entries: BTreeMap<&'a str, Field<'a>>,
    /// What stands here is no mapping, which is the one fault worth telling.
    pub(super) misshapen: bool,
}

/// One key and its value.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    /// As in messages.
    pub(super) key: &'static str,
    pub(super) key_at: Mark,
    pub(super) node: &'a Node,
}

impl<'a> Fields<'a> {
    /// A section of which nothing is written.
    pub(super) fn none(section: &'static Section, at: Mark) -> Fields<'a> {
        Fields { section, at, entries: BTreeMap::new(), misshapen: false }
    }

    pub(super) fn field(&self, key: &'static str) -> Option<Field<'a>> {
        self.entries.get(key).copied()
    }
}

impl Field<'_> {
    pub(super) fn at(&self) -> Mark {
        self.node.at
    }

    /// Whether this word stands there.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(&self.node.kind, Kind::Scalar { text, .. } if text == word)
    }

    pub(super) fn is_empty_list(&self) -> bool {
        matches!(&self.node.kind, Kind::List(items) if items.is_empty())
    }
}
