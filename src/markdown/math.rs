//! Mathematics in running text: exponents, indices, and formulas as TeX.

use crate::html::{Element, Holds, Measure, NodeId, Tree, local_name};

mod presentation;
mod symbol;

/// Bytes of a superscript that can be an exponent.
const MAX_SCRIPT: usize = 12;
/// Bytes of a formula at most.
const MAX_TEX: usize = 8_000;
/// Elements around a formula that say whether it stands on a line of its own.
const NEAR: usize = 4;

/// A formula's TeX, and whether it stands on a line of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Formula {
    pub(super) tex: String,
    pub(super) display: bool,
}

/// What stands between a base and its `sup` or `sub`, and whether the script needs braces around it: `10²` must not
/// become `102`, but `1ˢᵗ`, `H₂O` and a note's number are written as they are.
pub(super) fn script(tree: &Tree, measure: &Measure, id: NodeId, base: Option<char>) -> Option<(char, bool)> {
    let base = base.filter(|c| c.is_alphanumeric() || matches!(c, ')' | ']'))?;
    if measure.text(id) > MAX_SCRIPT || measure.holds(id).any(Holds::LINK) {
        return None;
    }
    let raised = tree.name(id) == Some(&local_name!("sup"));
    let text = tree.text_of(id);
    let digits = text.strip_prefix(['-', '−', '+']).unwrap_or(&text);
    if (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return raised.then_some(('^', false));
    }
    let is_term = text.contains(['+', '-', '−', '=', '*', '/'])
        && text.chars().all(|c| c.is_alphanumeric() || "+-−=*/ ".contains(c));
    let is_variable = matches!(&*text, "n" | "k" | "x" | "y" | "i" | "j" | "m") && !base.is_ascii_digit()
        || matches!(&*text, "n" | "k" | "x") && raised;
    (is_term || is_variable).then_some((if raised { '^' } else { '_' }, is_term))
}

/// The formula of a `math` element: its TeX source where the page gives it, else what its parts are in TeX.
pub(super) fn of_math(tree: &Tree, id: NodeId, element: &Element) -> Formula {
    let is_tex = |n: &NodeId| {
        tree.element(*n).is_some_and(|e| {
            &**e.name() == "annotation"
                && e.attr_named("encoding")
                    .is_none_or(|encoding| encoding.to_ascii_lowercase().contains("tex"))
        })
    };
    let source = tree
        .descendants(id)
        .find(is_tex)
        .map(|annotation| tree.text_of(annotation))
        .or_else(|| element.attr_named("alttext").map(str::to_owned))
        .or_else(|| element.attr_named("data-latex").map(str::to_owned))
        .or_else(|| presentation::tex(tree, id))
        .unwrap_or_else(|| tree.text_of(id));
    let display = element.attr_named("display") == Some("block")
        || tree.ancestors(id).take(NEAR).filter_map(|up| tree.element(up)).any(|up| {
            up.classes().any(|class| class == "katex-display" || class == "mwe-math-mathml-display")
        });
    Formula { tex: bare(&source).0.to_owned(), display }
}

/// The formula of an element that holds TeX as text, or as a picture's description; `None` if it is no formula.
pub(super) fn of_source(tree: &Tree, measure: &Measure, id: NodeId, element: &Element) -> Option<Formula> {
    if *element.name() == local_name!("script") {
        let kind = element.attr(&local_name!("type"))?.trim_ascii();
        let rest = kind.strip_prefix("math/tex")?;
        return Some(Formula { tex: tree.text_of(id).trim().to_owned(), display: rest.contains("display") });
    }
    if *element.name() == local_name!("img") {
        let is_formula =
            |class: &str| class.starts_with("mwe-math") || matches!(class, "latex" | "tex" | "math");
        let alt = element.attr(&local_name!("alt"))?.trim();
        let (tex, _) = bare(alt);
        let display = element.has_class("mwe-math-fallback-image-display");
        return (!tex.is_empty() && element.classes().any(is_formula))
            .then(|| Formula { tex: tex.to_owned(), display });
    }
    let mut classes = element.classes();
    if measure.text(id) > MAX_TEX
        || !classes.any(|class| matches!(class, "math" | "arithmatex" | "tex" | "latex" | "stemblock"))
    {
        return None;
    }
    let text = tree.text_of(id);
    // Sphinx sets a formula's number before it.
    let number = tree.children(id).find(|&n| tree.has_class(n, "eqno")).map(|n| tree.text_of(n));
    let source = number.and_then(|number| text.trim().strip_prefix(number.trim())).unwrap_or(&text);
    let (tex, display) = bare(source);
    let is_source =
        tex.len() < text.len() || (element.has_class("inline") && text.contains(['\\', '^', '_']));
    (is_source && !tex.is_empty())
        .then(|| Formula { tex: tex.to_owned(), display: display || element.has_class("display") })
}

/// Whether an element shows a formula whose source stands beside it.
pub(super) fn is_shown_twice(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let has_class = |n: Option<NodeId>, class| n.is_some_and(|n| tree.has_class(n, class));
    if element.has_class("katex-html") {
        return has_class(tree.previous_sibling(id), "katex-mathml");
    }
    let rendered = element.classes().any(|class| class.starts_with("MathJax") || class == "mjx-chtml");
    let after = std::iter::successors(tree.next_sibling(id), |&n| tree.next_sibling(n));
    let is_source = |e: &Element| {
        *e.name() == local_name!("script")
            && e.attr(&local_name!("type")).is_some_and(|kind| kind.trim_ascii().starts_with("math/tex"))
    };
    rendered && after.filter_map(|n| tree.element(n)).take(2).any(is_source)
}

/// TeX without what sets it off from text, and whether that asks for a line of its own.
fn bare(source: &str) -> (&str, bool) {
    const DELIMITERS: &[(&str, &str, bool)] =
        &[("\\[", "\\]", true), ("$$", "$$", true), ("\\(", "\\)", false), ("$", "$", false)];
    let source = source.trim();
    let (tex, display) = DELIMITERS
        .iter()
        .find_map(|(open, close, display)| Some((source.strip_prefix(open)?.strip_suffix(close)?, *display)))
        .unwrap_or((source, false));
    let tex = tex.trim();
    let styled = tex.strip_prefix("{\\displaystyle").or_else(|| tex.strip_prefix("{\\textstyle"));
    (styled.and_then(|inner| inner.strip_suffix('}')).map_or(tex, str::trim), display)
}
