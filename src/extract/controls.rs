//! What is there to be pressed: links that only do something, buttons to agree by, fields for an address.

use crate::html::{Element, NodeId, Tree, heading_level, local_name};

use super::repeats::{BUTTON, is_label};

/// Nodes beside a link among which text is looked for.
const MAX_BESIDE: usize = 16;

/// Whether a link is but a button: it leads to where one writes, or nowhere and says what is pressed, and it is no part
/// of a text.
pub(super) fn is_button_link(tree: &Tree, id: NodeId, link: &Element) -> bool {
    let is_button = || is_dead(link) && is_label(&tree.text_of(id));
    let asks = || leads_to_form(link) && is_brief(&tree.text_of(id));
    (asks() || is_button()) && !is_in_text(tree, id)
}

/// Whether a text is what a button says, and no fact besides.
fn is_brief(text: &str) -> bool {
    text.trim().len() <= BUTTON && !text.contains(|c: char| c.is_numeric())
}

/// Whether a link leads to the form for reviews or comments of a page: `/pump#review-form`, `#respond`.
fn leads_to_form(link: &Element) -> bool {
    const FORMS: &[&str] = &["review-form", "reviewform", "write-review", "respond", "comment-form"];
    let href = link.attr(&local_name!("href")).unwrap_or_default();
    href.rsplit_once('#').is_some_and(|(_, place)| FORMS.contains(&place.trim_ascii()))
}

/// Whether a link leads nowhere. Without a target at all it is no link, but a place to link to.
fn is_dead(link: &Element) -> bool {
    let leads_nowhere = |target: &str| {
        let target = target.trim_ascii();
        matches!(target, "" | "#")
            || target.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("javascript:"))
    };
    link.attr(&local_name!("href")).is_some_and(leads_nowhere)
}

/// Whether a link is part of what is written: beside other text, or as a heading, a step, a term or a cell.
fn is_in_text(tree: &Tree, id: NodeId) -> bool {
    let mut at = id;
    loop {
        let before = std::iter::successors(tree.previous_sibling(at), |&n| tree.previous_sibling(n));
        let after = std::iter::successors(tree.next_sibling(at), |&n| tree.next_sibling(n));
        if is_text_first(tree, before) || is_text_first(tree, after) {
            return true;
        }
        let Some((around, element)) = tree.parent(at).and_then(|n| Some((n, tree.element(n)?))) else {
            return false;
        };
        if !is_inline(element) {
            let is_step = || {
                let list = tree.parent(around).and_then(|n| tree.name(n));
                *element.name() == local_name!("li")
                    && list == Some(&local_name!("ol"))
                    && tree.text_of(around).trim() == tree.text_of(id).trim()
            };
            let is_item = matches!(
                *element.name(),
                local_name!("dt") | local_name!("dd") | local_name!("td") | local_name!("th")
            );
            return is_item || heading_level(element).is_some() || is_step();
        }
        at = around;
    }
}

/// Whether the first of some nodes that says anything is text, and not another link or a block.
fn is_text_first(tree: &Tree, nodes: impl Iterator<Item = NodeId>) -> bool {
    for node in nodes.take(MAX_BESIDE) {
        match (tree.text(node), tree.element(node)) {
            (Some(text), _) if !text.trim().is_empty() => return true,
            (None, Some(element)) if !tree.text_of(node).trim().is_empty() => {
                return is_inline(element) && *element.name() != local_name!("a");
            }
            _ => {}
        }
    }
    false
}

/// Whether an element is part of a line.
fn is_inline(element: &Element) -> bool {
    matches!(
        *element.name(),
        local_name!("a")
            | local_name!("abbr")
            | local_name!("b")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("kbd")
            | local_name!("mark")
            | local_name!("small")
            | local_name!("span")
            | local_name!("strong")
            | local_name!("u")
    )
}

/// Whether a mail address is asked for.
pub(super) fn asks_address(tree: &Tree, id: NodeId) -> bool {
    let is_address = |e: &Element| {
        let says = |value: Option<&str>| value.is_some_and(|text| text.to_ascii_lowercase().contains("mail"));
        *e.name() == local_name!("input")
            && (says(e.attr(&local_name!("type"))) || says(e.attr(&local_name!("name"))))
    };
    tree.descendants(id).filter_map(|n| tree.element(n)).any(is_address)
}

/// Whether there is a button to agree by.
pub(super) fn agrees(tree: &Tree, id: NodeId) -> bool {
    const WORDS: &[&str] = &[
        "accept",
        "agree",
        "allow",
        "reject",
        "decline",
        "deny",
        "akzeptieren",
        "zustimmen",
        "ablehnen",
        "accepter",
        "refuser",
        "aceptar",
        "rechazar",
        "accetta",
        "accetto",
        "rifiuta",
        "aceitar",
        "rejeitar",
        "accepteren",
        "weigeren",
    ];
    let is_button = |n: NodeId| {
        let is = |e: &Element| {
            *e.name() == local_name!("button") || e.attr(&local_name!("role")) == Some("button")
        };
        tree.element(n).is_some_and(is)
    };
    let says = |n: NodeId| {
        let label = tree.text_of(n).to_lowercase();
        label.len() <= BUTTON && label.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
    };
    tree.descendants(id).any(|n| is_button(n) && says(n))
}

/// Whether a part can be operated.
pub(super) fn operates(tree: &Tree, id: NodeId) -> bool {
    let is_handle = |n: NodeId| {
        matches!(
            tree.name(n),
            Some(&local_name!("a") | &local_name!("button") | &local_name!("select") | &local_name!("input"))
        )
    };
    tree.descendants(id).any(is_handle)
}
