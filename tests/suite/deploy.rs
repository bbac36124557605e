//! A run after a deploy: it waits until the deploy is live, and may crawl a part only.

use std::time::Duration;

use corpusd::{
    report::Ending,
    run::{self, Deploy, DeployError},
};

use super::{
    site::{Reply, Site},
    world::{NAME, RUN_LIMIT, Reported, World, within},
};

fn deploy(url: &str, contains: Option<&str>) -> Deploy {
    Deploy { url: url.parse().unwrap(), contains: contains.map(str::to_owned), timeout: RUN_LIMIT }
}

/// What is not live: time enough for one answer, however busy the machine is.
fn absent(url: &str, contains: Option<&str>) -> Deploy {
    Deploy { timeout: Duration::from_secs(2), ..deploy(url, contains) }
}

/// Waits for a deploy as a run of this world would.
async fn live(world: &World, deploy: &Deploy) -> Result<(), DeployError> {
    let (pipeline, context) = (world.load(), world.context());
    within(RUN_LIMIT, "the wait ends", run::wait_for_deploy(deploy, &pipeline, &context)).await
}

#[tokio::test]
async fn a_deploy_is_live_when_its_text_shows() {
    let world = World::new().await;
    let url = world.site.url("/version");
    world.site.at("/version", Reply::text("v1"));
    let error = live(&world, &absent(&url, Some("v2"))).await.unwrap_err().to_string();
    assert_eq!(error, format!("`{url}` was not live within 2s: it answered status 200 without `v2`"));
    world.site.forget_requests();
    world
        .site
        .once("/version", Reply::text("v1"))
        .once("/version", Reply::status(503))
        .once("/version", Reply::reset());
    world.site.at("/version", Reply::text("this is v2"));
    live(&world, &deploy(&url, Some("v2"))).await.unwrap();
    assert_eq!(world.site.count("/version"), 4);
}

#[tokio::test]
async fn without_a_text_a_success_will_do_and_a_redirect_is_none() {
    let world = World::new().await;
    world.site.at("/old", Reply::redirect(302, "/new")).at("/new", Reply::text("here"));
    live(&world, &deploy(&world.site.url("/new"), None)).await.unwrap();
    let error = live(&world, &absent(&world.site.url("/old"), None)).await.unwrap_err().to_string();
    assert!(error.contains("status 302, a redirect to") && error.ends_with("/new"), "{error}");
}

#[tokio::test]
async fn an_address_that_no_crawl_may_ask_is_not_waited_for() {
    let (world, other) = (World::new().await, Site::new());
    let long = Deploy { timeout: Duration::from_hours(1), ..deploy(&other.url("/"), None) };
    let error = live(&world, &long).await.unwrap_err();
    assert!(matches!(error, DeployError::Blocked { .. }), "{error}");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn private_docs_are_asked_with_their_credentials() {
    let world = World::new().await.crawl(&["headers: {X-Preview: \"1\"}"]);
    world.site.at("/version", Reply::text("v2"));
    live(&world, &deploy(&world.site.url("/version"), Some("v2"))).await.unwrap();
    assert_eq!(world.site.requests()[0].header("x-preview"), Some("1"));
}

#[tokio::test]
async fn where_a_deploy_does_not_show_nothing_is_run() {
    let world = World::new().await;
    world.site.page("/", "Welcome.", &[]).at("/version", Reply::text("v1"));
    let url = world.site.url("/version");
    let arguments = ["run", "--once", "--wait-for-url", &url, "--contains", "v2", "--timeout", "1s"];
    let ended = world.corpusd(&arguments).await.exits(1);
    assert!(ended.stderr.contains("without `v2`; nothing was run"), "{}", ended.stderr);
    assert!(!world.state_file().exists() && world.site.count("/") == 0);
    world.site.at("/version", Reply::text("v2"));
    world.corpusd(&arguments).await.exits(0);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    world.corpusd(&["run", "--once", "--contains", "v2"]).await.exits(2);
}

/// A site of docs and a blog, one run of which is published.
async fn published() -> World {
    let world = World::new().await.crawl(&["gone_after: 1"]).gates(&["max_removed: 100%"]);
    world.site.page("/", "Welcome.", &["/docs/", "/blog/x", "/blog/y"]);
    world.site.page("/docs/", "All our docs.", &["/docs/a", "/docs/b"]);
    world.site.page("/docs/a", "Apples keep for weeks.", &[]).page("/docs/b", "Bananas do not.", &[]);
    world.site.page("/blog/x", "We moved.", &[]).page("/blog/y", "We grew.", &[]);
    world.run().await.ends(Ending::Published);
    world.site.forget_requests();
    world
}

#[tokio::test]
async fn a_part_is_crawled_and_all_else_stays_as_it_was() {
    let world = published().await;
    world.site.page("/docs/", "All our docs.", &["/docs/a", "/docs/b", "/docs/c", "/blog/z"]);
    world.site.page("/docs/a", "Apples keep for months.", &[]).page("/docs/c", "Cherries are new.", &[]);
    world.site.page("/blog/x", "We moved again.", &[]).page("/blog/z", "We sleep.", &[]);
    world.site.remove("/docs/b").remove("/blog/y").remove("/");
    let report = world.run_only(&["/docs/**"]).await.ends(Ending::Published);
    assert_eq!(
        world.site.paths(),
        ["/docs/", "/docs/a", "/docs/b", "/docs/c", "/robots.txt", "/sitemap.xml"]
    );
    let pages = &report.pages;
    assert_eq!((pages.new, pages.changed, pages.removed, pages.outside), (1, 1, 1, 3), "{pages:#?}");
    assert_eq!(report.notes, ["only /docs/** was crawled; 3 other pages stay as they were"]);
    assert_eq!(report.exit(), corpusd::cli::Exit::Done);
    let text = world.published().await;
    for (part, expected) in [
        ("Apples keep for months.", true),
        ("Cherries are new.", true),
        ("Bananas", false),
        ("We moved.", true),
        ("We grew.", true),
        ("We sleep.", false),
        ("Welcome.", true),
    ] {
        assert_eq!(text.contains(part), expected, "{part}\n{text}");
    }

    // The whole site is crawled again without any of it being forgotten.
    world.site.page("/", "Welcome.", &["/docs/", "/blog/x", "/blog/z"]);
    world.run().await.ends(Ending::Published);
    let text = world.published().await;
    assert!(
        text.contains("We moved again.") && text.contains("We sleep.") && !text.contains("We grew."),
        "{text}"
    );
}

#[tokio::test]
async fn a_part_that_did_not_change_changes_nothing() {
    let world = published().await;
    world.site.page("/blog/x", "We moved again.", &[]);
    let report = world.run_only(&["/docs/*", "/nowhere"]).await.ends(Ending::Unchanged);
    assert_eq!((report.pages.unchanged, report.pages.outside), (3, 3));
    let report = world.run_only(&["/nowhere/**"]).await.ends(Ending::Unchanged);
    assert_eq!(report.notes, ["no page matches /nowhere/**: all 6 pages stay as they were"]);
}

#[tokio::test]
async fn a_part_does_not_hide_that_the_whole_is_held() {
    let world = World::new().await.crawl(&["gone_after: 1"]);
    world.site.page("/", "Welcome to the help centre.", &["/a", "/b"]);
    world.site.page("/a", "Hubs are white, weigh 90 grams, and blink while they look for a network.", &[]);
    world.site.page("/b", "The small plan has three seats, and the large one as many as you like.", &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).remove("/b");
    let whole = world.run().await.ends(Ending::Held);
    let part = world.run_only(&["/a"]).await.ends(Ending::Held);
    assert!(part.error.as_ref().unwrap().contains("held still"), "{part:#?}");
    assert_eq!(world.approve().await.unwrap().ends(Ending::Published).hash(), whole.hash());
    world.run_only(&["/a"]).await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn a_part_waits_for_the_interval_like_the_whole() {
    let world = World::new().await.publish(&["min_interval: 1h"]);
    world.site.page("/", "We open at 8 o'clock, every day of the week.", &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/", "We open at 9 o'clock, every day of the week.", &[]);
    world.run_only(&["/"]).await.ends(Ending::Deferred);
}

#[tokio::test]
async fn a_part_that_was_killed_is_not_taken_for_the_whole() {
    let world = published().await;
    world.site.page("/docs/a", "Apples keep for months.", &[]).page("/blog/x", "We moved again.", &[]);
    world.site.gate();
    let running = world.spawn(&["run", "--once", NAME, "--only", "/docs/**"]);
    world.site.asked(1, RUN_LIMIT).await;
    running.kill();
    world.site.open();
    world.run().await.ends(Ending::Published);
    let text = world.published().await;
    assert!(text.contains("for months") && text.contains("We moved again."), "{text}");
}

#[tokio::test]
async fn a_site_that_the_part_is_not_of_is_not_asked_anything() {
    let other = Site::new();
    other.page("/", "Another site.", &[]);
    let world = World::new().await.source(&other.url("/"));
    world.site.page("/", "Welcome.", &["/a"]).page("/a", "Apples.", &[]);
    world.run().await.ends(Ending::Published);
    other.forget_requests();
    world.site.page("/a", "Apples keep for weeks.", &[]);
    world.run_only(&[&world.site.url("/a")]).await.ends(Ending::Published);
    assert_eq!(other.requests().len(), 0);
    let text = world.published().await;
    assert!(text.contains("Another site.") && text.contains("for weeks"), "{text}");
}

#[tokio::test]
async fn a_part_of_what_was_never_crawled_is_not_published() {
    let world = World::new().await;
    world.site.page("/", "Welcome.", &["/docs/"]).page("/docs/", "All our docs.", &[]);
    let ended = world.corpusd(&["run", "--once", NAME, "--only", "/docs/**"]).await.exits(1);
    assert!(ended.stdout.contains("run once without it"), "{}", ended.stdout);
    assert_eq!(world.chatbot.pushes().await.len(), 0);
    let ended = world.corpusd(&["run", "--once", NAME, "--only", "docs"]).await.exits(2);
    assert!(ended.stderr.contains("must start with `/`"), "{}", ended.stderr);
}
