//! `${VAR}` in values.
//!
//! Variables are expanded in one value at a time, after the file was parsed: what a variable holds can change
//! a value, never the structure of the file.

use super::Env;

/// A value with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) value: String,
    /// The variables in it, as `${NAME}`; while there are any, no message may show the value.
    pub(super) variables: Vec<String>,
    /// A variable is not set and [`Env::allow_unset`] holds: `value` is the text as written, and only its
    /// presence is known.
    pub(super) unset: bool,
}

/// Why a value's variables cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VariableError {
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    #[error("the environment variable `{0}` is empty")]
    Empty(String),
    #[error("`${{` begins a variable, but what follows is none")]
    Malformed,
}

impl VariableError {
    pub(super) fn help(&self) -> &'static str {
        match self {
            VariableError::Unset(_) => "set it, or give a default: `${NAME:-default}`",
            VariableError::Empty(_) => "set it to something, or give a default: `${NAME:-default}`",
            VariableError::Malformed => {
                "write `${NAME}` or `${NAME:-default}`, NAME of letters, digits and `_`; `$$` is a dollar sign"
            }
        }
    }
}

impl Text {
    /// Fills in the variables of `written`.
    ///
    /// `${NAME}` gives the variable and `${NAME:-default}` the default when the variable is unset or empty
    /// (as in a shell); `$$` gives `$`; any other `$` stands for itself. Defaults are taken as they are, and
    /// end at the first `}`. What a variable holds is not expanded again.
    pub(super) fn expand(written: &str, env: &Env<'_>) -> Result<Text, VariableError> {
        let mut text =
            Text { value: String::with_capacity(written.len()), variables: Vec::new(), unset: false };
        let mut rest = written;
        while let Some(dollar) = rest.find('$') {
            text.value.push_str(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                text.value.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (inside, after) = after.split_once('}').ok_or(VariableError::Malformed)?;
                let reference = Reference::parse(inside).ok_or(VariableError::Malformed)?;
                text.fill_in(&reference, env)?;
                rest = after;
            } else {
                text.value.push('$');
            }
        }
        text.value.push_str(rest);
        if text.unset {
            written.clone_into(&mut text.value);
        }
        Ok(text)
    }

    fn fill_in(&mut self, reference: &Reference<'_>, env: &Env<'_>) -> Result<(), VariableError> {
        self.variables.push(format!("${{{}}}", reference.name));
        let held = (env.var)(reference.name);
        match (held.as_deref(), reference.default) {
            (None | Some(""), Some(default)) => self.value.push_str(default),
            (Some(""), None) => return Err(VariableError::Empty(reference.name.to_owned())),
            (Some(held), _) => self.value.push_str(held),
            (None, None) if env.allow_unset => self.unset = true,
            (None, None) => return Err(VariableError::Unset(reference.name.to_owned())),
        }
        Ok(())
    }

    /// How a message names the value: itself when it is short and stands in the file, else where it comes
    /// from.
    pub(super) fn shown(&self) -> String {
        const MAX_SHOWN: usize = 24;
        if !self.variables.is_empty() {
            return format!("the value of `{}`", self.variables.join("` and `"));
        }
        let fits = self.value.chars().count() <= MAX_SHOWN && !self.value.chars().any(char::is_control);
        if fits { format!("`{}`", self.value) } else { "this text".to_owned() }
    }
}

/// The inside of `${…}`.
pub(super) struct Reference<'a> {
    pub(super) name: &'a str,
    pub(super) default: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn parse(inside: &'a str) -> Option<Reference<'a>> {
        let (name, default) = match inside.split_once(":-") {
            // A nested variable would end at its own brace and leave the rest behind as text.
            Some((_, default)) if default.contains("${") => return None,
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_name = starts_well && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then_some(Reference { name, default })
    }

    /// The reference that `written` consists of, with nothing around it.
    pub(super) fn sole(written: &'a str) -> Option<Reference<'a>> {
        let inside = written.strip_prefix("${")?.strip_suffix('}')?;
        if inside.contains('}') { None } else { Reference::parse(inside) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn env_of(var: &dyn Fn(&str) -> Option<String>) -> Env<'_> {
        Env { var, credentials_dir: None, allow_unset: false }
    }

    fn check(written: &str, expected: Result<&str, VariableError>) {
        let var = |name: &str| match name {
            "A" => Some("one".to_owned()),
            "YAML" => Some("x: ${A}\n- y".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let found = Text::expand(written, &env_of(&var)).map(|text| text.value);
        assert_eq!(found, expected.map(str::to_owned), "{written}");
    }

    #[test]
    fn variables_defaults_and_dollars() {
        check("plain", Ok("plain"));
        check("", Ok(""));
        check("${A}", Ok("one"));
        check("x${A}y${A}z", Ok("xoneyonez"));
        check("${A:-two}", Ok("one"));
        check("${B:-two}", Ok("two"));
        check("${EMPTY:-two}", Ok("two"));
        check("${B:-http://127.0.0.1:4319/a?b={c}", Ok("http://127.0.0.1:4319/a?b={c"));
        check("${B:-}", Ok(""));
        check("$$", Ok("$"));
        check("$${A}", Ok("${A}"));
        check("$$${A}", Ok("$one"));
        check("/a$", Ok("/a$"));
        check("$A", Ok("$A"));
        check("${YAML}", Ok("x: ${A}\n- y"));
        check("${B}", Err(VariableError::Unset("B".to_owned())));
        check("${EMPTY}", Err(VariableError::Empty("EMPTY".to_owned())));
        for malformed in ["${", "${A", "${}", "${1A}", "${A-b}", "${A:b}", "${ A }", "${B:-${A}}", "${Ä}"] {
            check(malformed, Err(VariableError::Malformed));
        }
    }

    #[test]
    fn an_unset_variable_counts_as_present_when_the_caller_says_so() {
        let env = Env { allow_unset: true, ..env_of(&|_| None) };
        let text = Text::expand("x-${B}", &env).unwrap();
        assert!(text.unset);
        assert_eq!(text.value, "x-${B}");
    }

    #[test]
    fn a_message_shows_short_literals_and_never_what_a_variable_holds() {
        let env = env_of(&|_| Some("hidden".to_owned()));
        assert_eq!(Text::expand("010", &env).unwrap().shown(), "`010`");
        assert_eq!(Text::expand("${A}${B}", &env).unwrap().shown(), "the value of `${A}` and `${B}`");
        assert_eq!(Text::expand(&"x".repeat(25), &env).unwrap().shown(), "this text");
        assert_eq!(Text::expand("\u{1b}[31m", &env).unwrap().shown(), "this text");
    }

    proptest! {
        #[test]
        fn expansion_never_panics(written in "[$}{:aA_-]{0,12}|\\PC*", held in "\\PC*") {
            let _ = Text::expand(&written, &env_of(&|_| Some(held.clone())));
        }
    }
}
