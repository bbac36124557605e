//! `Retry-After`: bounded, however the lines come, and never longer for having waited.

use std::time::Duration;

use corpusd::http::retry_after::{LONGEST, retry_after};
use jiff::Timestamp;

/// `input` is the header's lines.
pub(super) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines: Vec<&str> = text.split('\n').collect();
    let now: Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
    let wait = retry_after(lines.iter().copied(), now);
    assert!(wait.is_none_or(|wait| wait <= LONGEST));

    let alone = lines.iter().map(|line| retry_after([*line].into_iter(), now)).max();
    assert_eq!(Some(wait), alone, "the longest counts: {lines:?}");
    let joined = retry_after([lines.join(", ").as_str()].into_iter(), now);
    assert!(joined >= wait, "joining shortens {wait:?} to {joined:?}: {lines:?}");
    for line in &lines {
        if !line.is_empty() && line.bytes().all(|octet| octet.is_ascii_digit()) {
            let asked = line.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST);
            assert!(wait >= Some(asked), "{line} asks for {asked:?}, not {wait:?}");
        }
    }

    let later = retry_after(lines.iter().copied(), now + Duration::from_hours(1));
    assert!(later <= wait && later.is_some() == wait.is_some(), "{wait:?} became {later:?}: {lines:?}");
}
