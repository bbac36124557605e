//! Reads typed values out of a [`Tree`], one key at a time, and gathers every fault on the way.
//!
//! A fault leaves the key's default in its place, so that reading goes on and finds the others; whether there
//! was one is asked once, at the end.

use std::{fmt::Display, ops::RangeInclusive, path::Path, str::FromStr};

use url::Url;

use super::{
    Env,
    diagnostic::Faults,
    fields::{Field, Fields},
    inputs::Inputs,
    keys::nearest,
    quantity::Malformed,
    tree::{Kind, Node, NodeId, Tree},
    variable::Text,
};

/// Reads one file.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree,
    pub(super) env: &'a Env<'a>,
    /// Relative paths start here.
    pub(super) folder: &'a Path,
    pub(super) faults: &'a mut Faults,
    /// What it has read besides.
    pub(super) inputs: &'a mut Inputs,
}

impl<'a> Reader<'a> {
    /// The items of a list.
    pub(super) fn items(&mut self, field: Field<'a>, help: &str) -> &'a [NodeId] {
        match &field.node.kind {
            Kind::List(items) => items,
            _ if field.node.is_null() => {
                self.no_value(field);
                &[]
            }
            _ => {
                let message = format!("`{}` must be a list, not {}", field.key, field.node.kind_name());
                self.faults.error(field.at(), message, help);
                &[]
            }
        }
    }

    /// The values of a list, or the one value that stands in its place.
    pub(super) fn one_or_many(&mut self, field: Field<'a>) -> Vec<(Field<'a>, Text)> {
        let nodes: Vec<&Node> = match &field.node.kind {
            Kind::List(items) => items.iter().map(|item| self.tree.node(*item)).collect(),
            _ => vec![field.node],
        };
        nodes
            .into_iter()
            .filter_map(|node| {
                let item = Field { node, ..field };
                Some((item, self.text(item)?))
            })
            .collect()
    }

    /// A single value with its variables filled in.
    pub(super) fn text(&mut self, field: Field<'a>) -> Option<Text> {
        let Kind::Scalar { text, .. } = &field.node.kind else {
            let message = format!("`{}` must be a single value, not {}", field.key, field.node.kind_name());
            self.faults.error(field.at(), message, "");
            return None;
        };
        if field.node.is_null() {
            self.no_value(field);
            return None;
        }
        Text::expand(text, self.env)
            .map_err(|error| self.faults.error(field.at(), error.to_string(), error.help()))
            .ok()
    }

    fn no_value(&mut self, field: Field<'a>) {
        let message = format!("`{}` has no value", field.key);
        self.faults.error(
            field.at(),
            message,
            "give it one (in quotes, if the word itself is meant), or remove the key",
        );
    }

    /// A value of a small grammar. `default` also stands in for a faulty one.
    pub(super) fn value<Q: FromStr<Err = Malformed>>(
        &mut self,
        fields: &Fields<'a>,
        key: &'static str,
        default: Q,
    ) -> Q {
        let Some((field, text)) = self.text_of(fields, key) else {
            return default;
        };
        text.value.parse().unwrap_or_else(|Malformed { expected }| {
            self.faults.error(field.at(), format!("`{key}` must be {expected}, not {}", text.shown()), "");
            default
        })
    }

    /// Like [`Reader::value`], within a range.
    pub(super) fn within<Q>(
        &mut self,
        fields: &Fields<'a>,
        key: &'static str,
        range: RangeInclusive<Q>,
        default: Q,
    ) -> Q
    where
        Q: FromStr<Err = Malformed> + PartialOrd + Display,
    {
        let Some((field, text)) = self.text_of(fields, key) else {
            return default;
        };
        let (message, help) = match text.value.parse() {
            Ok(value) if range.contains(&value) => return value,
            Ok(_) => (format!("`{key}` must be {} to {}", range.start(), range.end()), String::new()),
            Err(Malformed { expected }) => (
                format!("`{key}` must be {expected}"),
                format!("it can be {} to {}", range.start(), range.end()),
            ),
        };
        self.faults.error(field.at(), format!("{message}, not {}", text.shown()), &help);
        default
    }

    /// `true` or `false`, and no other spelling.
    pub(super) fn flag(&mut self, fields: &Fields<'a>, key: &'static str, default: bool) -> bool {
        match self.text_of(fields, key) {
            None => default,
            Some((field, text)) => {
                self.choice(field, &text, &[("true", true), ("false", false)]).unwrap_or(default)
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: Field<'a>,
        text: &Text,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let chosen = choices.iter().find(|(word, _)| *word == text.value);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("`{}` must be {}, not {}", field.key, any_of(&words), text.shown());
            let near = nearest(&text.value, &words).map(|near| format!("did you mean `{near}`?"));
            // What a variable is near to says something about what it holds.
            let help = near.filter(|_| text.variables.is_empty()).unwrap_or_default();
            self.faults.error(field.at(), message, &help);
        }
        chosen.map(|(_, value)| *value)
    }

    /// None also for a value that only a variable not set here knows: it has its default, and is no fault.
    pub(super) fn text_of(&mut self, fields: &Fields<'a>, key: &'static str) -> Option<(Field<'a>, Text)> {
        let field = fields.field(key)?;
        let text = self.text(field)?;
        (!text.unset).then_some((field, text))
    }

    /// An http or https URL without credentials. It is never shown: a URL is a common place for tokens.
    pub(super) fn web_url(&mut self, field: Field<'a>, text: &Text) -> Option<Url> {
        if text.unset { Some(stand_in()) } else { self.parse_web_url(field, &text.value) }
    }

    /// The same of a text that comes from elsewhere.
    pub(super) fn parse_web_url(&mut self, field: Field<'a>, text: &str) -> Option<Url> {
        const EXAMPLE: &str = "write it out: `https://docs.example.com/`";
        let fault = match Url::parse(text) {
            Err(error) => Some((format!("no URL ({error})"), EXAMPLE)),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                Some(("no http or https URL".to_owned(), EXAMPLE))
            }
            // The parser would leave out what breaks a line.
            Ok(_) if text.trim_ascii().contains(char::is_control) => {
                Some(("a URL with a line break or a control character in it".to_owned(), EXAMPLE))
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Some(("a URL with credentials".to_owned(), "remove the part before the `@`"))
            }
            Ok(url) => return Some(url),
        };
        if let Some((what, help)) = fault {
            self.faults.error(field.at(), format!("`{}` is {what}", field.key), help);
        }
        None
    }
}

/// Stands where a URL is missing, faulty or unset; such a pipeline is never run.
pub(super) fn stand_in() -> Url {
    Url::parse("http://unset.invalid/").expect("a constant URL parses")
}

/// `` `a`, `b` or `c` ``.
fn any_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => quoted.concat(),
    }
}
