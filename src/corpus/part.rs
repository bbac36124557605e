//! Where a document may be cut: only between its sections.

use super::section::{Fence, heading};
use crate::document::{ContentHash, Document};

/// The most leading sections of a document that fit; `None` where not even the first does. Never the whole document, and
/// never a part of a section: what begins with the only heading of its level is that heading's own, so the level below it
/// counts.
pub(super) fn leading_part(document: &Document, fits: impl Fn(&Document) -> bool) -> Option<Document> {
    let until = |end: usize| {
        let markdown = document.markdown[..end].trim_end().to_owned();
        Document { hash: ContentHash::of(&markdown), markdown, ..document.clone() }
    };
    let ends = ends(&document.markdown);
    let fitting = ends.partition_point(|&end| fits(&until(end)));
    Some(until(*ends.get(fitting.checked_sub(1)?)?))
}

/// Where sections begin that something stands before.
fn ends(markdown: &str) -> Vec<usize> {
    let (mut fence, mut at) = (Fence::default(), 0);
    let mut headings = Vec::new();
    for line in markdown.split_inclusive('\n') {
        if !fence.covers(line)
            && let Some((level, _)) = heading(line)
        {
            headings.push((at, level));
        }
        at += line.len();
    }
    // What only headings stand before would give a part without text.
    let text = markdown.lines().find(|line| !line.trim().is_empty() && heading(line).is_none());
    let text = text.map_or(markdown.len(), |line| line.as_ptr() as usize - markdown.as_ptr() as usize);
    headings.retain(|&(at, _)| at > text);
    let top = headings.iter().map(|&(_, level)| level).min();
    headings.into_iter().filter(|&(_, level)| Some(level) == top).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Block;

    /// The parts of a text, the shortest first.
    #[track_caller]
    fn check(markdown: &str, expected: &[&str]) {
        let block = Block { fingerprint: 0, markdown: markdown.to_owned() };
        let document = Document::new("/x", "t", [block].iter()).unwrap();
        let mut parts: Vec<String> = Vec::new();
        for most in 0..markdown.len() {
            let part = leading_part(&document, |part| part.markdown.len() <= most);
            assert!(part.iter().all(|part| part.hash == ContentHash::of(&part.markdown)));
            let part = part.map(|part| part.markdown).filter(|part| parts.last() != Some(part));
            parts.extend(part);
        }
        assert_eq!(parts, expected, "{markdown}");
    }

    #[test]
    fn a_document_is_cut_before_its_widest_sections() {
        check(
            "Intro.\n\n## A\n\na\n\n### Deep\n\nb\n\n## B\n\nc",
            &["Intro.", "Intro.\n\n## A\n\na\n\n### Deep\n\nb"],
        );
        check("## A\n\na\n\n## B\n\nb", &["## A\n\na"]);
        check("# Title\n\nIntro.\n\n## A\n\na", &["# Title\n\nIntro."]);
        check("#tag\n\n##\tA\n\na", &["#tag"]);
        check("## A\n\na\n\n### Deep\n\nb", &["## A\n\na"]);
    }

    #[test]
    fn a_document_without_sections_is_not_cut() {
        check("Intro.\n\nMore.", &[]);
        check("# Title\n\n## A\n\na", &[]);
        check("## A\n\na", &[]);
    }

    #[test]
    fn code_and_lists_hold_no_headings() {
        check("Intro.\n\n```sh\n# a comment\n```\n\n- ~~~\n  x\n  ~~~\n\n> # quoted\n\n#tag", &[]);
        check("```\n# code\n\n````\n\n# A\n\na", &["```\n# code\n\n````"]);
    }
}
