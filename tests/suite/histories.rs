//! Pages that fail, vanish and come back over many runs: a document leaves exactly when it should.
//!
//! `CORPUSD_HISTORIES` sets how many there are, `CORPUSD_SEED` the first one's seed; a failure names its own.

use corpusd::report::Ending;

use super::{
    chance::{Dice, amount},
    site::{Reply, html},
    world::World,
};

const PAGES: usize = 8;
const RUNS: u64 = 9;

/// What a page answers during one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// With a text of this run.
    New,
    /// As it did when it last answered with a text.
    Same,
    Gone,
    Failing,
    Empty,
    Noindex,
    Moved,
}

/// What a plain model knows of a page.
#[derive(Clone, Copy, Debug, Default)]
struct Page {
    /// The run whose text the server gives.
    version: u64,
    /// The run whose text was read last, in a run of any kind.
    read: Option<u64>,
    /// The run whose text is published.
    published: Option<u64>,
    /// Whether what was read last asks not to be indexed.
    noindex: bool,
    /// Complete runs in a row that found it gone.
    gone: u32,
}

impl Page {
    /// A run comes across the page.
    fn seen(&mut self, mood: Mood, complete: bool) {
        match mood {
            Mood::New | Mood::Same => (self.read, self.noindex) = (Some(self.version), false),
            Mood::Noindex => self.noindex = true,
            Mood::Gone | Mood::Failing | Mood::Empty | Mood::Moved => {}
        }
        if !complete {
            return;
        }
        let is_member = self.published.is_some() && !self.noindex;
        let gone = std::mem::take(&mut self.gone);
        match mood {
            Mood::New | Mood::Same => self.published = self.read,
            Mood::Failing | Mood::Empty if is_member => {}
            Mood::Gone if is_member && gone == 0 => self.gone = 1,
            Mood::Gone | Mood::Failing | Mood::Empty | Mood::Noindex | Mood::Moved => self.published = None,
        }
    }
}

fn text(page: u64, version: u64) -> String {
    format!("Page {page} as of run {version}.")
}

fn answer(page: u64, mood: Mood, version: u64) -> Reply {
    let path = format!("/p{page}");
    match mood {
        Mood::New | Mood::Same => Reply::html(html(&path, &text(page, version), &[])),
        Mood::Gone => Reply::status(410),
        Mood::Failing => Reply::status(500),
        Mood::Empty => Reply::html("<!doctype html><html><body><div id=app></div></body></html>"),
        Mood::Noindex => {
            Reply::html(html(&path, "Not for the index.", &[])).header("x-robots-tag", "noindex")
        }
        Mood::Moved => Reply::redirect(301, "/"),
    }
}

async fn check(seed: u64) {
    let dice = Dice(seed);
    let world = World::new().await.gates(&["max_failed: 100%", "max_removed: 100%", "max_shrink: 100%"]);
    world.site.validates();
    let sitemap = format!("<urlset><url><loc>{}</loc></url></urlset>", world.site.url("/"));
    let robots = format!("Sitemap: {}\n", world.site.url("/sitemap.xml"));
    world.site.at("/robots.txt", Reply::text(&robots));
    let mut pages = [Page::default(); PAGES];
    let mut history = Vec::new();
    for run in 1..=RUNS {
        // A sitemap that ends too early makes a run incomplete in which pages are read all the same.
        let complete = !dice.happens(20, "incomplete", run);
        let cut = if complete { sitemap.len() } else { sitemap.len() - 5 };
        world.site.at("/sitemap.xml", Reply::xml(&sitemap.as_bytes()[..cut]));
        let mut links = Vec::new();
        let mut moods = Vec::new();
        for (number, page) in (0..).zip(&mut pages) {
            let roll = |what: &str, below| dice.roll(what, run * PAGES as u64 + number, below);
            let mood = match roll("mood", 20) {
                0..5 => Mood::New,
                5..10 => Mood::Same,
                10..14 => Mood::Gone,
                14..17 => Mood::Failing,
                17 => Mood::Empty,
                18 => Mood::Noindex,
                _ => Mood::Moved,
            };
            if mood == Mood::New {
                page.version = run;
            }
            world.site.at(&format!("/p{number}"), answer(number, mood, page.version));
            let is_linked = roll("linked", 10) < 7;
            if is_linked {
                links.push(format!("/p{number}"));
            }
            // A page that nothing links to is asked itself, once it was published.
            if is_linked || page.published.is_some() {
                page.seen(mood, complete);
            }
            moods.push((mood, is_linked));
        }
        world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
        history.push((complete, moods));
        let report = world.run().await;
        let ended = matches!(report.outcome, Ending::Published | Ending::Unchanged);
        assert!(ended == complete, "CORPUSD_SEED={seed} run {run}: {history:?}\n{report:#?}");
        let published = world.published().await;
        for (number, page) in (0..).zip(&pages) {
            for version in 0..=run {
                assert_eq!(
                    published.contains(&text(number, version)),
                    page.published == Some(version),
                    "CORPUSD_SEED={seed} page {number} as of run {version}, after run {run}: {page:?} {history:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_document_leaves_exactly_when_it_should_whatever_its_page_does() {
    let first = amount("CORPUSD_SEED", 1);
    for seed in first..first + amount("CORPUSD_HISTORIES", 4) {
        check(seed).await;
    }
}
