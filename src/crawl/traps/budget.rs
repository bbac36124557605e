//! Traps that show only over many URLs, and what is spent on them.
//!
//! A calendar, a facet search and a list without end give as many URLs as are asked for. Nobody can tell from one of
//! them, and a site of 10,000 questions gives as many; so what is [suspicious](super::suspicion) has a budget, and what
//! proved to be the same page again and again is not asked for any more. A shape with content of its own is never cut.
//!
//! All of it depends on the order of [`TrapBudget::admit`] only, and between two waves on the set of what was learned.

use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::hash::Hash;

use super::shape::{Shape, parameters, shape};
use super::suspicion::{Suspicion, is_no_facet};

/// Calendar pages far from now that are asked for, by shape: ten years of months.
const CALENDAR_PAGES: u64 = 120;
/// Pages far down a list that are asked for, by shape.
const LIST_PAGES: u64 = 100;
/// Combinations of parameters after which a path is looked at as a facet search.
const FACET_COMBINATIONS: usize = 200;
/// Combinations after which a path that is no facet search has proven so.
const HONEST_COMBINATIONS: usize = 1_000;
/// In a facet search each value of every parameter comes at least so often; where one parameter names the page, as
/// the topic of a forum does, its values come once or a few times.
const REPEATS: usize = 10;
/// Pages of one shape that are read before they are compared …
const COMPARED: u64 = 50;
/// … and where a part of the path is as random as a session id.
const COMPARED_RANDOM: u64 = 10;
/// A trap gives at most one content in so many pages.
const PAGES_PER_CONTENT: u64 = 10;
/// So many contents prove that a shape has some, whatever else it gives.
const HONEST_CONTENTS: usize = 64;

/// Shapes that are remembered. Where there are more, a suspicious URL of a new shape draws on one budget for all of
/// them, and any other is admitted and not learned from: 10,000 shapes are a site's variety, not a trap's.
const MAX_SHAPES: usize = 10_000;
/// Paths whose parameters are compared at the same time; further paths are not looked at until one is settled.
const MAX_FACET_PATHS: usize = 256;
/// Shapes of which a report tells that they were cut.
const MOST_CUTS_TOLD: usize = 5;
/// So many selections of parameters on one path, in any order, are those of a search.
const FACET_NAMES: usize = 3;
/// Parameters of a path that are compared.
const MAX_PARAMETERS: usize = 16;
/// Bytes of a shape's text that are kept for messages.
const MAX_SHAPE_TEXT: usize = 160;

/// What a trap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrapKind {
    /// A calendar without end.
    Calendar,
    /// Combinations of parameters.
    Facets,
    /// A list without end.
    Pagination,
    /// Many URLs, few contents.
    SameContent,
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrapKind::Calendar => "a calendar far from now",
            TrapKind::Facets => "a search by combinations of parameters",
            TrapKind::Pagination => "a list without end",
            TrapKind::SameContent => "the same content under many URLs",
        })
    }
}

/// Why a URL is not asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {admitted} pages like `{shape}` were asked for already")]
pub struct TrapReason {
    /// What the trap is.
    pub kind: TrapKind,
    /// The shape of its URLs.
    pub shape: String,
    /// How many of them were admitted before.
    pub admitted: u64,
}

/// What a crawl spends on suspicious URLs. Memory is bounded: some 20 MB at worst.
#[derive(Debug)]
pub struct TrapBudget {
    now: Timestamp,
    /// By the hash of the shape.
    shapes: HashMap<u64, Known>,
    /// Suspicious URLs whose shape is not remembered.
    others: HashMap<Suspicion, u64>,
    /// By the hash of the path's shape.
    facets: HashMap<u64, Facets>,
    /// Of these, how many are being compared.
    open_facets: usize,
    /// What was left out, by the shape that is told, with how often.
    cut: HashMap<String, (TrapReason, u64)>,
}

/// What is known of a shape.
#[derive(Debug, Default)]
struct Known {
    /// Its text, cut.
    text: String,
    /// Whether a part of its path is as random as a session id.
    random: bool,
    admitted: u64,
    /// Of these, the suspicious ones.
    suspicious: u64,
    suspicion: Option<Suspicion>,
    read: u64,
    contents: Contents,
}

/// The contents that a shape gave.
#[derive(Debug)]
enum Contents {
    Few(HashSet<u64>),
    Enough,
}

/// The combinations of parameters of a path.
#[derive(Debug)]
enum Facets {
    Open { combinations: HashSet<u64>, names: HashSet<u64>, values: HashMap<u64, HashSet<u64>> },
    Trap { text: String, admitted: u64 },
    Honest,
}

impl TrapBudget {
    /// A budget that nothing was spent of; `now` is the time of the run.
    pub fn new(now: Timestamp) -> TrapBudget {
        TrapBudget {
            now,
            shapes: HashMap::new(),
            others: HashMap::new(),
            facets: HashMap::new(),
            open_facets: 0,
            cut: HashMap::new(),
        }
    }

    /// Whether a URL may be asked for. Each URL is offered once, in a fixed order (by depth, then key), so that the
    /// same URLs are admitted in every run; after a restart, those of the waves before are offered again, in any
    /// order, and what they gave is learned again.
    ///
    /// # Errors
    /// The reason why it is left out, as skip reason `trap`.
    pub fn admit(&mut self, url: &Url) -> Result<(), TrapReason> {
        let judged = self.judge(url);
        if let Err(reason) = &judged
            && (self.cut.len() < MAX_SHAPES || self.cut.contains_key(&reason.shape))
        {
            self.cut.entry(reason.shape.clone()).or_insert_with(|| (reason.clone(), 0)).1 += 1;
        }
        judged
    }

    fn judge(&mut self, url: &Url) -> Result<(), TrapReason> {
        let shape = shape(url);
        if !shape.stands_for_many() {
            return Ok(());
        }
        let suspicion = Suspicion::of(url, self.now);
        let key = xxh3_64(shape.to_string().as_bytes());
        let room = self.shapes.len() < MAX_SHAPES;
        if !room && !self.shapes.contains_key(&key) {
            return self.admit_unremembered(&shape, suspicion);
        }
        let known = self.shapes.entry(key).or_insert_with(|| Known::new(&shape));
        let refused = |kind, admitted| TrapReason { kind, shape: known.text.clone(), admitted };
        if known.is_trap() {
            return Err(refused(TrapKind::SameContent, known.admitted));
        }
        if let Some(suspicion) = suspicion {
            if known.suspicious >= suspicion.budget() {
                return Err(refused(suspicion.kind(), known.suspicious));
            }
            known.suspicious += 1;
            known.suspicion = Some(suspicion);
        } else {
            self.admit_combination(&shape, url)?;
        }
        if let Some(known) = self.shapes.get_mut(&key) {
            known.admitted += 1;
        }
        Ok(())
    }

    /// Takes note of what a URL gave, in any order within a wave: the hash of its article, or `None` where it has no
    /// text. Pages that failed or are in doubt prove nothing and are not learned from.
    pub fn learn(&mut self, url: &Url, content: Option<&Hash>) {
        let shape = shape(url);
        let Some(known) = self.shapes.get_mut(&xxh3_64(shape.to_string().as_bytes())) else { return };
        known.read += 1;
        if let (Contents::Few(contents), Some(content)) = (&mut known.contents, content) {
            contents.insert(xxh3_64(content));
            if contents.len() >= HONEST_CONTENTS {
                known.contents = Contents::Enough;
            }
        }
    }

    /// What was cut, a sentence for each shape; the first ones.
    pub fn cuts(&self) -> Vec<String> {
        let cut = self.cut.values();
        let mut cuts: Vec<(u64, String)> = cut
            .map(|(reason, times)| (*times, format!("{times} URLs were left out as a trap: {reason}")))
            .collect();
        cuts.sort_by(|a, b| b.cmp(a));
        cuts.into_iter().take(MOST_CUTS_TOLD).map(|(_, told)| told).collect()
    }

    /// Whether traps used up more than half of `max_pages`, so that pages are missing for them: as a sentence that
    /// names the worst of them and how to go on. The crawl is incomplete then, and so it is where pages of the snapshot
    /// (`lost_members`) found no room beside any trap.
    pub fn swallowed(&self, max_pages: u64, lost_members: u64) -> Option<String> {
        let of_shapes = self.shapes.values().filter_map(Known::spent);
        let of_facets = self.facets.values().filter_map(|facets| match facets {
            Facets::Trap { text, admitted } => Some((*admitted, text.as_str(), TrapKind::Facets)),
            Facets::Open { .. } | Facets::Honest => None,
        });
        let of_others =
            self.others.iter().map(|(suspicion, spent)| (*spent, "many shapes", suspicion.kind()));
        let traps: Vec<(u64, &str, TrapKind)> = of_shapes.chain(of_facets).chain(of_others).collect();
        let total: u64 = traps.iter().map(|(spent, ..)| spent).sum();
        let (spent, text, kind) =
            traps.into_iter().max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
        (total > max_pages / 2 || (total > 0 && lost_members > 0)).then(|| {
            format!(
                "traps took {total} of the {max_pages} pages of `max_pages`, {spent} of them of the form `{text}` \
                 ({kind}); add a pattern for them to `exclude`"
            )
        })
    }

    /// A URL of a shape for which there is no room.
    fn admit_unremembered(&mut self, shape: &Shape, suspicion: Option<Suspicion>) -> Result<(), TrapReason> {
        let Some(suspicion) = suspicion else { return Ok(()) };
        let spent = self.others.entry(suspicion).or_default();
        if *spent >= suspicion.budget() {
            return Err(TrapReason {
                kind: suspicion.kind(),
                shape: cut(&shape.to_string()),
                admitted: *spent,
            });
        }
        *spent += 1;
        Ok(())
    }

    /// A URL with two parameters or more that each choose something.
    fn admit_combination(&mut self, shape: &Shape, url: &Url) -> Result<(), TrapReason> {
        let chosen: Vec<(&str, &str)> = parameters(url).filter(|(name, _)| !is_no_facet(name)).collect();
        if chosen.len() < 2 {
            return Ok(());
        }
        let key = xxh3_64(shape.path().as_bytes());
        if !self.facets.contains_key(&key) {
            if self.open_facets >= MAX_FACET_PATHS || self.facets.len() >= MAX_SHAPES {
                return Ok(());
            }
            self.open_facets += 1;
        }
        let open =
            || Facets::Open { combinations: HashSet::new(), names: HashSet::new(), values: HashMap::new() };
        let facets = self.facets.entry(key).or_insert_with(open);
        match facets {
            Facets::Honest => {}
            Facets::Trap { text, admitted } => {
                return Err(TrapReason { kind: TrapKind::Facets, shape: text.clone(), admitted: *admitted });
            }
            Facets::Open { combinations, names, values } => {
                // As they stand: another order of the same values is another URL, and a trap gives them all.
                let text: String =
                    chosen.iter().flat_map(|(name, value)| [*name, "=", *value, "&"]).collect();
                combinations.insert(xxh3_64(text.as_bytes()));
                let of_names: String = chosen.iter().flat_map(|(name, _)| [*name, "&"]).collect();
                if names.len() < FACET_NAMES {
                    names.insert(xxh3_64(of_names.as_bytes()));
                }
                for (name, value) in &chosen {
                    let name = xxh3_64(name.as_bytes());
                    if values.len() < MAX_PARAMETERS || values.contains_key(&name) {
                        values.entry(name).or_default().insert(xxh3_64(value.as_bytes()));
                    }
                }
                let most = values.values().map(HashSet::len).max().unwrap_or_default();
                // Two parameters that always stand together, such as chapter and section, are an address.
                let chooses = names.len() >= FACET_NAMES || chosen.len() >= 3;
                if chooses && combinations.len() >= FACET_COMBINATIONS && combinations.len() >= REPEATS * most
                {
                    let admitted = combinations.len() as u64;
                    *facets = Facets::Trap { text: cut(&shape.to_string()), admitted };
                    self.open_facets -= 1;
                } else if most.max(combinations.len() / REPEATS) >= HONEST_COMBINATIONS / REPEATS {
                    // With so many values it can be none within the combinations that are looked at.
                    *facets = Facets::Honest;
                    self.open_facets -= 1;
                }
            }
        }
        Ok(())
    }
}

impl Known {
    fn new(shape: &Shape) -> Known {
        Known { text: cut(&shape.to_string()), random: shape.has_random_part(), ..Known::default() }
    }

    /// Whether the shape gave the same again and again.
    fn is_trap(&self) -> bool {
        let Contents::Few(contents) = &self.contents else { return false };
        let compared = if self.random { COMPARED_RANDOM } else { COMPARED };
        self.read >= compared && contents.len() as u64 * PAGES_PER_CONTENT <= self.read
    }

    /// What was spent on the shape for nothing.
    fn spent(&self) -> Option<(u64, &str, TrapKind)> {
        if self.is_trap() {
            return Some((self.admitted, &self.text, TrapKind::SameContent));
        }
        self.suspicion.map(|suspicion| (self.suspicious, self.text.as_str(), suspicion.kind()))
    }
}

impl Default for Contents {
    fn default() -> Self {
        Contents::Few(HashSet::new())
    }
}

impl Suspicion {
    fn budget(self) -> u64 {
        match self {
            Suspicion::Calendar => CALENDAR_PAGES,
            Suspicion::Pagination => LIST_PAGES,
        }
    }

    fn kind(self) -> TrapKind {
        match self {
            Suspicion::Calendar => TrapKind::Calendar,
            Suspicion::Pagination => TrapKind::Pagination,
        }
    }
}

fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_SHAPE_TEXT);
    if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    fn budget() -> TrapBudget {
        TrapBudget::new("2026-11-20T12:00:00Z".parse().unwrap())
    }

    fn url(path: &str) -> Url {
        Url::parse(&format!("https://a.test{path}")).unwrap()
    }

    fn admitted(budget: &mut TrapBudget, paths: impl IntoIterator<Item = String>) -> usize {
        paths.into_iter().filter(|path| budget.admit(&url(path)).is_ok()).count()
    }

    /// Every URL gives a content of its own, as honest sites do.
    fn check_honest(path: impl Fn(usize) -> String) {
        let mut budget = budget();
        for wave in 0..10 {
            let paths: Vec<String> = (wave * 1_000..(wave + 1) * 1_000).map(&path).collect();
            for path in &paths {
                assert_eq!(budget.admit(&url(path)), Ok(()));
            }
            for path in &paths {
                budget.learn(&url(path), Some(&sha256(path.as_bytes())));
            }
        }
        assert_eq!(budget.swallowed(10_000, 0), None);
    }

    #[test]
    fn honest_sites_are_never_cut() {
        check_honest(|n| format!("/questions/{n}/title-{n}"));
        check_honest(|n| format!("/product?id={n}"));
        check_honest(|n| format!("/product?lang=en&id={n}"));
        check_honest(|n| format!("/viewtopic.php?f={}&t={n}", n % 20));
        check_honest(|n| format!("/viewtopic.php?f={}&t={}&start={}", n / 400 % 20, n / 20, n % 20 * 10));
        check_honest(|n| format!("/index.php?option=com_content&view=article&id={n}&catid={}", n % 30));
        check_honest(|n| format!("/docs/v{}.{}/page-{}/", n / 1_000, n / 100 % 10, n % 100));
        check_honest(|n| format!("/doc?version={}&topic=t{}", n % 12, n / 12));
        check_honest(|n| format!("/doc?chapter={}&section={}", n % 100, n / 100));
        check_honest(|n| format!("/{}/{:02}/{:02}/title-{n}", 2000 + n % 26, n % 12 + 1, n % 28 + 1));
        check_honest(|n| format!("/{}-{:02}-{:02}/{n}", 2000 + n % 26, n % 12 + 1, n % 28 + 1));
        check_honest(|n| format!("/page/{:032x}", (n as u128 + 1) * 0x1234_5678_9abc_def1_2345_6789));
        check_honest(|n| format!("/w/index.php?title=T{n}&action=view"));
        check_honest(|n| format!("/some/plain/word-{}/x", "a".repeat(n % 50 + 1)));
    }

    #[test]
    fn a_calendar_stops_far_from_now_in_either_direction() {
        let months = || (1900..2100).flat_map(|year| (1..=12).map(move |month| (year, month)));
        for path in ["/calendar?month=Y-M", "/?m=YM", "/events/Y/M/", "/cal?year=Y&month=M"] {
            let paths = months().map(|(year, month)| {
                path.replace('Y', &year.to_string()).replace('M', &format!("{month:02}"))
            });
            let count = admitted(&mut budget(), paths);
            assert!((120..=120 + 25).contains(&count), "{path}: {count}");
        }
    }

    #[test]
    fn combinations_of_parameters_stop_after_some_hundred() {
        let facets = |n: usize| {
            let values =
                [("color", n % 12), ("size", n / 12 % 9), ("brand", n / 108 % 30), ("sort", n / 3_240 % 4)];
            let mut parameters: Vec<String> =
                values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            parameters.rotate_left(n % 4);
            format!("/shop/shoes?{}&page={}", parameters.join("&"), n % 3)
        };
        let mut budget = budget();
        let count = admitted(&mut budget, (0..10_000).map(facets));
        assert!((200..=400).contains(&count), "{count}");
        assert_eq!(budget.admit(&url("/shop/shoes?color=1")), Ok(()));
        assert_eq!(budget.admit(&url("/shop/shoes/some-shoe")), Ok(()));
        let reason = budget.admit(&url("/shop/shoes?size=1&color=1")).unwrap_err();
        assert_eq!(reason.kind, TrapKind::Facets);
        assert!(budget.swallowed(300, 0).is_some() && budget.swallowed(10_000, 0).is_none());
    }

    #[test]
    fn a_list_without_end_stops() {
        assert_eq!(admitted(&mut budget(), (1..=5_000).map(|n| format!("/list?page={n}"))), 1_100);
        assert_eq!(admitted(&mut budget(), (1..=5_000).map(|n| format!("/blog/page/{n}/"))), 1_100);
    }

    #[test]
    fn a_shape_that_gives_the_same_again_and_again_is_a_trap() {
        let mut budget = budget();
        let first: Vec<String> = (0..100).map(|n| format!("/go?ref={n}")).collect();
        assert_eq!(admitted(&mut budget, first.clone()), 100);
        for (n, path) in first.iter().enumerate() {
            budget.learn(&url(path), Some(&sha256(&[u8::from(n % 2 == 0)])));
        }
        let reason = budget.admit(&url("/go?ref=100")).unwrap_err();
        assert_eq!(
            reason.to_string(),
            "the same content under many URLs: 100 pages like `a.test/go?ref` were asked for already"
        );
        assert_eq!(
            budget.swallowed(150, 0).unwrap(),
            "traps took 100 of the 150 pages of `max_pages`, 100 of them of the form `a.test/go?ref` (the same content \
             under many URLs); add a pattern for them to `exclude`"
        );
    }

    #[test]
    fn a_session_in_the_path_shows_sooner() {
        let mut budget = budget();
        let session = |n: u64| format!("/{:024x}z9/cart", u128::from(n + 1) * 0x1_2345_6789_abcd_ef12_3456);
        for n in 0..10 {
            assert_eq!(budget.admit(&url(&session(n))), Ok(()));
            budget.learn(&url(&session(n)), Some(&sha256(b"cart")));
        }
        assert!(budget.admit(&url(&session(10))).is_err());
    }

    #[test]
    fn what_is_learned_does_not_depend_on_its_order() {
        let paths: Vec<String> = (0..200).map(|n| format!("/x/{n}")).collect();
        let run = |order: &mut dyn Iterator<Item = (usize, &String)>| {
            let mut budget = budget();
            admitted(&mut budget, paths.clone());
            order.for_each(|(n, path)| budget.learn(&url(path), Some(&sha256(&(n % 21).to_le_bytes()))));
            budget.admit(&url("/x/200")).is_ok()
        };
        assert_eq!(run(&mut paths.iter().enumerate()), run(&mut paths.iter().enumerate().rev()));
    }

    #[test]
    fn more_shapes_than_are_remembered_still_have_a_budget() {
        let mut budget = budget();
        let fill = |n: usize| {
            format!(
                "/s{}/1",
                "abcdefghij".chars().cycle().skip(n % 10).take(n / 10 % 50 + 1).collect::<String>()
                    + &"z".repeat(n / 500)
            )
        };
        admitted(&mut budget, (0..MAX_SHAPES + 100).map(fill));
        assert_eq!(budget.shapes.len(), MAX_SHAPES);
        let new = (0..500).map(|n| format!("/new{}?page=5000", "y".repeat(n)));
        assert_eq!(admitted(&mut budget, new), usize::try_from(LIST_PAGES).unwrap());
        assert_eq!(budget.admit(&url("/another-new/12345")), Ok(()));
    }
}
