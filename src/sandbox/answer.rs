//! Answers by quotation: at most three sentences of the passage that fits a question best.
//!
//! Nothing is ever said that the text does not say; in particular no URL that it does not hold.

use super::chunk::fence_of;
use super::index::{Index, words};

/// What an agent says when it does not know.
pub(super) const FALLBACK: &str = "Hmm, I am not sure.";

/// Sentences and characters of an answer, at most.
const SENTENCES: usize = 3;
const CHARACTERS: usize = 600;

/// Distinct words of a question that are looked for, at most: what bounds the work of an answer.
const QUESTION_WORDS: usize = 64;

/// Words by which a question asks for an address rather than for a fact.
const ADDRESS_WORDS: [&str; 4] = ["link", "url", "page", "where"];

/// An answer and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Numbers of the passages quoted.
    pub(super) sources: Vec<usize>,
    /// The share of the question's words that the passage holds, 0 to 1.
    pub(super) confidence: f64,
}

/// Answers `question` from `text` and its index; `None` when the text does not say.
pub(super) fn ask(text: &str, index: &Index, question: &str) -> Option<Answer> {
    let spoken: Vec<String> = question.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let wants_address = spoken.iter().any(|word| ADDRESS_WORDS.contains(&word.as_str()));
    let mut asked = words(question);
    asked.truncate(QUESTION_WORDS);
    if wants_address {
        asked.retain(|word| !ADDRESS_WORDS.contains(&word.as_str()));
    }
    let hit = index.best(&asked);
    let mut answer = hit.map(|hit| Answer {
        text: quote(&text[index.chunks[hit.chunk].range.clone()], &asked, wants_address),
        sources: vec![hit.chunk],
        confidence: hit.coverage,
    });
    if let Some(line) = wants_address.then(|| link_line(text, &asked)).flatten() {
        let answer =
            answer.get_or_insert(Answer { text: String::new(), sources: Vec::new(), confidence: 1.0 });
        let in_map =
            answer.sources.iter().any(|chunk| text[index.chunks[*chunk].range.clone()].contains(line));
        answer.text =
            if in_map || answer.text.is_empty() { line.to_owned() } else { [&answer.text, line].join("\n") };
    }
    answer.filter(|answer| !answer.text.is_empty())
}

/// The line of a link map whose title fits best: a list item or table row with one URL.
fn link_line<'a>(text: &'a str, asked: &[String]) -> Option<&'a str> {
    let mut best: Option<(usize, usize, &str)> = None;
    for line in text.lines().filter(|line| is_item(line) && line.matches("://").count() == 1) {
        let title = words(&without_urls(line));
        let common = asked.iter().filter(|word| title.contains(word)).count();
        // Of two lines that hold as many of the words the more precise title wins, then the earlier line.
        let better =
            best.is_none_or(|(most, length, _)| common > most || (common == most && title.len() < length));
        if common > 0 && common * 2 >= asked.len() && better {
            best = Some((common, title.len(), bare(line)));
        }
    }
    best.map(|(_, _, line)| line)
}

/// The sentences of a passage that share most words with the question, in their order.
fn quote(passage: &str, asked: &[String], wants_address: bool) -> String {
    if let Some(answer) = written_answer(passage) {
        return answer.to_owned();
    }
    let mut sentences = sentences(passage);
    if !wants_address && sentences.iter().any(|sentence| !is_address(sentence)) {
        sentences.retain(|sentence| !is_address(sentence));
    }
    let overlap = |sentence: &&str| {
        let held = words(sentence);
        asked.iter().filter(|word| held.contains(word)).count()
    };
    let overlaps: Vec<usize> = sentences.iter().map(overlap).collect();
    let most = overlaps.iter().copied().max().unwrap_or(0);
    let first = overlaps.iter().position(|overlap| *overlap == most).unwrap_or(0);
    // Among equals what follows the best sentence comes first: it is more likely to go on with the matter.
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(overlaps[*at]), *at < first, *at));

    let (mut chosen, mut characters) = (Vec::new(), 0);
    for at in order.into_iter().take(SENTENCES) {
        let length = sentences[at].chars().count() + 1;
        if chosen.is_empty() || characters + length <= CHARACTERS {
            characters += length;
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    let quoted = chosen.into_iter().fold(String::new(), |mut quoted, at| {
        if !quoted.is_empty() {
            quoted.push(if is_item(sentences[at]) { '\n' } else { ' ' });
        }
        quoted.push_str(&sentences[at].replace('\n', " "));
        quoted
    });
    quoted.chars().take(CHARACTERS).collect()
}

/// The answer of a passage written as `Q: …` and `A: …`.
fn written_answer(passage: &str) -> Option<&str> {
    let (question, answer) = passage.split_once("\nA:")?;
    question.starts_with("Q:").then(|| answer.trim())
}

/// The sentences of a passage. List items, table rows and lines of code are one each.
fn sentences(passage: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut prose: Option<std::ops::Range<usize>> = None;
    let (mut fence, mut at) = (None, 0);
    for line in passage.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let mark = fence_of(line);
        let apart = fence.is_some() || mark.is_some() || line.trim().is_empty() || is_item(line);
        if !apart {
            prose = Some(prose.map_or(range.start, |prose| prose.start)..range.end);
            continue;
        }
        if let Some(prose) = prose.take() {
            split_prose(&passage[prose], &mut found);
        }
        match (fence, mark) {
            (None, Some(_)) => fence = mark,
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => found.extend(Some(line.trim()).filter(|line| line.contains(char::is_alphanumeric))),
        }
    }
    if let Some(prose) = prose {
        split_prose(&passage[prose], &mut found);
    }
    found
}

/// Cuts prose after `.`, `!` or `?` when white space and no lower-case letter follows.
fn split_prose<'a>(prose: &'a str, found: &mut Vec<&'a str>) {
    let mut start = 0;
    for (at, mark) in prose.char_indices().filter(|(_, c)| ['.', '!', '?'].contains(c)) {
        let rest = &prose[at + mark.len_utf8()..];
        let next = rest.trim_start();
        if next.len() < rest.len() && !next.starts_with(char::is_lowercase) {
            found.push(prose[start..prose.len() - rest.len()].trim());
            start = prose.len() - next.len();
        }
    }
    found.extend(Some(prose[start..].trim()).filter(|rest| !rest.is_empty()));
}

/// Whether the line is a list item or a table row.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('|') || bare(line).len() < line.trim_end().len()
}

/// The line without its list marker.
fn bare(line: &str) -> &str {
    let line = line.trim();
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marker =
        if digits.len() < line.len() { [". ", ") "].as_slice() } else { ["- ", "* ", "+ "].as_slice() };
    marker.iter().find_map(|marker| digits.strip_prefix(marker)).map_or(line, str::trim_start)
}

/// Whether a sentence says little more than a URL, like the line that tells where a document comes from.
fn is_address(sentence: &str) -> bool {
    sentence.contains("://") && without_urls(sentence).split_whitespace().count() <= 1
}

fn without_urls(text: &str) -> String {
    let plain = |word: &&str| !word.contains("://");
    let separated = text.replace(['(', '<', '|', ']', '['], " ");
    separated.split_whitespace().filter(plain).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, question: &str, expected: &str) {
        let answer = ask(text, &Index::build(text), question);
        assert_eq!(answer.map_or(FALLBACK.to_owned(), |answer| answer.text), expected, "{question}");
    }

    #[test]
    fn an_answer_is_the_best_sentences_in_their_order() {
        let text =
            "Hubs are white. A hub is 9 cm wide, e.g. like\na cup. Nothing else. The hub is light. End.";
        check(text, "hub", "A hub is 9 cm wide, e.g. like a cup. Nothing else. The hub is light.");
        check(text, "bicycle", FALLBACK);
    }

    #[test]
    fn rows_and_items_are_sentences_and_separators_are_none() {
        let text = "# Prices\n\n| Plan | Price |\n|---|---|\n| Free | 0 |\n| Pro | 9 |\n\n1. one\n2. two";
        check(text, "price of the Pro plan", "| Plan | Price |\n| Free | 0 |\n| Pro | 9 |");
    }

    #[test]
    fn a_written_answer_is_given_verbatim() {
        check("Q: Do hubs float?\nA: No.\nThey sink.\n\nHubs.", "Do hubs float?", "No.\nThey sink.");
    }

    #[test]
    fn a_url_is_told_only_when_asked_for_and_only_when_the_text_holds_it() {
        let text = "# Refunds\n\nSource: https://a.example/refunds\n\nMoney comes back in 5 days.\n\n\
            # Links\n\n- [Refund policy](https://a.example/refunds)\n- [Hub manual](https://a.example/hub)\n";
        check(text, "How long do refunds take?", FALLBACK);
        check(text, "refunds days", "Money comes back in 5 days.");
        check(text, "Where is the hub manual?", "[Hub manual](https://a.example/hub)");
        check(text, "link to the hub manual page", "[Hub manual](https://a.example/hub)");
        check(text, "where is the moon", FALLBACK);
    }

    #[test]
    fn an_answer_is_never_longer_than_its_limit() {
        let text = format!("hub {}", "lamp ".repeat(230));
        let answer = ask(&text, &Index::build(&text), "hub").unwrap();
        assert_eq!(answer.text.chars().count(), CHARACTERS);
    }
}
