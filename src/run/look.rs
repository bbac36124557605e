//! What corpora and documents look like: the live one, the next one, earlier ones.

use url::Url;

use super::{
    Made, RunError, assemble, deliver,
    rollback::{find, published},
};
use crate::{
    corpus::{Corpus, section::section},
    crawl::url::PageKey,
    pipeline::Pipeline,
    store::Store,
};

/// The corpus that a person means: `live`, `next` (as it would be published), the number of a publication, or the
/// beginning of its corpus's hash. What is live is empty where nothing is.
///
/// # Errors
/// [`RunError::NoPublication`] where nothing is called so.
pub async fn corpus_named(pipeline: &Pipeline, store: &Store, name: &str) -> Result<Corpus, RunError> {
    let target = pipeline.target.identity(&pipeline.agent.id);
    let sha256 = match name {
        "next" => return next(pipeline, store).await,
        "live" => match store.live(target).await? {
            Some(live) => live.corpus,
            None => return Ok(Corpus::default()),
        },
        named => find(&published(store, &target).await?, named)?.corpus,
    };
    Ok(deliver::kept(store, sha256).await?.into())
}

/// The corpus as it would be published: the one that is held, for `approve` would publish that; else the one of the
/// last complete crawl.
async fn next(pipeline: &Pipeline, store: &Store) -> Result<Corpus, RunError> {
    if let Some(held) = store.held().await? {
        return Ok(deliver::kept(store, held.corpus).await?.into());
    }
    assemble::assemble(pipeline, store).await?.into_corpus(store).await
}

/// The text of the corpus as it would be published.
///
/// # Errors
/// [`RunError`] where the state cannot be used.
pub async fn corpus_text(pipeline: &Pipeline, store: &Store) -> Result<String, RunError> {
    Ok(next(pipeline, store).await?.text)
}

/// The document of one page of the last complete crawl, as it would be published; `None` where the page is not
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
