//! HTML that was made to hurt: an answer or a clear refusal, soon, without falling over.

use std::{
    fs::{self, File},
    process::Stdio,
    time::Duration,
};

use corpusd::report::Ending;

use super::{
    site::Reply,
    world::{Reported, World},
};

/// Processor time for one page. Unoptimised code is an order slower than what users run.
const LIMIT: Duration = Duration::from_secs(10);
/// The most memory for one page, unoptimised, in KiB.
const MOST_KIB: u64 = 1024 * 1024;

/// `corpusd extract -` on this page ends within the limits, with Markdown or with a reason. Gives the Markdown.
async fn survives(page: impl AsRef<[u8]>) -> Option<String> {
    let world = World::new().await;
    let file = world.path("page.html");
    fs::write(&file, page).unwrap();
    // Room beyond the limit, so that a miss is told in numbers, and for a machine with other things to do.
    let ended =
        world.spawn_with(&["extract", "-"], Stdio::from(File::open(file).unwrap())).end(LIMIT * 6).await;
    let said: String = ended.stderr.chars().take(1000).collect();
    assert!(matches!(ended.code(), Some(0 | 1)), "ended with {:?}: {said}", ended.code());
    assert!(!ended.stderr.contains("panicked"), "{said}");
    assert!(ended.spent.cpu < LIMIT, "took {:?}", ended.spent.cpu);
    assert!(ended.spent.peak_kib < MOST_KIB, "held {} KiB", ended.spent.peak_kib);
    if ended.code() == Some(0) {
        return Some(ended.stdout);
    }
    assert!(ended.stderr.contains("error: "), "a refusal has a reason: {said}");
    None
}

fn around(content: &str) -> String {
    format!(
        "<!doctype html><html><head><title>Deep</title></head><body><main><h1>Deep</h1><p>First words.</p>{content}<p>Last words.</p></main></body></html>"
    )
}

/// So many open tags, a text, and as many end tags.
fn nested(open: &str, close: &str, levels: usize) -> String {
    around(&format!("{}<p>Bottom words.</p>{}", open.repeat(levels), close.repeat(levels)))
}

#[tokio::test]
async fn deeply_nested_blocks() {
    for name in ["div", "section", "blockquote"] {
        survives(nested(&format!("<{name}>"), &format!("</{name}>"), 100_000)).await;
    }
}

#[tokio::test]
async fn tens_of_thousands_of_small_parts_that_may_be_chrome() {
    let list = "<ul><li><a href=a>b</a> <a href=a>b</a> <a href=a>b</a> <a href=a>b</a></ul>";
    let text = "<p>Text that nobody would take for a menu, and enough of it to be read.</p>".repeat(20);
    survives(format!("<body>{}{text}", list.repeat(20_000))).await;
    survives(format!("<body>{text}{}", "<h2>Related</h2><p><a href=a>b</a></p>".repeat(20_000))).await;
    let cards = "<div><a href=/a><img src=b><h3>c</h3></a></div>".repeat(20_000);
    survives(format!("<meta property=og:type content=product><body>{text}<div>{cards}")).await;
    survives(format!("<body>{text}{}", "<div class='site-footer filter hide'><input>x".repeat(20_000))).await;
}

#[tokio::test]
async fn deeply_nested_lists() {
    survives(nested("<ul><li>", "</li></ul>", 100_000)).await;
    survives(nested("<ol><li>x", "", 100_000)).await;
    survives(nested("<dl><dd>", "", 100_000)).await;
}

#[tokio::test]
async fn deeply_nested_tables() {
    survives(nested("<table><tr><td>", "</td></tr></table>", 100_000)).await;
}

#[tokio::test]
async fn deeply_nested_formatting() {
    // The adoption agency algorithm, and active formatting elements that are opened again in every paragraph.
    for name in ["font", "b", "a href=x", "span"] {
        survives(nested(&format!("<{name}>"), "", 100_000)).await;
    }
    survives(around(&"<b><i><p>".repeat(30_000))).await;
    survives(around(&"<a href=x><div>".repeat(30_000))).await;
    survives(around(&"<b></p>".repeat(50_000))).await;
}

#[tokio::test]
async fn deeply_nested_other_namespaces() {
    survives(nested("<svg>", "", 100_000)).await;
    survives(nested("<math><mi>", "", 100_000)).await;
    survives(nested("<template>", "", 100_000)).await;
    survives(nested("<select><option>", "", 100_000)).await;
}

#[tokio::test]
async fn a_hundred_thousand_attributes() {
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"v\"")).collect();
    survives(around(&format!("<p{attributes}>Dressed up.</p>"))).await;
}

#[tokio::test]
async fn one_attribute_of_megabytes() {
    survives(around(&format!("<p title=\"{}\">Talkative.</p>", "x".repeat(5_000_000)))).await;
    survives(around(&format!("<a href=\"/{}\">far</a>", "x".repeat(5_000_000)))).await;
}

#[tokio::test]
async fn a_page_of_twenty_megabytes_is_refused() {
    let answer = survives(around(&"<p>Some words of a very long page.</p>".repeat(20_000_000 / 38))).await;
    assert!(answer.is_none(), "more than 10 MiB are not read");
}

#[tokio::test]
async fn a_page_just_within_the_limit_is_read() {
    survives(around(&"<p>Some words of a very long page.</p>".repeat(9_000_000 / 38))).await;
}

#[tokio::test]
async fn a_page_of_nothing_but_tags() {
    survives(around(&"<p>".repeat(1_000_000))).await;
    survives(around(&"</p>".repeat(1_000_000))).await;
    survives("<".repeat(3_000_000)).await;
    survives(around(&"&amp".repeat(1_000_000))).await;
}

#[tokio::test]
async fn tables_that_claim_to_be_huge() {
    let cell = "<td colspan=\"1000000000\" rowspan=\"1000000000\">wide</td>";
    survives(around(&format!("<table><tr>{}</tr></table>", cell.repeat(100)))).await;
    survives(around(&format!(
        "<table>{}</table>",
        "<tr><td rowspan=65534>x<td colspan=1000>y</tr>".repeat(2_000)
    )))
    .await;
}

#[tokio::test]
async fn nul_bytes_and_rubbish() {
    survives(vec![0; 1_000_000]).await;
    survives(around("Words with \0 in \0\0 them.")).await;
    // Every byte there is, in an order that looks like none.
    let rubbish: Vec<u8> =
        (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    survives(rubbish).await;
    survives("").await;
}

#[tokio::test]
async fn code_blocks_full_of_fences() {
    survives(around(&format!("<pre><code>{}</code></pre>", "`".repeat(1_000_000)))).await;
    survives(around(&"<pre><code>".repeat(50_000))).await;
}

#[tokio::test]
async fn what_stands_before_and_after_a_moderate_depth_is_kept() {
    let markdown = survives(nested("<div>", "</div>", 200)).await.expect("200 levels are an ordinary page");
    for words in ["First words.", "Bottom words.", "Last words."] {
        assert!(markdown.contains(words), "`{words}` in:\n{markdown}");
    }
}

#[tokio::test]
async fn a_hostile_page_costs_a_crawl_no_other_page() {
    let world = World::new().await.gates(&["max_failed: 100%"]);
    world.site.page("/", "Welcome to the help centre.", &["/deep", "/tags", "/nul", "/a"]);
    world.site.at("/deep", Reply::html(nested("<ul><li>", "", 50_000)));
    world.site.at("/tags", Reply::html("<b><i><p>".repeat(20_000)));
    world.site.at("/nul", Reply::html(vec![0; 100_000]));
    world.site.page("/a", "Apples keep for weeks.", &[]);
    let report = world.run().await.ends(Ending::Published);
    assert_eq!(report.pages.discovered, 5);
    assert!(world.published().await.contains("Apples keep for weeks."));
}
