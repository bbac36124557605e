//! What was settled is committed together, with everything that it named.

use url::Url;

use super::{Route, SourceWalk};
use crate::run::RunError;

impl SourceWalk<'_> {
    /// Adds what the settled pages that did not change lead to. Most of it is known by now, and a known URL need not
    /// even be parsed.
    async fn follow_stored(&mut self) -> Result<(), RunError> {
        let mut unread = std::mem::take(&mut self.as_stored);
        while !unread.is_empty() {
            let keys = unread.iter().map(|&at| self.settled[at].key.clone()).collect();
            let lists = self.store.links(keys).await?;
            for (at, links) in unread.drain(..lists.len()).zip(lists) {
                let (page, depth) = (self.settled[at].key.clone(), self.settled[at].depth + 1);
                let route = Route { depth, found_on: Some(page.as_ref()), ..Route::default() };
                let mut found = Vec::new();
                let mut unneeded = false;
                for link in links.lines() {
                    unneeded |= link.is_empty();
                    if !link.is_empty() && !self.discoverer.knows(link) {
                        let Ok(url) = Url::parse(link) else { continue };
                        found.extend(if unneeded {
                            self.discoverer.take_variant(&url, route)
                        } else {
                            self.discoverer.take(&url, route)
                        });
                    }
                }
                self.count(&found);
                self.settled[at].discoveries.extend(found);
            }
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), RunError> {
        if !self.settled.is_empty() {
            self.follow_stored().await?;
            self.named = 0;
            let batch = std::mem::take(&mut self.settled);
            let doubts = self.crawl.doubts();
            self.store.settle(self.source, batch, doubts, (self.context.now)()).await?;
        }
        Ok(())
    }
}
