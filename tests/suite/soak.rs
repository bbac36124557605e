//! The daemon at work for a long time, with everything going wrong that can: what it holds does not grow, and when all is
//! well again it publishes what the sites say.
//!
//! `CORPUSD_SOAK_SECONDS` sets for how long (`7000` for a soak, with `--nocapture` for its table). The sites change, the
//! sites and the API fail, files are broken, removed and put back, and the daemon is told to reload, triggered and stopped
//! in its tracks.

use std::{
    fmt, fs,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use corpusd::sandbox::{AGENT_ID, OCCUPIED_AGENT_ID};
use serde_json::json;

use super::{
    chance::{Dice, amount},
    daemon::{TOKEN, ask, free_address, post, settings},
    program::Running,
    site::{Reply, Site, html},
    world::{NAME, RUN_LIMIT, World, files, until},
};

/// Pipelines: the first by API v1, the second by v2, the others into folders.
const PIPELINES: u64 = 12;
/// Pages of each site, which come and go.
const PAGES: u64 = 30;
/// Between two mishaps at least, and how many there are at most: a long soak leaves the machine some rest.
const PACE: Duration = Duration::from_millis(250);
const MISHAPS: u32 = 4_000;
/// Corpora that every pipeline has published before anything goes wrong.
const WARM_UP: u32 = 4;
/// After so many editions every page is another.
const SLOWEST: u64 = 8;
/// Samples of a soak, whatever its length.
const SAMPLES: u32 = 60;
/// Files and connections of a daemon that has nothing to do, at most; four runs have some dozen more.
const DESCRIPTORS_AT_REST: u64 = 20;
/// How long it may take until everything that went wrong is made good.
const RECOVERY: Duration = Duration::from_mins(5);

/// What the sites say, and how well they do.
#[derive(Debug, Default)]
struct Weather {
    /// Rises with every change of the sites.
    edition: AtomicU64,
    /// Answers of a thousand that fail.
    faults: AtomicU64,
}

impl Weather {
    fn edition(&self) -> u64 {
        self.edition.load(Ordering::Relaxed)
    }

    /// What a path of site `number` answers.
    fn answer(&self, number: u64, path: &str, attempt: u64) -> Reply {
        let whole = self.page(number, path);
        let dice = Dice(number);
        if dice.roll(path, attempt, 1_000) >= self.faults.load(Ordering::Relaxed) {
            return whole;
        }
        match dice.roll(path, attempt, 50) {
            0..10 => Reply::status(500),
            10..18 => Reply::status(429).header("retry-after", "1"),
            18..20 => Reply::status(503),
            20..30 => Reply::reset(),
            30..40 => whole.cut_after(100),
            // Nobody waits for half a minute by default.
            40 if amount("CORPUSD_SOAK_SECONDS", 0) > 0 => Reply::silent(),
            _ => whole.delayed(Duration::from_millis(500)),
        }
    }

    fn page(&self, number: u64, path: &str) -> Reply {
        let edition = self.edition();
        if path == "/" {
            let links: Vec<String> = (0..PAGES).map(|page| format!("/p/{page}")).collect();
            let links: Vec<&str> = links.iter().map(String::as_str).collect();
            return Reply::html(html(path, &headline(edition), &links));
        }
        let Some(page) =
            path.strip_prefix("/p/").and_then(|page| page.parse().ok()).filter(|page| *page < PAGES)
        else {
            return Reply::status(404);
        };
        // Each page changes at a pace of its own, and one in ten is not there.
        let dice = Dice(number * PAGES + page);
        let version = edition / (1 + dice.roll("pace", page, SLOWEST));
        if dice.happens(10, "gone", version) {
            return Reply::status(404);
        }
        // Where nothing is left of what was there before, a gate holds it.
        let paragraphs = if page == 0 { 200 } else { 4 };
        let paragraph = |paragraph: u64| {
            let version = if paragraph.is_multiple_of(4) { version } else { 0 };
            let word =
                |word| format!("word{} ", dice.roll("word", (version * 200 + paragraph) * 50 + word, 10_000));
            format!("{}</p><p>", (0..50).map(word).collect::<String>())
        };
        Reply::html(html(path, &(0..paragraphs).map(paragraph).collect::<String>(), &[]))
    }
}

fn headline(edition: u64) -> String {
    format!("This is edition {edition} of the help centre.")
}

/// A daemon, what it works on, and what befalls it.
struct Soak {
    world: World,
    weather: Arc<Weather>,
    sites: Vec<Site>,
    service: Site,
    daemon: Running,
    listen: std::net::SocketAddr,
    dice: Dice,
}

fn name(number: u64) -> String {
    if number == 0 { NAME.to_owned() } else { format!("p{number}") }
}

impl Soak {
    async fn start() -> Soak {
        let (world, weather) = (World::new().await, Arc::new(Weather::default()));
        weather.faults.store(100, Ordering::Relaxed);
        let mut sites = Vec::new();
        for number in 0..PIPELINES {
            let (site, weather) = (Site::on(&format!("127.0.1.{}:0", number + 1)), Arc::clone(&weather));
            site.validates().script(move |path, attempt| weather.answer(number, path, attempt));
            sites.push(site);
        }
        let service = Site::new();
        service.script(|path, attempt| match Dice(6).roll(path, attempt, 10) {
            0 => Reply::status(500),
            1 => Reply::reset(),
            _ => Reply::text("OK"),
        });
        let listen = free_address().await;
        for number in 0..PIPELINES {
            fs::write(file(&world, number), yaml(&world, &sites, &service, number, 0)).unwrap();
        }
        world.spawn_with(&["validate"], Stdio::null()).end(RUN_LIMIT).await.exits(0);
        settings(&world, &format!("listen: {listen}\nmetrics: true\ntrigger: {{token: \"${{TOKEN}}\"}}\n"));
        let mut command = world.command(&["run"]);
        command.env("TOKEN", TOKEN).stdin(Stdio::null());
        let daemon = Running::start(&mut command, &world.path(""));
        let ready = async || ask(listen, "GET /readyz HTTP/1.1\nHost: {HOST}\n\n").await == 200;
        until(RUN_LIMIT, "it is ready", ready).await;
        Soak { world, weather, sites, service, daemon, listen, dice: Dice(7) }
    }

    /// Something happens.
    async fn mishap(&self, nth: u64) {
        let number = self.dice.roll("who", nth, PIPELINES);
        let path = file(&self.world, number);
        match self.dice.roll("what", nth, 100) {
            0..20 => drop(self.weather.edition.fetch_add(1, Ordering::Relaxed)),
            20..25 => {
                // Mostly fair, with storms.
                let faults = [0, 20, 100, 400][usize::try_from(self.dice.roll("faults", nth, 4)).unwrap()];
                self.weather.faults.store(faults, Ordering::Relaxed);
            }
            25..55 => drop(post(self.listen, &name(number)).await),
            55..63 => self.daemon.signal("HUP"),
            63..68 => {
                self.daemon.signal("STOP");
                tokio::time::sleep(Duration::from_millis(self.dice.roll("stopped", nth, 3_000))).await;
                self.daemon.signal("CONT");
            }
            68..74 => fs::write(path, yaml(&self.world, &self.sites, &self.service, number, nth)).unwrap(),
            74..77 => fs::write(path, "version: 1\nagent: {id: ").unwrap(),
            // It may be gone already.
            77..80 => drop(fs::remove_file(path)),
            80..86 => self.restore(nth),
            86..92 => {
                let faults = [
                    "status:500",
                    "status:401",
                    "rate:1",
                    "maintenance",
                    "not-json",
                    "reset-mid-body",
                    "reset-after-accept",
                    "cut-response:20",
                    "delay:500",
                    "train-fail",
                    "status:403",
                ];
                let fault =
                    faults[usize::try_from(self.dice.roll("fault", nth, faults.len() as u64)).unwrap()];
                self.world.chatbot.fault(json!({"path_glob": "/api/*", "times": 3}), json!(fault)).await;
            }
            _ => self.pacify().await,
        }
    }

    /// Puts every pipeline file back.
    fn restore(&self, nth: u64) {
        for number in 0..PIPELINES {
            fs::write(file(&self.world, number), yaml(&self.world, &self.sites, &self.service, number, nth))
                .unwrap();
        }
    }

    /// Puts the API right, and says so.
    async fn pacify(&self) {
        self.world.chatbot.heal().await;
        for number in 0..2 {
            // A run may be under way, its file may be gone.
            let resume = self.world.spawn_with(&["resume", &name(number)], Stdio::null());
            drop(resume.end(RUN_LIMIT).await);
        }
    }

    /// Whether what the site of a pipeline says now is published.
    async fn is_published(&self, number: u64) -> bool {
        let headline = headline(self.weather.edition());
        match number {
            0 => self.world.chatbot.live(AGENT_ID).await.contains(&headline),
            1 => self.world.chatbot.live(OCCUPIED_AGENT_ID).await.contains(&headline),
            _ => fs::read_to_string(self.world.path(&format!("out-{}/corpus.md", name(number))))
                .is_ok_and(|corpus| corpus.contains(&headline)),
        }
    }

    /// All is well again: everything is published as the sites say.
    async fn recover(&self) {
        self.weather.faults.store(0, Ordering::Relaxed);
        self.restore(0);
        self.pacify().await;
        self.daemon.signal("HUP");
        for number in 0..PIPELINES {
            until(RECOVERY, &format!("{} is published", name(number)), async || {
                // What was read before the last change counts as read in the crawl under way.
                self.is_published(number).await || {
                    post(self.listen, &name(number)).await;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    false
                }
            })
            .await;
        }
    }

    fn sample(&self, at: Duration) -> Sample {
        for site in self.sites.iter().chain([&self.service]) {
            site.forget_requests();
        }
        let said = self.daemon.said();
        Sample {
            runs: said.matches("run begins").count() as u64,
            ..Sample::of(self.daemon.id(), &self.world.path("state"), at)
        }
    }

    /// A sample of a daemon that has nothing to do: what its runs had open is closed.
    async fn sample_at_rest(&self, at: Duration) -> Sample {
        let is_at_rest = async || descriptors(self.daemon.id()) <= DESCRIPTORS_AT_REST;
        until(RECOVERY, "what was open is closed", is_at_rest).await;
        self.sample(at)
    }
}

fn file(world: &World, number: u64) -> std::path::PathBuf {
    world.path("pipelines").join(format!("{}.yaml", name(number)))
}

/// A sound pipeline file, which differs with `nth`.
fn yaml(world: &World, sites: &[Site], service: &Site, number: u64, nth: u64) -> String {
    let name = name(number);
    let agent = [AGENT_ID, OCCUPIED_AGENT_ID].get(usize::try_from(number).unwrap()).copied().unwrap_or(&name);
    let api = format!("api_key: {{file: key}}, base_url: \"{}\", min_interval: 0s", world.chatbot.url());
    let target = match number {
        0 => api,
        1 => format!("to: chatbase_v2, {api}"),
        _ => format!("to: {{directory: ../out-{name}}}"),
    };
    let start = sites[usize::try_from(number).unwrap()].url("/");
    let cron = if nth.is_multiple_of(2) { "* * * * *" } else { "*/1 * * * *" };
    let question = match number {
        0 => "verify: {settle: 0s, questions: [{ask: What do you know?, reject: nothing at all}]}\n",
        _ => "",
    };
    format!(
        "# {nth}\nversion: 1\nagent: {{id: \"{agent}\"}}\nschedule: {{cron: \"{cron}\"}}\n\
         sources:\n  - site: {{start: \"{start}\", rate: unlimited, retries: 1, gone_after: 1}}\n\
         gates: {{max_removed: 100%, max_shrink: 100%, max_changed: 100%, max_growth: 100000%, max_failed: 100%}}\n\
         publish: {{{target}, keep: 1}}\n{question}\
         notify: {{ping: \"{}\", webhook: \"{}\"}}\n",
        service.url("/ping"),
        service.url("/hook"),
    )
}

/// What a process holds at some moment.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Duration,
    /// Runs begun so far.
    runs: u64,
    memory_kib: u64,
    descriptors: u64,
    threads: u64,
    /// Of the largest log of a database.
    log_kib: u64,
    /// Of the whole state without the logs.
    state_kib: u64,
}

impl Sample {
    fn of(pid: u32, state: &Path, at: Duration) -> Sample {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        // A log goes with the last who has its database open.
        let kib = |file: &std::path::PathBuf| fs::metadata(file).map_or(0, |metadata| metadata.len() / 1024);
        let (logs, others): (Vec<_>, Vec<_>) =
            files(state, "").into_iter().partition(|file| file.to_string_lossy().ends_with("-wal"));
        Sample {
            at,
            runs: 0,
            memory_kib: figure("VmRSS:"),
            descriptors: descriptors(pid),
            threads: figure("Threads:"),
            log_kib: logs.iter().map(kib).max().unwrap_or_default(),
            state_kib: others.iter().map(kib).sum(),
        }
    }
}

/// What a process has open.
fn descriptors(pid: u32) -> u64 {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sample { at, runs, memory_kib, descriptors, threads, log_kib, state_kib } = self;
        write!(
            f,
            "{:>7} s {runs:>6} {memory_kib:>11} {descriptors:>11} {threads:>7} {log_kib:>7} {state_kib:>9}",
            at.as_secs()
        )
    }
}

fn median(samples: &[Sample], figure: fn(&Sample) -> u64) -> u64 {
    let mut figures: Vec<u64> = samples.iter().map(figure).collect();
    figures.sort_unstable();
    figures[figures.len() / 2]
}

/// Fails where a daemon at rest holds more at the end than when each pipeline had published some times, or held too much in
/// between.
fn assert_no_growth(rest: Sample, samples: &[Sample], end: Sample) {
    let third = samples.len() / 3;
    let (before, after) = (&samples[third..2 * third], &samples[2 * third..]);
    // glibc keeps what the busiest moment of each thread has needed, and busier ones may come.
    let memory = |samples| median(samples, |sample| sample.memory_kib);
    let (was, is) = (memory(before), memory(after));
    assert!(is <= was + was / 10 + 8 * 1024, "from {was} to {is} KiB of memory");
    let processors = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    let most = samples.iter().map(|sample| sample.threads).max().unwrap_or_default();
    assert!(most <= processors + 4, "{most} threads");
    // SQLite begins a log anew at 1,000 pages of 4 KiB; one transaction may be larger.
    let most = samples.iter().map(|sample| sample.log_kib).max().unwrap_or_default();
    assert!(most <= 16 * 1024, "a log of {most} KiB");
    // Every run leaves a record for 90 days, and nothing else; a database has gaps where something was.
    let grown = end.state_kib.saturating_sub(rest.state_kib);
    let runs = end.runs - rest.runs;
    assert!(grown <= rest.state_kib / 2 + 8 * runs, "{runs} runs made the state {grown} KiB larger");
}

#[tokio::test]
async fn what_the_daemon_holds_does_not_grow_whatever_goes_wrong_and_in_the_end_all_is_published() {
    let length = Duration::from_secs(amount("CORPUSD_SOAK_SECONDS", 20));
    let soak = Soak::start().await;
    // What each pipeline needs at all is there once it has published a few times.
    for _ in 0..WARM_UP {
        soak.weather.edition.fetch_add(SLOWEST, Ordering::Relaxed);
        soak.recover().await;
    }
    println!("     time   runs memory, KiB descriptors threads log,KiB state,KiB");
    let rest = soak.sample_at_rest(Duration::ZERO).await;
    println!("{rest}");
    let (begun, mut samples) = (Instant::now(), Vec::new());
    let mut mishaps = 0;
    while begun.elapsed() < length {
        mishaps += 1;
        soak.mishap(mishaps).await;
        let at = begun.elapsed();
        if at >= length * u32::try_from(samples.len()).unwrap() / SAMPLES {
            let sample = soak.sample(at);
            println!("{sample}");
            samples.push(sample);
        }
        tokio::time::sleep(PACE.max(length / MISHAPS)).await;
    }
    soak.recover().await;
    println!("{mishaps} mishaps, recovered after {:.1?}", begun.elapsed().saturating_sub(length));
    let end = soak.sample_at_rest(begun.elapsed()).await;
    println!("{end}");
    soak.daemon.signal("TERM");
    let ended = soak.daemon.end(RUN_LIMIT).await.exits(143);
    for fault in ["panicked", "a fault of this program"] {
        assert!(!ended.stderr.contains(fault), "{}", ended.stderr);
    }
    assert_no_growth(rest, &samples, end);
}
