//! Sites that fail, lie, or fight back: what was read before stays, and the crawl ends within bounds.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use corpusd::{
    cli::Exit,
    report::{Ending, RunReport},
};
use encoding_rs::{SHIFT_JIS, WINDOWS_1252};
use flate2::{Compression, write::GzEncoder};

use super::{
    site::{Canary, Reply, Site, html},
    world::{Reported, World},
};

/// A world that has published two pages, and lets any number of them fail from now on.
async fn settled() -> World {
    let world = World::new().await.gates(&["max_failed: 100%", "max_removed: 100%", "max_shrink: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.run().await.ends(Ending::Published);
    world
}

/// The world's second page is carried forward, and nothing is pushed, as long as it answers like this.
async fn carries_forward(reply: Reply, kind: &str) {
    let world = settled().await;
    world.site.at("/a", reply);
    for _ in 0..3 {
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!(
            (report.failed(kind), report.pages.carried_forward, report.pages.removed),
            (1, 1, 0),
            "{report:#?}"
        );
        assert_eq!((report.exit(), report.documents.kept), (Exit::Troubled, 2));
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    assert!(world.published().await.contains("Apples keep for weeks."));
}

#[tokio::test]
async fn a_page_leaves_when_a_second_complete_run_confirms_that_it_is_gone() {
    for status in [404, 410] {
        let world = settled().await;
        world.site.at("/a", Reply::status(status));
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.pages.carried_forward, report.exit()), (1, Exit::Troubled));
        // An incomplete run confirms nothing.
        world.site.at("/robots.txt", Reply::status(500));
        world.run().await.ends(Ending::Incomplete);
        world.site.remove("/robots.txt");
        let report = world.run().await.ends(Ending::Published);
        assert_eq!((report.pages.removed, report.documents.kept), (1, 1));
        assert!(!world.published().await.contains("Apples"));
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.pages.failed, report.exit()), (0, Exit::Done), "a broken link is no failure");
    }
}

#[tokio::test]
async fn a_page_that_comes_back_between_two_runs_stays() {
    let world = settled().await;
    for _ in 0..2 {
        world.site.remove("/a");
        world.run().await.ends(Ending::Unchanged);
        world.site.page("/a", "Apples keep for weeks.", &[]);
        world.run().await.ends(Ending::Unchanged);
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_page_that_answers_with_an_error_is_carried_forward() {
    for status in [500, 503, 403, 401, 429] {
        carries_forward(Reply::status(status), "status").await;
    }
}

#[tokio::test]
async fn a_page_whose_connection_is_reset_is_carried_forward() {
    carries_forward(Reply::reset(), "connect").await;
}

#[tokio::test]
async fn a_page_that_ends_too_early_is_carried_forward() {
    let body = || html("/a", &"Apples keep for weeks. ".repeat(50), &[]);
    carries_forward(Reply::html(body()).cut_after(400), "truncated").await;
    // Without an announced length, only the missing end of the page gives it away.
    carries_forward(Reply::html(&body().as_bytes()[..400]).until_closed(), "truncated").await;
}

#[tokio::test]
async fn a_page_that_never_answers_is_carried_forward() {
    let world = settled().await;
    world.site.at("/a", Reply::silent());
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.failed("timeout"), report.pages.carried_forward), (1, 1), "{report:#?}");
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_body_that_no_coding_can_undo_is_carried_forward() {
    carries_forward(Reply::html("this is not gzip").header("content-encoding", "gzip"), "decode").await;
    carries_forward(Reply::html("nor does this exist").header("content-encoding", "rot13"), "decode").await;
}

#[tokio::test]
async fn a_site_that_is_down_keeps_its_corpus() {
    let world = settled().await;
    for path in ["/", "/a"] {
        world.site.at(path, Reply::reset());
    }
    for _ in 0..2 {
        let report = world.run().await;
        assert!(matches!(report.outcome, Ending::Unchanged | Ending::Incomplete), "{report:#?}");
        assert_eq!(report.pages.removed, 0);
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let world = World::new().await.crawl(&["retries: 1"]);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.site.once("/a", Reply::status(502));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.failed, report.exit(), world.site.count("/a")), (0, Exit::Done, 2));
}

#[tokio::test]
async fn a_server_that_closes_connections_without_a_word_loses_no_page() {
    let world = World::new().await.crawl(&["concurrency: 8"]);
    let links: Vec<String> = (0..200).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        let page = html(link, &format!("The article behind {link} is like no other."), &[]);
        // All of the body, and then the end of a connection that was to be kept.
        world.site.at(link, Reply::html(page).cut_after(usize::MAX));
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.failed, report.documents.kept), (0, 201), "{report:#?}");
}

#[tokio::test]
async fn a_retry_after_is_waited_for() {
    let world = World::new().await.crawl(&["retries: 1"]);
    world.site.page("/", "Welcome to the help centre.", &["/a"]).page("/a", "Apples keep for weeks.", &[]);
    world.site.once("/a", Reply::status(429).header("retry-after", "1"));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.failed, report.documents.kept), (0, 2));
    let times: Vec<Instant> = world
        .site
        .requests()
        .iter()
        .filter(|request| request.path == "/a")
        .map(|request| request.at)
        .collect();
    let waited = times[1] - times[0];
    assert!(waited >= Duration::from_millis(980), "{waited:?}");
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_carried_forward() {
    carries_forward(Reply::status(304), "status").await;
}

#[tokio::test]
async fn a_page_that_lost_its_text_is_carried_forward() {
    for body in
        ["", "<!doctype html><html><head><title>A</title></head><body><div id=app></div></body></html>"]
    {
        let world = settled().await;
        world.site.at("/a", Reply::html(body));
        for _ in 0..2 {
            let report = world.run().await.ends(Ending::Unchanged);
            assert_eq!((report.pages.carried_forward, report.pages.removed), (1, 0), "{report:#?}");
        }
    }
}

// Redirects

#[tokio::test]
async fn a_page_that_moved_is_kept_under_its_new_address_alone() {
    let world = settled().await;
    world.site.at("/a", Reply::redirect(301, "/b")).page("/b", "Apples keep for weeks.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.pages.new, report.pages.removed, report.documents.kept), (1, 1, 2));
    let published = world.published().await;
    assert!(
        published.contains(&world.site.url("/b")) && !published.contains(&world.site.url("/a")),
        "{published}"
    );
}

#[tokio::test]
async fn a_page_that_asks_to_sign_in_elsewhere_is_carried_forward() {
    let world = settled().await;
    world.site.at("/a", Reply::redirect(302, "https://login.example.org/?next=a"));
    for _ in 0..2 {
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.pages.carried_forward, report.pages.removed), (1, 0), "{report:#?}");
    }
}

#[tokio::test]
async fn a_redirect_loop_is_a_failure_and_the_crawl_goes_on() {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/one", "/self", "/a"]).page(
        "/a",
        "Apples keep.",
        &[],
    );
    world.site.at("/one", Reply::redirect(302, "/two")).at("/two", Reply::redirect(302, "/one"));
    world.site.at("/self", Reply::redirect(301, "/self"));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.failed("status"), report.documents.kept), (3, 2), "{report:#?}");
    assert!(world.site.requests().len() < 20, "{:?}", world.site.paths());
}

/// A site whose page lies behind so many redirects.
async fn behind(redirects: usize) -> World {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/hop/0"]);
    for hop in 0..redirects {
        world.site.at(&format!("/hop/{hop}"), Reply::redirect(302, &format!("/hop/{}", hop + 1)));
    }
    world.site.page(&format!("/hop/{redirects}"), "The end of the chain.", &[]);
    world
}

#[tokio::test]
async fn ten_redirects_are_followed_and_not_eleven() {
    let ten = behind(10).await;
    ten.run().await.ends(Ending::Published);
    assert!(ten.published().await.contains("The end of the chain."));
    let eleven = behind(11).await;
    let report = eleven.run().await.ends(Ending::Published);
    assert!(report.failed("status") > 0, "{report:#?}");
    assert!(!eleven.published().await.contains("The end of the chain."));
    assert_eq!(eleven.site.count("/hop/11"), 0);
}

#[tokio::test]
async fn a_redirect_inside_is_refused_without_a_connection() {
    let canary = Canary::new();
    let world = World::new().await;
    let inside = [
        canary.url("/"),
        canary.url("/").replace("127.0.0.1", "localhost"),
        canary.url("/").replace("127.0.0.1", "0x7f.1"),
        canary.url("/").replace("127.0.0.1", "2130706433"),
        canary.url("/").replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    let links: Vec<String> = (0..inside.len()).map(|number| format!("/r{number}")).collect();
    world.site.page(
        "/",
        "Welcome to the help centre.",
        &links.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for (link, inside) in links.iter().zip(&inside) {
        world.site.at(link, Reply::redirect(302, inside));
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.skipped("blocked_address"), inside.len() as u64, "{report:#?}");
    canary.assert_alive();
}

/// What becomes of a page that answers like this, on a site that has a page `/x` and may lead to `canary` by its
/// rules.
async fn leads(canary: &Canary, reply: Reply) -> (World, RunReport) {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    let follow = format!("follow: [\"{}\", \"{}\"]", world.site.url("/**"), canary.url("/**"));
    let world = world.crawl(&[&follow]);
    world.site.page("/", "Welcome to the help centre.", &["/docs/guide"]).at("/docs/guide", reply);
    world.site.page("/x", "The page that it leads to.", &[]);
    let report = world.run().await.ends(Ending::Published);
    canary.assert_alive();
    (world, report)
}

#[tokio::test]
async fn a_location_without_a_scheme_or_of_another_one_is_held_to_the_same_rules() {
    let canary = Canary::new();
    let schemeless = canary.url("/").trim_start_matches("http:").to_owned();
    for to in [schemeless.as_str(), "//127.0.0.1/", "data:text/html,x", "javascript:alert(1)", "unix:/run/x"]
    {
        for status in [301, 302, 303, 307, 308] {
            let (_, report) = leads(&canary, Reply::redirect(status, to)).await;
            assert_eq!(report.skipped("blocked_address"), 1, "{status} {to}: {report:#?}");
        }
    }
}

#[tokio::test]
async fn a_relative_location_belongs_to_the_page_that_it_comes_from() {
    let canary = Canary::new();
    for to in ["../x", "/x", "/x#part", " /x ", "/docs/../x"] {
        let (world, report) = leads(&canary, Reply::redirect(302, to)).await;
        assert_eq!((report.skipped("redirected"), report.failed("status")), (1, 0), "{to}: {report:#?}");
        assert_eq!(
            world.site.count("/x"),
            usize::from(!to.starts_with('?')),
            "{to}: {:?}",
            world.site.paths()
        );
    }
}

#[tokio::test]
async fn an_encoded_line_break_in_a_location_stays_encoded() {
    let canary = Canary::new();
    let (world, _) = leads(&canary, Reply::redirect(302, "/x%0d%0aSet-Cookie:a=b")).await;
    let requests = world.site.requests();
    let led: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/x")).collect();
    assert_eq!(led.len(), 1);
    assert!(led[0].path.eq_ignore_ascii_case("/x%0d%0aSet-Cookie:a=b"), "{:?}", led[0]);
    assert!(requests.iter().all(|request| request.header("set-cookie").is_none()));
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_a_failure() {
    let canary = Canary::new();
    for reply in [Reply::status(302), Reply::redirect(302, ""), Reply::redirect(302, "http://[::1")] {
        let (_, report) = leads(&canary, reply).await;
        assert_eq!(report.failed("status"), 1, "{report:#?}");
    }
}

#[tokio::test]
async fn a_refresh_does_not_lead_inside() {
    let canary = Canary::new();
    let inside = canary.url("/inside");
    let page = html("/docs/guide", "A guide that wants to be elsewhere.", &[]);
    let by_header = Reply::html(page.clone()).header("refresh", &format!("0;url={inside}"));
    let (world, _) = leads(&canary, by_header).await;
    assert!(world.published().await.contains("A guide that wants to be elsewhere."));
    let meta = format!("<head><meta http-equiv=refresh content=\"0;url={inside}\">");
    let (_, report) = leads(&canary, Reply::html(page.replace("<head>", &meta))).await;
    assert_eq!(report.skipped("blocked_address"), 1, "{report:#?}");
}

#[tokio::test]
async fn robots_txt_and_sitemaps_do_not_lead_inside_either() {
    let canary = Canary::new();
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.at("/sitemap.xml", Reply::redirect(302, &canary.url("/sitemap.xml")));
    world.run().await;
    world.site.at("/robots.txt", Reply::text(&format!("Sitemap: {}\n", canary.url("/named.xml"))));
    world.run().await;
    world.site.at("/robots.txt", Reply::redirect(302, &canary.url("/robots.txt")));
    world.run().await;
    canary.assert_alive();
}

// Bodies

/// The crawl of a site with such a page ends soon, without it, and says why.
async fn is_refused(reply: Reply, reasons: [&str; 2]) {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/bomb"]).at("/bomb", reply);
    let started = Instant::now();
    let report = world.run().await.ends(Ending::Published);
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    let refused: u64 = reasons.iter().map(|reason| report.skipped(reason) + report.failed(reason)).sum();
    assert_eq!((refused, report.documents.kept), (1, 1), "{report:#?}");
}

const BOMB: usize = 64 * 1024 * 1024;
const TOO_MUCH: [&str; 2] = ["too_large", "decode"];

#[tokio::test]
async fn a_gzip_bomb_is_not_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; BOMB]).unwrap();
    is_refused(Reply::html(encoder.finish().unwrap()).header("content-encoding", "gzip"), TOO_MUCH).await;
}

#[tokio::test]
async fn a_brotli_bomb_is_not_unpacked() {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 65_536, 1, 22);
    encoder.write_all(&vec![b' '; BOMB]).unwrap();
    is_refused(Reply::html(encoder.into_inner()).header("content-encoding", "br"), TOO_MUCH).await;
}

#[tokio::test]
async fn a_zstd_bomb_is_not_unpacked() {
    let bomb = zstd::bulk::compress(&vec![b' '; BOMB], 1).unwrap();
    is_refused(Reply::html(bomb).header("content-encoding", "zstd"), TOO_MUCH).await;
}

#[tokio::test]
async fn a_body_coded_twice_is_not_taken_for_a_page() {
    let once = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let twice = once(&once(html("/bomb", "Packed twice.", &[]).as_bytes()));
    is_refused(Reply::html(twice).header("content-encoding", "gzip, gzip"), TOO_MUCH).await;
}

#[tokio::test]
async fn an_endless_body_is_not_waited_for() {
    is_refused(Reply::html(vec![b'x'; 64 * 1024]).endless(), TOO_MUCH).await;
}

#[tokio::test]
async fn a_body_announced_as_huge_is_not_read() {
    let reply = Reply::html(vec![b'x'; 11 * 1024 * 1024]);
    is_refused(reply, TOO_MUCH).await;
}

#[tokio::test]
async fn headers_without_measure_cost_no_other_page() {
    // The first is read and refused, the second not even read.
    for (size, reason) in [(100 * 1024, "too_large"), (1024 * 1024, "connect")] {
        let world = World::new().await.gates(&["max_failed: 100%"]);
        let headers = Reply::html(html("/", "Too much is said before it.", &[]));
        let links: Vec<String> = (0..20).map(|number| format!("/p{number:02}")).collect();
        let names: Vec<&str> = links.iter().map(String::as_str).collect();
        world.site.page("/", "Welcome to the help centre.", &names);
        for (number, link) in names.iter().enumerate() {
            if number % 2 == 0 {
                world.site.at(link, headers.clone().header("x-huge", &"x".repeat(size)));
            } else {
                world.site.page(link, &format!("The words of {link} alone."), &[]);
            }
        }
        let report = world.run().await.ends(Ending::Published);
        assert_eq!(report.skipped(reason) + report.failed(reason), 10, "{report:#?}");
        assert_eq!(report.documents.kept, 11);
    }
}

#[tokio::test]
async fn a_sitemap_that_is_a_bomb_is_not_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; BOMB]).unwrap();
    let bomb = encoder.finish().unwrap();
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.site.at("/robots.txt", Reply::text(&format!("Sitemap: {}\n", world.site.url("/sitemap.xml.gz"))));
    for reply in [
        Reply::new(200, bomb.clone()).header("content-type", "application/gzip"),
        Reply::xml(bomb).header("content-encoding", "gzip"),
    ] {
        world.site.at("/sitemap.xml.gz", reply);
        let started = Instant::now();
        world.run().await.ends(Ending::Incomplete);
        assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn an_endless_robots_txt_is_read_as_far_as_it_counts() {
    let world = World::new().await;
    let rules = "User-agent: *\nDisallow: /private\n".to_owned() + &"# and so on\n".repeat(1000);
    world.site.at("/robots.txt", Reply::text(&rules).endless());
    world.site.page("/", "Welcome to the help centre.", &["/private/a"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("robots"), world.site.count("/private/a")), (1, 0));
}

#[tokio::test]
async fn pages_in_other_charsets_arrive_as_text() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &["/western", "/japanese", "/wide", "/declared"]);
    let western = html("/western", "Größe: 5 € – “fine”", &[]).replace("<meta charset=\"utf-8\">", "");
    let (bytes, _, _) = WINDOWS_1252.encode(&western);
    world
        .site
        .at("/western", Reply::new(200, bytes).header("content-type", "text/html; charset=windows-1252"));
    let japanese = html("/japanese", "パスワードを再設定する方法", &[]).replace("utf-8", "Shift_JIS");
    let (bytes, _, _) = SHIFT_JIS.encode(&japanese);
    world.site.at("/japanese", Reply::new(200, bytes).header("content-type", "text/html"));
    let wide = html("/wide", "Zwei Bytes für jedes Zeichen: Ω", &[]);
    let bytes: Vec<u8> =
        std::iter::once(0xfeff).chain(wide.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    world.site.at("/wide", Reply::new(200, bytes).header("content-type", "text/html"));
    // What HTTP says goes before what the page says.
    let declared =
        html("/declared", "Straße und Käse", &[]).replace("charset=\"utf-8\"", "charset=\"windows-1251\"");
    world.site.at("/declared", Reply::html(declared));
    world.run().await.ends(Ending::Published);
    let published = world.published().await;
    for text in [
        "Größe: 5 € – “fine”",
        "パスワードを再設定する方法",
        "Zwei Bytes für jedes Zeichen: Ω",
        "Straße und Käse",
    ] {
        assert!(published.contains(text), "`{text}` in:\n{published}");
    }
}

#[tokio::test]
async fn a_host_that_fails_again_and_again_is_left_alone() {
    let world = World::new().await.gates(&["max_failed: 100%"]).crawl(&["concurrency: 2"]);
    let links: Vec<String> = (0..300).map(|number| format!("/p{number}")).collect();
    world.site.page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for link in &links {
        world.site.at(link, Reply::status(503));
    }
    // First without further attempts, then not at all; and nothing is concluded from what was not asked.
    let report = world.run().await.ends(Ending::Incomplete);
    assert_eq!(report.pages.failed, 300, "{report:#?}");
    assert!(
        world.site.requests().len() < 180,
        "{} requests to a host in trouble",
        world.site.requests().len()
    );
}

#[tokio::test]
async fn one_source_that_is_down_does_not_take_its_pages_out_of_the_corpus() {
    let world = settled().await;
    let other = Site::new();
    other.page("/", "The other site says hello.", &[]);
    let file = world.write();
    let yaml = std::fs::read_to_string(&file).unwrap();
    let both = yaml.replace(
        "publish:\n",
        &format!(
            "  - site:\n      start: {}\n      rate: unlimited\n      retries: 0\npublish:\n",
            other.url("/")
        ),
    );
    // The gates stand between the sources and the target in the world's file.
    let (sources, rest) = both.split_once("gates:").unwrap();
    let (gates, publish) = rest.split_once("  - site:").unwrap();
    let (second, publish) = publish.split_once("publish:").unwrap();
    std::fs::write(&file, format!("{sources}  - site:{second}gates:{gates}publish:{publish}")).unwrap();
    let run = async || {
        world
            .spawn_with(&["run", "--once", "--json"], std::process::Stdio::null())
            .end(super::world::RUN_LIMIT)
            .await
    };
    assert_eq!(run().await.exits(0).json()["documents"]["kept"], 3);
    other.at("/", Reply::reset());
    let report = run().await.exits(3).json();
    assert_eq!((&report["outcome"], &report["documents"]["kept"]), (&"unchanged".into(), &3.into()));
    assert!(world.published().await.contains("The other site says hello."));
}
