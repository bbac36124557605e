//! The small grammars of numbers in a pipeline file: whole numbers, percentages, durations, sizes, rates,
//! limits.
//!
//! They are strict on purpose: `010`, `1e3`, `1_000` and `30` seconds mean different things to different
//! readers, so none is taken.

use std::{fmt, str::FromStr, time::Duration};

use crate::{
    corpus::budget::{Limit, Unit},
    crawl::Rate,
};

/// A text that is not of the grammar it was read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct Malformed {
    /// What was expected, fit for "must be …".
    pub expected: &'static str,
}

/// A whole number: decimal digits, no sign, no leading zero (`010` is 8 in YAML 1.1 and 10 in YAML 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct Whole<N>(pub(super) N);

impl<N: TryFrom<u64>> FromStr for Whole<N> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Whole<N>, Malformed> {
        let number = digits(text).and_then(|number| N::try_from(number).ok());
        number.map(Whole).ok_or(Malformed { expected: "a whole number without sign or leading zero" })
    }
}

impl<N: fmt::Display> fmt::Display for Whole<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A whole number that may be negative: `-` before a [`Whole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct Signed(pub(super) i64);

impl FromStr for Signed {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Signed, Malformed> {
        let (sign, magnitude) = text.strip_prefix('-').map_or((1, text), |magnitude| (-1, magnitude));
        let magnitude = digits(magnitude).and_then(|magnitude| i64::try_from(magnitude).ok());
        magnitude
            .map(|magnitude| Signed(sign * magnitude))
            .ok_or(Malformed { expected: "a whole number without leading zero" })
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A share: a decimal number and `%`, as in `30%` or `2.5%`. Held in percent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Percent(pub(super) f64);

impl Percent {
    /// The share of one: `30%` is 0.3.
    pub(super) fn share(self) -> f64 {
        self.0 / 100.0
    }
}

impl FromStr for Percent {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Percent, Malformed> {
        let number = text.strip_suffix('%').filter(|number| Decimal::parse(number).is_some());
        number
            .and_then(|number| number.parse().ok())
            .map(Percent)
            .ok_or(Malformed { expected: "a percentage such as `30%`" })
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// A duration: a whole number and one of `s`, `m`, `h`, `d`, as in `90s`, `30m`, `2h`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Period(pub Duration);

/// Largest first, so that a period is shown in the unit a person would use.
const PERIODS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl Period {
    pub(super) const fn seconds(seconds: u64) -> Period {
        Period(Duration::from_secs(seconds))
    }

    pub(super) const fn days(days: u64) -> Period {
        Period::seconds(days * 86_400)
    }
}

impl FromStr for Period {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Period, Malformed> {
        let seconds = PERIODS.iter().find_map(|(unit, seconds)| {
            let number = digits(text.strip_suffix(unit)?)?;
            number.checked_mul(*seconds)
        });
        seconds
            .map(Period::seconds)
            .ok_or(Malformed { expected: "a duration such as `90s`, `30m`, `2h` or `14d`" })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, length) =
            PERIODS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&("s", 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

/// A size in bytes: a decimal number and a unit, as in `4.5MB` or `5MiB`; `KB`, `MB`, `GB` are powers of
/// 1000, `KiB`, `MiB`, `GiB` powers of 1024. A space may stand between. It must come to whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Bytes(pub u64);

/// The longer units first: `KB` ends in `B`.
const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl FromStr for Bytes {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Bytes, Malformed> {
        let (number, unit) = SIZES
            .iter()
            .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))
            .ok_or(Bytes::MALFORMED)?;
        let number = number.strip_suffix(' ').unwrap_or(number);
        Decimal::parse(number).and_then(|number| number.times(unit)).map(Bytes).ok_or(Bytes::MALFORMED)
    }
}

impl Bytes {
    const MALFORMED: Malformed = Malformed { expected: "a size such as `400KB`, `4.5MB` or `5MiB`" };
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) =
            SIZES.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes)).unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

/// A rate of requests: `unlimited`, or a decimal number above zero and `/s` or `/m`, as in `5/s`, `0.5/s`,
/// `30/m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace(pub(super) Rate);

impl FromStr for Pace {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Pace, Malformed> {
        const MAX_PER_SECOND: f64 = 10_000.0;
        if text == "unlimited" {
            return Ok(Pace(Rate::Unlimited));
        }
        let per_second = [("/s", 1.0), ("/m", 60.0)].iter().find_map(|(unit, seconds)| {
            let number = text.strip_suffix(unit).filter(|number| Decimal::parse(number).is_some())?;
            number.parse::<f64>().ok().map(|number| number / seconds)
        });
        per_second
            .filter(|rate| *rate > 0.0 && *rate <= MAX_PER_SECOND)
            .map(|rate| Pace(Rate::PerSecond(rate)))
            .ok_or(Malformed { expected: "a rate such as `5/s` or `30/m` (up to `10000/s`), or `unlimited`" })
    }
}

/// A limit of a corpus: a whole number above zero and `chars` (as in `11000000 chars`), or a size in bytes
/// (as in `20MB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CorpusLimit(pub(super) Limit);

impl FromStr for CorpusLimit {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<CorpusLimit, Malformed> {
        let limit = match text.strip_suffix("chars") {
            Some(number) => {
                let number = number.strip_suffix(' ').unwrap_or(number);
                digits(number).map(|max| Limit { unit: Unit::Chars, max })
            }
            None => text.parse().ok().map(|Bytes(max)| Limit { unit: Unit::Bytes, max }),
        };
        limit
            .filter(|limit| limit.max > 0)
            .map(CorpusLimit)
            .ok_or(Malformed { expected: "a limit above zero such as `11000000 chars` or `20MB`" })
    }
}

/// From which share of common passages on two documents are nearly the same: `0.9`, or `off`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Near(pub(super) Option<f64>);

impl FromStr for Near {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Near, Malformed> {
        if text == "off" {
            return Ok(Near(None));
        }
        // With less in common, pairs are not found reliably.
        let share =
            Decimal::parse(text).and_then(|_| text.parse().ok()).filter(|share| (0.8..=1.0).contains(share));
        share
            .map(|share| Near(Some(share)))
            .ok_or(Malformed { expected: "a share of 0.8 to 1 such as `0.9`, or `off`" })
    }
}

/// Decimal digits without sign or leading zero.
fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Digits, and optionally a point and up to six more digits.
struct Decimal {
    whole: u64,
    /// In millionths.
    fraction: u64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let fraction = match fraction {
            None => 0,
            Some(digits) if (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                format!("{digits:0<6}").parse().ok()?
            }
            Some(_) => return None,
        };
        Some(Decimal { whole: digits(whole)?, fraction })
    }

    /// None unless the product is whole and fits.
    fn times(&self, factor: u64) -> Option<u64> {
        let millionths = self.fraction.checked_mul(factor)?;
        let fraction = millionths.is_multiple_of(1_000_000).then_some(millionths / 1_000_000)?;
        self.whole.checked_mul(factor)?.checked_add(fraction)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check<T: FromStr + PartialEq + fmt::Debug>(rows: &[(&str, T)], refused: &[&str]) {
        for (text, expected) in rows {
            assert_eq!(text.parse::<T>().ok().as_ref(), Some(expected), "{text}");
        }
        for text in refused {
            assert!(text.parse::<T>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn whole_numbers_are_plain_decimal() {
        check(
            &[("0", Whole(0)), ("7", Whole(7)), ("18446744073709551615", Whole(u64::MAX))],
            &[
                "",
                "010",
                "00",
                "-1",
                "+1",
                "1e3",
                "1_000",
                "1,000",
                "0x10",
                "0o10",
                "1.0",
                " 1",
                "18446744073709551616",
                "١",
            ],
        );
        check(
            &[("-5", Signed(-5)), ("0", Signed(0)), ("5", Signed(5))],
            &["--5", "-", "-05", "9223372036854775808"],
        );
    }

    #[test]
    fn percentages_need_their_sign() {
        check(
            &[("0%", Percent(0.0)), ("2.5%", Percent(2.5)), ("100%", Percent(100.0))],
            &["30", "0.3", "%", "-1%", "030%", "1e1%", ".5%", "5.%", "5 %", "NaN%", "inf%"],
        );
        assert!((Percent(30.0).share() - 0.3).abs() < f64::EPSILON);
    }

    #[test]
    fn durations_need_their_unit() {
        check(
            &[
                ("90s", Period::seconds(90)),
                ("30m", Period::seconds(1_800)),
                ("2h", Period::seconds(7_200)),
                ("14d", Period::days(14)),
                ("0s", Period::seconds(0)),
            ],
            &[
                "",
                "s",
                "30",
                "1.5h",
                "-1s",
                "090s",
                "1w",
                "1ms",
                "1 s",
                "1S",
                "99999999999999999999d",
                "9999999999999999d",
            ],
        );
        assert_eq!(Period::seconds(5_400).to_string(), "90m");
    }

    #[test]
    fn sizes_count_in_thousands_or_in_1024s() {
        check(
            &[
                ("400KB", Bytes(400_000)),
                ("4.5MB", Bytes(4_500_000)),
                ("5MiB", Bytes(5 << 20)),
                ("0.5 KiB", Bytes(512)),
                ("7B", Bytes(7)),
                ("1GB", Bytes(1_000_000_000)),
            ],
            &[
                "",
                "B",
                "5",
                "5mb",
                "5M",
                "0.3B",
                "-1MB",
                "1e3MB",
                "05MB",
                "5  MB",
                "99999999999GB",
                "1.MB",
                "1.0000001MB",
            ],
        );
        assert_eq!(Bytes(4_500_000).to_string(), "4500KB");
        assert_eq!(Bytes(5 << 20).to_string(), "5MiB");
    }

    #[test]
    fn rates_are_per_second_or_minute() {
        check(
            &[
                ("5/s", Pace(Rate::PerSecond(5.0))),
                ("0.5/s", Pace(Rate::PerSecond(0.5))),
                ("30/m", Pace(Rate::PerSecond(0.5))),
                ("unlimited", Pace(Rate::Unlimited)),
            ],
            &[
                "",
                "5",
                "0/s",
                "0.0/m",
                "-1/s",
                "5/h",
                "5 /s",
                "1e9/s",
                "NaN/s",
                "inf/s",
                "Unlimited",
                "10001/s",
            ],
        );
    }

    #[test]
    fn near_is_a_share_of_nearly_all() {
        check(
            &[
                ("0.9", Near(Some(0.9))),
                ("0.8", Near(Some(0.8))),
                ("1", Near(Some(1.0))),
                ("off", Near(None)),
            ],
            &["", "90%", "0.79", "1.01", "-0.9", "Off", "false", "NaN", "9e-1", ".9"],
        );
    }

    #[test]
    fn limits_count_characters_or_bytes() {
        check(
            &[
                ("11000000 chars", CorpusLimit(Limit { unit: Unit::Chars, max: 11_000_000 })),
                ("20MB", CorpusLimit(Limit { unit: Unit::Bytes, max: 20_000_000 })),
            ],
            &["-1", "0", "1e30", "0 chars", "0MB", "11000000", "1.5 chars", "1e30 chars", "chars", "20 mb"],
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_grammar_panic(text in "[0-9.]{0,30}(%|s|m|d|MB|KiB|B|/s| chars)?|\\PC*") {
            let _ = (text.parse::<Whole<u32>>(), text.parse::<Signed>(), text.parse::<Percent>());
            let _ = (text.parse::<Period>(), text.parse::<Bytes>(), text.parse::<Pace>(), text.parse::<CorpusLimit>());
        }

        #[test]
        fn periods_and_sizes_are_shown_in_their_own_grammar(number in 0..1_000_000_000_u64) {
            prop_assert_eq!(Period::seconds(number).to_string().parse(), Ok(Period::seconds(number)));
            prop_assert_eq!(Bytes(number).to_string().parse(), Ok(Bytes(number)));
        }
    }
}
