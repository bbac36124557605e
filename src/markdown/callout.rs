//! Notes, tips and warnings that a page sets apart, whatever its generator calls them.

use crate::html::{Element, Holds, Measure, NodeId, Tree, is_heading, is_silent, local_name};

use super::clean::clean_line;
use super::nodes::NodeSet;

/// Bytes of text in a callout at most: what holds more is a part of the page.
const MAX_TEXT: usize = 20_000;
/// Bytes of a callout's title at most.
const MAX_TITLE: usize = 200;
/// Nodes of a callout among which its title is looked for.
const NEAR: usize = 24;

/// Nodes, and bytes, of a title or a label that are looked at.
const MAX_NODES: usize = 1_000;

/// Words of a class, and the kind of callout that they name.
const KINDS: &[(&str, &str)] = &[
    ("note", "Note"),
    ("tip", "Tip"),
    ("warning", "Warning"),
    ("caution", "Caution"),
    ("danger", "Danger"),
    ("important", "Important"),
    ("attention", "Attention"),
    ("info", "Info"),
    ("hint", "Hint"),
    ("error", "Error"),
    ("seealso", "See also"),
    ("example", "Example"),
    ("abstract", "Abstract"),
    ("summary", "Summary"),
    ("success", "Success"),
    ("question", "Question"),
    ("failure", "Failure"),
    ("bug", "Bug"),
    ("todo", "Todo"),
    ("deprecated", "Deprecated"),
    ("security", "Security"),
    ("information", "Info"),
];

/// Signs that stand for a kind where no word does.
const SIGNS: &[(&str, &str)] = &[
    ("💡", "Tip"),
    ("⚠", "Warning"),
    ("🚫", "Danger"),
    ("🚨", "Danger"),
    ("❌", "Error"),
    ("❗", "Important"),
    ("ℹ", "Info"),
    ("📝", "Note"),
    ("📌", "Note"),
    ("✅", "Success"),
];

/// Words that say that an element is a callout of some kind.
const MARKERS: &[&str] =
    &["admonition", "admonitionblock", "callout", "alert", "hint", "aside", "notice", "macro"];

/// Whole classes that say the same.
const MARKER_CLASSES: &[&str] = &["custom-block", "blockquote-tag"];

/// Words of a class of something inside a callout.
const PARTS: &[&str] = &[
    "title", "heading", "header", "icon", "content", "body", "label", "inner", "link", "button", "close",
    "text",
];

/// A callout's label and the element that holds its title, which is not to be written again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Callout {
    pub(super) label: Option<String>,
    pub(super) title: Option<NodeId>,
    /// The text with which the callout begins, and how many bytes of it name the kind once more.
    pub(super) said: Option<(NodeId, usize)>,
}

/// What the classes of an element say.
#[derive(Debug, Default)]
struct Named {
    kind: Option<&'static str>,
    /// The class is the name of a kind and nothing else.
    alone: bool,
    marked: bool,
    /// Marked by a word that nothing else is called by.
    certain: bool,
}

fn kind_of(word: &str) -> Option<&'static str> {
    if !(3..=11).contains(&word.len()) {
        return None;
    }
    KINDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

fn named(element: &Element) -> Named {
    // Mintlify's is called by an attribute.
    let kind = element.attr_named("data-callout-type").and_then(kind_of);
    let mut named = Named { kind, marked: kind.is_some(), ..Named::default() };
    let Some(class) = element.attr(&local_name!("class")) else { return named };
    let mut tokens = 0;
    for token in class.split_ascii_whitespace() {
        tokens += 1;
        let words = || token.split(|c: char| !c.is_ascii_alphanumeric());
        if words().any(|word| PARTS.contains(&word)) {
            continue;
        }
        named.marked |= MARKER_CLASSES.contains(&token);
        for word in words() {
            named.marked |= MARKERS.contains(&word);
            named.certain |= matches!(word, "admonition" | "admonitionblock" | "callout");
            if matches!(named.kind, None | Some("Info" | "Hint")) {
                named.kind = kind_of(word).or(named.kind);
            }
        }
    }
    named.alone = tokens == 1 && kind_of(class.trim_ascii()).is_some();
    named
}

/// Whether an element is a callout or a footnote, however short: more than a remark beside the text.
pub(crate) fn is_callout(element: &Element) -> bool {
    let named = named(element);
    if element.has_class("footnote") || element.attr(&local_name!("role")) == Some("doc-footnote") {
        return true;
    }
    let by_role = matches!(element.attr(&local_name!("role")), Some("note" | "doc-tip" | "doc-notice"));
    by_role || named.certain || (named.kind.is_some() && (named.marked || named.alone))
}

/// What an element is as a callout; `None` if it is none.
pub(super) fn callout(
    tree: &Tree,
    measure: &Measure,
    dropped: &NodeSet,
    id: NodeId,
    element: &Element,
) -> Option<Callout> {
    element.attr(&local_name!("class")).or_else(|| element.attr(&local_name!("role")))?;
    let Named { mut kind, alone, marked, certain } = named(element);
    let role = matches!(element.attr(&local_name!("role")), Some("note" | "doc-tip" | "doc-notice"));
    if !(marked || role || (kind.is_some() && alone)) || measure.text(id) > MAX_TEXT {
        return None;
    }
    let folds = *element.name() == local_name!("details");
    // Docusaurus dresses whatever folds as an alert, VuePress as a hint.
    if folds && (kind.is_none() || element.has_class("alert") || element.has_class("details")) {
        return None;
    }
    let title = title(tree, measure, dropped, id, element);
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let named_by_title = title.as_ref().is_some_and(|(_, text)| kind_of(&plain(text)).is_some());
    // A class such as `info` or `question` alone is anything; with the word as a title it is a callout.
    let strict = matches!(kind, Some("Note" | "Tip" | "Warning" | "Caution" | "Danger" | "Important"));
    let sure = certain || role || (marked && (kind.is_some() || title.is_some()));
    // DocBook's have their titles as headings.
    let headed = || title.as_ref().is_some_and(|(n, _)| tree.has_class(*n, "title"));
    let is_plain = || !measure.holds(id).any(Holds::HEADING) || headed();
    if !(sure || named_by_title || (alone && strict && is_plain()) || folds) {
        return None;
    }
    if kind.is_none() && role && !marked {
        kind = Some("Note");
    }
    let (title, sign) = match title {
        None if kind.is_none() => {
            sign(tree, dropped, id).map_or((None, None), |(n, kind)| (Some((n, String::new())), Some(kind)))
        }
        title => (title, None),
    };
    let kind = kind.or(sign);
    let label = match (kind, &title) {
        (Some(kind), Some((_, text))) => {
            let text = without_kind(kind, text);
            let (own, name) = (plain(text), plain(kind));
            if own.is_empty() || own == name {
                Some(kind.to_owned())
            } else if own.contains(&name) {
                Some(text.to_owned())
            } else {
                Some(format!("{kind}: {text}"))
            }
        }
        (None, Some((_, text))) => Some(text.clone()),
        (kind, None) => kind.map(str::to_owned),
    };
    let title = title.map(|(id, _)| id);
    let said = kind.and_then(|kind| said_again(tree, dropped, id, title, kind));
    Some(Callout { label, title, said })
}

/// What follows where a text begins with a kind's name and a sign after it: `Note: Mind` and `Note`, not `Note that`.
fn after_kind<'t>(kind: &str, text: &'t str) -> Option<&'t str> {
    let text = text.trim_start();
    let named = text.get(..kind.len()).filter(|begin| begin.eq_ignore_ascii_case(kind))?;
    let rest = text[named.len()..].trim_start();
    let after = rest.trim_start_matches([':', '!', '：', '–', '—']);
    (rest.is_empty() || after.len() < rest.len()).then(|| after.trim_start())
}

/// A title without the kind's name before it, however often it stands there.
fn without_kind<'t>(kind: &str, title: &'t str) -> &'t str {
    std::iter::successors(Some(title), |text| after_kind(kind, text).filter(|_| !text.is_empty()))
        .last()
        .unwrap_or(title)
}

/// The first text of a callout below its title, and its bytes before what follows the kind's name.
fn said_again(
    tree: &Tree,
    dropped: &NodeSet,
    id: NodeId,
    title: Option<NodeId>,
    kind: &str,
) -> Option<(NodeId, usize)> {
    let mut nodes = tree.descendants(id);
    for _ in 0..MAX_NODES {
        let n = nodes.next()?;
        if let Some(element) = tree.element(n) {
            if is_silent(element) || dropped.contains(n) || Some(n) == title {
                nodes.skip_children();
            } else if matches!(*element.name(), local_name!("pre") | local_name!("code")) {
                return None;
            }
        } else if let Some(text) = tree.text(n).filter(|text| !text.trim_ascii().is_empty()) {
            let after = after_kind(kind, text)?;
            // The name alone may begin a sentence that goes on in another element.
            let alone = after.is_empty() && !text.trim_end().ends_with([':', '!', '：']);
            return (!alone).then(|| (n, text.len() - after.len()));
        }
    }
    None
}

/// The element that names a callout, with its text.
fn title(
    tree: &Tree,
    measure: &Measure,
    dropped: &NodeSet,
    id: NodeId,
    element: &Element,
) -> Option<(NodeId, String)> {
    let mut nodes = tree.descendants(id);
    let mut seen = 0;
    while let Some(n) = nodes.next() {
        seen += 1;
        if seen > NEAR {
            return None;
        }
        if tree.text(n).is_some_and(|text| !text.trim_ascii().is_empty()) {
            return None;
        }
        let Some(inner) = tree.element(n) else { continue };
        if is_silent(inner) || dropped.contains(n) {
            nodes.skip_children();
            continue;
        }
        let is_title = is_heading(inner.name())
            || *inner.name() == local_name!("summary")
            || inner.classes().any(|class| {
                let lower = class.to_ascii_lowercase();
                lower.contains("title") || lower.contains("heading") || lower == "icon"
            });
        let text = || visible_text(tree, dropped, n);
        if is_title && (1..=MAX_TITLE).contains(&measure.text(n)) {
            return Some((n, text())).filter(|(_, text)| !text.is_empty());
        }
        // `<div class=NOTE><p>Note</p>…`: the first line is the kind's name.
        let first = tree.children(id).find_map(|child| tree.element(child).map(|_| child)) == Some(n);
        if first && measure.text(n) <= 20 && measure.text(n) < measure.text(id) {
            let text = text();
            let name = text.trim_end_matches([':', '!']);
            let same =
                kind_of(name).is_some() && element.classes().any(|class| kind_of(class) == kind_of(name));
            if same {
                return Some((n, name.to_owned()));
            }
        }
    }
    None
}

/// The element that holds the sign with which a callout begins, with the kind that it stands for.
fn sign(tree: &Tree, dropped: &NodeSet, id: NodeId) -> Option<(NodeId, &'static str)> {
    let mut nodes = tree.descendants(id).take(NEAR).filter(|&n| !dropped.contains(n));
    let text = nodes.find(|&n| tree.text(n).is_some_and(|text| !text.trim_ascii().is_empty()))?;
    let said = tree.text(text)?.trim().trim_end_matches('\u{FE0F}');
    let (_, kind) = SIGNS.iter().find(|(sign, _)| *sign == said)?;
    let holder =
        tree.parent(text).filter(|&holder| holder != id && tree.text_of(holder).trim().len() <= 8)?;
    Some((holder, kind))
}

/// The text of an element without icons, anchors and what is left out.
pub(crate) fn visible_text(tree: &Tree, dropped: &NodeSet, id: NodeId) -> String {
    let mut out = String::new();
    let mut nodes = tree.descendants(id);
    let mut seen = 0;
    while let Some(n) = nodes.next() {
        seen += 1;
        if seen > MAX_NODES || out.len() > MAX_NODES {
            break;
        }
        if let Some(text) = tree.text(n).filter(|_| !dropped.contains(n)) {
            out.push_str(text);
        } else if let Some(element) = tree.element(n) {
            let anchor = || {
                (element.has_class("headerlink") || element.has_class("header-anchor"))
                    && !tree.text_of(n).contains(char::is_alphanumeric)
            };
            if is_silent(element) || dropped.contains(n) || anchor() {
                nodes.skip_children();
            } else if matches!(
                *element.name(),
                local_name!("p") | local_name!("div") | local_name!("br") | local_name!("li")
            ) {
                out.push(' ');
            }
        }
    }
    clean_line(&out)
}
