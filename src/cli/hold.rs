//! What commands that show a corpus say of the one that the gates hold: it need not be what a run would make today.

use crate::{pipeline::Pipeline, run::OnHold};

/// Says that what is shown is what the gates hold.
pub(super) fn shown(pipeline: &Pipeline, held: &OnHold) -> String {
    let (name, run) = (&pipeline.name, held.run);
    let held_by =
        format!("{name}: this is what run {run} holds, and what `corpusd approve {name}` publishes");
    if held.is_next {
        held_by
    } else {
        format!(
            "{held_by}; by the file of today the last crawl gives another corpus: `corpusd plan {name}` to look at that"
        )
    }
}

/// Says that what is shown is not what the gates hold; `None` where it is.
pub(super) fn not_shown(name: &str, held: &OnHold) -> Option<String> {
    let (run, short) = (held.run, held.sha256.get(..8).unwrap_or_default());
    (!held.is_next).then(|| {
        format!(
            "this is what the last crawl gives by the file of today; run {run} holds another corpus ({short}): that is what \
             `corpusd show {name}` and `corpusd diff {name}` print, and what `corpusd approve {name}` publishes"
        )
    })
}
