//! What a page says about itself: title, language, description, and where its style sheets are.

use crate::html::{NodeId, Tree, heading_level, local_name};
use crate::markdown::clean_line;

use super::trail;

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
    /// `twitter:title`.
    card_title: String,
    /// `og:site_name`.
    site_name: String,
    /// `og:type`.
    pub(super) og_type: String,
    /// The breadcrumbs.
    pub(super) trail: Option<NodeId>,
    /// Day of the last change.
    pub(super) modified: Option<String>,
    /// Day of publication.
    pub(super) published: Option<String>,
    /// The JSON-LD scripts.
    pub(super) json: Vec<NodeId>,
    /// The `h1` elements with text, and that text, in document order.
    pub(super) headings: Vec<(NodeId, String)>,
    /// The `style` elements.
    pub(super) styles: Vec<NodeId>,
}

/// Names under which pages declare when they were changed.
const MODIFIED: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "dateModified",
    "last-modified",
    "dcterms.modified",
    "DC.date.modified",
];
/// Titles that nobody gave.
const UNNAMED: &[&str] =
    &["untitled", "untitled document", "untitled page", "document", "new page", "page title"];

/// The day that a date or a point in time begins with: `2024-12-31`.
pub(super) fn day(value: &str) -> Option<String> {
    let day = value.trim_ascii().get(..10)?;
    let [year, month, date] = day.split('-').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, len: usize, range: std::ops::RangeInclusive<u16>| {
        text.len() == len && text.parse().is_ok_and(|number| range.contains(&number))
    };
    (number(year, 4, 1970..=9999) && number(month, 2, 1..=12) && number(date, 2, 1..=31))
        .then(|| day.to_owned())
}

/// `de_DE` as Open Graph writes it, `de-DE` as HTML does.
pub(super) fn language(value: &str) -> Option<String> {
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
        if found.trail.is_none() && trail::is_trail(element) {
            found.trail = Some(id);
        }
        match *element.name() {
            local_name!("html") => {
                let lang = element.attr(&local_name!("lang")).or_else(|| element.attr_named("xml:lang"));
                found.language = lang.and_then(language);
            }
            local_name!("title") if element.is_html() && found.title.is_empty() => {
                found.title = Some(clean_line(&tree.text_of(id))).filter(|t| is_name(t)).unwrap_or_default();
            }
            local_name!("meta") => {
                let Some(content) = element.attr(&local_name!("content")) else { continue };
                let key = element
                    .attr(&local_name!("property"))
                    .or_else(|| element.attr(&local_name!("name")))
                    .or_else(|| element.attr(&local_name!("itemprop")))
                    .or_else(|| element.attr(&local_name!("http-equiv")))
                    .unwrap_or_default();
                let is = |name: &str| key.eq_ignore_ascii_case(name);
                if is("og:title") && found.og_title.is_empty() {
                    found.og_title = clean_line(content);
                } else if is("twitter:title") && found.card_title.is_empty() {
                    found.card_title = clean_line(content);
                } else if is("og:site_name") && found.site_name.is_empty() {
                    found.site_name = clean_line(content);
                } else if is("og:type") && found.og_type.is_empty() {
                    found.og_type = content.trim_ascii().to_ascii_lowercase();
                } else if is("description") && found.description.is_none() {
                    found.description = Some(clean_line(content)).filter(|d| !d.is_empty());
                } else if is("og:description") && og_description.is_none() {
                    og_description = Some(clean_line(content)).filter(|d| !d.is_empty());
                } else if MODIFIED.iter().any(|name| is(name)) {
                    found.modified = found.modified.or_else(|| day(content));
                } else if is("article:published_time") || is("datePublished") {
                    found.published = found.published.or_else(|| day(content));
                } else if is("content-language") {
                    declared = declared.or_else(|| language(content));
                } else if is("og:locale") {
                    og_locale = og_locale.or_else(|| language(content));
                }
            }
            local_name!("time") => {
                let date = element.attr(&local_name!("datetime")).and_then(day);
                match element.attr(&local_name!("itemprop")) {
                    Some("dateModified") => found.modified = found.modified.or(date),
                    Some("datePublished") => found.published = found.published.or(date),
                    _ => {}
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
            _ if found.headings.len() < MAX_HEADINGS && heading_level(element) == Some(1) => {
                let text = clean_line(&tree.text_of(id));
                let text = text.trim_end_matches(['¶', '#', '§', ' ']);
                let leads_home = |n| tree.attr(n, &local_name!("href")).is_some_and(trail::leads_home);
                let is_site = tree.children(id).any(|n| leads_home(n) && tree.text_of(n) == tree.text_of(id));
                if !text.is_empty() && !is_site {
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

/// Whether a title names its page.
fn is_name(title: &str) -> bool {
    let is_address = title.starts_with("http://") || title.starts_with("https://");
    (title.contains(' ') || !is_address) && !UNNAMED.iter().any(|name| title.eq_ignore_ascii_case(name))
}

/// What stands between a page's name and its site's.
const SEPARATORS: &[&str] = &[" | ", " — ", " – ", " · ", " - ", " :: ", " » ", " • ", " / "];

impl Metadata {
    /// The page's name: the content's heading if title or Open Graph agree, else what Open Graph or the title say.
    /// Without any, `headline`.
    pub(super) fn best_title(&self, heading: Option<&str>, headline: &str) -> String {
        let heading = heading.unwrap_or_default();
        let agrees = |other: &str| !heading.is_empty() && contains_loosely(other, heading);
        if (agrees(&self.title) || agrees(&self.og_title)) && !self.is_site(heading) {
            return heading.to_owned();
        }
        let named = [
            self.without_site(&self.og_title),
            self.title_without_site(),
            heading,
            self.without_site(&self.card_title),
            headline,
        ];
        named.into_iter().find(|t| !t.is_empty()).unwrap_or_default().to_owned()
    }

    /// `Setup | Acme Docs` is `Setup`.
    pub(super) fn title_without_site(&self) -> &str {
        self.without_site(&self.title)
    }

    /// A title without the site's name: what `og:site_name` says, else its last part if the title ends in it, too.
    fn without_site<'t>(&self, title: &'t str) -> &'t str {
        let (page, last) = split_last(title);
        let (first, rest) = split_first(title);
        if last.is_empty() {
            title
        } else if same_loosely(last, &self.site_name) {
            page
        } else if same_loosely(first, &self.site_name) {
            rest
        } else if same_loosely(last, split_last(&self.title).1) {
            page
        } else {
            title
        }
    }

    /// Whether a heading is the site's name and not the page's.
    pub(super) fn is_site(&self, heading: &str) -> bool {
        same_loosely(heading, &self.site_name) || same_loosely(heading, split_last(&self.title).1)
    }
}

/// A title and its last part; the part is empty where there is but one.
fn split_last(title: &str) -> (&str, &str) {
    let cut = SEPARATORS.iter().filter_map(|s| Some((title.rfind(s)?, s.len()))).max();
    match cut {
        Some((at, len)) if !title[..at].trim().is_empty() => (title[..at].trim(), title[at + len..].trim()),
        _ => (title, ""),
    }
}

/// The first part of a title, and the others.
fn split_first(title: &str) -> (&str, &str) {
    let cut = SEPARATORS.iter().filter_map(|s| Some((title.find(s)?, s.len()))).min();
    cut.map_or((title, ""), |(at, len)| (title[..at].trim(), title[at + len..].trim()))
}

/// Letters and digits, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two texts have the same letters and digits, and any.
fn same_loosely(one: &str, other: &str) -> bool {
    let one = plain(one);
    !one.is_empty() && one == plain(other)
}

/// Whether `whole` holds `part`, letters and digits compared only.
pub(super) fn contains_loosely(whole: &str, part: &str) -> bool {
    plain(whole).contains(&plain(part))
}

/// Whether `whole` starts with `part`, letters and digits compared only.
pub(super) fn starts_loosely(whole: &str, part: &str) -> bool {
    let part = plain(part);
    !part.is_empty() && plain(whole).starts_with(&part)
}
