//! When a pipeline is due: a crontab line or an interval, in a time zone.
//!
//! Pure: an instant comes in, the next one that fires comes out. Around changes of the clock it does what vixie cron
//! does. A time of day (`30 2 * * *`) comes once a day: one that the clock leaves out fires when the clock has jumped,
//! one that it shows twice fires the first time. What follows the clock (`*` in the minute or the hour) fires
//! whenever the clock shows it. A jump ahead of three hours and more is a correction, after which nothing is made up
//! for.

mod crontab;
mod timer;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use crate::hash::sha256;
use crontab::Crontab;
pub use timer::{Due, Fired, Record, Timer};

/// From here on a clock that was put ahead was corrected.
const CORRECTION: SignedDuration = SignedDuration::from_hours(3);
/// The shortest time there is.
const INSTANT: SignedDuration = SignedDuration::from_nanos(1);
/// What an interval may be, in seconds: a minute to a year.
const INTERVALS: std::ops::RangeInclusive<i64> = 60..=366 * 86_400;

/// When a pipeline runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What fires.
    pub recurrence: Recurrence,
    /// Whose clock counts.
    pub zone: TimeZone,
    /// How much later than all others with the same schedule this pipeline fires.
    pub delay: SignedDuration,
    /// Whether one run makes up for fires that were missed.
    pub catch_up: bool,
    /// How long a run may take.
    pub timeout: Duration,
}

/// A crontab line, or an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Crontab(Crontab),
    /// So long after the last time.
    Every(SignedDuration),
}

/// Why a text is no recurrence. Nothing of the text is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    message: String,
    /// A way out.
    pub help: String,
}

impl ScheduleError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> ScheduleError {
        ScheduleError { message: message.into(), help: help.into() }
    }
}

impl std::str::FromStr for Recurrence {
    type Err = ScheduleError;

    /// Five fields (`0 3 * * MON-FRI`), a word (`@hourly`, `@daily` or `@midnight`, `@weekly`, `@monthly`, `@yearly`
    /// or `@annually`), or an interval (`@every 6h`).
    fn from_str(text: &str) -> Result<Recurrence, ScheduleError> {
        let words: Vec<String> = text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let kind = match words[..] {
            ["@hourly"] => Kind::Crontab("0 * * * *".parse()?),
            ["@daily" | "@midnight"] => Kind::Crontab("0 0 * * *".parse()?),
            ["@weekly"] => Kind::Crontab("0 0 * * 0".parse()?),
            ["@monthly"] => Kind::Crontab("0 0 1 * *".parse()?),
            ["@yearly" | "@annually"] => Kind::Crontab("0 0 1 1 *".parse()?),
            ["@every", interval] => Kind::Every(every(interval)?),
            [word, ..] if word.starts_with('@') => {
                return Err(ScheduleError::new(
                    "there is no such word",
                    "the words are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and `@every 6h`",
                ));
            }
            _ => Kind::Crontab(text.parse()?),
        };
        Ok(Recurrence { text: words.join(" "), kind })
    }
}

/// Reads `90m`, `6h`, `2d`.
fn every(text: &str) -> Result<SignedDuration, ScheduleError> {
    let unit = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let seconds = unit.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit).filter(|number| number.bytes().all(|b| b.is_ascii_digit()))?;
        number.parse::<i64>().ok()?.checked_mul(*seconds)
    });
    match seconds {
        Some(seconds) if INTERVALS.contains(&seconds) => Ok(SignedDuration::from_secs(seconds)),
        Some(_) => Err(ScheduleError::new("the interval is shorter than a minute or longer than a year", "")),
        None => Err(ScheduleError::new(
            "the interval is no duration",
            "write `@every 90m`, `@every 6h` or `@every 2d`",
        )),
    }
}

impl Schedule {
    /// The next instant after `after` at which the pipeline is due. `None` beyond the year 9999.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let undelayed = after.checked_sub(self.delay).ok()?;
        let next = match &self.recurrence.kind {
            Kind::Every(interval) => undelayed.checked_add(*interval).ok()?,
            Kind::Crontab(crontab) => next_of(crontab, &self.zone, undelayed)?,
        };
        next.checked_add(self.delay).ok()
    }

    /// Names all that decides when it fires: what was fired under another schedule says nothing about this one.
    pub fn identity(&self) -> String {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{} {zone} +{}s", self.recurrence.text, self.delay.as_secs())
    }
}

/// The place of a pipeline within a window of jitter: always the same for the same name.
pub fn delay_within(window: Duration, name: &str) -> SignedDuration {
    let digest = sha256(name.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let seconds = number.checked_rem(window.as_secs()).unwrap_or(0);
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0))
}

/// Walks from one change of the clock to the next: between two of them the clock is as good as the instant.
fn next_of(crontab: &Crontab, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut offset = zone.to_offset(after);
    let mut from = minute_after(offset.to_datetime(after))?;
    // The clock may have been put back shortly before: what it shows again has been.
    if !crontab.follows_clock
        && let Some(change) = zone.preceding(after.checked_add(INSTANT).ok()?).next()
        && let Ok(before) = change.timestamp().checked_sub(INSTANT)
    {
        let left_off = zone.to_offset(before).to_datetime(change.timestamp());
        from = from.max(minute_from(left_off)?);
    }
    let mut found = crontab.first_from(from)?;
    for change in zone.following(after) {
        let at = change.timestamp();
        let fires = offset.to_timestamp(found).ok()?;
        if fires < at {
            return Some(fires);
        }
        let left_off = offset.to_datetime(at);
        offset = change.offset();
        let goes_on = offset.to_datetime(at);
        if crontab.follows_clock {
            from = minute_from(goes_on)?;
        } else if found < goes_on && goes_on.duration_since(left_off) < CORRECTION {
            return Some(at);
        } else {
            from = from.max(minute_from(left_off.max(goes_on))?);
        }
        // Where the clock was put back, what it shows again is to be found again.
        if found < from || from < left_off {
            found = crontab.first_from(from)?;
        }
    }
    offset.to_timestamp(found).ok()
}

/// The first whole minute that is not before `time`.
fn minute_from(time: DateTime) -> Option<DateTime> {
    let whole = time.with().second(0).subsec_nanosecond(0).build().ok()?;
    if whole == time { Some(whole) } else { minute_after(time) }
}

/// The first whole minute after `time`.
fn minute_after(time: DateTime) -> Option<DateTime> {
    let whole = time.with().second(0).subsec_nanosecond(0).build().ok()?;
    whole.checked_add(SignedDuration::from_mins(1)).ok()
}

#[cfg(test)]
mod tests;
