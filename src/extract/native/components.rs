//! What generators add to Markdown: components of MDX, directives, shortcodes. Their marks go; titles and kinds are
//! written as HTML that says the same, and what they hold loses the indentation that they gave it.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::tag::{TagScan, attribute, balance, escape, is_statement, lines_of_tag, traits};

/// Bytes of one shortcode at most.
const MAX_SHORTCODE: usize = 500;
/// Components inside each other at most; deeper ones go without a trace.
const MAX_OPEN: usize = 64;

/// Components and directives that set a note apart.
const CALLOUTS: &[&str] = &[
    "note",
    "tip",
    "warning",
    "info",
    "danger",
    "caution",
    "important",
    "callout",
    "admonition",
    "aside",
    "alert",
    "hint",
    "success",
    "error",
    "seealso",
    "example",
    "question",
    "bug",
    "check",
    "attention",
    "abstract",
    "failure",
];
/// Components that fold what they hold.
const FOLDS: &[&str] =
    &["accordion", "accordionitem", "details", "expandable", "collapse", "collapsible", "toggle", "faq"];
/// Components that describe a parameter or a field of an answer.
const FIELDS: &[&str] =
    &["paramfield", "responsefield", "param", "parameter", "field", "property", "attribute", "apiparam"];
/// Attributes that name what a component holds.
const TITLES: &[&str] =
    &["title", "label", "summary", "question", "name", "header", "heading", "path", "query", "body"];
/// Attributes that give a callout's kind.
const KINDS: &[&str] = &["type", "variant", "kind", "intent", "style", "status"];

/// What ends an open component.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// A closing tag or shortcode of this name.
    Named(String),
    /// A line of at least so many colons.
    Colons(usize),
    /// A line that is less indented.
    Margin(usize),
}

#[derive(Debug)]
struct Open {
    end: End,
    /// What is written at its end.
    close: &'static str,
    /// Columns by which its lines are indented; known from the first one.
    indent: Option<usize>,
}

#[derive(Debug, Default)]
struct Cleaner<'t> {
    out: String,
    open: Vec<Open>,
    /// The mark and length of the code fence that is open.
    fence: Option<(char, usize)>,
    in_comment: bool,
    /// Names that closing tags have somewhere.
    closed: HashSet<&'t str>,
    /// Brackets of an `import` or `export` that are open.
    statement: Option<usize>,
}

/// Markdown without the marks of generators.
pub(super) fn clean(text: &str) -> String {
    let name = |rest: &'_ str| rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    let closed = text.split("</").skip(1).map(|rest| &rest[..name(rest).unwrap_or(rest.len())]).collect();
    let mut cleaner = Cleaner { out: String::with_capacity(text.len()), closed, ..Cleaner::default() };
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let is_text = cleaner.fence.is_none() && cleaner.statement.is_none() && !cleaner.in_comment;
        let more = if is_text { lines_of_tag(line, lines.clone()) } else { 0 };
        let mut joined = line.to_owned();
        for line in lines.by_ref().take(more) {
            joined.push(' ');
            joined.push_str(line.trim());
        }
        cleaner.line(&joined);
    }
    while let Some(open) = cleaner.open.pop() {
        cleaner.out.push_str(open.close);
    }
    cleaner.out
}

impl Cleaner<'_> {
    fn line(&mut self, line: &str) {
        if self.fence.is_none() && !line.trim().is_empty() {
            self.end_indented(line);
        }
        let line = self.dedent(line);
        if let Some((mark, length)) = self.fence {
            self.push_line(line);
            let run = line.trim_start().chars().take_while(|&c| c == mark).count();
            if run >= length && line.trim_start()[run..].trim().is_empty() {
                self.fence = None;
            }
            return;
        }
        if let Some(open) = self.statement {
            self.statement = Some(balance(line, open)).filter(|&open| open > 0);
            return;
        }
        if is_statement(line) {
            self.statement = Some(balance(line, 0)).filter(|&open| open > 0);
            return;
        }
        let content = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
        if let Some(mark @ ('`' | '~')) = content.chars().next() {
            let length = content.chars().take_while(|&c| c == mark).count();
            if length >= 3 && !(mark == '`' && content[length..].contains('`')) {
                self.fence = Some((mark, length));
                self.push_line(line);
                return;
            }
        }
        if !self.directive(line) {
            self.inline(line);
        }
    }

    fn push_line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// Ends what is held together by its indentation only.
    fn end_indented(&mut self, line: &str) {
        let indent = indent_of(line);
        while let Some(Open { end: End::Margin(margin), close, .. }) = self.open.last()
            && indent < *margin
        {
            self.out.push_str(close);
            self.open.pop();
        }
    }

    /// A line without the indentation that the component around it gave it.
    fn dedent<'l>(&mut self, line: &'l str) -> &'l str {
        let indent = indent_of(line);
        let Some(open) = self.open.last_mut() else { return line };
        if line.trim().is_empty() {
            return line;
        }
        // The component's own end stands further to the left.
        let known = *open.indent.get_or_insert(indent);
        &line[known.min(indent)..]
    }

    /// `:::tip Title`, `!!! note "Title"`, `=== "Tab"`: says whether the line was one.
    fn directive(&mut self, line: &str) -> bool {
        let margin = self.open.last().and_then(|open| open.indent).unwrap_or(0);
        let indent = indent_of(line);
        let trimmed = line.trim();
        let colons = trimmed.bytes().take_while(|b| *b == b':').count();
        if colons >= 3 {
            let rest = trimmed[colons..].trim();
            if rest.is_empty() {
                let at = self.open.iter().rposition(|open| matches!(open.end, End::Colons(n) if n <= colons));
                self.close_to(at);
            } else {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
                let title = rest[end..]
                    .trim()
                    .trim_start_matches(['[', '{'])
                    .split([']', '}'])
                    .next()
                    .unwrap_or_default();
                self.begin(&rest[..end].to_ascii_lowercase(), title.trim(), "", "", End::Colons(colons));
            }
            return true;
        }
        if ["[toc]", "[[toc]]", "[[_toc_]]"].iter().any(|contents| trimmed.eq_ignore_ascii_case(contents)) {
            return true;
        }
        let body = margin + indent + 4;
        for sign in ["!!! ", "???+ ", "??? "] {
            if let Some(rest) = trimmed.strip_prefix(sign) {
                let (kind, title) = rest.split_once(' ').unwrap_or((rest, ""));
                self.begin(
                    &kind.to_ascii_lowercase(),
                    title.trim().trim_matches('"'),
                    "",
                    "",
                    End::Margin(body),
                );
                return true;
            }
        }
        if let Some(title) = trimmed.strip_prefix("=== \"").and_then(|rest| rest.strip_suffix('"')) {
            self.begin("tab", title, "", "", End::Margin(body));
            return true;
        }
        false
    }

    /// Writes a line of text, tags and shortcodes.
    fn inline(&mut self, line: &str) {
        let mut rest = line;
        let mut code = String::new();
        while let Some(c) = rest.chars().next() {
            if self.in_comment {
                let Some((_, after)) = rest.split_once("*/}") else {
                    self.out.push('\n');
                    return;
                };
                self.in_comment = false;
                rest = after;
                continue;
            }
            if c == '`' {
                let run = rest.len() - rest.trim_start_matches('`').len();
                code.clear();
                code.push_str(&rest[..run]);
                let end = rest[run..].find(&*code).map_or(run, |at| at + 2 * run);
                self.out.push_str(&rest[..end]);
                rest = &rest[end..];
            } else if let Some(after) = rest.strip_prefix("{/*") {
                self.in_comment = true;
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{\" \"}") {
                self.out.push(' ');
                rest = after;
            } else if let Some(after) = self.shortcode(rest).or_else(|| self.tag(rest)) {
                rest = after;
            } else {
                self.out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        self.out.push('\n');
    }

    /// `{% hint style="info" %}`, `{{< note >}}`: the rest of the line after one.
    fn shortcode<'l>(&mut self, rest: &'l str) -> Option<&'l str> {
        const DELIMITERS: &[(&str, &str)] = &[("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}")];
        let (inside, after) = DELIMITERS.iter().find_map(|(open, close)| {
            let inside = rest.strip_prefix(open)?;
            let near = &inside[..inside.floor_char_boundary(MAX_SHORTCODE)];
            let end =
                near.match_indices('}').map(|(at, _)| at + 1).find(|&end| near[..end].ends_with(close))?;
            Some((&inside[..end - close.len()], &inside[end..]))
        })?;
        let inside = inside.trim().trim_matches('-').trim();
        let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        let ends = name.strip_prefix("end").or_else(|| name.strip_prefix('/'));
        if let Some(name) = ends {
            self.end(&name.trim().to_ascii_lowercase());
        } else {
            let name = name.to_ascii_lowercase();
            let known = CALLOUTS.contains(&&*name)
                || FOLDS.contains(&&*name)
                || attribute(attributes, TITLES).is_some();
            if known {
                self.begin_with(&name, attributes);
            }
        }
        Some(after)
    }

    /// A component's tag: the rest of the line after it.
    fn tag<'l>(&mut self, rest: &'l str) -> Option<&'l str> {
        let inside = rest.strip_prefix('<')?;
        if let Some(after) = inside.strip_prefix('>').or_else(|| inside.strip_prefix("/>")) {
            return Some(after);
        }
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        if !inside.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        let end = TagScan::default().end(inside)?;
        let (tag, after) = (&inside[..end], &inside[end + 1..]);
        let length =
            tag.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(length);
        if !attributes.is_empty() && !attributes.starts_with([' ', '/', '\t']) {
            return None;
        }
        let lower = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        if closing {
            self.end(&lower);
        } else if let Some(attributes) = attributes.trim_end().strip_suffix('/') {
            let depth = self.open.len();
            self.begin_with(&lower, attributes);
            self.close_to((self.open.len() > depth).then_some(depth));
        } else if attributes.trim().is_empty() && !self.closed.contains(name) {
            // `Vec<String>`: nothing closes it, so it is text.
            self.out.push_str("\\<");
            return Some(&rest[1..]);
        } else {
            self.begin_with(&lower, attributes);
        }
        Some(after)
    }

    fn begin_with(&mut self, name: &str, attributes: &str) {
        let title = attribute(attributes, TITLES).unwrap_or_default();
        let kind = attribute(attributes, KINDS).unwrap_or_default();
        let href = attribute(attributes, &["href", "link", "to", "url"]).unwrap_or_default();
        if FIELDS.contains(&name) {
            return self.begin(name, title, &traits(attributes), href, End::Named(name.to_owned()));
        }
        self.begin(name, title, kind, href, End::Named(name.to_owned()));
    }

    /// A component begins: what it is called and of which kind it is stays.
    fn begin(&mut self, name: &str, title: &str, kind: &str, href: &str, end: End) {
        if self.open.len() >= MAX_OPEN {
            return;
        }
        let mut title_html = String::new();
        escape(&mut title_html, title);
        let mut close = "\n\n";
        if CALLOUTS.contains(&name) {
            let general = matches!(name, "callout" | "admonition" | "aside" | "alert" | "hint");
            let kind = if general && !kind.is_empty() {
                kind
            } else if name == "check" {
                "success"
            } else {
                name
            };
            let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
            let kind =
                if matches!(&*kind, "callout" | "admonition" | "aside" | "alert") { "note" } else { &*kind };
            // Writing to a String cannot fail.
            let _ = write!(self.out, "\n\n<div class=\"admonition {kind}\">\n\n");
            if !title.is_empty() {
                let _ = write!(self.out, "<p class=\"admonition-title\">{title_html}</p>\n\n");
            }
            close = "\n\n</div>\n\n";
        } else if FOLDS.contains(&name) && !title.is_empty() {
            let _ = write!(self.out, "\n\n<details><summary>{title_html}</summary>\n\n");
            close = "\n\n</details>\n\n";
        } else if !title.is_empty() {
            if FIELDS.contains(&name) && !kind.is_empty() {
                let mut traits = String::new();
                escape(&mut traits, kind);
                let _ = write!(self.out, "\n\n<p><strong>{title_html}</strong> ({traits})</p>\n\n");
            } else if href.is_empty() {
                let _ = write!(self.out, "\n\n<p><strong>{title_html}</strong></p>\n\n");
            } else {
                let mut to = String::new();
                escape(&mut to, href);
                let _ = write!(self.out, "\n\n<p><strong><a href=\"{to}\">{title_html}</a></strong></p>\n\n");
            }
        } else {
            // In a line it leaves nothing; on a line of its own, what it holds is a block.
            let begins = self.out.is_empty() || self.out.ends_with('\n');
            close = if begins { "\n\n" } else { "" };
            self.out.push_str(close);
        }
        self.open.push(Open { end, close, indent: None });
    }

    fn end(&mut self, name: &str) {
        let at = self.open.iter().rposition(|open| matches!(&open.end, End::Named(named) if named == name));
        self.close_to(at);
    }

    /// Ends the components from this one on.
    fn close_to(&mut self, at: Option<usize>) {
        let Some(at) = at else { return };
        while self.open.len() > at {
            if let Some(open) = self.open.pop() {
                self.out.push_str(open.close);
            }
        }
    }
}

fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|b| *b == b' ').count()
}
