//! Which pages are asked for, how, and how often.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use corpusd::{cli::Exit, report::Ending};
use flate2::{Compression, write::GzEncoder};

use super::{
    site::{Canary, Reply, html},
    world::{Reported, World},
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn urlset(urls: &[String]) -> String {
    let urls: String = urls.iter().map(|url| format!("<url><loc>{url}</loc></url>")).collect();
    format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>"
    )
}

fn index(urls: &[String]) -> String {
    let urls: String = urls.iter().map(|url| format!("<sitemap><loc>{url}</loc></sitemap>")).collect();
    format!("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</sitemapindex>")
}

/// Requests for pages, without robots.txt and sitemaps.
fn pages(world: &World) -> Vec<String> {
    let is_page = |path: &String| path != "/robots.txt" && !path.contains("sitemap");
    world.site.paths().into_iter().filter(is_page).collect()
}

// robots.txt

#[tokio::test]
async fn without_robots_txt_everything_is_allowed() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/a"]);
}

#[tokio::test]
async fn robots_txt_is_obeyed_in_the_group_that_names_us() {
    let world = World::new().await;
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: Corpusd\nDisallow: /private\n";
    world.site.at("/robots.txt", Reply::text(robots));
    world.site.page("/", "Welcome to the help centre.", &["/a", "/private/b"]);
    world.site.page("/a", "Apples keep for weeks.", &[]).page("/private/b", "Bananas are secret.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.skipped("robots"), 1);
    assert_eq!(pages(&world), ["/", "/a"]);
}

#[tokio::test]
async fn robots_txt_is_asked_for_once_a_run_and_before_anything_else() {
    let world = World::new().await.crawl(&["concurrency: 16"]);
    let links: Vec<String> = (0..40).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.page(link, &format!("The article behind {link} says so."), &[]);
    }
    world.run().await.ends(Ending::Published);
    assert_eq!((world.site.count("/robots.txt"), world.site.probes()), (1, 1));
    assert_eq!(world.site.requests()[0].path, "/robots.txt");
    assert!(
        world.site.requests().iter().all(|request| {
            request.header("user-agent").is_some_and(|agent| agent.starts_with("corpusd/"))
        })
    );
}

#[tokio::test]
async fn a_robots_txt_that_cannot_be_read_makes_the_crawl_incomplete() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    world.site.at("/robots.txt", Reply::status(500)).forget_requests();
    for _ in 0..3 {
        let report = world.run().await.ends(Ending::Incomplete);
        assert_eq!(report.exit(), Exit::Held);
        assert!(report.error.unwrap().contains("robots.txt"));
        assert_eq!(report.pages.removed, 0);
    }
    assert_eq!(pages(&world), [""; 0], "nothing is asked for where robots.txt is unreachable");
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    assert_eq!(world.published().await, published);
    // And nothing was forgotten meanwhile.
    world.site.remove("/robots.txt");
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn a_crawl_delay_is_kept() {
    let world = World::new().await.crawl(&["concurrency: 8"]);
    world.site.at("/robots.txt", Reply::text("User-agent: *\nCrawl-delay: 0.2\n"));
    let links = ["/a", "/b", "/c", "/d", "/e"];
    world.site.page("/", "Welcome to the help centre.", &links);
    for link in links {
        world.site.page(link, &format!("The article behind {link} says so."), &[]);
    }
    world.run().await.ends(Ending::Published);
    let times: Vec<Instant> = world.site.requests().iter().skip(1).map(|request| request.at).collect();
    let span = times[times.len() - 1] - times[0];
    let delays = u32::try_from(times.len() - 1).unwrap();
    // A first request that was itself held up on its way shortens the span a little.
    assert!(
        span + Duration::from_millis(150) >= Duration::from_millis(200) * delays,
        "{delays} delays in {span:?}"
    );
}

#[tokio::test]
async fn the_rate_is_kept() {
    let world = World::new().await.crawl(&["rate: 20/s", "concurrency: 16", "sitemap: off"]);
    let links: Vec<String> = (0..40).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.page(link, &format!("The article behind {link} says so."), &[]);
    }
    world.run().await.ends(Ending::Published);
    let times: Vec<Instant> = world.site.requests().iter().map(|request| request.at).collect();
    assert_eq!(times.len(), 42);
    for (at, time) in times.iter().enumerate() {
        let in_a_second =
            times[at..].iter().take_while(|later| **later - *time < Duration::from_secs(1)).count();
        // One more at the edge, and some that a busy machine held up together.
        assert!(in_a_second <= 20 + 1 + 3, "{in_a_second} requests within a second");
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_concurrency_allows() {
    let world = World::new().await.crawl(&["concurrency: 3"]);
    let links: Vec<String> = (0..30).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.page(link, &format!("The article behind {link} says so."), &[]);
    }
    world.site.paced(Duration::from_millis(20));
    world.run().await.ends(Ending::Published);
    assert_eq!(world.site.peak(), 3);
}

// Sitemaps

#[tokio::test]
async fn a_sitemap_index_with_compressed_children_is_found_through_robots_txt() {
    let world = World::new().await;
    let url = |path: &str| world.site.url(path);
    world.site.at("/robots.txt", Reply::text(&format!("Sitemap: {}\n", url("/maps/sitemap-index.xml"))));
    world.site.at(
        "/maps/sitemap-index.xml",
        Reply::xml(index(&[url("/maps/sitemap-1.xml.gz"), url("/maps/sitemap-2.xml")])),
    );
    let compressed = gzip(urlset(&[url("/hidden"), url("/?a=1&amp;b=2")]).as_bytes());
    world
        .site
        .at("/maps/sitemap-1.xml.gz", Reply::new(200, compressed).header("content-type", "application/gzip"));
    world.site.at("/maps/sitemap-2.xml", Reply::xml(urlset(&[url("/deep/also-hidden")])));
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.page("/hidden", "Nobody links to the hidden page.", &[]);
    world.site.page("/?a=1&b=2", "A query is part of the page.", &[]);
    world.site.page("/deep/also-hidden", "Nor to this one.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/?a=1&b=2", "/deep/also-hidden", "/hidden"]);
    assert_eq!(world.site.count("/sitemap.xml"), 0, "robots.txt names the sitemaps");
    assert!(world.published().await.contains("Nobody links to the hidden page."));
}

#[tokio::test]
async fn a_sitemap_at_the_usual_address_is_found_without_being_named() {
    let world = World::new().await;
    world.site.at("/sitemap.xml", Reply::xml(index(&[world.site.url("/sitemap-1.xml.gz")])));
    let compressed = gzip(urlset(&[world.site.url("/hidden")]).as_bytes());
    world
        .site
        .at("/sitemap-1.xml.gz", Reply::new(200, compressed).header("content-type", "application/x-gzip"));
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.page("/hidden", "Nobody links to the hidden page.", &[]);
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.contains("Nobody links to the hidden page."));
}

#[tokio::test]
async fn a_cut_sitemap_makes_the_crawl_incomplete() {
    let world = World::new().await;
    let whole = urlset(&[world.site.url("/a"), world.site.url("/b")]);
    let cut = whole[..whole.len() - 40].to_owned();
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.page("/a", "Apples keep for weeks.", &[]).page("/b", "Bananas do not.", &[]);
    world.site.at("/sitemap.xml", Reply::xml(whole));
    world.run().await.ends(Ending::Published);
    // What robots.txt names is there, also when it cannot be read.
    let robots = format!("Sitemap: {}\n", world.site.url("/sitemap.xml"));
    world.site.at("/robots.txt", Reply::text(&robots));
    for reply in [Reply::xml(cut.clone()), Reply::xml(cut).until_closed(), Reply::status(503)] {
        world.site.at("/sitemap.xml", reply);
        let report = world.run().await.ends(Ending::Incomplete);
        assert!(report.error.clone().unwrap().contains("sitemap"), "{:?}", report.error);
        assert_eq!((report.exit(), report.pages.removed), (Exit::Held, 0));
    }
    // What was only guessed at may as well not be there.
    world.site.at("/robots.txt", Reply::status(404));
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

// Conditional requests

#[tokio::test]
async fn a_304_keeps_its_document_and_its_links() {
    let world = World::new().await;
    world.site.validates();
    world.site.page("/", "Welcome to the help centre.", &["/a"]);
    world.site.page("/a", "Apples keep for weeks.", &["/b"]).page("/b", "Bananas do not.", &[]);
    let first = world.run().await.ends(Ending::Published);
    world.site.forget_requests();
    let second = world.run().await.ends(Ending::Unchanged);
    assert_eq!((second.pages.not_modified, second.pages.fetched), (3, 0));
    assert_eq!((second.documents.kept, second.hash()), (3, first.hash()));
    assert_eq!(pages(&world), ["/", "/a", "/b"]);
    // Behind two pages that answer 304, one that changed is still found, and pushed once.
    world.site.page("/b", "Bananas keep for days.", &[]);
    let third = world.run().await.ends(Ending::Published);
    assert_eq!((third.pages.not_modified, third.pages.changed), (2, 1));
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.pushes().await.len(), 2);
    let published = world.published().await;
    assert!(published.contains("Bananas keep for days.") && published.contains("Apples keep for weeks."));
    assert!(!published.contains("Bananas do not."));
}

#[tokio::test]
async fn a_page_that_nothing_links_to_any_more_is_not_a_deleted_one() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/", "Welcome to the help centre.", &[]);
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.documents.kept, report.pages.removed), (2, 0));
}

// What is a page, and what it says of itself

#[tokio::test]
async fn what_is_no_html_is_skipped() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/manual.pdf", "/data"]);
    world.site.at("/manual.pdf", Reply::new(200, "%PDF-1.7").header("content-type", "application/pdf"));
    world.site.at("/data", Reply::new(200, "{\"a\":1}").header("content-type", "application/json"));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("content_type"), report.pages.failed, report.documents.kept), (2, 0, 1));
}

#[tokio::test]
async fn a_page_without_a_content_type_is_known_by_its_body() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/nameless"]);
    world.site.at("/nameless", Reply::new(200, html("/nameless", "A page without a content type.", &[])));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, 2, "{report:#?}");
}

#[tokio::test]
async fn a_pdf_that_calls_itself_html_does_not_enter_the_corpus() {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/lie"]);
    world.site.at("/lie", Reply::html("%PDF-1.7\n%\u{e2}\n1 0 obj"));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("content_type") + report.failed("decode"), report.documents.kept), (1, 1));
}

#[tokio::test]
async fn a_page_that_asks_not_to_be_indexed_is_walked_but_not_kept() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/meta", "/header"]);
    let meta = html("/meta", "Only a list.", &["/a"])
        .replace("<title>", "<meta name=\"robots\" content=\"noindex\"><title>");
    world.site.at("/meta", Reply::html(meta));
    world.site.at(
        "/header",
        Reply::html(html("/header", "Only another list.", &["/b"])).header("x-robots-tag", "noindex"),
    );
    world.site.page("/a", "Apples keep for weeks.", &[]).page("/b", "Bananas do not.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("noindex"), report.documents.kept), (2, 3));
    let published = world.published().await;
    assert!(published.contains("Apples keep") && published.contains("Bananas do not"), "{published}");
    assert!(!published.contains("Only a"), "{published}");
}

#[tokio::test]
async fn what_a_header_says_to_another_crawler_is_not_for_us() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/theirs", "/ours", "/both"]);
    // What follows the name of a crawler, to the end of the header, is for that crawler.
    let theirs = Reply::html(html("/theirs", "Apples keep for weeks.", &[]));
    world.site.at("/theirs", theirs.header("x-robots-tag", "otherbot: nofollow, noindex"));
    let ours = Reply::html(html("/ours", "Bananas do not.", &[]));
    world.site.at("/ours", ours.header("x-robots-tag", "corpusd: noarchive, noindex"));
    let both = Reply::html(html("/both", "Cherries least of all.", &[]))
        .header("x-robots-tag", "otherbot: nofollow");
    world.site.at("/both", both.header("x-robots-tag", "noindex"));
    let report = world.run().await.ends(Ending::Published);
    let published = world.published().await;
    assert!(published.contains("Apples keep"), "{:#?}", report.pages);
    assert!(!published.contains("Bananas") && !published.contains("Cherries"), "{published}");
}

#[tokio::test]
async fn a_header_can_ask_not_to_follow_links() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/b", "Bananas do not.", &[]);
    world.site.at("/a", Reply::html(html("/a", "Apples keep.", &["/b"])).header("x-robots-tag", "nofollow"));
    world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/a"]);
}

#[tokio::test]
async fn links_that_ask_not_to_be_followed_are_not() {
    let world = World::new().await;
    let body = "<!doctype html><html><head><title>Home</title></head><body><main><h1>Home</h1>\
        <p>Welcome to the help centre.</p><p><a href=\"/a\">a</a> <a rel=\"nofollow\" href=\"/b\">b</a></p>\
        </main></body></html>";
    world.site.at("/", Reply::html(body));
    let nofollow = html("/a", "Apples keep for weeks.", &["/c"])
        .replace("<title>", "<meta name=\"robots\" content=\"nofollow\"><title>");
    world.site.at("/a", Reply::html(nofollow));
    world.site.page("/b", "Bananas do not.", &[]).page("/c", "Cherries least of all.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/a"]);
}

#[tokio::test]
async fn links_are_resolved_as_browsers_do() {
    let world = World::new().await;
    let body = "<!doctype html><html><head><base href=\"/guide/\"><title>Home</title></head><body><main><h1>Home</h1>\
        <p>Welcome to the help centre.</p><p><a href=\"one\">1</a> <a href=\" ./two#part \">2</a>\
        <a href=\"/find?a=1&amp;b=2\">3</a> <a href=\"mailto:a@b.c\">4</a> <a href=\"javascript:void(0)\">5</a></p>\
        </main></body></html>";
    world.site.at("/", Reply::html(body));
    world.site.page("/guide/one", "One is the first.", &[]).page("/guide/two", "Two is the second.", &[]);
    world.site.page("/find?a=1&b=2", "Three was found.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/find?a=1&b=2", "/guide/one", "/guide/two"]);
}

#[tokio::test]
async fn links_of_a_redirected_page_belong_to_where_it_led() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/old"]);
    world.site.at("/old", Reply::redirect(301, "/new/place"));
    world.site.page("/new/place", "Everything moved here.", &["next"]);
    world.site.page("/new/next", "And this is next to it.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/new/next", "/new/place", "/old"]);
    assert_eq!((report.skipped("redirected"), report.documents.kept), (1, 3));
}

#[tokio::test]
async fn a_canonical_twin_and_a_duplicate_give_one_document() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a", "/a?print=1", "/copy", "/other"]);
    world.site.page("/a", "Apples keep for weeks.", &[]);
    let twin = html("/a", "Apples keep for weeks, printed.", &[])
        .replace("<title>", "<link rel=\"canonical\" href=\"/a\"><title>");
    world.site.at("/a?print=1", Reply::html(twin));
    // The same page, title and all, under another address.
    world.site.at("/copy", Reply::html(html("/other", "Oranges are round.", &[])));
    world.site.page("/other", "Oranges are round.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("canonical"), report.skipped("duplicate")), (1, 1), "{report:#?}");
    let published = world.published().await;
    assert!(published.contains("Apples keep for weeks.") && !published.contains("printed"), "{published}");
    assert_eq!(published.matches("Oranges are round.").count(), 1, "{published}");
}

#[tokio::test]
async fn a_canonical_that_every_page_names_is_a_mistake_of_the_site() {
    let world = World::new().await;
    let links: Vec<String> = (0..10).map(|number| format!("/p{number}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    for path in links.iter().chain(&["/"]) {
        let text = format!("The article behind {path} is like no other.");
        let body = html(path, &text, &links).replace("<title>", "<link rel=\"canonical\" href=\"/\"><title>");
        world.site.at(path, Reply::html(body));
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("canonical"), report.documents.kept), (0, 11));
}

#[tokio::test]
async fn a_page_that_may_be_indexed_again_comes_back() {
    let world = World::new().await;
    let body = html("/a", "Apples keep for weeks.", &[]);
    world.site.page("/", "Welcome to the help centre.", &["/a"]);
    world.site.at("/a", Reply::html(body.clone()).header("x-robots-tag", "noindex"));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("noindex"), report.documents.kept), (1, 1));
    world.site.at("/a", Reply::html(body));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("noindex"), report.documents.kept), (0, 2));
}

#[tokio::test]
async fn a_page_whose_server_adds_or_strips_what_makes_no_difference_is_read() {
    let mut lost = Vec::new();
    for (linked, led_to) in [
        ("/a?utm_source=mail", "/a"),
        ("/a", "/a;jsessionid=0123456789ABCDEF"),
        ("/caf%c3%a9%2Db", "/caf%C3%A9-b"),
        ("/a?", "/a"),
    ] {
        let world = World::new().await.gates(&["max_failed: 100%"]);
        world.site.page("/", "Welcome to the help centre.", &[linked]);
        world.site.at(linked, Reply::redirect(302, led_to)).page(led_to, "Apples keep for weeks.", &[]);
        world.run().await.ends(Ending::Published);
        if !world.published().await.contains("Apples keep") {
            lost.push(format!("{linked} leads to {led_to}"));
        }
    }
    assert_eq!(lost, [""; 0]);
}

// Which pages

#[tokio::test]
async fn every_url_that_was_found_has_one_outcome() {
    let world =
        World::new().await.crawl(&["exclude: [\"/old/**\"]", "max_depth: 2"]).gates(&["max_failed: 100%"]);
    world.site.at("/robots.txt", Reply::text("User-agent: *\nDisallow: /private\n"));
    let links = [
        "/a",
        "/gone",
        "/private/b",
        "/old/c",
        "/moved",
        "/broken",
        "/manual.pdf",
        "/copy",
        "/x/x/x/x/x",
        "https://elsewhere.example.org/",
        "/deep",
    ];
    world.site.page("/", "Welcome to the help centre.", &links);
    world.site.page("/a", "Apples keep for weeks.", &["/", "/a", "/gone"]);
    world.site.at("/moved", Reply::redirect(301, "/a")).at("/broken", Reply::status(500));
    world.site.at("/manual.pdf", Reply::new(200, "%PDF-1.7").header("content-type", "application/pdf"));
    world.site.at("/copy", Reply::html(html("/a", "Apples keep for weeks.", &[])));
    world.site.page("/deep", "One deep.", &["/deep/er"]).page("/deep/er", "Two deep.", &["/deep/er/est"]);
    let report = world.run().await.ends(Ending::Published);
    let skipped: Vec<(&str, u64)> =
        report.pages.skipped_by.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let expected = [
        ("content_type", 1),
        ("depth", 1),
        ("duplicate", 1),
        ("excluded", 1),
        ("not_found", 1),
        ("redirected", 1),
        ("robots", 1),
        ("scope", 1),
        ("trap", 1),
    ];
    assert_eq!(skipped, expected);
    assert_eq!((report.failed("status"), report.documents.kept, report.pages.discovered), (1, 4, 14));
}

#[tokio::test]
async fn several_starts_are_one_crawl() {
    let world = World::new().await.starts(&["/docs/", "/faq"]).crawl(&["follow: [\"/docs/**\"]"]);
    world.site.page("/docs/", "Begin here.", &["/docs/a", "/faq"]).page(
        "/docs/a",
        "Apples keep for weeks.",
        &[],
    );
    world.site.page("/faq", "Questions that come up often.", &["/docs/"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(
        (pages(&world), report.documents.kept),
        (vec!["/docs/".to_owned(), "/docs/a".to_owned(), "/faq".to_owned()], 3)
    );
}

#[tokio::test]
async fn a_changed_exclude_takes_effect_with_the_next_run() {
    let world = World::new().await.gates(&["max_removed: 100%", "max_shrink: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a", "/b"]);
    world.site.page("/a", "Apples keep for weeks.", &[]).page("/b", "Bananas do not.", &[]);
    world.run().await.ends(Ending::Published);
    let world = world.crawl(&["exclude: [/b]"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.removed, report.documents.kept), (1, 2));
    assert!(!world.published().await.contains("Bananas"));
}

#[tokio::test]
async fn the_page_budget_chooses_the_same_pages_whatever_the_order_of_the_answers() {
    let mut chosen = Vec::new();
    for slow in ["/b", "/y"] {
        let world = World::new().await.crawl(&["max_pages: 5", "concurrency: 8"]);
        world.site.page("/", "Welcome to the help centre.", &["/y", "/x", "/b", "/a"]);
        for path in ["/a", "/b", "/x", "/y"] {
            let links: Vec<String> = (0..3).map(|number| format!("{path}/{number}")).collect();
            let body = html(
                path,
                &format!("Chapter {path}."),
                &links.iter().map(String::as_str).collect::<Vec<_>>(),
            );
            let delay = Duration::from_millis(if path == slow { 150 } else { 0 });
            world.site.at(path, Reply::html(body).delayed(delay));
            for link in links {
                world.site.page(&link, &format!("Section {link}."), &[]);
            }
        }
        let report = world.run().await.ends(Ending::Published);
        assert!(report.pages.truncated);
        assert!(report.skipped("max_pages") > 0);
        chosen.push((pages(&world), report.documents.kept));
    }
    assert_eq!(chosen[0].0.len(), 5);
    assert_eq!(chosen[0], chosen[1]);
}

#[tokio::test]
async fn a_page_budget_in_the_middle_of_a_level_takes_the_first_by_url() {
    let world = World::new().await.crawl(&["max_pages: 3", "sitemap: off"]);
    world.site.page("/", "Welcome to the help centre.", &["/d", "/c", "/b", "/a"]);
    for path in ["/a", "/b", "/c", "/d"] {
        world.site.page(path, &format!("Chapter {path}."), &[]);
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/a", "/b"]);
    assert_eq!((report.skipped("max_pages"), report.exit()), (2, Exit::Done));
}

#[tokio::test]
async fn links_deeper_than_max_depth_are_not_walked() {
    let world = World::new().await.crawl(&["max_depth: 2"]);
    world.site.page("/", "Welcome to the help centre.", &["/1"]);
    world.site.page("/1", "One deep.", &["/2"]).page("/2", "Two deep.", &["/3"]).page(
        "/3",
        "Three deep.",
        &[],
    );
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/1", "/2"]);
    assert_eq!(report.skipped("depth"), 1);
    assert!(report.pages.truncated);
}

#[tokio::test]
async fn crawler_traps_are_not_entered() {
    let world = World::new().await.crawl(&["max_pages: 50"]);
    world.site.page("/", "Welcome to the help centre.", &["/a/a/a/a/", "/loop/"]);
    // Every level links one level deeper, for ever.
    let mut path = "/loop/".to_owned();
    for _ in 0..12 {
        world.site.page(&path, &format!("You are at {path}."), &["loop/"]);
        path.push_str("loop/");
    }
    let long = format!("/long/{}", "x".repeat(3000));
    world.site.page("/loop/", "The loop begins.", &["loop/", &long]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.skipped("trap"), 3);
    assert!(pages(&world).len() <= 5, "{:?}", pages(&world));
}

#[tokio::test]
async fn follow_keep_and_exclude_choose_the_pages() {
    let world = World::new().await.crawl(&[
        "follow: [\"/docs/**\", \"/list/**\"]",
        "keep: [\"/docs/**\"]",
        "exclude: [\"/docs/old/**\"]",
    ]);
    world.site.page(
        "/",
        "The start is walked whatever the lists say.",
        &["/docs/a", "/docs/old/b", "/list/1", "/blog/x"],
    );
    world.site.page("/docs/a", "Apples keep for weeks.", &[]).page("/docs/old/b", "Bananas were kept.", &[]);
    world.site.page("/list/1", "Only a list.", &["/docs/c"]).page("/docs/c", "Cherries are listed.", &[]);
    world.site.page("/blog/x", "A blog post.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/", "/docs/a", "/docs/c", "/list/1"]);
    let skipped = ["not_kept", "excluded", "scope"].map(|reason| report.skipped(reason));
    assert_eq!((skipped, report.documents.kept), ([2, 1, 1], 2));
}

#[tokio::test]
async fn without_follow_the_folder_of_the_start_is_walked() {
    let world = World::new().await.starts(&["/docs/intro"]);
    world.site.page("/docs/intro", "Begin here.", &["/docs/a", "/blog/x", "/"]);
    world.site.page("/docs/a", "Apples keep for weeks.", &[]).page("/blog/x", "A post.", &[]).page(
        "/",
        "Home.",
        &[],
    );
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world), ["/docs/a", "/docs/intro"]);
    assert_eq!(report.skipped("scope"), 2);
}

#[tokio::test]
async fn one_page_under_many_spellings_is_asked_for_once() {
    let world = World::new().await;
    let links = ["/a", "/a#top", "/a?utm_source=mail", "/%61", "/x/../a", "/a?"];
    world.site.page("/", "Welcome to the help centre.", &links).page("/a", "Apples keep for weeks.", &[]);
    for spelling in ["/a?utm_source=mail", "/%61", "/a?"] {
        world.site.page(spelling, "Apples keep for weeks.", &[]);
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(pages(&world).len(), 2, "{:?}", pages(&world));
    assert_eq!(report.documents.kept, 2);
}

#[tokio::test]
async fn a_large_site_arrives_complete() {
    let world = World::new().await.crawl(&["concurrency: 16", "sitemap: off"]);
    let links: Vec<String> = (0..600).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.page(link, &format!("The article behind {link} is like no other."), &[]);
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.documents.kept, report.pages.discovered), (601, 601));
    assert_eq!(pages(&world).len(), 601, "nothing is asked for twice");
    let published = world.published().await;
    for link in &links {
        assert!(published.contains(&format!("The article behind {link} is like no other.")), "{link}");
    }
}

#[tokio::test]
async fn the_same_pages_give_the_same_corpus_whatever_the_order_of_the_answers() {
    let mut texts = Vec::new();
    for slow in 0..2 {
        let world = World::new().await.crawl(&["concurrency: 8"]);
        let links: Vec<String> = (0..12).map(|number| format!("/p{number}")).collect();
        world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
        for (number, link) in links.iter().enumerate() {
            let delay = Duration::from_millis(if number % 2 == slow { 60 } else { 0 });
            let body = html(link, &format!("The article behind {link} is like no other."), &["/"]);
            world.site.at(link, Reply::html(body).delayed(delay));
        }
        world.run().await.ends(Ending::Published);
        // The two sites differ in nothing but their port.
        texts.push(world.published().await.replace(&world.site.url(""), "http://site"));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn another_port_of_this_machine_is_never_connected_to() {
    let canary = Canary::new();
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[&canary.url("/inside"), "/a"]);
    world.site.page("/a", "Apples keep for weeks.", &[]);
    world.site.at("/sitemap.xml", Reply::xml(urlset(&[canary.url("/from-a-sitemap")])));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.skipped("scope"), 2, "{report:#?}");
    canary.assert_alive();
}

#[tokio::test]
async fn a_followed_host_that_is_inside_is_blocked_and_the_crawl_is_complete() {
    let canary = Canary::new();
    let world = World::new().await.crawl(&[&format!("follow: [\"/**\", \"{}\"]", canary.url("/**"))]);
    world.site.page("/", "Welcome to the help centre.", &[&canary.url("/inside"), "/a"]);
    world.site.page("/a", "Apples keep for weeks.", &[]);
    let report = world.run().await;
    canary.assert_alive();
    // No robots.txt is missing here: there is nothing that may be asked for at all.
    let report = report.ends(Ending::Published);
    assert_eq!((report.skipped("blocked_address"), report.documents.kept), (1, 2), "{report:#?}");
}
