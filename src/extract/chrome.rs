//! What surrounds content on pages whose layout is not known: navigation, banners, consent, widgets.
//!
//! A name alone removes nothing that reads like text: it takes many links or little text besides.

use html5ever::LocalName;
use url::Url;

use crate::html::{Element, Holds, Measure, NodeId, Tree, heading_level, local_name};
use crate::markdown::{NodeSet, is_callout, is_strip, visible_text};

use super::controls::{agrees, asks_address, is_button_link, operates};
use super::facts::{announces, has_facts};
use super::linklist::{is_contents, is_link_dense};
use super::naming::{
    asks_consent, chrome_name, is_author_box, is_bar, is_chrome_if_short, is_control, is_menu_control,
    is_out_of_sight, is_placard, is_poster, is_subscription, lists,
};
use super::removal::{Reason, Removals};
use super::repeats::BUTTON;
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

/// Nodes after an element, and levels above it, among which what follows it is looked for.
const MAX_SIBLINGS: usize = 16;

/// Bytes of a headline that no element tells as one.
const HEADLINE: usize = 30;

/// Bytes of text of an offer to write to visitors, and of a request for consent.
const OFFER: usize = 400;
const REQUEST: usize = 1_500;

/// Bytes of text of a dialog that informs.
const SHEET: usize = 200;

/// Bytes of text below which a part named as chrome says little.
const SHORT: usize = 200;

/// Elements around a part among which one of the same name is looked for.
const AROUND: usize = 4;

/// Parts that a list of reviews has at least.
const REVIEWS: usize = 3;

/// Fields from which something named so is there to be operated.
const FIELDS: usize = 2;

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

/// Whether a part says more than an offer does: facts, steps, a table.
fn informs(page: Page<'_>, id: NodeId) -> bool {
    let Page { tree, .. } = page;
    let is_sheet = |n: NodeId| matches!(tree.name(n), Some(&local_name!("ol") | &local_name!("table")));
    tree.descendants(id).any(is_sheet)
        || says_contact(tree, id)
        || has_facts(&visible_text(tree, &NodeSet::default(), id))
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
        // Webflow's pages unfold their answers from a `nav`.
        local_name!("nav") => ("nav", links_share > 0.3 || !element.has_class("w-dropdown-list")),
        local_name!("dialog") => ("dialog", !most),
        local_name!("footer") => {
            let beside = || text < 400 || !within(tree, id, &[local_name!("article")]);
            // Below a quote it says whose it is.
            let is_source = || within(tree, id, &[local_name!("blockquote")]);
            ("footer", links_share > 0.3 || (beside() && !is_source()))
        }
        local_name!("header") => {
            let beside =
                || links_share > 0.5 || !within(tree, id, &[local_name!("article"), local_name!("main")]);
            ("header", !holds_title(tree, id) && !is_headline(page, id) && beside())
        }
        local_name!("aside") => {
            let named = || !most && chrome_name(measure, id, element).is_some();
            ("aside", !is_callout(element) && (links_share > 0.3 || text < 80 || named()))
        }
        local_name!("form") => {
            let beside = text * 4 < measure.text(root) && fields(tree, id, 1);
            ("form", !most && (text < 600 || links_share > 0.3 || beside))
        }
        local_name!("body") | local_name!("main") | local_name!("article") => return None,
        local_name!("a") => ("a", text <= BUTTON && is_button_link(tree, id, element)),
        _ => ("", false),
    };
    if !name.is_empty() {
        return is_chrome.then_some(Reason::Element(name));
    }
    if let Some(role) = element.attr(&local_name!("role")).and_then(chrome_role)
        && (role != "complementary" || links_share > 0.3)
        && !(role == "dialog" && is_sheet(page, id))
    {
        return Some(Reason::Role(role));
    }
    if !is_block(element) {
        return None;
    }
    if let Some(name) = chrome_name(measure, id, element)
        && ((links_share > 0.5 && !(measure.holds(id).any(Holds::HEADING) && (most || lists(name))))
            || (text < SHORT && !most && is_chrome_if_short(name) && !is_passage(measure, id, element)))
        && !(text < SHORT && (tells(page, id, element, name) || is_part(page, id, name)))
        && !shows_tabs(tree, id, element)
        && !holds_title(tree, id)
    {
        return Some(Reason::Name(name));
    }
    if let Some(name) = chrome_name(measure, id, element)
        && !most
        && !holds_title(tree, id)
        && (element.classes().any(is_out_of_sight)
            || (name == "footer" && text * 3 < measure.text(root) && is_last(tree, measure, id, root))
            || (is_control(name) && fields(tree, id, FIELDS))
            || (is_subscription(name) && text < OFFER && asks_address(tree, id) && !informs(page, id))
            || (asks_consent(name) && text < REQUEST && agrees(tree, id)))
    {
        return Some(Reason::Name(name));
    }
    if text * 4 < measure.text(root) && is_author_box(element) {
        return Some(Reason::Name("author"));
    }
    if is_contents(tree, measure, id, element) {
        return Some(Reason::Contents);
    }
    let beside = || match subject {
        Subject::Product => !holds_title(tree, id),
        _ => !most && !is_discussed(page, id, root),
    };
    (is_review_list(tree, id, element) && beside()).then_some(Reason::Reviews)
}

/// Whether a dialog is a sheet about the product: sizes, materials, delivery. It has text, and asks for nothing.
fn is_sheet(page: Page<'_>, id: NodeId) -> bool {
    let Page { tree, measure, subject, .. } = page;
    let (text, link) = (measure.text(id), measure.link(id));
    subject == Subject::Product && text >= SHEET && link * 10 < text * 3 && !fields(tree, id, 1)
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

/// Whether a short part says what nobody would know without it: how to reach somebody, or, where its name says only
/// how it looks, what something costs and when it is open. Prices among other pages' names are those pages'.
fn tells(page: Page<'_>, id: NodeId, element: &Element, name: &str) -> bool {
    let Page { tree, measure, .. } = page;
    let unlinked = measure.link(id) == 0;
    says_contact(tree, id)
        || (unlinked && name == "menu" && !is_menu_control(element))
        || (is_bar(name) && !operates(tree, id))
        || is_placard(name) && {
            let text = visible_text(tree, &NodeSet::default(), id);
            has_facts(&text) || (unlinked && is_poster(name) && announces(&text))
        }
}

/// Whether a part without links bears the name of what it stands in, which was read and stayed: it is no more chrome
/// than that.
fn is_part(page: Page<'_>, id: NodeId, name: &str) -> bool {
    let Page { tree, measure, .. } = page;
    let bears = |up: NodeId| tree.element(up).and_then(|e| chrome_name(measure, up, e)) == Some(name);
    measure.link(id) == 0 && is_placard(name) && tree.ancestors(id).take(AROUND).any(bears)
}

/// Whether an element is a strip of tabs, all of whose links open something on this page.
fn shows_tabs(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let leads_away = |n: NodeId| {
        tree.attr(n, &local_name!("href")).is_some_and(|href| !href.trim_ascii().starts_with('#'))
    };
    is_strip(element) && !tree.descendants(id).take(MAX_CONTACT).any(leads_away)
}

/// Nodes among which somebody's address is looked for.
const MAX_CONTACT: usize = 128;

/// Whether a part says where somebody is, or how to reach them. What a page is shared by names nobody.
pub(super) fn says_contact(tree: &Tree, id: NodeId) -> bool {
    let is_address = |&n: &NodeId| match tree.name(n) {
        Some(&local_name!("address")) => true,
        Some(&local_name!("a")) => tree.attr(n, &local_name!("href")).is_some_and(|href| {
            let href = href.trim_ascii().to_ascii_lowercase();
            let mail = href.strip_prefix("mailto:").and_then(|to| to.split('?').next());
            href.starts_with("tel:") || mail.is_some_and(|to| to.contains('@'))
        }),
        _ => false,
    };
    tree.descendants(id).take(MAX_CONTACT).any(|n| is_address(&n))
}

pub(super) fn is_block(element: &Element) -> bool {
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
    tree.descendants(id).filter_map(|n| tree.element(n)).any(|e| heading_level(e) == Some(1))
}

/// Whether the header of a story holds no more than its headline, as on a list of stories.
fn is_headline(page: Page<'_>, id: NodeId) -> bool {
    let Page { tree, measure, .. } = page;
    let is_link = |n: &NodeId| tree.name(*n) == Some(&local_name!("a"));
    let is_one_link = || tree.descendants(id).filter(is_link).take(2).count() == 1;
    within(tree, id, &[local_name!("article")])
        && (measure.holds(id).any(Holds::HEADING) || (measure.text(id) >= HEADLINE && is_one_link()))
}

/// What customers say below a product and readers below an article: several parts marked as such inside one that is.
fn is_review_list(tree: &Tree, id: NodeId, element: &Element) -> bool {
    is_review(element)
        && tree
            .descendants(id)
            .filter_map(|n| tree.element(n))
            .filter(|e| is_review(e))
            .nth(REVIEWS - 1)
            .is_some()
}

/// Whether an element is a part of reviews or comments that are most of the page: those are what it is for.
fn is_discussed(page: Page<'_>, id: NodeId, root: NodeId) -> bool {
    let Page { tree, measure, .. } = page;
    let most = |up: &NodeId| measure.text(*up) * 2 > measure.text(root);
    tree.ancestors(id)
        .take_while(|&up| up != root)
        .filter(most)
        .any(|up| tree.element(up).is_some_and(is_review))
}

fn is_review(element: &Element) -> bool {
    let is_word = |word: &str| {
        let begins =
            |name: &&str| word.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        ["review", "comment"].iter().any(begins)
    };
    let named = |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_word);
    element.attr(&local_name!("itemprop")) == Some("review")
        || element.id().is_some_and(named)
        || element.classes().any(named)
}
