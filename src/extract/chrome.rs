//! What surrounds content on pages whose layout is not known: navigation, banners, consent, widgets.
//!
//! A name alone removes nothing that reads like text: it takes many links or little text besides.

use crate::html::{Element, Holds, Measure, NodeId, Tree, local_name};
use crate::markdown::NodeSet;

/// Adds the chrome below `root` to `dropped`.
pub(super) fn mark(tree: &Tree, measure: &Measure, root: NodeId, dropped: &mut NodeSet) {
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if is_chrome(tree, measure, id, element, root) {
            dropped.insert(id);
            nodes.skip_children();
        }
    }
}

/// Names (parts of `id` and `class` tokens) of what is chrome if it is link-dense or short.
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
    "most-read",
];

fn named_chrome(element: &Element) -> bool {
    let hit = |value: &str| {
        let lower = value.to_ascii_lowercase();
        NAMES.iter().any(|n| lower.contains(n))
    };
    element.id().is_some_and(hit) || element.attr(&local_name!("class")).is_some_and(hit)
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
        local_name!("aside") => return links_share > 0.3 || text < 80,
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
    let is_block = matches!(
        *element.name(),
        local_name!("div")
            | local_name!("section")
            | local_name!("ul")
            | local_name!("ol")
            | local_name!("p")
            | local_name!("table")
    );
    if !is_block {
        return false;
    }
    if named_chrome(element) && (links_share > 0.5 || (text < 200 && !most)) && !holds_title(tree, id) {
        return true;
    }
    is_contents(tree, measure, id, element) || is_link_dense(tree, measure, id, root)
}

fn within_article(tree: &Tree, id: NodeId) -> bool {
    tree.ancestors(id)
        .any(|up| matches!(tree.name(up), Some(&(local_name!("article") | local_name!("main")))))
}

fn holds_title(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).any(|n| tree.name(n) == Some(&local_name!("h1")))
}

/// A small part of the content that is nothing but links: menus, tags, teasers of other pages.
fn is_link_dense(tree: &Tree, measure: &Measure, id: NodeId, root: NodeId) -> bool {
    // Inside `main`, a list of links is as likely the index that the page is for.
    if tree.name(root) == Some(&local_name!("main")) {
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
