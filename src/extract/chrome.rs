//! What surrounds content on pages whose layout is not known: navigation, banners, consent, widgets.
//!
//! A name alone removes nothing that reads like text: it takes many links or little text besides.

use crate::html::{Element, Holds, Measure, NodeId, Tree, local_name};
use crate::markdown::{NodeSet, is_callout};

use super::{sections, teasers};

/// Adds the chrome below `root` to `dropped`.
pub(super) fn mark(tree: &Tree, measure: &Measure, root: NodeId, dropped: &mut NodeSet) {
    teasers::mark(tree, measure, root, dropped);
    let mut doubtful = Vec::new();
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if dropped.contains(id) {
            nodes.skip_children();
        } else if is_chrome(tree, measure, id, element, root) {
            dropped.insert(id);
            nodes.skip_children();
        } else if is_link_dense(tree, measure, id, element, root) {
            dropped.insert(id);
            doubtful.push(id);
            nodes.skip_children();
        }
    }
    doubtful.sort_unstable();
    sections::settle(tree, measure, root, &doubtful, dropped);
}

/// Parts that a list of reviews has at least.
const REVIEWS: usize = 3;

/// Names of what is chrome if it is link-dense or short: a word of an `id` or `class` begins with one (`cookies`,
/// `cookie-bar`), or is it where that is too short to tell (`toc`, but not `tocopherol`).
const NAMES: &[&str] = &[
    "cookie",
    "consent",
    "gdpr",
    "breadcrumb",
    "share",
    "social",
    "newsletter",
    "subscribe",
    "signup",
    "related",
    "recommend",
    "sidebar",
    "promo",
    "advert",
    "banner",
    "popup",
    "modal",
    "pagination",
    "pager",
    "prev-next",
    "navbar",
    "menu",
    "footer",
    "toc",
    "table-of-contents",
    "skip-link",
    "skip-to",
    "byline",
    "author-bio",
    "comment-respond",
    "outbrain",
    "taboola",
    "widget",
    "edit-this",
    "feedback",
    "was-this",
    "helpful",
    "copyright",
    "disclaimer-bar",
    "login",
    "search",
    "trending",
    "filter",
    "facet",
    "most-read",
];

fn named_chrome(measure: &Measure, id: NodeId, element: &Element) -> bool {
    let hit = |value: &str| {
        let lower = value.to_ascii_lowercase();
        NAMES.iter().any(|name| begins_a_word(&lower, name))
    };
    // What holds a heading may have its id from it: `#search` is the section on searching.
    let by_id = || !measure.holds(id).any(Holds::HEADING) && element.id().is_some_and(hit);
    element.attr(&local_name!("class")).is_some_and(hit) || by_id()
}

/// Whether a word of `text` begins with `name`, or is `name` where that has no more than four letters.
fn begins_a_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let begins = at == 0 || !is_letter(bytes.get(at - 1));
        begins && (name.len() > 4 || !is_letter(bytes.get(at + name.len())))
    })
}

fn is_chrome(tree: &Tree, measure: &Measure, id: NodeId, element: &Element, root: NodeId) -> bool {
    let (text, link) = (measure.text(id), measure.link(id));
    let links_share = if text == 0 { 1.0 } else { link as f64 / text as f64 };
    // Some frameworks put whole pages in a form, and some pages are no more than a banner.
    let most = text * 2 > measure.text(root);
    match *element.name() {
        local_name!("nav") => return true,
        local_name!("footer") => return links_share > 0.3 || text < 400 || !within_article(tree, id),
        local_name!("header") => {
            return !holds_title(tree, id) && (links_share > 0.5 || !within_article(tree, id));
        }
        local_name!("aside") => return !is_callout(element) && (links_share > 0.3 || text < 80),
        local_name!("form") => return !most && (text < 600 || links_share > 0.3),
        local_name!("body") | local_name!("main") | local_name!("article") => return false,
        _ => {}
    }
    if let Some(role) = element.attr(&local_name!("role")) {
        match role {
            "navigation" | "banner" | "contentinfo" | "search" | "dialog" | "alertdialog" | "menu"
            | "menubar" | "toolbar" => {
                return true;
            }
            "complementary" => return links_share > 0.3,
            _ => {}
        }
    }
    if !is_block(element) {
        return false;
    }
    if named_chrome(measure, id, element)
        && (links_share > 0.5 || (text < 200 && !most && !is_passage(measure, id, element)))
        && !holds_title(tree, id)
    {
        return true;
    }
    is_contents(tree, measure, id, element) || (!most && is_review_list(tree, id, element))
}

/// A paragraph or a table, or a part with a heading of its own: short it may be, but it says something.
fn is_passage(measure: &Measure, id: NodeId, element: &Element) -> bool {
    matches!(*element.name(), local_name!("p") | local_name!("table"))
        || measure.holds(id).any(Holds::HEADING)
}

fn is_block(element: &Element) -> bool {
    matches!(
        *element.name(),
        local_name!("div")
            | local_name!("section")
            | local_name!("ul")
            | local_name!("ol")
            | local_name!("p")
            | local_name!("table")
    )
}

fn within_article(tree: &Tree, id: NodeId) -> bool {
    tree.ancestors(id)
        .any(|up| matches!(tree.name(up), Some(&(local_name!("article") | local_name!("main")))))
}

fn holds_title(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).any(|n| tree.name(n) == Some(&local_name!("h1")))
}

/// A small part of the content that is nothing but links: menus, tags, teasers of other pages.
fn is_link_dense(tree: &Tree, measure: &Measure, id: NodeId, element: &Element, root: NodeId) -> bool {
    // Inside `main`, a list of links is as likely the index that the page is for.
    if !is_block(element) || tree.name(root) == Some(&local_name!("main")) {
        return false;
    }
    let (text, link) = (measure.text(id), measure.link(id));
    if text == 0
        || link * 10 < text * 9
        || text * 10 > measure.text(root)
        || measure.holds(id).any(Holds::PRE)
    {
        return false;
    }
    let links = tree.descendants(id).filter(|&n| tree.name(n) == Some(&local_name!("a"))).take(4).count();
    links >= 4
}

/// What customers say below a product: several parts marked as reviews inside one that is.
fn is_review_list(tree: &Tree, id: NodeId, element: &Element) -> bool {
    is_review(element)
        && tree
            .descendants(id)
            .filter_map(|n| tree.element(n))
            .filter(|e| is_review(e))
            .nth(REVIEWS - 1)
            .is_some()
}

fn is_review(element: &Element) -> bool {
    let is_word = |word: &str| word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("review"));
    let named = |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_word);
    element.attr(&local_name!("itemprop")) == Some("review")
        || element.id().is_some_and(named)
        || element.classes().any(named)
}

/// A list whose every link leads to a place on the same page.
fn is_contents(tree: &Tree, measure: &Measure, id: NodeId, element: &Element) -> bool {
    if !matches!(*element.name(), local_name!("ul") | local_name!("ol"))
        || measure.link(id) * 10 < measure.text(id) * 9
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
