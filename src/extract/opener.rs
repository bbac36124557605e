//! What a visitor presses to see a part of a page that is hidden at first: tabs, questions, "show more".

use std::collections::HashSet;

use crate::html::{Element, NodeId, Tree, local_name};
use crate::markdown::named_by_click;

/// Nodes at the beginning of what stands before a part, among which its button is looked for.
const NEAR: usize = 16;
/// Bytes of a text that opens something.
const MAX_TEXT: usize = 300;
/// Elements around a part that may hold nothing else.
const AROUND: usize = 2;

/// How well it is known that what stands before a part opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    /// It says that it opens something, or it asks, or it is one of several headings that are all followed by such
    /// a part.
    Told,
    /// It is a button, or a heading that holds one.
    Likely,
}

/// The connections that a page makes by ids between what is pressed and what opens.
#[derive(Debug, Default)]
pub(super) struct Controls<'t> {
    /// What some control of the page opens.
    opened: HashSet<&'t str>,
    /// Controls that open something.
    openers: HashSet<&'t str>,
}

impl<'t> Controls<'t> {
    pub(super) fn of(tree: &'t Tree) -> Self {
        let mut controls = Self::default();
        for element in tree.descendants(Tree::ROOT).filter_map(|id| tree.element(id)) {
            for name in ["aria-controls", "data-target", "data-bs-target", "data-tab", "aria-owns"] {
                let ids = element.attr_named(name).unwrap_or_default().split_ascii_whitespace();
                controls.opened.extend(ids.map(|id| id.trim_start_matches('#')));
            }
            controls.opened.extend(named_by_click(element));
            let opens = element
                .attr_named("data-toggle")
                .or_else(|| element.attr_named("role"))
                .or_else(|| element.attr_named("data-bs-toggle"));
            if opens.is_some_and(|opens| matches!(opens, "tab" | "collapse" | "pill")) {
                let target = element.attr(&local_name!("href")).and_then(|href| href.strip_prefix('#'));
                controls.opened.extend(target);
            }
            if tells(element) || opens == Some("tab") {
                controls.openers.extend(element.id());
            }
        }
        controls
    }

    /// Whether one of them opens this element.
    pub(super) fn open(&self, element: &Element) -> bool {
        element.id().is_some_and(|own| self.opened.contains(own))
            || element.attr_named("aria-labelledby").is_some_and(|opener| self.openers.contains(opener))
    }
}

/// Whether an element says that pressing it opens something on the page, other than a menu.
fn tells(element: &Element) -> bool {
    let folds = |name| element.attr_named(name) == Some("collapse");
    (element.attr_named("aria-expanded").is_some() && element.attr_named("aria-haspopup").is_none())
        || folds("data-toggle")
        || folds("data-bs-toggle")
}

/// Whether an element is pressed.
fn is_button(element: &Element) -> bool {
    *element.name() == local_name!("button")
        || element.attr(&local_name!("role")) == Some("button")
        || element.attr(&local_name!("onclick")).is_some()
}

/// Headings, and what stands for them in lists of terms.
fn is_heading(element: &Element) -> bool {
    matches!(
        *element.name(),
        local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
            | local_name!("dt")
    )
}

/// Whether what stands right before a part opens it.
pub(super) fn before(tree: &Tree, part: NodeId) -> Option<Opener> {
    let mut at = part;
    for _ in 0..=AROUND {
        if let Some(before) = previous(tree, at) {
            return opens(tree, before, at);
        }
        at = tree.parent(at)?;
    }
    None
}

fn opens(tree: &Tree, id: NodeId, part: NodeId) -> Option<Opener> {
    let element = tree.element(id)?;
    let near = || tree.descendants(id).take(NEAR).filter_map(|n| tree.element(n));
    if tells(element) || near().any(tells) {
        return (bytes(tree, id) <= MAX_TEXT).then_some(Opener::Told);
    }
    if is_button(element) {
        // Frameworks bind the two by an attribute of the part, or nowhere to be seen.
        let bound = || tree.element(part).is_some_and(|part| part.attr_named("x-show").is_some());
        let told = bytes(tree, id) <= MAX_TEXT && (bound() || asks(tree, id));
        return Some(if told { Opener::Told } else { Opener::Likely });
    }
    if !is_heading(element) || bytes(tree, id) > MAX_TEXT {
        return None;
    }
    if asks(tree, id) || is_one_of_several(tree, id, part) {
        return Some(Opener::Told);
    }
    near().any(is_button).then_some(Opener::Likely)
}

fn asks(tree: &Tree, heading: NodeId) -> bool {
    tree.text_of(heading).trim_end_matches(['+', '-', '−', '▼', ' ']).ends_with(['?', '？', '؟'])
}

/// Whether headings like this one stand before parts like this one elsewhere, too.
fn is_one_of_several(tree: &Tree, heading: NodeId, part: NodeId) -> bool {
    let class = |id| tree.attr(id, &local_name!("class"));
    let alike = |heading_too: NodeId, part_too: NodeId| {
        tree.name(heading_too) == tree.name(heading) && class(part_too) == class(part)
    };
    let after = next(tree, part).and_then(|heading| Some((heading, next(tree, heading)?)));
    let before = previous(tree, heading).and_then(|part| Some((previous(tree, part)?, part)));
    class(part).is_some() && after.into_iter().chain(before).any(|(heading, part)| alike(heading, part))
}

/// Bytes of text below a node as far as it matters, that of buttons among it.
fn bytes(tree: &Tree, id: NodeId) -> usize {
    let mut bytes = 0;
    for text in tree.descendants(id).filter_map(|n| tree.text(n)) {
        bytes += text.trim_ascii().len();
        if bytes > MAX_TEXT {
            break;
        }
    }
    bytes
}

fn is_shown(tree: &Tree, id: NodeId) -> bool {
    tree.name(id).is_some_and(|name| !matches!(*name, local_name!("script") | local_name!("style")))
}

fn previous(tree: &Tree, id: NodeId) -> Option<NodeId> {
    std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n))
        .find(|&n| is_shown(tree, n))
}

fn next(tree: &Tree, id: NodeId) -> Option<NodeId> {
    std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n)).find(|&n| is_shown(tree, n))
}

/// One of several panels that tabs switch between, or an answer that its question opens.
pub(super) fn is_panel(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let role = |e: &Element| e.attr(&local_name!("role")).is_some_and(|r| r.eq_ignore_ascii_case("tabpanel"));
    let named = |e: &Element| {
        e.classes().any(|c| {
            let c = c.to_ascii_lowercase();
            c.contains("tab-content")
                || c.contains("tab-pane")
                || c.contains("tabpanel")
                || c.contains("tabbed")
                || c.contains("accordion")
                || c.contains("faq")
                || c.contains("collaps")
                || c.contains("expand")
                || c == "tabs"
        })
    };
    role(element)
        || named(element)
        || tree.parent(id).and_then(|p| tree.element(p)).is_some_and(|p| named(p) || &**p.name() == "tabs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::parse;

    /// How the first `div` of class `x` is opened.
    fn check(html: &str, expected: Option<Opener>) {
        let tree = parse(html).unwrap();
        let part = tree.descendants(Tree::ROOT).find(|&id| tree.has_class(id, "x")).unwrap();
        assert_eq!(before(&tree, part), expected, "{html}");
    }

    #[test]
    fn what_says_that_it_opens_something_does() {
        check("<button aria-expanded=false>a</button><div class=x>b</div>", Some(Opener::Told));
        check("<h3><button aria-expanded=false>a</button></h3><div class=x>b</div>", Some(Opener::Told));
        check(
            "<div><span>a</span><button aria-expanded=false>+</button></div><div class=x>b</div>",
            Some(Opener::Told),
        );
        check("<button aria-expanded=false>a</button><div><div class=x>b</div></div>", Some(Opener::Told));
        check(
            "<button aria-expanded=false aria-haspopup=menu>a</button><div class=x>b</div>",
            Some(Opener::Likely),
        );
    }

    #[test]
    fn a_button_opens_what_answers_it_or_is_bound_to_be_shown() {
        check("<button>a?</button><div class=x>b</div>", Some(Opener::Told));
        check("<button>a</button><div class=x x-show=open>b</div>", Some(Opener::Told));
        check("<button>a</button><div class=x>b</div>", Some(Opener::Likely));
    }

    #[test]
    fn a_heading_opens_where_it_asks_or_others_do_the_same() {
        check("<h3>a?</h3><div class=x>b</div>", Some(Opener::Told));
        check("<h3>a</h3><div class=x>b</div><h3>c</h3><div class=x>d</div>", Some(Opener::Told));
        check("<dt>a</dt><div class=x>b</div><dt>c</dt><div class=x>d</div>", Some(Opener::Told));
        check("<h3>a <button>+</button></h3><div class=x>b</div>", Some(Opener::Likely));
        check("<h3>a</h3><div class=x>b</div>", None);
        check("<h3>a</h3><div class=x>b</div><p>c</p>", None);
        check("<p>a</p><div class=x>b</div>", None);
        check("<p>a <button>buy</button></p><div class=x>b</div>", None);
    }
}
