//! The real program at work: started, watched, signalled, killed.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::RwLock,
    time::{Duration, Instant},
};

use corpusd::sandbox::STANDARD_KEY;
use serde_json::Value;
use tempfile::TempDir;

/// Held while a process is made. A child has every open file of ours until it has become another program, and
/// with it the lock of whatever run another test has just ended.
static FORKING: RwLock<()> = RwLock::new(());

/// Waits while a process is being made.
pub(crate) fn none_is_being_made() {
    drop(FORKING.read());
}

/// Makes a process, while no other is being made.
pub(crate) fn start(command: &mut Command) -> Child {
    let _alone = FORKING.write().unwrap();
    command.spawn().unwrap()
}

/// The real program at work.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    output: TempDir,
    /// Whether it is the stand-in for the API, which tells which keys it takes.
    shows_keys: bool,
}

impl Running {
    /// Starts it, with its output in files in a folder of its own under `folder`.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Running {
        Running::start_with(command, folder, Stdio::from)
    }

    /// Starts it likewise, but for what stands between its words on stderr and their file.
    pub(crate) fn start_with(
        command: &mut Command,
        folder: &Path,
        stderr: impl FnOnce(File) -> Stdio,
    ) -> Running {
        let output = tempfile::Builder::new().prefix("output-").tempdir_in(folder).unwrap();
        let file = |name| File::create(output.path().join(name)).unwrap();
        let shows_keys = command.get_args().any(|argument| argument == "sandbox");
        let child = start(command.stdout(file("stdout")).stderr(stderr(file("stderr"))));
        Running { child, output, shows_keys }
    }

    /// Waits for its end; what is still at work after `limit` is killed, and fails the test.
    pub(crate) async fn end(mut self, limit: Duration) -> Ended {
        let started = Instant::now();
        let mut spent = Spent::default();
        loop {
            // The last look at a process that is still there tells all that it has taken.
            spent = Spent::of(self.child.id()).unwrap_or(spent);
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.ended(status, spent);
            }
            if started.elapsed() > limit {
                self.child.kill().unwrap();
                let status = self.child.wait().unwrap();
                panic!("the program ends within {limit:?}; it said:\n{}", self.ended(status, spent).stderr);
            }
            // The end of a child process wakes nobody without a signal handler of the process's own.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on stderr so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.output.path().join("stderr")).unwrap()).into_owned()
    }

    /// Sends it a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let sent = start(kill.args([format!("-{name}"), self.child.id().to_string()])).wait();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// Kills it, unless it has ended by itself, and leaves what it said to be read.
    pub(crate) fn slay(&mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }

    /// Kills it, unless it has ended by itself.
    pub(crate) fn kill(mut self) -> Ended {
        let status = self.slay();
        self.ended(status, Spent::default())
    }

    /// Gives it some time, and kills it then unless it has ended by itself.
    pub(crate) async fn kill_after(mut self, time: Duration) -> Ended {
        let started = Instant::now();
        while started.elapsed() < time {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.ended(status, Spent::default());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.kill()
    }

    fn ended(&self, status: ExitStatus, spent: Spent) -> Ended {
        let read =
            |name| String::from_utf8_lossy(&fs::read(self.output.path().join(name)).unwrap()).into_owned();
        let ended = Ended { status, stdout: read("stdout"), stderr: read("stderr"), spent };
        // Whatever a test is about: the key is never shown.
        for said in [&ended.stdout, &ended.stderr] {
            assert!(!said.contains(STANDARD_KEY) || self.shows_keys, "the key is shown:\n{said}");
        }
        ended
    }
}

/// What a process has taken of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// Time on a processor, which does not depend on what else the machine does.
    pub(crate) cpu: Duration,
    /// The most memory it held, in KiB.
    pub(crate) peak_kib: u64,
}

impl Spent {
    /// `None` for a process that has ended.
    fn of(pid: u32) -> Option<Spent> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // User and system time, in hundredths of a second, are fields 14 and 15; the second is in parentheses.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Some(Spent {
            cpu: Duration::from_millis(ticks * 10),
            peak_kib: peak.trim().trim_end_matches(" kB").parse().ok()?,
        })
    }
}

/// How the real program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) spent: Spent,
}

impl Ended {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Fails, with what it said, unless this is its exit code.
    pub(crate) fn exits(self, code: i32) -> Ended {
        assert_eq!(self.code(), Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.stdout.trim()).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}
