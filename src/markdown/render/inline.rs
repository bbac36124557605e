//! Elements inside lines.

use crate::html::{Element, NodeId, local_name};

use super::super::callout::visible_text;
use super::super::code;
use super::super::disclosure::holds_heading;
use super::super::math::{self, Formula};
use super::super::reference::{is_illustration, is_permalink};
use super::super::writer::Mark;
use super::{Exit, Page, Renderer};

/// Parts beside a link that are looked at, to tell whether all of them are cards.
const MAX_CARDS: usize = 32;

impl<'t> Renderer<'t> {
    pub(super) fn mark(&mut self, id: NodeId, mark: Mark) -> bool {
        self.writer.open(mark);
        self.frame(id, Exit::Mark)
    }

    /// `i`: text in italics, or a sign that a font draws.
    pub(super) fn italic(&mut self, id: NodeId, element: &Element) -> bool {
        if let Some(done) = ticked(element) {
            self.task(done);
            return false;
        }
        self.mark(id, Mark::Emphasis)
    }

    /// `span` and the like: nothing by itself; its class may say that it is a formula, or no text at all.
    pub(super) fn span(&mut self, id: NodeId, element: &'t Element) -> bool {
        if element.attr(&local_name!("class")).is_some() {
            if let Some(done) = ticked(element) {
                self.task(done);
                return false;
            }
            let shown = !code::is_beside(self.page.tree, self.page.measure, id, element)
                && !self.is_shown_twice(id, element)
                && !self.notes.leaves_out(id)
                && !self.formula_of(id, element);
            if !shown {
                return false;
            }
            if element.has_class("classifier") {
                self.writer.text(": ");
            } else if self.follows_name(id, element) {
                self.writer.text(" ");
            }
        }
        if self.heading_by_role(id, element) {
            return true;
        }
        if self.disclosures.opener(id) == Some(true) {
            return self.question(id);
        }
        if is_tooltip(element) && self.page.measure.text(id) > 0 {
            self.writer.text(" (");
            return self.frame(id, Exit::Parenthesis);
        }
        true
    }

    pub(super) fn is_shown_twice(&self, id: NodeId, element: &Element) -> bool {
        math::is_shown_twice(self.page.tree, id, element)
    }

    /// Writes the formula whose source an element holds, if it holds one.
    pub(super) fn formula_of(&mut self, id: NodeId, element: &Element) -> bool {
        let Some(formula) = math::of_source(self.page.tree, self.page.measure, id, element) else {
            return false;
        };
        self.formula(&formula);
        true
    }

    pub(super) fn formula(&mut self, formula: &Formula) {
        if formula.tex.is_empty() {
            return;
        }
        if formula.display && !self.writer.is_one_line() {
            self.display(formula);
        } else {
            self.writer.formula(&formula.tex);
        }
    }

    /// A film of the page's own.
    pub(super) fn film(&mut self, id: NodeId, element: &'t Element) {
        let tree = self.page.tree;
        let title = element.attr(&local_name!("title"));
        let source = std::iter::once(id)
            .chain(tree.children(id))
            .find_map(|n| tree.attr(n, &local_name!("src")).filter(|source| !source.starts_with("blob:")));
        let destination = source.and_then(|source| self.references.destination(source.trim_ascii()));
        if let (Some(title), Some(destination)) = (title, destination) {
            self.linked_line(title.trim(), destination);
        }
    }

    /// A link on a line of its own.
    fn linked_line(&mut self, text: &str, destination: String) {
        self.writer.end_block();
        self.writer.open(Mark::Link(destination));
        self.writer.text(text);
        self.writer.close();
        self.writer.end_block();
    }

    pub(super) fn image(&mut self, id: NodeId, element: &'t Element) {
        if self.formula_of(id, element) {
            return;
        }
        if is_illustration(self.page.tree, self.page.measure, id)
            && let Some(description) = self.references.description(element)
        {
            self.writer.text(description);
        }
    }

    /// A film that is shown on the page: its title leads to it.
    pub(super) fn frame_of_film(&mut self, element: &'t Element) {
        const HOSTS: &[&str] = &[
            "youtube.com",
            "youtube-nocookie.com",
            "youtu.be",
            "vimeo.com",
            "loom.com",
            "wistia.com",
            "wistia.net",
            "dailymotion.com",
        ];
        let title = element.attr(&local_name!("title")).unwrap_or_default().trim();
        let source = element.attr(&local_name!("src")).or_else(|| element.attr_named("data-src"));
        let Some(destination) = source.and_then(|source| self.references.destination(source.trim_ascii()))
        else {
            return;
        };
        let host =
            destination.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let is_film = HOSTS.iter().any(|known| {
            host.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        if is_film && !title.is_empty() {
            self.linked_line(title, destination);
        }
    }

    /// `sup` and `sub`.
    pub(super) fn script(&mut self, id: NodeId) -> bool {
        if self.notes.leaves_out(id) || self.note_sign(id) {
            return false;
        }
        let base = self.writer.last_char();
        let Some((sign, braces)) = math::script(self.page.tree, self.page.measure, id, base) else {
            return true;
        };
        self.writer.text(sign.encode_utf8(&mut [0; 4]));
        if braces {
            self.writer.text("(");
            return self.frame(id, Exit::Parenthesis);
        }
        true
    }

    /// What a character sounds like, in parentheses after it.
    pub(super) fn gloss(&mut self, id: NodeId) -> bool {
        if self.page.measure.text(id) == 0 {
            return false;
        }
        self.writer.text("(");
        self.frame(id, Exit::Parenthesis)
    }

    pub(super) fn link(&mut self, id: NodeId, element: &'t Element) -> bool {
        if self.notes.leaves_out(id) {
            return false;
        }
        if self.note_sign(id) {
            return false;
        }
        if element.attr(&local_name!("class")).is_some()
            && code::is_beside(self.page.tree, self.page.measure, id, element)
        {
            return false;
        }
        let Some(href) = element.attr(&local_name!("href")) else { return true };
        let href = href.trim_ascii();
        if is_permalink(self.page.tree, self.page.measure, id, element) {
            return false;
        }
        // A heading that is nothing but a link to itself says nothing by it.
        if href.starts_with('#') && (is_way_back(element) || self.fills_heading(id)) {
            return true;
        }
        if self.follows_card(id) {
            self.writer.end_block();
        }
        match self.references.destination(href) {
            Some(destination) => self.mark(id, Mark::Link(destination)),
            None => true,
        }
    }

    /// Writes the sign of a footnote, if an element is one.
    fn note_sign(&mut self, id: NodeId) -> bool {
        let Some(label) = self.notes.sign(id) else { return false };
        let sign = format!("[^{label}]");
        self.writer.text(&sign);
        true
    }

    /// Whether a link is all that the heading or the term says which it stands in.
    fn fills_heading(&self, link: NodeId) -> bool {
        let Page { tree, dropped, .. } = self.page;
        let names = |(_, exit): &&(NodeId, Exit)| matches!(exit, Exit::Heading | Exit::StrongBlock);
        self.frames.iter().rev().find(names).is_some_and(|&(heading, _)| {
            visible_text(tree, dropped, heading) == visible_text(tree, dropped, link)
        })
    }

    /// Whether a link is one of several parts of the page, with nothing between them: cards.
    fn follows_card(&self, link: NodeId) -> bool {
        let tree = self.page.tree;
        let is_link = |n: NodeId| tree.name(n) == Some(&local_name!("a"));
        let holder = tree.parent(link).filter(|&up| tree.name(up) == Some(&local_name!("div")));
        tree.previous_sibling(link).is_some_and(is_link)
            && holder.is_some_and(|up| tree.children(up).take(MAX_CARDS).all(is_link))
    }

    /// Whether what a style sheet sets below a name begins here: white space is all that is missing.
    fn follows_name(&self, id: NodeId, element: &Element) -> bool {
        const NAMES: &[&str] = &["title", "name", "heading", "label"];
        const TEXTS: &[&str] = &["description", "desc", "text", "subtitle", "tagline", "details"];
        let tree = self.page.tree;
        let is = |n: NodeId, words: &[&str]| {
            tree.element(n).is_some_and(|e| e.classes().any(|class| words.contains(&class)))
        };
        let names = |n: NodeId| {
            is(n, NAMES)
                || (tree.name(n) == Some(&local_name!("a")) && tree.children(n).any(|n| is(n, NAMES)))
        };
        element.classes().any(|class| TEXTS.contains(&class)) && tree.previous_sibling(id).is_some_and(names)
    }

    /// In a heading it is the title of what it opens; elsewhere it may be that itself.
    pub(super) fn button(&mut self, id: NodeId) -> bool {
        if self.writer.in_heading() {
            return true;
        }
        match self.disclosures.opener(id) {
            Some(true) => self.question(id),
            Some(false) => self.strong_block(id),
            // What is no text otherwise names what follows it.
            None if self.heads_list(id) => true,
            None => holds_heading(self.page.tree, id) && self.block(id),
        }
    }

    /// Whether a button begins an item whose list follows: a folder in a tree of files.
    fn heads_list(&self, button: NodeId) -> bool {
        let tree = self.page.tree;
        let is_list = |n| matches!(tree.name(n), Some(&(local_name!("ul") | local_name!("ol"))));
        tree.parent(button).is_some_and(|up| {
            tree.name(up) == Some(&local_name!("li")) && tree.first_child(up) == Some(button)
        }) && tree.next_sibling(button).is_some_and(is_list)
    }

    /// A box before the text of an item makes it a task.
    pub(super) fn checkbox(&mut self, element: &Element) {
        let is_box = element.attr(&local_name!("type")).is_some_and(|t| t.eq_ignore_ascii_case("checkbox"));
        if is_box {
            self.task(element.attr(&local_name!("checked")).is_some());
        }
    }

    /// Makes the item that begins here a task.
    pub(super) fn task(&mut self, done: bool) {
        if self.writer.begins_item() {
            self.writer.text(if done { "[x] " } else { "[ ] " });
        }
    }
}

/// Whether an icon is a box of a task, and if so, whether it is ticked: Discourse's, and those of Font Awesome.
fn ticked(element: &Element) -> Option<bool> {
    let is = |names: &[&str]| element.classes().any(|class| names.contains(&class));
    if is(&["fa-check-square-o", "fa-square-check-o"]) {
        return Some(true);
    }
    if is(&["chcklst-box"]) {
        return Some(is(&["checked", "permanent"]));
    }
    is(&["fa-square-o"]).then_some(false)
}

/// Whether a link leads from a source back to where it is cited.
fn is_way_back(link: &Element) -> bool {
    link.attr(&local_name!("role")) == Some("doc-backlink")
}

/// Whether an element explains what stands before it to who points at it.
fn is_tooltip(element: &Element) -> bool {
    const CLASSES: &[&str] = &[
        "tooltiptext",
        "tooltip-text",
        "tooltip__text",
        "tooltip-content",
        "tooltip__content",
        "tooltip-inner",
        // JSDoc's, of what may be left out.
        "signature-attributes",
    ];
    element.attr(&local_name!("role")) == Some("tooltip")
        || element.classes().any(|class| CLASSES.contains(&class))
}
