//! Front matter: what stands above the text of a Markdown file between two lines of `---` or `+++`.

use crate::markdown::clean_line;

use super::metadata;

/// Lines of front matter at most.
const MAX_LINES: usize = 500;

/// What is read of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Front {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) language: Option<String>,
}

/// Splits a file into its front matter and its text.
///
/// Only keys at the margin with a text on their line or, folded, below it are read: YAML's and TOML's plain case, which
/// is all that titles and summaries are written in.
pub(super) fn split(text: &str) -> (Front, &str) {
    let text = text.trim_start_matches('\u{FEFF}');
    let none = (Front::default(), text);
    let Some(fence) =
        ["---", "+++"].into_iter().find(|fence| text.lines().next().is_some_and(|l| l.trim_end() == *fence))
    else {
        return none;
    };
    let mut at = 0;
    let mut lines = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate().take(MAX_LINES) {
        at += line.len();
        if number == 0 {
            continue;
        }
        if line.trim_end() == fence || (fence == "---" && line.trim_end() == "...") {
            // Two rules around a text are no front matter: that has keys.
            let has_key = lines.iter().any(|line: &&str| line.contains(':') || line.contains('='));
            return if has_key { (read(&lines), &text[at..]) } else { none };
        }
        lines.push(line.trim_end());
    }
    none
}

fn read(lines: &[&str]) -> Front {
    let mut front = Front::default();
    for (i, line) in lines.iter().enumerate() {
        let Some((key, value)) = line.split_once([':', '=']) else { continue };
        let mut value = value.trim().to_owned();
        if matches!(&*value, "" | ">" | ">-" | "|" | "|-" | ">+" | "|+") {
            let below = lines[i + 1..].iter().take_while(|line| line.starts_with([' ', '\t']));
            value = below.map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        }
        let value = clean_line(unquoted(&value));
        let slot = match key.trim_end().trim_matches('"') {
            "title" => &mut front.title,
            "description" | "summary" | "excerpt" => &mut front.description,
            "lang" | "language" | "locale" => &mut front.language,
            _ => continue,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value);
        }
    }
    front.language = front.language.and_then(|value| metadata::language(&value));
    front
}

fn unquoted(value: &str) -> &str {
    let quoted = |mark| value.strip_prefix(mark).and_then(|rest: &str| rest.strip_suffix(mark));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}
