//! `verify`: golden questions, and what follows from their answers.

use std::collections::BTreeMap;

use super::{
    diagnostic::Mark,
    fields::{Field, Fields},
    keys,
    quantity::{Percent, Period, Whole},
    reader::Reader,
    target::Publish,
    tree::{Kind, Node},
    variable::Text,
};
use crate::verify::{Expected, Needle, OnFailure, Question, Questionnaire};

const QUESTIONS_HELP: &str =
    "write `questions: [{ask: \"How do I reset my password?\", expect: [reset link]}]`";
const EXPECT_HELP: &str = "a text, a regular expression `/…/`, `{any: […]}`, or a list of them";
const MAX_ASKED: u32 = 100;

/// Reads `verify`.
pub(super) fn questionnaire<'a>(
    reader: &mut Reader<'a>,
    file: &Fields<'a>,
    publish: &Publish,
) -> Questionnaire {
    let verify = reader.section(file, "verify", &keys::VERIFY);
    let questions = match verify.field("questions") {
        Some(field) => questions(reader, field, publish),
        None => Vec::new(),
    };
    let pass = reader.within(&verify, "pass", Percent(0.0)..=Percent(100.0), Percent(100.0));
    let on_failure = [("rollback", OnFailure::Rollback), ("report", OnFailure::Report)];
    let on_failure = match reader.text_of(&verify, "on_failure") {
        Some((field, text)) => reader.choice(field, &text, &on_failure).unwrap_or(OnFailure::Rollback),
        None => OnFailure::Rollback,
    };
    let Whole(max_asked) = reader.within(&verify, "max_asked", Whole(1)..=Whole(10_000), Whole(MAX_ASKED));
    let settle = Period::seconds(0)..=Period::seconds(3_600);
    let Period(settle) = reader.within(&verify, "settle", settle, Period::seconds(60));
    if questions.len() > max_asked as usize
        && let Some(field) = verify.field("max_asked").or(verify.field("questions"))
    {
        let message =
            format!("`max_asked` is {max_asked}, so not all of the {} questions are asked", questions.len());
        reader.faults.error(field.at(), message, "raise it, or remove questions; each answer costs a credit");
    }
    Questionnaire { questions, pass: pass.share(), on_failure, max_asked, settle }
}

fn questions<'a>(reader: &mut Reader<'a>, field: Field<'a>, publish: &Publish) -> Vec<Question> {
    if !publish.is_chatbase && !field.is_empty_list() {
        let help = "remove it, or publish to an agent";
        reader.faults.error(field.key_at, "`questions` mean nothing to a directory", help);
        return Vec::new();
    }
    let mut asked = BTreeMap::new();
    let items = reader.items(field, QUESTIONS_HELP);
    items.iter().filter_map(|item| question(reader, reader.tree.node(*item), &mut asked)).collect()
}

/// `asked` are the questions before it, and where they stand.
fn question<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    asked: &mut BTreeMap<String, Mark>,
) -> Option<Question> {
    let question = reader.fields(node, &keys::QUESTION);
    let expect = match question.field("expect") {
        Some(field) => expectations(reader, field),
        None => Vec::new(),
    };
    let reject = match question.field("reject") {
        Some(field) => needles(reader, field),
        None => Vec::new(),
    };
    let link = question.field("link").and_then(|field| {
        let text = reader.text(field)?;
        reader.web_url(field, &text)
    });
    let says_nothing = ["expect", "reject", "link"]
        .iter()
        .all(|key| question.field(key).is_none_or(|field| field.is_empty_list()));
    if says_nothing && !question.misshapen {
        let message = "nothing is expected of this answer: any would pass";
        reader.faults.error(node.at, message, "give the question an `expect`, a `reject` or a `link`");
    }
    let ask = reader.required(&question, "ask", QUESTIONS_HELP)?;
    let text = reader.text(ask)?;
    if text.value.trim().is_empty() && !text.unset {
        reader.faults.error(ask.at(), "`ask` is empty", "ask as a visitor would");
        return None;
    }
    // What came of a question is kept under its words.
    if let Some(first) = asked.insert(text.value.clone(), ask.at()) {
        let help = format!("it stands in line {} already", first.line);
        reader.faults.error(ask.at(), "this question is asked twice", &help);
    }
    Some(Question { ask: text.value, expect, reject, link })
}

/// A list, or the one item that stands in its place; each a text or `{any: […]}`.
fn expectations<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Vec<Expected> {
    let nodes: Vec<&Node> = match &field.node.kind {
        Kind::List(items) => items.iter().map(|item| reader.tree.node(*item)).collect(),
        _ => vec![field.node],
    };
    let mut expected = Vec::new();
    for node in nodes {
        let item = Field { node, ..field };
        let alternatives = match &node.kind {
            Kind::Map(_) => {
                let fields = reader.fields(node, &keys::EXPECTED);
                match reader.required(&fields, "any", EXPECT_HELP) {
                    Some(any) if any.is_empty_list() => {
                        reader.faults.error(any.at(), "`any` is empty: nothing would do", EXPECT_HELP);
                        Vec::new()
                    }
                    Some(any) => needles(reader, any),
                    None => Vec::new(),
                }
            }
            Kind::List(_) => {
                let help = "write `{any: […]}` where one of several is enough";
                reader.faults.error(item.at(), "`expect` has a list within its list", help);
                Vec::new()
            }
            Kind::Scalar { .. } => {
                let text = reader.text(item);
                text.and_then(|text| needle(reader, item, &text)).into_iter().collect()
            }
        };
        // What is unset could be anything; what is faulty has been told.
        if !alternatives.is_empty() {
            expected.push(Expected(alternatives));
        }
    }
    expected
}

fn needles<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Vec<Needle> {
    let texts = reader.one_or_many(field);
    texts.iter().filter_map(|(item, text)| needle(reader, *item, text)).collect()
}

fn needle<'a>(reader: &mut Reader<'a>, item: Field<'a>, text: &Text) -> Option<Needle> {
    if text.unset {
        return None;
    }
    let needle = Needle::parse(&text.value);
    if let Err(error) = &needle {
        // The reason may quote what a variable holds.
        let reason = if text.variables.is_empty() { format!(": {error}") } else { String::new() };
        let message = format!("`{}` cannot look for {}{reason}", item.key, text.shown());
        reader.faults.error(item.at(), message, EXPECT_HELP);
    }
    needle.ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{MINIMAL, accepted, refused};
    use super::*;

    fn with(verify: &str) -> String {
        format!("{MINIMAL}verify:\n{verify}")
    }

    fn with_question(rest: &str) -> String {
        with(&format!("  questions:\n    - ask: How?\n{rest}"))
    }

    #[test]
    fn golden_questions_are_read_with_all_that_they_expect() {
        let questionnaire = accepted(&with(
            "  questions:
    - ask: How do I reset my password?
      expect: [reset link, {any: [e-mail, '/in ?box/']}]
      reject: not sure
      link: https://docs.example.com/reset
    - {ask: What?, expect: {any: [a, b]}}
    - {ask: Who?, expect: me}
  pass: 90%
  on_failure: report
  max_asked: 7
  settle: 5s
",
        ))
        .verify;
        let expected =
            "[[`reset link`], [`e-mail`, `/in ?box/`]] [`not sure`] https://docs.example.com/reset";
        let needles = |needles: &[Needle]| {
            let shown: Vec<String> = needles.iter().map(ToString::to_string).collect();
            format!("[{}]", shown.join(", "))
        };
        let first = &questionnaire.questions[0];
        let expects: Vec<String> = first.expect.iter().map(|any| needles(&any.0)).collect();
        let link = first.link.as_ref().unwrap();
        assert_eq!(format!("[{}] {} {link}", expects.join(", "), needles(&first.reject)), expected);
        let counts: Vec<_> = questionnaire.questions.iter().map(|question| question.expect.len()).collect();
        assert_eq!(counts, [2, 1, 1]);
        assert_eq!(questionnaire.questions[1].expect[0].0.len(), 2);
        let Questionnaire { pass, on_failure, max_asked, settle, .. } = questionnaire;
        assert!((pass - 0.9).abs() < 1e-9);
        assert_eq!((on_failure, max_asked, settle), (OnFailure::Report, 7, Duration::from_secs(5)));
    }

    #[track_caller]
    fn check(yaml: &str, expected: &str) {
        let told = refused(yaml);
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn what_no_answer_could_be_judged_by_is_refused_at_its_place() {
        check(&with_question(""), "docs.yaml:10:7: error: nothing is expected of this answer");
        check(&with_question("      expect: []\n"), "nothing is expected of this answer");
        check(
            &with_question("      expect: [a, '']\n"),
            "11:19: error: `expect` cannot look for ``: it is empty",
        );
        check(
            &with_question("      expect: '/(/'\n"),
            "11:15: error: `expect` cannot look for `/(/`: unclosed group",
        );
        check(&with_question("      expect: [[a, b]]\n"), "a list within its list");
        check(&with_question("      expect: {all: [a]}\n"), "the keys here are: any");
        check(&with_question("      expect: {any: []}\n"), "`any` is empty");
        check(&with_question("      link: /reset\n"), "`link` is no URL");
        check(&with("  questions: [{expect: a}]\n"), "missing `verify.questions[].ask`");
        check(&with("  questions: [{ask: ' ', expect: a}]\n"), "`ask` is empty");
        check(
            &with("  questions: [{ask: A?, expect: a}, {ask: A?, expect: b}]\n"),
            "this question is asked twice",
        );
        check(&with("  on_failure: roll_back\n"), "did you mean `rollback`?");
        check(&with("  question: []\n"), "did you mean `questions`?");
    }

    #[test]
    fn every_question_has_its_turn() {
        let two = "  questions: [{ask: A?, expect: a}, {ask: B?, expect: b}]\n";
        check(
            &with(&format!("{two}  max_asked: 1\n")),
            "`max_asked` is 1, so not all of the 2 questions are asked",
        );
        accepted(&with(&format!("{two}  max_asked: 2\n")));
    }

    #[test]
    fn a_directory_is_asked_nothing() {
        let to_directory = |verify: &str| with(verify).replace("api_key: ${KEY}", "to: {directory: out}");
        check(&to_directory("  questions: [{ask: A?, expect: a}]\n"), "mean nothing to a directory");
        accepted(&to_directory("  questions: []\n"));
    }

    #[test]
    fn what_a_variable_holds_is_not_quoted() {
        let told = refused(&with_question("      expect: \"/${TOKEN}(/\"\n"));
        assert!(told.contains("cannot look for") && !told.contains("very-private"), "{told}");
    }
}
