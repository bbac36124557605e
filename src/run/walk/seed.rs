//! What a source's crawl begins with: start URLs, sitemaps, pages of earlier runs; and what its hosts answer for a page
//! that does not exist.

use std::sync::Arc;

use url::Url;

use super::{Route, SourceWalk};
use crate::{
    blocking::blocking,
    crawl::{CrawlPlan, fetch::Found, scope::Decision, seeds::Sitemaps},
    pipeline::Source,
    run::{
        RunError,
        reading::{self, Rules},
    },
};

/// URLs of a sitemap are offered to the frontier in portions of this many.
const PORTION: usize = 256;

impl SourceWalk<'_> {
    /// Offers the start URLs and what the sitemaps name.
    pub(super) async fn seed(&mut self) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let starts: Vec<_> =
            plan.start.iter().filter_map(|url| self.discoverer.take(url, Route::default())).collect();
        self.offer(starts).await?;
        let stop = self.context.stop.clone();
        let seed = async {
            self.probe().await;
            self.seed_from_sitemaps(&plan).await
        };
        tokio::select! {
            seeded = seed => seeded,
            () = stop.cancelled() => Err(RunError::Interrupted),
        }
    }

    async fn seed_from_sitemaps(&mut self, plan: &CrawlPlan) -> Result<(), RunError> {
        let (client, now) = (self.client.clone(), self.context.now);
        let mut sitemaps = Sitemaps::find(&client, &mut self.crawl, plan, now).await;
        while let Some(entries) = sitemaps.next(&client, &mut self.crawl, now).await {
            for entries in entries.chunks(PORTION) {
                let named = entries.iter().filter_map(|(url, lastmod)| {
                    let lastmod = lastmod.as_deref();
                    self.discoverer.take(url, Route { depth: 1, hops: 0, found_on: Some("sitemap"), lastmod })
                });
                let found = named.collect();
                self.offer(found).await?;
            }
        }
        self.trusts_lastmod = self.store.lastmods_are_news(self.source).await?;
        self.notes.extend_from_slice(sitemaps.notes());
        self.store.settle(self.source, Vec::new(), sitemaps.into_doubts(), now()).await?;
        Ok(())
    }

    /// Offers pages of earlier runs that no source has come across so far, but for those that a later one will ask
    /// for itself.
    pub(super) async fn seed_unseen_members(&mut self, sources: &[Source]) -> Result<(), RunError> {
        let members = self.store.unseen_members().await?;
        let is_for_later = |url: &Url, source: usize| match sources.get(source) {
            Some(Source::Site(plan)) if source > self.source => {
                matches!(plan.scope.decide(url), Decision::Follow { .. })
            }
            _ => false,
        };
        let found = members
            .iter()
            .filter(|(url, _, source)| !is_for_later(url, *source))
            .filter_map(|(url, depth, _)| {
                let route = Route { depth: *depth, found_on: Some("an earlier run"), ..Route::default() };
                self.discoverer.take(url, route)
            })
            .collect();
        self.offer(found).await
    }

    /// Asks every host that the source starts at for a page that certainly does not exist: pages with the same answer
    /// do not exist either, whatever their status says.
    async fn probe(&mut self) {
        let plan = Arc::clone(&self.plan);
        let mut rules = Rules::new(&plan);
        for start in &plan.start {
            let origin = start.origin();
            if rules.probes.contains_key(&origin) {
                continue;
            }
            let Some(visit) = self.crawl.probe(start).await else { continue };
            if let Found::Page(page) = visit.found {
                let url = visit.candidate.url;
                let probe = blocking(move || reading::probe(&url, &page)).await;
                rules.probes.extend(probe.map(|probe| (origin, probe)));
            }
        }
        self.rules = Arc::new(rules);
    }
}
