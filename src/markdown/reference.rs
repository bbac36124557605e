//! What a page refers to: where its links lead, and what its pictures show.

use std::collections::{HashMap, HashSet};

use crate::html::{Base, Element, Measure, NodeId, Tree, local_name};

/// Characters of a picture's description at most; a longer one is no description.
const MAX_ALT: usize = 200;
/// Inline elements around a picture at most, for it to be looked at.
const MAX_INLINE: usize = 8;
/// Nodes on each side of a picture among which its text is looked for.
const NEAR: usize = 8;
/// Bytes of a link's destination at most; longer ones (data, tracking) leave the text unlinked.
const MAX_DESTINATION: usize = 2048;
/// Bytes that all destinations together may have beyond what the page wrote; then links leave their text. A long base
/// would make a document of gigabytes.
const MAX_GROWTH: usize = 16 * 1024 * 1024;

/// The references of one page met so far.
#[derive(Debug)]
pub(super) struct References<'t> {
    base: &'t Base,
    resolved: HashMap<&'t str, Option<String>>,
    described: HashSet<&'t str>,
    /// What is left of [`MAX_GROWTH`].
    room: usize,
}

impl<'t> References<'t> {
    pub(super) fn new(base: &'t Base) -> Self {
        Self { base, resolved: HashMap::new(), described: HashSet::new(), room: MAX_GROWTH }
    }

    /// The absolute destination of a link, fit to stand between parentheses.
    pub(super) fn destination(&mut self, href: &'t str) -> Option<String> {
        let known = self.resolved.get(href);
        let destination = known.map_or_else(|| self.resolve(href), Option::clone);
        let growth =
            destination.as_ref().map_or(0, |destination| destination.len().saturating_sub(href.len()));
        self.room = self.room.checked_sub(growth)?;
        self.resolved.entry(href).or_insert_with(|| destination.clone());
        destination
    }

    fn resolve(&self, href: &str) -> Option<String> {
        self.base.resolve(href).and_then(|url| {
            let web = ["http://", "https://", "mailto:", "tel:", "ftp://"].iter().any(|s| url.starts_with(s));
            (web && url.len() <= MAX_DESTINATION && !url.contains(char::is_whitespace))
                .then(|| escape_destination(url))
        })
    }

    /// What a picture shows, if it says so and no picture before said the same: galleries repeat one description.
    pub(super) fn description(&mut self, image: &'t Element) -> Option<&'t str> {
        let alt = image.attr(&local_name!("alt")).unwrap_or_default().trim();
        (!alt.is_empty() && alt.chars().count() <= MAX_ALT && self.described.insert(alt)).then_some(alt)
    }
}

/// Whether a picture belongs to running text: it stands in a line or among paragraphs. Those of cards, galleries
/// and buttons repeat or decorate what stands beside them.
pub(super) fn is_illustration(tree: &Tree, measure: &Measure, image: NodeId) -> bool {
    let (mut at, mut linked) = (image, false);
    for up in tree.ancestors(image).take(MAX_INLINE) {
        match tree.name(up) {
            Some(&local_name!("a")) => linked = true,
            Some(
                &(local_name!("picture")
                | local_name!("label")
                | local_name!("span")
                | local_name!("b")
                | local_name!("i")
                | local_name!("em")
                | local_name!("strong")),
            ) => {}
            Some(
                &(local_name!("p")
                | local_name!("figure")
                | local_name!("td")
                | local_name!("dd")
                | local_name!("body")),
            ) => return true,
            _ => {
                let before = std::iter::successors(tree.previous_sibling(at), |&n| tree.previous_sibling(n));
                let after = std::iter::successors(tree.next_sibling(at), |&n| tree.next_sibling(n));
                let is_text = |n: NodeId| {
                    measure.text(n) > 0 && tree.name(n).is_none_or(|name| *name == local_name!("p"))
                };
                return !linked && before.take(NEAR).chain(after.take(NEAR)).any(is_text);
            }
        }
        at = up;
    }
    false
}

/// `¶`, `#` and the like: an anchor's own sign, not text.
pub(super) fn is_permalink(tree: &Tree, measure: &Measure, id: NodeId, element: &Element) -> bool {
    const CLASSES: &[&str] = &[
        "headerlink",
        "header-anchor",
        "hash-link",
        "anchor",
        "anchor-link",
        "anchorjs-link",
        "heading-anchor",
        "heading-link",
        "permalink",
        "mark",
        "id_link",
        "sl-anchor-link",
        "headline-anchor",
        "direct-link",
        "subheading-anchor",
    ];
    const WORDS: &[&str] = &[
        "permalink",
        "permanent link",
        "link to",
        "direct link",
        "anchor",
        "copy link",
        "section titled",
        "navigate to",
    ];
    // Doxygen's way from what is told in brief to the rest of it, below.
    const MORE: &[&str] = &["More..."];
    let href = element.attr(&local_name!("href")).unwrap_or_default().trim_ascii();
    if !href.contains('#') || measure.text(id) > 120 {
        return false;
    }
    let text = tree.text_of(id);
    if !text.contains(char::is_alphanumeric) {
        let pictured = tree.descendants(id).any(|n| tree.name(n) == Some(&local_name!("img")));
        return !pictured || href.starts_with('#');
    }
    if MORE.contains(&text.trim()) {
        return true;
    }
    let lower = text.to_lowercase();
    element.classes().any(|c| CLASSES.contains(&c)) && WORDS.iter().any(|w| lower.starts_with(w))
}

/// Parentheses may stand in a destination as they are if they are balanced.
fn escape_destination(url: String) -> String {
    let mut depth = 0_i32;
    let balanced = url.bytes().all(|b| {
        depth += i32::from(b == b'(') - i32::from(b == b')');
        depth >= 0
    }) && depth == 0;
    let plain = balanced && !url.contains(['<', '>', '|', '\\', '&', '`']);
    if plain {
        return url;
    }
    let mut out = String::with_capacity(url.len() + 8);
    for (at, c) in url.char_indices() {
        match c {
            '(' | ')' if !balanced => out.extend(['\\', c]),
            '|' => out.push_str("%7C"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '`' => out.push_str("%60"),
            '\\' => out.push_str("%5C"),
            // `&copy=` is a character reference in a destination, too.
            '&' if is_reference(&url[at + 1..]) => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}

fn is_reference(rest: &str) -> bool {
    let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    name > 0 && rest.as_bytes().get(name) == Some(&b';')
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn a_long_base_does_not_make_a_page_a_thousand_times_longer() {
        let base = Base::new(&Url::parse(&format!("https://a.test/{}/", "x".repeat(2_000))).unwrap());
        let mut references = References::new(&base);
        let linked =
            (0..20_000).filter_map(|_| references.destination("y")).map(|url| url.len()).sum::<usize>();
        assert!((MAX_GROWTH - 2_048..=MAX_GROWTH + 20_000).contains(&linked), "{linked}");
        assert_eq!(references.destination("https://b.test/"), Some("https://b.test/".to_owned()));
    }
}
