//! What a person should know of the pages that a corpus is made of: text that speaks to machines, text that visitors
//! do not see, and a template that took too much. None of it holds a publish.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use crate::{
    extract::{FlagKind, instructions},
    store::{ArticlePage, Member},
    template::{Audit, Trimmed},
};

/// Pages that a sentence names.
const NAMED: usize = 3;

/// Words that say something; a site's own dialogs and labels of its controls have fewer.
const FEW_WORDS: usize = 3;

/// How many pages hide a text. What many hide is a part of the site: its dialogs, its menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uses {
    One,
    Many,
    /// However many: it reads like instructions to machines.
    Telling,
}

impl Uses {
    fn more(self) -> Self {
        if self == Self::Telling { self } else { Self::Many }
    }
}

/// Gathers what is remarkable, page by page.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Pages with text that reads like instructions, and the first of them.
    instructing: usize,
    named: Vec<String>,
    /// Pages with text that was left out because nobody sees it.
    hiding: Vec<String>,
    /// That text, by hash: which of these pages had it first, and whether it was the only one.
    hidden: HashMap<u64, (usize, Uses)>,
    /// What the template took, by source.
    audits: BTreeMap<usize, Audit>,
}

impl Remarks {
    /// Takes note of a page's flags.
    pub(super) fn flags(&mut self, page: &ArticlePage) {
        let has = |kind| page.article.flags.iter().any(|flag| flag.kind == kind);
        if has(FlagKind::Instructions) {
            self.instructing += 1;
            if self.named.len() < NAMED {
                self.named.push(page.key.to_string());
            }
        }
        if has(FlagKind::HiddenText) {
            let flags = page.article.flags.iter().filter(|flag| flag.kind == FlagKind::HiddenText);
            for flag in flags.filter(|flag| flag.excerpt.split(' ').count() >= FEW_WORDS) {
                let speaks = instructions(&flag.excerpt).is_some();
                let first = if speaks { Uses::Telling } else { Uses::One };
                self.hidden
                    .entry(xxh3_64(flag.excerpt.as_bytes()))
                    .and_modify(|(_, uses)| *uses = uses.more())
                    .or_insert((self.hiding.len(), first));
            }
            self.hiding.push(page.key.to_string());
        }
    }

    /// The pages that hide what no other page hides, or what speaks to machines, in order.
    fn telling(&self) -> Vec<String> {
        let pages: BTreeSet<usize> =
            self.hidden.values().filter(|(_, uses)| *uses != Uses::Many).map(|(page, _)| *page).collect();
        pages.into_iter().filter_map(|page| self.hiding.get(page).cloned()).collect()
    }

    /// Takes note of what the template of its site took off a page.
    pub(super) fn template(&mut self, member: &Member, trimmed: &Trimmed<'_>) {
        self.audits.entry(member.source).or_default().add(member.key.as_ref(), trimmed);
    }

    /// The same for a person, the first in need of a look first.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.instructing > 0 {
            let what = format!("{} text that reads like instructions to machines", hold(self.instructing));
            sentences.push(format!("{what}: {}", list(&self.named, self.instructing)));
        }
        let hiding = self.telling();
        if !hiding.is_empty() {
            let what = format!("{} text that visitors do not see", hold(hiding.len()));
            let named = list(&hiding[..hiding.len().min(NAMED)], hiding.len());
            sentences.push(format!("{what}; it is left out: {named}"));
        }
        for (source, audit) in &self.audits {
            let Some(alarm) = audit.alarm() else { continue };
            let number = source + 1;
            if let Some(kept) = alarm.site {
                let samples = audit.removed().into_iter().take(NAMED);
                let samples: Vec<String> = samples.map(|block| format!("\"{}\"", block.sample)).collect();
                sentences.push(format!(
                    "of the text of source {number} only {:.0} % stays, the rest repeats over its pages: {}",
                    kept * 100.0,
                    samples.join(", ")
                ));
            }
            if alarm.pages > 0 {
                let mut worst = alarm.named;
                worst.sort_by(|a, b| a.kept.total_cmp(&b.kept));
                let pages: Vec<String> = worst
                    .iter()
                    .take(NAMED)
                    .map(|page| format!("{} ({:.0} % stays)", page.page, page.kept * 100.0))
                    .collect();
                let count = usize::try_from(alarm.pages).unwrap_or(usize::MAX);
                let who = if count == 1 { "1 page loses".to_owned() } else { format!("{count} pages lose") };
                let named = list(&pages, count);
                sentences
                    .push(format!("{who} nearly all text, which other pages of the site have too: {named}"));
            }
        }
        sentences
    }
}

fn hold(pages: usize) -> String {
    if pages == 1 { "1 page holds".to_owned() } else { format!("{pages} pages hold") }
}

/// The names, and that there are more.
fn list(names: &[String], of: usize) -> String {
    let more = if of > names.len() { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}
