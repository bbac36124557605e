//! Whether everything is there that a run needs: the state, the clock, the sites, the key and what it opens. Nothing is
//! written.

use std::{path::Path, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AGE, DATE};
use rustix::fs::{Access, access};
use serde::Serialize;
use url::Url;

use super::Context;
use crate::{
    chatbase::{self, ApiError, Refusal},
    crawl::{Crawl, CrawlPlan, Hosts, PRODUCT_TOKEN, host::NoRobots},
    http::{self, Limits, egress::Egress},
    outcome::in_words,
    pipeline::{Pipeline, Source},
    store::{Store, StoreError},
};

/// Further than this from the API's clock, schedules fire at times that nobody meant.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);
/// The head of an answer is all that the clock needs.
const CLOCK_LIMITS: Limits = Limits { wire: 1024, decoded: 1024, total: Duration::from_secs(30) };

/// What was looked at, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// What came of it.
    pub health: Health,
    /// What was found, with what to do where that is needed.
    pub detail: String,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether the folder of the state can be written to.
    State,
    /// Whether what is in it is sound.
    Database,
    /// Whether our clock agrees with that of the API, or of the first site where no API is asked.
    Clock,
    /// Whether robots.txt lets us in; one finding per start URL.
    Robots,
    /// Whether the API takes the key.
    Key,
    /// Whether the account may use the API.
    Plan,
    /// Whether the account has the agent.
    Agent,
}

impl Check {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Check::State => "state",
            Check::Database => "database",
            Check::Clock => "clock",
            Check::Robots => "robots",
            Check::Key => "key",
            Check::Plan => "plan",
            Check::Agent => "agent",
        }
    }
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All is well.
    Ok,
    /// Runs fail, or go wrong, until this is put right.
    Failed,
    /// What stands before it is not well, or nobody tells.
    Unknown,
}

impl Check {
    fn is(self, health: Health, detail: impl Into<String>) -> Finding {
        Finding { check: self, health, detail: detail.into() }
    }
}

/// Looks at everything that a run of the pipeline needs, in the order in which a run does.
pub async fn doctor(pipeline: &Pipeline, context: &Context) -> Vec<Finding> {
    let mut findings = vec![
        state(&context.state_dir),
        database(pipeline, &context.state_dir).await,
        clock(pipeline, context).await,
    ];
    for source in &pipeline.sources {
        match source {
            Source::Site(plan) => findings.extend(robots(plan, context).await),
        }
    }
    findings.extend(api(pipeline, context).await);
    findings
}

/// The folder, or the one that it would be made in.
fn state(state_dir: &Path) -> Finding {
    let there = |folder: &&Path| folder.as_os_str().is_empty() || folder.exists();
    let folder = state_dir.ancestors().find(there).filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Check::State.is(Health::Ok, format!("`{}` can be written to", state_dir.display())),
        Err(error) => Check::State.is(
            Health::Failed,
            format!(
                "`{}`: {error}: let this user write to it, or name another with --state",
                folder.display()
            ),
        ),
    }
}

async fn database(pipeline: &Pipeline, state_dir: &Path) -> Finding {
    match Store::examine(state_dir, pipeline.name.as_str()).await {
        Ok(true) => Check::Database.is(Health::Ok, "sound"),
        Ok(false) => Check::Database.is(Health::Ok, "none yet: the first run makes one"),
        Err(error @ StoreError::Newer(_)) => {
            Check::Database.is(Health::Failed, format!("{error}: install that, or put a backup in its place"))
        }
        Err(error) => Check::Database.is(Health::Failed, in_words(&error)),
    }
}

async fn clock(pipeline: &Pipeline, context: &Context) -> Finding {
    let Some((url, client)) = timekeeper(pipeline) else {
        return Check::Clock.is(Health::Unknown, "there is nobody to ask for the time");
    };
    let sent = (context.now)();
    let answer = match client.get(&url, &[], CLOCK_LIMITS).await {
        Ok(answer) => answer,
        Err(error) => return Check::Clock.is(Health::Unknown, format!("{url}: {}", in_words(&error))),
    };
    let Some(theirs) = time_of(answer.header(DATE), answer.header(AGE)) else {
        return Check::Clock.is(Health::Unknown, format!("{url} does not tell the time"));
    };
    judge_clock(sent, (context.now)(), theirs)
}

/// Whom to ask for the time: the API, else the first site.
fn timekeeper(pipeline: &Pipeline) -> Option<(Url, http::Client)> {
    if let Some(url) = pipeline.target.base_url() {
        return Some((url.clone(), http::Client::new(Egress::new([url]), http::USER_AGENT)));
    }
    let Source::Site(plan) = pipeline.sources.first()?;
    Some((plan.start.first()?.clone(), client_of(plan)))
}

/// What a server's clock showed when it sent its answer: a cache in between adds how long it kept that (RFC 9111 §5.1).
fn time_of(date: Option<&str>, age: Option<&str>) -> Option<Timestamp> {
    let date = Timestamp::try_from(httpdate::parse_http_date(date?.trim()).ok()?).ok()?;
    let age = age.and_then(|age| age.trim().parse::<u32>().ok()).unwrap_or(0);
    date.checked_add(SignedDuration::from_secs(i64::from(age))).ok()
}

/// `theirs` was read at some moment from `sent` to `came`, and has whole seconds.
fn judge_clock(sent: Timestamp, came: Timestamp, theirs: Timestamp) -> Finding {
    let (ahead, behind) = (sent.duration_since(theirs), theirs.duration_since(came));
    if ahead.max(behind) <= CLOCK_TOLERANCE {
        return Check::Clock.is(Health::Ok, "right to the minute");
    }
    let (off, side) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    let seconds = off.as_secs();
    let detail =
        format!("{seconds} s {side} the servers': set it, best by NTP, or schedules fire at the wrong time");
    Check::Clock.is(Health::Failed, detail)
}

fn client_of(plan: &CrawlPlan) -> http::Client {
    http::Client::with_access(Egress::new(&plan.start), &plan.user_agent, plan.access.clone())
}

async fn robots(plan: &CrawlPlan, context: &Context) -> Vec<Finding> {
    let client = client_of(plan);
    let pacers = Arc::clone(&context.pacers);
    let mut crawl = Crawl::new(client.clone(), Arc::new(plan.clone()), Hosts::new(), pacers, context.now);
    let mut findings = Vec::new();
    for start in &plan.start {
        let host = crawl.host(start);
        findings.push(match host.robots(&client, context.now).await {
            Ok(robots) if robots.allows(start) => {
                let delay =
                    robots.crawl_delay().map(|delay| format!(", {} s between requests", delay.as_secs()));
                Check::Robots.is(Health::Ok, format!("{start} may be read{}", delay.unwrap_or_default()))
            }
            Ok(robots) => Check::Robots.is(
                Health::Failed,
                format!(
                    "{start} is forbidden by `{}`: ask the site's owner to let `{}` in",
                    robots.rule_for(start).unwrap_or("a rule for all"),
                    PRODUCT_TOKEN
                ),
            ),
            Err(NoRobots::Blocked(reason)) => {
                Check::Robots.is(Health::Failed, format!("{start} is never asked: {reason}"))
            }
            Err(NoRobots::Untrusted(reason)) => Check::Robots
                .is(Health::Failed, format!("{start}: {reason}: `ca_file` names an authority of your own")),
            Err(NoRobots::Unreachable(reason)) => Check::Robots.is(
                Health::Failed,
                format!("{start}: robots.txt is unreachable, so nothing may be asked: {reason}"),
            ),
        });
    }
    findings
}

/// One question tells of key, plan and agent.
async fn api(pipeline: &Pipeline, context: &Context) -> Vec<Finding> {
    let patience = context.patience(Vec::new());
    let id = &pipeline.agent.id;
    let publisher = pipeline.target.connect(id, Arc::clone(&context.window), context.now, patience);
    judge_api(publisher.agent().await)
}

fn judge_api(answer: Result<Option<chatbase::Agent>, ApiError>) -> Vec<Finding> {
    let key = |health, detail: &str| Check::Key.is(health, detail);
    let plan = |health, detail: &str| Check::Plan.is(health, detail);
    let agent = |health, detail: &str| Check::Agent.is(health, detail);
    let (taken, allowed, before) = ("accepted", "has API access", "not known before the above is put right");
    match answer {
        Ok(Some(found)) => {
            vec![key(Health::Ok, taken), plan(Health::Ok, allowed), agent(Health::Ok, &described(&found))]
        }
        Ok(None) => Vec::new(),
        Err(ApiError::Refused(Refusal::Plan, reason)) => {
            vec![key(Health::Ok, taken), plan(Health::Failed, &reason), agent(Health::Unknown, before)]
        }
        Err(ApiError::Refused(Refusal::Agent, reason)) => {
            vec![key(Health::Ok, taken), plan(Health::Ok, allowed), agent(Health::Failed, &reason)]
        }
        Err(
            ApiError::Refused(Refusal::Key | Refusal::Size | Refusal::Request, reason)
            | ApiError::Passing(_, reason),
        ) => {
            vec![key(Health::Failed, &reason), plan(Health::Unknown, before), agent(Health::Unknown, before)]
        }
    }
}

/// What the API says of an agent.
fn described(agent: &chatbase::Agent) -> String {
    let mut said = vec![agent.name.clone().unwrap_or_else(|| "an agent without a name".to_owned())];
    said.extend(agent.characters.map(|characters| format!("{characters} characters")));
    said.extend(agent.sources.as_ref().map(|sources| format!("{} sources", sources.len())));
    said.extend(agent.last_trained_at.as_ref().map(|at| format!("trained at {at}")));
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_what_a_server_showed_when_it_answered() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let check = |sent, came, theirs, expected: &str| {
            let finding = judge_clock(at(sent), at(came), at(theirs));
            assert!(finding.detail.starts_with(expected), "{finding:?}");
            assert_eq!(finding.health == Health::Ok, expected == "right");
        };
        check(0, 0, 0, "right");
        check(0, 30, 29, "right");
        check(0, 30, 91, "61 s behind");
        check(100, 101, 39, "61 s ahead of");
        check(100, 101, 40, "right");
    }

    #[test]
    fn the_time_of_a_kept_answer_is_when_it_left_the_cache() {
        let check = |date, age, expected: Option<i64>| {
            assert_eq!(time_of(date, age).map(Timestamp::as_second), expected, "{date:?} {age:?}");
        };
        let date = Some("Fri, 15 Jan 2027 08:00:00 GMT");
        check(date, None, Some(1_800_000_000));
        check(date, Some("120"), Some(1_800_000_120));
        check(date, Some("soon"), Some(1_800_000_000));
        check(Some("yesterday"), None, None);
        check(None, None, None);
    }

    #[test]
    fn what_an_answer_of_the_api_leaves_open_is_not_claimed() {
        use Health::{Failed, Ok as Well, Unknown};
        let check = |answer, expected: &[Health]| {
            let findings = judge_api(answer);
            assert_eq!(findings.iter().map(|finding| finding.health).collect::<Vec<_>>(), expected);
        };
        let refused = |refusal| Err(ApiError::Refused(refusal, "why".to_owned()));
        check(Ok(Some(chatbase::Agent::default())), &[Well, Well, Well]);
        check(Ok(None), &[]);
        check(refused(Refusal::Key), &[Failed, Unknown, Unknown]);
        check(refused(Refusal::Plan), &[Well, Failed, Unknown]);
        check(refused(Refusal::Agent), &[Well, Well, Failed]);
        check(Err(ApiError::Passing(None, "no answer".to_owned())), &[Failed, Unknown, Unknown]);
    }
}
