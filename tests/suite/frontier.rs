//! What the frontier yields: every URL in scope, once, in an order that neither kills nor portions change.

use std::collections::{BTreeMap, BTreeSet};

use corpusd::{
    crawl::{fetch::Candidate, url::PageKey},
    outcome::{Outcome, SkipReason},
    store::{CrawlStart, Discovery, Next, Settled, Store, Validation},
};
use proptest::prelude::*;
use tempfile::TempDir;
use url::Url;

use super::world::{NAME, now};

const SOURCE: usize = 3;
const SITE: &str = "https://a.test/";
const PAGES: usize = 14;

/// A site: what each page links to, as a page's number and whether with a tracking parameter.
type Links = Vec<Vec<(usize, bool)>>;

/// Every fifth page is out of scope.
fn in_scope(page: usize) -> bool {
    page % 5 != 4
}

fn url(page: usize, tracked: bool) -> Url {
    let query = if tracked { "?utm_source=mail" } else { "" };
    Url::parse(&format!("https://a.test/p{page:02}{query}")).unwrap()
}

fn page(candidate: &Candidate) -> usize {
    candidate.key.as_ref().trim_start_matches("https://a.test/p").parse().unwrap()
}

fn discovery(&(page, tracked): &(usize, bool), depth: u32) -> Discovery {
    let url = url(page, tracked);
    let out = || (Outcome::Skipped(SkipReason::Scope), "not under `follow`".to_owned());
    Discovery {
        key: PageKey::new(&url).unwrap(),
        url,
        depth,
        hops: 0,
        found_on: None,
        lastmod: None,
        decided: (!in_scope(page)).then(out),
    }
}

/// What is yielded, in the order of depth and key: page, depth, and the smaller of its spellings there.
fn expected(links: &Links, max_pages: usize) -> Vec<(usize, u32, Url)> {
    let mut yielded: Vec<(usize, u32, Url)> = Vec::new();
    let mut known = BTreeSet::new();
    let mut level: BTreeMap<usize, Url> = [(0, url(0, false))].into();
    for depth in 0.. {
        let room = max_pages - yielded.len();
        if level.is_empty() || room == 0 {
            break;
        }
        known.extend(level.keys().copied());
        yielded.extend(level.iter().take(room).map(|(page, url)| (*page, depth, url.clone())));
        let mut next: BTreeMap<usize, Url> = BTreeMap::new();
        for (page, tracked) in level.keys().take(room).flat_map(|page| &links[*page]) {
            if in_scope(*page) && !known.contains(page) {
                let spelling = url(*page, *tracked);
                let known = next.entry(*page).or_insert_with(|| spelling.clone());
                // The normal spelling, else the smaller one.
                let normal = url(*page, false);
                let rank = |url: &Url| (*url != normal, url.clone());
                if rank(&spelling) < rank(known) {
                    *known = spelling;
                }
            }
        }
        level = next;
    }
    yielded
}

/// Works through the frontier as a run does, in portions; where `kills` says so, what was yielded is lost and the state
/// is opened again. Gives what was settled, in that order.
async fn work(
    links: &Links,
    max_pages: usize,
    portion: usize,
    mut kills: impl Iterator<Item = bool>,
) -> Vec<(usize, u32, Url)> {
    let folder = TempDir::new().unwrap();
    let open = || Store::open(folder.path(), NAME).unwrap();
    let mut store = open();
    assert_eq!(store.begin_crawl("plan".to_owned(), now()).await.unwrap(), CrawlStart::Anew);
    store.discover(SOURCE, vec![discovery(&(0, false), 0)]).await.unwrap();
    let mut settled = Vec::new();
    let mut yielded_in_this_life = BTreeSet::new();
    'life: while let Next::Wave(wave) = store.next_wave(SOURCE, max_pages as u64, |_| None).await.unwrap() {
        let sites = store.wave_sites(SOURCE, wave.depth).await.unwrap();
        assert_eq!(sites, [SITE]);
        let mut after = None;
        loop {
            let site = SITE.to_owned();
            let validation = Validation { trust_lastmod: true, representation: 0 };
            let candidates =
                store.candidates(SOURCE, wave.depth, site, after.clone(), portion, validation).await.unwrap();
            if candidates.is_empty() {
                break;
            }
            for candidate in &candidates {
                assert!(yielded_in_this_life.insert(candidate.key.clone()), "{} again", candidate.key);
            }
            if kills.next().unwrap_or(false) {
                drop(store);
                store = open();
                assert_eq!(store.begin_crawl("plan".to_owned(), now()).await.unwrap(), CrawlStart::Resumed);
                yielded_in_this_life.clear();
                continue 'life;
            }
            after = candidates.last().map(|candidate| candidate.key.clone());
            let batch = candidates.iter().map(|candidate| Settled {
                key: candidate.key.clone(),
                depth: candidate.depth,
                outcome: Outcome::Fetched,
                detail: String::new(),
                status: Some(200),
                leads_to: None,
                discoveries: links[page(candidate)]
                    .iter()
                    .map(|link| discovery(link, candidate.depth + 1))
                    .collect(),
                page: None,
            });
            store.settle(SOURCE, batch.collect(), Vec::new(), now()).await.unwrap();
            settled.extend(
                candidates.iter().map(|candidate| (page(candidate), candidate.depth, candidate.url.clone())),
            );
        }
    }
    settled
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_url_in_scope_is_yielded_once_and_in_order_whenever_the_process_dies(
        links in prop::collection::vec(prop::collection::vec((0..PAGES, any::<bool>()), 0..5), PAGES),
        max_pages in 1..=PAGES,
        portion in 1_usize..6,
        kills in prop::collection::vec(any::<bool>(), 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let settled = runtime.block_on(work(&links, max_pages, portion, kills.into_iter()));
        prop_assert_eq!(settled, expected(&links, max_pages));
    }
}
