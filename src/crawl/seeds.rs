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
use crate::{
    blocking::blocking,
    http::{Client, FetchError, Limits},
};

/// A sitemap has at most 50 MiB (sitemaps.org); so much is read.
const LIMITS: Limits = Limits { wire: 52_428_800, decoded: 52_428_800, total: Duration::from_mins(2) };
/// URLs that are taken from one sitemap. sitemaps.org allows 50,000; the size is what bounds it here.
const MOST_IN_ONE: usize = 1_000_000;
/// Sitemap files that are read of one site.
const MOST_FILES: usize = 1_000;
/// An index names sitemaps; an index of indexes is read too, and nothing below.
const MOST_LEVELS: u32 = 2;
/// Redirects that are followed.
const MOST_HOPS: usize = 5;

/// The sitemaps of a source, read one after the other.
#[derive(Debug)]
pub struct Sitemaps {
    waiting: VecDeque<File>,
    /// Every file that is or was waiting.
    known: HashSet<Url>,
    /// Why what they name may not be all.
    doubts: Vec<String>,
}

/// A sitemap file to be read.
#[derive(Debug)]
struct File {
    url: Url,
    level: u32,
    /// Whether it was named (by robots.txt, an index, the configuration) rather than guessed.
    named: bool,
}

/// What came of reading one file.
enum Answer {
    Read(Vec<u8>),
    Absent(String),
    Failed(String),
}

impl Sitemaps {
    /// Finds out where the sitemaps are: of every host that the source starts at.
    pub async fn find(
        client: &Client,
        crawl: &mut Crawl,
        plan: &CrawlPlan,
        now: fn() -> Timestamp,
    ) -> Sitemaps {
        let mut sitemaps = Sitemaps { waiting: VecDeque::new(), known: HashSet::new(), doubts: Vec::new() };
        for file in first_files(client, crawl, plan, now).await {
            sitemaps.add(file);
        }
        sitemaps
    }

    /// The URLs that the next file names; `None` when all are read.
    pub async fn next(
        &mut self,
        client: &Client,
        crawl: &mut Crawl,
        now: fn() -> Timestamp,
    ) -> Option<Vec<Url>> {
        let File { url, level, named } = self.waiting.pop_front()?;
        let host = crawl.host(&url);
        let body = match fetch(client, &host, &url, now).await {
            Answer::Read(body) => body,
            Answer::Absent(reason) => {
                if named {
                    tracing::warn!("sitemap {url}: {reason}");
                }
                return Some(Vec::new());
            }
            // What was only guessed at may not be there at all.
            Answer::Failed(reason) if !named => {
                tracing::warn!("sitemap {url}: {reason}");
                return Some(Vec::new());
            }
            Answer::Failed(reason) => {
                self.doubt(&url, &reason);
                return Some(Vec::new());
            }
        };
        let sitemap = blocking(move || sitemap::parse(&body, MOST_IN_ONE)).await;
        match sitemap.doubt {
            // A page instead of a sitemap: the site has none at this address.
            Some(Doubt::NotASitemap) if named => tracing::warn!("sitemap {url} is no sitemap"),
            Some(Doubt::NotASitemap) | None => {}
            Some(doubt) => self.doubt(&url, &doubt.to_string()),
        }
        let urls = sitemap.entries.iter().filter_map(|entry| url.join(&entry.loc).ok());
        match sitemap.kind {
            Kind::Urls => return Some(urls.collect()),
            Kind::Index if level < MOST_LEVELS => {
                for url in urls {
                    self.add(File { url, level: level + 1, named: true });
                }
            }
            Kind::Index => {}
        }
        Some(Vec::new())
    }

    /// Why what the sitemaps name may not be all; empty where it is.
    pub fn into_doubts(self) -> Vec<String> {
        self.doubts
    }

    fn add(&mut self, file: File) {
        if self.known.contains(&file.url) {
            return;
        }
        if self.known.len() < MOST_FILES {
            self.known.insert(file.url.clone());
            self.waiting.push_back(file);
        } else if self.doubts.len() < MOST_FILES {
            self.doubts
                .push(format!("more than {MOST_FILES} sitemaps (`sitemap: URL` names one to go on with)"));
            self.doubts.dedup();
        }
    }

    fn doubt(&mut self, url: &Url, reason: &str) {
        self.doubts
            .push(format!("sitemap {url}: {reason} (`sitemap: off`, or another URL, goes on without it)"));
    }
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
        // The pages that come next wait too.
        if let Some(asked) = asked {
            host.learn(Lesson::LeaveAlone(asked));
        }
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
        let answer = match client.get(&url, &[], LIMITS).await {
            Ok(answer) => answer,
            Err(error @ FetchError::Blocked(_)) => return Ok(Answer::Absent(error.to_string())),
            Err(error) => return Err((error.to_string(), None)),
        };
        match answer.status() {
            200..=299 => {
                let body = answer.read().await.map_err(|error| (error.to_string(), None))?;
                let body = body.decoded.unwrap_or(body.wire);
                let is_empty = body.iter().all(u8::is_ascii_whitespace);
                return Ok(if is_empty {
                    Answer::Absent("it is empty".to_owned())
                } else {
                    Answer::Read(body)
                });
            }
            301 | 302 | 303 | 307 | 308 => match answer.location(&url) {
                Some(next) if client.egress().check_redirect(&url, &next).is_ok() => url = next,
                _ => return Ok(Answer::Absent("it redirects to nowhere allowed".to_owned())),
            },
            status @ (429 | 500..) => return Err((format!("status {status}"), answer.retry_after(now()))),
            status => return Ok(Answer::Absent(format!("status {status}"))),
        }
    }
    Ok(Answer::Absent("too many redirects".to_owned()))
}
