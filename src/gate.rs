//! Is this corpus safe to publish? What is held stays unpublished, and what is live stays live.
//!
//! [`ApprovedCorpus`] is the only thing that `publish` accepts, and [`ApprovedCorpus::new`] the only way to
//! one.

use serde::{Deserialize, Serialize};

use crate::{
    corpus::{Corpus, Manifest},
    hash::Hash,
};

/// The thresholds of the gates; shares are 0.0 ..= 1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct Gates {
    /// Largest share of the published documents that may leave.
    pub max_removed: f64,
    /// Largest share of the published characters that may leave.
    pub max_shrink: f64,
    /// Largest share of the requested pages that may fail.
    pub max_failed: f64,
    /// Fewest documents a corpus may have.
    pub min_documents: u64,
}

/// What a crawl found out that speaks for or against its corpus.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Crawled {
    /// Pages that were requested, of the sources that could be crawled.
    pub requested: u64,
    /// Of these, how many could not be read, or not believed.
    pub failed: u64,
    /// Why a site may not be what it was: each a gate of its own.
    pub doubts: Vec<Line>,
}

/// What a run found out besides the corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What the crawl found out.
    pub crawled: Crawled,
    /// Size of the push request and the largest that is sent, in bytes, where the target has such a limit.
    pub body: Option<(u64, u64)>,
    /// What the agent holds that corpusd did not put there.
    pub foreign: Foreign,
}

/// Training text that a push would replace and that corpusd did not put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// None, or it may be replaced.
    None,
    /// This many characters.
    Characters(u64),
    /// The API does not tell what the agent holds.
    Unknown,
}

/// One gate's judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The gate's name, as in the pipeline file.
    pub gate: String,
    /// Its threshold.
    pub limit: f64,
    /// What was found.
    pub value: f64,
    /// What follows.
    pub verdict: Ruling,
    /// In words, with the numbers.
    pub detail: String,
}

/// What one gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Nothing against it.
    Pass,
    /// Not without a person's approval.
    Hold,
}

/// What all gates say.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// One line per gate that applies.
    pub lines: Vec<Line>,
}

/// Why a corpus may be published.
#[derive(Debug, Clone, Copy)]
pub enum Warrant<'a> {
    /// The gates passed it.
    Verdict(&'a Verdict),
    /// A person looked at what the gates held and approved it.
    Approval,
    /// It was approved when the intent to publish it was recorded; only the outcome of that is unknown.
    Intent,
}

/// A corpus that may be published.
#[derive(Debug, Clone)]
pub struct ApprovedCorpus {
    text: String,
    sha256: Hash,
}

impl ApprovedCorpus {
    /// A corpus that may be published, or `None` where a gate holds it.
    pub fn new(text: String, sha256: Hash, warrant: Warrant<'_>) -> Option<ApprovedCorpus> {
        match warrant {
            Warrant::Verdict(verdict) if verdict.is_hold() => None,
            Warrant::Verdict(_) | Warrant::Approval | Warrant::Intent => {
                Some(ApprovedCorpus { text, sha256 })
            }
        }
    }

    /// What is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> &Hash {
        &self.sha256
    }
}

impl Verdict {
    /// Whether any gate holds.
    pub fn is_hold(&self) -> bool {
        self.lines.iter().any(|line| line.verdict == Ruling::Hold)
    }

    /// The gates that hold, with the numbers.
    pub fn reasons(&self) -> String {
        self.holds().map(|line| format!("{}: {}", line.gate, line.detail)).collect::<Vec<_>>().join("; ")
    }

    /// The lines that hold.
    pub fn holds(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.verdict == Ruling::Hold)
    }
}

/// Judges a corpus by what was published last (`None`: nothing, so the relative gates do not apply), by the
/// facts of the run, and by the settings.
pub fn judge(published: Option<&Manifest>, corpus: &Corpus, facts: &Facts, gates: &Gates) -> Verdict {
    let mut lines = vec![min_documents(corpus, gates)];
    lines.extend(of_crawl(&facts.crawled, gates));
    if let Some(published) = published {
        lines.push(max_removed(published, corpus, gates));
        lines.push(max_shrink(published, corpus, gates));
    }
    if let Some((size, limit)) = facts.body {
        lines.push(max_body(size, limit));
    }
    lines.extend(adopt(facts.foreign));
    Verdict { lines }
}

fn line(gate: &str, limit: f64, value: f64, hold: bool, detail: String) -> Line {
    let verdict = if hold { Ruling::Hold } else { Ruling::Pass };
    Line { gate: gate.to_owned(), limit, value, verdict, detail }
}

fn min_documents(corpus: &Corpus, gates: &Gates) -> Line {
    let documents = corpus.manifest.documents.len() as u64;
    let detail = format!("{documents} documents, at least {} wanted", gates.min_documents);
    line(
        "min_documents",
        gates.min_documents as f64,
        documents as f64,
        documents < gates.min_documents,
        detail,
    )
}

/// Judges how many of the pages are gone that stay until another crawl confirms it: too many are held at once.
pub fn of_going(going: u64, members: u64, gates: &Gates) -> Option<Line> {
    let share = share(going, members);
    let detail = format!("{going} of {members} pages are gone, and leave if that is confirmed");
    (share > gates.max_removed).then(|| line("max_removed", gates.max_removed, share, true, detail))
}

/// Judges the crawl alone, whatever corpus came of it.
pub fn of_crawl(crawled: &Crawled, gates: &Gates) -> Vec<Line> {
    let Crawled { requested, failed, doubts } = crawled;
    let share = share(*failed, *requested);
    let detail = format!("{failed} of {requested} pages could not be read");
    let max_failed = line("max_failed", gates.max_failed, share, share > gates.max_failed, detail);
    std::iter::once(max_failed).chain(doubts.iter().cloned()).collect()
}

fn max_removed(published: &Manifest, corpus: &Corpus, gates: &Gates) -> Line {
    let removed = corpus.manifest.lost_since(published).len() as u64;
    let of = published.documents.len() as u64;
    let share = share(removed, of);
    let detail = format!("{removed} of {of} published documents would leave");
    line("max_removed", gates.max_removed, share, share > gates.max_removed, detail)
}

fn max_shrink(published: &Manifest, corpus: &Corpus, gates: &Gates) -> Line {
    let (before, after) = (published.size.characters, corpus.manifest.size.characters);
    let share = share(before.saturating_sub(after), before);
    let detail = format!("{after} characters instead of {before}");
    line("max_shrink", gates.max_shrink, share, share > gates.max_shrink, detail)
}

fn max_body(size: u64, limit: u64) -> Line {
    let detail = format!(
        "the request would have {size} bytes, at most {limit} are sent: raise `publish.max_body` if the account takes \
         more, or lower `corpus.limit`"
    );
    line("max_body", limit as f64, size as f64, size > limit, detail)
}

fn adopt(foreign: Foreign) -> Option<Line> {
    let (value, what) = match foreign {
        Foreign::None => return None,
        Foreign::Characters(count) => (count as f64, format!("the agent holds {count} characters")),
        Foreign::Unknown => (1.0, "the API does not tell what the agent holds; it may hold text".to_owned()),
    };
    let detail = format!("{what} that corpusd did not put there, and publishing replaces all of it");
    Some(line("adopt", 0.0, value, true, detail))
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        corpus::{Counts, Entry},
        document::ContentHash,
    };

    const GATES: Gates = Gates { max_removed: 0.3, max_shrink: 0.25, max_failed: 0.1, min_documents: 1 };
    const FINE: Facts = Facts {
        crawled: Crawled { requested: 100, failed: 0, doubts: Vec::new() },
        body: None,
        foreign: Foreign::None,
    };

    fn manifest(documents: u64, characters: u64) -> Manifest {
        let entry = |n: u64| Entry {
            url: format!("/{n}"),
            title: String::new(),
            hash: ContentHash::of(&n.to_string()),
            size: Counts::default(),
        };
        let size = Counts { characters, ..Counts::default() };
        Manifest { documents: (0..documents).map(entry).collect(), size }
    }

    fn corpus(documents: u64, characters: u64) -> Corpus {
        Corpus { text: String::new(), sha256: [0; 32], manifest: manifest(documents, characters) }
    }

    fn held_by(published: Option<&Manifest>, corpus: &Corpus, facts: &Facts) -> Vec<String> {
        judge(published, corpus, facts, &GATES).holds().map(|line| line.gate.clone()).collect()
    }

    #[test]
    fn a_first_publish_is_exempt_from_the_relative_gates_alone() {
        assert_eq!(held_by(None, &corpus(3, 10), &FINE), [""; 0]);
        assert_eq!(held_by(None, &corpus(0, 0), &FINE), ["min_documents"]);
        let crawled = Crawled { failed: 11, ..FINE.crawled };
        assert_eq!(held_by(None, &corpus(3, 10), &Facts { crawled, ..FINE }), ["max_failed"]);
    }

    #[test]
    fn a_corpus_that_lost_documents_or_text_is_held() {
        let published = manifest(100, 1000);
        assert_eq!(held_by(Some(&published), &corpus(70, 1000), &FINE), [""; 0]);
        assert_eq!(held_by(Some(&published), &corpus(69, 1000), &FINE), ["max_removed"]);
        assert_eq!(held_by(Some(&published), &corpus(100, 750), &FINE), [""; 0]);
        assert_eq!(held_by(Some(&published), &corpus(100, 749), &FINE), ["max_shrink"]);
    }

    #[test]
    fn foreign_text_and_a_large_request_are_held() {
        let foreign = |foreign| Facts { foreign, ..FINE };
        assert_eq!(held_by(None, &corpus(1, 1), &foreign(Foreign::Characters(9))), ["adopt"]);
        assert_eq!(held_by(None, &corpus(1, 1), &foreign(Foreign::Unknown)), ["adopt"]);
        assert_eq!(held_by(None, &corpus(1, 1), &Facts { body: Some((11, 10)), ..FINE }), ["max_body"]);
        assert_eq!(held_by(None, &corpus(1, 1), &Facts { body: Some((10, 10)), ..FINE }), [""; 0]);
    }

    #[test]
    fn a_held_corpus_needs_a_person() {
        let held = judge(None, &corpus(0, 0), &FINE, &GATES);
        assert!(ApprovedCorpus::new(String::new(), [0; 32], Warrant::Verdict(&held)).is_none());
        assert!(ApprovedCorpus::new(String::new(), [0; 32], Warrant::Approval).is_some());
    }

    proptest! {
        #[test]
        fn no_corpus_across_a_limit_passes(before in 1_u64..500, after in 0_u64..500, old in 1_u64..9000, new in 0_u64..9000) {
            let verdict = judge(Some(&manifest(before, old)), &corpus(after, new), &FINE, &GATES);
            let across = after < 1
                || before.saturating_sub(after) as f64 / before as f64 > GATES.max_removed
                || old.saturating_sub(new) as f64 / old as f64 > GATES.max_shrink;
            prop_assert_eq!(verdict.is_hold(), across);
        }
    }
}
