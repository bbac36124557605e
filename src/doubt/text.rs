//! Text as phrases are looked for in it: without case, accents and punctuation.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::phrases::FILLERS;

/// Text with one space between its words and around it, so that whole words can be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded(String);

/// Folds text: lower case, accents and punctuation gone. Linear.
pub(super) fn fold(text: &str) -> Folded {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let mut push = |c: char| {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !(is_combining_mark(c) || is_apostrophe(c) || out.ends_with(' ')) {
            out.push(' ');
        }
    };
    if text.is_ascii() {
        text.chars().for_each(|c| push(c.to_ascii_lowercase()));
    } else {
        text.nfd().flat_map(char::to_lowercase).for_each(push);
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    Folded(out)
}

/// `we'll` is one word.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '\u{ad}')
}

impl Folded {
    /// The text without the spaces around it.
    pub(super) fn as_str(&self) -> &str {
        self.0.trim_matches(' ')
    }

    /// Bytes of the text.
    pub(super) fn len(&self) -> usize {
        self.as_str().len()
    }

    /// Where the phrase stands as whole words, in bytes.
    pub(super) fn find(&self, phrase: &str) -> Option<usize> {
        let bytes = self.0.as_bytes();
        self.0.match_indices(phrase).map(|(at, _)| at).find(|&at| {
            at > 0 && bytes[at - 1] == b' ' && bytes.get(at + phrase.len()).is_none_or(|&next| next == b' ')
        })
    }

    /// The first of the phrases that stands in the text.
    pub(super) fn first_of<'p>(&self, phrases: &[&'p str]) -> Option<&'p str> {
        phrases.iter().copied().find(|phrase| self.find(phrase).is_some())
    }

    /// Whether any of the stems is in the text, also within a word.
    pub(super) fn has_stem(&self, stems: &[&str]) -> bool {
        stems.iter().any(|stem| self.0.contains(stem))
    }

    /// Whether any of the words is in the text.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.first_of(words).is_some()
    }

    /// The words, without those that only dress an error up.
    fn plain_words(&self) -> impl Iterator<Item = &str> {
        plain_words(&self.0)
    }

    /// Whether there is no word but fillers and those of the site's `host`.
    pub(super) fn is_empty_talk(&self, host: &Folded) -> bool {
        self.plain_words().all(|word| host.find(word).is_some())
    }

    /// Whether the text is this phrase and nothing else, fillers and the words of the site's `host` apart.
    pub(super) fn is(&self, phrase: &str, host: &Folded) -> bool {
        self.plain_words().eq(plain_words(phrase))
            || self.plain_words().filter(|word| host.find(word).is_none()).eq(plain_words(phrase))
    }
}

fn plain_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty() && !FILLERS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_whatever_their_accents_and_punctuation() {
        let text = fold("Página não encontrada — we’ll be BACK, soon!");
        for phrase in ["pagina nao encontrada", "well be back soon", "soon"] {
            assert!(text.find(phrase).is_some(), "{phrase}");
        }
        assert!(text.find("agina").is_none() && text.find("ell be").is_none());
        let host = fold("www.acme.test");
        assert!(fold("Oops! This page isn't available").is("page isnt available", &host));
        assert!(fold("Log in to Acme").is("log in", &host));
        assert!(!fold("Why this page isn't available").is("page isnt available", &host));
        assert!(fold("Oops, sorry!").is_empty_talk(&host) && fold("Acme.test").is_empty_talk(&host));
        assert!(!fold("Acme kettles").is_empty_talk(&host));
        assert_eq!(fold("  ").as_str(), "");
    }
}
