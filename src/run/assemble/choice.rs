//! The second pass: which documents there is room for.

use super::{
    reader::{PORTION, Reader},
    survey::Candidate,
};
use crate::{
    blocking::blocking,
    corpus::{Archives, Assembler, Budget, Corpus, Counts, Fit, Worth},
    run::RunError,
    store::{LeftOut, WhyLeftOut},
};

/// What was chosen.
pub(super) struct Choice {
    pub(super) corpus: Corpus,
    /// Documents that did not fit, the most valuable first.
    pub(super) without_room: Vec<LeftOut>,
}

/// Offers the candidates, which cost so much together, to an assembler: where not all fit, by their worth.
pub(super) async fn choose(
    reader: &Reader<'_>,
    mut candidates: Vec<Candidate>,
    cost: Counts,
    budget: &Budget,
) -> Result<Choice, RunError> {
    let mut assembler = Assembler::new(budget.clone());
    if !assembler.has_room_for(cost) {
        sort_by_worth(&mut candidates, reader, budget).await?;
    }
    let mut without_room = Vec::new();
    for portion in candidates.chunks(PORTION) {
        let places: Vec<usize> = portion.iter().map(|candidate| candidate.place).collect();
        let documents = reader.documents(&places).await?;
        let fits: Vec<(usize, Fit)>;
        (assembler, fits) = blocking(move || {
            let offer = |(place, document)| (place, assembler.offer(place, &document));
            let fits = documents.into_iter().map(offer).collect();
            (assembler, fits)
        })
        .await;
        for (place, fit) in fits {
            let candidate = portion.iter().find(|candidate| candidate.place == place);
            if let (Fit::Dropped(size), Some(candidate)) = (fit, candidate) {
                without_room.push(left_out(reader, candidate, size));
            }
        }
    }
    let corpus = blocking(move || assembler.finish()).await;
    Ok(Choice { corpus, without_room })
}

async fn sort_by_worth(
    candidates: &mut [Candidate],
    reader: &Reader<'_>,
    budget: &Budget,
) -> Result<(), RunError> {
    let inbound = reader.store.inbound().await?;
    let url = |candidate: &Candidate| reader.members[candidate.place].key.as_ref();
    let archives = Archives::of(candidates.iter().map(url));
    candidates.sort_by_cached_key(|candidate| {
        let member = &reader.members[candidate.place];
        let url = member.key.as_ref();
        let worth = Worth {
            required: candidate.required,
            weight: budget.weight(url),
            secondary: candidate.variant_of.is_some() || archives.contains(url),
            depth: member.depth,
            inbound: inbound.get(&member.key).copied().unwrap_or(0),
            year: candidate.year,
        };
        (worth.rank(), candidate.place)
    });
    Ok(())
}

fn left_out(reader: &Reader<'_>, candidate: &Candidate, size: Counts) -> LeftOut {
    let variant = candidate
        .variant_of
        .as_ref()
        .map(|(twin, fact)| format!("; but for \"{fact}\" it says nearly the same as {twin}"));
    let characters = size.characters;
    let detail =
        format!("no room within the budget for its {characters} characters{}", variant.unwrap_or_default());
    let key = reader.members[candidate.place].key.clone();
    LeftOut { key, why: WhyLeftOut::Budget, detail, size }
}
