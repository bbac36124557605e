//! Sites that are not what they were: walls, error pages in disguise, broken rules, sites that are gone.
//!
//! Each story begins with a healthy run, goes on with the fault, and ends with the recovery. Nothing but what the
//! healthy site says is ever live, and a healthy run after the fault needs nobody's help.

use corpusd::{
    cli::Exit,
    gate::Ruling,
    report::{Ending, RunReport},
    sandbox::AGENT_ID,
};

use super::{
    centre::{self, ARTICLES, PAGES},
    site::{Reply, Site},
    world::{NAME, Reported, World},
};

/// A world whose healthy corpus is live.
struct Story {
    world: World,
    live: String,
    text: String,
}

impl Story {
    async fn begin() -> Story {
        Story::of(centre::ready().await).await
    }

    async fn of(world: World) -> Story {
        let report = world.run().await.ends(Ending::Published);
        assert_eq!((report.exit(), report.notes.len()), (Exit::Done, 0), "{report:#?}");
        Story { live: report.hash(), text: world.published().await, world }
    }

    fn site(&self) -> &Site {
        &self.world.site
    }

    /// What is live is what was live in the beginning, to the byte.
    async fn is_untouched(&self) {
        assert_eq!(self.world.chatbot.agent(AGENT_ID).await["pushed_sha256"], self.live);
        assert_eq!(self.world.published().await, self.text);
    }

    /// One run, which the gates of these names hold, and no others.
    async fn is_held(&self, gates: &[&str]) -> RunReport {
        let report = self.world.run().await.ends(Ending::Held);
        assert_eq!(report.exit(), Exit::Held);
        assert_eq!(holding(&report), gates, "{report:#?}");
        let error = report.error.clone().unwrap();
        assert!(gates.iter().all(|gate| error.contains(gate)), "{error}");
        self.is_untouched().await;
        report
    }

    /// One run, whose crawl is incomplete for this reason.
    async fn is_incomplete(&self, reason: &str) -> RunReport {
        let report = self.world.run().await.ends(Ending::Incomplete);
        assert_eq!(report.exit(), Exit::Held);
        let error = report.error.clone().unwrap();
        assert!(error.contains(reason) && error.contains("what is live stays live"), "{error}");
        self.is_untouched().await;
        report
    }

    /// The site is healthy again: a run finds everything as it was, and nothing is held any more.
    async fn recovers(&self) {
        centre::fill(self.site());
        let report = self.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.hash()), (Exit::Done, self.live.clone()), "{report:#?}");
        assert_eq!((report.documents.kept, report.pages.removed), (PAGES, 0), "{report:#?}");
        assert!(self.world.approve().await.is_none(), "nothing is held any more");
        assert_eq!(self.world.chatbot.pushes().await.len(), 1);
        self.is_untouched().await;
    }
}

fn holding(report: &RunReport) -> Vec<&str> {
    let holding = report.gates.iter().filter(|line| line.verdict == Ruling::Hold);
    holding.map(|line| line.gate.as_str()).collect()
}

/// A page within the site's frame, as the server answers it for any address.
fn in_frame(title: &str, main: &str) -> Reply {
    Reply::html(centre::framed(title, "en", "", main))
}

fn not_found() -> Reply {
    in_frame(
        "Page not found",
        "<h1>Page not found</h1><p>The page you are looking for does not exist. It may have been moved.</p>",
    )
}

fn login() -> Reply {
    in_frame(
        "Sign in",
        "<h1>Sign in</h1><form method=post><label>E-mail <input type=email name=email></label>\
         <label>Password <input type=password name=password></label><button>Sign in</button></form>",
    )
}

fn challenge(status: u16) -> Reply {
    let body = "<!doctype html><html lang=en><head><title>Just a moment...</title></head><body>\
                <noscript>Enable JavaScript and cookies to continue</noscript>\
                <script>window._cf_chl_opt={cvId:'3'};</script></body></html>";
    Reply::new(status, body).header("content-type", "text/html; charset=utf-8")
}

fn shell() -> Reply {
    Reply::html(
        "<!doctype html><html lang=en><head><title>Acme</title><script defer src=/assets/main.8f3a.js></script></head>\
         <body><noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div></body></html>",
    )
}

// Pages and sites that answer 200 and say that there is nothing

#[tokio::test]
async fn a_soft_404_page_leaves_after_two_runs_that_confirm_it() {
    let story = Story::begin().await;
    let (gone, ..) = ARTICLES[3];
    story.site().at(gone, not_found());
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.skipped("soft_404"), report.pages.carried_forward), (1, 1), "{report:#?}");
    assert_eq!(report.exit(), Exit::Troubled);
    story.is_untouched().await;

    let report = story.world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("soft_404"), report.pages.removed), (1, 1), "{report:#?}");
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES - 1), "{report:#?}");
    let published = story.world.published().await;
    assert!(
        !published.contains("your account. Most") && !published.contains("does not exist"),
        "{published}"
    );

    centre::fill(story.site());
    let report = story.world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()));
}

#[tokio::test]
async fn a_soft_404_page_that_was_back_in_time_never_left() {
    let story = Story::begin().await;
    let (gone, ..) = ARTICLES[3];
    for _ in 0..3 {
        story.site().at(gone, not_found());
        story.world.run().await.ends(Ending::Unchanged);
        story.recovers().await;
    }
}

#[tokio::test]
async fn a_not_found_page_in_words_of_its_own_is_known_by_the_answer_for_a_page_that_never_was() {
    let story = Story::begin().await;
    let answer = || {
        in_frame(
            "Acme",
            "<p>Hm, our kettles boiled over and this steam is all that is left here. Try the menu.</p>",
        )
    };
    story.site().script(move |_, _| answer()).remove(ARTICLES[3].0);
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.skipped("soft_404"), report.pages.carried_forward), (1, 1), "{report:#?}");
    story.recovers().await;
}

#[tokio::test]
async fn a_site_that_has_lost_all_its_pages_and_answers_200_is_held() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| not_found());
    let report = story.is_held(&["soft_404", "max_removed"]).await;
    assert!(report.error.unwrap().contains("21 of 21 pages are not-found pages that answer 200"));
    for _ in 0..3 {
        // By now it is confirmed, and nothing is left.
        let report = story.world.run().await.ends(Ending::Held);
        assert_eq!(report.exit(), Exit::Held);
        assert!(report.error.unwrap().contains("no document was found"));
        assert!(story.world.approve().await.is_none(), "there is nothing to approve");
        story.is_untouched().await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn one_text_on_all_pages_is_held_whatever_it_says() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| {
        in_frame("Acme", "<h1>Summer party</h1><p>Come and dance with us on the roof, there will be tea.</p>")
    });
    let report = story.world.run().await.ends(Ending::Held);
    assert!(holding(&report).contains(&"mass_duplicate"), "{report:#?}");
    story.is_untouched().await;
    story.recovers().await;
}

#[tokio::test]
async fn a_maintenance_notice_on_all_pages_is_held() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| {
        in_frame(
            "Acme",
            "<h1>We'll be back soon!</h1><p>Our site is down for maintenance. Please check back later.</p>",
        )
    });
    for _ in 0..3 {
        story.is_held(&["max_failed", "maintenance"]).await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn whatever_a_page_answers_instead_of_itself_is_no_page() {
    let story = Story::begin().await;
    let typed = |kind: &str| Reply::new(200, "something else").header("content-type", kind);
    let whole = |status: u16| Reply::new(status, centre::article("/")).header("content-type", "text/html");
    let answers = [
        Reply::new(204, ""),
        Reply::new(202, "").header("content-type", "text/html"),
        whole(206),
        whole(300),
        Reply::new(304, ""),
        Reply::new(302, ""),
        Reply::redirect(302, ARTICLES[6].0),
        Reply::redirect(301, "http://elsewhere.invalid/"),
        whole(401),
        whole(407),
        whole(451),
        whole(520),
        whole(999),
        typed("application/json"),
        typed("text/plain"),
        typed("application/octet-stream"),
        typed("image/png"),
        Reply::html(" \n"),
        whole(200).header("content-encoding", "gzip"),
        whole(200).cut_after(700),
    ];
    for ((path, ..), answer) in ARTICLES.iter().zip(answers) {
        story.site().at(path, answer);
    }
    let report = story.is_held(&["max_failed"]).await;
    assert_eq!((report.pages.carried_forward, report.documents.kept), (20, PAGES), "{report:#?}");
    story.recovers().await;
}

#[tokio::test]
async fn a_site_that_asks_to_come_back_in_an_hour_is_left_alone() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| Reply::status(503).header("retry-after", "3600"));
    story.site().forget_requests();
    let report = story.is_incomplete("asks to wait 3600 s").await;
    assert!(report.pages.failed > 0, "{report:#?}");
    assert!(story.site().requests().len() < 21, "{:?}", story.site().paths());
    story.recovers().await;
}

#[tokio::test]
async fn a_site_whose_every_path_answers_503_is_asked_for_its_rules_only() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| Reply::status(503).header("retry-after", "3600"));
    story.site().at("/robots.txt", Reply::status(503).header("retry-after", "3600")).forget_requests();
    story.is_incomplete("robots.txt is unreachable").await;
    assert_eq!(story.site().paths(), ["/robots.txt"]);
    story.site().remove("/robots.txt");
    story.recovers().await;
}

// Walls

#[tokio::test]
async fn a_login_that_every_page_redirects_to_is_held() {
    let story = Story::begin().await;
    story.site().script(|path, _| if path.starts_with("/login") { login() } else { Reply::status(404) });
    centre::all(story.site(), |path| Reply::redirect(302, &format!("/login?next={path}")));
    for _ in 0..3 {
        let report = story.is_held(&["max_failed", "redirected_to_one"]).await;
        assert!(report.error.unwrap().contains("/login"));
    }
    story.recovers().await;
}

#[tokio::test]
async fn one_page_that_redirects_to_a_login_is_carried_forward() {
    let story = Story::begin().await;
    story.site().at("/login", login()).at(ARTICLES[7].0, Reply::redirect(302, "/login"));
    for _ in 0..3 {
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.pages.carried_forward), (Exit::Troubled, 1), "{report:#?}");
        story.is_untouched().await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_wall_before_the_home_page_alone_hides_no_other_page() {
    let story = Story::begin().await;
    story.site().at("/", challenge(200));
    for _ in 0..2 {
        story.site().forget_requests();
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.skipped("challenge"), report.pages.carried_forward), (1, 1), "{report:#?}");
        assert!(centre::paths().all(|path| story.site().count(path) == 1));
    }
    story.recovers().await;
}

#[tokio::test]
async fn one_page_behind_a_login_is_carried_forward_and_a_new_one_is_left_out() {
    let story = Story::begin().await;
    let new = "/kettles/dealers-only";
    story.site().at(ARTICLES[7].0, login()).at(new, login());
    story.site().at("/", Reply::html(centre::home(&format!("<p><a href=\"{new}\">For dealers</a></p>"))));
    let report = story.world.run().await;
    assert_eq!(report.skipped("login_wall"), 2, "{report:#?}");
    assert_eq!((report.exit(), report.pages.carried_forward), (Exit::Troubled, 1), "{report:#?}");
    let published = story.world.published().await;
    assert!(!published.contains("Password") && published.contains("Change your plan"), "{published}");
    story.site().remove(new);
    centre::fill(story.site());
    let report = story.world.run().await;
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
}

#[tokio::test]
async fn a_login_on_most_pages_is_held() {
    let story = Story::begin().await;
    for (path, ..) in &ARTICLES[..12] {
        story.site().at(path, login());
    }
    for _ in 0..3 {
        story.is_held(&["max_failed", "login_wall"]).await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_question_for_consent_instead_of_every_page_is_held() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| {
        Reply::html(
            "<!doctype html><html lang=en><head><title>Acme</title></head><body><div><h1>We value your privacy</h1>\
             <p>We and our partners use cookies to store and access information on a device.</p>\
             <button>Accept all</button><button>Manage options</button></div></body></html>",
        )
    });
    for _ in 0..2 {
        story.is_held(&["max_failed", "consent_wall"]).await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_challenge_is_held_and_nobody_tries_to_get_around_it() {
    let story = Story::begin().await;
    for (status, gates) in [(200, &["max_failed", "challenge"][..]), (403, &["max_failed"])] {
        centre::all(story.site(), |_| challenge(status));
        story.site().forget_requests();
        story.is_held(gates).await;
        for path in centre::paths() {
            assert_eq!(
                story.site().count(path),
                1,
                "{path} is asked for once, and never again for the challenge"
            );
        }
        let agents = story.site().requests();
        assert!(agents.iter().all(|request| request.header("user-agent").unwrap().starts_with("corpusd/")));
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_page_that_became_a_shell_is_carried_forward_and_a_new_one_is_left_out() {
    let story = Story::begin().await;
    let new = "/kettles/configurator";
    story.site().at(ARTICLES[7].0, shell()).at(new, shell());
    // A short answer is no shell.
    story
        .site()
        .at("/kettles/faq", in_frame("Do you ship to Norway?", "<h1>Do you ship to Norway?</h1><p>Yes.</p>"));
    let links = format!("<p><a href=\"{new}\">Configure</a> <a href=\"/kettles/faq\">Norway</a></p>");
    story.site().at("/", Reply::html(centre::home(&links)));
    let report = story.world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("shell"), report.pages.carried_forward), (2, 1), "{report:#?}");
    assert_eq!((report.exit(), report.documents.kept), (Exit::Troubled, PAGES + 1), "{report:#?}");
    let published = story.world.published().await;
    assert!(published.contains("Do you ship to Norway?") && !published.contains("enable JavaScript"));
    let explained = story.world.corpusd(&["explain", NAME, &story.site().url(new)]).await.exits(0).stdout;
    assert!(explained.contains("shell") && explained.contains("sitemap"), "{explained}");
}

#[tokio::test]
async fn an_application_without_text_instead_of_the_site_is_held_with_a_way_out() {
    let story = Story::begin().await;
    centre::all(story.site(), |_| shell());
    let report = story.is_held(&["max_failed", "shell"]).await;
    let error = report.error.unwrap();
    assert!(["sitemap", "feed", "renderer"].iter().all(|way| error.contains(way)), "{error}");
    story.recovers().await;
}

// Pages that are gone, rules that changed

#[tokio::test]
async fn a_site_that_lost_most_of_its_pages_is_held_until_somebody_approves() {
    let story = Story::begin().await;
    for (path, ..) in &ARTICLES[..14] {
        story.site().remove(path);
    }
    let report = story.is_held(&["max_removed"]).await;
    assert_eq!((report.skipped("not_found"), report.pages.carried_forward), (14, 14), "{report:#?}");
    for _ in 0..3 {
        story.is_held(&["max_removed", "max_shrink"]).await;
    }
    story.world.approve().await.unwrap().ends(Ending::Published);
    assert!(!story.world.published().await.contains("Reset your password"));
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES - 14), "{report:#?}");
}

#[tokio::test]
async fn a_site_that_lost_most_of_its_pages_for_one_run_lost_nothing() {
    let story = Story::begin().await;
    for (path, ..) in &ARTICLES[..14] {
        story.site().remove(path);
    }
    story.is_held(&["max_removed"]).await;
    story.recovers().await;
}

#[tokio::test]
async fn a_robots_txt_that_turned_to_forbid_everything_is_obeyed_and_held() {
    let story = Story::begin().await;
    story.site().at("/robots.txt", Reply::text("User-agent: *\nDisallow: /\n")).forget_requests();
    for _ in 0..3 {
        let report = story.world.run().await.ends(Ending::Held);
        assert_eq!((report.exit(), report.skipped("robots")), (Exit::Held, PAGES), "{report:#?}");
        story.is_untouched().await;
    }
    assert_eq!(story.site().probes(), 1, "only while it was allowed");
    assert!(story.site().paths().iter().all(|path| path == "/robots.txt" || path == "/sitemap.xml"));
    story.site().remove("/robots.txt");
    story.recovers().await;
}

#[tokio::test]
async fn a_robots_txt_that_fails_forbids_everything_for_the_run() {
    let story = Story::begin().await;
    story.site().at("/robots.txt", Reply::status(500)).forget_requests();
    for _ in 0..2 {
        story.is_incomplete("robots.txt is unreachable: status 500").await;
    }
    assert_eq!(story.site().paths(), ["/robots.txt"; 2]);
    story.site().remove("/robots.txt");
    story.recovers().await;
}

#[tokio::test]
async fn a_robots_txt_that_is_a_page_has_no_rules_and_is_told() {
    let story = Story::begin().await;
    story.site().at("/robots.txt", Reply::html(centre::home("<p>User-agent: *</p><p>Disallow: /</p>")));
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
    let notes = report.notes.join("\n");
    assert!(notes.contains("/robots.txt") && notes.contains("no rules"), "{report:#?}");
}

/// A world of which five articles stand in the sitemap only.
async fn with_sitemap() -> Story {
    let world = centre::ready().await;
    sitemap(&world.site, 5);
    Story::of(world).await
}

/// Pages that nothing links to.
const UNLINKED: [&str; 5] =
    ["/guides/tea", "/guides/coffee", "/guides/soup", "/guides/cocoa", "/guides/stock"];

fn sitemap(site: &Site, entries: usize) {
    for path in UNLINKED {
        let text = format!(
            "<h1>How to make {path}</h1><p>Of all the guides this one, {path}, is nowhere linked.</p>"
        );
        site.at(path, in_frame(path, &text));
    }
    let entries: String =
        UNLINKED[..entries].iter().map(|path| format!("<url><loc>{}</loc></url>", site.url(path))).collect();
    let xml = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{entries}</urlset>"
    );
    site.at("/sitemap.xml", Reply::xml(xml));
    site.at("/robots.txt", Reply::text(&format!("Sitemap: {}\n", site.url("/sitemap.xml"))));
}

/// The pages of the sitemap are asked for themselves, and nothing leaves.
async fn goes_on_without_sitemap(story: &Story) {
    for _ in 0..3 {
        story.site().forget_requests();
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
        assert_eq!(report.documents.kept, PAGES + 5);
        assert!(UNLINKED.iter().all(|path| story.site().count(path) == 1));
        let notes = report.notes.join("\n");
        assert!(notes.contains("/sitemap.xml"), "the report tells of the sitemap: {report:#?}");
    }
    sitemap(story.site(), 5);
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.notes.len()), (Exit::Done, 0), "{report:#?}");
    story.is_untouched().await;
}

#[tokio::test]
async fn pages_of_a_sitemap_that_is_gone_are_still_asked_for() {
    let story = with_sitemap().await;
    story.site().remove("/sitemap.xml");
    goes_on_without_sitemap(&story).await;
}

#[tokio::test]
async fn pages_of_a_sitemap_that_nobody_named_are_still_asked_for_when_it_is_gone() {
    let world = centre::ready().await;
    sitemap(&world.site, 5);
    world.site.remove("/robots.txt");
    let story = Story::of(world).await;
    story.site().remove("/sitemap.xml");
    for _ in 0..2 {
        story.site().forget_requests();
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES + 5), "{report:#?}");
        assert!(UNLINKED.iter().all(|path| story.site().count(path) == 1));
    }
}

#[tokio::test]
async fn a_sitemap_that_is_a_page_is_told() {
    let story = with_sitemap().await;
    story.site().at("/sitemap.xml", Reply::html(centre::home("")));
    goes_on_without_sitemap(&story).await;
}

#[tokio::test]
async fn pages_of_a_sitemap_that_is_empty_are_still_asked_for() {
    let story = with_sitemap().await;
    sitemap(story.site(), 0);
    goes_on_without_sitemap(&story).await;
}

#[tokio::test]
async fn pages_of_a_sitemap_that_are_gone_too_leave_through_the_gates() {
    let story = with_sitemap().await;
    story.site().remove("/sitemap.xml");
    for path in UNLINKED {
        story.site().remove(path);
    }
    for (path, ..) in &ARTICLES[..8] {
        story.site().remove(path);
    }
    story.is_held(&["max_removed"]).await;
    story.is_held(&["max_removed", "max_shrink"]).await;
}

#[tokio::test]
async fn a_sitemap_that_was_cut_makes_the_crawl_incomplete() {
    let story = with_sitemap().await;
    let cut = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>{}</loc></url><url><lo",
        story.site().url(UNLINKED[0])
    );
    story.site().at("/sitemap.xml", Reply::xml(cut));
    for _ in 0..3 {
        story.is_incomplete("/sitemap.xml").await;
    }
    sitemap(story.site(), 5);
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
}

// Sites that are no longer there

#[tokio::test]
async fn a_registrar_s_page_on_every_path_is_held() {
    let story = Story::begin().await;
    let parked = || {
        Reply::html(
            "<!doctype html><html><head><title>acme-kettles.example</title></head><body><h1>acme-kettles.example</h1>\
             <p>This domain is for sale. Buy this domain today.</p><ul><li>Kettles</li><li>Tea</li></ul>\
             <script src=\"https://img.sedoparking.com/js/x.js\"></script></body></html>",
        )
    };
    centre::all(story.site(), |_| parked());
    story.site().script(move |_, _| parked()).at("/robots.txt", Reply::status(404));
    for _ in 0..3 {
        story.is_held(&["max_failed", "parked"]).await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_publishes_nothing() {
    let world = World::new().await.starts(&[]).also("http://no-such-host.invalid/");
    let report = world.run().await.ends(Ending::Incomplete);
    assert_eq!((report.exit(), world.chatbot.pushes().await.len()), (Exit::Held, 0), "{report:#?}");
    let error = report.error.unwrap();
    assert!(error.contains("no-such-host"), "{error}");
}

#[tokio::test]
async fn pages_that_come_in_another_language_are_held() {
    let story = Story::begin().await;
    centre::all(story.site(), |path| {
        let text = format!(
            "<h1>Hilfe zu {path}</h1><p>Hier steht alles, was Sie über {path} wissen müssen. Halten Sie Ihre \
             Bestellnummer bereit und folgen Sie den Schritten. Schreiben Sie uns, wenn {path} nicht hilft.</p>"
        );
        Reply::html(centre::framed(&format!("Hilfe {path}"), "de", "", &text))
    });
    let report = story.world.run().await.ends(Ending::Held);
    assert!(holding(&report).contains(&"language_switch"), "{report:#?}");
    assert!(report.error.unwrap().contains("most in `de`"));
    story.is_untouched().await;
    story.recovers().await;
}

#[tokio::test]
async fn one_source_of_three_that_is_down_stays_as_it_was() {
    let (second, third) = (Site::new(), Site::new());
    let fill = |site: &Site, name: &str, version: &str| {
        site.page("/", &format!("Welcome to {name}, {version}."), &["/one", "/two"]);
        site.page("/one", &format!("The first page of {name} is {version}."), &[]);
        site.page("/two", &format!("The second page of {name} is {version}."), &[]);
    };
    let world = centre::ready().await.source(&second.url("/")).source(&third.url("/"));
    fill(&second, "the blog", "as it was");
    fill(&third, "the forum", "as it was");
    let story = Story::of(world).await;
    // One is down; the two others change.
    for path in ["/robots.txt", "/", "/one", "/two"] {
        second.at(path, Reply::reset());
    }
    fill(&third, "the forum", "all new");
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = story.world.run().await.ends(ending);
        assert_eq!((report.exit(), report.pages.carried_forward), (Exit::Troubled, 3), "{report:#?}");
        assert_eq!((report.documents.kept, report.pages.removed), (PAGES + 6, 0), "{report:#?}");
        let note = report.notes.join("\n");
        assert!(note.contains("a source stays as it was") && note.contains(&second.url("/")), "{note}");
        let published = story.world.published().await;
        assert!(published.contains("the blog is as it was") && published.contains("the forum is all new"));
        assert!(!published.contains("the forum is as it was"), "{published}");
    }
    for path in ["/robots.txt", "/", "/one", "/two"] {
        second.remove(path);
    }
    fill(&second, "the blog", "as it was");
    fill(&third, "the forum", "as it was");
    let report = story.world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
    story.is_untouched().await;
}

#[tokio::test]
async fn another_company_at_the_address_of_a_small_source_is_held() {
    let blog = Site::new();
    let fill = |text: &dyn Fn(&str) -> String| {
        let posts = ["/one", "/two", "/three", "/four", "/five"];
        blog.page("/", &text("/"), &posts);
        for post in posts {
            blog.page(post, &text(post), &[]);
        }
    };
    let ours = |path: &str| {
        format!("The post {path} tells how a kettle is made, from copper, by hand, in Sheffield.")
    };
    fill(&ours);
    let story = Story::of(centre::ready().await.source(&blog.url("/"))).await;
    fill(&|path| {
        format!("Roulette, slots and bonus games await you tonight: play {path} for free and win big.")
    });
    let report = story.is_held(&["similarity"]).await;
    let error = report.error.unwrap();
    assert!(error.contains(&format!("of what the source {} said is still there", blog.url("/"))), "{error}");
    fill(&ours);
    let report = story.world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
}

#[tokio::test]
async fn a_source_that_never_was_read_keeps_the_others_from_being_published() {
    let down = Site::new();
    down.at("/robots.txt", Reply::status(500));
    let world = centre::ready().await.source(&down.url("/"));
    let report = world.run().await.ends(Ending::Incomplete);
    assert_eq!((report.exit(), world.chatbot.pushes().await.len()), (Exit::Held, 0), "{report:#?}");
    down.remove("/robots.txt").page("/", "Here we are at last.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES + 1), "{report:#?}");
}

#[tokio::test]
async fn sources_on_one_host_ask_for_no_page_of_each_other() {
    let world = World::new().await.starts(&["/a/"]);
    let second = world.site.url("/b/");
    let world = world.source(&second).crawl(&["follow: [\"/**\"]"]);
    for (start, other) in [("/a/", "/a/one"), ("/b/", "/b/one")] {
        world.site.page(start, &format!("This is the beginning of {start}."), &[other]);
        world.site.page(other, &format!("This is the page {other}."), &[]);
    }
    for ending in [Ending::Published, Ending::Unchanged] {
        world.site.forget_requests();
        let report = world.run().await.ends(ending);
        assert_eq!((report.exit(), report.documents.kept), (Exit::Done, 4), "{report:#?}");
        for path in ["/a/", "/a/one", "/b/", "/b/one"] {
            assert_eq!(world.site.count(path), 1, "{path}: {:?}", world.site.paths());
        }
    }
}

#[tokio::test]
async fn pages_that_turn_to_a_language_that_is_not_wanted_are_held() {
    let story = Story::of(centre::ready().await.crawl(&["languages: [en]"])).await;
    centre::all(story.site(), |path| {
        let text = format!("<h1>Hilfe</h1><p>Hier steht alles, was Sie über {path} wissen müssen.</p>");
        Reply::html(centre::framed(&format!("Hilfe {path}"), "de", "", &text))
    });
    for _ in 0..2 {
        let report = story.world.run().await.ends(Ending::Held);
        assert_eq!((report.exit(), report.skipped("language")), (Exit::Held, PAGES), "{report:#?}");
        story.is_untouched().await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn all_sources_down_publish_nothing() {
    let second = Site::new();
    second.page("/", "Welcome to the blog.", &[]);
    let story = Story::of(centre::ready().await.source(&second.url("/"))).await;
    for site in [story.site(), &second] {
        site.at("/robots.txt", Reply::status(500));
    }
    story.is_incomplete("robots.txt is unreachable").await;
}

// Pages that say something about themselves

#[tokio::test]
async fn a_home_page_as_canonical_form_of_all_pages_is_ignored_and_told() {
    let story = Story::begin().await;
    let canonical = format!("<link rel=canonical href=\"{}\">", story.site().url("/"));
    for (path, ..) in ARTICLES {
        story.site().at(path, Reply::html(centre::article_with(path, &canonical, "")));
    }
    for _ in 0..2 {
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
        assert!(report.notes.join("\n").contains("20 of 21 pages name"), "{report:#?}");
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_first_run_believes_no_home_page_as_canonical_form_of_all_pages_either() {
    let world = centre::ready().await;
    for (path, ..) in ARTICLES {
        let head = "<link rel=canonical href=\"/\">";
        world.site.at(path, Reply::html(centre::article_with(path, head, "")));
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES), "{report:#?}");
    assert!(report.notes.join("\n").contains("20 of 21 pages name"), "{report:#?}");
}

#[tokio::test]
async fn pages_that_all_ask_not_to_be_indexed_since_are_held() {
    let story = Story::begin().await;
    let noindex = "<meta name=robots content=noindex>";
    for (path, ..) in ARTICLES {
        story.site().at(path, Reply::html(centre::article_with(path, noindex, "")));
    }
    for _ in 0..3 {
        let report = story.world.run().await.ends(Ending::Held);
        assert!(holding(&report).contains(&"noindex"), "{report:#?}");
        assert_eq!(report.skipped("noindex"), 20);
        story.is_untouched().await;
    }
    story.recovers().await;
}

#[tokio::test]
async fn one_page_that_asks_not_to_be_indexed_leaves_at_once() {
    let story = Story::begin().await;
    let (path, ..) = ARTICLES[3];
    story.site().at(path, Reply::html(centre::article_with(path, "<meta name=robots content=noindex>", "")));
    let report = story.world.run().await.ends(Ending::Published);
    assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES - 1), "{report:#?}");
}

#[tokio::test]
async fn what_changes_with_every_answer_outside_the_text_is_no_change() {
    let story = Story::begin().await;
    for visit in 0..3 {
        centre::all(story.site(), |path| {
            let page = if path == "/" { centre::home("") } else { centre::article(path) };
            let noise = format!(
                "<p>Generated on 20 November 2026 at 12:03:{visit:02} in 0.{visit}3 s. You are visitor {}.</p></footer>",
                5_300 + visit
            );
            let token = format!("<meta name=csrf-token content={visit}f3a></head>");
            Reply::html(page.replace("</footer>", &noise).replace("</head>", &token))
        });
        let report = story.world.run().await.ends(Ending::Unchanged);
        assert_eq!((report.exit(), report.hash()), (Exit::Done, story.live.clone()), "{report:#?}");
    }
    story.recovers().await;
}

#[tokio::test]
async fn a_date_within_the_text_is_text() {
    let story = Story::begin().await;
    let (path, ..) = ARTICLES[5];
    for day in 1..3 {
        let more = format!("<p>Invoices of {day} November 2026 are ready.</p>");
        story.site().at(path, Reply::html(centre::article_with(path, "", &more)));
        let report = story.world.run().await.ends(Ending::Published);
        assert_eq!(report.pages.changed, 1, "{report:#?}");
    }
}

// The first run

#[tokio::test]
async fn a_first_run_needs_enough_documents_and_nothing_to_compare_with() {
    let world = centre::ready().await.gates(&["min_documents: 22"]);
    let report = world.run().await.ends(Ending::Held);
    assert_eq!(holding(&report), ["min_documents"]);
    assert_eq!(world.chatbot.pushes().await.len(), 0);
    let world = world.gates(&["min_documents: 21"]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, PAGES);
    assert!(!report.gates.iter().any(|line| ["max_removed", "max_shrink"].contains(&line.gate.as_str())));
}

#[tokio::test]
async fn a_first_run_into_a_wall_publishes_nothing() {
    for wall in [not_found, login, shell, || challenge(200), || challenge(403)] {
        let world = centre::ready().await;
        centre::all(&world.site, |_| wall());
        let report = world.run().await.ends(Ending::Held);
        assert_eq!((report.exit(), world.chatbot.pushes().await.len()), (Exit::Held, 0), "{report:#?}");
        centre::fill(&world.site);
        let report = world.run().await.ends(Ending::Published);
        assert_eq!((report.exit(), report.documents.kept), (Exit::Done, PAGES), "{report:#?}");
    }
}

#[tokio::test]
async fn a_host_that_answers_everything_with_its_home_page_gives_each_page_once() {
    let world = centre::ready().await;
    let home = centre::home("<p><a href=\"/no-such-page\">Broken</a> <a href=\"/nor-this\">Too</a></p>");
    world.site.at("/", Reply::html(home.clone())).script(move |path, _| match path {
        "/robots.txt" | "/sitemap.xml" => Reply::status(404),
        _ => Reply::html(home.clone()),
    });
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        assert_eq!((report.documents.kept, report.skipped("soft_404")), (PAGES, 2), "{report:#?}");
    }
}

#[tokio::test]
async fn a_few_broken_links_do_not_hold_a_first_run() {
    let world = centre::ready().await;
    for (path, ..) in &ARTICLES[..3] {
        world.site.at(path, not_found());
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.skipped("soft_404"), report.documents.kept), (3, PAGES - 3), "{report:#?}");
}
