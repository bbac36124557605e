//! Golden questions: asked after a publish, and what becomes of a corpus that fails them.

use std::time::Duration;

use corpusd::{
    cli::Exit,
    report::{Ending, PublishStatus, RunReport},
    sandbox::AGENT_ID,
};
use serde_json::{Value, json};

use super::world::{NAME, Reported, World, in_two_hours, now};

/// Where questions are asked.
const CHAT: &str = "/api/v1/chat";
/// What the help centre knows, for as long as it is told.
const FACT: &str = "A reset link goes to your e-mail address, and stays valid for 24 hours.";
/// What it says of the same instead.
const FLUFF: &str = "We care about your account, and about everything that you entrust us with.";
/// The golden question about it.
const QUESTION: &str = "questions: [{ask: How long is a reset link valid?, expect: [reset link, \"/24 hours/\"], reject: [not sure]}]";

/// A help centre with one page that matters among others, and gates that let go of its facts.
async fn ready(verify: &[&str]) -> World {
    let world = World::new()
        .await
        .gates(&["max_removed: 100%", "max_shrink: 100%", "max_changed: 100%"])
        .verify(&[QUESTION])
        .verify(verify);
    world.site.page("/", "Welcome to the help centre.", &["/reset", "/hubs", "/plans"]);
    world.site.page("/hubs", "Hubs are white, weigh 90 grams, and blink while they look for a network.", &[]);
    world.site.page("/plans", "The small plan has three seats, and the large one as many as you like.", &[]);
    world.site.page("/reset", FACT, &[]);
    world
}

async fn questions_asked(world: &World) -> usize {
    world.chatbot.log().await.iter().filter(|entry| entry["path"] == CHAT).count()
}

async fn live(world: &World) -> Value {
    world.chatbot.agent(AGENT_ID).await["pushed_sha256"].clone()
}

/// How many questions were asked in this run, and how many passed.
fn counts(report: &RunReport) -> (u64, u64) {
    (report.verify.asked, report.verify.passed)
}

#[tokio::test]
async fn a_change_that_makes_a_golden_question_fail_is_rolled_back() {
    let world = ready(&[]).await;
    let good = world.run().await.ends(Ending::Published);
    assert_eq!((counts(&good), good.exit()), ((1, 1), Exit::Done));

    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!((counts(&bad), bad.exit()), ((1, 0), Exit::Unverified));
    let line = &bad.verify.failed[0];
    for part in ["How long is a reset link valid?", "it passed before"] {
        assert!(line.contains(part), "{line}");
    }
    let error = bad.error.as_ref().unwrap();
    assert!(error.contains("1 of 1 golden questions failed; rolled back to"), "{error}");
    assert_eq!(live(&world).await, good.hash());
    let now = world.corpusd(&["verify", NAME, "--json"]).await.exits(0).json();
    assert!(
        now["verified"] == true && now["questions"][0]["answer"].as_str().unwrap().contains("24 hours"),
        "{now}"
    );

    // A person who goes back from here does not arrive at what failed.
    let ended = world.corpusd(&["rollback", NAME]).await.exits(2);
    assert!(ended.stderr.contains("nothing else was published before"), "{}", ended.stderr);

    // What failed is not sent again for as long as the site says the same.
    let pushes = world.chatbot.pushes().await.len();
    world.run().await.ends(Ending::Held);
    let plan = world.corpusd(&["plan", NAME, "--json"]).await.exits(10).json();
    assert_eq!(plan["outcome"], "held", "{plan}");
    for _ in 0..2 {
        let held = world.run().await.ends(Ending::Held);
        assert_eq!((held.hash(), held.exit()), (bad.hash(), Exit::Held));
        let error = held.error.unwrap();
        assert!(error.contains("held by verify") && error.contains("was rolled back"), "{error}");
    }
    assert_eq!(world.chatbot.pushes().await.len(), pushes);

    world.site.page("/reset", &format!("{FACT} {FLUFF}"), &[]);
    let mended = world.run().await.ends(Ending::Published);
    assert_eq!((counts(&mended), live(&world).await), ((1, 1), json!(mended.hash())));

    // Nor does who goes back from what came after it.
    world.rollback().await.ends(Ending::Published);
    assert_eq!(live(&world).await, good.hash());
}

#[tokio::test]
async fn what_failed_is_published_after_all_where_a_person_insists() {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    world.run().await.ends(Ending::Held);
    let insisted = world.approve().await.unwrap().ends(Ending::VerificationFailed);
    assert!(insisted.error.as_ref().unwrap().contains("stays live"), "{insisted:#?}");
    assert_eq!(live(&world).await, bad.hash());
    let report = world.run().await.ends(Ending::Unchanged);
    assert!(report.notes.iter().any(|note| note.contains("failed 1 of 1 golden questions")), "{report:#?}");
    assert_eq!(live(&world).await, bad.hash());
}

#[tokio::test]
async fn whoever_insisted_is_heeded_also_where_it_could_not_be_sent_at_once() {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    world.run().await.ends(Ending::Held);
    world.chatbot.on_push("status:409").await;
    world.approve().await.unwrap().ends(Ending::Failed);
    world.chatbot.heal().await;
    let insisted = world.run().await.ends(Ending::VerificationFailed);
    assert!(insisted.error.as_ref().unwrap().contains("somebody approved it"), "{insisted:#?}");
    assert_eq!(live(&world).await, bad.hash());
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn two_that_fail_do_not_take_turns() {
    let world = ready(&[]).await.verify(&["questions: []"]);
    world.site.page("/reset", FLUFF, &[]);
    let first = world.run().await.ends(Ending::Published).hash();
    let world = world.verify(&[QUESTION]);
    world.chatbot.fault(json!({"path_glob": CHAT}), json!("status:500")).await;
    world.site.page("/plans", "There are no plans any more: everybody has as many seats as they like.", &[]);
    let second = world.run().await.ends(Ending::Published).hash();
    world.chatbot.heal().await;
    world.site.page("/plans", "The small plan has three seats, and the large one as many as you like.", &[]);
    let report = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!((report.hash(), live(&world).await), (first, json!(second)));

    let report = world.run().await.ends(Ending::VerificationFailed);
    assert!(report.error.as_ref().unwrap().contains("the corpus stays live"), "{report:#?}");
    let pushes = world.chatbot.pushes().await.len();
    for _ in 0..2 {
        world.run().await.ends(Ending::Held);
        assert_eq!((live(&world).await, world.chatbot.pushes().await.len()), (json!(second), pushes));
    }
}

#[tokio::test]
async fn a_file_that_wants_no_rollback_any_more_gets_none() {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    world.chatbot.fault(json!({"path_glob": CHAT}), json!("status:500")).await;
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::Published).hash();
    world.chatbot.heal().await;
    let world = world.verify(&["on_failure: report"]);
    world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, bad);
}

#[tokio::test]
async fn other_questions_give_what_failed_another_try() {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    let world = world.verify(&["questions: [{ask: What do you care about?, expect: account}]"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.hash(), counts(&report)), (bad.hash(), (1, 1)));
}

#[tokio::test]
async fn without_a_rollback_the_run_says_so_and_what_is_live_stays() {
    let world = ready(&["on_failure: report"]).await;
    world.run().await.ends(Ending::Published);
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!((live(&world).await, bad.exit()), (json!(bad.hash()), Exit::Unverified));
    let asked = questions_asked(&world).await;
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(questions_asked(&world).await, asked, "nobody asks again about what is known");
}

#[tokio::test]
async fn nothing_takes_the_place_of_a_first_corpus_nor_does_one_that_failed_itself() {
    let world = ready(&[]).await;
    world.site.page("/reset", FLUFF, &[]);
    let first = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, first.hash());
    world.site.page("/hubs", "Hubs are black now, weigh 80 grams, and do not blink.", &[]);
    let second = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, second.hash());
    assert!(second.verify.failed[0].contains("it failed before, too"), "{second:#?}");
}

#[tokio::test]
async fn no_answer_is_not_a_wrong_one() {
    for action in ["status:500", "status:402", "status:403", "rate:none", "not-json", "status:200,{}"] {
        let world = ready(&[]).await;
        let good = world.run().await.ends(Ending::Published).hash();
        world.chatbot.fault(json!({"path_glob": CHAT}), json!(action)).await;
        world.site.page("/reset", FLUFF, &[]);
        let report = world.run().await.ends(Ending::Published);
        assert_eq!((counts(&report), report.exit()), ((0, 0), Exit::Done), "{action}");
        assert!(report.verify.unverified.is_some(), "{action}: {report:#?}");
        assert_eq!(live(&world).await, report.hash(), "{action}");

        // The questions are still owed, and so is what follows from their answers.
        world.chatbot.heal().await;
        let report = world.run().await.ends(Ending::VerificationFailed);
        assert_eq!((counts(&report), live(&world).await), ((1, 0), json!(good)), "{action}");
    }
}

#[tokio::test]
async fn a_training_that_does_not_end_leaves_the_questions_for_later() {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    let asked = questions_asked(&world).await;
    world.chatbot.on_next_push("train-stall").await;
    world.site.page("/hubs", "Hubs are black now, weigh 80 grams, and do not blink.", &[]);
    let report = world.run().await.ends(Ending::Published);
    let reason = report.verify.unverified.unwrap();
    assert!(reason.contains("training"), "{reason}");
    assert_eq!(questions_asked(&world).await, asked);
    world.chatbot.trained_by_somebody_else(AGENT_ID, &world.published().await).await;
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!(counts(&report), (1, 1));
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!(counts(&report), (0, 0));
}

#[tokio::test]
async fn an_agent_that_was_never_trained_before_is_waited_for() {
    let world = ready(&["settle: 1h"]).await;
    world.chatbot.on_next_push("train-stall").await;
    let report = world.run().await.ends(Ending::Published);
    assert!(report.verify.unverified.is_some() && questions_asked(&world).await == 0, "{report:#?}");
}

#[tokio::test]
async fn one_odd_answer_is_outvoted() {
    let world = ready(&[]).await;
    world
        .chatbot
        .fault(json!({"path_glob": CHAT, "times": 1}), json!("status:200,{\"text\":\"Hmm, I am not sure.\"}"))
        .await;
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((counts(&report), questions_asked(&world).await), ((1, 1), 3));
}

#[tokio::test]
async fn a_way_back_is_kept_however_few_corpora_are() {
    let world = ready(&[]).await.publish(&["keep: 1"]);
    let good = world.run().await.ends(Ending::Published).hash();
    world.site.page("/reset", FLUFF, &[]);
    world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, good);
    world.run().await.ends(Ending::Held);
}

#[tokio::test]
async fn a_rollback_that_does_not_come_through_is_made_by_the_next_run() {
    for action in ["status:500", "status:400", "reset-after-accept"] {
        let world = ready(&[]).await;
        let good = world.run().await.ends(Ending::Published).hash();
        world.site.page("/reset", FLUFF, &[]);
        // Of the pushes to come, the first goes through.
        let later = json!({"path_glob": "/api/v1/update-chatbot-data", "nth": 2});
        world.chatbot.fault(later.clone(), json!(action)).await;
        let report = world.run().await.ends(Ending::VerificationFailed);
        assert_ne!(report.publish.status, PublishStatus::NotNeeded, "{action}");
        world.chatbot.heal().await;
        world.corpusd(&["resume", NAME]).await;
        world.run().await;
        assert_eq!(live(&world).await, good, "{action}");
        world.run().await.ends(Ending::Held);
        assert_eq!(live(&world).await, good, "{action}");
    }
}

#[tokio::test]
async fn a_rollback_that_is_owed_does_not_wait_for_the_interval() {
    let world = ready(&[]).await.publish(&["min_interval: 1h"]);
    let good = world.run().await.ends(Ending::Published).hash();
    let world = world.at(in_two_hours);
    world.site.page("/reset", FLUFF, &[]);
    let later = json!({"path_glob": "/api/v1/update-chatbot-data", "nth": 2});
    world.chatbot.fault(later, json!("status:409")).await;
    world.run().await.ends(Ending::VerificationFailed);
    assert_ne!(live(&world).await, good);
    world.chatbot.heal().await;
    // What the site says now is newer than what failed, and its time has not come.
    world.site.page("/hubs", "Hubs are black now, weigh 80 grams, and do not blink.", &[]);
    let report = world.run().await.ends(Ending::VerificationFailed);
    assert!(report.notes.iter().any(|note| note.contains("min_interval")), "{report:#?}");
    assert_eq!(live(&world).await, good);
}

#[tokio::test]
async fn a_link_has_to_be_cited() {
    let world = World::new().await;
    let questions = format!(
        "questions: [{{ask: Where is the page about resets?, link: \"{}\"}}]",
        world.site.url("/resets")
    );
    let world = world.verify(&[&questions]);
    world.site.page("/", "Welcome to the help centre.", &["/resets"]).page("/resets", FACT, &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(counts(&report), (1, 1));
    let elsewhere =
        "questions: [{ask: Where is the page about resets?, link: \"https://docs.example.com/\"}]";
    let world = world.verify(&[elsewhere]);
    let ended = world.corpusd(&["verify", NAME]).await.exits(5);
    assert!(ended.stdout.contains("does not cite https://docs.example.com/"), "{}", ended.stdout);
}

#[tokio::test]
async fn asking_is_a_command_of_its_own_that_publishes_nothing() {
    let world = ready(&[]).await;
    let never_run = world.corpusd(&["verify", NAME]).await.exits(5);
    assert!(never_run.stdout.contains("0 of 1 golden questions passed"), "{}", never_run.stdout);
    assert!(!world.state_file().exists(), "asking makes no state");
    world.run().await.ends(Ending::Published);
    let ended = world.corpusd(&["verify", NAME]).await.exits(0);
    assert_eq!(ended.stdout.trim(), "docs: 1 of 1 golden questions passed");
    world.chatbot.fault(json!({"path_glob": CHAT}), json!("status:401")).await;
    world.corpusd(&["verify", NAME]).await.exits(77);
    world.chatbot.heal().await;
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    let world = world.verify(&["questions: []"]);
    world.corpusd(&["verify", NAME]).await.exits(2);
}

#[tokio::test]
async fn nothing_is_asked_while_the_api_wants_no_requests() {
    let world = ready(&[]).await;
    world.chatbot.fault(json!({"path_glob": CHAT}), json!("rate:3600")).await;
    world.run().await;
    world.chatbot.heal().await;
    let asked = world.chatbot.log().await.len();
    let ended = world.corpusd(&["verify", NAME]).await.exits(1);
    assert!(ended.stderr.contains("asked for no request before"), "{}", ended.stderr);
    assert_eq!(world.chatbot.log().await.len(), asked);
}

#[tokio::test]
async fn a_user_reads_what_failed_and_what_became_of_it() {
    let world = ready(&[]).await;
    world.corpusd(&["run", "--once"]).await.exits(0);
    world.site.page("/reset", FLUFF, &[]);
    let ended = world.corpusd(&["run", "--once"]).await.exits(5);
    for part in
        ["verification_failed", "rolled back to the corpus", "it passed before", "0 of 1 golden questions"]
    {
        assert!(ended.stdout.contains(part), "{part}\n{}", ended.stdout);
    }
    let status = world.corpusd(&["status"]).await.exits(0);
    assert!(status.stdout.contains("it passed before"), "{}", status.stdout);
}

#[tokio::test]
async fn an_agent_that_is_kept_source_by_source_goes_back_as_well() {
    let world = ready(&[]).await.publish(&["to: chatbase_v2"]);
    let good = world.run().await.ends(Ending::Published);
    assert_eq!(counts(&good), (1, 1));
    world.site.page("/reset", FLUFF, &[]);
    let bad = world.run().await.ends(Ending::VerificationFailed);
    assert_eq!((counts(&bad), bad.exit()), ((1, 0), Exit::Unverified));
    assert!(bad.error.as_ref().unwrap().contains("rolled back to"), "{bad:#?}");
    let told = world.chatbot.live(AGENT_ID).await;
    assert!(told.contains(FACT) && !told.contains(FLUFF), "{told}");
    world.corpusd(&["verify", NAME]).await.exits(0);

    let writes = world.chatbot.writes().await.len();
    world.run().await.ends(Ending::Held);
    assert_eq!(world.chatbot.writes().await.len(), writes);
    world.site.page("/reset", &format!("{FACT} {FLUFF}"), &[]);
    let mended = world.run().await.ends(Ending::Published);
    assert_eq!(counts(&mended), (1, 1));
    // A document that leaves takes its source with it, and nothing is trained for that.
    world.site.page("/", "Welcome to the help centre.", &["/reset", "/hubs"]).remove("/plans");
    world.run().await;
    let report = world.run().await;
    assert_eq!((report.outcome, counts(&report)), (Ending::Published, (1, 1)), "{report:#?}");
}

fn in_four_hours() -> jiff::Timestamp {
    now() + Duration::from_hours(4)
}

fn in_ten_hours() -> jiff::Timestamp {
    now() + Duration::from_hours(10)
}

/// A change of the site that makes the golden question fail, each time another one.
fn fails_anew(world: &World, times: u32) {
    world.site.page("/reset", &format!("{FLUFF} Our team of {times} people does so, too."), &[]);
}

/// Runs, and fails unless nothing is tried because of what failed before.
async fn waits(world: &World, why: &str) {
    let pushes = world.chatbot.pushes().await.len();
    let held = world.run().await.ends(Ending::Held);
    let error = held.error.as_ref().unwrap();
    assert!(error.contains("held by rollbacks") && error.contains(why), "{error}");
    assert_eq!((held.exit(), world.chatbot.pushes().await.len()), (Exit::Held, pushes));
}

/// Two corpora failed one after the other, and a third one waits.
async fn failed_twice() -> World {
    let world = ready(&[]).await;
    world.run().await.ends(Ending::Published);
    for times in 1..=2 {
        fails_anew(&world, times);
        world.run().await.ends(Ending::VerificationFailed);
    }
    fails_anew(&world, 3);
    waits(&world, "the last 2 corpora").await;
    world
}

#[tokio::test]
async fn after_a_rollback_nothing_else_is_tried_within_the_interval() {
    let world = ready(&[]).await.publish(&["min_interval: 1h"]);
    let good = world.run().await.ends(Ending::Published).hash();
    let world = world.at(in_two_hours);
    fails_anew(&world, 1);
    world.run().await.ends(Ending::VerificationFailed);
    fails_anew(&world, 2);
    for _ in 0..2 {
        waits(&world, "the last corpus failed golden questions and was rolled back").await;
    }
    let world = world.at(in_four_hours);
    let bad = world.run().await.ends(Ending::VerificationFailed).hash();
    assert_eq!(live(&world).await, good);

    // Whoever approves does not wait; and that others failed is no reason to keep one that fails as well.
    fails_anew(&world, 3);
    waits(&world, "the last 2 corpora").await;
    let approved = world.approve().await.unwrap().ends(Ending::VerificationFailed);
    assert!(approved.error.as_ref().unwrap().contains("rolled back to"), "{approved:#?}");
    assert_ne!(approved.hash(), bad);
    assert_eq!(live(&world).await, good);
}

#[tokio::test]
async fn what_fails_again_and_again_is_tried_less_and_less_until_one_passes() {
    let world = failed_twice().await;
    let world = world.at(in_four_hours);
    world.run().await.ends(Ending::VerificationFailed);
    world.site.page("/reset", &format!("{FACT} {FLUFF}"), &[]);
    waits(&world, "the last 3 corpora").await;
    let world = world.at(in_ten_hours);
    world.run().await.ends(Ending::Published);
    fails_anew(&world, 4);
    world.run().await.ends(Ending::VerificationFailed);
}

#[tokio::test]
async fn whoever_approves_what_comes_too_soon_is_heeded_also_where_it_could_not_be_sent_at_once() {
    for action in ["status:409", "status:429", "status:500"] {
        let world = failed_twice().await;
        world.site.page("/reset", &format!("{FACT} {FLUFF}"), &[]);
        waits(&world, "the last 2 corpora").await;
        world.chatbot.on_push(action).await;
        world.approve().await.unwrap().ends(Ending::Failed);
        world.chatbot.heal().await;
        let report = world.run().await.ends(Ending::Published);
        assert_eq!(live(&world).await, report.hash(), "{action}");
    }
}

#[tokio::test]
async fn an_approval_that_was_not_heard_is_for_that_corpus_alone() {
    let world = failed_twice().await;
    world.chatbot.on_push("status:409").await;
    world.approve().await.unwrap().ends(Ending::Failed);
    world.chatbot.heal().await;
    fails_anew(&world, 4);
    waits(&world, "the last 2 corpora").await;
}

#[tokio::test]
async fn whoever_changes_the_file_sees_at_once_whether_it_helped() {
    let world = failed_twice().await;
    let world = world.crawl(&["exclude: [\"/hubs\"]"]);
    world.run().await.ends(Ending::VerificationFailed);
}

#[tokio::test]
async fn a_key_that_is_refused_while_rolling_back_pauses_every_pipeline_that_uses_it() {
    let world = ready(&[]).await;
    let good = world.run().await.ends(Ending::Published).hash();
    world.site.page("/reset", FLUFF, &[]);
    // Of the pushes to come, the first goes through.
    let later = json!({"path_glob": "/api/v1/update-chatbot-data", "nth": 2});
    world.chatbot.fault(later, json!("status:401")).await;
    let report = world.run().await.ends(Ending::Paused);
    assert_eq!(report.exit(), Exit::Refused);
    let error = report.error.as_ref().unwrap();
    assert!(error.contains("golden questions failed") && error.contains("rollback did not come"), "{error}");
    world.chatbot.heal().await;
    world.write_other("other");
    world.corpusd(&["run", "--once", "other"]).await.exits(77);

    world.corpusd(&["resume", NAME]).await.exits(0);
    let plan = world.corpusd(&["plan", NAME]).await.exits(0);
    assert!(plan.stdout.contains("what is live failed 1 of 1 golden questions"), "{}", plan.stdout);
    assert!(plan.stdout.contains("rolls back to the corpus"), "{}", plan.stdout);
    world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, good);
}

#[tokio::test]
async fn a_rollback_that_may_not_have_arrived_stays_loud_while_the_api_wants_no_requests() {
    let world = ready(&[]).await;
    let good = world.run().await.ends(Ending::Published).hash();
    fails_anew(&world, 1);
    let later = json!({"path_glob": "/api/v1/update-chatbot-data", "nth": 2, "times": 9});
    world.chatbot.fault(later, json!("status:502")).await;
    world.run().await.ends(Ending::VerificationFailed);
    world.chatbot.heal().await;
    fails_anew(&world, 2);
    world.chatbot.fault(json!({"path_glob": "/api/v1/get-chatbots"}), json!("rate:3600")).await;
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::VerificationFailed);
        assert_eq!(report.exit(), Exit::Unverified);
        assert!(report.error.as_ref().unwrap().contains("nobody knows yet"), "{:?}", report.error);
    }
    world.chatbot.heal().await;
    let world = world.at(in_two_hours);
    world.run().await.ends(Ending::VerificationFailed);
    assert_eq!(live(&world).await, good);
}

#[tokio::test]
async fn a_key_that_is_refused_to_a_question_is_refused_to_all_that_follows() {
    let world = ready(&[]).await;
    world.chatbot.fault(json!({"path_glob": CHAT}), json!("status:401")).await;
    let report = world.run().await.ends(Ending::Paused);
    assert_eq!((report.publish.status, report.exit()), (PublishStatus::Acknowledged, Exit::Refused));
    world.chatbot.heal().await;
    world.run().await.ends(Ending::Paused);
    world.corpusd(&["resume", NAME]).await.exits(0);
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!(counts(&report), (1, 1), "the question was still due");
}
