//! What on a page is content: a [`Tree`] in, an [`Article`] of Markdown blocks out.
//!
//! The container comes from the generator's rule where one is known, else from landmarks, else from where the text is.
//! It removes what is certainly chrome and leaves doubtful blocks to `template`, which sees the whole site.

mod chrome;
mod container;
mod density;
mod flags;
mod hidden;
mod metadata;
mod native;
mod phrases;
mod repeats;
mod rules;
mod sections;
mod selector;
mod structured;
mod style;
mod stylesheet;
mod teasers;

use serde::{Deserialize, Serialize};

use crate::html::{Base, Links, Measure, Tree};
use crate::markdown::{NodeSet, Page, render};

use flags::Flags;
use stylesheet::Stylesheet;

pub use crate::markdown::Block;
pub use flags::{Flag, FlagKind, instructions};
pub use native::native;
pub use selector::{Selector, SelectorError};

/// Version of the rules that make an article: raised with every change of what is extracted or how it is written,
/// so that stored pages are read again.
pub const VERSION: u32 = 3;

/// A page's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// The best name the page gives itself; may be empty.
    pub title: String,
    /// BCP 47 language as the page declares it.
    pub language: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
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
    /// By the named rule of a site generator: nothing but content is inside.
    Rule(String),
    /// By a landmark of HTML: `main`, `article`, …
    Landmark(String),
    /// Nothing says where the content is: what remains of the body without certain chrome.
    Body,
}

impl Container {
    /// Whether something says where the content is.
    pub fn is_recognised(&self) -> bool {
        !matches!(self, Container::Body)
    }
}

/// Finds and writes the content of a page.
pub fn extract(tree: &Tree, links: &Links) -> Article {
    let measure = Measure::new(tree);
    let mut dropped = NodeSet::new(tree.len());
    let metadata = metadata::read(tree);
    let stylesheet = Stylesheet::read(tree, &metadata.styles);
    let choice = container::choose(tree, &measure, &metadata);
    let mut flags = Flags::default();
    for &root in &choice.roots {
        hidden::mark(tree, &measure, &stylesheet, root, &mut dropped, &mut flags);
        choice.mark_dropped(tree, &measure, root, &mut dropped);
    }
    let base = Base::new(&links.base);
    let page = Page { tree, measure: &measure, base: &base, dropped: &dropped };
    let mut blocks = render(page, &choice.roots);
    if !matches!(choice.container, Container::Rule(_)) {
        repeats::remove(&mut blocks);
    }
    // Facts alone are no page: a shell that a script fills states them, too.
    if !blocks.is_empty() {
        let unshown = structured::unshown(tree, &links.base, &blocks);
        blocks.extend(unshown);
    }
    Article {
        title: metadata.best_title(choice.heading.as_deref()),
        language: metadata.language,
        description: metadata.description,
        container: choice.container,
        flags: flags.of(&blocks),
        blocks,
    }
}

#[cfg(test)]
mod tests;
