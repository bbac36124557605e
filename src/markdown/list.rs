//! Lists that are open: how their items are marked, and whether empty lines stand between them.

use crate::html::{Element, NodeId, Tree, local_name};

#[derive(Debug, Clone, Copy)]
struct List {
    /// The next item's number.
    number: Option<u64>,
    tight: bool,
    /// The character of the marker: `-`, `*`, `.`, `)`.
    mark: char,
    /// It only arranges blocks: its items have no markers.
    plain: bool,
}

/// The open lists, innermost last.
#[derive(Debug, Default)]
pub(super) struct Lists {
    open: Vec<List>,
    /// The list that ended last: its marker, and how much was written by then.
    ended: Option<(char, (usize, usize))>,
}

impl Lists {
    /// A list starts where so much is written; a numbered one with its first number.
    pub(super) fn open(&mut self, tree: &Tree, id: NodeId, start: Option<u64>, position: (usize, usize)) {
        let paragraphs =
            |item| tree.children(item).filter(|&c| tree.name(c) == Some(&local_name!("p"))).count();
        let tight = tree.children(id).all(|item| paragraphs(item) <= 1);
        let (usual, other) = if start.is_some() { ('.', ')') } else { ('-', '*') };
        // Two lists in a row are read as one if they have the same marker.
        let mark = if self.ended == Some((usual, position)) { other } else { usual };
        self.open.push(List { number: start, tight, mark, plain: false });
    }

    /// A list that only arranges blocks starts.
    pub(super) fn open_plain(&mut self) {
        self.open.push(List { number: None, tight: false, mark: ' ', plain: true });
    }

    pub(super) fn close(&mut self, position: (usize, usize)) {
        if let Some(list) = self.open.pop() {
            self.ended = Some((list.mark, position));
        }
    }

    pub(super) fn close_plain(&mut self) {
        self.open.pop();
    }

    /// What the next item of the innermost list starts with; nothing where a list only arranges blocks.
    pub(super) fn marker(&mut self, item: &Element) -> Option<String> {
        let list = self.open.last_mut().filter(|list| !list.plain)?;
        let Some(number) = list.number else { return Some(format!("{} ", list.mark)) };
        let number =
            item.attr(&local_name!("value")).and_then(|v| v.trim_ascii().parse().ok()).unwrap_or(number);
        list.number = Some(number);
        // CommonMark reads nine digits at most.
        Some(format!("{}{} ", number.min(999_999_999), list.mark))
    }

    /// An item ended; one of which nothing was written keeps its number for the next.
    pub(super) fn end_item(&mut self, written: bool) {
        if let Some(list) = self.open.last_mut() {
            list.number = list.number.map(|n| n.saturating_add(u64::from(written)));
        }
    }

    /// Whether the innermost list has no empty lines between its items.
    pub(super) fn is_tight(&self) -> bool {
        self.open.last().is_some_and(|list| list.tight)
    }
}
