//! The links of a page: what to follow, what the page says about itself and about being indexed.

use std::collections::HashSet;

use html5ever::local_name;
use url::Url;

use super::tree::{Element, NodeId, Tree};

/// Language variants that are read of one page; the largest sites name about 200.
const MOST_ALTERNATES: usize = 1_000;

/// Bytes of links in all that are taken from one page, the first ones: with a long base, a page of megabytes could
/// name gigabytes of them.
const MAX_LINK_BYTES: usize = 16 * 1024 * 1024;

/// The longest reference that is looked at, in bytes: four times the longest URL that is ever requested.
const MAX_REFERENCE: usize = 8 * 1024;

/// What a page points to and what it asks of robots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// What relative links resolve against: `<base href>` if it is http(s), else the page's URL.
    pub base: Url,
    /// Links to follow, absolute http(s), without fragment, in document order, each spelling once; `rel=nofollow` left out.
    pub follow: Vec<Url>,
    /// `<link rel=canonical>`.
    pub canonical: Option<Url>,
    /// `<link rel=alternate hreflang>`: the language, as written, and the variant's URL.
    pub alternates: Vec<(String, Url)>,
    /// Target of `<meta http-equiv=refresh>`.
    pub refresh: Option<Url>,
    /// A robots meta tag says `noindex` or `none`.
    pub noindex: bool,
    /// A robots meta tag says `nofollow` or `none`.
    pub nofollow_all: bool,
}

/// The URL that a page's links resolve against, prepared for many of them.
#[derive(Debug, Clone)]
pub struct Base {
    url: Url,
    /// The base up to its last slash, if plain relative paths may simply be appended to it.
    directory: Option<String>,
    /// The base without fragment.
    document: String,
}

impl Base {
    /// Prepares a base.
    pub fn new(url: &Url) -> Self {
        let document = url[..url::Position::AfterQuery].to_owned();
        let directory = match url.scheme() {
            "http" | "https" => {
                let path = &url[..url::Position::AfterPath];
                path.rfind('/').map(|at| path[..=at].to_owned())
            }
            _ => None,
        };
        Self { url: url.clone(), directory, document }
    }

    /// The URL itself.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The absolute form of a reference, or `None` where there is none.
    ///
    /// Most references on a page are plain relative paths; they give the same as [`Url::join`] without its cost.
    pub fn resolve(&self, reference: &str) -> Option<String> {
        let reference = reference.trim_ascii();
        if let Some(directory) = &self.directory {
            match plain(reference) {
                Plain::Fragment => return Some(format!("{}{reference}", self.document)),
                Plain::Path => return Some(format!("{directory}{reference}")),
                Plain::No => {}
            }
        }
        self.url.join(reference).ok().map(String::from)
    }
}

enum Plain {
    Fragment,
    Path,
    No,
}

/// Whether a reference needs nothing of the URL grammar: no scheme, no dot segments, no escaping.
fn plain(reference: &str) -> Plain {
    let bytes = reference.as_bytes();
    let unescaped = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'~');
    match bytes.first() {
        Some(b'#') if bytes[1..].iter().all(unescaped) => Plain::Fragment,
        Some(first) if first.is_ascii_alphanumeric() || *first == b'_' => {
            let path = bytes.iter().position(|&b| b == b'#').unwrap_or(bytes.len());
            let fragment = bytes.get(path + 1..).unwrap_or_default();
            let dotted = bytes[..path].windows(2).any(|w| w == b"/.");
            if !dotted && bytes[..path].iter().all(unescaped) && fragment.iter().all(unescaped) {
                Plain::Path
            } else {
                Plain::No
            }
        }
        _ => Plain::No,
    }
}

/// Collects the links of a page that was fetched from `page_url`.
pub fn links(tree: &Tree, page_url: &Url) -> Links {
    let mut found = Links {
        base: base(tree, page_url),
        follow: Vec::new(),
        canonical: None,
        alternates: Vec::new(),
        refresh: None,
        noindex: false,
        nofollow_all: false,
    };
    let mut seen = HashSet::new();
    let mut room = MAX_LINK_BYTES;
    let mut nodes = tree.descendants(Tree::ROOT);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        let target = match *element.name() {
            local_name!("a") | local_name!("area") => element.attr(&local_name!("href")),
            local_name!("frame") | local_name!("iframe") => element.attr(&local_name!("src")),
            local_name!("link") => found.declared(element),
            local_name!("meta") => {
                found.meta(element);
                None
            }
            local_name!("template") => {
                nodes.skip_children();
                None
            }
            _ => None,
        };
        let Some(target) = target.map(without_fragment).filter(|t| may_lead_on(t)) else { continue };
        let refused = element.attr(&local_name!("rel")).is_some_and(|rel| has_token(rel, "nofollow"));
        if !refused
            && seen.insert(target)
            && let Some(url) = found.absolute(target)
            && let Some(left) = room.checked_sub(url.as_str().len())
        {
            room = left;
            found.follow.push(url);
        }
    }
    found
}

/// The first `<base href>` that leads to the web.
fn base(tree: &Tree, page_url: &Url) -> Url {
    let head = head_of(tree);
    head.into_iter()
        .flat_map(|head| tree.children(head))
        .filter(|&id| tree.name(id) == Some(&local_name!("base")))
        .find_map(|id| tree.attr(id, &local_name!("href")))
        .and_then(|href| page_url.join(href.trim_ascii()).ok())
        // Every link of the page would be as long.
        .filter(|base| is_web(base) && base.as_str().len() <= MAX_REFERENCE)
        .unwrap_or_else(|| page_url.clone())
}

fn head_of(tree: &Tree) -> Option<NodeId> {
    let html = tree.children(Tree::ROOT).find(|&id| tree.name(id) == Some(&local_name!("html")))?;
    tree.children(html).find(|&id| tree.name(id) == Some(&local_name!("head")))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn has_token(list: &str, token: &str) -> bool {
    list.split_ascii_whitespace().any(|t| t.eq_ignore_ascii_case(token))
}

fn without_fragment(target: &str) -> &str {
    let target = target.trim_ascii();
    target.split_once('#').map_or(target, |(before, _)| before)
}

/// Cheap refusal of what can be no page: the empty reference and schemes other than the web's.
fn may_lead_on(target: &str) -> bool {
    if target.is_empty() || target.len() > MAX_REFERENCE {
        return false;
    }
    let Some((scheme, _)) = target.split_once(':') else { return true };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    !is_scheme || scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

impl Links {
    fn absolute(&self, target: &str) -> Option<Url> {
        if target.len() > MAX_REFERENCE {
            return None;
        }
        self.base.join(target).ok().filter(is_web)
    }

    /// `<link>`: the canonical URL, or a page that belongs to this one.
    fn declared<'t>(&mut self, element: &'t Element) -> Option<&'t str> {
        let (rel, href) = (element.attr(&local_name!("rel"))?, element.attr(&local_name!("href"))?);
        if has_token(rel, "canonical") && self.canonical.is_none() {
            self.canonical = self.absolute(href.trim_ascii());
        }
        if has_token(rel, "alternate")
            && let Some(language) = element.attr(&local_name!("hreflang"))
            && self.alternates.len() < MOST_ALTERNATES
            && let Some(url) = self.absolute(without_fragment(href))
        {
            self.alternates.push((language.trim_ascii().to_owned(), url));
        }
        (has_token(rel, "next") || has_token(rel, "prev")).then_some(href)
    }

    fn meta(&mut self, element: &Element) {
        let Some(content) = element.attr(&local_name!("content")) else { return };
        let name = element.attr(&local_name!("name")).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case("robots") || name.eq_ignore_ascii_case("corpusd") {
            for rule in content.split(',').map(str::trim_ascii) {
                let none = rule.eq_ignore_ascii_case("none");
                self.noindex |= none || rule.eq_ignore_ascii_case("noindex");
                self.nofollow_all |= none || rule.eq_ignore_ascii_case("nofollow");
            }
        }
        if element
            .attr(&local_name!("http-equiv"))
            .is_some_and(|h| h.trim_ascii().eq_ignore_ascii_case("refresh"))
            && self.refresh.is_none()
        {
            self.refresh = refresh_target(content).and_then(|target| self.absolute(target));
        }
    }
}

/// `5; url='/next'`: the target, as WHATWG HTML 4.2.5.3 reads it.
fn refresh_target(content: &str) -> Option<&str> {
    let rest = content.trim_ascii_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
    let rest = match rest.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("url") => {
            rest[3..].trim_ascii_start().strip_prefix('=').map_or(rest, str::trim_ascii_start)
        }
        _ => rest,
    };
    let target = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next().unwrap_or_default(),
        _ => rest,
    };
    (!target.trim_ascii().is_empty()).then(|| target.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::parse;

    fn found(html: &str) -> Links {
        links(&parse(html).unwrap(), &Url::parse("https://a.test/docs/x.html?q=1#f").unwrap())
    }

    fn check(html: &str, follow: &[&str]) {
        assert_eq!(found(html).follow.iter().map(Url::as_str).collect::<Vec<_>>(), follow, "{html}");
    }

    #[test]
    fn a_long_base_does_not_make_links_of_gigabytes() {
        let many = (0..20_000).map(|number| format!("<a href={number}>x</a>")).collect::<Vec<_>>().concat();
        let links = found(&format!("<base href='/{}/'>{many}", "x".repeat(2_000))).follow;
        let bytes = links.iter().map(|url| url.as_str().len()).sum::<usize>();
        assert!((MAX_LINK_BYTES - 2_083..=MAX_LINK_BYTES).contains(&bytes), "{bytes}");
        assert!(links[0].path().ends_with("/0"));
    }

    #[test]
    fn links_are_absolute_without_fragment_and_come_once() {
        check(
            "<a href='y.html#a'>1</a><a href='y.html#b'>2</a><a href='#z'>3</a>",
            &["https://a.test/docs/y.html"],
        );
        check("<a href='?p=2&amp;r=3'>1</a>", &["https://a.test/docs/x.html?p=2&r=3"]);
        check(
            "<a href=' //b.test/ '>1</a><area href=/m><frame src=/f><iframe src=/i></iframe>",
            &["https://b.test/", "https://a.test/m", "https://a.test/i"],
        );
        check(
            "<a href='javascript:x()'>1</a><a href='mailto:a@b'>2</a><a href='data:,x'>3</a><a href='tel:1'>4</a>",
            &[],
        );
        check("<a href='a:b'>scheme</a><a href='./a:b'>path</a>", &["https://a.test/docs/a:b"]);
        check("<template><a href=/hidden>x</a></template>", &[]);
    }

    #[test]
    fn the_first_base_decides_if_it_leads_to_the_web() {
        check("<base href='/r/'><base href='/s/'><a href=t>x</a>", &["https://a.test/r/t"]);
        check("<base href='javascript:1'><a href=t>x</a>", &["https://a.test/docs/t"]);
    }

    #[test]
    fn the_head_is_read() {
        let links = found(
            "<link rel=canonical href=/c><link rel='next' href=/n><link rel=alternate hreflang=de href=/de>\
             <link rel=alternate type=application/rss+xml href=/feed><link rel=stylesheet href=/s.css>\
             <meta name=robots content='NoIndex, nofollow'><meta http-equiv=Refresh content='5; URL=\"/later\"'>",
        );
        assert_eq!(links.canonical.unwrap().path(), "/c");
        assert_eq!(links.refresh.unwrap().path(), "/later");
        assert_eq!(links.follow.iter().map(Url::path).collect::<Vec<_>>(), ["/n"]);
        assert_eq!(links.alternates, [("de".to_owned(), Url::parse("https://a.test/de").unwrap())]);
        assert!(links.noindex && links.nofollow_all);
        let none = found("<meta name=corpusd content=none><a rel='nofollow noopener' href=/q>x</a>");
        assert!(none.noindex && none.nofollow_all && none.follow.is_empty());
        assert!(!found("<meta name=googlebot content=noindex>").noindex);
    }

    #[test]
    fn the_short_way_to_resolve_gives_what_joining_gives() {
        for base in ["https://a.test", "https://a.test/b/c?d#e", "http://a.test/b/"] {
            let url = Url::parse(base).unwrap();
            let prepared = Base::new(&url);
            for reference in [
                "#x",
                "x",
                "x/y.html#z-1",
                "../x",
                "./x",
                "a/../b",
                "a/./b",
                "a//b",
                "x y",
                "#a b",
                "//h/x",
                "/x",
                "?q",
                "",
                "a:b",
                "x.html",
                ".x",
                "é",
                "a/.b",
            ] {
                let joined = url.join(reference).ok().map(String::from);
                assert_eq!(prepared.resolve(reference), joined, "{reference} on {base}");
            }
        }
    }
}
