//! Documents with the same text, or nearly the same: one of them stays.
//!
//! Of equal texts the first one stays, in the order in which documents are offered, which is the order of the corpus
//! (priority, then URL): so the winner is stable, and can be explained. Links within a site count as relative ones: a
//! page is the same under another name of its site.
//!
//! Nearly the same is another matter: pages that are made from one form (one a country, one a version, one a method)
//! differ in the one word that a customer asks for. So `sketch` finds pairs that share nearly all their passages, and
//! [`likeness`] looks at what they do not share: only what says nothing of its own is left out.

mod difference;
mod negation;
mod said;
mod sketch;
pub mod words;

use std::{borrow::Cow, collections::HashMap};

use url::Url;

pub use difference::{Likeness, likeness};
pub use said::Said;
pub use sketch::{Bands, Index};

use crate::document::{ContentHash, Document};

/// The texts that were seen so far.
#[derive(Debug, Default)]
pub struct Deduper {
    first: HashMap<ContentHash, String>,
}

impl Deduper {
    /// The URL of the document with the same text that came before; `None` where this is the first.
    pub fn twin(&mut self, document: &Document) -> Option<&str> {
        use std::collections::hash_map::Entry;
        let hash = match text(document) {
            Cow::Borrowed(_) => document.hash,
            Cow::Owned(text) => ContentHash::of(&text),
        };
        match self.first.entry(hash) {
            Entry::Occupied(first) => Some(first.into_mut()),
            Entry::Vacant(vacant) => {
                vacant.insert(document.url.clone());
                None
            }
        }
    }
}

/// The document's text, links within its site made relative.
fn text(document: &Document) -> Cow<'_, str> {
    let origin =
        Url::parse(&document.url).ok().filter(Url::has_host).map(|url| url.origin().ascii_serialization());
    match origin {
        Some(origin) if document.markdown.contains(&origin) => {
            Cow::Owned(document.markdown.replace(&format!("{origin}/"), "/"))
        }
        _ => Cow::Borrowed(&document.markdown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Block;

    #[test]
    fn the_first_of_two_equal_texts_wins_whatever_its_title() {
        let document = |url: &str, title: &str, text: &str| {
            Document::new(url, title, [Block { fingerprint: 0, markdown: text.to_owned() }].iter()).unwrap()
        };
        let mut deduper = Deduper::default();
        assert_eq!(deduper.twin(&document("/a", "A", "same")), None);
        assert_eq!(deduper.twin(&document("/b", "B", "same")), Some("/a"));
        assert_eq!(deduper.twin(&document("/c", "C", "other")), None);
        let linking = |origin: &str| document(&format!("{origin}/d"), "D", &format!("[E]({origin}/e)"));
        assert_eq!(deduper.twin(&linking("https://a.test")), None);
        assert_eq!(deduper.twin(&linking("https://www.a.test")), Some("https://a.test/d"));
    }
}
