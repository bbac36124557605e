//! What `doctor` finds, and that it leaves everything as it is.

use std::fs;

use corpusd::report::Ending;
use serde_json::{Value, json};

use super::{
    site::Reply,
    world::{NAME, Reported, World},
};

/// What every check of the pipeline came to, in order.
async fn examined(world: &World, code: i32) -> Vec<(String, String)> {
    let ended = world.corpusd(&["doctor", NAME, "--json"]).await.exits(code);
    let field = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let line = |line: &str| -> (String, String) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["pipeline"], line["detail"].is_string()), (&NAME.into(), true), "{line}");
        (field(&line, "check"), field(&line, "health"))
    };
    ended.stdout.lines().map(line).collect()
}

fn told(found: &[(String, String)]) -> Vec<String> {
    found.iter().map(|(check, health)| format!("{check} {health}")).collect()
}

#[tokio::test]
async fn a_sound_pipeline_passes_and_nothing_is_written() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    let well = ["state ok", "database ok", "clock ok", "robots ok", "key ok", "plan ok", "agent ok"];
    assert_eq!(told(&examined(&world, 0).await), well);
    assert!(!world.path("state").exists() && world.site.paths() == ["/robots.txt"]);
    world.run().await.ends(Ending::Published);
    let before = fs::read(world.state_file()).unwrap();
    assert_eq!(told(&examined(&world, 0).await), well);
    assert!(fs::read(world.state_file()).unwrap() == before);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_to_do() {
    let world = World::new().await.agent("no-such-agent");
    world.site.at("/robots.txt", Reply::text("User-agent: *\nDisallow: /\n"));
    fs::create_dir(world.path("state")).unwrap();
    fs::write(world.state_file(), "this is no database").unwrap();
    let ended = world.corpusd(&["doctor"]).await.exits(1);
    for expected in [
        "docs: FAILED  database: cannot use",
        "is forbidden by `Disallow: /`: ask the site's owner to let `corpusd` in",
        "docs: ok      key: accepted",
        "docs: FAILED  agent: ",
        "check `agent.id`",
    ] {
        assert!(ended.stdout.contains(expected), "{expected}:\n{}", ended.stdout);
    }
    assert_eq!(fs::read(world.state_file()).unwrap(), b"this is no database");
}

#[tokio::test]
async fn a_key_that_is_refused_leaves_the_rest_open() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    for (status, expected) in [
        (401, ["key failed", "plan unknown", "agent unknown"]),
        (402, ["key ok", "plan failed", "agent unknown"]),
        (500, ["key failed", "plan unknown", "agent unknown"]),
    ] {
        let matching = json!({"method": "GET", "path_glob": "/api/v1/get-chatbots"});
        world.chatbot.fault(matching, json!(format!("status:{status}"))).await;
        assert_eq!(told(&examined(&world, 1).await)[4..], expected);
        world.chatbot.heal().await;
    }
}
