//! Sites of thousands of pages: nothing is lost to faults and kills, and memory does not follow the site.
//!
//! `CORPUSD_PAGES` and `CORPUSD_KILLS` set how much of it is done.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use corpusd::{
    report::{Ending, RunReport},
    store::Store,
};

use rusqlite::Connection;

use super::{
    chance::{Dice, amount},
    site::{Reply, html},
    state::{kills, undisturbed},
    world::{NAME, Reported, World},
};

/// The longest that a run of a large world may take.
const LARGE_RUN_LIMIT: Duration = Duration::from_mins(30);
/// Sets how many pages there are.
const PAGES: &str = "CORPUSD_PAGES";
/// Links of a page to pages that come later.
const FAN: u64 = 80;

/// A help centre of so many articles, as a function from path to answer. Some have moved, some redirect for ever, some
/// are there twice; there are broken links, traps, and links with tracking parameters.
#[derive(Clone, Copy, Debug)]
struct HelpCentre {
    articles: u64,
    /// Percentage of articles that redirect for ever.
    loops: u64,
    dice: Dice,
}

/// What a path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// An article of its own.
    Article,
    /// An article with the text of another that comes before it in the corpus.
    Twin,
    /// An article's version for the printer, which names the article as its canonical form.
    Print,
    /// A redirect.
    Leads,
    Sitemap,
    /// Nothing, or nothing that may be asked for.
    Nothing,
}

impl HelpCentre {
    fn happens(self, percent: u64, what: &str, article: u64) -> bool {
        article > 0 && self.dice.happens(percent, what, article)
    }

    /// The number of the article that a path is about, and what it holds.
    fn place(self, path: &str) -> (u64, Place) {
        if path == "/" {
            return (0, Place::Article);
        }
        if path == "/sitemap.xml" {
            return (0, Place::Sitemap);
        }
        let mut segments = path.split('/').skip(1);
        let (kind, number) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let (number, query) = number.split_once('?').unwrap_or((number, ""));
        let (Ok(number), None) = (number.parse::<u64>(), segments.next()) else { return (0, Place::Nothing) };
        let loops = self.happens(self.loops, "loops", number);
        let moved = !loops && self.happens(5, "moved", number);
        let place = match (kind, query) {
            _ if number >= self.articles => Place::Nothing,
            ("a", _) if loops || moved => Place::Leads,
            ("a", "") => Place::Article,
            ("a", "print=1") if self.happens(2, "print", number) => Place::Print,
            ("moved", "") if moved => Place::Article,
            ("loop", "") if loops => Place::Leads,
            ("twin", "") if !moved && self.happens(2, "twin", number) => Place::Twin,
            _ => Place::Nothing,
        };
        (number, place)
    }

    /// Where a redirect leads.
    fn target(self, path: &str, number: u64) -> String {
        match path.starts_with("/a/") {
            true if self.happens(self.loops, "loops", number) => format!("/loop/{number}"),
            true => format!("/moved/{number}"),
            false => format!("/a/{number}"),
        }
    }

    /// What the page of an article links to, each path once and as the site writes it.
    fn links(self, number: u64) -> Vec<String> {
        // Some articles are linked from elsewhere too: what lies behind a loop is not lost for that alone.
        let children = number * FAN + 1..=(number + 1) * FAN;
        let cousins = children.clone().map(|child| (child * 7 + 3) % self.articles);
        let mut links: Vec<String> = children
            .filter(|child| *child < self.articles)
            .chain(cousins.take(3))
            .map(|article| format!("/a/{article}"))
            .collect();
        links.push(format!("/a/{}?utm_source=mail", (number * FAN + 1) % self.articles));
        if self.happens(2, "print", number) {
            links.push(format!("/a/{number}?print=1"));
        }
        if self.happens(2, "twin", number) {
            links.push(format!("/twin/{number}"));
        }
        if self.happens(3, "broken", number) {
            links.push(format!("/broken/{number}"));
        }
        if self.happens(3, "trap", number) {
            links.push(format!("/trap/{number}/again/again/again/again/"));
            links.push(format!("/{number}/to/fro/to/fro/to/fro"));
        }
        links
    }

    /// What the sitemap names: articles that nothing needs to link to.
    fn in_sitemap(self) -> impl Iterator<Item = String> {
        (0..self.articles).step_by(97).map(|article| format!("/a/{article}"))
    }

    /// What a path answers where nothing goes wrong.
    fn answer(self, path: &str, origin: &str) -> Reply {
        let path = path.strip_suffix("?utm_source=mail").unwrap_or(path);
        let (number, place) = self.place(path);
        let text = format!("What to know of matter {number}.");
        let links = self.links(number);
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        match place {
            Place::Article => Reply::html(html(path, &text, &links)),
            // All but the address is the same.
            Place::Twin => Reply::html(html(&format!("/a/{number}"), &text, &[])),
            Place::Print => Reply::html(
                html(path, &format!("{text} Printed."), &[])
                    .replace("<title>", &format!("<link rel=\"canonical\" href=\"/a/{number}\"><title>")),
            ),
            Place::Leads => Reply::redirect(302, &self.target(path, number)),
            Place::Sitemap => {
                let urls: String =
                    self.in_sitemap().map(|path| format!("<url><loc>{origin}{path}</loc></url>")).collect();
                Reply::xml(format!("<urlset>{urls}</urlset>"))
            }
            // Would be a page, so that entering a trap shows.
            Place::Nothing if path.contains("/again/") || path.contains("/fro") => {
                Reply::html(html(path, "Lost.", &[]))
            }
            Place::Nothing => Reply::status(404),
        }
    }

    /// The addresses of the documents, and those of the twins, by a plain walk over what the site answers.
    fn documents(self, origin: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut documents, mut twins) = (BTreeSet::new(), BTreeSet::new());
        let mut seen: BTreeSet<String> = ["/".to_owned()].into();
        let mut waiting: VecDeque<String> = ["/".to_owned()].into();
        waiting.extend(self.in_sitemap());
        while let Some(path) = waiting.pop_front() {
            let (number, place) = self.place(&path);
            let found = match place {
                Place::Article => {
                    documents.insert(format!("{origin}{path}"));
                    self.links(number)
                }
                Place::Twin | Place::Print => {
                    twins.insert(format!("{origin}{path}"));
                    Vec::new()
                }
                Place::Leads => vec![self.target(&path, number)],
                Place::Sitemap | Place::Nothing => Vec::new(),
            };
            for link in found {
                let link = link.strip_suffix("?utm_source=mail").unwrap_or(&link).to_owned();
                if seen.insert(link.clone()) {
                    waiting.push_back(link);
                }
            }
        }
        // A twin of what is no article is an article.
        let twin_of_none = |twin: &String| {
            let path =
                twin.strip_prefix(origin).unwrap_or(twin).replace("/twin/", "/a/").replace("?print=1", "");
            !documents.contains(&format!("{origin}{path}"))
        };
        let (alone, twins): (BTreeSet<_>, BTreeSet<_>) = twins.into_iter().partition(twin_of_none);
        documents.extend(alone);
        (documents, twins)
    }
}

/// What goes wrong three times of ten, whatever went before.
fn fault(dice: Dice, path: &str, attempt: u64, whole: &Reply) -> Option<Reply> {
    match dice.roll(path, attempt, 10_000) {
        0..1_000 => Some(Reply::status(500)),
        1_000..1_900 => Some(Reply::reset()),
        1_900..2_989 => Some(whole.clone().cut_after(100)),
        // Nobody waits for a minute by default.
        2_989 if amount(PAGES, 0) > 0 => Some(Reply::silent()),
        2_989 => Some(Reply::status(502)),
        // These speak for the whole host, which then waits.
        2_990..3_000 => Some(Reply::status(503)),
        _ => None,
    }
}

/// The addresses of the documents of a corpus.
async fn documents(world: &World, report: &RunReport) -> BTreeSet<String> {
    let store = Store::open(&world.path("state"), NAME).unwrap();
    let sha256 = report.hash();
    let sha256: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&sha256[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let manifest = store.manifest(sha256.try_into().unwrap()).await.unwrap().unwrap();
    manifest.documents.into_iter().map(|document| document.url).collect()
}

/// Paths that were asked for more than so many times.
fn asked_more_often_than(times: usize, world: &World) -> Vec<String> {
    let paths = world.site.paths();
    let often = paths.chunk_by(|a, b| a == b).filter(|same| same.len() > times);
    often.map(|same| same[0].clone()).collect()
}

#[tokio::test]
async fn three_faults_in_ten_requests_lose_no_page_and_remove_none() {
    let articles = amount(PAGES, 5_000);
    let centre = HelpCentre { articles, loops: 2, dice: Dice(1) };
    // As a user would have it: the gates as they are.
    let world = World::new().await.crawl(&["retries: 2", "concurrency: 64", "max_pages: 100000"]);
    let origin = world.site.url("");
    let faults = Dice(2);
    let here = origin.clone();
    world.site.validates().script(move |path, attempt| {
        let whole = match path {
            "/robots.txt" => Reply::text("User-agent: *\nDisallow:\n"),
            _ => centre.answer(path, &here),
        };
        fault(faults, path, attempt, &whole).unwrap_or(whole)
    });
    let (expected, twins) = centre.documents(&origin);
    let mut before = BTreeSet::new();
    for run in 1..=4 {
        let report = world.run_within(LARGE_RUN_LIMIT).await.unwrap();
        assert_eq!(asked_more_often_than(3, &world), [""; 0], "run {run}");
        world.site.forget_requests();
        assert!(matches!(report.outcome, Ending::Published | Ending::Unchanged), "run {run}: {report:#?}");
        let now = documents(&world, &report).await;
        let lost: Vec<_> = before.difference(&now).filter(|url| !twins.contains(*url)).collect();
        assert!(lost.is_empty(), "run {run} lost {lost:?}: {report:#?}");
        let strange: Vec<_> = now.difference(&expected).filter(|url| !twins.contains(*url)).collect();
        assert!(strange.is_empty(), "run {run} made documents of {strange:?}");
        if now == expected {
            return;
        }
        before = now;
    }
    let missing: Vec<_> = expected.difference(&before).collect();
    let left: Vec<_> = before.difference(&expected).collect();
    panic!("after 4 runs {} documents are missing: {missing:?}, and {left:?} are too many", missing.len());
}

/// The requests that the crawl under way has committed: they are made no more in this crawl.
fn committed(world: &World) -> BTreeSet<String> {
    if !world.state_file().exists() {
        return BTreeSet::new();
    }
    let connection = Connection::open(world.state_file()).unwrap();
    let asked = "SELECT url FROM frontier WHERE status IS NOT NULL AND EXISTS
                 (SELECT 1 FROM crawl WHERE state = 'running')";
    // Killed at its very first moment, it leaves a file without tables.
    let Ok(mut statement) = connection.prepare(asked) else { return BTreeSet::new() };
    let origin = world.site.url("");
    let path = |url: String| url.strip_prefix(&origin).unwrap_or(&url).to_owned();
    statement.query_map([], |row| row.get(0)).unwrap().map(|url| path(url.unwrap())).collect()
}

#[tokio::test]
async fn a_large_crawl_that_is_killed_again_and_again_asks_for_nothing_twice_that_it_committed() {
    let articles = amount(PAGES, 5_000);
    let centre = HelpCentre { articles, loops: 0, dice: Dice(3) };
    let world = World::new().await.crawl(&["concurrency: 16", "max_pages: 100000"]);
    let origin = world.site.url("");
    let here = origin.clone();
    world.site.validates().paced(Duration::from_millis(5)).script(move |path, _| match path {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow:\n"),
        _ => centre.answer(path, &here),
    });
    let (hash, takes) = undisturbed(&world, LARGE_RUN_LIMIT).await;
    let (kills, moments) = (kills(), Dice(4));
    for kill in 1..=kills {
        let before = committed(&world);
        world.site.forget_requests();
        // Any moment; all of them together take twice as long as the crawl, so that some hit what comes after it.
        let share = moments.roll("moment", kill, 1000) as f64 / 250.0 / kills as f64;
        let ended = world.spawn(&["run", "--once", NAME]).kill_after(takes.mul_f64(share)).await;
        assert!(matches!(ended.code(), None | Some(0)), "{}", ended.stderr);
        let asked: BTreeSet<String> = world.site.paths().into_iter().collect();
        let again: Vec<_> = asked.intersection(&before).collect();
        assert!(again.is_empty(), "before kill {kill}, asked for again: {again:?}");
        if ended.code().is_none() {
            // What is lost: a batch that is not committed yet, the window of the crawl, and what is being read; besides
            // them robots.txt and the sitemap.
            let readers = std::thread::available_parallelism().map_or(2, usize::from);
            let after = committed(&world);
            let lost = asked.iter().filter(|path| !after.contains(*path)).count();
            assert!(after.is_empty() || lost <= 64 + 2 * 16 + readers + 2, "kill {kill} lost {lost} pages");
        }
    }
    let report = world.spawn(&["run", "--once", "--json", NAME]).end(LARGE_RUN_LIMIT).await.exits(0).json();
    assert_eq!(report["corpus"]["sha256"], hash.as_str());
    let (expected, _) = centre.documents(&origin);
    assert_eq!(report["documents"]["kept"], expected.len());
    assert_eq!(world.chatbot.hashes().await, [hash.as_str()]);
}

#[tokio::test]
async fn fifty_thousand_waiting_urls_take_little_memory() {
    const URLS: u64 = 50_000;
    // Of more, the chatbot would take no corpus.
    let max_pages = amount(PAGES, 1_000).min(10_000);
    let world = World::new().await.crawl(&[&format!("max_pages: {max_pages}"), "concurrency: 64"]);
    let origin = world.site.url("");
    world.site.script(move |path, _| match path {
        "/robots.txt" => Reply::status(404),
        "/sitemap.xml" => {
            let urls: String = (0..URLS)
                .map(|number| format!("<url><loc>{origin}/manual/chapter-{number}/page</loc></url>"))
                .collect();
            Reply::xml(format!("<urlset>{urls}</urlset>"))
        }
        _ if path.contains("/corpusd-") => Reply::status(404),
        _ => Reply::html(html(path, &format!("What stands at {path}."), &["/", "next"])),
    });
    let ended = world.spawn(&["run", "--once", "--json", NAME]).end(LARGE_RUN_LIMIT).await.exits(0);
    let report = ended.json();
    let discovered = report["pages"]["discovered"].as_u64().unwrap();
    assert!(discovered > URLS, "{report}");
    assert_eq!(report["pages"]["skipped_by"]["max_pages"], discovered - max_pages);
    assert!(ended.spent.peak_kib < 100 * 1024, "held {} KiB", ended.spent.peak_kib);
}
