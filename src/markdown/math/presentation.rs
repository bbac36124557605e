//! Presentation `MathML` as TeX, where a page gives no source: fractions, roots, scripts, fences and tables. What is not
//! known is written by what it holds.

use crate::html::{Element, NodeId, Step, Tree};

use super::MAX_TEX;
use super::symbol::{self, escaped};

/// A part of a formula.
#[derive(Debug, Default)]
struct Part {
    tex: String,
    kind: Kind,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Holds together without braces.
    #[default]
    Atom,
    /// Several parts side by side.
    Row,
    /// An operator.
    Sign,
    /// A sum, a limit, a brace: what is above and below it is written as its scripts.
    Large,
    /// The same with its scripts.
    Limited,
    /// Running text.
    Text,
    /// An environment with rows.
    Table,
    /// From here on, scripts stand before their base.
    Prescripts,
}

/// An element whose parts are being gathered.
struct Open {
    id: NodeId,
    parts: Vec<Part>,
}

/// The TeX of a `math` element; `None` where that has no end.
pub(super) fn tex(tree: &Tree, math: NodeId) -> Option<String> {
    let mut open: Vec<Open> = Vec::new();
    let mut room = MAX_TEX;
    let mut walk = tree.walk(math);
    while let Some(step) = walk.next() {
        let part = match step {
            Step::Enter(id) => {
                let part = match (tree.text(id), tree.element(id)) {
                    (Some(text), _) if !text.trim().is_empty() => Some(identifier(text.trim(), None)),
                    (None, Some(element)) => token(tree, id, element),
                    _ => continue,
                };
                let Some(part) = part else {
                    open.push(Open { id, parts: Vec::new() });
                    continue;
                };
                if tree.element(id).is_some() {
                    walk.skip_children();
                }
                room = room.checked_sub(part.tex.len())?;
                part
            }
            Step::Leave(id) => {
                let Some(Open { parts, .. }) = open.pop_if(|top| top.id == id) else { continue };
                let part = combined(tree.element(id)?, parts);
                // Each level copies what it holds.
                if part.tex.len() > MAX_TEX {
                    return None;
                }
                part
            }
        };
        match open.last_mut() {
            Some(up) => up.parts.push(part),
            None => return Some(part.tex),
        }
    }
    None
}

/// An element that holds text, or nothing to be seen; `None` for one that holds parts.
fn token(tree: &Tree, id: NodeId, element: &Element) -> Option<Part> {
    let text = || tree.text_of(id);
    match &**element.name() {
        "mi" => Some(identifier(&text(), element.attr_named("mathvariant"))),
        "mn" => Some(Part { tex: symbol::tex(&text()), kind: Kind::Atom }),
        "mo" => Some(operator(&text())),
        "mtext" => Some(quoted(&text())),
        "ms" => Some(quoted(&format!("\"{}\"", text()))),
        "mspace" => Some(space(element)),
        "mprescripts" => Some(Part { kind: Kind::Prescripts, ..Part::default() }),
        "none" | "mphantom" | "annotation" | "annotation-xml" | "malignmark" | "maligngroup" => {
            Some(Part::default())
        }
        _ => None,
    }
}

fn identifier(text: &str, variant: Option<&str>) -> Part {
    let kind = if symbol::has_limits(text) { Kind::Large } else { Kind::Atom };
    let word = text.chars().nth(1).is_some();
    let tex = if word && symbol::is_function(text) { format!("\\{text}") } else { symbol::tex(text) };
    let alphabet = match variant {
        Some("bold" | "bold-italic") => "\\mathbf",
        Some("double-struck") => "\\mathbb",
        Some("script") => "\\mathcal",
        Some("fraktur") => "\\mathfrak",
        Some("monospace") => "\\mathtt",
        Some("sans-serif") => "\\mathsf",
        Some("normal") | None if word && text.chars().all(char::is_alphanumeric) && !tex.contains('\\') => {
            "\\mathrm"
        }
        _ => return Part { tex, kind },
    };
    Part { tex: format!("{alphabet}{{{tex}}}"), kind }
}

fn operator(text: &str) -> Part {
    let named = text.chars().nth(1).is_some() && text.chars().all(char::is_alphabetic);
    let kind = if symbol::has_limits(text) { Kind::Large } else { Kind::Sign };
    let tex = match text {
        name if named && symbol::is_function(name) => format!("\\{name}"),
        name if named => format!("\\operatorname{{{name}}}"),
        signs => symbol::tex(signs),
    };
    Part { tex, kind }
}

fn quoted(text: &str) -> Part {
    let tex = if text.is_empty() { String::new() } else { format!("\\text{{{}}}", escaped(text)) };
    Part { tex, kind: Kind::Text }
}

fn space(element: &Element) -> Part {
    let width = element.attr_named("width").unwrap_or_default().trim();
    let ems = width.strip_suffix("em").and_then(|ems| ems.parse::<f32>().ok()).unwrap_or(0.0);
    Part { tex: if ems >= 1.0 { "\\quad".to_owned() } else { String::new() }, kind: Kind::Atom }
}

/// What an element makes of its parts.
fn combined(element: &Element, parts: Vec<Part>) -> Part {
    let atom = |tex| Part { tex, kind: Kind::Atom };
    let composed = |tex| Part { tex, kind: Kind::Row };
    match (&**element.name(), &*parts) {
        ("mfrac", [above, below]) => {
            let unruled = element.attr_named("linethickness").is_some_and(|line| line.starts_with('0'));
            composed(if unruled {
                format!("{{{} \\atop {}}}", above.tex, below.tex)
            } else {
                format!("\\frac{{{}}}{{{}}}", above.tex, below.tex)
            })
        }
        ("msqrt", _) => atom(format!("\\sqrt{{{}}}", row(&parts))),
        ("mroot", [radicand, degree]) => atom(format!("\\sqrt[{}]{{{}}}", degree.tex, radicand.tex)),
        ("msub", [base, below]) => scripted(base, Some(below), None),
        ("msup", [base, above]) => scripted(base, None, Some(above)),
        ("msubsup", [base, below, above]) => scripted(base, Some(below), Some(above)),
        ("munder", [base, below]) => stacked(base, Some(below), None),
        ("mover", [base, above]) => stacked(base, None, Some(above)),
        ("munderover", [base, below, above]) => stacked(base, Some(below), Some(above)),
        ("mmultiscripts", [base, around @ ..]) => composed(multiscripts(base, around)),
        ("mfenced", _) => composed(fenced(element, &parts)),
        ("mtd", _) => composed(row(&parts)),
        // The label of a row stands before it.
        ("mtr", cells) | ("mlabeledtr", [_, cells @ ..]) => composed(joined(cells, " & ")),
        ("mtable", rows) => {
            let aligned = element.attr_named("displaystyle") == Some("true");
            let name = if aligned { "aligned" } else { "matrix" };
            let tex = format!("\\begin{{{name}}} {} \\end{{{name}}}", joined(rows, " \\\\ "));
            Part { tex, kind: Kind::Table }
        }
        // One alternative of several is shown.
        ("maction", [shown, ..]) => composed(shown.tex.clone()),
        _ if parts.len() == 1 => parts.into_iter().next().unwrap_or_default(),
        _ => composed(row(&parts)),
    }
}

fn joined(parts: &[Part], by: &str) -> String {
    parts.iter().map(|part| part.tex.as_str()).collect::<Vec<_>>().join(by)
}

/// Parts side by side.
fn row(parts: &[Part]) -> String {
    let mut out = String::new();
    let mut rest = parts;
    while let [part, after @ ..] = rest {
        rest = after;
        if let Some((table, after)) = fenced_table(part, after) {
            push(&mut out, &table);
            rest = after;
            continue;
        }
        let infix = part.kind == Kind::Sign
            && symbol::is_infix(&part.tex)
            && !rest.is_empty()
            && !out.is_empty()
            && !out.ends_with([' ', '(', '[', '{']);
        if infix {
            out.push(' ');
        }
        push(&mut out, &part.tex);
        let apart = matches!(part.kind, Kind::Limited | Kind::Text)
            || part.tex == ","
            || rest.first().is_some_and(|next| next.kind == Kind::Text);
        if (infix || apart) && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A control word ends where a letter does not follow.
fn push(out: &mut String, tex: &str) {
    let word = out.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if word.len() < out.len() && word.ends_with('\\') && tex.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.push(' ');
    }
    out.push_str(tex);
}

/// A table between fences is an environment of its own; one after a brace that nothing closes tells cases apart.
fn fenced_table<'p>(open: &Part, after: &'p [Part]) -> Option<(String, &'p [Part])> {
    let [table, rest @ ..] = after else { return None };
    let body = table.tex.strip_prefix("\\begin{matrix}")?.strip_suffix("\\end{matrix}")?;
    if table.kind != Kind::Table {
        return None;
    }
    let (name, rest) = match (open.tex.as_str(), rest) {
        ("\\{", []) => ("cases", rest),
        ("(", [close, rest @ ..]) if close.tex == ")" => ("pmatrix", rest),
        ("[", [close, rest @ ..]) if close.tex == "]" => ("bmatrix", rest),
        ("\\{", [close, rest @ ..]) if close.tex == "\\}" => ("Bmatrix", rest),
        ("|", [close, rest @ ..]) if close.tex == "|" => ("vmatrix", rest),
        ("\\|", [close, rest @ ..]) if close.tex == "\\|" => ("Vmatrix", rest),
        ("\\{", [close, rest @ ..]) if close.tex.is_empty() => ("cases", rest),
        _ => return None,
    };
    Some((format!("\\begin{{{name}}}{body}\\end{{{name}}}"), rest))
}

/// Whether TeX takes it for one thing without braces: a character, or a control word.
fn is_single(tex: &str) -> bool {
    let word = tex.strip_prefix('\\').unwrap_or_default();
    tex.chars().nth(1).is_none() || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// A base with what is below and above it.
fn scripts(base: &Part, below: Option<&Part>, above: Option<&Part>) -> String {
    let whole = !matches!(base.kind, Kind::Row | Kind::Limited) || is_single(&base.tex);
    let fenced = base.tex.starts_with('(') && base.tex.ends_with(')');
    let mut out = match base.tex.as_str() {
        "" => "{}".to_owned(),
        tex if whole || fenced => tex.to_owned(),
        tex => format!("{{{tex}}}"),
    };
    for (sign, script) in [('_', below), ('^', above)] {
        match script.map(|script| script.tex.as_str()) {
            None | Some("") => {}
            Some(primes) if sign == '^' && primes.bytes().all(|b| b == b'\'') => out.push_str(primes),
            Some(tex) if is_single(tex) => out.extend([sign.encode_utf8(&mut [0; 4]), tex]),
            Some(tex) => out.extend([sign.encode_utf8(&mut [0; 4]), "{", tex, "}"]),
        }
    }
    out
}

fn scripted(base: &Part, below: Option<&Part>, above: Option<&Part>) -> Part {
    let kind = if base.kind == Kind::Large { Kind::Limited } else { Kind::Row };
    Part { tex: scripts(base, below, above), kind }
}

/// A base with what stands over and under it.
fn stacked(base: &Part, below: Option<&Part>, above: Option<&Part>) -> Part {
    if base.kind == Kind::Large {
        return scripted(base, below, above);
    }
    let mut part = Part { tex: base.tex.clone(), kind: Kind::Row };
    let places = [(above, "\\overset", symbol::OVER), (below, "\\underset", symbol::UNDER)];
    for (script, place, marks) in places {
        let Some(script) = script.filter(|script| !script.tex.is_empty()) else { continue };
        part = match symbol::mark(marks, &script.tex, is_single(&part.tex)) {
            Some(name) => {
                let kind = if name.ends_with("brace") { Kind::Large } else { Kind::Atom };
                Part { tex: format!("{name}{{{}}}", part.tex), kind }
            }
            None => Part { tex: format!("{place}{{{}}}{{{}}}", script.tex, part.tex), kind: Kind::Atom },
        };
    }
    part
}

/// Pairs of scripts behind a base, and after `mprescripts` before it.
fn multiscripts(base: &Part, around: &[Part]) -> String {
    let split = around.iter().position(|part| part.kind == Kind::Prescripts).unwrap_or(around.len());
    let (behind, before) = around.split_at(split);
    let pairs = |parts: &[Part], base: String| {
        parts.chunks(2).fold(base, |tex, pair| {
            let whole = Part { tex, kind: Kind::Atom };
            scripts(&whole, pair.first(), pair.get(1))
        })
    };
    let mut out = match before.get(1..) {
        Some(before) if !before.is_empty() => pairs(before, String::new()),
        _ => String::new(),
    };
    push(&mut out, &pairs(behind, base.tex.clone()));
    out
}

/// Parts between fences, with separators: the last of these goes on.
fn fenced(element: &Element, parts: &[Part]) -> String {
    let fence = |name, usual| symbol::tex(element.attr_named(name).unwrap_or(usual).trim());
    let separators = element.attr_named("separators").unwrap_or(",");
    let separators: Vec<char> = separators.chars().filter(|c| !c.is_whitespace()).collect();
    let mut out = fence("open", "(");
    for (i, part) in parts.iter().enumerate() {
        if let Some(separator) = i.checked_sub(1).and_then(|at| separators.get(at).or(separators.last())) {
            out.push_str(&symbol::tex(separator.encode_utf8(&mut [0; 4])));
            out.push(' ');
        }
        push(&mut out, &part.tex);
    }
    out.push_str(&fence("close", ")"));
    out
}
