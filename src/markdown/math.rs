//! Mathematics in running text: exponents and formulas.

use crate::html::{Element, Holds, Measure, NodeId, Tree};

/// Bytes of a superscript that can be an exponent.
const MAX_EXPONENT: usize = 8;

/// Whether a superscript is a number, and no reference to a footnote.
pub(super) fn is_exponent(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    if measure.text(id) > MAX_EXPONENT || measure.holds(id).any(Holds::LINK) {
        return false;
    }
    let text = tree.text_of(id);
    let digits = text.strip_prefix(['-', '−', '+']).unwrap_or(&text);
    (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A formula as its TeX source where the page gives it, else as its symbols.
pub(super) fn formula(tree: &Tree, id: NodeId, element: &Element) -> String {
    tree.descendants(id)
        .find(|&n| tree.element(n).is_some_and(|e| &**e.name() == "annotation"))
        .map(|annotation| tree.text_of(annotation))
        .or_else(|| element.attr_named("alttext").map(str::to_owned))
        .unwrap_or_else(|| tree.text_of(id))
}
