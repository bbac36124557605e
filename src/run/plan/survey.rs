//! What did not become part of the corpus: text that repeats over a site, and documents that had no room.

use std::collections::{BTreeMap, HashSet};

use url::Url;

use super::{Boilerplate, Dropped, Repeated};
use crate::{
    blocking::blocking,
    corpus::{Counts, section::section},
    crawl::url::PageKey,
    pipeline::{Pipeline, Source},
    run::{
        RunError,
        assemble::{PORTION, in_order, of_page, templates},
    },
    store::Store,
    template::{Audit, Template},
};

/// What was left out.
pub(super) struct Survey {
    pub(super) dropped: Vec<Dropped>,
    pub(super) boilerplate: Vec<Boilerplate>,
}

/// Goes through the pages of the last complete crawl once more, of which these had no room.
pub(super) async fn survey(
    pipeline: &Pipeline,
    store: &Store,
    over_budget: HashSet<PageKey>,
) -> Result<Survey, RunError> {
    let members = in_order(store.members().await?, pipeline);
    let templates = templates(&members, store).await?;
    let mut counting = Counting { over_budget, ..Counting::default() };
    for portion in members.chunks(PORTION) {
        let pages = store.articles(portion.iter().map(|member| member.key.clone()).collect()).await?;
        let portion = portion.to_vec();
        let templates = templates.clone();
        counting = blocking(move || {
            let none = Template::default();
            // Of a member that is gone meanwhile there is no article.
            for page in &pages {
                let Some(member) = portion.iter().find(|member| member.key == page.key) else { continue };
                let trimmed =
                    templates.get(&member.source).unwrap_or(&none).trim(page.key.as_ref(), &page.article);
                counting.audits.entry(member.source).or_default().add(page.key.as_ref(), &trimmed);
                if counting.over_budget.contains(&page.key)
                    && let Some(document) = of_page(member, page, &trimmed)
                {
                    counting.drop(&document.url, Counts::of(&section(&document)).characters);
                }
            }
            counting
        })
        .await;
    }
    Ok(counting.survey(pipeline))
}

#[derive(Default)]
struct Counting {
    over_budget: HashSet<PageKey>,
    audits: BTreeMap<usize, Audit>,
    /// Documents and their characters, by section.
    dropped: BTreeMap<String, (u64, u64)>,
}

impl Counting {
    fn drop(&mut self, url: &str, characters: u64) {
        let section = self.dropped.entry(section_of(url)).or_default();
        section.0 += 1;
        section.1 += characters;
    }

    fn survey(self, pipeline: &Pipeline) -> Survey {
        let names: Vec<String> = pipeline.sources.iter().map(Source::name).collect();
        let boilerplate = self.audits.into_iter().filter_map(|(source, audit)| {
            let blocks = audit.removed().into_iter();
            let blocks: Vec<Repeated> =
                blocks.map(|block| Repeated { pages: block.pages, sample: block.sample.clone() }).collect();
            let source = names.get(source).cloned().unwrap_or_default();
            (!blocks.is_empty()).then(|| Boilerplate { source, kept: audit.kept(), blocks })
        });
        let dropped = self.dropped.into_iter();
        let mut dropped: Vec<Dropped> = dropped
            .map(|(section, (documents, characters))| Dropped { section, documents, characters })
            .collect();
        dropped.sort_by(|a, b| b.characters.cmp(&a.characters).then_with(|| a.section.cmp(&b.section)));
        Survey { dropped, boilerplate: boilerplate.collect() }
    }
}

/// The site and the first folder below it: where a person would lower a priority.
fn section_of(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return url.to_owned() };
    let origin = url.origin().ascii_serialization();
    match url.path().trim_start_matches('/').split_once('/') {
        Some((folder, _)) => format!("{origin}/{folder}/"),
        None => format!("{origin}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_the_first_folder() {
        for (url, expected) in [
            ("https://a.test/docs/old/x", "https://a.test/docs/"),
            ("https://a.test/docs/", "https://a.test/docs/"),
            ("https://a.test/docs", "https://a.test/"),
            ("https://a.test:8443/?q=a/b", "https://a.test:8443/"),
            ("no URL", "no URL"),
        ] {
            assert_eq!(section_of(url), expected, "{url}");
        }
    }
}
