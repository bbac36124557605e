//! `schedule`: when a pipeline runs by itself.

use jiff::tz::{self, TimeZone, TimeZoneDatabase};

use super::{
    fields::{Field, Fields},
    keys,
    quantity::Period,
    reader::Reader,
    variable::Text,
};
use crate::{
    report::PipelineName,
    schedule::{Recurrence, Schedule, delay_within},
};

const HELP: &str =
    "write `schedule: {cron: \"0 3 * * *\"}`; without `schedule` a pipeline runs on demand only";

/// Reads `schedule`; `None` where there is none, or a fault leaves none.
pub(super) fn schedule<'a>(
    reader: &mut Reader<'a>,
    file: &Fields<'a>,
    name: Option<&PipelineName>,
) -> Option<Schedule> {
    file.field("schedule").filter(|field| !field.node.is_null())?;
    let fields = reader.section(file, "schedule", &keys::SCHEDULE);
    let recurrence = reader.required(&fields, "cron", HELP).and_then(|field| recurrence(reader, field));
    let zone = match reader.text_of(&fields, "timezone") {
        Some((field, text)) => zone(reader, field, &text),
        None => TimeZone::UTC,
    };
    let Period(jitter) =
        reader.within(&fields, "jitter", Period::seconds(0)..=Period::days(1), Period::seconds(0));
    let catch_up = reader.flag(&fields, "catch_up", true);
    let two_hours = Period::seconds(2 * 3_600);
    let Period(timeout) = reader.within(&fields, "timeout", Period::seconds(60)..=Period::days(7), two_hours);
    let delay = delay_within(jitter, name.map_or("", PipelineName::as_str));
    Some(Schedule { recurrence: recurrence?, zone, delay, catch_up, timeout })
}

fn recurrence<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<Recurrence> {
    let text = reader.text(field)?;
    match text.value.parse() {
        Ok(recurrence) => Some(recurrence),
        // An unset variable could hold any, so it is no fault.
        Err(_) if text.unset => None,
        Err(error) => {
            let message = format!("`cron` cannot be {}: {error}", text.shown());
            reader.faults.error(field.at(), message, &error.help);
            None
        }
    }
}

/// The zone of this name: as the system knows it, which is kept up to date, else as it is built in.
fn zone<'a>(reader: &mut Reader<'a>, field: Field<'a>, text: &Text) -> TimeZone {
    let bundled = TimeZoneDatabase::bundled();
    let known = tz::db().get(&text.value).or_else(|_| bundled.get(&text.value));
    known.unwrap_or_else(|_| {
        let of_city = |name: &tz::TimeZoneName<'_>| {
            let city = name.as_str().rsplit('/').next().unwrap_or_default();
            city.eq_ignore_ascii_case(&text.value.replace(' ', "_"))
        };
        let near = bundled.available().find(of_city);
        // What a variable is near to says something about what it holds.
        let help = match near.filter(|_| text.variables.is_empty()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "use a name of the IANA database, such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        reader.faults.error(field.at(), format!("`timezone` is no time zone: {}", text.shown()), &help);
        TimeZone::UTC
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MINIMAL, accepted, refused};

    fn with(schedule: &str) -> String {
        format!("{MINIMAL}schedule: {schedule}\n")
    }

    #[test]
    fn a_schedule_has_defaults_but_for_its_times() {
        assert_eq!(accepted(MINIMAL).schedule, None);
        assert_eq!(accepted(&with("")).schedule, None);
        let schedule = accepted(&with("{cron: \"0 3 * * *\"}")).schedule.unwrap();
        assert_eq!(schedule.identity(), "0 3 * * * UTC +0s");
        assert!(schedule.catch_up);
        assert_eq!(schedule.timeout.as_secs(), 7_200);
        let yaml =
            "{cron: \"@every 6h\", timezone: europe/berlin, jitter: 1h, catch_up: false, timeout: 90m}";
        let schedule = accepted(&with(yaml)).schedule.unwrap();
        assert_eq!(schedule.zone.iana_name(), Some("Europe/Berlin"));
        assert!(!schedule.catch_up && schedule.delay.as_secs() < 3_600);
        assert_eq!(schedule.timeout.as_secs(), 5_400);
    }

    #[test]
    fn a_faulty_schedule_is_told_with_its_place_and_a_way_out() {
        insta::assert_snapshot!(
            refused(&with("{cron: \"0 0 30 2 *\", timezone: Berlin, jitter: 10, timeout: 1s}")),
            @r#"
        docs.yaml:8:18: error: `cron` cannot be `0 0 30 2 *`: there is no such day, so it would never fire
          help: name a day that there is
        docs.yaml:8:42: error: `timezone` is no time zone: `Berlin`
          help: did you mean `Europe/Berlin`?
        docs.yaml:8:58: error: `jitter` must be a duration such as `90s`, `30m`, `2h` or `14d`, not `10`
          help: it can be 0d to 1d
        docs.yaml:8:71: error: `timeout` must be 1m to 7d, not `1s`
        "#
        );
        insta::assert_snapshot!(
            refused(&with("{timezone: Mars/Olympus, cron: \"5/20 * * * *\", at: 3}")),
            @r"
        docs.yaml:8:22: error: `timezone` is no time zone: `Mars/Olympus`
          help: use a name of the IANA database, such as `Europe/Berlin` or `UTC`
        docs.yaml:8:42: error: `cron` cannot be `5/20 * * * *`: the minute has a step without a range
          help: write the range, as in `5-59/20`
        docs.yaml:8:58: error: unknown key `at`
          help: the keys here are: cron, timezone, jitter, catch_up, timeout
        "
        );
        insta::assert_snapshot!(refused(&with("{jitter: 10m}")), @r#"
        docs.yaml:8:11: error: missing `schedule.cron`
          help: write `schedule: {cron: "0 3 * * *"}`; without `schedule` a pipeline runs on demand only
        "#);
        assert!(!refused(&with("{cron: \"${TOKEN}\", timezone: \"${TOKEN}\"}")).contains("very-private"));
    }
}
