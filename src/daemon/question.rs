//! What the loop is asked for. It alone knows the roster, and answers between two looks at the clock.

use tokio::sync::{mpsc, oneshot};

use super::roster::{Planned, Triggered};

/// Something that the loop is asked for.
#[derive(Debug)]
pub(super) enum Question {
    /// A run of a pipeline.
    Trigger { pipeline: String, answer: oneshot::Sender<Triggered> },
    /// What it looks after.
    Overview(oneshot::Sender<Overview>),
}

/// What the daemon looks after.
#[derive(Debug)]
pub(super) struct Overview {
    /// Whether all pipeline files could be taken in the last time.
    pub(super) reloaded: bool,
    pub(super) pipelines: Vec<Planned>,
}

/// Asks for what the daemon looks after; `None` where it stops.
pub(super) async fn overview(questions: &mpsc::Sender<Question>) -> Option<Overview> {
    let (answer, came) = oneshot::channel();
    questions.send(Question::Overview(answer)).await.ok()?;
    came.await.ok()
}
