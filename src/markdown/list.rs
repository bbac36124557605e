//! Lists that are open: how their items are marked.

use crate::html::Element;

use super::writer::Writer;

mod order;

pub(super) use order::Order;

/// Signs of the items of a list in a table cell, by how deep it is nested.
const SIGNS: [&str; 3] = ["• ", "◦ ", "▪ "];

/// What a list is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Items of a Markdown list.
    Block,
    /// Signs in the one line of a table cell.
    Line,
    /// Nothing: it only arranges blocks.
    Plain,
}

#[derive(Debug, Clone, Copy)]
struct List {
    form: Form,
    order: Option<Order>,
    /// The number that a reader takes the next item to have.
    counted: u64,
    /// The character of the marker: `-`, `*`, `.`, `)`.
    mark: char,
    /// That of the item that was opened last, which may hold nothing.
    opened: char,
    /// How much was written when its last item ended; `None` before the first.
    ended: Option<(usize, usize)>,
    /// Columns that the text of its last item is indented by.
    indent: usize,
    /// The list that ended before the item that is open.
    before: Option<Ended>,
}

/// A list that ended: its marker, and how much was written by then.
type Ended = (char, (usize, usize));

/// The character of a list's marker, and that of a list right after it.
fn marks(order: Option<Order>) -> (char, char) {
    if order.is_some_and(Order::is_decimal) { ('.', ')') } else { ('-', '*') }
}

/// The open lists, innermost last.
#[derive(Debug, Default)]
pub(super) struct Lists {
    open: Vec<List>,
    /// The list that ended last in what is open.
    ended: Option<Ended>,
}

impl Lists {
    /// A list starts.
    pub(super) fn open(&mut self, writer: &mut Writer, order: Option<Order>) {
        writer.open_list();
        self.push(Form::Block, order);
    }

    /// A list in a table cell starts.
    pub(super) fn open_line(&mut self, order: Option<Order>) {
        self.push(Form::Line, order);
    }

    /// A list that only arranges blocks starts.
    pub(super) fn open_plain(&mut self, order: Option<Order>) {
        self.push(Form::Plain, order.filter(|order| order.is_shown()));
    }

    fn push(&mut self, form: Form, order: Option<Order>) {
        let (mark, _) = marks(order);
        self.open.push(List {
            form,
            order,
            counted: 0,
            mark,
            opened: mark,
            ended: None,
            indent: 0,
            before: None,
        });
    }

    pub(super) fn close(&mut self, writer: &mut Writer) {
        writer.close_list();
        if let Some(list) = self.open.pop().filter(|list| list.ended.is_some()) {
            self.ended = Some((list.mark, writer.position()));
        }
    }

    /// A list ends that belongs to the item before it.
    pub(super) fn close_in_item(&mut self, writer: &mut Writer) {
        self.close(writer);
        writer.close_item();
        if let Some(list) = self.open.last_mut() {
            list.ended = Some(writer.position());
        }
    }

    /// A list that is no Markdown list ends.
    pub(super) fn close_plain(&mut self) {
        self.open.pop();
    }

    /// Whether the innermost list has items with markers.
    pub(super) fn is_marked(&self) -> bool {
        self.open.last().is_some_and(|list| list.form == Form::Block)
    }

    /// Takes up the last item of the innermost list again, if there is one.
    pub(super) fn resume_item(&mut self, writer: &mut Writer) -> bool {
        let Some(list) = self.open.last().filter(|list| list.ended.is_some() && list.form == Form::Block)
        else {
            return false;
        };
        writer.resume_item(list.indent)
    }

    /// Opens an item of the innermost list.
    ///
    /// `CommonMark` counts with numbers only: where the page shows letters, to which its text may refer, they begin the
    /// item's text.
    pub(super) fn open_item(&mut self, writer: &mut Writer, item: &Element) {
        let Some(list) = self.open.last_mut() else { return };
        writer.end_block();
        // A list inside the item does not follow on one before it.
        list.before = self.ended.take();
        let (usual, other) = marks(list.order);
        let follows = list.ended == Some(writer.position());
        list.opened = if follows {
            list.mark
        } else if list.before == Some((usual, writer.position())) {
            // Two lists in a row are read as one if they have the same marker.
            other
        } else {
            // After what stands between its items, a reader begins another list, too.
            usual
        };
        let (mut label, mut anew) = (None, false);
        let marker = match &mut list.order {
            None => format!("{} ", list.opened),
            Some(order) => {
                let number = order.take(item);
                if order.is_decimal() {
                    if follows && number != list.counted {
                        // A reader counts on: what is numbered anew is another list.
                        list.opened = if list.mark == usual { other } else { usual };
                        anew = true;
                    }
                    format!("{number}{} ", list.opened)
                } else {
                    label = Some(format!("{}. ", order.label()));
                    format!("{} ", list.opened)
                }
            }
        };
        list.indent = marker.len();
        if anew {
            writer.open_item_anew(marker);
        } else {
            writer.open_item(marker);
        }
        if let Some(label) = label {
            writer.lead_in(label);
        }
    }

    /// An item ended; one of which nothing was written keeps its number for the next.
    pub(super) fn close_item(&mut self, writer: &mut Writer) {
        let written = writer.close_item();
        let Some(list) = self.open.last_mut() else { return };
        self.ended = list.before.take().filter(|_| !written);
        if written {
            list.ended = Some(writer.position());
            list.mark = list.opened;
            if let Some(order) = &mut list.order {
                list.counted = order.number() + 1;
                order.advance();
            }
        }
    }

    /// What an item is counted as, if the innermost list only arranges blocks and counts them.
    pub(super) fn number(&mut self, item: &Element) -> Option<String> {
        let list = self.open.last_mut().filter(|list| list.form == Form::Plain)?;
        let order = list.order.as_mut()?;
        order.take(item);
        let label = order.label();
        order.advance();
        Some(format!("{label}. "))
    }

    /// The sign before an item of a list in a table cell.
    pub(super) fn sign(&mut self, item: &Element) -> Option<String> {
        let depth = self.open.iter().filter(|list| list.form == Form::Line).count();
        let list = self.open.last_mut().filter(|list| list.form == Form::Line)?;
        Some(match &mut list.order {
            None => SIGNS[depth.min(SIGNS.len()) - 1].to_owned(),
            Some(order) => {
                order.take(item);
                let label = order.label();
                order.advance();
                format!("{label}. ")
            }
        })
    }
}
