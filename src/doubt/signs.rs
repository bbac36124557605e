//! What the structure of a page gives away: one walk over its tree.

use crate::html::{Element, NodeId, Step, Tree, is_silent, local_name};

use super::element::{is_around, is_button, is_hidden, is_prose, is_root};
use super::markers::Markers;
use super::phrases::LOADING;
use super::text::{Folded, fold};

/// Headings that are looked at.
const MAX_HEADINGS: usize = 8;
/// Labels of controls that are looked at; each is short.
const MAX_LABELS: usize = 64;
/// Bytes of visible text that are kept.
const MAX_VISIBLE: usize = 2_000;
/// Longest heading, label or notice that is looked at, in bytes.
const MAX_LINE: usize = 200;

/// What the structure of a page gives away.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a sign of its own")]
pub(super) struct Signs {
    /// What the title and the main headings say, the parts of the title one by one.
    pub(super) headlines: Vec<Folded>,
    /// Whether a heading of the first or second level says something beside the name of the site.
    pub(super) heading: bool,
    /// What buttons and the like say.
    pub(super) labels: Vec<Folded>,
    /// The beginning of all visible text, wherever it stands.
    pub(super) visible: String,
    /// Bytes of visible text around which no header, footer, navigation or dialog stands …
    pub(super) main_text: usize,
    /// … and of that, what is in no form.
    pub(super) outside_forms: usize,
    /// Whether some of it is in a paragraph, a heading, a list, a table.
    pub(super) prose: bool,
    /// Images, frames and the like there.
    pub(super) media: usize,
    /// A field for a password there …
    pub(super) password: bool,
    /// … or anywhere else.
    pub(super) password_around: bool,
    /// A field for a name or an address there.
    pub(super) identity: bool,
    /// Scripts, or bytes of them where they are inline.
    pub(super) scripts: usize,
    /// An element that an application fills.
    pub(super) root: Option<String>,
    /// What visitors without scripts are told is that they need them.
    pub(super) wants_scripts: bool,
    /// The page reloads itself, or sends visitors without scripts elsewhere.
    pub(super) refresh: bool,
    /// Markers in its code and attributes.
    pub(super) markers: Markers,
}

/// What the walk is inside of.
#[derive(Default)]
struct Inside {
    /// The outermost element that stands around the content.
    around: Option<NodeId>,
    forms: usize,
    prose: usize,
}

impl Signs {
    /// Reads the signs of a page of `host`. Linear in its size.
    pub(super) fn read(tree: &Tree, host: &Folded) -> Signs {
        let mut signs = Signs::default();
        let mut inside = Inside::default();
        let mut walk = tree.walk(Tree::ROOT);
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(id) => {
                    if let Some(text) = tree.text(id) {
                        signs.text(text.trim(), &inside);
                    } else if let Some(element) = tree.element(id) {
                        inside.enter(id, element);
                        if !signs.element(tree, id, element, &inside, host) {
                            walk.skip_children();
                        }
                    }
                }
                Step::Leave(id) => {
                    if let Some(element) = tree.element(id) {
                        inside.leave(id, element);
                    }
                }
            }
        }
        signs
    }

    fn text(&mut self, text: &str, inside: &Inside) {
        if text.is_empty() || is_notice(text) {
            return;
        }
        if self.visible.len() < MAX_VISIBLE {
            self.visible.push_str(text.get(..text.floor_char_boundary(MAX_VISIBLE)).unwrap_or_default());
            self.visible.push(' ');
        }
        if inside.around.is_some() {
            return;
        }
        self.main_text += text.len();
        if inside.forms == 0 {
            self.outside_forms += text.len();
        }
        self.prose |= inside.prose > 0;
    }

    /// Takes note of an element; `false`: nothing below it is shown.
    fn element(
        &mut self,
        tree: &Tree,
        id: NodeId,
        element: &Element,
        inside: &Inside,
        host: &Folded,
    ) -> bool {
        self.markers.look_at(element);
        match *element.name() {
            local_name!("title") if element.is_html() => {
                self.title(&tree.text_of(id));
                return false;
            }
            local_name!("h1") | local_name!("h2") if inside.around.is_none() => {
                self.heading(&tree.text_of(id), host);
            }
            local_name!("script") => {
                self.script(element, &tree.text_of(id));
                return false;
            }
            local_name!("noscript") => {
                self.noscript(&tree.text_of(id));
                return false;
            }
            local_name!("meta") => {
                let equiv = element.attr_named("http-equiv").unwrap_or_default();
                self.refresh |= equiv.trim_ascii().eq_ignore_ascii_case("refresh");
            }
            local_name!("input") if !is_hidden(element) => self.input(element, inside.around.is_some()),
            local_name!("button") => self.label(&tree.text_of(id)),
            local_name!("a") if is_button(element) => self.label(&tree.text_of(id)),
            local_name!("img")
            | local_name!("iframe")
            | local_name!("video")
            | local_name!("picture")
            | local_name!("object") => {
                self.media += usize::from(inside.around.is_none());
            }
            _ => {}
        }
        if is_root(element) && self.root.is_none() {
            self.root = Some(element.id().map_or_else(|| element.name().to_string(), |id| format!("#{id}")));
            return true;
        }
        !is_hidden(element) && (!is_silent(element) || *element.name() == local_name!("head"))
    }

    fn title(&mut self, title: &str) {
        let parts = [" | ", " - ", " – ", " — ", " · ", " :: ", " » ", " • ", ": "];
        let mut spans = vec![title];
        for separator in parts {
            spans = spans.into_iter().flat_map(|span| span.split(separator)).collect();
        }
        let whole = (spans.len() > 1).then_some(title);
        self.headlines.extend(spans.into_iter().chain(whole).filter_map(headline).take(MAX_HEADINGS));
    }

    fn heading(&mut self, text: &str, host: &Folded) {
        if self.headlines.len() >= 2 * MAX_HEADINGS || text.trim().is_empty() {
            return;
        }
        let folded = fold(text.get(..text.floor_char_boundary(MAX_LINE)).unwrap_or_default());
        self.heading |= !folded.is_empty_talk(host);
        self.headlines.extend(headline(text));
    }

    fn label(&mut self, text: &str) {
        if self.labels.len() < MAX_LABELS && (1..=MAX_LINE).contains(&text.len()) {
            self.labels.push(fold(text));
        }
    }

    fn input(&mut self, element: &Element, around: bool) {
        let kind = element.attr(&local_name!("type")).unwrap_or("text").trim_ascii().to_ascii_lowercase();
        let name = element
            .attr(&local_name!("name"))
            .or_else(|| element.id())
            .unwrap_or_default()
            .to_ascii_lowercase();
        match kind.as_str() {
            "password" if around => self.password_around = true,
            "password" => self.password = true,
            "email" if !around => self.identity = true,
            "text" | "tel" if !around => {
                self.identity |=
                    ["user", "login", "email", "mail", "account"].iter().any(|word| name.contains(word));
            }
            "submit" | "button" => self.label(element.attr(&local_name!("value")).unwrap_or_default()),
            _ => {}
        }
    }

    fn script(&mut self, element: &Element, code: &str) {
        let kind = element.attr(&local_name!("type")).unwrap_or_default();
        if kind.contains("json") && !kind.contains("javascript") {
            return;
        }
        // What an external script weighs is unknown; it is more than a page without text.
        let external = element.attr(&local_name!("src")).map_or(0, |_| 1_000);
        self.scripts += external + code.len();
        let code = code.get(..code.floor_char_boundary(16 * 1024)).unwrap_or_default();
        self.markers.look(code);
    }

    fn noscript(&mut self, html: &str) {
        let html = html.get(..html.floor_char_boundary(4 * 1024)).unwrap_or_default().to_ascii_lowercase();
        self.wants_scripts |= html.contains("javascript") || html.contains("java script");
        self.refresh |= html.contains("http-equiv") && html.contains("refresh");
        self.markers.look(&html);
    }
}

/// A line that may tell what kind of page this is. A question is asked by pages that answer it.
fn headline(text: &str) -> Option<Folded> {
    let told = text.len() <= MAX_LINE && !text.contains('?') && text.contains(char::is_alphanumeric);
    told.then(|| fold(text))
}

/// What stands there until the scripts have run: it is no text of the page.
fn is_notice(text: &str) -> bool {
    if text.len() > MAX_LINE {
        return false;
    }
    let folded = fold(text);
    LOADING.contains(&folded.as_str())
        || !text.contains(char::is_alphanumeric)
        || (folded.find("javascript").is_some()
            && folded.has_any(&[
                "enable",
                "enabled",
                "need",
                "requires",
                "activate",
                "aktivieren",
                "activer",
                "habilitar",
                "abilitare",
                "inschakelen",
                "ativar",
                "disabled",
            ]))
}

impl Inside {
    fn enter(&mut self, id: NodeId, element: &Element) {
        if self.around.is_none() && is_around(element) {
            self.around = Some(id);
        }
        self.forms += usize::from(*element.name() == local_name!("form"));
        self.prose += usize::from(is_prose(element));
    }

    fn leave(&mut self, id: NodeId, element: &Element) {
        if self.around == Some(id) {
            self.around = None;
        }
        self.forms = self.forms.saturating_sub(usize::from(*element.name() == local_name!("form")));
        self.prose = self.prose.saturating_sub(usize::from(is_prose(element)));
    }
}
