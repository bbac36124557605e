//! Pages that arrive in any order, and are committed by any number of threads: what comes of them is one corpus.

use std::sync::LazyLock;

use corpusd::{
    crawl::{
        fetch::{Candidate, Validators},
        page_headers::PageHeaders,
        url::PageKey,
    },
    extract::{Article, Block, Container},
    hash::sha256,
    outcome::Outcome,
    pipeline::{Pipeline, Source},
    report::Documents,
    run::{self, Context},
    snapshot::Patience,
    store::{Discovery, Next, PageUpdate, Reading, Settled, Store, Validation},
};
use tempfile::TempDir;
use tokio::{runtime::Builder, task::JoinSet};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    chance::{Dice, amount},
    world::{NAME, World, now},
};

const SOURCE: usize = 0;
const SITE: &str = "https://a.test/";
/// Pages that the first one, page 0, links to.
const TOPICS: usize = 6;
const PAGES: usize = 70;
/// Threads that commit at once, at most.
const MOST_THREADS: u64 = 64;

fn topic(page: usize) -> usize {
    1 + page % TOPICS
}

fn url(page: usize) -> Url {
    let path = match page {
        0 => String::new(),
        1..=TOPICS => page.to_string(),
        _ => format!("{}/{page}", topic(page)),
    };
    Url::parse(&format!("{SITE}{path}")).unwrap()
}

/// The same page under another spelling, by which `from` calls it.
fn tracked(page: usize, from: usize) -> Url {
    let mut url = url(page);
    url.set_query(Some(&format!("utm_source=page{from}")));
    url
}

fn number(candidate: &Candidate) -> usize {
    candidate.url.path().rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Each page is named by many others, under many spellings, and not by all of them at the same depth.
fn links(page: usize) -> Vec<Url> {
    let articles = TOPICS + 1..PAGES;
    match page {
        0 => (1..=TOPICS).map(url).collect(),
        1..=TOPICS => articles
            .filter(|other| (topic(*other) + TOPICS - page) % TOPICS < 2)
            .map(|other| tracked(other, page))
            .collect(),
        _ => [page * 7, page * page].map(|other| tracked(other % PAGES, page)).to_vec(),
    }
}

/// Articles, of which some say the same as others, some nearly, and some all but a number; half of them with what all
/// pages of the site have around them.
fn article(page: usize) -> Article {
    let (subject, last) = match page % 9 {
        3 => (page - 1, "Press the button to save it then.".to_owned()),
        4 => (page - 2, "Click the button to save it then.".to_owned()),
        5 => (page - 3, format!("It costs {page} euros.")),
        _ => (page, "Press the button to save it then.".to_owned()),
    };
    let dice = Dice(subject as u64);
    let word = |nth: u64| -> String {
        let letter =
            |place: u64| char::from(b'a' + u8::try_from(dice.roll("letter", nth * 8 + place, 26)).unwrap());
        (0..4 + dice.roll("length", nth, 4)).map(letter).collect()
    };
    let sentences = (0..8).map(|nth| (nth * 9..nth * 9 + 9).map(word).collect::<Vec<_>>().join(" ") + ".");
    let mut texts: Vec<String> = sentences.chain([last]).collect();
    // Sections, so that a document that does not fit can give the first ones.
    texts.insert(3, format!("## {}", word(3)));
    texts.insert(6, format!("## {}", word(6)));
    let container =
        if page.is_multiple_of(2) { Container::Landmark("main".to_owned()) } else { Container::Body };
    if container == Container::Body {
        texts.insert(0, "Kettles, lids and all that belongs to them".to_owned());
        texts.push("© Acme Kettles Ltd.".to_owned());
    }
    Article {
        title: format!("All about {}", word(1)),
        language: None,
        description: None,
        breadcrumbs: Vec::new(),
        modified: Some(format!("20{:02}-01-01", 10 + page % 10)),
        container,
        blocks: texts
            .into_iter()
            .map(|markdown| Block { fingerprint: xxh3_64(markdown.as_bytes()), markdown })
            .collect(),
        flags: Vec::new(),
    }
}

static ARTICLES: LazyLock<Vec<Article>> = LazyLock::new(|| (0..PAGES).map(article).collect());

fn discovery(url: Url, depth: u32, found_on: Option<&PageKey>) -> Discovery {
    let found_on = found_on.map(ToString::to_string);
    Discovery {
        key: PageKey::new(&url).unwrap(),
        url,
        depth,
        hops: 0,
        found_on,
        lastmod: None,
        decided: None,
    }
}

/// What reading a page brings.
fn settled(candidate: &Candidate) -> Settled {
    let page = number(candidate);
    let (links, wire) = (links(page), format!("<p>{page}</p>"));
    let lines: Vec<&str> = links.iter().map(Url::as_str).collect();
    // Every ninth page is a print version of the one before it.
    let canonical = (page > 0 && page.is_multiple_of(9)).then(|| PageKey::new(&url(page - 1)).unwrap());
    let reading = Reading {
        url: &candidate.url,
        depth: candidate.depth,
        lastmod: None,
        validators: Validators::default(),
        headers: &PageHeaders::default(),
        content_type: Some("text/html".to_owned()),
        coding: None,
        wire: wire.as_bytes(),
        content: sha256(wire.as_bytes()),
        rules: 0,
        representation: 0,
        article: &ARTICLES[page],
        links: lines.join("\n"),
        canonical: canonical.as_ref(),
        noindex: false,
        unwanted: None,
        variant: None,
        at: now(),
    };
    let found = |url: &Url| discovery(url.clone(), candidate.depth + 1, Some(&candidate.key));
    Settled {
        key: candidate.key.clone(),
        depth: candidate.depth,
        outcome: Outcome::Fetched,
        detail: String::new(),
        status: Some(200),
        leads_to: None,
        discoveries: links.iter().map(found).collect(),
        page: Some(PageUpdate::read(reading)),
    }
}

/// Crawls the site into a new state, where the pages of each wave arrive in an order of their own and `committers` commit
/// them, a few at a time; gives the hash of the corpus, and what it is made of.
async fn assembled(
    pipeline: &Pipeline,
    context: &Context,
    dice: Dice,
    committers: usize,
) -> (String, Documents) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), NAME).unwrap();
    store.begin_crawl("plan".to_owned(), now()).await.unwrap();
    store.discover(SOURCE, vec![discovery(url(0), 0, None)]).await.unwrap();
    let validation = Validation { trust_lastmod: true, representation: 0 };
    while let Next::Wave(wave) = store.next_wave(SOURCE, 1_000, |_| None).await.unwrap() {
        let candidates = store.candidates(SOURCE, wave.depth, SITE.to_owned(), None, 1_000, validation);
        let mut arriving = candidates.await.unwrap();
        arriving.sort_by_key(|candidate| dice.roll(candidate.key.as_ref(), 0, u64::MAX));
        let portion = usize::try_from(1 + dice.roll("portion", wave.depth.into(), 8)).unwrap();
        let batches: Vec<Vec<Candidate>> = arriving.chunks(portion).map(<[_]>::to_vec).collect();
        let mut committing = JoinSet::new();
        for first in 0..committers {
            let (store, own) = (store.clone(), batches.iter().skip(first).step_by(committers).cloned());
            let own: Vec<_> = own.collect();
            committing.spawn(async move {
                for batch in own {
                    let read = move || batch.iter().map(settled).collect();
                    let batch = tokio::task::spawn_blocking(read).await.unwrap();
                    store.settle(SOURCE, batch, Vec::new(), now()).await.unwrap();
                }
            });
        }
        committing.join_all().await;
    }
    let patience = pipeline
        .sources
        .iter()
        .map(|Source::Site(plan)| Patience { gone_after: plan.gone_after, stale_for: plan.stale_for });
    store.complete_crawl(patience.collect(), None, now()).await.unwrap();
    let plan = run::plan(pipeline, &store, context).await.unwrap().unwrap();
    (plan.next.sha256, plan.documents)
}

#[test]
fn whatever_order_pages_arrive_in_and_however_many_threads_commit_them_there_is_one_corpus() {
    let ready = async |limit: u64| {
        let world = World::new().await.starting_at(SITE).dedupe("near: 0.8");
        let world = world.corpus(&[&format!("limit: {limit} chars"), "partial: true"]);
        (world.load(), world.context())
    };
    let corpus = |(pipeline, context): &(Pipeline, Context), round: u64| {
        // Eleven and 64 have no divisor in common: every number of threads has its turn.
        let threads = usize::try_from(1 + round * 11 % MOST_THREADS).unwrap();
        let runtime =
            Builder::new_multi_thread().worker_threads(2).max_blocking_threads(threads).build().unwrap();
        runtime.block_on(assembled(pipeline, context, Dice(round), threads))
    };
    // A limit that falls into the sections of a document.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut limits = (17_000..19_000).step_by(100).map(|limit| runtime.block_on(ready(limit)));
    let (ready, expected) = limits
        .find_map(|ready| {
            let made = corpus(&ready, 0);
            (made.1.partial > 0).then_some((ready, made))
        })
        .unwrap();
    let Documents { kept, partial, duplicates, near_duplicates, dropped_for_budget, .. } = expected.1;
    for (what, count) in [
        ("kept", kept),
        ("partial", partial),
        ("duplicates", duplicates),
        ("near-duplicates", near_duplicates),
        ("without room", dropped_for_budget),
    ] {
        assert!(count > 0, "{what}: none, so that their order is not tried: {:?}", expected.1);
    }
    for round in 1..amount("CORPUSD_SHUFFLES", 60) {
        assert_eq!(corpus(&ready, round), expected, "shuffle {round}");
    }
}
