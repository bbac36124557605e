use proptest::prelude::*;

use url::Url;

use super::*;
use crate::html::{links, parse};

fn article(html: &str) -> Article {
    let url = Url::parse("https://docs.test/guide/page.html").unwrap();
    let tree = parse(html).unwrap();
    let links = links(&tree, &url);
    extract(&tree, &links)
}

/// Each golden page is written after the real structure of its generator; `expected.md` starts with how it was found.
#[test]
fn golden_pages_come_out_as_they_should() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages");
    let mut cases: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
        let found = article(&read("page.html"));
        let how = match &found.container {
            Container::Rule(name) => format!("rule {name}"),
            Container::Landmark(name) => format!("landmark {name}"),
            Container::Body => "body".to_owned(),
        };
        let language = found.language.clone().unwrap_or_default();
        let actual = format!("<!-- {how} | {} | {language} -->\n\n{}\n", found.title, found.markdown());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(case.join("expected.md"), &actual).unwrap();
        }
        assert_eq!(actual, read("expected.md"), "{}", case.display());
    }
}

#[test]
fn hidden_text_stays_out_and_openable_text_stays_in() {
    // Rules of style sheets are not read yet.
    const LATER: &[&str] = &["css-style-block-class", "css-style-block-id"];
    let vectors: serde_json::Value = serde_json::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/hidden_text.json"
    )))
    .unwrap();
    for row in vectors["hidden_html"].as_array().unwrap() {
        let (id, html) = (row["id"].as_str().unwrap(), row["html"].as_str().unwrap());
        let markdown = article(&format!("<html><body>{html}</body></html>")).markdown();
        assert_eq!(markdown.matches("KEEPME").count(), html.matches("KEEPME").count(), "{id}: {markdown}");
        assert_eq!(markdown.contains("DROPME"), LATER.contains(&id), "{id}: {markdown}");
    }
}

#[test]
fn unicode_noise_goes_and_writing_stays() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/hidden_text.json"
    )))
    .unwrap();
    for row in vectors["unicode"].as_array().unwrap() {
        let (input, expected) = (row["input"].as_str().unwrap(), row["expect"].as_str().unwrap());
        let markdown = article(&format!("<p>{input}</p>")).markdown();
        // A line separator breaks the line, and a line break has two blanks before it.
        assert_eq!(markdown.replace("  \n", "\n"), expected, "{}", row["id"]);
    }
}

#[test]
fn the_title_is_the_heading_where_the_page_agrees() {
    let check = |html: &str, expected: &str| assert_eq!(article(html).title, expected, "{html}");
    check("<title>Setup | Acme</title><h1>Setup</h1>", "Setup");
    check("<title>Setup - Acme</title><h1>Welcome to our site</h1>", "Setup");
    check("<meta property=og:title content='A – B'><title>x</title>", "A – B");
    check("<title>Only - title</title>", "Only");
    check("<h1>Only heading<a class=headerlink href=#a>¶</a></h1>", "Only heading");
    check("<p>x", "");
}

#[test]
fn the_language_is_what_the_page_declares() {
    let check = |html: &str, expected: Option<&str>| {
        assert_eq!(article(html).language.as_deref(), expected, "{html}");
    };
    check("<html lang=de-AT>", Some("de-AT"));
    check("<html lang=''><meta http-equiv=content-language content='fr, en'>", Some("fr"));
    check("<meta property=og:locale content=pt_BR>", Some("pt-BR"));
    check("<html lang='not a language'>", None);
}

#[test]
fn a_class_name_alone_removes_no_text() {
    let text = "A unique sentence about how the product works and what to do with it. ".repeat(6);
    for class in ["widget", "banner", "related", "sidebar", "cookie", "footer-content"] {
        let found = article(&format!("<body><main><h1>T</h1><div class={class}><p>{text}</p></div></main>"));
        assert!(found.markdown().contains("A unique sentence"), "{class}");
    }
    let found = article(&format!(
        "<body><main><h1>T</h1><p>{text}</p><div class=cookie-bar>We use cookies. <a href=x>OK</a></div></main>"
    ));
    assert!(!found.markdown().contains("cookies"));
}

#[test]
fn headings_are_blocks_of_their_own_and_blocks_make_the_document() {
    let found = article("<main><h1>A</h1><p>b</p><ul><li>c</li><li>d</li></ul><pre>e</pre></main>");
    let blocks: Vec<_> = found.blocks.iter().map(|b| b.markdown.as_str()).collect();
    assert_eq!(blocks, ["# A", "b", "- c\n- d", "```\ne\n```"]);
    assert_eq!(found.markdown(), blocks.join("\n\n"));
}

#[test]
fn hostile_pages_are_small_work() {
    for piece in [
        "<ul><li>x",
        "<table><tr><td>x",
        "<main><article>x",
        "<div style='visibility:hidden'>x",
        "<header><aside>x",
        "<dl><dt>x<dd>y",
    ] {
        article(&piece.repeat(5000));
    }
}

proptest! {
    #[test]
    fn extraction_never_panics(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<main>", "</main>", "<article>", "</article>", "<div class=rst-content>", "<div class='body' role=main>", "<nav>x</nav>", "</div>", "<p>some text",
        "<h1>t</h1>", "<header>", "</header>", "<footer>f", "<aside>", "<body class=navheader>", "<div class=navfooter>", "<table>", "<tr><td>", "</table>",
        "<a href=#x>l</a>", "<div hidden>", "<b>", "</b>", "<title>t - u</title>", "<noscript>", "<template>", "</template>", "<frameset>", "<svg>", "</svg>",
    ]), 0..60)) {
        article(&pieces.concat());
    }
}
