//! What a visitor presses to see a part of a page that is hidden at first: tabs, questions, "show more".

use std::collections::HashSet;

use html5ever::LocalName;

use crate::html::{Element, NodeId, Tree, heading_level, local_name};
use crate::markdown::{named_by_click, switches};

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
        for (at, element) in tree.descendants(Tree::ROOT).filter_map(|id| Some((id, tree.element(id)?))) {
            controls.opened.extend(element.attrs().flat_map(|(name, value)| named(name, value)));
            controls.opened.extend(named_by_click(element));
            let opens = element
                .attr_named("data-toggle")
                .or_else(|| element.attr_named("role"))
                .or_else(|| element.attr_named("data-bs-toggle"));
            let by_link = || *element.name() == local_name!("a") && leads_to_part(tree, at, element);
            if opens.is_some_and(|opens| matches!(opens, "tab" | "collapse" | "pill")) || by_link() {
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

/// The ids that an attribute names as those of what its element opens: `data-target="#a"`, `uk-toggle="target: #a"`.
fn named<'e>(name: &str, value: &'e str) -> impl Iterator<Item = &'e str> {
    const WORDS: &[&str] =
        &["target", "controls", "toggle", "tab", "panel", "collapse", "open", "owns", "show"];
    let is_free = ["data-", "aria-", "uk-"].iter().any(|prefix| name.starts_with(prefix));
    let names = matches!(name, "popovertarget" | "commandfor")
        || (is_free && name.split('-').any(|word| WORDS.contains(&word)));
    let value = if names && value.len() <= MAX_TEXT { value } else { "" };
    value.split([' ', ',', ';', ':']).map(|id| id.trim_start_matches('#')).filter(|id| !id.is_empty())
}

/// Whether a link to a place on the page opens it: it says so, or stands among tabs.
fn leads_to_part(tree: &Tree, id: NodeId, link: &Element) -> bool {
    let is_strip = |up: NodeId| {
        tree.element(up).is_some_and(|e| {
            let words = e.classes().flat_map(|class| class.split(['-', '_']));
            words.into_iter().any(|word| matches!(&*word.to_ascii_lowercase(), "tab" | "tabs"))
        })
    };
    link.attr(&local_name!("href")).is_some_and(|href| href.starts_with('#'))
        && (tells(link) || names_switch(link) || tree.ancestors(id).take(AROUND + 1).any(is_strip))
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
fn is_question(element: &Element) -> bool {
    heading_level(element).is_some() || *element.name() == local_name!("dt")
}

/// What is written on what opens a part, without what it opens more of.
#[rustfmt::skip]
const UNFOLDS: &[&str] = &[
    "show", "read more", "see more", "view more", "see all", "view all", "more", "expand", "unfold", "reveal", "open",
    "toggle", "details", "learn more", "continue reading", "load more", "click to", "+",
    // German.
    "mehr", "alles anzeigen", "alle anzeigen", "weiterlesen", "weiter lesen", "anzeigen", "ausklappen", "aufklappen",
    "einblenden", "antwort anzeigen", "details anzeigen", "vollständig",
    // French, Spanish, Italian, Portuguese.
    "afficher", "voir", "lire la suite", "lire plus", "en savoir plus", "plus", "ver más", "ver todo", "mostrar", "leer más",
    "más", "mostra", "leggi", "vedi", "continua a leggere", "ver mais", "ler mais", "leia mais", "saiba mais", "mais",
    // Dutch, Swedish, Danish, Norwegian, Polish, Russian.
    "lees meer", "lees verder", "toon", "meer", "visa mer", "visa alla", "läs mer", "mer", "vis", "læs mere", "les mer", "mere", "pokaż",
    "czytaj więcej", "więcej", "rozwiń", "показать", "читать", "подробнее", "ещё", "развернуть",
    // Japanese, Chinese, Korean.
    "もっと", "続きを読む", "詳細", "すべて表示", "显示", "顯示", "查看", "展开", "展開", "更多", "더 보기", "더보기", "자세히", "펼치기",
];

/// Bytes of the text on a button that unfolds a part.
const MAX_BUTTON: usize = 60;

/// Nodes after a part among which its button is looked for.
const MAX_SIBLINGS: usize = 32;

/// Whether a button beside a part says that it shows more: one before it, or after it and others like it.
pub(super) fn unfolds(tree: &Tree, part: NodeId) -> bool {
    let class = |id| tree.attr(id, &local_name!("class"));
    let is_alike = |&n: &NodeId| tree.name(n) == tree.name(part) && class(n) == class(part);
    let after = |at| {
        let shown = std::iter::successors(tree.next_sibling(at), |&n| tree.next_sibling(n));
        shown.filter(|&n| is_shown(tree, n)).take(MAX_SIBLINGS).find(|n| !is_alike(n))
    };
    let around = || std::iter::successors(Some(part), |&up| tree.parent(up)).take(AROUND + 1);
    let beside = |step: &dyn Fn(NodeId) -> Option<NodeId>| around().find_map(step);
    [beside(&|at| previous(tree, at)), beside(&after)].into_iter().flatten().any(|n| is_unfolder(tree, n))
}

/// Whether an element is a button, or holds nothing else, on which stands that it shows more.
fn is_unfolder(tree: &Tree, id: NodeId) -> bool {
    if bytes(tree, id) > MAX_BUTTON {
        return false;
    }
    let text = tree.text_of(id).to_lowercase();
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '+');
    let says = UNFOLDS.iter().any(|begin| {
        // What is written without spaces needs none after a word.
        let apart = |rest: &str| !begin.is_ascii() || !rest.starts_with(char::is_alphanumeric);
        text.strip_prefix(begin).is_some_and(apart)
    });
    let mut parts =
        std::iter::once(id).chain(tree.descendants(id).take(NEAR)).filter_map(|n| tree.element(n));
    says && parts.any(is_pressed)
}

/// Whether pressing an element leads nowhere else: a button, a link to nowhere, or what its class calls a switch.
fn is_pressed(element: &Element) -> bool {
    if *element.name() == local_name!("a") {
        let href = element.attr(&local_name!("href")).unwrap_or("#").trim_ascii();
        return href == "#" || href.is_empty() || href.to_ascii_lowercase().starts_with("javascript:");
    }
    is_button(element) || names_switch(element)
}

/// Whether a class calls an element a switch.
fn names_switch(element: &Element) -> bool {
    let mut words = element.classes().flat_map(|class| class.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|w| matches!(&*w.to_ascii_lowercase(), "more" | "toggle" | "toggler" | "trigger" | "expand"))
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
    if switches(tree, id, element) {
        return Some(Opener::Told);
    }
    if is_button(element) {
        // Frameworks bind the two by an attribute of the part, or nowhere to be seen.
        let bound = || tree.element(part).is_some_and(|part| part.attr_named("x-show").is_some());
        let told = bytes(tree, id) <= MAX_TEXT && (bound() || asks(tree, id));
        return Some(if told { Opener::Told } else { Opener::Likely });
    }
    if bytes(tree, id) > MAX_TEXT {
        return None;
    }
    if !is_question(element) {
        let several = || is_one_of_several(tree, id, part) || is_in_one_of_several(tree, id);
        return (asks(tree, id) && several()).then_some(Opener::Told);
    }
    if asks(tree, id) || is_one_of_several(tree, id, part) || heads_one_of_several(tree, id, part) {
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

/// Whether what holds this heading and this part stands beside others like it.
fn heads_one_of_several(tree: &Tree, heading: NodeId, part: NodeId) -> bool {
    let is_alike = |first: NodeId| next(tree, first).is_some_and(|n| shape(tree, n) == shape(tree, part));
    tree.parent(part) == tree.parent(heading)
        && shape(tree, part).1.is_some()
        && begins_one_of_several(tree, heading, is_alike)
}

/// Whether what holds this question stands beside others like it, which ask, too.
fn is_in_one_of_several(tree: &Tree, question: NodeId) -> bool {
    begins_one_of_several(tree, question, |first| bytes(tree, first) <= MAX_TEXT && asks(tree, first))
}

/// Whether what holds an element stands beside another like it, whose first element is like this one and passes a test.
fn begins_one_of_several(tree: &Tree, id: NodeId, passes: impl Fn(NodeId) -> bool) -> bool {
    let Some(item) = tree.parent(id) else { return false };
    let is_alike = |other: NodeId| {
        let first = tree.children(other).find(|&n| is_shown(tree, n));
        shape(tree, other) == shape(tree, item)
            && first.is_some_and(|first| shape(tree, first) == shape(tree, id) && passes(first))
    };
    next(tree, item).into_iter().chain(previous(tree, item)).any(is_alike)
}

/// What elements that are alike have in common.
fn shape(tree: &Tree, id: NodeId) -> (Option<&LocalName>, Option<&str>) {
    (tree.name(id), tree.attr(id, &local_name!("class")))
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

/// One of several slides, or a part of one: a script shows them by turns.
pub(super) fn is_in_slide(tree: &Tree, id: NodeId) -> bool {
    let named = |id: NodeId, name: &str| {
        tree.element(id).is_some_and(|element| {
            element.classes().any(|class| class.split(['-', '_']).next_back() == Some(name))
        })
    };
    let is_slide = |&id: &NodeId| named(id, "slide") || tree.parent(id).is_some_and(|up| named(up, "slides"));
    let Some(slide) = std::iter::once(id).chain(tree.ancestors(id)).take(AROUND + 2).find(is_slide) else {
        return false;
    };
    let class = |id| tree.attr(id, &local_name!("class")).map(|class| class.split(' ').next());
    let is_other = |other: NodeId| tree.name(other) == tree.name(slide) && class(other) == class(slide);
    next(tree, slide).into_iter().chain(previous(tree, slide)).any(is_other)
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
    // `et_pb_tab`: one tab of Divi's. What is in one is not.
    let is_tab = |class: &str| class.split(|c: char| !c.is_ascii_alphanumeric()).next_back() == Some("tab");
    role(element)
        || named(element)
        || element.classes().any(is_tab)
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

    #[test]
    fn a_text_that_asks_opens_where_others_ask_likewise() {
        let item = |question: &str| format!("<div><div><b>{question}</b></div><div class=x>b</div></div>");
        check(&(item("a?") + &item("c?")), Some(Opener::Told));
        check(&(item("a?") + &item("c")), None);
        check(&(item("a") + &item("c?")), None);
        check(&item("a?"), None);
        check("<p>a?</p><div class=x>b</div><p>c?</p><div class=x>d</div>", Some(Opener::Told));
        check("<p>a?</p><div class=x>b</div><p>c?</p>", None);
    }
}
