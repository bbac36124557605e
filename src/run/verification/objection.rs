//! What speaks against publishing after golden questions failed: the same corpus is not sent again, and others wait.
//!
//! Each try costs a training, and its rollback another. A site that changes all the time and goes on failing would be
//! tried with every run, so what comes after a failure waits for `publish.min_interval` at least, and longer with each
//! further failure. It is held and not deferred meanwhile: a person should look, and may approve it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    gate::{Line, Ruling},
    hash::Hash,
    pipeline::Pipeline,
    run::{
        RunError,
        delivery::{is_within, settings},
    },
    store::{Failures, Store, VerificationState},
};

/// The gate that holds what failed before.
pub(super) const GATE: &str = "verify";
/// The gate that holds what comes too soon after it.
const BRAKE: &str = "rollbacks";
/// How long to wait after a second failure, where `publish.min_interval` is no longer.
const FIRST_REST: Duration = Duration::from_hours(2);
/// The longest wait, where `publish.min_interval` is no longer: a site that was mended is not stale for ever.
const LONGEST_REST: Duration = Duration::from_hours(7 * 24);

/// What speaks against publishing this corpus now, where others, or this one, failed and made way before.
pub(in crate::run) async fn objection(
    pipeline: &Pipeline,
    store: &Store,
    corpus: Hash,
    now: Timestamp,
) -> Result<Option<Line>, RunError> {
    match failed_before(pipeline, store, corpus).await? {
        Some(line) => Ok(Some(line)),
        None => brake(pipeline, store, corpus, now).await,
    }
}

/// What speaks against publishing a corpus that failed and made way before.
pub(super) async fn failed_before(
    pipeline: &Pipeline,
    store: &Store,
    corpus: Hash,
) -> Result<Option<Line>, RunError> {
    if !pipeline.verify.rolls_back() {
        return Ok(None);
    }
    let target = pipeline.target.identity(&pipeline.agent.id);
    let Some(known) = store.verification(target, corpus).await? else { return Ok(None) };
    let made_way = known.state == VerificationState::Failed && known.fallback.is_some();
    if !made_way || known.questionnaire != pipeline.verify.fingerprint() {
        return Ok(None);
    }
    let (failed, asked) = (known.asked.iter().filter(|asked| !asked.passed).count(), known.asked.len());
    let first = known.asked.iter().find(|asked| !asked.passed).map(|asked| asked.told(None));
    Ok(Some(Line {
        gate: GATE.to_owned(),
        limit: pipeline.verify.pass,
        value: (asked - failed) as f64 / asked.max(1) as f64,
        verdict: Ruling::Hold,
        detail: format!(
            "this corpus failed {failed} of {asked} golden questions in run {} and was rolled back: {}",
            known.run,
            first.unwrap_or_default()
        ),
    }))
}

/// What speaks against publishing anything so soon after the last failure.
async fn brake(
    pipeline: &Pipeline,
    store: &Store,
    corpus: Hash,
    now: Timestamp,
) -> Result<Option<Line>, RunError> {
    if !pipeline.verify.rolls_back() {
        return Ok(None);
    }
    let target = pipeline.target.identity(&pipeline.agent.id);
    let failures = store.failures(target.clone(), pipeline.verify.fingerprint()).await?;
    let Some(Failures { in_a_row, last, run, fallback }) = failures else { return Ok(None) };
    // What was to be sent since then has been approved, and could not be: that is not asked for again.
    let known = store.verification(target.clone(), corpus).await?;
    if known.is_some_and(|known| known.state == VerificationState::Due && known.run > run) {
        return Ok(None);
    }
    let Some(live) = store.live(target).await? else { return Ok(None) };
    // Whoever has changed the file wants to see what comes of it.
    if live.settings.as_deref() != Some(&settings(pipeline)) {
        return Ok(None);
    }
    let rolled_back = live.restores.is_some() && live.corpus == fallback;
    let since = if rolled_back { last.max(live.at) } else { last };
    let rest = rest(pipeline.min_interval, in_a_row);
    Ok(is_within(rest, since, now).then(|| {
        let until = since.saturating_add(rest).unwrap_or(Timestamp::MAX);
        let failed = match in_a_row {
            1 => "the last corpus failed golden questions and was rolled back".to_owned(),
            count => format!("the last {count} corpora failed golden questions and were rolled back"),
        };
        Line {
            gate: BRAKE.to_owned(),
            limit: rest.as_secs_f64(),
            value: now.duration_since(since).as_secs_f64(),
            verdict: Ruling::Hold,
            detail: format!(
                "{failed}: nothing else is tried before {until:.0} (`publish.min_interval`, and longer the more of them \
                 fail), so that trainings are not spent in vain"
            ),
        }
    }))
}

/// How long nothing is tried after so many failures in a row.
fn rest(min_interval: Duration, in_a_row: u32) -> Duration {
    let doubled = in_a_row.checked_sub(2).map(|times| {
        let first = FIRST_REST.max(min_interval.saturating_mul(2));
        first.saturating_mul(2_u32.saturating_pow(times)).min(LONGEST_REST)
    });
    min_interval.max(doubled.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_a_week() {
        let check = |min_interval: u64, expected: [u64; 5]| {
            let hours = [1, 2, 3, 9, 4_000_000_000]
                .map(|failures| rest(Duration::from_hours(min_interval), failures).as_secs() / 3600);
            assert_eq!(hours, expected, "{min_interval}");
        };
        check(0, [0, 2, 4, 168, 168]);
        check(1, [1, 2, 4, 168, 168]);
        check(6, [6, 12, 24, 168, 168]);
        check(24 * 30, [720; 5]);
    }
}
