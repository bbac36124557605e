//! One document as a section of the corpus: heading, source line, text below them.

use crate::document::Document;

/// Writes the section: `# Title`, `Source: URL`, `Path: Docs › Guides` where its place is known, then the text with its headings one level down. A heading
/// at the start of the text that repeats the title is left out.
pub fn section(document: &Document) -> String {
    let title = heading_text(&document.title);
    let mut section = String::with_capacity(document.markdown.len() + title.len() + document.url.len() + 32);
    section.push_str("# ");
    section.push_str(&title);
    section.push_str("\n\nSource: ");
    section.push_str(&document.url);
    section.push('\n');
    if !document.trail.is_empty() {
        section.push_str("\nPath: ");
        section.push_str(&heading_text(&document.trail.join(" › ")));
        section.push('\n');
    }
    let body = without_title(&document.markdown, &title);
    if !body.is_empty() {
        section.push('\n');
        demote(body, &mut section);
    }
    section
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
    let mut fence: Option<(char, usize)> = None;
    for line in markdown.lines() {
        let content = line.trim_start_matches([' ', '>']);
        if let Some((mark, length)) = fence {
            let run = content.chars().take_while(|&c| c == mark).count();
            if run >= length && content[run..].trim().is_empty() {
                fence = None;
            }
        } else {
            fence = opening_fence(content);
            let level = content.bytes().take_while(|&b| b == b'#').count();
            if (1..=5).contains(&level) && content[level..].starts_with([' ', '\t']) {
                out.push_str(&line[..line.len() - content.len()]);
                out.push('#');
                out.push_str(content);
                out.push('\n');
                continue;
            }
        }
        out.push_str(line);
        out.push('\n');
    }
}

fn opening_fence(content: &str) -> Option<(char, usize)> {
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
        assert_eq!(section(&document), expected);
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
            section(&document),
            "# Setup\n\nSource: https://a.test/x\n\nPath: Docs › Guides\n\nText\n"
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
