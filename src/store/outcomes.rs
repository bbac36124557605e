//! How the known pages ended, beside what the snapshot has of them.

use std::collections::HashMap;

use super::{Store, StoreError, redirects::end_of};
use crate::{
    hash::Hash,
    outcome::{Outcome, SkipReason},
};

/// One page, now and before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOutcome {
    /// Which source it is of.
    pub source: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// Where its redirects end.
    pub leads_to: Option<String>,
    /// What was read of it now or, where it did not change, before.
    pub now: Option<Heading>,
    /// Whether it asks not to be indexed.
    pub noindex: bool,
    /// What the snapshot has of it.
    pub before: Option<Heading>,
}

/// An article, by what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// SHA-256 of it.
    pub article: Hash,
    /// Its title.
    pub title: String,
    /// Its language, as it declares it.
    pub language: Option<String>,
}

impl Store {
    /// Every page of the crawl that was visited or is part of the snapshot; what a rule kept from being visited left out.
    pub async fn page_outcomes(&self) -> Result<Vec<PageOutcome>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.key, e.source, e.outcome, e.leads_to, p.noindex, p.article, now.title, now.language,
                     p.snapshot, was.title, was.language
                 FROM ended e LEFT JOIN page p ON p.key = e.key
                     LEFT JOIN heading now ON now.article = p.article
                     LEFT JOIN heading was ON was.article = p.snapshot
                 WHERE e.outcome IS NOT NULL AND (e.admitted = 1 OR p.snapshot IS NOT NULL)",
            )?;
            let mut outcomes = Vec::new();
            let mut steps: HashMap<String, String> = HashMap::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(2)?;
                let outcome = Outcome::from_name(&name).ok_or(StoreError::Damaged("outcome"))?;
                let leads_to: Option<String> = row.get(3)?;
                if let (Outcome::Skipped(SkipReason::Redirected), Some(target)) = (outcome, &leads_to) {
                    steps.insert(row.get(0)?, target.clone());
                }
                let heading = |from: usize| -> rusqlite::Result<Option<Heading>> {
                    let article: Option<Hash> = row.get(from)?;
                    let title: Option<String> = row.get(from + 1)?;
                    let language = row.get(from + 2)?;
                    Ok(article.zip(title).map(|(article, title)| Heading { article, title, language }))
                };
                outcomes.push(PageOutcome {
                    source: row.get(1)?,
                    outcome,
                    leads_to,
                    now: heading(5)?,
                    noindex: row.get::<_, Option<bool>>(4)?.unwrap_or(false),
                    before: heading(8)?,
                });
            }
            for page in &mut outcomes {
                page.leads_to = page.leads_to.take().map(|key| end_of(&steps, &key).to_owned());
            }
            Ok(outcomes)
        })
        .await
    }
}
