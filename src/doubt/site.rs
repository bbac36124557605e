//! What all pages of a complete crawl say about their site: walls that stand before every page, one answer for all.
//!
//! Where there is a snapshot, only pages that are part of it are judged: new pages take nothing away, and what the
//! snapshot holds already was published once. On a first run all pages are judged, by the absolute rules only.

use std::collections::HashMap;
use std::hash::Hash as Key;

use crate::hash::Hash;

use super::DoubtKind;

/// More than this share of the pages with one and the same text is no coincidence; a large site has its doubles, but
/// they come in pairs.
pub const DUPLICATES: f64 = 0.2;
/// More than this share of doubted pages is not the fault of those pages.
pub const DOUBTED: f64 = 0.2;
/// On a first run broken links to soft 404 pages are as many as the site happens to have; only most is too many.
pub const FIRST_DOUBTED: f64 = 0.8;
/// More than this share of pages that redirect to one place since: a login, or a home page that swallows errors.
pub const REDIRECTED: f64 = 0.2;
/// More than this share of pages that ask not to be indexed since: a setting of the site, not of its pages.
pub const NOINDEX: f64 = 0.5;
/// More than this share of pages in another language since: it is the visitor who is taken for another.
pub const LANGUAGE: f64 = 0.3;
/// More than this share of pages with one and the same title since.
pub const TITLES: f64 = 0.5;
/// More than this share of pages that name one other page as their canonical form.
pub const CANONICAL: f64 = 0.2;
/// Fewer pages than this are no share of a site, …
const FEWEST: u64 = 5;
/// … unless they are more than half of it, and not a single one.
const FEWEST_OF_MOST: u64 = 2;
/// What all pages have in common is no coincidence from this many on.
const FEWEST_OF_ALL: u64 = 3;

/// A page of the site: what it is now, and what the last snapshot has of it.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'a> {
    /// What it is now.
    pub now: State<'a>,
    /// As the last snapshot has it; `None`: it is no part of that.
    pub before: Option<Content<'a>>,
}

/// What a known page is now.
#[derive(Debug, Clone, Copy)]
pub enum State<'a> {
    /// Read, or confirmed unchanged.
    Read(Content<'a>),
    /// Read and doubted.
    Doubted(DoubtKind),
    /// It redirects to this URL, in the end.
    Redirected(&'a str),
    /// Not found, not allowed, not readable: other gates judge that.
    Absent,
}

/// What is compared of a page that was read.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Hash of its text, as that of the document or of all its blocks.
    pub text: Hash,
    /// Its title.
    pub title: &'a str,
    /// Its language, as it declares it.
    pub language: Option<&'a str>,
    /// Whether it asks not to be indexed.
    pub noindex: bool,
}

/// Why a site is held.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteDoubt {
    /// The stable name, for reports.
    pub name: &'static str,
    /// The largest share of the pages that is let pass.
    pub limit: f64,
    /// The share that was found.
    pub value: f64,
    /// In words, with the numbers.
    pub detail: String,
}

/// Judges a site by all its pages after a complete crawl. What comes back holds the publish; the order is fixed.
pub fn site<'a>(pages: impl IntoIterator<Item = PageFacts<'a>>) -> Vec<SiteDoubt> {
    let mut known = Tally::default();
    let mut all = Tally::default();
    for page in pages {
        all.add(PageFacts { before: None, ..page });
        if page.before.is_some() {
            known.add(page);
        }
    }
    if known.pages == 0 { all.doubts(FIRST_DOUBTED) } else { known.doubts(DOUBTED) }
}

/// What most pages say is their canonical form.
#[derive(Debug, Clone, PartialEq)]
pub struct CanonicalSwap<'a> {
    /// The page that they name.
    pub canonical: &'a str,
    /// In words, with the numbers.
    pub detail: String,
}

/// Whether canonical links are to be ignored in this crawl, because too many pages name one that they are not.
///
/// Takes the key of each page that was read and that of its canonical link.
pub fn canonical_swap<'a>(
    pages: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Option<CanonicalSwap<'a>> {
    let (mut total, mut named) = (0, Counts::default());
    for (page, canonical) in pages {
        total += 1;
        if let Some(canonical) = canonical.filter(|canonical| *canonical != page) {
            named.add(canonical);
        }
    }
    let (canonical, count) = named.most()?;
    is_too_much(count, total, CANONICAL).then(|| CanonicalSwap {
        canonical,
        detail: format!(
            "{count} of {total} pages name {canonical} as their canonical form; such links are ignored"
        ),
    })
}

/// What is counted over the pages.
#[derive(Default)]
struct Tally<'a> {
    /// Pages that are or redirect or are doubted; those that are absent count where they were known.
    pages: u64,
    texts: Counts<Hash>,
    doubted: [u64; DoubtKind::ALL.len()],
    targets: Counts<&'a str>,
    noindex: u64,
    /// Pages whose language is known, now and before.
    spoken: u64,
    translated: u64,
    languages: Counts<String>,
    titles: Counts<&'a str>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, page: PageFacts<'a>) {
        let content = match page.now {
            State::Absent => {
                self.pages += u64::from(page.before.is_some());
                return;
            }
            State::Redirected(target) => {
                if page.before.is_some() {
                    self.pages += 1;
                    // Each page hands its own address on to the login: `/login?next=…`.
                    self.targets.add(target.split(['?', '#']).next().unwrap_or(target));
                }
                return;
            }
            State::Doubted(kind) => {
                self.pages += 1;
                if let Some(at) = DoubtKind::ALL.iter().position(|other| *other == kind) {
                    self.doubted[at] += 1;
                }
                return;
            }
            State::Read(content) => content,
        };
        self.pages += 1;
        let Some(before) = page.before else {
            self.texts.add(content.text);
            return;
        };
        if content.text != before.text {
            self.texts.add(content.text);
        }
        if content.title != before.title {
            self.titles.add(content.title);
        }
        self.noindex += u64::from(content.noindex && !before.noindex);
        if let (Some(now), Some(then)) = (content.language, before.language) {
            self.spoken += 1;
            let main = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
            if main(now) != main(then) {
                self.translated += 1;
                self.languages.add(main(now));
            }
        }
    }

    fn doubts(&self, doubted: f64) -> Vec<SiteDoubt> {
        let mut found = Vec::new();
        // A small site has its coincidences, such as one page at two addresses.
        let no_coincidence = |count: u64| count >= FEWEST || (count == self.pages && count >= FEWEST_OF_ALL);
        let mut judge = |name, limit, count, total, what: &dyn Fn() -> String| {
            if is_too_much(count, total, limit) {
                let detail = format!("{count} of {total} pages {}", what());
                found.push(SiteDoubt { name, limit, value: share(count, total), detail });
            }
        };
        for (kind, &count) in DoubtKind::ALL.iter().zip(&self.doubted) {
            // Links that lead to a login or to nothing are as many as a site happens to have.
            let of_links = matches!(kind, DoubtKind::Soft404 | DoubtKind::LoginWall);
            let limit = if of_links { doubted } else { DOUBTED };
            judge(kind.name(), limit, count, self.pages, &|| nature(*kind).to_owned());
        }
        if let Some((_, count)) = self.texts.most().filter(|(_, count)| no_coincidence(*count)) {
            judge("mass_duplicate", DUPLICATES, count, self.pages, &|| {
                "have one and the same text".to_owned()
            });
        }
        if let Some((target, count)) = self.targets.most().filter(|(_, count)| no_coincidence(*count)) {
            judge("redirected_to_one", REDIRECTED, count, self.pages, &|| {
                format!("now redirect to {target}")
            });
        }
        judge("noindex", NOINDEX, self.noindex, self.pages, &|| "ask since not to be indexed".to_owned());
        let language = self.languages.most().map(|(language, _)| language).unwrap_or_default();
        judge("language_switch", LANGUAGE, self.translated, self.spoken, &|| {
            format!("are in another language since, most in `{language}`")
        });
        if let Some((title, count)) = self.titles.most().filter(|(_, count)| no_coincidence(*count)) {
            judge("equal_titles", TITLES, count, self.pages, &|| format!("are all entitled `{title}` since"));
        }
        found
    }
}

/// What a doubted page does, after "12 of 40 pages".
fn nature(kind: DoubtKind) -> &'static str {
    match kind {
        DoubtKind::Soft404 => "are not-found pages that answer 200",
        DoubtKind::LoginWall => "show a login instead of their text",
        DoubtKind::Challenge => "ask for proof that a person reads them",
        DoubtKind::ConsentWall => "show nothing but a question for consent",
        DoubtKind::Maintenance => "say that the site is down for maintenance",
        DoubtKind::Shell => "hold no text before their scripts have run; try a sitemap, a feed or a renderer",
        DoubtKind::Parked => "are those of a registrar or of an empty server",
    }
}

fn is_too_much(count: u64, total: u64, limit: f64) -> bool {
    let value = share(count, total);
    value > limit && (count >= FEWEST || (value > 0.5 && count >= FEWEST_OF_MOST.min(total)))
}

fn share(count: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { count as f64 / total as f64 }
}

/// How often each value came.
struct Counts<K>(HashMap<K, u64>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Counts(HashMap::new())
    }
}

impl<K: Key + Ord + Clone> Counts<K> {
    fn add(&mut self, key: K) {
        *self.0.entry(key).or_default() += 1;
    }

    /// The value that came most often, the least of several.
    fn most(&self) -> Option<(K, u64)> {
        let most = self.0.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))?;
        Some((most.0.clone(), *most.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    fn content(text: &str) -> Content<'_> {
        Content { text: sha256(text.as_bytes()), title: text, language: Some("en-GB"), noindex: false }
    }

    fn names(facts: &[PageFacts<'_>]) -> Vec<&'static str> {
        site(facts.iter().copied()).iter().map(|doubt| doubt.name).collect()
    }

    /// A site of these texts, of which the snapshot has other texts, or nothing.
    fn check(pages: usize, known: bool, now: &dyn Fn(usize) -> State<'static>, expected: &[&str]) {
        let texts: Vec<String> = (0..pages).map(|n| format!("before {n}")).collect();
        let facts: Vec<PageFacts<'_>> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| PageFacts { now: now(n), before: known.then(|| content(text)) })
            .collect();
        assert_eq!(names(&facts), expected);
    }

    fn numbered(n: usize) -> Content<'static> {
        Content {
            text: sha256(&n.to_le_bytes()),
            title: if n.is_multiple_of(2) { "a" } else { "b" },
            ..content("")
        }
    }

    #[test]
    fn a_wall_before_most_pages_is_the_site_s() {
        for kind in DoubtKind::ALL {
            check(
                40,
                true,
                &|n| if n < 9 { State::Doubted(kind) } else { State::Read(numbered(n)) },
                &[kind.name()],
            );
            check(40, true, &|n| if n < 8 { State::Doubted(kind) } else { State::Read(numbered(n)) }, &[]);
            check(3, true, &|_| State::Doubted(kind), &[kind.name()]);
            check(1, false, &|_| State::Doubted(kind), &[kind.name()]);
            check(10, true, &|n| if n < 4 { State::Doubted(kind) } else { State::Read(numbered(n)) }, &[]);
        }
    }

    #[test]
    fn new_pages_take_nothing_away() {
        let old: Vec<String> = (0..20).map(|n| format!("{n}")).collect();
        let mut facts: Vec<PageFacts<'_>> = old
            .iter()
            .map(|text| PageFacts { now: State::Read(content(text)), before: Some(content(text)) })
            .collect();
        facts.extend((0..50).map(|_| PageFacts { now: State::Doubted(DoubtKind::LoginWall), before: None }));
        facts.extend((0..50).map(|_| PageFacts { now: State::Read(content("one text")), before: None }));
        assert_eq!(names(&facts), [""; 0]);
    }

    #[test]
    fn broken_links_do_not_hold_a_first_run() {
        let broken =
            |n: usize| if n < 16 { State::Doubted(DoubtKind::Soft404) } else { State::Read(numbered(n)) };
        check(40, false, &broken, &[]);
        check(18, false, &broken, &["soft_404"]);
    }

    #[test]
    fn one_text_on_many_pages_is_a_doubt_unless_it_was_there_before() {
        let same = |n: usize| if n < 9 { State::Read(content("gone")) } else { State::Read(numbered(n)) };
        check(40, true, &same, &["mass_duplicate"]);
        check(40, false, &same, &["mass_duplicate"]);
        check(60, true, &same, &[]);
        check(
            20,
            false,
            &|n| if n < 4 { State::Read(content("gone")) } else { State::Read(numbered(n)) },
            &[],
        );
        let facts = [PageFacts { now: State::Read(content("twin")), before: Some(content("twin")) }; 30];
        assert_eq!(names(&facts), [""; 0]);
    }

    #[test]
    fn what_changed_on_most_pages_was_not_changed_page_by_page() {
        let noindex = |n| State::Read(Content { noindex: true, ..numbered(n) });
        check(12, true, &noindex, &["noindex"]);
        check(12, false, &noindex, &[]);
        let german = |n| State::Read(Content { language: Some("de"), ..numbered(n) });
        check(12, true, &german, &["language_switch"]);
        check(12, true, &|n| State::Read(Content { language: Some("en-US"), ..numbered(n) }), &[]);
        check(12, true, &|n| State::Read(Content { title: "Acme", ..numbered(n) }), &["equal_titles"]);
        check(12, false, &|n| State::Read(Content { title: "Acme", ..numbered(n) }), &[]);
    }

    #[test]
    fn pages_that_all_redirect_to_one_are_behind_it() {
        let login =
            |n: usize| State::Redirected(if n.is_multiple_of(2) { "/login?next=a" } else { "/login?next=b" });
        check(12, true, &login, &["redirected_to_one"]);
        check(12, true, &|n| if n < 2 { login(n) } else { State::Read(numbered(n)) }, &[]);
    }

    #[test]
    fn a_site_of_nothing_has_no_doubts() {
        assert_eq!(names(&[]), [""; 0]);
        check(3, true, &|_| State::Absent, &[]);
    }

    #[test]
    fn the_numbers_stand_in_the_sentence() {
        let facts = [PageFacts { now: State::Doubted(DoubtKind::Challenge), before: None }; 7];
        let found = site(facts);
        assert_eq!(found[0].detail, "7 of 7 pages ask for proof that a person reads them");
        assert!(
            (found[0].value - 1.0).abs() < f64::EPSILON && (found[0].limit - DOUBTED).abs() < f64::EPSILON
        );
    }

    #[test]
    fn a_canonical_form_that_many_pages_name_is_a_mistake() {
        let keys: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
        let swap = canonical_swap(keys.iter().map(|key| (key.as_str(), Some("/0")))).unwrap();
        assert_eq!((swap.canonical, swap.detail.starts_with("19 of 20 pages")), ("/0", true));
        let own = keys.iter().map(|key| (key.as_str(), Some(key.as_str())));
        assert_eq!(canonical_swap(own), None);
        let few = keys.iter().enumerate().map(|(n, key)| (key.as_str(), (n < 4).then_some("/19")));
        assert_eq!(canonical_swap(few), None);
    }
}
