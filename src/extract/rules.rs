//! Where site generators put content: names and selectors in order.
//!
//! A rule is tried where its `on` (if any) and its `content` are found on the page. To add one: a line in `table`, a golden
//! page under `tests/fixtures/pages`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::html::{Element, NodeId, Tree};

use super::selector::{Key, Selector};
use table::{DISCUSSIONS, DOCUMENTATION, HELP, Row, SECTIONS, SITES};

mod table;

/// The content of one generator, theme or help desk.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Something that must be on the page, so that common names are not mistaken.
    on: Option<Selector>,
    content: Selector,
    /// What inside the content is not content.
    pub(super) remove: Option<Selector>,
    pub(super) take: Take,
}

/// Which of the places that a rule names hold the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// The one with most of the text.
    One,
    /// All of them: the posts of a discussion.
    Every,
    /// All of them: the parts of one text.
    Parts,
    /// The one with most of the text; chrome stands in it, too.
    Mixed,
}

/// The table, parsed, and an index from the names its selectors end in.
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    index: HashMap<&'static str, Vec<Entry>>,
    /// Lengths (bit set) of the names in the index, by first byte: most names on a page are refused by it.
    lengths: [u64; 256],
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: usize,
    part: Part,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    On,
    Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Class,
    Tag,
}

/// The parsed table.
pub(super) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules { all: Vec::new(), index: HashMap::new(), lengths: [0; 256] };
    rules.add_table(DISCUSSIONS, Take::Every);
    rules.add_table(DOCUMENTATION, Take::One);
    rules.add_table(SECTIONS, Take::Parts);
    rules.add_table(HELP, Take::One);
    rules.add_table(SITES, Take::Mixed);
    rules
});

fn parsed(text: &str) -> Option<Selector> {
    // A row that does not parse is caught by the test below, not by a page.
    text.parse().ok()
}

impl Rules {
    fn add_table(&mut self, table: &'static [Row], take: Take) {
        for &(name, on, content, remove) in table {
            let Some(content_selector) = parsed(content) else { continue };
            let rule = self.all.len();
            self.all.push(Rule {
                name,
                on: parsed(on),
                content: content_selector,
                remove: parsed(remove),
                take,
            });
            for (part, text) in [(Part::On, on), (Part::Content, content)] {
                // Keys borrow from the selector; the index needs the table's own text, which holds the same names.
                let Some(selector) = parsed(text) else { continue };
                for key in selector.keys() {
                    let (kind, name) = match key {
                        Key::Id(name) => (Kind::Id, name),
                        Key::Class(name) => (Kind::Class, name),
                        Key::Tag(name) => (Kind::Tag, name),
                        Key::Any => (Kind::Tag, ""),
                    };
                    let Some(at) = text.find(name) else { continue };
                    self.add(&text[at..at + name.len()], Entry { rule, part, kind });
                }
            }
        }
    }

    fn add(&mut self, name: &'static str, entry: Entry) {
        let Some(first) = name.bytes().next() else { return };
        self.lengths[first as usize] |= 1 << (name.len() % 64);
        self.index.entry(name).or_default().push(entry);
    }

    fn entries(&self, name: &str) -> &[Entry] {
        let possible = name
            .bytes()
            .next()
            .is_some_and(|first| self.lengths[first as usize] >> (name.len() % 64) & 1 == 1);
        if possible { self.index.get(name).map_or(&[], Vec::as_slice) } else { &[] }
    }
}

/// What of the table is found on one page.
#[derive(Debug)]
pub(super) struct Hits {
    on: Vec<bool>,
    content: Vec<Vec<NodeId>>,
}

impl Hits {
    pub(super) fn new() -> Self {
        let len = RULES.all.len();
        Self { on: vec![false; len], content: vec![Vec::new(); len] }
    }

    /// Looks at one element of the page, in document order.
    pub(super) fn see(&mut self, tree: &Tree, id: NodeId, element: &Element) {
        self.look_up(tree, id, element.name(), Kind::Tag);
        if let Some(own) = element.id() {
            self.look_up(tree, id, own, Kind::Id);
        }
        for class in element.classes() {
            self.look_up(tree, id, class, Kind::Class);
        }
    }

    fn look_up(&mut self, tree: &Tree, id: NodeId, name: &str, kind: Kind) {
        for entry in RULES.entries(name).iter().filter(|e| e.kind == kind) {
            let rule = &RULES.all[entry.rule];
            match entry.part {
                Part::On => {
                    self.on[entry.rule] |= rule.on.as_ref().is_some_and(|on| on.matches(tree, id));
                }
                Part::Content => {
                    let found = &mut self.content[entry.rule];
                    if found.last() != Some(&id) && rule.content.matches(tree, id) {
                        found.push(id);
                    }
                }
            }
        }
    }

    /// The rules that apply, in the table's order, with the places they name.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&'static Rule, &[NodeId])> {
        RULES
            .all
            .iter()
            .zip(&self.on)
            .zip(&self.content)
            .filter(|((rule, on), found)| (rule.on.is_none() || **on) && !found.is_empty())
            .map(|((rule, _), found)| (rule, found.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = &'static Row> {
        DISCUSSIONS.iter().chain(DOCUMENTATION).chain(SECTIONS).chain(HELP).chain(SITES)
    }

    #[test]
    fn every_row_of_the_table_parses_and_can_be_looked_up() {
        for (name, on, content, remove) in rows() {
            for text in [on, content, remove].into_iter().filter(|t| !t.is_empty()) {
                let selector = text.parse::<Selector>().unwrap_or_else(|e| panic!("{name}: {e}"));
                if text != remove {
                    assert!(selector.keys().all(|k| k != Key::Any), "{name}: `{text}` cannot be indexed");
                }
            }
        }
        assert_eq!(RULES.all.len(), rows().count());
    }

    #[test]
    fn names_of_rules_are_unique() {
        let mut names: Vec<_> = rows().map(|row| row.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.all.len());
    }
}
