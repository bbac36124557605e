//! The daemon: every pipeline on its schedule, until it is asked to stop.
//!
//! One loop decides everything: it looks at the clock and at what has happened, starts what is due as a task of its own,
//! and sleeps until something can be due again. It must never wait for a run. What it knows is in the state of each
//! pipeline, so that a restart loses nothing; who stops it, who asks it to read its files again and what it listens on
//! is for the caller.

mod age;
mod clock;
mod connection;
mod door;
mod question;
mod roster;
mod service;
mod stop;
mod timer;
mod watch;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, watch::Sender},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use clock::Clock;
use door::Door;
use question::{Overview, Question};
use roster::{Applied, Roster, Start};
use service::Service;
pub use timer::timer;

use crate::{
    config::{Folder, Inputs, ListError, Settings},
    outcome::in_words,
    pipeline::Pipeline,
    run::{self, Context, Progress, RunError},
    store::{DaemonLock, LockError, Store},
};

/// The clock of the wall may be changed at any time, and nobody is told: it is looked at this often at least.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// From so much on a run is late.
const LATE: SignedDuration = SignedDuration::from_mins(1);
/// Questions that wait for the loop.
const QUEUE: usize = 64;

/// Gives what the pipeline files say now.
pub type Load = Box<dyn FnMut() -> Result<Folder, ListError> + Send>;

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
    /// Where it takes triggers, and tells its metrics.
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
    let (sender, questions) = mpsc::channel(QUEUE);
    let mut daemon = Daemon {
        roster: Roster::default(),
        runs: JoinSet::new(),
        started: HashMap::new(),
        service: Service::new(),
        clock: Clock::default(),
        clock_is_set: Arc::new(AtomicBool::new(false)),
        reloaded: true,
        inputs: Sender::default(),
        context,
        settings,
        load,
    };
    let applied = daemon.read()?;
    if applied.broken > 0 && daemon.roster.len() == 0 {
        return Err(DaemonError::Broken(applied.broken));
    }
    daemon.check().await;
    let mut helpers = JoinSet::new();
    helpers.spawn(watch::watch(folder, daemon.inputs.subscribe(), Arc::clone(&reload)));
    helpers.spawn(age::watch(daemon.context.clone(), sender.clone()));
    if let Some(listener) = listener {
        let state_dir = daemon.context.state_dir.clone();
        let door = Door::new(&daemon.settings, state_dir, sender, Arc::clone(&daemon.clock_is_set));
        helpers.spawn(door.serve(listener));
    }
    service::ready();
    daemon.schedule(&reload, questions).await;
    drop(helpers);
    daemon.stop().await;
    Ok(())
}

struct Daemon {
    roster: Roster,
    runs: JoinSet<Ended>,
    /// What each of them is.
    started: HashMap<Id, Started>,
    service: Service,
    clock: Clock,
    clock_is_set: Arc<AtomicBool>,
    /// Whether all pipeline files, and their defaults, could be taken in the last time.
    reloaded: bool,
    /// What was read the last time; `None` where the folder could not be listed.
    inputs: Sender<Option<Inputs>>,
    context: Context,
    settings: Settings,
    load: Load,
}

/// A run that has started.
struct Started {
    pipeline: Arc<Pipeline>,
    /// Since when it was due.
    since: Timestamp,
}

/// How a task came to its end.
enum Ended {
    Run(Result<(), RunError>),
    /// Another process has taken what was due.
    Overtaken,
}

impl Daemon {
    async fn schedule(&mut self, reload: &Notify, mut questions: mpsc::Receiver<Question>) {
        let stop = self.context.stop.clone();
        loop {
            let wake = self.look().await;
            tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended).await,
                () = reload.notified() => self.reload().await,
                Some(question) = questions.recv() => self.answer(question),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Whoever asked may have gone away.
    fn answer(&mut self, question: Question) {
        match question {
            Question::Trigger { pipeline, answer } => {
                let _gone = answer.send(self.roster.trigger(&pipeline, (self.context.now)()));
            }
            Question::Overview(answer) => {
                let overview = Overview { reloaded: self.reloaded, pipelines: self.roster.planned() };
                let _gone = answer.send(overview);
            }
        }
    }

    /// Looks at the clock, starts what is due, and says when to look again.
    async fn look(&mut self) -> Instant {
        let (now, instant) = ((self.context.now)(), Instant::now());
        let mut wake = self.service.wake(instant, instant + LONGEST_SLEEP);
        self.service.alive();
        let is_set = self.clock.look(now, instant);
        self.clock_is_set.store(is_set, Ordering::Relaxed);
        if !is_set {
            self.service.status(format!("the clock is not set: it says {now:.0}"));
            return wake.min(instant + Duration::from_secs(5));
        }
        self.time(now).await;
        self.roster.look(now);
        while self.runs.len() < self.settings.max_runs as usize {
            let Some(start) = self.roster.start(now, instant) else { break };
            self.start(start, now);
        }
        if let Some((next, _)) = self.roster.next() {
            wake = wake.min(instant + Duration::try_from(next.duration_since(now)).unwrap_or_default());
        }
        if let Some(retry) = self.roster.retry(instant) {
            wake = wake.min(retry);
        }
        self.tell();
        wake
    }

    fn tell(&mut self) {
        let (waiting, held) = (self.roster.waiting(), self.roster.held());
        let counts = [(self.runs.len(), "running"), (waiting, "waiting"), (held, "held")];
        let counts =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let next = self.roster.next().map(|(next, name)| format!("next is {name} at {next:.0}"));
        let parts: Vec<String> = std::iter::once(self.roster.size()).chain(counts).chain(next).collect();
        self.service.status(parts.join(", "));
    }

    /// Begins the timers of pipelines that are new, or have another schedule.
    async fn time(&mut self, now: Timestamp) {
        for pipeline in self.roster.untimed() {
            match timer(&self.context, &pipeline, now).await {
                Ok(Some(timer)) => self.roster.time(&pipeline.name, timer),
                Ok(None) => {}
                Err(error) => self.hold(&pipeline, in_words(&error)).await,
            }
        }
    }

    /// Looks through the state of each pipeline that was not looked at yet: a damaged one harms no other.
    async fn check(&mut self) {
        for pipeline in self.roster.unchecked() {
            let name = pipeline.name.as_str();
            self.service.status(format!("checking the state of {name}"));
            self.service.alive();
            match Store::check(&self.context.state_dir, name, (self.context.now)()).await {
                Ok(()) => self.roster.pass(&pipeline.name),
                Err(error) => self.hold(&pipeline, in_words(&error)).await,
            }
        }
    }

    async fn hold(&mut self, pipeline: &Pipeline, reason: String) {
        let name = &pipeline.name;
        tracing::error!(pipeline = %name, "`{name}` is held, and does not run: {reason}");
        run::tell_unable(pipeline, &self.context, &reason).await;
        self.roster.hold(name, reason);
    }

    fn start(&mut self, start: Start, now: Timestamp) {
        let Start { pipeline, since, triggered, record } = start;
        let started = Started { pipeline: Arc::clone(&pipeline), since };
        let name = &pipeline.name;
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
                    Err(error) => {
                        run::tell_unable(&pipeline, &context, &in_words(&error)).await;
                        return Ended::Run(Err(error.into()));
                    }
                }
            }
            Ended::Run(run::run(&pipeline, &context).await.map(drop))
        };
        let task = self.runs.spawn(run);
        self.started.insert(task.id(), started);
    }

    async fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(Started { pipeline, since }) = self.started.remove(&id) else { return };
        let name = &pipeline.name;
        match ended {
            // The run has told of itself: in the log, and whoever else wants to know.
            Ok((_, Ended::Run(Ok(())))) => self.roster.ended(name),
            Ok((_, Ended::Run(Err(RunError::Lock(error @ LockError::Taken(_)))))) => {
                if self.roster.busy(name, since, Instant::now()) {
                    tracing::warn!(pipeline = %name, "`{name}` waits: {}", in_words(&error));
                }
            }
            Ok((_, Ended::Run(Err(error)))) => {
                tracing::error!(pipeline = %name, "`{name}` could not run: {}", in_words(&error));
                self.roster.ended(name);
            }
            Ok((_, Ended::Overtaken)) => {
                tracing::info!(pipeline = %name, "`{name}` was started by another process");
                self.roster.overtaken(name);
            }
            Err(error) => {
                // Not even its end could be recorded, so nobody else has told of it.
                tracing::error!(pipeline = %name, "`{name}` met a fault of this program: {error}");
                run::tell_unable(&pipeline, &self.context, "a fault of this program").await;
                self.roster.ended(name);
            }
        }
    }

    /// Reads the pipeline files again; where that cannot be done, everything stays as it is.
    async fn reload(&mut self) {
        service::reloading();
        match self.read() {
            Ok(applied) => {
                self.check().await;
                tracing::info!(
                    reload.success = applied.sound,
                    "the pipeline files were read again: {}, broken files: {}",
                    self.roster.size(),
                    applied.broken
                );
            }
            Err(error) => {
                self.reloaded = false;
                self.inputs.send_replace(None);
                tracing::error!("everything stays as it is: {}", in_words(&error));
            }
        }
        service::ready();
    }

    fn read(&mut self) -> Result<Applied, ListError> {
        let Folder { files, defaults, inputs } = (self.load)()?;
        self.inputs.send_replace(Some(inputs));
        let applied = self.roster.apply(files, defaults);
        self.reloaded = applied.sound;
        Ok(applied)
    }
}

fn lateness(late: SignedDuration) -> String {
    match late.as_secs() {
        0..7_200 => format!("{} min", late.as_mins()),
        7_200..172_800 => format!("{} h", late.as_hours()),
        seconds => format!("{} days", seconds / 86_400),
    }
}
