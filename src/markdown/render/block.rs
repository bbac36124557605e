//! Elements that begin blocks.

use crate::html::{Element, Holds, NodeId, heading_level, is_heading, local_name};

use super::super::callout::{Callout, callout, visible_text};
use super::super::code::{self, Code};
use super::super::icon::icon;
use super::super::list::Order;
use super::super::math::Formula;
use super::super::table::{Grid, is_table};
use super::super::writer::{Mark, Writer};
use super::{Exit, MAX_INDENT, MAX_NESTING, Renderer};

/// Bytes of a heading that is one by its role only.
const MAX_HEADING: usize = 300;
/// Nodes of an item among which its heading is looked for.
const NEAR: usize = 16;

impl<'t> Renderer<'t> {
    /// A part of the page; what it is besides is told by its class: a callout, a panel, a note, a formula, code.
    pub(super) fn part(&mut self, id: NodeId, element: &'t Element) -> bool {
        let tree = self.page.tree;
        if self.disclosures.is_strip(id) {
            return false;
        }
        if let Some(label) = self.disclosures.label(id) {
            let label = label.to_owned();
            if self.page.measure.text(id) > 0 {
                self.label(&label);
            }
            return self.block(id);
        }
        if let Some(label) = self.notes.body(id).filter(|_| !self.writer.is_cell()) {
            self.writer.lead_in(format!("[^{label}]: "));
            return self.frame(id, Exit::Lead);
        }
        if self.heading_by_role(id, element) {
            return true;
        }
        if self.disclosures.opener(id) == Some(true) {
            return self.question(id);
        }
        if element.attr(&local_name!("class")).is_some() {
            if code::is_beside(tree, self.page.measure, id, element) || self.is_shown_twice(id, element) {
                return false;
            }
            if self.formula_of(id, element) {
                return false;
            }
            if code::is_listing(tree, id, element) {
                return self.preformatted(id);
            }
            if is_line_of_members(element) || element.has_class("inline") {
                return true;
            }
            if is_signature(element) && !self.writer.is_one_line() {
                return self.signature(id);
            }
        }
        if let Some(callout) = callout(tree, self.page.measure, self.page.dropped, id, element) {
            return self.callout(id, callout);
        }
        if self.is_all_of_inline(id) {
            return true;
        }
        let by_role = *element.name() != local_name!("table") && is_table(element);
        if by_role && !self.writer.is_one_line() && self.data(id) {
            return false;
        }
        self.block(id)
    }

    /// Whether a part is all that stands in one that a style sheet sets into the line around it: YARD's descriptions.
    fn is_all_of_inline(&self, id: NodeId) -> bool {
        let tree = self.page.tree;
        tree.parent(id).is_some_and(|up| {
            tree.has_class(up, "inline")
                && tree.children(up).filter(|&n| tree.element(n).is_some()).take(2).count() == 1
        })
    }

    pub(super) fn block(&mut self, id: NodeId) -> bool {
        self.writer.end_block();
        let is_part = self.writer.is_cell()
            && matches!(self.page.tree.name(id), Some(&(local_name!("p") | local_name!("tr"))));
        self.frame(id, if is_part { Exit::Part } else { Exit::Block })
    }

    fn callout(&mut self, id: NodeId, callout: Callout) -> bool {
        let entered = self.quote(id);
        self.left_out.extend(callout.title);
        self.said = callout.said;
        if let Some(label) = callout.label {
            self.label(&label);
        }
        entered
    }

    /// A line of our own that names what follows.
    fn label(&mut self, label: &str) {
        self.writer.end_block();
        self.writer.open(Mark::Strong);
        self.writer.text(label);
        self.writer.close();
        self.writer.end_block();
    }

    pub(super) fn heading(&mut self, id: NodeId, level: usize) -> bool {
        if self.writer.in_heading() {
            return self.block(id);
        }
        if self.notes.leaves_out(id) || self.notes.is_label(self.page.tree, id) {
            return false;
        }
        self.level = level;
        self.writer.start_heading(level);
        if let Some((_, number)) = self.number.take_if(|(heading, _)| *heading == id) {
            self.writer.text(&number);
        }
        self.frame(id, Exit::Heading)
    }

    /// A heading by its role, unless it holds what no heading does.
    pub(super) fn heading_by_role(&mut self, id: NodeId, element: &Element) -> bool {
        let Some(level) = heading_level(element) else { return false };
        let kinds = Holds::PRE.and(Holds::TABLE).and(Holds::LIST);
        let tree = self.page.tree;
        let is_line = self.page.measure.text(id) <= MAX_HEADING && !self.page.measure.holds(id).any(kinds);
        // In a list, a quote or a table it says how a part of it is called, not how the page goes on.
        let heads = !self.writer.is_one_line() && self.writer.nesting() == 0;
        heads
            && is_line
            && !tree.descendants(id).filter_map(|n| tree.name(n)).any(is_heading)
            && self.heading(id, level)
    }

    /// A question is a heading below the last one.
    pub(super) fn question(&mut self, id: NodeId) -> bool {
        if self.writer.in_heading() {
            return self.block(id);
        }
        self.writer.start_heading((self.level + 1).clamp(2, 6));
        self.frame(id, Exit::Heading)
    }

    /// The label of a box: of what ticking it opens, of a tab, or of a field.
    pub(super) fn tick(&mut self, id: NodeId, element: &Element) -> bool {
        if self.disclosures.is_strip(id) {
            return false;
        }
        match self.disclosures.opener(id) {
            Some(true) => self.question(id),
            Some(false) => self.strong_block(id),
            None => !self.names_tab(id, element) || self.strong_block(id),
        }
    }

    /// Whether a label is that of a tab whose panel follows it.
    fn names_tab(&self, id: NodeId, element: &Element) -> bool {
        let of_set =
            || self.page.tree.parent(id).is_some_and(|up| self.page.tree.has_class(up, "tabbed-set"));
        element.classes().any(|class| class.contains("tab")) || of_set()
    }

    pub(super) fn summary(&mut self, id: NodeId) -> bool {
        if self.disclosures.opener(id) == Some(true) { self.question(id) } else { self.strong_block(id) }
    }

    pub(super) fn strong_block(&mut self, id: NodeId) -> bool {
        self.writer.end_block();
        self.writer.open(Mark::Strong);
        self.frame(id, Exit::StrongBlock)
    }

    /// A term is bold; the signature of a function is code.
    pub(super) fn term(&mut self, id: NodeId, element: &Element) -> bool {
        if self.notes.leaves_out(id) {
            return false;
        }
        if element.has_class("sig") { self.signature(id) } else { self.strong_block(id) }
    }

    /// How a function is called, or a class declared: code whose names are links.
    fn signature(&mut self, id: NodeId) -> bool {
        self.writer.end_block();
        self.writer.open_code();
        self.frame(id, Exit::CodeBlock)
    }

    pub(super) fn list(&mut self, id: NodeId, order: Option<Order>) -> bool {
        if self.disclosures.is_strip(id) {
            return false;
        }
        if self.writer.is_cell() && self.holds_items(id) {
            self.lists.open_line(order);
            self.writer.end_block();
            return self.frame(id, Exit::PlainList);
        }
        let arranges = self.page.measure.holds(id).any(Holds::HEADING)
            || self.disclosures.arranges(id)
            || self.notes.is_list(id);
        if self.flattens() || arranges {
            self.lists.open_plain(order);
            self.writer.end_block();
            return self.frame(id, Exit::PlainList);
        }
        // A list right inside a list belongs to the item before it.
        let resumed = self.writer.is_between_items() && self.lists.resume_item(&mut self.writer);
        if self.writer.is_between_items() {
            return self.block(id);
        }
        self.lists.open(&mut self.writer, order);
        self.frame(id, if resumed { Exit::ListInList } else { Exit::List })
    }

    /// Whether a list has items to be told apart.
    fn holds_items(&self, list: NodeId) -> bool {
        let is_item = |&n: &NodeId| self.page.tree.name(n) == Some(&local_name!("li"));
        let items = self.page.tree.children(list).filter(is_item);
        items.filter(|&n| self.page.measure.text(n) > 0).take(2).count() > 1
    }

    pub(super) fn item(&mut self, id: NodeId, element: &'t Element) -> bool {
        if self.writer.is_cell()
            && let Some(sign) = self.lists.sign(element)
        {
            self.writer.lead_in(sign);
            return self.frame(id, Exit::Lead);
        }
        let is_item = self.lists.is_marked() && self.writer.is_between_items();
        if !is_item || self.notes.body(id).is_some() {
            let number = self.lists.number(element);
            self.number = number.and_then(|number| Some((self.numbered_heading(id)?, number)));
            return self.part(id, element);
        }
        self.lists.open_item(&mut self.writer, element);
        if element.attr_named("data-inline-task-id").is_some() {
            self.task(element.has_class("checked"));
        }
        self.frame(id, Exit::Item)
    }

    /// The heading that an item begins with and that has no number of its own.
    fn numbered_heading(&self, item: NodeId) -> Option<NodeId> {
        let tree = self.page.tree;
        for n in tree.descendants(item).take(NEAR) {
            if tree.text(n).is_some_and(|text| !text.trim_ascii().is_empty()) {
                return None;
            }
            if tree.name(n).is_some_and(is_heading) {
                let own = visible_text(tree, self.page.dropped, n);
                return (!own.starts_with(|c: char| c.is_ascii_digit())).then_some(n);
            }
        }
        None
    }

    /// Whether lists and quotes are plain blocks here.
    fn flattens(&self) -> bool {
        self.writer.is_one_line()
            || self.writer.nesting() >= MAX_NESTING
            || self.writer.indent() >= MAX_INDENT
    }

    pub(super) fn blockquote(&mut self, id: NodeId, element: &'t Element) -> bool {
        match callout(self.page.tree, self.page.measure, self.page.dropped, id, element) {
            Some(callout) => self.callout(id, callout),
            None => self.quote(id),
        }
    }

    fn quote(&mut self, id: NodeId) -> bool {
        if self.flattens() {
            return self.block(id);
        }
        self.writer.open_quote();
        self.frame(id, Exit::Quote)
    }

    pub(super) fn preformatted(&mut self, id: NodeId) -> bool {
        let Code { text, language } = code::read(self.page.tree, id, self.page.dropped);
        if self.writer.is_one_line() {
            // Each line is code of its own: their ends are what tells them apart.
            for line in text.lines().filter(|line| !line.trim_ascii().is_empty()) {
                self.writer.end_block();
                self.writer.open_code();
                self.writer.text(line);
                self.writer.close_code();
            }
            self.writer.end_block();
        } else if !text.is_empty() {
            self.writer.code_block(&text, &language);
        }
        false
    }

    /// A formula on a line of its own.
    pub(super) fn display(&mut self, formula: &Formula) {
        self.writer.end_block();
        let plain = !formula.tex.contains('\n') && self.writer.is_plain_tex(&formula.tex);
        if plain || self.writer.is_one_line() {
            self.writer.text("$");
            self.writer.formula(&formula.tex);
            self.writer.text("$");
            self.writer.end_block();
        } else {
            self.writer.code_block(&formula.tex, "math");
        }
    }

    pub(super) fn table(&mut self, id: NodeId, element: &'t Element) -> bool {
        if code::is_numbered(self.page.tree, self.page.measure, id) {
            return self.preformatted(id);
        }
        if self.writer.is_one_line() {
            return self.block(id);
        }
        if element.has_class("memname") {
            return self.declaration(id);
        }
        if self.page.tree.parent(id).is_some_and(|up| self.page.tree.has_class(up, "colist")) {
            return self.list(id, Some(Order::of(self.page.tree, id, element)));
        }
        if self.data(id) { false } else { self.part(id, element) }
    }

    /// A row of what is no table of data; in a list that a table arranges it is an item.
    pub(super) fn row(&mut self, id: NodeId, element: &'t Element) -> bool {
        if self.lists.is_marked() && self.writer.is_between_items() {
            self.item(id, element)
        } else {
            self.block(id)
        }
    }

    /// Whether a cell holds but the number of its row: Asciidoctor's lists of what marks in code mean.
    pub(super) fn numbers_row(&self, cell: NodeId) -> bool {
        self.page.tree.children(cell).any(|n| self.page.tree.has_class(n, "conum"))
    }

    /// A signature that a table arranges, one cell for each of its parts: Doxygen's.
    fn declaration(&mut self, id: NodeId) -> bool {
        let text = visible_text(self.page.tree, self.page.dropped, id);
        let text = text.replace("( ", "(").replace(" (", "(").replace(" )", ")");
        self.signature(id);
        self.writer.text(&text);
        false
    }

    /// Writes a table of data; says whether it is one.
    fn data(&mut self, id: NodeId) -> bool {
        let grid = Grid::new(self.page.tree, id, self.page.dropped);
        if grid.is_layout(self.page.tree, self.page.measure, id) {
            return false;
        }
        self.writer.end_block();
        for &caption in &grid.captions {
            self.run(caption);
        }
        self.writer.end_block();
        let lines = grid.lines(|cell| self.cell(cell));
        if !lines.is_empty() {
            self.writer.lines(&lines);
        }
        true
    }

    fn cell(&mut self, id: NodeId) -> String {
        let outer = std::mem::replace(&mut self.writer, Writer::cell());
        let lists = std::mem::take(&mut self.lists);
        self.run(id);
        self.lists = lists;
        let cell = std::mem::replace(&mut self.writer, outer);
        if !cell.is_empty() {
            return cell.finish_line();
        }
        let mut cell = Writer::cell();
        cell.text(icon(self.page.tree, self.page.dropped, id).unwrap_or_default());
        cell.finish_line()
    }
}

/// Whether an element says how a function is called, or a class declared: Javadoc's, `TypeDoc`'s, pdoc's.
fn is_signature(element: &Element) -> bool {
    const CLASSES: &[&str] = &["member-signature", "type-signature", "package-signature", "tsd-signature"];
    const KINDS: &[&str] = &["class", "function", "variable"];
    element.classes().any(|class| CLASSES.contains(&class))
        || (element.has_class("attr") && element.classes().any(|class| KINDS.contains(&class)))
}

/// Whether a cell is a part of the line that declares a member: Doxygen sets the type apart from the name.
fn is_line_of_members(element: &Element) -> bool {
    element.has_class("memItemLeft") || element.has_class("memItemRight")
}
