//! The `Retry-After` header (RFC 9110, section 10.2.3): how long a server asks us to stay away.
//!
//! Which statuses honour it, and what happens without it, is the retry policy's business.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The longest wait that a header can ask for: a server must not put a page off for ever.
pub const LONGEST: Duration = Duration::from_hours(24);

/// The wait that the header asks for at `now`, at most [`LONGEST`] and zero for a date in the past. `None` if
/// the header is absent or in neither of its forms (seconds, HTTP date).
///
/// `values` are the header's lines. The header is not a list, but proxies repeat and join it: the longest
/// valid wait counts, however it was sent.
pub fn retry_after<'a>(values: impl Iterator<Item = &'a str>, now: Timestamp) -> Option<Duration> {
    let now = SystemTime::from(now);
    values.filter_map(|value| longest(value, now)).max()
}

/// A date has a comma of its own, so a part that means nothing alone is tried together with the next.
fn longest(value: &str, now: SystemTime) -> Option<Duration> {
    let mut found = None;
    let mut rest = value;
    loop {
        let (part, after) = split(rest);
        let joined = after.map(|after| {
            let (next, after) = split(after);
            (&rest[..part.len() + 1 + next.len()], after)
        });
        let date = joined.and_then(|(date, after)| Some((wait(date, now)?, after)));
        let (wait, after) = match date {
            Some((wait, after)) => (Some(wait), after),
            None => (wait(part, now), after),
        };
        found = found.max(wait);
        match after {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

/// What stands before the first comma, and what after it.
fn split(list: &str) -> (&str, Option<&str>) {
    list.split_once(',').map_or((list, None), |(part, after)| (part, Some(after)))
}

fn wait(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim_ascii();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits that do not fit are only a longer wait.
        return Some(text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).map_or(Duration::ZERO, |wait| wait.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/retry_after.json"));

    fn now() -> Timestamp {
        "2026-11-20T06:00:00Z".parse().unwrap()
    }

    fn check(values: &[&str], expect: Option<u64>) {
        assert_eq!(retry_after(values.iter().copied(), now()), expect.map(Duration::from_secs), "{values:?}");
    }

    #[test]
    fn each_form_is_read_as_the_specification_says() {
        let file: Value = serde_json::from_str(CASES).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let expect = match &case["expect"] {
                Value::Number(seconds) => seconds.as_u64(),
                Value::String(word) if word == "CAP" => Some(86_400),
                other => {
                    assert_eq!(other, "DEFAULT");
                    None
                }
            };
            let nested =
                format!("Fri, 20 Nov 2026 07:00:00 GMT {}{}", "(".repeat(10_000), ")".repeat(10_000));
            match case["value"].as_str().unwrap() {
                "<two headers: 60 and 120>" => check(&["60", "120"], expect),
                "<RFC 2822 with 10,000 nested comments>" => check(&[&nested], expect),
                value => check(&[value], expect),
            }
        }
    }

    #[test]
    fn the_longest_valid_wait_counts_however_it_was_sent() {
        check(&[], None);
        check(&["", " ", ",", ",,"], None);
        check(&["0"], Some(0));
        check(&["-1"], None);
        check(&["１２"], None);
        check(&["soon", "60"], Some(60));
        check(&["60, soon"], Some(60));
        check(&["60, Fri, 20 Nov 2026 06:05:00 GMT"], Some(300));
        check(&["Fri, 20 Nov 2026 06:05:00 GMT, 60"], Some(300));
        check(&["Fri, 20 Nov 2026 06:05:00 GMT, Fri, 20 Nov 2026 06:06:00 GMT"], Some(360));
        check(&["Thu, 01 Jan 1970 00:00:00 GMT"], Some(0));
        check(&["\t007\t"], Some(7));
        check(&["90, 30, 60", "45"], Some(90));
        check(&["Fri, 20 Nov 2026 06:00:00 GMT"], Some(0));
        check(&["Sat, 21 Nov 2026 06:00:00 GMT"], Some(86_400));
        check(&["Sat, 21 Nov 2026 06:00:01 GMT"], Some(86_400));
        check(&["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"], Some(0));
        check(
            &[
                "fri, 20 nov 2026 07:00:00 gmt",
                "Fri, 20 Nov 2026 24:00:00 GMT",
                "Mon, 29 Feb 2027 07:00:00 GMT",
            ],
            None,
        );
        check(
            &["120s", "120;", "1_000", "\"120\"", "PT2M", "120 seconds", "1\u{a0}", "-0", "00:02:00"],
            None,
        );
        check(&["120 60"], None);
    }

    proptest! {
        #[test]
        fn no_value_panics_or_exceeds_the_cap(value in ".{0,80}", digits in "[0-9, ]{0,40}") {
            let wait = retry_after([value.as_str(), digits.as_str()].into_iter(), now());
            prop_assert!(wait.is_none_or(|wait| wait <= LONGEST));
        }
    }
}
