//! Preformatted code: its exact text, and the language that the page says it is in.

use crate::html::{Element, Holds, Measure, NodeId, Step, Tree, is_silent, local_name};

use super::callout::visible_text;
use super::clean::{Cleaner, Fate};
use super::nodes::NodeSet;

mod language;

pub(super) use language::language;

/// Nodes on each side of a label among which its code is looked for.
const NEAR: usize = 6;

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
    "linenumber",
    "line-number",
    "lineNumber",
    "line-no",
    "crayon-nums",
];

/// Words of the classes of what a theme adds to a code block.
const CONTROLS: &[&str] = &["copy", "copybtn", "clipboard", "zeroclipboard"];

/// Classes of marks that nobody copies: prompts, and the signs of added and removed lines.
const MARKS: &[&str] = &[
    "prompt",
    "command-line-prompt",
    "shell-prompt",
    "terminal-prompt",
    "diff-marker",
    "diff-sign",
    "line-diff-marker",
];

/// Bytes of a control's text, or of a language's name, at most.
const MAX_LABEL: usize = 40;

/// Whether an element holds line numbers.
pub(super) fn is_gutter(element: &Element) -> bool {
    element.classes().any(|c| GUTTER.contains(&c))
}

/// Whether an element is a copy button or a language label of a code block.
fn is_label(element: &Element) -> bool {
    element.classes().any(|class| {
        let mut words = class.split(|c: char| !c.is_ascii_alphanumeric());
        class == "code-lang" || words.any(|word| CONTROLS.contains(&word))
    })
}

/// Whether an element inside code is a mark that nobody copies.
fn is_mark(element: &Element) -> bool {
    let unselectable = |style: &str| {
        let style: String = style.split_ascii_whitespace().collect();
        style.contains("user-select:none")
    };
    element.classes().any(|class| MARKS.contains(&class))
        || element.attr(&local_name!("style")).is_some_and(unselectable)
}

/// Whether an element is a theme's language label, copy button or line numbers beside the code it belongs to.
pub(super) fn is_beside(tree: &Tree, measure: &Measure, id: NodeId, element: &Element) -> bool {
    let is_gutter = is_gutter(element);
    if (measure.text(id) > MAX_LABEL && !is_gutter) || measure.holds(id).any(Holds::PRE) {
        return false;
    }
    let before = std::iter::successors(tree.previous_sibling(id), |&n| tree.previous_sibling(n));
    let after = std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n));
    let pre = after.take(NEAR).chain(before.take(NEAR)).find(|&n| tree.name(n) == Some(&local_name!("pre")));
    let Some(pre) = pre else { return false };
    let text = visible_text(tree, &NodeSet::default(), id);
    let named = is_gutter || is_label(element) || element.has_class("lang");
    named || (!text.is_empty() && text.eq_ignore_ascii_case(&language(tree, pre)))
}

/// Preformatted code, and the language that it is in; empty where none is told.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) text: String,
    pub(super) language: String,
}

/// Reads a `pre`, line by line as a visitor sees it, without empty lines around it.
pub(super) fn read(tree: &Tree, pre: NodeId, dropped: &NodeSet) -> Code {
    let mut out = String::new();
    let is_listing = tree.name(pre) != Some(&local_name!("pre"));
    let mut cleaner = Cleaner::default();
    let mut walk = tree.walk(pre);
    // Where the text of the line began that an element holds.
    let mut line_start = 0;
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) => {
                if let Some(text) = tree.text(id).filter(|_| !dropped.contains(id)) {
                    // Between the parts that are the lines of a listing it is white space of the page.
                    if !(is_listing && tree.parent(id) == Some(pre) && text.trim_ascii().is_empty()) {
                        push(&mut out, &mut cleaner, text);
                    }
                } else if let Some(element) = tree.element(id) {
                    if is_silent(element)
                        || dropped.contains(id)
                        || (id != pre && (is_gutter(element) || is_label(element) || is_mark(element)))
                    {
                        walk.skip_children();
                    } else if *element.name() == local_name!("br") {
                        out.push('\n');
                    } else if id != pre && is_line(element) {
                        start_line(&mut out);
                    } else if is_line_span(element) {
                        // Some highlighters leave the line ends between their lines to the style sheet.
                        let follows =
                            tree.previous_sibling(id).and_then(|n| tree.element(n)).is_some_and(is_line_span);
                        if follows && (out.len() == line_start || !out.ends_with('\n')) {
                            out.push('\n');
                        }
                        line_start = out.len();
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
    if out.contains("[!code") {
        out = without_annotations(&out);
    }
    out.truncate(out.trim_end().len());
    let indent = out.len() - out.trim_start().len();
    if let Some(last_break) = out[..indent].rfind('\n') {
        out.drain(..=last_break);
    }
    Code { text: out, language: language(tree, pre) }
}

/// Elements that some highlighters wrap around each line.
fn is_line(element: &Element) -> bool {
    matches!(*element.name(), local_name!("div") | local_name!("p") | local_name!("li") | local_name!("tr"))
}

/// Elements without a line end of their own that highlighters wrap around each line.
fn is_line_span(element: &Element) -> bool {
    *element.name() == local_name!("span")
        && (element.classes().any(|class| matches!(class, "line" | "code-line" | "token-line" | "cl"))
            || element.attr_named("data-line").is_some())
}

/// Code without the comments that tell a highlighter what to do with a line: `// [!code ++]`.
fn without_annotations(code: &str) -> String {
    let lines = code.split('\n').map(|line| {
        let Some((before, annotation)) = line.split_once("[!code ") else { return line };
        let Some((_, after)) = annotation.split_once(']') else { return line };
        let comment = before.trim_end();
        let Some(open) =
            ["//", "#", "--", "/*", "<!--", ";", "%"].iter().find(|open| comment.ends_with(*open))
        else {
            return line;
        };
        if !matches!(after.trim(), "" | "*/" | "-->") {
            return line;
        }
        comment[..comment.len() - open.len()].trim_end()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether an element that is no `pre` shows code line by line: Doxygen's listings, and the source of a diagram.
pub(super) fn is_listing(tree: &Tree, id: NodeId, element: &Element) -> bool {
    (element.has_class("fragment") && tree.children(id).any(|n| tree.has_class(n, "line")))
        || (element.has_class("mermaid") && tree.children(id).all(|n| tree.text(n).is_some()))
}

/// Whether a table shows code line by line beside its numbers: a file on GitHub.
pub(super) fn is_numbered(tree: &Tree, measure: &Measure, table: NodeId) -> bool {
    let is_number =
        |&n: &NodeId| tree.name(n) == Some(&local_name!("td")) && tree.element(n).is_some_and(is_gutter);
    // The numbers come first, whatever stands around the rows.
    let mut near = tree.descendants(table).take(NEAR);
    near.any(|n| is_number(&n)) && !measure.holds(table).any(Holds::PRE)
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
