//! The walk over a page's nodes that drives the writer.

use std::collections::{HashMap, HashSet};

use crate::html::{Base, Element, Holds, Measure, NodeId, Step, Tree, is_silent, local_name};

use super::nodes::NodeSet;
use super::table::Grid;
use super::writer::{Mark, Writer};
use super::{Block, code};

/// Characters of a picture's description at most; a longer one is no description.
const MAX_ALT: usize = 200;
/// Bytes of a superscript that can be an exponent.
const MAX_EXPONENT: usize = 8;
/// Nodes beside a label among which its code is looked for.
const NEAR: usize = 12;
/// Bytes of a link's destination at most; longer ones (data, tracking) leave the text unlinked.
const MAX_DESTINATION: usize = 2048;

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
        lists: Vec::new(),
        ended_list: None,
        resolved: HashMap::new(),
        described: HashSet::new(),
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

#[derive(Debug, Clone, Copy)]
struct List {
    /// The next item's number.
    number: Option<u64>,
    tight: bool,
    /// The character of the marker: `-`, `*`, `.`, `)`.
    mark: char,
    plain: bool,
}

struct Renderer<'t> {
    page: Page<'t>,
    writer: Writer,
    frames: Vec<(NodeId, Exit)>,
    lists: Vec<List>,
    /// The list that ended last: its marker, and how much was written by then.
    ended_list: Option<(char, (usize, usize))>,
    resolved: HashMap<&'t str, Option<String>>,
    /// Descriptions of pictures written so far.
    described: HashSet<&'t str>,
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
            local_name!("span") => !self.is_code_label(id, element),
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
                self.image(element);
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
                self.superscript(id);
                true
            }
            local_name!("input") => {
                self.checkbox(element);
                false
            }
            // In a heading it is the title of what it opens.
            local_name!("button") => self.writer.in_heading(),
            local_name!("math") => {
                self.formula(id, element);
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
                if let Some(list) = self.lists.pop() {
                    self.ended_list = Some((list.mark, self.writer.position()));
                }
            }
            Exit::PlainList => {
                self.lists.pop();
                self.writer.end_block();
            }
            Exit::Item => {
                let written = self.writer.close_container();
                if let Some(list) = self.lists.last_mut() {
                    list.number = list.number.map(|n| n.saturating_add(u64::from(written)));
                    if list.tight {
                        self.writer.tighten();
                    }
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

    fn list(&mut self, id: NodeId, number: Option<u64>) -> bool {
        let tree = self.page.tree;
        if self.flattens() || self.page.measure.holds(id).any(Holds::HEADING) {
            self.lists.push(List { number: None, tight: false, mark: ' ', plain: true });
            self.writer.end_block();
            return self.frame(id, Exit::PlainList);
        }
        self.writer.open_nesting();
        if self.lists.last().is_some_and(|outer| outer.tight) {
            self.writer.tighten();
        }
        let paragraphs =
            |item| tree.children(item).filter(|&c| tree.name(c) == Some(&local_name!("p"))).count();
        let tight = tree.children(id).all(|item| paragraphs(item) <= 1);
        let (usual, other) = if number.is_some() { ('.', ')') } else { ('-', '*') };
        // Two lists in a row are read as one if they have the same marker.
        let mark = if self.ended_list == Some((usual, self.writer.position())) { other } else { usual };
        self.lists.push(List { number, tight, mark, plain: false });
        self.frame(id, Exit::List)
    }

    fn item(&mut self, id: NodeId, element: &Element) -> bool {
        let Some(list) = self.lists.last_mut().filter(|list| !list.plain) else { return self.block(id) };
        let marker = match list.number {
            Some(number) => {
                let number = element
                    .attr(&local_name!("value"))
                    .and_then(|v| v.trim_ascii().parse().ok())
                    .unwrap_or(number);
                list.number = Some(number);
                // CommonMark reads nine digits at most.
                format!("{}{} ", number.min(999_999_999), list.mark)
            }
            None => format!("{} ", list.mark),
        };
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

    /// A theme's language label or line-number column beside the code it belongs to.
    fn is_code_label(&self, id: NodeId, element: &Element) -> bool {
        if element.attr(&local_name!("class")).is_none() {
            return false;
        }
        let beside_code = || {
            self.page.tree.parent(id).is_some_and(|parent| {
                self.page
                    .tree
                    .children(parent)
                    .take(NEAR)
                    .any(|c| self.page.tree.name(c) == Some(&local_name!("pre")))
            })
        };
        element.classes().any(|c| c == "lang") && beside_code() || code::is_label(element) && beside_code()
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
        if href.contains('#') && self.is_permalink(id, element, href) {
            return false;
        }
        // A heading that is nothing but a link to itself says nothing by it.
        if self.writer.in_heading() && href.starts_with('#') && self.fills_heading(id) {
            return true;
        }
        match self.destination(href) {
            Some(destination) => self.mark(id, Mark::Link(destination)),
            None => true,
        }
    }

    fn fills_heading(&self, link: NodeId) -> bool {
        let heading = self.frames.iter().rev().find(|(_, exit)| *exit == Exit::Heading);
        heading.is_some_and(|&(heading, _)| self.page.measure.text(heading) <= self.page.measure.text(link))
    }

    /// `¶`, `#` and the like: an anchor's own sign, not text.
    fn is_permalink(&self, id: NodeId, element: &Element, href: &str) -> bool {
        const CLASSES: &[&str] = &[
            "headerlink",
            "header-anchor",
            "hash-link",
            "anchor",
            "anchor-link",
            "anchorjs-link",
            "heading-anchor",
            "heading-link",
            "permalink",
            "mark",
            "id_link",
            "sl-anchor-link",
            "headline-anchor",
            "direct-link",
            "subheading-anchor",
        ];
        const WORDS: &[&str] = &[
            "permalink",
            "permanent link",
            "link to",
            "direct link",
            "anchor",
            "copy link",
            "section titled",
            "navigate to",
        ];
        if self.page.measure.text(id) > 120 {
            return false;
        }
        let text = self.page.tree.text_of(id);
        if !text.contains(char::is_alphanumeric) {
            let pictured =
                self.page.tree.descendants(id).any(|n| self.page.tree.name(n) == Some(&local_name!("img")));
            return !pictured || href.starts_with('#');
        }
        let lower = text.to_lowercase();
        element.classes().any(|c| CLASSES.contains(&c)) && WORDS.iter().any(|w| lower.starts_with(w))
    }

    /// The absolute destination of a link, fit to stand between parentheses.
    fn destination(&mut self, href: &'t str) -> Option<String> {
        if let Some(known) = self.resolved.get(href) {
            return known.clone();
        }
        let destination = self.page.base.resolve(href).and_then(|url| {
            let web = ["http://", "https://", "mailto:", "tel:", "ftp://"].iter().any(|s| url.starts_with(s));
            (web && url.len() <= MAX_DESTINATION && !url.contains(char::is_whitespace))
                .then(|| escape_destination(url))
        });
        self.resolved.insert(href, destination.clone());
        destination
    }

    fn image(&mut self, element: &'t Element) {
        let alt = element.attr(&local_name!("alt")).unwrap_or_default().trim();
        // Galleries repeat one description under each picture.
        if !alt.is_empty() && alt.chars().count() <= MAX_ALT && self.described.insert(alt) {
            self.writer.text(alt);
        }
    }

    /// `10²` must not become `102`.
    fn superscript(&mut self, id: NodeId) {
        if self.page.measure.text(id) > MAX_EXPONENT {
            return;
        }
        let text = self.page.tree.text_of(id);
        let exponent = text.strip_prefix(['-', '−', '+']).unwrap_or(&text);
        let short =
            !exponent.is_empty() && exponent.len() <= 4 && exponent.bytes().all(|b| b.is_ascii_digit());
        let linked = self.page.measure.holds(id).any(Holds::LINK);
        if short && !linked && self.writer.last_char().is_some_and(char::is_alphanumeric) {
            self.writer.raw("^");
        }
    }

    fn checkbox(&mut self, element: &Element) {
        let is_task = element.attr(&local_name!("type")).is_some_and(|t| t.eq_ignore_ascii_case("checkbox"))
            && matches!(self.frames.last(), Some((_, Exit::Item)));
        if is_task {
            self.writer.raw(if element.attr(&local_name!("checked")).is_some() { "[x]" } else { "[ ]" });
            self.writer.text(" ");
        }
    }

    /// A formula as its TeX source where the page gives it, else as its symbols.
    fn formula(&mut self, id: NodeId, element: &Element) {
        let tree = self.page.tree;
        let annotation =
            tree.descendants(id).find(|&n| tree.element(n).is_some_and(|e| &**e.name() == "annotation"));
        let source =
            annotation.map(|n| tree.text_of(n)).or_else(|| element.attr_named("alttext").map(str::to_owned));
        self.writer.text(source.unwrap_or_else(|| tree.text_of(id)).trim());
    }
}

/// Parentheses may stand in a destination as they are if they are balanced.
fn escape_destination(url: String) -> String {
    let mut depth = 0_i32;
    let balanced = url.bytes().all(|b| {
        depth += i32::from(b == b'(') - i32::from(b == b')');
        depth >= 0
    }) && depth == 0;
    let plain = balanced && !url.contains(['<', '>', '|', '\\', '&', '`']);
    if plain {
        return url;
    }
    let mut out = String::with_capacity(url.len() + 8);
    for (at, c) in url.char_indices() {
        match c {
            '(' | ')' if !balanced => out.extend(['\\', c]),
            '|' => out.push_str("%7C"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '`' => out.push_str("%60"),
            '\\' => out.push_str("%5C"),
            // `&copy=` is a character reference in a destination, too.
            '&' if is_reference(&url[at + 1..]) => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}

fn is_reference(rest: &str) -> bool {
    let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    name > 0 && rest.as_bytes().get(name) == Some(&b';')
}
