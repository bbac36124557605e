//! `corpusd show PIPELINE [URL]`

use clap::Args;
use url::Url;

use super::{Common, Exit, complain, hold, open, put};
use crate::run::{self, Looked};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Which pipeline
    pipeline: String,
    /// Only the document of this page
    url: Option<Url>,
}

/// Prints the corpus that would be published next, or one document of the last complete crawl.
pub(super) async fn show(common: &Common, args: &ShowArgs) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let store = match open::state(common, &pipeline)? {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let (text, otherwise, held) = match &args.url {
        None => {
            let Looked { corpus, held } = run::next_corpus(&pipeline, &store).await?;
            (
                Some(corpus.text).filter(|text| !text.is_empty()),
                "no crawl was completed yet, or none found a document",
                held.map(|held| hold::shown(&pipeline, &held)),
            )
        }
        Some(url) => (
            run::document_text(&pipeline, &store, url).await?,
            "this page is not part of the last complete crawl, or has no text of its own",
            run::on_hold(&pipeline, &store)
                .await?
                .and_then(|held| hold::not_shown(pipeline.name.as_str(), &held)),
        ),
    };
    if let Some(held) = held {
        complain(&held);
    }
    let Some(text) = text else {
        complain(otherwise);
        return Ok(Exit::Failed);
    };
    put(&text)?;
    Ok(Exit::Done)
}
