//! What would be published, shown before it is: `plan`, `diff`, `replay`, and runs that send nothing.

use corpusd::{
    report::Ending,
    store::{RunLock, Store},
};
use serde_json::{Value, json};

use super::{
    site::{Reply, html},
    world::{NAME, Reported, World, now},
};

/// A help centre of a home page and three others.
async fn ready() -> World {
    let world = World::new().await.crawl(&["gone_after: 1"]).gates(&["max_removed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a", "/b", "/c"]);
    for path in ["/a", "/b", "/c"] {
        world.site.page(path, &text(path), &[]);
    }
    world
}

fn text(path: &str) -> String {
    (0..9).map(|number| format!("Sentence {number} about {path} is like no other. ")).collect()
}

/// The URLs in a list of documents, without the site.
fn paths(world: &World, documents: &Value) -> Vec<String> {
    let path = |document: &Value| {
        document["url"].as_str().unwrap().strip_prefix(&world.site.url("")).unwrap().to_owned()
    };
    documents.as_array().unwrap().iter().map(path).collect()
}

/// Puts a world into the state of a site that changed since it was published: `/a` has a word more, `/b` is gone, `/d` is
/// new; crawled by a run that sends nothing.
async fn changed() -> World {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    world.site.page("/a", &format!("{}\nAnd a word more.", text("/a")), &["/d"]).remove("/b");
    world.site.page("/d", &text("/d"), &[]);
    world.corpusd(&["run", "--once", "--dry-run"]).await.exits(10);
    world
}

#[tokio::test]
async fn a_dry_run_says_how_a_run_would_end_and_sends_nothing() {
    let world = ready().await;
    let dry_run =
        async |code: i32| world.corpusd(&["run", "--once", "--dry-run", "--json"]).await.exits(code).json();
    let report = dry_run(10).await;
    assert_eq!((&report["outcome"], &report["publish"]["status"]), (&"pending".into(), &"not_sent".into()));
    assert_eq!(report["gates"][0]["verdict"], "pass");
    assert_eq!(world.chatbot.pushes().await.len(), 0);
    let published = world.run().await.ends(Ending::Published);
    assert_eq!(report["corpus"]["sha256"], published.hash());
    assert_eq!(dry_run(0).await["outcome"], "unchanged");
    for path in ["/a", "/b", "/c"] {
        world.site.page(path, "Cheap watches for everyone.", &[]);
    }
    let report = dry_run(4).await;
    assert_eq!(report["outcome"], "held", "{report}");
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_dry_run_does_not_send_what_is_unsettled_or_pinned_either() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Another text about apples.", &[]);
    world.run().await.ends(Ending::Published);
    world.chatbot.on_push("status:500").await;
    world.rollback().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    let pushes = world.chatbot.pushes().await.len();
    let report = world.corpusd(&["run", "--once", "--dry-run", "--json"]).await.exits(0).json();
    assert_eq!(report["outcome"], "pinned");
    world.site.at("/robots.txt", Reply::status(500));
    world.corpusd(&["run", "--once", "--dry-run"]).await.exits(4);
    assert_eq!(world.chatbot.pushes().await.len(), pushes);
}

#[tokio::test]
async fn a_plan_tells_what_comes_changes_and_goes_without_asking_anybody() {
    let world = changed().await;
    world.site.forget_requests();
    let asked = world.chatbot.log().await.len();
    let state = Store::open(&world.path("state"), NAME).unwrap();
    let runs = state.runs().await.unwrap().len();
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan["outcome"], "pending", "{plan}");
    assert_eq!(paths(&world, &plan["added"]), ["/d"]);
    // The home page leads to what is gone no longer.
    assert_eq!(paths(&world, &plan["changed"]), ["/a"]);
    assert_eq!(paths(&world, &plan["removed"]), ["/b"]);
    let [now, before] =
        ["characters", "characters_before"].map(|name| plan["changed"][0][name].as_u64().unwrap());
    assert_eq!(now, before + " And a word more.".len() as u64);
    assert_eq!((&plan["live"]["documents"], &plan["documents"]["kept"]), (&4.into(), &4.into()));
    let max_removed = plan["gates"].as_array().unwrap().iter().find(|line| line["gate"] == "max_removed");
    assert_eq!(max_removed.unwrap()["value"], 0.25);

    let told = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
    for line in
        ["1 new, 1 changed, 1 removed, 2 unchanged", "pass  max_removed", "a run would publish this", "░"]
    {
        assert!(told.contains(line), "{line} in:\n{told}");
    }
    assert!(told.contains(&format!("{}  (+17)", world.site.url("/a"))), "{told}");
    assert_eq!((world.site.requests().len(), world.chatbot.log().await.len()), (0, asked));
    assert_eq!(state.runs().await.unwrap().len(), runs, "looking is no run");

    let report = world.run().await.ends(Ending::Published);
    assert_eq!(plan["next"]["sha256"], report.hash());
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(0).json();
    assert_eq!((&plan["outcome"], &plan["added"]), (&"unchanged".into(), &Value::Array(Vec::new())));
}

#[tokio::test]
async fn a_plan_of_what_is_held_says_why() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    for path in ["/a", "/b", "/c"] {
        world.site.at(path, Reply::status(500));
    }
    world.site.page("/", "Welcome to the new help centre.", &["/a", "/b", "/c"]);
    let held = world.run().await.ends(Ending::Held);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan["outcome"], "held");
    let as_said = serde_json::to_value(&held.gates).unwrap();
    let gates = |lines: &Value| {
        let lines = lines.as_array().unwrap().iter();
        // The name of the agent, which is not asked now, is part of the request.
        let lines = lines.filter(|line| line["gate"] != "max_body");
        lines.cloned().collect::<Vec<_>>()
    };
    assert_eq!(gates(&plan["gates"]), gates(&as_said));
    let told = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
    assert!(told.contains("HOLD  max_failed: 3 of 4 pages"), "{told}");
}

#[tokio::test]
async fn before_a_crawl_was_completed_there_is_nothing_to_plan() {
    let world = ready().await;
    let ended = world.corpusd(&["plan", NAME]).await.exits(1);
    assert!(ended.stderr.contains("has not run yet"), "{}", ended.stderr);
    world.site.at("/robots.txt", Reply::status(500));
    world.run().await.ends(Ending::Incomplete);
    for command in ["plan", "replay"] {
        let ended = world.corpusd(&[command, NAME]).await.exits(1);
        assert!(ended.stderr.contains("no crawl of `docs` was completed yet"), "{}", ended.stderr);
    }
    let ended = world.corpusd(&["show", NAME]).await.exits(1);
    assert!(ended.stderr.contains("no crawl was completed"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_plan_tells_what_had_no_room_by_section() {
    let world = World::new().await.corpus(&["limit: 2000 chars", "headroom: 0%"]);
    let paths = ["/docs/a", "/docs/b", "/old/x", "/old/y", "/old/z"];
    world.site.page("/", "Welcome to the help centre.", &paths);
    for path in paths {
        world.site.page(path, &text(path), &[]);
    }
    let world = world.corpus(&["priority: [{match: \"/docs/**\", weight: 9}]"]);
    let report = world.run().await.ends(Ending::Published);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(0).json();
    let [section] = &plan["dropped"].as_array().unwrap()[..] else { panic!("one section: {plan}") };
    assert_eq!(section["section"], world.site.url("/old/"));
    assert_eq!(section["documents"], report.documents.dropped_for_budget);
    let each = text("/old/x").len() as u64;
    let characters = section["characters"].as_u64().unwrap();
    assert!(characters > report.documents.dropped_for_budget * each, "{section}");
    let told = world.corpusd(&["plan", NAME]).await.exits(0).stdout;
    assert!(told.contains("no room for") && told.contains(&world.site.url("/old/")), "{told}");
}

#[tokio::test]
async fn a_plan_shows_what_repeats() {
    let world = World::new().await;
    let paths: Vec<String> = (0..8).map(|n| format!("/{n}")).collect();
    let links: Vec<&str> = paths.iter().map(String::as_str).collect();
    world.site.page("/", "Welcome to the help centre.", &links);
    for path in &paths {
        let page = html(path, &text(path), &[]);
        let banner = "<p>Every pump that leaves our works was tested for a day.</p></main>";
        world.site.at(path, Reply::html(page.replace("</main>", banner)));
    }
    world.run().await.ends(Ending::Published);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(0).json();
    let of = &plan["boilerplate"][0];
    assert_eq!(
        (&of["source"], &of["blocks"][0]["pages"]),
        (&world.site.url("/").into(), &8.into()),
        "{plan}"
    );
    assert_eq!(of["blocks"][0]["sample"], "Every pump that leaves our works was tested for a day.");
}

#[tokio::test]
async fn a_diff_shows_documents_line_by_line() {
    let world = changed().await;
    let diff = world.corpusd(&["diff", NAME]).await.exits(10).stdout;
    let [a, b, d] = ["/a", "/b", "/d"].map(|path| world.site.url(path));
    for line in [
        format!("--- {a}\n+++ {a}\n@@"),
        "+Sentence 0 about /d".to_owned(),
        "-Sentence 0 about /b".to_owned(),
        format!("--- {b}\n+++ /dev/null\n"),
        format!("--- /dev/null\n+++ {d}\n"),
    ] {
        assert!(diff.contains(&line), "{line} in:\n{diff}");
    }
    assert!(!diff.contains("/c is like no other") && !diff.contains('\u{1b}'), "{diff}");
    let changes = world.corpusd(&["diff", NAME, "--json"]).await.exits(10).stdout;
    let changes: Vec<Value> = changes.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = changes.iter().map(|change| change["change"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["changed", "added", "removed"]);

    world.run().await.ends(Ending::Published);
    assert_eq!(world.corpusd(&["diff", NAME]).await.exits(0).stdout, "");
    assert_eq!(world.corpusd(&["diff", NAME, "1", "2"]).await.exits(10).stdout, diff);
    assert_eq!(world.corpusd(&["diff", NAME, "1"]).await.exits(10).stdout, diff);
    world.corpusd(&["diff", NAME, "2", "live"]).await.exits(0);
    world.corpusd(&["diff", NAME, "3"]).await.exits(2);
}

/// A page whose layout says nothing, with the content in `.text` and an advertisement in it.
fn pump(text: &str) -> Reply {
    Reply::html(format!(
        "<title>Pumps</title><div class=head><h1>Pumps</h1><p>Buy now, pay later, and never think again.</p></div>\
         <div class=text><p>{text}</p><p class=ad>Our pumps are the best pumps.</p></div><a href=/b>b</a>"
    ))
}

const RULE: &str = "{match: \"/**\", content: .text, remove: [.ad]}";

#[tokio::test]
async fn a_replay_gives_what_a_run_would_without_a_request() {
    let world = World::new().await.gates(&["max_changed: 100%", "max_shrink: 100%"]);
    world.site.validates().at("/", pump("Prime the pump first.")).at("/b", pump("Then open the valve."));
    let first = world.run().await.ends(Ending::Published).hash();

    // The same rules: the same corpus, and nothing to do.
    world.site.forget_requests();
    let ended = world.corpusd(&["replay", NAME, "--json"]).await.exits(0);
    assert!(ended.stderr.starts_with("0 stored pages were read again"), "{}", ended.stderr);
    assert_eq!(ended.json()["next"]["sha256"], first);

    // Others: what would change is shown, and a plan alone says that it does not know yet.
    let world = world.clean(&[RULE]);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(0).json();
    assert!(plan["notes"].to_string().contains("corpusd replay docs"), "{plan}");
    let ended = world.corpusd(&["replay", NAME, "--json"]).await.exits(10);
    assert!(ended.stderr.starts_with("2 stored pages were read again, 2 pages changed"), "{}", ended.stderr);
    let replayed = ended.json();
    assert_eq!((&replayed["outcome"], replayed["changed"].as_array().unwrap().len()), (&"pending".into(), 2));
    assert!(!world.corpusd(&["show", NAME]).await.exits(0).stdout.contains("best pumps"));

    // And back again, to the byte.
    let world = world.clean(&[]);
    let back = world.corpusd(&["replay", NAME, "--json"]).await.exits(0).json();
    assert_eq!((&back["outcome"], &back["next"]["sha256"]), (&"unchanged".into(), &first.into()));
    assert_eq!((world.site.requests().len(), world.chatbot.pushes().await.len()), (0, 1));

    // What a replay shows is what the next run publishes; it finds nothing left to read again.
    let world = world.clean(&[RULE]);
    world.corpusd(&["replay", NAME]).await.exits(10);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.not_modified, report.hash().into()), (2, replayed["next"]["sha256"].clone()));
    let world = world.clean(&["{match: /b, remove: .ad}"]);
    let ran = world.run().await.ends(Ending::Published).hash();
    let ended = world.corpusd(&["replay", NAME, "--json"]).await.exits(0);
    assert_eq!(ended.json()["next"]["sha256"], ran);
}

#[tokio::test]
async fn a_page_in_which_new_rules_find_nothing_stays_as_it_was() {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.validates().at("/", pump("Prime the pump first."));
    world.site.at("/b", Reply::html("<title>B</title><p class=ad>Only an offer, of thirty pumps.</p>"));
    world.run().await.ends(Ending::Published);
    let world = world.clean(&["{match: /b, remove: .ad}"]);
    let ended = world.corpusd(&["replay", NAME, "--json"]).await.exits(0);
    assert!(ended.stderr.contains("1 stay as they were"), "{}", ended.stderr);
    assert_eq!(ended.json()["outcome"], "unchanged");
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn what_other_rules_made_is_held_no_longer() {
    let world = World::new().await.gates(&["forbid_text: [\"pay later\"]"]);
    world.site.validates().at("/", pump("Prime the pump first.")).at("/b", pump("Then open the valve."));
    world.run().await.ends(Ending::Held);
    let world = world.clean(&[RULE]);
    let plan = world.corpusd(&["replay", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan["outcome"], "pending", "{plan}");
    assert!(world.corpusd(&["status", "--json"]).await.exits(0).json()["held"].is_null());
    assert_eq!(plan["next"]["sha256"], world.run().await.ends(Ending::Published).hash());
}

#[tokio::test]
async fn a_replay_waits_for_nobody() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let _lock =
        RunLock::take(&world.path("state"), NAME, corpusd::sandbox::AGENT_ID, &world.chatbot.url()).unwrap();
    world.corpusd(&["replay", NAME]).await.exits(75);
    world.corpusd(&["rollback", NAME, "1"]).await.exits(75);
    // Looking needs no lock.
    world.corpusd(&["plan", NAME]).await.exits(0);
    world.corpusd(&["diff", NAME]).await.exits(0);
    world.corpusd(&["history", NAME]).await.exits(0);
}

#[tokio::test]
async fn what_is_held_and_what_the_file_of_today_gives_are_told_apart() {
    let world = ready().await.gates(&["max_shrink: 5%"]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Hardly anything.", &[]);
    let held = world.run().await.ends(Ending::Held);
    let plan = async |world: &World| world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan(&world).await["held"], json!({"run": held.run, "sha256": held.hash(), "is_next": true}));
    let show = world.corpusd(&["show", NAME]).await.exits(0);
    assert!(show.stderr.contains("run 2 holds") && !show.stderr.contains("corpusd plan"), "{}", show.stderr);
    let told = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
    assert!(!told.contains("another corpus"), "{told}");

    // With another file, the same crawl gives another corpus; approved is what was held.
    let world = world.corpus(&["provenance: off"]);
    let other = plan(&world).await;
    assert_eq!((&other["held"]["is_next"], &other["held"]["sha256"]), (&false.into(), &held.hash().into()));
    let told = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
    assert!(told.contains("run 2 holds another corpus") && told.contains("corpusd approve docs"), "{told}");
    let shown = world.corpusd(&["show", NAME]).await.exits(0);
    let diff = world.corpusd(&["diff", NAME]).await.exits(10);
    for ended in [&shown, &diff] {
        let told = &ended.stderr;
        assert!(told.contains("run 2 holds") && told.contains("corpusd plan docs"), "{told}");
    }
    let url = world.site.url("/a");
    let document = world.corpusd(&["show", NAME, &url]).await.exits(0);
    assert!(document.stderr.contains("run 2 holds another corpus"), "{}", document.stderr);
    assert!(!document.stdout.contains("Source:") && shown.stdout.contains("Source:"), "{}", document.stdout);
    assert_eq!(world.approve().await.unwrap().ends(Ending::Published).hash(), held.hash());
    assert_eq!(world.published().await, shown.stdout);
}

#[tokio::test]
async fn a_plan_says_when_a_run_would_be_deferred() {
    let world = ready().await.publish(&["min_interval: 1h"]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", &format!("{} And a word more.", text("/a")), &[]);
    world.run().await.ends(Ending::Deferred);
    let deferred = async |world: &World, why: &str| {
        let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
        assert_eq!(plan["outcome"], "pending", "{plan}");
        assert!(plan["notes"].to_string().contains(why), "{plan}");
        let told = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
        assert!(told.contains("a run would publish this after") && told.contains(why), "{told}");
        plan["deferred_until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let hour = deferred(&world, "publish.min_interval").await.duration_since(now());
    assert!((3000..=3600).contains(&hour.as_secs()), "{hour}");

    let world = world.publish(&["min_interval: 0s"]);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan["deferred_until"], Value::Null);
    world.chatbot.on_next_push("rate:7200").await;
    world.run().await.ends(Ending::Failed);
    let hours = deferred(&world, "the API asked for no request before").await.duration_since(now());
    assert!((6600..=7201).contains(&hours.as_secs()), "{hours}");
}

#[tokio::test]
async fn a_plan_and_a_run_say_the_same_of_a_hold_while_the_api_wants_no_requests() {
    let world = ready().await.agent(corpusd::sandbox::OCCUPIED_AGENT_ID);
    world.run().await.ends(Ending::Held);
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots"}), json!("rate:7200")).await;
    world.approve().await.unwrap().ends(Ending::Failed);
    for text in [text("/a"), format!("{} And a word more.", text("/a"))] {
        world.site.page("/a", &text, &[]);
        let outcome = world.run().await.ends(Ending::Held).outcome;
        let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
        assert_eq!((&plan["outcome"], &plan["held"]["run"]), (&outcome.name().into(), &1.into()), "{plan}");
        assert_eq!(plan["deferred_until"], Value::Null);
        assert!(plan["notes"].to_string().contains("asked for no request before"), "{plan}");
    }
}
