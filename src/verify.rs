//! Golden questions: what an agent has to be able to answer, and whether its answers will do.
//!
//! Decides which question is asked next and what the answers come to; asking them is the business of `run`.

mod citation;
mod exam;
mod needle;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

pub use citation::Links;
pub use exam::{Exam, Marked};
pub use needle::{Needle, NeedleError};

use self::{citation::cited, needle::Spoken};
use crate::hash::{hex, sha256};

/// The golden questions of an agent, and what follows from their answers.
#[derive(Debug, Clone)]
pub struct Questionnaire {
    /// In the order of the file; no two ask the same.
    pub questions: Vec<Question>,
    /// Least share of them that has to pass, 0.0 ..= 1.0.
    pub pass: f64,
    /// What becomes of a corpus that does not.
    pub on_failure: OnFailure,
    /// Most questions that are asked in one run, repetitions included; at least one for each question.
    pub max_asked: u32,
    /// How long a training is waited for where the API does not tell when it is over.
    pub settle: Duration,
}

/// What becomes of a published corpus whose answers are not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The last corpus that verified is published again, else the one that was live before.
    Rollback,
    /// It stays, and the run says so.
    Report,
}

/// One golden question.
#[derive(Debug, Clone)]
pub struct Question {
    /// As a visitor would ask it.
    pub ask: String,
    /// What the answer has to say, all of it.
    pub expect: Vec<Expected>,
    /// What it may not say, none of it.
    pub reject: Vec<Needle>,
    /// A page that it has to cite; then it may cite none that the corpus does not have.
    pub link: Option<Url>,
}

/// Of these, an answer has to say at least one.
#[derive(Debug, Clone)]
pub struct Expected(pub Vec<Needle>);

/// Why an answer will not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// Something expected is not there.
    #[error("the answer lacks {0}")]
    Lacks(String),
    /// Something rejected is.
    #[error("the answer has {0}, which is rejected")]
    Has(String),
    /// The page is not cited.
    #[error("the answer does not cite {0}")]
    CitesNot(Url),
    /// A URL that stands for no document of the corpus.
    #[error("the answer cites {0}, which is no page of the corpus")]
    Invents(Url),
}

/// What came of a question: kept with the run, to be compared with later ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// As a visitor would ask it.
    pub ask: String,
    /// Whether most of its answers will do.
    pub passed: bool,
    /// Why an answer will not do; `None` where all do.
    pub miss: Option<String>,
    /// That answer, else the last one; cut to its first [`KEPT`] characters.
    pub answer: String,
}

/// Characters of an answer that are kept.
pub const KEPT: usize = 1_000;

/// Characters of an answer that are told in one line.
const TOLD: usize = 160;

impl Questionnaire {
    /// Whether a corpus makes way for another one where its answers are not good enough.
    pub fn rolls_back(&self) -> bool {
        !self.questions.is_empty() && self.on_failure == OnFailure::Rollback
    }

    /// Names what is asked and expected: a corpus that failed under another questionnaire deserves another try.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(format!("{:?} {}", self.questions, self.pass).as_bytes())[..8])
    }

    /// Whether so many of all its questions are enough.
    pub fn is_enough(&self, passed: usize) -> bool {
        passed as f64 >= self.pass * self.questions.len() as f64 - 1e-9
    }
}

impl Question {
    /// Whether an answer will do, in a corpus with these links.
    ///
    /// # Errors
    /// The first reason why it will not.
    pub fn judge(&self, answer: &str, links: &Links) -> Result<(), Miss> {
        let spoken = Spoken::new(answer);
        if let Some(needle) = self.reject.iter().find(|needle| needle.is_in(&spoken)) {
            return Err(Miss::Has(needle.to_string()));
        }
        if let Some(expected) = self.expect.iter().find(|expected| !expected.is_in(&spoken)) {
            return Err(Miss::Lacks(expected.to_string()));
        }
        let Some(link) = &self.link else { return Ok(()) };
        let cited = cited(answer);
        if !cited.iter().any(|url| citation::same_page(url, link)) {
            return Err(Miss::CitesNot(link.clone()));
        }
        match cited.into_iter().find(|url| !links.have(url)) {
            Some(url) => Err(Miss::Invents(url)),
            None => Ok(()),
        }
    }
}

impl Expected {
    fn is_in(&self, answer: &Spoken) -> bool {
        self.0.iter().any(|needle| needle.is_in(answer))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needles: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        match needles.as_slice() {
            [first @ .., last] if !first.is_empty() => write!(f, "{} and {last}", first.join(", ")),
            _ => f.write_str(&needles.concat()),
        }
    }
}

impl Asked {
    /// A question that failed, in one line; `before` is what came of it when the agent was asked last about another
    /// corpus.
    pub fn told(&self, before: Option<bool>) -> String {
        let miss = self.miss.as_deref().unwrap_or("it failed");
        let before = match before {
            Some(true) => "; it passed before",
            Some(false) => "; it failed before, too",
            None => "",
        };
        // It goes to terminals, and came from elsewhere.
        let harmless: String = self.answer.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut answer = harmless.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = answer.char_indices().nth(TOLD) {
            answer.truncate(end);
            answer.push('…');
        }
        format!("\"{}\": {miss}{before}. The answer: {answer}", self.ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(texts: &[&str]) -> Vec<Needle> {
        texts.iter().map(|text| Needle::parse(text).unwrap()).collect()
    }

    fn question(expect: &[&[&str]], reject: &[&str], link: Option<&str>) -> Question {
        Question {
            ask: "How?".to_owned(),
            expect: expect.iter().map(|any| Expected(needles(any))).collect(),
            reject: needles(reject),
            link: link.map(|link| link.parse().unwrap()),
        }
    }

    #[track_caller]
    fn check(question: &Question, answer: &str, expected: Result<(), &str>) {
        let links = Links::of(["https://a.test/reset/", "https://a.test/plans"]);
        let judged = question.judge(answer, &links).map_err(|miss| miss.to_string());
        assert_eq!(judged, expected.map_err(str::to_owned), "{answer}");
    }

    #[test]
    fn all_that_is_expected_has_to_be_there_and_of_alternatives_one() {
        let question = question(&[&["reset link"], &["e-mail", "email", "/in ?box/"]], &["not sure"], None);
        check(&question, "A **reset\u{a0}\nlink** goes to your E-Mail address.", Ok(()));
        check(&question, "A reset link lies in your inbox.", Ok(()));
        check(&question, "An e-mail comes.", Err("the answer lacks `reset link`"));
        check(&question, "A reset link comes.", Err("the answer lacks `e-mail`, `email` and `/in ?box/`"));
        let answer = "I am not  sure, but a reset link goes to your email.";
        check(&question, answer, Err("the answer has `not sure`, which is rejected"));
    }

    #[test]
    fn a_link_has_to_be_cited_and_every_other_one_has_to_be_of_the_corpus() {
        let question = question(&[], &[], Some("https://a.test/reset/"));
        check(&question, "See [here](https://a.test/reset/#top).", Ok(()));
        check(&question, "See https://a.test/reset, or <https://a.test/plans>.", Ok(()));
        check(&question, "See our site.", Err("the answer does not cite https://a.test/reset/"));
        let answer = "See https://a.test/reset/ and https://a.test/made-up.";
        let reason = "the answer cites https://a.test/made-up, which is no page of the corpus";
        check(&question, answer, Err(reason));
    }

    #[test]
    fn without_a_link_in_the_question_nothing_is_said_of_citations() {
        check(&question(&[&["yes"]], &[], None), "Yes: https://b.test/", Ok(()));
    }

    #[test]
    fn where_the_corpus_is_not_known_only_the_citation_counts() {
        let question = question(&[], &[], Some("https://a.test/x"));
        assert_eq!(question.judge("https://a.test/x, https://b.test/", &Links::default()), Ok(()));
    }

    #[test]
    fn what_failed_is_told_in_one_line() {
        let asked = Asked {
            ask: "How?".to_owned(),
            passed: false,
            miss: Some("the answer lacks `x`".to_owned()),
            answer: "Hmm,\n\u{1b}I am not sure.".to_owned(),
        };
        let told = "\"How?\": the answer lacks `x`; it passed before. The answer: Hmm, I am not sure.";
        assert_eq!(asked.told(Some(true)), told);
        let long = Asked { answer: "ä".repeat(1_000), ..asked };
        assert_eq!(long.told(None).matches('ä').count(), TOLD);
    }

    #[test]
    fn a_share_of_the_questions_may_be_enough() {
        let all = |pass, count| Questionnaire {
            questions: vec![question(&[], &[], None); count],
            pass,
            on_failure: OnFailure::Report,
            max_asked: 100,
            settle: Duration::ZERO,
        };
        assert!(all(1.0, 3).is_enough(3) && !all(1.0, 3).is_enough(2));
        assert!(all(0.7, 10).is_enough(7) && !all(0.7, 10).is_enough(6));
        assert!(all(0.0, 3).is_enough(0));
    }
}
