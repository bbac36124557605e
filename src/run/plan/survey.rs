//! What did not become part of the corpus: text that repeats over a site, and documents that had no room.

use std::collections::BTreeMap;

use url::Url;

use super::{Boilerplate, Dropped, Repeated};
use crate::{
    blocking::blocking,
    pipeline::{Pipeline, Source},
    run::{
        RunError,
        assemble::{
            in_order,
            reader::{PORTION, Reader},
        },
    },
    store::{LeftOut, Store, WhyLeftOut},
    template::{Audit, Template},
};

/// What was left out.
pub(super) struct Survey {
    pub(super) dropped: Vec<Dropped>,
    pub(super) boilerplate: Vec<Boilerplate>,
}

/// Sums up what was left out of the corpus, and goes through the pages of the last complete crawl once more for what
/// repeats over them.
pub(super) async fn survey(
    pipeline: &Pipeline,
    store: &Store,
    left_out: &[LeftOut],
) -> Result<Survey, RunError> {
    let members = in_order(store.members().await?, pipeline);
    let reader = Reader::new(store, &members).await?;
    let mut counting = Counting::default();
    for left in left_out.iter().filter(|left| left.why == WhyLeftOut::Budget) {
        counting.drop(left.key.as_ref(), left.size.characters);
    }
    let places: Vec<usize> = (0..members.len()).collect();
    for portion in places.chunks(PORTION) {
        let (pages, templates) = (reader.pages(portion).await?, reader.templates.clone());
        counting = blocking(move || {
            let none = Template::default();
            for read in &pages {
                let (source, key) = (read.member.source, read.member.key.as_ref());
                let trimmed = templates.get(&source).unwrap_or(&none).trim(key, &read.page.article);
                counting.audits.entry(source).or_default().add(key, &trimmed);
            }
            counting
        })
        .await;
    }
    Ok(counting.survey(pipeline))
}

#[derive(Default)]
struct Counting {
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
