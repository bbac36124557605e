//! The pipelines that the daemon looks after, and whose turn it is.
//!
//! A pipeline is at rest or runs, and only what rests can start: overlap has no way to happen. While it runs nobody looks
//! at its schedule, so that whatever it misses meanwhile is one fire when it has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    config::{Diagnostic, Loaded},
    pipeline::Pipeline,
    report::PipelineName,
    schedule::{Due, Record, Timer},
};

/// When another process has the pipeline, it is asked for again after this time.
const BUSY: Duration = Duration::from_secs(30);

/// The pipelines by name.
#[derive(Debug, Default)]
pub(super) struct Roster(BTreeMap<PipelineName, Job>);

/// One pipeline.
#[derive(Debug)]
struct Job {
    pipeline: Arc<Pipeline>,
    /// None while its state has not been looked at, and for one without a schedule.
    timer: Option<Timer>,
    /// Since when a run is asked for.
    wanted: Option<Wanted>,
    /// Whether its state was looked through.
    checked: bool,
    running: bool,
    /// Since another process had it, until it has run: not to be started before.
    after: Option<Instant>,
    /// Why it must not run.
    held: Option<String>,
    /// Its file is gone: it ends with its run.
    leaving: bool,
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    since: Timestamp,
    /// The instant of the schedule that asks for it.
    fire: Option<Timestamp>,
    /// Somebody asked for it, whatever the schedule says.
    triggered: bool,
}

/// What a trigger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Triggered {
    /// A run will follow.
    Queued,
    /// One was going to anyway.
    Already,
    /// There is no such pipeline, or it is disabled.
    Unknown,
    /// It must not run.
    Held(String),
}

/// How it is with a pipeline.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) pipeline: Arc<Pipeline>,
    /// When it runs next, or should have begun to.
    pub(super) next: Option<Timestamp>,
    /// It does not run, is not about to, and could.
    pub(super) rests: bool,
    /// It must not run.
    pub(super) held: bool,
}

/// A run that is to start.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) pipeline: Arc<Pipeline>,
    /// Since when it is due.
    pub(super) since: Timestamp,
    /// Whether it runs even where another process has taken the fire.
    pub(super) triggered: bool,
    /// What is to be recorded of its schedule first.
    pub(super) record: Option<Record>,
}

impl Roster {
    /// Takes in what the files say now, each for itself. A broken one keeps the pipeline that it was. `defaults` is what
    /// is to be told of the defaults that they were read with.
    pub(super) fn apply(
        &mut self,
        files: Vec<Result<Loaded, Vec<Diagnostic>>>,
        defaults: Result<Vec<Diagnostic>, Vec<Diagnostic>>,
    ) -> Applied {
        let mut applied = Applied { sound: defaults.is_ok(), broken: 0 };
        match defaults {
            Ok(warnings) => {
                for warning in &warnings {
                    tracing::warn!("{warning}");
                }
            }
            Err(faults) => {
                for fault in &faults {
                    tracing::error!("{fault}");
                }
                tracing::error!("what holds for all pipelines stays as it was");
            }
        }
        let (mut read, mut kept) = (Vec::new(), BTreeSet::new());
        for file in files {
            match file {
                Ok(Loaded { pipeline, warnings }) => {
                    for warning in &warnings {
                        tracing::warn!("{warning}");
                    }
                    read.push(pipeline);
                }
                Err(faults) => {
                    applied.sound = false;
                    applied.broken += 1;
                    for fault in &faults {
                        tracing::error!("{fault}");
                    }
                    kept.extend(faults.iter().find_map(name_of));
                }
            }
        }
        for name in &kept {
            if self.0.contains_key(name) {
                tracing::error!("`{name}` goes on as it was before its file was broken");
            } else {
                tracing::error!("`{name}` is left out: its file is broken");
            }
        }
        let agents: BTreeMap<String, PipelineName> = self
            .0
            .iter()
            .filter(|(name, _)| kept.contains(*name))
            .map(|(name, job)| (job.pipeline.agent.id.clone(), name.clone()))
            .collect();
        let mut present = kept;
        for pipeline in read {
            present.insert(pipeline.name.clone());
            // A broken file may hide whose agent it has; its pipeline has it still.
            match agents.get(&pipeline.agent.id) {
                Some(other) => {
                    applied.sound = false;
                    let name = &pipeline.name;
                    tracing::error!(
                        "`{name}` has the agent of `{other}`, whose file is broken: it is left as it was"
                    );
                }
                None => self.take(pipeline),
            }
        }
        for (name, job) in &mut self.0 {
            job.leaving = !present.contains(name);
            if job.leaving {
                tracing::info!("`{name}` is gone{}", if job.running { "; its run is the last" } else { "" });
            }
        }
        self.0.retain(|_, job| job.running || !job.leaving);
        applied
    }

    fn take(&mut self, pipeline: Pipeline) {
        let name = pipeline.name.clone();
        let pipeline = Arc::new(pipeline);
        let Some(job) = self.0.get_mut(&name) else {
            tracing::info!("`{name}` is new");
            let job = Job {
                pipeline,
                timer: None,
                wanted: None,
                checked: false,
                running: false,
                after: None,
                held: None,
                leaving: false,
            };
            self.0.insert(name, job);
            return;
        };
        let same = job.timer.as_ref().map(Timer::schedule) == pipeline.schedule.as_ref();
        if !same || !pipeline.enabled {
            job.timer = None;
            job.wanted = job.wanted.filter(|wanted| wanted.triggered && pipeline.enabled);
        }
        job.pipeline = pipeline;
        // Whatever was wrong may have been put right.
        job.checked &= job.held.take().is_none();
    }

    /// Enabled pipelines whose state was not looked through yet.
    pub(super) fn unchecked(&self) -> Vec<Arc<Pipeline>> {
        self.some(|job| !job.checked)
    }

    /// Enabled pipelines whose schedule is not at work yet.
    pub(super) fn untimed(&self) -> Vec<Arc<Pipeline>> {
        self.some(|job| job.timer.is_none() && job.pipeline.schedule.is_some())
    }

    fn some(&self, fits: impl Fn(&Job) -> bool) -> Vec<Arc<Pipeline>> {
        let fitting = self.0.values().filter(|job| job.pipeline.enabled && job.held.is_none() && fits(job));
        fitting.map(|job| Arc::clone(&job.pipeline)).collect()
    }

    /// Its state can be used.
    pub(super) fn pass(&mut self, name: &PipelineName) {
        if let Some(job) = self.0.get_mut(name) {
            job.checked = true;
        }
    }

    /// Goes by this timer from now on.
    pub(super) fn time(&mut self, name: &PipelineName, timer: Timer) {
        if let Some(job) = self.0.get_mut(name) {
            job.timer = Some(timer);
        }
    }

    /// Does not run it until its file is read again.
    pub(super) fn hold(&mut self, name: &PipelineName, reason: String) {
        if let Some(job) = self.0.get_mut(name) {
            (job.timer, job.wanted, job.held) = (None, None, Some(reason));
        }
    }

    /// Looks at the clock: what is due is asked for.
    pub(super) fn look(&mut self, now: Timestamp) {
        for (name, job) in self.0.iter_mut().filter(|(_, job)| job.wanted.is_none() && !job.running) {
            match job.timer.as_mut().map(|timer| timer.look(now)) {
                Some(Due::Since(since)) => {
                    job.wanted = Some(Wanted { since, fire: Some(since), triggered: false });
                }
                Some(Due::Missed(since)) => {
                    tracing::warn!("`{name}` missed its fire at {since}, and leaves it out");
                }
                Some(Due::NotBefore(_)) | None => {}
            }
        }
    }

    /// Asks for a run now.
    pub(super) fn trigger(&mut self, name: &str, now: Timestamp) -> Triggered {
        let found = self
            .0
            .iter_mut()
            .find(|(known, job)| known.as_str() == name && job.pipeline.enabled && !job.leaving);
        let Some((_, job)) = found else { return Triggered::Unknown };
        if let Some(reason) = &job.held {
            return Triggered::Held(reason.clone());
        }
        let queued = if job.wanted.is_some() { Triggered::Already } else { Triggered::Queued };
        let wanted = job.wanted.unwrap_or(Wanted { since: now, fire: None, triggered: true });
        job.wanted = Some(Wanted { triggered: true, ..wanted });
        queued
    }

    /// Starts, of all that rest and are asked for, the one that has waited longest.
    pub(super) fn start(&mut self, now: Timestamp, instant: Instant) -> Option<Start> {
        let ready =
            |job: &Job| !job.running && !job.leaving && job.after.is_none_or(|after| after <= instant);
        let waiting = self.0.values_mut().filter(|job| ready(job) && job.wanted.is_some());
        let job = waiting.min_by_key(|job| job.wanted.map(|wanted| wanted.since))?;
        let Wanted { since, fire, triggered } = job.wanted.take()?;
        job.running = true;
        let record = job.timer.as_mut().and_then(|timer| {
            // A run that was triggered serves what is due at the same time.
            let due = fire.or_else(|| match timer.look(now) {
                Due::Since(since) => Some(since),
                Due::Missed(_) | Due::NotBefore(_) => None,
            });
            due.map(|due| timer.fire(due, now))
        });
        Some(Start { pipeline: Arc::clone(&job.pipeline), since, triggered, record })
    }

    /// The run has ended.
    pub(super) fn ended(&mut self, name: &PipelineName) {
        if let Some(job) = self.0.get_mut(name) {
            (job.running, job.after) = (false, None);
            if job.leaving {
                self.0.remove(name);
            }
        }
    }

    /// The run could not start, because another process has the pipeline: it is tried again. Gives whether that is news.
    pub(super) fn busy(&mut self, name: &PipelineName, since: Timestamp, instant: Instant) -> bool {
        let was_busy = self.0.get(name).is_some_and(|job| job.after.is_some());
        self.ended(name);
        if let Some(job) = self.0.get_mut(name) {
            job.after = Some(instant + BUSY);
            job.wanted = job.wanted.or(Some(Wanted { since, fire: None, triggered: true }));
        }
        !was_busy
    }

    /// What fired is for another process to run: its record has to be read again.
    pub(super) fn overtaken(&mut self, name: &PipelineName) {
        self.ended(name);
        if let Some(job) = self.0.get_mut(name) {
            job.timer = None;
        }
    }

    /// The pipeline that fires next, among those at rest.
    pub(super) fn next(&self) -> Option<(Timestamp, &PipelineName)> {
        let resting = self.0.iter().filter(|(_, job)| !job.running && job.wanted.is_none());
        resting.filter_map(|(name, job)| Some((job.timer.as_ref()?.next()?, name))).min()
    }

    /// The moment after this one at which one may be tried again that another process had. One whose time has come
    /// waits for another run to end, or is not asked for any more.
    pub(super) fn retry(&self, instant: Instant) -> Option<Instant> {
        let wanted = self.0.values().filter(|job| job.wanted.is_some());
        wanted.filter_map(|job| job.after).filter(|after| *after > instant).min()
    }

    /// Every enabled pipeline.
    pub(super) fn planned(&self) -> Vec<Planned> {
        let present = self.0.values().filter(|job| job.pipeline.enabled && !job.leaving);
        let planned = present.map(|job| Planned {
            pipeline: Arc::clone(&job.pipeline),
            next: job.wanted.map(|wanted| wanted.since).or_else(|| job.timer.as_ref()?.next()),
            rests: !job.running && job.wanted.is_none() && job.held.is_none(),
            held: job.held.is_some(),
        });
        planned.collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many there are, for people.
    pub(super) fn size(&self) -> String {
        let count = self.len();
        format!("{count} {}", if count == 1 { "pipeline" } else { "pipelines" })
    }

    pub(super) fn held(&self) -> usize {
        self.0.values().filter(|job| job.held.is_some()).count()
    }

    pub(super) fn waiting(&self) -> usize {
        self.0.values().filter(|job| job.wanted.is_some()).count()
    }
}

/// What came of reading the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    /// Whether all of them could be taken in.
    pub(super) sound: bool,
    /// How many are broken.
    pub(super) broken: usize,
}

/// The pipeline that a broken file stands for.
fn name_of(fault: &Diagnostic) -> Option<PipelineName> {
    PipelineName::new(fault.file.file_stem()?.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use jiff::SignedDuration;

    use super::*;
    use crate::config::{self, Defaults, Env};

    /// A roster of the files of a folder, with every schedule at work.
    struct Story {
        folder: tempfile::TempDir,
        roster: Roster,
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-01-{text}Z").parse().unwrap()
    }

    impl Story {
        fn new(files: &[(&str, &str)]) -> Story {
            let mut story = Story { folder: tempfile::tempdir().unwrap(), roster: Roster::default() };
            for (name, cron) in files {
                story.write(name, name, &format!("schedule: {{cron: \"{cron}\"}}\n"));
            }
            story.read("10T00:00:30");
            story
        }

        fn write(&self, name: &str, agent: &str, more: &str) {
            let yaml = format!(
                "version: 1\nagent: {{id: {agent}}}\nsources: [{{site: {{start: \"https://a.test/\"}}}}]\n\
                 publish: {{to: {{directory: out}}}}\n{more}"
            );
            fs::write(self.file(name), yaml).unwrap();
        }

        fn file(&self, name: &str) -> impl AsRef<Path> {
            self.folder.path().join(format!("{name}.yaml"))
        }

        fn read(&mut self, now: &str) -> Applied {
            let env = Env { var: &|_| None, credentials_dir: None, allow_unset: false };
            let folder = config::load_dir(self.folder.path(), &mut Defaults::default(), &env).unwrap();
            let applied = self.roster.apply(folder.files, folder.defaults);
            for pipeline in self.roster.untimed() {
                let timer = Timer::new(pipeline.schedule.clone().unwrap(), None, at(now));
                self.roster.time(&pipeline.name, timer);
            }
            applied
        }

        /// Who starts at this moment, one after the other.
        fn starts(&mut self, now: &str) -> Vec<String> {
            self.roster.look(at(now));
            std::iter::from_fn(|| self.roster.start(at(now), Instant::now()))
                .map(|start| start.pipeline.name.to_string())
                .collect()
        }

        fn ended(&mut self, name: &str) {
            self.roster.ended(&PipelineName::new(name).unwrap());
        }

        fn next(&self) -> Option<(Timestamp, String)> {
            self.roster.next().map(|(next, name)| (next, name.to_string()))
        }
    }

    #[test]
    fn who_has_waited_longest_goes_first() {
        let mut story = Story::new(&[("a", "30 3 * * *"), ("b", "0 3 * * *"), ("c", "0 4 * * *")]);
        assert_eq!(story.roster.trigger("c", at("10T03:10:00")), Triggered::Queued);
        assert_eq!(story.starts("10T03:45:00"), ["b", "c", "a"]);
    }

    #[test]
    fn a_pipeline_never_runs_twice_at_once_and_what_it_misses_is_one_run() {
        let mut story = Story::new(&[("a", "*/5 * * * *")]);
        assert_eq!(story.starts("10T00:05:00"), ["a"]);
        assert_eq!(story.roster.trigger("a", at("10T00:06:00")), Triggered::Queued);
        assert_eq!(story.roster.trigger("a", at("10T00:07:00")), Triggered::Already);
        assert!(story.starts("10T00:17:00").is_empty());
        story.ended("a");
        assert_eq!(story.starts("10T00:17:01"), ["a"]);
        story.ended("a");
        assert!(story.starts("10T00:18:00").is_empty(), "the trigger's run served what was due");
        assert_eq!(story.next(), Some((at("10T00:20:00"), "a".to_owned())));
    }

    #[test]
    fn what_a_reload_does_not_change_keeps_its_next_fire() {
        let mut story = Story::new(&[("a", "@every 6h"), ("b", "0 3 * * *")]);
        story.write("b", "b", "schedule: {cron: \"0 5 * * *\"}\n");
        assert_eq!(story.read("10T04:00:00"), Applied { sound: true, broken: 0 });
        assert!(story.starts("10T04:59:59").is_empty());
        assert_eq!(story.starts("10T05:00:00"), ["b"]);
        assert_eq!(story.next(), Some((at("10T06:00:30"), "a".to_owned())));
    }

    #[test]
    fn a_broken_file_keeps_its_pipeline_and_its_agent() {
        let mut story = Story::new(&[("a", "0 3 * * *")]);
        fs::write(story.file("a"), "version: 1\nagent: {id: ").unwrap();
        story.write("b", "a", "");
        assert_eq!(story.read("10T02:00:00"), Applied { sound: false, broken: 1 });
        assert_eq!(story.roster.trigger("b", at("10T02:00:00")), Triggered::Unknown);
        assert_eq!(story.starts("10T03:00:00"), ["a"]);
    }

    #[test]
    fn a_removed_pipeline_ends_with_its_run() {
        let mut story = Story::new(&[("a", "0 3 * * *"), ("b", "0 4 * * *")]);
        assert_eq!(story.starts("10T03:00:00"), ["a"]);
        fs::remove_file(story.file("a")).unwrap();
        fs::remove_file(story.file("b")).unwrap();
        story.read("10T03:01:00");
        assert_eq!(
            (story.roster.len(), story.roster.trigger("a", at("10T03:02:00"))),
            (1, Triggered::Unknown)
        );
        story.ended("a");
        assert_eq!(story.roster.len(), 0);
    }

    #[test]
    fn what_another_process_has_is_tried_again() {
        let mut story = Story::new(&[("a", "0 3 * * *")]);
        assert_eq!(story.starts("10T03:00:00"), ["a"]);
        let name = PipelineName::new("a").unwrap();
        assert!(story.roster.busy(&name, at("10T03:00:00"), Instant::now()), "it is news");
        assert!(story.starts("10T03:00:01").is_empty());
        let later = Instant::now() + BUSY;
        assert!(story.roster.retry(Instant::now()).is_some_and(|retry| retry <= later));
        assert_eq!(story.roster.retry(later), None, "it waits for a place, which wakes the loop by itself");
        assert!(story.roster.start(at("10T03:00:31"), later).is_some());
        assert_eq!(story.next().map(|(next, _)| next + SignedDuration::ZERO), None);
        assert!(!story.roster.busy(&name, at("10T03:00:00"), later), "it was so before");
        assert!(story.roster.start(at("10T03:01:31"), later + BUSY).is_some());
        story.ended("a");
        assert_eq!(story.starts("11T03:00:00"), ["a"]);
        assert!(story.roster.busy(&name, at("11T03:00:00"), Instant::now()), "it had run meanwhile");
    }

    #[test]
    fn nobody_wakes_for_a_pipeline_that_was_disabled_while_another_process_had_it() {
        let mut story = Story::new(&[("a", "0 3 * * *")]);
        assert_eq!(story.starts("10T03:00:00"), ["a"]);
        let _news = story.roster.busy(&PipelineName::new("a").unwrap(), at("10T03:00:00"), Instant::now());
        story.write("a", "a", "enabled: false\n");
        story.read("10T03:00:10");
        assert_eq!(story.roster.retry(Instant::now()), None);
    }

    #[test]
    fn what_is_held_or_disabled_does_not_run() {
        let mut story = Story::new(&[("a", "0 3 * * *"), ("b", "0 3 * * *")]);
        story.roster.hold(&PipelineName::new("a").unwrap(), "its state was damaged".to_owned());
        story.write("b", "b", "enabled: false\nschedule: {cron: \"0 3 * * *\"}\n");
        assert!(matches!(story.roster.trigger("a", at("10T01:00:00")), Triggered::Held(_)));
        story.read("10T01:00:00");
        assert_eq!(story.roster.trigger("b", at("10T01:00:00")), Triggered::Unknown);
        // Reading the files again gives what was held another chance.
        assert_eq!(story.starts("10T03:00:00"), ["a"]);
    }
}
