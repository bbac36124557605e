//! What is told of a run: the same to everybody, in the form that each takes.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Event, Past};
use crate::{
    gate::Ruling,
    plain::excerpt,
    report::{CorpusReport, Documents, Ending, Pages, PipelineName, PublishReport, RunReport, VerifyReport},
};

/// Characters of a reason that are told; `corpusd status` has the whole.
const LONGEST_REASON: usize = 500;
/// Reasons that are told.
const MOST_REASONS: usize = 10;

/// How a run ended, for those who are told.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    pipeline: PipelineName,
    /// `None` where it could not be recorded.
    run: Option<u64>,
    outcome: Ending,
    started_at: Timestamp,
    ended_at: Timestamp,
    /// Why it did not end well.
    reasons: Vec<String>,
    /// What a person can do about it.
    what_to_do: Option<String>,
    /// When what is live was last known to be what the sources say.
    true_at: Option<Timestamp>,
    #[serde(flatten)]
    counts: Option<Counts>,
}

/// What the run came to, as in its report.
#[derive(Debug, Clone, Serialize)]
struct Counts {
    pages: Pages,
    documents: Documents,
    corpus: Option<CorpusReport>,
    publish: PublishReport,
    verify: VerifyReport,
}

impl Notice {
    /// What is told of a run that is recorded.
    pub(super) fn of(report: &RunReport, past: &Past, ended_at: Timestamp) -> Notice {
        let confirms = report.outcome.confirms_what_is_live();
        Notice {
            pipeline: report.pipeline.clone(),
            run: Some(report.run),
            outcome: report.outcome,
            started_at: report.started_at,
            ended_at,
            reasons: reasons(report),
            what_to_do: what_to_do(report.outcome, &report.pipeline),
            true_at: if confirms { Some(ended_at) } else { past.true_at },
            counts: Some(Counts {
                pages: report.pages.clone(),
                // Their number is told: the list may be as long as the site.
                documents: Documents { dropped: Vec::new(), ..report.documents.clone() },
                corpus: report.corpus.clone(),
                publish: report.publish.clone(),
                verify: report.verify.clone(),
            }),
        }
    }

    /// What is told where the state could not be used.
    pub(super) fn unrecorded(pipeline: &PipelineName, reason: &str, at: Timestamp) -> Notice {
        Notice {
            pipeline: pipeline.clone(),
            run: None,
            outcome: Ending::Failed,
            started_at: at,
            ended_at: at,
            reasons: vec![excerpt(reason, LONGEST_REASON)],
            what_to_do: what_to_do(Ending::Failed, pipeline),
            true_at: None,
            counts: None,
        }
    }

    /// Whether the run ended well; `None` where it was only stopped.
    pub(super) fn is_well(&self) -> Option<bool> {
        self.outcome.is_well()
    }

    /// The status file.
    pub(super) fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("a notice has string keys only");
        format!("{json}\n")
    }

    /// The body of a webhook.
    pub(super) fn event(&self, event: Event) -> String {
        let mut body = serde_json::to_value(self).expect("a notice has string keys only");
        if let Value::Object(fields) = &mut body {
            fields.insert("event".to_owned(), json!(event));
            // What chat services show of a webhook.
            fields.insert("text".to_owned(), json!(self.text(Some(event))));
        }
        body.to_string()
    }

    /// What makes the event one of its own, and the same however often it is sent.
    pub(super) fn id(&self, event: Event) -> String {
        let Notice { pipeline, run, started_at, .. } = self;
        format!("{pipeline}-{}-{}-{}", run.unwrap_or(0), started_at.as_second(), event.name())
    }

    /// A few lines for people.
    pub(super) fn text(&self, event: Option<Event>) -> String {
        let Notice { pipeline, outcome, .. } = self;
        let mut text = match (event, self.true_at) {
            (Some(Event::Recovered), _) => format!("{pipeline}: well again, {}", outcome.name()),
            (Some(Event::Stale), Some(at)) => {
                format!(
                    "{pipeline}: stale, what is live was last confirmed on {}",
                    at.strftime("%F at %H:%M UTC")
                )
            }
            _ => format!("{pipeline}: {}", outcome.name()),
        };
        for line in self.reasons.iter().chain(&self.what_to_do) {
            text.push('\n');
            text.push_str(line);
        }
        text
    }

    /// The environment of commands.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let run = self.run.map(|run| run.to_string()).unwrap_or_default();
        vec![
            ("CORPUSD_PIPELINE", self.pipeline.to_string()),
            ("CORPUSD_RUN", run),
            ("CORPUSD_OUTCOME", self.outcome.name().to_owned()),
            ("CORPUSD_REASON", self.reasons.join("; ")),
        ]
    }
}

fn reasons(report: &RunReport) -> Vec<String> {
    if report.outcome.is_well() != Some(false) {
        return Vec::new();
    }
    let holding = report.gates.iter().filter(|line| line.verdict == Ruling::Hold);
    let mut reasons: Vec<String> =
        holding.map(|line| excerpt(&format!("{}: {}", line.gate, line.detail), LONGEST_REASON)).collect();
    if reasons.is_empty() {
        reasons.extend(report.error.as_deref().map(|error| excerpt(error, LONGEST_REASON)));
    }
    reasons.truncate(MOST_REASONS);
    reasons
}

fn what_to_do(outcome: Ending, name: &PipelineName) -> Option<String> {
    match outcome {
        Ending::Published
        | Ending::Unchanged
        | Ending::Deferred
        | Ending::Pending
        | Ending::Pinned
        | Ending::Interrupted => None,
        Ending::Held => Some(format!(
            "What is live stays live. `corpusd status {name}` and `corpusd show {name}` to look, \
             `corpusd approve {name}` to publish what is held; a healthy run lets it go by itself."
        )),
        Ending::Incomplete => Some(format!(
            "What is live stays live. `corpusd status {name}` to look; the next run crawls again."
        )),
        Ending::Paused => Some(format!(
            "What is live stays live. Put right what was refused, then `corpusd resume {name}`."
        )),
        Ending::VerificationFailed => Some(format!(
            "`corpusd status {name}` and `corpusd verify {name}` to look; what failed is not published again until the site, \
             the questions or an approval says so."
        )),
        Ending::Failed => Some(format!(
            "What is live stays live. `corpusd status {name}` to look; the next run tries again."
        )),
    }
}
