//! Text of strangers, made safe to show: what a terminal or a reader of logs would obey is taken out.

use std::borrow::Cow;

/// The text on one line: line breaks and tabs become spaces, and what would move the cursor, colour the screen or
/// turn the direction of reading is left out.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| shown(c) == Some(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(shown).collect())
}

/// At most so many characters of the text on one line, with a mark where it was cut.
pub fn excerpt(text: &str, most: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// What is shown in the place of a character.
fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Marks that turn the direction: with them a line reads as another than it is.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        // C0, DEL and C1; the last hold one-character forms of escape sequences.
        c if c.is_control() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        let check = |text: &str, expected: &str| assert_eq!(one_line(text), expected, "{text:?}");
        check("plain, naïve, 日本, 👩‍🚀", "plain, naïve, 日本, 👩‍🚀");
        check("red \u{1b}[31mtext\u{1b}[0m", "red [31mtext[0m");
        check("title \u{1b}]0;owned\u{7}", "title ]0;owned");
        check("one character \u{9b}2J", "one character 2J");
        check("over\rwritten\u{8}\u{7f}", "overwritten");
        check("two\nlines\tand\u{2028}more", "two lines and more");
        check("gpj\u{202e}.exe\u{2066}", "gpj.exe");
    }

    #[test]
    fn an_excerpt_ends_between_characters() {
        let check = |text: &str, most, expected: &str| assert_eq!(excerpt(text, most), expected, "{text:?}");
        check("größe", 5, "größe");
        check("größe", 3, "grö…");
        check("a\u{1b}b\u{1b}c", 2, "ab…");
        check("", 0, "");
    }

    proptest! {
        #[test]
        fn what_is_safe_stays_as_it_is(text in ".*") {
            let safe = one_line(&text).into_owned();
            prop_assert!(!safe.chars().any(char::is_control));
            prop_assert_eq!(one_line(&safe), safe.as_str());
        }
    }
}
