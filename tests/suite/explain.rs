//! `corpusd explain`: what became of a URL, as a user reads it.

use corpusd::report::Ending;
use serde_json::Value;

use super::{
    centre::{self, ARTICLES},
    site::Reply,
    world::{NAME, Reported, World},
};

/// A crawled world; `more` are links of the home page.
async fn crawled(world: World, more: &[&str]) -> World {
    let links: String = more.iter().map(|link| format!("<a href=\"{link}\">{link}</a> ")).collect();
    world.site.at("/", Reply::html(centre::home(&format!("<p>{links}</p>"))));
    world.run().await.ends(Ending::Published);
    world
}

/// What a user reads.
async fn told(world: &World, path: &str, code: i32) -> String {
    let url = if path.starts_with('/') { world.site.url(path) } else { path.to_owned() };
    world.corpusd(&["explain", NAME, &url]).await.exits(code).stdout
}

async fn json(world: &World, path: &str, code: i32) -> Value {
    world.corpusd(&["explain", "--json", NAME, &world.site.url(path)]).await.exits(code).json()
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` in:\n{text}");
    }
}

#[tokio::test]
async fn a_page_that_is_kept() {
    let world = crawled(centre::ready().await, &[]).await;
    let (path, title, _) = ARTICLES[0];
    let home = world.site.url("/");
    let text = told(&world, path, 0).await;
    says(&text, &[&format!("on {home}, depth 1, source 1"), "fetched (status 200)", "last read", "history"]);
    says(&text, &[&format!("\"{title}"), "in the corpus"]);
    assert!(!text.contains("not in the corpus"), "{text}");
    says(&told(&world, "/", 0).await, &["as a start URL, depth 0"]);
    let explained = json(&world, path, 0).await;
    assert_eq!(explained["url"], world.site.url(path));
    let found = &explained["found"][0];
    assert_eq!((&found["outcome"], &found["status"]), (&"fetched".into(), &200.into()), "{explained}");
    assert_eq!((&found["found_on"], &found["depth"]), (&home.into(), &1.into()), "{explained}");
    assert_eq!(explained["document"]["in_corpus"], true, "{explained}");
    assert_eq!(explained["history"].as_array().unwrap().len(), 1, "{explained}");
}

#[tokio::test]
async fn another_spelling_is_the_same_page() {
    let world = crawled(centre::ready().await, &[]).await;
    let (path, ..) = ARTICLES[0];
    let spelled = told(&world, &format!("{path}?utm_source=mail#top"), 0).await;
    assert_eq!(spelled, told(&world, path, 0).await);
}

#[tokio::test]
async fn a_page_that_lost_to_its_twin() {
    let world = centre::ready().await;
    let (path, ..) = ARTICLES[0];
    world.site.at("/z-copy", Reply::html(centre::article(path)));
    let world = crawled(world, &["/z-copy"]).await;
    let text = told(&world, "/z-copy", 0).await;
    says(&text, &["duplicate", &format!("same text as {}", world.site.url(path)), "not in the corpus"]);
    assert_eq!(json(&world, "/z-copy", 0).await["document"]["in_corpus"], false);
    says(&told(&world, path, 0).await, &["fetched", "in the corpus"]);
}

#[tokio::test]
async fn a_page_that_gave_way_to_its_canonical_form() {
    let world = centre::ready().await;
    let (path, ..) = ARTICLES[0];
    let head = format!("<link rel=canonical href=\"{path}\">");
    world.site.at("/print", Reply::html(centre::article_with(path, &head, "<p>Printed.</p>")));
    let world = crawled(world, &["/print"]).await;
    let text = told(&world, "/print", 0).await;
    says(
        &text,
        &["canonical", &format!("its canonical form is {}", world.site.url(path)), "not in the corpus"],
    );
}

#[tokio::test]
async fn a_page_that_redirects() {
    let world = centre::ready().await;
    let (path, ..) = ARTICLES[0];
    world.site.at("/old", Reply::redirect(301, path));
    let world = crawled(world, &["/old"]).await;
    says(&told(&world, "/old", 0).await, &["redirected (status 301)", &world.site.url(path)]);
    assert_eq!(json(&world, "/old", 0).await["found"][0]["leads_to"], world.site.url(path));
}

#[tokio::test]
async fn pages_that_rules_left_out() {
    let world = centre::ready().await.crawl(&["exclude: [\"/old/**\"]", "max_depth: 1"]);
    world.site.at("/robots.txt", Reply::text("User-agent: *\nDisallow: /private/\n"));
    world.site.page("/list", "A list.", &["/list/far"]);
    let other = "https://other.example/page";
    let world = crawled(world, &["/private/notes", "/old/page", "/list", other]).await;
    says(&told(&world, "/private/notes", 0).await, &["robots: robots.txt: ", "/private/"]);
    says(&told(&world, "/old/page", 0).await, &["excluded: under `exclude`"]);
    says(&told(&world, "/list/far", 0).await, &["depth: deeper than `max_depth`", &world.site.url("/list")]);
    says(&told(&world, other, 0).await, &["scope: not under `follow`"]);
    assert_eq!(world.site.count("/private/notes"), 0);
}

#[tokio::test]
async fn a_page_that_no_crawl_came_across() {
    let world = centre::ready().await.crawl(&["exclude: [\"/old/**\"]"]);
    let world = crawled(world, &[]).await;
    says(
        &told(&world, "/secret", 1).await,
        &["found      no", "it is followed and kept: it lies below a start URL"],
    );
    says(&told(&world, "/old/page", 1).await, &["found      no", "`exclude` has /old/**"]);
    says(&told(&world, "https://other.example/", 1).await, &["found      no", "it is on another site"]);
    let explained = json(&world, "/secret", 1).await;
    assert_eq!(explained["found"].as_array().unwrap().len(), 0, "{explained}");
    assert!(explained["rules"][0].is_string() && explained.get("document").is_none(), "{explained}");
}

#[tokio::test]
async fn a_page_that_fails_and_is_carried_forward() {
    let world = crawled(centre::ready().await, &[]).await;
    let (path, ..) = ARTICLES[0];
    world.site.at(path, Reply::status(500));
    world.run().await.ends(Ending::Unchanged);
    let text = told(&world, path, 0).await;
    says(
        &text,
        &["status (status 500)", "it has failed since", "what was read before stays", "in the corpus"],
    );
    assert!(!text.contains("not in the corpus"), "{text}");
    let explained = json(&world, path, 0).await;
    let history: Vec<&str> = explained["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| visit["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(history, ["status", "fetched"], "{explained}");
}

#[tokio::test]
async fn a_page_that_is_gone_and_one_that_was_removed() {
    let world = crawled(centre::ready().await, &[]).await;
    let (path, ..) = ARTICLES[0];
    world.site.remove(path);
    world.run().await.ends(Ending::Unchanged);
    let text = told(&world, path, 0).await;
    says(
        &text,
        &["not_found (status 404)", "it was gone in 1 run; what was read before stays", "in the corpus"],
    );
    world.run().await.ends(Ending::Published);
    let text = told(&world, path, 0).await;
    says(&text, &["not_found (status 404)", "history", "fetched"]);
    assert!(!text.contains("in the corpus") && !text.contains("stays"), "{text}");
}

#[tokio::test]
async fn a_page_that_nothing_links_to_any_more() {
    let world = centre::ready().await;
    world.site.page("/offer", "Three kettles for the price of two.", &[]);
    let world = crawled(world, &["/offer"]).await;
    world.site.at("/", Reply::html(centre::home("")));
    world.run().await;
    says(&told(&world, "/offer", 0).await, &["on an earlier run", "fetched (status 200)", "in the corpus"]);
    world.site.remove("/offer");
    world.run().await.ends(Ending::Unchanged);
    world.run().await.ends(Ending::Published);
    let text = told(&world, "/offer", 0).await;
    says(&text, &["on an earlier run", "not_found (status 404)", "history", "fetched 200"]);
    assert!(!text.contains("in the corpus") && !text.contains("stays"), "{text}");
}

#[tokio::test]
async fn a_language_variant() {
    let world = centre::ready().await.crawl(&["languages: [en]"]);
    world.site.at(
        "/de/hilfe",
        Reply::html(centre::framed("Hilfe", "de", "", "<h1>Hilfe</h1><p>Hier wird geholfen.</p>")),
    );
    let world = crawled(world, &["/de/hilfe"]).await;
    says(
        &told(&world, "/de/hilfe", 0).await,
        &["language (status 200): ", "`lang` is `de`", "`languages` is [en]"],
    );
}

#[tokio::test]
async fn what_cannot_be_explained_is_said() {
    let world = centre::ready().await;
    let early = world.corpusd(&["explain", NAME, &world.site.url("/")]).await.exits(1);
    says(&early.stderr, &["has not run yet", "corpusd run --once docs"]);
    let world = crawled(world, &[]).await;
    world.corpusd(&["explain", NAME, "ftp://files.example/a"]).await.exits(2);
    world.corpusd(&["explain", NAME, "no-url"]).await.exits(2);
    world.corpusd(&["explain", "nobody", &world.site.url("/")]).await.exits(2);
}
