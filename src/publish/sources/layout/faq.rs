//! Documents that are nothing but questions, as sources of the kind `qna`: one for each question with its answer.
//!
//! Only whole documents: what stands beside questions in a page would be lost, or be there twice. And only where a document
//! has to be written anyway: what is there as a text, and as it should be, is not trained anew for its form. So what the
//! API refused as `qna`, and was written as a text, is not tried again before it changes.

use std::collections::HashSet;

use super::{
    super::{
        label::{Kind, Label, Slot, key, key_of_answer},
        plan::of_ours,
    },
    Size, Wanted,
};
use crate::{
    chatbase::Source,
    corpus::{Section, pairs},
};

/// Which documents become questions with their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// All that are nothing else.
    Native,
    /// Of these, those that are there like that already: the API has just refused another one.
    AsThere,
}

/// The documents of a corpus, by what they become.
pub(super) struct Split<'a> {
    /// Documents that stay what they are.
    pub(super) texts: Vec<Section<'a>>,
    /// The questions of all others.
    pub(super) answers: Vec<Wanted>,
    /// The documents of these.
    asked: Vec<Section<'a>>,
}

/// Splits documents, which come by URL, for an agent with the sources `known`.
pub(super) fn split<'a>(
    sections: Vec<Section<'a>>,
    known: &[Source],
    limit: Size,
    answers: Answers,
) -> Split<'a> {
    let there: HashSet<Label> = of_ours(known).map(|(label, _)| label).collect();
    let mut split = Split { texts: Vec::new(), answers: Vec::new(), asked: Vec::new() };
    let mut taken = HashSet::new();
    for section in sections {
        let as_text = Label::of(Slot::one(Kind::Text, key(&section.entry.url)), section.text);
        let questions = if there.contains(&as_text) { None } else { questions(&section, limit, &mut taken) };
        let is_there = |wanted: &Wanted| there.contains(&wanted.label);
        match questions {
            Some(questions) if answers == Answers::Native || questions.iter().all(is_there) => {
                split.answers.extend(questions);
                split.asked.push(section);
            }
            _ => split.texts.push(section),
        }
    }
    split
}

impl Split<'_> {
    /// The same, with texts only where there would be too many sources. What is native stays so up to the limit, and
    /// becomes so well below it, or a site at the limit would be written anew with every other page.
    pub(super) fn within(mut self, max_sources: u64, known: &[Source]) -> Self {
        let is_native = of_ours(known).any(|(label, _)| label.slot.kind() == Kind::Answer);
        let most = if is_native { max_sources } else { max_sources - max_sources / 5 };
        // One more for the link map.
        if (self.texts.len() + self.answers.len() + 1) as u64 > most {
            self.texts.append(&mut self.asked);
            self.texts.sort_by(|a, b| a.entry.url.cmp(&b.entry.url));
            self.answers.clear();
        }
        self
    }
}

/// The sources of a document that is nothing but questions; `None` where it is something else, or does not fit.
fn questions(section: &Section<'_>, limit: Size, taken: &mut HashSet<u64>) -> Option<Vec<Wanted>> {
    let pairs = pairs(section.body())?;
    // An answer alone does not say what it is about, nor where a visitor finds it.
    let origin = section.head().trim_start_matches("# ").trim();
    let wanted = pairs.into_iter().map(|pair| {
        let mut key = key_of_answer(&section.entry.url, &pair.question);
        while !taken.insert(key) {
            key = key.wrapping_add(1);
        }
        let content = format!("{}\n\n{origin}", pair.answer);
        let size = Size::of(&content).plus(Size::of(&pair.question));
        let label = Label::of(Slot::one(Kind::Answer, key), &format!("{}\0{content}", pair.question));
        let name = label.name(&pair.question);
        size.fits(limit).then_some(Wanted { label, name, question: Some(pair.question), content })
    });
    wanted.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::publish::sources::{
        layout::{
            layout,
            tests::{LIMITS, corpus, touched},
        },
        survey,
        tests::trained,
    };

    const FAQ: &str = "## How long?\n\nTwo days.\n\n## Where to?\n\nHome.\n\n## Why?\n\nBecause.";

    fn documents(faq: &str) -> BTreeMap<String, String> {
        let pages = (0..3).map(|n| (format!("https://a.test/{n}"), format!("Page {n}.")));
        pages.chain([("https://a.test/faq".to_owned(), faq.to_owned())]).collect()
    }

    fn laid_out(faq: &str, known: &[Wanted], answers: Answers) -> Vec<Wanted> {
        let known: Vec<Source> = known.iter().map(trained).collect();
        layout(&corpus(&documents(faq)), &known, LIMITS, answers)
    }

    fn asked(wanted: &[Wanted]) -> Vec<&str> {
        let mut asked: Vec<_> = wanted.iter().filter_map(|wanted| wanted.question.as_deref()).collect();
        asked.sort_unstable();
        asked
    }

    #[test]
    fn a_document_of_questions_is_a_source_for_each_of_them() {
        let wanted = laid_out(FAQ, &[], Answers::Native);
        assert_eq!(asked(&wanted), ["How long?", "Where to?", "Why?"]);
        assert_eq!(wanted.len(), 3 + 3 + 1, "with the other documents and the link map");
        let why = wanted.iter().find(|wanted| wanted.question.as_deref() == Some("Why?")).unwrap();
        assert_eq!(why.content, "Because.\n\nAt https://a.test/faq\n\nSource: https://a.test/faq");
        assert!(why.name.ends_with(" Why?"), "{}", why.name);
        assert!(asked(&laid_out("## How long?\n\nTwo days.", &[], Answers::Native)).is_empty());
    }

    #[test]
    fn a_question_that_comes_changes_or_goes_touches_no_other() {
        let before = laid_out(FAQ, &[], Answers::Native);
        for (faq, writes) in [
            (FAQ.replace("Home.", "Abroad."), 1),
            (FAQ.replace("## Where", "## Who?\n\nWe.\n\n## Where"), 1),
            (FAQ.replace("## Where to?\n\nHome.\n\n", ""), 1),
            (FAQ.replace("Where to?", "Which way?"), 2),
        ] {
            assert_eq!(touched(&before, &laid_out(&faq, &before, Answers::Native)), writes, "{faq}");
        }
    }

    #[test]
    fn what_is_there_as_a_text_stays_one_until_it_changes() {
        let as_text = laid_out(FAQ, &[], Answers::AsThere);
        assert!(asked(&as_text).is_empty());
        assert_eq!(laid_out(FAQ, &as_text, Answers::Native), as_text);
        let changed = FAQ.replace("Home.", "Abroad.");
        assert_eq!(asked(&laid_out(&changed, &as_text, Answers::Native)).len(), 3);
    }

    #[test]
    fn after_a_refusal_only_what_is_there_like_that_stays_like_that() {
        let native = laid_out(FAQ, &[], Answers::Native);
        assert_eq!(laid_out(FAQ, &native, Answers::AsThere), native);
        let changed = FAQ.replace("Home.", "Abroad.");
        assert!(asked(&laid_out(&changed, &native, Answers::AsThere)).is_empty());
    }

    #[test]
    fn a_page_of_many_questions_that_leaves_counts_as_one_page() {
        let faq = (0..10).map(|n| format!("## Is it {n}?\n\nIt is {n}.\n\n")).collect::<Vec<_>>().concat();
        let (with, mut without) = (corpus(&documents(&faq)), documents(&faq));
        without.remove("https://a.test/faq");
        let known: Vec<Source> = layout(&with, &[], LIMITS, Answers::Native).iter().map(trained).collect();
        assert_eq!(known.len(), 3 + 10 + 1);
        let (there, gone) = (survey(&with, &known), survey(&corpus(&without), &known));
        assert_eq!((there.ours, there.leaving), (4, 0));
        assert_eq!((gone.ours, gone.leaving), (4, 1));
        assert!(there.bytes < with.manifest.size.bytes, "answers would be larger, with their origin");
    }

    /// The corpus says once of a document where it is from, and so its budget counts it; each of the answers says it again.
    #[test]
    fn what_answers_say_of_their_origin_has_room_in_the_usual_headroom() {
        let least_plan_with_this_api = 20_000_000;
        let question = |n: usize| format!("## Is it {n}?\n\nIt is {n}.\n\n");
        let faq = (0..399).map(question).collect::<String>();
        let corpus = corpus(&[(format!("https://a.test/{}", "long-".repeat(40)), faq)].into());
        let wanted = layout(&corpus, &[], LIMITS, Answers::Native);
        assert_eq!(asked(&wanted).len(), 399, "as many as become sources in the first place");
        let size = |wanted: &Wanted| wanted.content.len() + wanted.question.as_ref().map_or(0, String::len);
        let written: usize = wanted.iter().map(size).sum();
        let beyond = written as u64 - corpus.manifest.size.bytes;
        assert!(beyond < least_plan_with_this_api / 100, "{beyond} bytes");
    }

    #[test]
    fn more_questions_than_sources_are_texts_and_do_not_change_with_every_page() {
        let faq = |count: usize| -> String {
            (0..count).map(|n| format!("## Is it {n}?\n\nIt is {n}.\n\n")).collect::<Vec<_>>().concat()
        };
        let native = laid_out(&faq(390), &[], Answers::Native);
        assert_eq!(asked(&native).len(), 390);
        assert!(asked(&laid_out(&faq(420), &[], Answers::Native)).is_empty());
        assert_eq!(asked(&laid_out(&faq(420), &native, Answers::Native)).len(), 420);
        assert!(asked(&laid_out(&faq(510), &native, Answers::Native)).is_empty());
    }
}
