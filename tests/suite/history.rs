//! What was published before, and the way back to it.

use corpusd::{
    cli::Exit,
    report::{Ending, PublishStatus},
    sandbox::AGENT_ID,
};
use serde_json::Value;

use super::{
    site::Reply,
    world::{NAME, Reported, World},
};

/// A world whose agent was given three corpora, one after the other, and their hashes.
async fn ready() -> (World, [String; 3]) {
    let world = World::new().await;
    let mut hashes = [const { String::new() }; 3];
    for (number, hash) in hashes.iter_mut().enumerate() {
        world.site.page("/", &format!("We open at {number} o'clock, every day of the week."), &[]);
        *hash = world.run().await.ends(Ending::Published).hash();
    }
    (world, hashes)
}

/// The hash of what the agent was given last.
async fn live(world: &World) -> Value {
    world.chatbot.agent(AGENT_ID).await["pushed_sha256"].clone()
}

#[tokio::test]
async fn a_rollback_publishes_the_earlier_bytes_and_pins_them_until_unpinned() {
    let (world, [_, second, third]) = ready().await;
    world.site.forget_requests();
    let report = world.corpusd(&["rollback", NAME, "--json"]).await.exits(0).json();
    assert_eq!((&report["outcome"], &report["corpus"]["sha256"]), (&"published".into(), &(*second).into()));
    assert_eq!(world.site.requests().len(), 0, "a rollback crawls nothing");
    assert_eq!(live(&world).await, second);
    let status = world.corpusd(&["status"]).await.exits(0).stdout;
    assert!(status.contains("publication 2 is pinned") && status.contains("corpusd unpin docs"), "{status}");

    // Runs crawl and report, and publish nothing.
    for text in ["We open at noon, every day of the week.", "We open at 1 o'clock, every day of the week."] {
        world.site.page("/", text, &[]);
        let report = world.run().await.ends(Ending::Pinned);
        assert_eq!((report.exit(), report.publish.status), (Exit::Done, PublishStatus::NotNeeded));
        assert_eq!(report.pages.fetched, 1);
        assert!(report.notes.iter().any(|note| note.contains("corpusd unpin docs")), "{:?}", report.notes);
        assert_eq!(live(&world).await, second);
    }
    assert_eq!(world.chatbot.pushes().await.len(), 4);

    let unpinned = world.corpusd(&["unpin", NAME]).await.exits(0);
    assert!(unpinned.stderr.contains("no longer pinned"), "{}", unpinned.stderr);
    world.site.page("/", "We open at 2 o'clock, every day of the week.", &[]);
    assert_eq!(world.run().await.ends(Ending::Published).hash(), third);
    world.corpusd(&["unpin", NAME]).await.exits(0);
}

#[tokio::test]
async fn a_rollback_goes_to_a_number_or_a_hash_or_step_by_step() {
    let (world, [first, second, third]) = ready().await;
    let to = async |to: &[&str], expected: &str| {
        world.corpusd(&[&["rollback", NAME], to].concat()).await.exits(0);
        assert_eq!(live(&world).await, expected, "{to:?}");
        world.run().await.ends(Ending::Pinned);
    };
    to(&[], &second).await;
    to(&[], &first).await;
    to(&["3"], &third).await;
    to(&[&first[..8]], &first).await;
    let pushes = world.chatbot.pushes().await.len();
    for nothing in [&["rollback", NAME][..], &["rollback", NAME, "77"], &["rollback", NAME, "live"]] {
        world.corpusd(nothing).await.exits(2);
    }
    // What is live already is pinned, not sent again.
    let report = world.corpusd(&["rollback", NAME, "1", "--json"]).await.exits(0).json();
    assert_eq!((&report["outcome"], &report["publish"]["status"]), (&"pinned".into(), &"not_needed".into()));
    assert_eq!(world.chatbot.pushes().await.len(), pushes);
}

#[tokio::test]
async fn before_anything_was_published_there_is_nothing_to_go_back_to() {
    let world = World::new().await;
    let ended = world.corpusd(&["rollback", NAME]).await.exits(2);
    assert!(ended.stderr.contains("nothing else was published"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_rollback_that_failed_is_done_by_the_next_run() {
    let (world, [_, second, third]) = ready().await;
    world.chatbot.on_push("status:409").await;
    let report = world.rollback().await.ends(Ending::Failed);
    assert!(report.notes.concat().contains("the next run tries again"), "{report:?}");
    assert_eq!(live(&world).await, third);
    world.chatbot.heal().await;
    let report = world.run().await.ends(Ending::Pinned);
    assert_eq!((report.publish.status, report.hash()), (PublishStatus::Acknowledged, third));
    assert_eq!(live(&world).await, second);
    world.run().await.ends(Ending::Pinned);
    assert_eq!(world.chatbot.pushes().await.len(), 5);
}

#[tokio::test]
async fn a_rollback_of_unknown_outcome_is_settled_with_its_own_bytes_whatever_the_site_says() {
    let (world, [_, second, _]) = ready().await;
    world.chatbot.on_push("status:500").await;
    world.rollback().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    // An incomplete run has nothing of its own to send.
    world.site.at("/robots.txt", Reply::status(500));
    world.run().await.ends(Ending::Incomplete);
    assert_eq!(live(&world).await, second);
}

#[tokio::test]
async fn a_rollback_that_failed_is_done_whatever_has_become_of_the_site() {
    for (path, status) in [("/robots.txt", 500), ("/", 404)] {
        let (world, [_, second, third]) = ready().await;
        let world = world.crawl(&["gone_after: 1"]);
        world.chatbot.on_push("status:409").await;
        world.rollback().await.ends(Ending::Failed);
        world.chatbot.heal().await;
        assert_eq!(live(&world).await, third);
        world.site.at(path, Reply::status(status));
        let report = world.run().await;
        assert!(matches!(report.outcome, Ending::Incomplete | Ending::Held), "{report:#?}");
        assert_eq!((live(&world).await, report.publish.status), (second.into(), PublishStatus::Acknowledged));
        world.run().await;
        assert_eq!(world.chatbot.pushes().await.len(), 5);
    }
}

#[tokio::test]
async fn what_nobody_knows_of_is_gone_back_from_and_a_plan_tells_of_it() {
    let (world, [_, _, third]) = ready().await;
    world.site.page("/", "Cheaper watches than anywhere else, every day of the week.", &[]);
    let world = world.gates(&["max_changed: 100%", "max_shrink: 100%"]);
    world.chatbot.on_push("status:500").await;
    world.run().await.ends(Ending::Failed);
    world.site.page("/", "We open at 2 o'clock, every day of the week.", &[]);
    world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    let plan = world.corpusd(&["plan", NAME]).await.exits(10).stdout;
    assert!(plan.contains("nobody knows whether publication 5 arrived"), "{plan}");

    world.site.page("/", "We open at midnight, every day of the week.", &[]);
    world.chatbot.on_push("status:500").await;
    world.run().await.ends(Ending::Failed);
    world.chatbot.heal().await;
    world.rollback().await.ends(Ending::Published);
    assert_eq!(live(&world).await, third);
}

#[tokio::test]
async fn while_one_is_pinned_nothing_is_held_and_nothing_can_be_approved() {
    let (world, [_, second, _]) = ready().await;
    world.site.page("/", "Cheap watches.", &[]);
    world.run().await.ends(Ending::Held);
    world.corpusd(&["rollback", NAME]).await.exits(0);
    let report = world.run().await.ends(Ending::Pinned);
    assert!(report.notes.iter().any(|note| note.contains("would be held by")), "{:?}", report.notes);
    let ended = world.corpusd(&["approve", NAME]).await.exits(0);
    assert!(ended.stderr.contains("publication 2 is pinned"), "{}", ended.stderr);
    assert_eq!(live(&world).await, second);
    world.corpusd(&["unpin", NAME]).await.exits(0);
    world.run().await.ends(Ending::Held);
}

#[tokio::test]
async fn a_history_tells_what_was_published_and_what_can_be_gone_back_to() {
    let (world, [first, second, third]) = ready().await;
    world.chatbot.on_next_push("status:400").await;
    world.site.page("/", "We open at noon, every day of the week.", &[]);
    world.run().await.ends(Ending::Paused);
    let history = world.corpusd(&["history", NAME]).await.exits(0).stdout;
    assert!(history.contains("rejected"), "{history}");
    world.corpusd(&["rollback", NAME, "4"]).await.exits(2);
    world.corpusd(&["rollback", NAME, "1"]).await.exits(0);
    world.run().await.ends(Ending::Pinned);
    let history = world.corpusd(&["history", NAME, "--json"]).await.exits(0).json();
    let told = history["publications"].as_array().unwrap().iter().map(|row| {
        let flags = ["live", "pinned", "can_roll_back"].map(|flag| row[flag].as_bool().unwrap());
        (
            row["publication"].as_u64().unwrap(),
            row["sha256"].as_str().unwrap(),
            flags,
            row["restores"].as_u64(),
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (5, &*first, [true, false, true], Some(1)),
            (3, &*third, [false, false, true], None),
            (2, &*second, [false, false, true], None),
            (1, &*first, [false, true, true], None),
        ]
    );
    let outcomes: Vec<_> =
        history["runs"].as_array().unwrap().iter().map(|run| run["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["pinned", "published", "paused", "published", "published", "published"]);
    assert_eq!(history["runs"][5]["documents"], 1);
    let table = world.corpusd(&["history", NAME]).await.exits(0).stdout;
    for text in ["live, back to 1", "accepted, pinned", &first[..8], "corpusd rollback docs NUMBER"] {
        assert!(table.contains(text), "{text} in:\n{table}");
    }
}

#[tokio::test]
async fn a_corpus_that_is_no_longer_kept_cannot_be_gone_back_to() {
    let (world, hashes) = ready().await;
    let world = world.publish(&["keep: 1"]);
    world.site.page("/", "We open at noon, every day of the week.", &[]);
    world.run().await.ends(Ending::Published);
    for forgotten in ["1", "3", &hashes[1][..10]] {
        world.corpusd(&["rollback", NAME, forgotten]).await.exits(2);
    }
    let history = world.corpusd(&["history", NAME, "--json"]).await.exits(0).json();
    assert_eq!(history["publications"].as_array().unwrap().len(), 1, "{history}");
}
