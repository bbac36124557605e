//! The part of CSS selectors that names places of a page: tag, `#id`, `.class`, attributes, `:not()`, descendant and
//! child combinators, lists.

use html5ever::LocalName;

use crate::html::{Element, NodeId, Tree};

/// A parsed list of selectors.
#[derive(Debug, Clone)]
pub struct Selector {
    alternatives: Vec<Complex>,
}

/// Why a selector was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing between two commas, or nothing at all.
    #[error("empty selector")]
    Empty,
    /// Valid CSS or not, it is not of the supported part.
    #[error("`{0}` is not supported in a selector")]
    Unsupported(String),
}

/// One selector: its last compound, then what must be above, nearest first.
#[derive(Debug, Clone)]
struct Complex {
    last: Compound,
    above: Vec<(Combinator, Compound)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combinator {
    Descendant,
    Child,
}

#[derive(Debug, Clone, Default)]
struct Compound {
    tag: Option<LocalName>,
    id: Option<String>,
    classes: Vec<String>,
    attributes: Vec<Attribute>,
    not: Vec<Compound>,
}

#[derive(Debug, Clone)]
struct Attribute {
    name: LocalName,
    test: Test,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Present,
    Equals,
    Word,
    Prefix,
    Suffix,
    Contains,
}

/// What the last compound of a selector can be looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'s> {
    Id(&'s str),
    Class(&'s str),
    Tag(&'s str),
    Any,
}

impl std::str::FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let alternatives = text.split(',').map(Complex::parse).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }
}

impl Selector {
    /// Whether the element at `id` is selected.
    pub fn matches(&self, tree: &Tree, id: NodeId) -> bool {
        self.alternatives.iter().any(|complex| complex.matches(tree, id))
    }

    /// The selected elements below `root`, in document order.
    pub fn find(&self, tree: &Tree, root: NodeId) -> Vec<NodeId> {
        tree.descendants(root).filter(|&id| self.matches(tree, id)).collect()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        self.alternatives.iter().map(|complex| {
            let Compound { id, classes, tag, .. } = &complex.last;
            match (id, classes.first(), tag) {
                (Some(id), ..) => Key::Id(id),
                (None, Some(class), _) => Key::Class(class),
                (None, None, Some(tag)) => Key::Tag(tag),
                (None, None, None) => Key::Any,
            }
        })
    }
}

impl Complex {
    fn parse(text: &str) -> Result<Self, SelectorError> {
        let spaced = text.replace('>', " > ");
        let mut above = Vec::new();
        let mut last: Option<Compound> = None;
        let mut combinator = Combinator::Descendant;
        for part in spaced.split_ascii_whitespace() {
            if part == ">" {
                combinator = Combinator::Child;
                continue;
            }
            let compound = Compound::parse(part)?;
            if let Some(before) = last.replace(compound) {
                above.insert(0, (combinator, before));
            }
            combinator = Combinator::Descendant;
        }
        last.map(|last| Self { last, above }).ok_or(SelectorError::Empty)
    }

    fn matches(&self, tree: &Tree, id: NodeId) -> bool {
        if !tree.element(id).is_some_and(|e| self.last.matches(e)) {
            return false;
        }
        // Greedy from the inside out, which is exact but for `a > b c` chains where an outer `b` would fit.
        let mut at = id;
        for (combinator, compound) in &self.above {
            let fits = |&up: &NodeId| tree.element(up).is_some_and(|e| compound.matches(e));
            let found = match combinator {
                Combinator::Child => tree.parent(at).filter(fits),
                Combinator::Descendant => tree.ancestors(at).find(fits),
            };
            match found {
                Some(up) => at = up,
                None => return false,
            }
        }
        true
    }
}

impl Compound {
    fn parse(text: &str) -> Result<Self, SelectorError> {
        let unsupported = || SelectorError::Unsupported(text.to_owned());
        let mut compound = Self::default();
        let mut rest = text;
        let name = |rest: &str| rest.find(['#', '.', '[', ':']).unwrap_or(rest.len());
        let tag = &rest[..name(rest)];
        if !tag.is_empty() && tag != "*" {
            if !tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err(unsupported());
            }
            compound.tag = Some(LocalName::from(tag.to_ascii_lowercase()));
        }
        rest = &rest[tag.len()..];
        while let Some(sign) = rest.chars().next() {
            let body = &rest[sign.len_utf8()..];
            let end = match sign {
                '#' | '.' => name(body),
                '[' => body.find(']').ok_or_else(unsupported)?,
                ':' => body.find(')').ok_or_else(unsupported)?,
                _ => return Err(unsupported()),
            };
            let inner = &body[..end];
            if inner.is_empty() {
                return Err(unsupported());
            }
            match sign {
                '#' => compound.id = Some(inner.to_owned()),
                '.' => compound.classes.push(inner.to_owned()),
                '[' => compound.attributes.push(Attribute::parse(inner)),
                _ => compound.not.push(Self::parse(inner.strip_prefix("not(").ok_or_else(unsupported)?)?),
            }
            rest = &body[end + usize::from(matches!(sign, '[' | ':'))..];
        }
        Ok(compound)
    }

    fn matches(&self, element: &Element) -> bool {
        self.tag.as_ref().is_none_or(|tag| tag == element.name())
            && self.id.as_ref().is_none_or(|id| element.id() == Some(id))
            && self.classes.iter().all(|class| element.has_class(class))
            && self.attributes.iter().all(|attribute| attribute.matches(element))
            && !self.not.iter().any(|compound| compound.matches(element))
    }
}

impl Attribute {
    fn parse(text: &str) -> Self {
        let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
        let (name, test) = match (value, name.chars().next_back()) {
            (None, _) => (name, Test::Present),
            (_, Some('~')) => (&name[..name.len() - 1], Test::Word),
            (_, Some('^')) => (&name[..name.len() - 1], Test::Prefix),
            (_, Some('$')) => (&name[..name.len() - 1], Test::Suffix),
            (_, Some('*')) => (&name[..name.len() - 1], Test::Contains),
            _ => (name, Test::Equals),
        };
        let value = value.unwrap_or_default().trim_matches(['"', '\'']).to_owned();
        Self { name: LocalName::from(name.to_ascii_lowercase()), test, value }
    }

    fn matches(&self, element: &Element) -> bool {
        let Some(actual) = element.attr(&self.name) else { return false };
        let value = &*self.value;
        match self.test {
            Test::Present => true,
            Test::Equals => actual == value,
            Test::Word => actual.split_ascii_whitespace().any(|w| w == value),
            Test::Prefix => actual.starts_with(value),
            Test::Suffix => actual.ends_with(value),
            Test::Contains => actual.contains(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::parse;

    fn check(selector: &str, expected: &[&str]) {
        let tree = parse(
            "<body class=b><div id=a class='x y'><p id=p1 role=main>1</p><section><p id=p2 data-k='one two'>2</p></section></div>",
        )
        .unwrap();
        let selector: Selector = selector.parse().unwrap();
        let found: Vec<_> =
            selector.find(&tree, Tree::ROOT).into_iter().filter_map(|id| tree.element(id)?.id()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_form_selects_what_css_says() {
        check("p", &["p1", "p2"]);
        check("#a", &["a"]);
        check("div.x.y", &["a"]);
        check(".b > div", &["a"]);
        check("div > p", &["p1"]);
        check("div p, #a", &["a", "p1", "p2"]);
        check("[role=main]", &["p1"]);
        check("p:not([role])", &["p2"]);
        check("[data-k~=two]", &["p2"]);
        check("section > p[data-k^='one']", &["p2"]);
        check("div.z p", &[]);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for bad in ["", "a,,b", "p:first-child", "a + b", "p::before", "a[", "."] {
            assert!(bad.parse::<Selector>().is_err(), "{bad}");
        }
    }
}
