//! By what the pages of a source are read and judged.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use url::{Origin, Url};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    crawl::{CrawlPlan, scope::Decision, url::PageKey},
    doubt::Probe,
    extract::Cleaning,
};

/// By what the pages of a source are read and judged.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) plan: Arc<CrawlPlan>,
    /// What the pipeline says about content.
    pub(super) cleaning: Arc<Cleaning>,
    /// The start URLs.
    pub(super) starts: HashSet<PageKey>,
    /// Stands for everything that decides what is stored of a page: where it changes, stored bodies are read again.
    pub(super) version: u32,
    /// Stands for the headers under which pages are asked for.
    pub(super) representation: u32,
    /// What hosts answered for a page that does not exist, where they answered with a page.
    pub(super) probes: HashMap<Origin, Probe>,
}

impl Rules {
    pub(super) fn new(plan: &Arc<CrawlPlan>, cleaning: &Arc<Cleaning>) -> Rules {
        // Which variants count depends on where the crawl goes.
        let variants = (!plan.languages.is_all()).then_some((&plan.languages, &plan.scope));
        let rules = format!("{} {variants:?}", cleaning.version());
        Rules {
            starts: plan.start.iter().filter_map(PageKey::new).collect(),
            version: (xxh3_64(rules.as_bytes()) >> 32) as u32,
            representation: plan.access.representation(),
            probes: HashMap::new(),
            plan: Arc::clone(plan),
            cleaning: Arc::clone(cleaning),
        }
    }

    /// Whether the page at `url` may become a document.
    pub(super) fn keeps(&self, url: &Url) -> bool {
        matches!(self.plan.scope.decide(url), Decision::Follow { keep: true })
    }

    /// Whether the crawl goes to `url` at all.
    pub(super) fn follows(&self, url: &Url) -> bool {
        matches!(self.plan.scope.decide(url), Decision::Follow { .. })
    }
}
