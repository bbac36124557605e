//! The progress bar of a run, on a terminal only.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::{
    pipeline::{Pipeline, Source},
    run::Progress,
};

/// How often it is drawn.
const EVERY: Duration = Duration::from_millis(100);

/// A bar that draws itself until it is finished.
pub(super) struct Bar {
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

/// Starts drawing where stderr is a terminal.
pub(super) fn start(pipeline: &Pipeline, progress: Arc<Progress>, quiet: bool) -> Bar {
    let stop = CancellationToken::new();
    if quiet || !std::io::stderr().is_terminal() {
        return Bar { stop, task: None };
    }
    // What is found beyond the page budget is not going to be read.
    let most = pipeline.sources.iter().map(|Source::Site(plan)| plan.max_pages).sum();
    let bar = ProgressBar::new(1);
    bar.set_style(
        ProgressStyle::with_template("{prefix} {msg} {wide_bar} {pos}/{len} pages  {per_sec}  {eta} left")
            .expect("the template is a constant"),
    );
    bar.set_prefix(pipeline.name.to_string());
    let task = tokio::spawn(draw(bar, progress, most, stop.clone()));
    Bar { stop, task: Some(task) }
}

async fn draw(bar: ProgressBar, progress: Arc<Progress>, most: u64, stop: CancellationToken) {
    while !stop.is_cancelled() {
        bar.set_message(progress.stage().name());
        bar.set_length(progress.found().clamp(1, most));
        bar.set_position(progress.done());
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
    bar.finish_and_clear();
}

impl Bar {
    /// Clears the bar.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        if let Some(task) = self.task {
            // A bar that could not be drawn is no reason to fail a run.
            let _drawn = task.await;
        }
    }
}
