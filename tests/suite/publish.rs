//! Intent, request, acknowledgement, and everything that can happen between them.

use std::time::{Duration, Instant};

use corpusd::{
    cli::Exit,
    report::{Ending, PublishStatus, RunReport},
    sandbox::{AGENT_ID, EXPIRED_KEY, OCCUPIED_AGENT_ID, STANDARD_KEY},
};
use serde_json::{Value, json};

use super::{
    site::{Canary, Reply, Site},
    tls::{Authority, SOUND},
    world::{NAME, RUN_LIMIT, Reported, World, in_two_hours, until},
};

/// A world with something to publish.
async fn ready() -> World {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world
}

// The table of what an API can do to a push

/// What a case of the table does to the pushes of a run, and what may come of it.
struct Drill {
    /// On which pushes.
    when: When,
    /// What the API does.
    action: Value,
    ending: Ending,
    status: PublishStatus,
    /// The fewest and the most pushes that may be made.
    pushes: (usize, usize),
}

enum When {
    Always,
    Once,
}

use PublishStatus::{Acknowledged, NotSent, Rejected, Unknown};
use When::{Always, Once};

fn drill(
    when: When,
    action: impl Into<Value>,
    ending: Ending,
    status: PublishStatus,
    pushes: (usize, usize),
) -> Drill {
    Drill { when, action: action.into(), ending, status, pushes }
}

/// A success that took effect, with this status and body.
fn applied(status: u16, body: &str) -> Value {
    json!({"status": status, "body": body, "apply": true})
}

/// Accepted at the first attempt, or confirmed by asking; at most sent again once.
fn arrives(action: impl Into<Value>) -> Vec<Drill> {
    vec![drill(Always, action, Ending::Published, Acknowledged, (1, 2))]
}

/// Refused for good: one push, and a person has to do something.
fn refused(action: impl Into<Value>) -> Vec<Drill> {
    vec![drill(Always, action, Ending::Paused, Rejected, (1, 1))]
}

/// Nobody knows: asked, sent again at most so often, and if it passes meanwhile, published.
fn unknown(action: impl Into<Value>, resends: usize) -> Vec<Drill> {
    let action = action.into();
    vec![
        drill(Always, action.clone(), Ending::Failed, Unknown, (1, 1 + resends)),
        drill(Once, action, Ending::Published, Acknowledged, (2, 2)),
    ]
}

/// Nothing was written: waited for within the run.
fn later(action: impl Into<Value>) -> Vec<Drill> {
    vec![drill(Once, action, Ending::Published, Acknowledged, (2, 2))]
}

/// The drills of a case; `None` for one that has a test of its own below, or that no local server can play.
fn drills(id: &str, canary: &Canary) -> Option<Vec<Drill>> {
    let redirect = |status: u16| json!({"status": status, "headers": {"location": canary.url("/api/v1/update-chatbot-data")}});
    let in_two_seconds = httpdate::fmt_http_date(
        std::time::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(super::world::now().as_millisecond()).unwrap() + 2000),
    );
    Some(match id {
        "200-ok" => vec![drill(Always, "delay:0", Ending::Published, Acknowledged, (1, 1))],
        "200-empty" => [arrives(applied(200, "")), unknown("status:200,", 1)].into_iter().flatten().collect(),
        "200-html" => unknown("status:200,<!doctype html><title>Proxy</title>", 1),
        "200-bad-json" => {
            [arrives("truncate:5"), unknown("status:200,{\"chatbo", 1)].into_iter().flatten().collect()
        }
        "200-wrong-id" => refused("status:200,{\"chatbotId\":\"somebody-else\"}"),
        "201" => vec![drill(
            Always,
            applied(201, &json!({"chatbotId": AGENT_ID}).to_string()),
            Ending::Published,
            Acknowledged,
            (1, 1),
        )],
        "204" => [arrives(applied(204, "")), unknown("status:204", 1)].into_iter().flatten().collect(),
        "301" => refused(redirect(301)),
        "307-cross" => refused(redirect(307)),
        "400" | "401" | "402" | "403" | "404" | "405" | "413" | "422" => refused(format!("status:{id}")),
        "408" | "500" | "502" | "504" => unknown(format!("status:{id}"), 2),
        "409" => vec![drill(Always, "status:409", Ending::Failed, NotSent, (1, 1))],
        "429-seconds" => later("rate:1"),
        "429-date" => later(format!("rate:{in_two_seconds}")),
        "429-none" => later("rate:none"),
        "503-ra" => later(json!({"status": 503, "headers": {"retry-after": "1"}})),
        "reset-before-body" => unknown("reset-before-body", 2),
        "reset-mid-body" => unknown("reset-mid-body", 2),
        "timeout-after-accept" => arrives("timeout-after-accept"),
        "slow-200" => vec![drill(Always, "delay:700", Ending::Published, Acknowledged, (1, 1))],
        "limit-exceeded-200" => refused("status:200,{\"error\":\"Character limit exceeded\"}"),
        "huge-response" => arrives("huge:1000000000"),
        "echo-secret" => refused("echo-authorization"),
        // Tests of their own; and a name that does not resolve takes a resolver outside this machine.
        "connect-refused" | "tls" | "kill-after-accept" | "newer-crawl-while-unknown" | "dns" => return None,
        _ => panic!("the case `{id}` is known"),
    })
}

/// Runs a pipeline whose pushes meet this, and checks what every case has in common.
async fn survives(id: &str, drill: Drill, canary: &Canary) {
    let world = ready().await.publish(&["timeout: 1s"]);
    match drill.when {
        Always => world.chatbot.on_push(drill.action.clone()).await,
        Once => world.chatbot.on_next_push(drill.action.clone()).await,
    }
    let report = world.run().await;
    let case = format!("{id} ({}): {report:#?}", drill.action);
    assert_eq!((report.outcome, report.publish.status), (drill.ending, drill.status), "{case}");
    let pushes = world.chatbot.pushes().await.len();
    let (fewest, most) = drill.pushes;
    assert!((fewest..=most).contains(&pushes), "{pushes} pushes: {case}");
    asked_before_sent_again(&world.chatbot.log().await, &case);
    // A push that was cut short has no text to hash.
    assert!(world.chatbot.hashes().await.iter().all(|hash| *hash == report.hash()), "{case}");
    assert!(!format!("{report:?}").contains(STANDARD_KEY), "{case}");
    canary.assert_alive();
    if report.outcome == Ending::Published {
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], report.hash(), "{case}");
        world.run().await.ends(Ending::Unchanged);
        assert_eq!(world.chatbot.pushes().await.len(), pushes, "{case}");
    }
}

/// A push whose outcome nobody knows is asked about before another is made.
fn asked_before_sent_again(log: &[Value], case: &str) {
    let mut unknown = false;
    for entry in log {
        match entry["path"].as_str().unwrap() {
            "/api/v1/get-chatbots" => unknown = false,
            "/api/v1/update-chatbot-data" => {
                assert!(!unknown, "sent again unasked: {case}");
                let refused = entry["status"].as_u64().is_some_and(|status| matches!(status, 429 | 503));
                unknown = !refused;
            }
            path => panic!("`{path}` is asked for: {case}"),
        }
    }
}

#[tokio::test]
async fn every_answer_to_a_push_comes_to_its_right_end() {
    let table: Value = serde_json::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/api_outcomes.json"
    )))
    .unwrap();
    let canary = Canary::new();
    let mut cases = tokio::task::JoinSet::new();
    let canary = std::sync::Arc::new(canary);
    for case in table["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap().to_owned();
        for drill in drills(&id, &canary).into_iter().flatten() {
            let (id, canary) = (id.clone(), std::sync::Arc::clone(&canary));
            cases.spawn(async move { survives(&id, drill, &canary).await });
        }
    }
    // All of them are told, not only the first.
    let mut wrong = Vec::new();
    while let Some(case) = cases.join_next().await {
        if let Err(error) = case {
            let panic = error.into_panic();
            let told = panic.downcast_ref::<String>().and_then(|text| text.lines().next());
            wrong.push(told.unwrap_or("a panic without words").to_owned());
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn an_api_that_is_not_there_is_a_failure_that_passes() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let world = ready().await.api(&format!("http://{closed}"));
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!((report.publish.status, report.exit()), (NotSent, Exit::Failed));
    let world = world.api("http://127.0.0.1:1");
    assert_eq!(world.run().await.ends(Ending::Failed).publish.status, NotSent);
}

#[tokio::test]
async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    // One is certified by an authority that nobody trusts; the other shows no certificate at all.
    let pretender = Site::encrypted(Authority::new().certify(&SOUND));
    let world = ready().await;
    let plain = format!("https://{}", world.chatbot.address);
    let world = world.api(&pretender.url(""));
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!((report.publish.status, report.exit()), (NotSent, Exit::Failed));
    let error = report.error.unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(pretender.requests().len(), 0);
    let world = world.api(&plain);
    assert_eq!(world.run().await.ends(Ending::Failed).publish.status, NotSent);
    assert_eq!(world.chatbot.log().await.len(), 0, "it never falls back to plain HTTP");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_about_it() {
    for (status, words) in [
        (401, vec!["publish.api_key", "corpusd resume"]),
        (402, vec!["Standard plan"]),
        (403, vec!["Standard plan or higher", "older accounts: any paid plan"]),
        (404, vec!["agent.id"]),
        (413, vec!["publish.max_body", "corpus.limit"]),
    ] {
        let world = ready().await;
        world.chatbot.on_push(format!("status:{status}")).await;
        let error = world.run().await.ends(Ending::Paused).error.unwrap();
        for word in words {
            assert!(error.contains(word), "{status}: {error}");
        }
    }
}

#[tokio::test]
async fn a_retry_after_of_the_api_is_waited_for() {
    let world = ready().await;
    world.chatbot.on_next_push("rate:1").await;
    world.run().await.ends(Ending::Published);
    let pushes = world.chatbot.pushes().await;
    let waited = pushes[1]["at"].as_u64().unwrap() - pushes[0]["at"].as_u64().unwrap();
    assert!(waited >= 980, "{waited} ms");
}

#[tokio::test]
async fn a_retry_after_too_long_to_wait_for_is_kept_by_every_pipeline_with_the_key() {
    let world = ready().await;
    world.write_other("other");
    world.chatbot.on_next_push("rate:3600").await;
    let started = Instant::now();
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!((report.publish.status, report.exit()), (NotSent, Exit::Failed));
    assert!(started.elapsed() < Duration::from_secs(30));
    // Until then sites are read and nothing is sent, by whatever process.
    let asked = world.chatbot.log().await.len();
    world.site.forget_requests();
    let report = world.run().await.ends(Ending::Deferred);
    assert_eq!((report.publish.status, report.exit()), (NotSent, Exit::Done));
    assert!(
        report.notes.iter().any(|note| note.contains("the API asked for no request before")),
        "{report:#?}"
    );
    assert!(!world.site.requests().is_empty());
    let other = world.corpusd(&["run", "--once", "--json", "other"]).await.exits(0).json();
    assert_eq!(other["outcome"], "deferred");
    assert_eq!(world.chatbot.log().await.len(), asked, "nothing was asked");
    // After that, the next run sends it.
    let world = world.at(in_two_hours);
    world.run().await.ends(Ending::Published);
}

#[tokio::test]
async fn nothing_is_asked_about_an_unknown_push_before_the_api_wants_requests() {
    let world = ready().await;
    world.chatbot.on_push("status:500").await;
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "nth": 2}), json!("rate:3600")).await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, Unknown);
    let asked = world.chatbot.log().await.len();
    assert_eq!(world.chatbot.pushes().await.len(), 1, "not sent again within the wait");
    world.chatbot.heal().await;
    world.run().await.ends(Ending::Deferred);
    world.site.at("/robots.txt", Reply::status(500));
    world.run().await.ends(Ending::Incomplete);
    assert_eq!(world.chatbot.log().await.len(), asked);
    world.site.remove("/robots.txt");
    let world = world.at(in_two_hours);
    assert_eq!(world.run().await.ends(Ending::Published).hash(), report.hash());
}

#[tokio::test]
async fn an_approval_within_the_wait_sends_nothing_and_says_so() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID);
    world.run().await.ends(Ending::Held);
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "times": 1}), json!("rate:3600")).await;
    world.approve().await.unwrap().ends(Ending::Failed);
    let asked = world.chatbot.log().await.len();
    let report = world.approve().await.unwrap().ends(Ending::Failed);
    assert!(report.error.unwrap().contains("asked for no request before"));
    assert_eq!(world.chatbot.log().await.len(), asked);
    // It is still held, and still to be approved.
    let world = world.at(in_two_hours);
    world.approve().await.unwrap().ends(Ending::Published);
}

#[tokio::test]
async fn a_hold_stays_loud_while_the_api_wants_no_requests() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID);
    let held = world.run().await.ends(Ending::Held).hash();
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "times": 1}), json!("rate:3600")).await;
    world.approve().await.unwrap().ends(Ending::Failed);
    let asked = world.chatbot.log().await.len();
    for text in ["Apples keep for weeks.", "Apples keep for months, we have learned."] {
        world.site.page("/a", text, &[]);
        let report = world.run().await.ends(Ending::Held);
        let error = report.error.as_ref().unwrap();
        assert!(error.contains("adopt") && error.contains("asked for no request before"), "{error}");
        assert_eq!((report.exit(), world.chatbot.log().await.len()), (Exit::Held, asked));
    }
    // What was held is what can be approved.
    let world = world.at(in_two_hours);
    assert_eq!(world.approve().await.unwrap().ends(Ending::Published).hash(), held);
}

#[tokio::test]
async fn what_is_to_be_held_is_held_also_while_the_api_wants_no_requests() {
    let world = ready().await.gates(&["max_shrink: 5%"]);
    let long = "Every sentence of this page is worth keeping. ".repeat(20);
    world.site.page("/a", &long, &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", &format!("{long} And one more."), &[]);
    world.chatbot.on_next_push("rate:3600").await;
    world.run().await.ends(Ending::Failed);
    world.run().await.ends(Ending::Deferred);
    world.site.page("/a", "Hardly anything.", &[]);
    let report = world.run().await.ends(Ending::Held);
    assert!(report.error.as_ref().unwrap().contains("held by max_shrink"), "{report:#?}");
}

#[tokio::test]
async fn what_is_held_for_one_agent_is_no_matter_of_another() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID);
    world.run().await.ends(Ending::Held);
    let held =
        async |world: &World| world.corpusd(&["status", "--json"]).await.exits(0).json()["held"].clone();
    assert!(held(&world).await.as_str().unwrap().contains("adopt"));
    let world = world.agent(AGENT_ID);
    assert_eq!(held(&world).await, Value::Null);
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(!status.contains("held by") && status.contains("for another agent or target"), "{status}");
}

// What else an agent holds

#[tokio::test]
async fn what_others_put_there_is_warned_of_where_it_leaves_no_room() {
    let world = ready().await.corpus(&["limit: \"20000 chars\"", "headroom: 0%"]);
    world.run().await.ends(Ending::Published);
    for (held, trained_at, is_warned) in
        [(19_990, "2031-01-01T00:00:00Z", true), (9_000, "2032-01-01T00:00:00Z", false), (19_990, "", false)]
    {
        let before = &world.chatbot.agent(AGENT_ID).await["name"];
        let trained_at = Some(trained_at).filter(|at| !at.is_empty());
        let agent =
            json!({"id": AGENT_ID, "name": before, "num_of_characters": held, "last_trained_at": trained_at});
        let answer = json!({"status": 200, "body": json!({"chatbots": [agent]}).to_string()});
        world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots"}), answer).await;
        world.site.page("/a", &format!("Apples keep for {held} weeks, {trained_at:?}."), &[]);
        let report = world.run().await.ends(Ending::Published);
        let warned = report.notes.iter().any(|note| note.contains("besides what was published last"));
        assert_eq!(warned, is_warned, "{held}: {:#?}", report.notes);
        world.chatbot.heal().await;
    }
}

// The least time between two publications

#[tokio::test]
async fn a_change_soon_after_a_publication_waits_for_the_first_run_after_the_interval() {
    let world = ready().await.publish(&["min_interval: 1h"]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Deferred);
        assert_eq!((report.publish.status, report.exit()), (NotSent, Exit::Done));
        assert!(report.notes.iter().any(|note| note.contains("min_interval")), "{report:#?}");
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(status.contains("deferred") && status.contains("min_interval"), "{status}");
    // Whoever only looks is told that there is something to publish.
    world.corpusd(&["run", "--once", "--dry-run", NAME]).await.exits(10);
    let world = world.at(in_two_hours);
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.contains("months"));
}

#[tokio::test]
async fn a_site_that_changes_back_within_the_interval_is_unchanged() {
    let world = ready().await.publish(&["min_interval: 1h"]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.run().await.ends(Ending::Deferred);
    world.site.page("/a", "Apples keep for weeks.", &[]);
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn whoever_changed_the_file_or_approves_does_not_wait() {
    let world = ready().await.publish(&["min_interval: 1h"]);
    world.run().await.ends(Ending::Published);
    let world = world.crawl(&["exclude: [\"/a\"]"]).gates(&["max_removed: 100%", "max_shrink: 100%"]);
    world.run().await.ends(Ending::Published);
    let world = world.crawl(&["exclude: []"]).gates(&["max_growth: 1%"]);
    world.run().await.ends(Ending::Held);
    world.approve().await.unwrap().ends(Ending::Published);
    assert_eq!(world.chatbot.pushes().await.len(), 3);
}

#[tokio::test]
async fn a_hold_is_loud_within_the_interval_too_and_a_healthy_corpus_ends_it() {
    let world = ready().await.publish(&["min_interval: 1h"]).gates(&["max_shrink: 5%"]);
    let long = "Every sentence of this page is worth keeping. ".repeat(20);
    world.site.page("/a", &long, &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Hardly anything.", &[]);
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Held);
        assert_eq!(report.exit(), Exit::Held);
        let status = world.corpusd(&["status"]).await.exits(0).stdout;
        assert!(status.contains("held by max_shrink") && status.contains("corpusd approve docs"), "{status}");
    }
    world.site.page("/a", &format!("{long} And one more."), &[]);
    world.run().await.ends(Ending::Deferred);
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(!status.contains("held by"), "{status}");
}

#[tokio::test]
async fn what_is_unknown_is_settled_however_soon() {
    let world = ready().await.publish(&["min_interval: 1h"]);
    world.run().await.ends(Ending::Published);
    let world = world.at(in_two_hours);
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.chatbot.on_push("status:500").await;
    world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    world.run().await.ends(Ending::Published);
}

#[tokio::test]
async fn a_push_that_nobody_knows_of_is_settled_by_the_next_run() {
    let world = ready().await;
    world.chatbot.on_push("status:500").await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, Unknown);
    world.chatbot.heal().await;
    let settled = world.run().await.ends(Ending::Published);
    assert_eq!(settled.hash(), report.hash());
    assert_eq!(world.chatbot.hashes().await, [report.hash()]);
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn a_push_that_arrived_unseen_is_not_sent_again() {
    let world = ready().await.publish(&["timeout: 1s"]);
    // It takes effect, the answer is lost, and while the run asks, so are those of `get-chatbots`.
    world.chatbot.on_push("reset-after-accept").await;
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "nth": 2}), json!("status:503")).await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, Unknown);
    world.chatbot.heal().await;
    let pushes = world.chatbot.pushes().await.len();
    let settled = world.run().await;
    assert!(matches!(settled.outcome, Ending::Published | Ending::Unchanged), "{settled:#?}");
    assert_eq!(world.chatbot.pushes().await.len(), pushes, "asking was enough");
    assert_eq!(world.chatbot.hashes().await, [report.hash()]);
}

#[tokio::test]
async fn a_push_that_is_confirmed_late_takes_nothing_away_that_the_run_needs() {
    let world = ready().await.publish(&["keep: 1"]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", "Apples keep for months.", &[]);
    world.chatbot.on_push("reset-after-accept").await;
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "nth": 2}), json!("status:503")).await;
    world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;

    // Another corpus is made, kept and refused before anybody asks about the last one.
    world.site.page("/a", "Apples keep for a whole year in a cellar.", &[]);
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "times": 1}), json!("status:503")).await;
    world.chatbot.on_push("status:400").await;
    let refused = world.run().await.ends(Ending::Paused);
    assert_eq!(refused.publish.status, Rejected);
    world.chatbot.heal().await;
    world.corpusd(&["resume", NAME]).await.exits(0);
    assert_eq!(world.run().await.ends(Ending::Published).hash(), refused.hash());
}

#[tokio::test]
async fn an_unseen_acceptance_within_the_run_is_confirmed_by_asking() {
    let world = ready().await;
    world.chatbot.on_next_push("reset-after-accept").await;
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.publish.status, Acknowledged);
    assert!(world.chatbot.pushes().await.len() <= 2);
    assert_eq!(world.chatbot.hashes().await, [report.hash()]);
}

#[tokio::test]
async fn a_refusal_of_the_question_what_came_of_a_push_ends_all_asking_and_sending() {
    let world = ready().await;
    world.chatbot.on_push("reset-after-accept").await;
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots", "nth": 2}), json!("status:401")).await;
    let report = world.run().await.ends(Ending::Paused);
    assert_eq!((report.publish.status, report.exit()), (Unknown, Exit::Refused), "{report:#?}");
    assert_eq!(world.chatbot.log().await.len(), 3, "asked, sent, asked");
    world.chatbot.heal().await;
    world.corpusd(&["resume", NAME]).await.exits(0);
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn an_update_that_was_accepted_and_lost_is_not_taken_for_live() {
    // 200 without an agent id says nothing, and the API does not confirm it.
    let world = ready().await;
    world.chatbot.on_push(json!({"status": 200, "body": "{}"})).await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, Unknown);
    assert_eq!(world.published().await, "");
}

#[tokio::test]
async fn a_training_by_somebody_else_is_not_taken_for_ours() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let old = world.published().await;
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.chatbot.on_push("status:500").await;
    let lost = world.run().await.ends(Ending::Failed);
    // The button in the dashboard: the agent is trained again, on what it had.
    world.chatbot.heal().await;
    world.chatbot.trained_by_somebody_else(AGENT_ID, &old).await;
    world.run().await;
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], lost.hash());
}

#[tokio::test]
async fn an_incomplete_run_settles_what_is_unknown_and_sends_nothing_new() {
    let world = ready().await;
    world.chatbot.on_push("status:500").await;
    let unknown = world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.site.at("/robots.txt", Reply::status(500));
    world.run().await.ends(Ending::Incomplete);
    assert_eq!(world.chatbot.hashes().await, [unknown.hash()]);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], unknown.hash());
}

#[tokio::test]
async fn an_api_that_is_down_does_not_matter_where_nothing_changed() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    world.chatbot.fault(json!({"path_glob": "/api/*"}), json!("status:500")).await;
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn an_api_that_cannot_be_asked_is_not_pushed_to() {
    for (fault, ending) in
        [("status:500", Ending::Failed), ("not-json", Ending::Failed), ("status:403", Ending::Paused)]
    {
        let world = ready().await;
        world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots"}), json!(fault)).await;
        let report = world.run().await.ends(ending);
        assert_eq!((report.publish.status, world.chatbot.pushes().await.len()), (NotSent, 0), "{fault}");
    }
}

#[tokio::test]
async fn a_newer_corpus_may_replace_one_of_unknown_outcome() {
    let world = ready().await;
    world.chatbot.on_push("status:500").await;
    let first = world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    let second = world.run().await.ends(Ending::Published);
    let mut both = [first.hash(), second.hash()];
    both.sort();
    assert_eq!(world.chatbot.hashes().await, both);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], second.hash());
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn while_the_outcome_is_unknown_a_corpus_that_is_held_does_not_go_out() {
    let world = ready().await.gates(&["max_shrink: 5%"]);
    let long = "Every sentence of this page is worth keeping. ".repeat(20);
    world.site.page("/a", &long, &[]);
    world.run().await.ends(Ending::Published);
    world.site.page("/a", &format!("{long} And one more."), &[]);
    world.chatbot.on_push("status:500").await;
    let pending = world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    world.site.page("/a", "Hardly anything.", &[]);
    let held = world.run().await.ends(Ending::Held);
    assert_ne!(held.hash(), pending.hash());
    assert_eq!(
        world.chatbot.agent(AGENT_ID).await["pushed_sha256"],
        pending.hash(),
        "the pending one was settled"
    );
    assert!(!world.chatbot.hashes().await.contains(&held.hash()));
}

#[tokio::test]
async fn a_killed_push_that_arrived_is_settled_with_the_same_bytes() {
    let world = ready().await;
    world.chatbot.on_next_push("timeout-after-accept").await;
    let running = world.spawn(&["run", "--once", NAME]);
    until(RUN_LIMIT, "the push has arrived", async || !world.chatbot.pushes().await.is_empty()).await;
    running.kill();
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert!(report["outcome"] == "published" || report["outcome"] == "unchanged", "{report}");
    assert!(world.chatbot.pushes().await.len() <= 2);
    assert_eq!(world.chatbot.hashes().await, [report["corpus"]["sha256"].as_str().unwrap()]);
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!(report["outcome"], "unchanged");
}

// No change, no push

#[tokio::test]
async fn what_has_not_changed_is_not_pushed() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    for _ in 0..3 {
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.publish.status, report.exit()), (PublishStatus::NotNeeded, Exit::Done));
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_change_of_mark_up_alone_is_not_pushed() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let dressed = super::site::html("/a", "Apples keep for weeks.", &["/", "/a"])
        .replace("<body>", "<body class=\"v2\"><script>let build = 77;</script>");
    world.site.at("/a", Reply::html(dressed));
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

// Names and text that are not ours

#[tokio::test]
async fn the_agent_keeps_its_name() {
    let world = ready().await;
    // Whoever runs the agent renames it now and then.
    world.chatbot.on_next_push("rename:Greta").await;
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["name"], "Greta");
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["name"], "Greta");
}

#[tokio::test]
async fn text_that_corpusd_did_not_put_there_is_not_replaced_unasked() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID);
    let before = world.chatbot.live(OCCUPIED_AGENT_ID).await;
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Held);
        assert_eq!((report.exit(), report.publish.status), (Exit::Held, NotSent));
        let error = report.error.unwrap();
        assert!(error.contains("adopt") && error.contains("corpusd approve docs"), "{error}");
    }
    assert_eq!(world.chatbot.pushes().await.len(), 0);
    assert_eq!(world.chatbot.live(OCCUPIED_AGENT_ID).await, before);
    // A person says that it may be.
    let approved = world.approve().await.unwrap().ends(Ending::Published);
    assert_eq!(approved.publish.status, Acknowledged);
    assert!(world.published().await.contains("Apples keep for weeks."));
    // And from then on it is ours.
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.agent(OCCUPIED_AGENT_ID).await["name"], "Partner Desk");
}

#[tokio::test]
async fn another_agent_is_not_ours_because_the_last_one_was() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let world = world.agent(OCCUPIED_AGENT_ID);
    let report = world.run().await.ends(Ending::Held);
    assert!(report.error.unwrap().contains("adopt"));
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn adopt_takes_an_occupied_agent_over() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID).publish(&["adopt: true"]);
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.contains("Apples keep for weeks."));
}

// Pauses

#[tokio::test]
async fn a_refusal_pauses_until_a_person_resumes() {
    for status in [400, 401, 403, 404, 413, 422] {
        let world = ready().await;
        world.chatbot.on_push(format!("status:{status}")).await;
        let report = world.run().await.ends(Ending::Paused);
        assert_eq!(report.exit(), Exit::Refused, "{status}");
        world.chatbot.heal().await;
        world.site.forget_requests();
        let asked = world.chatbot.log().await.len();
        let paused = world.run().await.ends(Ending::Paused);
        assert!(paused.error.unwrap().contains("corpusd resume docs"), "{status}");
        assert_eq!(
            (world.site.requests().len(), world.chatbot.log().await.len()),
            (0, asked),
            "{status}: nothing is asked"
        );
        world.corpusd(&["resume", NAME]).await.exits(0);
        world.run().await.ends(Ending::Published);
    }
}

#[tokio::test]
async fn a_refused_key_ends_the_program_with_77() {
    let world = ready().await;
    world.write();
    std::fs::write(world.path("pipelines/key"), EXPIRED_KEY).unwrap();
    for _ in 0..2 {
        let ended = world.corpusd(&["run", "--once", NAME]).await.exits(77);
        assert!(ended.stdout.contains("401"), "{}", ended.stdout);
    }
    // Another key is worth another try, without a word from anybody.
    std::fs::write(world.path("pipelines/key"), STANDARD_KEY).unwrap();
    world.corpusd(&["run", "--once", NAME]).await.exits(0);
}

#[tokio::test]
async fn a_refused_key_pauses_every_pipeline_that_uses_it() {
    let world = ready().await;
    world.write_other("other");
    world.chatbot.on_next_push("status:401").await;
    world.run().await.ends(Ending::Paused);
    let asked = world.chatbot.log().await.len();
    for name in [NAME, "other"] {
        let report = world.corpusd(&["run", "--once", "--json", name]).await.exits(77).json();
        assert_eq!(report["outcome"], "paused");
        assert!(report["error"].as_str().unwrap().contains("every pipeline with this key"), "{report}");
    }
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(status.contains("other: paused: status 401"), "{status}");
    assert_eq!(world.chatbot.log().await.len(), asked, "nothing is asked");
    // Whoever lifts it for one lifts it for all.
    world.corpusd(&["resume", "other"]).await.exits(0);
    world.run().await.ends(Ending::Published);
    world.corpusd(&["run", "--once", "other"]).await.exits(0);
}

#[tokio::test]
async fn a_refusal_that_is_not_of_the_key_pauses_one_pipeline_only() {
    let world = ready().await;
    world.write_other("other");
    world.chatbot.on_next_push("status:403").await;
    world.run().await.ends(Ending::Paused);
    world.corpusd(&["run", "--once", "other"]).await.exits(0);
    world.run().await.ends(Ending::Paused);
}

#[tokio::test]
async fn an_agent_that_is_not_in_the_account_pauses() {
    let world = ready().await.agent("no-such-agent");
    let report = world.run().await.ends(Ending::Paused);
    assert_eq!(report.exit(), Exit::Refused);
    assert_eq!(world.chatbot.pushes().await.len(), 0);
}

// Secrets

fn assert_without_key(report: &RunReport) {
    assert!(!serde_json::to_string(report).unwrap().contains(STANDARD_KEY), "{report:#?}");
}

#[tokio::test]
async fn the_key_is_nowhere() {
    let world = ready().await;
    let mut said = Vec::new();
    world.chatbot.on_next_push("echo-authorization").await;
    let ended = world.corpusd(&["-vv", "run", "--once", "--json", NAME]).await.exits(77);
    assert!(ended.stdout.contains("***"), "what the API said is shown, without the key: {}", ended.stdout);
    said.extend([ended.stdout, ended.stderr]);
    said.push(world.corpusd(&["-vv", "status"]).await.exits(0).stdout);
    world.corpusd(&["resume", NAME]).await.exits(0);
    // The program's own patience with an unknown outcome is minutes; the world's is not.
    world.chatbot.on_next_push("status:500").await;
    assert_without_key(&world.run().await.ends(Ending::Published));
    world.site.page("/a", "Apples keep for months, we have learned.", &[]);
    let ended = world.corpusd(&["-vv", "run", "--once", NAME]).await.exits(0);
    said.extend([ended.stdout, ended.stderr]);
    for command in [vec!["-vv", "status"], vec!["-vv", "show", NAME], vec!["-vv", "validate"]] {
        let ended = world.corpusd(&command).await;
        said.extend([ended.stdout, ended.stderr]);
    }
    for text in said {
        assert!(!text.contains(STANDARD_KEY), "{text}");
    }
    for (path, bytes) in world.state_bytes() {
        let key = STANDARD_KEY.as_bytes();
        assert!(!bytes.windows(key.len()).any(|window| window == key), "the key is in {}", path.display());
    }
}
