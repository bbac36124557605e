//! Variants of pages, and what is told of pages beside them: languages, `Link` headers, dates in sitemaps.

use corpusd::{cli::Exit, report::Ending};

use super::{
    centre,
    site::{Reply, Site},
    world::{NAME, Reported, World},
};

/// What both language versions of the site tell.
const GUIDES: [(&str, &str, &str); 4] = [
    ("descale", "How to descale a kettle", "So wird ein Kessel entkalkt"),
    ("fill", "How to fill a kettle", "So wird ein Kessel gefüllt"),
    ("clean", "How to clean a kettle", "So wird ein Kessel geputzt"),
    ("store", "How to store a kettle", "So wird ein Kessel verstaut"),
];

/// A page in a language, with this in its head.
fn page(language: &str, title: &str, head: &str, links: &[String]) -> Reply {
    let text = match language {
        "de" => {
            "Nehmen Sie den Kessel vom Herd und lassen Sie ihn abkühlen, dann geht alles Weitere von selbst."
        }
        _ => "Take the kettle from the stove and let it cool down, then all the rest is done in no time.",
    };
    let links: String = links.iter().map(|link| format!("<li><a href=\"{link}\">{link}</a></li>")).collect();
    let lang = if language.is_empty() { String::new() } else { format!(" lang=\"{language}\"") };
    Reply::html(format!(
        "<!doctype html><html{lang}><head><meta charset=utf-8><title>{title}</title>{head}</head><body>\
         <nav><ul>{links}</ul></nav><main><h1>{title}</h1><p>{title}. {text}</p></main></body></html>"
    ))
}

/// The paths of a language's pages, its home page first.
fn paths(prefix: &str) -> Vec<String> {
    let guides = GUIDES.iter().map(|(guide, ..)| format!("{prefix}guides/{guide}"));
    std::iter::once(prefix.to_owned()).chain(guides).collect()
}

/// An English site with a German one under `/de/`; `head` makes what stands in the head of a page, by the rest of its
/// path, and what is the value of its `Link` header.
fn bilingual(site: &Site, lang: bool, told: impl Fn(&Site, &str) -> (String, Option<String>)) {
    for (prefix, language) in [("/", "en"), ("/de/", "de")] {
        let mut links = paths(prefix);
        links.push("/de/".to_owned());
        for path in paths(prefix) {
            let rest = path.trim_start_matches(prefix).to_owned();
            let guide = GUIDES.iter().find(|(guide, ..)| rest.ends_with(guide));
            let title = match (guide, language) {
                (Some((_, _, german)), "de") => german,
                (Some((_, english, _)), _) => english,
                (None, "de") => "Willkommen bei den Kesseln",
                (None, _) => "Welcome to the kettles",
            };
            let (head, link) = told(site, &rest);
            let reply = page(if lang { language } else { "" }, title, &head, &links);
            let reply = link.iter().fold(reply, |reply, link| reply.header("link", link));
            site.at(&path, reply);
        }
    }
}

fn hreflang(site: &Site, rest: &str) -> (String, Option<String>) {
    let variant = |language, prefix| {
        format!("<link rel=alternate hreflang={language} href=\"{}\">", site.url(&format!("{prefix}{rest}")))
    };
    (variant("en", "/") + &variant("de", "/de/"), None)
}

fn link_header(site: &Site, rest: &str) -> (String, Option<String>) {
    let variant = |language, prefix| {
        format!("<{}>; rel=\"alternate\"; hreflang=\"{language}\"", site.url(&format!("{prefix}{rest}")))
    };
    (String::new(), Some(variant("en", "/") + ", " + &variant("de", "/de/")))
}

fn nothing(_: &Site, _: &str) -> (String, Option<String>) {
    (String::new(), None)
}

/// Both languages at first, then English only, then both again; everything after the first run is answered 304.
async fn keeps_english_only(told: fn(&Site, &str) -> (String, Option<String>), lang: bool) {
    let gates = ["max_removed: 100%", "max_shrink: 100%"];
    let world = World::new().await.gates(&gates);
    bilingual(world.site.validates(), lang, told);
    let both = world.run().await.ends(Ending::Published);
    assert_eq!((both.documents.kept, both.pages.fetched), (10, 10), "{both:#?}");

    let world = world.crawl(&["languages: [en]"]);
    let english = world.run().await.ends(Ending::Published);
    assert_eq!(english.documents.kept, 5, "{english:#?}");
    assert_eq!(
        english.pages.fetched, 0,
        "stored bodies are read again, none comes over the wire: {english:#?}"
    );
    let published = world.published().await;
    assert!(published.contains("How to fill a kettle") && !published.contains("Kessel"), "{published}");

    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.hash()), (Exit::Done, english.hash()), "{report:#?}");
        assert_eq!(report.pages.fetched, 0, "{report:#?}");
        assert!(report.skipped("language") > 0, "{report:#?}");
    }
    // A world that wanted English from the first gives the same.
    let fresh = World::new().await.crawl(&["languages: [en]"]).starts(&[]).also(&world.site.url("/"));
    let report = fresh.run().await.ends(Ending::Published);
    assert_eq!(report.hash(), english.hash(), "{report:#?}");

    let world = world.crawl(&["languages: []"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, both.hash()), "{report:#?}");
}

#[tokio::test]
async fn one_language_is_kept_by_hreflang() {
    Box::pin(keeps_english_only(hreflang, true)).await;
}

#[tokio::test]
async fn one_language_is_kept_by_hreflang_in_headers() {
    Box::pin(keeps_english_only(link_header, false)).await;
}

#[tokio::test]
async fn one_language_is_kept_by_the_lang_attribute() {
    Box::pin(keeps_english_only(nothing, true)).await;
}

#[tokio::test]
async fn one_language_is_kept_by_the_path() {
    Box::pin(keeps_english_only(nothing, false)).await;
}

#[tokio::test]
async fn one_language_is_kept_by_the_content_language_header() {
    let world = World::new().await.crawl(&["languages: [en]"]);
    world.site.page("/", "Welcome to the kettles.", &["/kessel"]);
    let german = page("", "So wird ein Kessel gefüllt", "", &[]).header("content-language", "de-DE");
    world.site.at("/kessel", german).validates();
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.skipped("language"), report.documents.kept), (1, 1), "{report:#?}");
        assert!(!world.published().await.contains("Kessel"));
    }
}

#[tokio::test]
async fn a_variant_that_is_not_wanted_is_not_asked_for_unless_it_is_linked() {
    let world = World::new().await.crawl(&["languages: [en]"]);
    bilingual(&world.site, true, hreflang);
    for _ in 0..2 {
        world.site.forget_requests();
        let report = world.run().await;
        assert_eq!((report.documents.kept, report.skipped("language")), (5, 5), "{report:#?}");
        assert_eq!(world.site.count("/de/"), 1, "it is linked, and read for its links");
    }
}

#[tokio::test]
async fn a_variant_that_only_hreflang_names_is_not_asked_for() {
    let world = World::new().await.crawl(&["languages: [en]"]);
    let head = format!(
        "<link rel=alternate hreflang=en href=\"{}\"><link rel=alternate hreflang=de href=\"{}\">",
        world.site.url("/"),
        world.site.url("/kessel")
    );
    world.site.at("/", page("en", "Welcome to the kettles", &head, &[])).validates();
    world.site.at("/kessel", page("de", "Willkommen bei den Kesseln", &head, &[]));
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.documents.kept, report.skipped("language")), (1, 1), "{report:#?}");
    }
    assert_eq!(world.site.count("/kessel"), 0);
    let explained = world.corpusd(&["explain", NAME, &world.site.url("/kessel")]).await.exits(0).stdout;
    assert!(explained.contains("language: its variant in a preferred language is kept"), "{explained}");
}

#[tokio::test]
async fn a_page_that_only_exists_in_another_language_is_left_out_and_its_links_are_followed() {
    let world = World::new().await.crawl(&["languages: [en]"]);
    world.site.page("/", "Welcome to the kettles.", &["/de/nur-deutsch"]);
    world.site.at("/de/nur-deutsch", page("de", "Nur auf Deutsch", "", &["/guides/fill".to_owned()]));
    world.site.page("/guides/fill", "How a kettle is filled.", &[]);
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.documents.kept, report.skipped("language")), (2, 1), "{report:#?}");
    }
}

// Link headers

#[tokio::test]
async fn a_canonical_form_in_a_header_counts_like_one_in_the_page() {
    let world = centre::ready().await;
    world.site.validates();
    let (path, ..) = centre::ARTICLES[2];
    let print = format!("{path}/print");
    let link = format!("<{path}>; rel=\"canonical\"");
    world
        .site
        .at(&print, Reply::html(centre::article_with(path, "", "<p>Printed.</p>")).header("link", &link));
    world.site.at("/", Reply::html(centre::home(&format!("<p><a href=\"{print}\">Print</a></p>"))));
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.skipped("canonical"), report.documents.kept), (1, centre::PAGES), "{report:#?}");
        assert!(!world.published().await.contains("Printed."));
    }
}

#[tokio::test]
async fn the_next_page_in_a_header_is_followed_also_where_nothing_changed() {
    let world = World::new().await;
    let first = page("en", "The first part", "", &[]).header("link", "</part/2>; rel=\"next\"");
    let second = page("en", "The second part", "", &[]).header("link", "<3>; rel=next, </>; rel=prev");
    world
        .site
        .at("/", first)
        .at("/part/2", second)
        .at("/part/3", page("en", "The third part", "", &[]))
        .validates();
    for ending in [Ending::Published, Ending::Unchanged, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.exit(), report.documents.kept), (Exit::Done, 3), "{report:#?}");
    }
}

#[tokio::test]
async fn variants_in_headers_are_found() {
    let world = World::new().await;
    let link = "</de/start>; rel=\"alternate\"; hreflang=\"de\"";
    world.site.at("/", page("en", "Start here", "", &[]).header("link", link));
    world.site.at("/de/start", page("de", "Hier geht es los", "", &[]));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, 2, "{report:#?}");
}

// Dates in sitemaps

/// A sitemap of all pages of the help centre; `date` says when each changed.
fn sitemap(site: &Site, date: impl Fn(&str) -> String) {
    let entries: String = centre::paths()
        .map(|path| format!("<url><loc>{}</loc><lastmod>{}</lastmod></url>", site.url(path), date(path)))
        .collect();
    let xml = "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">";
    site.at("/sitemap.xml", Reply::xml(format!("{xml}{entries}</urlset>")));
}

/// The pages that were asked for without a question whether they have changed.
fn read_in_full(site: &Site) -> Vec<String> {
    let requests = site.requests().into_iter();
    let pages = requests.filter(|request| !["/robots.txt", "/sitemap.xml"].contains(&request.path.as_str()));
    pages.filter(|request| request.header("if-none-match").is_none()).map(|request| request.path).collect()
}

#[tokio::test]
async fn a_page_that_changed_by_the_sitemap_is_read_in_full() {
    let world = centre::ready().await;
    world.site.validates();
    sitemap(&world.site, |_| "2026-01-01".to_owned());
    world.run().await.ends(Ending::Published);
    let (changed, ..) = centre::ARTICLES[4];
    sitemap(&world.site, |path| if path == changed { "2026-02-02" } else { "2026-01-01" }.to_owned());
    for (fetched, full) in [(1, &[changed][..]), (0, &[])] {
        world.site.forget_requests();
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.pages.fetched, report.exit()), (fetched, Exit::Done), "{report:#?}");
        assert_eq!(read_in_full(&world.site), full);
    }
}

#[tokio::test]
async fn a_change_that_the_sitemap_told_is_remembered_until_the_page_could_be_read() {
    let world = centre::ready().await;
    world.site.validates();
    sitemap(&world.site, |_| "2026-01-01".to_owned());
    world.run().await.ends(Ending::Published);
    let (changed, ..) = centre::ARTICLES[4];
    sitemap(&world.site, |path| if path == changed { "2026-02-02" } else { "2026-01-01" }.to_owned());
    world.site.once(changed, Reply::status(500));
    for (exit, full) in [(Exit::Troubled, &[changed][..]), (Exit::Done, &[changed]), (Exit::Done, &[])] {
        world.site.forget_requests();
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!(report.exit(), exit, "{report:#?}");
        assert_eq!(read_in_full(&world.site), full);
    }
}

#[tokio::test]
async fn a_sitemap_whose_every_page_changed_at_once_is_not_believed() {
    let world = centre::ready().await;
    world.site.validates();
    sitemap(&world.site, |_| "2026-01-01T00:00:00Z".to_owned());
    world.run().await.ends(Ending::Published);
    for day in 1..4 {
        sitemap(&world.site, |_| format!("2026-02-0{day}T00:00:00Z"));
        world.site.forget_requests();
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.pages.fetched, report.pages.not_modified), (0, centre::PAGES), "{report:#?}");
        assert_eq!(read_in_full(&world.site), [""; 0]);
    }
    // Said of one page, it is believed again.
    let (changed, ..) = centre::ARTICLES[4];
    sitemap(&world.site, |path| {
        if path == changed { "2026-03-03" } else { "2026-02-03T00:00:00Z" }.to_owned()
    });
    world.site.forget_requests();
    world.run().await.ends(Ending::Unchanged);
    assert_eq!(read_in_full(&world.site), [changed]);
}

#[tokio::test]
async fn a_date_that_did_not_change_deletes_nothing_and_hides_nothing() {
    let world = centre::ready().await;
    sitemap(&world.site, |_| "2026-01-01".to_owned());
    world.run().await.ends(Ending::Published);
    let (changed, ..) = centre::ARTICLES[4];
    world.site.at(changed, Reply::html(centre::article_with(changed, "", "<p>Owners may do all of it.</p>")));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.changed, report.documents.kept), (1, centre::PAGES), "{report:#?}");
}
