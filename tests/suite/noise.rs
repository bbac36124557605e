//! A site that never answers twice with the same bytes, and always means the same: it is published once.

use corpusd::report::Ending;

use super::{
    centre::{self, PAGES},
    chance::{Dice, amount},
    site::Reply,
    world::{Reported, World},
};

/// What a page looks like the `visit`th time: new nonces, attributes, advertisements, times and headers around the
/// same content.
fn noisy(path: &str, html: &str, visit: u64) -> Reply {
    let dice = Dice(visit);
    let token = |what: &str| format!("{:016x}", dice.roll(&format!("{what} {path}"), visit, u64::MAX));
    let number = |what: &str, below: u64| dice.roll(&format!("{what} {path}"), visit, below);
    let head = format!(
        "<meta name=\"csrf-token\" content=\"{}\"><script nonce=\"{}\" src=\"/app.{}.js\"></script></head>",
        token("csrf"),
        token("nonce"),
        token("build"),
    );
    let advertisement = format!(
        "<aside class=\"ad ad-{}\"><a href=\"https://ads.example/{}\">Only today: {} kettles for {} €</a></aside><main ",
        token("slot"),
        token("click"),
        number("kettles", 90),
        number("price", 50),
    );
    let (first, second) = match visit % 2 {
        0 => (format!("data-v=\"{}\"", token("v")), "id=\"main\"".to_owned()),
        _ => ("id=\"main\"".to_owned(), format!("data-render=\"{}\" style=\"\"", token("render"))),
    };
    let footer = format!(
        "<footer><p>Generated at 2026-03-0{}T{:02}:{:02}:07Z in {} ms</p>",
        1 + number("day", 9),
        number("hour", 24),
        number("minute", 60),
        number("took", 900),
    );
    let turn = usize::try_from(visit % 5).unwrap();
    let body = html
        .replace("</head>", &head)
        .replace("<main", &advertisement)
        .replace("<main >", &format!("<main {first} {second}>"))
        .replace("<footer>", &footer)
        .replace("</li>", &format!("</li>{}", " ".repeat(turn % 3)))
        .replace("</body>", &format!("<!-- served by web-{} --></body>", number("server", 20)));
    assert!([&first, &second, &footer].iter().all(|noise| body.contains(noise.trim())), "{body}");
    let mut headers = [
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("etag", format!("\"{}\"", token("etag"))),
        ("set-cookie", format!("visit={}; Path=/", token("cookie"))),
        ("x-request-id", token("request")),
        ("vary", "accept-encoding".to_owned()),
    ];
    headers.rotate_left(turn);
    headers.iter().fold(Reply::new(200, body), |reply, (name, value)| reply.header(name, value))
}

fn answer(world: &World, run: u64, more: &str) {
    for (page, path) in centre::paths().enumerate() {
        let html = if path == "/" { centre::home(more) } else { centre::article(path) };
        world.site.at(path, noisy(path, &html, run * PAGES + page as u64));
    }
}

#[tokio::test]
async fn a_noisy_site_is_published_once_and_once_more_when_a_date_in_its_content_changes() {
    let world = World::new().await;
    let opening = |date: &str| format!("<p>From {date} on we are there on Sundays too.</p>");
    answer(&world, 0, &opening("1 March 2026"));
    world.run().await.ends(Ending::Published);
    for run in 1..amount("CORPUSD_NOISY_RUNS", 25) {
        answer(&world, run, &opening("1 March 2026"));
        let report = world.run().await.ends(Ending::Unchanged);
        assert_eq!(report.pages.not_modified, 0, "no page is the same as before");
    }
    assert_eq!(world.chatbot.pushes().await.len(), 1);
    answer(&world, 1_000_000, &opening("2 March 2026"));
    world.run().await.ends(Ending::Published);
    assert_eq!(world.chatbot.pushes().await.len(), 2);
    assert!(world.published().await.contains("From 2 March 2026 on"));
}
