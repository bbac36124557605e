//! The gates that look into the documents: what they must say, and what none may.

use std::collections::HashSet;

use url::Url;

use super::{Gates, Line, line, notice::is_notice, secret::kind_of_secret};
use crate::{
    corpus::{Corpus, Section},
    crawl::pattern::{Patterns, Site, Target},
    document::ContentHash,
};

/// So many findings are told one by one.
const TOLD: usize = 3;

/// What no document may hold, and what has been found yet of what one must.
struct Search<'a> {
    /// Texts not found yet.
    missing: Vec<Sought<'a>>,
    forbidden: Vec<Sought<'a>>,
    /// Texts that are live already, so that a person approved them if they look odd: nobody is asked twice.
    approved: HashSet<ContentHash>,
    faults: Vec<String>,
    secrets: Vec<String>,
}

/// A text as it is looked for.
struct Sought<'a> {
    written: &'a str,
    folded: String,
}

pub(super) fn lines(published: Option<&Corpus>, corpus: &Corpus, gates: &Gates) -> Vec<Line> {
    let mut search = Search {
        missing: sought(&gates.require_text),
        forbidden: sought(&gates.forbid_text),
        approved: published
            .iter()
            .flat_map(|live| &live.manifest.documents)
            .map(|entry| entry.hash)
            .collect(),
        faults: Vec::new(),
        secrets: Vec::new(),
    };
    for section in corpus.sections() {
        search.look_into(&section);
    }
    let mut lines = Vec::new();
    if !gates.require_urls.is_empty() {
        lines.push(require_urls(corpus, &gates.require_urls));
    }
    if !gates.require_text.is_empty() {
        let missing = search.missing.iter().map(|text| format!("`{}` stands in no document", text.written));
        lines.push(findings("require_text", &missing.collect::<Vec<_>>(), "every text wanted is there"));
    }
    lines.push(findings(
        "forbid_text",
        &search.faults,
        "no forbidden text, no document that is a mere notice",
    ));
    lines.push(findings("secrets", &search.secrets, "no private key and no token"));
    lines
}

/// One line for a gate that tolerates nothing.
fn findings(gate: &str, findings: &[String], none: &str) -> Line {
    let count = findings.len();
    let detail = match findings.get(..TOLD) {
        Some(told) if count > TOLD => format!("{}, and {} more", told.join(", "), count - TOLD),
        _ if count > 0 => findings.join(", "),
        _ => none.to_owned(),
    };
    line(gate, 0.0, count as f64, count > 0, detail)
}

fn require_urls(corpus: &Corpus, wanted: &[Patterns]) -> Line {
    let urls = corpus.manifest.documents.iter().filter_map(|entry| Url::parse(&entry.url).ok());
    // Sources all belong to the pipeline, so a path may be on any of them.
    let targets: Vec<Target> = urls.map(|url| Target::new(&url, Site::Start)).collect();
    let is_missing = |pattern: &&Patterns| !targets.iter().any(|target| pattern.matches(target));
    let missing = wanted.iter().filter(is_missing);
    let missing = missing.map(|pattern| format!("no document is at {}", pattern.texts().join(", ")));
    findings("require_urls", &missing.collect::<Vec<_>>(), "every URL wanted is a document")
}

impl Search<'_> {
    fn look_into(&mut self, section: &Section<'_>) {
        let entry = section.entry;
        if !self.missing.is_empty() || !self.forbidden.is_empty() {
            let text = fold(section.text);
            self.missing.retain(|wanted| !text.contains(&wanted.folded));
            let forbidden = self.forbidden.iter().filter(|forbidden| text.contains(&forbidden.folded));
            self.faults.extend(forbidden.map(|found| format!("{} says `{}`", entry.url, found.written)));
        }
        if self.approved.contains(&entry.hash) {
            return;
        }
        if !section.text.is_empty() && is_notice(&entry.title, section.body()) {
            self.faults.push(format!("{} is an error, login or challenge page", entry.url));
        }
        if let Some(kind) = kind_of_secret(section.text) {
            self.secrets.push(format!("{} holds {kind}", without_secret(&entry.url)));
        }
    }
}

/// The URL as it may be told: its origin, where the secret stands in the URL itself.
fn without_secret(url: &str) -> String {
    if kind_of_secret(url).is_none() {
        return url.to_owned();
    }
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
    format!("a URL at {}", origin.as_deref().unwrap_or("some host"))
}

fn sought(texts: &[String]) -> Vec<Sought<'_>> {
    texts.iter().map(|text| Sought { written: text, folded: fold(text) }).collect()
}

/// Lower case, with one space for any white space: a text is found across the ends of lines.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}
