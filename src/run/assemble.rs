//! From the snapshot to a corpus: canonical twins, template, documents, duplicates, budget.
//!
//! Two passes over the articles, each portion by portion. The survey finds out which documents there are, and how large
//! they are together; the choice offers them to the assembler, by their worth where not all fit. What a corpus is made
//! from is fingerprinted, so that an unchanged snapshot under unchanged rules is not made into the same corpus again.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use sha2::{Digest, Sha256};

mod choice;
pub(super) mod reader;
mod remarks;
mod survey;
mod twins;

use self::{
    choice::{Choice, choose},
    reader::{Reader, of_page},
    survey::survey,
    twins::name_twins,
};
use super::{RunError, deliver};
use crate::{
    corpus::{Budget, Corpus, Manifest},
    crawl::url::PageKey,
    document::Document,
    doubt::site::canonical_swap,
    extract::{self, Block},
    hash::Hash,
    outcome::SkipReason,
    pipeline::{Pipeline, Source},
    report::Documents,
    store::{ArticlePage, LeftOut, Member, Store, WhyLeftOut},
};

/// Part of every fingerprint: raised when the rules of this module, or of a stage that it calls, change.
const RULES: u32 = 5;

/// What was assembled.
#[derive(Debug)]
pub(super) struct Assembled {
    /// SHA-256 of the text.
    pub(super) sha256: Hash,
    /// What it consists of.
    pub(super) manifest: Manifest,
    /// The counts for the report.
    pub(super) documents: Documents,
    /// The text; `None` where the corpus is kept already.
    pub(super) fresh: Option<Corpus>,
    /// What it was made from.
    pub(super) made_from: Hash,
    /// Pages that gave no document, or one that did not fit.
    pub(super) left_out: Vec<LeftOut>,
    /// Why canonical links were ignored, if they were.
    pub(super) swapped: Option<String>,
    /// What a person should know of the pages that it was made of.
    pub(super) remarks: Vec<String>,
}

/// What became of a member's article.
#[derive(Debug)]
pub struct Made {
    /// Its document; `None` where no text of its own is left.
    pub document: Option<Document>,
    /// What the template of its site took.
    pub template: Vec<Block>,
}

impl Assembled {
    /// The corpus itself.
    pub(super) async fn into_corpus(self, store: &Store) -> Result<Corpus, RunError> {
        match self.fresh {
            Some(corpus) => Ok(corpus),
            None => Ok(deliver::kept(store, self.sha256).await?.into()),
        }
    }

    /// What became of pages that gave no document of their own.
    pub(super) fn notes(&self) -> Vec<(PageKey, SkipReason, String)> {
        let skipped = |left: &LeftOut| match left.why {
            WhyLeftOut::Skipped(reason) => Some((left.key.clone(), reason, left.detail.clone())),
            WhyLeftOut::Budget => None,
        };
        self.left_out.iter().filter_map(skipped).collect()
    }

    /// The documents that the pipeline requires, and that are not there, or not as a whole, because the budget had no room;
    /// `None` where it requires none.
    pub(super) fn required_without_room(&self, budget: &Budget) -> Option<Vec<String>> {
        let unfit = self.left_out.iter().filter(|left| left.why == WhyLeftOut::Budget);
        let cut = self.manifest.documents.iter().filter(|entry| entry.cut.is_some());
        let urls = unfit.map(|left| left.key.as_ref()).chain(cut.map(|entry| entry.url.as_str()));
        let missing = urls.filter(|url| budget.requires(url)).map(str::to_owned);
        (!budget.required.is_empty()).then(|| missing.collect())
    }
}

/// Assembles the snapshot, or finds the corpus that was made from the same before.
pub(super) async fn assemble(pipeline: &Pipeline, store: &Store) -> Result<Assembled, RunError> {
    let members = in_order(store.members().await?, pipeline);
    let made_from = fingerprint(&members, pipeline);
    let (canonical, swapped) = match canonical_swap(canonicals(&members)) {
        Some(swap) => (Some(swap.canonical.to_owned()), Some(swap.detail)),
        None => (None, None),
    };
    if let Some(known) = store.corpus_made_from(made_from).await? {
        return Ok(Assembled {
            sha256: known.sha256,
            documents: count(&known.manifest, &known.left_out),
            manifest: known.manifest,
            fresh: None,
            made_from,
            left_out: known.left_out,
            swapped,
            remarks: known.remarks,
        });
    }
    // Its state is large, and a run holds it only here.
    let made = Box::pin(make(members, canonical.as_deref(), pipeline, store, made_from)).await?;
    Ok(Assembled { swapped, ..made })
}

/// Each member with what it names as its canonical form.
fn canonicals(members: &[Member]) -> impl Iterator<Item = (&str, Option<&str>)> {
    members.iter().map(|member| (member.key.as_ref(), member.canonical.as_deref()))
}

/// What one member is made into, as it would stand in the corpus.
pub(super) async fn document(
    pipeline: &Pipeline,
    store: &Store,
    key: &PageKey,
) -> Result<Option<Made>, RunError> {
    let members = in_order(store.members().await?, pipeline);
    let Some(member) = members.iter().find(|member| member.key == *key) else { return Ok(None) };
    let reader = Reader::new(store, &members).await?;
    let template = reader.template(member).cloned().unwrap_or_default();
    let pages = store.articles(vec![key.clone()]).await?;
    let made = |page: &ArticlePage| {
        let trimmed = template.trim(member.key.as_ref(), &page.article);
        Made {
            document: of_page(member, page, &trimmed),
            template: trimmed.removed.into_iter().cloned().collect(),
        }
    };
    Ok(pages.first().map(made))
}

async fn make(
    members: Vec<Member>,
    swapped: Option<&str>,
    pipeline: &Pipeline,
    store: &Store,
    made_from: Hash,
) -> Result<Assembled, RunError> {
    let (members, own) = by_canonical(members, swapped);
    let reader = Reader::new(store, &members).await?;
    let survey = survey(&reader, own, pipeline).await?;
    let (remarks, mut left_out) = (survey.remarks.sentences(), survey.left_out);
    let Choice { mut corpus, without_room } =
        choose(&reader, survey.candidates, survey.cost, &pipeline.budget).await?;
    left_out.extend(without_room);
    note_sources(&mut corpus.manifest, &members, pipeline);
    Ok(Assembled {
        sha256: corpus.sha256,
        manifest: corpus.manifest.clone(),
        documents: count(&corpus.manifest, &left_out),
        fresh: Some(corpus),
        made_from,
        left_out,
        swapped: None,
        remarks,
    })
}

/// Notes in the manifest which source each document comes from.
fn note_sources(manifest: &mut Manifest, members: &[Member], pipeline: &Pipeline) {
    let sources: HashMap<&str, usize> =
        members.iter().map(|member| (member.key.as_ref(), member.source)).collect();
    let names: Vec<String> = pipeline.sources.iter().map(Source::name).collect();
    for entry in &mut manifest.documents {
        let name = sources.get(entry.url.as_str()).and_then(|source| names.get(*source));
        entry.source = name.cloned().unwrap_or_default();
    }
}

/// The order in which documents compete, and stand in the corpus: priority, then the sites that the pipeline names
/// before their other names (`www.`, http), then URL.
pub(super) fn in_order(mut members: Vec<Member>, pipeline: &Pipeline) -> Vec<Member> {
    let named: HashSet<String> = pipeline
        .sources
        .iter()
        .flat_map(|source| match source {
            Source::Site(plan) => &plan.start,
        })
        .map(|start| format!("{}/", start.origin().ascii_serialization()))
        .collect();
    members.sort_by_cached_key(|member| {
        let weight = pipeline.budget.weight(member.key.as_ref());
        (Reverse(weight), !named.contains(member.key.site()), member.key.clone())
    });
    members
}

fn fingerprint(members: &[Member], pipeline: &Pipeline) -> Hash {
    let mut hasher = Sha256::new();
    let rules = (RULES, extract::VERSION, pipeline.near, &pipeline.budget);
    hasher.update(format!("{rules:?}\n"));
    for member in members {
        // Length-prefixed, so that no two lists of members give the same bytes.
        let twins = [&member.canonical, &member.variant].map(|twin| twin.as_deref().unwrap_or(""));
        for text in [member.key.as_ref()].into_iter().chain(twins) {
            hasher.update(text.len().to_le_bytes());
            hasher.update(text);
        }
        hasher.update(member.source.to_le_bytes());
        hasher.update(member.article);
        // What a document is worth, where not all fit.
        hasher.update(member.links);
        hasher.update(member.depth.to_le_bytes());
        hasher.update(member.year.to_le_bytes());
    }
    hasher.finalize().into()
}

/// Puts members that name another one as their canonical form, or have a variant in a preferred language, behind those
/// that are their own, and counts the latter: what gives way comes last, and only where the other really is a document.
/// `swapped` is a canonical form that too many of them name.
fn by_canonical(mut members: Vec<Member>, swapped: Option<&str>) -> (Vec<Member>, usize) {
    name_twins(&mut members);
    let names_another = |member: &Member| {
        let canonical = member.canonical.clone();
        canonical.filter(|canonical| canonical != member.key.as_ref() && Some(canonical.as_str()) != swapped)
    };
    let own: HashSet<String> = members
        .iter()
        .filter(|member| names_another(member).is_none() && member.variant.is_none())
        .map(|member| member.key.to_string())
        .collect();
    let is_twin = |member: &Member| {
        let named = names_another(member).into_iter().chain(member.variant.clone());
        named.into_iter().any(|twin| own.contains(&twin))
    };
    let (twins, mut others): (Vec<_>, Vec<_>) = members.into_iter().partition(is_twin);
    for member in &mut others {
        // What the others name, unless it is themselves, is no member of its own.
        member.canonical = member.canonical.take().filter(|canonical| canonical == member.key.as_ref());
        member.variant = None;
    }
    let own = others.len();
    others.extend(twins);
    (others, own)
}

fn count(manifest: &Manifest, left_out: &[LeftOut]) -> Documents {
    let with = |why: WhyLeftOut| left_out.iter().filter(move |left| left.why == why);
    Documents {
        kept: manifest.documents.len() as u64,
        partial: manifest.documents.iter().filter(|entry| entry.cut.is_some()).count() as u64,
        duplicates: with(WhyLeftOut::Skipped(SkipReason::Duplicate)).count() as u64,
        near_duplicates: with(WhyLeftOut::Skipped(SkipReason::NearDuplicate)).count() as u64,
        dropped_for_budget: with(WhyLeftOut::Budget).count() as u64,
        dropped: with(WhyLeftOut::Budget).map(|left| left.key.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(key: &str, canonical: Option<&str>) -> Member {
        Member {
            key: PageKey::stored(key.to_owned()),
            source: 0,
            canonical: canonical.map(str::to_owned),
            variant: None,
            contained: true,
            article: [0; 32],
            links: [0; 32],
            depth: 0,
            year: 0,
        }
    }

    fn twins(members: Vec<Member>) -> Vec<String> {
        let swap = canonical_swap(canonicals(&members)).map(|swap| swap.canonical.to_owned());
        let (members, own) = by_canonical(members, swap.as_deref());
        members[own..].iter().map(|member| member.key.to_string()).collect()
    }

    #[test]
    fn a_page_gives_way_to_its_canonical_form() {
        assert_eq!(twins(vec![member("/a", None), member("/a?print", Some("/a"))]), ["/a?print"]);
    }

    #[test]
    fn a_canonical_form_that_is_not_kept_loses_nothing() {
        assert_eq!(twins(vec![member("/a", Some("/gone")), member("/b", None)]), [""; 0]);
    }

    #[test]
    fn a_page_of_markdown_gives_way_to_the_same_page_of_html() {
        let named = vec![member("https://a.test/docs/b", None), member("https://a.test/docs/b.md", None)];
        assert_eq!(twins(named), ["https://a.test/docs/b.md"]);
        let own = vec![member("https://a.test/docs/b", None), member("https://a.test/docs/c.md", None)];
        assert_eq!(twins(own), [""; 0]);
    }

    #[test]
    fn canonical_forms_that_name_each_other_lose_nothing() {
        assert_eq!(twins(vec![member("/a", Some("/b")), member("/b", Some("/a"))]), [""; 0]);
    }

    #[test]
    fn a_site_whose_pages_all_name_the_home_page_is_not_believed() {
        let mut members = vec![member("/", None)];
        members.extend((0..9).map(|n| member(&format!("/{n}"), Some("/"))));
        assert_eq!(twins(members), [""; 0]);
    }
}
