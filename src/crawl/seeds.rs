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
    file::{self, Extent, NoFile},
    host::Host,
    sitemap::{self, Doubt, Entry, Kind},
    traps::MAX_URL_LEN,
};
use crate::{
    blocking::blocking,
    http::{Client, Limits},
};

/// A sitemap has at most 50 MiB (sitemaps.org); so much is read.
const LIMITS: Limits = Limits { wire: 52_428_800, decoded: 52_428_800, total: Duration::from_mins(2) };
/// URLs that are taken from one sitemap. sitemaps.org allows 50,000; the size is what bounds it here.
const MOST_IN_ONE: usize = 1_000_000;
/// Sitemap files that are read of one site.
const MOST_FILES: usize = 1_000;
/// An index names sitemaps; an index of indexes is read too, and nothing below.
const MOST_LEVELS: u32 = 2;

/// The sitemaps of a source, read one after the other.
#[derive(Debug)]
pub struct Sitemaps {
    waiting: VecDeque<File>,
    /// Every file that is or was waiting.
    known: HashSet<Url>,
    /// Why what they name may not be all.
    doubts: Vec<String>,
    /// What is odd about them, although it keeps nothing from being read.
    notes: Vec<String>,
}

/// What a sitemap names, as it is written: as URLs, a million of them would take a thousand times the room.
#[derive(Debug)]
pub struct Named {
    base: Url,
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

impl Named {
    fn none(base: Url) -> Named {
        Named { base, entries: Vec::new() }
    }

    /// The URLs of some of the entries, with when they changed last; none that is too long to be asked for.
    pub fn urls<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = (Url, Option<&'a str>)> {
        let url = |entry: &'a Entry| {
            let url = self.base.join(&entry.loc).ok().filter(|url| url.as_str().len() <= MAX_URL_LEN)?;
            Some((url, entry.lastmod.as_deref()))
        };
        entries.iter().filter_map(url)
    }
}

/// A sitemap file to be read.
#[derive(Debug)]
struct File {
    url: Url,
    level: u32,
    /// Whether it was named (by robots.txt, an index, the configuration) rather than guessed.
    named: bool,
}

impl Sitemaps {
    /// Finds out where the sitemaps are: of every host that the source starts at.
    pub async fn find(
        client: &Client,
        crawl: &mut Crawl,
        plan: &CrawlPlan,
        now: fn() -> Timestamp,
    ) -> Sitemaps {
        let mut sitemaps = Sitemaps {
            waiting: VecDeque::new(),
            known: HashSet::new(),
            doubts: Vec::new(),
            notes: Vec::new(),
        };
        for file in first_files(client, crawl, plan, now).await {
            sitemaps.add(file);
        }
        sitemaps
    }

    /// What the next file names; `None` when all are read.
    pub async fn next(
        &mut self,
        client: &Client,
        crawl: &mut Crawl,
        now: fn() -> Timestamp,
    ) -> Option<Named> {
        let File { url, level, named } = self.waiting.pop_front()?;
        let host = crawl.host(&url);
        // Whoever names a sitemap invites to it; one that is guessed at is a URL like any other.
        if !named && !host.robots(client, now).await.is_ok_and(|robots| robots.allows(&url)) {
            return Some(Named::none(url));
        }
        let body = match file::read(&host, client, &url, Extent::Whole(LIMITS), now).await {
            Ok(body) if body.iter().all(u8::is_ascii_whitespace) => {
                Err(NoFile::Absent("it is empty".to_owned()))
            }
            read => read,
        };
        let is_trouble = matches!(body, Err(NoFile::Trouble(_)));
        let body = match body {
            Ok(body) => body,
            Err(NoFile::Untrusted(reason) | NoFile::Trouble(reason)) if named => {
                self.doubt(&url, &reason);
                return Some(Named::none(url));
            }
            // What was only guessed at may not be there at all.
            Err(
                NoFile::Absent(reason)
                | NoFile::Astray(reason)
                | NoFile::Blocked(reason)
                | NoFile::Untrusted(reason)
                | NoFile::Trouble(reason),
            ) => {
                // That a guess was wrong is no news; that it could not be tried is.
                if named || is_trouble {
                    self.note(&url, &reason);
                }
                return Some(Named::none(url));
            }
        };
        let sitemap = blocking(move || sitemap::parse(&body, MOST_IN_ONE)).await;
        match sitemap.doubt {
            // A page instead of a sitemap: the site has none at this address.
            Some(doubt @ Doubt::NotASitemap) if named => self.note(&url, &doubt.to_string()),
            None if sitemap.entries.is_empty() => self.note(&url, "it names nothing"),
            Some(Doubt::NotASitemap) | None => {}
            Some(doubt) => self.doubt(&url, &doubt.to_string()),
        }
        let named = Named { base: url, entries: sitemap.entries };
        match sitemap.kind {
            Kind::Urls => return Some(named),
            Kind::Index if level < MOST_LEVELS => {
                for (url, _) in named.urls(&named.entries) {
                    self.add(File { url, level: level + 1, named: true });
                }
            }
            Kind::Index => {}
        }
        Some(Named::none(named.base))
    }

    /// What is odd about the sitemaps: one that is named somewhere and is not there, one that names nothing. The crawl
    /// goes on by links and by what is known.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Why what the sitemaps name may not be all; empty where it is.
    pub fn into_doubts(self) -> Vec<String> {
        self.doubts
    }

    fn add(&mut self, file: File) {
        if self.known.contains(&file.url) || file.url.as_str().len() > MAX_URL_LEN {
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

    fn note(&mut self, url: &Url, reason: &str) {
        self.notes.push(format!("sitemap {url}: {reason}"));
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
