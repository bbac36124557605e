//! What surrounds content on pages whose layout is not known: navigation, banners, consent, widgets.
//!
//! A name alone removes nothing that reads like text: it takes many links or little text besides.

use html5ever::LocalName;
use url::Url;

use crate::html::{Element, Holds, Measure, NodeId, Tree, local_name};

use super::removal::{Reason, Removals};
use super::subject::Subject;
use super::{cards, sections, teasers, widgets};

/// A page as its chrome is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'t> {
    pub(super) tree: &'t Tree,
    pub(super) measure: &'t Measure,
    /// What the page is about.
    pub(super) subject: Subject,
    /// What its links resolve against.
    pub(super) base: &'t Url,
}

/// Adds the chrome below `root` to what is removed.
pub(super) fn mark(page: Page<'_>, root: NodeId, removals: &mut Removals) {
    let Page { tree, measure, subject, base } = page;
    teasers::mark(tree, measure, root, removals);
    let mut doubtful = Vec::new();
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if removals.contains(id) {
            nodes.skip_children();
        } else if let Some(reason) = reason(page, id, element, root) {
            removals.insert(id, reason);
            nodes.skip_children();
        } else if is_link_dense(page, id, element, root) {
            removals.insert(id, Reason::Links);
            doubtful.push(id);
            nodes.skip_children();
        }
    }
    if subject != Subject::Unknown {
        cards::mark(tree, measure, root, base, removals);
    }
    doubtful.sort_unstable();
    sections::settle(tree, measure, root, &doubtful, removals);
}

/// Parts that a list of reviews has at least.
const REVIEWS: usize = 3;

/// Fields from which something named so is there to be operated.
const FIELDS: usize = 2;
/// Bytes of text outside of links of a paragraph.
const PARAGRAPH: usize = 40;
/// Nodes after a list among which one is looked for.
const MAX_SIBLINGS: usize = 16;
/// Links of a list that are looked at.
const MAX_LINKS: usize = 32;

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

/// Whether what such a name stands at may be the results of a search or a filter.
fn lists(name: &str) -> bool {
    matches!(name, "search" | "filter" | "facet" | "pager" | "pagination")
}

/// Whether a name is that of something to operate.
fn is_control(name: &str) -> bool {
    matches!(
        name,
        "search"
            | "filter"
            | "facet"
            | "login"
            | "signup"
            | "pager"
            | "pagination"
            | "modal"
            | "popup"
            | "newsletter"
            | "subscribe"
    )
}

/// Whether next to nothing follows below `root`, widgets not counted.
fn is_last(tree: &Tree, measure: &Measure, id: NodeId, root: NodeId) -> bool {
    let is_widget = |n: NodeId| tree.element(n).is_some_and(|e| widgets::name(e).is_some());
    let levels = std::iter::once(id).chain(tree.ancestors(id)).take_while(|&up| up != root);
    let after = levels.take(MAX_SIBLINGS).flat_map(|up| {
        std::iter::successors(tree.next_sibling(up), |&n| tree.next_sibling(n)).take(MAX_SIBLINGS)
    });
    let text: usize = after.filter(|&n| !is_widget(n)).map(|n| measure.text(n)).sum();
    text * 4 <= measure.text(id)
}

/// The classes by which frameworks hide what is not open yet. Alone they prove nothing: tabs and accordions begin so.
fn is_out_of_sight(class: &str) -> bool {
    matches!(class, "hidden" | "hide" | "d-none" | "is-hidden" | "invisible")
}

/// Whether so many fields are there to write into or to choose from.
fn fields(tree: &Tree, id: NodeId, least: usize) -> bool {
    let is_field = |id: &NodeId| match tree.element(*id) {
        Some(e) if *e.name() == local_name!("input") => {
            let kind = e.attr(&local_name!("type")).unwrap_or("text");
            !["hidden", "submit", "button", "image", "reset"].iter().any(|k| kind.eq_ignore_ascii_case(k))
        }
        Some(e) => matches!(*e.name(), local_name!("textarea") | local_name!("select")),
        None => false,
    };
    tree.descendants(id).filter(is_field).nth(least - 1).is_some()
}

/// The name of chrome that an element's `id` or `class` begins a word with.
fn chrome_name(measure: &Measure, id: NodeId, element: &Element) -> Option<&'static str> {
    let hit = |value: &str| {
        let lower = value.to_ascii_lowercase();
        NAMES.iter().copied().find(|name| begins_a_word(&lower, name))
    };
    // What holds a heading may have its id from it: `#search` is the section on searching.
    let by_id = || (!measure.holds(id).any(Holds::HEADING)).then(|| element.id().and_then(hit)).flatten();
    element.attr(&local_name!("class")).and_then(hit).or_else(by_id)
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

fn reason(page: Page<'_>, id: NodeId, element: &Element, root: NodeId) -> Option<Reason> {
    let Page { tree, measure, subject, .. } = page;
    if let Some(name) = widgets::name(element) {
        return Some(Reason::Widget(name));
    }
    let (text, link) = (measure.text(id), measure.link(id));
    let links_share = if text == 0 { 1.0 } else { link as f64 / text as f64 };
    // Some frameworks put whole pages in a form, and some pages are no more than a banner.
    let most = text * 2 > measure.text(root);
    let (name, is_chrome) = match *element.name() {
        local_name!("nav") => ("nav", true),
        local_name!("dialog") => ("dialog", !most),
        local_name!("footer") => {
            ("footer", links_share > 0.3 || text < 400 || !within(tree, id, &[local_name!("article")]))
        }
        local_name!("header") => (
            "header",
            !holds_title(tree, id)
                && (links_share > 0.5 || !within(tree, id, &[local_name!("article"), local_name!("main")])),
        ),
        local_name!("aside") => ("aside", links_share > 0.3 || text < 80),
        local_name!("form") => {
            let beside = text * 4 < measure.text(root) && fields(tree, id, 1);
            ("form", !most && (text < 600 || links_share > 0.3 || beside))
        }
        local_name!("body") | local_name!("main") | local_name!("article") => return None,
        _ => ("", false),
    };
    if !name.is_empty() {
        return is_chrome.then_some(Reason::Element(name));
    }
    if let Some(role) = element.attr(&local_name!("role")).and_then(chrome_role)
        && (role != "complementary" || links_share > 0.3)
    {
        return Some(Reason::Role(role));
    }
    if !is_block(element) {
        return None;
    }
    if let Some(name) = chrome_name(measure, id, element)
        && ((links_share > 0.5 && !(measure.holds(id).any(Holds::HEADING) && (most || lists(name))))
            || (text < 200 && !most && !is_passage(measure, id, element)))
        && !holds_title(tree, id)
    {
        return Some(Reason::Name(name));
    }
    if let Some(name) = chrome_name(measure, id, element)
        && !most
        && !holds_title(tree, id)
        && (element.classes().any(is_out_of_sight)
            || (name == "footer" && text * 3 < measure.text(root) && is_last(tree, measure, id, root))
            || (is_control(name) && fields(tree, id, FIELDS)))
    {
        return Some(Reason::Name(name));
    }
    if is_contents(tree, measure, id, element) {
        return Some(Reason::Contents);
    }
    let beside = !most || (subject == Subject::Product && !holds_title(tree, id));
    (beside && is_review_list(tree, id, element)).then_some(Reason::Reviews)
}

/// The roles of what surrounds content.
fn chrome_role(role: &str) -> Option<&'static str> {
    const ROLES: &[&str] = &[
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
        "toolbar",
        "listbox",
        "tooltip",
        "complementary",
    ];
    ROLES.iter().copied().find(|known| *known == role)
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

fn within(tree: &Tree, id: NodeId, names: &[LocalName]) -> bool {
    tree.ancestors(id).filter_map(|up| tree.name(up)).any(|name| names.contains(name))
}

fn holds_title(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).any(|n| tree.name(n) == Some(&local_name!("h1")))
}

/// A small part of the content that is nothing but links: menus, tags, teasers of other pages.
fn is_link_dense(page: Page<'_>, id: NodeId, element: &Element, root: NodeId) -> bool {
    let Page { tree, measure, base, .. } = page;
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
    if is_in_flow(tree, measure, id) {
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
    links >= 4 && below * 2 < links
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
