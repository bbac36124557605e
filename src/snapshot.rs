//! What becomes of a known page when a crawl is complete.
//!
//! The snapshot is the set of pages that documents are made of. Only a complete crawl changes it, in one
//! transaction; this is the rule by which it does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::outcome::{Outcome, SkipReason};

/// How patient the snapshot is with pages that cannot be read; each source has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Complete crawls that must confirm a 404 or 410 before a page leaves.
    pub gone_after: u32,
    /// How long a page that fails for a passing reason is carried forward.
    pub stale_for: Duration,
}

/// What was known of a page before the crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether it is part of the last snapshot.
    pub member: bool,
    /// Complete crawls in a row that found it gone.
    pub gone_runs: u32,
    /// Since when it fails for passing reasons.
    pub failing_since: Option<Timestamp>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Read now, or confirmed unchanged: part of the snapshot.
    Current,
    /// Not read now: what was read last stays part of the snapshot.
    CarriedForward {
        /// As [`Standing::gone_runs`].
        gone_runs: u32,
        /// As [`Standing::failing_since`].
        failing_since: Option<Timestamp>,
    },
    /// Not, or no longer, part of the snapshot.
    Out,
}

/// Decides from what was known and how the page's URL ended; `None`: the crawl did not come across it.
///
/// A redirect counts as the end of its chain, which the caller resolves, except that arriving at a page
/// means that this URL is no page of its own any more.
pub fn fate(known: Standing, ended: Option<Outcome>, patience: Patience, now: Timestamp) -> Fate {
    match ended {
        Some(Outcome::Fetched | Outcome::NotModified) => Fate::Current,
        Some(Outcome::Skipped(SkipReason::NotFound | SkipReason::Soft404))
            if known.member && known.gone_runs + 1 < patience.gone_after =>
        {
            Fate::CarriedForward { gone_runs: known.gone_runs + 1, failing_since: None }
        }
        Some(ended) if known.member && may_pass(ended) => {
            let since = known.failing_since.unwrap_or(now);
            let stale_for = SignedDuration::try_from(patience.stale_for).unwrap_or(SignedDuration::MAX);
            if now.duration_since(since) > stale_for {
                Fate::Out
            } else {
                Fate::CarriedForward { gone_runs: 0, failing_since: Some(since) }
            }
        }
        _ => Fate::Out,
    }
}

/// Whether a page that ended so may well be back the next time.
///
/// A page without text where there was some, or with something else than a page, is more likely broken than emptied, one
/// behind a wall is still there, and an address that is refused where there was a public one is more likely a fault of
/// the network than the end of the page.
fn may_pass(ended: Outcome) -> bool {
    match ended {
        Outcome::Failed(_) => true,
        Outcome::Skipped(reason) => {
            reason.hides_a_page()
                || matches!(
                    reason,
                    SkipReason::Empty
                        | SkipReason::ContentType
                        | SkipReason::TooLarge
                        | SkipReason::BlockedAddress
                )
        }
        Outcome::Fetched | Outcome::NotModified => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Failure;

    const PATIENCE: Patience = Patience { gone_after: 2, stale_for: Duration::from_hours(336) };

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap()
    }

    fn member() -> Standing {
        Standing { member: true, ..Standing::default() }
    }

    #[test]
    fn a_page_leaves_only_when_a_second_run_confirms_that_it_is_gone() {
        for reason in [SkipReason::NotFound, SkipReason::Soft404] {
            let gone = Some(Outcome::Skipped(reason));
            let first = fate(member(), gone, PATIENCE, at(0));
            assert_eq!(first, Fate::CarriedForward { gone_runs: 1, failing_since: None });
            let second = fate(Standing { gone_runs: 1, ..member() }, gone, PATIENCE, at(1));
            assert_eq!(second, Fate::Out);
        }
    }

    #[test]
    fn a_failing_page_is_carried_forward_until_it_is_stale() {
        let failed = Some(Outcome::Failed(Failure::Status));
        let first = fate(member(), failed, PATIENCE, at(0));
        assert_eq!(first, Fate::CarriedForward { gone_runs: 0, failing_since: Some(at(0)) });
        let known = Standing { failing_since: Some(at(0)), ..member() };
        assert_eq!(fate(known, failed, PATIENCE, at(14)), first);
        assert_eq!(fate(known, failed, PATIENCE, at(15)), Fate::Out);
    }

    #[test]
    fn a_page_behind_a_wall_is_carried_forward_like_a_failing_one() {
        for reason in [
            SkipReason::LoginWall,
            SkipReason::Challenge,
            SkipReason::ConsentWall,
            SkipReason::Maintenance,
            SkipReason::Shell,
            SkipReason::Parked,
        ] {
            let ended = Some(Outcome::Skipped(reason));
            let carried = Fate::CarriedForward { gone_runs: 0, failing_since: Some(at(0)) };
            assert_eq!(fate(member(), ended, PATIENCE, at(0)), carried, "{reason:?}");
            let known = Standing { failing_since: Some(at(0)), ..member() };
            assert_eq!(fate(known, ended, PATIENCE, at(15)), Fate::Out, "{reason:?}");
            assert_eq!(fate(Standing::default(), ended, PATIENCE, at(0)), Fate::Out, "{reason:?}");
        }
    }

    #[test]
    fn a_page_that_was_never_kept_is_not_carried_forward() {
        for ended in [Outcome::Failed(Failure::Timeout), Outcome::Skipped(SkipReason::NotFound)] {
            assert_eq!(fate(Standing::default(), Some(ended), PATIENCE, at(0)), Fate::Out);
        }
    }

    #[test]
    fn a_rule_takes_effect_at_once() {
        let rules = [
            SkipReason::Robots,
            SkipReason::Excluded,
            SkipReason::Noindex,
            SkipReason::MaxPages,
            SkipReason::Language,
        ];
        for reason in rules {
            assert_eq!(fate(member(), Some(Outcome::Skipped(reason)), PATIENCE, at(0)), Fate::Out);
        }
    }
}
