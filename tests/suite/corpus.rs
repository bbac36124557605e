//! What is sent: whole documents, within the budget, the important ones first.

use corpusd::{cli::Exit, report::Ending};

use super::world::{Reported, World};

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
