//! The five fields of a crontab line: which minutes of the calendar they name, whatever the time zone.
//!
//! Each field is a set of bits; what names a day by its place in the month (`L`, `15W`, `FRI#2`) stands beside them.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, date};

use super::ScheduleError;

/// The Gregorian calendar repeats after so many years, weekdays included: what names no day in them never does.
const CALENDAR: i16 = 400;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Five fields, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crontab {
    minutes: Bits,
    hours: Bits,
    days: Days,
    months: Bits,
    weekdays: Weekdays,
    /// Neither field of days begins with `*`: a day fits when either of them does.
    either_day: bool,
    /// The minute or the hour begins with `*`: it follows the clock of the wall wherever that is put, while other times
    /// of day come once a day, also where the clock leaves them out or shows them twice.
    pub(super) follows_clock: bool,
}

/// A set of small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bits(u64);

impl Bits {
    fn add(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.0.checked_shr(number).unwrap_or(0) & 1 == 1)
    }

    /// The least number in the set that is `number` or more.
    fn first_from(self, number: i8) -> Option<i8> {
        let above = self.0 & u64::MAX.checked_shl(u32::try_from(number).ok()?).unwrap_or(0);
        if above == 0 { None } else { i8::try_from(above.trailing_zeros()).ok() }
    }
}

/// Days of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Days {
    plain: Bits,
    /// `L`.
    last: bool,
    /// `15W`: Monday to Friday, the nearest to that day within its month.
    working: Bits,
    /// `LW`.
    last_working: bool,
}

impl Days {
    fn fit(self, day: Date) -> bool {
        let days = day.days_in_month();
        self.plain.has(day.day())
            || self.last && day.day() == days
            || self.last_working && day.day() == nearest_working_day(day, days)
            || self.working != Bits::default()
                && (1..=days)
                    .any(|near| self.working.has(near) && nearest_working_day(day, near) == day.day())
    }
}

/// The day from Monday to Friday that is nearest to day `near` of the month of `within`, in the same month.
fn nearest_working_day(within: Date, near: i8) -> i8 {
    let weekday = within.first_of_month().weekday().to_monday_zero_offset();
    match (weekday + near - 1) % 7 {
        5 if near == 1 => 3,
        5 => near - 1,
        6 if near == within.days_in_month() => near - 2,
        6 => near + 1,
        _ => near,
    }
}

/// Days of the week, from Sunday = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weekdays {
    plain: Bits,
    /// `5L`: the last Friday of the month.
    last: Bits,
    /// `5#2`: the second Friday; for each week of the month, its weekdays.
    in_week: [Bits; 5],
}

impl Weekdays {
    fn fit(self, day: Date) -> bool {
        let weekday = day.weekday().to_sunday_zero_offset();
        let week = usize::try_from((day.day() - 1) / 7).unwrap_or_default();
        self.plain.has(weekday)
            || self.last.has(weekday) && day.day() + 7 > day.days_in_month()
            || self.in_week[week].has(weekday)
    }
}

impl Crontab {
    /// The first minute that is named, from `from` on, which is a whole minute; `None` beyond the end of time.
    pub(super) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        let mut day = from.date();
        if self.fits(day)
            && let Some((hour, minute)) = self.time_from(from.hour(), from.minute())
        {
            return Some(day.at(hour, minute, 0, 0));
        }
        loop {
            if !self.months.has(day.month()) {
                day = day.last_of_month();
            }
            day = day.tomorrow().ok()?;
            if self.fits(day) {
                let (hour, minute) = self.time_from(0, 0)?;
                return Some(day.at(hour, minute, 0, 0));
            }
        }
    }

    fn fits(&self, day: Date) -> bool {
        self.months.has(day.month())
            && if self.either_day {
                self.days.fit(day) || self.weekdays.fit(day)
            } else {
                self.days.fit(day) && self.weekdays.fit(day)
            }
    }

    fn time_from(&self, hour: i8, minute: i8) -> Option<(i8, i8)> {
        if self.hours.has(hour)
            && let Some(minute) = self.minutes.first_from(minute)
        {
            return Some((hour, minute));
        }
        Some((self.hours.first_from(hour + 1)?, self.minutes.first_from(0)?))
    }

    fn ever_fits(&self) -> bool {
        let begin = date(2000, 1, 1);
        self.first_from(begin.at(0, 0, 0, 0)).is_some_and(|first| first.year() < begin.year() + CALENDAR)
    }
}

impl FromStr for Crontab {
    type Err = ScheduleError;

    fn from_str(line: &str) -> Result<Crontab, ScheduleError> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(ScheduleError::new(
                format!("it has {} fields instead of five", fields.len()),
                "write minute, hour, day of the month, month and day of the week, as in `0 3 * * *`; there are no seconds",
            ));
        };
        let crontab = Crontab {
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: days(day)?,
            months: MONTH.read(month)?,
            weekdays: weekdays(weekday)?,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
            follows_clock: minute.starts_with('*') || hour.starts_with('*'),
        };
        if crontab.ever_fits() {
            Ok(crontab)
        } else {
            Err(ScheduleError::new(
                "there is no such day, so it would never fire",
                "name a day that there is",
            ))
        }
    }
}

/// What one field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Stand for numbers from `least` on.
    names: &'static [&'static str],
    /// What `*` comes to.
    all: u32,
}

const MINUTE: Field = field("minute", 0, 59);
const HOUR: Field = field("hour", 0, 23);
const DAY: Field = field("day of the month", 1, 31);
const MONTH: Field = Field { names: &MONTHS, ..field("month", 1, 12) };
/// Sunday is 0, and 7 as well.
const WEEKDAY: Field = Field { names: &WEEKDAYS, all: 6, ..field("day of the week", 0, 7) };

const fn field(name: &'static str, least: u32, most: u32) -> Field {
    Field { name, least, most, names: &[], all: most }
}

impl Field {
    fn read(&self, text: &str) -> Result<Bits, ScheduleError> {
        let mut bits = Bits::default();
        for item in text.split(',') {
            self.add(&mut bits, item)?;
        }
        Ok(bits)
    }

    /// Reads `*`, `5`, `1-5`, and the last two of `*/10`, `0-30/10`.
    fn add(&self, bits: &mut Bits, item: &str) -> Result<(), ScheduleError> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (from, to) = if range == "*" {
            (self.least, self.all)
        } else if let Some((from, to)) = range.split_once('-') {
            let (from, end) = (self.number(from)?, self.number(to)?);
            // By names, a week may end on a Sunday.
            let is_sunday = self.names == WEEKDAYS && to.eq_ignore_ascii_case(WEEKDAYS[0]);
            (from, if is_sunday && from > 0 { self.most } else { end })
        } else {
            if step.is_some() {
                let help = "write the range, as in `5-59/20`";
                return Err(self.fault("has a step without a range", help));
            }
            let number = self.number(range)?;
            (number, number)
        };
        if to < from {
            return Err(
                self.fault("has a range that ends before it begins", "write two ranges: `20-23,0-10`")
            );
        }
        let step = match step {
            None => 1,
            Some(step) => self.step(step)?,
        };
        for number in (from..=to).step_by(step) {
            // Sunday as the seventh day.
            bits.add(if number > self.all { self.least } else { number });
        }
        Ok(())
    }

    fn step(&self, text: &str) -> Result<usize, ScheduleError> {
        match number(text) {
            Some(0) => Err(self.fault("has a step of 0", "a step is 1 or more")),
            // `*/90` would mean every hour.
            Some(step) if step > self.all - self.least + 1 => {
                Err(self.fault("has a step beyond its range", "for another rhythm write `@every 90m`"))
            }
            Some(step) => Ok(step as usize),
            None => Err(self.fault("has a step that is no number", "write `*/10`")),
        }
    }

    fn number(&self, text: &str) -> Result<u32, ScheduleError> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let found = match named {
            Some(at) => u32::try_from(at).ok().map(|at| at + self.least),
            None => number(text),
        };
        found.filter(|number| (self.least..=self.most).contains(number)).ok_or_else(|| {
            let help = match self.names.first() {
                Some(name) => {
                    format!("it goes from {} to {}, or by names such as `{name}`", self.least, self.most)
                }
                None => format!("it goes from {} to {}", self.least, self.most),
            };
            self.fault("holds what is none", &help)
        })
    }

    fn fault(&self, what: &str, help: &str) -> ScheduleError {
        ScheduleError::new(format!("the {} {what}", self.name), help)
    }
}

/// Decimal digits, few enough for any field.
fn number(text: &str) -> Option<u32> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn days(text: &str) -> Result<Days, ScheduleError> {
    let mut days = Days::default();
    for item in text.split(',') {
        let item = item.to_ascii_uppercase();
        match (item.as_str(), item.strip_suffix('W')) {
            ("L", _) => days.last = true,
            ("LW", _) => days.last_working = true,
            (_, Some(near)) => days.working.add(DAY.number(near)?),
            (_, None) => DAY.add(&mut days.plain, &item)?,
        }
    }
    Ok(days)
}

fn weekdays(text: &str) -> Result<Weekdays, ScheduleError> {
    let mut weekdays = Weekdays::default();
    let day = |text: &str| Ok::<u32, ScheduleError>(WEEKDAY.number(text)? % 7);
    for item in text.split(',') {
        let item = item.to_ascii_uppercase();
        if let Some((weekday, week)) = item.split_once('#') {
            let week = number(week).filter(|week| (1..=5).contains(week)).ok_or_else(|| {
                WEEKDAY.fault("has a week that is not 1 to 5", "the second Friday of the month is `FRI#2`")
            })?;
            weekdays.in_week[week as usize - 1].add(day(weekday)?);
        } else if item == "L" {
            return Err(WEEKDAY.fault("has an `L` without its day", "the last Friday of the month is `FRIL`"));
        } else if let Some(weekday) = item.strip_suffix('L') {
            weekdays.last.add(day(weekday)?);
        } else {
            WEEKDAY.add(&mut weekdays.plain, &item)?;
        }
    }
    Ok(weekdays)
}
