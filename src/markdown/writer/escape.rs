//! Which characters of a text `CommonMark` would take for syntax, where they stand.

use super::mark::{Mark, Stage};
use super::{Line, Writer};

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t' || c == '\n'
}

impl Writer {
    /// Whether `CommonMark` would take `c` for syntax here. `rest` is what the text node holds after it.
    pub(super) fn needs_escape(&self, c: char, rest: &str, after_space: bool) -> bool {
        let line = &self.out[self.line_start..];
        let starts_line = line.is_empty() && !self.is_cell();
        let continues = starts_line && self.out.ends_with('\n');
        let next = rest.chars().next();
        // What may be dropped as invisible says nothing about the character that will stand there.
        let certain = next.filter(|&n| n.is_ascii_graphic() || is_blank(n));
        let blank_next = certain.is_none_or(is_blank);
        match c {
            '\\' => certain.is_none_or(|n| n.is_ascii_punctuation()),
            '`' => true,
            '*' => starts_line || !(after_space && next.is_some_and(char::is_whitespace)),
            '_' => {
                let before = if after_space { None } else { line.chars().next_back() };
                let inside_word = is_word(before) && is_word(next);
                let apart = (after_space || starts_line) && next.is_some_and(char::is_whitespace);
                !inside_word && !apart
            }
            '[' => starts_line || self.in_link(),
            ']' => self.in_link(),
            '(' => line.ends_with(']'),
            '<' => certain.is_none_or(|n| n.is_ascii_alphabetic() || matches!(n, '/' | '!' | '?')),
            '>' => starts_line && self.line == Line::Paragraph,
            '&' => is_entity(rest),
            // One or two of them strike through in GFM; what cannot end it (`~/bin`, `~5`) stays.
            '~' => certain.is_none_or(|n| n == '~') || !(after_space || line.is_empty()),
            '|' => self.is_cell() || continues,
            '#' => match self.line {
                Line::Heading => after_space,
                _ => starts_line && (blank_next || certain.is_none_or(|n| n == '#')),
            },
            '+' => starts_line && blank_next,
            '-' => starts_line && (blank_next || certain.is_none_or(|n| n == '-')),
            '=' | ':' => continues,
            '.' | ')' => {
                blank_next
                    && self.line == Line::Paragraph
                    && !starts_line
                    && line.len() < 10
                    && line.bytes().all(|b| b.is_ascii_digit())
            }
            _ => false,
        }
    }

    fn in_link(&self) -> bool {
        self.marks.iter().any(|m| matches!(m.mark, Mark::Link(_)) && m.stage != Stage::Ignored)
    }
}

/// `&` and what follows would be read as a character reference.
fn is_entity(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let body = bytes.iter().take(33).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
    match bytes.get(body) {
        Some(b';') => body > 0,
        // The node ends here, or a character that may be dropped: what follows is not known.
        None => true,
        Some(b) => !b.is_ascii_graphic() && !is_blank(char::from(*b)),
    }
}
