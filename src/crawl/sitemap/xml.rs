//! The XML forms of a sitemap, read as a stream of events: no tree, no entity definitions, bounded depth.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error, SyntaxError};
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::text::cut_to;
use super::{Doubt, Entry, Kind, MAX_LOC_LEN, Sitemap};

/// The deepest nesting that is read: sitemaps have 5 levels, feeds with XHTML in them some dozens.
const MAX_DEPTH: usize = 256;

/// Where a form of sitemap has its entries. All names are local, without their prefix.
struct Form {
    root: &'static str,
    kind: Kind,
    entry: &'static str,
    /// How deep an entry is, the root being 1.
    entry_depth: usize,
    loc: &'static str,
    lastmod: &'static [&'static str],
}

const FORMS: [Form; 5] = [
    Form {
        root: "urlset",
        kind: Kind::Urls,
        entry: "url",
        entry_depth: 2,
        loc: "loc",
        lastmod: &["lastmod"],
    },
    Form {
        root: "sitemapindex",
        kind: Kind::Index,
        entry: "sitemap",
        entry_depth: 2,
        loc: "loc",
        lastmod: &["lastmod"],
    },
    Form { root: "rss", kind: Kind::Urls, entry: "item", entry_depth: 3, loc: "link", lastmod: &["pubDate"] },
    Form { root: "RDF", kind: Kind::Urls, entry: "item", entry_depth: 2, loc: "link", lastmod: &["date"] },
    Form {
        root: "feed",
        kind: Kind::Urls,
        entry: "entry",
        entry_depth: 2,
        loc: "link",
        lastmod: &["updated", "modified"],
    },
];

/// Which text of an entry is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Loc,
    Lastmod,
}

/// An entry that is being read.
#[derive(Default)]
struct Draft {
    loc: String,
    lastmod: String,
    /// The prefix of its name, which its fields share: `image:loc` is no `loc`.
    prefix: String,
}

impl Draft {
    fn push(&mut self, field: Field, text: &str) {
        let target = match field {
            Field::Loc => &mut self.loc,
            Field::Lastmod => &mut self.lastmod,
        };
        // White space before the value must not use up its room.
        let text = if target.is_empty() { text.trim_start() } else { text };
        target.push_str(cut_to(text, MAX_LOC_LEN.saturating_sub(target.len())));
    }

    fn finished(self) -> Option<Entry> {
        let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Some(Entry { loc: trimmed(&self.loc)?, lastmod: trimmed(&self.lastmod) })
    }
}

/// Reads a text that starts with `<`.
pub(super) fn parse(text: &str, max_entries: usize) -> Sitemap {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    let mut walk = Walk::new(max_entries);
    let doubt = loop {
        let step = match reader.read_event() {
            Ok(event) => walk.step(&event),
            Err(error) => Step::Stop(Some(doubt_of(&error))),
        };
        if let Step::Stop(doubt) = step {
            break doubt;
        }
    };
    let kind = walk.form.map_or(Kind::Urls, |form| form.kind);
    Sitemap { kind, entries: walk.entries, doubt }
}

/// What an error says of the document: only the end of the text leaves a construct open.
fn doubt_of(error: &Error) -> Doubt {
    match error {
        Error::Syntax(SyntaxError::InvalidBangMarkup) => Doubt::Malformed,
        Error::Syntax(_) => Doubt::Cut,
        _ => Doubt::Malformed,
    }
}

enum Step {
    Next,
    Stop(Option<Doubt>),
}

/// The state of a walk through the events.
struct Walk {
    form: Option<&'static Form>,
    depth: usize,
    draft: Option<Draft>,
    field: Option<Field>,
    entries: Vec<Entry>,
    max_entries: usize,
}

impl Walk {
    fn new(max_entries: usize) -> Self {
        Self { form: None, depth: 0, draft: None, field: None, entries: Vec::new(), max_entries }
    }

    fn step(&mut self, event: &Event<'_>) -> Step {
        match event {
            Event::Start(start) => return self.start(start),
            Event::End(_) => return self.end(),
            Event::Text(text) => self.text(text),
            Event::CData(data) => self.text(data),
            Event::GeneralRef(reference) => self.reference(reference),
            Event::Eof => return Step::Stop(Some(Doubt::Cut)),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        Step::Next
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Step {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Step::Stop(Some(Doubt::Malformed));
        }
        let name = start.local_name();
        let name: &str = name.as_ref();
        let Some(form) = self.form else {
            self.form = FORMS.iter().find(|form| form.root == name);
            return if self.form.is_some() { Step::Next } else { Step::Stop(Some(Doubt::NotASitemap)) };
        };
        let qualified = start.name();
        let prefix = qualified.prefix().map_or("", |prefix| prefix.into_inner());
        if self.depth == form.entry_depth && name == form.entry {
            self.draft = Some(Draft { prefix: prefix.to_owned(), ..Draft::default() });
        } else if self.depth == form.entry_depth + 1
            && let Some(draft) = &mut self.draft
        {
            if name == form.loc && prefix == draft.prefix && draft.loc.is_empty() {
                draft.push(Field::Loc, &href(start));
                self.field = draft.loc.is_empty().then_some(Field::Loc);
            } else if form.lastmod.contains(&name) && draft.lastmod.is_empty() {
                self.field = Some(Field::Lastmod);
            }
        }
        Step::Next
    }

    fn end(&mut self) -> Step {
        self.depth = self.depth.saturating_sub(1);
        let Some(form) = self.form else { return Step::Next };
        if self.depth == form.entry_depth {
            self.field = None;
        } else if self.depth < form.entry_depth
            && let Some(entry) = self.draft.take().and_then(Draft::finished)
        {
            if self.entries.len() == self.max_entries {
                return Step::Stop(Some(Doubt::TooLarge));
            }
            self.entries.push(entry);
        }
        // What follows a closed root cannot take anything from it.
        if self.depth == 0 { Step::Stop(None) } else { Step::Next }
    }

    fn text(&mut self, text: &str) {
        if let (Some(field), Some(draft)) = (self.field, &mut self.draft) {
            draft.push(field, text);
        }
    }

    /// A character reference or one of XML's five names. Others stay as they are: no file may define its own.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text(character.encode_utf8(&mut [0; 4]));
        } else if let Some(text) = resolve_predefined_entity(reference) {
            self.text(text);
        } else {
            self.text("&");
            self.text(reference);
            self.text(";");
        }
    }
}

/// The target of an Atom `link` to the page itself; empty for any other element.
fn href(start: &BytesStart<'_>) -> String {
    let mut href = String::new();
    // Unchecked, as comparing each name with all before it takes quadratic time.
    for attribute in start.attributes().with_checks(false).flatten() {
        let key: &str = attribute.key.as_ref();
        match key {
            "href" => {
                let value = cut_to(&attribute.value, MAX_LOC_LEN);
                href = unescape(value).map_or_else(|_| value.to_owned(), Cow::into_owned);
            }
            "rel" if &*attribute.value != "alternate" => return String::new(),
            _ => {}
        }
    }
    href
}
