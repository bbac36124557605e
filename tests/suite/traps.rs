//! Traps: sites that give as many URLs as are asked for. The crawl ends, the real pages are all there.

use corpusd::{
    cli::Exit,
    report::{Ending, RunReport},
};
use jiff::tz::TimeZone;

use super::{
    centre::{self, PAGES},
    site::Reply,
    world::{NAME, Reported, World, now},
};

/// A help centre whose home page leads to `entry`, and a script behind it.
async fn with_trap(entry: &str, answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> World {
    let world = centre::ready().await;
    world.site.at("/", Reply::html(centre::home(&format!("<p><a href=\"{entry}\">More</a></p>"))));
    world.site.script(move |path, _| answer(path));
    world
}

/// A page of the trap with links to others.
fn page(title: &str, text: &str, links: impl IntoIterator<Item = String>) -> Reply {
    let links: String = links.into_iter().map(|link| format!("<a href=\"{link}\">{link}</a> ")).collect();
    Reply::html(centre::framed(title, "en", "", &format!("<h1>{title}</h1><p>{text}</p><nav>{links}</nav>")))
}

/// Calendar pages of every month, whatever the year.
fn calendar(path: &str) -> Reply {
    let Some((year, month)) = path.strip_prefix("/calendar?month=").and_then(|date| date.split_once('-'))
    else {
        return Reply::status(404);
    };
    let year: i32 = year.parse().unwrap();
    let months = (1..=12).map(|month| format!("/calendar?month={year}-{month:02}"));
    let years = [year - 1, year + 1].map(|year| format!("/calendar?month={year}-{month}"));
    page(&format!("Events in {year}-{month}"), "There are no events in this month.", months.chain(years))
}

fn this_month() -> String {
    format!("/calendar?month={}", now().to_zoned(TimeZone::UTC).strftime("%Y-%m"))
}

/// How often pages below `prefix` were asked for.
fn asked(world: &World, prefix: &str) -> usize {
    world.site.paths().iter().filter(|path| path.starts_with(prefix)).count()
}

/// The run is complete, the trap was cut after at most so many pages, and no real page is missing.
async fn is_cut(world: &World, prefix: &str, most: usize) -> RunReport {
    let report = world.run().await.ends(Ending::Published);
    assert!(report.skipped("trap") > 0, "{report:#?}");
    assert!(asked(world, prefix) <= most, "{} pages", asked(world, prefix));
    let published = world.published().await;
    for path in centre::paths() {
        assert_eq!(world.site.count(path), 1, "{path}");
        assert!(published.contains(centre::title(path)), "{path}");
    }
    report
}

#[tokio::test]
async fn a_calendar_without_end_is_cut() {
    let world = with_trap(&this_month(), calendar).await;
    let first = is_cut(&world, "/calendar", 160).await;
    world.site.forget_requests();
    let again = world.run().await.ends(Ending::Unchanged);
    assert_eq!((again.hash(), again.pages.skipped_by), (first.hash(), first.pages.skipped_by));
}

#[tokio::test]
async fn a_search_by_facets_is_cut_in_whatever_order_they_stand() {
    let world = with_trap("/search?color=0&size=0&brand=0", |path| {
        let Some(query) = path.strip_prefix("/search?") else { return Reply::status(404) };
        let value = |name: &str| -> u32 {
            let value = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        let (color, size, brand) = (value("color"), value("size"), value("brand"));
        let links = (0..8).flat_map(move |n| {
            [
                format!("/search?color={n}&size={size}&brand={brand}"),
                format!("/search?size={n}&brand={brand}&color={color}"),
                format!("/search?brand={n}&color={color}&size={size}"),
            ]
        });
        page("Kettles", &format!("Kettles of color {color}, size {size} and brand {brand}."), links)
    })
    .await;
    is_cut(&world, "/search", 260).await;
}

/// A list without end, where each page leads on and far ahead.
fn list(path: &str) -> Reply {
    let Some(number) = path.strip_prefix("/list?page=").and_then(|number| number.parse::<u64>().ok()) else {
        return Reply::status(404);
    };
    let on = (1..=5).map(|step| format!("/list?page={}", number + step));
    page("All kettles", "No more kettles were found.", on)
}

#[tokio::test]
async fn a_list_without_end_is_cut() {
    let world = with_trap("/nothing", list).await;
    world.run().await.ends(Ending::Published);
    world.site.forget_requests();
    world.site.at("/", Reply::html(centre::home("<p><a href=\"/list?page=1\">More</a></p>")));
    let report = is_cut(&world, "/list", 70).await;
    // The one text of all of them is one document.
    assert_eq!(report.documents.kept, PAGES + 1, "{report:#?}");
}

#[tokio::test]
async fn a_first_run_that_finds_hardly_more_than_a_list_without_end_is_held() {
    let world = with_trap("/list?page=1", list).await;
    let report = world.run().await.ends(Ending::Held);
    assert!(
        report.skipped("trap") > 0 && report.error.clone().unwrap().contains("mass_duplicate"),
        "{report:#?}"
    );
    let world = world.crawl(&["exclude: [\"/list**\"]"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES), "{report:#?}");
}

#[tokio::test]
async fn a_list_that_leads_ever_further_is_cut() {
    let world = with_trap("/list?page=1", |path| {
        let Some(number) = path.strip_prefix("/list?page=").and_then(|number| number.parse::<u64>().ok())
        else {
            return Reply::status(404);
        };
        let on = (1..=5).map(|step| format!("/list?page={}", number * 10 + step * 400));
        page("All kettles", &format!("These are the kettles of page {number}."), on)
    })
    .await;
    is_cut(&world, "/list", 120).await;
}

#[tokio::test]
async fn a_path_that_repeats_itself_is_cut() {
    let world = with_trap("/deeper/a", |path| {
        if !path.starts_with("/deeper") {
            return Reply::status(404);
        }
        page("Deeper", &format!("It goes on below {path}."), [format!("{path}/a")])
    })
    .await;
    is_cut(&world, "/deeper", 4).await;
}

#[tokio::test]
async fn a_trap_that_takes_most_of_the_budget_makes_the_crawl_incomplete() {
    let world = with_trap("/nothing", calendar).await.crawl(&["max_pages: 100"]);
    let live = world.run().await.ends(Ending::Published).hash();
    let more = format!("<p>See also <a href=\"{}\">our events</a> of this month.</p>", this_month());
    world.site.at("/", Reply::html(centre::home(&more)));
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Incomplete);
        assert_eq!(report.exit(), Exit::Held);
        let error = report.error.unwrap();
        assert!(
            error.contains("traps took") && error.contains("/calendar") && error.contains("`exclude`"),
            "{error}"
        );
        assert_eq!(error.matches("traps took").count(), 1, "{error}");
        assert_eq!(world.chatbot.agent(corpusd::sandbox::AGENT_ID).await["pushed_sha256"], live);
    }
    let shown = world.corpusd(&["run", "--once", NAME]).await.exits(4);
    assert!(format!("{}{}", shown.stdout, shown.stderr).contains("traps took"), "{}", shown.stdout);
    // The way out that it names.
    let world = world.crawl(&["exclude: [\"/calendar**\"]"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES), "{report:#?}");
}

#[tokio::test]
async fn a_budget_that_real_pages_use_up_is_no_trap() {
    let world = centre::ready().await.crawl(&["max_pages: 10"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.documents.kept, report.skipped("max_pages")), (10, PAGES - 10), "{report:#?}");
    assert!(report.pages.truncated);
}
