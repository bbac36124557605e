//! What a person should know of the pages that a corpus is made of: text that speaks to machines, text that visitors
//! do not see, and a template that took too much. None of it holds a publish.

use std::collections::BTreeMap;

use crate::{
    extract::FlagKind,
    store::{ArticlePage, Member},
    template::{Audit, Trimmed},
};

/// Pages that a sentence names.
const NAMED: usize = 3;

/// Gathers what is remarkable, page by page.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Pages with text that reads like instructions, and the first of them.
    instructing: usize,
    named: Vec<String>,
    /// Pages with text that was left out because nobody sees it.
    hiding: usize,
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
        self.hiding += usize::from(has(FlagKind::HiddenText));
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
        if self.hiding > 0 {
            let what = format!("{} text that visitors do not see", hold(self.hiding));
            sentences.push(format!("{what}; it is left out"));
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
