//! What a site's sitemaps name.
//!
//! A sitemap that is absent is no news; one that is cut or that fails makes the crawl incomplete, because
//! what it would have named is unknown.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use url::Url;

use super::{
    Crawl, CrawlPlan, SitemapChoice,
    host::{Host, Lesson},
    sitemap::{self, Doubt, Kind},
};
use crate::http::{Client, Limits, retry_after::retry_after};

/// A sitemap has at most 50 MiB (sitemaps.org); so much is read.
const LIMITS: Limits = Limits { wire: 52_428_800, decoded: 52_428_800, total: Duration::from_mins(2) };
/// URLs that are taken from one sitemap (sitemaps.org: 50,000), and from all of a site.
const MOST_IN_ONE: usize = 50_000;
const MOST_IN_ALL: usize = 1_000_000;
/// Sitemap files that are read of one site.
const MOST_FILES: usize = 1_000;
/// An index names sitemaps; an index of indexes is read too, and nothing below.
const MOST_LEVELS: u32 = 2;
/// Redirects that are followed.
const MOST_HOPS: usize = 5;

/// What the sitemaps of a source name.
#[derive(Debug, Default)]
pub struct Seeds {
    /// In the order of the files.
    pub urls: Vec<Url>,
    /// Why they may not be all.
    pub doubts: Vec<String>,
}

/// A sitemap file to be read.
struct File {
    url: Url,
    level: u32,
    /// Whether it was named (by robots.txt, an index, the configuration) rather than guessed.
    named: bool,
}

/// What came of reading one file.
enum Answer {
    Read(Vec<u8>),
    Absent,
    Failed(String),
}

/// Reads the sitemaps of every host that the source starts at.
pub async fn from_sitemaps(
    client: &Client,
    crawl: &mut Crawl,
    plan: &CrawlPlan,
    now: fn() -> Timestamp,
) -> Seeds {
    let mut seeds = Seeds::default();
    let mut files = first_files(client, crawl, plan, now).await;
    let mut read: HashSet<Url> = HashSet::new();
    while let Some(File { url, level, named }) = files.pop_front() {
        if read.len() >= MOST_FILES || seeds.urls.len() >= MOST_IN_ALL {
            seeds.doubts.push(format!("more than {MOST_FILES} sitemaps or {MOST_IN_ALL} URLs in them"));
            break;
        }
        if !read.insert(url.clone()) {
            continue;
        }
        let host = crawl.host(&url);
        let body = match fetch(client, &host, &url, now).await {
            Answer::Read(body) => body,
            Answer::Absent => continue,
            Answer::Failed(reason) => {
                seeds.doubts.push(format!("sitemap {url}: {reason}"));
                continue;
            }
        };
        let sitemap = match tokio::task::spawn_blocking(move || sitemap::parse(&body, MOST_IN_ONE)).await {
            Ok(sitemap) => sitemap,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        match sitemap.doubt {
            // A page instead of a sitemap: the site has none at this address.
            Some(Doubt::NotASitemap) if named => {
                tracing::warn!("sitemap {url} is no sitemap");
            }
            Some(doubt) => seeds.doubts.push(format!("sitemap {url}: {doubt}")),
            None => {}
        }
        let urls = sitemap.entries.iter().filter_map(|entry| url.join(&entry.loc).ok());
        match sitemap.kind {
            Kind::Urls => seeds.urls.extend(urls),
            Kind::Index if level < MOST_LEVELS => {
                files.extend(urls.map(|url| File { url, level: level + 1, named: true }));
            }
            Kind::Index => {}
        }
    }
    seeds
}

/// Where to begin: the configured sitemap; else what robots.txt names; else the usual address.
async fn first_files(
    client: &Client,
    crawl: &mut Crawl,
    plan: &CrawlPlan,
    now: fn() -> Timestamp,
) -> VecDeque<File> {
    let mut files = VecDeque::new();
    match &plan.sitemap {
        SitemapChoice::Off => {}
        SitemapChoice::At(url) => files.push_back(File { url: url.clone(), level: 0, named: true }),
        SitemapChoice::Auto => {
            let mut asked = HashSet::new();
            for start in plan.start.iter().filter(|start| asked.insert(start.origin())) {
                let host: Arc<Host> = crawl.host(start);
                // An unreachable robots.txt is reported by the crawl; nothing may be requested then.
                let Ok(robots) = host.robots(client, now).await else { continue };
                let named: Vec<_> =
                    robots.sitemaps().iter().filter_map(|line| start.join(line).ok()).collect();
                if named.is_empty() {
                    files.extend(start.join("/sitemap.xml").ok().map(|url| File {
                        url,
                        level: 0,
                        named: false,
                    }));
                }
                files.extend(named.into_iter().map(|url| File { url, level: 0, named: true }));
            }
        }
    }
    files
}

async fn fetch(client: &Client, host: &Host, url: &Url, now: fn() -> Timestamp) -> Answer {
    let mut attempt = 0;
    loop {
        let (reason, asked) = match try_once(client, host, url, now).await {
            Ok(answer) => return answer,
            Err(trouble) => trouble,
        };
        attempt += 1;
        match host.pause_before(attempt, asked) {
            Some(pause) => host.learn(Lesson::Wait(pause)),
            None => return Answer::Failed(reason),
        }
    }
}

/// One attempt; what may pass is an error.
async fn try_once(
    client: &Client,
    host: &Host,
    url: &Url,
    now: fn() -> Timestamp,
) -> Result<Answer, (String, Option<Duration>)> {
    let mut url = url.clone();
    for _ in 0..=MOST_HOPS {
        let _turn = host.turn().await;
        let answer = client.get(&url, &[], LIMITS).await.map_err(|error| (error.to_string(), None))?;
        match answer.status() {
            200..=299 => {
                let body = answer.read().await.map_err(|error| (error.to_string(), None))?;
                return Ok(Answer::Read(body.decoded.unwrap_or(body.wire)));
            }
            301 | 302 | 303 | 307 | 308 => match answer.location(&url) {
                Some(next) if client.egress().check_redirect(&url, &next).is_ok() => url = next,
                _ => return Ok(Answer::Absent),
            },
            status @ (429 | 500..) => {
                let asked = retry_after(answer.header_values("retry-after"), now());
                return Err((format!("status {status}"), asked));
            }
            _ => return Ok(Answer::Absent),
        }
    }
    Ok(Answer::Absent)
}
