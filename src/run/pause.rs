//! Refusals that a person has to answer. A refused key pauses every pipeline that uses it; whatever else is refused
//! (the plan, the agent, the size, the request) pauses the one pipeline.

use jiff::Timestamp;

use crate::{
    chatbase::Refusal,
    pipeline::Pipeline,
    store::{KeyRefused, Pause, Store, StoreError},
};

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// In words.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// The refusal that neither a person nor a change of settings has answered yet.
///
/// # Errors
/// [`StoreError`].
pub async fn paused(pipeline: &Pipeline, store: &Store) -> Result<Option<Paused>, StoreError> {
    if let Some(Pause { reason, fingerprint, at }) = store.paused().await?
        && fingerprint == pipeline.publish_fingerprint()
    {
        return Ok(Some(Paused { reason, at }));
    }
    let Some(account) = pipeline.target.account() else { return Ok(None) };
    let refused = store.key_refused(account).await?;
    Ok(refused.map(|KeyRefused { reason, at }| Paused {
        reason: format!("{reason}; every pipeline with this key is paused"),
        at,
    }))
}

/// Lifts the pause, for all pipelines with the same key; tells whether there was one.
///
/// # Errors
/// [`StoreError`].
pub async fn resume(pipeline: &Pipeline, store: &Store) -> Result<bool, StoreError> {
    let mut lifted = store.resume().await?;
    if let Some(account) = pipeline.target.account() {
        lifted |= store.trust_key(account).await?;
    }
    Ok(lifted)
}

/// Pauses whatever the refusal concerns.
pub(super) async fn pause(
    pipeline: &Pipeline,
    store: &Store,
    refusal: Refusal,
    reason: String,
    at: Timestamp,
) -> Result<(), StoreError> {
    match (refusal, pipeline.target.account()) {
        (Refusal::Key, Some(account)) => store.refuse_key(account, KeyRefused { reason, at }).await,
        _ => store.pause(Pause { reason, fingerprint: pipeline.publish_fingerprint(), at }).await,
    }
}
