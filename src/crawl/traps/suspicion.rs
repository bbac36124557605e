//! What makes one URL suspicious without proving anything: a date far away, a page number without measure.

use jiff::{Timestamp, tz::TimeZone};
use url::Url;

use super::shape::{day_of, month, parameters, year};

/// Months from now within which every calendar page may be of use.
const NEAR: i32 = 12;
/// A list of 20 entries a page has 20,000 entries then.
const FAR_PAGE: u64 = 1_000;
/// The same for lists that count entries.
const FAR_OFFSET: u64 = 20 * FAR_PAGE;

/// Parameters that name a day, a month or a year.
const DATES: [&str; 24] = [
    "cal",
    "calendar",
    "d",
    "date",
    "datum",
    "day",
    "end",
    "end_date",
    "enddate",
    "event_date",
    "eventdate",
    "fecha",
    "from",
    "m",
    "mc_date",
    "month",
    "start",
    "start_date",
    "startdate",
    "to",
    "tribe-bar-date",
    "until",
    "week",
    "ym",
];
/// Parameters that hold a part of a date each.
const YEARS: [&str; 6] = ["year", "yr", "y", "jahr", "cal_year", "calyear"];
const MONTHS: [&str; 6] = ["month", "mon", "m", "monat", "cal_month", "calmonth"];

/// Words of a path whose dates are those of a calendar.
const CALENDARS: [&str; 16] = [
    "agenda",
    "cal",
    "calendar",
    "calendario",
    "calendrier",
    "event",
    "events",
    "eventos",
    "evenements",
    "eventi",
    "kalender",
    "schedule",
    "termine",
    "veranstaltungen",
    "evenementen",
    "calendars",
];
/// Words of a path below which dates are those of posts.
const POSTS: [&str; 8] = ["archive", "archives", "blog", "blogs", "news", "posts", "articles", "press"];
/// What may follow a date in the address of a calendar page.
const VIEWS: [&str; 10] = ["", "day", "week", "month", "year", "list", "map", "photo", "view", "summary"];

/// Parameters that number the pages of a list.
const PAGES: [&str; 11] = [
    "page",
    "paged",
    "pagenum",
    "pagenumber",
    "page_no",
    "pageno",
    "page_number",
    "pageindex",
    "pg",
    "seite",
    "pagina",
];
/// Parameters that number its entries.
const OFFSETS: [&str; 5] = ["offset", "start", "skip", "limitstart", "startindex"];
/// Parameters that choose a variant of the same page; other modules judge those.
const VARIANTS: [&str; 12] = [
    "lang", "language", "locale", "hl", "version", "ver", "v", "rev", "branch", "release", "theme", "format",
];

/// Why a URL is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Suspicion {
    /// A calendar page far from now.
    Calendar,
    /// A page far down a list.
    Pagination,
}

impl Suspicion {
    /// What is suspicious about a URL, if anything is.
    pub(super) fn of(url: &Url, now: Timestamp) -> Option<Suspicion> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let ahead = |(year, month): (i32, i32)| {
            (year - i32::from(today.year())) * 12 + month - i32::from(today.month())
        };
        if is_far_list(url) {
            return Some(Suspicion::Pagination);
        }
        let in_query = date_in_query(url).map(ahead).is_some_and(|months| months.abs() > NEAR);
        let in_path = date_in_path(url).is_some_and(|(date, place)| match place {
            Place::Calendar => ahead(date).abs() > NEAR,
            // Posts are of the past, however far; nobody has written those of the year after next.
            Place::Posts => ahead(date) > NEAR,
        });
        (in_query || in_path).then_some(Suspicion::Calendar)
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a parameter tells pages of one list apart, or variants of one page, but chooses nothing.
pub(super) fn is_no_facet(name: &str) -> bool {
    is_one_of(&PAGES, name) || is_one_of(&OFFSETS, name) || is_one_of(&VARIANTS, name)
}

fn is_far_list(url: &Url) -> bool {
    // More digits than a number holds are further than any.
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let by_parameter = parameters(url).any(|(name, value)| {
        let far = if is_one_of(&PAGES, name) {
            FAR_PAGE
        } else if is_one_of(&OFFSETS, name) && date_in(value).is_none() {
            FAR_OFFSET
        } else {
            return false;
        };
        number(value).is_some_and(|number| number > far)
    });
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
    let by_path = matches!(segments[..], [.., _, "page" | "seite" | "pagina", last] if number(last).is_some_and(|n| n > FAR_PAGE));
    by_parameter || by_path
}

/// `2031-07`, `2031-07-04`, `203107`, `20310704`.
fn date_in(value: &str) -> Option<(i32, i32)> {
    let value = value.replace("%2F", "-").replace("%2f", "-");
    if let Some(date) = day_of(&value) {
        return Some(date);
    }
    let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && matches!(value.len(), 6 | 8);
    let date = digits.then(|| (year(&value[..4]), month(&value[4..6])))?;
    let (year, month) = (date.0?, date.1?);
    (1_800..=2_200).contains(&year).then_some((year, month))
}

fn date_in_query(url: &Url) -> Option<(i32, i32)> {
    let whole =
        parameters(url).filter(|(name, _)| is_one_of(&DATES, name)).find_map(|(_, value)| date_in(value));
    whole.or_else(|| {
        let part = |names: &[&str], read: fn(&str) -> Option<i32>| {
            parameters(url).filter(|(name, _)| is_one_of(names, name)).find_map(|(_, value)| read(value))
        };
        Some((part(&YEARS, year)?, part(&MONTHS, month)?))
    })
}

enum Place {
    Calendar,
    Posts,
}

fn date_in_path(url: &Url) -> Option<((i32, i32), Place)> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    let (at, date, after) = segments.iter().enumerate().find_map(|(at, segment)| {
        if let Some(date) = day_of(segment) {
            return Some((at, date, at + 1));
        }
        let next = segments.get(at + 1)?;
        // A month of one digit would take `/questions/2031/7` for a date.
        let date = (year(segment)?, month(next).filter(|_| next.len() == 2)?);
        let day = segments
            .get(at + 2)
            .is_some_and(|day| (1..=2).contains(&day.len()) && day.bytes().all(|byte| byte.is_ascii_digit()));
        Some((at, date, at + 2 + usize::from(day)))
    })?;
    let above = &segments[..at];
    let below = |words: &[&str]| above.iter().any(|segment| is_one_of(words, segment));
    let bare = segments[after..].iter().all(|segment| is_one_of(&VIEWS, segment));
    if below(&CALENDARS) && bare {
        return Some((date, Place::Calendar));
    }
    (at == 0 || below(&CALENDARS) || below(&POSTS)).then_some((date, Place::Posts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<Suspicion>) {
        let url = Url::parse(&format!("http://a.test{path}")).unwrap();
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(Suspicion::of(&url, now), expected, "{path}");
    }

    #[test]
    fn calendar_pages_far_from_now_are_suspicious() {
        for path in [
            "/calendar?month=2031-07",
            "/calendar?date=20310704",
            "/?m=203107",
            "/cal?year=2031&month=7",
            "/events?tribe-bar-date=1998-01-01",
            "/events/2031/07/",
            "/events/2019-05-17/",
            "/events/2019/05/17/list",
            "/2031/07/04/title",
            "/blog/2031/07/",
        ] {
            check(path, Some(Suspicion::Calendar));
        }
    }

    #[test]
    fn posts_by_date_and_calendar_pages_near_now_are_not() {
        for path in [
            "/2019/05/17/title",
            "/2019/05/",
            "/blog/1999/05/17/title",
            "/archive/1887/05/03/",
            "/events/2019/05/17/summer-fair",
            "/events/2027/01/",
            "/calendar?month=2026-01",
            "/questions/2031/07",
            "/product?id=203107",
            "/docs/2031.1/install",
            "/x?start=19999",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn pages_far_down_a_list_are_suspicious() {
        for path in
            ["/list?page=1001", "/list?offset=20001", "/blog/page/5000/", "/l?page=99999999999999999999999"]
        {
            check(path, Some(Suspicion::Pagination));
        }
        for path in [
            "/list?page=1000",
            "/list?start=20000",
            "/blog/page/12/",
            "/page/5000/title",
            "/?p=12345",
            "/pages/12345",
        ] {
            check(path, None);
        }
    }
}
