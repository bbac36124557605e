//! The gates that compare a corpus with what is live.

use super::{
    Facts, Gates, Line, line, share,
    similarity::{least_kept, similarity},
};
use crate::corpus::{Corpus, Manifest};

/// The least that two corpora of one site have in common; below it, it is another site.
const LEAST_SIMILAR: f64 = 0.2;

pub(super) fn lines(published: &Corpus, corpus: &Corpus, facts: &Facts, gates: &Gates) -> Vec<Line> {
    let (before, after) = (&published.manifest, &corpus.manifest);
    vec![
        max_removed(before, after, gates),
        max_changed(before, after, gates),
        max_shrink(before, after, gates),
        max_growth(before, after, gates),
        sources(before, after, facts),
        similar(published, corpus, facts),
    ]
}

fn max_removed(before: &Manifest, after: &Manifest, gates: &Gates) -> Line {
    let removed = after.lost_since(before).len() as u64;
    let of = before.documents.len() as u64;
    let share = share(removed, of);
    let detail = format!("{removed} of {of} published documents would leave");
    line("max_removed", gates.max_removed, share, share > gates.max_removed, detail)
}

fn max_changed(before: &Manifest, after: &Manifest, gates: &Gates) -> Line {
    let changed = after.changed_since(before).len() as u64;
    let of = before.documents.len() as u64;
    let share = share(changed, of);
    let detail = format!("{changed} of {of} published documents would have another text");
    // Of a single document every edit changes all there is; whether it is still the same is for `similarity` to say.
    line("max_changed", gates.max_changed, share, of > 1 && share > gates.max_changed, detail)
}

fn max_shrink(before: &Manifest, after: &Manifest, gates: &Gates) -> Line {
    let (before, after) = (before.size.characters, after.size.characters);
    let share = share(before.saturating_sub(after), before);
    let detail = format!("{after} characters instead of {before}");
    line("max_shrink", gates.max_shrink, share, share > gates.max_shrink, detail)
}

fn max_growth(before: &Manifest, after: &Manifest, gates: &Gates) -> Line {
    let (before, after) = (before.size.characters, after.size.characters);
    let share = share(after.saturating_sub(before), before);
    let detail = format!("{after} characters instead of {before}");
    line("max_growth", gates.max_growth, share, share > gates.max_growth, detail)
}

/// A source that the pipeline has no longer was taken out on purpose: then only the removed documents count.
fn sources(before: &Manifest, after: &Manifest, facts: &Facts) -> Line {
    let mut lost = after.sources_lost_since(before);
    lost.retain(|source| facts.sources.iter().any(|name| name == source));
    let detail = match lost.first() {
        None => "every source that has documents live has some still".to_owned(),
        Some(first) => {
            let more =
                if lost.len() > 1 { format!(", nor have {} others", lost.len() - 1) } else { String::new() };
            format!("the source {first} has documents live and none now{more}")
        }
    };
    line("sources", 0.0, lost.len() as f64, !lost.is_empty(), detail)
}

/// The corpus, and each source of it: what its site is now shows by what it says.
fn similar(published: &Corpus, corpus: &Corpus, facts: &Facts) -> Line {
    let whole = similarity(published, corpus);
    let least = least_kept(published, corpus, &facts.sources).filter(|(_, kept)| *kept < whole);
    let (value, what) = match least {
        Some((source, kept)) => (kept, format!("of what the source {source} said is still there")),
        None => (whole, "of the text in common with what is live".to_owned()),
    };
    let (found, wanted) = (value * 100.0, LEAST_SIMILAR * 100.0);
    let detail = format!("{found:.0}% {what}, at least {wanted:.0}% wanted");
    line("similarity", LEAST_SIMILAR, value, value < LEAST_SIMILAR, detail)
}
