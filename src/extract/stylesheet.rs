//! What a page's own `<style>` blocks hide, as far as simple rules say it for certain.
//!
//! Believed is a rule for one tag, class or id that holds on every screen, if no other rule shows the same in another
//! state and no script of the page names it. Style sheets of other files are not known.

use std::collections::{HashMap, HashSet};

use crate::html::{Element, NodeId, Tree, local_name};

use super::style::{Effect, Means, Sight, effects, without_comments};

/// Bytes of style sheets that are read.
const MAX_BYTES: usize = 1 << 20;

/// The names that are hidden, as selectors write them: `tag`, `.class`, `#id`.
#[derive(Debug, Default)]
pub(super) struct Stylesheet {
    hidden: HashMap<String, Sight>,
}

/// When the rules inside of an at-rule hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    Always,
    /// On some screens, or in some state.
    Sometimes,
    /// In print, or not for elements at all.
    Never,
}

/// What the rules read so far say.
#[derive(Debug, Default)]
struct Rules {
    hiding: Vec<(String, Means)>,
    shown: HashSet<(String, Means)>,
}

impl Stylesheet {
    /// Reads the `style` elements of a page.
    pub(super) fn read(tree: &Tree, styles: &[NodeId]) -> Self {
        let mut rules = Rules::default();
        let mut bytes = 0;
        for &style in styles.iter().filter(|&&style| !is_for_print(tree, style)) {
            let css = raw_text(tree, style);
            bytes += css.len();
            if bytes > MAX_BYTES {
                break;
            }
            if ["display", "visibility", "position", "height"].iter().any(|word| css.contains(word)) {
                rules.read(&without_comments(css));
            }
        }
        let Rules { mut hiding, shown } = rules;
        hiding.retain(|rule| !shown.contains(rule));
        if !hiding.is_empty() {
            let named = named_by_scripts(tree, &hiding);
            hiding.retain(|(name, _)| !named.contains(name));
        }
        let sight = |means| if means == Means::Visibility { Sight::Invisible } else { Sight::Gone };
        Self { hidden: hiding.into_iter().map(|(name, means)| (name, sight(means))).collect() }
    }

    /// Whether a rule hides this element.
    pub(super) fn sight(&self, element: &Element) -> Option<Sight> {
        if self.hidden.is_empty() {
            return None;
        }
        let by_class = || element.classes().find_map(|class| self.hidden.get(&format!(".{class}")));
        let by_id = || self.hidden.get(&format!("#{}", element.id()?));
        self.hidden.get(&**element.name()).or_else(by_class).or_else(by_id).copied()
    }
}

fn is_for_print(tree: &Tree, style: NodeId) -> bool {
    tree.attr(style, &local_name!("media")).is_some_and(|media| holds(media) != Holds::Always)
}

/// What a `style` or a `script` holds: one text, and no markup.
fn raw_text(tree: &Tree, id: NodeId) -> &str {
    tree.first_child(id).and_then(|text| tree.text(text)).unwrap_or_default()
}

impl Rules {
    fn read(&mut self, css: &str) {
        let mut rest = css;
        let mut around: Vec<Holds> = Vec::new();
        while let Some(at) = rest.find(['{', '}', ';']) {
            let (prelude, sign) = (rest[..at].trim(), rest.as_bytes()[at]);
            rest = &rest[at + 1..];
            if sign == b'}' {
                around.pop();
            } else if sign == b'{' {
                let outer = around.last().copied().unwrap_or(Holds::Always);
                let end = rest.find(['{', '}']).unwrap_or(rest.len());
                if prelude.starts_with('@') {
                    around.push(outer.max(holds(prelude)));
                } else if rest.as_bytes().get(end) == Some(&b'{') {
                    // A rule that holds rules: what they say of which state is not followed.
                    around.push(outer.max(Holds::Sometimes));
                } else {
                    self.add(prelude, &rest[..end], outer);
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
            }
        }
    }

    fn add(&mut self, selectors: &str, declared: &str, holds: Holds) {
        for effect in effects(declared) {
            for selector in selectors.split(',') {
                match effect {
                    Effect::Hides(means) if holds == Holds::Always => {
                        self.hiding.extend(simple(selector).map(|name| (name, means)));
                    }
                    Effect::Hides(_) => {}
                    Effect::Shows(means) => {
                        self.shown.extend(subject(selector).into_iter().map(|name| (name, means)));
                    }
                }
            }
        }
    }
}

/// When what an at-rule, or a `media` attribute, encloses is in force.
fn holds(prelude: &str) -> Holds {
    let lower = prelude.to_ascii_lowercase();
    let query = lower.strip_prefix("@media").unwrap_or(&lower).trim();
    if matches!(query, "" | "all" | "screen") || query.starts_with("@layer") {
        Holds::Always
    } else if query == "print" || query.contains("keyframes") || query.starts_with("@font-face") {
        Holds::Never
    } else {
        Holds::Sometimes
    }
}

/// The name of a selector that is nothing but one tag, class or id.
fn simple(selector: &str) -> Option<String> {
    let selector = selector.trim();
    let name = selector.strip_prefix(['.', '#']).unwrap_or(selector);
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    // What hides a whole page hides it until it is loaded.
    let whole = matches!(selector, "html" | "body" | "main");
    (plain && !whole).then(|| selector.to_owned())
}

/// The names of what a selector selects, what must be around it left out.
fn subject(selector: &str) -> Vec<String> {
    let last = selector.trim().rsplit([' ', '>', '+', '~', '\n', '\t']).next().unwrap_or_default();
    let (names, pseudo) = last.split_once(':').unwrap_or((last, ""));
    if pseudo.trim_start_matches(':').starts_with("before")
        || pseudo.trim_start_matches(':').starts_with("after")
    {
        return Vec::new();
    }
    let names = names.split('[').next().unwrap_or_default();
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in names.match_indices(['.', '#']).chain(std::iter::once((names.len(), ""))) {
        found.extend((at > start).then(|| names[start..at].to_owned()));
        start = at;
    }
    found
}

/// The hidden classes and ids that a script of the page names: it may show them.
fn named_by_scripts(tree: &Tree, hiding: &[(String, Means)]) -> HashSet<String> {
    let names: HashSet<&str> = hiding.iter().filter_map(|(name, _)| name.strip_prefix(['.', '#'])).collect();
    let mut named = HashSet::new();
    for script in tree.descendants(Tree::ROOT).filter(|&id| tree.name(id) == Some(&local_name!("script"))) {
        let code = raw_text(tree, script);
        let words = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        for word in words.filter(|word| names.contains(word)) {
            named.extend([format!(".{word}"), format!("#{word}")]);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::parse;

    fn check(css: &str, expected: &[&str]) {
        let mut rules = Rules::default();
        rules.read(&without_comments(css));
        let Rules { mut hiding, shown } = rules;
        hiding.retain(|rule| !shown.contains(rule));
        let names: Vec<_> = hiding.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected, "{css}");
    }

    #[test]
    fn simple_rules_hide() {
        check(".a{display:none} #b , u { visibility : hidden !important }", &[".a", "#b", "u"]);
        check("@charset 'utf-8';.a{color:red;display:none}", &[".a"]);
        check("@media screen{.a{display:none}}@layer x{.b{display:none}}", &[".a", ".b"]);
        check("/* .x{display:none} */.a/**/{display:none}", &[".a"]);
        check(".a{position:absolute;left:-9999px}", &[".a"]);
    }

    #[test]
    fn what_is_shown_in_another_state_is_not_hidden() {
        check(".a{display:none}.a.open{display:block}", &[]);
        check(".a{display:none}input:checked ~ .a{display:block}", &[]);
        check(".a{display:none}@media (min-width:9em){.a{display:flex}}", &[]);
        check(".a{display:none}.a:target{display:block}", &[]);
        check(".a{display:none}.a::before{display:block}", &[".a"]);
        check(".a{display:none}.a p{display:block}", &[".a"]);
        check(".a{display:none}.a{position:relative}", &[".a"]);
        check(".a{display:none;&.open{display:block}}", &[]);
    }

    #[test]
    fn what_is_hidden_at_times_is_not_hidden() {
        check("@media print{.a{display:none}}.b{display:none}", &[".b"]);
        check("@media (max-width:600px){.a{display:none}}", &[]);
        check("@keyframes k{from{visibility:hidden}to{visibility:visible}}.b{display:none}", &[".b"]);
        check(".js .a{display:none} .a:not(.b){display:none} [x]{display:none} body{display:none}", &[]);
    }

    #[test]
    fn broken_sheets_say_what_they_can() {
        check(".a{display:none", &[".a"]);
        check("}}{;.a{display:none}", &[]);
        check("{{{{}", &[]);
        check("", &[]);
    }

    #[test]
    fn a_script_that_names_a_class_may_show_it() {
        let sight = |html: &str| {
            let tree = parse(html).unwrap();
            let named = |name: &str| -> Vec<NodeId> {
                let is = |id: &NodeId| tree.name(*id).is_some_and(|n| &**n == name);
                tree.descendants(Tree::ROOT).filter(is).collect()
            };
            let sheet = Stylesheet::read(&tree, &named("style"));
            let p = named("p")[0];
            sheet.sight(tree.element(p).unwrap())
        };
        let page = "<style>.a{display:none}</style><p class=a>x</p>";
        assert_eq!(sight(page), Some(Sight::Gone));
        assert_eq!(sight(&format!("{page}<script>$('.a').toggle()</script>")), None);
        assert_eq!(sight(&format!("{page}<script>$('.ab').toggle()</script>")), Some(Sight::Gone));
        assert_eq!(sight("<style media=print>.a{display:none}</style><p class=a>x</p>"), None);
    }
}
