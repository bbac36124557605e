//! `dedupe`, `corpus` and `gates`: which documents are one, how large the corpus may be, and when it is held.

use super::{
    fields::{Field, Fields},
    keys,
    quantity::{CorpusLimit, Near, Percent, Signed, Whole},
    reader::Reader,
    site::bad_pattern,
    tree::Node,
};
use crate::{
    corpus::budget::{Budget, Limit, Priority, Provenance, Unit},
    crawl::pattern::Patterns,
    gate::Gates,
};

/// What the vendor's plans hold for one agent. Older pages count characters, newer ones bytes (1 MB = 10^6
/// bytes); both are kept.
const PLANS: [(&str, [Limit; 2]); 4] = [
    ("free", plan(400_000, 400_000)),
    ("hobby", plan(11_000_000, 10_000_000)),
    ("standard", plan(11_000_000, 20_000_000)),
    ("pro", plan(11_000_000, 40_000_000)),
];

const fn plan(chars: u64, bytes: u64) -> [Limit; 2] {
    [Limit { unit: Unit::Chars, max: chars }, Limit { unit: Unit::Bytes, max: bytes }]
}

/// Far beyond any order that a person would write, and far from overflow.
const MAX_WEIGHT: i64 = 1_000_000;

const STANDARD: [Limit; 2] = PLANS[2].1;

const PROVENANCE: [(&str, Provenance); 3] =
    [("minimal", Provenance::Minimal), ("full", Provenance::Full), ("off", Provenance::Off)];

/// Reads `dedupe`: the share from which documents are nearly the same, if that is looked for.
pub(super) fn near<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Option<f64> {
    let dedupe = reader.section(file, "dedupe", &keys::DEDUPE);
    let Near(near) = reader.value(&dedupe, "near", Near(Some(0.9)));
    near
}

/// Reads `corpus`.
pub(super) fn budget<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Budget {
    let corpus = reader.section(file, "corpus", &keys::CORPUS);
    let limits = limits(reader, &corpus);
    let headroom = reader.within(&corpus, "headroom", Percent(0.0)..=Percent(90.0), Percent(2.0));
    let priority = match corpus.field("priority") {
        Some(field) => priorities(reader, field),
        None => Vec::new(),
    };
    let required = patterns(reader, &corpus, "required");
    let partial = reader.flag(&corpus, "partial", false);
    let link_map = reader.flag(&corpus, "link_map", true);
    let provenance = reader.text_of(&corpus, "provenance");
    let provenance = provenance.and_then(|(field, text)| reader.choice(field, &text, &PROVENANCE));
    let provenance = provenance.unwrap_or_default();
    Budget { limits, headroom: headroom.share(), priority, required, partial, link_map, provenance }
}

fn limits<'a>(reader: &mut Reader<'a>, corpus: &Fields<'a>) -> Vec<Limit> {
    if let (Some(_), Some(limit)) = (corpus.field("plan"), corpus.field("limit")) {
        reader.faults.error(
            limit.key_at,
            "`limit` and `plan` exclude each other",
            "keep the one that you mean",
        );
    }
    if corpus.field("limit").is_some() {
        let CorpusLimit(limit) = reader.value(corpus, "limit", CorpusLimit(STANDARD[0]));
        return vec![limit];
    }
    let plan = reader.text_of(corpus, "plan").and_then(|(field, text)| reader.choice(field, &text, &PLANS));
    plan.unwrap_or(STANDARD).to_vec()
}

fn priorities<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Vec<Priority> {
    const HELP: &str = "write `priority: [{match: \"/docs/**\", weight: 10}]`";
    let items = reader.items(field, HELP);
    items.iter().filter_map(|item| priority(reader, reader.tree.node(*item), HELP)).collect()
}

fn priority<'a>(reader: &mut Reader<'a>, node: &'a Node, help: &str) -> Option<Priority> {
    let entry = reader.fields(node, &keys::PRIORITY);
    let pattern = reader.required(&entry, "match", help);
    reader.required(&entry, "weight", help);
    let Signed(weight) = reader.within(&entry, "weight", Signed(-MAX_WEIGHT)..=Signed(MAX_WEIGHT), Signed(0));
    let field = pattern?;
    let text = reader.text(field)?;
    match Patterns::new(std::slice::from_ref(&text.value)) {
        Ok(pattern) => Some(Priority { pattern, weight }),
        // An unset variable could hold any pattern, so it is no fault; nor is there a pattern to keep.
        Err(_) if text.unset => None,
        Err(error) => {
            bad_pattern(reader, field, &text, &error);
            None
        }
    }
}

/// Reads `gates`.
pub(super) fn gates<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Gates {
    let gates = reader.section(file, "gates", &keys::GATES);
    let mut share =
        |key, default| reader.within(&gates, key, Percent(0.0)..=Percent(100.0), Percent(default)).share();
    let max_removed = share("max_removed", 30.0);
    let max_shrink = share("max_shrink", 25.0);
    let max_changed = share("max_changed", 60.0);
    let max_failed = share("max_failed", 10.0);
    let max_growth = reader.within(&gates, "max_growth", Percent(0.0)..=Percent(100_000.0), Percent(300.0));
    let Whole(min_documents) = reader.within(&gates, "min_documents", Whole(1)..=Whole(1_000_000), Whole(1));
    Gates {
        max_removed,
        max_shrink,
        max_changed,
        max_growth: max_growth.share(),
        max_failed,
        min_documents,
        require_urls: patterns(reader, &gates, "require_urls"),
        require_text: texts(reader, &gates, "require_text"),
        forbid_text: texts(reader, &gates, "forbid_text"),
    }
}

/// Patterns that count one by one.
fn patterns<'a>(reader: &mut Reader<'a>, section: &Fields<'a>, key: &'static str) -> Vec<Patterns> {
    let Some(field) = section.field(key) else { return Vec::new() };
    let mut wanted = Vec::new();
    for (item, text) in reader.one_or_many(field) {
        match Patterns::new(std::slice::from_ref(&text.value)) {
            // An unset variable could hold any pattern.
            _ if text.unset => {}
            Ok(pattern) => wanted.push(pattern),
            Err(error) => bad_pattern(reader, item, &text, &error),
        }
    }
    wanted
}

/// Texts that are looked for in documents.
fn texts<'a>(reader: &mut Reader<'a>, gates: &Fields<'a>, key: &'static str) -> Vec<String> {
    let Some(field) = gates.field(key) else { return Vec::new() };
    let mut texts = Vec::new();
    for (item, text) in reader.one_or_many(field) {
        if text.unset {
            continue;
        }
        if text.value.trim().is_empty() {
            let message = format!("`{key}` has an empty text, which stands in every document");
            reader.faults.error(item.at(), message, "remove it");
        } else {
            texts.push(text.value);
        }
    }
    texts
}
