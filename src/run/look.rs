//! What corpora and documents look like: the live one, the next one, earlier ones.

use serde::Serialize;
use url::Url;

use super::{
    Made, RunError, assemble, deliver,
    rollback::{find, published},
};
use crate::{
    corpus::{Corpus, section::section},
    crawl::url::PageKey,
    hash::{Hash, hex},
    pipeline::Pipeline,
    store::{Held, Store},
};

/// A corpus that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looked {
    /// The corpus.
    pub corpus: Corpus,
    /// Set where it is the one that the gates hold.
    pub held: Option<OnHold>,
}

/// The corpus that the gates hold for the pipeline's target: what `approve` publishes, whatever the file says by now.
/// Field names are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnHold {
    /// The run that made it.
    pub run: u64,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// Whether it is what the last crawl gives by the file of today.
    pub is_next: bool,
}

/// The corpus that a person means: `live`, `next` (as it would be published), the number of a publication, or the
/// beginning of its corpus's hash. What is live is empty where nothing is.
///
/// # Errors
/// [`RunError::NoPublication`] where nothing is called so.
pub async fn corpus_named(pipeline: &Pipeline, store: &Store, name: &str) -> Result<Looked, RunError> {
    let target = pipeline.target.identity(&pipeline.agent.id);
    let sha256 = match name {
        "next" => return next_corpus(pipeline, store).await,
        "live" => match store.live(target).await? {
            Some(live) => live.corpus,
            None => return Ok(Looked::default()),
        },
        named => find(&published(store, &target).await?, named)?.corpus,
    };
    Ok(Looked { corpus: deliver::kept(store, sha256).await?.into(), held: None })
}

/// The corpus as it would be published: the one that is held, for `approve` would publish that; else the one of the
/// last complete crawl.
///
/// # Errors
/// [`RunError`] where the state cannot be used.
pub async fn next_corpus(pipeline: &Pipeline, store: &Store) -> Result<Looked, RunError> {
    let assembled = assemble::assemble(pipeline, store).await?;
    match deliver::held(pipeline, store).await? {
        Some(held) => {
            let on_hold = OnHold::of(&held, assembled.sha256);
            Ok(Looked { corpus: deliver::kept(store, held.corpus).await?.into(), held: Some(on_hold) })
        }
        None => Ok(Looked { corpus: assembled.into_corpus(store).await?, held: None }),
    }
}

/// The corpus that is held, if there is one.
///
/// # Errors
/// [`RunError`] where the state cannot be used.
pub async fn on_hold(pipeline: &Pipeline, store: &Store) -> Result<Option<OnHold>, RunError> {
    let Some(held) = deliver::held(pipeline, store).await? else { return Ok(None) };
    let next = assemble::assemble(pipeline, store).await?.sha256;
    Ok(Some(OnHold::of(&held, next)))
}

impl OnHold {
    /// What is held, where the last crawl gives the corpus `next`.
    pub(super) fn of(held: &Held, next: Hash) -> OnHold {
        OnHold { run: held.run, sha256: hex(&held.corpus), is_next: held.corpus == next }
    }
}

/// The document of one page of the last complete crawl by the file of today, whatever is held; `None` where the page is not
/// part of it, or has no text of its own.
///
/// # Errors
/// [`RunError::Store`].
pub async fn document_text(
    pipeline: &Pipeline,
    store: &Store,
    url: &Url,
) -> Result<Option<String>, RunError> {
    let Some(key) = PageKey::new(url) else { return Ok(None) };
    let made = document(pipeline, store, &key).await?;
    Ok(made.and_then(|made| made.document).map(|document| section(&document, pipeline.budget.provenance)))
}

/// The same before it is written down, with what the template of its site took; `None` where the page is not part of
/// the last complete crawl.
///
/// # Errors
/// [`RunError::Store`].
pub async fn document(pipeline: &Pipeline, store: &Store, key: &PageKey) -> Result<Option<Made>, RunError> {
    assemble::document(pipeline, store, key).await
}

/// Whether a page has a document of its own in the corpus of the last complete crawl.
///
/// # Errors
/// [`RunError`] where the state cannot be used.
pub async fn is_in_corpus(pipeline: &Pipeline, store: &Store, key: &PageKey) -> Result<bool, RunError> {
    let manifest = assemble::assemble(pipeline, store).await?.manifest;
    Ok(manifest.documents.iter().any(|entry| entry.url == key.as_ref()))
}
