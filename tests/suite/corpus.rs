//! What is sent: whole documents, within the budget, the important ones first.

use corpusd::{cli::Exit, report::Ending};

use super::{
    site::Reply,
    world::{Reported, World},
};

/// Twenty pages of about 700 characters each.
async fn ready(limit: &str) -> World {
    let world = World::new().await.corpus(&[limit, "headroom: 0%"]);
    let links: Vec<String> = (10..30).map(|number| format!("/p{number}")).collect();
    world.site.page(
        "/",
        "Welcome to the help centre.",
        &links.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for link in &links {
        world.site.page(link, &text(link), &[]);
    }
    world
}

fn text(path: &str) -> String {
    (0..14)
        .map(|number| format!("Sentence {number} about {path} is like no other. "))
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The paths whose pages are in the text, all of it; a page of which only a part is there fails the test.
fn whole(published: &str) -> Vec<String> {
    let paths = (10..30).map(|number| format!("/p{number}"));
    let kept = paths.filter(|path| {
        let is_whole = published.contains(&text(path));
        assert!(is_whole || !published.contains(&format!("about {path} ")), "{path} is cut");
        is_whole
    });
    kept.collect()
}

#[tokio::test]
async fn a_corpus_stays_below_its_limit_and_cuts_no_document() {
    for limit in ["limit: 6000 chars", "limit: 6KB"] {
        let world = ready(limit).await;
        let report = world.run().await.ends(Ending::Published);
        let published = world.published().await;
        assert!(published.encode_utf16().count() < 6000 && published.len() < 6000, "{}", published.len());
        let kept = whole(&published);
        assert!(!kept.is_empty() && kept.len() < 20, "{kept:?}");
        assert_eq!(report.documents.kept + report.documents.dropped_for_budget, 21);
        assert_eq!(report.exit(), Exit::Done);
        world.run().await.ends(Ending::Unchanged);
    }
}

#[tokio::test]
async fn what_has_priority_stays() {
    let world = ready("limit: 6000 chars").await;
    let world = world.corpus(&["priority: [{match: /p29, weight: 9}, {match: \"/p2*\", weight: 1}]"]);
    world.run().await.ends(Ending::Published);
    let kept = whole(&world.published().await);
    assert!(kept.contains(&"/p29".to_owned()) && kept.contains(&"/p20".to_owned()), "{kept:?}");
    assert!(!kept.contains(&"/p10".to_owned()), "{kept:?}");
}

#[tokio::test]
async fn every_document_says_where_it_is_from() {
    let world = ready("plan: standard").await;
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    for path in whole(&published) {
        // In the link map, and with the document.
        assert!(published.matches(&world.site.url(&path)).count() >= 2, "{path} in:\n{published}");
    }
}

/// A page of some length that ends like this, under this title.
fn page(title: &str, head: &str, last: &str, links: &[&str]) -> Reply {
    let verbs = ["open", "close", "choose", "confirm", "review"];
    let nouns = ["the menu", "a dialogue", "your profile", "that list", "the settings"];
    let manners = ["slowly", "again", "with care", "as usual", "in time"];
    let steps = (0..60).map(|n| format!("{} {} {}", verbs[n % 5], nouns[n / 5 % 5], manners[n / 25 % 5]));
    let steps: Vec<_> = steps.collect();
    let links: String = links.iter().map(|link| format!("<p><a href=\"{link}\">more</a></p>")).collect();
    Reply::html(format!(
        "<!doctype html><html lang=en><head><title>{title}</title>{head}</head><body><main><h1>{title}</h1>\
         <p>Then {}.</p><p>{last}</p></main>{links}</body></html>",
        steps.join(", ")
    ))
}

#[tokio::test]
async fn of_nearly_equal_documents_the_canonical_one_stays_and_no_fact_is_lost() {
    // The content is named, so that nothing of it is taken for the template of the site.
    let world = World::new().await.clean(&["{match: \"/**\", content: main}"]);
    let canonical = format!("<link rel=canonical href=\"{}\">", world.site.url("/z"));
    for (path, head, last) in [
        ("/", "", "The window closes then."),
        ("/b", "", "When that is done, the window closes itself."),
        ("/c", "", "The rate is 19 percent."),
        ("/d", "", "The rate is 20 percent."),
        ("/z", canonical.as_str(), "When that is done the window is closed."),
    ] {
        let links = if path == "/" { &["/b", "/c", "/d", "/z"][..] } else { &[] };
        world.site.at(path, page("How to do it", head, last, links));
    }
    let report = world.run().await.ends(Ending::Published);
    let published = world.published().await;
    for kept in ["19 percent", "20 percent", "the window is closed"] {
        assert!(published.contains(kept), "{kept}");
    }
    assert_eq!((report.documents.near_duplicates, report.documents.kept), (2, 3), "{report:#?}");
    assert_eq!(report.skipped("near_duplicate"), 2);
    let told = world.corpusd(&["explain", "docs", &world.site.url("/")]).await.stdout;
    let why = format!("near_duplicate (status 200): nearly the same text as {}", world.site.url("/z"));
    assert!(told.contains(&why), "{told}");
    world.run().await.ends(Ending::Unchanged);

    let world = world.dedupe("near: off");
    let report = world.run().await;
    assert_eq!((report.documents.near_duplicates, report.documents.kept), (0, 5));
}

#[tokio::test]
async fn archives_deep_pages_and_those_that_few_link_to_go_first() {
    let world = World::new().await.corpus(&["limit: 3000 chars", "headroom: 0%"]);
    let links = ["/archive/p10", "/p11", "/p12", "/p13", "/p14"];
    world.site.page("/", "Welcome to the help centre.", &links);
    world.site.page("/archive/p10", &text("/archive/p10"), &[]);
    world.site.page("/p11", &text("/p11"), &["/p15", "/p14"]);
    world.site.page("/p12", &text("/p12"), &["/p14"]);
    for path in ["/p13", "/p14", "/p15"] {
        world.site.page(path, &text(path), &["/p14"]);
    }
    let report = world.run().await.ends(Ending::Published);
    let published = world.published().await;
    let kept: Vec<_> = whole(&published);
    assert_eq!(kept, ["/p11", "/p12", "/p13", "/p14"], "{report:#?}");
    // Those that were worth more come first.
    let dropped: Vec<_> =
        report.documents.dropped.iter().map(|url| url.rsplit('/').next().unwrap()).collect();
    assert_eq!(dropped, ["p15", "p10"]);
    let told = world.corpusd(&["explain", "docs", &world.site.url("/p15")]).await.stdout;
    assert!(told.contains("not in the corpus"), "{told}");
}

#[tokio::test]
async fn what_is_required_stays_or_nothing_is_published() {
    let world = ready("limit: 4000 chars").await.corpus(&["required: [/p28, /p29]"]);
    world.run().await.ends(Ending::Published);
    let kept = whole(&world.published().await);
    assert!(kept.ends_with(&["/p28".to_owned(), "/p29".to_owned()]) && kept.len() > 2, "{kept:?}");

    let world = world.corpus(&["required: [\"/p2*\"]"]);
    let report = world.run().await.ends(Ending::Held);
    let line = report.gates.iter().find(|line| line.gate == "required").unwrap();
    assert!(line.value > 1.0 && line.detail.contains("there is no room for"), "{line:?}");
    assert_eq!(whole(&world.published().await), kept, "what is live stays live");
}

#[tokio::test]
async fn a_document_without_room_gives_its_leading_sections_if_asked_to() {
    let world = World::new().await.corpus(&["limit: 1200 chars", "headroom: 0%", "partial: true"]);
    let sections: String =
        (1..9).map(|n| format!("<h2>Part {n}</h2><p>{}</p>", text(&format!("/p1{n}")))).collect();
    let html = format!(
        "<html><head><title>Guide</title></head><body><main><h1>Guide</h1><p>Intro.</p>{sections}</main>"
    );
    world.site.at("/", Reply::html(html));
    let report = world.run().await.ends(Ending::Published);
    let published = world.published().await;
    assert_eq!(whole(&published), ["/p11"], "{published}");
    assert!(!published.contains("Part 2"));
    assert_eq!(
        (report.documents.kept, report.documents.partial, report.documents.dropped_for_budget),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn provenance_is_as_asked_for() {
    let world = World::new().await.corpus(&["provenance: full", "link_map: false"]);
    let head = "<meta property=\"article:modified_time\" content=\"2024-12-31T10:00:00Z\">";
    world.site.at("/", page("Guide", head, "Done.", &[]));
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    let expected =
        format!("# Guide\n\nSource: {}\n\nLanguage: en\n\nUpdated: 2024-12-31\n\n", world.site.url("/"));
    assert!(published.starts_with(&expected), "{published}");
    let world = world.corpus(&["provenance: off"]);
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.starts_with("# Guide\n\nThen open"));
}
