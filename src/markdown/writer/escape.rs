//! Which characters of a text `CommonMark` would take for syntax, where they stand.

/// Bytes that may be syntax; all others are copied as they are.
const SYNTAX: [bool; 256] = {
    let mut syntax = [false; 256];
    let marks = b"\\`*_[](<>&~|#+-=.):!";
    let mut i = 0;
    while i < marks.len() {
        syntax[marks[i] as usize] = true;
        i += 1;
    }
    syntax
};

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Where the line begins in what is written so far.
    pub(super) line_start: usize,
    /// A line of the same paragraph stands before it.
    pub(super) continues: bool,
    pub(super) kind: Kind,
    /// Inside the text of a link.
    pub(super) in_link: bool,
    /// The character written after the text; `None` at the end of the block.
    pub(super) follow: Option<char>,
}

/// What the line is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading,
    Cell,
}

/// Writes `text` so that it is read as nothing but text.
pub(super) fn write(out: &mut String, text: &str, place: Place) {
    let mut from = 0;
    for (at, _) in text.bytes().enumerate().filter(|&(_, b)| SYNTAX[usize::from(b)]) {
        out.push_str(&text[from..at]);
        from = at;
        let mut rest = text[at..].chars();
        if let Some(c) = rest.next()
            && needs_escape(out, c, rest.as_str(), place)
        {
            out.push('\\');
        }
    }
    out.push_str(&text[from..]);
}

fn needs_escape(out: &str, c: char, rest: &str, place: Place) -> bool {
    let line = &out[place.line_start..];
    let starts = line.is_empty() && place.kind == Kind::Paragraph;
    let continues = starts && place.continues;
    let before = line.chars().next_back();
    let next = rest.chars().next().or(place.follow);
    let blank_before = before.is_none_or(char::is_whitespace);
    let blank_next = next.is_none_or(char::is_whitespace);
    match c {
        // Some readers take blanks after it for the end of a line, too.
        '\\' => next.is_some_and(|n| n.is_ascii_punctuation() || n == '\n'),
        '`' => true,
        '*' => starts || !(blank_before && blank_next),
        '_' => starts || opens_underscored(before, after_run(rest).or(place.follow)),
        '[' => place.in_link || (starts && !is_check_box(rest) && !is_note(rest, place.follow)),
        ']' => place.in_link,
        '(' => before == Some(']'),
        '!' => rest.is_empty() && place.follow == Some('['),
        '<' => next.is_some_and(|n| n.is_ascii_alphabetic() || matches!(n, '/' | '!' | '?')),
        '>' => starts,
        '&' => is_entity(rest),
        // One or two of them strike through in GFM; what cannot end it (`~/bin`, `~5`) stays.
        '~' => next == Some('~') || !blank_before,
        '|' => place.kind == Kind::Cell || continues,
        '#' => match place.kind {
            Kind::Heading => blank_before,
            _ => starts && (blank_next || next == Some('#')),
        },
        '+' => starts && blank_next,
        '-' => starts && (blank_next || next == Some('-')),
        '=' | ':' => continues,
        '.' | ')' => {
            blank_next
                && place.kind == Kind::Paragraph
                && !starts
                && line.len() < 10
                && line.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

/// Whether a run of `_` can open emphasis; without one that opens, none is closed (`CommonMark` 6.2, rule 2).
fn opens_underscored(before: Option<char>, after: Option<char>) -> bool {
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !blank(after) && !word(before)
}

/// The character after a run of `_`; of a very long one, the run itself.
fn after_run(rest: &str) -> Option<char> {
    const LONG: usize = 16;
    rest.chars().take(LONG).find(|&c| c != '_').or_else(|| rest.chars().nth(LONG))
}

/// `[ ] ` or `[x] `: whether it is a box or text, it looks the same.
fn is_check_box(rest: &str) -> bool {
    rest.starts_with(" ] ") || rest.starts_with("x] ")
}

/// `[^1]` is a note's sign, and `[^1]: text` a note; with one word after it, or what stands in angle brackets, readers
/// would take it for a definition (`CommonMark` 4.7).
fn is_note(rest: &str, follow: Option<char>) -> bool {
    let Some((label, text)) = rest.strip_prefix('^').and_then(|rest| rest.split_once(']')) else {
        return false;
    };
    let plain = !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_title = |c: char| matches!(c, '"' | '\'' | '(');
    let is_note_text = |text: &str| {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let goes_on = || text.ends_with(' ') && follow.is_some_and(|c| !is_title(c) && c != '\n');
        words.next().is_some_and(|word| !word.starts_with('<'))
            && words.next().map_or_else(goes_on, |word| !word.starts_with(is_title))
    };
    plain && text.strip_prefix(':').is_none_or(is_note_text)
}

/// `&` and what follows would be read as a character reference.
fn is_entity(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let body = bytes.iter().take(33).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
    body > 0 && bytes.get(body) == Some(&b';')
}
