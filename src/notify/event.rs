//! What happened that somebody may wait for: derived from how this run ended and what the store knows of those
//! before it, so that nothing has to be remembered.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::report::Ending;

/// Something to tell a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A corpus went live.
    Published,
    /// A gate holds the corpus, or the crawl is incomplete: told by each run until it is resolved.
    Held,
    /// The run failed, or publishing is paused: told by each run until it is resolved.
    Failed,
    /// Golden questions failed after a publish.
    VerificationFailed,
    /// The run before did not end well, and this one did.
    Recovered,
    /// What is live was not confirmed for longer than `notify.stale_after`: told once.
    Stale,
}

impl Event {
    /// The stable name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Event::Published => "published",
            Event::Held => "held",
            Event::Failed => "failed",
            Event::VerificationFailed => "verification_failed",
            Event::Recovered => "recovered",
            Event::Stale => "stale",
        }
    }
}

/// What was so before a run; runs that were only stopped do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// How the run before it ended, and when.
    pub last: Option<(Ending, Timestamp)>,
    /// When what is live was last known to be what the sources say: at the end of a run that published it or found it
    /// unchanged, or else when it was published.
    pub true_at: Option<Timestamp>,
    /// The same, of what somebody was told to be stale while nothing ran.
    pub told_stale: Option<Timestamp>,
}

/// What is told of a run that ended at `now`, in this order.
pub(super) fn events(outcome: Ending, past: &Past, now: Timestamp, stale_after: Duration) -> Vec<Event> {
    let mut events = Vec::new();
    events.extend(match outcome {
        Ending::Published => Some(Event::Published),
        Ending::Held | Ending::Incomplete => Some(Event::Held),
        Ending::Failed | Ending::Paused => Some(Event::Failed),
        Ending::VerificationFailed => Some(Event::VerificationFailed),
        Ending::Unchanged | Ending::Deferred | Ending::Pending | Ending::Pinned | Ending::Interrupted => None,
    });
    let was_ill = past.last.is_some_and(|(ending, _)| ending.is_well() == Some(false));
    if outcome.is_well() == Some(true) && was_ill {
        events.push(Event::Recovered);
    }
    // What is pinned grows old too.
    let is_unconfirmed = outcome.is_well().is_some() && !outcome.confirms_what_is_live();
    if is_unconfirmed && turned_stale(past, now, stale_after) {
        events.push(Event::Stale);
    }
    events
}

/// Whether what is live turned stale since the run before, and nobody was told of it.
pub(super) fn turned_stale(past: &Past, now: Timestamp, stale_after: Duration) -> bool {
    let Some(true_at) = past.true_at else { return false };
    if past.told_stale == Some(true_at) {
        return false;
    }
    let age = |at: Timestamp| at.duration_since(true_at);
    let is_stale = |age| SignedDuration::try_from(stale_after).is_ok_and(|limit| age > limit);
    is_stale(age(now)) && !past.last.is_some_and(|(_, at)| is_stale(age(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + day * DAY).unwrap()
    }

    #[test]
    fn a_run_is_told_of_by_how_it_ended_and_by_what_was_before() {
        use Ending::{Failed, Held, Incomplete, Interrupted, Paused, Pinned, Published, Unchanged};
        let check = |outcome, before: Option<Ending>, expected: &[&str]| {
            let past = Past {
                last: before.map(|ending| (ending, day(1))),
                true_at: Some(day(0)),
                ..Past::default()
            };
            let told: Vec<_> = events(outcome, &past, day(2), Duration::from_hours(14 * 24))
                .iter()
                .map(|e| e.name())
                .collect();
            assert_eq!(told, expected, "{outcome:?} after {before:?}");
        };
        check(Published, None, &["published"]);
        check(Published, Some(Unchanged), &["published"]);
        check(Unchanged, Some(Published), &[]);
        check(Held, Some(Unchanged), &["held"]);
        check(Held, Some(Held), &["held"]);
        check(Incomplete, Some(Unchanged), &["held"]);
        check(Failed, None, &["failed"]);
        check(Paused, Some(Paused), &["failed"]);
        for before in [Held, Incomplete, Failed, Paused] {
            check(Published, Some(before), &["published", "recovered"]);
            check(Unchanged, Some(before), &["recovered"]);
        }
        check(Pinned, Some(Held), &["recovered"]);
        check(Pinned, Some(Pinned), &[]);
        check(Interrupted, Some(Held), &[]);
    }

    #[test]
    fn what_is_live_turns_stale_once() {
        let check = |last: Option<(Ending, i64)>, true_at: Option<i64>, now, expected: bool| {
            let outcome = if last.is_some_and(|(ending, _)| ending == Ending::Pinned) {
                Ending::Pinned
            } else {
                Ending::Failed
            };
            let past = Past {
                last: last.map(|(ending, at)| (ending, day(at))),
                true_at: true_at.map(day),
                ..Past::default()
            };
            let is_told = |past: &Past| {
                events(outcome, past, day(now), Duration::from_hours(14 * 24)).contains(&Event::Stale)
            };
            assert_eq!(is_told(&past), expected, "{last:?} {true_at:?} {now}");
            // Somebody looked before the run, and told of it.
            assert!(!is_told(&Past { told_stale: past.true_at, ..past }), "{last:?} {true_at:?} {now}");
            // That was of what was live before.
            let before = Some(day(-20));
            assert_eq!(is_told(&Past { told_stale: before, ..past }), expected, "{last:?} {true_at:?} {now}");
        };
        check(Some((Ending::Published, 0)), Some(0), 14, false);
        check(Some((Ending::Failed, 14)), Some(0), 15, true);
        check(Some((Ending::Failed, 15)), Some(0), 16, false);
        // Somebody forgot to unpin.
        check(Some((Ending::Pinned, 14)), Some(0), 15, true);
        check(Some((Ending::Pinned, 15)), Some(0), 16, false);
        // A run a month: it is stale when the next one fails.
        check(Some((Ending::Published, 0)), Some(0), 30, true);
        // Its runs were forgotten, or it was moved here.
        check(None, Some(0), 15, true);
        // Nothing is live.
        check(Some((Ending::Failed, 15)), None, 16, false);
        // The clock was put back.
        check(Some((Ending::Published, 30)), Some(30), 0, false);
    }
}
