//! Back to a corpus that was live before: it is published again as it was, and pinned.
//!
//! The pin is recorded first, and every run makes what is pinned live: so a rollback that is killed, or refused, is done
//! by the next run.

use super::{Context, RunError, begin, deliver, finish, lock, resume, telling};
use crate::{
    hash::hex,
    outcome::in_words,
    pipeline::Pipeline,
    report::{Ending, RunReport},
    store::{Publication, PublicationState, Store},
};

/// Digits of a hash that are worth looking for.
const LEAST_DIGITS: usize = 4;

/// Why no publication is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPublication {
    /// Neither a number nor the beginning of a hash.
    #[error(
        "no publication has the number `{0}`, or a corpus whose hash begins so (`corpusd history` lists them)"
    )]
    Unknown(String),
    /// The beginning of several hashes.
    #[error("the hashes of {1} corpora begin with `{0}`: give more of it")]
    Ambiguous(String, usize),
    /// There is only one, or none.
    #[error("nothing else was published before what is live")]
    NoneEarlier,
}

/// Publishes an earlier corpus again and pins it: later runs crawl and report, and publish nothing else until it is
/// unpinned. `to` is the number of a publication or the beginning of its corpus's hash; `None` the one before what is
/// live.
///
/// # Errors
/// As [`run`](super::run()); [`RunError::NoPublication`] where there is nothing to go back to.
pub async fn rollback(
    pipeline: &Pipeline,
    context: &Context,
    to: Option<&str>,
) -> Result<RunReport, RunError> {
    telling::told(pipeline, context, gone_back(pipeline, context, to), |report| Some(report)).await
}

async fn gone_back(pipeline: &Pipeline, context: &Context, to: Option<&str>) -> Result<RunReport, RunError> {
    let lock = lock(pipeline, context)?;
    let store = Store::open(&context.state_dir, pipeline.name.as_str())?;
    let target = pipeline.target.identity(&pipeline.agent.id);
    let published = published(&store, &target).await?;
    let to = if let Some(wanted) = to {
        find(&published, wanted)?
    } else {
        let unsettled = store.unsettled(target.clone()).await?;
        before(&published, unsettled.as_ref()).ok_or(NoPublication::NoneEarlier)?
    };
    // Who goes back to what was gone back to means the same place.
    let to = place(&published, to).id;
    let mut report = begin(pipeline, &store, &lock, context).await?;
    // A person acts: what was refused before is worth another try.
    resume(pipeline, &store).await?;
    store.pin(to, (context.now)()).await?;
    if let Err(error) = go_back(pipeline, &store, context, &target, &mut report).await {
        report.end(Ending::Failed, in_words(&error));
    }
    let name = &pipeline.name;
    report.notes.push(match report.error {
        None => format!("publication {to} is pinned: `corpusd unpin {name}` lets runs publish again"),
        Some(_) => format!(
            "publication {to} is pinned, so the next run tries again: `corpusd unpin {name}` gives it up"
        ),
    });
    finish(&store, context, &mut report).await?;
    Ok(report)
}

async fn go_back(
    pipeline: &Pipeline,
    store: &Store,
    context: &Context,
    target: &str,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let Some(pin) = store.pinned(target.to_owned()).await? else { return Ok(()) };
    deliver::restore(pipeline, store, context, &pin, report).await
}

/// What `target` accepted, the latest first: each can be gone back to.
pub(super) async fn published(store: &Store, target: &str) -> Result<Vec<Publication>, RunError> {
    let mut publications = store.publications(target.to_owned()).await?;
    publications.retain(|publication| publication.state == PublicationState::Acknowledged);
    Ok(publications)
}

/// What was live before what is live now, with another corpus. Where that was gone back to, it stands at its old place:
/// two steps back are two steps, not one there and one back again; and what somebody went back from is passed over. Where
/// something newer was sent and nobody knows what came of it, that is what is gone back from.
fn before<'p>(published: &'p [Publication], unsettled: Option<&Publication>) -> Option<&'p Publication> {
    let live = published.first()?;
    if unsettled.is_some_and(|newer| newer.restores.is_none() && newer.corpus != live.corpus) {
        return Some(live);
    }
    let mut earlier = place(published, live);
    while earlier.corpus == live.corpus {
        let previous = published.iter().find(|publication| publication.id < earlier.id)?;
        earlier = place(published, previous);
    }
    Some(earlier)
}

/// The publication that this one went back to, as long as that is remembered; else itself.
fn place<'p>(published: &'p [Publication], publication: &'p Publication) -> &'p Publication {
    let original = |earlier: &&Publication| Some(earlier.id) == publication.restores;
    published.iter().find(original).unwrap_or(publication)
}

/// The publication that a person means: by its number, else by the beginning of its corpus's hash.
pub(super) fn find<'p>(published: &'p [Publication], wanted: &str) -> Result<&'p Publication, NoPublication> {
    if let Ok(number) = wanted.parse::<i64>()
        && let Some(publication) = published.iter().find(|publication| publication.id == number)
    {
        return Ok(publication);
    }
    let digits = wanted.to_ascii_lowercase();
    let begins = |publication: &&Publication| {
        digits.len() >= LEAST_DIGITS && hex(&publication.corpus).starts_with(&digits)
    };
    let mut corpora: Vec<&Publication> = published.iter().filter(begins).collect();
    // Stable: of each corpus the latest publication stays that did not go back to it.
    corpora.sort_by_key(|publication| (publication.corpus, publication.restores.is_some()));
    corpora.dedup_by_key(|publication| publication.corpus);
    match corpora.as_slice() {
        [one] => Ok(one),
        [] => Err(NoPublication::Unknown(wanted.chars().take(80).collect())),
        several => Err(NoPublication::Ambiguous(wanted.to_owned(), several.len())),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::Before;

    /// Publications of corpora whose hashes begin with these bytes, the first one first.
    fn published(corpora: &[u8]) -> Vec<Publication> {
        let publication = |(at, corpus): (usize, &u8)| Publication {
            id: i64::try_from(at).unwrap() + 1,
            run: 1,
            corpus: [*corpus; 32],
            state: PublicationState::Acknowledged,
            before: Before::default(),
            request_id: None,
            settings: None,
            at: Timestamp::UNIX_EPOCH,
            restores: None,
        };
        corpora.iter().enumerate().map(publication).rev().collect()
    }

    #[track_caller]
    fn check(corpora: &[u8], wanted: &str, expected: Option<i64>) {
        let published = published(corpora);
        let found = find(&published, wanted);
        let expected = expected.ok_or_else(|| NoPublication::Unknown(wanted.to_owned()));
        assert_eq!(found.map(|found| found.id), expected, "{wanted}");
    }

    #[test]
    fn a_publication_is_named_by_its_number_or_its_hash() {
        let corpora = [0xab, 0xac, 0xab, 0x33];
        check(&corpora, "2", Some(2));
        check(&corpora, "ababab", Some(3));
        check(&corpora, "ACAC", Some(2));
        // A number that is none is a hash.
        check(&corpora, "3333", Some(4));
        for wanted in ["", "5", "-1", "aba", "abac", "live", "9999999999999999999999", "ä"] {
            check(&corpora, wanted, None);
        }
    }

    #[test]
    fn a_hash_that_could_be_several_is_none() {
        let mut published = published(&[0xab, 0xab]);
        published[0].corpus[31] = 0;
        assert_eq!(find(&published, "abab").unwrap_err(), NoPublication::Ambiguous("abab".to_owned(), 2));
    }

    #[test]
    fn the_one_before_is_another_corpus() {
        let before = |corpora: &[u8], restores| {
            let mut published = published(corpora);
            published.iter_mut().take(1).for_each(|live| live.restores = restores);
            before(&published, None).map(|found| found.id)
        };
        assert_eq!(before(&[1, 2, 2], None), Some(1));
        assert_eq!(before(&[1], None), None);
        assert_eq!(before(&[], None), None);
        assert_eq!(before(&[1, 2, 1, 3], None), Some(3));
        // Gone back from 3 to 2, which is publication 4: one more step leads to 1.
        assert_eq!(before(&[1, 2, 3, 2], Some(2)), Some(1));
        assert_eq!(before(&[1, 2, 3, 1], Some(1)), None);
    }

    #[test]
    fn what_was_gone_back_from_is_not_gone_back_to() {
        // From 2 back to 1, then forward to 3.
        let mut published = published(&[1, 2, 1, 3]);
        published[1].restores = Some(1);
        assert_eq!(before(&published, None).map(|found| found.id), Some(1));
        // What was gone back to is forgotten.
        published.pop();
        assert_eq!(before(&published, None).map(|found| found.id), Some(3));
    }

    #[test]
    fn what_nobody_knows_of_is_gone_back_from() {
        let mut all = published(&[1, 2, 3]);
        let mut unsettled = all.remove(0);
        assert_eq!(before(&all, Some(&unsettled)).map(|found| found.id), Some(2));
        // A rollback that nobody knows of is made again.
        unsettled.restores = Some(1);
        assert_eq!(before(&all, Some(&unsettled)).map(|found| found.id), Some(1));
    }
}
