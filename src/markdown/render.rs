//! The walk over a page's nodes that drives the writer.

use std::collections::HashSet;

use crate::html::{Base, Element, Measure, NodeId, Step, Tree, is_silent, local_name};

use super::block::Block;
use super::code;
use super::disclosure::Disclosures;
use super::list::{Lists, Order};
use super::math;
use super::nodes::NodeSet;
use super::note::Notes;
use super::reference::References;
use super::writer::{Mark, Writer};

mod block;
mod inline;

/// Levels of lists and quotes that are indented; deeper ones are written as plain blocks.
const MAX_NESTING: usize = 24;
/// Columns from which on it is the same: each line repeats them, and a number takes up to eleven.
const MAX_INDENT: usize = 72;

/// What rendering needs to know of a page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'t> {
    /// The nodes.
    pub tree: &'t Tree,
    /// What they hold.
    pub measure: &'t Measure,
    /// What links resolve against.
    pub base: &'t Base,
    /// Subtrees that are left out.
    pub dropped: &'t NodeSet,
}

/// Writes the given subtrees, one after the other, as Markdown blocks.
pub fn render(page: Page<'_>, roots: &[NodeId]) -> Vec<Block> {
    let mut renderer = Renderer {
        page,
        writer: Writer::document(),
        frames: Vec::new(),
        lists: Lists::default(),
        references: References::new(page.base),
        disclosures: Disclosures::find(page.tree, page.measure, page.dropped, roots),
        notes: Notes::find(page.tree, page.measure, page.dropped, roots),
        left_out: HashSet::new(),
        said: None,
        number: None,
        level: 1,
    };
    for &root in roots {
        renderer.run(root);
        renderer.writer.end_block();
    }
    renderer.writer.finish()
}

/// A line `Key: value`.
pub fn fact(key: &str, value: &str) -> Block {
    let mut writer = Writer::document();
    writer.text(key);
    writer.text(": ");
    writer.text(value);
    let mut blocks = writer.finish();
    blocks.pop().unwrap_or_else(|| Block::new(String::new(), &[]))
}

/// What must be undone when an element is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Block,
    Heading,
    Mark,
    Code,
    /// A definition term or a summary: a block that is bold, or code.
    StrongBlock,
    CodeBlock,
    List,
    /// A list right inside a list.
    ListInList,
    /// A list that only arranges blocks, or stands in one line.
    PlainList,
    /// A paragraph in a table cell.
    Part,
    Item,
    Quote,
    QuoteMark,
    Parenthesis,
    /// What a lead begins: a footnote, an item in a table cell.
    Lead,
}

struct Renderer<'t> {
    page: Page<'t>,
    writer: Writer,
    frames: Vec<(NodeId, Exit)>,
    lists: Lists,
    references: References<'t>,
    disclosures: Disclosures,
    notes: Notes,
    /// Titles of callouts, which are written as their labels.
    left_out: HashSet<NodeId>,
    /// A text that begins with what its callout's label says, and how many bytes of it do.
    said: Option<(NodeId, usize)>,
    /// A heading with which an item of an ordered list begins, and the item's number.
    number: Option<(NodeId, String)>,
    /// Level of the last heading that the page marks as one.
    level: usize,
}

impl<'t> Renderer<'t> {
    fn run(&mut self, root: NodeId) {
        let mut walk = self.page.tree.walk(root);
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(id) => {
                    if let Some(text) = self.page.tree.text(id) {
                        if self.page.dropped.contains(id) {
                            continue;
                        }
                        let said = self.said.take_if(|said| said.0 == id);
                        let said = said.map_or_else(|| self.notes.set_off(id), |(_, bytes)| bytes);
                        self.writer.text(text.get(said..).unwrap_or(text));
                    } else if let Some(element) = self.page.tree.element(id)
                        && (self.page.dropped.contains(id)
                            || (!self.left_out.is_empty() && self.left_out.remove(&id))
                            || !self.enter(id, element))
                    {
                        walk.skip_children();
                    }
                }
                Step::Leave(id) => {
                    if let Some(&(top, exit)) = self.frames.last()
                        && top == id
                    {
                        self.frames.pop();
                        self.leave(exit);
                    }
                }
            }
        }
    }

    fn frame(&mut self, id: NodeId, exit: Exit) -> bool {
        self.frames.push((id, exit));
        true
    }

    /// Begins an element. Says whether what is below it is to be walked.
    fn enter(&mut self, id: NodeId, element: &'t Element) -> bool {
        match *element.name() {
            local_name!("span") | local_name!("nobr") => self.span(id, element),
            local_name!("a") => self.link(id, element),
            local_name!("p")
            | local_name!("div")
            | local_name!("section")
            | local_name!("article")
            | local_name!("aside")
            | local_name!("details")
            | local_name!("dd") => self.part(id, element),
            local_name!("main")
            | local_name!("body")
            | local_name!("html")
            | local_name!("header")
            | local_name!("footer")
            | local_name!("nav")
            | local_name!("address")
            | local_name!("center")
            | local_name!("dialog")
            | local_name!("dl")
            | local_name!("fieldset")
            | local_name!("figcaption")
            | local_name!("figure")
            | local_name!("form")
            | local_name!("hgroup")
            | local_name!("caption")
            | local_name!("tbody")
            | local_name!("thead")
            | local_name!("tfoot")
            | local_name!("th") => self.block(id),
            local_name!("tr") => self.row(id, element),
            local_name!("td") => !code::is_gutter(element) && !self.numbers_row(id) && self.part(id, element),
            local_name!("code") | local_name!("kbd") | local_name!("samp") | local_name!("tt") => {
                self.writer.open_code();
                self.frame(id, Exit::Code)
            }
            local_name!("strong") | local_name!("b") => self.mark(id, Mark::Strong),
            local_name!("em") | local_name!("cite") | local_name!("dfn") | local_name!("var") => {
                self.mark(id, Mark::Emphasis)
            }
            local_name!("i") => self.italic(id, element),
            local_name!("del") | local_name!("s") | local_name!("strike") => self.mark(id, Mark::Deleted),
            local_name!("h1") => self.heading(id, 1),
            local_name!("h2") => self.heading(id, 2),
            local_name!("h3") => self.heading(id, 3),
            local_name!("h4") => self.heading(id, 4),
            local_name!("h5") => self.heading(id, 5),
            local_name!("h6") => self.heading(id, 6),
            local_name!("br") => {
                self.writer.line_break();
                false
            }
            local_name!("hr") => {
                self.writer.rule();
                false
            }
            local_name!("img") => {
                self.image(id, element);
                false
            }
            local_name!("video") => {
                self.film(id, element);
                false
            }
            local_name!("iframe") => {
                self.frame_of_film(element);
                false
            }
            local_name!("ul") | local_name!("menu") | local_name!("dir") => self.list(id, None),
            local_name!("ol") => self.list(id, Some(Order::of(self.page.tree, id, element))),
            local_name!("li") => self.item(id, element),
            local_name!("dt") => self.term(id, element),
            local_name!("summary") => self.summary(id),
            local_name!("legend") => self.strong_block(id),
            local_name!("label") => self.tick(id, element),
            local_name!("blockquote") => self.blockquote(id, element),
            local_name!("q") => {
                self.writer.text("\"");
                self.frame(id, Exit::QuoteMark)
            }
            local_name!("pre") => self.preformatted(id),
            local_name!("table") => self.table(id, element),
            local_name!("sup") | local_name!("sub") => self.script(id),
            local_name!("rt") => self.gloss(id),
            local_name!("rp") => false,
            local_name!("input") => {
                self.checkbox(element);
                false
            }
            local_name!("button") => self.button(id),
            local_name!("math") => {
                self.formula(&math::of_math(self.page.tree, id, element));
                false
            }
            local_name!("script") => {
                self.formula_of(id, element);
                false
            }
            _ => !is_silent(element),
        }
    }

    fn leave(&mut self, exit: Exit) {
        match exit {
            Exit::Block => self.writer.end_block(),
            Exit::Heading => self.writer.end_heading(),
            Exit::Mark => self.writer.close(),
            Exit::Code => self.writer.close_code(),
            Exit::StrongBlock => {
                self.writer.close();
                self.writer.end_block();
            }
            Exit::CodeBlock => {
                self.writer.close_code();
                self.writer.end_block();
            }
            Exit::List => self.lists.close(&mut self.writer),
            Exit::ListInList => {
                self.lists.close_in_item(&mut self.writer);
            }
            Exit::PlainList => {
                self.lists.close_plain();
                self.writer.end_part();
            }
            Exit::Part => self.writer.end_part(),
            Exit::Item => self.lists.close_item(&mut self.writer),
            Exit::Quote => self.writer.close_quote(),
            Exit::QuoteMark => self.writer.text("\""),
            Exit::Parenthesis => self.writer.text(")"),
            Exit::Lead => self.writer.end_lead(),
        }
    }
}
