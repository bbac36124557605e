//! `--metrics-file FILE`: what Prometheus is told, without a server.

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;

use super::{Common, complain, open};
use crate::{
    config,
    metrics::{self, Metrics, PipelineMetrics},
    replace::replace,
};

/// Writes the metrics of every enabled pipeline of the folder, also of those that did not run now: the file holds one
/// of each or its readers would take the others for gone.
pub(super) async fn write(common: &Common, path: &Path, now: Timestamp) -> anyhow::Result<()> {
    let mut metrics = Metrics::default();
    // What is wrong with a file was told when the run began.
    let folder = config::load_dir(&common.config_dir(), &mut open::defaults(common), &open::env(false))?;
    for loaded in folder.files.into_iter().flatten() {
        if !loaded.pipeline.enabled {
            continue;
        }
        match metrics::look(&common.state_dir(), &loaded.pipeline).await {
            Ok(looked) => {
                // Without a daemon nobody else knows.
                let next_run = loaded.pipeline.next_run(looked.standing.fired.clone(), now);
                metrics.pipelines.push(PipelineMetrics { next_run, ..looked });
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                complain(&format!("error: {}: no metrics: {error:#}", loaded.pipeline.name));
                metrics.pipelines.push(PipelineMetrics::unusable(&loaded.pipeline));
            }
        }
    }
    replace(path, metrics::render(&metrics).as_bytes())
        .with_context(|| format!("write the metrics to `{}`", path.display()))
}
