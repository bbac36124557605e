//! Random sites with random faults: a crawl visits exactly what a plain walk over the same graph visits.
//!
//! `CORPUSD_GRAPHS` sets how many there are, `CORPUSD_SEED` the first one's seed; a failure names its own.

use std::{
    collections::{BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
};

use corpusd::report::Ending;
use futures_util::{FutureExt, future::join_all};

use super::{
    chance::{Dice, amount},
    site::{Canary, Reply, html},
    world::{Reported, World},
};

/// Crawls that are made side by side: most of what they do is to wait before they try again.
const AT_ONCE: u64 = 12;
/// Further attempts of the crawl; no fault lasts longer.
const RETRIES: u64 = 2;

/// A site as a graph.
#[derive(Debug)]
struct Graph {
    dice: Dice,
    nodes: Vec<Node>,
    /// Paths that the sitemap names, where there is one.
    sitemap: Option<Vec<String>>,
    max_depth: u64,
    /// Where no link may lead: another site of this machine.
    elsewhere: String,
}

/// An address of the site.
#[derive(Debug)]
struct Node {
    path: String,
    kind: Kind,
    /// The nodes that it links to, and whether as `rel=nofollow`.
    links: Vec<(usize, bool)>,
}

/// What an address answers with when nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Page,
    /// Walked and not kept.
    Noindex,
    /// Kept and not walked.
    Nofollow,
    /// To this node.
    Redirect(usize),
    Missing,
    Forbidden,
    Failing,
    Pdf,
}

impl Graph {
    fn new(seed: u64, elsewhere: String) -> Graph {
        let dice = Dice(seed);
        let size = 2 + dice.roll("size", 0, 39);
        let any = |what: &str, nth: u64| usize::try_from(dice.roll(what, nth, size)).unwrap();
        let node = |number: u64| {
            let path = match dice.roll("folder", number, 20) {
                _ if number == 0 => "/docs/".to_owned(),
                0..12 => format!("/docs/n{number}"),
                12..14 => format!("/docs/list?page={number}"),
                14..16 => format!("/docs/private/n{number}"),
                16..18 => format!("/docs/old/n{number}"),
                _ => format!("/blog/n{number}"),
            };
            let kind = match dice.roll("kind", number, 40) {
                _ if number == 0 => Kind::Page,
                0..22 => Kind::Page,
                22..25 => Kind::Noindex,
                25..28 => Kind::Nofollow,
                28..34 => Kind::Redirect(any("target", number)),
                34..36 => Kind::Missing,
                36 => Kind::Forbidden,
                37 => Kind::Failing,
                _ => Kind::Pdf,
            };
            let link =
                |nth| (any("link", number * 100 + nth), dice.happens(15, "nofollow", number * 100 + nth));
            Node { path, kind, links: (0..dice.roll("links", number, 5)).map(link).collect() }
        };
        let nodes: Vec<Node> = (0..size).map(node).collect();
        let named = (0..dice.roll("named", 0, 4)).map(|nth| nodes[any("named", nth + 1)].path.clone());
        let sitemap = dice.happens(50, "sitemap", 0).then(|| named.collect());
        Graph { dice, nodes, sitemap, max_depth: 1 + dice.roll("depth", 0, 12), elsewhere }
    }

    fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.path == path)
    }

    /// What may be asked for. The start is `/docs/`, and the pipeline excludes `/docs/old/**`.
    fn allowed(path: &str) -> bool {
        let by_robots = !path.starts_with("/docs/private/") || path.starts_with("/docs/private/n1");
        path.starts_with("/docs/") && !path.starts_with("/docs/old/") && by_robots
    }

    /// The paths that a crawl asks for, and those that become documents: a walk in the order of depth, in which a
    /// redirect is no step.
    fn walk(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut asked, mut documents) = (BTreeSet::new(), BTreeSet::new());
        let mut waiting: VecDeque<(usize, u64)> = [(0, 0)].into();
        let named = self.sitemap.iter().flatten();
        waiting.extend(named.map(|path| (self.nodes.iter().position(|node| node.path == *path).unwrap(), 1)));
        while let Some((at, depth)) = waiting.pop_front() {
            let node = &self.nodes[at];
            if depth > self.max_depth || !Self::allowed(&node.path) || !asked.insert(node.path.clone()) {
                continue;
            }
            if matches!(node.kind, Kind::Page | Kind::Nofollow) {
                documents.insert(node.path.clone());
            }
            match node.kind {
                Kind::Page | Kind::Noindex => {
                    let links = node.links.iter().filter(|(_, nofollow)| !nofollow);
                    waiting.extend(links.map(|(to, _)| (*to, depth + 1)));
                }
                Kind::Redirect(to) => waiting.push_front((to, depth)),
                Kind::Nofollow | Kind::Missing | Kind::Forbidden | Kind::Failing | Kind::Pdf => {}
            }
        }
        (asked, documents)
    }

    fn answer(&self, path: &str, origin: &str) -> Reply {
        match (path, &self.sitemap) {
            ("/robots.txt", _) => {
                return Reply::text("User-agent: *\nDisallow: /docs/private/\nAllow: /docs/private/n1\n");
            }
            ("/sitemap.xml", Some(paths)) => {
                let urls: String =
                    paths.iter().map(|path| format!("<url><loc>{origin}{path}</loc></url>")).collect();
                return Reply::xml(format!("<urlset>{urls}</urlset>"));
            }
            _ => {}
        }
        let Some(node) =
            self.node(path.trim_end_matches("&utm_source=mail").trim_end_matches("?utm_source=mail"))
        else {
            return Reply::status(404);
        };
        match node.kind {
            Kind::Page => Reply::html(self.page(node, origin)),
            Kind::Noindex => Reply::html(self.page(node, origin)).header("x-robots-tag", "noindex"),
            Kind::Nofollow => {
                let meta = "<meta name=\"robots\" content=\"nofollow\"><title>";
                Reply::html(self.page(node, origin).replace("<title>", meta))
            }
            Kind::Redirect(to) => Reply::redirect(302, &self.nodes[to].path),
            Kind::Missing => Reply::status(404),
            Kind::Forbidden => Reply::status(403),
            Kind::Failing => Reply::status(500),
            Kind::Pdf => Reply::new(200, "%PDF-1.7").header("content-type", "application/pdf"),
        }
    }

    /// The page of a node, which spells its links in many ways.
    fn page(&self, node: &Node, origin: &str) -> String {
        let link = |(nth, (to, nofollow)): (u64, &(usize, bool))| {
            let to = &self.nodes[*to].path;
            let href = match self.dice.roll(&node.path, nth, 6) {
                0 => format!("{origin}{to}"),
                1 => format!("{to}#section"),
                2 => format!("/x/..{to}"),
                3 if to.contains('?') => format!("{to}&amp;utm_source=mail"),
                3 => format!("{to}?utm_source=mail"),
                _ => to.clone(),
            };
            let rel = if *nofollow { " rel=\"nofollow\"" } else { "" };
            format!("<a href=\"{href}\"{rel}>on</a> ")
        };
        let links: String = (0..).zip(&node.links).map(link).collect();
        let strange = format!(
            "<a href=\"{}\">x</a> <a href=\"mailto:a@b.test\">x</a> <a href=\"javascript:go()\">x</a>",
            self.elsewhere
        );
        html(&node.path, &format!("This is {} and no other.", node.path), &[])
            .replace("</nav>", &format!("{links}{strange}</nav>"))
    }

    /// What goes wrong at first.
    fn fault(&self, path: &str, attempt: u64, whole: &Reply) -> Option<Reply> {
        match self.dice.roll(path, 1_000 + attempt, 40) {
            _ if attempt % (RETRIES + 1) == RETRIES => None,
            0..3 => Some(Reply::status(500)),
            3 => Some(Reply::status(503)),
            4 => Some(Reply::status(429).header("retry-after", "0")),
            5..8 => Some(Reply::reset()),
            8..11 => Some(whole.clone().cut_after(20)),
            11 => Some(Reply::status(502).delayed(std::time::Duration::from_millis(50))),
            _ => None,
        }
    }
}

/// Crawls the graph of a seed twice, the second time with conditional requests.
async fn check(seed: u64) {
    let canary = Canary::new();
    let graph = Arc::new(Graph::new(seed, canary.url("/")));
    let world = World::new().await.starts(&["/docs/"]).gates(&["max_failed: 100%"]);
    let world = world.crawl(&[
        "exclude: [\"/docs/old/**\"]",
        &format!("retries: {RETRIES}"),
        &format!("max_depth: {}", graph.max_depth),
        &format!("concurrency: {}", 1 + graph.dice.roll("concurrency", 0, 16)),
    ]);
    let (told, origin) = (Arc::clone(&graph), world.site.url(""));
    world.site.validates().script(move |path, attempt| {
        let whole = told.answer(path, &origin);
        told.fault(path, attempt, &whole).unwrap_or(whole)
    });
    let (expected, documents) = graph.walk();
    for ending in [Ending::Published, Ending::Unchanged] {
        let report = world.run().await.ends(ending);
        let is_page = |path: &String| path != "/robots.txt" && path != "/sitemap.xml";
        let plain = |path: &String| path.replace("?utm_source=mail", "").replace("&utm_source=mail", "");
        let asked: BTreeSet<String> =
            world.site.paths().iter().filter(|path| is_page(path)).map(plain).collect();
        assert_eq!(asked, expected, "asked for instead of what is reachable and allowed, in {graph:?}");
        let published = world.published().await;
        let is_published = |node: &&Node| published.contains(&format!("This is {} and no other.", node.path));
        let published: BTreeSet<String> =
            graph.nodes.iter().filter(is_published).map(|node| node.path.clone()).collect();
        assert_eq!(published, documents, "became documents, in {graph:?}");
        assert_eq!(report.documents.kept, documents.len() as u64, "{report:#?}");
        world.site.forget_requests();
    }
    canary.assert_alive();
}

#[tokio::test]
async fn a_crawl_of_a_random_site_visits_exactly_what_is_reachable_and_allowed() {
    let first = amount("CORPUSD_SEED", 1);
    let seeds: Vec<u64> = (first..first + amount("CORPUSD_GRAPHS", AT_ONCE)).collect();
    for seeds in seeds.chunks(usize::try_from(AT_ONCE).unwrap()) {
        let checks = seeds.iter().map(|seed| Box::pin(AssertUnwindSafe(check(*seed)).catch_unwind()));
        for (seed, outcome) in seeds.iter().zip(join_all(checks).await) {
            if let Err(panic) = outcome {
                eprintln!("the site of CORPUSD_SEED={seed}");
                resume_unwind(panic);
            }
        }
    }
}
