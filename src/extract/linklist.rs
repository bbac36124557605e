//! Lists of links: menus, tags, contents of the page. Beside content they are chrome; on an overview they are content.

use std::collections::HashMap;

use url::Url;

use crate::html::{Element, Holds, Measure, NodeId, Tree, is_heading, local_name};
use crate::markdown::{NodeSet, visible_text};

use super::chrome::{Page, is_block};
use super::facts::has_price;
use super::removal::{Reason, Removals};

/// Bytes of text of a row of links: tags, pages, ways to sort.
const ROW: usize = 150;

/// Bytes of a sentence that announces something.
const SENTENCE: usize = 18;

/// Bytes of text of a card.
const CARD: usize = 600;

/// Bytes of text outside of links of a paragraph.
const PARAGRAPH: usize = 40;

/// Nodes after a list among which one is looked for.
const MAX_SIBLINGS: usize = 16;

/// Links of a list that are looked at.
const MAX_LINKS: usize = 32;

/// A small part of the content that is nothing but links: menus, tags, teasers of other pages.
pub(super) fn is_link_dense(page: Page<'_>, id: NodeId, element: &Element, root: NodeId) -> bool {
    let Page { tree, measure, base, .. } = page;
    if !is_block(element) {
        return false;
    }
    let (text, link) = (measure.text(id), measure.link(id));
    // Inside `main`, a list of links is as likely the index that the page is for, unless it is but a row of them.
    let in_rows = || {
        *element.name() == local_name!("div")
            && text <= ROW
            && !measure.holds(id).any(Holds::HEADING.and(Holds::LIST))
    };
    if tree.name(root) == Some(&local_name!("main")) && !in_rows() {
        return false;
    }
    if text == 0
        || link * 10 < text * 9
        || text * 10 > measure.text(root)
        || measure.holds(id).any(Holds::PRE)
    {
        return false;
    }
    if is_in_flow(tree, measure, id) || is_part_of_index(page, id, root) {
        return false;
    }
    let (mut links, mut below) = (0, 0);
    for href in tree.descendants(id).filter_map(|n| link_target(tree, n)) {
        links += 1;
        below += usize::from(leads_below(href, base));
        if links == MAX_LINKS {
            break;
        }
    }
    let is_card = || text <= CARD && says_price(tree, id);
    links >= 4 && below * 2 < links && !is_card()
}

/// Whether a price stands beside the links: that of a card.
fn says_price(tree: &Tree, id: NodeId) -> bool {
    let mut text = String::new();
    let mut nodes = tree.descendants(id);
    while let Some(n) = nodes.next() {
        if tree.name(n) == Some(&local_name!("a")) {
            nodes.skip_children();
        }
        text.push_str(tree.text(n).unwrap_or_default());
    }
    has_price(&text)
}

/// Whether a list stands amid paragraphs: text goes on after it.
fn is_in_flow(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    matches!(tree.name(id), Some(&(local_name!("ul") | local_name!("ol"))))
        && std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n)).take(MAX_SIBLINGS).any(
            |n| {
                tree.name(n) == Some(&local_name!("p"))
                    && measure.text(n).saturating_sub(measure.link(n)) >= PARAGRAPH
            },
        )
}

/// Whether a longer list of links stands beside a list, too long to be a menu: then both are what the page is for.
fn is_part_of_index(page: Page<'_>, id: NodeId, root: NodeId) -> bool {
    let Page { tree, measure, .. } = page;
    let is_list = |n: NodeId| matches!(tree.name(n), Some(&(local_name!("ul") | local_name!("ol"))));
    let is_index = |n: NodeId| {
        is_list(n) && measure.text(n) * 10 > measure.text(root) && measure.link(n) * 10 >= measure.text(n) * 9
    };
    let before = std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n));
    let after = std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n));
    is_list(id) && before.take(MAX_SIBLINGS).chain(after.take(MAX_SIBLINGS)).any(is_index)
}

/// The `href` of a link; empty where it has none.
fn link_target(tree: &Tree, id: NodeId) -> Option<&str> {
    let element = tree.element(id).filter(|e| *e.name() == local_name!("a"))?;
    Some(element.attr(&local_name!("href")).unwrap_or_default())
}

/// Whether a link leads to a page below this one: such links are what an overview is for.
fn leads_below(href: &str, base: &Url) -> bool {
    let above = base.path().trim_end_matches('/');
    let above = above.strip_suffix("/index.html").or_else(|| above.strip_suffix(".html")).unwrap_or(above);
    !above.is_empty()
        && base.join(href.trim_ascii()).is_ok_and(|url| {
            url.host() == base.host()
                && url.path().strip_prefix(above).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
        })
}

/// Leaves out lists that repeat the headings below `root`, for whom the generator sets them up.
pub(super) fn mark_contents(tree: &Tree, measure: &Measure, root: NodeId, removals: &mut Removals) {
    let mut headings = None;
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if removals.contains(id) {
            nodes.skip_children();
        } else if is_contents(tree, measure, id, element) {
            let headings = headings.get_or_insert_with(|| headings_by_id(tree, root));
            let repeats = |link: NodeId| {
                let target = tree.attr(link, &local_name!("href")).and_then(|href| href.strip_prefix('#'));
                target
                    .and_then(|target| headings.get(target))
                    .is_some_and(|heading| *heading == said(tree, link))
            };
            if tree.descendants(id).filter(|&n| tree.name(n) == Some(&local_name!("a"))).all(repeats) {
                removals.insert(id, Reason::Contents);
                nodes.skip_children();
            }
        }
    }
}

/// What is said below a node, without signs of places to link to.
fn said(tree: &Tree, id: NodeId) -> String {
    visible_text(tree, &NodeSet::default(), id).trim_end_matches(['¶', '#', ' ']).to_owned()
}

/// What each heading says, by the ids of what leads to it: its own, or that of the part that it begins.
fn headings_by_id(tree: &Tree, root: NodeId) -> HashMap<&str, String> {
    let mut found = HashMap::new();
    for heading in tree.descendants(root).filter(|&n| tree.name(n).is_some_and(is_heading)) {
        let begins = tree
            .parent(heading)
            .filter(|&up| tree.children(up).find(|&n| tree.element(n).is_some()) == Some(heading));
        let inside = std::iter::once(heading).chain(tree.descendants(heading).take(MAX_SIBLINGS));
        for id in inside.chain(begins).filter_map(|n| tree.element(n)?.id()) {
            found.entry(id).or_insert_with(|| said(tree, heading));
        }
    }
    found
}

/// Whether the sentence before a list needs it: "Supported systems, in order of preference:".
fn is_announced(tree: &Tree, list: NodeId) -> bool {
    const OF_CONTENTS: &[&str] = &["content", "page", "article", "section", "topic", "guide", "jump"];
    let before = std::iter::successors(tree.previous_sibling(list), |&n| tree.previous_sibling(n))
        .find(|&n| tree.element(n).is_some());
    before.filter(|&n| tree.name(n) == Some(&local_name!("p"))).is_some_and(|p| {
        let text = tree.text_of(p).trim().to_lowercase();
        text.ends_with(':') && text.len() >= SENTENCE && !OF_CONTENTS.iter().any(|word| text.contains(word))
    })
}

/// A list whose every link leads to a place on the same page, of which nothing else is said.
pub(super) fn is_contents(tree: &Tree, measure: &Measure, id: NodeId, element: &Element) -> bool {
    if !matches!(*element.name(), local_name!("ul") | local_name!("ol"))
        || measure.link(id) * 10 < measure.text(id) * 9
        || says_price(tree, id)
        || is_announced(tree, id)
    {
        return false;
    }
    let mut links = 0;
    for link in tree.descendants(id).filter(|&n| tree.name(n) == Some(&local_name!("a"))) {
        links += 1;
        if !tree.attr(link, &local_name!("href")).is_some_and(|h| h.starts_with('#')) {
            return false;
        }
    }
    links >= 3
}
