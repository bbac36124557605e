//! What a page says about itself: title, language, description, and where its style sheets are.

use crate::html::{NodeId, Tree, local_name};
use crate::markdown::clean_line;

/// Top headings of a page that are looked at.
const MAX_HEADINGS: usize = 16;

/// The declarations found, as they are.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) language: Option<String>,
    pub(super) description: Option<String>,
    /// `<title>`.
    pub(super) title: String,
    og_title: String,
    /// `og:type`.
    pub(super) og_type: String,
    /// The JSON-LD scripts.
    pub(super) json: Vec<NodeId>,
    /// The `h1` elements with text, and that text, in document order.
    pub(super) headings: Vec<(NodeId, String)>,
    /// The `style` elements.
    pub(super) styles: Vec<NodeId>,
}

/// `de_DE` as Open Graph writes it, `de-DE` as HTML does.
fn language(value: &str) -> Option<String> {
    let tag = value.split(',').next().unwrap_or_default().trim().replace('_', "-");
    let valid = (2..=35).contains(&tag.len())
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    valid.then_some(tag)
}

/// Reads the declarations of a page.
pub(super) fn read(tree: &Tree) -> Metadata {
    let mut found = Metadata::default();
    let (mut declared, mut og_locale, mut og_description) = (None, None, None);
    let mut nodes = tree.descendants(Tree::ROOT);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        match *element.name() {
            local_name!("html") => {
                let lang = element.attr(&local_name!("lang")).or_else(|| element.attr_named("xml:lang"));
                found.language = lang.and_then(language);
            }
            local_name!("title") if element.is_html() && found.title.is_empty() => {
                found.title = clean_line(&tree.text_of(id));
            }
            local_name!("meta") => {
                let Some(content) = element.attr(&local_name!("content")) else { continue };
                let key = element
                    .attr(&local_name!("property"))
                    .or_else(|| element.attr(&local_name!("name")))
                    .or_else(|| element.attr(&local_name!("http-equiv")))
                    .unwrap_or_default();
                let is = |name: &str| key.eq_ignore_ascii_case(name);
                if is("og:title") && found.og_title.is_empty() {
                    found.og_title = clean_line(content);
                } else if is("og:type") && found.og_type.is_empty() {
                    found.og_type = content.trim_ascii().to_ascii_lowercase();
                } else if is("description") && found.description.is_none() {
                    found.description = Some(clean_line(content)).filter(|d| !d.is_empty());
                } else if is("og:description") && og_description.is_none() {
                    og_description = Some(clean_line(content)).filter(|d| !d.is_empty());
                } else if is("content-language") {
                    declared = declared.or_else(|| language(content));
                } else if is("og:locale") {
                    og_locale = og_locale.or_else(|| language(content));
                }
            }
            local_name!("style") => found.styles.push(id),
            local_name!("script") => {
                let kind = element.attr(&local_name!("type")).unwrap_or_default().trim_ascii();
                if kind.eq_ignore_ascii_case("application/ld+json") {
                    found.json.push(id);
                }
            }
            local_name!("template") | local_name!("svg") => nodes.skip_children(),
            local_name!("h1") if found.headings.len() < MAX_HEADINGS => {
                let text = clean_line(&tree.text_of(id));
                let text = text.trim_end_matches(['¶', '#', '§', ' ']);
                if !text.is_empty() {
                    found.headings.push((id, text.to_owned()));
                }
            }
            _ => {}
        }
    }
    found.language = found.language.or(declared).or(og_locale);
    found.description = found.description.or(og_description);
    found
}

impl Metadata {
    /// The page's name: the content's heading if title or Open Graph agree, else what Open Graph or the title say.
    pub(super) fn best_title(&self, heading: Option<&str>) -> String {
        let title = self.title_without_site();
        let heading = heading.unwrap_or_default();
        let agrees = |other: &str| !heading.is_empty() && contains_loosely(other, heading);
        if agrees(&self.title) || agrees(&self.og_title) {
            return heading.to_owned();
        }
        [&self.og_title, title, heading].into_iter().find(|t| !t.is_empty()).unwrap_or_default().to_owned()
    }

    /// `Setup | Acme Docs` is `Setup`.
    pub(super) fn title_without_site(&self) -> &str {
        const SEPARATORS: &[&str] = &[" | ", " — ", " – ", " · ", " - ", " :: ", " » ", " • "];
        let cut = SEPARATORS.iter().filter_map(|s| self.title.rfind(s)).max();
        match cut {
            Some(at) if !self.title[..at].trim().is_empty() => self.title[..at].trim(),
            _ => &self.title,
        }
    }
}

/// Whether `whole` holds `part`, letters and digits compared only.
pub(super) fn contains_loosely(whole: &str, part: &str) -> bool {
    let plain =
        |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    plain(whole).contains(&plain(part))
}
