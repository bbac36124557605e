//! Whether the sites are still what they were: all pages of a complete crawl together, source by source.

use std::collections::HashSet;

use crate::{
    doubt::{
        DoubtKind,
        site::{Content, PageFacts, State, site},
    },
    gate::{Line, Ruling},
    outcome::{Outcome, SkipReason},
    store::{Heading, PageOutcome, Store, StoreError},
};

/// Judges every source but those that stay as they were. Each doubt is a gate that holds.
pub(super) async fn doubts(store: &Store, withheld: &HashSet<usize>) -> Result<Vec<Line>, StoreError> {
    let mut pages = store.page_outcomes().await?;
    pages.retain(|page| !withheld.contains(&page.source));
    pages.sort_by_key(|page| page.source);
    let judge = |of_source: &[PageOutcome]| {
        let lines = site(of_source.iter().map(facts)).into_iter().map(|doubt| Line {
            gate: doubt.name.to_owned(),
            limit: doubt.limit,
            value: doubt.value,
            verdict: Ruling::Hold,
            detail: doubt.detail,
        });
        lines.collect::<Vec<_>>()
    };
    Ok(pages.chunk_by(|a, b| a.source == b.source).flat_map(judge).collect())
}

fn facts(page: &PageOutcome) -> PageFacts<'_> {
    let doubted = |reason| DoubtKind::ALL.into_iter().find(|kind| kind.reason() == reason);
    let now = match page.outcome {
        // A page in another language since, too: where that is most of the site, it is the visitor who is taken for another.
        Outcome::Fetched
        | Outcome::NotModified
        | Outcome::Skipped(
            SkipReason::Noindex
            | SkipReason::Language
            // Noted when the crawl was assembled before: the page was read.
            | SkipReason::Canonical
            | SkipReason::Duplicate,
        ) => {
            content(page.now.as_ref(), page.noindex).map_or(State::Absent, State::Read)
        }
        Outcome::Skipped(SkipReason::Redirected) => {
            page.leads_to.as_deref().map_or(State::Absent, State::Redirected)
        }
        Outcome::Skipped(reason) => doubted(reason).map_or(State::Absent, State::Doubted),
        Outcome::Failed(_) => State::Absent,
    };
    PageFacts { now, before: content(page.before.as_ref(), false) }
}

fn content(heading: Option<&Heading>, noindex: bool) -> Option<Content<'_>> {
    let Heading { article, title, language } = heading?;
    Some(Content { text: *article, title, language: language.as_deref(), noindex })
}
