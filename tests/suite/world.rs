//! A pipeline between a website and a chatbot, and the folders it lives in.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use corpusd::{
    chatbase::Window,
    cli::Exit,
    config::{self, Env},
    crawl::part::Part,
    notify::Outbox,
    pipeline::Pipeline,
    report::{Ending, RunReport},
    run::{self, Context, Progress, RunError, Waits},
    sandbox::{AGENT_ID, OCCUPIED_AGENT_ID, STANDARD_KEY},
    store::LockError,
};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    chatbot::Chatbot,
    lockstep::Lockstep,
    program::{self, Ended, Running},
    site::Site,
};

/// The longest that a run of a small world may take, with everything else on the machine at work too.
pub(crate) const RUN_LIMIT: Duration = Duration::from_secs(90);
/// The name of the pipeline in every world.
pub(crate) const NAME: &str = "docs";

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "tests stand where main does")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// When all that has to wait for less is due.
pub(crate) fn in_two_hours() -> Timestamp {
    now() + Duration::from_hours(2)
}

/// One website, one chatbot, one pipeline.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) chatbot: Chatbot,
    folder: TempDir,
    agent: String,
    name: Option<String>,
    base_url: Option<String>,
    starts: Vec<String>,
    /// The start URLs of further sources, one each.
    more_sources: Vec<String>,
    crawl: Vec<String>,
    clean: Vec<String>,
    dedupe: Vec<String>,
    corpus: Vec<String>,
    gates: Vec<String>,
    publish: Vec<String>,
    notify: Vec<String>,
    verify: Vec<String>,
    /// What the library takes for the wall clock; the program has the true one.
    clock: fn() -> Timestamp,
}

impl World {
    /// An empty site, an untrained agent, and a pipeline from `/` without retries, pace or mercy.
    pub(crate) async fn new() -> World {
        let (site, chatbot) = (Site::new(), Chatbot::start().await);
        let folder = tempfile::Builder::new().prefix("corpusd-test-").tempdir().unwrap();
        fs::create_dir(folder.path().join("pipelines")).unwrap();
        let key = folder.path().join("pipelines/key");
        fs::write(&key, STANDARD_KEY).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let starts = vec![site.url("/")];
        let lines = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        World {
            site,
            chatbot,
            folder,
            agent: AGENT_ID.to_owned(),
            name: None,
            base_url: None,
            starts,
            more_sources: Vec::new(),
            crawl: lines(&["rate: unlimited", "retries: 0"]),
            clean: Vec::new(),
            dedupe: Vec::new(),
            corpus: Vec::new(),
            gates: Vec::new(),
            // Tests change a page and run again.
            publish: lines(&["min_interval: 0s"]),
            clock: now,
            notify: Vec::new(),
            verify: lines(&["settle: 0s"]),
        }
    }

    /// Lines of the `site` source; a later line replaces an earlier one with the same key.
    pub(crate) fn crawl(mut self, lines: &[&str]) -> World {
        set(&mut self.crawl, lines);
        self
    }

    /// Crawls from this URL instead.
    pub(crate) fn starting_at(mut self, url: &str) -> World {
        self.starts = vec![url.to_owned()];
        self
    }

    /// Crawls from this URL too.
    pub(crate) fn also(mut self, url: &str) -> World {
        self.starts.push(url.to_owned());
        self
    }

    /// Has another source, which begins at this URL.
    pub(crate) fn source(mut self, start: &str) -> World {
        self.more_sources.push(start.to_owned());
        self
    }

    /// The rules of `clean`, one a line.
    pub(crate) fn clean(mut self, rules: &[&str]) -> World {
        self.clean = rules.iter().map(|rule| format!("- {rule}")).collect();
        self
    }

    pub(crate) fn dedupe(mut self, line: &str) -> World {
        set(&mut self.dedupe, &[line]);
        self
    }

    pub(crate) fn corpus(mut self, lines: &[&str]) -> World {
        set(&mut self.corpus, lines);
        self
    }

    pub(crate) fn gates(mut self, lines: &[&str]) -> World {
        set(&mut self.gates, lines);
        self
    }

    pub(crate) fn publish(mut self, lines: &[&str]) -> World {
        set(&mut self.publish, lines);
        self
    }

    pub(crate) fn notify(mut self, lines: &[&str]) -> World {
        set(&mut self.notify, lines);
        self
    }

    /// Lines of `verify`; a golden question is a line of flow style under `questions`.
    pub(crate) fn verify(mut self, lines: &[&str]) -> World {
        set(&mut self.verify, lines);
        self
    }

    /// Lives at another time, as far as the library goes.
    pub(crate) fn at(mut self, clock: fn() -> Timestamp) -> World {
        self.clock = clock;
        self
    }

    pub(crate) fn starts(mut self, paths: &[&str]) -> World {
        self.starts = paths.iter().map(|path| self.site.url(path)).collect();
        self
    }

    pub(crate) fn agent(mut self, id: &str) -> World {
        id.clone_into(&mut self.agent);
        self
    }

    /// Gives the agent this name.
    pub(crate) fn named(mut self, name: &str) -> World {
        self.name = Some(name.to_owned());
        self
    }

    /// Puts something else where the API should be.
    pub(crate) fn api(mut self, base_url: &str) -> World {
        self.base_url = Some(base_url.to_owned());
        self
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.path("state").join(format!("{NAME}.sqlite3"))
    }

    fn yaml(&self) -> String {
        let base_url = self.base_url.clone().unwrap_or_else(|| self.chatbot.url());
        let section = |name: &str, lines: &[String]| {
            let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
            if lines.is_empty() { String::new() } else { format!("{name}:\n{lines}") }
        };
        let crawl: String = self.crawl.iter().map(|line| format!("      {line}\n")).collect();
        let starts: String = self.starts.iter().map(|start| format!("        - {start}\n")).collect();
        let source = |start: &String| format!("  - site:\n      start:\n        - {start}\n{crawl}");
        let more_sources: String = self.more_sources.iter().map(source).collect();
        let name = self.name.as_ref().map(|name| format!(", name: {name}")).unwrap_or_default();
        let publish: String = self.publish.iter().map(|line| format!("  {line}\n")).collect();
        format!(
            "version: 1\nagent: {{id: \"{}\"{name}}}\nsources:\n  - site:\n      start:\n{starts}{crawl}{more_sources}{}{}{}{}publish:\n  \
             api_key: {{file: key}}\n  base_url: {base_url}\n{publish}{}{}",
            self.agent,
            section("clean", &self.clean),
            section("dedupe", &self.dedupe),
            section("corpus", &self.corpus),
            section("gates", &self.gates),
            section("notify", &self.notify),
            section("verify", &self.verify),
        )
    }

    /// Writes the pipeline file as it is now.
    pub(crate) fn write(&self) -> PathBuf {
        let path = self.path("pipelines").join(format!("{NAME}.yaml"));
        fs::write(&path, self.yaml()).unwrap();
        path
    }

    pub(crate) fn load(&self) -> Pipeline {
        let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
        match config::load_file(&self.write(), &env) {
            Ok(loaded) => loaded.pipeline,
            Err(faults) => {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                panic!("the world's pipeline file is wrong:\n{}\n{}", faults.join("\n"), self.yaml())
            }
        }
    }

    pub(crate) fn context(&self) -> Context {
        let soon = Duration::from_millis(5);
        let waits = Waits { backoff: soon, confirm: vec![soon; 3], training: vec![soon; 100], deploy: soon };
        Context {
            state_dir: self.path("state"),
            now: self.clock,
            window: Arc::new(Window::default()),
            pacers: Arc::default(),
            waits,
            dry_run: false,
            stop: CancellationToken::new(),
            timeout: None,
            progress: Arc::new(Progress::default()),
            outbox: Outbox::default(),
        }
    }

    /// One run, by the library. Not by way of [`unlocked`], whose future cannot move between threads.
    pub(crate) async fn run(&self) -> RunReport {
        let run = async {
            loop {
                match Box::pin(self.try_run()).await {
                    Err(RunError::Lock(LockError::Taken(_))) => tokio::task::yield_now().await,
                    ended => return ended.unwrap_or_else(|error| panic!("the run can be made: {error:?}")),
                }
            }
        };
        within(RUN_LIMIT, "the locks are free", Box::pin(run)).await
    }

    pub(crate) async fn try_run(&self) -> Result<RunReport, RunError> {
        self.run_within(RUN_LIMIT).await
    }

    /// One run of a world that is not small.
    pub(crate) async fn run_within(&self, limit: Duration) -> Result<RunReport, RunError> {
        program::none_is_being_made();
        let context = self.context();
        let ended = within(limit, "a run ends", Box::pin(run::run(&self.load(), &context))).await;
        within(limit, "those who want to know are told", context.outbox.close()).await;
        ended
    }

    /// One run that crawls only what matches.
    pub(crate) async fn run_only(&self, patterns: &[&str]) -> RunReport {
        let (mut pipeline, context) = (self.load(), self.context());
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        pipeline.only = Some(Part::new(&patterns, pipeline.starts().cloned().collect()).unwrap());
        let run = async || Box::pin(run::run(&pipeline, &context)).await;
        within(RUN_LIMIT, "a run ends", Box::pin(unlocked(run))).await
    }

    /// Approves what is held; `None` where nothing is.
    pub(crate) async fn approve(&self) -> Option<RunReport> {
        let (pipeline, context) = (self.load(), self.context());
        let approve = async || Box::pin(run::approve(&pipeline, &context)).await;
        within(RUN_LIMIT, "an approval ends", Box::pin(unlocked(approve))).await
    }

    /// Writes a second pipeline, over the same site with the same key, for an agent that it may take over.
    pub(crate) fn write_other(&self, name: &str) {
        let yaml = fs::read_to_string(self.write()).unwrap();
        let other = yaml.replace(AGENT_ID, OCCUPIED_AGENT_ID).replace("api_key:", "adopt: true\n  api_key:");
        fs::write(self.path("pipelines").join(format!("{name}.yaml")), other).unwrap();
    }

    /// Goes back to an earlier publication: the one before what is live.
    pub(crate) async fn rollback(&self) -> RunReport {
        let (pipeline, context) = (self.load(), self.context());
        let rollback = async || Box::pin(run::rollback(&pipeline, &context, None)).await;
        within(RUN_LIMIT, "a rollback ends", Box::pin(unlocked(rollback))).await
    }

    /// What the agent was given last.
    pub(crate) async fn published(&self) -> String {
        self.chatbot.text(&self.agent).await
    }

    /// The real program, on this world's folders, with nothing of our environment. It writes into files, so
    /// that no pipe can fill up.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        self.write();
        self.spawn_with(arguments, Stdio::null())
    }

    pub(crate) fn spawn_with(&self, arguments: &[&str], stdin: Stdio) -> Running {
        Running::start(self.command(arguments).stdin(stdin), self.folder.path())
    }

    /// The real program, to be met in the middle of its work.
    pub(crate) fn spawn_in_step(&self, arguments: &[&str]) -> Lockstep {
        self.write();
        let mut command = self.command(arguments);
        command.stdin(Stdio::null());
        Lockstep::start(command, self.folder.path())
    }

    /// The real program's command line.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corpusd"));
        command
            .args(arguments)
            .env_clear()
            .env("CORPUSD_CONFIG_DIR", self.path("pipelines"))
            .env("CORPUSD_STATE", self.path("state"))
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path());
        command
    }

    /// Runs the real program to its end.
    pub(crate) async fn corpusd(&self, arguments: &[&str]) -> Ended {
        self.spawn(arguments).end(RUN_LIMIT).await
    }

    /// Every byte under `state/`, file by file.
    pub(crate) fn state_bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("state")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = fs::read(&path) {
                    // A log that SQLite has just removed is no file any more.
                    found.push((path, bytes));
                }
            }
        }
        found
    }
}

impl Drop for World {
    /// Whatever the test was about: the key is in no file of the state.
    fn drop(&mut self) {
        if std::thread::panicking() || !self.path("state").exists() {
            return;
        }
        for (path, bytes) in self.state_bytes() {
            let has_key = String::from_utf8_lossy(&bytes).contains(STANDARD_KEY);
            assert!(!has_key, "the key is in {}", path.display());
        }
    }
}

fn set(lines: &mut Vec<String>, new: &[&str]) {
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    for line in new {
        lines.retain(|old| key(old) != key(line));
        lines.push((*line).to_owned());
    }
}

/// Does something that takes the locks of a run. A program that another test starts at this moment holds copies of
/// our locks until it has become that program, so a lock that is taken is tried again, for as long as anybody waits.
async fn unlocked<T>(attempt: impl AsyncFn() -> Result<T, RunError>) -> T {
    loop {
        program::none_is_being_made();
        match attempt().await {
            Err(RunError::Lock(LockError::Taken(_))) => tokio::task::yield_now().await,
            ended => return ended.unwrap_or_else(|error| panic!("the run can be made: {error:?}")),
        }
    }
}

/// What tests ask of a report.
pub(crate) trait Reported {
    /// Fails, with the whole report, unless the run ended like this.
    fn ends(self, ending: Ending) -> Self;
    /// The exit code of a run with this report.
    fn exit(&self) -> Exit;
    fn skipped(&self, reason: &str) -> u64;
    fn failed(&self, kind: &str) -> u64;
    fn hash(&self) -> String;
}

impl Reported for RunReport {
    fn ends(self, ending: Ending) -> RunReport {
        assert_eq!(self.outcome, ending, "{self:#?}");
        every_url_has_one_outcome(&self);
        self
    }

    fn exit(&self) -> Exit {
        Exit::of(self)
    }

    fn skipped(&self, reason: &str) -> u64 {
        self.pages.skipped_by.get(reason).copied().unwrap_or(0)
    }

    fn failed(&self, kind: &str) -> u64 {
        self.pages.failed_by.get(kind).copied().unwrap_or(0)
    }

    fn hash(&self) -> String {
        self.corpus.as_ref().map(|corpus| corpus.sha256.clone()).unwrap_or_default()
    }
}

/// What is true of every report of a complete crawl: a URL gave a document, or was skipped, or failed; and one
/// that is carried forward did both. Checked after every run of every test.
fn every_url_has_one_outcome(report: &RunReport) {
    let pages = &report.pages;
    assert_eq!(pages.skipped_by.values().sum::<u64>(), pages.skipped, "{pages:#?}");
    assert_eq!(pages.failed_by.values().sum::<u64>(), pages.failed, "{pages:#?}");
    // An approval publishes without a crawl.
    if report.corpus.is_some() && pages.discovered > 0 {
        let documents = report.documents.kept + report.documents.dropped_for_budget;
        let ended = documents + pages.skipped + pages.failed;
        assert_eq!(pages.discovered + pages.carried_forward + pages.outside, ended, "{report:#?}");
    }
}

/// Waits for something that must happen within `limit`.
pub(crate) async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.unwrap_or_else(|_| panic!("{what} within {limit:?}"))
}

/// Asks again and again for what another process does, until it is so.
pub(crate) async fn until(limit: Duration, what: &str, is_so: impl AsyncFn() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(limit, what, asking).await;
}

/// The files of a folder that end like this, at any depth, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
