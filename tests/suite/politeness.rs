//! Pace, patience and concurrency, as a server sees them.
//!
//! `CORPUSD_POLITE_SECONDS` sets how long the mixed run is measured.

use std::time::{Duration, SystemTime};

use corpusd::report::Ending;

use super::{
    chance::{Dice, amount},
    site::{Reply, Request, Site, html},
    world::{Reported, World, now},
};

/// So much later than it was sent may a request be noted: the server of the tests shares its processors with them.
const JITTER: Duration = Duration::from_millis(500);
/// A run is as long as its pace makes it.
const RUN_LIMIT: Duration = Duration::from_mins(10);

/// A home page that links to so many articles; with other answers where `instead` has one.
fn fill(site: &Site, pages: u64, instead: impl Fn(&str, u64) -> Option<Reply> + Send + Sync + 'static) {
    site.script(move |path, attempt| {
        let links: Vec<String> = match path {
            "/" => (0..pages).map(|number| format!("/p{number}")).collect(),
            _ => Vec::new(),
        };
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        let is_page = path == "/" || path.starts_with("/p");
        instead(path, attempt).unwrap_or_else(|| {
            if !is_page {
                return Reply::status(404);
            }
            Reply::html(html(path, &format!("The article behind {path} is like no other."), &links))
        })
    });
}

/// Fails where any number of requests came sooner than the interval allows: in every window there is at most one more
/// than its length holds, but for the jitter.
fn keeps(interval: Duration, requests: &[Request]) {
    for (first, request) in requests.iter().enumerate() {
        for (intervals, later) in (0_u32..).zip(&requests[first..]) {
            let passed = later.at - request.at;
            assert!(
                passed + JITTER >= interval * intervals,
                "{} requests in {passed:?}, from number {first} on, at most one every {interval:?}",
                intervals + 1
            );
        }
    }
}

/// Requests of others while a host had asked to be left alone, and how long after that.
fn intrusions(requests: &[Request], asked_by: &str, wait: Duration) -> Vec<(String, Duration)> {
    let asked = requests.iter().find(|request| request.path == asked_by).unwrap().at;
    requests
        .iter()
        // What is on its way when the answer goes out cannot be called back.
        .filter(|request| request.at > asked + JITTER && request.at < asked + wait)
        .map(|request| (request.path.clone(), request.at - asked))
        .collect()
}

#[tokio::test]
async fn rate_crawl_delay_and_concurrency_are_kept_through_whatever_happens() {
    const RATE: u64 = 20;
    const DELAY: Duration = Duration::from_millis(200);
    let seconds = amount("CORPUSD_POLITE_SECONDS", 4);
    let other = Site::new();
    let world = World::new().await.also(&other.url("/")).gates(&["max_failed: 100%"]);
    let world = world.crawl(&[&format!("rate: {RATE}/s"), "concurrency: 3", "retries: 2", "sitemap: off"]);
    let dice = Dice(5);
    fill(&world.site, RATE * seconds, move |path, attempt| match dice.roll(path, attempt, 100) {
        _ if !path.starts_with("/p") => None,
        0..10 => Some(Reply::status(500)),
        10..15 => Some(Reply::reset()),
        15..20 => Some(Reply::html(html(path, "Cut.", &[])).cut_after(30)),
        20..23 => Some(Reply::status(503)),
        23..25 => Some(Reply::status(429).header("retry-after", "0")),
        25..35 => Some(Reply::redirect(302, "/p0")),
        35..40 => Some(Reply::redirect(302, &format!("{path}/moved"))),
        40..55 => Some(
            Reply::html(html(path, &format!("Slowly, {path}."), &[])).delayed(Duration::from_millis(200)),
        ),
        _ => None,
    });
    fill(&other, seconds * 1000 / u64::try_from(DELAY.as_millis()).unwrap(), |path, _| {
        (path == "/robots.txt").then(|| Reply::text("User-agent: *\nCrawl-delay: 0.2\n"))
    });
    world.run_within(RUN_LIMIT).await.unwrap().ends(Ending::Published);
    let requests = world.site.requests();
    assert!(requests.len() as u64 > RATE * seconds, "{} requests", requests.len());
    keeps(Duration::from_secs(1) / u32::try_from(RATE).unwrap(), &requests);
    assert!(world.site.peak() <= 3 && other.peak() <= 3, "{} and {}", world.site.peak(), other.peak());
    // The rule is known once it was read.
    keeps(DELAY, &other.requests()[1..]);
}

/// A host of which one answer asks to be left alone is, by those too that had a turn already; whether the page has
/// attempts left or not.
async fn is_left_alone(wait: Duration, reply: fn() -> Reply) {
    let with = async |retries: &str| {
        let world = World::new().await.gates(&["max_failed: 100%"]);
        let world = world.crawl(&["rate: 5/s", "concurrency: 8", "sitemap: off", retries]);
        fill(&world.site, 20, move |path, attempt| ((path, attempt) == ("/p13", 0)).then(reply));
        world.run_within(RUN_LIMIT).await.unwrap().ends(Ending::Published);
        assert_eq!(intrusions(&world.site.requests(), "/p13", wait), [], "{retries}");
    };
    tokio::join!(Box::pin(with("retries: 0")), Box::pin(with("retries: 1")));
}

#[tokio::test]
async fn a_host_that_asks_to_be_left_alone_for_so_many_seconds_is() {
    is_left_alone(Duration::from_secs(2), || Reply::status(429).header("retry-after", "2")).await;
}

#[tokio::test]
async fn a_host_that_asks_to_be_left_alone_until_some_moment_is() {
    // A date has whole seconds: three from now are at least two.
    let reply = || {
        let until = httpdate::fmt_http_date(SystemTime::from(now() + Duration::from_secs(3)));
        Reply::status(503).header("retry-after", &until)
    };
    is_left_alone(Duration::from_millis(1_950), reply).await;
}

#[tokio::test]
async fn a_host_that_asks_to_be_left_alone_for_longer_than_a_run_is_asked_nothing_more() {
    let world = World::new().await.crawl(&["rate: 5/s", "concurrency: 8", "sitemap: off"]);
    fill(&world.site, 20, |path, _| {
        (path == "/p13").then(|| Reply::status(429).header("retry-after", "3600"))
    });
    world.run_within(RUN_LIMIT).await.unwrap().ends(Ending::Incomplete);
    assert_eq!(intrusions(&world.site.requests(), "/p13", Duration::from_hours(1)), []);
}

#[tokio::test]
async fn pages_wait_when_a_sitemap_was_asked_for_too_soon() {
    let world = World::new().await.crawl(&["rate: 10/s", "concurrency: 8"]);
    let robots = format!("Sitemap: {}\n", world.site.url("/sitemap.xml"));
    fill(&world.site, 20, move |path, _| match path {
        "/robots.txt" => Some(Reply::text(&robots)),
        "/sitemap.xml" => Some(Reply::status(429).header("retry-after", "2")),
        _ => None,
    });
    world.run_within(RUN_LIMIT).await.unwrap().ends(Ending::Incomplete);
    assert_eq!(world.site.requests().len(), 23);
    assert_eq!(intrusions(&world.site.requests(), "/sitemap.xml", Duration::from_secs(2)), []);
}

#[tokio::test]
async fn a_host_under_load_is_spared_and_then_crawled_at_its_rate_again() {
    const RATE: u32 = 50;
    const UNDISTURBED: Duration = Duration::from_millis(1_000 / RATE as u64);
    let with = async |status: u16| {
        let world = World::new().await.crawl(&["concurrency: 8", "retries: 3", "sitemap: off"]);
        let world = world.crawl(&[&format!("rate: {RATE}/s")]);
        // By their keys, these 33 come before nearly all the others.
        let refused = |path: &str| ["/p10", "/p11", "/p12"].iter().any(|start| path.starts_with(start));
        fill(&world.site, 300, move |path, attempt| {
            (attempt == 0 && refused(path)).then(|| Reply::status(status))
        });
        let report = world.run_within(RUN_LIMIT).await.unwrap().ends(Ending::Published);
        assert_eq!((report.pages.failed, report.documents.kept), (0, 301));
        let requests = world.site.requests();
        let gap = |requests: &[Request]| {
            let (first, last) = (&requests[0], &requests[requests.len() - 1]);
            (last.at - first.at) / u32::try_from(requests.len() - 1).unwrap()
        };
        let over = requests.iter().rposition(|request| refused(&request.path)).unwrap();
        let (under_load, recovered) = (gap(&requests[2..over]), gap(&requests[over + 20..]));
        assert!(under_load > UNDISTURBED * 3 / 2, "{under_load:?} between requests while the host refuses");
        assert!(recovered < UNDISTURBED * 5, "{recovered:?} between requests when it refuses no more");
    };
    tokio::join!(Box::pin(with(429)), Box::pin(with(503)));
}
