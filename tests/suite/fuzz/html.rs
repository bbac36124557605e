//! From the octets of a page to a document's Markdown: bounded, and the same each time.

use corpusd::{document, extract, html, http::charset};
use url::Url;

/// `input` is a page.
pub(super) fn check(input: &[u8]) {
    let Ok(decoded) = charset::decode(Some("text/html"), input.to_vec()) else { return };
    let Ok(tree) = html::parse(&decoded.text) else { return };
    assert!(tree.len() <= html::MAX_NODES + 1);
    let url = Url::parse("https://a.test/dir/page").unwrap();
    let links = html::links(&tree, &url);
    for link in &links.follow {
        assert!(matches!(link.scheme(), "http" | "https") && link.fragment().is_none(), "{link}");
    }
    let article = extract::extract(&tree, &links, &extract::Asked::default());
    let markdown = document::normalise(&article.markdown());
    assert_eq!(document::normalise(&markdown), markdown, "normalised twice is normalised once");
    let most = 4096 + 64 * decoded.text.len();
    assert!(markdown.len() <= most, "{} bytes of Markdown from {}", markdown.len(), decoded.text.len());
    assert_eq!(
        extract::extract(&tree, &links, &extract::Asked::default()),
        article,
        "the same page is the same article"
    );
}
