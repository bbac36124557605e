//! What a host answers for a page that certainly does not exist, and whether a page is the same answer.

use std::collections::HashSet;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::extract::Article;

/// The answer, with a page, to a URL that certainly does not exist.
#[derive(Debug, Clone)]
pub struct Probe {
    answer: Answer,
    /// Bytes of its Markdown.
    bytes: usize,
}

/// A text as it is compared: pairs of neighbouring words, without those that such an answer echoes or counts.
#[derive(Debug, Clone)]
struct Answer {
    title: Vec<u64>,
    pairs: HashSet<u64>,
}

impl Probe {
    /// What `url`, which does not exist, was answered with.
    pub fn of(article: &Article, url: &Url) -> Probe {
        Probe { answer: Answer::of(article, url), bytes: bytes(article) }
    }

    /// Whether a page is the same answer, or nearly so.
    ///
    /// It says all that the probe says and hardly anything more; where both have the same title, somewhat more may
    /// be told, as suggestions are. A page that shares a site's menu with the probe lacks the probe's message.
    pub fn is_answered_by(&self, article: &Article, url: &Url) -> bool {
        if self.answer.pairs.is_empty() || bytes(article) > 2 * self.bytes + 1_000 {
            return false;
        }
        let page = Answer::of(article, url);
        let (probe, page_pairs) = (&self.answer.pairs, &page.pairs);
        let missing = probe.difference(page_pairs).count();
        let extra = page_pairs.difference(probe).count();
        if self.answer.title != page.title {
            return missing <= 2 && extra <= 2 && missing + extra < probe.len();
        }
        let few = |of: usize| (of / 10).clamp(2, 6);
        let some = (page_pairs.len() * 3 / 10).clamp(2, 40);
        (missing <= few(probe.len()) && extra <= few(page_pairs.len()) || missing <= 2 && extra <= some)
            && missing < probe.len()
    }
}

fn bytes(article: &Article) -> usize {
    article.blocks.iter().map(|block| block.markdown.len()).sum()
}

impl Answer {
    fn of(article: &Article, url: &Url) -> Answer {
        let echo: HashSet<u64> = words(url.as_str()).collect();
        let telling = |word: &u64| !echo.contains(word);
        let title: Vec<u64> = words(&article.title).filter(telling).collect();
        let mut pairs = HashSet::new();
        let mut last = 0_u64;
        let text = article.blocks.iter().flat_map(|block| words(&block.markdown));
        for word in text.filter(telling) {
            pairs.insert(xxh3_64(&[last.to_le_bytes(), word.to_le_bytes()].concat()));
            last = word;
        }
        Answer { title, pairs }
    }
}

/// The hashes of a text's words in lower case; those with a digit are left out, they date and count.
fn words(text: &str) -> impl Iterator<Item = u64> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.contains(char::is_numeric))
        .map(|word| xxh3_64(word.to_lowercase().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Block, Container};

    fn article(title: &str, blocks: &[&str]) -> Article {
        let blocks =
            blocks.iter().map(|text| Block { fingerprint: 0, markdown: (*text).to_owned() }).collect();
        Article {
            title: title.to_owned(),
            language: None,
            description: None,
            breadcrumbs: Vec::new(),
            modified: None,
            flags: Vec::new(),
            container: Container::Body,
            blocks,
        }
    }

    fn check(probe: &Article, page: &Article, expected: bool) {
        let probe_url = Url::parse("https://a.test/corpusd-7f3a9c-no-such-page").unwrap();
        let url = Url::parse("https://a.test/shop/blue-kettle").unwrap();
        assert_eq!(Probe::of(probe, &probe_url).is_answered_by(page, &url), expected, "{page:?}");
    }

    const MENU: &str = "[Home](/) [Products](/p) [Support](/s) [Company](/c) [Press](/press) [Careers](/jobs) [Contact](/contact) \
        [Terms](/terms) [Privacy](/privacy) [Newsletter](/n) [Stores](/stores) [Returns](/returns) [Gift cards](/gift)";
    const MESSAGE: &str = "The page you were looking for could not be found.";

    #[test]
    fn the_same_answer_is_recognised_whatever_it_echoes_and_counts() {
        let probe = article(
            "Not here",
            &["# Not here", "/corpusd-7f3a9c-no-such-page is nothing we have. 12:03:11, visitor 5,301", MENU],
        );
        check(
            &probe,
            &article(
                "Not here",
                &["# Not here", "/shop/blue-kettle is nothing we have. 12:03:59, visitor 5,388", MENU],
            ),
            true,
        );
        check(
            &probe,
            &article(
                "Not here",
                &["# Not here", "/shop/blue-kettle is nothing we have. 7 January, visitor 5", MENU],
            ),
            true,
        );
        let echoed =
            article("blue-kettle: Not here", &["# Not here", "/shop/blue-kettle is nothing we have.", MENU]);
        check(&probe, &echoed, true);
        let suggesting = article(
            "Not here",
            &["# Not here", "/shop/blue-kettle is nothing we have.", "See tea pots, cups", MENU],
        );
        check(&probe, &suggesting, true);
    }

    #[test]
    fn a_short_page_that_shares_the_menu_is_another_page() {
        let probe = article("Acme", &[MENU, "# Not found", MESSAGE]);
        check(&probe, &article("Acme", &[MENU, "# Shipping", "Yes, we ship to Norway."]), false);
        check(&probe, &article("Acme", &[MENU, "# Shipping", "Yes."]), false);
        check(&article("Acme", &[MENU, MESSAGE]), &article("Opening hours", &[MENU, "Always open."]), false);
    }

    #[test]
    fn a_page_with_text_of_its_own_is_another_page() {
        let probe = article("Acme", &["# Welcome", "We sell kettles and cups, and have done so for years."]);
        let text = "Own words of a page which go on for a while. ".repeat(40);
        check(
            &probe,
            &article("Acme", &["# Welcome", "We sell kettles and cups, and have done so for years.", &text]),
            false,
        );
        check(&probe, &article("Acme", &[]), false);
        check(&article("Acme", &[]), &article("Acme", &[]), false);
    }
}
