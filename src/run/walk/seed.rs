//! What a source's crawl begins with: start URLs, sitemaps, pages of earlier runs; and what its hosts answer for a page
//! that does not exist.

use std::sync::Arc;

use url::Url;

use super::{Route, SourceWalk};
use crate::{
    blocking::blocking,
    crawl::{CrawlPlan, fetch::Found, scope::Decision, seeds::Sitemaps, url::same_site},
    pipeline::Source,
    run::{RunError, reading},
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
        tokio::select! {
            seeded = self.seed_from_sitemaps(&plan) => seeded,
            () = stop.cancelled() => Err(RunError::Interrupted),
        }
    }

    async fn seed_from_sitemaps(&mut self, plan: &CrawlPlan) -> Result<(), RunError> {
        let (client, now) = (self.client.clone(), self.context.now);
        let mut sitemaps = Sitemaps::find(&client, &mut self.crawl, plan, now).await;
        while let Some(named) = sitemaps.next(&client, &mut self.crawl, now).await {
            for portion in named.entries.chunks(PORTION) {
                let found = named.urls(portion).filter_map(|(url, lastmod)| {
                    let route = Route { depth: 1, hops: 0, found_on: Some("sitemap"), lastmod };
                    self.discoverer.take(&url, route)
                });
                let found = found.collect();
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

    /// Asks hosts of this source's sites, each once, for a page that certainly does not exist: pages with the same
    /// answer do not exist either, whatever their status says. `sites` are the hosts of the wave that begins.
    pub(super) async fn probe(&mut self, sites: &[String]) {
        let plan = Arc::clone(&self.plan);
        let mut probes = Vec::new();
        for site in sites.iter().filter_map(|site| Url::parse(site).ok()) {
            if !self.probed.insert(site.origin()) || !plan.start.iter().any(|start| same_site(start, &site)) {
                continue;
            }
            // Beside the start URL, where the host has one: other folders may answer in their own way.
            let beside = plan.start.iter().find(|start| start.origin() == site.origin()).unwrap_or(&site);
            let Some(visit) = self.crawl.probe(beside).await else { continue };
            if let Found::Page(page) = visit.found {
                let url = visit.candidate.url;
                let probe = blocking(move || reading::probe(&url, &page)).await;
                probes.extend(probe.map(|probe| (site.origin(), probe)));
            }
        }
        if !probes.is_empty() {
            Arc::make_mut(&mut self.rules).probes.extend(probes);
        }
    }
}
