//! One document as a section of the corpus: heading, source line, text below them.

use super::Provenance;
use crate::document::Document;

/// Writes the section: `# Title`, what `provenance` says of its origin, then the text with its headings one level down. A
/// heading at the start of the text that repeats the title is left out.
pub fn section(document: &Document, provenance: Provenance) -> String {
    let title = heading_text(&document.title);
    let mut section = String::with_capacity(document.markdown.len() + title.len() + document.url.len() + 64);
    section.push_str("# ");
    section.push_str(&title);
    section.push('\n');
    for (name, value) in origin(document, provenance) {
        section.extend(["\n", name, ": ", &value, "\n"]);
    }
    let body = without_title(&document.markdown, &title);
    if !body.is_empty() {
        section.push('\n');
        demote(body, &mut section);
    }
    section
}

/// What can be said of a document's origin, in this order.
const ORIGIN: [&str; 4] = ["Source", "Path", "Language", "Updated"];

/// What a section says below its title and its origin.
pub(super) fn body(section: &str) -> &str {
    let mut body = section.split_once('\n').map_or("", |(_, below)| below).trim_start();
    for name in ORIGIN {
        if let Some(value) = body.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) {
            body = value.split_once('\n').map_or("", |(_, below)| below).trim_start();
        }
    }
    body.trim_end()
}

/// What stands below the title: `Source: URL`, `Path: Docs › Guides` where its place is known, and so on.
fn origin(document: &Document, provenance: Provenance) -> impl Iterator<Item = (&'static str, String)> {
    let (minimal, full) = (provenance != Provenance::Off, provenance == Provenance::Full);
    let stated = |value: &Option<String>| value.as_deref().map(heading_text).filter(|_| full);
    let path = (!document.trail.is_empty()).then(|| heading_text(&document.trail.join(" › ")));
    let values = [
        Some(document.url.clone()).filter(|_| minimal),
        path.filter(|_| minimal),
        stated(&document.language),
        stated(&document.modified),
    ];
    ORIGIN.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
}

/// One line of the link map.
pub(super) fn link_line(document: &Document) -> String {
    let title = heading_text(&document.title).replace('[', "\\[").replace(']', "\\]");
    // In angle brackets a destination may hold parentheses.
    let url = &document.url;
    if url.contains(['(', ')']) { format!("- [{title}](<{url}>)\n") } else { format!("- [{title}]({url})\n") }
}

/// A title fit for one line.
fn heading_text(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_title<'a>(markdown: &'a str, title: &str) -> &'a str {
    let (first, rest) = markdown.split_once('\n').unwrap_or((markdown, ""));
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    match first.strip_prefix("# ") {
        Some(heading) if plain(heading) == plain(title) => rest.trim_start_matches('\n'),
        _ => markdown,
    }
}

/// Copies `markdown` with every ATX heading one level further down; code stays as it is.
fn demote(markdown: &str, out: &mut String) {
    let mut fence = Fence::default();
    for line in markdown.lines() {
        let content = line.trim_start_matches([' ', '>']);
        let has_room = heading(content).is_some_and(|(level, _)| level < LOWEST);
        if !fence.covers(line) && has_room {
            out.push_str(&line[..line.len() - content.len()]);
            out.push('#');
            out.push_str(content);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// The lowest level of a heading.
const LOWEST: usize = 6;

/// The level and the text of a line that is an ATX heading.
pub(super) fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|&byte| byte == b'#').count();
    let text = line[level..].strip_prefix([' ', '\t'])?.trim();
    (1..=LOWEST).contains(&level).then_some((level, text))
}

/// Follows the fences of code blocks, line by line.
#[derive(Debug, Default)]
pub(super) struct Fence {
    open: Option<(char, usize)>,
}

impl Fence {
    /// Whether the next line is code, or the fence that ends it.
    pub(super) fn covers(&mut self, line: &str) -> bool {
        let content = line.trim_start_matches([' ', '>']);
        if let Some((mark, length)) = self.open {
            let run = content.chars().take_while(|&c| c == mark).count();
            if run >= length && content[run..].trim().is_empty() {
                self.open = None;
            }
            return true;
        }
        self.open = opening(content);
        false
    }
}

fn opening(content: &str) -> Option<(char, usize)> {
    // A fence may open right after a list marker.
    let content = content.trim_start_matches(|c: char| c.is_ascii_digit() || "-*+.) ".contains(c));
    let mark = content.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = content.chars().take_while(|&c| c == mark).count();
    // A backtick fence has no backtick in its info string: that would be inline code.
    let inline = mark == '`' && content[length..].contains('`');
    (length >= 3 && !inline).then_some((mark, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Block;

    fn check(title: &str, markdown: &str, expected: &str) {
        let block = Block { fingerprint: 0, markdown: markdown.to_owned() };
        let document = Document::new("https://a.test/x", title, [block].iter()).unwrap();
        assert_eq!(section(&document, Provenance::Minimal), expected);
    }

    #[test]
    fn headings_go_one_level_down_below_the_title() {
        check(
            "Guide",
            "# Guide\n\nText\n\n## Part\n\n###### Deep\n\n#no heading",
            "# Guide\n\nSource: https://a.test/x\n\nText\n\n### Part\n\n###### Deep\n\n#no heading\n",
        );
    }

    #[test]
    fn a_document_says_where_it_belongs() {
        let block = Block { fingerprint: 0, markdown: "Text".to_owned() };
        let document = Document::new("https://a.test/x", "Setup", [block].iter()).unwrap();
        let document = document.below(&["Docs".to_owned(), "Guides".to_owned()]);
        assert_eq!(
            section(&document, Provenance::Minimal),
            "# Setup\n\nSource: https://a.test/x\n\nPath: Docs › Guides\n\nText\n"
        );
    }

    #[test]
    fn a_document_says_as_much_of_its_origin_as_is_asked_for() {
        let block = Block { fingerprint: 0, markdown: "Text".to_owned() };
        let document = Document::new("https://a.test/x", "Setup", [block].iter()).unwrap();
        let document = document.below(&["Docs".to_owned()]).stating(Some("en"), Some("2024-12-31"));
        assert_eq!(section(&document, Provenance::Off), "# Setup\n\nText\n");
        assert_eq!(
            section(&document, Provenance::Full),
            "# Setup\n\nSource: https://a.test/x\n\nPath: Docs\n\nLanguage: en\n\nUpdated: 2024-12-31\n\nText\n"
        );
    }

    #[test]
    fn a_first_heading_that_says_something_else_stays() {
        check("Guide", "# Other\n\nText", "# Guide\n\nSource: https://a.test/x\n\n## Other\n\nText\n");
    }

    #[test]
    fn code_keeps_its_hashes() {
        check(
            "T",
            "```sh\n# comment\n```\n\n- ```\n  # in a list\n  ```\n\n> # quoted",
            "# T\n\nSource: https://a.test/x\n\n```sh\n# comment\n```\n\n- ```\n  # in a list\n  ```\n\n> ## quoted\n",
        );
    }

    #[test]
    fn a_link_line_escapes_what_would_end_it() {
        let block = Block { fingerprint: 0, markdown: "x".to_owned() };
        let document = Document::new("https://a.test/x_(y)", "A [draft]\nof it", [block].iter()).unwrap();
        assert_eq!(link_line(&document), "- [A \\[draft\\] of it](<https://a.test/x_(y)>)\n");
    }
}
