//! Names that stand in the code and the attributes of a page and tell who served it.

use std::borrow::Cow;

use crate::html::{Element, local_name};

/// Longest attribute that is looked at, in bytes.
const MAX_ATTRIBUTE: usize = 2_048;

/// What only the page of a challenge carries.
const CHALLENGES: [&str; 22] = [
    "_cf_chl_opt",
    "cf-browser-verification",
    "cf-challenge-running",
    "cf_chl_",
    "challenge-form",
    "/cdn-cgi/challenge-platform/h/",
    "cf-please-wait",
    "captcha-delivery.com",
    "px-captcha",
    "sec-if-cpt-container",
    "sec-cpt-if",
    "awswafintegration",
    "gokuprops",
    "sucuri_cloudproxy_js",
    "kpsdk",
    "anubis_challenge",
    ".within.website/x/cmd/anubis",
    "ddos-guard/js-challenge",
    "bm-verify",
    "_incapsula_resource?swudnsai",
    "distil_r_captcha",
    "geo.captcha-delivery",
];

/// Widgets that ask for proof, which forms carry too.
const WIDGETS: [&str; 8] = [
    "challenges.cloudflare.com/turnstile",
    "cf-turnstile",
    "hcaptcha",
    "recaptcha",
    "friendlycaptcha",
    "frc-captcha",
    "geetest",
    "_incapsula_resource",
];

/// Scripts, frames and links of those who park domains.
const PARKING: [&str; 13] = [
    "sedoparking.com",
    "parkingcrew.net",
    "bodis.com",
    "parklogic.com",
    "parking-lander",
    "afternic.com/forsale",
    "dan.com/buy-domain",
    "hugedomains.com/domain_profile",
    "above.com/marketplace",
    "img.sedoparking",
    "domainmarket.com",
    "parkingpage",
    "cdn.parking",
];

/// The first marker of each sort on a page.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// Of a challenge.
    pub(super) challenge: Option<&'static str>,
    /// Of a widget that asks for proof.
    pub(super) widget: Option<&'static str>,
    /// Of those who park domains.
    pub(super) parking: Option<&'static str>,
}

impl Markers {
    /// Looks for markers in what an element is called and refers to.
    pub(super) fn look_at(&mut self, element: &Element) {
        for (name, value) in element.attrs().filter(|(_, value)| value.len() <= MAX_ATTRIBUTE) {
            match *name {
                local_name!("id") | local_name!("class") | local_name!("src") | local_name!("action") => {
                    self.look(value);
                }
                // Most attributes are links, and nearly all of those lead to the page's own site.
                local_name!("href") if value.contains("//") => {
                    self.parking = self.parking.or_else(|| find(&PARKING, &lower(value)));
                }
                _ => {}
            }
        }
    }

    /// Looks for markers in a text.
    pub(super) fn look(&mut self, text: &str) {
        let text = lower(text);
        self.challenge = self.challenge.or_else(|| find(&CHALLENGES, &text));
        self.widget = self.widget.or_else(|| find(&WIDGETS, &text));
        self.parking = self.parking.or_else(|| find(&PARKING, &text));
    }
}

fn find(markers: &[&'static str], text: &str) -> Option<&'static str> {
    markers.iter().copied().find(|marker| text.contains(marker))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
