//! How a business is reached and when it is open, where only the foot of its pages says so, and what a bar above all of
//! them announces: told once, on the first page of the site, below its content.

use std::collections::HashSet;

use url::Url;

use crate::html::{Base, Element, NodeId, Tree, is_silent, local_name};
use crate::markdown::{self, Block, NodeSet, render, visible_text};

use super::chrome::{Page, is_block, says_contact};
use super::cleaning::Asked;
use super::facts::{announces, has_facts, has_hours, is_telephone};
use super::flags::Flags;
use super::hidden;
use super::structured::Shown;
use super::stylesheet::Stylesheet;

/// Bytes of text of a part that states facts and nothing else.
const STATEMENT: usize = 300;
/// Parts that are told at most.
const MAX_PARTS: usize = 12;

/// Blocks for the facts that the foot of a site's first page states and its `blocks` do not. Where the pipeline says what
/// the content is, there are none.
pub(super) fn facts(
    page: Page<'_>,
    stylesheet: &Stylesheet,
    asked: &Asked<'_>,
    base: &Base,
    blocks: &[Block],
) -> Vec<Block> {
    let Page { tree, measure, .. } = page;
    if !is_first_page(page.base) || !asked.content.is_empty() {
        return Vec::new();
    }
    let mut dropped = NodeSet::new(tree.len());
    hidden::mark(tree, measure, stylesheet, Tree::ROOT, &mut dropped, &mut Flags::default());
    let mut shown = Shown::new(blocks);
    let (mut found, mut told) = (Vec::new(), HashSet::new());
    let mut feet = tree.descendants(Tree::ROOT);
    while let Some(foot) = feet.next() {
        let Some(element) = tree.element(foot) else { continue };
        // What merely has a bar may be called after it.
        let is_small = measure.text(foot) <= MAX_PARTS * STATEMENT / 2;
        let kind = Place::of(element).filter(|kind| *kind == Place::Foot || is_small);
        if is_content(element) || kind.is_some() {
            feet.skip_children();
        }
        if let Some(kind) = kind.filter(|_| !asked.removes(tree, foot)) {
            found.extend(parts(page, foot, kind, asked, &dropped, &mut shown, &mut told));
        }
    }
    found.truncate(MAX_PARTS);
    render(markdown::Page { tree, measure, base, dropped: &dropped }, &found)
}

/// Whether a page is the first one of a site, or of the site in one of its languages: `/`, `/index.html`, `/en/`.
fn is_first_page(url: &Url) -> bool {
    let mut segments = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
    let is_language = |segment: &str| {
        let mut parts = segment.split(['-', '_']);
        parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic()))
            && parts.next().is_none_or(|part| part.len() == 2 || part.len() == 4)
            && parts.next().is_none()
    };
    let is_index =
        |segment: &str| matches!(segment.split('.').next(), Some("index" | "home" | "default" | "welcome"));
    let first = segments.next();
    let rest = if first.is_some_and(is_language) { segments.next() } else { first };
    rest.is_none_or(is_index) && segments.next().is_none()
}

/// The outermost parts of a foot that state nothing but such facts. Other numbers there change with each visit.
fn parts(
    page: Page<'_>,
    foot: NodeId,
    kind: Place,
    asked: &Asked<'_>,
    dropped: &NodeSet,
    shown: &mut Shown,
    told: &mut HashSet<String>,
) -> Vec<NodeId> {
    let Page { tree, measure, .. } = page;
    let mut found = Vec::new();
    let mut nodes = tree.descendants(foot);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if dropped.contains(id) || is_silent(element) || asked.removes(tree, id) {
            nodes.skip_children();
            continue;
        }
        let is_address = *element.name() == local_name!("address");
        if (is_block(element) || is_address) && (1..=STATEMENT).contains(&measure.text(id)) {
            let text = visible_text(tree, dropped, id);
            let tells = match kind {
                Place::Foot if leads_on(tree, id) => continue,
                Place::Foot => {
                    is_address
                        || says_contact(tree, id)
                        || is_telephone(&text)
                        || (has_hours(&text) && says_days(&text))
                }
                Place::Bar => has_facts(&text) || announces(&text),
            };
            if tells && !shown.holds(&text) && told.insert(text) {
                found.push(id);
            }
            nodes.skip_children();
        }
    }
    found
}

/// Whether hours are those of named days. Those of today are others tomorrow, and hours alone are of nobody knows what.
fn says_days(text: &str) -> bool {
    const DAYS: &[&str] = &[
        "monday", "friday", "saturday", "sunday", "weekdays", "weekends", "daily", "mon", "fri", "sat",
        "sun", "montag", "freitag", "samstag", "sonntag", "täglich", "mo", "fr", "sa", "so", "lundi",
        "vendredi", "samedi", "dimanche", "lun", "ven", "sam", "dim", "lunes", "viernes", "sábado",
        "domingo", "vie", "sáb", "dom", "lunedì", "venerdì", "sabato", "domenica", "segunda", "sexta",
        "maandag", "vrijdag", "zaterdag", "zondag", "ma", "vr", "za", "zo",
    ];
    const TODAY: &[&str] = &["today", "now", "heute", "jetzt", "aujourd", "hoy", "oggi", "hoje", "vandaag"];
    let lower = text.to_lowercase();
    let says = |names: &[&str]| lower.split(|c: char| !c.is_alphabetic()).any(|word| names.contains(&word));
    says(DAYS) && !says(TODAY)
}

/// Whether a foot inside belongs to something on the page, not to the page.
fn is_content(element: &Element) -> bool {
    matches!(*element.name(), local_name!("main") | local_name!("article") | local_name!("blockquote"))
}

/// Where on all pages something stands that is told on the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Foot,
    /// A shop's bar of announcements.
    Bar,
}

impl Place {
    fn of(element: &Element) -> Option<Self> {
        let is_foot = *element.name() == local_name!("footer")
            || element.attr(&local_name!("role")) == Some("contentinfo");
        let is_bar = |name: &str| {
            let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| matches!(&*word.to_ascii_lowercase(), "announcement" | "announcementbar"))
        };
        let is_bar = || element.classes().chain(element.id()).any(is_bar);
        if is_foot { Some(Place::Foot) } else { is_bar().then_some(Place::Bar) }
    }
}

/// Whether a part holds links to other pages, as opposed to such that call or write to somebody.
fn leads_on(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).filter_map(|n| tree.attr(n, &local_name!("href"))).any(|href| {
        let href = href.trim_ascii().to_ascii_lowercase();
        !href.starts_with("tel:") && !href.starts_with("mailto:")
    })
}

#[cfg(test)]
mod tests {
    use super::is_first_page;
    use crate::extract::{Asked, extract};
    use crate::html::{links, parse};

    const FOOT: &str = "<footer><ul><li><a href=/about>About us, since 1999 12345</a></li></ul>\
        <div><h4>Hours</h4><p>Mon–Fri 9:00–17:00</p></div><address>1 Main St<br>Springfield</address>\
        <p><a href='tel:+15550100200'>555-010-0200</a></p><p>All pumps are made with care.</p><p>Made at 12:03:07 in 0.03 s for visitor 12345678.</p>\
        <p style='display:none'>Mon–Sun 0:00–24:00</p></footer>";

    fn markdown(url: &str, page: &str, asked: &Asked<'_>) -> String {
        let tree = parse(page).unwrap();
        let links = links(&tree, &url.parse().unwrap());
        extract(&tree, &links, asked).markdown()
    }

    #[test]
    fn the_first_page_tells_how_the_business_is_reached() {
        let page = format!("<main><h1>Pumps</h1><p>We repair pumps of all kinds.</p></main>{FOOT}");
        let found = markdown("https://a.test/", &page, &Asked::default());
        let expected = "# Pumps\n\nWe repair pumps of all kinds.\n\n#### Hours\n\nMon–Fri 9:00–17:00\n\n\
            1 Main St  \nSpringfield\n\n[555-010-0200](tel:+15550100200)";
        assert_eq!(found, expected);
        let other = markdown("https://a.test/repair", &page, &Asked::default());
        assert_eq!(other, "# Pumps\n\nWe repair pumps of all kinds.");
    }

    #[test]
    fn a_site_has_a_first_page_in_each_language() {
        let check =
            |url: &str, expected: bool| assert_eq!(is_first_page(&url.parse().unwrap()), expected, "{url}");
        check("https://a.test", true);
        check("https://a.test/index.php?x=1", true);
        check("https://a.test/de/", true);
        check("https://a.test/en-gb/home", true);
        check("https://a.test/blog", false);
        check("https://a.test/de/kontakt", false);
        check("https://a.test/de/home/x", false);
    }

    #[test]
    fn a_number_without_a_link_is_told() {
        let foot = "<p>Phone: (609) 655-3700</p><p>Mon – Fri: 9 AM – 5 PM</p><p>Visitor 12345678</p>";
        let page = format!("<main><h1>Pumps</h1><p>We repair.</p></main><footer>{foot}</footer>");
        let found = markdown("https://a.test/en/", &page, &Asked::default());
        assert_eq!(found, "# Pumps\n\nWe repair.\n\nPhone: (609) 655-3700\n\nMon – Fri: 9 AM – 5 PM");
    }

    #[test]
    fn what_a_bar_announces_is_told() {
        let bar = |text: &str| format!("<div class=announcement-bar><div>{text}</div></div>");
        let told = |text: &str| {
            let page = format!("{}<main><h1>Pumps</h1><p>We repair.</p></main>", bar(text));
            markdown("https://a.test/", &page, &Asked::default())
        };
        let free = "Free shipping over $75 <a href=/shop>Shop</a>";
        assert!(told(free).ends_with("Free shipping over $75 [Shop](https://a.test/shop)"), "{}", told(free));
        let page =
            format!("<body class=has-announcement-bar><p>{}</p>{FOOT}", "We repair pumps. ".repeat(200));
        assert!(markdown("https://a.test/", &page, &Asked::default()).contains("1 Main St"));
        assert!(told("20% off all pumps").ends_with("20% off all pumps"));
        assert!(told("<a href=/new>New pumps</a>").ends_with("We repair."));
        assert!(told("We use cookies.").ends_with("We repair."));
    }

    #[test]
    fn hours_are_told_with_their_days_and_once() {
        let foot = "<div><p>Mon–Fri</p><p>9:00–17:00</p><p><a href=/map>Directions</a></p></div>\
            <div>Today: Monday 9:00–17:00</div><div>Sat 10:00–14:00</div><p>Sat 10:00–14:00</p>";
        let page = format!("<main><h1>Pumps</h1><p>We repair.</p></main><footer>{foot}</footer>");
        let found = markdown("https://a.test/", &page, &Asked::default());
        assert_eq!(found, "# Pumps\n\nWe repair.\n\nSat 10:00–14:00");
    }

    #[test]
    fn what_the_page_shows_and_what_is_not_asked_for_is_not_told() {
        let page = |text: &str| format!("<main><h1>Pumps</h1><p>{text}</p></main>{FOOT}");
        let shown = page("Call 555-010-0200, Mon–Fri 9:00–17:00, 1 Main St, Springfield. Hours may change.");
        assert!(markdown("https://a.test/", &shown, &Asked::default()).ends_with("Hours may change."));
        let (main, foot) = ("main".parse().unwrap(), "footer div, address, footer p".parse().unwrap());
        let asked = Asked { content: vec![&main], remove: Vec::new() };
        assert!(markdown("https://a.test/", &page("We repair."), &asked).ends_with("We repair."));
        let asked = Asked { content: Vec::new(), remove: vec![&foot] };
        assert!(markdown("https://a.test/", &page("We repair."), &asked).ends_with("We repair."));
    }
}
