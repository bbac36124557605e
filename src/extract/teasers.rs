//! Sections that lead to other pages and say so in their heading: related articles, recommended products.

use crate::html::{Measure, NodeId, Tree, heading_level};
use crate::markdown::clean_line;

use super::removal::{Reason, Removals};

/// Bytes of a heading that can be one of these.
const MAX_HEADING: usize = 60;
/// Elements around a heading that may be the section it heads.
const MAX_AROUND: usize = 8;

/// What such headings start with.
const PHRASES: &[&str] = &[
    "related",
    "recommended",
    "recommendations",
    "suggested",
    "you may",
    "you might",
    "you'll also love",
    "people also",
    "customers also",
    "customers who",
    "others also",
    "similar",
    "more from",
    "more like",
    "recently viewed",
    "frequently bought",
    "pairs well",
    "complete the look",
    "follow us",
    "share this",
    "subscribe to",
    "sign up for",
    "stay connected",
    "stay in touch",
    "read next",
    "keep reading",
    "up next",
    "explore more",
    "more articles",
    "more stories",
    "shop the look",
    "what others are reading",
    "recent posts",
    "recent articles",
    "recently added",
    // German.
    "ähnliche",
    "verwandte",
    "das könnte",
    "weitere artikel",
    "weitere beiträge",
    "kunden kauften auch",
    "zuletzt angesehen",
    "wird oft zusammen gekauft",
    "passend dazu",
    "neueste beiträge",
    // French.
    "articles similaires",
    "articles liés",
    "à lire aussi",
    "vous aimerez aussi",
    "produits similaires",
    "les clients ont aussi",
    "derniers articles",
    // Spanish.
    "artículos relacionados",
    "productos relacionados",
    "también te puede",
    "te puede interesar",
    "quizás te",
    "entradas recientes",
    // Italian, Portuguese, Dutch.
    "articoli correlati",
    "prodotti correlati",
    "potrebbe interessarti",
    "ti potrebbe",
    "artigos relacionados",
    "produtos relacionados",
    "você também pode",
    "gerelateerde",
    "anderen bekeken ook",
    "misschien vind je",
];

/// Adds these sections below `root` to what is removed.
pub(super) fn mark(tree: &Tree, measure: &Measure, root: NodeId, removals: &mut Removals) {
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        if removals.contains(id) {
            nodes.skip_children();
            continue;
        }
        let Some(level) = tree.element(id).and_then(heading_level) else { continue };
        if level > 1 && measure.text(id) <= MAX_HEADING && is_teaser(&tree.text_of(id)) {
            for part in extent(tree, measure, root, id, level) {
                removals.insert(part, Reason::Teaser);
            }
        }
    }
}

fn is_teaser(heading: &str) -> bool {
    let heading = clean_line(heading).to_lowercase().replace('’', "'");
    PHRASES.iter().any(|phrase| {
        heading.strip_prefix(phrase).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// The section that a heading heads, if it holds links and is the lesser part of the page; else nothing.
fn extent(tree: &Tree, measure: &Measure, root: NodeId, heading: NodeId, level: usize) -> Vec<NodeId> {
    let mut section = heading;
    for up in tree.ancestors(heading).take(MAX_AROUND) {
        if up == root || !starts(tree, measure, section) || measure.text(up) * 2 > measure.text(root) {
            break;
        }
        if tree.descendants(up).any(|n| n != heading && ranks(tree, n, level)) {
            break;
        }
        section = up;
    }
    let text = measure.text(section).saturating_sub(measure.text(heading));
    if text > 0 {
        return if leads_away(text, measure.link(section)) { vec![section] } else { Vec::new() };
    }
    // The heading stands alone: what follows it, to the next heading of its rank, is its section.
    let holds_rank = |n: NodeId| std::iter::once(n).chain(tree.descendants(n)).any(|d| ranks(tree, d, level));
    let following = std::iter::successors(tree.next_sibling(section), |&n| tree.next_sibling(n));
    let mut parts: Vec<NodeId> = following.take_while(|&n| !holds_rank(n)).collect();
    let text: usize = parts.iter().map(|&n| measure.text(n)).sum();
    let link = parts.iter().map(|&n| measure.link(n)).sum();
    if !leads_away(text, link) || text * 2 > measure.text(root) {
        return Vec::new();
    }
    parts.push(section);
    parts
}

/// Whether much of the text is links: instructions may stand below such a heading, too.
fn leads_away(text: usize, link: usize) -> bool {
    link > 0 && link * 10 >= text * 3
}

/// Whether no text stands before a node in its parent.
fn starts(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    let mut before = std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n));
    !before.any(|n| measure.text(n) > 0)
}

/// Whether a node is a heading of this level or above.
fn ranks(tree: &Tree, id: NodeId, than: usize) -> bool {
    tree.element(id).and_then(heading_level).is_some_and(|level| level <= than)
}
