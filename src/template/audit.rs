//! How much of each page the template took, and whether that was too much.

use std::collections::HashMap;

use serde::Serialize;

use super::Trimmed;

/// A page that keeps less than this share of its text is looked at …
const LEAST_OF_PAGE: f64 = 0.2;
/// … if it had at least so many bytes to lose.
const WORTH: usize = 500;
/// A site whose pages keep less than this share of their text together is looked at.
const LEAST_OF_SITE: f64 = 0.4;
/// Blocks and pages that are named.
const NAMED: usize = 20;
/// Characters of a block that are shown.
const SAMPLE: usize = 80;

/// Gathers what was taken off the pages of a site.
#[derive(Debug, Default)]
pub struct Audit {
    pages: u64,
    before: u64,
    after: u64,
    removed: HashMap<u64, Removed>,
    stripped: Vec<Stripped>,
    worn: u64,
}

/// A block of the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// From how many pages it was taken.
    pub pages: u64,
    /// How it begins.
    pub sample: String,
}

/// A page that lost nearly all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stripped {
    /// The page.
    pub page: String,
    /// The share of its Markdown that stayed, 0 to 1.
    pub kept: f64,
}

/// What a person should look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alarm {
    /// The share of all pages' Markdown that stayed, if that is too little.
    pub site: Option<f64>,
    /// How many pages lost nearly all.
    pub pages: u64,
    /// The first of them.
    pub named: Vec<Stripped>,
}

impl Trimmed<'_> {
    /// The share of the page's Markdown that stays, 0 to 1; 1 for a page without any.
    pub fn kept(&self) -> f64 {
        let [own, removed] = self.bytes();
        if own + removed == 0 { 1.0 } else { own as f64 / (own + removed) as f64 }
    }

    /// Whether the page lost nearly all it had, which was something.
    pub fn is_stripped(&self) -> bool {
        self.bytes().iter().sum::<usize>() >= WORTH && self.kept() < LEAST_OF_PAGE
    }

    /// Bytes of Markdown that stay, and that go.
    fn bytes(&self) -> [usize; 2] {
        [&self.own, &self.removed].map(|blocks| blocks.iter().map(|block| block.markdown.len()).sum())
    }
}

impl Audit {
    /// Takes note of one page.
    pub fn add(&mut self, page: &str, trimmed: &Trimmed<'_>) {
        let [own, removed] = trimmed.bytes();
        self.pages += 1;
        self.before += (own + removed) as u64;
        self.after += own as u64;
        for block in &trimmed.removed {
            let first = || Removed { pages: 0, sample: sample(&block.markdown) };
            self.removed.entry(block.fingerprint).or_insert_with(first).pages += 1;
        }
        if trimmed.is_stripped() {
            self.worn += 1;
            if self.stripped.len() < NAMED {
                self.stripped.push(Stripped { page: page.to_owned(), kept: trimmed.kept() });
            }
        }
    }

    /// The share of all Markdown that stayed, 0 to 1.
    pub fn kept(&self) -> f64 {
        if self.before == 0 { 1.0 } else { self.after as f64 / self.before as f64 }
    }

    /// The blocks taken from most pages, those first.
    pub fn removed(&self) -> Vec<&Removed> {
        let mut removed: Vec<&Removed> = self.removed.values().collect();
        removed.sort_by(|a, b| b.pages.cmp(&a.pages).then_with(|| a.sample.cmp(&b.sample)));
        removed.truncate(NAMED);
        removed
    }

    /// What a person should look at, if anything.
    pub fn alarm(&self) -> Option<Alarm> {
        let site = Some(self.kept()).filter(|kept| *kept < LEAST_OF_SITE);
        (site.is_some() || self.worn > 0).then(|| Alarm {
            site,
            pages: self.worn,
            named: self.stripped.clone(),
        })
    }
}

fn sample(markdown: &str) -> String {
    markdown.lines().next().unwrap_or_default().chars().take(SAMPLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Block;

    fn block(text: &str, times: usize) -> Block {
        Block { fingerprint: text.len() as u64, markdown: text.repeat(times) }
    }

    #[test]
    fn the_audit_names_what_went_and_who_lost_too_much() {
        let (own, menu, footer) = (block("own", 100), block("menu", 10), block("footer", 100));
        let mut audit = Audit::default();
        audit.add("/a", &Trimmed { own: vec![&own], removed: vec![&menu] });
        assert_eq!((audit.kept(), audit.alarm()), (300.0 / 340.0, None));
        audit.add("/b", &Trimmed { own: vec![], removed: vec![&menu, &footer] });
        let removed: Vec<_> = audit.removed().iter().map(|r| (r.pages, &r.sample[..4])).collect();
        assert_eq!(removed, [(2, "menu"), (1, "foot")]);
        let alarm = audit.alarm().unwrap();
        assert_eq!((alarm.site, alarm.pages), (Some(300.0 / 980.0), 1));
        assert_eq!(alarm.named, [Stripped { page: "/b".to_owned(), kept: 0.0 }]);
    }

    #[test]
    fn a_short_page_that_is_all_template_alarms_nobody() {
        let menu = block("menu", 10);
        let trimmed = Trimmed { own: vec![], removed: vec![&menu] };
        assert!(!trimmed.is_stripped());
        assert!((Trimmed::default().kept() - 1.0).abs() < f64::EPSILON);
    }
}
