//! Characters of formulas, and what TeX calls them.

use unicode_normalization::UnicodeNormalization;

/// Characters with a control sequence of their own.
#[rustfmt::skip]
const COMMANDS: &[(char, &str)] = &[
    ('α', "\\alpha"), ('β', "\\beta"), ('γ', "\\gamma"), ('δ', "\\delta"), ('ε', "\\varepsilon"), ('ϵ', "\\epsilon"), ('ζ', "\\zeta"),
    ('η', "\\eta"), ('θ', "\\theta"), ('ϑ', "\\vartheta"), ('ι', "\\iota"), ('κ', "\\kappa"), ('λ', "\\lambda"), ('μ', "\\mu"),
    ('µ', "\\mu"), ('ν', "\\nu"), ('ξ', "\\xi"), ('π', "\\pi"), ('ϖ', "\\varpi"), ('ρ', "\\rho"), ('ϱ', "\\varrho"), ('σ', "\\sigma"),
    ('ς', "\\varsigma"), ('τ', "\\tau"), ('υ', "\\upsilon"), ('φ', "\\varphi"), ('ϕ', "\\phi"), ('χ', "\\chi"), ('ψ', "\\psi"),
    ('ω', "\\omega"), ('Γ', "\\Gamma"), ('Δ', "\\Delta"), ('Θ', "\\Theta"), ('Λ', "\\Lambda"), ('Ξ', "\\Xi"), ('Π', "\\Pi"),
    ('Σ', "\\Sigma"), ('Υ', "\\Upsilon"), ('Φ', "\\Phi"), ('Ψ', "\\Psi"), ('Ω', "\\Omega"), ('∆', "\\Delta"), ('ℓ', "\\ell"),
    ('ℏ', "\\hbar"), ('ℵ', "\\aleph"), ('ℜ', "\\Re"), ('ℑ', "\\Im"), ('ı', "\\imath"), ('ȷ', "\\jmath"),
    ('×', "\\times"), ('·', "\\cdot"), ('⋅', "\\cdot"), ('∙', "\\bullet"), ('÷', "\\div"), ('±', "\\pm"), ('∓', "\\mp"), ('∗', "*"),
    ('⋆', "\\star"), ('∘', "\\circ"), ('⊕', "\\oplus"), ('⊖', "\\ominus"), ('⊗', "\\otimes"), ('⊙', "\\odot"), ('†', "\\dagger"),
    ('≤', "\\le"), ('≥', "\\ge"), ('⩽', "\\le"), ('⩾', "\\ge"), ('≪', "\\ll"), ('≫', "\\gg"), ('≠', "\\ne"), ('≈', "\\approx"),
    ('≡', "\\equiv"), ('∼', "\\sim"), ('≃', "\\simeq"), ('≅', "\\cong"), ('∝', "\\propto"), ('≺', "\\prec"), ('≻', "\\succ"),
    ('→', "\\to"), ('←', "\\leftarrow"), ('↔', "\\leftrightarrow"), ('⇒', "\\Rightarrow"), ('⇐', "\\Leftarrow"),
    ('⇔', "\\Leftrightarrow"), ('⟶', "\\longrightarrow"), ('⟹', "\\implies"), ('⟺', "\\iff"), ('↦', "\\mapsto"), ('↑', "\\uparrow"),
    ('↓', "\\downarrow"), ('⇌', "\\rightleftharpoons"), ('∈', "\\in"), ('∉', "\\notin"), ('∋', "\\ni"), ('⊂', "\\subset"),
    ('⊃', "\\supset"), ('⊆', "\\subseteq"), ('⊇', "\\supseteq"), ('∪', "\\cup"), ('∩', "\\cap"), ('∖', "\\setminus"),
    ('∅', "\\emptyset"), ('∧', "\\land"), ('∨', "\\lor"), ('¬', "\\neg"), ('∀', "\\forall"), ('∃', "\\exists"), ('∄', "\\nexists"),
    ('⊤', "\\top"), ('⊥', "\\perp"), ('∠', "\\angle"), ('∥', "\\parallel"), ('∣', "\\mid"), ('⊢', "\\vdash"), ('⊨', "\\models"),
    ('∂', "\\partial"), ('∇', "\\nabla"), ('∞', "\\infty"), ('∑', "\\sum"), ('∏', "\\prod"), ('∐', "\\coprod"), ('∫', "\\int"),
    ('∬', "\\iint"), ('∭', "\\iiint"), ('∮', "\\oint"), ('⋃', "\\bigcup"), ('⋂', "\\bigcap"), ('⋁', "\\bigvee"), ('⋀', "\\bigwedge"),
    ('⨁', "\\bigoplus"), ('⨂', "\\bigotimes"), ('√', "\\surd"), ('…', "\\dots"), ('⋯', "\\cdots"), ('⋮', "\\vdots"), ('⋱', "\\ddots"),
    ('⟨', "\\langle"), ('⟩', "\\rangle"), ('〈', "\\langle"), ('〉', "\\rangle"), ('⌊', "\\lfloor"), ('⌋', "\\rfloor"),
    ('⌈', "\\lceil"), ('⌉', "\\rceil"), ('‖', "\\|"), ('°', "^\\circ"), ('ℝ', "\\mathbb{R}"), ('ℕ', "\\mathbb{N}"), ('ℤ', "\\mathbb{Z}"),
    ('ℚ', "\\mathbb{Q}"), ('ℂ', "\\mathbb{C}"), ('ℙ', "\\mathbb{P}"), ('ℍ', "\\mathbb{H}"), ('ℒ', "\\mathcal{L}"), ('ℋ', "\\mathcal{H}"),
    ('ℱ', "\\mathcal{F}"), ('ℬ', "\\mathcal{B}"), ('ℛ', "\\mathcal{R}"), ('ℰ', "\\mathcal{E}"), ('\\', "\\backslash"), ('−', "-"),
    ('′', "'"), ('″', "''"), ('‴', "'''"), ('〗', "]"), ('〖', "["), ('∶', ":"), ('\u{A0}', " "),
];

/// Names that are written upright, with a control word for each.
const FUNCTIONS: &[&str] = &[
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth",
    "log", "ln", "lg", "exp", "arg", "deg", "dim", "hom", "ker", "lim", "limsup", "liminf", "max", "min",
    "sup", "inf", "det", "gcd", "Pr",
];

/// What has its limits below and above it.
const LIMITED: &[&str] = &[
    "∑", "∏", "∐", "∫", "∬", "∭", "∮", "⋃", "⋂", "⋁", "⋀", "⨁", "⨂", "lim", "limsup", "liminf", "max", "min",
    "sup", "inf", "det", "gcd", "Pr",
];

/// Operators with blanks around them between two operands.
#[rustfmt::skip]
const INFIX: &[&str] = &[
    "=", "+", "-", "<", ">", ":=", "/=", "\\pm", "\\mp", "\\times", "\\cdot", "\\div", "\\le", "\\ge", "\\ll", "\\gg", "\\ne",
    "\\approx", "\\equiv", "\\sim", "\\simeq", "\\cong", "\\propto", "\\to", "\\leftarrow", "\\leftrightarrow", "\\Rightarrow",
    "\\Leftarrow", "\\Leftrightarrow", "\\longrightarrow", "\\implies", "\\iff", "\\mapsto", "\\in", "\\notin", "\\subset",
    "\\supset", "\\subseteq", "\\supseteq", "\\cup", "\\cap", "\\setminus", "\\land", "\\lor", "\\oplus", "\\otimes", "\\mid",
    "\\circ", "\\rightleftharpoons",
];

/// Marks at a base: what they are, and their names with one character and with more.
type Marks = [(&'static [&'static str], &'static str, &'static str)];

/// Marks over a base.
pub(super) const OVER: &Marks = &[
    (&["^", "ˆ", "\u{302}"], "\\hat", "\\widehat"),
    (&["~", "˜", "\\sim", "\u{303}"], "\\tilde", "\\widetilde"),
    (&["¯", "‾", "―", "\\_", "\u{304}", "\u{305}"], "\\bar", "\\overline"),
    (&["\\to", "\u{20D7}", "⇀"], "\\vec", "\\overrightarrow"),
    (&["˙", ".", "\u{307}"], "\\dot", "\\dot"),
    (&["¨", "..", "\u{308}"], "\\ddot", "\\ddot"),
    (&["˘"], "\\breve", "\\breve"),
    (&["ˇ"], "\\check", "\\check"),
    (&["⏞", "︷"], "\\overbrace", "\\overbrace"),
];

/// Marks under a base.
pub(super) const UNDER: &Marks = &[
    (&["¯", "‾", "―", "\\_", "\u{332}"], "\\underline", "\\underline"),
    (&["⏟", "︸"], "\\underbrace", "\\underbrace"),
];

/// The TeX of a run of characters.
pub(super) fn tex(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let written = match c {
            // Invisible: application, product, comma, sum.
            '\u{2061}'..='\u{2064}' | '\u{200B}' => continue,
            c if c.is_ascii_alphanumeric() => {
                let word = out.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                if c.is_ascii_alphabetic() && word.len() < out.len() && word.ends_with('\\') {
                    out.push(' ');
                }
                out.push(c);
                continue;
            }
            '\u{1D400}'..='\u{1D7FF}' => {
                out.push_str(&lettered(c));
                continue;
            }
            '{' | '}' | '%' | '&' | '#' | '$' | '_' => {
                out.push('\\');
                out.push(c);
                continue;
            }
            c => COMMANDS.iter().find(|(sign, _)| *sign == c).map(|(_, command)| *command),
        };
        match written {
            Some(command) => out.push_str(command),
            None => out.push(c),
        }
    }
    out
}

/// A letter of one of the mathematical alphabets (Unicode 16, 22.2); italics are what TeX sets anyway.
fn lettered(c: char) -> String {
    let letters: String = std::iter::once(c).nfkc().collect();
    let letter = letters.chars().next().filter(char::is_ascii).map_or_else(|| tex(&letters), String::from);
    let alphabet = match c {
        '\u{1D400}'..='\u{1D433}' | '\u{1D468}'..='\u{1D49B}' | '\u{1D7CE}'..='\u{1D7D7}' => "\\mathbf",
        '\u{1D49C}'..='\u{1D503}' => "\\mathcal",
        '\u{1D504}'..='\u{1D537}' | '\u{1D56C}'..='\u{1D59F}' => "\\mathfrak",
        '\u{1D538}'..='\u{1D56B}' | '\u{1D7D8}'..='\u{1D7E1}' => "\\mathbb",
        _ => return letter,
    };
    format!("{alphabet}{{{letter}}}")
}

/// Running text, as TeX takes it inside of `\text`.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '{' | '}' | '%' | '&' | '#' | '$' | '_') {
            out.push('\\');
        }
        out.push(if c == '\\' { '/' } else { c });
    }
    out
}

/// Whether TeX has a control word for this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

/// Whether what is below and above it are its limits.
pub(super) fn has_limits(text: &str) -> bool {
    LIMITED.contains(&text)
}

/// Whether blanks stand around this operator between two operands.
pub(super) fn is_infix(tex: &str) -> bool {
    INFIX.contains(&tex)
}

/// The control word of a mark at one character, or at more.
pub(super) fn mark(marks: &Marks, sign: &str, single: bool) -> Option<&'static str> {
    marks
        .iter()
        .find(|(signs, ..)| signs.contains(&sign))
        .map(|(_, one, more)| if single { *one } else { *more })
}
