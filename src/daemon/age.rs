//! Notices that what is live has grown stale where no run ends that would tell: the schedule is rarer than that, there
//! is none and nobody triggers, or every run is cut short.

use std::time::Duration;

use tokio::sync::mpsc;

use super::question::{self, Question};
use crate::{outcome::in_words, run};

/// How often it looks: what is stale is so for days.
const EVERY: Duration = Duration::from_mins(10);

/// Looks at every pipeline that rests, and tells of each that turned stale.
pub(super) async fn watch(context: run::Context, questions: mpsc::Sender<Question>) {
    while let Some(overview) = question::overview(&questions).await {
        // What runs will tell by itself how it ends.
        for planned in overview.pipelines.into_iter().filter(|planned| planned.rests) {
            let pipeline = planned.pipeline;
            if let Err(error) = run::tell_if_stale(&pipeline, &context).await {
                let name = &pipeline.name;
                tracing::warn!(pipeline = %name, "the age of what is live is not known: {}", in_words(&error));
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
