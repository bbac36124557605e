use jiff::{
    Zoned,
    civil::{DateTime, date},
    tz::{self, TimeZone},
};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn schedule(text: &str, zone: &str) -> Schedule {
    Schedule {
        recurrence: text.parse().unwrap_or_else(|error| panic!("{text}: {error}")),
        zone: TimeZone::get(zone).unwrap(),
        delay: SignedDuration::ZERO,
        catch_up: true,
        timeout: Duration::from_hours(2),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next fires after `after`, as the clock of the zone shows them.
#[track_caller]
fn check(text: &str, zone: &str, after: &str, expected: &[&str]) {
    let schedule = schedule(text, zone);
    let mut last = at(after);
    for expected in expected {
        let next = schedule.next_after(last).unwrap();
        assert_eq!(next, at(expected), "`{text}` in {zone} after {last}");
        last = next;
    }
}

#[test]
fn crontab_lines_fire_as_on_record() {
    let rows: Value = serde_json::from_str(include_str!("../../tests/fixtures/cron_dst.json")).unwrap();
    let rows = rows["cron"].as_array().unwrap();
    assert!(rows.len() >= 20);
    for row in rows {
        let (text, zone) = (row["expr"].as_str().unwrap(), row["tz"].as_str().unwrap());
        match row["expect"].as_array() {
            Some(expected) => {
                let expected: Vec<&str> = expected.iter().map(|instant| instant.as_str().unwrap()).collect();
                check(text, zone, row["after"].as_str().unwrap(), &expected);
            }
            None => assert!(text.parse::<Recurrence>().is_err(), "{row}"),
        }
    }
}

#[test]
fn days_may_be_named_by_their_place_in_the_month() {
    let after = "2026-01-01T00:00:00Z";
    check("0 0 L * *", "UTC", after, &["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]);
    // 15 February 2026 is a Sunday, 15 August a Saturday.
    check("0 0 15W 2,8 *", "UTC", after, &["2026-02-16T00:00:00Z", "2026-08-14T00:00:00Z"]);
    // Not into another month: 1 February and 31 May 2026 are Sundays, 1 August is a Saturday.
    check("0 0 1W 2,8 *", "UTC", after, &["2026-02-02T00:00:00Z", "2026-08-03T00:00:00Z"]);
    check("0 0 31W 4,5 *", "UTC", after, &["2026-05-29T00:00:00Z"]);
    check("0 0 LW 5,6 *", "UTC", after, &["2026-05-29T00:00:00Z", "2026-06-30T00:00:00Z"]);
    check("0 0 * * FRI#2", "UTC", after, &["2026-01-09T00:00:00Z", "2026-02-13T00:00:00Z"]);
    check("0 0 * * 5#5", "UTC", after, &["2026-01-30T00:00:00Z", "2026-05-29T00:00:00Z"]);
    check("0 0 * * friL", "UTC", after, &["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]);
    check("0 0 * * 7L", "UTC", after, &["2026-01-25T00:00:00Z", "2026-02-22T00:00:00Z"]);
    check("0 0 1,L * *", "UTC", after, &["2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"]);
}

#[test]
fn a_day_fits_either_field_of_days_unless_one_begins_with_a_star() {
    let after = "2026-01-01T00:00:00Z";
    check(
        "0 0 13 * FRI",
        "UTC",
        after,
        &["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"],
    );
    // The first, 11th, 21st and 31st, when they are Mondays.
    check("0 0 */10 * MON", "UTC", after, &["2026-05-11T00:00:00Z", "2026-06-01T00:00:00Z"]);
    check("0 0 13 * */5", "UTC", after, &["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"]);
    check("0 0 * * SAT-SUN", "UTC", after, &["2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"]);
    check(
        "0 0 * * 5-7",
        "UTC",
        after,
        &["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"],
    );
    check("0 0 * * sun-SUN", "UTC", after, &["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]);
    check("0 0 * * SUN-mon", "UTC", after, &["2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z"]);
    check("0 0 * * 1-7/3", "UTC", after, &["2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z"]);
    check("0 0 * Feb,APR Tue#1,friL", "UTC", after, &["2026-02-03T00:00:00Z", "2026-02-27T00:00:00Z"]);
}

#[test]
fn words_and_intervals() {
    let after = "2026-01-01T00:30:00Z";
    check("@hourly", "UTC", after, &["2026-01-01T01:00:00Z"]);
    for word in ["@daily", "@midnight", " @Daily "] {
        check(word, "Europe/Berlin", after, &["2026-01-01T23:00:00Z"]);
    }
    check("@weekly", "UTC", after, &["2026-01-04T00:00:00Z"]);
    check("@monthly", "UTC", after, &["2026-02-01T00:00:00Z"]);
    for word in ["@yearly", "@annually"] {
        check(word, "UTC", after, &["2027-01-01T00:00:00Z"]);
    }
    check("@every 6h", "Europe/Berlin", after, &["2026-01-01T06:30:00Z", "2026-01-01T12:30:00Z"]);
    check("@every 90m", "UTC", after, &["2026-01-01T02:00:00Z"]);
}

#[test]
fn what_is_no_schedule_is_refused() {
    for text in [
        "",
        "*",
        "* * * *",
        "* * * * * *",
        "0 0 3 * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "*/61 * * * *",
        "* */25 * * *",
        "5/20 * * * *",
        "0 0 20-10 * *",
        "0 0 * * SAT-MON",
        "0 0 * * 5-0",
        ", * * * *",
        "1,,2 * * * *",
        "-1 * * * *",
        "1- * * * *",
        "*-5 * * * *",
        "+1 * * * *",
        "a * * * *",
        "0 0 ? * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "0 0 31W 2 *",
        "0 0 32W * *",
        "0 0 0W * *",
        "0 0 W * *",
        "0 0 * * L",
        "0 0 * * 8L",
        "0 0 * * 5#0",
        "0 0 * * 5#6",
        "0 0 * * #2",
        "0 0 * JANUARY *",
        "0 0 * MON *",
        "0 0 * * JAN",
        // Names are those of their own field.
        "0 0 * 5-SUN *",
        "0 0 5-SUN * *",
        "5-SUN * * * *",
        "0 0 L-3 * *",
        "0 0 WL * *",
        "0 0 15-20W * *",
        "0 0 * * MON-FRI#1",
        "0 0 * * FRI#L",
        "0 0 29 2 ?",
        "0 0 1 * *\u{a0}",
        "@every 6h30m",
        "@every １h",
        "@",
        "@reboot",
        "@every",
        "@every 0m",
        "@every 30s",
        "@every 6",
        "@every -6h",
        "@every 367d",
        "@every 99999999999999999999h",
        "@every 6h 5m",
        "@daily 3",
        "99999999999999999999 * * * *",
        "０ * * * *",
    ] {
        assert!(text.parse::<Recurrence>().is_err(), "`{text}`");
    }
    for text in [
        "*/60 * * * *",
        "\t0  0\t31 */2  mOn ",
        "@EVERY  6H",
        "0 0 30 2 MON",
        "0 */24 * * *",
        "0\t0  1  1 *",
        "00 03 * * *",
        "0 0 29 2 *",
        "0 0 * feb-Nov mon",
    ] {
        assert!(text.parse::<Recurrence>().is_ok(), "`{text}`");
    }
}

#[test]
fn a_time_of_day_comes_once_where_the_clock_is_put_back() {
    // Three lines that another library fires twice, or never again.
    check(
        "0 1-3 * * *",
        "Europe/Berlin",
        "2025-10-25T22:30:00Z",
        &["2025-10-25T23:00:00Z", "2025-10-26T00:00:00Z", "2025-10-26T02:00:00Z", "2025-10-27T00:00:00Z"],
    );
    // Asked in the second pass.
    check("30 2 * * *", "Europe/Berlin", "2025-10-26T01:10:00Z", &["2025-10-27T01:30:00Z"]);
    // At midnight: it is 23 o'clock of the day before again.
    check(
        "30 23 * * *",
        "Africa/Cairo",
        "2025-10-30T12:00:00Z",
        &["2025-10-30T20:30:00Z", "2025-10-31T21:30:00Z"],
    );
}

#[test]
fn several_times_that_the_clock_leaves_out_fire_once() {
    check(
        "0,15,30 2 * * *",
        "Europe/Berlin",
        "2026-03-28T23:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"],
    );
    check(
        "0 2,3 * * *",
        "Europe/Berlin",
        "2026-03-28T23:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"],
    );
    // What follows the clock does not fire where the clock is not.
    check("*/15 2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", &["2026-03-30T00:00:00Z"]);
}

#[test]
fn a_day_that_a_country_leaves_out_is_left_out() {
    check(
        "0 3 * * *",
        "Pacific/Apia",
        "2011-12-29T12:00:00Z",
        &["2011-12-29T13:00:00Z", "2011-12-30T13:00:00Z"],
    );
    check(
        "0 * * * *",
        "Pacific/Apia",
        "2011-12-30T09:30:00Z",
        &["2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z"],
    );
    check("0 3 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", &["2012-12-29T13:00:00Z"]);
}

#[test]
fn a_clock_may_change_by_any_length_at_any_time_of_day() {
    for (line, zone, after, expected) in [
        // Two hours ahead, and back.
        (
            "30 1 * * *",
            "Antarctica/Troll",
            "2026-03-28T12:00:00Z",
            ["2026-03-29T01:00:00Z", "2026-03-29T23:30:00Z"],
        ),
        (
            "30 2 * * *",
            "Antarctica/Troll",
            "2026-10-24T12:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-26T02:30:00Z"],
        ),
        (
            "0 * * * *",
            "Antarctica/Troll",
            "2026-10-25T00:00:00Z",
            ["2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
        ),
        // Half an hour: what follows the clock has half of its hour.
        (
            "*/15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T15:30:00Z",
            ["2026-10-03T15:45:00Z", "2026-10-04T15:00:00Z"],
        ),
        // Back in the spring, for Ramadan, and ahead after it.
        (
            "30 2 * * *",
            "Africa/Casablanca",
            "2026-02-14T12:00:00Z",
            ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"],
        ),
        (
            "30 2 * * *",
            "Africa/Casablanca",
            "2026-03-21T12:00:00Z",
            ["2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"],
        ),
        // Where winter is the exception.
        (
            "30 1 * * *",
            "Europe/Dublin",
            "2026-03-28T12:00:00Z",
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        // At a quarter to three.
        (
            "0 3 * * *",
            "Pacific/Chatham",
            "2026-09-26T00:00:00Z",
            ["2026-09-26T14:00:00Z", "2026-09-27T13:15:00Z"],
        ),
        // A day that is left out, and clocks that went by the sun, to the second.
        (
            "0 3 * * *",
            "Pacific/Kwajalein",
            "1993-08-20T12:00:00Z",
            ["1993-08-20T15:00:00Z", "1993-08-21T15:00:00Z"],
        ),
        (
            "0 12 * * *",
            "America/New_York",
            "1883-11-18T00:00:00Z",
            ["1883-11-18T16:56:02Z", "1883-11-19T17:00:00Z"],
        ),
        (
            "0 3 * * *",
            "Africa/Monrovia",
            "1960-01-01T00:00:00Z",
            ["1960-01-01T03:44:30Z", "1960-01-02T03:44:30Z"],
        ),
    ] {
        check(line, zone, after, &expected);
    }
}

#[test]
fn a_delay_shifts_every_fire_and_is_the_same_for_the_same_name() {
    let window = Duration::from_mins(10);
    let mut jittered = schedule("0 3 * * *", "Europe/Berlin");
    jittered.delay = SignedDuration::from_secs(90);
    let next = jittered.next_after(at("2026-01-01T02:00:00Z")).unwrap();
    assert_eq!(next, at("2026-01-01T02:01:30Z"));
    assert_eq!(jittered.next_after(next).unwrap(), at("2026-01-02T02:01:30Z"));
    let delays: std::collections::BTreeSet<_> =
        (0..100).map(|number| delay_within(window, &format!("docs-{number}"))).collect();
    assert!(delays.len() > 80, "{delays:?}");
    assert!(delays.iter().all(|delay| (0..600).contains(&delay.as_secs())), "{delays:?}");
    assert_eq!(delay_within(window, "docs"), delay_within(window, "docs"));
    assert_eq!(delay_within(Duration::ZERO, "docs"), SignedDuration::ZERO);
}

/// vixie cron, minute by minute: a daemon that looks at the clock of the wall once a minute.
struct Oracle {
    fields: [Vec<bool>; 5],
    either_day: bool,
    follows_clock: bool,
    /// The minute up to which times of day have had their turn.
    had: Option<DateTime>,
}

impl Oracle {
    fn new(text: &str) -> Oracle {
        let fields: Vec<&str> = text.split(' ').collect();
        let field = |at: usize, most: usize| -> Vec<bool> {
            let fits = |number: usize| {
                fields[at].split(',').any(|item| {
                    let (range, step) = item.split_once('/').unwrap_or((item, "1"));
                    let range = if range == "*" {
                        format!("{}-{most}", [0, 0, 1, 1, 0][at])
                    } else {
                        range.to_owned()
                    };
                    let (from, to) = range.split_once('-').unwrap_or((&range, &range));
                    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
                    number >= from && number <= to && (number - from).is_multiple_of(step.parse().unwrap())
                })
            };
            (0..=most).map(fits).collect()
        };
        Oracle {
            either_day: !fields[2].starts_with('*') && !fields[4].starts_with('*'),
            follows_clock: fields[0].starts_with('*') || fields[1].starts_with('*'),
            fields: [field(0, 59), field(1, 23), field(2, 31), field(3, 12), field(4, 6)],
            had: None,
        }
    }

    fn shows(&self, time: DateTime) -> bool {
        let [minute, hour, day, month, weekday] = &self.fields;
        let has = |field: &[bool], number: i8| field[usize::try_from(number).unwrap()];
        let (day, weekday) = (has(day, time.day()), has(weekday, time.weekday().to_sunday_zero_offset()));
        has(minute, time.minute())
            && has(hour, time.hour())
            && has(month, time.month())
            && if self.either_day { day || weekday } else { day && weekday }
    }

    /// Whether it fires in the minute in which the clock shows `now`.
    fn fires(&mut self, now: DateTime) -> bool {
        let had = self.had.unwrap_or(now - SignedDuration::from_mins(1));
        let passed = now.duration_since(had).as_mins();
        let fires = match passed {
            _ if self.follows_clock || passed > 180 => self.shows(now),
            ..=0 => false,
            _ => (1..=passed).any(|ahead| self.shows(had + SignedDuration::from_mins(ahead))),
        };
        self.had = Some(had.max(now));
        fires
    }
}

const LINES: [&str; 20] = [
    "* * * * *",
    "*/5 * * * *",
    "*/30 * * * *",
    "0 * * * *",
    "30 * * * *",
    "15 */2 * * *",
    "*/20 1-3 * * *",
    "* 2 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "0 1-3 * * *",
    "15,45 0-4 * * *",
    "59 23 * * *",
    "30 23 * * 6",
    "0 3 1 * *",
    "30 2 */10 * 0",
    "45 2 13 * 0",
];

const ZONES: [&str; 20] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Havana",
    "America/Nuuk",
    "America/Scoresbysund",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Casey",
    "Antarctica/Troll",
];

/// Two days around each change of the clock in ten years, and days drawn at random.
fn windows(zone: &TimeZone, drawn: u64) -> Vec<(Timestamp, Timestamp)> {
    let (begin, end) = (at("2016-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    let day = SignedDuration::from_hours(24);
    let changes = zone.following(begin).map(|change| change.timestamp()).take_while(|change| *change < end);
    let mut windows: Vec<_> = changes.map(|change| (change - day, change + day)).collect();
    let days = u64::try_from(end.duration_since(begin).as_hours() / 24).unwrap();
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..drawn {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let from = begin + SignedDuration::from_hours(i64::try_from((number >> 33) % days).unwrap() * 24);
        windows.push((from, from + day));
    }
    windows
}

#[test]
fn every_line_fires_as_a_daemon_that_looks_at_the_clock_each_minute() {
    let all = std::env::var_os("CORPUSD_ALL_ZONES").is_some();
    let zones: Vec<String> = if all {
        tz::db().available().map(|name| name.to_string()).collect()
    } else {
        ZONES.map(str::to_owned).to_vec()
    };
    let minute = SignedDuration::from_mins(1);
    let mut compared = 0_u64;
    for name in zones {
        let Ok(zone) = TimeZone::get(&name) else { continue };
        let schedules = LINES.map(|line| Schedule { zone: zone.clone(), ..schedule(line, "UTC") });
        for (from, to) in windows(&zone, if all { 100 } else { 2 }) {
            let mut oracles = LINES.map(Oracle::new);
            let mut next = LINES.map(|_| None);
            // Before the window everything has had its turn that the clock has shown.
            let warm_up = from - SignedDuration::from_hours(4);
            let mut now = warm_up;
            while now < to {
                let shown = zone.to_datetime(now);
                for (at, oracle) in oracles.iter_mut().enumerate() {
                    let fires = oracle.fires(shown);
                    if now < from {
                        continue;
                    }
                    let due =
                        *next[at].get_or_insert_with(|| schedules[at].next_after(now - minute).unwrap());
                    assert_eq!(due == now, fires, "`{}` in {name} at {now}: {due} is due", LINES[at]);
                    if fires {
                        let after = schedules[at].next_after(now).unwrap();
                        assert!(after > now, "`{}` in {name}: {after} after {now}", LINES[at]);
                        next[at] = Some(after);
                        compared += 1;
                    }
                }
                now += minute;
            }
        }
    }
    assert!(compared > 100_000, "only {compared} fires were compared");
}

#[test]
fn the_rarest_day_is_found() {
    // 29 February on a weekday comes every 28 years, and not in 2100.
    check("0 0 29 2 */6", "UTC", "2072-03-01T00:00:00Z", &["2076-02-29T00:00:00Z", "2088-02-29T00:00:00Z"]);
    let sunday = schedule("0 0 29 2 */7", "America/New_York").next_after(at("2072-03-01T00:00:00Z")).unwrap();
    let shown = Zoned::new(sunday, TimeZone::get("America/New_York").unwrap()).datetime();
    assert_eq!(shown.date(), date(2088, 2, 29));
}

proptest! {
    #[test]
    fn no_text_panics(text in "(\\PC|[*/,@LW# -]|[0-9]{1,3}){0,20}") {
        let _ = text.parse::<Recurrence>();
    }

    #[test]
    fn what_is_read_fires_ever_later(
        text in "(\\*|[0-5]?[0-9]|\\*/[1-9]) (\\*|1?[0-9]|0-4) (\\*|L|LW|1?[1-9]|1?[1-9]W) (\\*|[1-9]) (\\*|[0-7]|[0-6]#[1-5]|[0-6]L)",
        zone in prop::sample::select(ZONES.to_vec()),
        after in -2_000_000_000_i64..253_000_000_000,
    ) {
        if let Ok(recurrence) = text.parse::<Recurrence>() {
            let schedule = Schedule { recurrence, ..schedule("@daily", zone) };
            let mut last = Timestamp::from_second(after).unwrap();
            for _ in 0..5 {
                let Some(next) = schedule.next_after(last) else { break };
                prop_assert!(next > last);
                last = next;
            }
        }
    }

    #[test]
    fn the_end_of_time_is_no_panic(seconds in -377_705_023_201_i64..=253_402_207_200) {
        let after = Timestamp::from_second(seconds).unwrap();
        let _ = schedule("30 2 * * *", "Europe/Berlin").next_after(after);
        let _ = schedule("@every 1d", "Europe/Berlin").next_after(after);
    }
}
