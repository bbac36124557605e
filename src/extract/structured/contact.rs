//! How to reach a business or an organisation: telephone, mail, address, and when it is open.

use serde_json::{Map, Value};

use super::super::subject::Subject;
use super::Facts;
use super::value::{each, has_type, plain, short_time, spaced, text, values};

/// Types of what has an address, too, but is not who is behind a page.
const OTHERS: &[&str] =
    &["Person", "Event", "JobPosting", "Place", "Residence", "House", "Apartment", "PostalAddress"];

/// Types of who is behind a site: their data stand on every page of it.
const PUBLISHERS: &[&str] = &[
    "WebSite",
    "Organization",
    "Corporation",
    "NGO",
    "OnlineBusiness",
    "OnlineStore",
    "NewsMediaOrganization",
    "EducationalOrganization",
    "CollegeOrUniversity",
    "GovernmentOrganization",
];
/// Types that stand beside a publisher where a page is about nothing else.
const FRAME: &[&str] = &["WebPage", "ImageObject", "ContactPage", "AboutPage"];

/// Digits at the end of a telephone number that tell it, whatever stands for its country and area.
const OWN_DIGITS: usize = 7;

/// Whether an object says how somebody is reached.
pub(super) fn is_contact(object: &Map<String, Value>) -> bool {
    let tells =
        ["openingHours", "openingHoursSpecification", "telephone", "email", "address", "contactPoint"];
    tells.iter().any(|key| object.contains_key(*key)) && !has_type(object, OTHERS)
}

/// Whether a page's data name nothing but who is behind the site: else it is one of many that carry the publisher's
/// address.
pub(super) fn is_of_publisher(objects: &[Map<String, Value>]) -> bool {
    let frames = |object| has_type(object, PUBLISHERS) || has_type(object, FRAME) || is_contact(object);
    objects.iter().all(frames)
}

/// What one of several is told apart by.
pub(super) fn name(object: &Map<String, Value>) -> Option<String> {
    object.get("name").and_then(text).map(|name| plain(&name))
}

impl Facts<'_> {
    /// Lines for one contact; `of` is its name, where there are several.
    pub(super) fn contact(&mut self, object: &Map<String, Value>, of: Option<&str>) {
        let key = |key: &str| of.map_or_else(|| key.to_owned(), |of| format!("{key} ({of})"));
        self.hours(&key("Opening hours"), object);
        // A page about one product or article is about nobody's address.
        if self.subject != Subject::Unknown || (!self.of_publisher && has_type(object, PUBLISHERS)) {
            return;
        }
        for address in values(object.get("address")) {
            self.address(&key("Address"), address);
        }
        for (name, label) in [("telephone", "Telephone"), ("faxNumber", "Fax")] {
            for number in values(object.get(name)).into_iter().filter_map(text) {
                self.telephone(&key(label), &number);
            }
        }
        for mail in values(object.get("email")).into_iter().filter_map(text) {
            self.add(&key("Email"), mail.trim_start_matches("mailto:"));
        }
        for point in each(object.get("contactPoint")) {
            let of = point.get("contactType").and_then(text);
            let key = |key: &str| of.as_ref().map_or_else(|| key.to_owned(), |of| format!("{key} ({of})"));
            if let Some(number) = point.get("telephone").and_then(text) {
                self.telephone(&key("Telephone"), &number);
            }
            if let Some(mail) = point.get("email").and_then(text) {
                self.add(&key("Email"), mail.trim_start_matches("mailto:"));
            }
        }
    }

    /// A number is shown if its own digits are: the page may leave out the country's.
    fn telephone(&mut self, key: &str, number: &str) {
        let number = number.trim_start_matches("tel:");
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        let own: String = digits[digits.len().saturating_sub(OWN_DIGITS)..].iter().collect();
        if own.is_empty() || !self.shown.contains(&own) {
            self.add(key, number);
        }
    }

    /// An address is shown if street and town are: region and country go without saying.
    fn address(&mut self, key: &str, address: &Value) {
        let Some(parts) = address.as_object() else {
            if let Some(address) = text(address) {
                self.add(key, &address);
            }
            return;
        };
        let part = |name: &str| {
            parts
                .get(name)
                .and_then(text)
                .map(|part| plain(&part).trim().to_owned())
                .filter(|part| !part.is_empty())
        };
        let (street, code, town) = (part("streetAddress"), part("postalCode"), part("addressLocality"));
        let place = [code, town].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let mut lines: Vec<String> = street.into_iter().chain((!place.is_empty()).then_some(place)).collect();
        // A country alone is nobody's address.
        if lines.is_empty() || self.shown.holds(&lines.join(" ")) {
            return;
        }
        lines.extend([part("addressRegion"), part("addressCountry")].into_iter().flatten());
        self.add(key, &lines.join(", "));
    }

    fn hours(&mut self, key: &str, object: &Map<String, Value>) {
        for hours in values(object.get("openingHours")).into_iter().filter_map(text) {
            self.add(key, &hours);
        }
        // Who says when it is open says by days without hours when it is not; else they are forgotten.
        let says_when =
            each(object.get("openingHoursSpecification")).any(|hours| hours.contains_key("opens"));
        for hours in each(object.get("openingHoursSpecification")) {
            if !says_when && !hours.contains_key("validFrom") {
                continue;
            }
            let days: Vec<String> =
                values(hours.get("dayOfWeek")).into_iter().filter_map(text).map(|day| spaced(&day)).collect();
            let time = |key: &str| hours.get(key).and_then(text).unwrap_or_default();
            let (opens, closes) = (time("opens"), time("closes"));
            let (opens, closes) = (short_time(&opens), short_time(&closes));
            let when = if opens == closes { "closed".to_owned() } else { format!("{opens}–{closes}") };
            let mut value = format!("{} {when}", days.join(", "));
            if let (Some(from), Some(to)) =
                (hours.get("validFrom").and_then(text), hours.get("validThrough").and_then(text))
            {
                value = format!("{value} ({from} to {to})");
            }
            self.add(key, &value);
        }
    }
}
