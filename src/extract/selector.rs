//! The part of CSS selectors that names places of a page: tag, `#id`, `.class`, attributes, `:not()`, descendant and
//! child combinators, lists.

use html5ever::LocalName;

use crate::{
    html::{Element, NodeId, Tree},
    plain::excerpt,
};

/// Longest selector: one that a person writes is a line or two, and a page is searched for each of its parts.
const MAX_LEN: usize = 4_096;

/// What is shown of a part that is not understood, in characters.
const SHOWN: usize = 40;

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
    /// A bracket, parenthesis or quotation mark has no end.
    #[error("`{0}` is not closed")]
    Unclosed(char),
    /// Over 4 KiB.
    #[error("it has {0} bytes, more than {MAX_LEN}")]
    TooLong(usize),
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
        if text.len() > MAX_LEN {
            return Err(SelectorError::TooLong(text.len()));
        }
        let mut parser = Parser(text);
        let mut alternatives = vec![parser.complex()?];
        while parser.eat(',') {
            alternatives.push(parser.complex()?);
        }
        if parser.0.is_empty() { Ok(Self { alternatives }) } else { Err(parser.unsupported()) }
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

    /// How specific the first selector is (Selectors 4, 17): ids, then classes and attributes, then tags.
    pub(super) fn specificity(&self) -> [usize; 3] {
        let first = self.alternatives.iter().take(1);
        let compounds = first.flat_map(|complex| complex.above.iter().map(|(_, c)| c).chain([&complex.last]));
        compounds.fold([0; 3], |sum, compound| {
            let own = compound.specificity();
            let not = compound.not.iter().map(Compound::specificity).max().unwrap_or_default();
            std::array::from_fn(|n| sum[n] + own[n] + not[n])
        })
    }

    /// Compounds that are held against an element and those around it.
    pub(super) fn parts(&self) -> usize {
        self.alternatives.iter().map(|complex| complex.above.len() + 1).sum()
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
    fn matches(&self, tree: &Tree, id: NodeId) -> bool {
        if !tree.element(id).is_some_and(|e| self.last.matches(e)) {
            return false;
        }
        if self.above.is_empty() {
            return true;
        }
        let ancestors: Vec<&Element> = tree.ancestors(id).map_while(|up| tree.element(up)).collect();
        // Of each compound, all the levels that may stand for it: an outer one may fit where the nearest does not.
        let mut levels = vec![0];
        for (combinator, compound) in &self.above {
            let fits = |level: &usize| ancestors.get(*level).is_some_and(|e| compound.matches(e));
            levels = match (combinator, levels.first()) {
                (_, None) => return false,
                (Combinator::Child, _) => {
                    levels.iter().copied().filter(fits).map(|level| level + 1).collect()
                }
                (Combinator::Descendant, Some(&from)) => {
                    (from..ancestors.len()).filter(fits).map(|level| level + 1).collect()
                }
            };
        }
        !levels.is_empty()
    }
}

impl Compound {
    fn matches(&self, element: &Element) -> bool {
        self.tag.as_ref().is_none_or(|tag| tag == element.name())
            && self.id.as_ref().is_none_or(|id| element.id() == Some(id))
            && self.classes.iter().all(|class| element.has_class(class))
            && self.attributes.iter().all(|attribute| attribute.matches(element))
            && !self.not.iter().any(|compound| compound.matches(element))
    }

    fn specificity(&self) -> [usize; 3] {
        let named = self.classes.len() + self.attributes.len();
        [usize::from(self.id.is_some()), named, usize::from(self.tag.is_some())]
    }
}

impl Attribute {
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

/// What is left of a selector's text.
struct Parser<'s>(&'s str);

impl Parser<'_> {
    fn complex(&mut self) -> Result<Complex, SelectorError> {
        let mut above = Vec::new();
        self.space();
        let mut last = self.compound()?;
        loop {
            let spaced = self.space();
            let combinator = if self.eat('>') {
                self.space();
                Combinator::Child
            } else if spaced && !self.0.is_empty() && !self.0.starts_with([',', ')']) {
                Combinator::Descendant
            } else {
                return Ok(Complex { last, above });
            };
            above.insert(0, (combinator, std::mem::replace(&mut last, self.compound()?)));
        }
    }

    fn compound(&mut self) -> Result<Compound, SelectorError> {
        let before = self.0.len();
        let mut compound = self.simple()?;
        while let Some(rest) = self.0.strip_prefix(":not(") {
            self.0 = rest;
            self.negation(&mut compound.not)?;
            self.parts(&mut compound)?;
        }
        if self.0.starts_with(':') {
            return Err(self.unsupported());
        }
        self.some_since(before)?;
        Ok(compound)
    }

    /// A compound without negation.
    fn simple(&mut self) -> Result<Compound, SelectorError> {
        let mut compound = Compound::default();
        if !self.eat('*') {
            compound.tag = self.name().map(|tag| LocalName::from(tag.to_ascii_lowercase()));
        }
        self.parts(&mut compound)?;
        Ok(compound)
    }

    fn parts(&mut self, compound: &mut Compound) -> Result<(), SelectorError> {
        loop {
            if self.eat('#') {
                compound.id = Some(self.name().ok_or_else(|| self.unsupported())?);
            } else if self.eat('.') {
                compound.classes.push(self.name().ok_or_else(|| self.unsupported())?);
            } else if self.eat('[') {
                compound.attributes.push(self.attribute()?);
            } else {
                return Ok(());
            }
        }
    }

    /// An error where nothing was read since `before` bytes were left.
    fn some_since(&self, before: usize) -> Result<(), SelectorError> {
        if before > self.0.len() {
            return Ok(());
        }
        let is_gap = self.0.is_empty() || self.0.starts_with(',');
        Err(if is_gap { SelectorError::Empty } else { self.unsupported() })
    }

    /// What `:not(` takes: compounds without negation, between commas.
    fn negation(&mut self, not: &mut Vec<Compound>) -> Result<(), SelectorError> {
        loop {
            self.space();
            let before = self.0.len();
            not.push(self.simple()?);
            self.some_since(before)?;
            self.space();
            if self.eat(')') {
                return Ok(());
            }
            if !self.eat(',') {
                return Err(if self.0.is_empty() {
                    SelectorError::Unclosed('(')
                } else {
                    self.unsupported()
                });
            }
        }
    }

    /// An attribute after its `[`.
    fn attribute(&mut self) -> Result<Attribute, SelectorError> {
        const TESTS: [(&str, Test); 5] = [
            ("=", Test::Equals),
            ("~=", Test::Word),
            ("^=", Test::Prefix),
            ("$=", Test::Suffix),
            ("*=", Test::Contains),
        ];
        self.space();
        let name = self.name().ok_or(SelectorError::Unclosed('['))?;
        self.space();
        let test = TESTS.iter().find_map(|(sign, test)| Some((self.0.strip_prefix(sign)?, *test)));
        let (test, value) = match test {
            Some((rest, test)) => {
                self.0 = rest;
                self.space();
                (test, self.value()?)
            }
            None => (Test::Present, String::new()),
        };
        self.space();
        if !self.eat(']') {
            return Err(if self.0.is_empty() { SelectorError::Unclosed('[') } else { self.unsupported() });
        }
        Ok(Attribute { name: LocalName::from(name.to_ascii_lowercase()), test, value })
    }

    /// A name, or text in quotation marks.
    fn value(&mut self) -> Result<String, SelectorError> {
        let Some(quote) = self.0.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return self.name().ok_or_else(|| self.unsupported());
        };
        let (value, rest) = self.0[1..].split_once(quote).ok_or(SelectorError::Unclosed(quote))?;
        self.0 = rest;
        Ok(value.to_owned())
    }

    /// The name that stands here; a backslash takes the next character as it is.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut chars = self.0.char_indices();
        let end = loop {
            match chars.next() {
                Some((at, '\\')) => match chars.next() {
                    Some((_, escaped)) => name.push(escaped),
                    None => break at,
                },
                Some((_, c)) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii() => {
                    name.push(c);
                }
                Some((at, _)) => break at,
                None => break self.0.len(),
            }
        };
        self.0 = &self.0[end..];
        (!name.is_empty()).then_some(name)
    }

    fn eat(&mut self, sign: char) -> bool {
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Passes white space; whether there was some.
    fn space(&mut self) -> bool {
        let rest = self.0.trim_ascii_start();
        let spaced = rest.len() < self.0.len();
        self.0 = rest;
        spaced
    }

    /// The part that begins here and is not understood.
    fn unsupported(&self) -> SelectorError {
        let end = self.0.find([' ', ',', '[']).filter(|&end| end > 0).unwrap_or(self.0.len());
        SelectorError::Unsupported(excerpt(&self.0[..end], SHOWN))
    }
}

#[cfg(test)]
mod tests;
