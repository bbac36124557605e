//! What follows a publish: the training is waited for, golden questions are asked, and a corpus that fails them makes
//! way for one that did not.
//!
//! There is no loop in it. What takes a corpus's place is decided before that corpus is sent, is no corpus that is known
//! to have failed, and is not asked about itself. What failed is held from then on, for as long as the questions stay
//! the same; and what comes after it waits, the longer the more of them failed in a row.

mod objection;

use std::time::Duration;

pub(super) use objection::objection;
use objection::{GATE, failed_before};

use super::{
    Context, RunError, Stage, deliver,
    delivery::{Delivery, wanted_later, wanted_wait},
};
use crate::{
    chatbase::{ApiError, Refusal},
    gate::{Crawled, Ruling, Warrant},
    hash::{Hash, hex},
    pipeline::Pipeline,
    publish::Publisher,
    report::{Ending, RunReport, VerifyReport},
    store::{Publication, Store, Verification, VerificationState},
    verify::{Asked, Exam, Links, Marked, OnFailure},
};

/// What an agent answers now.
#[derive(Debug)]
pub struct Examined {
    /// What came of the questions.
    pub marked: Marked,
    /// What came of them when what is live was published.
    pub before: Vec<Asked>,
}

/// Why an agent could not be asked to the end.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// There is nothing to ask, or nobody.
    #[error("`{0}` has no golden questions: `verify.questions` in its file")]
    NoQuestions(String),
    /// The API is not to be asked now.
    #[error("could not be verified: {0}")]
    TooSoon(String),
    /// The API gave no answer.
    #[error("could not be verified: {0}")]
    Api(#[from] ApiError),
    /// The state cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Asks the golden questions now, and changes nothing.
///
/// # Errors
/// [`ExamineError`].
pub async fn examine(pipeline: &Pipeline, context: &Context) -> Result<Examined, ExamineError> {
    if pipeline.verify.questions.is_empty() {
        return Err(ExamineError::NoQuestions(pipeline.name.to_string()));
    }
    let target = pipeline.target.identity(&pipeline.agent.id);
    let (mut links, mut before) = (Links::default(), Vec::new());
    // Looking must not make a state where there is none.
    if Store::exists(&context.state_dir, pipeline.name.as_str()) {
        let store = Store::open(&context.state_dir, pipeline.name.as_str()).map_err(RunError::from)?;
        let wait = wanted_wait(pipeline, &store, (context.now)()).await.map_err(RunError::from)?;
        if let Some((until, _)) = wait {
            return Err(ExamineError::TooSoon(wanted_later(until)));
        }
        if let Some(live) = store.live(target.clone()).await.map_err(RunError::from)? {
            links = links_of(&store, live.corpus).await?;
            let known = store.verification(target, live.corpus).await.map_err(RunError::from)?;
            before = known.map(|known| known.asked).unwrap_or_default();
        }
    }
    let patience = context.patience(context.waits.training.clone());
    let publisher =
        pipeline.target.connect(&pipeline.agent.id, context.window.clone(), context.now, patience);
    let mut exam = Exam::new(&pipeline.verify, &links);
    sit(&publisher, context, &mut exam).await?;
    Ok(Examined { marked: exam.marked(), before })
}

/// Records, before a corpus is sent, that its answers are to be verified, and what takes its place where they fail.
pub(super) async fn foresee(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    corpus: Hash,
    report: &RunReport,
) -> Result<(), RunError> {
    if pipeline.verify.questions.is_empty() || context.dry_run {
        return Ok(());
    }
    let target = pipeline.target.identity(&pipeline.agent.id);
    let known = store.verification(target.clone(), corpus).await?;
    // Who approved a corpus although it had failed does not want it back; nor where it could not be sent then.
    let is_insisted = report.gates.iter().any(|line| line.gate == GATE && line.verdict == Ruling::Hold)
        || known.as_ref().is_some_and(Verification::is_insisted);
    let fallback = match pipeline.verify.on_failure {
        OnFailure::Rollback if !is_insisted => fallback(store, &target, corpus).await?,
        OnFailure::Rollback | OnFailure::Report => None,
    };
    let verification = Verification {
        corpus,
        fallback,
        state: VerificationState::Due,
        questionnaire: pipeline.verify.fingerprint(),
        run: report.run,
        asked: known.filter(|_| is_insisted).map(|known| known.asked).unwrap_or_default(),
    };
    Ok(store.note_verification(target, verification, (context.now)()).await?)
}

/// The last corpus that verified, else the one that is live, unless that one failed.
async fn fallback(store: &Store, target: &str, corpus: Hash) -> Result<Option<Hash>, RunError> {
    let verified = store.last_verified(target.to_owned()).await?.map(|verified| verified.corpus);
    if let Some(verified) = verified.filter(|verified| *verified != corpus) {
        return Ok(Some(verified));
    }
    let live = store.live(target.to_owned()).await?.map(|live| live.corpus);
    let Some(live) = live.filter(|live| *live != corpus) else { return Ok(None) };
    let known = store.verification(target.to_owned(), live).await?;
    Ok((known.map(|known| known.state) != Some(VerificationState::Failed)).then_some(live))
}

/// Asks the golden questions that are due about what is live, and does what is owed where they failed.
pub(super) async fn settle(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let can_be_asked =
        // What waits for its time says nothing for what is live.
        matches!(
            report.outcome,
            Ending::Published | Ending::Unchanged | Ending::Deferred | Ending::Held | Ending::Incomplete
        );
    if pipeline.verify.questions.is_empty() || !can_be_asked || context.dry_run {
        return Ok(());
    }
    let target = pipeline.target.identity(&pipeline.agent.id);
    // What a person pinned is not sent away.
    if store.pinned(target.clone()).await?.is_some() {
        return Ok(());
    }
    let Some(live) = store.live(target.clone()).await? else { return Ok(()) };
    let is_unsettled = store.unsettled(target.clone()).await?.is_some();
    let Some(known) = store.verification(target, live.corpus).await? else { return Ok(()) };
    match known.state {
        // What nobody knows to be live cannot be judged; but a rollback that may not have arrived is no reason to fall silent.
        VerificationState::Failed
            if is_unsettled
                && report.outcome == Ending::Deferred
                && failed_before(pipeline, store, live.corpus).await?.is_some() =>
        {
            let failed = told(&known, "what was live");
            let reason = format!("{failed}, and nobody knows yet whether what was sent in its place arrived");
            report.end(Ending::VerificationFailed, reason);
            Ok(())
        }
        _ if is_unsettled => Ok(()),
        VerificationState::Due => verify(pipeline, store, context, &live, known, report).await,
        VerificationState::Failed => {
            // A rollback that did not come through.
            if failed_before(pipeline, store, live.corpus).await?.is_some()
                && let Some(fallback) = way_back(pipeline, store, &known).await?
            {
                let failed = told(&known, "a corpus that is live still");
                return roll_back(pipeline, store, context, fallback, &failed, report).await;
            }
            report.notes.push(told(&known, "what is live"));
            Ok(())
        }
        VerificationState::Passed => Ok(()),
    }
}

/// What a run does about the golden questions of what is live, whatever it finds; `None` where nothing is to be done.
pub(super) async fn pending(
    pipeline: &Pipeline,
    store: &Store,
    live: &Publication,
) -> Result<Option<String>, RunError> {
    let target = pipeline.target.identity(&pipeline.agent.id);
    if pipeline.verify.questions.is_empty() || store.pinned(target.clone()).await?.is_some() {
        return Ok(None);
    }
    let Some(known) = store.verification(target, live.corpus).await? else { return Ok(None) };
    match known.state {
        VerificationState::Due => {
            Ok(Some("the golden questions about what is live are due: a run asks them".to_owned()))
        }
        VerificationState::Failed if failed_before(pipeline, store, live.corpus).await?.is_some() => {
            let fallback = way_back(pipeline, store, &known).await?;
            Ok(fallback.map(|fallback| {
                let short = hex(&fallback[..4]);
                format!(
                    "{}: a run that keeps it live rolls back to the corpus {short}",
                    told(&known, "what is live")
                )
            }))
        }
        VerificationState::Failed | VerificationState::Passed => Ok(None),
    }
}

/// What was foreseen to take the place of a corpus, unless that has failed since: or two that fail would take turns.
async fn way_back(pipeline: &Pipeline, store: &Store, of: &Verification) -> Result<Option<Hash>, RunError> {
    let Some(fallback) = of.fallback.filter(|_| pipeline.verify.on_failure == OnFailure::Rollback) else {
        return Ok(None);
    };
    let target = pipeline.target.identity(&pipeline.agent.id);
    let known = store.verification(target, fallback).await?;
    Ok((known.map(|known| known.state) != Some(VerificationState::Failed)).then_some(fallback))
}

/// What is known of a corpus that failed in an earlier run.
fn told(known: &Verification, which: &str) -> String {
    let failed = known.asked.iter().filter(|asked| !asked.passed).count();
    format!("{which} failed {failed} of {} golden questions in run {}", known.asked.len(), known.run)
}

/// Waits for the training, asks, records what came of it; rolls back where that was foreseen.
async fn verify(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    live: &Publication,
    due: Verification,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let links = links_of(store, live.corpus).await?;
    let mut exam = Exam::new(&pipeline.verify, &links);
    let none = Crawled::default();
    let mut delivery = Delivery::new(pipeline, store, context, &none, report);
    let sat = match trained(&delivery, context, live, pipeline.verify.settle).await {
        Ok(()) => {
            context.progress.enter(Stage::Verifying);
            sit(&delivery.publisher, context, &mut exam).await
        }
        Err(error) => Err(error),
    };
    if let Err(ApiError::Passing(Some(asked), _)) = &sat {
        delivery.heed(*asked).await?;
    }
    let marked = exam.marked();
    let (asked, passed) = (marked.asked.len(), marked.passed());
    delivery.report.verify =
        VerifyReport { asked: asked as u64, passed: passed as u64, ..VerifyReport::default() };
    if let Err(error) = sat {
        // No answer is not a wrong one: the questions stay due.
        delivery.report.verify.unverified = Some(error.to_string());
        return match error {
            // It is refused to every other request, too.
            ApiError::Refused(Refusal::Key, _) => delivery.api_failed(error).await,
            _ => Ok(()),
        };
    }
    let target = delivery.target;
    let before = store.last_verification_besides(target.clone(), live.corpus).await?;
    let before = before.map(|before| before.asked).unwrap_or_default();
    report.verify.failed = failures(&marked, &before);
    let state = if marked.is_passed { VerificationState::Passed } else { VerificationState::Failed };
    let Marked { asked: answers, is_passed } = marked;
    let verification = Verification {
        state,
        questionnaire: pipeline.verify.fingerprint(),
        run: report.run,
        asked: answers,
        ..due
    };
    let fallback = way_back(pipeline, store, &verification).await?;
    store.note_verification(target, verification, (context.now)()).await?;
    tracing::info!(questions.asked = asked, questions.passed = passed, "golden questions");
    if is_passed {
        return Ok(());
    }
    let failed = format!("{} of {asked} golden questions failed", asked - passed);
    if let Some(fallback) = fallback {
        return roll_back(pipeline, store, context, fallback, &failed, report).await;
    }
    let why = match pipeline.verify.on_failure {
        OnFailure::Report => "`on_failure` says so",
        OnFailure::Rollback => "there is no other that is known to be better, or somebody approved it",
    };
    set_aside(report);
    report.end(Ending::VerificationFailed, format!("{failed}; the corpus stays live, because {why}"));
    Ok(())
}

/// One line for each question that failed; `before` is what came of them about another corpus.
pub fn failures(marked: &Marked, before: &[Asked]) -> Vec<String> {
    let passed_before =
        |ask: &str| before.iter().find(|before| before.ask == ask).map(|before| before.passed);
    let failed = marked.asked.iter().filter(|asked| !asked.passed);
    failed.map(|asked| asked.told(passed_before(&asked.ask))).collect()
}

/// Sends the corpus again that was foreseen to take the place of what `failed`.
async fn roll_back(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    fallback: Hash,
    failed: &str,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let short = hex(&fallback[..4]);
    let Some(kept) = store.corpus(fallback).await? else {
        set_aside(report);
        let reason =
            format!("{failed}; the corpus {short} to roll back to is not kept, so what failed stays live");
        report.end(Ending::VerificationFailed, reason);
        return Ok(());
    };
    set_aside(report);
    deliver::publish_kept(pipeline, store, context, kept, Warrant::Published, report).await?;
    if report.outcome == Ending::Published {
        report.end(Ending::VerificationFailed, format!("{failed}; rolled back to the corpus {short}"));
        return Ok(());
    }
    let is_key_refused = match pipeline.target.account() {
        Some(account) => store.key_refused(account).await?.is_some(),
        None => false,
    };
    let error = report.error.take().unwrap_or_else(|| "it was not published".to_owned());
    // A key concerns every pipeline that uses it, so it is told as it is told elsewhere.
    let (ending, again) = if report.outcome == Ending::Paused && is_key_refused {
        (Ending::Paused, "the first run after the pause tries again")
    } else {
        (Ending::VerificationFailed, "the next run tries again")
    };
    report.end(ending, format!("{failed}; the rollback did not come through, and {again}: {error}"));
    Ok(())
}

/// What a run has to say of its own crawl is told besides.
fn set_aside(report: &mut RunReport) {
    report.notes.extend(report.error.take());
}

/// Waits until the agent has been trained since the push; else tells why that is not to be seen.
async fn trained(
    delivery: &Delivery<'_>,
    context: &Context,
    live: &Publication,
    settle: Duration,
) -> Result<(), ApiError> {
    let mut waited = Duration::ZERO;
    for pause in [Duration::ZERO].iter().chain(&context.waits.training) {
        if !context.pause(*pause).await {
            return Err(ApiError::Passing(None, "asked to stop".to_owned()));
        }
        waited += *pause;
        let Some(agent) = delivery.agent().await? else { return Ok(()) };
        match Publisher::is_trained(&agent, live.before.last_trained_at.as_deref()) {
            Some(true) => return Ok(()),
            // The API does not tell; or it has nothing to tell yet, as of an agent that was never trained.
            None if waited >= settle => return Ok(()),
            None | Some(false) => {}
        }
    }
    Err(ApiError::Passing(None, "the training did not end in time".to_owned()))
}

/// Asks one question after the other.
async fn sit(publisher: &Publisher, context: &Context, exam: &mut Exam<'_>) -> Result<(), ApiError> {
    while let Some(number) = exam.turn() {
        let answer = ask(publisher, context, exam.question(number)).await?;
        exam.take(number, &answer);
    }
    Ok(())
}

/// Asks a question, again after passing failures.
async fn ask(publisher: &Publisher, context: &Context, question: &str) -> Result<String, ApiError> {
    let patience = context.patience(vec![context.waits.backoff, context.waits.backoff * 2]);
    let mut attempt = 0;
    loop {
        match publisher.ask(question).await {
            Err(ApiError::Passing(wait, _)) if patience.pause(attempt, wait).await => attempt += 1,
            result => return result,
        }
    }
}

async fn links_of(store: &Store, corpus: Hash) -> Result<Links, RunError> {
    let manifest = store.manifest(corpus).await?;
    Ok(manifest.map_or_else(Links::default, |manifest| {
        Links::of(manifest.documents.iter().map(|entry| entry.url.as_str()))
    }))
}
