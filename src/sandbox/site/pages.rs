//! The table of pages. The files hold what is between a page's header and footer; layouts hold the rest.

use jiff::civil::Date;
use jiff::tz::TimeZone;

const ARTICLE: &str = include_str!("layout_article.html");
const MANUAL: &str = include_str!("layout_manual.html");

/// One address of the site.
pub(super) struct Page {
    pub(super) path: &'static str,
    title: &'static str,
    /// The day of its last change, `YYYY-MM-DD`.
    pub(super) modified: &'static str,
    traits: &'static [Trait],
    /// What stands between header and footer.
    pub(super) content: &'static str,
}

/// What sets a page apart from an ordinary English article.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trait {
    /// Laid out without semantic elements, as generated manuals are.
    Manual,
    /// In German.
    German,
    /// Sent in windows-1252.
    Windows1252,
    /// Asks not to be indexed, in the page and in a header.
    Noindex,
    /// Not in the sitemap.
    Unlisted,
    /// Names `/help/products/hub` as its canonical address.
    CanonicalIsProductHub,
}

const fn page(
    path: &'static str,
    title: &'static str,
    modified: &'static str,
    traits: &'static [Trait],
    content: &'static str,
) -> Page {
    Page { path, title, modified, traits, content }
}

/// What is shown where there is no page.
pub(super) const MISSING: Page = page("", "Page not found", "2026-01-01", &[], include_str!("missing.html"));

/// Every page, in the order of the sitemap.
pub(super) const PAGES: [Page; 38] = [
    page("/help/", "Help centre", "2026-01-01", &[], include_str!("index.html")),
    page("/help/getting-started", "Getting started", "2026-06-08", &[], include_str!("getting-started.html")),
    page(
        "/help/getting-started/install-the-hub",
        "Install the Hub",
        "2026-02-15",
        &[],
        include_str!("install-the-hub.html"),
    ),
    page(
        "/help/getting-started/pair-a-probe",
        "Pair a probe",
        "2026-07-22",
        &[],
        include_str!("pair-a-probe.html"),
    ),
    page("/help/getting-started/app", "Get the app", "2026-03-02", &[], include_str!("app.html")),
    page(
        "/help/account/reset-password",
        "Reset your password",
        "2026-08-09",
        &[],
        include_str!("reset-password.html"),
    ),
    page(
        "/help/account/two-step-sign-in",
        "Two-step sign-in",
        "2026-04-16",
        &[],
        include_str!("two-step-sign-in.html"),
    ),
    page(
        "/help/account/delete-account",
        "Delete your account",
        "2026-09-23",
        &[],
        include_str!("delete-account.html"),
    ),
    page("/help/account/share-access", "Share access", "2026-05-03", &[], include_str!("share-access.html")),
    page("/help/plans", "Plans and prices", "2026-01-10", &[], include_str!("plans.html")),
    page(
        "/help/plans/change-plan",
        "Change or cancel your plan",
        "2026-06-17",
        &[],
        include_str!("change-plan.html"),
    ),
    page("/help/billing/invoices", "Invoices", "2026-02-24", &[], include_str!("invoices.html")),
    page("/help/billing/refunds", "Refunds", "2026-07-04", &[], include_str!("refunds.html")),
    page("/help/orders/shipping", "Shipping and delivery", "2026-03-11", &[], include_str!("shipping.html")),
    page("/help/orders/delivery", "Shipping and delivery", "2026-08-18", &[], include_str!("shipping.html")),
    page("/help/orders/track", "Track an order", "2026-04-25", &[], include_str!("track.html")),
    page("/help/orders/returns", "Returns", "2026-09-05", &[], include_str!("returns.html")),
    page("/help/warranty", "Warranty", "2026-05-12", &[], include_str!("warranty.html")),
    page("/help/contact", "Contact and opening hours", "2026-01-19", &[], include_str!("contact.html")),
    page("/help/products/hub", "Mossbeam Hub", "2026-06-26", &[], include_str!("hub.html")),
    page(
        "/help/hub",
        "Mossbeam Hub",
        "2026-02-06",
        &[Trait::CanonicalIsProductHub, Trait::Unlisted],
        include_str!("hub.html"),
    ),
    page("/help/products/root-probe", "Root Probe", "2026-07-13", &[], include_str!("root-probe.html")),
    page(
        "/help/products/canopy-sensor",
        "Canopy Sensor",
        "2026-03-20",
        &[],
        include_str!("canopy-sensor.html"),
    ),
    page(
        "/help/troubleshooting/hub-offline",
        "The Hub is offline",
        "2026-08-27",
        &[],
        include_str!("hub-offline.html"),
    ),
    page(
        "/help/troubleshooting/probe-reads-zero",
        "A probe reads zero",
        "2026-04-07",
        &[],
        include_str!("probe-reads-zero.html"),
    ),
    page(
        "/help/troubleshooting/lights",
        "What the lights mean",
        "2026-09-14",
        &[],
        include_str!("lights.html"),
    ),
    page("/help/faq", "Frequently asked questions", "2026-05-21", &[], include_str!("faq.html")),
    page("/help/developers/api", "API basics", "2026-01-01", &[Trait::Manual], include_str!("api.html")),
    page(
        "/help/developers/webhooks",
        "Webhooks",
        "2026-06-08",
        &[Trait::Manual],
        include_str!("webhooks.html"),
    ),
    page(
        "/help/developers/export",
        "Export your readings",
        "2026-02-15",
        &[Trait::Manual],
        include_str!("export.html"),
    ),
    page("/help/glossary", "Glossary", "2026-07-22", &[], include_str!("glossary.html")),
    page("/help/guide/care-calendar", "Care calendar", "2026-03-02", &[], include_str!("care-calendar.html")),
    page("/help/privacy", "Privacy", "2026-08-09", &[], include_str!("privacy.html")),
    page("/help/offers/schools", "Mossbeam for schools", "2026-04-16", &[], include_str!("schools.html")),
    page(
        "/help/de/passwort-zuruecksetzen",
        "Passwort zurücksetzen",
        "2026-09-23",
        &[Trait::German],
        include_str!("passwort.html"),
    ),
    page(
        "/help/legacy/hub-one",
        "Hub One",
        "2026-05-03",
        &[Trait::Windows1252],
        include_str!("hub-one.html"),
    ),
    page(
        "/help/search",
        "Search",
        "2026-01-10",
        &[Trait::Noindex, Trait::Unlisted],
        include_str!("search.html"),
    ),
    page(
        "/help/internal/runbook",
        "Night shift runbook",
        "2026-06-17",
        &[Trait::Unlisted],
        include_str!("runbook.html"),
    ),
];

impl Page {
    pub(super) fn is(&self, sought: Trait) -> bool {
        self.traits.contains(&sought)
    }

    /// Nine in the morning of the day of the last change, in seconds since the Unix epoch.
    pub(super) fn modified_at(&self) -> u64 {
        let day = self.modified.parse().unwrap_or(Date::ZERO);
        let morning = day.at(9, 0, 0, 0).to_zoned(TimeZone::UTC);
        morning.ok().and_then(|morning| morning.timestamp().as_second().try_into().ok()).unwrap_or(0)
    }

    /// The whole page. `base` is the scheme and authority of canonical addresses.
    pub(super) fn fill(&self, base: &str) -> String {
        let canonical = if self.is(Trait::CanonicalIsProductHub) { "/help/products/hub" } else { self.path };
        let head = if self.is(Trait::Noindex) {
            "<meta name=\"robots\" content=\"noindex\">".to_owned()
        } else if self.is(Trait::CanonicalIsProductHub) || self.path == "/help/products/hub" {
            format!("<link rel=\"canonical\" href=\"{base}{canonical}\">")
        } else {
            String::new()
        };
        let layout = if self.is(Trait::Manual) { MANUAL } else { ARTICLE };
        layout
            .replace("{{lang}}", if self.is(Trait::German) { "de" } else { "en" })
            .replace("{{charset}}", if self.is(Trait::Windows1252) { "windows-1252" } else { "utf-8" })
            .replace("{{head}}", &head)
            .replace("{{path}}", self.path)
            .replace("{{title}}", self.title)
            .replace("{{content}}", self.content.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_an_address_of_its_own_and_a_real_date() {
        for (at, page) in PAGES.iter().enumerate() {
            assert!(PAGES[..at].iter().all(|other| other.path != page.path), "{}", page.path);
            assert!(page.modified.parse::<Date>().is_ok(), "{}", page.path);
            assert!(!page.fill("http://host").contains("{{"), "{}", page.path);
        }
    }
}
