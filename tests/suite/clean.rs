use corpusd::report::Ending;

use super::{
    site::Reply,
    world::{Reported, World},
};

/// A page whose layout says nothing, with the content in `.text` and an advertisement in it.
fn page(text: &str) -> Reply {
    Reply::html(format!(
        "<title>Pumps</title><div class=head><h1>Pumps</h1><p>Buy now, pay later, and never think again.</p></div>\
         <div class=text><p>{text}</p><p class=ad>Our pumps are the best pumps.</p></div><a href=/b>b</a>"
    ))
}

#[tokio::test]
async fn selectors_of_the_pipeline_say_what_content_is() {
    let world = World::new().await;
    world.site.validates().at("/", page("Prime the pump first.")).at("/b", page("Then open the valve."));
    let world = world.clean(&["{match: \"/**\", content: .text, remove: [.ad]}"]);
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    assert!(published.contains("Prime the pump first.") && published.contains("Then open the valve."));
    assert!(!published.contains("pay later") && !published.contains("best pumps"), "{published}");
}

#[tokio::test]
async fn selectors_hold_for_pages_of_markdown() {
    let world = World::new().await;
    let page =
        "# Pumps\n\nPrime the pump first.\n\n<div class=ad>\n\nOur pumps are the best pumps.\n\n</div>\n";
    world.site.page("/", "Welcome to the help centre.", &["/pumps.md"]);
    world.site.at("/pumps.md", Reply::new(200, page).header("content-type", "text/markdown"));
    let world = world.clean(&["{match: \"/**\", remove: .ad}"]);
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    assert!(published.contains("Prime the pump first.") && !published.contains("best pumps"), "{published}");
}

#[tokio::test]
async fn changed_selectors_reach_pages_that_did_not_change() {
    let world = World::new().await;
    world.site.validates().at("/", page("Prime the pump first.")).at("/b", page("Then open the valve."));
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.contains("best pumps"));
    let world = world.clean(&["{match: /b, remove: .ad}"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.pages.fetched + report.pages.changed, report.pages.changed, "no page changed");
    assert_eq!(world.published().await.matches("best pumps").count(), 1);
    world.run().await.ends(Ending::Unchanged);
}
