//! An agent that is kept source by source: what is written, in which order, and what is left alone.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use corpusd::{
    chatbase::{Account, Patience, Window, v2::Client},
    cli::Exit,
    http::{self, egress::Egress},
    report::{Ending, PublishStatus},
    sandbox::{AGENT_ID, Generation, OCCUPIED_AGENT_ID, Options, STANDARD_KEY},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    chatbot::Chatbot,
    site::Reply,
    world::{NAME, RUN_LIMIT, Reported, World, in_two_hours, now, until},
};

const SOURCES: &str = "/api/v2/agents/*/sources*";
const PAGES: [(&str, &str); 4] = [
    ("/a", "Apples keep for weeks in a cool cellar."),
    ("/b", "Bananas ripen within days on the counter."),
    ("/c", "Cherries are picked in June and eaten at once."),
    ("/d", "Dates are dried and keep for a whole year."),
];

/// A site of five pages, for an agent that is kept by its sources.
async fn ready() -> World {
    let world = World::new()
        .await
        .publish(&["to: chatbase_v2"])
        .crawl(&["gone_after: 1"])
        .gates(&["max_removed: 50%"]);
    write_site(&world, &PAGES);
    world
}

fn write_site(world: &World, pages: &[(&str, &str)]) {
    let links: Vec<&str> = pages.iter().map(|(path, _)| *path).collect();
    world.site.page("/", "Welcome to the help centre.", &links);
    for (path, text) in pages {
        world.site.page(path, text, &[]);
    }
}

/// The content of each source that is ours, by its place; every place once.
async fn ours(world: &World) -> BTreeMap<String, String> {
    let mut ours = BTreeMap::new();
    for source in world.chatbot.sources(AGENT_ID).await {
        let name = source["name"].as_str().unwrap();
        if let Some((label, _)) = name.strip_prefix("corpusd/").and_then(|rest| rest.split_once(' ')) {
            let Some((place, _)) = label.split_once('/') else { continue };
            let content = source["content"].as_str().unwrap().to_owned();
            assert_eq!(ours.insert(place.to_owned(), content), None, "two for one place: {name}");
        }
    }
    ours
}

/// What the agent answers from are the pages, each once.
async fn assert_published(world: &World, pages: &[(&str, &str)]) {
    let ours = ours(world).await;
    assert_eq!(ours.len(), pages.len() + 2, "with the start page and the link map: {ours:#?}");
    let live = world.chatbot.live(AGENT_ID).await;
    for (path, text) in pages {
        assert_eq!(live.matches(text).count(), 1, "{path}: {live}");
    }
}

/// The writes since the last call: their methods.
async fn methods(world: &World, seen: &mut usize) -> String {
    let writes = world.chatbot.writes().await;
    let new = writes[*seen..].iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(" ");
    *seen = writes.len();
    new
}

// What is written

#[tokio::test]
async fn a_page_that_changes_writes_one_source() {
    let world = ready().await;
    let mut seen = 0;
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.publish.status, PublishStatus::Acknowledged);
    assert!(report.publish.request_id.unwrap().starts_with("req_"));
    assert_eq!(methods(&world, &mut seen).await, "POST POST POST POST POST POST");
    assert_published(&world, &PAGES).await;

    let asked = world.chatbot.log().await.len();
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(world.chatbot.log().await.len(), asked, "nothing is asked where nothing changed");

    world.site.page("/b", "Bananas ripen overnight in a bag.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "PUT");
    let live = world.chatbot.live(AGENT_ID).await;
    assert!(live.contains("overnight in a bag") && !live.contains("within days"), "{live}");
}

#[tokio::test]
async fn what_comes_is_there_before_what_leaves_goes() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let mut seen = world.chatbot.writes().await.len();
    let pages = [PAGES[0], PAGES[2], PAGES[3], ("/e", "Elderberries must be cooked before they are eaten.")];
    write_site(&world, &pages);
    world.site.remove("/b");
    world.run().await.ends(Ending::Published);
    // The start page, whose links are no text, and the link map; the new page; the old one.
    let written = methods(&world, &mut seen).await;
    assert!(written.ends_with("PUT POST DELETE"), "{written}");
    assert_published(&world, &pages).await;
}

#[tokio::test]
async fn many_pages_share_sources_and_a_change_still_writes_one() {
    let world = World::new().await.publish(&["to: chatbase_v2", "max_sources: 8"]);
    let texts: Vec<(String, String)> =
        (0..30).map(|n| (format!("/p{n}"), format!("Page number {n} says this and nothing else."))).collect();
    let pages: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    write_site(&world, &pages);
    world.run().await.ends(Ending::Published);
    let mut seen = world.chatbot.writes().await.len();
    assert!(seen <= 6, "{seen} sources");
    let live = world.chatbot.live(AGENT_ID).await;
    assert!(pages.iter().all(|(_, text)| live.matches(text).count() == 1), "{live}");
    world.site.page("/p7", "Page number seven has something else to say.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "PUT");
}

#[tokio::test]
async fn the_first_generation_is_asked_to_train() {
    let mut world = ready().await;
    world.chatbot = Chatbot::of(Generation::One).await;
    world.run().await.ends(Ending::Published);
    assert_published(&world, &PAGES).await;
    let pages = &PAGES[..3];
    write_site(&world, pages);
    world.site.remove("/d");
    world.run().await.ends(Ending::Published);
    assert_published(&world, pages).await;
    let trainings = world.chatbot.log().await;
    assert_eq!(
        trainings.iter().filter(|entry| entry["path"].as_str().unwrap().ends_with("/train")).count(),
        2
    );
}

#[tokio::test]
async fn an_agent_gets_the_name_of_the_pipeline_file() {
    let world = ready().await.named("Fruit Desk");
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["name"], "Fruit Desk");
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["name"], "Sandbox Agent");
}

// Questions with their answers

const ASKED: [(&str, &str); 3] = [
    ("How long does a delivery take?", "Two days within Europe, and five days to all other places."),
    ("Can I change the address later?", "Yes, until the parcel has left our house."),
    ("What does a delivery cost?", "Nothing from 50 euros on, and 4 euros below."),
];

/// Makes `/faq` a page of nothing but questions, after this text where it says something.
fn write_faq(world: &World, before: &str, asked: &[(&str, &str)]) {
    let asked = asked.iter().map(|(question, answer)| format!("<h2>{question}</h2><p>{answer}</p>"));
    let asked = asked.collect::<Vec<_>>().concat();
    let before = if before.is_empty() { String::new() } else { format!("<p>{before}</p>") };
    world.site.at(
        "/faq",
        Reply::html(format!(
            "<!doctype html><html lang=en><head><title>Delivery</title></head><body><main><h1>Delivery</h1>{before}{asked}\
             </main></body></html>"
        )),
    );
}

/// The sources of this kind that are ours: what they say, sorted.
async fn of_kind(world: &World, kind: &str) -> Vec<String> {
    let there = world.chatbot.sources(AGENT_ID).await;
    let ours = there
        .iter()
        .filter(|source| source["type"] == kind && source["name"].as_str().unwrap().starts_with("corpusd/"));
    let mut said: Vec<_> = ours.map(|source| source["content"].as_str().unwrap().to_owned()).collect();
    said.sort();
    said
}

/// A site with a page of questions, published.
async fn with_faq() -> World {
    let world = ready().await;
    world.site.page("/", "Welcome to the help centre.", &["/a", "/b", "/c", "/d", "/faq"]);
    write_faq(&world, "", &ASKED);
    world
}

#[tokio::test]
async fn a_page_of_questions_becomes_questions_with_their_answers() {
    let world = with_faq().await;
    world.run().await.ends(Ending::Published);
    let asked = of_kind(&world, "qna").await;
    assert_eq!(asked.len(), 3, "{asked:#?}");
    let (question, answer) = ASKED[1];
    assert!(asked[0].starts_with(&format!("Q: {question}\nA: {answer}")), "{asked:#?}");
    // An answer says what it is about, and where it stands.
    assert!(asked[0].contains("Delivery") && asked[0].contains(&world.site.url("/faq")), "{asked:#?}");
    let live = world.chatbot.live(AGENT_ID).await;
    assert!(ASKED.iter().all(|(_, answer)| live.matches(answer).count() == 1), "{live}");
    world.run().await.ends(Ending::Unchanged);

    // Another answer is one write, another question is one more, and one that goes is deleted.
    let mut seen = world.chatbot.writes().await.len();
    write_faq(&world, "", &[ASKED[0], (ASKED[1].0, "No, not after you have ordered."), ASKED[2]]);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "PUT");
    let more = ("Do you deliver on Sundays?", "Only in December, when everybody is at home.");
    write_faq(&world, "", &[ASKED[0], more, ASKED[2]]);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "POST DELETE");
}

#[tokio::test]
async fn a_page_can_become_questions_and_a_text_again() {
    let world = with_faq().await;
    let intro = "We deliver to more than ninety countries, with two carriers.";
    write_faq(&world, intro, &ASKED);
    world.run().await.ends(Ending::Published);
    let mut seen = world.chatbot.writes().await.len();
    assert_eq!(of_kind(&world, "qna").await, [""; 0]);

    write_faq(&world, "", &ASKED);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "POST POST POST DELETE");
    assert_eq!(of_kind(&world, "qna").await.len(), 3);
    write_faq(&world, intro, &ASKED);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "POST DELETE DELETE DELETE");
    let live = world.chatbot.live(AGENT_ID).await;
    assert!(live.contains(intro) && live.matches(ASKED[0].1).count() == 1, "{live}");
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn questions_that_the_api_refuses_are_written_as_a_text() {
    for refusal in [json!("status:422"), error(400, "VALIDATION_INVALID_BODY"), json!("status:403")] {
        let world = with_faq().await;
        // Texts are written first; of the questions, the second one is refused.
        let second = json!({"method": "POST", "path_glob": SOURCES, "nth": 9, "times": 1});
        world.chatbot.fault(second, refusal.clone()).await;
        world.run().await.ends(Ending::Published);
        assert_eq!(of_kind(&world, "qna").await, [""; 0], "{refusal}");
        let live = world.chatbot.live(AGENT_ID).await;
        assert!(ASKED.iter().all(|(_, answer)| live.matches(answer).count() == 1), "{refusal}: {live}");
        world.run().await.ends(Ending::Unchanged);

        // Another page is written by itself: the refusal is not asked for again.
        let mut seen = world.chatbot.writes().await.len();
        world.site.page("/b", "Bananas ripen overnight in a bag.", &[]);
        world.run().await.ends(Ending::Published);
        assert_eq!(methods(&world, &mut seen).await, "PUT", "{refusal}");
    }
}

#[tokio::test]
async fn questions_interrupted_half_way_are_ended_by_the_next_run() {
    for (method, action) in [("POST", "status:500"), ("POST", "train-fail"), ("DELETE", "status:500")] {
        let world = with_faq().await;
        write_faq(&world, "We deliver to more than ninety countries.", &ASKED);
        world.run().await.ends(Ending::Published);
        write_faq(&world, "", &ASKED);
        world.chatbot.fault(json!({"method": method, "path_glob": SOURCES, "nth": 2}), json!(action)).await;
        world.run().await;
        world.chatbot.heal().await;
        let world = world.at(in_two_hours);
        world.run().await;
        let live = world.chatbot.live(AGENT_ID).await;
        assert!(
            ASKED.iter().all(|(_, answer)| live.matches(answer).count() == 1),
            "{method} {action}: {live}"
        );
        assert_eq!(of_kind(&world, "qna").await.len(), 3, "{method} {action}");
        world.run().await.ends(Ending::Unchanged);
    }
}

// What is left alone

#[tokio::test]
async fn sources_of_others_are_never_touched() {
    let world = ready().await;
    let others = [
        json!({"type": "text", "name": "Notes of the sales team", "content": "Partners get a discount."}),
        json!({"type": "text", "name": "corpusd/ is what fills the rest", "content": "Ask Ada."}),
        json!({"type": "qna", "name": "Opening hours", "questions": ["When are you open?"], "answer": "From nine."}),
    ];
    let mut made = Vec::new();
    for other in &others {
        made.push(
            world.chatbot.by_somebody_else("POST", &format!("{AGENT_ID}/sources"), other).await["id"].clone(),
        );
    }
    let report = world.run().await.ends(Ending::Published);
    assert!(report.notes.iter().any(|note| note.contains("2 text sources")), "{:#?}", report.notes);
    write_site(&world, &PAGES[..3]);
    world.site.remove("/d");
    world.run().await.ends(Ending::Published);
    assert_published(&world, &PAGES[..3]).await;
    let there = world.chatbot.sources(AGENT_ID).await;
    for (id, other) in made.iter().zip(&others) {
        let source = there.iter().find(|source| source["id"] == *id).unwrap();
        assert_eq!(source["name"], other["name"]);
    }
    assert_eq!(there.iter().filter(|source| made.contains(&source["id"])).count(), 3);
}

#[tokio::test]
async fn an_agent_that_holds_other_text_is_added_to() {
    let world = ready().await.agent(OCCUPIED_AGENT_ID);
    world.run().await.ends(Ending::Published);
    let live = world.chatbot.live(OCCUPIED_AGENT_ID).await;
    assert!(live.contains("partner hotline") && live.contains("hall 7") && live.contains("Apples"), "{live}");
}

#[tokio::test]
async fn an_agent_that_does_not_exist_is_not_written_to() {
    let world = ready().await.agent("no-such-agent");
    let report = world.run().await.ends(Ending::Paused);
    assert_eq!(report.exit(), Exit::Refused);
    assert!(report.error.unwrap().contains("agent.id"));
    assert_eq!(world.chatbot.writes().await, []);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_to_its_end_is_not_acted_on() {
    let endless = json!({"data": [], "pagination": {"cursor": "x", "hasMore": true, "total": 9}}).to_string();
    for answer in [
        json!({"status": 200, "body": endless}),
        json!("truncate:30"),
        json!("not-json"),
        json!("status:500"),
    ] {
        let world = ready().await;
        world.run().await.ends(Ending::Published);
        let seen = world.chatbot.writes().await.len();
        write_site(&world, &PAGES[..3]);
        world.site.remove("/d");
        world.chatbot.fault(json!({"method": "GET", "path_glob": SOURCES}), answer.clone()).await;
        let report = world.run().await.ends(Ending::Failed);
        assert_eq!(report.publish.status, PublishStatus::NotSent, "{answer}");
        assert_eq!(world.chatbot.writes().await.len(), seen, "{answer}");
    }
}

#[tokio::test]
async fn a_list_of_many_pages_is_read_to_its_end() {
    let world = ready().await;
    for n in 0..130 {
        let other = json!({"type": "text", "name": format!("Other {n}"), "content": "Something."});
        world.chatbot.by_somebody_else("POST", &format!("{AGENT_ID}/sources"), &other).await;
    }
    world.run().await.ends(Ending::Published);
    let mut seen = world.chatbot.writes().await.len();
    world.site.page("/b", "Bananas ripen overnight in a bag.", &[]);
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "PUT");
}

// What goes wrong

fn error(status: u16, code: &str) -> Value {
    json!({"status": status, "body": json!({"error": {"code": code, "message": "as it happens"}}).to_string()})
}

#[tokio::test]
async fn whatever_becomes_of_one_write_the_run_ends_it() {
    let mut drills = Vec::new();
    for method in ["POST", "PUT", "DELETE"] {
        for action in [
            json!("status:500"),
            json!("not-json"),
            json!("rate:0"),
            json!("rate:none"),
            error(503, "SERVICE_UNDER_MAINTENANCE"),
            json!("reset-before-body"),
            json!("reset-after-accept"),
            json!("timeout-after-accept"),
            json!({"status": 504, "body": "gateway", "apply": true}),
            error(409, "SOURCE_IS_TRAINING"),
            error(404, "RESOURCE_NOT_FOUND"),
            json!("lost-update"),
            json!("train-fail"),
            json!("cut-response:5"),
        ] {
            drills.push((method, action));
        }
    }
    let mut cases = tokio::task::JoinSet::new();
    for (method, action) in drills {
        cases.spawn(async move {
            let world = ready().await.publish(&["timeout: 1s"]);
            world.run().await.ends(Ending::Published);
            let pages = [
                ("/a", "Apples keep for months."),
                PAGES[1],
                PAGES[2],
                ("/e", "Elderberries must be cooked."),
            ];
            write_site(&world, &pages);
            world.site.remove("/d");
            world
                .chatbot
                .fault(json!({"method": method, "path_glob": SOURCES, "times": 1}), action.clone())
                .await;
            let report = world.run().await;
            assert_eq!(report.outcome, Ending::Published, "{method} {action}: {report:#?}");
            assert_published(&world, &pages).await;
            world.run().await.ends(Ending::Unchanged);
        });
    }
    let mut wrong = Vec::new();
    while let Some(case) = cases.join_next().await {
        if let Err(error) = case {
            let panic = error.into_panic();
            wrong.push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_push_that_stays_half_done_is_ended_by_the_next_run() {
    for (action, ending) in [
        (json!("status:500"), Ending::Failed),
        (error(409, "SOURCE_IS_TRAINING"), Ending::Failed),
        (error(400, "VALIDATION_INVALID_BODY"), Ending::Paused),
        (json!("train-fail"), Ending::Failed),
        (json!("lost-update"), Ending::Failed),
    ] {
        let world = ready().await;
        world.chatbot.fault(json!({"method": "POST", "path_glob": SOURCES, "nth": 3}), action.clone()).await;
        world.chatbot.fault(json!({"method": "PUT", "path_glob": SOURCES}), action.clone()).await;
        let report = world.run().await.ends(ending);
        assert_eq!(report.publish.status, PublishStatus::Unknown, "{action}: {report:#?}");
        world.chatbot.heal().await;
        if ending == Ending::Paused {
            world.corpusd(&["resume", NAME]).await.exits(0);
        }
        // When the API wants requests again.
        let world = world.at(in_two_hours);
        world.run().await.ends(Ending::Published);
        assert_published(&world, &PAGES).await;
        world.run().await.ends(Ending::Unchanged);
    }
}

#[tokio::test]
async fn an_api_that_asks_for_an_hour_in_the_middle_of_a_push_gets_it() {
    let world = ready().await;
    world.chatbot.fault(json!({"method": "POST", "path_glob": SOURCES, "nth": 3}), json!("rate:3600")).await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, PublishStatus::Unknown);
    world.chatbot.heal().await;
    let asked = world.chatbot.log().await.len();
    world.run().await.ends(Ending::Deferred);
    assert_eq!(world.chatbot.log().await.len(), asked);
}

#[tokio::test]
async fn nothing_is_deleted_while_something_is_not_written() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    write_site(&world, &[PAGES[0], PAGES[1], PAGES[2], ("/e", "Elderberries must be cooked.")]);
    world.site.remove("/d");
    // It says so, or something else answers in its place.
    for action in ["status:500", "status:200,<html>Proxy</html>", "status:204,", "lost-update"] {
        world.chatbot.fault(json!({"method": "POST", "path_glob": SOURCES}), json!(action)).await;
        world.run().await.ends(Ending::Failed);
        assert!(world.chatbot.live(AGENT_ID).await.contains("Dates are dried"), "{action}");
        assert!(world.chatbot.writes().await.iter().all(|(method, _)| method != "DELETE"), "{action}");
        world.chatbot.heal().await;
    }
    world.run().await.ends(Ending::Published);
    assert!(!world.chatbot.live(AGENT_ID).await.contains("Dates are dried"));
}

#[tokio::test]
async fn an_agent_without_room_keeps_what_it_has() {
    let mut world = ready().await;
    world.chatbot = Chatbot::with(|options| Options { plan_bytes: Some(1_500), ..options }).await;
    world.run().await.ends(Ending::Published);
    let long = "Elderberries must be cooked. ".repeat(60);
    write_site(&world, &[PAGES[0], PAGES[1], PAGES[2], ("/e", &long)]);
    world.site.remove("/d");
    let world = world.gates(&["max_growth: 1000%", "max_changed: 100%"]);
    let report = world.run().await.ends(Ending::Paused);
    let error = report.error.unwrap();
    assert!(
        error.contains("422: Chatbot storage limit exceeded") && error.contains("bytes found no room"),
        "{error}"
    );
    let live = world.chatbot.live(AGENT_ID).await;
    assert!(PAGES.iter().all(|(_, text)| live.contains(text)), "{live}");
}

#[tokio::test]
async fn an_approval_makes_no_room_beside_what_others_put_there() {
    let world = ready().await.corpus(&["limit: 4KB"]);
    let notes =
        json!({"type": "text", "name": "Notes of the sales team", "content": "Discount. ".repeat(390)});
    let other = world.chatbot.by_somebody_else("POST", &format!("{AGENT_ID}/sources"), &notes).await;
    let error = world.run().await.ends(Ending::Held).error.unwrap();
    assert!(error.contains("delete some of them, or lower `corpus.limit`"), "{error}");
    let told = world.corpusd(&["status", NAME]).await.exits(0).stdout;
    assert!(told.contains("corpusd show"), "{told}");
    assert!(!error.contains("corpusd approve") && !told.contains("corpusd approve"), "{error}\n{told}");
    let report = world.approve().await.unwrap().ends(Ending::Held);
    assert_eq!((report.exit(), report.publish.status), (Exit::Held, PublishStatus::NotSent));
    let error = report.error.unwrap();
    assert!(
        error.contains("the agent has no room for it") && error.contains("delete some of them"),
        "{error}"
    );
    assert_eq!(world.chatbot.writes().await.len(), 1, "theirs");
    let path = format!("{AGENT_ID}/sources/{}", other["id"].as_str().unwrap());
    world.chatbot.by_somebody_else("DELETE", &path, &Value::Null).await;
    world.approve().await.unwrap().ends(Ending::Published);
    assert_published(&world, &PAGES).await;
}

#[tokio::test]
async fn a_training_under_way_is_waited_for() {
    let mut world = ready().await;
    world.chatbot = Chatbot::of(Generation::One).await;
    let busy = error(409, "AGENT_ALREADY_TRAINING");
    world.chatbot.fault(json!({"path_glob": "*/train", "times": 2}), busy.clone()).await;
    world.run().await.ends(Ending::Published);
    assert_published(&world, &PAGES).await;
    // Longer than our patience: what was written stays, and the next run trains it.
    world.site.page("/b", "Bananas ripen overnight in a bag.", &[]);
    world.chatbot.fault(json!({"path_glob": "*/train"}), busy).await;
    let report = world.run().await.ends(Ending::Failed);
    assert_eq!(report.publish.status, PublishStatus::Unknown);
    assert!(!world.chatbot.live(AGENT_ID).await.contains("overnight"));
    world.chatbot.heal().await;
    world.run().await.ends(Ending::Published);
    assert!(world.chatbot.live(AGENT_ID).await.contains("overnight"));
}

#[tokio::test]
async fn a_source_that_was_edited_by_hand_is_put_right_with_the_next_push() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let sources = world.chatbot.sources(AGENT_ID).await;
    let of = |text: &str| {
        let source =
            sources.iter().find(|source| source["content"].as_str().unwrap().contains(text)).unwrap();
        format!("{AGENT_ID}/sources/{}", source["id"].as_str().unwrap())
    };
    // One text, one label; and one that a person deleted.
    world
        .chatbot
        .by_somebody_else("PUT", &of("Apples"), &json!({"content": "Apples are out of stock."}))
        .await;
    let label = json!({"name": "corpusd/t64-0000000000000000/0000000000000000 Mine"});
    world.chatbot.by_somebody_else("PUT", &of("Cherries are"), &label).await;
    world.chatbot.by_somebody_else("DELETE", &of("Dates are"), &Value::Null).await;
    world.site.page("/b", "Bananas ripen overnight in a bag.", &[]);
    world.run().await.ends(Ending::Published);
    let pages = [PAGES[0], ("/b", "Bananas ripen overnight in a bag."), PAGES[2], PAGES[3]];
    assert_published(&world, &pages).await;
    assert!(!world.chatbot.live(AGENT_ID).await.contains("out of stock"));
}

#[tokio::test]
async fn a_process_that_dies_in_the_middle_leaves_nothing_that_the_next_does_not_end() {
    for (nth, action) in [(1, "timeout"), (3, "timeout-after-accept"), (6, "timeout-after-accept")] {
        let world = ready().await;
        let matching = json!({"method": "POST", "path_glob": SOURCES, "nth": nth});
        world.chatbot.fault(matching, json!(action)).await;
        let running = world.spawn(&["run", "--once", NAME]);
        until(RUN_LIMIT, "the write that is never answered", async || {
            world.chatbot.writes().await.len() == nth
        })
        .await;
        running.kill();
        world.chatbot.heal().await;
        world.run().await.ends(Ending::Published);
        assert_published(&world, &PAGES).await;
        world.run().await.ends(Ending::Unchanged);
    }
}

// The delete gate

#[tokio::test]
async fn more_deletions_than_may_be_are_held_before_anything_is_written_even_without_state() {
    for lost in [false, true] {
        let world = ready().await;
        world.run().await.ends(Ending::Published);
        let mut seen = world.chatbot.writes().await.len();
        if lost {
            fs::remove_dir_all(world.path("state")).unwrap();
        }
        write_site(&world, &PAGES[..1]);
        for (path, _) in &PAGES[1..] {
            world.site.remove(path);
        }
        let report = world.run().await.ends(Ending::Held);
        assert_eq!(report.exit(), Exit::Held);
        let error = report.error.unwrap();
        assert!(error.contains("3 of 5 sources of the agent would be deleted"), "{error}");
        assert_eq!(methods(&world, &mut seen).await, "", "lost: {lost}");
        assert_eq!(world.approve().await.unwrap().outcome, Ending::Published);
        assert_published(&world, &PAGES[..1]).await;
    }
}

#[tokio::test]
async fn without_state_the_sources_are_recognised_and_nothing_is_written_twice() {
    let world = ready().await;
    world.run().await.ends(Ending::Published);
    let mut seen = world.chatbot.writes().await.len();
    fs::remove_dir_all(world.path("state")).unwrap();
    world.run().await.ends(Ending::Published);
    assert_eq!(methods(&world, &mut seen).await, "");
}

// Answers and secrets

fn client(world: &World) -> Client {
    let base = world.chatbot.url().parse().unwrap();
    let http = http::Client::new(Egress::new([&base]), http::USER_AGENT);
    let account = Account::new(http, base, STANDARD_KEY.to_owned().into(), Arc::new(Window::default()), now);
    let patience = Patience { pauses: vec![Duration::from_millis(5)], stop: CancellationToken::new() };
    Client::new(account, AGENT_ID, Duration::from_secs(30), patience)
}

#[tokio::test]
async fn the_agent_answers_from_its_sources() {
    let world = ready().await;
    let client = client(&world);
    assert_eq!(client.chat("How long do apples keep?").await.unwrap(), "Hmm, I am not sure.");
    world.run().await.ends(Ending::Published);
    let answer = client.chat("How long do apples keep?").await.unwrap();
    assert!(answer.contains("weeks in a cool cellar"), "{answer}");
    world.chatbot.fault(json!({"path_glob": "*/chat"}), error(402, "CHAT_CREDITS_EXHAUSTED")).await;
    assert!(client.chat("How long do apples keep?").await.unwrap_err().to_string().contains("402"));
}

#[tokio::test]
async fn the_key_is_nowhere() {
    let world = ready().await;
    world.chatbot.fault(json!({"method": "POST", "path_glob": SOURCES}), json!("echo-authorization")).await;
    let ended = world.corpusd(&["-vv", "run", "--once", "--json", NAME]).await.exits(77);
    assert!(ended.stdout.contains("***"), "{}", ended.stdout);
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(STANDARD_KEY));
    for (path, bytes) in world.state_bytes() {
        let key = STANDARD_KEY.as_bytes();
        assert!(!bytes.windows(key.len()).any(|window| window == key), "the key is in {}", path.display());
    }
    assert!(!serde_json::to_string(&world.chatbot.log().await).unwrap().contains(STANDARD_KEY));
    assert!(!format!("{:?}", client(&world)).contains(STANDARD_KEY));
}
