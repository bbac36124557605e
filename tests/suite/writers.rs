//! One writer per agent: however many processes there are, and wherever their files lie, no two pushes overlap.

use std::{fs, process::Stdio};

use corpusd::sandbox::AGENT_ID;

use super::{
    chance::amount,
    site::{Reply, html},
    world::{NAME, RUN_LIMIT, World},
};

/// How long a push takes, in milliseconds.
const PUSH: u64 = 60;

/// A world whose site says something else each time it is asked, so that every run has something to push, and whose
/// agent takes its time.
async fn restless() -> World {
    let world =
        World::new().await.publish(&["adopt: true"]).gates(&["max_changed: 100%", "max_growth: 1000%"]);
    world.site.script(|path, visit| match path {
        "/" => Reply::html(html(path, "Welcome to the help centre, where little changes.", &["/news"])),
        "/news" => Reply::html(html(path, &format!("Our visitor number {visit} is greeted by name."), &[])),
        _ => Reply::status(404),
    });
    world.chatbot.on_push(format!("delay:{PUSH}")).await;
    world
}

/// Starts processes again and again, so many at once, each in the next of these folders; then looks at the pushes.
async fn compete(world: &World, folders: &[&str]) {
    let (processes, rounds) = (amount("CORPUSD_PROCESSES", 5), amount("CORPUSD_ROUNDS", 10));
    let mut published = 0;
    for _ in 0..rounds {
        let running: Vec<_> = folders
            .iter()
            .cycle()
            .zip(0..processes)
            .map(|(folder, _)| {
                let (files, state) = (format!("{folder}pipelines"), format!("{folder}state"));
                let arguments = ["-C", &files, "--state", &state, "run", "--once", NAME];
                world.spawn_with(&arguments, Stdio::null())
            })
            .collect();
        for process in running {
            let ended = process.end(RUN_LIMIT).await;
            match ended.code() {
                Some(0) => published += 1,
                Some(75) => assert!(ended.stderr.contains("another process"), "{}", ended.stderr),
                other => panic!("{other:?}: {}", ended.stderr),
            }
        }
    }
    let pushes = world.chatbot.pushes().await;
    assert!(published >= rounds, "{published} runs of {rounds} rounds came to their end");
    assert!(pushes.len() as u64 >= rounds, "{} pushes", pushes.len());
    // A push is logged when it takes effect, and answered so much later.
    let times: Vec<u64> = pushes.iter().map(|push| push["at"].as_u64().unwrap()).collect();
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= PUSH, "two pushes at {pair:?} overlap");
    }
    let last = &pushes.last().unwrap()["source_sha256"];
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], *last);
}

#[tokio::test]
async fn many_processes_on_one_pipeline_never_push_at_once() {
    let world = restless().await;
    world.write();
    compete(&world, &[""]).await;
}

#[tokio::test]
async fn two_pipelines_with_one_agent_in_different_folders_never_push_at_once() {
    let world = restless().await;
    let file = world.write();
    let elsewhere = world.path("elsewhere/pipelines");
    fs::create_dir_all(&elsewhere).unwrap();
    for name in ["key", &format!("{NAME}.yaml")] {
        fs::copy(file.with_file_name(name), elsewhere.join(name)).unwrap();
    }
    compete(&world, &["", "elsewhere/"]).await;
}
