//! The daemon: every pipeline on its schedule, until it is asked to stop.
//!
//! One loop decides everything: it looks at the clock and at what has happened, starts what is due as a task of its own,
//! and sleeps until something can be due again. It must never wait for a run. What it knows is in the state of each
//! pipeline, so that a restart loses nothing; who stops it, who asks it to read its files again and what it listens on
//! is for the caller.

mod connection;
mod door;
mod roster;
mod service;
mod watch;

use std::{
    collections::HashMap,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::date, tz::Offset};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};

use door::Door;
use roster::{Roster, Start};
use service::Service;

use crate::{
    config::{Diagnostic, ListError, Loaded, Settings},
    outcome::in_words,
    pipeline::Pipeline,
    report::PipelineName,
    run::{self, Context, Progress, RunError},
    schedule::Timer,
    store::{DaemonLock, LockError, Store, StoreError},
};

/// The clock of the wall may be changed at any time, and nobody is told: it is looked at this often at least.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// From so much on, a change of the clock is worth a word, …
const JUMP: SignedDuration = SignedDuration::from_mins(1);
/// … and from so much on somebody should look at it.
const LARGE_JUMP: SignedDuration = SignedDuration::from_hours(1);
/// From so much on a run is late.
const LATE: SignedDuration = SignedDuration::from_mins(1);
/// Triggers that wait for the loop.
const QUEUE: usize = 64;

/// Gives what the pipeline files say now.
pub type Load = Box<dyn Fn() -> Result<Vec<Result<Loaded, Vec<Diagnostic>>>, ListError> + Send>;

/// What the daemon needs.
pub struct Options {
    /// Its right to the state.
    pub lock: DaemonLock,
    /// What its runs need; its `stop` stops the daemon.
    pub context: Context,
    /// Its own settings.
    pub settings: Settings,
    /// The folder of the pipeline files.
    pub folder: PathBuf,
    /// Reads them.
    pub load: Load,
    /// Asks for them to be read again.
    pub reload: Arc<Notify>,
    /// Where it takes triggers.
    pub listener: Option<TcpListener>,
}

/// Why the daemon cannot work.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The pipeline files cannot be found.
    #[error("failed to read the pipeline files")]
    List(#[from] ListError),
    /// None of the pipeline files is sound.
    #[error("none of the {0} pipeline files can be used")]
    Broken(usize),
}

/// Runs the pipelines on their schedules until `options.context.stop` is cancelled, and then ends what is under way.
///
/// # Errors
/// [`DaemonError`] where it cannot begin.
pub async fn serve(options: Options) -> Result<(), DaemonError> {
    // The lock is held until the last run has ended.
    let Options { lock: _lock, context, settings, folder, load, reload, listener } = options;
    let seen = watch::look(&folder).await;
    let (sender, triggers) = mpsc::channel(QUEUE);
    let mut daemon = Daemon {
        roster: Roster::default(),
        runs: JoinSet::new(),
        started: HashMap::new(),
        service: Service::new(),
        clock: None,
        clock_is_set: Arc::new(AtomicBool::new(false)),
        context,
        settings,
        load,
    };
    let applied = daemon.roster.apply((daemon.load)()?);
    if applied.broken > 0 && daemon.roster.len() == 0 {
        return Err(DaemonError::Broken(applied.broken));
    }
    daemon.check().await;
    let mut helpers = JoinSet::new();
    helpers.spawn(watch::watch(folder, seen, Arc::clone(&reload)));
    if let (Some(listener), Some(token)) = (listener, &daemon.settings.trigger) {
        let door = Door::new(token, &daemon.settings, sender, Arc::clone(&daemon.clock_is_set));
        helpers.spawn(door.serve(listener));
    }
    service::ready();
    daemon.schedule(&reload, triggers).await;
    drop(helpers);
    daemon.stop().await;
    Ok(())
}

struct Daemon {
    roster: Roster,
    runs: JoinSet<Ended>,
    /// What each of them is.
    started: HashMap<Id, (PipelineName, Timestamp)>,
    service: Service,
    /// Both clocks when they were looked at last.
    clock: Option<(Timestamp, Instant)>,
    clock_is_set: Arc<AtomicBool>,
    context: Context,
    settings: Settings,
    load: Load,
}

/// How a task came to its end.
enum Ended {
    Run(Result<(), RunError>),
    /// Another process has taken what was due.
    Overtaken,
}

impl Daemon {
    async fn schedule(&mut self, reload: &Notify, mut triggers: mpsc::Receiver<door::Trigger>) {
        let stop = self.context.stop.clone();
        loop {
            let wake = self.look().await;
            tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended),
                () = reload.notified() => self.reload().await,
                Some(trigger) = triggers.recv() => {
                    let came = self.roster.trigger(&trigger.pipeline, (self.context.now)());
                    // Whoever asked may have gone away.
                    let _gone = trigger.answer.send(came);
                }
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Looks at the clock, starts what is due, and says when to look again.
    async fn look(&mut self) -> Instant {
        let (now, instant) = ((self.context.now)(), Instant::now());
        let mut wake = instant + self.service.pulse().map_or(LONGEST_SLEEP, |pulse| pulse.min(LONGEST_SLEEP));
        self.service.alive();
        // A machine without a clock of its own begins in 1970, until it has asked for the time.
        let is_set = now >= released();
        self.clock_is_set.store(is_set, Ordering::Relaxed);
        if !is_set {
            self.service.status(format!("the clock is not set: it says {now:.0}"));
            self.clock = None;
            return wake.min(instant + Duration::from_secs(5));
        }
        self.notice_jump(now, instant);
        self.time(now).await;
        self.roster.look(now);
        while self.runs.len() < self.settings.max_runs as usize {
            let Some(start) = self.roster.start(now, instant) else { break };
            self.start(start, now);
        }
        if let Some((next, _)) = self.roster.next() {
            wake = wake.min(instant + Duration::try_from(next.duration_since(now)).unwrap_or_default());
        }
        if let Some(retry) = self.roster.retry() {
            wake = wake.min(retry.max(instant));
        }
        self.tell();
        wake
    }

    /// A change of the clock, or a sleep of the machine, shows as a difference between the two clocks.
    fn notice_jump(&mut self, now: Timestamp, instant: Instant) {
        if let Some((last, last_instant)) = self.clock.replace((now, instant)) {
            let passed = SignedDuration::try_from(instant - last_instant).unwrap_or(SignedDuration::MAX);
            let jump = now.duration_since(last).saturating_sub(passed);
            let seconds = jump.as_secs();
            if jump.abs() >= LARGE_JUMP {
                tracing::error!(
                    jump_s = seconds,
                    "the clock jumped by {seconds} s: is it right now? It says {now:.0}"
                );
            } else if jump.abs() >= JUMP {
                tracing::warn!(jump_s = seconds, "the clock jumped by {seconds} s, or the machine slept");
            }
        }
    }

    fn tell(&mut self) {
        let (waiting, held) = (self.roster.waiting(), self.roster.held());
        let counts = [(self.runs.len(), "running"), (waiting, "waiting"), (held, "held")];
        let counts =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let next = self.roster.next().map(|(next, name)| format!("next is {name} at {next:.0}"));
        let parts: Vec<String> =
            std::iter::once(format!("{} pipelines", self.roster.len())).chain(counts).chain(next).collect();
        self.service.status(parts.join(", "));
    }

    /// Begins the timers of pipelines that are new, or have another schedule.
    async fn time(&mut self, now: Timestamp) {
        for pipeline in self.roster.untimed() {
            match timer(&self.context, &pipeline, now).await {
                Ok(Some(timer)) => self.roster.time(&pipeline.name, timer),
                Ok(None) => {}
                Err(error) => self.hold(&pipeline, in_words(&error)),
            }
        }
    }

    /// Looks through the state of each pipeline that was not looked at yet: a damaged one harms no other.
    async fn check(&mut self) {
        for pipeline in self.roster.unchecked() {
            let name = pipeline.name.as_str();
            self.service.status(format!("checking the state of {name}"));
            match Store::check(&self.context.state_dir, name, (self.context.now)()).await {
                Ok(()) => self.roster.pass(&pipeline.name),
                Err(error) => self.hold(&pipeline, in_words(&error)),
            }
        }
    }

    fn hold(&mut self, pipeline: &Pipeline, reason: String) {
        let name = &pipeline.name;
        tracing::error!(pipeline = %name, "`{name}` is held, and does not run: {reason}");
        self.roster.hold(name, reason);
    }

    fn start(&mut self, start: Start, now: Timestamp) {
        let Start { pipeline, since, triggered, record } = start;
        let name = pipeline.name.clone();
        let late = now.duration_since(since);
        if late >= LATE {
            tracing::warn!(pipeline = %name, late_s = late.as_secs(), "`{name}` starts {} late", lateness(late));
        }
        let context = Context {
            timeout: pipeline.schedule.as_ref().map(|schedule| schedule.timeout),
            progress: Arc::new(Progress::default()),
            ..self.context.clone()
        };
        let run = async move {
            if let Some(record) = record {
                let recorded = match Store::open(&context.state_dir, pipeline.name.as_str()) {
                    Ok(store) => store.fire(record).await,
                    Err(error) => Err(error),
                };
                match recorded {
                    Ok(false) if !triggered => return Ended::Overtaken,
                    Ok(_) => {}
                    Err(error) => return Ended::Run(Err(error.into())),
                }
            }
            Ended::Run(run::run(&pipeline, &context).await.map(drop))
        };
        let task = self.runs.spawn(run);
        self.started.insert(task.id(), (name, since));
    }

    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((name, since)) = self.started.remove(&id) else { return };
        match ended {
            // The run has told of itself: in the log, and whoever else wants to know.
            Ok((_, Ended::Run(Ok(())))) => self.roster.ended(&name),
            Ok((_, Ended::Run(Err(RunError::Lock(error @ LockError::Taken(_)))))) => {
                tracing::warn!(pipeline = %name, "`{name}` waits: {}", in_words(&error));
                self.roster.busy(&name, since, Instant::now());
            }
            Ok((_, Ended::Run(Err(error)))) => {
                tracing::error!(pipeline = %name, "`{name}` could not run: {}", in_words(&error));
                self.roster.ended(&name);
            }
            Ok((_, Ended::Overtaken)) => {
                tracing::info!(pipeline = %name, "`{name}` was started by another process");
                self.roster.overtaken(&name);
            }
            Err(error) => {
                tracing::error!(pipeline = %name, "`{name}` met a fault of this program: {error}");
                self.roster.ended(&name);
            }
        }
    }

    /// Reads the pipeline files again; where that cannot be done, everything stays as it is.
    async fn reload(&mut self) {
        service::reloading();
        match (self.load)() {
            Ok(files) => {
                let applied = self.roster.apply(files);
                self.check().await;
                tracing::info!(
                    reload.success = applied.sound,
                    "the pipeline files were read again: {} pipelines, {} broken files",
                    self.roster.len(),
                    applied.broken
                );
            }
            Err(error) => tracing::error!("everything stays as it is: {}", in_words(&error)),
        }
        service::ready();
    }

    /// Waits for the runs, which were told to stop, and for those who are told of them, as long as is allowed.
    async fn stop(&mut self) {
        service::stopping();
        self.service.status(format!("stopping, {} running", self.runs.len()));
        let deadline = Instant::now() + self.settings.stop_timeout;
        while !self.runs.is_empty() {
            let next = self.service.pulse().map_or(deadline, |pulse| deadline.min(Instant::now() + pulse));
            match timeout_at(next, self.runs.join_next_with_id()).await {
                Ok(Some(ended)) => self.ended(ended),
                Ok(None) => break,
                Err(_) if Instant::now() >= deadline => {
                    let names: Vec<&str> = self.started.values().map(|(name, _)| name.as_str()).collect();
                    tracing::warn!(
                        "not waited for any longer: {}; the next run goes on from there",
                        names.join(", ")
                    );
                    return;
                }
                Err(_) => self.service.alive(),
            }
        }
        let outbox = self.context.outbox.clone();
        let mut told = pin!(outbox.close());
        while Instant::now() < deadline {
            let next = self.service.pulse().map_or(deadline, |pulse| deadline.min(Instant::now() + pulse));
            if timeout_at(next, &mut told).await.is_ok() {
                return;
            }
            self.service.alive();
        }
    }
}

/// The timer of a pipeline, as its state and its schedule say; `None` where it has no schedule.
///
/// # Errors
/// [`StoreError`], also where the state was damaged: nobody is there then to say what to do about it.
pub async fn timer(
    context: &Context,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Result<Option<Timer>, StoreError> {
    let Some(schedule) = pipeline.schedule.clone() else { return Ok(None) };
    Store::check_aside(&context.state_dir, pipeline.name.as_str())?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    loop {
        let mut timer = Timer::new(schedule.clone(), store.fired().await?, now);
        // Where another process was faster, what it has recorded counts.
        let is_recorded = match timer.begin() {
            Some(record) => store.fire(record).await?,
            None => true,
        };
        if is_recorded {
            return Ok(Some(timer));
        }
    }
}

/// No clock that is right says less.
fn released() -> Timestamp {
    Offset::UTC.to_timestamp(date(2026, 1, 1).at(0, 0, 0, 0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn lateness(late: SignedDuration) -> String {
    match late.as_secs() {
        0..7_200 => format!("{} min", late.as_mins()),
        7_200..172_800 => format!("{} h", late.as_hours()),
        seconds => format!("{} days", seconds / 86_400),
    }
}
