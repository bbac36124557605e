//! The rules of a style sheet, and when they hold.

use super::super::style::{Effect, Means, effects};

/// Bytes of a selector.
const MAX_SELECTOR: usize = 300;

/// When the rules inside of an at-rule hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    Always,
    /// On some screens, or in some state.
    Sometimes,
    /// In print, or not for elements at all.
    Never,
}

/// A rule that hides or shows what it selects.
#[derive(Debug)]
pub(super) struct Rule<'c> {
    prelude: &'c str,
    pub(super) declared: &'c str,
    pub(super) holds: Holds,
    pub(super) hides: Vec<Means>,
    pub(super) shows: Vec<Means>,
}

impl<'c> Rule<'c> {
    /// The selectors between its commas, those of functions left together. One that is too long is none.
    pub(super) fn selectors(&self) -> impl Iterator<Item = &'c str> {
        let mut depth = 0_usize;
        self.prelude
            .split(move |c: char| {
                match c {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                c == ',' && depth == 0
            })
            .filter(|selector| selector.len() <= MAX_SELECTOR)
    }
}

/// The rules of a sheet without comments that hide or show something.
pub(super) fn rules(css: &str) -> Vec<Rule<'_>> {
    let mut rules = Vec::new();
    let mut rest = css;
    let mut around: Vec<Holds> = Vec::new();
    while let Some(at) = rest.find(['{', '}', ';']) {
        // A sheet may be hidden from browsers that know none (CSS Syntax 3, 8.1).
        let (prelude, sign) =
            (rest[..at].trim().trim_start_matches("<!--").trim_start(), rest.as_bytes()[at]);
        rest = &rest[at + 1..];
        if sign == b'}' {
            around.pop();
        } else if sign == b'{' {
            let outer = around.last().copied().unwrap_or(Holds::Always);
            let end = rest.find(['{', '}']).unwrap_or(rest.len());
            if prelude.starts_with('@') {
                around.push(outer.max(holds(prelude)));
            } else if rest.as_bytes().get(end) == Some(&b'{') {
                // A rule that holds rules: what they say of which state is not followed.
                around.push(outer.max(Holds::Sometimes));
            } else {
                rules.extend(rule(prelude, &rest[..end], outer));
                rest = rest.get(end + 1..).unwrap_or_default();
            }
        }
    }
    rules
}

fn rule<'c>(prelude: &'c str, declared: &'c str, holds: Holds) -> Option<Rule<'c>> {
    let (mut hides, mut shows) = (Vec::new(), Vec::new());
    for effect in effects(declared) {
        match effect {
            Effect::Hides(means) => hides.push(means),
            Effect::Shows(means) => shows.push(means),
        }
    }
    (!hides.is_empty() || !shows.is_empty()).then_some(Rule { prelude, declared, holds, hides, shows })
}

/// When what an at-rule, or a `media` attribute, encloses is in force.
pub(super) fn holds(prelude: &str) -> Holds {
    let lower = prelude.to_ascii_lowercase();
    if let Some(condition) = lower.strip_prefix("@supports") {
        let of_one_browser = ["-webkit-", "-moz-", "-ms-"].iter().any(|of| condition.contains(of));
        let denied = condition.trim_start().starts_with("not");
        return if denied || of_one_browser { Holds::Sometimes } else { Holds::Always };
    }
    let query = lower.strip_prefix("@media").unwrap_or(&lower).trim();
    if query.starts_with("@layer") || query.split(',').any(is_any_screen) {
        Holds::Always
    } else if query == "print" || query.contains("keyframes") || query.starts_with("@font-face") {
        Holds::Never
    } else {
        Holds::Sometimes
    }
}

/// Whether a media query is true on every screen that people use.
fn is_any_screen(query: &str) -> bool {
    /// Pixels of the narrowest.
    const NARROWEST: u32 = 320;
    let query = query.trim().trim_start_matches("only ").trim();
    let width = query.trim_start_matches("screen and ").trim_start_matches("all and ").trim();
    let least = width.strip_prefix("(min-width:").and_then(|rest| rest.strip_suffix(')'));
    let is_narrow =
        |least: &str| least.trim().trim_end_matches("px").parse().is_ok_and(|n: u32| n <= NARROWEST);
    matches!(query, "" | "all" | "screen" | "not print") || least.is_some_and(is_narrow)
}

/// The names of what a selector selects, what must be around it left out: `tag`, `.class`, `#id`.
pub(super) fn subject(selector: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut chars = selector.trim().chars();
    let mut depth = 0_usize;
    let mut is_pseudo = false;
    while let Some(c) = chars.next() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '\\' => name.extend(chars.next().filter(|_| !is_pseudo)),
            ' ' | '>' | '+' | '~' | '\n' | '\t' | '\r' => {
                names.clear();
                name.clear();
                is_pseudo = false;
            }
            '.' | '#' | ':' => {
                names.extend(Some(std::mem::take(&mut name)).filter(|name| !name.is_empty()));
                is_pseudo = c == ':';
                name.extend((!is_pseudo).then_some(c));
            }
            '*' => {}
            _ if is_pseudo => {
                // What stands before or after an element is not the element.
                if chars.as_str().starts_with("efore") || chars.as_str().starts_with("fter") {
                    return Vec::new();
                }
            }
            _ => name.push(c),
        }
    }
    names.extend(Some(name).filter(|name| !name.is_empty()));
    for tag in names.iter_mut().filter(|name| !name.starts_with(['.', '#'])) {
        tag.make_ascii_lowercase();
    }
    names
}
