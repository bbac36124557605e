//! What a post of a discussion quotes of the posts above it.
//!
//! A quote of a few words says what is answered, and stays. A longer one says again what the page has said.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::markdown::Block;

use super::repeats::{STATEMENT, text_len, written};

/// Words that are compared as one.
const SHINGLE: usize = 3;
/// Words of a quote that has enough of them to be compared; text without spaces has not.
const LEAST: usize = 10;
/// Words at the head of a quote that say whose it is.
const ATTRIBUTION: usize = 8;

/// Removes the quotes of what stands above them; gives what is removed.
pub(super) fn remove(blocks: &mut Vec<Block>) -> Vec<String> {
    if !blocks.iter().any(is_quote) {
        return Vec::new();
    }
    let mut above = HashSet::new();
    let removed = blocks.extract_if(.., |block| {
        let words = words(&block.markdown);
        let said = shingles(&words);
        let repeats = is_quote(block) && words.len() >= LEAST && stands_in(&above, &said, words.len());
        if !repeats {
            above.extend(said);
        }
        repeats
    });
    removed.map(|block| block.markdown).collect()
}

/// Whether every word, but for those that say whose it is, is part of something that was said. A quote may be cut, but what
/// is written into one is an answer, and a word that differs is another fact.
fn stands_in(above: &HashSet<u64>, said: &[u64], words: usize) -> bool {
    let mut known = vec![false; words];
    for (at, _) in said.iter().enumerate().filter(|(_, shingle)| above.contains(*shingle)) {
        known[at..at + SHINGLE].fill(true);
    }
    let lead = known.iter().take_while(|known| !**known).count();
    lead <= ATTRIBUTION && known[lead..].iter().all(|known| *known)
}

fn is_quote(block: &Block) -> bool {
    block.markdown.starts_with('>') && text_len(&block.markdown) >= STATEMENT
}

/// The words of a text, link destinations left out.
fn words(markdown: &str) -> Vec<String> {
    let words = written(markdown).flat_map(|piece| piece.split(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Hashes of the words that follow each other.
fn shingles(words: &[String]) -> Vec<u64> {
    words.windows(SHINGLE).map(|words| xxh3_64(words.join(" ").as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use crate::extract::{Asked, extract};
    use crate::html::{links, parse};

    fn markdown(posts: &[&str]) -> String {
        let post = |post: &&str| format!("<div class=topic-body><div class=cooked>{post}</div></div>");
        let posts: Vec<String> = posts.iter().map(post).collect();
        let posts = posts.concat();
        let tree = parse(&format!("<main id=main-outlet><h1>Pump</h1>{posts}</main>")).unwrap();
        let links = links(&tree, &"https://forum.test/t/pump/1".parse().unwrap());
        extract(&tree, &links, &Asked::default()).markdown()
    }

    const ASKED: &str = "The <a href='/p'>pump</a> stopped after two weeks and the red light on its front blinks \
        three times, what am I to do about it?";

    #[test]
    fn a_post_that_is_quoted_at_length_is_written_once() {
        let quoted =
            format!("<blockquote><p>Ann said:</p><p>{ASKED}</p></blockquote><p>Clean the filter.</p>");
        let found = markdown(&[&format!("<p>{ASKED}</p>"), &quoted]);
        assert_eq!(found.matches("red light").count(), 1, "{found}");
        assert!(found.ends_with("Clean the filter."), "{found}");
    }

    #[test]
    fn what_is_answered_in_a_few_words_and_what_stands_elsewhere_stay() {
        let short = "<blockquote><p>what am I to do about it?</p></blockquote><p>Clean the filter.</p>";
        assert!(markdown(&[&format!("<p>{ASKED}</p>"), short]).contains("> what am I to do"));
        let elsewhere = "<blockquote><p>Three blinks mean that the filter is clogged: take it out, rinse it under \
            warm water and let it dry for a day.</p></blockquote><p>So says the manual.</p>";
        assert!(markdown(&[&format!("<p>{ASKED}</p>"), elsewhere]).contains("> Three blinks"));
    }

    #[test]
    fn a_quote_with_an_answer_in_it_another_value_or_without_words_stays() {
        let quoting = |quoted: &str| {
            let quote = format!("<blockquote><p>{quoted}</p></blockquote><p>So I say.</p>");
            markdown(&[&format!("<p>{ASKED}</p>"), &quote])
        };
        assert!(
            quoting(&ASKED.replace("three times,", "three times, rinse the filter then,")).contains("> The")
        );
        assert!(quoting(&ASKED.replace("two weeks", "2 days")).contains("> The"));
        assert!(
            quoting(&"フィルターが詰まっている場合は赤いランプが三回点滅するので".repeat(2))
                .contains("> フィルター")
        );
        // Somebody cut it.
        let cut = quoting(&ASKED.replace("after two weeks and the ", "… "));
        assert_eq!(cut.matches("red light").count(), 1, "{cut}");
    }
}
