//! The rules that `lib.rs` states: modules import only what stands above them, and pure ones are pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::world::files;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// Production lines that a file may have.
const LONGEST: usize = 400;

/// What a pure module has nothing to do with.
const IMPURE: [&str; 14] = [
    "async ",
    ".await",
    "tokio",
    "std::net",
    "std::fs",
    "std::process",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "reqwest",
    "rusqlite",
    "println!",
];

/// Files of the crawl, which as a whole waits and asks, that are pure nevertheless.
const PURE_IN_CRAWL: [&str; 9] =
    ["url", "scope", "part", "pattern", "percent", "robots", "sitemap", "traps", "language"];

/// A source file, without its tests, comments and literals.
struct Source {
    path: PathBuf,
    code: String,
    /// Lines that are not tests, comments included.
    lines: usize,
}

impl Source {
    fn read(path: PathBuf) -> Source {
        let text = fs::read_to_string(&path).unwrap();
        let is_test_file = path.ends_with("tests.rs") || path.ends_with("testing.rs");
        let production = if is_test_file { "" } else { without_tests(&text) };
        Source { lines: production.lines().count(), code: without_comments_and_literals(production), path }
    }

    /// Path below `src/`, for messages.
    fn name(&self) -> String {
        self.path.strip_prefix(SOURCES).unwrap().display().to_string()
    }

    /// The module of `lib.rs` that it belongs to.
    fn module(&self) -> String {
        let first = Path::new(&self.name()).iter().next().unwrap().to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    }
}

fn sources() -> Vec<Source> {
    files(Path::new(SOURCES), ".rs").into_iter().map(Source::read).collect()
}

/// The `mod` list of `lib.rs`: names in order, with the comment behind each.
fn modules() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(SOURCES).join("lib.rs")).unwrap();
    let module = |line: &str| {
        let (name, comment) = line.strip_prefix("pub mod ").or(line.strip_prefix("mod "))?.split_once(';')?;
        Some((name.to_owned(), comment.trim_start_matches([' ', '/']).to_owned()))
    };
    text.lines().filter_map(module).collect()
}

/// Everything before the file's `#[cfg(test)] mod`.
fn without_tests(text: &str) -> &str {
    let end = text
        .match_indices("#[cfg(test)]")
        .find(|(at, found)| text[at + found.len()..].trim_start().starts_with("mod tests"));
    end.map_or(text, |(at, _)| &text[..at])
}

/// Blanks comments, strings and characters, so that only code is left to be searched.
fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            string(rest)
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            rest.find('"').map_or(rest.len(), |open| {
                rest[open + 1..].find(&end).map_or(rest.len(), |at| open + 1 + at + end.len())
            })
        } else if let Some(length) = character(rest) {
            length
        } else {
            // A whole word at once, so that no `r` in the middle of one begins a raw string.
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = word.max(first.len_utf8());
            code.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        };
        code.push(' ');
        code.extend(rest[..length].matches('\n'));
        rest = &rest[length..];
    }
    code
}

/// Bytes of the string literal that `text` begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The number of `#` of the raw string that `text` begins with.
fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or(text.strip_prefix('r'))?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

/// Bytes of the character literal that `text` begins with; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\'')?;
    if let Some(escape) = rest.strip_prefix('\\') {
        return Some(2 + escape.char_indices().skip(1).find(|(_, c)| *c == '\'')?.0 + 1);
    }
    let c = rest.chars().next()?;
    rest[c.len_utf8()..].starts_with('\'').then(|| c.len_utf8() + 2)
}

/// The modules of this crate that the code names: `crate::a::…`, and `a` and `b` of `crate::{a::…, b}`.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = code[at + found.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => named.extend(first_level(group)),
            None => named.extend(word(rest)),
        }
    }
    named
}

/// The first word of each entry of a `use` group, whose opening brace is gone.
fn first_level(group: &str) -> Vec<String> {
    let (mut entries, mut depth, mut begins) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                entries.extend(word(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    entries
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// Tells all violations at once.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn imports_are_found_wherever_they_are_written() {
    let code = without_comments_and_literals(
        "// crate::comment\nuse crate::{a::{b, c}, d, e::f::{g}};\nlet x = crate::h::i(\"crate::string\", 'c', r#\"crate::raw\"#);\n\
         fn y<'crate_>() { $crate::macro_(); mycrate::z() } '\\'' crate :: odd",
    );
    let found: Vec<String> = named_modules(&code).into_iter().collect();
    assert_eq!(found, ["a", "d", "e", "h"]);
}

#[test]
fn every_module_of_the_crate_is_in_the_list() {
    let listed: BTreeSet<String> = modules().into_iter().map(|(name, _)| name).collect();
    let present: BTreeSet<String> =
        sources().iter().map(Source::module).filter(|name| name != "lib" && name != "main").collect();
    assert_eq!(present, listed);
}

#[test]
fn a_module_imports_only_modules_above_it() {
    let place: BTreeMap<String, usize> =
        modules().into_iter().enumerate().map(|(at, (name, _))| (name, at)).collect();
    let mut violations = Vec::new();
    for source in sources() {
        let Some(own) = place.get(&source.module()) else { continue };
        for named in named_modules(&source.code) {
            match place.get(&named) {
                Some(at) if at > own => {
                    violations.push(format!("{} imports `{named}`, which stands below it", source.name()));
                }
                Some(_) => {}
                None => {
                    violations.push(format!("{} names `crate::{named}`, which is no module", source.name()));
                }
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn what_is_marked_pure_is_pure() {
    let pure: BTreeSet<String> = modules()
        .into_iter()
        .filter(|(_, comment)| comment.starts_with("pure"))
        .map(|(name, _)| name)
        .collect();
    assert!(pure.contains("corpus") && pure.contains("gate"), "the marks are found: {pure:?}");
    let mut violations = Vec::new();
    for source in sources() {
        let name = source.name();
        let mut parts =
            Path::new(&name).iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
        let first = parts.next().unwrap();
        let in_crawl =
            first == "crawl" && parts.next().is_some_and(|part| PURE_IN_CRAWL.contains(&part.as_str()));
        if pure.contains(&first) || in_crawl {
            let found = IMPURE.iter().filter(|word| source.code.contains(**word));
            violations.extend(found.map(|word| format!("{name} has `{}`", word.trim())));
        }
    }
    assert_none(&violations);
}

#[test]
fn only_the_store_speaks_sql() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "store") {
        if source.code.contains("rusqlite") {
            violations.push(format!("{} has rusqlite", source.name()));
        }
        let text = fs::read_to_string(&source.path).unwrap();
        let sql = ["SELECT ", "INSERT INTO", "UPDATE page", "DELETE FROM", "PRAGMA "];
        violations.extend(
            sql.iter()
                .filter(|words| without_tests(&text).contains(**words))
                .map(|words| format!("{} has `{}`", source.name(), words.trim())),
        );
    }
    assert_none(&violations);
}

#[test]
fn only_the_edge_prints_exits_and_uses_anyhow() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !["main", "cli"].contains(&source.module().as_str())) {
        let words = ["anyhow", "println!", "print!", "eprintln!", "process::exit", "stdout()", "stderr()"];
        violations.extend(
            words
                .iter()
                .filter(|word| source.code.contains(**word))
                .map(|word| format!("{} has `{word}`", source.name())),
        );
    }
    assert_none(&violations);
}

#[test]
fn sockets_outwards_are_opened_by_http_alone() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "http") {
        for word in ["reqwest::Client", "reqwest::get", "TcpStream::connect", "UdpSocket"] {
            if source.code.contains(word) {
                violations.push(format!("{} has `{word}`", source.name()));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn a_file_is_short_enough_to_be_read() {
    let long = sources().into_iter().filter(|source| source.lines > LONGEST);
    assert_none(
        &long
            .map(|source| format!("{} has {} production lines", source.name(), source.lines))
            .collect::<Vec<_>>(),
    );
}
