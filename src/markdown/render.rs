//! The walk over a page's nodes that drives the writer.

use crate::html::{Base, Element, Holds, Measure, NodeId, Step, Tree, is_silent, local_name};

use super::block::Block;
use super::code;
use super::list::Lists;
use super::math::{formula, is_exponent};
use super::nodes::NodeSet;
use super::reference::{References, is_illustration, is_permalink};
use super::table::Grid;
use super::writer::{Mark, Writer};

/// Levels of lists and quotes that are indented; deeper ones are written as plain blocks.
const MAX_NESTING: usize = 24;

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
    };
    for &root in roots {
        renderer.run(root);
        renderer.writer.end_block();
    }
    renderer.writer.finish()
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
    /// A list that only arranges blocks.
    PlainList,
    Item,
    Quote,
    QuoteMark,
}

struct Renderer<'t> {
    page: Page<'t>,
    writer: Writer,
    frames: Vec<(NodeId, Exit)>,
    lists: Lists,
    references: References<'t>,
}

impl<'t> Renderer<'t> {
    fn run(&mut self, root: NodeId) {
        let mut walk = self.page.tree.walk(root);
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(id) => {
                    if let Some(text) = self.page.tree.text(id) {
                        self.writer.text(text);
                    } else if let Some(element) = self.page.tree.element(id)
                        && (self.page.dropped.contains(id) || !self.enter(id, element))
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

    fn mark(&mut self, id: NodeId, mark: Mark) -> bool {
        self.writer.open(mark);
        self.frame(id, Exit::Mark)
    }

    fn block(&mut self, id: NodeId) -> bool {
        self.writer.end_block();
        self.frame(id, Exit::Block)
    }

    /// Begins an element. Says whether what is below it is to be walked.
    fn enter(&mut self, id: NodeId, element: &'t Element) -> bool {
        match *element.name() {
            local_name!("span") => !code::is_beside(self.page.tree, id, element),
            local_name!("a") => self.link(id, element),
            local_name!("p")
            | local_name!("div")
            | local_name!("section")
            | local_name!("article")
            | local_name!("main")
            | local_name!("body")
            | local_name!("html")
            | local_name!("header")
            | local_name!("footer")
            | local_name!("nav")
            | local_name!("aside")
            | local_name!("address")
            | local_name!("center")
            | local_name!("details")
            | local_name!("dialog")
            | local_name!("dd")
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
            | local_name!("tr")
            | local_name!("th") => self.block(id),
            local_name!("td") => !code::is_gutter(element) && self.block(id),
            local_name!("code") | local_name!("kbd") | local_name!("samp") | local_name!("tt") => {
                self.writer.open_code();
                self.frame(id, Exit::Code)
            }
            local_name!("strong") | local_name!("b") => self.mark(id, Mark::Strong),
            local_name!("em")
            | local_name!("i")
            | local_name!("cite")
            | local_name!("dfn")
            | local_name!("var") => self.mark(id, Mark::Emphasis),
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
                if is_illustration(self.page.tree, self.page.measure, id)
                    && let Some(description) = self.references.description(element)
                {
                    self.writer.text(description);
                }
                false
            }
            local_name!("ul") | local_name!("menu") | local_name!("dir") => self.list(id, None),
            local_name!("ol") => {
                let start = element
                    .attr(&local_name!("start"))
                    .and_then(|v| v.trim_ascii().parse().ok())
                    .unwrap_or(1);
                self.list(id, Some(start))
            }
            local_name!("li") => self.item(id, element),
            local_name!("dt") => self.term(id, element),
            local_name!("summary") | local_name!("legend") => self.strong_block(id),
            local_name!("blockquote") => self.quote(id),
            local_name!("q") => {
                self.writer.raw("\"");
                self.frame(id, Exit::QuoteMark)
            }
            local_name!("pre") => self.preformatted(id),
            local_name!("table") => self.table(id),
            local_name!("sup") => {
                let follows = self.writer.last_char().is_some_and(char::is_alphanumeric);
                // `10²` must not become `102`.
                if follows && is_exponent(self.page.tree, self.page.measure, id) {
                    self.writer.raw("^");
                }
                true
            }
            local_name!("input") => {
                self.checkbox(element);
                false
            }
            // In a heading it is the title of what it opens.
            local_name!("button") => self.writer.in_heading(),
            local_name!("math") => {
                self.writer.text(formula(self.page.tree, id, element).trim());
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
            Exit::List => {
                self.writer.close_nesting();
                self.lists.close(self.writer.position());
            }
            Exit::PlainList => {
                self.lists.close_plain();
                self.writer.end_block();
            }
            Exit::Item => {
                let written = self.writer.close_container();
                self.lists.end_item(written);
                if self.lists.is_tight() {
                    self.writer.tighten();
                }
            }
            Exit::Quote => {
                self.writer.close_container();
                self.writer.close_nesting();
            }
            Exit::QuoteMark => self.writer.raw("\""),
        }
    }

    fn heading(&mut self, id: NodeId, level: usize) -> bool {
        if self.writer.in_heading() {
            return self.block(id);
        }
        self.writer.start_heading(level);
        self.frame(id, Exit::Heading)
    }

    fn strong_block(&mut self, id: NodeId) -> bool {
        self.writer.end_block();
        self.writer.open(Mark::Strong);
        self.frame(id, Exit::StrongBlock)
    }

    /// A term is bold; the signature of a function is code.
    fn term(&mut self, id: NodeId, element: &Element) -> bool {
        if !element.has_class("sig") {
            return self.strong_block(id);
        }
        self.writer.end_block();
        self.writer.open_code();
        self.frame(id, Exit::CodeBlock)
    }

    fn list(&mut self, id: NodeId, start: Option<u64>) -> bool {
        if self.flattens() || self.page.measure.holds(id).any(Holds::HEADING) {
            self.lists.open_plain();
            self.writer.end_block();
            return self.frame(id, Exit::PlainList);
        }
        self.writer.open_nesting();
        if self.lists.is_tight() {
            self.writer.tighten();
        }
        self.lists.open(self.page.tree, id, start, self.writer.position());
        self.frame(id, Exit::List)
    }

    fn item(&mut self, id: NodeId, element: &Element) -> bool {
        let Some(marker) = self.lists.marker(element) else { return self.block(id) };
        self.writer.open_item(marker);
        self.frame(id, Exit::Item)
    }

    /// Whether lists and quotes are plain blocks here.
    fn flattens(&self) -> bool {
        self.writer.is_one_line() || self.writer.nesting() >= MAX_NESTING
    }

    fn quote(&mut self, id: NodeId) -> bool {
        if self.flattens() {
            return self.block(id);
        }
        self.writer.open_nesting();
        self.writer.open_quote();
        self.frame(id, Exit::Quote)
    }

    fn preformatted(&mut self, id: NodeId) -> bool {
        if self.writer.is_one_line() {
            self.writer.open_code();
            return self.frame(id, Exit::Code);
        }
        let text = code::text(self.page.tree, id);
        if !text.is_empty() {
            self.writer.code_block(&text, &code::language(self.page.tree, id));
        }
        false
    }

    fn table(&mut self, id: NodeId) -> bool {
        if self.writer.is_one_line() {
            return self.block(id);
        }
        let grid = Grid::new(self.page.tree, id, self.page.dropped);
        if grid.is_layout(self.page.tree, self.page.measure, id) {
            return self.block(id);
        }
        self.writer.end_block();
        for &caption in &grid.captions {
            self.run(caption);
        }
        let lines = grid.lines(|cell| self.cell(cell));
        if !lines.is_empty() {
            self.writer.lines(&lines);
        }
        false
    }

    fn cell(&mut self, id: NodeId) -> String {
        let outer = std::mem::replace(&mut self.writer, Writer::cell());
        let lists = std::mem::take(&mut self.lists);
        self.run(id);
        self.lists = lists;
        std::mem::replace(&mut self.writer, outer).finish_line()
    }

    fn link(&mut self, id: NodeId, element: &'t Element) -> bool {
        let Some(href) = element.attr(&local_name!("href")) else { return true };
        let href = href.trim_ascii();
        if is_permalink(self.page.tree, self.page.measure, id, element) {
            return false;
        }
        // A heading that is nothing but a link to itself says nothing by it.
        if self.writer.in_heading() && href.starts_with('#') && self.fills_heading(id) {
            return true;
        }
        match self.references.destination(href) {
            Some(destination) => self.mark(id, Mark::Link(destination)),
            None => true,
        }
    }

    fn fills_heading(&self, link: NodeId) -> bool {
        let heading = self.frames.iter().rev().find(|(_, exit)| *exit == Exit::Heading);
        heading.is_some_and(|&(heading, _)| self.page.measure.text(heading) <= self.page.measure.text(link))
    }

    fn checkbox(&mut self, element: &Element) {
        let is_task = element.attr(&local_name!("type")).is_some_and(|t| t.eq_ignore_ascii_case("checkbox"))
            && matches!(self.frames.last(), Some((_, Exit::Item)));
        if is_task {
            self.writer.raw(if element.attr(&local_name!("checked")).is_some() { "[x]" } else { "[ ]" });
            self.writer.text(" ");
        }
    }
}
