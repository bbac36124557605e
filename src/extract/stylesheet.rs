//! What a page's own `<style>` blocks hide, as far as they say it for certain.
//!
//! Believed is a rule that holds on every screen for elements by their tags, classes, ids and attributes, if it wins the
//! cascade, no other rule shows the same in another state and no script of the page names it. Style sheets of other files
//! are not known.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::html::{Element, NodeId, Tree, local_name};

use super::selector::Selector;
use super::style::{Means, is_important, without_comments};
use rules::{Holds, Rule, holds, rules, subject};

mod rules;

/// Bytes of style sheets that are read.
const MAX_BYTES: usize = 1 << 20;
/// What rules are held against, elements and those around them, part by part: real pages need a thousandth of it.
const MAX_LOOKS: usize = 10_000_000;
/// Bytes of classes; of an element that has more no rule is known.
const MAX_CLASSES: usize = 2_000;

/// What the style sheets of a page hide, and what they show.
#[derive(Debug, Default)]
pub(super) struct Stylesheet {
    hiding: Vec<Declared>,
    showing: Vec<Declared>,
    /// Rules that may still be held against elements.
    left: Cell<usize>,
    /// Rules by what an element must have for them to hold.
    hidden_by: Index,
    shown_by: Index,
}

/// Numbers of rules by the `tag`, `.class` or `#id` of what they select.
type Index = HashMap<String, Vec<usize>>;

/// A selector, and what its rule does to what it selects.
#[derive(Debug)]
struct Declared {
    /// `None` where it is not understood: it speaks of a state.
    selector: Option<Selector>,
    /// The names of what it selects.
    names: Vec<String>,
    means: Means,
    is_important: bool,
    order: usize,
}

/// A rule that hides an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hidden {
    pub(super) means: Means,
    /// The element's own style is of no weight.
    pub(super) is_important: bool,
}

impl Stylesheet {
    /// Reads the `style` elements of a page.
    pub(super) fn read(tree: &Tree, styles: &[NodeId]) -> Self {
        let mut bytes = 0;
        let mut sheets = Vec::new();
        for &style in styles.iter().filter(|&&style| is_css(tree, style)) {
            let css = raw_text(tree, style);
            bytes += css.len();
            if bytes > MAX_BYTES {
                break;
            }
            sheets.push(without_comments(css));
        }
        let rules: Vec<Rule<'_>> = sheets.iter().flat_map(|css| rules(css)).collect();
        let mut sheet = Self::of(&rules);
        sheet.forget_what_scripts_name(tree);
        sheet
    }

    fn of(rules: &[Rule<'_>]) -> Self {
        let mut sheet = Self { left: Cell::new(MAX_LOOKS), ..Self::default() };
        for (order, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.holds == Holds::Always) {
            for &means in &rule.hides {
                let important = is_important(rule.declared, means);
                let hiding = rule.selectors().filter(|text| is_believed(text)).filter_map(|text| {
                    let selector = text.parse().ok();
                    selector.map(|selector| Declared::new(text, Some(selector), means, order, important))
                });
                sheet.hiding.extend(hiding);
            }
        }
        if sheet.hiding.is_empty() {
            return sheet;
        }
        let hidden: HashSet<Means> = sheet.hiding.iter().map(|rule| rule.means).collect();
        for (order, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.holds != Holds::Never) {
            for &means in rule.shows.iter().filter(|means| hidden.contains(means)) {
                let important = is_important(rule.declared, means);
                let showing = rule
                    .selectors()
                    .map(|text| Declared::new(text, text.parse().ok(), means, order, important));
                sheet.showing.extend(showing);
            }
        }
        sheet.hidden_by = index(&sheet.hiding);
        sheet.shown_by = index(&sheet.showing);
        sheet
    }

    /// A script of the page may show what it names.
    fn forget_what_scripts_name(&mut self, tree: &Tree) {
        let plain = |name: &str| name.trim_start_matches(['.', '#']).to_owned();
        let names: HashSet<String> =
            self.hiding.iter().flat_map(|rule| &rule.names).map(|name| plain(name)).collect();
        if names.is_empty() {
            return;
        }
        let mut named = HashSet::new();
        for script in tree.descendants(Tree::ROOT).filter(|&id| tree.name(id) == Some(&local_name!("script")))
        {
            let code = raw_text(tree, script);
            let words = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            named.extend(words.filter(|word| names.contains(*word)));
        }
        let is_named = |name: &String| {
            name.starts_with(['.', '#']) && named.contains(name.trim_start_matches(['.', '#']))
        };
        self.hiding.retain(|rule| !rule.names.iter().any(is_named));
        self.hidden_by = index(&self.hiding);
    }

    /// The rule that hides this element, the surest if there are several.
    pub(super) fn hides(&self, tree: &Tree, id: NodeId) -> Option<Hidden> {
        if self.hiding.is_empty() || self.left.get() == 0 {
            return None;
        }
        let element = tree.element(id)?;
        let hides = |rule: &&Declared| {
            rule.selector.as_ref().is_some_and(|selector| self.selects(selector, tree, id))
                && !self.shows_again(tree, id, element, rule)
        };
        let hiding = self.about(&self.hidden_by, &self.hiding, element).filter(hides);
        hiding
            .min_by_key(|rule| rule.means)
            .map(|rule| Hidden { means: rule.means, is_important: rule.is_important })
    }

    /// Whether another rule has the element shown, or would in another state.
    fn shows_again(&self, tree: &Tree, id: NodeId, element: &Element, hiding: &Declared) -> bool {
        self.about(&self.shown_by, &self.showing, element).filter(|rule| rule.means == hiding.means).any(
            |rule| {
                let is_stronger = rule.strength() > hiding.strength();
                match &rule.selector {
                    Some(selector) if self.selects(selector, tree, id) => is_stronger,
                    Some(_) => is_stronger && rule.concerns(hiding),
                    None => (rule.is_important || !hiding.is_important) && rule.concerns(hiding),
                }
            },
        )
    }

    /// Whether a rule has this element shown by these means, as it is.
    pub(super) fn shows(&self, tree: &Tree, id: NodeId, means: Means) -> bool {
        let Some(element) = tree.element(id) else { return false };
        self.about(&self.shown_by, &self.showing, element).any(|rule| {
            rule.means == means
                && rule.selector.as_ref().is_some_and(|selector| self.selects(selector, tree, id))
        })
    }

    /// Whether a selector selects an element; `false`, too, once too much was asked for.
    fn selects(&self, selector: &Selector, tree: &Tree, id: NodeId) -> bool {
        let parts = selector.parts();
        (parts == 1 || self.spend(parts * tree.ancestors(id).count())) && selector.matches(tree, id)
    }

    fn spend(&self, looks: usize) -> bool {
        let left = self.left.get().checked_sub(looks);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// The rules that may be about an element; none once too much was asked for.
    fn about<'r>(
        &'r self,
        index: &'r Index,
        rules: &'r [Declared],
        element: &'r Element,
    ) -> impl Iterator<Item = &'r Declared> {
        let tag = element.name().to_string();
        let written = element.attr(&local_name!("class")).map_or(0, str::len);
        let classes = element.classes().map(|class| format!(".{class}"));
        let names =
            [String::new(), tag].into_iter().chain(classes).chain(element.id().map(|id| format!("#{id}")));
        let about = names.filter_map(|name| index.get(&name)).flatten().filter_map(|&n| rules.get(n));
        // Each look reads the classes.
        about.take_while(move |_| written <= MAX_CLASSES && self.spend(1 + written / 2))
    }
}

impl Declared {
    fn new(text: &str, selector: Option<Selector>, means: Means, order: usize, is_important: bool) -> Self {
        Self { selector, names: subject(text), means, is_important, order }
    }

    /// What is compared in the cascade (CSS Cascade 4, 6.1).
    fn strength(&self) -> (bool, [usize; 3], usize) {
        let specificity = self.selector.as_ref().map(Selector::specificity).unwrap_or_default();
        (self.is_important, specificity, self.order)
    }

    /// Whether this rule is about what the other one selects.
    fn concerns(&self, other: &Declared) -> bool {
        let by_tag = other.names.iter().all(|name| !name.starts_with(['.', '#']));
        self.names.iter().any(|name| (by_tag || name.starts_with(['.', '#'])) && other.names.contains(name))
    }
}

/// The rules by each of the names of what they select; under nothing, what has no name.
fn index(rules: &[Declared]) -> Index {
    let mut index = Index::new();
    for (n, rule) in rules.iter().enumerate() {
        for name in &rule.names {
            index.entry(name.clone()).or_default().push(n);
        }
        if rule.names.is_empty() {
            index.entry(String::new()).or_default().push(n);
        }
    }
    index
}

/// Whether what a selector hides stays so: what is said of a page that loads, or of a state, passes.
fn is_believed(selector: &str) -> bool {
    const PASSING: &[&str] = &["js", "nojs", "cloak", "loading", "loaded", "preload", "preloader"];
    let lower = selector.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric());
    // What hides a whole page hides it until it is loaded.
    !matches!(lower.trim(), "html" | "body" | "main")
        && !lower.contains(":not(")
        && !lower.contains("[aria-")
        && !lower.contains("[data-state")
        && !words().any(|word| PASSING.contains(&word))
}

/// Whether a `style` element holds CSS for every screen.
fn is_css(tree: &Tree, style: NodeId) -> bool {
    let is_css = tree
        .attr(style, &local_name!("type"))
        .is_none_or(|kind| kind.is_empty() || kind.eq_ignore_ascii_case("text/css"));
    is_css && tree.attr(style, &local_name!("media")).is_none_or(|media| holds(media) == Holds::Always)
}

/// What a `style` or a `script` holds: one text, and no markup.
fn raw_text(tree: &Tree, id: NodeId) -> &str {
    tree.first_child(id).and_then(|text| tree.text(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
