//! What a pipeline says about the content of its pages, where the rules of this crate do not find it.

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::crawl::pattern::{Patterns, Site, Target};
use crate::html::{NodeId, Tree};

use super::{Selector, VERSION};

/// The pipeline's own rules, in its order.
#[derive(Debug, Clone, Default)]
pub struct Cleaning {
    /// The rules.
    pub rules: Vec<CleanRule>,
}

/// One rule of a pipeline.
#[derive(Debug, Clone)]
pub struct CleanRule {
    /// Which pages it is for.
    pub pages: Patterns,
    /// Where their content is. A page without such a place is read as if the rule did not name one.
    pub content: Option<Selector>,
    /// What of it is no content.
    pub remove: Vec<Selector>,
}

/// What is asked for one page.
#[derive(Debug, Clone, Default)]
pub struct Asked<'c> {
    /// Where the content is; the first that finds something decides.
    pub content: Vec<&'c Selector>,
    /// What is left out.
    pub remove: Vec<&'c Selector>,
}

impl Asked<'_> {
    /// Whether an element itself is left out.
    pub(super) fn removes(&self, tree: &Tree, id: NodeId) -> bool {
        self.remove.iter().any(|selector| selector.matches(tree, id))
    }
}

impl Cleaning {
    /// What the rules ask for a page: all that match it add up.
    pub fn of(&self, url: &Url) -> Asked<'_> {
        let mut asked = Asked::default();
        if self.rules.is_empty() {
            return asked;
        }
        let target = Target::new(url, Site::Start);
        for rule in self.rules.iter().filter(|rule| rule.pages.matches(&target)) {
            asked.content.extend(&rule.content);
            asked.remove.extend(&rule.remove);
        }
        asked
    }

    /// Names the rules that make an article, these and [`VERSION`]: pages stored under another are read again.
    pub fn version(&self) -> u32 {
        /// Keeps the numbers of pipelines with rules apart from those without.
        const OWN: u32 = 1 << 31;
        if self.rules.is_empty() {
            return VERSION;
        }
        let [.., a, b, c, d] = xxh3_64(format!("{VERSION} {:?}", self.rules).as_bytes()).to_be_bytes();
        u32::from_be_bytes([a, b, c, d]) | OWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pages: &str, content: Option<&str>, remove: &[&str]) -> CleanRule {
        let selector = |text: &str| text.parse::<Selector>().unwrap();
        CleanRule {
            pages: Patterns::new(&[pages.to_owned()]).unwrap(),
            content: content.map(selector),
            remove: remove.iter().map(|text| selector(text)).collect(),
        }
    }

    #[test]
    fn rules_that_match_a_page_add_up() {
        let cleaning = Cleaning {
            rules: vec![rule("/blog/**", Some("article"), &[".ad"]), rule("/**", None, &[".x", ".y"])],
        };
        let check = |path: &str, content: usize, remove: usize| {
            let asked = cleaning.of(&Url::parse("https://a.test").unwrap().join(path).unwrap());
            assert_eq!((asked.content.len(), asked.remove.len()), (content, remove), "{path}");
        };
        check("/blog/one", 1, 3);
        check("/docs", 0, 2);
    }

    #[test]
    fn the_version_changes_with_the_rules_and_with_nothing_else() {
        let one = || Cleaning { rules: vec![rule("/**", Some("main"), &[])] };
        assert_eq!(Cleaning::default().version(), VERSION);
        assert_eq!(one().version(), one().version());
        assert_ne!(one().version(), Cleaning { rules: vec![rule("/**", Some("article"), &[])] }.version());
        assert_ne!(one().version(), VERSION);
    }
}
