//! The shape of a URL: what is left when numbers, dates and ids are folded, so that pages made alike look alike.

use std::fmt::{self, Write};

use url::Url;

/// A URL with its numbers, dates and ids folded: `a.test/events/{n}/{n}?view&week`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    text: String,
    /// Where the query begins, or the end.
    path: usize,
    stands_for_many: bool,
    random: bool,
}

impl Shape {
    /// Host and path, folded.
    pub fn path(&self) -> &str {
        &self.text[..self.path]
    }

    /// Whether something was folded, so that many URLs may have this shape.
    pub fn stands_for_many(&self) -> bool {
        self.stands_for_many
    }

    /// Whether a part of the path is random enough for a session id.
    pub fn has_random_part(&self) -> bool {
        self.random
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Folds a URL: runs of digits in a segment to `{n}`, hexadecimal and random ids to `{id}`, the title after a date to
/// `{title}`; names of parameters sorted and once each, values dropped. Linear in the length of the URL, but for the
/// sorting.
pub fn shape(url: &Url) -> Shape {
    let mut folded = Shape { text: String::new(), path: 0, stands_for_many: false, random: false };
    folded.text.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        folded.number_of(port);
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let mut dated = false;
    for (at, segment) in segments.iter().enumerate() {
        folded.text.push('/');
        if dated && !segment.is_empty() && !segment.bytes().all(|byte| byte.is_ascii_digit()) {
            folded.text.push_str("{title}");
            folded.stands_for_many = true;
        } else {
            folded.segment(segment);
        }
        let before = at.checked_sub(1).map_or("", |before| segments[before]);
        dated |= year(before).is_some() && month(segment).is_some() || day_of(segment).is_some();
    }
    folded.path = folded.text.len();
    let mut names: Vec<&str> = parameters(url).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    for (at, name) in names.iter().enumerate() {
        folded.text.push(if at == 0 { '?' } else { '&' });
        folded.text.push_str(name);
        folded.stands_for_many = true;
    }
    folded
}

impl Shape {
    fn number_of(&mut self, port: u16) {
        // Writing to a `String` cannot fail.
        let _infallible = write!(self.text, ":{port}");
    }

    fn segment(&mut self, segment: &str) {
        if is_id(segment) {
            self.text.push_str("{id}");
            self.stands_for_many = true;
            self.random |= segment.len() >= 20;
            return;
        }
        let mut rest = segment;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            self.text.push_str(&rest[..start]);
            self.text.push_str("{n}");
            self.stands_for_many = true;
            rest = rest[start..].trim_start_matches(|c: char| c.is_ascii_digit());
        }
        self.text.push_str(rest);
    }
}

/// The parameters of a URL, undecoded.
pub(super) fn parameters(url: &Url) -> impl Iterator<Item = (&str, &str)> {
    let all = url.query().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty());
    all.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}

/// A year that a calendar may show.
pub(super) fn year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|year| digits && (1_000..=9_999).contains(year))
}

/// A month, written with one digit or two.
pub(super) fn month(text: &str) -> Option<i32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|month| digits && (1..=12).contains(month))
}

/// The year and month of `2031-07`, `2031-07-04`, `2031_07_04`, `2031.07.04`.
pub(super) fn day_of(text: &str) -> Option<(i32, i32)> {
    let mut parts = text.split(['-', '_', '.', '/']);
    let found = (year(parts.next()?)?, month(parts.next()?)?);
    let day = |day: &str| day.len() <= 2 && day.parse().is_ok_and(|day: u8| (1..=31).contains(&day));
    (parts.next().is_none_or(day) && parts.next().is_none()).then_some(found)
}

/// Whether no person chose this part of a path: a UUID, a hash, a session id.
fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let letters = segment.bytes().any(|byte| byte.is_ascii_alphabetic());
    if hexadecimal && letters {
        return segment.len() >= 8 && digits >= 2;
    }
    segment.len() >= 20 && digits >= 3 && letters && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, expected: &str) {
        let url = Url::parse(&format!("http://a.test{path}")).unwrap();
        assert_eq!(shape(&url).to_string(), format!("a.test{expected}"), "{path}");
    }

    #[test]
    fn numbers_dates_and_ids_are_folded_and_words_stay() {
        check("/questions/12345/how-to", "/questions/{n}/how-to");
        check("/docs/v1.27/install", "/docs/v{n}.{n}/install");
        check("/2019/05/17/my-title", "/{n}/{n}/{n}/{title}");
        check("/2019-05-17/my-title/", "/{n}-{n}-{n}/{title}/");
        check("/f/0a1b2c3d4e5f/x", "/f/{id}/x");
        check("/d/123e4567-e89b-12d3-a456-426614174000", "/d/{id}");
        check("/s/4hqa0555fwsecu455xqckv45/p", "/s/{id}/p");
        check("/face/cafe/deadbeef", "/face/cafe/deadbeef");
        check("/plain/path", "/plain/path");
    }

    #[test]
    fn parameters_are_their_names_in_order() {
        check("/p?size=m&color=red&color=blue", "/p?color&size");
        check("/p?", "/p");
        check("/p?a&&b=", "/p?a&b");
    }

    #[test]
    fn only_a_shape_that_folds_something_stands_for_many() {
        let many = |url: &str| shape(&Url::parse(url).unwrap()).stands_for_many();
        assert!(!many("http://a.test:8080/plain/path"));
        assert!(many("http://a.test/p/1") && many("http://a.test/p?q=1"));
    }

    proptest! {
        #[test]
        fn the_order_of_parameters_does_not_matter(mut names in prop::collection::vec("[a-z]{1,3}=[0-9]", 0..6)) {
            let url = |names: &[String]| Url::parse(&format!("http://a.test/p?{}", names.join("&"))).unwrap();
            let once = shape(&url(&names));
            names.reverse();
            prop_assert_eq!(once, shape(&url(&names)));
        }
    }
}
