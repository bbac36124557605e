//! Lists that are open: how their items are marked.

use crate::html::{Element, local_name};

use super::writer::Writer;

/// `CommonMark` reads nine digits at most.
const MAX_NUMBER: u64 = 999_999_999;

#[derive(Debug, Clone, Copy)]
struct List {
    /// The next item's number.
    number: Option<u64>,
    /// The character of the marker: `-`, `*`, `.`, `)`.
    mark: char,
    /// Its first item was written.
    started: bool,
    /// Columns that the text of its last item is indented by.
    indent: usize,
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
    /// A list starts; a numbered one with its first number.
    pub(super) fn open(&mut self, writer: &mut Writer, start: Option<u64>) {
        let start = start.map(|number| number.min(MAX_NUMBER));
        writer.open_list();
        let (usual, other) = if start.is_some() { ('.', ')') } else { ('-', '*') };
        // Two lists in a row are read as one if they have the same marker.
        let mark = if self.ended == Some((usual, writer.position())) { other } else { usual };
        self.open.push(List { number: start, mark, started: false, indent: 0, plain: false });
    }

    /// A list that only arranges blocks starts.
    pub(super) fn open_plain(&mut self) {
        self.open.push(List { number: None, mark: ' ', started: false, indent: 0, plain: true });
    }

    pub(super) fn close(&mut self, writer: &mut Writer) {
        writer.close_list();
        if let Some(list) = self.open.pop().filter(|list| list.started) {
            self.ended = Some((list.mark, writer.position()));
        }
    }

    pub(super) fn close_plain(&mut self) {
        self.open.pop();
    }

    /// Whether the innermost list has items with markers.
    pub(super) fn is_marked(&self) -> bool {
        self.open.last().is_some_and(|list| !list.plain)
    }

    /// Takes up the last item of the innermost list again, if there is one.
    pub(super) fn resume_item(&mut self, writer: &mut Writer) -> bool {
        let Some(list) = self.open.last().filter(|list| list.started && !list.plain) else { return false };
        writer.resume_item(list.indent)
    }

    /// Opens an item of the innermost list.
    pub(super) fn open_item(&mut self, writer: &mut Writer, item: &Element) {
        let Some(list) = self.open.last_mut() else { return };
        let marker = match list.number {
            None => format!("{} ", list.mark),
            Some(expected) => {
                let value = item.attr(&local_name!("value")).and_then(|v| v.trim_ascii().parse().ok());
                let number = value.unwrap_or(expected).min(MAX_NUMBER);
                if list.started && number != expected {
                    // A reader counts on: what is numbered anew is another list.
                    list.mark = if list.mark == '.' { ')' } else { '.' };
                    writer.restart_list();
                }
                list.number = Some(number);
                format!("{number}{} ", list.mark)
            }
        };
        list.indent = marker.len();
        writer.open_item(marker);
    }

    /// An item ended; one of which nothing was written keeps its number for the next.
    pub(super) fn close_item(&mut self, writer: &mut Writer) {
        let written = writer.close_item();
        if let Some(list) = self.open.last_mut() {
            list.number = list.number.map(|n| (n + u64::from(written)).min(MAX_NUMBER));
            list.started |= written;
        }
    }
}
