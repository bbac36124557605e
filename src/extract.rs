//! What on a page is content: a [`Tree`] in, an [`Article`] of Markdown blocks out.
//!
//! The container comes from the generator's rule where one is known, else from landmarks, else from where the text is.
//! It removes what is certainly chrome and leaves doubtful blocks to `template`, which sees the whole site.

mod cards;
mod chrome;
mod cleaning;
mod colour;
mod container;
mod controls;
mod density;
mod explanation;
mod facts;
mod flags;
mod footer;
mod hidden;
mod linklist;
mod metadata;
mod naming;
mod native;
mod opener;
mod phrases;
mod quotes;
mod removal;
mod repeats;
mod rules;
mod sections;
mod selector;
mod structured;
mod style;
mod subject;
mod stylesheet;
mod teasers;
mod trail;
mod widgets;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::html::{Base, Links, Measure, Tree};
use crate::markdown::{Page, render};

use container::Choice;
use flags::Flags;
use removal::Removals;
use stylesheet::Stylesheet;

pub use crate::markdown::Block;
pub use cleaning::{Asked, CleanRule, Cleaning};
pub use explanation::{Explanation, Part};
pub(crate) use facts::has_facts;
pub use flags::{Flag, FlagKind, instructions};
pub use native::{explain_native, native};
pub use removal::Reason;
pub use selector::{Selector, SelectorError};

/// Version of the rules that make an article: raised with every change of what is extracted or how it is written,
/// so that stored pages are read again.
pub const VERSION: u32 = 10;

/// A page's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// The best name the page gives itself; may be empty.
    pub title: String,
    /// BCP 47 language as the page declares it.
    pub language: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
    /// The names of the pages above it, from the top, without the site's first page.
    #[serde(default)]
    pub breadcrumbs: Vec<String>,
    /// Day of its last change, as the page declares it: `2024-12-31`.
    #[serde(default)]
    pub modified: Option<String>,
    /// How the content was found.
    pub container: Container,
    /// The content in reading order.
    pub blocks: Vec<Block>,
    /// What a person should look at: text that is hidden, or that speaks to a machine.
    #[serde(default)]
    pub flags: Vec<Flag>,
}

impl Article {
    /// The document's Markdown: its blocks, one empty line between them.
    pub fn markdown(&self) -> String {
        let size = self.blocks.iter().map(|b| b.markdown.len() + 2).sum();
        let mut out = String::with_capacity(size);
        for block in &self.blocks {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(&block.markdown);
        }
        out
    }
}

/// How the content was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// By a selector of the pipeline.
    Asked,
    /// By the named rule of a site generator: nothing but content is inside.
    Rule(String),
    /// By the named rule of a content system, whose plug-ins put other things inside, too.
    Platform(String),
    /// By a landmark of HTML: `main`, `article`, …
    Landmark(String),
    /// Nothing says where the content is: what remains of the body without certain chrome.
    Body,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Container::Asked => write!(f, "the selector asked for"),
            Container::Rule(name) | Container::Platform(name) => write!(f, "the rule for {name}"),
            Container::Landmark(name) => write!(f, "the landmark {name}"),
            Container::Body => write!(f, "where the text is"),
        }
    }
}

impl Container {
    /// Whether nothing but content is inside, as a rule or the pipeline says.
    pub fn is_exact(&self) -> bool {
        matches!(self, Container::Asked | Container::Rule(_))
    }
}

/// Finds and writes the content of a page.
pub fn extract(tree: &Tree, links: &Links, asked: &Asked<'_>) -> Article {
    Extraction::new(tree, links, asked).article
}

/// The same, and how it came about.
pub fn explain(tree: &Tree, links: &Links, asked: &Asked<'_>) -> (Article, Explanation) {
    Extraction::new(tree, links, asked).explained(tree)
}

/// An article, and what it was made of.
struct Extraction {
    article: Article,
    measure: Measure,
    choice: Choice,
    removals: Removals,
    /// The Markdown of blocks that were removed as repetitions.
    repeated: Vec<String>,
}

impl Extraction {
    fn new(tree: &Tree, links: &Links, asked: &Asked<'_>) -> Self {
        let measure = Measure::new(tree);
        let mut removals = Removals::new(tree.len());
        let metadata = metadata::read(tree);
        let stylesheet = Stylesheet::read(tree, &metadata.styles);
        let declared = subject::read(tree, &metadata.og_type, &metadata.json);
        let subject = declared.subject;
        let page = chrome::Page { tree, measure: &measure, subject, base: &links.base };
        let choice = container::choose(page, &metadata, asked);
        let mut flags = Flags::default();
        for &root in &choice.roots {
            let hides = removals.hide(tree, &measure, root, |hidden| {
                hidden::mark(tree, &measure, &stylesheet, root, hidden, &mut flags);
            });
            if !hides {
                flags.forget(FlagKind::HiddenText);
            }
            choice.clean(page, root, asked, &mut removals);
        }
        let base = Base::new(&links.base);
        let written = Page { tree, measure: &measure, base: &base, dropped: removals.set() };
        let mut blocks = render(written, &choice.roots);
        let mut repeated =
            if choice.container.is_exact() { Vec::new() } else { repeats::remove(&mut blocks, subject) };
        if choice.is_discussion() {
            repeated.extend(quotes::remove(&mut blocks));
        }
        // Facts alone are no page: a shell that a script fills states them, too.
        if !blocks.is_empty() {
            blocks.extend(footer::facts(page, &stylesheet, asked, &base, &blocks));
            let unshown = structured::unshown(tree, &links.base, subject, &blocks);
            blocks.extend(unshown);
        }
        let title = metadata.best_title(choice.heading.as_deref(), &declared.headline);
        let shown = metadata.trail.map(|id| trail::read(tree, id, &title)).filter(|trail| !trail.is_empty());
        let changed = metadata.modified.or(declared.modified);
        let article = Article {
            breadcrumbs: shown.unwrap_or_else(|| trail::declared(&declared.trail, &links.base, &title)),
            modified: changed.or(metadata.published).or(declared.published),
            title,
            language: metadata.language,
            description: metadata.description,
            container: choice.container.clone(),
            flags: flags.of(&blocks),
            blocks,
        };
        Self { article, measure, choice, removals, repeated }
    }

    fn explained(self, tree: &Tree) -> (Article, Explanation) {
        let Self { article, measure, choice, removals, repeated } = self;
        let explanation = Explanation::new(tree, &measure, &choice, &removals, repeated);
        (article, explanation)
    }
}

#[cfg(test)]
mod tests;
