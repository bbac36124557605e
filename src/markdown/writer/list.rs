//! Lists as they are written: items follow closely, unless one of them holds several blocks.

use super::{Container, Gap, Writer, push_blank_prefix};

/// How far a list is spread. Whether empty lines stand between its items is known when it ends.
#[derive(Debug, Default)]
pub(super) struct Spread {
    /// Where the lines of its items start, those of the first left out: at the line end before.
    items: Vec<usize>,
    /// Containers around the list.
    depth: usize,
    /// Its first item was written.
    started: bool,
    loose: bool,
}

impl Writer {
    /// A list starts.
    pub(in crate::markdown) fn open_list(&mut self) {
        self.open_nesting();
        self.lists.push(Spread { depth: self.containers.len(), ..Spread::default() });
    }

    /// It ends.
    pub(in crate::markdown) fn close_list(&mut self) {
        self.end_block();
        let list = self.lists.pop().unwrap_or_default();
        self.spread_out(&list);
        self.close_nesting(list.started);
    }

    /// A list item starts, with its marker and the blank after it.
    pub(in crate::markdown) fn open_item(&mut self, marker: String) {
        self.end_block();
        self.containers.push(Container::item(marker));
    }

    /// The same where a reader is to begin another list with it.
    pub(in crate::markdown) fn open_item_anew(&mut self, marker: String) {
        self.end_block();
        self.containers.push(Container { anew: true, ..Container::item(marker) });
    }

    /// It ends. Says whether anything was written in it.
    pub(in crate::markdown) fn close_item(&mut self) -> bool {
        self.end_lead();
        let written = self.containers.pop().is_some_and(|container| container.started);
        if written {
            self.tighten();
        }
        written
    }

    fn tighten(&mut self) {
        if self.gap == Gap::Blank {
            self.gap = Gap::Line;
        }
    }

    /// Whether a list is open and none of its items is: what comes now stands between them.
    pub(in crate::markdown) fn is_between_items(&self) -> bool {
        self.lists.last().is_some_and(|list| list.depth == self.containers.len())
    }

    /// Takes up the item that ended last, if nothing came after it: what comes now belongs to it.
    pub(in crate::markdown) fn resume_item(&mut self, indent: usize) -> bool {
        self.end_block();
        if !self.lists.last().is_some_and(|list| list.started) {
            return false;
        }
        self.containers.push(Container { started: true, ..Container::item(" ".repeat(indent)) });
        self.gap = Gap::Blank;
        true
    }

    /// Notes what the line that starts now means for the lists around it.
    pub(super) fn note_spread(&mut self) {
        let fresh =
            self.containers.iter().position(|container| !container.started).unwrap_or(self.containers.len());
        if self.containers.get(fresh).is_some_and(|container| container.anew)
            && let Some(at) = self.lists.iter().position(|list| list.depth == fresh)
        {
            let list = std::mem::replace(&mut self.lists[at], Spread { depth: fresh, ..Spread::default() });
            self.spread_out(&list);
            self.gap = self.gap.max(Gap::Blank);
        }
        // Nothing but an item follows closely.
        if self.gap == Gap::Line && self.containers.get(fresh).is_none_or(|container| container.quote) {
            self.gap = Gap::Blank;
        }
        // The first item of a list follows the text of the item around it.
        let begins = self.lists.iter().any(|list| list.depth == fresh && !list.started);
        let in_item = fresh.checked_sub(1).is_some_and(|up| !self.containers[up].quote);
        let interrupts = self.containers.get(fresh).is_some_and(Container::interrupts);
        if begins && in_item && interrupts {
            self.tighten();
        }
        for i in 0..self.lists.len() {
            let depth = self.lists[i].depth;
            if self.containers.get(depth).is_none_or(|container| container.quote) {
                // Between the items: for a reader the list ends here and another one begins.
                let list = std::mem::replace(&mut self.lists[i], Spread { depth, ..Spread::default() });
                self.spread_out(&list);
            } else if depth >= fresh {
                let list = &mut self.lists[i];
                if list.started && self.gap == Gap::Line {
                    list.items.push(self.out.len());
                }
                list.started = true;
            } else if depth + 1 == fresh && self.gap == Gap::Blank {
                // The innermost item that was begun before holds a further block.
                self.lists[i].loose = true;
            }
        }
    }

    /// Puts empty lines between the items of a list that ended, if it is loose.
    fn spread_out(&mut self, list: &Spread) {
        if !list.loose || list.items.is_empty() {
            return;
        }
        let mut blank = String::from("\n");
        push_blank_prefix(self.containers.get(..list.depth).unwrap_or_default(), &mut blank);
        let mut out = String::with_capacity(self.out.len() + list.items.len() * blank.len());
        let mut from = 0;
        for &item in &list.items {
            out.push_str(&self.out[from..item]);
            out.push_str(&blank);
            from = item;
        }
        out.push_str(&self.out[from..]);
        let first = self.destinations.partition_point(|destination| destination.0 < list.items[0]);
        let mut before = 0;
        for destination in &mut self.destinations[first..] {
            while list.items.get(before).is_some_and(|&item| item < destination.0) {
                before += 1;
            }
            destination.0 += before * blank.len();
            destination.1 += before * blank.len();
        }
        self.out = out;
    }
}
