//! What the rules of today make of the pages of the last complete crawl: their stored bodies are read again, without the
//! network.
//!
//! The articles are stored: they stand for bodies and rules, so nothing is lost, another replay under the old rules gives
//! the old ones, and the next run finds nothing left to read again. Which pages the crawl found stays as it was, and
//! where the rules find no text, or something else than a page, what was read before stays, as in a run.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{
    Context, RunError, lock,
    reading::{self, Read},
    rules::Rules,
};
use crate::{
    blocking::blocking,
    pipeline::{Pipeline, Source},
    store::{ReadBefore, ReadOtherwise, Store, StoreError},
};

/// Pages that are looked up, and committed, together.
const PORTION: usize = 64;

/// What a replay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replay {
    /// Stored bodies that were read again, because other rules had read them.
    pub read: u64,
    /// Of the pages of the last complete crawl, how many have another article now.
    pub changed: u64,
    /// Pages that stay as they were: the rules made no article of them.
    pub unread: u64,
}

/// Reads the stored bodies again that other rules read than those of today.
///
/// # Errors
/// [`RunError`], also where another process is at the pipeline.
pub async fn replay(pipeline: &Pipeline, context: &Context) -> Result<Replay, RunError> {
    let _lock = lock(pipeline, context)?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    let cleaning = Arc::new(pipeline.cleaning.clone());
    let mut replay = Replay::default();
    for (source, of) in pipeline.sources.iter().enumerate() {
        let rules = match of {
            Source::Site(plan) => Arc::new(Rules::new(&Arc::new(plan.clone()), &cleaning)),
        };
        replay_source(&store, source, &rules, context, &mut replay).await?;
    }
    store.collect_garbage().await?;
    Ok(replay)
}

async fn replay_source(
    store: &Store,
    source: usize,
    rules: &Arc<Rules>,
    context: &Context,
    replay: &mut Replay,
) -> Result<(), RunError> {
    let mut after = None;
    loop {
        if context.stop.is_cancelled() {
            return Err(RunError::Interrupted);
        }
        let pages = store.read_by_other_rules(source, rules.version, after, PORTION).await?;
        let Some(last) = pages.last() else { return Ok(()) };
        after = Some(last.candidate.key.clone());
        replay.read += pages.len() as u64;
        let read = read_again(store, pages, rules).await?;
        replay.unread += read.iter().filter(|(_, read)| read.update.is_none()).count() as u64;
        let otherwise = read
            .into_iter()
            .filter_map(|(page, read)| Some(ReadOtherwise { key: page.candidate.key, page: read.update? }));
        replay.changed += store.read_otherwise(source, otherwise.collect()).await?;
    }
}

/// Reads pages again, as many at once as there are processors: what is in memory does not grow with the site.
async fn read_again(
    store: &Store,
    pages: Vec<ReadBefore>,
    rules: &Arc<Rules>,
) -> Result<Vec<(ReadBefore, Read)>, RunError> {
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    let mut waiting = pages.into_iter();
    let mut readers: JoinSet<Result<_, StoreError>> = JoinSet::new();
    let mut done = Vec::new();
    loop {
        for page in waiting.by_ref().take(at_once - readers.len()) {
            let (store, rules) = (store.clone(), Arc::clone(rules));
            readers.spawn(async move {
                let read = read_one(&store, &page, rules).await?;
                Ok(read.map(|read| (page, read)))
            });
        }
        match readers.join_next().await {
            Some(Ok(read)) => done.extend(read?),
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => return Ok(done),
        }
    }
}

async fn read_one(store: &Store, page: &ReadBefore, rules: Arc<Rules>) -> Result<Option<Read>, StoreError> {
    let Some(stored) = store.reread(page.candidate.key.clone()).await? else { return Ok(None) };
    let (candidate, at): (_, Timestamp) = (page.candidate.clone(), page.fetched_at);
    let keep = rules.keeps(&candidate.url);
    Ok(Some(blocking(move || reading::again(&candidate, stored, keep, &rules, at)).await))
}
