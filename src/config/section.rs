//! Reads the keys of a section: which are there, which are unknown, double or missing, and which a merge
//! (`<<`) brings in.

use std::collections::btree_map;

use super::{
    diagnostic::Mark,
    fields::{Field, Fields},
    keys::Section,
    reader::Reader,
    tree::{Entry, Kind, Node},
};

impl<'a> Reader<'a> {
    /// The section under `key`; when it is absent, empty or no mapping, one without keys.
    pub(super) fn section(
        &mut self,
        fields: &Fields<'a>,
        key: &'static str,
        section: &'static Section,
    ) -> Fields<'a> {
        match fields.field(key) {
            Some(field) => self.fields(field.node, section),
            None => Fields::none(section, fields.at),
        }
    }

    /// Reads a mapping's keys: those written in it, then those merged into it (`<<`) that it does not have
    /// itself.
    pub(super) fn fields(&mut self, node: &'a Node, section: &'static Section) -> Fields<'a> {
        let mut fields = Fields::none(section, node.at);
        let Kind::Map(own) = &node.kind else {
            // `corpus:` with all its keys commented out.
            if !node.is_null() {
                let message = format!("{} must be a mapping, not {}", section.name(), node.kind_name());
                self.faults.error(node.at, message, &format!("its keys are: {}", section.keys.join(", ")));
                fields.misshapen = true;
            }
            return fields;
        };
        for (layer, entries) in self.layers(own).into_iter().enumerate() {
            self.take_entries(&mut fields, entries, layer == 0);
        }
        fields
    }

    /// The keys that a mapping has: those written in it, then layer by layer those merged into it (`<<`). Nearer
    /// merges win over further ones. A merge within a merge costs what it would written out, which the tree bounds.
    pub(super) fn layers(&mut self, own: &'a [Entry]) -> Vec<&'a [Entry]> {
        let mut layers = vec![own];
        let mut merges = self.merged_into(own);
        while let Some(merged) = merges.pop() {
            if let Kind::Map(entries) = &merged.kind {
                layers.push(entries);
                merges.extend(self.merged_into(entries));
            } else {
                self.faults.error(
                    merged.at,
                    "`<<` merges mappings only",
                    "name a mapping of this file: `<<: *anchor`",
                );
            }
        }
        layers
    }

    fn take_entries(&mut self, fields: &mut Fields<'a>, entries: &'a [Entry], own: bool) {
        for Entry { key, value } in entries.iter().filter(|entry| !entry.key.is_merge()) {
            let known = fields.section.keys.iter().find(|known| **known == key.text);
            match (known, fields.entries.entry(&key.text)) {
                (Some(_), btree_map::Entry::Occupied(first)) if own => {
                    let help = format!("it stands in line {} already", first.get().key_at.line);
                    self.faults.error(key.at, format!("duplicate key `{}`", key.text), &help);
                }
                (Some(known), btree_map::Entry::Vacant(free)) => {
                    free.insert(Field { key: known, key_at: key.at, node: self.tree.node(*value) });
                }
                (Some(_), btree_map::Entry::Occupied(_)) => {}
                (None, _) => self.unknown_key(fields.section, key.at, &key.text),
            }
        }
    }

    /// What `<<` names in a mapping, last first.
    fn merged_into(&mut self, entries: &'a [Entry]) -> Vec<&'a Node> {
        let mut merges = entries.iter().filter(|entry| entry.key.is_merge());
        let Some(merge) = merges.next() else { return Vec::new() };
        for again in merges {
            let help = "merge several with `<<: [*one, *other]`";
            self.faults.error(again.key.at, "duplicate key `<<`", help);
        }
        let named = self.tree.node(merge.value);
        match &named.kind {
            Kind::List(items) => items.iter().rev().map(|item| self.tree.node(*item)).collect(),
            _ => vec![named],
        }
    }

    fn unknown_key(&mut self, section: &Section, at: Mark, key: &str) {
        if self.faults.is_full() {
            self.faults.error(at, "unknown key", "");
            return;
        }
        // A file that is no pipeline (a link gone astray), or a secret in the wrong place, must not be read
        // out by error messages.
        let is_word =
            key.len() <= 32 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let message = if is_word && !section.secret {
            format!("unknown key `{key}`")
        } else {
            "unknown key".to_owned()
        };
        self.faults.error(at, message, &section.help_for(key));
    }

    /// The value of a key that must be there.
    pub(super) fn required(
        &mut self,
        fields: &Fields<'a>,
        key: &'static str,
        help: &str,
    ) -> Option<Field<'a>> {
        let field = fields.field(key);
        if field.is_none() && !fields.misshapen {
            self.faults.error(fields.at, format!("missing `{}`", fields.section.path_of(key)), help);
        }
        field
    }
}
