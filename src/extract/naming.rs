//! Names of chrome in `id` and `class`. A name alone removes nothing that reads like text.

use crate::html::{Element, Holds, Measure, NodeId, local_name};

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
    "toolbar",
    "sorter",
    "sort",
    "most-read",
    BUILT,
];

/// What editors call whatever they put on a page. Last among the names: beside any other one it says nothing.
const BUILT: &str = "widget";

/// The name of chrome that an element's `id` or `class` begins a word with.
pub(super) fn chrome_name(measure: &Measure, id: NodeId, element: &Element) -> Option<&'static str> {
    let hit = |value: &str| {
        let lower = value.to_ascii_lowercase();
        NAMES.iter().copied().find(|name| begins_a_word(&lower, name))
    };
    // What holds a heading may have its id from it: `#search` is the section on searching.
    let by_id = || (!measure.holds(id).any(Holds::HEADING)).then(|| element.id().and_then(hit)).flatten();
    element.attr(&local_name!("class")).and_then(hit).or_else(by_id)
}

/// Whether a word of `text` begins with `name`, or is `name` where that has no more than four letters, or where what is
/// named after it is often beside it (`modallink`). What is shared (`shared-hosting`) is not there to be shared.
fn begins_a_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let begins = at == 0 || !is_letter(bytes.get(at - 1));
        let end = at + name.len();
        let is_shared = name == "share" && bytes.get(end) == Some(&b'd') && !is_letter(bytes.get(end + 1));
        begins && !is_shared && ((name.len() > 4 && name != "modal") || !is_letter(bytes.get(end)))
    })
}

/// Whether what such a name stands at is chrome where it is short; else it takes links, too.
pub(super) fn is_chrome_if_short(name: &str) -> bool {
    name != BUILT
}

/// Whether such a name says how something is set off, not what it is: it may tell anything.
pub(super) fn is_placard(name: &str) -> bool {
    matches!(
        name,
        "promo"
            | "advert"
            | "banner"
            | "sidebar"
            | "menu"
            | "footer"
            | "copyright"
            | "disclaimer-bar"
            | "popup"
            | "modal"
            | BUILT
    ) || is_bar(name)
}

/// Whether such a name is that of a bar that sorts and shows what is below it; without anything to press it is none.
pub(super) fn is_bar(name: &str) -> bool {
    matches!(name, "toolbar" | "sorter" | "sort")
}

/// Whether what such a name stands at stays on the page. Dialogs speak for a moment only.
pub(super) fn is_poster(name: &str) -> bool {
    matches!(name, "banner" | "promo" | "sidebar" | BUILT)
}

/// Whether an element named as a menu is pressed, or opened from what is. Else, without links, it lists dishes.
pub(super) fn is_menu_control(element: &Element) -> bool {
    const PARTS: &[&str] = &[
        "toggle",
        "toggler",
        "button",
        "btn",
        "icon",
        "trigger",
        "burger",
        "hamburger",
        "mobile",
        "dropdown",
        "nav",
        "navigation",
        "open",
        "close",
        "overlay",
        "main",
        "primary",
        "user",
        "context",
    ];
    let names = element.id().into_iter().chain(element.classes());
    names
        .flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()))
        .any(|word| PARTS.iter().any(|part| word.eq_ignore_ascii_case(part)))
}

/// The classes by which frameworks hide what is not open yet. Alone they prove nothing: tabs and accordions begin so.
pub(super) fn is_out_of_sight(class: &str) -> bool {
    matches!(class, "hidden" | "hide" | "d-none" | "is-hidden" | "invisible")
}

/// Whether what such a name stands at may be the results of a search or a filter.
pub(super) fn lists(name: &str) -> bool {
    matches!(name, "search" | "filter" | "facet" | "pager" | "pagination")
}

/// Whether a name is that of something to operate.
pub(super) fn is_control(name: &str) -> bool {
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

/// Whether such a name is that of an offer to write to visitors.
pub(super) fn is_subscription(name: &str) -> bool {
    matches!(name, "newsletter" | "subscribe" | "signup" | "popup")
}

/// Whether such a name is that of a request for consent.
pub(super) fn asks_consent(name: &str) -> bool {
    matches!(name, "cookie" | "consent" | "gdpr")
}

/// Whether an element says who wrote the page, at length.
pub(super) fn is_author_box(element: &Element) -> bool {
    const NAMES: &[&str] = &[
        "author-box",
        "author-bio",
        "author-info",
        "author-card",
        "author-profile",
        "author-about",
        "about-author",
        "about-the-author",
        "post-author",
        "saboxplugin",
    ];
    element.attr(&local_name!("itemprop")) == Some("author")
        || element.classes().any(|class| {
            let class = class.to_ascii_lowercase().replace('_', "-");
            NAMES.iter().any(|name| begins_a_word(&class, name))
        })
}
