//! Which documents stay when not all fit.
//!
//! What the user says comes first. Of the rest, what another document nearly says, or what lies in an archive, goes
//! first; then what lies deep, what few pages link to, and what is old. Links count in powers of two and age in years,
//! so that a small change of the site moves few documents.

use std::cmp::Reverse;

/// What speaks for a document. Where two are worth the same, the order of the corpus decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// Whether the user requires it.
    pub required: bool,
    /// The user's weight.
    pub weight: i64,
    /// Whether another document says nearly the same, or it lies in an archive.
    pub secondary: bool,
    /// Links away from a start URL.
    pub depth: u32,
    /// Pages that link to it.
    pub inbound: u32,
    /// The year of its last change; 0 where that is not known.
    pub year: u16,
}

impl Worth {
    /// The most valuable first.
    pub fn rank(&self) -> impl Ord + use<> {
        let Worth { required, weight, secondary, depth, inbound, year } = *self;
        let linked = u32::BITS - inbound.leading_zeros();
        (!required, Reverse(weight), secondary, depth, Reverse(linked), Reverse(year))
    }
}

/// The year of a date as sitemaps (`2024-12-31`) and servers (`Tue, 31 Dec 2024 23:59:59 GMT`) write it; 0 for none.
pub fn year(date: &str) -> u16 {
    let numbers = date.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
    numbers.filter_map(|digits| digits.parse().ok()).find(|year| (1990..=2099).contains(year)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_comes_before_what_the_site_shows() {
        let plain = Worth { depth: 2, inbound: 5, year: 2024, ..Worth::default() };
        let falling = [
            Worth { required: true, weight: -5, secondary: true, depth: 9, ..plain },
            Worth { weight: 10, secondary: true, depth: 9, ..plain },
            Worth { weight: 10, secondary: true, depth: 9, inbound: 1, ..plain },
            Worth { depth: 1, inbound: 0, ..plain },
            Worth { inbound: 8, year: 0, ..plain },
            plain,
            Worth { year: 2023, ..plain },
            Worth { inbound: 3, ..plain },
            Worth { depth: 3, inbound: 99, ..plain },
            Worth { secondary: true, depth: 0, ..plain },
            Worth { weight: -1, depth: 0, ..plain },
        ];
        assert!(falling.windows(2).all(|two| two[0].rank() < two[1].rank()));
    }

    #[test]
    fn a_date_gives_its_year_however_it_is_written() {
        for date in ["2024-12-31", "2024", "2024-12-31T23:59:59+01:00", "Tue, 31 Dec 2024 23:59:59 GMT"] {
            assert_eq!(year(date), 2024, "{date}");
        }
        for date in ["", "0", "31.12.24", "0001-01-01", "yesterday"] {
            assert_eq!(year(date), 0, "{date}");
        }
    }

    #[test]
    fn a_link_more_or_less_hardly_ever_counts() {
        let moved = (1_u32..1_000).filter(|&inbound| {
            let worth = |inbound| Worth { inbound, ..Worth::default() };
            worth(inbound).rank() != worth(inbound + 1).rank()
        });
        assert_eq!(moved.count(), 9);
    }
}
