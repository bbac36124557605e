//! When the next request may be made: after one that failed, after the API asked for time, and after the last
//! publication. What the API asked for is kept for every pipeline with the same key, and outlives the process.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::Delivery;
use crate::{
    chatbase::patience::LONGEST_WAIT,
    gate::Verdict,
    hash::{hex, sha256},
    http::retry_after,
    pipeline::Pipeline,
    report::Ending,
    run::{RunError, deliver::held, walk},
    store::{Publication, Store, StoreError},
};

/// The longest wait that is our own idea.
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);

impl Delivery<'_> {
    /// Waits before attempt `attempt` + 1: as long as the API asked for, or a random part of a time that doubles.
    /// False where that is longer than a run waits, or the run is to end.
    pub(super) async fn wait(&self, attempt: u32, asked: Option<Duration>) -> bool {
        let backoff = backoff(self.context.waits.backoff, attempt);
        // Full jitter: clients that failed together do not come back together.
        let wait = asked.unwrap_or_default().max(backoff.mul_f64(chance()));
        wait <= LONGEST_WAIT && self.context.pause(wait).await
    }

    /// Notes that the API asked for no request for so long.
    pub(in crate::run) async fn heed(&self, asked: Duration) -> Result<(), StoreError> {
        let Some(account) = self.pipeline.target.account() else { return Ok(()) };
        // The store keeps milliseconds, and must not cut any off.
        let until = (self.context.now)().saturating_add(asked + Duration::from_millis(1));
        self.store.ask_to_wait(account, until.unwrap_or(Timestamp::MAX)).await
    }

    /// Waits until the API wants requests again. Where that takes longer than a run waits, or the run is to end before,
    /// tells when it is: nothing may be sent.
    pub(super) async fn embargo(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.wanted_wait().await? {
            Some((until, left)) if left > LONGEST_WAIT || !self.context.pause(left).await => Ok(Some(until)),
            _ => Ok(None),
        }
    }

    async fn wanted_wait(&self) -> Result<Option<(Timestamp, Duration)>, StoreError> {
        wanted_wait(self.pipeline, self.store, (self.context.now)()).await
    }

    /// Why what passed the gates is not sent yet: the API wants no requests, or was given a corpus just now.
    pub(in crate::run) async fn too_soon(
        &self,
        live: Option<&Publication>,
    ) -> Result<Option<String>, RunError> {
        if let Some(until) = self.embargo().await? {
            return Ok(Some(wanted_later(until)));
        }
        Ok(self.interval_ends(live).map(interval))
    }

    /// Up to when a run would not even ask the API; waits for nothing.
    pub(in crate::run) async fn silence(&self) -> Result<Option<Timestamp>, StoreError> {
        let wanted = self.wanted_wait().await?.filter(|(_, left)| *left > LONGEST_WAIT);
        Ok(wanted.map(|(until, _)| until))
    }

    /// Up to when a run would send nothing of what passes the gates, and why; waits for nothing.
    pub(in crate::run) async fn deferral(
        &self,
        live: Option<&Publication>,
    ) -> Result<Option<(Timestamp, String)>, RunError> {
        let wanted = self.silence().await?.map(|until| (until, wanted_later(until)));
        let recent = self.interval_ends(live).map(|until| (until, interval(until)));
        Ok(wanted.into_iter().chain(recent).max())
    }

    /// When `publish.min_interval` since the publication that is live ends, if that is to come.
    fn interval_ends(&self, live: Option<&Publication>) -> Option<Timestamp> {
        let interval = self.pipeline.min_interval;
        let is_recent = |live: &&Publication| {
            // A dry run tells what is due, and whoever has changed the file wants to see what comes of it.
            !self.context.dry_run
                && live.settings.as_deref() == Some(&settings(self.pipeline))
                // What was gone back to was never meant to stay.
                && live.restores.is_none()
                && is_within(interval, live.at, (self.context.now)())
        };
        live.filter(is_recent).map(|live| live.at.saturating_add(interval).unwrap_or(Timestamp::MAX))
    }

    /// Nothing may be asked now, so the gates do not know all of what has passed them: what is held stays so, or a hold would
    /// fall silent.
    pub(in crate::run) async fn postpone(&mut self, reason: &str) -> Result<(), RunError> {
        let Some(held) = held(self.pipeline, self.store).await? else {
            self.defer(reason);
            return Ok(());
        };
        let (run, verdict) = (held.run, Verdict { lines: held.gates });
        let (reasons, ways_on) = (verdict.reasons(), verdict.ways_on(&self.pipeline.name));
        self.report.end(
            Ending::Held,
            format!(
                "held since run {run} by {reasons} ({ways_on}); what the site says now is judged later: {reason}"
            ),
        );
        self.report.gates = verdict.lines;
        Ok(())
    }

    /// Nothing is sent now; a later run does.
    pub(in crate::run) fn defer(&mut self, reason: &str) {
        self.report.outcome = Ending::Deferred;
        self.report.notes.push(format!("not published yet: {reason}; the first run after that publishes it"));
    }
}

/// Until when the API wants no requests, and how long that is.
pub(in crate::run) async fn wanted_wait(
    pipeline: &Pipeline,
    store: &Store,
    now: Timestamp,
) -> Result<Option<(Timestamp, Duration)>, StoreError> {
    let Some(account) = pipeline.target.account() else { return Ok(None) };
    let until = store.wait_until(account).await?;
    Ok(until.and_then(|until| Some((until, left(until, now)?))))
}

/// Names what the pipeline file says of the corpus and of when to publish it.
pub(in crate::run) fn settings(pipeline: &Pipeline) -> String {
    let Pipeline { agent, budget, gates, .. } = pipeline;
    let crawl = walk::sources(pipeline);
    hex(&sha256(format!("{crawl} {:?} {budget:?} {gates:?}", agent.name).as_bytes())[..8])
}

pub(in crate::run) fn wanted_later(until: Timestamp) -> String {
    format!("the API asked for no request before {until:.0}")
}

fn interval(until: Timestamp) -> String {
    format!("`publish.min_interval` since the last publication ends at {until:.0}")
}

/// The most that is waited before attempt `attempt` + 1 where the API asked for nothing.
fn backoff(first: Duration, attempt: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_BACKOFF)
}

/// A number from 0 to 1, as good as the randomness that the standard library has.
fn chance() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

/// How long it is until then. A time that no API can have asked for comes of a clock that was put back: it is over.
fn left(until: Timestamp, now: Timestamp) -> Option<Duration> {
    let left = Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero())?;
    (left <= retry_after::LONGEST + Duration::from_secs(1)).then_some(left)
}

/// Whether less than `interval` has passed since then. A time to come is one of a clock that was put back.
pub(in crate::run) fn is_within(interval: Duration, then: Timestamp, now: Timestamp) -> bool {
    let passed = now.duration_since(then);
    !passed.is_negative() && passed < SignedDuration::try_from(interval).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_wait_doubles_up_to_a_limit() {
        let waits = [0, 1, 4, 5, 40].map(|attempt| backoff(Duration::from_secs(2), attempt).as_secs());
        assert_eq!(waits, [2, 4, 32, 60, 60]);
    }

    #[test]
    fn chance_is_spread_over_the_whole_range() {
        let chances: Vec<f64> = (0..1000).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        for least in [0.0, 0.25, 0.5, 0.75] {
            assert!(chances.iter().any(|chance| (least..least + 0.25).contains(chance)), "none from {least}");
        }
    }

    #[test]
    fn a_wait_is_over_when_its_time_has_come_or_the_clock_was_put_back() {
        assert_eq!(left(at(100), at(40)), Some(Duration::from_mins(1)));
        assert_eq!(left(at(100), at(100)), None);
        assert_eq!(left(at(100), at(160)), None);
        assert_eq!(left(at(10_000_000), at(100)), None);
    }

    #[test]
    fn an_interval_is_over_when_it_has_passed_or_the_clock_was_put_back() {
        let hour = Duration::from_hours(1);
        assert!(is_within(hour, at(0), at(3599)));
        assert!(!is_within(hour, at(0), at(3600)));
        assert!(!is_within(hour, at(100), at(99)));
        assert!(!is_within(Duration::ZERO, at(100), at(100)));
    }
}
