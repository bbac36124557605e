//! Where a page belongs: the names of the pages above it, as its breadcrumbs say.

use html5ever::LocalName;
use url::Url;

use crate::html::{Element, NodeId, Tree, local_name};
use crate::markdown::clean_line;

/// Pages above one that are named.
const MAX_STEPS: usize = 8;
/// Bytes of such a name.
const MAX_NAME: usize = 80;

/// Whether an element holds breadcrumbs: neither the menu that a forum calls so nor the pages of a long one.
pub(super) fn is_trail(element: &Element) -> bool {
    let is_holder = match *element.name() {
        local_name!("nav")
        | local_name!("ol")
        | local_name!("ul")
        | local_name!("div")
        | local_name!("p") => true,
        // One entry of a bar that holds more; else it is one step of several.
        local_name!("li") => element.attr(&local_name!("itemtype")).is_some_and(names),
        _ => false,
    };
    let is_other = || {
        element.attr(&local_name!("role")).is_some_and(|role| role.starts_with("menu"))
            || element.classes().any(|class| class.starts_with("pagination"))
    };
    let is_named = |(name, value): (&LocalName, &str)| match *name {
        local_name!("class") | local_name!("id") | local_name!("itemtype") => names(value),
        _ => &**name == "aria-label" && names(value),
    };
    is_holder && element.attrs().any(is_named) && !is_other()
}

fn names(value: &str) -> bool {
    value.to_ascii_lowercase().contains("breadcrumb")
}

/// The names in the breadcrumbs, from the top: neither the site's first page nor this one.
pub(super) fn read(tree: &Tree, trail: NodeId, title: &str) -> Vec<String> {
    let links = tree.descendants(trail).filter_map(|id| {
        let element = tree.element(id).filter(|e| *e.name() == local_name!("a"))?;
        Some((element.attr(&local_name!("href"))?.trim_ascii(), clean_line(&tree.text_of(id))))
    });
    above(links, title)
}

/// The same of the breadcrumbs that a page declares for machines, which name the page itself at their end.
pub(super) fn declared(steps: &[(String, String)], url: &Url, title: &str) -> Vec<String> {
    let is_page = |address: &str| url.join(address).is_ok_and(|address| address.path() == url.path());
    let above_page = steps.iter().rposition(|(_, address)| !is_page(address)).map_or(0, |last| last + 1);
    above(steps[..above_page].iter().map(|(name, address)| (address.as_str(), name.clone())), title)
}

fn above<'s>(steps: impl Iterator<Item = (&'s str, String)>, title: &str) -> Vec<String> {
    steps
        .filter(|(href, name)| !leads_home(href) && !name.is_empty() && name.len() <= MAX_NAME)
        .map(|(_, name)| name)
        .filter(|name| !name.eq_ignore_ascii_case(title))
        .take(MAX_STEPS)
        .collect()
}

/// Whether a link leads to the first page of a site, or nowhere.
pub(super) fn leads_home(href: &str) -> bool {
    let path = href.split_once("://").map_or(href, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    matches!(path, "" | "/" | "./" | "/index.html" | "index.html")
}
