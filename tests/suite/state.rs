//! Locks, kills, and the files under `state/`.

use std::{
    fs,
    time::{Duration, Instant},
};

use corpusd::{
    report::Ending,
    run::RunError,
    sandbox::{AGENT_ID, OCCUPIED_AGENT_ID},
    store::LockError,
};
use rusqlite::Connection;
use serde_json::Value;

use super::{
    chance::amount,
    site::{Reply, Site},
    world::{NAME, RUN_LIMIT, Reported, World},
};

/// A site of so many pages behind a home page that links to all of them.
fn fill(world: &World, pages: usize) {
    let links: Vec<String> = (0..pages).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.page(link, &format!("The article behind {link} is like no other."), &[]);
    }
}

/// The hash that a run which nobody kills gives, and how long the real program takes for it.
pub(crate) async fn undisturbed(world: &World, limit: Duration) -> (String, Duration) {
    // Into a folder, with a state of its own: the chatbot and the world's state know nothing of it.
    let yaml = fs::read_to_string(world.write()).unwrap();
    let (sources, _) = yaml.split_once("publish:\n").unwrap();
    fs::create_dir(world.path("undisturbed")).unwrap();
    let file = world.path("undisturbed").join(format!("{NAME}.yaml"));
    fs::write(file, format!("{sources}publish: {{to: {{directory: out}}}}\n")).unwrap();
    let started = Instant::now();
    let arguments = ["-C", "undisturbed", "--state", "undisturbed/state", "run", "--once", "--json"];
    let report = world.spawn(&arguments).end(limit).await.exits(0).json();
    (report["corpus"]["sha256"].as_str().unwrap().to_owned(), started.elapsed())
}

/// Kills of a convergence test: a few by default, hundreds where somebody has the time.
pub(crate) fn kills() -> u64 {
    amount("CORPUSD_KILLS", 12)
}

#[tokio::test]
async fn killed_at_any_moment_it_loses_nothing_and_mixes_nothing() {
    let world = World::new().await.crawl(&["concurrency: 4"]);
    fill(&world, 120);
    world.site.paced(Duration::from_millis(15));
    let (hash, takes) = undisturbed(&world, RUN_LIMIT).await;
    let mut killed = 0;
    for kill in 1..=kills() {
        // The fractional parts of the multiples of the golden ratio: spread evenly, in no order.
        let share = (kill as f64 * 0.618_033_988_75).fract();
        let ended = world.spawn(&["run", "--once", NAME]).kill_after(takes.mul_f64(share)).await;
        match ended.code() {
            None => killed += 1,
            Some(code) => assert_eq!(code, 0, "{}", ended.stderr),
        }
    }
    assert!(killed > 0, "no run was hit");
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!(report["corpus"]["sha256"], hash.as_str());
    assert_eq!(report["documents"]["kept"], 121);
    assert_eq!(world.chatbot.hashes().await, [hash.as_str()]);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hash.as_str());
}

#[tokio::test]
async fn killed_on_the_way_from_one_version_to_the_next_it_publishes_one_or_the_other() {
    let world = World::new().await.crawl(&["concurrency: 4"]);
    world.site.validates();
    fill(&world, 120);
    let old = world.run().await.ends(Ending::Published).hash();
    for number in 0..40 {
        world.site.page(
            &format!("/p{number}"),
            &format!("The new article behind /p{number} is like no other."),
            &[],
        );
    }
    world.site.paced(Duration::from_millis(15));
    let (new, takes) = undisturbed(&world, RUN_LIMIT).await;
    for kill in 1..=kills() {
        let share = (kill as f64 * 0.618_033_988_75).fract();
        let ended = world.spawn(&["run", "--once", NAME]).kill_after(takes.mul_f64(share)).await;
        assert!(matches!(ended.code(), None | Some(0)), "{}", ended.stderr);
    }
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!(report["corpus"]["sha256"], new.as_str());
    let mut both = [old, new.clone()];
    both.sort();
    assert_eq!(world.chatbot.hashes().await, both);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], new.as_str());
}

#[tokio::test]
async fn a_killed_crawl_goes_on_where_it_was() {
    let world = World::new().await.crawl(&["concurrency: 4", "sitemap: off"]);
    fill(&world, 300);
    world.site.paced(Duration::from_millis(5));
    let running = world.spawn(&["run", "--once", NAME]);
    world.site.asked(230, RUN_LIMIT).await;
    running.kill();
    let before = world.site.requests().len();
    world.site.forget_requests();
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!(report["documents"]["kept"], 301);
    // What may have been lost: a batch that was not committed yet, the window of the crawl, and what was read.
    let lost = 64 + 2 * 4 + 8;
    let again = world.site.requests().len();
    assert!(again <= 302 - before + lost, "{before} requests before the kill, {again} after it");
}

#[tokio::test]
async fn asked_to_stop_it_ends_soon_and_goes_on_next_time() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let world = World::new().await.crawl(&["concurrency: 4", "sitemap: off"]);
        fill(&world, 200);
        world.site.paced(Duration::from_millis(10));
        let running = world.spawn(&["run", "--once", "--json", NAME]);
        world.site.asked(120, RUN_LIMIT).await;
        running.signal(signal);
        let ended = running.end(Duration::from_secs(10)).await.exits(code);
        assert_eq!(ended.json()["outcome"], "interrupted");
        world.site.forget_requests();
        let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
        assert_eq!((&report["outcome"], &report["documents"]["kept"]), (&"published".into(), &201.into()));
        // Told to stop, it commits what it has read.
        assert!(world.site.requests().len() < 202 - 100, "{} requests", world.site.requests().len());
    }
}

#[tokio::test]
async fn what_an_interrupted_crawl_could_not_see_is_not_taken_for_gone() {
    let other = Site::new();
    let world = World::new().await.also(&other.url("/")).crawl(&["concurrency: 2", "sitemap: off"]);
    let world = world.gates(&["max_removed: 100%", "max_shrink: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    let links: Vec<String> = (0..200).map(|number| format!("/p{number}")).collect();
    other.page("/", "The other site.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        other.page(link, &format!("The article behind {link} is like no other."), &[]);
    }
    world.run().await.ends(Ending::Published);
    // One site's robots.txt cannot be read, and before the other is through, somebody stops the run.
    world.site.at("/robots.txt", Reply::status(500));
    other.paced(Duration::from_millis(10)).forget_requests();
    let running = world.spawn(&["run", "--once", NAME]);
    other.asked(150, RUN_LIMIT).await;
    running.signal("TERM");
    running.end(RUN_LIMIT).await.exits(143);
    world.site.remove("/robots.txt");
    let report = world.run().await;
    assert!(world.published().await.contains("Apples keep for weeks."), "{report:#?}");
    assert_eq!(report.pages.removed, 0, "{report:#?}");
}

#[tokio::test]
async fn two_processes_exclude_each_other() {
    let world = World::new().await;
    fill(&world, 3);
    world.site.gate();
    let first = world.spawn(&["run", "--once", NAME]);
    world.site.asked(1, RUN_LIMIT).await;
    let second = world.corpusd(&["run", "--once", NAME]).await.exits(75);
    assert!(second.stderr.contains("another process"), "{}", second.stderr);
    world.corpusd(&["approve", NAME]).await.exits(75);
    assert!(matches!(world.try_run().await, Err(RunError::Lock(LockError::Taken(_)))));
    // Looking is allowed.
    world.corpusd(&["status"]).await.exits(0);
    world.site.open();
    first.end(RUN_LIMIT).await.exits(0);
    world.corpusd(&["run", "--once", NAME]).await.exits(0);
}

#[tokio::test]
async fn a_state_of_a_newer_version_is_refused_and_left_alone() {
    let world = World::new().await;
    fill(&world, 3);
    world.run().await.ends(Ending::Published);
    for journal in ["wal", "delete"] {
        let connection = Connection::open(world.state_file()).unwrap();
        connection.pragma_update(None, "user_version", 4711).unwrap();
        let mode: String =
            connection.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |row| row.get(0)).unwrap();
        assert_eq!(mode, journal);
        drop(connection);
        let before = fs::read(world.state_file()).unwrap();
        world.site.forget_requests();
        for command in [vec!["run", "--once", NAME], vec!["status"], vec!["show", NAME], vec!["resume", NAME]]
        {
            let ended = world.corpusd(&command).await.exits(1);
            assert!(ended.stderr.contains("newer corpusd"), "{command:?}: {}", ended.stderr);
        }
        assert!(
            fs::read(world.state_file()).unwrap() == before,
            "the file in mode `{journal}` was written to"
        );
        assert_eq!((world.site.requests().len(), world.chatbot.pushes().await.len()), (0, 1));
    }
}

#[tokio::test]
async fn a_damaged_state_fails_clearly_and_harms_no_other_pipeline() {
    let world = World::new().await;
    fill(&world, 3);
    world.write_other("other");
    world.corpusd(&["run", "--once"]).await.exits(0);
    fs::write(world.state_file(), "this is no database").unwrap();
    for left in ["docs.sqlite3-wal", "docs.sqlite3-shm"] {
        // They may be gone with the last connection.
        let _absent = fs::remove_file(world.path("state").join(left));
    }
    let ended = world.corpusd(&["run", "--once", "--json"]).await.exits(1);
    assert_eq!(ended.json()["pipeline"], "other");
    assert_eq!(ended.json()["outcome"], "unchanged");
    assert!(ended.stderr.contains("docs") && !ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[tokio::test]
async fn two_pipelines_share_nothing() {
    let world = World::new().await;
    fill(&world, 3);
    let yaml = fs::read_to_string(world.write()).unwrap();
    let other = yaml
        .replace(AGENT_ID, OCCUPIED_AGENT_ID)
        .replace(&world.site.url("/"), &world.site.url("/p1"))
        .replace("rate:", "follow: [\"/p1\"]\n      rate:")
        .replace("api_key:", "adopt: true\n  api_key:");
    fs::write(world.path("pipelines/other.yaml"), other).unwrap();
    let both = world.corpusd(&["run", "--once", "--json"]).await.exits(0);
    let reports: Vec<Value> = both.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept: Vec<_> = reports
        .iter()
        .map(|report| (&report["pipeline"], &report["run"], &report["documents"]["kept"]))
        .collect();
    assert_eq!(kept, [(&"docs".into(), &1.into(), &4.into()), (&"other".into(), &1.into(), &1.into())]);
    // The state of one moves to another machine as a file, or goes away, and the other does not notice.
    fs::remove_file(world.state_file()).unwrap();
    let report = world.corpusd(&["run", "--once", "--json", "other"]).await.exits(0).json();
    assert_eq!((&report["outcome"], &report["run"]), (&"unchanged".into(), &2.into()));
    assert!(!world.chatbot.text(OCCUPIED_AGENT_ID).await.contains("/p2 is like no other"));
}

#[tokio::test]
async fn the_state_moves_to_another_machine_as_one_file() {
    let world = World::new().await;
    world.site.validates();
    fill(&world, 3);
    world.run().await.ends(Ending::Published);
    fs::create_dir(world.path("elsewhere")).unwrap();
    fs::copy(world.state_file(), world.path("elsewhere/docs.sqlite3")).unwrap();
    let report =
        world.corpusd(&["--state", "elsewhere", "run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!((&report["outcome"], &report["pages"]["not_modified"]), (&"unchanged".into(), &4.into()));
    assert_eq!(report["run"], 2);
}

#[tokio::test]
async fn the_state_says_its_version_and_is_sound() {
    let world = World::new().await;
    fill(&world, 3);
    world.run().await.ends(Ending::Published);
    let connection = Connection::open(world.state_file()).unwrap();
    let one =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert!(matches!(one("PRAGMA user_version"), rusqlite::types::Value::Integer(1..)));
    assert_eq!(one("PRAGMA integrity_check"), "ok".to_owned().into());
    assert_eq!(one("PRAGMA journal_mode"), "wal".to_owned().into());
    assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0.into());
}

#[tokio::test]
async fn bodies_that_nothing_refers_to_are_collected() {
    let world = World::new().await.gates(&["max_shrink: 100%", "max_removed: 100%", "max_failed: 100%"]);
    fill(&world, 20);
    world.run().await.ends(Ending::Published);
    let blobs = || -> u64 {
        let connection = Connection::open(world.state_file()).unwrap();
        connection.query_row("SELECT count(*) FROM blob", [], |row| row.get(0)).unwrap()
    };
    let full = blobs();
    world.site.page("/", "Welcome.", &[]);
    for number in 0..20 {
        world.site.remove(&format!("/p{number}"));
    }
    world.run().await.ends(Ending::Unchanged);
    world.run().await.ends(Ending::Published);
    world.run().await.ends(Ending::Unchanged);
    assert!(blobs() < full / 2, "{full} blobs before, {} after", blobs());
}

#[tokio::test]
async fn published_corpora_beyond_keep_are_forgotten() {
    let world = World::new().await.publish(&["keep: 2"]);
    fill(&world, 3);
    for version in 0..6 {
        world.site.page("/p1", &format!("Version {version} of this page."), &[]);
        world.run().await.ends(Ending::Published);
    }
    let connection = Connection::open(world.state_file()).unwrap();
    let kept: u64 = connection.query_row("SELECT count(*) FROM corpus", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2);
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn a_run_that_was_killed_is_told_by_status() {
    let world = World::new().await;
    fill(&world, 3);
    world.site.gate();
    let running = world.spawn(&["run", "--once", NAME]);
    world.site.asked(1, RUN_LIMIT).await;
    running.kill();
    let status = world.corpusd(&["status", "--json"]).await.exits(0).json();
    assert!(status["running_since"].is_string(), "{status}");
    world.site.open();
    world.corpusd(&["run", "--once", NAME]).await.exits(0);
    let status = world.corpusd(&["status", "--json"]).await.exits(0).json();
    assert!(status["running_since"].is_null(), "{status}");
}
