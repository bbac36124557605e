//! Names that stand in the code and the attributes of a page and tell who served it.

use std::borrow::Cow;

use crate::html::{Element, local_name};

/// Longest attribute that is looked at, in bytes.
const MAX_ATTRIBUTE: usize = 2_048;

/// What only the page of a challenge carries.
const CHALLENGES: [&str; 20] = [
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
    "gokuprops",
    "sucuri_cloudproxy_js",
    "anubis_challenge",
    ".within.website/x/cmd/anubis",
    "ddos-guard/js-challenge",
    "bm-verify",
    "_incapsula_resource?swudnsai",
    "distil_r_captcha",
    "geo.captcha-delivery",
];

/// Widgets and guards that ask for proof, which forms and ordinary pages carry too.
const WIDGETS: [&str; 10] = [
    "kpsdk",
    "awswafintegration",
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
        // Most elements of a page are text and links, and nearly all links lead to the page's own site.
        match *element.name() {
            local_name!("a") => {
                let href = element.attr(&local_name!("href")).filter(|href| href.contains("//"));
                if let Some(href) = href.filter(|href| href.len() <= MAX_ATTRIBUTE) {
                    self.parking = self.parking.or_else(|| find(&PARKING, &lower(href)));
                }
            }
            local_name!("script")
            | local_name!("link")
            | local_name!("iframe")
            | local_name!("frame")
            | local_name!("img")
            | local_name!("form")
            | local_name!("input")
            | local_name!("div")
            | local_name!("section") => {
                for (name, value) in element.attrs().filter(|(_, value)| value.len() <= MAX_ATTRIBUTE) {
                    if matches!(
                        *name,
                        local_name!("id")
                            | local_name!("class")
                            | local_name!("src")
                            | local_name!("href")
                            | local_name!("action")
                    ) {
                        self.look(value);
                    }
                }
            }
            _ => {}
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
