//! What an answer is searched for: a text, or a regular expression.
//!
//! An answer is written by a model, in Markdown: case, white space, emphasis and the form of quotation marks are
//! noise. What is searched for is freed from the same noise.

use std::fmt;

use regex::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization as _;

/// What a regular expression may be compiled to, in bytes.
const MAX_COMPILED: usize = 1 << 20;
/// How deep its groups may go.
const MAX_NESTING: u32 = 50;

/// A text, or a regular expression between slashes: `reset link`, `/(24|48) hours/`.
#[derive(Clone)]
pub struct Needle {
    written: String,
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// As [`Spoken::folded`].
    Text(String),
    Pattern(Regex),
}

/// Why nothing can be searched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NeedleError {
    /// It stands in every answer.
    #[error("it is empty")]
    Empty,
    /// No regular expression, or too large a one.
    #[error("{0}")]
    Pattern(String),
}

impl Needle {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// [`NeedleError`].
    pub fn parse(written: &str) -> Result<Needle, NeedleError> {
        let trimmed = written.trim();
        let between = trimmed.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let form = match between.filter(|pattern| !pattern.is_empty()) {
            Some(pattern) => Form::Pattern(compiled(pattern)?),
            None => Form::Text(Spoken::new(trimmed).folded),
        };
        match &form {
            Form::Text(text) if text.is_empty() => Err(NeedleError::Empty),
            _ => Ok(Needle { written: trimmed.to_owned(), form }),
        }
    }

    pub(super) fn is_in(&self, answer: &Spoken) -> bool {
        match &self.form {
            Form::Text(text) => answer.folded.contains(text),
            Form::Pattern(pattern) => pattern.is_match(&answer.plain),
        }
    }
}

fn compiled(pattern: &str) -> Result<Regex, NeedleError> {
    let compiled = RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .nest_limit(MAX_NESTING)
        .build();
    compiled.map_err(|error| {
        NeedleError::Pattern(match error {
            regex::Error::CompiledTooBig(_) => "it is too large to be compiled".to_owned(),
            // The crate draws the place below the pattern; the last line says what is wrong.
            other => {
                let shown = other.to_string();
                shown.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
            }
        })
    })
}

impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.written)
    }
}

/// As written: what it was compiled to differs from compiler to compiler.
impl fmt::Debug for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

/// A text as it would be spoken.
#[derive(Debug)]
pub(super) struct Spoken {
    /// Without emphasis, with single spaces and straight quotation marks.
    plain: String,
    /// The same in lower case.
    folded: String,
}

impl Spoken {
    pub(super) fn new(text: &str) -> Spoken {
        let told: String = text
            .nfc()
            .filter(|c| !matches!(c, '*' | '`' | '\u{200b}' | '\u{ad}'))
            .map(|c| match c {
                '‘' | '’' => '\'',
                '“' | '”' => '"',
                other => other,
            })
            .collect();
        let plain = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = plain.to_lowercase();
        Spoken { plain, folded }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(written: &str, answer: &str, expected: bool) {
        assert_eq!(Needle::parse(written).unwrap().is_in(&Spoken::new(answer)), expected, "{written}");
    }

    #[test]
    fn case_white_space_emphasis_and_quotation_marks_are_noise() {
        check("Reset  LINK", "the **reset**\n\tlink", true);
        check("don't", "We don’t.", true);
        check("`max_pages`", "Set max_pages.", true);
        check("café", "CAFE\u{301}", true);
        check("24 hours", "24hours", false);
        check("a/b", "either a/b or not", true);
    }

    #[test]
    fn between_slashes_stands_a_regular_expression() {
        check("/(24|48) hours/", "within 48\u{a0}Hours", true);
        check("/^yes/", "  Yes, it does.", true);
        check("/^yes/", "Oh yes.", false);
        check(r"/€ ?\d+/", "It costs € 9 a month.", true);
        // A path is the text that it is.
        check("/docs/intro", "Read /docs/intro first.", true);
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused_in_words() {
        let check = |written: &str, expected: &str| {
            assert_eq!(Needle::parse(written).unwrap_err().to_string(), expected, "{written}");
        };
        check("", "it is empty");
        check(" ** ", "it is empty");
        check("/(/", "unclosed group");
        check(r"/\w{1000}{1000}/", "it is too large to be compiled");
        check(
            &format!("/{}x{}/", "(".repeat(60), ")".repeat(60)),
            "exceed the maximum number of nested parentheses/brackets (50)",
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_needle_panic(written in "\\PC{0,40}", answer in "\\PC{0,80}") {
            if let Ok(needle) = Needle::parse(&written) {
                let _ = needle.is_in(&Spoken::new(&answer));
            }
        }

        #[test]
        fn an_answer_holds_every_text_that_it_is_made_of(before in "\\PC{0,20}", text in "[a-zA-Z ’*]{1,20}", after in "\\PC{0,20}") {
            if let Ok(needle) = Needle::parse(&text) {
                let answer = format!("{before} {text} {after}");
                prop_assert!(needle.is_in(&Spoken::new(&answer)), "{answer}");
            }
        }
    }
}
