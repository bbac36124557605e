//! Which sources a corpus becomes: one per document while there are few, else documents share sources. A document that
//! is nothing but questions becomes one source for each of them, as `faq` says.
//!
//! A shared source holds the documents of a range of keys, and a range that does not fit is halved. So a page that
//! changes, comes or goes touches the one source that it lies in.

mod faq;

use std::{borrow::Cow, collections::HashSet};

pub use faq::Answers;
use faq::Split;

use super::label::{Kind, Label, Slot, key};
use crate::{
    chatbase::{
        Source,
        v2::{MAX_TEXT, written_size},
    },
    corpus::{Corpus, Counts, LINK_MAP_HEADING, SEPARATOR, Section},
};

/// How large sources may be, and how many there should be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// With more documents than this, documents share sources.
    pub max_sources: u64,
    /// Largest request body, in bytes.
    pub max_body: u64,
}

/// A source as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it holds, in which version.
    pub label: Label,
    /// The label, written, with a caption for people.
    pub name: String,
    /// What is asked; `None` for a text.
    pub question: Option<String>,
    /// The text, or the answer; never empty.
    pub content: String,
}

impl Limits {
    /// The largest body that is sent, whatever is allowed: the API's host takes 4.5 MB.
    const MAX_BODY: u64 = 4_000_000;
    /// What a request takes besides its text: the name, with every character escaped, and the field names.
    const ENVELOPE: u64 = 1_000;

    fn size(self) -> Size {
        let json = self.max_body.min(Limits::MAX_BODY).saturating_sub(Limits::ENVELOPE);
        Size { units: MAX_TEXT - 1, json }
    }

    /// The depth at which documents begin to share: with twice as many ranges there would be more sources than wanted
    /// once some of them were halved. It depends on the setting alone, so that growth moves nothing.
    fn depth(self) -> u32 {
        (self.max_sources / 2).max(1).ilog2()
    }

    /// Whether documents share sources. What is shared goes on being shared until there are a good deal fewer, or a
    /// site at the limit would be written anew with every other page.
    fn is_shared(self, sources: usize, known: &[Source]) -> bool {
        let shared = |source: &Source| {
            Label::parse(&source.name)
                .is_some_and(|label| label.slot.kind() == Kind::Text && label.slot.is_shared())
        };
        let sources = sources as u64;
        sources > self.max_sources
            || sources > self.max_sources - self.max_sources / 5 && known.iter().any(shared)
    }
}

/// The size of a text in the two units that limits are given in.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// UTF-16 code units.
    units: u64,
    /// Bytes of its JSON.
    json: u64,
}

impl Size {
    fn of(text: &str) -> Size {
        Size { units: Counts::of(text).utf16, json: written_size(text) }
    }

    fn of_char(c: char) -> Size {
        let json = match c {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            _ => c.len_utf8() as u64,
        };
        Size { units: c.len_utf16() as u64, json }
    }

    fn plus(self, other: Size) -> Size {
        Size { units: self.units + other.units, json: self.json + other.json }
    }

    fn fits(self, limit: Size) -> bool {
        self.units <= limit.units && self.json <= limit.json
    }
}

/// What goes into a source whole.
struct Item<'a> {
    key: u64,
    caption: Cow<'a, str>,
    text: Cow<'a, str>,
    size: Size,
}

/// Items in one source.
struct Joint {
    before: &'static str,
    between: &'static str,
}

/// The sources that `corpus` becomes at an agent that has the sources `known`, in the order of their slots. `answers` says
/// which documents become questions with their answers.
pub fn layout(corpus: &Corpus, known: &[Source], limits: Limits, answers: Answers) -> Vec<Wanted> {
    let size = limits.size();
    // By URL: an order that does not depend on what else there is.
    let mut sections: Vec<_> = corpus.sections().filter(|section| !section.text.trim().is_empty()).collect();
    sections.sort_by(|a, b| a.entry.url.cmp(&b.entry.url));
    let links = links(corpus);
    let split = faq::split(sections, known, size, answers);
    let Split { texts, answers, .. } = split.within(limits.max_sources, known);
    let documents = documents(&texts, size);
    let shared = limits.is_shared(documents.len() + answers.len() + usize::from(!links.is_empty()), known);
    let text = Joint { before: "", between: SEPARATOR };
    let mut wanted = if shared {
        let start = |item: &Item<'_>| Slot::around(Kind::Text, item.key, limits.depth());
        shards(documents, start, &text, size)
    } else {
        let alone = |item: &Item<'_>| Slot::one(Kind::Text, item.key);
        shards(documents, alone, &text, size)
    };
    let map = Joint { before: LINK_MAP_HEADING, between: "" };
    wanted.extend(shards(links, |item| Slot::around(Kind::Links, item.key, 0), &map, size));
    wanted.extend(answers);
    wanted.sort_by_key(|wanted| wanted.label.slot);
    wanted
}

/// Documents in as many items as they need.
fn documents<'a>(sections: &[Section<'a>], limit: Size) -> Vec<Item<'a>> {
    let mut taken = HashSet::new();
    let mut items = Vec::with_capacity(sections.len());
    for section in sections {
        let first = key(&section.entry.url);
        for (number, text) in (0_u64..).zip(parts(section.text, limit)) {
            let title = section.entry.title.as_str();
            let caption =
                if number == 0 { Cow::Borrowed(title) } else { format!("{title} ({})", number + 1).into() };
            // Two URLs with one key are two items all the same.
            let mut key = first.wrapping_add(number);
            while !taken.insert(key) {
                key = key.wrapping_add(1);
            }
            items.push(Item { key, caption, size: Size::of(&text), text });
        }
    }
    items
}

/// The lines of the link map by URL.
fn links(corpus: &Corpus) -> Vec<Item<'_>> {
    let mut lines: Vec<_> = corpus.manifest.documents.iter().zip(corpus.link_lines()).collect();
    lines.sort_by(|(a, _), (b, _)| a.url.cmp(&b.url));
    let item = |url: &str, line| Item {
        key: key(url),
        caption: "Pages".into(),
        size: Size::of(line),
        text: Cow::Borrowed(line),
    };
    lines.into_iter().map(|(entry, line)| item(&entry.url, line)).collect()
}

/// Puts items together by ranges, beginning with the one that `start` gives, and halves what does not fit.
fn shards(
    items: Vec<Item<'_>>,
    start: impl Fn(&Item<'_>) -> Slot,
    joint: &Joint,
    limit: Size,
) -> Vec<Wanted> {
    let mut full = Vec::new();
    let mut open = grouped(items, start);
    while let Some((slot, items)) = open.pop() {
        let between = Size::of(joint.between);
        let size = items.iter().fold(Size::of(joint.before), |size, item| size.plus(item.size).plus(between));
        // What cannot be halved is one item, or several of one key.
        let halves = items.first().and_then(|item| slot.half(item.key)).is_some();
        if size.fits(limit) || items.len() == 1 || !halves {
            full.push(joined(slot, &items, joint));
        } else {
            open.extend(grouped(items, |item| slot.half(item.key).unwrap_or(slot)));
        }
    }
    full
}

fn grouped<'a>(items: Vec<Item<'a>>, slot: impl Fn(&Item<'a>) -> Slot) -> Vec<(Slot, Vec<Item<'a>>)> {
    let mut groups = std::collections::BTreeMap::<Slot, Vec<Item<'a>>>::new();
    for item in items {
        groups.entry(slot(&item)).or_default().push(item);
    }
    groups.into_iter().collect()
}

fn joined(slot: Slot, items: &[Item<'_>], joint: &Joint) -> Wanted {
    let texts: Vec<&str> = items.iter().map(|item| item.text.as_ref()).collect();
    let content = [joint.before, &texts.join(joint.between)].concat();
    let caption = match items {
        [first, _, ..] if slot.kind() == Kind::Text => {
            format!("{} and {} more", first.caption, items.len() - 1)
        }
        _ => items.first().map(|first| first.caption.to_string()).unwrap_or_default(),
    };
    let label = Label::of(slot, &content);
    Wanted { label, name: label.name(&caption), question: None, content }
}

/// A document in as many parts as it takes; each begins with its heading and its source line.
fn parts(section: &str, limit: Size) -> Vec<Cow<'_, str>> {
    if Size::of(section).fits(limit) {
        return vec![Cow::Borrowed(section)];
    }
    let head = head(section);
    let own = Size::of(head);
    // A heading that leaves hardly any room is not repeated.
    let repeated = own.units < limit.units / 2 && own.json < limit.json / 2;
    let head = if repeated { head } else { "" };
    let room = Size {
        units: limit.units.saturating_sub(Size::of(head).units),
        json: limit.json.saturating_sub(Size::of(head).json),
    };
    let mut rest = &section[head.len()..];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, left) = rest.split_at(cut(rest, room));
        parts.push(Cow::Owned([head, part].concat()));
        rest = left;
    }
    parts
}

/// Heading and source line, with the empty line below them.
fn head(section: &str) -> &str {
    let below = section.find("\nSource: ").and_then(|at| Some(at + 1 + section[at + 1..].find('\n')? + 1));
    below.map_or("", |end| if section[end..].starts_with('\n') { &section[..=end] } else { &section[..end] })
}

/// Where to cut a text so that what stands before fits: before a heading, else between paragraphs, lines or words, unless
/// that would leave half of the room empty. Never 0.
fn cut(text: &str, room: Size) -> usize {
    let mut size = Size::default();
    let mut end = 0;
    for c in text.chars() {
        size = size.plus(Size::of_char(c));
        if end > 0 && !size.fits(room) {
            break;
        }
        end += c.len_utf8();
    }
    if end == text.len() {
        return end;
    }
    let good = ["\n#", "\n\n", "\n", " "].into_iter();
    let mut good =
        good.filter_map(|boundary| Some(text[..end].rfind(boundary)? + 1)).filter(|at| *at > end / 2);
    good.next().unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        corpus::{Assembler, Budget, Limit, Unit},
        document::Document,
        extract::Block,
    };

    pub(super) const LIMITS: Limits = Limits { max_sources: 500, max_body: 4_500_000 };

    pub(super) fn corpus(documents: &BTreeMap<String, String>) -> Corpus {
        let limits = vec![Limit { unit: Unit::Bytes, max: 1_000_000_000 }];
        let mut assembler = Assembler::new(Budget::of(limits));
        for (place, (url, text)) in documents.iter().enumerate() {
            let block = Block { fingerprint: 0, markdown: text.clone() };
            assembler.offer(place, &Document::new(url, &format!("At {url}"), [block].iter()).unwrap());
        }
        assembler.finish()
    }

    fn pages(count: usize, length: usize) -> BTreeMap<String, String> {
        let text = |n: usize| format!("Page {n}. {}", "word ".repeat(length / 5));
        (0..count).map(|n| (format!("https://a.test/{n}"), text(n))).collect()
    }

    /// How many sources are written or deleted between two layouts.
    pub(super) fn touched(before: &[Wanted], after: &[Wanted]) -> usize {
        let labels = |wanted: &[Wanted]| -> BTreeMap<Slot, u64> {
            wanted.iter().map(|wanted| (wanted.label.slot, wanted.label.version)).collect()
        };
        let (before, after) = (labels(before), labels(after));
        let written = after.iter().filter(|(slot, version)| before.get(slot) != Some(version)).count();
        written + before.keys().filter(|slot| !after.contains_key(slot)).count()
    }

    fn assert_fits(wanted: &[Wanted], limits: Limits) {
        for wanted in wanted {
            let body = serde_json::json!({"type": "text", "name": wanted.name, "content": wanted.content});
            assert!(body.to_string().len() as u64 <= limits.max_body.min(4_000_000), "{}", wanted.name);
            assert!(Counts::of(&wanted.content).utf16 < MAX_TEXT, "{}", wanted.name);
        }
    }

    #[test]
    fn few_documents_are_a_source_each_and_the_link_map_is_another() {
        let corpus = corpus(&pages(499, 10));
        let wanted = layout(&corpus, &[], LIMITS, Answers::Native);
        assert_eq!(wanted.len(), 500);
        let map = wanted.iter().find(|wanted| wanted.label.slot.kind() == Kind::Links).unwrap();
        assert!(
            map.content.starts_with("# Pages\n\n- [At https://a.test/0](https://a.test/0)\n"),
            "{}",
            map.content
        );
        let page = wanted.iter().find(|wanted| wanted.content.contains("Page 7.")).unwrap();
        assert!(page.content.starts_with("# At https://a.test/7\n\nSource: https://a.test/7\n\nPage 7."));
        assert!(page.name.ends_with(" At https://a.test/7"), "{}", page.name);
    }

    #[test]
    fn many_documents_share_sources_and_a_change_touches_one() {
        let mut documents = pages(3_000, 2_000);
        let before = layout(&corpus(&documents), &[], LIMITS, Answers::Native);
        assert!(before.len() <= 500, "{}", before.len());
        assert_fits(&before, LIMITS);
        documents.insert("https://a.test/7".to_owned(), "Another text.".to_owned());
        let after = layout(&corpus(&documents), &[], LIMITS, Answers::Native);
        assert_eq!(touched(&before, &after), 1);
        documents.insert("https://a.test/new".to_owned(), "A new page.".to_owned());
        // Its line in the link map is the other.
        assert_eq!(touched(&after, &layout(&corpus(&documents), &[], LIMITS, Answers::Native)), 2);
    }

    #[test]
    fn what_is_shared_stays_shared_until_there_are_a_good_deal_fewer() {
        let documents = corpus(&pages(450, 10));
        assert_eq!(layout(&documents, &[], LIMITS, Answers::Native).len(), 451);
        let shared = layout(&corpus(&pages(600, 10)), &[], LIMITS, Answers::Native);
        let known: Vec<_> = shared.iter().map(super::super::tests::trained).collect();
        assert!(layout(&documents, &known, LIMITS, Answers::Native).len() < 200);
        assert_eq!(layout(&corpus(&pages(300, 10)), &known, LIMITS, Answers::Native).len(), 301);
    }

    #[test]
    fn a_document_that_no_source_can_hold_is_cut_between_its_paragraphs() {
        let paragraph = "Eins \"zwei\" drei. ".repeat(20);
        let text = format!("{paragraph}\n\n").repeat(8_000);
        let documents = BTreeMap::from([("https://a.test/long".to_owned(), text)]);
        let corpus = corpus(&documents);
        let wanted = layout(&corpus, &[], LIMITS, Answers::Native);
        assert_fits(&wanted, LIMITS);
        let mut parts: Vec<_> =
            wanted.iter().filter(|wanted| wanted.label.slot.kind() == Kind::Text).collect();
        parts.sort_by_key(|part| part.label.slot);
        assert!(parts.len() >= 3, "{}", parts.len());
        let mut rejoined = 0;
        for part in parts {
            let (head, body) = part.content.split_at(head(&part.content).len());
            assert_eq!(head, "# At https://a.test/long\n\nSource: https://a.test/long\n\n");
            assert!(body.trim_start().starts_with("Eins"), "{}", &body[..40]);
            rejoined += body.matches("Eins").count();
        }
        assert_eq!(rejoined, 160_000);
    }

    #[test]
    fn a_link_map_that_no_source_can_hold_is_several() {
        let documents: BTreeMap<_, _> = pages(2_000, 10)
            .into_iter()
            .map(|(url, text)| (format!("{url}/{}", "x".repeat(600)), text))
            .collect();
        let corpus = corpus(&documents);
        let wanted = layout(&corpus, &[], LIMITS, Answers::Native);
        assert_fits(&wanted, LIMITS);
        let maps = wanted.iter().filter(|wanted| wanted.label.slot.kind() == Kind::Links);
        assert_eq!(maps.clone().count(), 4);
        assert_eq!(maps.map(|map| map.content.lines().count() - 2).sum::<usize>(), 2_000);
    }

    #[test]
    fn a_character_has_the_size_of_its_json() {
        for c in "a\"\\\n\r\t\u{8}\u{c}\u{0}\u{1f} \u{7f}äあ🎈".chars() {
            let text = c.to_string();
            let (char, text) = (Size::of_char(c), Size::of(&text));
            assert_eq!((char.units, char.json), (text.units, text.json), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn every_document_is_in_a_source_and_none_is_too_large(
            texts in prop::collection::vec("[a-z\"\\\\äあ🎈 \n#]{1,60}", 1..40),
            max_sources in 1_u64..60,
            max_body in 1_300_u64..4_000,
        ) {
            let limits = Limits { max_sources, max_body };
            let documents = texts.iter().enumerate().map(|(n, text)| (format!("https://a.test/{n}"), format!("x{text}")));
            let documents: BTreeMap<_, _> = documents.collect();
            let corpus = corpus(&documents);
            let wanted = layout(&corpus, &[], limits, Answers::Native);
            assert_fits(&wanted, limits);
            let all: String = wanted.iter().map(|wanted| wanted.content.as_str()).collect();
            for section in corpus.sections() {
                let source = format!("Source: {}\n", section.entry.url);
                prop_assert!(all.contains(&source));
            }
            prop_assert_eq!(&layout(&corpus, &[], limits, Answers::Native), &wanted);
        }
    }
}
