//! Sitemaps in every form that sites publish: XML (sitemaps.org), a sitemap index, RSS or Atom, or a list of
//! URLs, each also as gzip.
//!
//! A sitemap that is not whole must never pass for a shorter one: what could be read comes with a [`Doubt`].
//! This module fetches nothing and resolves no URL.

mod text;
mod xml;

/// The largest sitemap, uncompressed, in bytes: the limit of sitemaps.org. What comes after it is not read.
pub const MAX_SITEMAP_LEN: usize = 52_428_800;

/// The longest `loc` that is kept, in bytes. A longer one is cut here, which leaves it too long to be
/// requested.
pub const MAX_LOC_LEN: usize = 4_096;

/// A sitemap as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sitemap {
    /// What the entries are.
    pub kind: Kind,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// Why the entries may not be all, or not be entries at all.
    pub doubt: Option<Doubt>,
}

/// What the entries of a sitemap are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pages.
    Urls,
    /// Other sitemaps.
    Index,
}

/// One page or sitemap that a sitemap lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its URL as the file has it, trimmed; never empty, at most [`MAX_LOC_LEN`] bytes, and not yet parsed.
    pub loc: String,
    /// When it changed, in whatever form the file says it, trimmed.
    pub lastmod: Option<String>,
}

/// Why a sitemap cannot be trusted to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It ends too early.
    #[error("it ends in the middle")]
    Cut,
    /// Its XML is broken at some place; the entries before it are given.
    #[error("its XML is malformed")]
    Malformed,
    /// It is over [`MAX_SITEMAP_LEN`] or over the number of entries that was asked for.
    #[error("it is larger than a sitemap may be")]
    TooLarge,
    /// It is something else, most often a page of HTML.
    #[error("it is not a sitemap")]
    NotASitemap,
}

/// Reads a sitemap, at most `max_entries` of it.
///
/// No body is an error. An empty list of URLs is no doubt; an empty body is.
pub fn parse(body: &[u8], max_entries: usize) -> Sitemap {
    let (text, cut) = text::decoded(body);
    let text = text.trim_start_matches('\u{FEFF}').trim_ascii_start();
    if !text.starts_with('<') {
        return list(text, cut, max_entries);
    }
    let mut sitemap = xml::parse(text, max_entries);
    // Only a document that is still open ended where the text was cut: a closed one is whole.
    if sitemap.doubt == Some(Doubt::Cut) {
        sitemap.doubt = cut.or(sitemap.doubt);
    }
    sitemap
}

/// The sitemap that is a list of URLs, one a line. Other lines are passed over.
fn list(text: &str, cut: Option<Doubt>, max_entries: usize) -> Sitemap {
    let is_url = |line: &&str| {
        ["http://", "https://"]
            .iter()
            .any(|scheme| line.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    };
    // Of a cut text, the last line may be half a URL.
    let whole_lines =
        if cut.is_some() { text.rfind(['\r', '\n']).map_or("", |end| &text[..end]) } else { text };
    let mut urls = whole_lines.split(['\r', '\n']).map(str::trim).filter(is_url);
    let entries: Vec<Entry> = urls
        .by_ref()
        .take(max_entries)
        .map(|line| Entry { loc: text::cut_to(line, MAX_LOC_LEN).to_owned(), lastmod: None })
        .collect();
    let doubt = if urls.next().is_some() {
        Some(Doubt::TooLarge)
    } else if cut.is_some() {
        cut
    } else if text.is_empty() {
        Some(Doubt::Cut)
    } else if entries.is_empty() {
        Some(Doubt::NotASitemap)
    } else {
        None
    };
    Sitemap { kind: Kind::Urls, entries, doubt }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const TWO: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
        <url><loc> http://a.test/1 </loc><lastmod>2024-01-01</lastmod><priority>0.5</priority></url>\n\
        <url><loc>http://a.test/2</loc></url></urlset>\n";

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn check(body: impl AsRef<[u8]>, locs: &[&str], doubt: Option<Doubt>) -> Sitemap {
        let sitemap = parse(body.as_ref(), 50_000);
        let found: Vec<&str> = sitemap.entries.iter().map(|entry| entry.loc.as_str()).collect();
        assert_eq!(
            (found.as_slice(), sitemap.doubt),
            (locs, doubt),
            "{}",
            String::from_utf8_lossy(body.as_ref())
        );
        sitemap
    }

    fn wrapped(inside: &str) -> String {
        format!("<urlset>{inside}</urlset>")
    }

    #[test]
    fn urls_and_their_dates_are_read() {
        let sitemap = check(TWO, &["http://a.test/1", "http://a.test/2"], None);
        assert_eq!(sitemap.kind, Kind::Urls);
        assert_eq!(sitemap.entries[0].lastmod.as_deref(), Some("2024-01-01"));
        assert_eq!(sitemap.entries[1].lastmod, None);
    }

    #[test]
    fn an_index_lists_sitemaps() {
        let body = "<sitemapindex><sitemap><loc>http://a.test/s.xml.gz</loc>\
            <lastmod>yesterday</lastmod></sitemap></sitemapindex>";
        let sitemap = check(body, &["http://a.test/s.xml.gz"], None);
        assert_eq!(sitemap.kind, Kind::Index);
        assert_eq!(sitemap.entries[0].lastmod.as_deref(), Some("yesterday"));
    }

    #[test]
    fn feeds_are_sitemaps_of_their_entries() {
        let rss = "<rss><channel><link>http://a.test/</link><item><link>http://a.test/1</link>\
            <atom:link href='http://a.test/self'/><pubDate>Mon, 01 Jan 2024</pubDate></item></channel></rss>";
        assert!(check(rss, &["http://a.test/1"], None).entries[0].lastmod.is_some());
        let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><link href=\"http://a.test/\"/><entry>\
            <link rel=\"self\" href=\"http://a.test/api/1\"/><link href='http://a.test/1?a=1&amp;b=2'/>\
            <updated>2024-01-01T00:00:00Z</updated></entry></feed>";
        assert!(check(atom, &["http://a.test/1?a=1&b=2"], None).entries[0].lastmod.is_some());
        let rdf = "<rdf:RDF xmlns=\"x\"><channel/><item><link>http://a.test/1</link></item></rdf:RDF>";
        check(rdf, &["http://a.test/1"], None);
    }

    #[test]
    fn a_list_of_urls_is_a_sitemap() {
        check(
            "http://a.test/1\r\n\n HTTPS://a.test/2 \n# end",
            &["http://a.test/1", "HTTPS://a.test/2"],
            None,
        );
        check("Please log in.", &[], Some(Doubt::NotASitemap));
        check("{\"error\": 404}", &[], Some(Doubt::NotASitemap));
    }

    #[test]
    fn references_cdata_and_prefixes_are_understood() {
        check(
            wrapped("<url><loc><![CDATA[http://a.test/?a=1&b=2]]></loc></url>"),
            &["http://a.test/?a=1&b=2"],
            None,
        );
        check(
            wrapped("<url><loc>http://a.test/?a&amp;b&#38;c&#x26;d</loc></url>"),
            &["http://a.test/?a&b&c&d"],
            None,
        );
        check(
            wrapped("<url><loc>http://a.test/?a=1&b=2&copy;</loc></url>"),
            &["http://a.test/?a=1&b=2&copy;"],
            None,
        );
        check(
            "<s:urlset xmlns:s='x'><s:url><s:loc>http://a.test/</s:loc></s:url></s:urlset>",
            &["http://a.test/"],
            None,
        );
        check(wrapped("<url><!-- x --><loc>http://a.<!-- y -->test/</loc></url>"), &["http://a.test/"], None);
    }

    #[test]
    fn only_the_page_itself_is_an_entry() {
        check(
            wrapped(
                "<url><loc>http://a.test/1</loc>\
                 <image:image><image:loc>http://a.test/i</image:loc></image:image>\
                 <xhtml:link href='http://a.test/fr'/><image:loc>http://a.test/j</image:loc></url>\
                 <url/><url><loc> </loc></url>\
                 <url><loc>http://a.test/2</loc><loc>http://a.test/3</loc></url>",
            ),
            &["http://a.test/1", "http://a.test/2"],
            None,
        );
    }

    #[test]
    fn an_empty_sitemap_is_no_doubt_but_an_empty_body_is() {
        check("<urlset/>", &[], None);
        check("\u{FEFF}<?xml version='1.0'?><!-- none --><urlset xmlns='x'></urlset>", &[], None);
        check("<sitemapindex></sitemapindex>", &[], None);
        check("", &[], Some(Doubt::Cut));
        check(" \n", &[], Some(Doubt::Cut));
        check("<?xml version='1.0'?>", &[], Some(Doubt::Cut));
    }

    #[test]
    fn what_came_before_a_cut_is_given_with_the_doubt() {
        for end in TWO.find("<url>").unwrap()..TWO.find("</urlset>").unwrap() + 8 {
            let sitemap = parse(&TWO.as_bytes()[..end], 10);
            assert_eq!(sitemap.doubt, Some(Doubt::Cut), "{}", &TWO[..end]);
            assert_eq!(sitemap.entries.len(), TWO[..end].matches("</url>").count());
        }
        let list = gzip("http://a.test/1\nhttp://a.test/2".as_bytes());
        check(&list[..list.len() - 4], &["http://a.test/1"], Some(Doubt::Cut));
        let packed = gzip(wrapped(&"<url><loc>http://a.test/1</loc></url>".repeat(9_000)).as_bytes());
        let sitemap = parse(&packed[..packed.len() / 2], 10_000);
        assert_eq!(sitemap.doubt, Some(Doubt::Cut));
        assert!(!sitemap.entries.is_empty());
    }

    #[test]
    fn broken_xml_keeps_what_came_before() {
        check(
            wrapped("<url><loc>http://a.test/1</loc></url><url><loc>x</url>"),
            &["http://a.test/1"],
            Some(Doubt::Malformed),
        );
        check(format!("{TWO}<junk"), &["http://a.test/1", "http://a.test/2"], None);
    }

    #[test]
    fn a_page_is_not_a_sitemap() {
        check("<!DOCTYPE html><html><head><meta charset=utf-8></head></html>", &[], Some(Doubt::NotASitemap));
        check("<HTML><br></HTML>", &[], Some(Doubt::NotASitemap));
        check("<Error><Code>AccessDenied</Code></Error>", &[], Some(Doubt::NotASitemap));
    }

    #[test]
    fn any_encoding_is_read() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?>\
            <urlset><url><loc>http://a.test/caf\xE9</loc></url></urlset>";
        check(latin, &["http://a.test/caf\u{E9}"], None);
        for big_endian in [false, true] {
            let octets = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let body: Vec<u8> = format!("\u{FEFF}{TWO}").encode_utf16().flat_map(octets).collect();
            check(body, &["http://a.test/1", "http://a.test/2"], None);
        }
    }

    #[test]
    fn gzip_is_known_by_its_first_octets() {
        check(gzip(TWO.as_bytes()), &["http://a.test/1", "http://a.test/2"], None);
        let mut padded = gzip(TWO.as_bytes());
        padded.extend([0; 64]);
        check(padded, &["http://a.test/1", "http://a.test/2"], None);
        check(b"\x1F\x8B", &[], Some(Doubt::Cut));
    }

    #[test]
    fn too_many_entries_or_bytes_are_a_doubt() {
        assert_eq!(parse(TWO.as_bytes(), 2).doubt, None);
        let sitemap = parse(TWO.as_bytes(), 1);
        assert_eq!((sitemap.entries.len(), sitemap.doubt), (1, Some(Doubt::TooLarge)));
        let list = parse(b"http://a.test/1\nhttp://a.test/2", 1);
        assert_eq!((list.entries.len(), list.doubt), (1, Some(Doubt::TooLarge)));
        let mut bomb = TWO.replace("</urlset>", "").into_bytes();
        bomb.resize(MAX_SITEMAP_LEN + 1, b' ');
        check(gzip(&bomb), &["http://a.test/1", "http://a.test/2"], Some(Doubt::TooLarge));
    }

    #[test]
    fn hostile_xml_is_bounded() {
        let laughs = "<!DOCTYPE u [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>\
            <urlset><url><loc>http://a.test/&b;</loc></url></urlset>";
        check(laughs, &["http://a.test/&b;"], None);
        check("<a>".repeat(100_000), &[], Some(Doubt::NotASitemap));
        check(wrapped(&"<url>".repeat(100_000)), &[], Some(Doubt::Malformed));
        let attributes = "<feed><entry><link ".to_owned() + &"a='1' ".repeat(200_000) + "/></entry></feed>";
        check(attributes, &[], None);
        let loc = wrapped(&format!("<url><loc>http://a.test/{}</loc></url>", "é".repeat(1_000_000)));
        let entries = parse(loc.as_bytes(), 10).entries;
        assert!((MAX_LOC_LEN - 1..=MAX_LOC_LEN).contains(&entries[0].loc.len()));
    }

    proptest! {
        #[test]
        fn any_octets_are_a_sitemap_or_a_doubt(body: Vec<u8>) {
            parse(&body, 10);
            let mut packed = gzip(&body);
            parse(&packed, 10);
            let half = packed.len() / 2;
            packed[half] ^= 0x55;
            parse(&packed, 10);
        }

        #[test]
        fn any_markup_is_a_sitemap_or_a_doubt(
            body in "<(urlset|feed|rss)>(<|>|/|&|;|#|\\]|!|\\[CDATA\\[|--|\\?|\
                url|loc|link|entry|'|=|</?url>|</?loc>|é){0,40}",
            max_entries in 0_usize..3,
        ) {
            prop_assert!(parse(body.as_bytes(), max_entries).entries.len() <= max_entries);
        }
    }
}
