//! The grammar of tags and statements in MDX, as far as it takes to tell where one ends.

/// Lines over which one tag may stretch.
const MAX_TAG_LINES: usize = 40;
/// Characters of one tag at most.
const MAX_TAG: usize = 2_000;

/// How many further lines the component's tag needs that a line begins with.
pub(super) fn lines_of_tag<'l>(line: &str, next: impl Iterator<Item = &'l str>) -> usize {
    let Some(tag) =
        line.trim_start().strip_prefix('<').filter(|tag| tag.starts_with(|c: char| c.is_ascii_uppercase()))
    else {
        return 0;
    };
    let mut scan = TagScan::default();
    if scan.end(tag).is_some() {
        return 0;
    }
    for (number, line) in next.take(MAX_TAG_LINES).enumerate() {
        if scan.end(line).is_some() {
            return number + 1;
        }
    }
    0
}

/// Looks for the `>` of a tag, outside of quotes and braces.
#[derive(Debug, Default)]
pub(super) struct TagScan {
    quote: Option<char>,
    braces: usize,
    seen: usize,
}

impl TagScan {
    /// Where in this further text the tag ends.
    pub(super) fn end(&mut self, text: &str) -> Option<usize> {
        for (at, c) in text.char_indices().take(MAX_TAG.saturating_sub(self.seen)) {
            self.seen += 1;
            match (self.quote, c) {
                (Some(open), _) if c == open => self.quote = None,
                (None, '"' | '\'' | '`') => self.quote = Some(c),
                (None, '{') => self.braces += 1,
                (None, '}') => self.braces = self.braces.saturating_sub(1),
                (None, '>') if self.braces == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }
}

/// Whether a line begins a module's `import` or `export`.
pub(super) fn is_statement(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix("import ") {
        return rest.contains(" from \"") || rest.contains(" from '") || rest.starts_with(['"', '\'', '{']);
    }
    line.strip_prefix("export ").is_some_and(|rest| {
        ["const ", "default ", "function ", "let ", "var ", "async ", "class ", "{", "* "]
            .iter()
            .any(|word| rest.starts_with(word))
    })
}

/// Brackets that are open after a line.
pub(super) fn balance(line: &str, open: usize) -> usize {
    line.chars().fold(open, |open, c| match c {
        '{' | '(' | '[' => open + 1,
        '}' | ')' | ']' => open.saturating_sub(1),
        _ => open,
    })
}

/// The value of the first of these attributes that a tag has.
pub(super) fn attribute<'t>(attributes: &'t str, names: &[&str]) -> Option<&'t str> {
    names.iter().find_map(|name| {
        let (at, _) = attributes.match_indices(name).find(|(at, _)| {
            let before = attributes[..*at].chars().next_back();
            before.is_none_or(char::is_whitespace) && attributes[at + name.len()..].starts_with('=')
        })?;
        let value = attributes[at + name.len() + 1..].trim_start_matches('{');
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
        value[1..].split(quote).next().filter(|value| !value.trim().is_empty())
    })
}

/// Whether a tag has an attribute that is on by standing there: `required`, `required={true}`.
fn has_flag(attributes: &str, name: &str) -> bool {
    let mut quoted: Option<char> = None;
    let mut at_word = true;
    for (at, c) in attributes.char_indices() {
        if let Some(quote) = quoted {
            if c == quote {
                quoted = None;
            }
        } else if matches!(c, '"' | '\'' | '`') {
            quoted = Some(c);
        } else if at_word && let Some(after) = attributes[at..].strip_prefix(name) {
            let off = ["={false}", "=\"false\""].iter().any(|value| after.starts_with(value));
            if !off && !after.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_') {
                return true;
            }
        }
        at_word = c.is_whitespace();
    }
    false
}

/// What is said of a field besides its name: `integer, required, default: 10`.
pub(super) fn traits(attributes: &str) -> String {
    let kind = attribute(attributes, &["type"]).map(str::to_owned);
    let flags = ["required", "deprecated"].into_iter().filter(|name| has_flag(attributes, name));
    let default = attribute(attributes, &["default"]).map(|value| format!("default: {value}"));
    let all: Vec<String> = kind.into_iter().chain(flags.map(str::to_owned)).chain(default).collect();
    all.join(", ")
}

pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}
