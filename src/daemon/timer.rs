//! The timer of a pipeline: its schedule, and what of it has been had already.

use jiff::Timestamp;

use crate::{
    pipeline::Pipeline,
    run::Context,
    schedule::Timer,
    store::{Store, StoreError},
};

/// The timer of a pipeline, as its state and its schedule say; `None` where it has no schedule.
///
/// # Errors
/// [`StoreError`], also where the state was damaged: nobody is there then to say what to do about it.
pub async fn timer(
    context: &Context,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Result<Option<Timer>, StoreError> {
    let Some(schedule) = pipeline.schedule.clone() else { return Ok(None) };
    Store::check_aside(&context.state_dir, pipeline.name.as_str())?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    loop {
        let mut timer = Timer::new(schedule.clone(), store.fired().await?, now);
        // Where another process was faster, what it has recorded counts.
        let is_recorded = match timer.begin() {
            Some(record) => store.fire(record).await?,
            None => true,
        };
        if is_recorded {
            return Ok(Some(timer));
        }
    }
}
