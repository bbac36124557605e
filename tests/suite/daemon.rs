//! The daemon as a service manager, a clock and a person see it: the real program, with signals and `NOTIFY_SOCKET`.

use std::{
    fs,
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use corpusd::{
    config::{self, Defaults, Env, Settings},
    daemon::{self, Options},
    notify::Outbox,
    run::{Context, Progress, Waits},
    schedule::{Fired, Record, Schedule},
    store::{DaemonLock, Store},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::{
    chance::{Dice, amount},
    program::{Ended, Running, none_is_being_made},
    site::{Reply, Site},
    world::{NAME, RUN_LIMIT, World, now, until, within},
};

pub(super) const TOKEN: &str = "a-token-of-some-length";
pub(super) const NIGHTLY: &str = "schedule: {cron: \"0 3 * * *\", timezone: Europe/Berlin}\n";

/// The service manager's end of `NOTIFY_SOCKET`, and the program that it started.
pub(super) struct Service {
    socket: UnixDatagram,
    pub(super) running: Running,
}

impl Service {
    /// Starts the daemon on a world whose files are written already.
    fn start(world: &World, arguments: &[&str]) -> Service {
        Service::start_with(world, arguments, &[])
    }

    pub(super) fn start_with(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> Service {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let path = world.path(&format!("notify-{}", STARTED.fetch_add(1, Ordering::Relaxed)));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut command = world.command(&["run"]);
        command.args(arguments).env("NOTIFY_SOCKET", &path).stdin(Stdio::null());
        command.envs(environment.iter().copied());
        Service { socket, running: Running::start(&mut command, &world.path("")) }
    }

    /// Waits until the daemon tells a line that begins like this, and gives the whole message.
    pub(super) async fn told(&self, line: &str) -> String {
        let asking = async {
            let mut buffer = [0; 4096];
            loop {
                match self.socket.recv(&mut buffer) {
                    Ok(length) => {
                        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                        if message.lines().any(|told| told.starts_with(line)) {
                            return message;
                        }
                    }
                    Err(_nothing_yet) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        within(RUN_LIMIT, &format!("the daemon tells {line}"), asking).await
    }

    pub(super) async fn stop(self) -> Ended {
        self.running.signal("TERM");
        self.running.end(RUN_LIMIT).await.exits(143)
    }
}

/// Writes the pipeline file of a world with more at its end.
pub(super) fn write(world: &World, more: &str) {
    let path = world.write();
    let yaml = fs::read_to_string(&path).unwrap();
    fs::write(path, yaml + more).unwrap();
}

/// A second pipeline, which writes into a folder.
pub(super) fn write_other(world: &World, name: &str, start: &str, more: &str) {
    let yaml = format!(
        "version: 1\nagent: {{id: {name}}}\nsources:\n  - site: {{start: \"{start}\", rate: unlimited, retries: 0}}\n\
         publish: {{to: {{directory: ../out-{name}}}}}\n{more}"
    );
    fs::write(world.path("pipelines").join(format!("{name}.yaml")), yaml).unwrap();
}

pub(super) fn settings(world: &World, yaml: &str) {
    fs::write(world.path("corpusd.yaml"), format!("version: 1\n{yaml}")).unwrap();
}

fn schedule(world: &World, name: &str) -> Schedule {
    let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
    let path = world.path("pipelines").join(format!("{name}.yaml"));
    config::load_file(&path, &env).unwrap().pipeline.schedule.unwrap()
}

/// Makes a pipeline's schedule look as if it had fired last three days ago.
pub(super) async fn fired_days_ago(world: &World, name: &str) {
    none_is_being_made();
    let store = Store::open(&world.path("state"), name).unwrap();
    let at = Timestamp::from_second(now().as_second()).unwrap() - SignedDuration::from_hours(72);
    let fired = Fired { schedule: schedule(world, name).identity(), at };
    let before = store.fired().await.unwrap();
    assert!(store.fire(Record { before, fired }).await.unwrap());
}

/// A world with a page and a pipeline that has missed three nights.
pub(super) async fn overdue() -> World {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    write(&world, NIGHTLY);
    fired_days_ago(&world, NAME).await;
    world
}

pub(super) async fn status(world: &World) -> Value {
    let ended = world.spawn_with(&["status", "--json", NAME], Stdio::null()).end(RUN_LIMIT).await.exits(0);
    ended.json()
}

pub(super) async fn published(world: &World) {
    until(RUN_LIMIT, "it is published", async || status(world).await["live"].is_object()).await;
}

// Schedules

#[tokio::test]
async fn missed_nights_are_made_up_for_by_one_run_and_a_restart_fires_nothing_twice() {
    let world = overdue().await;
    let service = Service::start(&world, &[]);
    service.told("READY=1").await;
    published(&world).await;
    service.told("STATUS=1 pipeline, next is docs at ").await;
    let ended = service.stop().await;
    assert!(
        ended.stderr.contains("late_s") && ended.stderr.contains("starts 2 days late"),
        "{}",
        ended.stderr
    );

    let service = Service::start(&world, &[]);
    service.told("STATUS=1 pipeline, next is docs at ").await;
    service.stop().await;
    let standing = status(&world).await;
    assert_eq!(standing["last_run"]["run"], 1, "{standing}");
    let next: Timestamp = standing["next_run"].as_str().unwrap().parse().unwrap();
    assert!(next > now() && next < now() + SignedDuration::from_hours(25), "{next}");
}

#[tokio::test]
async fn a_folder_that_is_gone_changes_nothing_but_is_told_of_until_it_is_back() {
    let world = overdue().await;
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\nmetrics: true\n"));
    let service = Service::start(&world, &[]);
    published(&world).await;
    let says = async |told: &str| {
        until(RUN_LIMIT, told, async || get(listen, "/metrics").await.contains(told)).await;
    };
    let (folder, away) = (world.path("pipelines"), world.path("away"));
    says("\ncorpusd_config_reload_success 1\n").await;
    fs::rename(&folder, &away).unwrap();
    says("\ncorpusd_config_reload_success 0\n").await;
    says("\ncorpusd_held{pipeline=\"docs\"} 0\n").await;
    fs::rename(&away, &folder).unwrap();
    says("\ncorpusd_config_reload_success 1\n").await;
    let ended = service.stop().await;
    assert!(
        ended.stderr.contains("list the folder") && !ended.stderr.contains("is gone"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_new_schedule_has_missed_nothing() {
    let world = overdue().await;
    write(&world, "schedule: {cron: \"0 4 * * *\", catch_up: true}\n");
    let service = Service::start(&world, &[]);
    service.told("STATUS=1 pipeline, next is docs at ").await;
    service.stop().await;
    assert_eq!(status(&world).await["last_run"], Value::Null);
}

#[tokio::test]
async fn what_is_due_runs_once_however_often_cron_calls() {
    let world = overdue().await;
    write_other(&world, "later", &world.site.url("/"), NIGHTLY);
    let due =
        async || world.spawn_with(&["run", "--due", "--json"], Stdio::null()).end(RUN_LIMIT).await.exits(0);
    let first = due().await;
    assert_eq!(first.json()["pipeline"], NAME);
    assert_eq!(due().await.stdout, "");
    assert!(status(&world).await["next_run"].is_string());
}

#[tokio::test]
async fn a_run_that_takes_too_long_ends_and_the_next_one_goes_on_with_its_crawl() {
    let world = overdue().await;
    let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
    let path = world.path("pipelines").join(format!("{NAME}.yaml"));
    let pipeline = config::load_file(&path, &env).unwrap().pipeline;
    let context = context(&world, now, CancellationToken::new());
    world.site.gate();
    let limited = Context { timeout: Some(Duration::from_millis(300)), ..context.clone() };
    none_is_being_made();
    let report = within(RUN_LIMIT, "the run ends", corpusd::run::run(&pipeline, &limited)).await.unwrap();
    assert_eq!(report.outcome.name(), "incomplete");
    assert!(report.error.unwrap().contains("schedule.timeout"));
    world.site.open();
    none_is_being_made();
    let report = within(RUN_LIMIT, "the run ends", corpusd::run::run(&pipeline, &context)).await.unwrap();
    assert_eq!(report.outcome.name(), "published");
}

// Many pipelines

#[tokio::test]
async fn pipelines_that_crawl_one_host_share_its_pace() {
    const RATE: &str = "rate: 20/s";
    let world = World::new().await.crawl(&[RATE]);
    let links: Vec<String> = (0..10).map(|number| format!("/{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for path in &links {
        world.site.page(path, &format!("Text of {path}."), &[]);
    }
    write(&world, NIGHTLY);
    write_other(&world, "other", &world.site.url("/"), NIGHTLY);
    let path = world.path("pipelines/other.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("rate: unlimited", RATE)).unwrap();
    fired_days_ago(&world, NAME).await;
    fired_days_ago(&world, "other").await;
    let service = Service::start(&world, &[]);
    until(RUN_LIMIT, "both are published", async || {
        status(&world).await["live"].is_object() && world.path("out-other/corpus.md").exists()
    })
    .await;
    service.stop().await;
    let mut times: Vec<Instant> = world.site.requests().iter().map(|request| request.at).collect();
    times.sort();
    assert!(times.len() > 24, "{}", times.len());
    let span = times[times.len() - 1] - times[0];
    let least = Duration::from_millis(50) * u32::try_from(times.len() - 1).unwrap();
    // Half of it were each to keep a pace of its own.
    assert!(span > least.mul_f64(0.75), "{} requests in {span:?}", times.len());
}

#[tokio::test]
async fn a_damaged_state_is_set_aside_and_the_others_run() {
    let world = overdue().await;
    write_other(&world, "other", &world.site.url("/"), NIGHTLY);
    fired_days_ago(&world, "other").await;
    fs::write(world.state_file(), b"this was a database once ".repeat(500)).unwrap();
    let service = Service::start(&world, &[]);
    service.told("READY=1").await;
    until(RUN_LIMIT, "the other is published", async || world.path("out-other/corpus.md").exists()).await;
    let ended = service.stop().await;
    assert!(
        ended.stderr.contains("`docs` is held") && ended.stderr.contains("was damaged"),
        "{}",
        ended.stderr
    );
    assert!(!world.state_file().exists());
    assert_eq!(world.chatbot.pushes().await.len(), 0);
    // Called by cron, it does not begin anew either.
    let ended = world.spawn_with(&["run", "--due"], Stdio::null()).end(RUN_LIMIT).await.exits(1);
    assert!(ended.stderr.contains("was damaged"), "{}", ended.stderr);
}

#[tokio::test]
async fn whoever_wants_to_know_hears_of_a_pipeline_that_cannot_run() {
    let world = overdue().await;
    let service = Site::new();
    service.script(|_, _| Reply::text("OK"));
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\nmetrics: true\n"));
    write(&world, &format!("{NIGHTLY}notify: {{webhook: \"{}\"}}\n", service.url("/hook")));
    fs::write(world.state_file(), b"this was a database once ".repeat(500)).unwrap();
    let daemon = Service::start(&world, &[]);
    daemon.told("READY=1").await;
    assert!(get(listen, "/metrics").await.contains("\ncorpusd_unusable{pipeline=\"docs\"} 1\n"));
    service.asked(1, RUN_LIMIT).await;
    let event: Value = serde_json::from_slice(&service.requests()[0].body).unwrap();
    assert_eq!(event["event"], "failed");
    assert!(event["reasons"][0].as_str().unwrap().contains("was damaged"), "{event}");
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_live_grows_stale_also_where_nothing_runs() {
    let service = Site::new();
    service.script(|_, _| Reply::text("OK"));
    let world = World::new().await.at(|| now() - SignedDuration::from_hours(24 * 15));
    let world = world.notify(&[&format!("webhook: \"{}\"", service.url("/hook"))]);
    world.site.page("/", "Welcome to the help centre.", &[]);
    assert_eq!(world.run().await.outcome.name(), "published");
    service.forget_requests();
    let daemon = Service::start(&world, &[]);
    service.asked(1, RUN_LIMIT).await;
    let event: Value = serde_json::from_slice(&service.requests()[0].body).unwrap();
    assert_eq!((&event["event"], &event["run"]), (&Value::from("stale"), &Value::from(1)), "{event}");
    daemon.stop().await;
    // Whoever looks the next time knows that it was told.
    let context = context(&world, now, CancellationToken::new());
    none_is_being_made();
    corpusd::run::tell_if_stale(&world.load(), &context).await.unwrap();
    // So does the next run, though none before it met anything stale.
    world.site.at("/robots.txt", Reply::status(503));
    corpusd::run::run(&world.load(), &context).await.unwrap();
    context.outbox.close().await;
    let event = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["event"].clone();
    let events: Vec<Value> = service.requests().iter().map(|request| event(&request.body)).collect();
    assert_eq!(events, ["stale", "held"]);
}

#[tokio::test]
async fn two_daemons_on_one_state_exclude_each_other() {
    let world = overdue().await;
    let service = Service::start(&world, &[]);
    service.told("READY=1").await;
    world.spawn_with(&["run"], Stdio::null()).end(RUN_LIMIT).await.exits(75);
    service.stop().await;
}

// Lifecycle

#[tokio::test]
async fn a_stop_in_the_middle_of_a_crawl_loses_nothing() {
    let world = overdue().await;
    world.site.gate();
    let service = Service::start(&world, &[]);
    world.site.asked(1, RUN_LIMIT).await;
    service.running.signal("TERM");
    service.told("STOPPING=1").await;
    service.running.end(RUN_LIMIT).await.exits(143);
    assert_eq!(status(&world).await["last_run"]["outcome"], "interrupted");
    world.site.open();
    world.spawn_with(&["run", "--once"], Stdio::null()).end(RUN_LIMIT).await.exits(0);
}

#[tokio::test]
async fn a_push_under_way_has_its_time_and_a_second_signal_ends_it_at_once() {
    for (arguments, signals) in [(["--stop-timeout", "1s"], 1), (["--stop-timeout", "1h"], 2)] {
        let world = overdue().await;
        world.chatbot.on_next_push("timeout").await;
        let service = Service::start(&world, &arguments);
        until(RUN_LIMIT, "it pushes", async || status(&world).await["unsettled"] == true).await;
        for _ in 0..signals {
            service.running.signal("TERM");
            service.told("STOPPING=1").await;
            if signals == 2 {
                service.running.signal("INT");
                break;
            }
        }
        service.running.end(RUN_LIMIT).await.exits(143);
        assert_eq!(status(&world).await["unsettled"], true);
    }
}

#[tokio::test]
async fn nobody_who_is_told_holds_up_the_end_for_longer_than_is_allowed() {
    let world = overdue().await;
    let service = Site::new();
    service.script(|_, _| Reply::text("OK").delayed(RUN_LIMIT));
    write(&world, &format!("{NIGHTLY}notify: {{ping: \"{}\"}}\n", service.url("/ping")));
    world.chatbot.on_next_push("timeout").await;
    let daemon = Service::start(&world, &["--stop-timeout", "1s"]);
    until(RUN_LIMIT, "it pushes", async || status(&world).await["unsettled"] == true).await;
    let asked = Instant::now();
    daemon.stop().await;
    assert!(asked.elapsed() < RUN_LIMIT / 3, "{:?}", asked.elapsed());
}

#[tokio::test]
async fn an_interrupt_ends_with_its_own_code() {
    let world = overdue().await;
    let service = Service::start(&world, &[]);
    service.told("READY=1").await;
    service.running.signal("INT");
    service.running.end(RUN_LIMIT).await.exits(130);
}

#[tokio::test]
async fn the_watchdog_is_fed_by_the_scheduler() {
    let world = overdue().await;
    let service = Service::start_with(&world, &[], &[("WATCHDOG_USEC", "400000")]);
    for _ in 0..5 {
        service.told("WATCHDOG=1").await;
    }
    service.stop().await;
}

#[tokio::test]
async fn folders_are_those_of_the_service_manager() {
    let world = overdue().await;
    fs::rename(world.path("pipelines"), world.path("etc")).unwrap();
    fs::rename(world.path("state"), world.path("var")).unwrap();
    fs::create_dir(world.path("credentials")).unwrap();
    fs::rename(world.path("etc/key"), world.path("credentials/key")).unwrap();
    let file = world.path("etc/docs.yaml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("{file: key}", "{credential: key}")).unwrap();
    let mut command = world.command(&["run", "--due", "--json"]);
    command.env_remove("CORPUSD_CONFIG_DIR").env_remove("CORPUSD_STATE");
    for (name, folder) in [
        ("CONFIGURATION_DIRECTORY", "etc"),
        ("STATE_DIRECTORY", "var"),
        ("CREDENTIALS_DIRECTORY", "credentials"),
    ] {
        command.env(name, world.path(folder));
    }
    let ended = Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await.exits(0);
    assert_eq!(ended.json()["outcome"], "published");
    assert!(!world.path("state").exists());
}

// Reload

#[tokio::test]
async fn a_broken_file_keeps_its_pipeline_and_the_others_change() {
    let world = overdue().await;
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\ntrigger: {{token: \"${{TOKEN}}\"}}\n"));
    let service = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    published(&world).await;

    fs::write(world.path("pipelines/docs.yaml"), "version: 1\nagent: {id: ").unwrap();
    write_other(&world, "other", &world.site.url("/"), "");
    service.running.signal("HUP");
    assert!(service.told("RELOADING=1").await.contains("MONOTONIC_USEC="));
    service.told("READY=1").await;
    assert_eq!(post(listen, "other").await, 202);
    until(RUN_LIMIT, "the new one runs", async || world.path("out-other/corpus.md").exists()).await;
    assert_eq!(post(listen, NAME).await, 202);
    let runs = async || world.site.count("/");
    let before = runs().await;
    until(RUN_LIMIT, "the old one runs as before", async || runs().await > before).await;

    // Without a signal: it is seen, some seconds later.
    fs::remove_file(world.path("pipelines/other.yaml")).unwrap();
    until(RUN_LIMIT, "it is gone", async || post(listen, "other").await == 404).await;
    let ended = service.stop().await;
    assert!(ended.stderr.contains("`docs` goes on as it was before its file was broken"), "{}", ended.stderr);
    assert!(ended.stderr.contains("docs.yaml:"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_holds_for_all_pipelines_is_read_again_and_stays_where_it_is_broken() {
    let world = overdue().await;
    let service = Site::new();
    service.script(|_, _| Reply::text("OK"));
    let listen = free_address().await;
    let hook = |path: &str| fs::write(world.path("hook"), service.url(path)).unwrap();
    let shared = |notify: &str| {
        let daemon = format!("listen: {listen}\nmetrics: true\ntrigger: {{token: \"${{TOKEN}}\"}}\n");
        settings(&world, &format!("{daemon}notify: {notify}\n"));
    };
    hook("/hook/first");
    shared("{webhook: {url: {file: hook}}}");
    let daemon = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    published(&world).await;
    let is_told = async |path: &str| {
        let what = format!("{path} is told");
        until(RUN_LIMIT, &what, async || service.paths().iter().any(|told| told == path)).await;
        service.forget_requests();
    };
    is_told("/hook/first").await;
    // Whatever it is read from changes: it is seen, some seconds later.
    let reads = async |change: &dyn Fn(), success: &str| {
        change();
        daemon.told("RELOADING=1").await;
        daemon.told("READY=1").await;
        let told = get(listen, "/metrics").await;
        assert!(told.contains(&format!("\ncorpusd_config_reload_success {success}\n")), "{told}");
    };
    let run = async |text: &str| {
        world.site.page("/a", text, &[]);
        assert_eq!(post(listen, NAME).await, 202);
    };
    reads(&|| hook("/hook/second"), "1").await;
    run("Pears keep for months.").await;
    is_told("/hook/second").await;
    reads(&|| shared("{webhook: {url: {file: hook}}, timeout: never}"), "0").await;
    run("Plums keep for days.").await;
    is_told("/hook/second").await;
    reads(&|| shared(&format!("{{webhook: \"{}\"}}", service.url("/hook/third"))), "1").await;
    run("Quinces keep for a winter.").await;
    is_told("/hook/third").await;
    let ended = daemon.stop().await;
    assert!(ended.stderr.contains("corpusd.yaml:5:49: error: `timeout` must be"), "{}", ended.stderr);
    assert!(ended.stderr.contains("what holds for all pipelines stays as it was"), "{}", ended.stderr);
}

#[tokio::test]
async fn metrics_say_whether_the_files_could_be_read_and_what_comes_next() {
    let world = overdue().await;
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\nhosts: [corpusd.internal.]\nmetrics: true\n"));
    let service = Service::start(&world, &[]);
    published(&world).await;
    service.told("STATUS=1 pipeline, next is docs at ").await;
    let told = get(listen, "/metrics").await;
    assert!(told.contains("\r\ncontent-type: text/plain; version=0.0.4"), "{told}");
    assert!(told.contains("\ncorpusd_run_outcome{pipeline=\"docs\",outcome=\"published\"} 1\n"), "{told}");
    assert!(told.contains("\ncorpusd_unusable{pipeline=\"docs\"} 0\n"), "{told}");
    let next: Timestamp = status(&world).await["next_run"].as_str().unwrap().parse().unwrap();
    let next = format!("\ncorpusd_next_run_timestamp_seconds{{pipeline=\"docs\"}} {}\n", next.as_second());
    assert!(told.contains(&next), "{told}");
    let reload = async |yaml: &str| {
        fs::write(world.path("pipelines/docs.yaml"), yaml).unwrap();
        service.running.signal("HUP");
        service.told("RELOADING=1").await;
        service.told("READY=1").await;
        let told = get(listen, "/metrics").await;
        let success = told.lines().find_map(|line| line.strip_prefix("corpusd_config_reload_success "));
        success.map(str::to_owned).unwrap_or(told)
    };
    let good = fs::read_to_string(world.path("pipelines/docs.yaml")).unwrap();
    assert_eq!(reload(&good).await, "1");
    assert_eq!(reload("version: 1\nagent: {id: ").await, "0");
    assert_eq!(reload(&good).await, "1");
    // Only what is asked for is there.
    assert_eq!(post(listen, NAME).await, 404);
    let called = async |host: &str| ask(listen, &format!("GET /metrics HTTP/1.1\nHost: {host}\n\n")).await;
    assert_eq!(called("evil.test").await, 421);
    for name in ["corpusd.internal", "corpusd.internal.", "Corpusd.Internal.:8430", "localhost."] {
        assert_eq!(called(name).await, 200, "{name}");
    }
    // Prometheus finds a pod by its address.
    assert_eq!(called("10.1.2.3:8430").await, 200);
    service.stop().await;
}

#[tokio::test]
async fn no_bytes_in_a_file_end_the_daemon() {
    let world = overdue().await;
    let service = Service::start(&world, &[]);
    published(&world).await;
    let good = fs::read(world.path("pipelines/docs.yaml")).unwrap();
    let dice = Dice(6);
    for time in 0..amount("CORPUSD_HANGUPS", 50) {
        let mut bytes = good.clone();
        for nth in time * 20..time * 20 + 1 + dice.roll("how many", time, 20) {
            let at = usize::try_from(dice.roll("where", nth, bytes.len() as u64)).unwrap();
            bytes[at] = u8::try_from(dice.roll("what", nth, 256)).unwrap();
        }
        fs::write(world.path("pipelines/docs.yaml"), bytes).unwrap();
        service.running.signal("HUP");
    }
    fs::write(world.path("pipelines/docs.yaml"), good).unwrap();
    service.running.signal("HUP");
    service.told("RELOADING=1").await;
    service.stop().await;
}

#[tokio::test]
async fn nothing_but_broken_files_is_a_fault_of_the_configuration() {
    let world = World::new().await;
    fs::write(world.path("pipelines/docs.yaml"), "version: 1\n").unwrap();
    world.spawn_with(&["run"], Stdio::null()).end(RUN_LIMIT).await.exits(78);
    write(&world, NIGHTLY);
    settings(&world, "max_runs: none\n");
    let ended = world.spawn_with(&["run"], Stdio::null()).end(RUN_LIMIT).await.exits(78);
    assert!(ended.stderr.contains("corpusd.yaml:2:11: error: "), "{}", ended.stderr);
    settings(&world, "notify: {timeout: none}\n");
    let ended = world.spawn_with(&["run"], Stdio::null()).end(RUN_LIMIT).await.exits(78);
    assert!(ended.stderr.contains("corpusd.yaml:2:19: error: "), "{}", ended.stderr);
}

#[tokio::test]
async fn why_it_does_not_begin_is_a_line_of_its_log_unless_a_person_reads_it() {
    let world = World::new().await;
    let ends_with = async |format: &str, filter: &str, code: i32| {
        let mut command = world.command(&["run", "--log-format", format]);
        command.env("RUST_LOG", filter).stdin(Stdio::null());
        Running::start(&mut command, &world.path(".")).end(RUN_LIMIT).await.exits(code).stderr
    };
    let ends = async |format: &str, code: i32| ends_with(format, "", code).await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listening = format!("listen: {}\nmetrics: true\n", taken.local_addr().unwrap());
    write(&world, NIGHTLY);
    for (yaml, code, why) in [
        ("max_runs: none\n", 78, "corpusd.yaml:2:11: error: "),
        ("notify: {timeout: none}\n", 78, "corpusd.yaml:2:19: error: "),
        (&listening, 1, "Address already in use"),
    ] {
        settings(&world, yaml);
        let told = ends("text", code).await;
        assert!(told.contains(why) && !told.contains("ERROR"), "{told}");
        let told = ends("journal", code).await;
        assert!(told.contains(why) && told.lines().all(|line| line.starts_with("<3>")), "{told}");
        let told = ends("json", code).await;
        let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["level"], "ERROR", "{told}");
        assert!(lines[0]["fields"]["message"].as_str().unwrap().contains(why), "{told}");
        for (format, filter) in [("json", "off"), ("journal", "reqwest=debug")] {
            let told = ends_with(format, filter, code).await;
            assert!(told.contains(why) && told.lines().all(|line| !line.starts_with(['<', '{'])), "{told}");
        }
    }
}

// Trigger

pub(super) async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Sends a request as it is written, `{HOST}` filled in, and gives the status of the answer; 0 where there is none.
pub(super) async fn ask(address: SocketAddr, request: &str) -> u16 {
    let asking = async {
        let Ok(mut stream) = TcpStream::connect(address).await else { return 0 };
        let request = request.replace("{HOST}", &address.to_string()).replace('\n', "\r\n");
        // The answer may come before all is sent.
        let _cut = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => answer.extend_from_slice(&buffer[..length]),
            }
        }
        String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    };
    within(RUN_LIMIT, "an answer comes", asking).await
}

/// The answer to a GET, with its head.
async fn get(address: SocketAddr, path: &str) -> String {
    let asking = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    within(RUN_LIMIT, "an answer comes", asking).await
}

pub(super) async fn post(address: SocketAddr, pipeline: &str) -> u16 {
    let head = format!("POST /trigger/{pipeline} HTTP/1.1\nHost: {{HOST}}\nContent-Length: 0\n");
    ask(address, &format!("{head}Authorization: Bearer {TOKEN}\n\n")).await
}

#[tokio::test]
async fn a_trigger_is_checked_from_the_outside_in() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.gate();
    world.write();
    let listen = free_address().await;
    settings(
        &world,
        &format!("listen: {listen}\nhosts: [corpusd.internal]\ntrigger: {{token: \"${{TOKEN}}\"}}\n"),
    );
    let service = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    service.told("READY=1").await;
    let bearer = format!("Authorization: Bearer {TOKEN}\n");
    let cases = [
        ("GET /healthz", "Host: evil.test\n", "", 200),
        ("GET /readyz", "Host: evil.test\n", "", 200),
        ("GET /trigger/docs", "Host: {HOST}\n", "", 405),
        ("PUT /trigger/docs", "Host: {HOST}\n", &bearer, 405),
        ("GET /trigger/docs", "Host: evil.test\n", "", 421),
        ("POST /trigger/docs", "Host: evil.test\n", &bearer, 421),
        ("POST /trigger/docs", "Host: {HOST}.evil.test\n", &bearer, 421),
        ("POST /trigger/docs", "Host: {HOST}\n", "", 401),
        ("POST /trigger/docs?token=a-token-of-some-length", "Host: {HOST}\n", "", 401),
        ("POST /trigger/docs", "Host: {HOST}\n", "Authorization: Bearer a-token-of-some-lengtH\n", 401),
        ("POST /trigger/docs", "Host: {HOST}\n", "Authorization: Basic YTpi\n", 401),
        ("POST /trigger/docs", "Host: {HOST}\nOrigin: https://evil.test\n", &bearer, 403),
        ("POST /trigger/docs", "Host: {HOST}\nOrigin: null\nContent-Type: text/plain\n", "", 403),
        ("POST /trigger/docs", "Host: {HOST}\nSec-Fetch-Site: cross-site\nCookie: a=b\n", &bearer, 403),
        ("POST /trigger/docs", "Host: {HOST}\nCookie: a=b\n", "", 401),
        ("POST /trigger/absent", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/..%2f..%2fetc%2fpasswd", "Host: {HOST}\n", &bearer, 404),
        ("GET /static/../../etc/passwd", "Host: {HOST}\n", "", 404),
        ("GET /", "Host: {HOST}\n", "", 404),
        ("GET /metrics", "Host: {HOST}\n", "", 404),
        ("POST /trigger/docs", "Host: {HOST}\nOrigin: http://{HOST}\n", &bearer, 202),
        ("POST /trigger/docs", "Host: corpusd.internal\n", &bearer, 202),
        // Whom it calls: by any name, in any case, and everywhere that it names a host.
        ("POST /trigger/docs", "Host: LocalHost.:1\n", &bearer, 202),
        ("POST /trigger/docs", "", &bearer, 421),
        ("POST /trigger/docs", "Host: localhost\nHost: evil.test\n", &bearer, 421),
        ("POST /trigger/docs", "Host: localhost@evil.test\n", &bearer, 421),
        ("POST http://{HOST}/trigger/docs", "Host: {HOST}\n", &bearer, 202),
        ("POST http://evil.test/trigger/docs", "Host: {HOST}\n", &bearer, 421),
        ("POST http://{HOST}/trigger/docs", "Host: evil.test\n", &bearer, 421),
        // What it asks for.
        ("HEAD /trigger/docs", "Host: {HOST}\n", &bearer, 405),
        ("OPTIONS /trigger/docs", "Host: {HOST}\n", "Origin: https://evil.test\n", 405),
        ("GET /trigger/%ff", "Host: {HOST}\n", "", 405),
        ("POST /trigger/%ff", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/docs%0d%0aX:y", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/docs%00", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/Docs", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/docs/", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/", "Host: {HOST}\n", &bearer, 404),
        ("POST /trigger/%64ocs", "Host: {HOST}\n", &bearer, 202),
        // Which site it comes from.
        ("POST /trigger/docs", "Host: localhost\nOrigin: HTTP://LocalHost:80\n", &bearer, 202),
        (
            "POST /trigger/docs",
            "Host: Corpusd.internal:443\nOrigin: https://corpusd.INTERNAL\n",
            &bearer,
            202,
        ),
        (
            "POST /trigger/docs",
            "Host: corpusd.internal\nOrigin: http://corpusd.internal:8080\n",
            &bearer,
            403,
        ),
        ("POST /trigger/docs", "Host: {HOST}\nOrigin: http://{HOST}.evil.test\n", &bearer, 403),
        (
            "POST /trigger/docs",
            "Host: {HOST}\nOrigin: http://{HOST}\nOrigin: http://evil.test\n",
            &bearer,
            403,
        ),
        ("POST /trigger/docs", "Host: {HOST}\nOrigin:\n", &bearer, 403),
        ("POST /trigger/docs", "Host: {HOST}\nSec-Fetch-Site: same-site\n", &bearer, 403),
        (
            "POST /trigger/docs",
            "Host: {HOST}\nSec-Fetch-Site: none\nSec-Fetch-Site: cross-site\n",
            &bearer,
            403,
        ),
        ("POST /trigger/docs", "Host: {HOST}\nSec-Fetch-Site: same-origin\n", &bearer, 202),
        // What it shows.
        ("POST /trigger/docs", "Host: {HOST}\nAuthorization: Bearer another-token\n", &bearer, 401),
        ("POST /trigger/docs", "Host: {HOST}\n", "Authorization: BEARER  a-token-of-some-length \n", 202),
    ];
    for (line, host, more, expected) in cases {
        let status = ask(listen, &format!("{line} HTTP/1.1\n{host}{more}Content-Length: 0\n\n")).await;
        assert_eq!(status, expected, "{line} {host}");
    }
    // As a program asks that knows of nothing newer.
    assert_eq!(ask(listen, &format!("POST /trigger/docs HTTP/1.0\nHost: {{HOST}}\n{bearer}\n")).await, 202);
    assert_eq!(ask(listen, &format!("POST /trigger/docs HTTP/1.0\n{bearer}\n")).await, 421);
    let large = format!("POST /trigger/docs HTTP/1.1\nHost: {{HOST}}\n{bearer}");
    assert_eq!(ask(listen, &format!("{large}Content-Length: 1000000000\n\n")).await, 413);
    let chunk = format!("10000\n{}\n", "x".repeat(0x10000));
    assert_eq!(ask(listen, &format!("{large}Transfer-Encoding: chunked\n\n{chunk}{chunk}")).await, 413);

    // However often it is asked for, one run is under way, and one more will follow.
    world.site.asked(1, RUN_LIMIT).await;
    for _ in 0..200 {
        assert_eq!(post(listen, NAME).await, 202);
    }
    world.site.open();
    until(RUN_LIMIT, "both runs end", async || {
        let standing = status(&world).await;
        standing["last_run"]["run"] == 2 && standing["running_since"].is_null()
    })
    .await;
    // Wrong tokens are answered for a while.
    let mut wrong = 0;
    while ask(listen, "POST /trigger/docs HTTP/1.1\nHost: {HOST}\nContent-Length: 0\n\n").await == 401 {
        wrong += 1;
    }
    assert!(wrong <= 10, "{wrong}");
    assert_eq!(post(listen, NAME).await, 202);
    let ended = service.stop().await;
    assert!(!ended.stderr.contains(TOKEN), "{}", ended.stderr);
}

#[tokio::test]
async fn a_person_triggers_by_the_command() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.write();
    let trigger = async |name: &str| {
        let mut command = world.command(&["trigger", name]);
        Running::start(command.env("TOKEN", TOKEN), &world.path("")).end(RUN_LIMIT).await
    };
    trigger(NAME).await.exits(78);
    settings(&world, &format!("listen: {}\ntrigger: {{token: \"${{TOKEN}}\"}}\n", free_address().await));
    let ended = trigger(NAME).await.exits(1);
    assert!(ended.stderr.contains("cannot be reached"), "{}", ended.stderr);
    let service = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    service.told("READY=1").await;
    trigger("absent").await.exits(2);
    assert_eq!(trigger(NAME).await.exits(0).stdout.trim(), "`docs` is queued");
    published(&world).await;
    service.stop().await;
}

#[tokio::test]
async fn a_request_that_takes_its_time_is_cut_off() {
    let world = overdue().await;
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\ntrigger: {{token: \"${{TOKEN}}\"}}\n"));
    let service = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    service.told("READY=1").await;
    let mut stream = TcpStream::connect(listen).await.unwrap();
    let begun = Instant::now();
    let cut_off = async {
        for byte in b"POST /trigger/docs HTTP/1.1\r\nHost: localhost".iter().cycle() {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    within(RUN_LIMIT, "it is cut off", cut_off).await;
    assert!((8..20).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    service.stop().await;
}

// The clock

fn context(world: &World, now: fn() -> Timestamp, stop: CancellationToken) -> Context {
    Context {
        state_dir: world.path("state"),
        now,
        window: Arc::default(),
        pacers: Arc::default(),
        waits: Waits::default(),
        dry_run: false,
        stop,
        timeout: None,
        progress: Arc::new(Progress::default()),
        outbox: Outbox::default(),
    }
}

#[tokio::test]
async fn nothing_starts_before_the_clock_is_set() {
    let world = World::new().await;
    write(&world, NIGHTLY);
    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let folder = world.path("pipelines");
    none_is_being_made();
    let options = Options {
        lock: DaemonLock::take(&world.path("state")).unwrap(),
        context: context(&world, || Timestamp::UNIX_EPOCH, stop.clone()),
        settings: Settings {
            listen: address,
            trigger: Some(SecretString::from(TOKEN)),
            ..Settings::default()
        },
        load: {
            let folder = folder.clone();
            Box::new(move || {
                let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
                config::load_dir(&folder, &mut Defaults::default(), &env)
            })
        },
        folder,
        reload: Arc::new(Notify::new()),
        listener: Some(listener),
    };
    let daemon = tokio::spawn(daemon::serve(options));
    assert_eq!(ask(address, "GET /readyz HTTP/1.1\nHost: {HOST}\n\n").await, 503);
    assert_eq!(post(address, NAME).await, 202);
    assert_eq!(ask(address, "GET /readyz HTTP/1.1\nHost: {HOST}\n\n").await, 503);
    stop.cancel();
    within(RUN_LIMIT, "the daemon ends", daemon).await.unwrap().unwrap();
    assert_eq!(world.site.requests().len(), 0);
}
