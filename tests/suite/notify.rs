//! Who is told how a run ended: pings, webhooks, commands, a status file.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use corpusd::{report::Ending, run};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use super::{
    daemon::{settings, write_other},
    site::{Canary, Reply, Request, Site},
    world::{RUN_LIMIT, Reported, World, until, within},
};

/// A site of three pages, and a service that is told of its runs.
async fn world(lines: impl Fn(&Site) -> Vec<String>) -> (World, Site) {
    let service = Site::new();
    service.script(|_, _| Reply::text("OK"));
    let lines = lines(&service);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let world = World::new().await.notify(&lines);
    world.site.page("/", "The first of the pages, with some text on it.", &["/a", "/b"]);
    world.site.page("/a", "The second of the pages, with another text.", &[]);
    world.site.page("/b", "The third of the pages, with a text of its own.", &[]);
    (world, service)
}

fn ping(service: &Site) -> String {
    format!("ping: {}", service.url("/ping/secret-path?create=1"))
}

fn webhook(service: &Site) -> String {
    format!("webhook: {{url: \"{}\", secret: {{file: key}}}}", service.url("/hook/secret-path"))
}

fn events(service: &Site) -> Vec<Value> {
    let is_event = |request: &Request| request.path.starts_with("/hook");
    let requests = service.requests().into_iter().filter(is_event);
    requests.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

fn names(service: &Site) -> Vec<String> {
    events(service).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

/// An executable file.
fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn lose_the_site(world: &World) {
    world.site.at("/", Reply::status(500)).at("/a", Reply::status(500)).at("/b", Reply::status(500));
}

fn mend_the_site(world: &World) {
    world.site.page("/", "The first of the pages, with some text on it.", &["/a", "/b"]);
    world.site.page("/a", "The second of the pages, with another text.", &[]);
    world.site.page("/b", "The third of the pages, with a text of its own.", &[]);
}

#[tokio::test]
async fn a_health_check_hears_of_the_beginning_and_of_the_end() {
    let (world, service) = world(|service| vec![ping(service)]).await;
    world.corpusd(&["run", "--once"]).await.exits(0);
    let paths: Vec<_> =
        service.requests().into_iter().map(|request| (request.method, request.path)).collect();
    let get = |path: &str| ("GET".to_owned(), path.to_owned());
    assert_eq!(paths, [get("/ping/secret-path/start?create=1"), get("/ping/secret-path?create=1")]);

    service.forget_requests();
    lose_the_site(&world);
    world.corpusd(&["run", "--once"]).await.exits(4);
    let requests = service.requests();
    let end = requests.last().unwrap();
    assert_eq!((end.method.as_str(), end.path.as_str()), ("POST", "/ping/secret-path/fail?create=1"));
    let body = String::from_utf8(end.body.clone()).unwrap();
    assert!(body.starts_with("docs: ") && body.contains("`corpusd status docs`"), "{body}");
    assert!(
        body.len() < 2000 && !body.contains("secret-path") && !body.contains(corpusd::sandbox::STANDARD_KEY)
    );
    assert!(end.header("content-type").unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn the_webhook_hears_of_what_happened_and_of_the_recovery() {
    let (world, service) = world(|service| vec![webhook(service)]).await;
    let told = async |code: i32| {
        service.forget_requests();
        world.corpusd(&["run", "--once"]).await.exits(code);
        names(&service)
    };
    assert_eq!(told(0).await, ["published"]);
    assert_eq!(told(0).await, Vec::<String>::new(), "nothing happened");
    lose_the_site(&world);
    assert_eq!(told(4).await, ["held"]);
    assert_eq!(told(4).await, ["held"], "it is told until it is resolved");
    mend_the_site(&world);
    assert_eq!(told(0).await, ["recovered"]);
    assert_eq!(told(0).await, Vec::<String>::new());
    world.chatbot.on_push("status:500").await;
    world.site.page("/a", "Something else stands here now, and it is longer than it was.", &[]);
    service.forget_requests();
    world.run().await.ends(Ending::Failed);
    assert_eq!(names(&service), ["failed"]);
    world.chatbot.heal().await;
    assert_eq!(told(0).await, ["published", "recovered"]);
}

#[tokio::test]
async fn an_event_says_what_happened_why_and_what_to_do_and_is_signed() {
    let (world, service) = world(|service| vec![webhook(service)]).await;
    world.corpusd(&["run", "--once"]).await.exits(0);
    service.forget_requests();
    lose_the_site(&world);
    world.corpusd(&["run", "--once"]).await.exits(4);
    let requests = service.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let event: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(event["event"], "held");
    assert_eq!(event["pipeline"], "docs");
    assert_eq!(event["run"], 2);
    assert!(["held", "incomplete"].contains(&event["outcome"].as_str().unwrap()), "{event}");
    assert!(!event["reasons"].as_array().unwrap().is_empty(), "{event}");
    assert!(event["what_to_do"].as_str().unwrap().contains("corpusd status docs"), "{event}");
    assert!(event["text"].as_str().unwrap().starts_with("docs: "), "{event}");
    assert!(event["pages"]["failed"].as_u64().unwrap() > 0, "{event}");
    assert!(event["true_at"].is_string() && event["started_at"].is_string() && event["ended_at"].is_string());

    let mut mac = Hmac::<Sha256>::new_from_slice(corpusd::sandbox::STANDARD_KEY.as_bytes()).unwrap();
    mac.update(&request.body);
    let expected = format!("sha256={}", corpusd::hash::hex(&mac.finalize().into_bytes()));
    assert_eq!(request.header("x-corpusd-signature"), Some(expected.as_str()));
    assert_eq!(request.header("x-corpusd-event"), Some("held"));
    assert!(request.header("x-corpusd-delivery").unwrap().starts_with("docs-2-"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn what_does_not_arrive_is_sent_again_as_it_was() {
    let (world, service) = world(|service| vec![webhook(service), ping(service)]).await;
    for path in ["/hook/secret-path", "/ping/secret-path?create=1"] {
        service.once(path, Reply::status(503)).once(path, Reply::reset());
    }
    world.corpusd(&["run", "--once"]).await.exits(0);
    assert_eq!(service.count("/ping/secret-path?create=1"), 3);
    let events: Vec<_> =
        service.requests().into_iter().filter(|request| request.path == "/hook/secret-path").collect();
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_eq!(event.body, events[0].body);
        assert_eq!(event.header("x-corpusd-delivery"), events[0].header("x-corpusd-delivery"));
        assert_eq!(event.header("x-corpusd-signature"), events[0].header("x-corpusd-signature"));
    }
}

#[tokio::test]
async fn nobody_who_is_told_holds_up_or_fails_a_run_or_is_told_more_than_once_in_vain() {
    let (world, service) = world(|service| vec![webhook(service), ping(service)]).await;
    service.at("/hook/secret-path", Reply::status(404));
    service.at("/ping/secret-path/start?create=1", Reply::silent());
    service.at("/ping/secret-path?create=1", Reply::redirect(302, &service.url("/elsewhere")));
    let begun = std::time::Instant::now();
    let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(0);
    assert_eq!(ended.json()["outcome"], "published");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!((names(&service).len(), service.count("/elsewhere")), (1, 0));
    assert!(
        ended.stderr.contains("it answers 404") && ended.stderr.contains("it answers 302"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("secret-path"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_process_ends_soon_where_a_service_is_down() {
    let (world, _service) = world(|_| {
        // Nobody listens there any more.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        vec![format!("ping: http://{closed}/secret-path"), format!("webhook: http://{closed}/secret-path")]
    })
    .await;
    let begun = std::time::Instant::now();
    let ended = world.corpusd(&["run", "--once"]).await.exits(0);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert!(ended.stderr.contains("is given up: no connection"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("secret-path"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_a_pipeline_does_not_name_is_not_asked() {
    let canary = Canary::new();
    let (world, service) = world(|service| vec![ping(service)]).await;
    for path in ["/ping/secret-path/start?create=1", "/ping/secret-path?create=1"] {
        service.at(path, Reply::redirect(307, &canary.url("/stolen")));
    }
    world.corpusd(&["run", "--once"]).await.exits(0);
    canary.assert_alive();
}

#[tokio::test]
async fn commands_find_out_what_happened() {
    let (world, _service) = world(|_| {
        vec![
            "before: [./tell, before]".to_owned(),
            "after: [./tell, after]".to_owned(),
            "on_failure: [./tell, on_failure]".to_owned(),
        ]
    })
    .await;
    let told = world.path("told");
    script(
        &world.path("pipelines/tell"),
        &format!(
            "echo \"$1 $CORPUSD_PIPELINE $CORPUSD_RUN ${{CORPUSD_OUTCOME-none}} ${{CORPUSD_REASON:+why}}\" >> '{}'",
            told.display()
        ),
    );
    world.corpusd(&["run", "--once"]).await.exits(0);
    let outcome = "docs 1 published ";
    assert_eq!(fs::read_to_string(&told).unwrap(), format!("before docs 1 none \nafter {outcome}\n"));
    fs::remove_file(&told).unwrap();
    lose_the_site(&world);
    let report = world.corpusd(&["run", "--once", "--json"]).await.exits(4).json();
    let outcome = format!("docs 2 {} why", report["outcome"].as_str().unwrap());
    assert_eq!(
        fs::read_to_string(&told).unwrap(),
        format!("before docs 2 none \non_failure {outcome}\nafter {outcome}\n")
    );
}

#[tokio::test]
async fn a_dry_run_tells_nobody() {
    let (world, service) = world(|service| {
        vec![
            ping(service),
            webhook(service),
            "before: [touch, told]".to_owned(),
            "after: [touch, told]".to_owned(),
        ]
    })
    .await;
    world.corpusd(&["run", "--once", "--dry-run"]).await.exits(10);
    assert_eq!((service.requests().len(), world.path("told").exists()), (0, false));
}

#[tokio::test]
async fn no_shell_reads_a_command() {
    let (world, _service) = world(|_| vec!["after: [touch, \"$(touch stolen); a b\"]".to_owned()]).await;
    world.corpusd(&["run", "--once"]).await.exits(0);
    assert!(world.path("$(touch stolen); a b").exists() && !world.path("stolen").exists());
}

#[tokio::test]
async fn a_run_does_not_begin_where_the_command_before_it_fails() {
    let (world, service) = world(|service| {
        vec![
            ping(service),
            webhook(service),
            "before: [sh, -c, \"echo the disk is gone; exit 7\"]".to_owned(),
        ]
    })
    .await;
    let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(1);
    let report = ended.json();
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"], "not begun: the command `sh` failed: exit status: 7");
    assert!(ended.stderr.contains("the disk is gone"), "{}", ended.stderr);
    assert_eq!(world.site.requests().len(), 0);
    assert_eq!(service.count("/ping/secret-path/fail?create=1"), 1);
    assert_eq!(names(&service), ["failed"]);

    let world = world.notify(&["before: [no-such-program-anywhere]"]);
    let report = world.corpusd(&["run", "--once", "--json"]).await.exits(1).json();
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("the command `no-such-program-anywhere` cannot be started"), "{error}");
}

/// Whether the process with the number in this file is there, and no zombie.
fn lives(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_with_all_that_it_started() {
    let (world, _service) = world(|_| vec!["before: [./slow]".to_owned(), "timeout: 1s".to_owned()]).await;
    let pid = world.path("pid");
    script(&world.path("pipelines/slow"), &format!("sleep 600 & echo $! > '{}'; wait", pid.display()));
    let report = world.corpusd(&["run", "--once", "--json"]).await.exits(1).json();
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("slow` was ended after 1 s"), "{error}");
    until(Duration::from_secs(10), "the grandchild is gone", async || !lives(&pid)).await;
}

/// A command that says for which run it is at work, and hangs until it is let go on.
struct Slow {
    told: PathBuf,
    go: PathBuf,
}

impl Slow {
    fn new(world: &World, name: &str) -> Slow {
        let slow = Slow { told: world.path(&format!("told-{name}")), go: world.path(&format!("go-{name}")) };
        let made = std::process::Command::new("mkfifo").arg(&slow.go).status().unwrap();
        assert!(made.success());
        let (told, go) = (slow.told.display(), slow.go.display());
        script(
            &world.path(&format!("pipelines/{name}")),
            &format!("echo \"$CORPUSD_RUN\" >> '{told}'; cat '{go}'"),
        );
        slow
    }

    async fn hangs(&self, run: &str) {
        let is_told = async || self.told().ends_with(run);
        until(RUN_LIMIT, "the command is at work", is_told).await;
    }

    /// A pipe is opened when somebody reads from it.
    async fn goes_on(&self) {
        let go = self.go.clone();
        tokio::task::spawn_blocking(|| fs::write(go, "")).await.unwrap().unwrap();
    }

    fn told(&self) -> String {
        fs::read_to_string(&self.told).unwrap_or_default()
    }
}

#[tokio::test]
async fn while_a_command_hangs_only_those_of_the_last_run_wait_for_it() {
    let (world, _service) = world(|_| vec!["after: [./slow]".to_owned(), "timeout: 1h".to_owned()]).await;
    let slow = Slow::new(&world, "slow");
    let (pipeline, context) = (world.load(), world.context());
    Box::pin(run::run(&pipeline, &context)).await.unwrap();
    slow.hangs("1\n").await;
    for _ in 2..=4 {
        Box::pin(run::run(&pipeline, &context)).await.unwrap();
    }
    slow.goes_on().await;
    slow.hangs("4\n").await;
    slow.goes_on().await;
    within(RUN_LIMIT, "the last command ends", context.outbox.close()).await;
    assert_eq!(slow.told(), "1\n4\n");
}

#[tokio::test]
async fn an_alarm_neither_waits_for_what_follows_every_run_nor_makes_way_for_it() {
    let (world, _service) = world(|_| {
        vec!["after: [./after]".to_owned(), "on_failure: [./on_failure]".to_owned(), "timeout: 1h".to_owned()]
    })
    .await;
    let (after, on_failure) = (Slow::new(&world, "after"), Slow::new(&world, "on_failure"));
    let (pipeline, context) = (world.load(), world.context());
    let run = async || Box::pin(run::run(&pipeline, &context)).await.unwrap();
    run().await;
    after.hangs("1\n").await;
    lose_the_site(&world);
    run().await;
    on_failure.hangs("2\n").await;
    run().await;
    mend_the_site(&world);
    run().await;
    on_failure.goes_on().await;
    on_failure.hangs("3\n").await;
    on_failure.goes_on().await;
    after.goes_on().await;
    after.hangs("4\n").await;
    after.goes_on().await;
    within(RUN_LIMIT, "the last command ends", context.outbox.close()).await;
    assert_eq!((on_failure.told().as_str(), after.told().as_str()), ("2\n3\n", "1\n4\n"));
}

#[tokio::test]
async fn a_stopped_run_stops_the_command_before_it_and_tells_neither_good_nor_bad() {
    let (world, service) =
        world(|service| vec![ping(service), webhook(service), "before: [./slow]".to_owned()]).await;
    let pid = world.path("pid");
    script(
        &world.path("pipelines/slow"),
        &format!("sleep 600 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait", pid.display()),
    );
    let running = world.spawn(&["run", "--once"]);
    until(RUN_LIMIT, "the command is at work", async || pid.exists()).await;
    running.signal("TERM");
    running.end(RUN_LIMIT).await.exits(143);
    until(Duration::from_secs(10), "the grandchild is gone", async || !lives(&pid)).await;
    let paths = service.paths();
    assert!(paths.iter().all(|path| path == "/ping/secret-path/start?create=1"), "{paths:?}");
}

#[tokio::test]
async fn the_status_file_is_always_whole() {
    let (world, _service) = world(|_| vec!["status_file: ../status.json".to_owned()]).await;
    let path = world.path("status.json");
    let read = || serde_json::from_str::<Value>(&fs::read_to_string(&path).unwrap()).unwrap();
    world.corpusd(&["run", "--once"]).await.exits(0);
    let status = read();
    assert_eq!(
        (&status["pipeline"], &status["run"], &status["outcome"]),
        (&"docs".into(), &1.into(), &"published".into())
    );
    assert_eq!((&status["true_at"], &status["reasons"]), (&status["ended_at"], &Value::Array(Vec::new())));
    lose_the_site(&world);
    world.corpusd(&["run", "--once"]).await.exits(4);
    let later = read();
    assert_eq!(later["run"], 2);
    let at = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap();
    // The store keeps milliseconds.
    assert!(at(&status["ended_at"]).duration_since(at(&later["true_at"])).as_secs() == 0, "{status} {later}");
    assert!(at(&later["true_at"]) < at(&later["ended_at"]), "{later}");
    // Where it cannot be written, the run goes on.
    let world = world.notify(&["status_file: ../absent/status.json"]);
    mend_the_site(&world);
    let ended = world.corpusd(&["run", "--once"]).await.exits(0);
    assert!(ended.stderr.contains("status.json` cannot be written"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_approval_is_told_of_and_a_state_that_cannot_be_used_too() {
    let (world, service) = world(|service| vec![webhook(service), ping(service)]).await;
    world.run().await.ends(Ending::Published);
    for path in ["/a", "/b"] {
        world.site.page(path, "Everything is said in other words now, so that a gate has to hold it.", &[]);
    }
    world.site.page("/", "Nothing that stood here before is left, not even a word of it.", &["/a", "/b"]);
    world.corpusd(&["run", "--once"]).await.exits(4);
    service.forget_requests();
    world.corpusd(&["approve", "docs"]).await.exits(0);
    assert_eq!(names(&service), ["published", "recovered"]);
    assert_eq!(service.count("/ping/secret-path?create=1"), 1);

    service.forget_requests();
    fs::write(world.state_file(), "no database at all, but text that goes on and on".repeat(100)).unwrap();
    for ending in ["sqlite3-wal", "sqlite3-shm"] {
        let _absent = fs::remove_file(world.path("state").join(format!("docs.{ending}")));
    }
    world.corpusd(&["run", "--once"]).await.exits(1);
    assert_eq!(names(&service), ["failed"]);
    assert_eq!(events(&service)[0]["run"], Value::Null);
    assert_eq!(service.count("/ping/secret-path/fail?create=1"), 1);
}

#[tokio::test]
async fn a_second_process_says_nothing_of_a_run_that_is_not_its_own() {
    let (world, service) = world(|service| vec![webhook(service), ping(service)]).await;
    world.site.gate();
    let first = world.spawn(&["run", "--once"]);
    world.site.asked(1, RUN_LIMIT).await;
    within(RUN_LIMIT, "the first has begun", service.asked(1, RUN_LIMIT)).await;
    world.corpusd(&["run", "--once"]).await.exits(75);
    assert_eq!(service.requests().len(), 1);
    world.site.open();
    first.end(RUN_LIMIT).await.exits(0);
    assert_eq!(names(&service), ["published"]);
}

// What holds for all pipelines

#[tokio::test]
async fn whoever_is_told_of_all_pipelines_hears_of_those_that_do_not_say_otherwise() {
    let (world, service) = world(|_| Vec::new()).await;
    let shared = |hook: &str| {
        // A token that only the daemon can read.
        let daemon = "trigger: {token: {credential: token}}";
        settings(&world, &format!("{daemon}\nnotify:\n  webhook: {hook}\n  after: [touch, told]\n"));
    };
    shared(&service.url("/hook/all"));
    write_other(
        &world,
        "own",
        &world.site.url("/"),
        &format!("notify: {{webhook: {}}}\n", service.url("/hook/own")),
    );
    write_other(&world, "none", &world.site.url("/"), "notify: {webhook: off, after: off}\n");
    let run = async |pass: &str, name: &str| {
        let code = world.corpusd(&["run", pass, name]).await.code();
        let told = fs::remove_file(world.path("told")).is_ok();
        let paths = service.paths();
        service.forget_requests();
        (code, paths, told)
    };
    assert_eq!(run("--once", "docs").await, (Some(0), vec!["/hook/all".to_owned()], true));
    assert_eq!(run("--once", "own").await, (Some(0), vec!["/hook/own".to_owned()], true));
    assert_eq!(run("--once", "none").await, (Some(0), Vec::new(), false));
    assert_eq!(run("--due", "docs").await, (Some(0), Vec::new(), false), "nothing is due");

    // Nobody knows who should hear of it, so nothing runs; what is there can still be looked at.
    shared("hooks.example.com");
    world.site.forget_requests();
    for pass in ["--once", "--due"] {
        let ended = world.corpusd(&["run", pass]).await.exits(78);
        assert!(ended.stderr.contains("corpusd.yaml:4:12: error: `webhook` is no URL"), "{}", ended.stderr);
    }
    world.corpusd(&["approve", "docs"]).await.exits(78);
    assert_eq!(world.site.requests().len(), 0);
    world.corpusd(&["status"]).await.exits(0);
    let ended = world.corpusd(&["validate"]).await.exits(78);
    assert!(ended.stderr.contains("corpusd.yaml:4:12: error: `webhook` is no URL"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("is no URL").count(), 1, "{}", ended.stderr);
}
