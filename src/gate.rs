//! Is this corpus safe to publish? What is held stays unpublished, and what is live stays live.
//!
//! [`ApprovedCorpus`] is the only thing that `publish` accepts, and [`ApprovedCorpus::new`] the only way to
//! one.

mod agent;
mod change;
mod content;
mod notice;
mod secret;
mod similarity;

use std::{fmt::Display, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{corpus::Corpus, crawl::pattern::Patterns, hash::Hash};

/// The thresholds of the gates; shares are 0.0 ..= 1.0 where nothing else is said.
#[derive(Debug, Clone)]
pub struct Gates {
    /// Largest share of the published documents that may leave.
    pub max_removed: f64,
    /// Largest share of the published characters that may leave.
    pub max_shrink: f64,
    /// Largest share of the published documents whose text may change.
    pub max_changed: f64,
    /// Most characters that may come, as a share of the published ones; 1.0 doubles them.
    pub max_growth: f64,
    /// Largest share of the requested pages that may fail.
    pub max_failed: f64,
    /// Fewest documents a corpus may have.
    pub min_documents: u64,
    /// One each: at least one document's URL must match.
    pub require_urls: Vec<Patterns>,
    /// Texts that must stand in some document, whatever their case.
    pub require_text: Vec<String>,
    /// Texts that may stand in no document, whatever their case; besides, no document may be a mere notice.
    pub forbid_text: Vec<String>,
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
    /// Names of the sources that the pipeline has.
    pub sources: Vec<String>,
    /// URLs of required documents that the budget had no room for; `None` where none is required.
    pub required: Option<Vec<String>>,
    /// The agent's sources, where the target tells of them, and the most bytes that all of them may have.
    pub at_agent: Option<(AtAgent, Option<u64>)>,
}

/// The sources that an agent has, and what publishing would do to them. Told by the API, so it is known where the local
/// state is lost too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AtAgent {
    /// How many documents corpusd put there, those that share a source counted as one.
    pub ours: u64,
    /// Of these, how many would leave.
    pub leaving: u64,
    /// Bytes of the texts that corpusd put there.
    pub bytes: u64,
    /// How many of its sources corpusd did not make: they stay.
    pub foreign: u64,
    /// Of these, how many are texts.
    pub foreign_texts: u64,
    /// Bytes of what corpusd did not make.
    pub foreign_bytes: u64,
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
    /// It was live before, so it is a way back.
    Published,
    /// It was approved when the intent to publish it was recorded; only the outcome of that is unknown.
    Intent,
}

/// A corpus that may be published.
#[derive(Debug, Clone)]
pub struct ApprovedCorpus(Arc<Corpus>);

impl ApprovedCorpus {
    /// A corpus that may be published, or `None` where a gate holds it.
    pub fn new(corpus: Corpus, warrant: Warrant<'_>) -> Option<ApprovedCorpus> {
        match warrant {
            Warrant::Verdict(verdict) if verdict.is_hold() => None,
            Warrant::Verdict(_) | Warrant::Approval | Warrant::Published | Warrant::Intent => {
                Some(ApprovedCorpus(Arc::new(corpus)))
            }
        }
    }

    /// What is sent.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> &Hash {
        &self.0.sha256
    }

    /// Text and manifest, to be worked on elsewhere.
    pub fn shared(&self) -> Arc<Corpus> {
        Arc::clone(&self.0)
    }
}

impl Verdict {
    /// Whether any gate holds.
    pub fn is_hold(&self) -> bool {
        self.lines.iter().any(|line| line.verdict == Ruling::Hold)
    }

    /// How a person goes on with what they hold: by no approval where that would make no room.
    pub fn ways_on(&self, pipeline: impl Display) -> String {
        let look = format!("`corpusd show {pipeline}` to look");
        if self.holds().any(|line| line.gate == agent::ROOM) {
            return look;
        }
        format!("{look}, `corpusd approve {pipeline}` to go on")
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
/// facts of the run, and by the settings. Linear in the two texts.
pub fn judge(published: Option<&Corpus>, corpus: &Corpus, facts: &Facts, gates: &Gates) -> Verdict {
    let mut lines = vec![min_documents(corpus, gates)];
    lines.extend(of_crawl(&facts.crawled, gates));
    if let Some(published) = published {
        lines.extend(change::lines(published, corpus, facts, gates));
    }
    lines.extend(content::lines(published, corpus, gates));
    lines.extend(facts.required.as_deref().map(required));
    if let Some((size, limit)) = facts.body {
        lines.push(max_body(size, limit));
    }
    lines.extend(adopt(facts.foreign));
    if let Some((agent, limit)) = &facts.at_agent {
        lines.extend(agent::lines(published, corpus, agent, *limit, gates));
    }
    Verdict { lines }
}

/// Whether the agent has room for a corpus beside what others put there; `None` where the target does not tell of it.
pub fn room(corpus: &Corpus, facts: &Facts) -> Option<Line> {
    let (agent, limit) = facts.at_agent.as_ref()?;
    Some(agent::room(corpus, agent, (*limit)?))
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

fn max_body(size: u64, limit: u64) -> Line {
    let detail = format!(
        "the request would have {size} bytes, at most {limit} are sent: raise `publish.max_body` if the account takes \
         more, or lower `corpus.limit`"
    );
    line("max_body", limit as f64, size as f64, size > limit, detail)
}

fn required(without_room: &[String]) -> Line {
    let detail = match without_room {
        [] => "every required document fits".to_owned(),
        [url] => format!("there is no room for {url}: raise `corpus.limit` or require less"),
        [url, others @ ..] => {
            format!(
                "there is no room for {url} and {} others: raise `corpus.limit` or require less",
                others.len()
            )
        }
    };
    let count = without_room.len();
    line("required", 0.0, count as f64, count > 0, detail)
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
        corpus::{Assembler, Budget, Counts, Entry, Limit, Manifest, Unit},
        document::{ContentHash, Document},
        extract::Block,
    };

    pub(super) fn gates() -> Gates {
        Gates {
            max_removed: 0.3,
            max_shrink: 0.25,
            max_changed: 0.6,
            max_growth: 3.0,
            max_failed: 0.1,
            min_documents: 1,
            require_urls: Vec::new(),
            require_text: Vec::new(),
            forbid_text: Vec::new(),
        }
    }

    pub(super) fn fine() -> Facts {
        let crawled = Crawled { requested: 100, failed: 0, doubts: Vec::new() };
        let sources = vec!["https://a.test/".to_owned(), "https://b.test/".to_owned()];
        Facts { crawled, body: None, foreign: Foreign::None, sources, required: None, at_agent: None }
    }

    /// A corpus of documents of one source, the last so many of them with another text than usual.
    fn manifest(documents: u64, changed: u64, characters: u64) -> Manifest {
        let entry = |n: u64| Entry {
            url: format!("/{n}"),
            title: String::new(),
            hash: ContentHash::of(&format!("{n} {}", n + changed >= documents)),
            size: Counts::default(),
            source: "https://a.test/".to_owned(),
            cut: None,
        };
        let size = Counts { characters, ..Counts::default() };
        Manifest { documents: (0..documents).map(entry).collect(), size }
    }

    /// One without text.
    fn corpus(documents: u64, characters: u64) -> Corpus {
        Corpus { text: String::new(), sha256: [0; 32], manifest: manifest(documents, 0, characters) }
    }

    fn changed(documents: u64, changed: u64) -> Corpus {
        Corpus { manifest: manifest(documents, changed, 1000), ..corpus(0, 0) }
    }

    /// The corpus of documents with these URLs, titles and texts.
    pub(super) fn corpus_of(documents: &[(&str, &str, &str)]) -> Corpus {
        let limits = vec![Limit { unit: Unit::Bytes, max: 100_000_000 }];
        let mut assembler = Assembler::new(Budget::of(limits));
        for (place, (url, title, text)) in documents.iter().enumerate() {
            let block = Block { fingerprint: 0, markdown: (*text).to_owned() };
            if let Some(document) = Document::new(url, title, [block].iter()) {
                assembler.offer(place, &document);
            }
        }
        assembler.finish()
    }

    fn held_by(published: Option<&Corpus>, corpus: &Corpus, facts: &Facts) -> Vec<String> {
        judge(published, corpus, facts, &gates()).holds().map(|line| line.gate.clone()).collect()
    }

    /// What the gates say of one document with this text.
    #[track_caller]
    fn check_text(gates: &Gates, text: &str, expected: &str) {
        let corpus = corpus_of(&[("https://a.test/docs/one", "One", text)]);
        assert_eq!(judge(None, &corpus, &fine(), gates).reasons(), expected, "{text}");
    }

    #[test]
    fn a_first_publish_is_exempt_from_the_relative_gates_alone() {
        assert_eq!(held_by(None, &corpus(3, 10), &fine()), [""; 0]);
        assert_eq!(held_by(None, &corpus(0, 0), &fine()), ["min_documents"]);
        let crawled = Crawled { failed: 11, ..fine().crawled };
        assert_eq!(held_by(None, &corpus(3, 10), &Facts { crawled, ..fine() }), ["max_failed"]);
    }

    #[test]
    fn a_corpus_that_lost_documents_or_text_is_held() {
        let published = corpus(100, 1000);
        let held_by = |corpus: Corpus| held_by(Some(&published), &corpus, &fine());
        assert_eq!(held_by(corpus(70, 1000)), [""; 0]);
        assert_eq!(held_by(corpus(69, 1000)), ["max_removed"]);
        assert_eq!(held_by(corpus(100, 750)), [""; 0]);
        assert_eq!(held_by(corpus(100, 749)), ["max_shrink"]);
    }

    #[test]
    fn a_corpus_that_grew_or_changed_too_much_is_held() {
        let published = corpus(100, 1000);
        let held_by = |corpus: Corpus| held_by(Some(&published), &corpus, &fine());
        assert_eq!(held_by(corpus(100, 4000)), [""; 0]);
        assert_eq!(held_by(corpus(100, 4001)), ["max_growth"]);
        assert_eq!(held_by(changed(100, 60)), [""; 0]);
        assert_eq!(held_by(changed(100, 61)), ["max_changed"]);
        assert_eq!(super::tests::held_by(Some(&changed(1, 0)), &changed(1, 1), &fine()), [""; 0]);
    }

    #[test]
    fn a_source_without_a_document_left_is_held_unless_the_pipeline_has_it_no_longer() {
        let mut published = corpus(10, 1000);
        published.manifest.documents[0].source = "https://b.test/".to_owned();
        let corpus = Corpus { manifest: manifest(10, 0, 1000), ..published.clone() };
        assert_eq!(held_by(Some(&published), &corpus, &fine()), [""; 0], "its text is still there");
        let mut corpus = corpus;
        corpus.manifest.documents.remove(0);
        assert_eq!(held_by(Some(&published), &corpus, &fine()), ["sources"]);
        let facts = Facts { sources: vec!["https://a.test/".to_owned()], ..fine() };
        assert_eq!(held_by(Some(&published), &corpus, &facts), [""; 0]);
    }

    #[test]
    fn another_site_at_the_old_address_is_held() {
        let ours = "Write to our support team, whose members answer within one working day.";
        let ours = corpus_of(&[("https://a.test/contact", "Contact", ours)]);
        let theirs = corpus_of(&[(
            "https://a.test/contact",
            "Contact",
            "Buy cheap watches and handbags today, all brands in stock, ships at once.",
        )]);
        let held = held_by(Some(&ours), &theirs, &fine());
        assert!(held.iter().any(|gate| gate == "similarity"), "{held:?}");
        let verdict = judge(Some(&ours), &ours, &fine(), &gates());
        let line = verdict.lines.iter().find(|line| line.gate == "similarity").unwrap();
        assert_eq!((line.limit, line.value, line.verdict), (0.2, 1.0, Ruling::Pass));
    }

    #[test]
    fn wanted_urls_must_be_documents() {
        let wanted = ["/docs/**", "https://www.a.test/docs/one", "/pricing"];
        let require_urls = wanted.map(|text| Patterns::new(&[text.to_owned()]).unwrap()).to_vec();
        let gates = Gates { require_urls, ..gates() };
        check_text(&gates, "Text.", "require_urls: no document is at /pricing");
    }

    #[test]
    fn wanted_texts_must_be_there_and_forbidden_ones_must_not() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let wanted = Gates { require_text: texts(&["Reset  Link", "ÄRGER"]), ..gates() };
        check_text(&wanted, "The reset\nlink saves ärger.", "");
        check_text(
            &wanted,
            "The reset button.",
            "require_text: `Reset  Link` stands in no document, `ÄRGER` stands in no document",
        );
        let forbidden = Gates { forbid_text: texts(&["lorem ipsum"]), ..gates() };
        check_text(&forbidden, "Text.", "");
        check_text(
            &forbidden,
            "Here: Lorem\nIpsum dolor.",
            "forbid_text: https://a.test/docs/one says `lorem ipsum`",
        );
    }

    #[test]
    fn a_document_that_is_a_mere_notice_is_held() {
        check_text(
            &gates(),
            "Please sign in to continue.",
            "forbid_text: https://a.test/docs/one is an error, login or challenge page",
        );
        check_text(&gates(), "Please sign in to continue. Your invoices are below Billing.", "");
    }

    #[test]
    fn a_secret_is_held_and_told_by_its_kind() {
        let token = ["ghp", "_r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"].concat();
        check_text(
            &gates(),
            &format!("Use {token} here."),
            "secrets: https://a.test/docs/one holds a GitHub token",
        );
        let approved = corpus_of(&[("https://a.test/docs/one", "One", &format!("Use {token} here."))]);
        assert_eq!(held_by(Some(&approved), &approved, &fine()), [""; 0], "a person approved it before");
        let url = format!("https://a.test/download/{token}");
        let corpus = corpus_of(&[(&url, "Download", "Text.")]);
        let reasons = judge(None, &corpus, &fine(), &gates()).reasons();
        assert_eq!(reasons, "secrets: a URL at https://a.test holds a GitHub token");
    }

    #[test]
    fn many_findings_are_told_as_a_few() {
        let urls: Vec<String> = (0..9).map(|n| format!("https://a.test/{n}")).collect();
        let documents: Vec<_> = urls.iter().map(|url| (url.as_str(), "Error", "Not found.")).collect();
        let verdict = judge(None, &corpus_of(&documents), &fine(), &gates());
        let line = verdict.holds().next().unwrap();
        assert_eq!((line.gate.as_str(), line.value), ("forbid_text", 9.0));
        assert!(
            line.detail.ends_with("https://a.test/2 is an error, login or challenge page, and 6 more"),
            "{}",
            line.detail
        );
    }

    #[test]
    fn foreign_text_and_a_large_request_are_held() {
        let foreign = |foreign| Facts { foreign, ..fine() };
        assert_eq!(held_by(None, &corpus(1, 1), &foreign(Foreign::Characters(9))), ["adopt"]);
        assert_eq!(held_by(None, &corpus(1, 1), &foreign(Foreign::Unknown)), ["adopt"]);
        assert_eq!(held_by(None, &corpus(1, 1), &Facts { body: Some((11, 10)), ..fine() }), ["max_body"]);
        assert_eq!(held_by(None, &corpus(1, 1), &Facts { body: Some((10, 10)), ..fine() }), [""; 0]);
    }

    #[test]
    fn a_required_document_without_room_is_held() {
        let required = |urls: &[&str]| {
            let required = Some(urls.iter().map(|&url| url.to_owned()).collect());
            judge(None, &corpus(1, 1), &Facts { required, ..fine() }, &gates()).reasons()
        };
        assert_eq!(required(&[]), "");
        assert_eq!(
            required(&["/a"]),
            "required: there is no room for /a: raise `corpus.limit` or require less"
        );
        assert!(required(&["/a", "/b", "/c"]).contains("no room for /a and 2 others"));
    }

    #[test]
    fn a_held_corpus_needs_a_person() {
        let held = judge(None, &corpus(0, 0), &fine(), &gates());
        assert!(ApprovedCorpus::new(corpus(0, 0), Warrant::Verdict(&held)).is_none());
        assert!(ApprovedCorpus::new(corpus(0, 0), Warrant::Approval).is_some());
    }

    proptest! {
        #[test]
        fn no_corpus_across_a_limit_passes(
            before in 1_u64..500,
            after in 0_u64..500,
            changed in 0_u64..500,
            old in 1_u64..9000,
            new in 0_u64..90_000,
            failed in 0_u64..=100,
        ) {
            let crawled = Crawled { failed, ..fine().crawled };
            let published = corpus(before, old);
            let next = Corpus { manifest: manifest(after, changed, new), ..published.clone() };
            let verdict = judge(Some(&published), &next, &Facts { crawled, ..fine() }, &gates());
            let share = |part: u64, whole: u64| part as f64 / whole as f64;
            let texts = |corpus: &Corpus| -> Vec<_> {
                corpus.manifest.documents.iter().map(|entry| (entry.url.clone(), entry.hash)).collect()
            };
            let now = texts(&next);
            let other = texts(&published).iter().take(now.len()).zip(&now).filter(|(old, new)| old.1 != new.1).count();
            let across = after < 1
                || share(before.saturating_sub(after), before) > gates().max_removed
                || before > 1 && share(other as u64, before) > gates().max_changed
                || share(old.saturating_sub(new), old) > gates().max_shrink
                || share(new.saturating_sub(old), old) > gates().max_growth
                || share(failed, 100) > gates().max_failed;
            prop_assert_eq!(verdict.is_hold(), across);
        }
    }
}
