//! Which question is asked next, and what the answers come to.
//!
//! Models do not answer twice alike: a question that failed is asked again, and where its answers disagree, a third
//! time. One that passed is not asked again: every answer costs.

use super::{Asked, KEPT, Links, Questionnaire};

/// Golden questions while they are being asked.
#[derive(Debug)]
pub struct Exam<'a> {
    questionnaire: &'a Questionnaire,
    links: &'a Links,
    marks: Vec<Mark>,
}

/// What the answers to one question come to, so far.
#[derive(Debug, Clone, Default)]
struct Mark {
    passed: u32,
    failed: u32,
    miss: Option<String>,
    answer: String,
}

/// What came of an exam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// One for each question that was asked, in their order.
    pub asked: Vec<Asked>,
    /// Whether enough of them passed.
    pub is_passed: bool,
}

impl<'a> Exam<'a> {
    /// An exam in a corpus with these links.
    pub fn new(questionnaire: &'a Questionnaire, links: &'a Links) -> Exam<'a> {
        Exam { questionnaire, links, marks: vec![Mark::default(); questionnaire.questions.len()] }
    }

    /// The number of the question to ask next; `None` where all are settled, or no more may be asked. Every question
    /// has its turn before one is asked again.
    pub fn turn(&self) -> Option<usize> {
        let asked: u32 = self.marks.iter().map(Mark::answers).sum();
        let open = self.marks.iter().enumerate().filter(|(_, mark)| !mark.is_settled());
        let next = open.min_by_key(|(_, mark)| mark.answers()).map(|(number, _)| number);
        next.filter(|_| asked < self.questionnaire.max_asked)
    }

    /// What is asked under this number.
    pub fn question(&self, number: usize) -> &'a str {
        self.questionnaire.questions.get(number).map_or("", |question| &question.ask)
    }

    /// Takes an answer to the question with this number.
    pub fn take(&mut self, number: usize, answer: &str) {
        let (Some(question), Some(mark)) =
            (self.questionnaire.questions.get(number), self.marks.get_mut(number))
        else {
            return;
        };
        let kept = || answer.chars().take(KEPT).collect();
        match question.judge(answer, self.links) {
            Ok(()) => {
                mark.passed += 1;
                if mark.miss.is_none() {
                    mark.answer = kept();
                }
            }
            Err(miss) => {
                mark.failed += 1;
                mark.miss = Some(miss.to_string());
                mark.answer = kept();
            }
        }
    }

    /// What the answers come to. A question whose answers disagree, and that may not be asked again, failed.
    pub fn marked(self) -> Marked {
        let asked = |(number, mark): (usize, Mark)| Asked {
            ask: self.question(number).to_owned(),
            passed: mark.passed > mark.failed,
            miss: mark.miss,
            answer: mark.answer,
        };
        let answered = self.marks.iter().cloned().enumerate().filter(|(_, mark)| mark.answers() > 0);
        let asked: Vec<Asked> = answered.map(asked).collect();
        let passed = asked.iter().filter(|asked| asked.passed).count();
        Marked { is_passed: self.questionnaire.is_enough(passed), asked }
    }
}

impl Mark {
    fn answers(&self) -> u32 {
        self.passed + self.failed
    }

    /// Two of three; or the first, if it passed.
    fn is_settled(&self) -> bool {
        self.passed > self.failed || self.failed > 1
    }
}

impl Marked {
    /// How many questions passed.
    pub fn passed(&self) -> usize {
        self.asked.iter().filter(|asked| asked.passed).count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::verify::{Expected, Needle, OnFailure, Question};

    fn questionnaire(count: usize, max_asked: u32) -> Questionnaire {
        let question = |number: usize| Question {
            ask: format!("Question {number}?"),
            expect: vec![Expected(vec![Needle::parse("yes").unwrap()])],
            reject: Vec::new(),
            link: None,
        };
        Questionnaire {
            questions: (0..count).map(question).collect(),
            pass: 1.0,
            on_failure: OnFailure::Rollback,
            max_asked,
            settle: Duration::ZERO,
        }
    }

    /// What comes of answers to one question each (`y` will do), and how many were asked.
    fn sat(answers: &[&str], max_asked: u32) -> (Vec<bool>, String) {
        let questionnaire = questionnaire(answers.len(), max_asked);
        let links = Links::default();
        let mut exam = Exam::new(&questionnaire, &links);
        let mut left: Vec<_> = answers.iter().map(|answers| answers.chars()).collect();
        let mut order = String::new();
        while let Some(number) = exam.turn() {
            order += &number.to_string();
            exam.take(number, if left[number].next().unwrap() == 'y' { "yes" } else { "no" });
        }
        (exam.marked().asked.iter().map(|asked| asked.passed).collect(), order)
    }

    #[test]
    fn what_failed_is_asked_again_and_two_of_three_answers_count() {
        let check = |answers: &[&str], passed: &[bool], order: &str| {
            assert_eq!(sat(answers, 100), (passed.to_vec(), order.to_owned()), "{answers:?}");
        };
        check(&["y", "y"], &[true, true], "01");
        check(&["nn"], &[false], "00");
        check(&["nyy"], &[true], "000");
        check(&["nyn"], &[false], "000");
        check(&["nyy", "y", "nn"], &[true, true, false], "012020");
        check(&[], &[], "");
    }

    #[test]
    fn every_question_has_its_turn_before_the_budget_goes_into_repetitions() {
        assert_eq!(sat(&["nyy", "nyy", "y"], 4), (vec![false, false, true], "0120".to_owned()));
        assert_eq!(sat(&["nyy", "y"], 2), (vec![false, true], "01".to_owned()));
    }

    #[test]
    fn the_answer_that_failed_is_the_one_that_is_kept() {
        let questionnaire = questionnaire(1, 10);
        let links = Links::default();
        let mut exam = Exam::new(&questionnaire, &links);
        for answer in ["no", "yes", "yes"] {
            exam.take(0, answer);
        }
        exam.take(7, "to no question");
        let Marked { asked, is_passed } = exam.marked();
        assert!(is_passed && asked[0].passed);
        let kept = (asked[0].answer.as_str(), asked[0].miss.as_deref());
        assert_eq!(kept, ("no", Some("the answer lacks `yes`")));
    }

    proptest! {
        #[test]
        fn an_exam_ends_within_its_budget(answers in prop::collection::vec("[yn]{3}", 0..8), spare in 0_u32..10) {
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            let budget = u32::try_from(answers.len()).unwrap() + spare;
            let (passed, order) = sat(&answers, budget);
            prop_assert!(order.len() <= budget as usize);
            prop_assert_eq!(passed.len(), answers.len());
        }
    }
}
