//! A URL that is a key.

use std::fmt;

use url::Url;

/// A URL that whoever knows it may use: `Debug` and `Display` show where it leads and nothing that is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateUrl(Url);

impl PrivateUrl {
    /// A URL to keep.
    pub fn new(url: Url) -> PrivateUrl {
        PrivateUrl(url)
    }

    /// The whole of it.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// The same with another segment at the end of its path; its query stays.
    pub(super) fn below(&self, segment: &str) -> PrivateUrl {
        let mut url = self.0.clone();
        // Only a URL without a host has no segments, and that is no web address.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        PrivateUrl(url)
    }
}

impl fmt::Display for PrivateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for PrivateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_it_leads_is_shown() {
        let url = PrivateUrl::new(Url::parse("https://hc.example.com:8443/uuid-1234?key=5678#9").unwrap());
        for shown in [url.to_string(), format!("{url:?}"), format!("{:#?}", Some(&url))] {
            assert!(shown.contains("https://hc.example.com:8443/…"), "{shown}");
            assert!(!shown.contains("1234") && !shown.contains("5678"), "{shown}");
        }
    }

    #[test]
    fn a_segment_goes_to_the_end_of_the_path() {
        let check = |url: &str, expected: &str| {
            let below = PrivateUrl::new(Url::parse(url).unwrap()).below("fail");
            assert_eq!(below.expose().as_str(), expected, "{url}");
        };
        check("https://hc.example.com/uuid", "https://hc.example.com/uuid/fail");
        check("https://hc.example.com/uuid/", "https://hc.example.com/uuid/fail");
        check("https://hc.example.com/uuid?create=1", "https://hc.example.com/uuid/fail?create=1");
        check("https://hc.example.com", "https://hc.example.com/fail");
    }
}
