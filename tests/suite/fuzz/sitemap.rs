//! Sitemaps: bounded, the same through gzip, and nothing lost that stands before a cut.

use std::io::Write;

use corpusd::crawl::sitemap::{Doubt, MAX_LOC_LEN, Sitemap, parse};
use flate2::{Compression, write::GzEncoder};

/// More than any input has.
const ALL: usize = 1_000_000;

/// `input` is a sitemap; the values of its lines are the URLs of another.
pub(super) fn check(input: &[u8]) {
    let sitemap = parse(input, ALL);
    for entry in &sitemap.entries {
        assert!((1..=MAX_LOC_LEN).contains(&entry.loc.len()), "{entry:?}");
        for value in [Some(&entry.loc), entry.lastmod.as_ref()].into_iter().flatten() {
            assert!(value.trim() == value && !value.is_empty(), "{entry:?}");
        }
    }
    at_most(input, &sitemap);
    if !input.starts_with(b"\x1F\x8B") {
        assert_eq!(parse(&gzip(input), ALL), sitemap);
        cut(input, &sitemap);
    }
    written(&String::from_utf8_lossy(input));
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A limit takes from the end and says so.
fn at_most(input: &[u8], sitemap: &Sitemap) {
    let few = sitemap.entries.len() / 2;
    let limited = parse(input, few);
    assert_eq!(limited.entries, sitemap.entries[..few]);
    if few < sitemap.entries.len() {
        assert_eq!(limited.doubt, Some(Doubt::TooLarge));
    }
}

/// Half of an XML sitemap has the first of its entries and is no whole one.
fn cut(input: &[u8], sitemap: &Sitemap) {
    let half = parse(&input[..input.len() / 2], ALL);
    // Other octets can make half of a text look as if it were of another encoding.
    if input.starts_with(b"<") && input.len() > 1 && input.is_ascii() && !input.contains(&0) {
        assert!(sitemap.entries.starts_with(&half.entries));
        assert!(half.doubt.is_some() || half == *sitemap, "half a sitemap passes for a whole one");
    }
}

/// What was written is read, and what was written before a cut is read however it is cut.
fn written(text: &str) {
    let is_plain = |character: &char| !character.is_control();
    let locs: Vec<String> = text
        .lines()
        .map(|line| line.chars().filter(is_plain).take(200).collect::<String>().trim().to_owned())
        .filter(|loc| !loc.is_empty())
        .collect();
    let mut body = "<urlset>".to_owned();
    let mut ends = Vec::new();
    for loc in &locs {
        let loc = loc.replace('&', "&amp;").replace('<', "&lt;");
        body.push_str(&format!("<url><loc>{loc}</loc></url>"));
        ends.push(body.len());
    }
    body.push_str("</urlset>");
    let read = |end: usize| {
        let sitemap = parse(&body.as_bytes()[..end], ALL);
        (sitemap.entries.into_iter().map(|entry| entry.loc).collect::<Vec<_>>(), sitemap.doubt)
    };
    assert_eq!(read(body.len()), (locs.clone(), None));
    let packed = gzip(body.as_bytes());
    let half = parse(&packed[..packed.len() / 2], ALL);
    assert!(half.doubt.is_some());
    assert!(half.entries.iter().map(|entry| &entry.loc).eq(locs.iter().take(half.entries.len())));
    for end in ends.iter().map(|end| end + 3).chain([body.len() - 1, body.len() / 2]) {
        if end < body.len() && body.is_char_boundary(end) {
            let whole = ends.iter().filter(|&&entry| entry <= end).count();
            let (found, doubt) = read(end);
            assert_eq!((&found[..], doubt), (&locs[..whole], Some(Doubt::Cut)), "{}", &body[..end]);
        }
    }
}
