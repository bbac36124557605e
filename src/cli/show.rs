//! `corpusd show PIPELINE [URL]`

use clap::Args;
use url::Url;

use super::{Common, Exit, complain, open, put};
use crate::{run, store::Store};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Which pipeline
    pipeline: String,
    /// Only the document of this page
    url: Option<Url>,
}

/// Prints the corpus, or one document, from the last complete crawl.
pub(super) async fn show(common: &Common, args: &ShowArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let (state_dir, name) = (common.state_dir(), pipeline.name.as_str());
    if !Store::exists(&state_dir, name) {
        complain(&format!("`{name}` has not run yet: `corpusd run --once {name}`"));
        return Ok(Exit::Failed);
    }
    let store = Store::open(&state_dir, name)?;
    let text = match &args.url {
        None => Some(run::corpus_text(&pipeline, &store).await?),
        Some(url) => run::document_text(&pipeline, &store, url).await?,
    };
    let Some(text) = text else {
        complain("this page is not part of the last complete crawl, or has no text of its own");
        return Ok(Exit::Failed);
    };
    put(&text)?;
    Ok(Exit::Done)
}
