//! What is held, and how it is let go: the last good corpus stays live all the while.

use std::fmt::Write as _;

use corpusd::{
    cli::Exit,
    report::{Ending, PublishStatus, RunReport},
    sandbox::AGENT_ID,
};

use super::{
    site::Reply,
    world::{NAME, Reported, World},
};

/// Paths of ten pages that a home page links to.
const PATHS: [&str; 10] = ["/p0", "/p1", "/p2", "/p3", "/p4", "/p5", "/p6", "/p7", "/p8", "/p9"];

/// A world with eleven pages, of which a missing one leaves at once.
async fn ready() -> World {
    let world = World::new().await.crawl(&["gone_after: 1"]);
    world.site.page("/", "Welcome to the help centre.", &PATHS);
    fill(&world, 12);
    world
}

/// Gives each of them so many sentences.
fn fill(world: &World, sentences: usize) {
    for path in PATHS {
        world.site.page(path, &text(path, sentences), &[]);
    }
}

/// So many sentences, different for every path.
fn text(path: &str, sentences: usize) -> String {
    (0..sentences).fold(String::new(), |mut text, number| {
        write!(text, "Sentence {number} about {path} is like no other. ").unwrap();
        text
    })
}

/// The run was held by this gate alone, it says so and how to go on, and what is live stayed.
async fn is_held(world: &World, report: RunReport, gate: &str, live: &str) {
    let report = report.ends(Ending::Held);
    assert_eq!((report.exit(), report.publish.status), (Exit::Held, PublishStatus::NotSent));
    let holding: Vec<&str> = report
        .gates
        .iter()
        .filter(|line| line.verdict == corpusd::gate::Ruling::Hold)
        .map(|line| line.gate.as_str())
        .collect();
    assert_eq!(holding, [gate], "{report:#?}");
    let error = report.error.unwrap();
    assert!(error.contains(gate) && error.contains("corpusd approve docs"), "{error}");
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], live);
}

#[tokio::test]
async fn too_many_removed_documents_are_held() {
    let world = ready().await.gates(&["max_shrink: 100%"]);
    let live = world.run().await.ends(Ending::Published).hash();
    for path in &PATHS[..4] {
        world.site.remove(path);
    }
    is_held(&world, world.run().await, "max_removed", &live).await;
}

#[tokio::test]
async fn a_corpus_that_shrank_is_held() {
    let world = ready().await.gates(&["max_changed: 100%"]);
    let live = world.run().await.ends(Ending::Published).hash();
    fill(&world, 3);
    is_held(&world, world.run().await, "max_shrink", &live).await;
}

#[tokio::test]
async fn too_many_failed_pages_are_held() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    for path in &PATHS[..3] {
        world.site.at(path, Reply::status(500));
    }
    // Something else changed, so there is something to publish.
    world.site.page("/p9", &text("/p9, which is new,", 12), &[]);
    is_held(&world, world.run().await, "max_failed", &live).await;
}

#[tokio::test]
async fn too_few_documents_are_held_from_the_first_run_on() {
    let world = ready().await.gates(&["min_documents: 12"]);
    let nothing = world.chatbot.agent(AGENT_ID).await["pushed_sha256"].as_str().unwrap().to_owned();
    is_held(&world, world.run().await, "min_documents", &nothing).await;
}

#[tokio::test]
async fn an_empty_site_is_held_whatever_the_gates() {
    let world = World::new().await.gates(&["max_removed: 100%", "max_shrink: 100%", "max_failed: 100%"]);
    let report = world.run().await;
    assert!(matches!(report.outcome, Ending::Held | Ending::Incomplete), "{report:#?}");
    assert_eq!(world.chatbot.pushes().await.len(), 0);
}

#[tokio::test]
async fn a_request_too_large_is_held_before_it_is_sent() {
    let world = ready().await.publish(&["max_body: 2KB"]);
    let nothing = world.chatbot.agent(AGENT_ID).await["pushed_sha256"].as_str().unwrap().to_owned();
    let report = world.run().await;
    let error = report.error.clone().unwrap();
    for way_out in ["publish.max_body", "corpus.limit"] {
        assert!(error.contains(way_out), "{error}");
    }
    is_held(&world, report, "max_body", &nothing).await;
    assert_eq!(world.chatbot.pushes().await.len(), 0);
}

#[tokio::test]
async fn a_login_wall_does_not_replace_a_knowledge_base() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    world.site.page("/login", "Please sign in.", &[]);
    for path in PATHS.iter().chain(&["/"]) {
        world.site.at(path, Reply::redirect(302, "/login"));
    }
    for _ in 0..3 {
        let report = world.run().await;
        assert!(matches!(report.outcome, Ending::Held | Ending::Incomplete), "{report:#?}");
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], live);
    }
}

#[tokio::test]
async fn a_robots_txt_that_forbids_everything_does_not_empty_a_knowledge_base() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    world.site.at("/robots.txt", Reply::text("User-agent: *\nDisallow: /\n")).forget_requests();
    for _ in 0..3 {
        let report = world.run().await.ends(Ending::Held);
        // What is held changes nothing: all that was known is asked about each time.
        assert_eq!(report.skipped("robots"), 11);
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], live);
    }
    assert!(world.site.paths().iter().all(|path| path == "/robots.txt" || path == "/sitemap.xml"));
}

#[tokio::test]
async fn a_healthy_run_lets_go_by_itself() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    for path in PATHS {
        world.site.page(path, "Under maintenance.", &[]);
    }
    world.run().await.ends(Ending::Held);
    fill(&world, 12);
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.hash(), report.exit()), (live, Exit::Done));
    assert!(world.approve().await.is_none(), "nothing is held any more");
    let status = world.corpusd(&["status", "--json"]).await.exits(0).json();
    assert!(status["held"].is_null(), "{status}");
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn an_approval_publishes_exactly_what_was_held() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    fill(&world, 3);
    let held = world.run().await.ends(Ending::Held);
    let shown = world.corpusd(&["show", NAME]).await.exits(0).stdout;
    // The site goes on changing, but that is not what the person looked at.
    fill(&world, 12);
    world.site.forget_requests();
    let approved = world.corpusd(&["approve", "--json", NAME]).await.exits(0).json();
    assert_eq!(
        (&approved["outcome"], &approved["publish"]["status"]),
        (&"published".into(), &"acknowledged".into())
    );
    assert_eq!(world.site.requests().len(), 0, "an approval crawls nothing");
    assert_eq!(world.published().await, shown);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], held.hash());
    world.corpusd(&["approve", NAME]).await.exits(0);
    assert_eq!(world.chatbot.pushes().await.len(), 2, "it is held no more");
}

#[tokio::test]
async fn what_was_approved_and_may_have_arrived_is_published_by_the_next_run() {
    let world = ready().await.gates(&["max_changed: 100%"]);
    let live = world.run().await.ends(Ending::Published).hash();
    fill(&world, 3);
    is_held(&world, world.run().await, "max_shrink", &live).await;
    world.chatbot.on_push("status:500").await;
    let approved = world.approve().await.unwrap().ends(Ending::Failed);
    world.chatbot.heal().await;
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.hash(), approved.hash());
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], report.hash());
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn a_held_corpus_stays_held_until_somebody_decides() {
    let world = ready().await.gates(&["max_changed: 100%"]);
    let live = world.run().await.ends(Ending::Published).hash();
    fill(&world, 3);
    for _ in 0..3 {
        is_held(&world, world.run().await, "max_shrink", &live).await;
    }
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(status.contains("max_shrink") && status.contains("corpusd approve docs"), "{status}");
}

#[tokio::test]
async fn a_page_that_could_not_be_decoded_counts_once_among_the_requested() {
    let world = ready().await.gates(&["max_failed: 5%"]);
    world.run().await.ends(Ending::Published);
    world.site.at("/p0", Reply::html("this is not gzip").header("content-encoding", "gzip"));
    world.site.page("/p9", &text("/p9, which is new,", 12), &[]);
    let report = world.run().await.ends(Ending::Held);
    let line = report.gates.iter().find(|line| line.gate == "max_failed").unwrap();
    assert!(line.detail.starts_with("1 of 11 "), "{}", line.detail);
}

#[tokio::test]
async fn what_was_approved_is_the_new_measure() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    fill(&world, 3);
    world.run().await.ends(Ending::Held);
    world.approve().await.unwrap().ends(Ending::Published);
    world.run().await.ends(Ending::Unchanged);
    world.site.page("/p9", &text("/p9, which is new,", 3), &[]);
    world.run().await.ends(Ending::Published);
}

/// What a login page answers everything with.
fn login_wall(world: &World) {
    for path in PATHS {
        world.site.at(path, Reply::redirect(302, "/login"));
    }
    world.site.page("/login", "Sign in with your name and your password to go on.", &[]);
}

#[tokio::test]
async fn what_was_held_leaves_no_trace_in_what_is_published_later() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    login_wall(&world);
    world.run().await.ends(Ending::Held);
    // Healthy again, but for a page that fails: it is carried forward from before the wall.
    fill(&world, 12);
    world.site.at("/p1", Reply::status(500));
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.hash(), report.pages.carried_forward), (live, 1), "{report:#?}");
    assert!(!world.published().await.contains("Sign in"));
}

#[tokio::test]
async fn an_empty_knowledge_base_cannot_even_be_approved() {
    let world = ready().await.gates(&["max_failed: 100%"]);
    world.site.at("/", Reply::redirect(302, "/elsewhere")).at("/elsewhere", Reply::text("no page"));
    let report = world.run().await.ends(Ending::Held);
    let error = report.error.clone().unwrap();
    assert!(error.contains("no document was found") && error.contains("content_type"), "{error}");
    assert!(world.approve().await.is_none(), "there is nothing to approve");
    assert_eq!(world.chatbot.pushes().await.len(), 0);
}

#[tokio::test]
async fn a_site_that_fails_as_a_whole_is_no_good_news() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    for path in PATHS {
        world.site.at(path, Reply::status(500));
    }
    let report = world.run().await.ends(Ending::Held);
    assert!(report.error.clone().unwrap().contains("max_failed"), "{:?}", report.error);
    assert_eq!((report.exit(), world.chatbot.pushes().await.len()), (Exit::Held, 1));
}

#[tokio::test]
async fn a_secret_in_a_page_is_held_and_told_nowhere() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    let token = ["ghp", "_r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"].concat();
    world.site.page("/p3", &format!("{} Log in with {token}.", text("/p3", 12)), &[]);
    let report = world.run().await;
    let error = report.error.clone().unwrap();
    assert!(error.contains(&world.site.url("/p3")) && error.contains("a GitHub token"), "{error}");
    assert!(!format!("{report:?}").contains(&token));
    is_held(&world, report, "secrets", &live).await;
    let status = world.corpusd(&["status", "--json"]).await.exits(0).stdout;
    assert!(!status.contains(&token), "{status}");
    // Once it is gone from the page, nobody is needed.
    fill(&world, 12);
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn another_site_at_the_old_address_is_held() {
    let world = ready().await.gates(&["max_changed: 100%", "max_shrink: 100%"]);
    let live = world.run().await.ends(Ending::Published).hash();
    world.site.page("/", "Cheap watches for every taste, straight from the maker.", &PATHS);
    for path in PATHS {
        let offers = (0..12).fold(String::new(), |mut offers, number| {
            write!(offers, "Buy model {number} of {path} today, shipped free anywhere. ").unwrap();
            offers
        });
        world.site.page(path, &offers, &[]);
    }
    is_held(&world, world.run().await, "similarity", &live).await;
}

#[tokio::test]
async fn a_site_of_which_most_pages_changed_at_once_is_held() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    for path in &PATHS[..7] {
        world.site.page(path, &format!("{} And a word more.", text(path, 12)), &[]);
    }
    let report = world.run().await;
    assert!(report.error.clone().unwrap().contains("7 of 11 published documents"), "{:?}", report.error);
    is_held(&world, report, "max_changed", &live).await;
    world.site.page("/p6", &text("/p6", 12), &[]);
    world.run().await.ends(Ending::Published);
}

#[tokio::test]
async fn ten_times_the_text_is_held() {
    let world = ready().await;
    let live = world.run().await.ends(Ending::Published).hash();
    for path in &PATHS[..5] {
        world.site.page(path, &text(path, 120), &[]);
    }
    is_held(&world, world.run().await, "max_growth", &live).await;
}

#[tokio::test]
async fn a_page_or_a_text_that_is_wanted_is_never_published_away() {
    let world = ready().await.gates(&["require_urls: [/p4]", "require_text: [\"welcome to the HELP\"]"]);
    let live = world.run().await.ends(Ending::Published).hash();
    world.site.page("/", "This is the help centre.", &PATHS);
    is_held(&world, world.run().await, "require_text", &live).await;
    world.site.page("/", "Welcome to the help centre.", &PATHS).remove("/p4");
    is_held(&world, world.run().await, "require_urls", &live).await;
}

#[tokio::test]
async fn what_a_person_approved_in_a_page_is_not_asked_about_again() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let token = ["ghp", "_r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"].concat();
    world.site.page("/p3", &format!("{} A revoked token: {token}.", text("/p3", 12)), &[]);
    world.run().await.ends(Ending::Held);
    world.approve().await.unwrap().ends(Ending::Published);
    world.site.page("/p9", &text("/p9, which is new,", 12), &[]);
    world.run().await.ends(Ending::Published);
}
