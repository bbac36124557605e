//! What a run would publish if the site were as the last complete crawl found it: no network, nothing written.

mod survey;

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Context, OnHold, RunError, assemble, blank, crawled, deliver,
    delivery::{Delivery, wanted_later},
    paused,
    rules::Rules,
    site, verification,
};
use crate::{
    blocking::blocking,
    corpus::{Corpus, Difference, Section},
    gate::{self, Crawled, Facts, Foreign, Line, Verdict},
    hash::hex,
    pipeline::{Pipeline, Source},
    publish::Target,
    report::{CorpusReport, Documents, Ending, PipelineName},
    store::{Publication, Store},
};

/// What a run would publish. Field names are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Which pipeline.
    pub pipeline: PipelineName,
    /// When the last crawl settled something last.
    pub crawled_at: Timestamp,
    /// How such a run would end: `pending` where it would publish.
    pub outcome: Ending,
    /// Up to when a run would send nothing all the same, and end as `deferred`; only where it would publish.
    pub deferred_until: Option<Timestamp>,
    /// What the gates hold, which need not be this plan's corpus.
    pub held: Option<OnHold>,
    /// What is live.
    pub live: Option<Standing>,
    /// What would be.
    pub next: CorpusReport,
    /// How many documents it has, and how many were left out.
    pub documents: Documents,
    /// Documents that are not live.
    pub added: Vec<Item>,
    /// Documents that are live with another text.
    pub changed: Vec<Changed>,
    /// Documents that are live, and would be no longer.
    pub removed: Vec<Item>,
    /// What had no room, by section of the site, the most text first.
    pub dropped: Vec<Dropped>,
    /// What is left out because it repeats over the pages of a source.
    pub boilerplate: Vec<Boilerplate>,
    /// What the gates say.
    pub gates: Vec<Line>,
    /// What else a person should know, in sentences.
    pub notes: Vec<String>,
}

/// The corpus that is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The number of its publication.
    pub publication: i64,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// Its documents.
    pub documents: u64,
    /// Unicode scalar values of all its text.
    pub characters: u64,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Where a customer finds it.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Unicode scalar values of its section of the corpus.
    pub characters: u64,
}

/// A document whose text would be another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// As it would be.
    #[serde(flatten)]
    pub item: Item,
    /// Unicode scalar values of what is live of it.
    pub characters_before: u64,
}

/// Documents below one path that had no room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// What their URLs begin with.
    pub section: String,
    /// How many.
    pub documents: u64,
    /// Unicode scalar values of them together.
    pub characters: u64,
}

/// What repeats over the pages of a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Boilerplate {
    /// The source.
    pub source: String,
    /// The share of the pages' Markdown that stays, 0 to 1.
    pub kept: f64,
    /// The blocks that were taken from most pages, those first.
    pub blocks: Vec<Repeated>,
}

/// A block that was taken from pages because others have it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// From how many.
    pub pages: u64,
    /// How it begins.
    pub sample: String,
}

impl Plan {
    /// Whether something else would be published than what is live.
    pub fn has_changes(&self) -> bool {
        self.outcome == Ending::Pending
            || self.live.as_ref().is_none_or(|live| live.sha256 != self.next.sha256)
    }
}

/// Plans what a run would publish; `None` before the first complete crawl.
///
/// # Errors
/// [`RunError`] where the state cannot be used.
pub async fn plan(pipeline: &Pipeline, store: &Store, context: &Context) -> Result<Option<Plan>, RunError> {
    let Some(crawl) = store.last_crawl().await? else { return Ok(None) };
    if !crawl.complete && store.members().await?.is_empty() {
        return Ok(None);
    }
    let mut notes = Vec::new();
    let crawled = if crawl.complete {
        crawled_then(pipeline, store).await?
    } else {
        notes.push("the last crawl is not complete: this is of the one before it".to_owned());
        Crawled::default()
    };
    notes.extend(rules_changed(pipeline, store).await?);
    let assembled = assemble::assemble(pipeline, store).await?;
    let survey = survey::survey(pipeline, store, &assembled.left_out).await?;
    let required = assembled.required_without_room(&pipeline.budget);
    let documents = assembled.documents.clone();
    notes.extend(assembled.swapped.iter().chain(&assembled.remarks).cloned());
    let next = assembled.into_corpus(store).await?;

    let target = pipeline.target.identity(&pipeline.agent.id);
    let live = store.live(target.clone()).await?;
    let published: Option<Corpus> = match &live {
        Some(live) => store.corpus(live.corpus).await?.map(Corpus::from),
        None => None,
    };
    let mut report = blank(pipeline, 0, crawl.moved_at);
    let delivery = Delivery::new(pipeline, store, context, &crawled, &mut report);
    let mut facts = Facts { required, ..delivery.facts(&next, None, live.is_some()) };
    debug_assert_eq!(facts.foreign, Foreign::None, "the agent was not asked");
    if let (None, Target::ChatbaseV1(v1)) = (&live, &pipeline.target)
        && !v1.adopt
    {
        notes
            .push("whether the agent holds text of somebody else is asked when something is sent".to_owned());
    }
    if matches!(pipeline.target, Target::ChatbaseV2(_)) {
        notes.push(
            "how many sources of the agent would be deleted is asked when something is sent".to_owned(),
        );
    }
    if let Some(pause) = paused(pipeline, store).await? {
        notes.push(format!("publishing is paused: {}", pause.reason));
    }
    let unsettled = store.unsettled(target.clone()).await?;
    if let Some(publication) = &unsettled {
        notes.push(format!(
            "nobody knows whether publication {} arrived: a run settles that first",
            publication.id
        ));
    }
    let unchanged = delivery.is_live(next.sha256).await?;
    if let (Some(live), None) = (&live, &unsettled) {
        if live.corpus == next.sha256 && !unchanged {
            notes.push("what was published last is not there any more: a run writes it again".to_owned());
        }
        notes.extend(verification::pending(pipeline, store, live).await?);
    }
    if !unchanged {
        facts
            .crawled
            .doubts
            .extend(verification::objection(pipeline, store, next.sha256, (context.now)()).await?);
    }
    let gates = pipeline.gates.clone();
    let (published, next, verdict) = blocking(move || {
        let verdict = if unchanged {
            Verdict { lines: gate::of_crawl(&facts.crawled, &gates) }
        } else {
            gate::judge(published.as_ref(), &next, &facts, &gates)
        };
        (published, next, verdict)
    })
    .await;
    let held = deliver::held(pipeline, store).await?.map(|held| OnHold::of(&held, next.sha256));
    // What is held stays so while nothing may be asked: the gates do not know all of what would take its place.
    let silence = if held.is_some() { delivery.silence().await? } else { None };
    let outcome = if store.pinned(target).await?.is_some() {
        Ending::Pinned
    } else if verdict.is_hold() || next.manifest.documents.is_empty() {
        Ending::Held
    } else if unchanged {
        Ending::Unchanged
    } else if let (Some(held), Some(until)) = (&held, silence) {
        let wait = wanted_later(until);
        notes.push(format!("what run {} holds stays held, and this is judged later: {wait}", held.run));
        Ending::Held
    } else {
        Ending::Pending
    };
    let deferral = if outcome == Ending::Pending {
        // What is unknown is settled, however soon.
        delivery.deferral(live.as_ref().filter(|_| unsettled.is_none())).await?
    } else {
        None
    };
    let (deferred_until, reason) = deferral.unzip();
    notes.extend(reason.map(|reason| format!("a run would be deferred now: {reason}")));
    let before = published.unwrap_or_default();
    let difference = Difference::between(&before, &next);
    Ok(Some(Plan {
        pipeline: pipeline.name.clone(),
        crawled_at: crawl.moved_at,
        outcome,
        deferred_until,
        held,
        live: live.map(|live| standing(&live, &before)),
        next: CorpusReport::of(next.sha256, next.manifest.size, &pipeline.budget),
        documents,
        added: difference.added.iter().map(item).collect(),
        changed: difference.changed.iter().map(changed).collect(),
        removed: difference.removed.iter().map(item).collect(),
        dropped: survey.dropped,
        boilerplate: survey.boilerplate,
        gates: verdict.lines,
        notes,
    }))
}

/// What the last crawl, which was completed, said for or against its corpus.
async fn crawled_then(pipeline: &Pipeline, store: &Store) -> Result<Crawled, RunError> {
    let withheld: HashSet<usize> = store.doubts().await?.into_iter().map(|(source, _)| source).collect();
    let change = store.snapshot_change().await?;
    let mut doubts = site::doubts(store, &withheld).await?;
    doubts.extend(gate::of_going(change.going, change.members(), &pipeline.gates));
    Ok(crawled(&store.tally().await?, &change, doubts))
}

/// Says so where the pages were read by other rules than those of today.
async fn rules_changed(pipeline: &Pipeline, store: &Store) -> Result<Option<String>, RunError> {
    for (source, Source::Site(plan)) in pipeline.sources.iter().enumerate() {
        let rules = Rules::new(&plan.clone().into(), &pipeline.cleaning.clone().into());
        if !store.read_by_other_rules(source, rules.version, None, 1).await?.is_empty() {
            return Ok(Some(format!(
                "pages were read by other rules than those of today: `corpusd replay {}` reads them again",
                pipeline.name
            )));
        }
    }
    Ok(None)
}

fn standing(live: &Publication, corpus: &Corpus) -> Standing {
    Standing {
        publication: live.id,
        sha256: hex(&live.corpus),
        documents: corpus.manifest.documents.len() as u64,
        characters: corpus.manifest.size.characters,
    }
}

fn item(section: &Section<'_>) -> Item {
    let entry = section.entry;
    Item { url: entry.url.clone(), title: entry.title.clone(), characters: entry.size.characters }
}

fn changed((before, after): &(Section<'_>, Section<'_>)) -> Changed {
    Changed { item: item(after), characters_before: before.entry.size.characters }
}
