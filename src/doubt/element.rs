//! What an element is to a page, as far as it tells by itself.

use crate::html::{Element, local_name};

/// Longest `style` that is looked at, in characters.
const MAX_STYLE: usize = 200;

/// Elements that an application in the browser fills.
const ROOT_IDS: [&str; 20] = [
    "root",
    "app",
    "__next",
    "__nuxt",
    "__layout",
    "___gatsby",
    "svelte",
    "app-root",
    "react-root",
    "react-app",
    "main-app",
    "q-app",
    "vue-app",
    "application",
    "app-container",
    "app-mount",
    "mount",
    "ember-app",
    "single-spa-application",
    "flutter-app",
];

/// Words in classes and ids of what stands around the content, or over it until it is called for.
const AROUND: [&str; 14] = [
    "header",
    "footer",
    "navbar",
    "nav",
    "sidebar",
    "modal",
    "popup",
    "dropdown",
    "offcanvas",
    "menu",
    "drawer",
    "dialog",
    "topbar",
    "overlay",
];

/// An element that an application in the browser fills.
pub(super) fn is_root(element: &Element) -> bool {
    let name = element.name();
    *name == local_name!("div") && element.id().is_some_and(|id| ROOT_IDS.contains(&id))
        || matches!(&**name, "app-root" | "my-app" | "ng-app" | "flt-glass-pane" | "app-main")
}

/// A link that looks like a button.
pub(super) fn is_button(element: &Element) -> bool {
    element.attr_named("role").is_some_and(|role| role == "button")
        || element
            .classes()
            .any(|class| class.contains("btn") || class.contains("button") || class.contains("accept"))
}

/// Not shown, as far as the element itself says so.
pub(super) fn is_hidden(element: &Element) -> bool {
    element.attr_named("hidden").is_some()
        || element.attr(&local_name!("type")).is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"))
        || element.attr(&local_name!("style")).is_some_and(|style| {
            let style: String = style.chars().filter(|c| !c.is_whitespace()).take(MAX_STYLE).collect();
            style.to_ascii_lowercase().contains("display:none")
        })
}

/// What stands around the content, or over it until it is called for.
pub(super) fn is_around(element: &Element) -> bool {
    match *element.name() {
        local_name!("header")
        | local_name!("footer")
        | local_name!("nav")
        | local_name!("aside")
        | local_name!("dialog") => true,
        local_name!("body") | local_name!("html") | local_name!("main") | local_name!("article") => false,
        _ => {
            let role = element.attr_named("role").unwrap_or_default();
            matches!(role, "banner" | "navigation" | "contentinfo" | "dialog" | "complementary")
                || element.id().into_iter().chain(element.classes()).any(|token| {
                    token
                        .split(['-', '_'])
                        .any(|word| AROUND.iter().any(|around| word.eq_ignore_ascii_case(around)))
                })
        }
    }
}

/// What text of a page's own stands in.
pub(super) fn is_prose(element: &Element) -> bool {
    matches!(
        *element.name(),
        local_name!("p")
            | local_name!("li")
            | local_name!("td")
            | local_name!("dd")
            | local_name!("pre")
            | local_name!("blockquote")
            | local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("article")
    )
}
