//! Which language variant of a page is kept: `languages` in the pipeline file, in order of preference.
//!
//! A wanted tag matches a page's language by RFC 4647: by lookup (section 3.4), so that `en-GB` falls back to `en`, and
//! never to `en-US`; and as a basic filter (section 3.3.1) before that, so that `en` matches `en-GB`. What a page's
//! language is, is told by the `hreflang` that names the page itself; else by its `lang`, its `Content-Language` and its
//! path, which must not contradict each other. A page whose language nobody tells is kept.

use std::fmt;

use ::url::Url;

use super::url::PageKey;

/// Why an entry of `languages` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{tag}` is not a language tag (BCP 47), as `en` or `pt-BR` are{}", hint(.suggestion.as_deref()))]
pub struct LanguageError {
    /// Which entry it is, from 0.
    pub index: usize,
    /// The entry.
    pub tag: String,
    /// What was meant, where that is known.
    pub suggestion: Option<String>,
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |tag| format!("; write `{tag}`"))
}

/// The languages that are wanted, in order of preference; none: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages {
    /// In lower case.
    wanted: Vec<String>,
}

/// A variant of a page, as `<link rel=alternate hreflang=…>` names it; the page itself is among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    /// The language tag, in lower case; `x-default` stands for no language.
    pub language: String,
    /// Where it is.
    pub url: Url,
}

/// What tells the language of a page that was read.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Where it was read.
    pub url: &'a Url,
    /// What its `lang` says, or the meta elements in its place.
    pub declared: Option<&'a str>,
    /// The `Content-Language` header.
    pub header: Option<&'a str>,
    /// The variants that it names, without those that the crawl would not ask for.
    pub alternates: &'a [Alternate],
}

/// Why a page is left out; its links are followed nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwanted {
    /// The evidence, in words.
    pub detail: String,
    /// The variant that the page gives way to, if that becomes a document; `None`: it is left out in any case.
    pub variant: Option<Url>,
}

/// How well a tag matches: by which entry, after how many truncations of it, with how much more in the tag.
type Rank = (usize, usize, usize);

impl Languages {
    /// Reads the entries of `languages`.
    ///
    /// # Errors
    /// The first entry that is no language tag.
    pub fn parse<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Languages, LanguageError> {
        let read = |(index, tag): (usize, &str)| {
            let lower = tag.trim().to_ascii_lowercase();
            if is_tag(&lower) {
                Ok(lower)
            } else {
                Err(LanguageError { index, tag: tag.to_owned(), suggestion: suggestion(&lower) })
            }
        };
        let wanted = tags.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Languages { wanted })
    }

    /// Whether every language is wanted.
    pub fn is_all(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Of these variants of one page, the one to keep: the first preference that is there. Of equals, as `en-GB` and
    /// `en-US` are for `en`, the one that is also `x-default`, then the first by tag and URL.
    pub fn choose<'a>(&self, alternates: &'a [Alternate]) -> Option<&'a Alternate> {
        let default = |url: &Url| {
            alternates.iter().any(|other| other.language == X_DEFAULT && is_same(&other.url, url))
        };
        alternates
            .iter()
            .filter_map(|variant| Some((self.rank(&variant.language)?, variant)))
            .min_by_key(|(rank, variant)| {
                (*rank, !default(&variant.url), &variant.language, variant.url.as_str())
            })
            .map(|(_, variant)| variant)
    }

    /// Of these variants of one page, those that need not be asked for: in a language that is not wanted, where there is
    /// one in a wanted language. A page that is only the `x-default` is of no known language, and is asked for.
    pub fn unneeded<'a>(&self, alternates: &'a [Alternate]) -> Vec<&'a Url> {
        let Some(kept) = self.choose(alternates) else { return Vec::new() };
        alternates
            .iter()
            .filter(|variant| is_known(&variant.language) && self.rank(&variant.language).is_none())
            .filter(|variant| !is_same(&variant.url, &kept.url))
            .map(|variant| &variant.url)
            .collect()
    }

    /// Why a page that was read is left out; `None`: it is kept.
    ///
    /// A page in a wanted language is left out for a variant in a preferred one, or for its equal, where they name each
    /// other; where there is none, it stays.
    pub fn unwanted(&self, page: &Evidence<'_>) -> Option<Unwanted> {
        if self.is_all() {
            return None;
        }
        let kept = self.choose(page.alternates).filter(|kept| !is_same(&kept.url, page.url));
        let clues = clues(page);
        let best = clues.iter().filter_map(|clue| self.rank(&clue.language)).min();
        let Some(rank) = best else {
            let clue = clues.first()?;
            let instead = kept.map(|kept| format!("; its variant {} is kept", kept.url)).unwrap_or_default();
            let detail = format!("{clue}, and `languages` is [{}]{instead}", self.wanted.join(", "));
            return Some(Unwanted { detail, variant: None });
        };
        let kept = kept?;
        // Variants that do not name the page are those of another page, as of the home page that every page links.
        let clue = clues.iter().find(|clue| clue.source == Source::Hreflang)?;
        self.rank(&kept.language).filter(|other| *other <= rank)?;
        let detail = format!("{clue}, and its variant in `{}`, {}, is kept", kept.language, kept.url);
        Some(Unwanted { detail, variant: Some(kept.url.clone()) })
    }

    /// How well a tag matches, the least being best; `None`: not at all.
    fn rank(&self, tag: &str) -> Option<Rank> {
        let more = |range: &str| {
            let rest = tag.strip_prefix(range)?;
            (rest.is_empty() || rest.starts_with('-')).then(|| rest.matches('-').count())
        };
        self.wanted.iter().enumerate().find_map(|(at, range)| {
            if let Some(more) = more(range) {
                return Some((at, 0, more));
            }
            let mut shorter = truncated(range);
            let mut times = 1;
            while let Some(range) = shorter {
                if range == tag {
                    return Some((at, times, 0));
                }
                shorter = truncated(range);
                times += 1;
            }
            None
        })
    }
}

/// A range without its last subtag, and without the single letter that would end it then (RFC 4647, section 3.4).
fn truncated(range: &str) -> Option<&str> {
    let (shorter, _) = range.rsplit_once('-')?;
    match shorter.rsplit_once('-') {
        Some((before, single)) if single.len() == 1 => Some(before),
        _ => Some(shorter),
    }
}

/// The variants that a page names, itself among them: what it wrote as `hreflang`, and where it is.
pub fn alternates(named: &[(String, Url)]) -> Vec<Alternate> {
    let read = |(language, url): &(String, Url)| {
        let language = language.to_ascii_lowercase().replace('_', "-");
        (language == X_DEFAULT || is_tag(&language)).then(|| Alternate { language, url: url.clone() })
    };
    named.iter().filter_map(read).collect()
}

/// The `hreflang` of a page for those who read none of the others.
const X_DEFAULT: &str = "x-default";

/// What told a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Hreflang,
    Lang,
    Header,
    Path,
}

/// One piece of evidence.
#[derive(Debug)]
struct Clue {
    source: Source,
    /// In lower case.
    language: String,
}

impl fmt::Display for Clue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Hreflang => "its `hreflang`",
            Source::Lang => "its `lang`",
            Source::Header => "its `Content-Language`",
            Source::Path => "the language in its path",
        };
        write!(f, "{source} is `{}`", self.language)
    }
}

/// What is told of a page's language, the most reliable first.
fn clues(page: &Evidence<'_>) -> Vec<Clue> {
    let own = page.alternates.iter().filter(|variant| is_same(&variant.url, page.url));
    let listed: Vec<Clue> = own
        .filter(|variant| is_known(&variant.language))
        .map(|variant| Clue { source: Source::Hreflang, language: variant.language.clone() })
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let read = |source, tag: Option<String>| {
        let language = tag?.trim().to_ascii_lowercase().replace('_', "-");
        (is_tag(&language) && is_known(&language)).then_some(Clue { source, language })
    };
    [
        read(Source::Lang, page.declared.map(str::to_owned)),
        read(Source::Header, page.header.map(str::to_owned)),
        read(Source::Path, of_path(page.url)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Languages that are written in the path of many sites and are hardly anything else there.
const IN_PATHS: [&str; 26] = [
    "bg", "da", "de", "el", "en", "es", "et", "fi", "fr", "hu", "ja", "ko", "lt", "lv", "nb", "nl", "pl",
    "pt", "ro", "ru", "sk", "sv", "th", "tr", "vi", "zh",
];
/// Languages that are something else as well, as `/it/` and `/cs/` are: only with a region they tell.
const WITH_REGION: [&str; 16] =
    ["ar", "ca", "cs", "fa", "he", "hi", "hr", "id", "it", "ms", "nn", "no", "sl", "sr", "tl", "uk"];

/// The language that the beginning of a path names: `/de/`, `/pt-br/`, `/docs/zh-cn/`.
fn of_path(url: &Url) -> Option<String> {
    let mut segments = url.path_segments()?.map(|segment| segment.to_ascii_lowercase().replace('_', "-"));
    let (first, second) = (segments.next()?, segments.next());
    let with_region = |segment: &str| {
        segment.split_once('-').is_some_and(|(language, region)| {
            let region =
                (region.len() == 2 || region.len() == 4) && region.bytes().all(|b| b.is_ascii_alphabetic());
            region && (IN_PATHS.contains(&language) || WITH_REGION.contains(&language))
        })
    };
    // The last segment is a page of that name, unless it is a folder: `/de` is written for `/de/`.
    if IN_PATHS.contains(&first.as_str()) || with_region(&first) {
        return Some(first);
    }
    second.filter(|segment| with_region(segment))
}

fn is_same(a: &Url, b: &Url) -> bool {
    a == b || PageKey::new(a).is_some_and(|key| Some(key) == PageKey::new(b))
}

/// Whether a tag says which language it is: not undetermined, none, or several.
fn is_known(tag: &str) -> bool {
    tag != X_DEFAULT && !matches!(tag.split('-').next(), Some("und" | "zxx" | "mul" | "mis"))
}

/// Whether a text in lower case is a language tag as sites use them: a language of two or three letters (RFC 5646,
/// section 2.1), then subtags.
fn is_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && text.len() <= 35
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The tag that was meant by the name of a language, or by another spelling.
fn suggestion(text: &str) -> Option<String> {
    const NAMES: [(&str, &str); 16] = [
        ("chinese", "zh"),
        ("deutsch", "de"),
        ("dutch", "nl"),
        ("english", "en"),
        ("espanol", "es"),
        ("español", "es"),
        ("francais", "fr"),
        ("français", "fr"),
        ("french", "fr"),
        ("german", "de"),
        ("italian", "it"),
        ("italiano", "it"),
        ("japanese", "ja"),
        ("nederlands", "nl"),
        ("portuguese", "pt"),
        ("spanish", "es"),
    ];
    let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, tag)| (*tag).to_owned());
    let respelled = text.split(['.', '@']).next().unwrap_or_default().replace(['_', ' '], "-");
    named.or_else(|| is_tag(&respelled).then_some(respelled))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::html::parse;

    fn languages(list: &str) -> Languages {
        Languages::parse(list.split_whitespace()).unwrap()
    }

    fn url(path: &str) -> Url {
        Url::parse("https://a.test/").unwrap().join(path).unwrap()
    }

    /// `en:/a de:/de/a`.
    fn variants(list: &str) -> Vec<Alternate> {
        let pairs = list.split_whitespace().filter_map(|pair| pair.split_once(':'));
        pairs.map(|(language, path)| Alternate { language: language.to_owned(), url: url(path) }).collect()
    }

    fn chosen(wanted: &str, list: &str) -> Option<String> {
        languages(wanted).choose(&variants(list)).map(|variant| variant.url.path().to_owned())
    }

    /// Whether a page at `path` with this `lang` and these variants is left out, `Some("-")`, or gives way, `Some(to)`.
    fn check(wanted: &str, path: &str, lang: Option<&str>, list: &str, expected: Option<&str>) {
        let (url, alternates) = (url(path), variants(list));
        let page = Evidence { url: &url, declared: lang, header: None, alternates: &alternates };
        let found = languages(wanted).unwanted(&page);
        let kept = found.as_ref().map(|found| found.variant.as_ref().map_or("-", |url| url.path()));
        assert_eq!(kept, expected, "[{wanted}] {path} {lang:?} [{list}]: {found:?}");
    }

    #[test]
    fn a_tag_is_looked_up_as_rfc_4647_says() {
        assert_eq!(chosen("en", "de:/de en-gb:/gb"), Some("/gb".to_owned()));
        assert_eq!(chosen("en-GB", "en-us:/us en:/en"), Some("/en".to_owned()));
        assert_eq!(chosen("en-GB", "en-us:/us de:/de"), None);
        assert_eq!(chosen("en-GB de", "en-us:/us de:/de"), Some("/de".to_owned()));
        assert_eq!(chosen("zh-Hant-TW", "zh:/zh zh-hant:/hant"), Some("/hant".to_owned()));
        assert_eq!(chosen("de-x-bar", "de:/de de-x:/x"), Some("/de".to_owned()));
        assert_eq!(chosen("en", "eng:/eng"), None);
        assert_eq!(chosen("en", "en-gb:/gb en:/en en-au:/au"), Some("/en".to_owned()));
        assert_eq!(chosen("en", "en-gb:/gb en-us:/us x-default:/us"), Some("/us".to_owned()));
        assert_eq!(chosen("en", "en-us:/us en-gb:/gb"), Some("/gb".to_owned()));
    }

    #[test]
    fn variants_of_a_kept_page_are_not_asked_for() {
        let unneeded = |wanted: &str, list: &str| -> Vec<String> {
            let variants = variants(list);
            languages(wanted).unneeded(&variants).into_iter().map(|url| url.path().to_owned()).collect()
        };
        assert_eq!(unneeded("en", "en:/en de:/de fr:/fr x-default:/en"), ["/de", "/fr"]);
        assert_eq!(unneeded("en de", "en:/en de:/de"), [""; 0]);
        assert_eq!(unneeded("en de", "de:/de fr:/fr"), ["/fr"]);
        assert_eq!(unneeded("en", "en:/en x-default:/choose"), [""; 0]);
        assert_eq!(unneeded("en", "de:/de fr:/fr"), [""; 0]);
        assert_eq!(unneeded("", "de:/de fr:/fr"), [""; 0]);
    }

    #[test]
    fn a_page_in_another_language_is_left_out() {
        check("en", "/a", Some("de"), "", Some("-"));
        check("en", "/de/a", Some("de-AT"), "de:/de/a en:/en/a", Some("-"));
        check("en", "/de/a", None, "", Some("-"));
        check("en", "/pt-br/a", None, "", Some("-"));
        check("en", "/docs/zh_CN/a", None, "", Some("-"));
        check("en-GB", "/a", Some("en-US"), "", Some("-"));
        check("", "/de/a", Some("de"), "de:/de/a en:/en/a", None);
    }

    #[test]
    fn a_page_in_a_wanted_or_unknown_language_is_kept() {
        check("en", "/a", Some("en-GB"), "", None);
        check("en", "/a", None, "", None);
        check("en", "/a", Some("x"), "", None);
        check("en", "/it/printers", None, "", None);
        check("en", "/docs/de/a", None, "", None);
        check("en", "/de/a", Some("en"), "", None);
        check("en", "/choose", Some("en"), "x-default:/choose en:/en", None);
        check("en", "/a", Some("de"), "en:/a de:/de/a", None);
        check("en de", "/de/a", Some("de"), "en:/ de:/de", None);
    }

    #[test]
    fn the_next_preference_is_kept_where_the_first_is_missing() {
        check("en de", "/de/a", Some("de"), "de:/de/a en:/a", Some("/a"));
        check("en de", "/de/a", Some("de"), "de:/de/a fr:/fr/a", None);
        check("en de", "/de/a", Some("de"), "", None);
        check("en", "/us/a", Some("en-US"), "en-us:/us/a en-gb:/gb/a", Some("/gb/a"));
        check("en", "/gb/a", Some("en-GB"), "en-us:/us/a en-gb:/gb/a", None);
    }

    #[test]
    fn the_evidence_stands_in_the_sentence() {
        let (url, alternates) = (url("/de/a"), variants("en:/a"));
        let page =
            Evidence { url: &url, declared: Some("de_AT"), header: Some("de"), alternates: &alternates };
        assert_eq!(
            languages("en fr").unwanted(&page).unwrap().detail,
            "its `lang` is `de-at`, and `languages` is [en, fr]; its variant https://a.test/a is kept"
        );
        let header = Evidence {
            declared: None,
            header: Some("de, en"),
            alternates: &[],
            url: &super::tests::url("/a"),
        };
        assert_eq!(languages("en").unwanted(&header), None);
    }

    #[test]
    fn an_entry_that_is_no_tag_is_refused_with_what_was_meant() {
        let error = |tag: &str| Languages::parse(["en", tag]).unwrap_err().to_string();
        assert_eq!(
            error("German"),
            "`German` is not a language tag (BCP 47), as `en` or `pt-BR` are; write `de`"
        );
        assert_eq!(
            error("en_US"),
            "`en_US` is not a language tag (BCP 47), as `en` or `pt-BR` are; write `en-us`"
        );
        assert_eq!(error("*"), "`*` is not a language tag (BCP 47), as `en` or `pt-BR` are");
        assert_eq!(Languages::parse(["de", ""]).unwrap_err().index, 1);
        assert!(Languages::parse([]).unwrap().is_all());
    }

    #[test]
    fn the_variants_of_a_page_are_read_from_its_links() {
        let tree = parse(
            "<link rel='alternate' hreflang=EN_gb href=/a><link rel=alternate hreflang=x-default href=b>\
             <link rel=alternate type=application/rss+xml href=/feed><link rel=stylesheet hreflang=de href=/s>\
             <link rel=alternate hreflang='?' href=/q>",
        );
        let named = crate::html::links(&tree.unwrap(), &url("/x/")).alternates;
        assert_eq!(alternates(&named), variants("en-gb:/a x-default:/x/b"));
    }

    proptest! {
        #[test]
        fn of_the_variants_of_a_page_at_least_the_chosen_one_is_kept(
            wanted in prop::collection::vec("(en|de|fr)(-(gb|us|at))?", 1..4),
            tags in prop::collection::vec("(en|de|fr|it|x-default)(-(gb|us|at))?", 1..8),
        ) {
            let wanted = Languages::parse(wanted.iter().map(String::as_str)).unwrap();
            let alternates: Vec<Alternate> = tags
                .iter()
                .enumerate()
                .map(|(n, tag)| Alternate { language: tag.clone(), url: url(&format!("/{n}")) })
                .collect();
            if let Some(chosen) = wanted.choose(&alternates) {
                prop_assert!(!wanted.unneeded(&alternates).contains(&&chosen.url));
                let page = Evidence { url: &chosen.url, declared: None, header: None, alternates: &alternates };
                prop_assert_eq!(wanted.unwanted(&page), None);
            }
        }
    }
}
