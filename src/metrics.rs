//! What Prometheus is told of the pipelines: `/metrics` of the daemon, and a file for the textfile collector of
//! `node_exporter`.
//!
//! Everything is read from the store, so that a process that has just begun tells the same as one that ran for a
//! month. Figures of a run are gauges of the last one; nothing is labelled by what a site says.

mod render;

use std::{path::Path, time::Duration};

use jiff::Timestamp;

pub use render::{CONTENT_TYPE, render};

use crate::{
    pipeline::Pipeline,
    report::PipelineName,
    run,
    store::{Standing, Store, StoreError},
};

/// What is told.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Whether the pipeline files could be read the last time; `None` where a process reads them only once.
    pub reloaded: Option<bool>,
    /// Of each pipeline.
    pub pipelines: Vec<PipelineMetrics>,
}

/// What is told of one pipeline.
#[derive(Debug, Clone)]
pub struct PipelineMetrics {
    /// Which.
    pub pipeline: PipelineName,
    /// How it stands.
    pub standing: Standing,
    /// Whether publishing is paused.
    pub paused: bool,
    /// `notify.stale_after`.
    pub stale_after: Duration,
    /// Whether it cannot run, because its state cannot be used; then nothing else is known of it.
    pub unusable: bool,
    /// When its schedule says that it runs next; `None` where nothing runs it by a schedule.
    pub next_run: Option<Timestamp>,
}

impl PipelineMetrics {
    /// What is told of a pipeline whose state cannot be used.
    pub fn unusable(pipeline: &Pipeline) -> PipelineMetrics {
        PipelineMetrics { unusable: true, ..PipelineMetrics::of(pipeline, Standing::default(), false) }
    }

    fn of(pipeline: &Pipeline, standing: Standing, paused: bool) -> PipelineMetrics {
        let (name, stale_after) = (pipeline.name.clone(), pipeline.notify.stale_after);
        PipelineMetrics { pipeline: name, standing, paused, stale_after, unusable: false, next_run: None }
    }
}

/// Looks at how a pipeline stands, without making a state where there is none.
///
/// # Errors
/// [`StoreError`] where its state cannot be read, or was damaged and lies aside.
pub async fn look(state_dir: &Path, pipeline: &Pipeline) -> Result<PipelineMetrics, StoreError> {
    let name = pipeline.name.as_str();
    Store::check_aside(state_dir, name)?;
    if !Store::exists(state_dir, name) {
        return Ok(PipelineMetrics::of(pipeline, Standing::default(), false));
    }
    let store = Store::open(state_dir, name)?;
    let standing = store.standing(pipeline.target.identity(&pipeline.agent.id)).await?;
    let paused = run::paused(pipeline, &store).await?.is_some();
    Ok(PipelineMetrics::of(pipeline, standing, paused))
}
