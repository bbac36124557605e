//! One validated job: everything a run needs to know, with nothing left to check.
//!
//! `config` builds it; no stage sees YAML.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use crate::{
    corpus::budget::Budget,
    crawl::{CrawlPlan, part::Part},
    extract::Cleaning,
    gate::Gates,
    notify::Notify,
    publish::Target,
    report::PipelineName,
    schedule::{Fired, Schedule, Timer},
    verify::Questionnaire,
};

/// One pipeline file, validated.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The stem of its file.
    pub name: PipelineName,
    /// A disabled pipeline is validated and otherwise left alone.
    pub enabled: bool,
    /// Whose knowledge base this is.
    pub agent: Agent,
    /// When it runs by itself; without one, on demand only.
    pub schedule: Option<Schedule>,
    /// What it knows, in the order of the file; never empty.
    pub sources: Vec<Source>,
    /// The part of them that is crawled, where that is not all; said for one run, never by the file.
    pub only: Option<Part>,
    /// What it says about the content of pages.
    pub cleaning: Cleaning,
    /// From which share of common passages on two documents are nearly the same, 0.8 ..= 1.0; `None`: that is not looked
    /// for.
    pub near: Option<f64>,
    /// How large the corpus may be.
    pub budget: Budget,
    /// When a corpus is held.
    pub gates: Gates,
    /// Where it goes.
    pub target: Target,
    /// The least time between two publications; none to a target that costs nothing.
    pub min_interval: Duration,
    /// How many of the newest published corpora are kept, besides the last one of each month.
    pub keep: u32,
    /// What the agent is asked after a publish.
    pub verify: Questionnaire,
    /// Who is told how its runs end.
    pub notify: Arc<Notify>,
}

/// The agent whose training text is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The id that Chatbase gave it; never empty, no control characters.
    pub id: String,
    /// Sent with the push when set; else the current name is read and sent back unchanged.
    pub name: Option<String>,
}

/// Where pages come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A website, crawled by links and sitemaps. The usual choice.
    Site(CrawlPlan),
}

impl Source {
    /// What it is called in messages, and from run to run.
    pub fn name(&self) -> String {
        match self {
            Source::Site(plan) => plan.start.first().map(ToString::to_string).unwrap_or_default(),
        }
    }
}

impl Pipeline {
    /// Where the crawls of its sites begin.
    pub fn starts(&self) -> impl Iterator<Item = &Url> {
        self.sources.iter().flat_map(|source| match source {
            Source::Site(plan) => &plan.start,
        })
    }

    /// When its schedule asks for the next run, which may have been already, after what it has `fired`.
    pub fn next_run(&self, fired: Option<Fired>, now: Timestamp) -> Option<Timestamp> {
        let schedule = self.schedule.clone().filter(|_| self.enabled)?;
        Timer::new(schedule, fired, now).next()
    }

    /// Of every setting that a refusal by the target may concern: other settings are worth another try.
    pub fn publish_fingerprint(&self) -> String {
        let Pipeline { agent, budget, target, .. } = self;
        format!("{} {:?} {:?} {}", target.fingerprint(&agent.id), agent.name, budget.limits, budget.headroom)
    }
}
