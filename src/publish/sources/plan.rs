//! What to do to an agent's sources so that they are as wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    label::{Kind, Label, Slot, key},
    layout::Wanted,
};
use crate::{
    chatbase::{Source, Status},
    corpus::Corpus,
    gate::AtAgent,
};

/// One write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Replaces name and content of the source `id`.
    Update(&'a str, &'a Wanted),
    /// Makes a source.
    Create(&'a Wanted),
    /// Deletes the source `id`.
    Delete(&'a str),
}

/// The steps from the sources that an agent has to those that are wanted; none where they are the same. What is there
/// is replaced and added to before anything goes. Sources that do not carry our name are not looked at.
pub fn plan<'a>(wanted: &'a [Wanted], known: &'a [Source]) -> Vec<Step<'a>> {
    let mut ours = BTreeMap::<Slot, Vec<(Label, &Source)>>::new();
    for (label, source) in of_ours(known) {
        ours.entry(label.slot).or_default().push((label, source));
    }
    let tells_bytes = tells_bytes(wanted, &ours);
    let (mut updates, mut creates, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in wanted {
        let mut there = ours.remove(&wanted.label.slot).unwrap_or_default();
        // A request that was sent twice may have made two: the better one stays, and of equals always the same.
        there.sort_by_key(|(label, source)| (!is_current(wanted, *label, source, tells_bytes), &source.id));
        let mut there = there.into_iter();
        match there.next() {
            Some((label, source)) if is_current(wanted, label, source, tells_bytes) => {}
            Some((_, source)) => updates.push(Step::Update(&source.id, wanted)),
            None => creates.push(Step::Create(wanted)),
        }
        deletes.extend(there.map(|(_, source)| Step::Delete(&source.id)));
    }
    deletes.extend(ours.values().flatten().map(|(_, source)| Step::Delete(source.id.as_str())));
    [updates, creates, deletes].concat()
}

/// The sources that are ours, by their names and kind, and stay if nobody does anything.
pub fn of_ours(known: &[Source]) -> impl Iterator<Item = (Label, &Source)> {
    labelled(known).filter(|(_, source)| source.status != Status::Leaving)
}

/// The same, with those that are to leave.
pub(super) fn labelled(known: &[Source]) -> impl Iterator<Item = (Label, &Source)> {
    let labelled = known.iter().filter_map(|source| Some((Label::parse(&source.name)?, source)));
    labelled.filter(|(label, source)| label.slot.is_kind(&source.kind))
}

/// Whether sizes are bytes of content here, as documented: then at least one that should be equal is. Else they say
/// nothing, and to go by them would be to write every source with every push. What counts of a question with its answer is
/// not documented.
fn tells_bytes(wanted: &[Wanted], ours: &BTreeMap<Slot, Vec<(Label, &Source)>>) -> bool {
    wanted.iter().filter(|wanted| wanted.question.is_none()).any(|wanted| {
        let there = ours.get(&wanted.label.slot).into_iter().flatten();
        there
            .clone()
            .any(|(label, source)| *label == wanted.label && source.size == wanted.content.len() as u64)
    })
}

/// Whether a source is as wanted. Under the right name may stand another text, where a person edited it: its size
/// tells, unless a training is under way.
fn is_current(wanted: &Wanted, label: Label, source: &Source, tells_bytes: bool) -> bool {
    let is_edited = tells_bytes
        && wanted.question.is_none()
        && source.status == Status::Trained
        && source.size != wanted.content.len() as u64;
    label == wanted.label && source.status != Status::Failed && !is_edited
}

/// What publishing `corpus` would do to the sources that an agent has. What one document became counts once, or a page of
/// many questions would weigh as many pages.
pub fn survey(corpus: &Corpus, known: &[Source]) -> AtAgent {
    let documents: BTreeSet<u64> = corpus.manifest.documents.iter().map(|entry| key(&entry.url)).collect();
    // By the first key of a document, or of a range of them, the last one.
    let mut places = BTreeMap::<u64, u64>::new();
    let mut bytes = 0;
    for (label, source) in of_ours(known) {
        // An answer is there with its origin, and what counts of it is not documented.
        if label.slot.kind() != Kind::Answer {
            bytes += source.size;
        }
        if label.slot.kind() != Kind::Links {
            let (first, last) = label.slot.documents().into_inner();
            places.entry(first).and_modify(|known| *known = last.max(*known)).or_insert(last);
        }
    }
    let leaving =
        places.iter().filter(|&(first, last)| documents.range(first..=last).next().is_none()).count();
    let is_ours = |source: &&Source| of_ours(std::slice::from_ref(*source)).next().is_some();
    let foreign = known.iter().filter(|source| source.status != Status::Leaving && !is_ours(source));
    AtAgent {
        ours: places.len() as u64,
        leaving: leaving as u64,
        bytes,
        foreign: foreign.clone().count() as u64,
        foreign_texts: foreign.clone().filter(|source| source.kind == "text").count() as u64,
        foreign_bytes: foreign.map(|source| source.size).sum(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::publish::sources::tests::trained;

    fn wanted(name: u64, content: &str) -> Wanted {
        let label = Label::of(Slot::one(Kind::Text, name << 32), content);
        Wanted { label, name: label.name("caption"), question: None, content: content.to_owned() }
    }

    fn numbered(sources: Vec<Source>) -> Vec<Source> {
        sources.into_iter().enumerate().map(|(n, source)| Source { id: format!("id{n}"), ..source }).collect()
    }

    /// What a plan does, in words.
    fn told(wanted: &[Wanted], known: &[Source]) -> Vec<String> {
        let told = plan(wanted, known).into_iter().map(|step| match step {
            Step::Update(id, wanted) => format!("update {id}: {}", wanted.content),
            Step::Create(wanted) => format!("create {}", wanted.content),
            Step::Delete(id) => format!("delete {id}"),
        });
        told.collect()
    }

    #[test]
    fn what_changed_is_written_and_what_left_goes_last() {
        let before = [wanted(1, "one"), wanted(2, "two"), wanted(3, "three")];
        let known = numbered(before.iter().map(trained).collect());
        assert_eq!(told(&before, &known), [""; 0]);
        let after = [wanted(2, "two"), wanted(3, "3"), wanted(4, "four")];
        assert_eq!(told(&after, &known), ["update id2: 3", "create four", "delete id0"]);
    }

    #[test]
    fn what_is_not_ours_is_not_touched() {
        let mut known = numbered(
            ["Notes", "corpusd/ notes", ""]
                .map(|name| Source { name: name.to_owned(), ..trained(&wanted(9, "x")) })
                .to_vec(),
        );
        // Somebody else's kind of source, with a name copied from one of ours.
        known.push(Source { kind: "qna".to_owned(), ..trained(&wanted(1, "one")) });
        assert_eq!(told(&[wanted(1, "one")], &known), ["create one"]);
    }

    #[test]
    fn a_question_with_its_answer_is_ours_by_name_and_kind_and_its_size_says_nothing() {
        let label = Label::of(Slot::one(Kind::Answer, 7 << 32), "Why? Because.");
        let question = Some("Why?".to_owned());
        let asked = Wanted { label, name: label.name("Why?"), question, content: "Because.".to_owned() };
        let all = [wanted(1, "one"), asked];
        let mut known = numbered(all.iter().map(trained).collect());
        known[1].size = 999;
        assert_eq!(told(&all, &known), [""; 0]);
        assert_eq!(told(&all[..1], &known), ["delete id1"]);
        // Somebody's text under a copied name.
        known[1].kind = "text".to_owned();
        assert_eq!(told(&all, &known), ["create Because."]);
    }

    #[test]
    fn what_failed_or_was_edited_or_is_on_its_way_out_is_written_again() {
        let all = [wanted(1, "one"), wanted(2, "two"), wanted(3, "three"), wanted(4, "four")];
        let mut known = numbered(all.iter().map(trained).collect());
        known[1].status = Status::Failed;
        known[2].size = 999;
        known[3].status = Status::Leaving;
        assert_eq!(told(&all, &known), ["update id1: two", "update id2: three", "create four"]);
        // Sizes that are never those of the content are no sign of an edit.
        for source in &mut known {
            (source.size, source.status) = (7, Status::Trained);
        }
        assert_eq!(told(&all, &known), [""; 0]);
        // Nor is the size of a version that is still live.
        let mut known = numbered(all.iter().map(trained).collect());
        (known[2].size, known[2].status) = (999, Status::Pending);
        assert_eq!(told(&all, &known), [""; 0]);
    }

    #[test]
    fn of_two_for_one_place_the_better_one_stays() {
        let stale = Source { name: wanted(1, "old").name, ..trained(&wanted(1, "one")) };
        let known = numbered(vec![stale, trained(&wanted(1, "one")), trained(&wanted(1, "one"))]);
        assert_eq!(told(&[wanted(1, "one")], &known), ["delete id2", "delete id0"]);
        assert_eq!(told(&[wanted(1, "new")], &known), ["update id0: new", "delete id1", "delete id2"]);
    }

    proptest! {
        #[test]
        fn however_far_a_plan_came_the_next_one_ends_it(
            before in prop::collection::btree_map(0_u64..20, "[ab]{1,2}", 0..20),
            after in prop::collection::btree_map(0_u64..20, "[ab]{1,2}", 0..20),
            done in 0_usize..40,
            twice: bool,
        ) {
            let of = |map: std::collections::BTreeMap<u64, String>| -> Vec<Wanted> {
                map.into_iter().map(|(name, content)| wanted(name, &content)).collect()
            };
            let (before, after) = (of(before), of(after));
            let foreign = Source { name: "Notes".to_owned(), ..trained(&wanted(99, "x")) };
            let mut known = numbered(before.iter().map(trained).chain([foreign]).collect());
            let mut made = known.len();
            for limit in [done, usize::MAX] {
                let there = known.clone();
                for step in plan(&after, &there).into_iter().take(limit) {
                    match step {
                        Step::Update(id, wanted) => {
                            let at = known.iter().position(|source| source.id == id).unwrap();
                            known[at] = Source { id: id.to_owned(), ..trained(wanted) };
                        }
                        Step::Create(wanted) => for _ in 0..=u8::from(twice) {
                            made += 1;
                            known.push(Source { id: format!("id{made}"), ..trained(wanted) });
                        },
                        Step::Delete(id) => known.retain(|source| source.id != id),
                    }
                }
            }
            let left = plan(&after, &known);
            prop_assert!(left.iter().all(|step| twice && matches!(step, Step::Delete(_))), "{left:?}");
            prop_assert_eq!(known.iter().filter(|source| source.name == "Notes").count(), 1);
        }
    }
}
