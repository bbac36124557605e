//! Up to when a schedule has had its fires, and what is due now.
//!
//! The wall clock may be put ahead, be put back, or stand still while the machine sleeps. Whatever it does, an instant
//! fires once, any number of missed ones fire as one, and no schedule ever stops.

use jiff::{SignedDuration, Timestamp};

use super::{CORRECTION, Schedule};

/// A schedule that is not to catch up leaves out what could not start within this time: more than a caller that looks
/// now and then needs, less than a night.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Up to when a schedule has had its fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// Which schedule: of another one this says nothing.
    pub schedule: String,
    /// The last instant that fired, or the moment at which the schedule was first seen; whole seconds.
    pub at: Timestamp,
}

/// What is to be recorded, before anything is done, in the place of what is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What is recorded as far as is known: where it is not, another process has been faster.
    pub before: Option<Fired>,
    /// What takes its place.
    pub fired: Fired,
}

/// One pipeline's schedule at work.
#[derive(Debug, Clone)]
pub struct Timer {
    schedule: Schedule,
    recorded: Option<Fired>,
    fired: Fired,
}

/// What a look at the clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Since then.
    Since(Timestamp),
    /// It was due then, and that is too long ago to be made up for.
    Missed(Timestamp),
    /// Not before then; `None` beyond the end of time.
    NotBefore(Option<Timestamp>),
}

impl Timer {
    /// Goes on from what was recorded last. A schedule that nothing is recorded of, or nothing that can be true,
    /// begins now.
    pub fn new(schedule: Schedule, recorded: Option<Fired>, now: Timestamp) -> Timer {
        let identity = schedule.identity();
        let known = recorded.clone().filter(|fired| fired.schedule == identity && !is_beyond(fired.at, now));
        let fired = known.unwrap_or_else(|| Fired { schedule: identity, at: whole(now) });
        Timer { schedule, recorded, fired }
    }

    /// What there is to record of a schedule that begins.
    pub fn begin(&mut self) -> Option<Record> {
        if self.recorded.as_ref() == Some(&self.fired) { None } else { Some(self.record()) }
    }

    fn record(&mut self) -> Record {
        let before = self.recorded.replace(self.fired.clone());
        Record { before, fired: self.fired.clone() }
    }

    /// The schedule.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// When it fires next, which may have been already.
    pub fn next(&self) -> Option<Timestamp> {
        self.schedule.next_after(self.fired.at)
    }

    /// Looks whether it is due.
    pub fn look(&mut self, now: Timestamp) -> Due {
        if is_beyond(self.fired.at, now) {
            // What fired last lies ahead: the clock was wrong then. To wait for that moment could take years.
            self.fired.at = whole(now);
        }
        match self.next() {
            Some(next) if next > now => Due::NotBefore(Some(next)),
            Some(next) if !self.schedule.catch_up && now.duration_since(next) > LATE => {
                self.fired.at = whole(now);
                Due::Missed(next)
            }
            Some(next) => Due::Since(next),
            None => Due::NotBefore(None),
        }
    }

    /// Takes what is due `since` as fired, with all that was missed until `now`.
    pub fn fire(&mut self, since: Timestamp, now: Timestamp) -> Record {
        let missed_more = self.schedule.next_after(since).is_some_and(|next| next <= now);
        self.fired.at = if missed_more { whole(now) } else { since };
        self.record()
    }
}

/// Whether `fired` lies so far ahead of `now` that one of them was told by a wrong clock.
fn is_beyond(fired: Timestamp, now: Timestamp) -> bool {
    fired.duration_since(now) > CORRECTION
}

fn whole(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::*;

    /// A timer whose schedule was first seen at `seen`, and the clock.
    struct Story {
        timer: Timer,
        fires: Vec<String>,
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-01-{text}Z").parse().unwrap()
    }

    fn schedule(text: &str) -> Schedule {
        Schedule {
            recurrence: text.parse().unwrap(),
            zone: TimeZone::UTC,
            delay: SignedDuration::ZERO,
            catch_up: true,
            timeout: Duration::from_hours(2),
        }
    }

    impl Story {
        fn new(text: &str, seen: &str) -> Story {
            Story { timer: Timer::new(schedule(text), None, at(seen)), fires: Vec::new() }
        }

        /// A look at the clock; what is due fires.
        fn look(mut self, now: &str) -> Story {
            if let Due::Since(since) = self.timer.look(at(now)) {
                let _recorded = self.timer.fire(since, at(now));
                self.fires.push(now.to_owned());
            }
            self
        }

        #[track_caller]
        fn fired(self, expected: &[&str]) -> Story {
            assert_eq!(self.fires, expected);
            self
        }

        #[track_caller]
        fn next(&self, expected: &str) {
            assert_eq!(self.timer.next(), Some(at(expected)));
        }
    }

    #[test]
    fn a_suspended_machine_catches_up_with_one_run() {
        let story = Story::new("*/15 * * * *", "10T09:50:00").look("10T10:00:00");
        story
            .look("10T10:50:00")
            .look("10T10:50:30")
            .fired(&["10T10:00:00", "10T10:50:00"])
            .next("10T11:00:00");
        let story = Story::new("*/5 * * * *", "10T01:00:00")
            .look("10T01:05:00")
            .look("10T09:07:30")
            .look("10T09:08:00");
        story.fired(&["10T01:05:00", "10T09:07:30"]).next("10T09:10:00");
    }

    #[test]
    fn a_clock_put_a_year_ahead_fires_once_and_put_back_again_goes_on() {
        let mut timer = Timer::new(schedule("0 3 * * *"), None, at("10T12:00:00"));
        let ahead = at("10T12:00:00") + SignedDuration::from_hours(365 * 24);
        let Due::Since(since) = timer.look(ahead) else { panic!("not due") };
        let recorded = timer.fire(since, ahead).fired;
        assert!(matches!(timer.look(ahead), Due::NotBefore(Some(_))));
        assert_eq!(timer.look(at("10T12:05:00")), Due::NotBefore(Some(at("11T03:00:00"))));
        // The same where the wrong clock was recorded by an earlier process.
        let mut timer = Timer::new(schedule("0 3 * * *"), Some(recorded.clone()), at("10T12:05:00"));
        assert_eq!(timer.next(), Some(at("11T03:00:00")));
        assert_eq!(timer.begin().unwrap().before, Some(recorded));
    }

    #[test]
    fn a_clock_put_back_fires_nothing_twice() {
        let story = Story::new("0 * * * *", "10T11:30:00").look("10T12:00:00").look("10T12:10:00");
        let story = story.look("10T11:10:00").look("10T12:00:00").look("10T12:00:30").fired(&["10T12:00:00"]);
        story.next("10T13:00:00");
    }

    #[test]
    fn a_run_longer_than_its_interval_is_followed_by_one() {
        // Nobody looks while it runs.
        let story = Story::new("*/5 * * * *", "10T10:00:00").look("10T10:05:00").look("10T10:17:00");
        story.look("10T10:17:01").fired(&["10T10:05:00", "10T10:17:00"]).next("10T10:20:00");
    }

    #[test]
    fn an_interval_keeps_its_rhythm_unless_it_was_missed() {
        let story = Story::new("@every 6h", "10T00:30:00").look("10T06:30:02").fired(&["10T06:30:02"]);
        story.next("10T12:30:00");
        let story = story.look("11T08:00:00");
        story.next("11T14:00:00");
    }

    #[test]
    fn another_process_goes_on_where_one_ended() {
        let mut timer = Timer::new(schedule("0 3 * * *"), None, at("10T12:00:00"));
        let first = timer.begin().unwrap();
        assert_eq!((first.before, timer.begin()), (None, None));
        let second = timer.fire(at("11T03:00:00"), at("11T03:00:00"));
        assert_eq!(second.before, Some(first.fired));
        let recorded = Some(second.fired);
        let mut later = Timer::new(schedule("0 3 * * *"), recorded.clone(), at("11T05:00:00"));
        assert_eq!(later.look(at("11T05:00:00")), Due::NotBefore(Some(at("12T03:00:00"))));
        let mut later = Timer::new(schedule("0 3 * * *"), recorded.clone(), at("14T05:00:00"));
        assert_eq!(later.look(at("14T05:00:00")), Due::Since(at("12T03:00:00")));
        // Another schedule has missed nothing.
        let mut later = Timer::new(schedule("0 10 * * *"), recorded, at("14T11:00:00"));
        assert_eq!(later.look(at("14T11:00:00")), Due::NotBefore(Some(at("15T10:00:00"))));
    }

    #[test]
    fn what_is_not_to_catch_up_leaves_out_what_was_missed() {
        let mut timer = Timer::new(schedule("0 3 * * *"), None, at("10T12:00:00"));
        timer.schedule.catch_up = false;
        assert_eq!(timer.look(at("11T03:20:00")), Due::Since(at("11T03:00:00")));
        assert_eq!(timer.look(at("11T04:20:00")), Due::Missed(at("11T03:00:00")));
        assert_eq!(timer.look(at("11T04:20:00")), Due::NotBefore(Some(at("12T03:00:00"))));
    }
}
