//! The program killed in every stage of a run, its log cut at every frame, its disk full or failing: the state stays
//! usable, and nothing is sent but whole corpora.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use corpusd::{hash::hex, report::Ending, run::Stage, sandbox::AGENT_ID, store::Store};
use rusqlite::Connection;
use serde_json::json;

use super::{
    chance::{Dice, amount},
    program::{self, Ended, Running},
    state::undisturbed,
    world::{self, NAME, RUN_LIMIT, Reported, World},
};

/// Articles of the site, besides its home page.
const ARTICLES: usize = 30;
/// The article that changes.
const CHANGING: &str = "/p7";
/// What it says, in turn.
const TEXTS: [&str; 2] = ["Apples keep for weeks.", "Apples keep for months, we have learned."];

/// A site of which one page changes, and never more: whatever was read of it when, it is one version or the other.
fn fill(world: &World, version: usize) {
    let links: Vec<String> = (0..ARTICLES).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        // So much that the corpus is more than a page of the database.
        let text = format!("The article behind {link} is like no other. ").repeat(20);
        world.site.page(link, &text, &[]);
    }
    world.site.page(CHANGING, TEXTS[version], &[]);
}

/// Fails unless the database is sound, and what it says was published is what the chatbot holds.
async fn assert_sound(world: &World, case: &str) {
    for name in [NAME, "shared"] {
        assert_intact(&world.path("state").join(format!("{name}.sqlite3")), case);
    }
    let Ok(connection) = Connection::open(world.state_file()) else { panic!("{case}: the state opens") };
    let latest = |state: &str| {
        let sql = format!("SELECT corpus FROM publication WHERE state IN ({state}) ORDER BY id DESC LIMIT 1");
        // Killed at its very first moment, it leaves a file without tables.
        let mut statement = connection.prepare(&sql).ok()?;
        statement.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap().next().map(Result::unwrap)
    };
    if latest("'intent', 'unknown'").is_none()
        && let Some(live) = latest("'acknowledged'")
    {
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hex(&live), "{case}");
    }
}

/// Fails unless the file is a sound database. One that is not there yet is.
fn assert_intact(path: &Path, case: &str) {
    if !path.exists() {
        return;
    }
    let connection = Connection::open(path).unwrap();
    let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("PRAGMA integrity_check"), "ok", "{case}: {}", path.display());
    assert_eq!(ask("SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_check"), "0", "{case}");
}

/// The stage that a program was in when it ended, by what it said.
fn last_stage(stderr: &str) -> Option<&'static str> {
    let said = |stage: &Stage| stderr.rfind(&saying(stage.name()));
    let last = Stage::ALL.into_iter().filter(|stage| said(stage).is_some()).max_by_key(said);
    last.map(Stage::name)
}

/// How a program that enters a stage says so.
fn saying(stage: &str) -> String {
    format!("\"stage\":\"{stage}\"")
}

#[tokio::test]
async fn killed_in_every_stage_it_sends_whole_corpora_and_ends_where_it_would_have() {
    let question = "questions: [{ask: What do you know?, reject: nothing at all}]";
    let world = World::new().await.crawl(&["concurrency: 4"]).verify(&[question]);
    world.site.validates().paced(Duration::from_millis(2));
    let mut hashes = Vec::new();
    for version in 0..TEXTS.len() {
        fill(&world, version);
        hashes.push(undisturbed(&world, RUN_LIMIT).await.0);
        fs::remove_dir_all(world.path("undisturbed")).unwrap();
    }
    // Requests that take their time can be hit.
    world.chatbot.fault(json!({"path_glob": "/api/*"}), json!("delay:15")).await;

    let (kills, dice) = (amount("CORPUSD_KILLS", 60), Dice(5));
    let mut missed = 0;
    for (round, stage) in (0..kills).zip(Stage::ALL.iter().cycle()) {
        let case = format!("round {round}, killed while {}", stage.name());
        // Whatever is live, there is something else to publish.
        let live = &world.chatbot.agent(AGENT_ID).await["pushed_sha256"];
        fill(&world, usize::from(*live == hashes[0]));
        // As long as they last, in microseconds, more or less; it waits where it has something more to say.
        let most = match stage {
            Stage::Crawling => 60_000,
            Stage::Asking | Stage::Sending | Stage::Verifying => 15_000,
            _ => 700,
        };
        let after = Duration::from_micros(dice.roll(stage.name(), round, most));
        let running = world.spawn_in_step(&["-v", "run", "--once", NAME]);
        let (running, met) = running.meet(&saying(stage.name()), RUN_LIMIT).await;
        if !met {
            // What the program that was killed before had sent has arrived since, and there was nothing to publish.
            running.end(RUN_LIMIT).await.exits(0);
            missed += 1;
            assert!(missed <= kills / 10, "{case}: it is not there");
            continue;
        }
        let ended = running.kill_after(after).await;
        assert_eq!(ended.code(), None, "{case}: {}", ended.stderr);
        assert_eq!(last_stage(&ended.stderr), Some(stage.name()), "{case}");
        let sent = world.chatbot.hashes().await;
        assert!(sent.iter().all(|hash| hashes.contains(hash)), "{case}: {sent:?} of {hashes:?}");
        assert_sound(&world, &case).await;
    }
    world.chatbot.heal().await;
    // The crawl that was killed last may still be that of the other version, and is finished first.
    world.corpusd(&["run", "--once", NAME]).await.exits(0);
    for (version, hash) in hashes.iter().enumerate() {
        fill(&world, version);
        let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
        assert_eq!(report["corpus"]["sha256"], hash.as_str());
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hash.as_str());
        assert_eq!(report["documents"]["kept"], ARTICLES + 1);
    }
    let mut both = hashes;
    both.sort();
    assert_eq!(world.chatbot.hashes().await, both);
}

#[tokio::test]
async fn stopped_in_every_stage_it_keeps_its_locks_and_goes_on_as_if_nothing_was() {
    let question = "questions: [{ask: What do you know?, reject: nothing at all}]";
    let world = World::new().await.crawl(&["concurrency: 4"]).verify(&[question]);
    world.site.validates().paced(Duration::from_millis(2));
    world.chatbot.fault(json!({"path_glob": "/api/*"}), json!("delay:15")).await;
    for (round, stage) in (0..2 * Stage::ALL.len()).zip(Stage::ALL.iter().cycle()) {
        let case = format!("round {round}, stopped while {}", stage.name());
        // There is something new to publish each time.
        fill(&world, round % TEXTS.len());
        let running = world.spawn_in_step(&["-v", "run", "--once", "--json", NAME]);
        let (running, met) = running.meet(&saying(stage.name()), RUN_LIMIT).await;
        assert!(met, "{case}: {}", running.end(RUN_LIMIT).await.stderr);
        running.signal("STOP");
        assert_eq!(last_stage(&running.said()), Some(stage.name()), "{case}");
        world.corpusd(&["run", "--once", NAME]).await.exits(75);
        running.signal("CONT");
        let ended = running.end(RUN_LIMIT).await.exits(0);
        assert_eq!(ended.json()["outcome"], "published", "{case}");
        assert_eq!(world.chatbot.pushes().await.len(), round + 1, "{case}");
        assert_sound(&world, &case).await;
    }
}

#[tokio::test]
async fn a_log_that_is_cut_at_any_frame_is_a_committed_state() {
    // A state that was cut before the push knows nothing of it.
    let world = World::new().await.publish(&["adopt: true"]);
    fill(&world, 0);
    // While somebody reads the empty state, all that a run writes stays in the log.
    drop(Store::open(&world.path("state"), NAME).unwrap());
    let reader = Connection::open(world.state_file()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM page;").unwrap();
    let hash = world.run().await.ends(Ending::Published).hash();
    let log = world.path("state").join(format!("{NAME}.sqlite3-wal"));
    let (file, log) = (fs::read(world.state_file()).unwrap(), fs::read(log).unwrap());
    drop(reader);

    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let (head, frame) = (32, 24 + page);
    let frames = (log.len() - head) / frame;
    assert!(frames > 50, "{frames} frames of {page} bytes");
    let cut_at = |place: usize, state: &str| {
        let folder = world.path(state);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{NAME}.sqlite3"));
        fs::write(&path, &file).unwrap();
        fs::write(path.with_extension("sqlite3-wal"), &log[..place.min(log.len())]).unwrap();
        path
    };
    let mut settled = 0;
    for count in 0..=frames {
        // Between two frames, and in the middle of one.
        for place in [head + count * frame, head + count * frame + frame / 2] {
            let path = cut_at(place, "cut");
            assert_intact(&path, &format!("cut after {place} bytes"));
            let connection = Connection::open(&path).unwrap();
            let now: u64 = connection
                .query_row(
                    "SELECT (SELECT count(*) FROM frontier) + (SELECT count(*) FROM publication)",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert!(now >= settled, "what was committed is there: {now} rows after {settled}");
            settled = now;
            drop(connection);
            fs::remove_dir_all(world.path("cut")).unwrap();
        }
    }
    assert!(settled > ARTICLES as u64);
    // And a run goes on from there to the same corpus.
    for eighth in 0..=8 {
        let state = format!("cut-{eighth}");
        cut_at(head + frames * eighth / 8 * frame, &state);
        let report =
            world.corpusd(&["--state", &state, "run", "--once", "--json", NAME]).await.exits(0).json();
        assert_eq!(report["corpus"]["sha256"], hash.as_str(), "cut at {eighth} eighths");
        assert_eq!(world.chatbot.hashes().await, [hash.as_str()], "cut at {eighth} eighths");
    }
}

/// What a run that could not write has to leave behind, and that the next one puts it right.
async fn assert_recovers(world: &World, hashes: &[String; 2], case: &str) {
    let live = world.chatbot.agent(AGENT_ID).await["pushed_sha256"].clone();
    assert!(hashes.iter().any(|hash| live == hash.as_str()), "{case}: {live}");
    assert_sound(world, case).await;
}

/// Once nothing is in its way, a run publishes the corpus of this hash.
async fn assert_publishes(world: &World, hash: &str) {
    let report = world.corpusd(&["run", "--once", "--json", NAME]).await.exits(0).json();
    assert_eq!(report["corpus"]["sha256"], hash);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hash);
}

/// What a run without room says.
fn assert_clear(stderr: &str, stdout: &str, case: &str) {
    let said = format!("{stderr}{stdout}");
    assert!(!said.contains("panicked"), "{case}: {said}");
    assert!(
        ["database or disk is full", "disk I/O error", "No space left", "File too large"]
            .iter()
            .any(|words| said.contains(words)),
        "{case}: {said}"
    );
}

/// A world that has published the first version, and has the second to publish; with the hashes of both.
async fn changed() -> (World, [String; 2]) {
    let world = World::new().await.crawl(&["concurrency: 4"]);
    fill(&world, 1);
    let (new, _) = undisturbed(&world, RUN_LIMIT).await;
    fill(&world, 0);
    let old = world.run().await.ends(Ending::Published).hash();
    fill(&world, 1);
    (world, [old, new])
}

#[tokio::test]
async fn files_that_may_not_grow_leave_a_usable_state_and_a_clear_error() {
    let (world, hashes) = changed().await;
    let mut failed = 0;
    for limit in (16..=512).step_by(48).map(|kib| kib * 1024) {
        // Not to be killed by the signal is to be told by the system.
        let ended = within_shell(&world, &format!("trap '' XFSZ; exec prlimit --fsize={limit}")).await;
        let case = format!("with files of {limit} bytes");
        if ended.code() != Some(0) {
            assert_eq!(ended.code(), Some(1), "{case}: {}", ended.stderr);
            assert_clear(&ended.stderr, &ended.stdout, &case);
            failed += 1;
        }
        assert_recovers(&world, &hashes, &case).await;
    }
    assert!(failed > 0, "every run had room enough");
    assert_publishes(&world, &hashes[1]).await;
}

/// A run as the last part of a shell line.
async fn within_shell(world: &World, line: &str) -> Ended {
    let corpusd = world.command(&["run", "--once", NAME]);
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{line} \"$0\" \"$@\"")])
        .arg(corpusd.get_program())
        .args(corpusd.get_args());
    command.env_clear().envs(corpusd.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", "/usr/bin:/bin").current_dir(world.path("")).stdin(Stdio::null());
    Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await
}

#[tokio::test]
async fn a_log_that_cannot_be_written_ends_no_run() {
    let (world, hashes) = changed().await;
    within_shell(&world, "exec 2>/dev/full; exec").await.exits(0);
    assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hashes[1].as_str());
}

#[tokio::test]
async fn too_few_descriptors_leave_a_usable_state_and_a_clear_error() {
    let (world, hashes) = changed().await;
    let mut failed = 0;
    // With fewer no program can even wait for a signal.
    for limit in (12..=40).step_by(2) {
        let ended = within_shell(&world, &format!("exec prlimit --nofile={limit}")).await;
        let case = format!("with {limit} descriptors");
        let said = format!("{}{}", ended.stderr, ended.stdout);
        assert!(!said.contains("panicked"), "{case}: {said}");
        if ended.code() != Some(0) {
            // No state, or no pages to rely on.
            assert!(matches!(ended.code(), Some(1 | 3 | 4)), "{case}: {:?} {said}", ended.code());
            failed += 1;
        }
        assert_recovers(&world, &hashes, &case).await;
    }
    assert!(failed > 0, "every run had descriptors enough");
    assert_publishes(&world, &hashes[1]).await;
}

#[tokio::test]
async fn a_state_that_cannot_be_written_to_is_told_and_nothing_is_sent() {
    let (world, hashes) = changed().await;
    let Some(disk) = Disk::beneath(&world.path("state")) else {
        writeln!(io::stderr(), "skipped: only root may mount a small disk").unwrap();
        return;
    };
    disk.remount("ro");
    for arguments in [&["run", "--once", NAME][..], &["run"]] {
        let ended = world.corpusd(arguments).await.exits(1);
        assert!(ended.stderr.contains("Read-only file system"), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("state/"), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(world.chatbot.hashes().await, [hashes[0].as_str()]);
    disk.remount("rw,size=64m");
    assert_publishes(&world, &hashes[1]).await;
}

/// A small disk, for as long as it is needed.
struct Disk(PathBuf);

impl Disk {
    /// `None` where this user may not mount one.
    fn mount(at: &Path, kib: u64) -> Option<Disk> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(at).stderr(Stdio::null());
        let mounted = program::start(&mut mount).wait().unwrap().success();
        mounted.then(|| Disk(at.to_owned()))
    }

    /// Puts a disk with the same files in the place of a folder, with 64 KiB to spare.
    fn beneath(folder: &Path) -> Option<Disk> {
        let kept = folder.with_extension("kept");
        fs::rename(folder, &kept).unwrap();
        fs::create_dir(folder).unwrap();
        let used: u64 = world::files(&kept, "").iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        let disk = Disk::mount(folder, used / 1024 + 64)?;
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(kept.join(".")).arg(folder);
        assert!(program::start(&mut copy).wait().unwrap().success());
        fs::remove_dir_all(kept).unwrap();
        Some(disk)
    }

    fn remount(&self, option: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{option}")]).arg(&self.0);
        assert!(program::start(&mut mount).wait().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        assert!(program::start(Command::new("umount").arg(&self.0)).wait().unwrap().success());
    }
}

#[tokio::test]
async fn a_full_disk_leaves_a_usable_state_and_a_clear_error() {
    let (world, hashes) = changed().await;
    let Some(disk) = Disk::beneath(&world.path("state")) else {
        writeln!(io::stderr(), "skipped: only root may mount a small disk").unwrap();
        return;
    };
    let ended = world.corpusd(&["run", "--once", NAME]).await.exits(1);
    assert_clear(&ended.stderr, &ended.stdout, "on a full disk");
    assert_eq!(world.chatbot.hashes().await, [hashes[0].as_str()], "nothing is sent that is not recorded");
    // Somebody makes room.
    disk.remount("size=64m");
    assert_recovers(&world, &hashes, "on a full disk").await;
    assert_publishes(&world, &hashes[1]).await;
}

/// What fails, by the names of libfiu, and how often.
const FAILURES: [(&str, f64); 8] = [
    ("posix/io/*", 0.01),
    ("posix/io/*", 0.002),
    ("posix/io/rw/write", 0.05),
    ("posix/io/rw/read", 0.02),
    ("posix/io/sync/*", 0.2),
    ("posix/io/oc/open", 0.02),
    ("posix/io/rw/ftruncate", 0.5),
    ("posix/io/dir/*", 0.2),
];
/// How tokio says that it cannot wake itself: no disk has a part in that, but the failing `write` is the same.
const CANNOT_WAKE: &str = "failed to wake I/O driver";
/// What the standard library takes for impossible, and no disk does: an open folder that cannot be closed.
const CANNOT_CLOSE: &str = "unexpected error during closedir";

/// Whether `fiu-run` is on this machine.
fn has_fiu_run() -> bool {
    let mut which = Command::new("sh");
    which.args(["-c", "command -v fiu-run"]).stdout(Stdio::null());
    program::start(&mut which).wait().unwrap().success()
}

#[tokio::test]
async fn a_disk_that_fails_now_and_then_leaves_a_usable_state_and_whole_corpora() {
    if !has_fiu_run() {
        writeln!(io::stderr(), "skipped: there is no `fiu-run` (Debian: fiu-utils)").unwrap();
        return;
    }
    let (world, hashes) = changed().await;
    let rounds = amount("CORPUSD_DISK_FAILURES", 2 * FAILURES.len() as u64);
    let (mut failed, mut ended_well) = (0, 0);
    for (round, (points, probability)) in (0..rounds).zip(FAILURES.iter().cycle()) {
        let case = format!("round {round}, {points} fails with {probability}");
        // Whatever is live, there is something else to publish.
        let version = usize::from(world.chatbot.agent(AGENT_ID).await["pushed_sha256"] == hashes[0].as_str());
        fill(&world, version);
        let corpusd = world.command(&["run", "--once", NAME]);
        let mut command = Command::new("fiu-run");
        let failures = format!("enable_random name={points},probability={probability}");
        command.args(["-x", "-f", "", "-c", &failures]).arg(corpusd.get_program()).args(corpusd.get_args());
        command.env_clear().envs(corpusd.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.env("PATH", "/usr/bin:/bin").current_dir(world.path("")).stdin(Stdio::null());
        let running = Running::start(&mut command, &world.path(""));
        // A runtime that cannot wake itself waits for ever, and what it says of it may not be written either.
        let ended = match *points {
            "posix/io/*" | "posix/io/rw/write" => running.kill_after(Duration::from_secs(10)).await,
            _ => running.end(RUN_LIMIT).await,
        };
        // The line after the one that tells where says what.
        let lines = ended.stderr.lines().zip(ended.stderr.lines().skip(1));
        let mut panics = lines.filter(|(place, _)| place.contains("panicked at")).map(|(_, what)| what);
        let is_impossible = |what: &str| what.contains(CANNOT_WAKE) || what.contains(CANNOT_CLOSE);
        assert!(panics.all(is_impossible), "{case}: {}", ended.stderr);
        if ended.code() == Some(0) {
            ended_well += 1;
        } else {
            failed += 1;
        }
        assert_recovers(&world, &hashes, &case).await;
        world.corpusd(&["doctor", NAME]).await.exits(0);
        let run = async || world.corpusd(&["run", "--once", "--json", NAME]).await;
        let mut next = run().await;
        if next.code() != Some(0) {
            // A crawl that was interrupted is finished first, and with it goes what failed in it before.
            next = run().await;
        }
        let report = next.exits(0).json();
        assert_eq!(report["corpus"]["sha256"], hashes[version].as_str(), "{case}");
        assert_eq!(world.chatbot.agent(AGENT_ID).await["pushed_sha256"], hashes[version].as_str(), "{case}");
    }
    let mut both = hashes.to_vec();
    both.sort();
    assert_eq!(world.chatbot.hashes().await, both);
    assert!(failed > 0 && ended_well > 0, "{failed} runs failed, {ended_well} did not");
}
