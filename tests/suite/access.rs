//! Private docs: credentials that stay with their origin, proxies, certificates, and connections that are kept.

use std::{fs, os::unix::fs::PermissionsExt};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use corpusd::report::Ending;

use super::{
    program::Running,
    site::{Canary, Reply, Request, Site, html},
    tls::{Authority, Identity, SOUND},
    world::{RUN_LIMIT, Reported, World},
};

/// What no other origin may see, and no file or message hold.
const TOKEN: &str = "very-private-token";
const SESSION: &str = "very-private-session";
const PASSWORD: &str = "very-private-password";
/// What every origin may see.
const DEFAULT: [&str; 5] = ["host", "user-agent", "accept", "accept-encoding", "connection"];

/// Public addresses that nobody is asked for the name of. What asks for them reaches a proxy on this machine.
const DOCS: &str = "http://93.184.215.14";
const OTHER: &str = "http://93.184.215.15";

/// Puts a file that only its owner may read beside the pipeline.
fn keep(world: &World, name: &str, content: &str) {
    let file = world.path("pipelines").join(name);
    fs::write(&file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A world whose crawl begins at [`DOCS`], and goes by a proxy.
async fn proxied(proxy: &Site) -> World {
    let world = World::new().await.starting_at(&format!("{DOCS}/")).crawl(&[
        "auth: {bearer: {file: token}}",
        "cookies: {session: {file: session}}",
        "headers: {X-Preview: {file: token}}",
        &format!("proxy: {{url: \"{}\", user: us, password: {{file: password}}}}", proxy.url("/")),
    ]);
    for (name, content) in [("token", TOKEN), ("session", SESSION), ("password", PASSWORD)] {
        keep(&world, name, content);
    }
    world
}

fn proxy_credentials() -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("us:{PASSWORD}")))
}

/// Whether a request carries all credentials of [`proxied`]; fails where it carries some of them, or anything else
/// that is not [`DEFAULT`].
fn carries_credentials(request: &Request) -> bool {
    let carried: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| {
            !DEFAULT.iter().chain(&["proxy-authorization"]).any(|known| name.eq_ignore_ascii_case(known))
        })
        .collect();
    if carried.is_empty() {
        return false;
    }
    assert_eq!(carried.len(), 3, "{request:?}");
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(request.header("cookie"), Some(&*format!("session={SESSION}")));
    assert_eq!(request.header("x-preview"), Some(TOKEN));
    true
}

#[tokio::test]
async fn credentials_reach_the_origin_they_are_for_and_no_other() {
    let (proxy, authority) = (Site::new(), Authority::new());
    let docs_over_tls = Site::encrypted(authority.certify(&Identity { name: "93.184.215.14", ..SOUND }));
    docs_over_tls.page("/secure", "Said in confidence.", &[]).page("/linked", "Also in confidence.", &[]);
    proxy.at("93.184.215.14:443", Reply::tunnel(&docs_over_tls));
    let secure = DOCS.replace("http:", "https:");
    let at = |url: String, reply: Reply| drop(proxy.at(&url, reply).clone());
    let page = |url: String, text: &str| at(url.clone(), Reply::html(html(&url, text, &[])));
    let links = [
        "/inner",
        "/to-port",
        "/to-host",
        "/to-tls",
        &format!("{OTHER}/linked"),
        &format!("{DOCS}:8080/linked"),
        &format!("{secure}/linked"),
    ];
    at(format!("{DOCS}/"), Reply::html(html("/", "Welcome to the private docs.", &links)));
    page(format!("{DOCS}/inner"), "Within.");
    page(format!("{DOCS}/mapped"), "Named by a sitemap.");
    at(format!("{DOCS}/to-port"), Reply::redirect(302, &format!("{DOCS}:8080/port")));
    at(format!("{DOCS}/to-host"), Reply::redirect(307, &format!("{OTHER}/host")));
    at(format!("{DOCS}/to-tls"), Reply::redirect(301, &format!("{secure}/secure")));
    page(format!("{DOCS}:8080/port"), "At another port.");
    page(format!("{DOCS}:8080/linked"), "Linked, at another port.");
    page(format!("{OTHER}/host"), "At another host.");
    page(format!("{OTHER}/linked"), "Linked, at another host.");
    at(
        format!("{DOCS}/robots.txt"),
        Reply::text(&format!(
            "Sitemap: {DOCS}/map.xml\nSitemap: {OTHER}/map.xml\nSitemap: {DOCS}/moved.xml\n"
        )),
    );
    let map = format!("<urlset><url><loc>{DOCS}/mapped</loc></url></urlset>");
    at(format!("{DOCS}/map.xml"), Reply::xml(map.clone()));
    at(format!("{DOCS}/moved.xml"), Reply::redirect(302, &format!("{OTHER}/moved.xml")));
    at(format!("{OTHER}/map.xml"), Reply::xml(map.clone()));
    at(format!("{OTHER}/moved.xml"), Reply::xml(map));
    at(format!("{DOCS}:8080/robots.txt"), Reply::redirect(302, &format!("{OTHER}/robots-of-port.txt")));
    at(format!("{OTHER}/robots-of-port.txt"), Reply::text(""));

    let follow = format!("follow: [\"{DOCS}/**\", \"{OTHER}/**\", \"{DOCS}:8080/**\", \"{secure}/**\"]");
    let world = proxied(&proxy).await.crawl(&[&follow, "ca_file: ca.pem"]);
    keep(&world, "ca.pem", &authority.pem());
    world.write();
    let mut command = world.command(&["run", "--once", "--json", "docs"]);
    // More than `-vv` says: the libraries' own logs too.
    command.env("RUST_LOG", "trace");
    let ran = Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await.exits(0);

    let requests = proxy.requests();
    let mut unseen = vec![
        "/",
        "/inner",
        "/mapped",
        "/to-port",
        "/to-host",
        "/to-tls",
        "/robots.txt",
        "/map.xml",
        "/moved.xml",
    ];
    for request in &requests {
        assert_eq!(request.header("proxy-authorization"), Some(&*proxy_credentials()), "{request:?}");
        let of_docs = request.path.strip_prefix(DOCS).filter(|path| path.starts_with('/'));
        assert_eq!(carries_credentials(request), of_docs.is_some(), "{request:?}");
        unseen.retain(|path| of_docs != Some(path));
    }
    assert!(unseen.is_empty(), "{unseen:?} of {:?}", proxy.paths());
    for path in ["/host", "/linked", "/robots.txt", "/map.xml", "/moved.xml", "/robots-of-port.txt"] {
        assert_eq!(proxy.count(&format!("{OTHER}{path}")), 1, "{path} of {:?}", proxy.paths());
    }
    for path in ["/port", "/linked", "/robots.txt"] {
        assert_eq!(proxy.count(&format!("{DOCS}:8080{path}")), 1, "{path} of {:?}", proxy.paths());
    }
    assert_eq!(docs_over_tls.paths(), ["/linked", "/robots.txt", "/secure"]);
    for request in docs_over_tls.requests() {
        assert!(
            !carries_credentials(&request) && request.header("proxy-authorization").is_none(),
            "{request:?}"
        );
    }

    let mut said = vec![ran.stdout.into_bytes(), ran.stderr.into_bytes()];
    for arguments in [
        &["explain", "docs", &format!("{DOCS}/inner")][..],
        &["explain", "docs", &format!("{OTHER}/host"), "--json"],
        &["status", "--json"],
        &["validate"],
    ] {
        let ended = world.corpusd(arguments).await.exits(0);
        said.extend([ended.stdout.into_bytes(), ended.stderr.into_bytes()]);
    }
    said.extend(world.state_bytes().into_iter().map(|(_, bytes)| bytes));
    for secret in [TOKEN, SESSION, PASSWORD, &proxy_credentials()["Basic ".len()..]] {
        for text in &said {
            let holds = text.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!holds, "`{secret}` in: {}", String::from_utf8_lossy(text));
        }
    }
}

#[tokio::test]
async fn nothing_private_is_asked_for_through_a_proxy_unless_it_is_named() {
    let proxy = Site::new();
    let private = [
        "http://10.0.0.1/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://0x7f.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://metadata.google.internal/",
    ];
    let world = proxied(&proxy).await.crawl(&["follow: [\"http://*/**\"]"]);
    let mut links: Vec<String> = private.iter().map(|url| (*url).to_owned()).collect();
    for (number, url) in private.iter().enumerate() {
        proxy.at(&format!("{DOCS}/r{number}"), Reply::redirect(302, &format!("{url}moved")));
        links.push(format!("/r{number}"));
    }
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    proxy.at(&format!("{DOCS}/"), Reply::html(html("/", "Welcome to the private docs.", &links)));
    let report = world.run().await.ends(Ending::Published);
    // One of the links is another spelling of another.
    assert_eq!(report.skipped("blocked_address"), 2 * private.len() as u64 - 1, "{report:#?}");
    assert!(proxy.paths().iter().all(|path| path.starts_with(DOCS)), "{:?}", proxy.paths());

    let world = proxied(&proxy).await.starting_at("http://10.0.0.1/");
    proxy.at("http://10.0.0.1/", Reply::html(html("/", "Welcome to the wiki.", &[])));
    world.run().await.ends(Ending::Published);
}

#[tokio::test]
async fn a_proxy_may_be_reached_over_tls() {
    let authority = Authority::new();
    for speaks in [SOUND.speaks, &["http/1.1"], &[]] {
        let proxy = Site::encrypted(authority.certify(&Identity { speaks, ..SOUND }));
        proxy.at(&format!("{DOCS}/"), Reply::html(html("/", "Welcome to the private docs.", &[])));
        let world = proxied(&proxy).await;
        keep(&world, "ca.pem", &authority.pem());
        let world = world.crawl(&["ca_file: ca.pem"]);
        world.run().await.ends(Ending::Published);
        assert_eq!(proxy.count(&format!("{DOCS}/")), 1, "{speaks:?}: {:?}", proxy.paths());
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_ignored() {
    let canary = Canary::new();
    let world = World::new().await;
    world.site.page("/", "Welcome to the help centre.", &[]);
    world.write();
    let mut command = world.command(&["run", "--once", "docs"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, canary.url("/"));
    }
    Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await.exits(0);
    canary.assert_alive();
    assert!(world.published().await.contains("Welcome to the help centre."));
}

#[tokio::test]
async fn a_proxy_of_the_file_is_used_whatever_the_environment_excepts() {
    let proxy = Site::new();
    proxy.at(&format!("{DOCS}/"), Reply::html(html("/", "Welcome to the private docs.", &[])));
    let world = proxied(&proxy).await;
    world.write();
    let mut command = world.command(&["run", "--once", "docs"]);
    command.env("no_proxy", "*").env("NO_PROXY", "*");
    Running::start(&mut command, &world.path("")).end(RUN_LIMIT).await.exits(0);
    assert_eq!(proxy.count(&format!("{DOCS}/")), 1);
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_a_failed_connection() {
    let proxy = Site::new();
    for refusal in [Reply::status(403), Reply::status(407), Reply::reset(), Reply::text("no").until_closed()]
    {
        let world = proxied(&proxy).await.starting_at(&format!("{}/", DOCS.replace("http:", "https:")));
        proxy.at("93.184.215.14:443", refusal);
        let report = world.run().await.ends(Ending::Incomplete);
        assert_eq!(report.pages.failed, 1, "{report:#?}");
    }
    for request in proxy.requests() {
        assert_eq!(request.path, "93.184.215.14:443");
        assert!(!carries_credentials(&request), "{request:?}");
    }
}

// TLS

/// A world whose crawl begins at a site of so many pages behind TLS.
async fn behind_tls(identity: &Identity, pages: usize) -> (World, Site) {
    let authority = Authority::new();
    let site = Site::encrypted(authority.certify(identity));
    let paths: Vec<String> = (0..pages).map(|number| format!("/p{number}")).collect();
    let links: Vec<&str> = paths.iter().map(String::as_str).collect();
    site.page("/", "Welcome to the private docs.", &links);
    for path in &links {
        site.page(path, &format!("The words of {path} alone."), &[]);
    }
    let world = World::new().await.starting_at(&site.url("/"));
    keep(&world, "ca.pem", &authority.pem());
    (world, site)
}

#[tokio::test]
async fn a_certificate_is_trusted_when_its_authority_is() {
    let (world, site) = behind_tls(&SOUND, 1).await;
    let report = world.run().await;
    assert!(!matches!(report.outcome, Ending::Published | Ending::Unchanged), "{report:#?}");
    assert_eq!((report.failed("tls"), site.requests().len()), (1, 0), "{report:#?}");
    assert!(world.chatbot.pushes().await.is_empty());
    let world = world.crawl(&["ca_file: ca.pem"]);
    world.run().await.ends(Ending::Published);
    assert!(world.published().await.contains("The words of /p0 alone."));
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_not_trusted() {
    for identity in [Identity { name: "127.0.0.2", ..SOUND }, Identity { valid: 2020..2021, ..SOUND }] {
        let (world, site) = behind_tls(&identity, 1).await;
        let world = world.crawl(&["ca_file: ca.pem"]);
        let report = world.run().await;
        assert!(!matches!(report.outcome, Ending::Published | Ending::Unchanged), "{report:#?}");
        assert_eq!((report.failed("tls"), site.requests().len()), (1, 0), "{identity:?}: {report:#?}");
        assert!(world.chatbot.pushes().await.is_empty());
    }
}

#[tokio::test]
async fn a_redirect_never_gives_up_encryption() {
    let (world, site) = behind_tls(&SOUND, 0).await;
    let world = world.crawl(&["ca_file: ca.pem"]);
    site.page("/", "Welcome to the private docs.", &["/down"]);
    site.at("/down", Reply::redirect(301, &format!("{DOCS}/")));
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.skipped("blocked_address"), 1, "{report:#?}");
}

// Connections

const PAGES: usize = 60;

#[tokio::test]
async fn http2_carries_many_requests_over_one_connection() {
    let (world, site) = behind_tls(&SOUND, PAGES).await;
    let report = world.crawl(&["ca_file: ca.pem"]).run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, PAGES as u64 + 1);
    assert_eq!(report.http.http2, report.http.requests, "{:?}", report.http);
    assert!(report.http.requests > PAGES as u64, "{:?}", report.http);
    assert_eq!((report.http.connections, site.connections()), (1, 1), "{:?}", report.http);
}

#[tokio::test]
async fn connections_are_kept_and_hardly_more_than_the_concurrency_are_opened() {
    let concurrency = 4;
    for speaks in [&["http/1.1"][..], &[]] {
        let (world, site) = behind_tls(&Identity { speaks, ..SOUND }, PAGES).await;
        let lines = ["ca_file: ca.pem".to_owned(), format!("concurrency: {concurrency}")];
        let report = world.crawl(&[&lines[0], &lines[1]]).run().await.ends(Ending::Published);
        assert_eq!((report.documents.kept, report.http.http2), (PAGES as u64 + 1, 0));
        // The client opens one more where a request comes up in the moment before another gives its own back.
        assert!(report.http.connections < 2 * concurrency, "{:?}", report.http);
        assert_eq!(report.http.connections, site.connections());
    }
}

#[tokio::test]
async fn headers_without_measure_cost_no_other_page_over_http2() {
    let (world, site) = behind_tls(&SOUND, PAGES).await;
    for path in ["/p3", "/p31"] {
        let huge = Reply::html(html(path, "Too much is said before it.", &[]));
        site.at(
            path,
            (0..32).fold(huge, |reply, n| reply.header(&format!("x-huge-{n}"), &"x".repeat(32 * 1024))),
        );
    }
    let lines = ["ca_file: ca.pem", "retries: 2"];
    let report = world.crawl(&lines).run().await.ends(Ending::Published);
    assert_eq!(report.documents.kept, PAGES as u64 - 1, "{report:#?}");
    assert_eq!(report.skipped("too_large") + report.pages.failed, 2, "{report:#?}");
}
