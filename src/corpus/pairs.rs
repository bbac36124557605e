//! Documents that are nothing but questions with their answers, as a page of frequent questions is.

use super::section::{Fence, heading};

/// Fewer questions make no list of them: an article may have a question for a heading.
const FEWEST: usize = 2;
/// A longer heading is no question that anybody asks, in bytes.
const LONGEST: usize = 500;
/// What a question ends with, in scripts that mark one at its end.
const MARKS: [char; 4] = ['?', '？', '؟', '՞'];

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Without marks of Markdown.
    pub question: String,
    /// Markdown; never empty.
    pub answer: &'a str,
}

/// The questions of a document whose `body` is nothing else: it begins with one, all headings of that level are questions,
/// none is of a higher level, and each has an answer. `None` for every other document: what stands beside the questions
/// would be lost.
pub fn pairs(body: &str) -> Option<Vec<Pair<'_>>> {
    let mut fence = Fence::default();
    let (mut at, mut first_level) = (0, None);
    // Where each heading begins and ends.
    let mut headings: Vec<(usize, usize, &str)> = Vec::new();
    for line in body.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        if fence.covers(line) {
            continue;
        }
        let Some((level, text)) = heading(line) else { continue };
        match *first_level.get_or_insert(level) {
            first if level < first => return None,
            first if level == first => headings.push((start, end, text)),
            _ => {}
        }
    }
    if headings.len() < FEWEST || !body[..headings.first()?.0].trim().is_empty() {
        return None;
    }
    let ends = headings.iter().skip(1).map(|(start, ..)| *start).chain([body.len()]);
    headings.iter().zip(ends).map(|((_, below, text), end)| pair(text, &body[*below..end])).collect()
}

fn pair<'a>(heading: &str, below: &'a str) -> Option<Pair<'a>> {
    let (question, answer) = (unmarked(heading)?, below.trim());
    let is_question = question.len() <= LONGEST && question.ends_with(MARKS);
    (is_question && !answer.is_empty()).then_some(Pair { question, answer })
}

/// A heading without emphasis, code marks and escapes; `None` where it holds a link, which is no part of a question and
/// must not be lost.
fn unmarked(heading: &str) -> Option<String> {
    let mut text = String::with_capacity(heading.len());
    let mut rest = heading;
    while let Some(c) = rest.chars().next() {
        let below = &rest[c.len_utf8()..];
        rest = match c {
            '\\' if below.starts_with(|c: char| c.is_ascii_punctuation()) => {
                text.push_str(&below[..1]);
                &below[1..]
            }
            '`' => {
                let (code, after) = code(rest);
                text.push_str(code);
                after
            }
            ']' if below.starts_with('(') => return None,
            // Between blanks it marks nothing.
            '*' if !(text.ends_with(' ') && below.starts_with(' ')) => below,
            c => {
                text.push(c);
                below
            }
        };
    }
    Some(text.trim().to_owned())
}

/// The code of a span that `text` begins with, and what follows it; where the span has no end, its mark is a text.
fn code(text: &str) -> (&str, &str) {
    let inner = text.trim_start_matches('`');
    let mark = &text[..text.len() - inner.len()];
    let mut from = 0;
    while let Some(at) = inner[from..].find('`').map(|at| from + at) {
        let after = inner[at..].trim_start_matches('`');
        from = inner.len() - after.len();
        if from - at == mark.len() {
            let code = &inner[..at];
            // A blank at both ends only keeps it off the marks.
            let bare = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
            return (bare.filter(|bare| !bare.trim().is_empty()).unwrap_or(code), after);
        }
    }
    (mark, inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, &str)]) {
        let found = pairs(body).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|pair| (pair.question.as_str(), pair.answer)).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn questions_as_headings_have_what_stands_below_them_for_an_answer() {
        check(
            "### How long?\n\nTwo days.\n\n### Where **to**?\n\nHome:\n\n#### In Europe\n\nAnywhere.\n",
            &[("How long?", "Two days."), ("Where to?", "Home:\n\n#### In Europe\n\nAnywhere.")],
        );
        check(
            "## なぜ？\n\nはい。\n\n## What is \\*this\\*?\n\nA star.",
            &[("なぜ？", "はい。"), ("What is *this*?", "A star.")],
        );
        check(
            "##\tWhich?\n\n```sh\n# a comment\n```\n\n## Why?\n\nSo.",
            &[("Which?", "```sh\n# a comment\n```"), ("Why?", "So.")],
        );
    }

    #[test]
    fn a_question_loses_its_marks_and_nothing_else() {
        let check = |heading: &str, expected: &str| {
            check(
                &format!("## {heading}\n\nSo.\n\n## Why?\n\nBecause."),
                &[(expected, "So."), ("Why?", "Because.")],
            );
        };
        check("Is *this* **bold** or ***both***?", "Is this bold or both?");
        check("Is 2 * 3 = 6?", "Is 2 * 3 = 6?");
        check("What does `**kwargs` do?", "What does **kwargs do?");
        check("Is \\*\\*kwargs in `C:\\*`?", "Is **kwargs in C:\\*?");
        check("Is ``a`*`b`` or `` ` `` code?", "Is a`*`b or ` code?");
        check("What is \\`this, [sic]?", "What is `this, [sic]?");
        check("Is a ` lone?", "Is a ` lone?");
    }

    #[test]
    fn what_is_more_than_questions_or_less_is_no_list_of_them() {
        for body in [
            "",
            "Text.",
            "## How long?\n\nTwo days.",
            "Before.\n\n## How long?\n\nTwo days.\n\n## Where to?\n\nHome.",
            "## How long?\n\nTwo days.\n\n## Contact\n\nWrite to us.",
            "## How long?\n\n## Where to?\n\nHome.",
            "## How long does [the post](https://a.test/) take?\n\nTwo days.\n\n## Where to?\n\nHome.",
            "### How long?\n\nTwo days.\n\n## Where to?\n\nHome.",
            "## Delivery\n\n### How long?\n\nTwo days.\n\n### Where to?\n\nHome.",
        ] {
            check(body, &[]);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(body in "[#?a\\\\*`\\]( \nä]{0,80}") {
            for pair in pairs(&body).unwrap_or_default() {
                prop_assert!(body.contains(pair.answer) && !pair.answer.is_empty());
            }
        }
    }
}
