//! `sources[].site`: a website to crawl.

use url::Url;

use super::{
    access::access,
    fields::{Field, Fields},
    keys,
    quantity::{Pace, Period, Whole},
    reader::{Reader, stand_in},
    tree::Node,
    variable::Text,
};
use crate::crawl::{
    CrawlPlan, Rate, SitemapChoice,
    language::Languages,
    pattern::PatternError,
    scope::{Scope, ScopeError},
};

/// What sites see when the file names nothing else.
const USER_AGENT: &str =
    concat!("corpusd/", env!("CARGO_PKG_VERSION"), " (+https://github.com/corpusd/corpusd)");

/// By this name robots.txt speaks to us; who reads a site's log must find it there.
const PRODUCT_TOKEN: &str = "corpusd";

/// None when a fault leaves nothing to crawl.
pub(super) fn site<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<CrawlPlan> {
    let site = reader.fields(node, &keys::SITE);
    let start = start(reader, &site);
    let scope = scope(reader, &site, &start);
    let sitemap = sitemap(reader, &site);
    let Whole(max_pages) = reader.within(&site, "max_pages", Whole(1)..=Whole(1_000_000), Whole(10_000));
    let Whole(max_depth) = reader.within(&site, "max_depth", Whole(0)..=Whole(1_000), Whole(20));
    let Pace(rate) = reader.value(&site, "rate", Pace(Rate::PerSecond(5.0)));
    let Whole(concurrency) = reader.within(&site, "concurrency", Whole(1)..=Whole(64), Whole(8));
    let Whole(retries) = reader.within(&site, "retries", Whole(0)..=Whole(10), Whole(2));
    let user_agent = user_agent(reader, &site);
    let access = access(reader, &site, &start);
    let Whole(gone_after) = reader.within(&site, "gone_after", Whole(1)..=Whole(10), Whole(2));
    let stale_range = Period::seconds(1)..=Period::days(3_650);
    let Period(stale_for) = reader.within(&site, "stale_for", stale_range, Period::days(14));
    let languages = languages(reader, &site);
    Some(CrawlPlan {
        scope: scope?,
        start,
        sitemap,
        max_pages,
        max_depth,
        rate,
        concurrency,
        retries,
        user_agent,
        languages,
        access,
        gone_after,
        stale_for,
    })
}

/// Never empty, so that the patterns can be tried whatever is wrong here.
fn start<'a>(reader: &mut Reader<'a>, site: &Fields<'a>) -> Vec<Url> {
    const HELP: &str = "say where the crawl begins: `start: https://docs.example.com/`";
    let mut start = Vec::new();
    if let Some(field) = reader.required(site, "start", HELP) {
        if field.is_empty_list() {
            reader.faults.error(field.at(), "`start` is empty", HELP);
        }
        let written = reader.one_or_many(field);
        start.extend(written.into_iter().filter_map(|(item, text)| reader.web_url(item, &text)));
    }
    if start.is_empty() {
        start.push(stand_in());
    }
    start
}

fn scope<'a>(reader: &mut Reader<'a>, site: &Fields<'a>, start: &[Url]) -> Option<Scope> {
    let follow = patterns(reader, site, "follow", |pattern| Scope::new(start, pattern, &[], &[]));
    let keep = patterns(reader, site, "keep", |pattern| Scope::new(start, &[], pattern, &[]));
    let exclude = patterns(reader, site, "exclude", |pattern| Scope::new(start, &[], &[], pattern));
    // Patterns that pass one by one can still be too much together.
    let scope = Scope::new(start, &follow, &keep, &exclude);
    if let Err(error) = &scope {
        reader.faults.error(site.at, format!("the patterns cannot be used together: {}", error.source), "");
    }
    scope.ok()
}

/// The patterns under `key` that `compile` takes, each tried alone so that every faulty one is told at its
/// place.
fn patterns<'a>(
    reader: &mut Reader<'a>,
    site: &Fields<'a>,
    key: &'static str,
    compile: impl Fn(&[String]) -> Result<Scope, ScopeError>,
) -> Vec<String> {
    let Some(field) = site.field(key) else {
        return Vec::new();
    };
    let mut patterns = Vec::new();
    for (item, text) in reader.one_or_many(field) {
        // An unset variable could hold any pattern.
        if text.unset {
            continue;
        }
        match compile(std::slice::from_ref(&text.value)) {
            Ok(_) => patterns.push(text.value),
            Err(error) => bad_pattern(reader, item, &text, &error.source),
        }
    }
    patterns
}

/// The reason may quote the pattern, so it is kept back when the pattern comes from a variable.
pub(super) fn bad_pattern<'a>(reader: &mut Reader<'a>, item: Field<'a>, text: &Text, error: &PatternError) {
    const HELP: &str = "a pattern is a path such as `/docs/**`, or a whole URL with `*`";
    let reason = match error {
        PatternError::Pattern { fault, .. } if text.variables.is_empty() => format!(": {fault}"),
        _ => String::new(),
    };
    reader.faults.error(
        item.at(),
        format!("`{}` cannot use {} as a pattern{reason}", item.key, text.shown()),
        HELP,
    );
}

fn languages<'a>(reader: &mut Reader<'a>, site: &Fields<'a>) -> Languages {
    const HELP: &str = "language tags in order of preference: `languages: [en, de]`";
    let Some(field) = site.field("languages") else { return Languages::default() };
    let written = reader.one_or_many(field);
    let tags: Vec<_> = written.iter().filter(|(_, text)| !text.unset).collect();
    Languages::parse(tags.iter().map(|(_, text)| text.value.as_str())).unwrap_or_else(|error| {
        let (item, text) = tags[error.index];
        let meant = error.suggestion.map_or(HELP.to_owned(), |tag| format!("did you mean `{tag}`?"));
        let help = if text.variables.is_empty() { meant.as_str() } else { HELP };
        reader.faults.error(
            item.at(),
            format!("`languages` has {}, which is no language tag", text.shown()),
            help,
        );
        Languages::default()
    })
}

fn sitemap<'a>(reader: &mut Reader<'a>, site: &Fields<'a>) -> SitemapChoice {
    let Some((field, text)) = reader.text_of(site, "sitemap") else {
        return SitemapChoice::Auto;
    };
    match text.value.as_str() {
        "auto" => SitemapChoice::Auto,
        "off" => SitemapChoice::Off,
        url if url.contains("://") => {
            reader.web_url(field, &text).map_or(SitemapChoice::Auto, SitemapChoice::At)
        }
        _ => {
            let message = format!("`sitemap` must be `auto`, `off` or a URL, not {}", text.shown());
            reader.faults.error(field.at(), message, "a URL begins with `https://`");
            SitemapChoice::Auto
        }
    }
}

fn user_agent<'a>(reader: &mut Reader<'a>, site: &Fields<'a>) -> String {
    const MAX_LENGTH: usize = 256;
    let Some((field, Text { value, .. })) = reader.text_of(site, "user_agent") else {
        return USER_AGENT.to_owned();
    };
    let fault = if !value.contains(PRODUCT_TOKEN) {
        Some(format!("`user_agent` does not name `{PRODUCT_TOKEN}`"))
    } else if !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
        Some("`user_agent` holds a character that no HTTP header may hold".to_owned())
    } else if value.len() > MAX_LENGTH {
        Some(format!("`user_agent` is longer than {MAX_LENGTH} characters"))
    } else {
        None
    };
    if let Some(message) = fault {
        let help = format!("such as `{PRODUCT_TOKEN}/1.0 (+https://example.com/bot)`, in ASCII");
        reader.faults.error(field.at(), message, &help);
    }
    value
}
