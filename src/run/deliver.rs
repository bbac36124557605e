//! What is published, held, or sent again: the decisions after a corpus was made.

use super::{Context, RunError, Stage, assemble::Assembled, delivery::Delivery, verification};
use crate::{
    blocking::blocking,
    corpus::Corpus,
    gate::{self, ApprovedCorpus, Crawled, Facts, Ruling, Verdict, Warrant},
    hash::{Hash, hex},
    pipeline::Pipeline,
    report::{CorpusReport, Ending, PublishStatus, RunReport},
    store::{Held, Pin, Store, StoredCorpus},
};

/// Publishes what was assembled if it differs from what is live and the gates pass it.
pub(super) async fn deliver(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    crawled: &Crawled,
    assembled: &Assembled,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let mut delivery = Delivery::new(pipeline, store, context, crawled, report);
    let unsettled = store.unsettled(delivery.target.clone()).await?;
    if let Some(publication) = &unsettled {
        delivery.ask_once(publication).await?;
    }
    let live = store.live(delivery.target.clone()).await?;
    let unsettled = store.unsettled(delivery.target.clone()).await?;
    if assembled.manifest.documents.is_empty() {
        // Not even a person's approval makes an empty knowledge base a good one; nor is what was held before it still
        // what the site says.
        store.release().await?;
        let reason = format!("held by min_documents: no document was found ({})", why_empty(store).await?);
        delivery.report.end(Ending::Held, reason);
        return delivery.send_owed().await;
    }
    let pin = store.pinned(delivery.target.clone()).await?;
    if pin.is_none() && delivery.is_live(assembled.sha256).await? {
        return delivery.unchanged(&pipeline.gates).await;
    }
    // While one is pinned nothing of this run is sent.
    let is_free = pin.is_none();
    let embargo = if is_free { delivery.too_soon(None).await? } else { None };
    let agent = if is_free && embargo.is_none() {
        match delivery.agent().await {
            Ok(agent) => agent,
            Err(error) => return delivery.api_failed(error).await,
        }
    } else {
        None
    };
    let corpus = match &assembled.fresh {
        Some(corpus) => corpus.clone(),
        None => kept(store, assembled.sha256).await?.into(),
    };
    let published = match &live {
        Some(live) => store.corpus(live.corpus).await?.map(Corpus::from),
        None => None,
    };
    let ours = live.is_some() || unsettled.is_some();
    let mut facts = Facts {
        required: assembled.required_without_room(&pipeline.budget),
        ..delivery.facts(&corpus, agent.as_ref(), ours)
    };
    if !ours {
        delivery.remark_on_others(&facts);
    }
    if let (Some(agent), Some(live), Some(published), None) = (&agent, &live, &published, &unsettled) {
        delivery.remark_on_room(agent, live, published.manifest.size, corpus.manifest.size);
    }
    let objection = verification::objection(pipeline, store, assembled.sha256, (context.now)()).await?;
    facts.crawled.doubts.extend(objection);
    let gates = pipeline.gates.clone();
    context.progress.enter(Stage::Judging);
    let (corpus, verdict) = blocking(move || {
        let verdict = gate::judge(published.as_ref(), &corpus, &facts, &gates);
        (corpus, verdict)
    })
    .await;
    delivery.report.gates.clone_from(&verdict.lines);
    if let Some(pin) = pin {
        if !verdict.is_hold() {
            store.promote().await?;
        }
        delivery.report.notes.push(waits(&pin, assembled, &verdict, pipeline));
        restore(pipeline, store, context, &pin, report).await?;
        if matches!(report.outcome, Ending::Published | Ending::Pending) {
            // Not what this run made.
            report.outcome = Ending::Pinned;
        }
        return Ok(());
    }
    if let Some(reason) = embargo.filter(|_| !verdict.is_hold()) {
        return delivery.postpone(&reason).await;
    }
    let (left_out, remarks) = (assembled.left_out.clone(), assembled.remarks.clone());
    store.keep_corpus(corpus.clone(), assembled.made_from, left_out, remarks, (context.now)()).await?;
    let (sha256, size) = (corpus.sha256, corpus.manifest.size);
    // What is owed is sent again whatever the gates say of it now, so they do not hold it; but they may speak of the crawl.
    let is_owed = unsettled.as_ref().is_some_and(|publication| publication.corpus == sha256)
        && !Verdict { lines: gate::of_crawl(crawled, &pipeline.gates) }.is_hold();
    let warrant = if is_owed { Warrant::Intent } else { Warrant::Verdict(&verdict) };
    if let Some(approved) = ApprovedCorpus::new(corpus, warrant) {
        store.release().await?;
        store.promote().await?;
        // What is unknown is settled, however soon.
        if let Some(reason) = delivery.too_soon(live.as_ref().filter(|_| unsettled.is_none())).await? {
            delivery.defer(&reason);
            return Ok(());
        }
        verification::foresee(pipeline, store, context, sha256, delivery.report).await?;
        delivery.push(agent.as_ref(), &approved, size).await
    } else {
        let reason = format!("held by {} ({})", verdict.reasons(), verdict.ways_on(&pipeline.name));
        let (run, target) = (delivery.report.run, delivery.target.clone());
        let held = Held { corpus: sha256, run, target, gates: verdict.lines };
        store.hold(held).await?;
        delivery.report.end(Ending::Held, reason);
        delivery.resend_pending(agent.as_ref()).await
    }
}

/// What a run says of a corpus that is not published because another one is pinned.
fn waits(pin: &Pin, assembled: &Assembled, verdict: &Verdict, pipeline: &Pipeline) -> String {
    let name = &pipeline.name;
    let what = if assembled.sha256 == pin.corpus {
        "what the site says now is the same".to_owned()
    } else if verdict.is_hold() {
        format!("what the site says now would be held by {}", verdict.reasons())
    } else {
        format!("what the site says now waits (`corpusd plan {name}` to look)")
    };
    format!(
        "publication {} is pinned since {:.0}, until `corpusd unpin {name}`: {what}",
        pin.publication, pin.at
    )
}

/// Publishes what the gates hold, because a person approved it.
pub(super) async fn deliver_held(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    held: Held,
    report: &mut RunReport,
) -> Result<(), RunError> {
    report.gates.clone_from(&held.gates);
    // A person approved it as it was held: for that target.
    if held.target != pipeline.target.identity(&pipeline.agent.id) {
        report.end(Ending::Held, obstacle("it was held for another agent or target", pipeline));
        return Ok(());
    }
    let kept = kept(store, held.corpus).await?;
    verification::foresee(pipeline, store, context, held.corpus, report).await?;
    publish_kept(pipeline, store, context, kept, Warrant::Approval, report).await
}

/// Makes the pinned corpus live, where it is not.
pub(super) async fn restore(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    pin: &Pin,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let none = Crawled::default();
    let delivery = Delivery::new(pipeline, store, context, &none, report);
    if delivery.is_live(pin.corpus).await? {
        report.publish.status = PublishStatus::NotNeeded;
        report.outcome = Ending::Pinned;
        return Ok(());
    }
    let kept = kept(store, pin.corpus).await?;
    publish_kept(pipeline, store, context, kept, Warrant::Published, report).await
}

/// Publishes a kept corpus as it is, without a crawl: one that was approved, or one that was live before. What the
/// report says of documents and corpus, where nothing was assembled, is about this one.
pub(super) async fn publish_kept(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    kept: StoredCorpus,
    warrant: Warrant<'_>,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let size = kept.manifest.size;
    if !pipeline.budget.fits(size) {
        report.end(Ending::Held, obstacle("it no longer fits the budget", pipeline));
        return Ok(());
    }
    let none = Crawled::default();
    let mut delivery = Delivery::new(pipeline, store, context, &none, report);
    let agent = match delivery.agent().await {
        Ok(agent) => agent,
        Err(error) => return delivery.api_failed(error).await,
    };
    let corpus = Corpus::from(kept);
    let facts = delivery.facts(&corpus, agent.as_ref(), true);
    if let Some(room) = gate::room(&corpus, &facts).filter(|room| room.verdict == Ruling::Hold) {
        let what = format!("the agent has no room for it: {}", room.detail);
        delivery.report.end(Ending::Held, obstacle(&what, pipeline));
        return Ok(());
    }
    if matches!(warrant, Warrant::Approval) {
        store.promote().await?;
    }
    if delivery.report.corpus.is_none() {
        delivery.report.documents.kept = corpus.manifest.documents.len() as u64;
        delivery.report.corpus = Some(CorpusReport::of(corpus.sha256, size, &pipeline.budget));
    }
    let Some(approved) = ApprovedCorpus::new(corpus, warrant) else {
        return Ok(());
    };
    delivery.push(agent.as_ref(), &approved, size).await
}

fn obstacle(what: &str, pipeline: &Pipeline) -> String {
    format!("not published: {what}; `corpusd run --once {}` makes a new corpus", pipeline.name)
}

/// A corpus that is recorded as kept.
pub(super) async fn kept(store: &Store, sha256: Hash) -> Result<StoredCorpus, RunError> {
    store.corpus(sha256).await?.ok_or_else(|| RunError::MissingCorpus(hex(&sha256[..4])))
}

/// What the gates hold for the target that the pipeline has now: what was held for another one waits for nobody.
pub(super) async fn held(pipeline: &Pipeline, store: &Store) -> Result<Option<Held>, RunError> {
    let target = pipeline.target.identity(&pipeline.agent.id);
    Ok(store.held().await?.filter(|held| held.target == target))
}

/// Why a part of the sites is not crawled: the crawl of the whole is held, and what a part finds would take its place
/// without what the gates hold it for.
pub(super) async fn whole_is_held(pipeline: &Pipeline, store: &Store) -> Result<Option<String>, RunError> {
    Ok(held(pipeline, store).await?.map(|Held { run, gates: lines, .. }| {
        let verdict = Verdict { lines };
        let (reasons, ways_on) = (verdict.reasons(), verdict.ways_on(&pipeline.name));
        format!(
            "no part is crawled while what run {run} found is held still, by {reasons} ({ways_on}, or run \
             once without `--only`)"
        )
    }))
}

/// Settles a push of unknown outcome, and makes live what is pinned, where this run has no corpus of its own to send.
pub(super) async fn settle_pending(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let none = Crawled::default();
    let mut delivery = Delivery::new(pipeline, store, context, &none, report);
    if let Some(publication) = store.unsettled(delivery.target.clone()).await? {
        delivery.ask_once(&publication).await?;
    }
    delivery.send_owed().await
}

impl From<StoredCorpus> for Corpus {
    fn from(kept: StoredCorpus) -> Corpus {
        Corpus { text: kept.text, sha256: kept.sha256, manifest: kept.manifest }
    }
}

/// What became of the start URLs, where nothing was found.
async fn why_empty(store: &Store) -> Result<String, RunError> {
    let starts = store.starts().await?;
    let told = starts.iter().map(|(url, outcome, detail)| match detail.as_str() {
        "" => format!("{url}: {outcome}"),
        detail => format!("{url}: {outcome}, {detail}"),
    });
    Ok(told.collect::<Vec<_>>().join("; "))
}
