//! What is logged, how much, and that nothing in it is obeyed.

use std::{fs, os::unix::fs::MetadataExt, process::Stdio};

use corpusd::report::Ending;
use serde_json::Value;

use super::{
    program,
    site::{Reply, Site},
    world::{Reported, World},
};

/// Sets a terminal's title, clears it, turns the direction of reading, and begins a line of its own.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}drawkcab\nfatal: all is lost";

async fn world() -> World {
    let world = World::new().await;
    world.site.page("/", "The first of the pages, with some text on it.", &["/a", "/b"]);
    world.site.page("/a", "The second of the pages, with another text.", &[]);
    world.site.page("/b", "The third of the pages, with a text of its own.", &[]);
    world
}

fn objects(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn is_plain(text: &str) {
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(c == '\n' || !(c.is_control() || turns), "{c:?} in:\n{text:?}");
    }
}

#[tokio::test]
async fn a_run_is_about_five_lines_and_each_says_which_run_it_is_of() {
    let world = world().await;
    for (run, most) in [(1, 6), (2, 5)] {
        let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(0);
        let lines = objects(&ended.stderr);
        assert!((3..=most).contains(&lines.len()), "{}", ended.stderr);
        for line in &lines {
            assert_eq!(line["level"], "INFO", "{line}");
            assert_eq!(line["span"]["name"], "run", "{line}");
            assert_eq!(line["span"]["pipeline"], "docs", "{line}");
            assert_eq!(line["span"]["run.id"], run, "{line}");
        }
        let last = &lines.last().unwrap()["fields"];
        assert!(last["message"].as_str().unwrap().starts_with("run ends: "), "{last}");
        assert!(last["outcome"].is_string() && last["duration_ms"].is_number(), "{last}");
    }
}

#[tokio::test]
async fn what_somebody_has_to_act_upon_is_an_error_and_a_hold_a_warning() {
    let world = world().await;
    let last = async |code: i32| {
        let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(code);
        objects(&ended.stderr).pop().unwrap()
    };
    world.chatbot.on_push("status:403").await;
    assert_eq!(last(77).await["level"], "ERROR");
    world.chatbot.heal().await;
    world.corpusd(&["resume", "docs"]).await.exits(0);
    assert_eq!(last(0).await["level"], "INFO");
    world.site.at("/", Reply::status(500)).at("/a", Reply::status(500)).at("/b", Reply::status(500));
    assert_eq!(last(4).await["level"], "WARN");
}

#[tokio::test]
async fn how_much_is_said_is_asked_for() {
    let world = world().await;
    let count = async |arguments: &[&str], variable: Option<(&str, &str)>| {
        let arguments = [&["run", "--once", "--json"], arguments].concat();
        world.write();
        let mut command = world.command(&arguments);
        if let Some((name, value)) = variable {
            command.env(name, value);
        }
        let running = program::Running::start(command.stdin(Stdio::null()), &world.path("."));
        let ended = running.end(super::world::RUN_LIMIT).await.exits(0);
        let lines = ended.stderr.lines().map(str::to_owned).collect::<Vec<_>>();
        (lines.len(), lines)
    };
    assert_eq!(count(&["--log-level", "error"], None).await.0, 0);
    assert_eq!(count(&["-q"], None).await.0, 0);
    assert_eq!(count(&[], Some(("RUST_LOG", "off"))).await.0, 0);
    assert_eq!(count(&[], Some(("CORPUSD_LOG_LEVEL", "warn"))).await.0, 0);
    let (usual, _) = count(&[], None).await;
    assert!(usual > 0);
    assert!(count(&["--log-level", "debug"], None).await.0 > usual);
    assert_eq!(
        count(&["--log-level", "info"], Some(("RUST_LOG", "off"))).await.0,
        usual,
        "the flag goes before"
    );
    let (more, lines) = count(&[], Some(("RUST_LOG", "corpusd=nonsense"))).await;
    assert_eq!(more, usual + 1);
    assert!(lines[0].contains("`RUST_LOG` is no filter"), "{lines:?}");
    world.corpusd(&["run", "--once", "--log-level", "loud"]).await.exits(2);
}

#[tokio::test]
async fn nothing_that_a_site_says_is_obeyed_by_a_terminal() {
    // In titles, headings, links, a redirect, and in what the API says; each as far as HTTP carries it.
    let api = Site::new();
    let refusal = serde_json::json!({ "message": HOSTILE }).to_string();
    api.script(move |_, _| Reply::new(403, refusal.clone()).header("content-type", "application/json"));
    let world = World::new().await.api(&api.url(""));
    let (in_body, in_header) = (HOSTILE, "/d?\u{9b}2J\u{202e}");
    let hostile = format!(
        "<title>{in_body}</title><main><h1>{in_body}</h1><p>{in_body}, and a sentence of its own.</p>\
         <a href=\"/c?{in_body}\">{in_body}</a></main>"
    );
    world.site.at("/", Reply::html(hostile.clone())).at("/a", Reply::html(hostile.replace("lost", "found")));
    world.site.script(move |path, _| {
        if path.starts_with("/c") { Reply::redirect(301, in_header) } else { Reply::status(404) }
    });
    world.site.page("/b", "A page without malice.", &["/", "/a"]);
    for format in ["text", "json", "journal"] {
        let arguments = ["run", "--once", "--log-level", "trace", "--log-format", format];
        let ended = world.corpusd(&arguments).await.exits(77);
        assert!(ended.stderr.contains("all is lost"), "it is told:\n{}", ended.stderr);
        is_plain(&ended.stderr);
        is_plain(&ended.stdout);
        assert!(!ended.stderr.lines().any(|line| line.starts_with("fatal")), "{}", ended.stderr);
        world.corpusd(&["resume", "docs"]).await.exits(0);
    }
    for arguments in [&["status"][..], &["explain", "docs", &world.site.url("/")]] {
        let ended = world.corpusd(arguments).await;
        is_plain(&ended.stdout);
        is_plain(&ended.stderr);
    }
}

#[tokio::test]
async fn journald_gets_priorities_where_it_is_the_one_who_reads() {
    let world = world().await;
    let run = async |stream: &dyn Fn(&std::fs::Metadata) -> String| {
        world.write();
        let log = fs::File::create(world.path("log")).unwrap();
        let stream = stream(&log.metadata().unwrap());
        let mut command = world.command(&["run", "--once", "-q", "--log-level", "info"]);
        command.env("JOURNAL_STREAM", stream).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = program::start(&mut command);
        super::world::until(super::world::RUN_LIMIT, "it ends", async || {
            fs::read_to_string(world.path("log")).unwrap().contains("run ends")
        })
        .await;
        child.wait().unwrap();
        fs::read_to_string(world.path("log")).unwrap()
    };
    let log = run(&|file| format!("{}:{}", file.dev(), file.ino())).await;
    for line in log.lines() {
        assert!(line.starts_with("<6>run{pipeline=\"docs\" run.id=1}: "), "{line}");
    }
    // Another stream than ours: a parent's, whose variable we inherited.
    for other in ["8:12345", "", "nonsense"] {
        objects(&run(&|_| other.to_owned()).await);
    }
}

#[tokio::test]
async fn text_is_for_people_and_json_for_machines_wherever_they_are_asked_for() {
    let world = world().await;
    let ended = world.corpusd(&["run", "--once", "--json", "--log-format", "text"]).await.exits(0);
    let first = ended.stderr.lines().next().unwrap();
    assert!(first.contains("Z  INFO run{pipeline=\"docs\" run.id=1}: run begins"), "{first}");
    let ended = world.corpusd(&["run", "--once", "--json", "--log-format", "json"]).await.exits(0);
    assert!(objects(&ended.stderr).len() > 2);
    world.run().await.ends(Ending::Unchanged);
}
