//! Preformatted code: its exact text, and the language that the page says it is in.

use crate::html::{Element, NodeId, Step, Tree, is_silent, local_name};

use super::clean::{Cleaner, Fate};

/// Nodes beside a label among which its code is looked for.
const NEAR: usize = 12;

/// Class prefixes that name a language, longest first.
const PREFIXES: &[&str] = &["language-", "lang-", "highlight-source-", "highlight-text-", "highlight-"];

/// Tokens that name no language.
const NO_LANGUAGE: &[&str] =
    &["default", "none", "text", "plaintext", "plain", "notranslate", "txt", "nohighlight", "no-highlight"];

/// Classes of what stands in or beside code and is not code: line numbers.
const GUTTER: &[&str] = &[
    "linenos",
    "lineno",
    "linenodiv",
    "line-numbers-wrapper",
    "line-numbers-rows",
    "gutter",
    "rouge-gutter",
    "blob-num",
    "hljs-ln-numbers",
    "hljs-ln-n",
    "ln",
    "lnt",
    "code-line-number",
];

/// Classes of what a theme adds to a code block.
const LABEL: &[&str] = &[
    "copy-button",
    "copybtn",
    "copy",
    "copy-btn",
    "btn-copy",
    "clipboard-copy",
    "zeroclipboard-container",
    "code-lang",
];

/// Whether an element holds line numbers.
pub(super) fn is_gutter(element: &Element) -> bool {
    element.classes().any(|c| GUTTER.contains(&c))
}

/// Whether an element is a copy button or a language label of a code block.
fn is_label(element: &Element) -> bool {
    element.classes().any(|c| LABEL.contains(&c))
}

/// Whether an element is a theme's language label or copy button beside the code it belongs to.
pub(super) fn is_beside(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let labels = element.attr(&local_name!("class")).is_some()
        && (is_label(element) || element.classes().any(|c| c == "lang"));
    labels
        && tree.parent(id).is_some_and(|parent| {
            tree.children(parent).take(NEAR).any(|c| tree.name(c) == Some(&local_name!("pre")))
        })
}

/// The text of a `pre`, line by line as a visitor sees it, without empty lines around it.
pub(super) fn text(tree: &Tree, pre: NodeId) -> String {
    let mut out = String::new();
    let mut cleaner = Cleaner::default();
    let mut walk = tree.walk(pre);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) => {
                if let Some(text) = tree.text(id) {
                    push(&mut out, &mut cleaner, text);
                } else if let Some(element) = tree.element(id) {
                    if is_silent(element) || (id != pre && (is_gutter(element) || is_label(element))) {
                        walk.skip_children();
                    } else if *element.name() == local_name!("br") {
                        out.push('\n');
                    } else if id != pre && is_line(element) {
                        start_line(&mut out);
                    }
                }
            }
            Step::Leave(id) => {
                if id != pre && tree.element(id).is_some_and(is_line) {
                    start_line(&mut out);
                }
            }
        }
    }
    out.truncate(out.trim_end().len());
    let indent = out.len() - out.trim_start().len();
    if let Some(last_break) = out[..indent].rfind('\n') {
        out.drain(..=last_break);
    }
    out
}

/// Elements that some highlighters wrap around each line.
fn is_line(element: &Element) -> bool {
    matches!(*element.name(), local_name!("div") | local_name!("p") | local_name!("li") | local_name!("tr"))
}

fn start_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn push(out: &mut String, cleaner: &mut Cleaner, text: &str) {
    if text.bytes().all(|b| (b' '..0x7F).contains(&b) || b == b'\n' || b == b'\t') && !cleaner.is_busy() {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        if matches!(c, '\n' | '\t') {
            cleaner.passed(c);
            out.push(c);
            continue;
        }
        match cleaner.fate(c) {
            Fate::Keep => out.push(c),
            Fate::Drop => {}
            Fate::Space => out.push(' '),
            Fate::LineBreak => out.push('\n'),
        }
    }
}

/// The language of a `pre`: from its own class, its `code`'s, or that of one of the three elements around it.
pub(super) fn language(tree: &Tree, pre: NodeId) -> String {
    let code = tree.descendants(pre).find(|&id| tree.name(id) == Some(&local_name!("code")));
    [Some(pre), code]
        .into_iter()
        .flatten()
        .chain(tree.ancestors(pre).filter(|&id| !is_table_part(tree, id)).take(3))
        .filter_map(|id| tree.element(id))
        .find_map(named)
        .unwrap_or_default()
}

/// Tables that set line numbers beside the code are not counted as elements around it.
fn is_table_part(tree: &Tree, id: NodeId) -> bool {
    matches!(
        tree.name(id),
        Some(&(local_name!("td") | local_name!("tr") | local_name!("tbody") | local_name!("table")))
    )
}

fn named(element: &Element) -> Option<String> {
    let by_prefix = element.classes().find_map(|class| PREFIXES.iter().find_map(|p| class.strip_prefix(p)));
    let by_attribute = || element.attr_named("data-lang").or_else(|| element.attr_named("data-language"));
    let by_custom = || by_tool(element);
    let token = by_prefix.or_else(by_attribute).or_else(by_custom)?;
    // Highlighters write options after the name: `js{1,3}`, `python3,ignore`.
    let end = token
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '+' | '#' | '.' | '-')))
        .unwrap_or(token.len());
    let token = token[..end].to_lowercase();
    (!token.is_empty() && token.len() <= 40 && !NO_LANGUAGE.contains(&&*token)).then_some(token)
}

/// `class="hljs rust"`, `class="brush: js"`, `class="sourceCode python"`, rustdoc's `class="rust rust-example-rendered"`.
fn by_tool(element: &Element) -> Option<&str> {
    let class = element.attr(&local_name!("class"))?;
    if let Some((_, brush)) = class.split_once("brush:") {
        return brush.split_ascii_whitespace().next();
    }
    let mut tokens = class.split_ascii_whitespace();
    match (tokens.next()?, tokens.next()) {
        ("hljs" | "sourceCode", Some(language)) | (language, Some("hljs" | "rust-example-rendered")) => {
            Some(language)
        }
        ("rust", Some("item-decl")) => Some("rust"),
        _ => None,
    }
}
