//! What the program stands on gives way: names, locks, keys, and the program itself. One pipeline suffers, no other does,
//! nothing that is live is lost, and it goes on by itself when all is well again.

use std::{
    fs,
    io::{self, Write},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use corpusd::{
    config::{self, Defaults, Env, Settings},
    daemon::{self, Options},
    run::Context,
    sandbox::{EXPIRED_KEY, STANDARD_KEY},
    store::DaemonLock,
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, task};

use super::{
    daemon::{
        NIGHTLY, Service, TOKEN, fired_days_ago, free_address, overdue, post, published, settings, status,
        write, write_other,
    },
    program::{Ended, Running, none_is_being_made},
    site::{Reply, Site, html},
    world::{NAME, RUN_LIMIT, World, now, until, within},
};

/// A service that takes every event, and the events that it was sent.
fn listener() -> Site {
    let service = Site::new();
    service.script(|_, _| Reply::text("OK"));
    service
}

fn events(service: &Site) -> Vec<(String, String)> {
    let event = |body: &[u8]| {
        let event: Value = serde_json::from_slice(body).unwrap();
        let reason = event["reasons"][0].as_str().unwrap_or_default().to_owned();
        (event["event"].as_str().unwrap().to_owned(), reason)
    };
    service.requests().iter().map(|request| event(&request.body)).collect()
}

// Keys

#[tokio::test]
async fn a_key_that_is_replaced_is_used_by_the_next_run_and_lifts_the_pause_of_the_old_one() {
    let world = overdue().await;
    fs::write(world.path("pipelines/key"), EXPIRED_KEY).unwrap();
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\ntrigger: {{token: \"${{TOKEN}}\"}}\n"));
    let service = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    until(RUN_LIMIT, "it is paused", async || status(&world).await["paused"].is_string()).await;
    // Nobody says so, and the pipeline file is what it was.
    fs::write(world.path("pipelines/key"), STANDARD_KEY).unwrap();
    until(RUN_LIMIT, "it is published", async || {
        assert_eq!(post(listen, NAME).await, 202);
        status(&world).await["live"].is_object()
    })
    .await;
    service.stop().await;
}

// Locks

#[tokio::test]
async fn a_lock_that_cannot_be_used_is_told_and_holds_up_nobody_else() {
    let (world, service) = (overdue().await, listener());
    write(&world, &format!("{NIGHTLY}notify: {{webhook: \"{}\"}}\n", service.url("/hook")));
    write_other(&world, "other", &world.site.url("/"), NIGHTLY);
    fired_days_ago(&world, "other").await;
    let lock = world.path("state").join(format!("{NAME}.lock"));
    fs::create_dir(&lock).unwrap();
    let listen = free_address().await;
    settings(&world, &format!("listen: {listen}\ntrigger: {{token: \"${{TOKEN}}\"}}\n"));
    let daemon = Service::start_with(&world, &[], &[("TOKEN", TOKEN)]);
    until(RUN_LIMIT, "the other is published", async || world.path("out-other/corpus.md").exists()).await;
    service.asked(1, RUN_LIMIT).await;
    let (event, reason) = &events(&service)[0];
    assert!(event == "failed" && reason.contains("docs.lock") && reason.contains("directory"), "{reason}");
    // It is held until somebody has looked after it and says so.
    assert_eq!(post(listen, NAME).await, 409);
    fs::remove_dir(&lock).unwrap();
    daemon.running.signal("HUP");
    until(RUN_LIMIT, "it is let go", async || post(listen, NAME).await == 202).await;
    published(&world).await;
    daemon.stop().await;

    let lock = world.path("state/.daemon.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let mut command = world.command(&["run"]);
    command.env("TOKEN", TOKEN).stdin(Stdio::null());
    let ended = Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await.exits(1);
    assert!(ended.stderr.contains(".daemon.lock"), "{}", ended.stderr);
}

// Names

/// A run where these are the only names that there are; `None` where this user may not arrange that.
async fn run_where(world: &World, hosts: &str) -> Option<Ended> {
    fs::write(world.path("hosts"), hosts).unwrap();
    // Whoever else is asked for a name is not there.
    fs::write(world.path("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n").unwrap();
    let line = "mount --bind hosts /etc/hosts && mount --bind resolv.conf /etc/resolv.conf || exit 99; exec \"$0\" \"$@\"";
    let corpusd = world.command(&["run", "--once", "--json", NAME]);
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", line]).arg(corpusd.get_program()).args(corpusd.get_args());
    command.env_clear().envs(corpusd.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(world.path("")).stdin(Stdio::null());
    let ended = Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await;
    let is_allowed = ended.code() != Some(99) && !ended.stderr.contains("unshare failed");
    is_allowed.then_some(ended)
}

#[tokio::test]
async fn a_site_whose_name_is_gone_loses_nothing_of_what_is_live() {
    const HOST: &str = "docs.corpusd.test";
    let world = World::new().await;
    let start = world.site.url("/").replace("127.0.0.1", HOST);
    let world = world.starting_at(&start);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.write();
    let known = format!("127.0.0.1 {HOST}\n");
    let Some(first) = run_where(&world, &known).await else {
        writeln!(io::stderr(), "skipped: only root may change what names there are").unwrap();
        return;
    };
    assert_eq!(first.exits(0).json()["outcome"], "published");
    let live = world.published().await;
    let gone = run_where(&world, "").await.unwrap().exits(4).json();
    assert_eq!(gone["outcome"], "incomplete", "{gone}");
    assert_eq!(gone["pages"]["removed"], 0, "{gone}");
    assert_eq!(world.published().await, live);
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    assert_eq!(run_where(&world, &known).await.unwrap().exits(0).json()["outcome"], "unchanged");
}

// Faults of the program itself

/// Times that [`broken_clock`] is to panic.
static PANICS: AtomicU32 = AtomicU32::new(0);
/// The daemon's loop, which is no run.
static LOOP: Mutex<Option<task::Id>> = Mutex::new(None);

/// A clock that panics on demand in a run, but not in what works for it on other threads: the one thing of a run that a
/// test can put its hands on.
fn broken_clock() -> Timestamp {
    let is_run =
        thread::current().name() != Some("tokio-rt-worker") && task::try_id() != *LOOP.lock().unwrap();
    let panics =
        is_run && PANICS.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    assert!(!panics, "the clock is broken");
    now()
}

#[tokio::test]
async fn a_panic_in_a_run_is_told_as_its_failure_and_touches_no_other_run_of_any_pipeline() {
    // Once in the middle, which is recorded; or once more, where its end is recorded.
    for (panics, recorded, reason) in
        [(1, "failed", "the clock is broken"), (2, "interrupted", "a fault of this program")]
    {
        let (world, service) = (overdue().await, listener());
        // The page that is asked for last breaks the clock, for the first time that it is asked for.
        world.site.page("/", "Welcome to the help centre.", &["/a", "/z"]).script(move |path, attempt| {
            if path != "/z" {
                return Reply::status(404);
            }
            if attempt == 0 {
                PANICS.store(panics, Ordering::Relaxed);
            }
            Reply::html(html("/z", "Zucchini keep for days.", &[]))
        });
        write(&world, &format!("{NIGHTLY}notify: {{webhook: \"{}\"}}\n", service.url("/hook")));
        let other = Site::new();
        other.page("/", "Welcome to the other help centre.", &[]);
        write_other(&world, "other", &other.url("/"), NIGHTLY);
        fired_days_ago(&world, "other").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listen = listener.local_addr().unwrap();
        let (folder, here) = (world.path("pipelines"), world.path("pipelines"));
        let context = Context { now: broken_clock, ..world.context() };
        let stop = context.stop.clone();
        none_is_being_made();
        let options = Options {
            lock: DaemonLock::take(&world.path("state")).unwrap(),
            context,
            // One after the other, so that it is clear whose run breaks.
            settings: Settings {
                max_runs: 1,
                trigger: Some(SecretString::from(TOKEN)),
                ..Settings::default()
            },
            folder,
            load: Box::new(move || {
                let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
                config::load_dir(&here, &mut Defaults::default(), &env)
            }),
            reload: Arc::new(Notify::new()),
            listener: Some(listener),
        };
        let daemon = tokio::spawn(daemon::serve(options));
        *LOOP.lock().unwrap() = Some(daemon.id());
        service.asked(1, RUN_LIMIT).await;
        let (event, told) = events(&service).swap_remove(0);
        assert!(event == "failed" && told.contains(reason), "{event}: {told}");
        until(RUN_LIMIT, "the other is published", async || world.path("out-other/corpus.md").exists()).await;
        // The locks are free.
        assert_eq!(post(listen, NAME).await, 202);
        published(&world).await;
        let history =
            world.spawn_with(&["history", "--json", NAME], Stdio::null()).end(RUN_LIMIT).await.exits(0);
        assert!(history.stdout.contains(&format!("\"{recorded}\"")), "{}", history.stdout);
        stop.cancel();
        within(RUN_LIMIT, "the daemon ends", daemon).await.unwrap().unwrap();
    }
}
