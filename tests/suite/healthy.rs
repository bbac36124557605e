//! Sites that are healthy, however odd they look: nothing of theirs is held, lost, or published twice.

use corpusd::{cli::Exit, report::Ending};

use super::{
    centre::{self, ARTICLES, PAGES},
    site::Reply,
    world::{Reported, World},
};

const LOGIN: &str = "<html><body><form action=/login method=post><h1>Sign in</h1><label>Password \
     <input type=password name=p></label><button>Sign in</button></form></body></html>";

/// A page of the centre as it always is.
fn html_of(path: &str) -> String {
    if path == "/" { centre::home("") } else { centre::article(path) }
}

/// A centre whose articles each name another address, `/KIND?of=ARTICLE`.
async fn naming(kind: &str) -> World {
    let world = centre::ready().await;
    let links = |path: &str| format!("<p><a href=\"{kind}?of={path}\">More about this page</a></p></body>");
    for (path, ..) in ARTICLES {
        let page = html_of(path).replace("</body>", &links(path));
        assert!(page.contains(kind), "{page}");
        world.site.at(path, Reply::html(page));
    }
    world
}

#[tokio::test]
async fn a_wiki_of_which_every_page_leads_to_its_own_login() {
    let world = naming("/login").await;
    for (path, ..) in ARTICLES {
        world.site.at(&format!("/login?of={path}"), Reply::html(LOGIN));
    }
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.documents.kept, report.pages.skipped_by["login_wall"]), (PAGES, 20), "{report:#?}");
    world.run().await.ends(Ending::Unchanged);
}

#[tokio::test]
async fn pages_that_nobody_may_see_are_broken_links_once_it_is_known_what_are_pages() {
    let world = centre::ready().await;
    world.run().await.ends(Ending::Published);
    let links: String = (0..6).map(|n| format!("<a href=/edit/{n}>Edit {n}</a> ")).collect();
    world.site.at("/", Reply::html(html_of("/").replace("</body>", &format!("{links}</body>"))));
    for n in 0..6 {
        world.site.at(&format!("/edit/{n}"), Reply::status(403));
    }
    let report = world.run().await;
    assert_ne!(report.outcome, Ending::Held, "{report:#?}");
    assert_eq!((report.pages.failed, report.documents.kept), (6, PAGES), "{report:#?}");
}

#[tokio::test]
async fn a_page_that_was_deleted_leaves_when_a_second_run_confirms_it() {
    let world = centre::ready().await;
    world.run().await.ends(Ending::Published);
    for (path, ..) in &ARTICLES[..4] {
        world.site.remove(path);
    }
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.exit(), report.pages.carried_forward), (Exit::Troubled, 4), "{report:#?}");
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, PAGES - 4, "{report:#?}");
}

#[tokio::test]
async fn a_page_that_answers_something_else_for_once_stays() {
    let others: [(&str, &str); 3] = [
        ("application/json", "{\"error\":\"internal\"}"),
        ("text/plain", "Service temporarily unavailable"),
        ("text/html", "<html><body><h1>Error establishing a database connection</h1></body></html>"),
    ];
    for (content_type, body) in others {
        let world = centre::ready().await;
        world.run().await.ends(Ending::Published);
        world.site.at(ARTICLES[3].0, Reply::new(200, body).header("content-type", content_type));
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!(report.pages.carried_forward, 1, "{content_type}: {report:#?}");
        centre::fill(&world.site);
        world.run().await.ends(Ending::Unchanged);
    }
}

#[tokio::test]
async fn a_stub_that_sends_its_visitors_on_is_no_document() {
    let world = centre::ready().await;
    let to = ARTICLES[0].0;
    world.site.at(
        "/moved",
        Reply::html(format!(
            "<html><head><title>Redirecting</title><meta http-equiv=refresh content=\"0; url={to}\"></head>\
             <body><p>If you are not redirected, <a href={to}>click here</a>.</p></body></html>"
        )),
    );
    world.site.at("/", Reply::html(html_of("/").replace("</body>", "<a href=/moved>Moved</a></body>")));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!((report.documents.kept, report.pages.skipped_by["redirected"]), (PAGES, 1), "{report:#?}");
    assert!(!world.published().await.contains("click here"));
}

#[tokio::test]
async fn a_token_in_the_links_makes_no_other_page() {
    let world = centre::ready().await;
    let with_token = |seed: u64| {
        let token = format!("{:032x}", u128::from(seed) * 0x1234_5678_9abc_def1_2345_6789_u128);
        let page = ARTICLES.iter().fold(html_of("/"), |page, (path, ..)| {
            page.replace(&format!("\"{path}\""), &format!("\"{path}?token={token}\""))
        });
        Reply::html(page)
    };
    for (path, ..) in ARTICLES {
        for seed in 1_u64..3 {
            let token = format!("{:032x}", u128::from(seed) * 0x1234_5678_9abc_def1_2345_6789_u128);
            world.site.at(&format!("{path}?token={token}"), Reply::html(html_of(path)));
        }
    }
    world.site.at("/", with_token(1));
    let first = world.run().await.ends(Ending::Published);
    world.site.at("/", with_token(2));
    let second = world.run().await;
    assert_eq!(second.documents.kept, first.documents.kept, "{second:#?}");
    assert_eq!((second.pages.new, second.pages.removed), (0, 0), "{second:#?}");
}

#[tokio::test]
async fn of_two_spellings_the_normal_one_is_asked_for() {
    let world = World::new().await;
    world.site.page("/", "Welcome to the centre.", &["/%7Ejoe/", "/~joe/"]);
    world.site.page("/~joe/", "Joe writes about kettles.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, 2, "{report:#?}");
}
