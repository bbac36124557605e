//! `clean`: where the content of pages is, in the user's own words.

use super::{
    fields::{Field, Fields},
    keys,
    reader::Reader,
    site::bad_pattern,
    tree::Node,
    variable::Text,
};
use crate::{
    crawl::pattern::Patterns,
    extract::{CleanRule, Cleaning, Selector},
};

const HELP: &str = "write `clean: [{match: \"/blog/**\", content: article, remove: [.related]}]`";

/// Reads `clean`.
pub(super) fn cleaning<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Cleaning {
    let Some(field) = file.field("clean") else { return Cleaning::default() };
    let items = reader.items(field, HELP);
    Cleaning { rules: items.iter().filter_map(|item| rule(reader, reader.tree.node(*item))).collect() }
}

fn rule<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<CleanRule> {
    let entry = reader.fields(node, &keys::CLEAN);
    let pages = reader.required(&entry, "match", HELP).and_then(|field| pages(reader, field));
    if entry.field("content").is_none() && entry.field("remove").is_none() && !entry.misshapen {
        reader.faults.error(entry.at, "a rule of `clean` needs `content` or `remove`", HELP);
    }
    let content = reader.text_of(&entry, "content");
    let content = content.and_then(|(field, text)| selector(reader, field, &text));
    let written = entry.field("remove").map(|field| reader.one_or_many(field)).unwrap_or_default();
    let remove = written.iter().filter_map(|(field, text)| selector(reader, *field, text)).collect();
    Some(CleanRule { pages: pages?, content, remove })
}

fn pages<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Patterns> {
    let text = reader.text(field)?;
    match Patterns::new(std::slice::from_ref(&text.value)) {
        Ok(pages) => Some(pages),
        // An unset variable could hold any pattern, so it is no fault; nor is there a pattern to keep.
        Err(_) if text.unset => None,
        Err(error) => {
            bad_pattern(reader, field, &text, &error);
            None
        }
    }
}

/// The reason may quote the selector, so it is kept back when the selector comes from a variable.
fn selector<'a>(reader: &mut Reader<'a>, field: Field<'a>, text: &Text) -> Option<Selector> {
    const HELP: &str = "a selector is made of tags, `#id`, `.class`, `[name=value]`, `:not(…)`, spaces, `>` and commas; \
                        `corpusd extract URL --explain` shows those of a page";
    if text.unset {
        return None;
    }
    match text.value.parse() {
        Ok(selector) => Some(selector),
        Err(error) => {
            let reason = if text.variables.is_empty() { format!(": {error}") } else { String::new() };
            let message = format!("`{}` cannot use {} as a selector{reason}", field.key, text.shown());
            reader.faults.error(field.at(), message, HELP);
            None
        }
    }
}
