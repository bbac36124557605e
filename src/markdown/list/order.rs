//! How an ordered list counts: from where, in which direction, with numbers, letters or Roman numerals.

use crate::html::{Element, NodeId, Tree, local_name};

/// `CommonMark` reads nine digits at most.
const MAX_NUMBER: u64 = 999_999_999;

/// Roman numerals end here.
const MAX_ROMAN: u64 = 3_999;

/// What the items of a list are counted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numerals {
    Decimal,
    LowerLetters,
    UpperLetters,
    LowerRoman,
    UpperRoman,
}

/// How an ordered list counts.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Order {
    /// The number of the next item.
    next: u64,
    down: bool,
    /// Whether a page that arranges blocks by it shows its numbers.
    shown: bool,
    numerals: Numerals,
}

impl Order {
    /// What an `ol` says.
    pub(in super::super) fn of(tree: &Tree, id: NodeId, element: &Element) -> Self {
        let down = element.attr_named("reversed").is_some();
        let start = element.attr(&local_name!("start")).and_then(|start| start.trim_ascii().parse().ok());
        let items = || tree.children(id).filter(|&n| tree.name(n) == Some(&local_name!("li"))).count() as u64;
        let next = start.unwrap_or_else(|| if down { items() } else { 1 });
        Self {
            next: next.min(MAX_NUMBER),
            down,
            shown: shows_numbers(element),
            numerals: Numerals::of(element),
        }
    }

    /// Whether `CommonMark` has markers for what it counts with.
    pub(super) fn is_decimal(self) -> bool {
        self.numerals == Numerals::Decimal
    }

    /// Whether visitors see its numbers before parts of a page.
    pub(super) fn is_shown(self) -> bool {
        self.shown
    }

    /// Counts on with an item; one that is given a value counts from there.
    pub(super) fn take(&mut self, item: &Element) -> u64 {
        let value = item.attr(&local_name!("value")).and_then(|value| value.trim_ascii().parse().ok());
        self.next = value.unwrap_or(self.next).min(MAX_NUMBER);
        self.next
    }

    /// The number of the item that was taken.
    pub(super) fn number(self) -> u64 {
        self.next
    }

    /// The item that was taken stands.
    pub(super) fn advance(&mut self) {
        self.next = if self.down { self.next.saturating_sub(1) } else { (self.next + 1).min(MAX_NUMBER) };
    }

    /// The number of the item that was taken, as the page shows it.
    pub(super) fn label(self) -> String {
        let number = self.next;
        match self.numerals {
            Numerals::LowerLetters if number > 0 => letters(number),
            Numerals::UpperLetters if number > 0 => letters(number).to_ascii_uppercase(),
            Numerals::LowerRoman if (1..=MAX_ROMAN).contains(&number) => roman(number),
            Numerals::UpperRoman if (1..=MAX_ROMAN).contains(&number) => roman(number).to_ascii_uppercase(),
            _ => number.to_string(),
        }
    }
}

impl Numerals {
    /// By `type`, by the element's own style, or by the classes of docutils and Asciidoctor.
    fn of(element: &Element) -> Self {
        let by_type = element.attr(&local_name!("type")).and_then(|kind| match kind.trim_ascii() {
            "1" => Some(Self::Decimal),
            "a" => Some(Self::LowerLetters),
            "A" => Some(Self::UpperLetters),
            "i" => Some(Self::LowerRoman),
            "I" => Some(Self::UpperRoman),
            _ => None,
        });
        let by_style = element.attr(&local_name!("style")).and_then(|style| {
            let declared = style.split(';').filter_map(|declaration| declaration.split_once(':'));
            let mut lists = declared.filter(|(name, _)| {
                let name = name.trim();
                name.eq_ignore_ascii_case("list-style-type") || name.eq_ignore_ascii_case("list-style")
            });
            lists.find_map(|(_, value)| value.split_ascii_whitespace().find_map(Self::named))
        });
        by_style.or(by_type).or_else(|| element.classes().find_map(Self::named)).unwrap_or(Self::Decimal)
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "lower-alpha" | "lower-latin" | "loweralpha" => Some(Self::LowerLetters),
            "upper-alpha" | "upper-latin" | "upperalpha" => Some(Self::UpperLetters),
            "lower-roman" | "lowerroman" => Some(Self::LowerRoman),
            "upper-roman" | "upperroman" => Some(Self::UpperRoman),
            _ => None,
        }
    }
}

/// Whether a list shows its numbers for certain. One with a class is styled: cards, comments and results are lists, too,
/// whose numbers nobody sees, unless the class speaks of steps or numbers.
fn shows_numbers(element: &Element) -> bool {
    const WORDS: &[&str] =
        &["step", "steps", "procedure", "numbered", "ordered", "decimal", "arabic", "instructions"];
    let counts = |class: &str| {
        class
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| WORDS.contains(&&*word.to_ascii_lowercase()))
    };
    let hides = |style: &str| style.to_ascii_lowercase().contains("none");
    !element.attr(&local_name!("style")).is_some_and(hides)
        && element.attr(&local_name!("role")).is_none()
        && (element.classes().next().is_none() || element.classes().any(counts))
}

/// a, b, …, z, aa, ab, …
fn letters(mut number: u64) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        number -= 1;
        letters.extend(('a'..='z').nth(usize::try_from(number % 26).unwrap_or_default()));
        number /= 26;
    }
    letters.into_iter().rev().collect()
}

fn roman(mut number: u64) -> String {
    const NUMERALS: &[(u64, &str)] = &[
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut out = String::new();
    for &(value, numeral) in NUMERALS {
        while number >= value {
            out.push_str(numeral);
            number -= value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_numerals_count_as_browsers_count() {
        let check = |number: u64, expected: (&str, &str)| {
            assert_eq!((letters(number).as_str(), roman(number).as_str()), expected, "{number}");
        };
        check(1, ("a", "i"));
        check(26, ("z", "xxvi"));
        check(27, ("aa", "xxvii"));
        check(49, ("aw", "xlix"));
        check(1994, ("bxr", "mcmxciv"));
    }
}
