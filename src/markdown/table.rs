//! The grid of an HTML table, as GFM can write it.

use crate::html::{Element, Holds, Measure, NodeId, Step, Tree, local_name};

use super::nodes::NodeSet;

/// Columns of a table at most; further cells are dropped.
const MAX_COLUMNS: usize = 100;
/// Cells of a table at most, those that spans add included.
const MAX_CELLS: usize = 1_000_000;

/// Classes of tables of parameters, of what is returned, and of what fails.
const PARAMETERS: &[&str] = &["params", "tparams", "retval", "exception"];

/// Bytes of text of a cell that says something brief.
const MAX_BRIEF: usize = 200;

/// One cell of the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) id: NodeId,
    columns: usize,
    rows: usize,
    pub(super) header: bool,
}

/// The parts of a table that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Table,
    Head,
    Body,
    Foot,
    Caption,
    Row,
    Cell,
    Header,
}

/// What part of a table an element is, by its name or by its role.
fn part(element: &Element) -> Option<Part> {
    match *element.name() {
        local_name!("table") => Some(Part::Table),
        local_name!("thead") => Some(Part::Head),
        local_name!("tbody") => Some(Part::Body),
        local_name!("tfoot") => Some(Part::Foot),
        local_name!("caption") => Some(Part::Caption),
        local_name!("tr") => Some(Part::Row),
        local_name!("td") => Some(Part::Cell),
        local_name!("th") => Some(Part::Header),
        _ => match element.attr(&local_name!("role"))? {
            "table" | "grid" => Some(Part::Table),
            "row" => Some(Part::Row),
            "cell" | "gridcell" | "rowheader" => Some(Part::Cell),
            "columnheader" => Some(Part::Header),
            _ => None,
        },
    }
}

/// What part of Javadoc's tables of `div`s an element is; they have no rows.
fn summary_part(element: &Element) -> Option<Part> {
    let is_cell = element.classes().any(|class| class.starts_with("col-"));
    is_cell.then(|| if element.has_class("table-header") { Part::Header } else { Part::Cell })
}

/// Whether an element is such a table.
fn is_summary(element: &Element) -> bool {
    element.has_class("summary-table")
}

/// Whether an element is a table, by whatever it is called.
pub(super) fn is_table(element: &Element) -> bool {
    part(element) == Some(Part::Table) || is_summary(element)
}

/// A table's rows in reading order, its caption, and whether its first row is a header.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub(super) captions: Vec<NodeId>,
    rows: Vec<Vec<Cell>>,
    first_in_head: bool,
}

impl Grid {
    /// Reads the rows of `table`, not those of tables inside its cells.
    pub(super) fn new(tree: &Tree, table: NodeId, dropped: &NodeSet) -> Self {
        let mut grid = Self::default();
        let mut walk = tree.walk(table);
        let mut section = Part::Body;
        // The rows of the first foot: HTML 4 has it before the body, and below it is shown.
        let mut foot = 0..0;
        let in_summary = tree.element(table).is_some_and(is_summary);
        let mut ended = in_summary;
        while let Some(step) = walk.next() {
            let Step::Enter(id) = step else { continue };
            let Some(element) = tree.element(id) else { continue };
            if dropped.contains(id) {
                walk.skip_children();
                continue;
            }
            let summary_part = summary_part(element).filter(|_| in_summary);
            if summary_part.is_some() && std::mem::replace(&mut ended, element.has_class("col-last")) {
                grid.rows.push(Vec::new());
            }
            match summary_part.or_else(|| part(element)) {
                Some(kind @ (Part::Head | Part::Body | Part::Foot)) => {
                    section = if kind == Part::Foot && !foot.is_empty() { Part::Body } else { kind };
                }
                // One that stands outside of the cells is a table of its own.
                Some(Part::Table) if id != table => walk.skip_children(),
                Some(Part::Caption) => {
                    grid.captions.push(id);
                    walk.skip_children();
                }
                Some(Part::Row) => {
                    let row = grid.rows.len();
                    if section == Part::Foot {
                        foot = if foot.is_empty() { row..row + 1 } else { foot.start..row + 1 };
                    } else if row == foot.len() {
                        grid.first_in_head = section == Part::Head;
                    }
                    grid.rows.push(Vec::new());
                }
                Some(kind @ (Part::Cell | Part::Header)) => {
                    let span =
                        |name| element.attr(name).and_then(|v| v.trim_ascii().parse().ok()).unwrap_or(1);
                    let cell = Cell {
                        id,
                        columns: span(&local_name!("colspan")).clamp(1, MAX_COLUMNS),
                        rows: span(&local_name!("rowspan")).clamp(1, MAX_CELLS),
                        header: kind == Part::Header,
                    };
                    match grid.rows.last_mut() {
                        Some(row) => row.push(cell),
                        None => grid.rows.push(vec![cell]),
                    }
                    walk.skip_children();
                }
                Some(Part::Table) | None => {}
            }
        }
        if let Some(from_foot) = grid.rows.get_mut(foot.start..) {
            from_foot.rotate_left(foot.len());
        }
        grid.rows.retain(|row| !row.is_empty());
        grid
    }

    /// Whether the table arranges blocks instead of showing data.
    pub(super) fn is_layout(&self, tree: &Tree, measure: &Measure, table: NodeId) -> bool {
        let role = tree.element(table).and_then(|e| e.attr(&local_name!("role")));
        // Intercom's editor calls every table so.
        let arranges =
            role.is_some_and(|r| r.eq_ignore_ascii_case("presentation") || r.eq_ignore_ascii_case("none"));
        if arranges && !self.is_regular(measure) {
            return true;
        }
        let cells = || self.rows.iter().flatten();
        // A heading arranges, unless it names a table in its cell: JSDoc's properties of a parameter.
        let arranges =
            |c: &Cell| measure.holds(c.id).any(Holds::HEADING) && !measure.holds(c.id).any(Holds::TABLE);
        // Below the names of columns, a heading in a cell is a cell in large letters.
        let has_names = self.rows.first().is_some_and(|row| row.iter().all(|c| c.header));
        let is_grid = || has_names && self.is_regular(measure);
        if cells().any(arranges) && !is_grid() {
            return true;
        }
        let has_header = cells().any(|c| c.header);
        // An example or a table in a cell or two does not make a table of data a layout.
        let with_blocks = cells().filter(|c| measure.holds(c.id).any(Holds::PRE.and(Holds::TABLE))).count();
        if with_blocks > 0 && !(has_header && with_blocks * 4 <= cells().count()) {
            return true;
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        // What Doxygen tells of parameters has no header, and often one row.
        let tells = tree.element(table).is_some_and(|e| e.classes().any(|class| PARAMETERS.contains(&class)));
        !has_header && (columns <= 1 || (self.rows.len() == 1 && !tells))
    }

    /// Whether several rows of as many cells say something brief in nearly all of them.
    fn is_regular(&self, measure: &Measure) -> bool {
        let cells = || self.rows.iter().flatten();
        let columns = |row: &Vec<Cell>| row.iter().map(|cell| cell.columns).sum::<usize>();
        let width = self.rows.first().map_or(0, columns);
        let brief = cells().filter(|cell| (1..=MAX_BRIEF).contains(&measure.text(cell.id))).count();
        let is_even = self.rows.iter().all(|row| columns(row) == width);
        self.rows.len() > 1 && width > 1 && is_even && brief * 10 >= cells().count() * 9
    }

    /// The table's lines. `write` gives a cell's content as one line.
    pub(super) fn lines(&self, mut write: impl FnMut(NodeId) -> String) -> Vec<String> {
        let mut rows: Vec<Vec<String>> = Vec::with_capacity(self.rows.len() + 1);
        // Rows still to be filled in each column by a cell from above.
        let mut reserved: Vec<usize> = Vec::new();
        let mut cells = 0;
        for source in &self.rows {
            let mut row: Vec<String> = Vec::new();
            let mut queue = source.iter().peekable();
            while row.len() < MAX_COLUMNS && cells < MAX_CELLS {
                if let Some(rows_left) = reserved.get_mut(row.len()).filter(|n| **n > 0) {
                    *rows_left -= 1;
                    row.push(String::new());
                } else if let Some(cell) = queue.next() {
                    let text = write(cell.id);
                    for extra in 0..cell.columns.min(MAX_COLUMNS - row.len()) {
                        let column = row.len();
                        if reserved.len() <= column {
                            reserved.resize(column + 1, 0);
                        }
                        reserved[column] = cell.rows - 1;
                        row.push(if extra == 0 { text.clone() } else { String::new() });
                    }
                } else if row.len() < reserved.len() {
                    row.push(String::new());
                } else {
                    break;
                }
                cells += 1;
            }
            rows.push(row);
        }
        let filled = |row: &Vec<String>| row.iter().rposition(|c| !c.is_empty()).map_or(0, |at| at + 1);
        let width = rows.iter().map(filled).max().unwrap_or(0);
        let header = self.first_in_head || self.rows.first().is_some_and(|row| row.iter().all(|c| c.header));
        let header = header && rows.first().is_some_and(|row| filled(row) > 0);
        rows.retain(|row| filled(row) > 0);
        if width == 0 || rows.is_empty() {
            return Vec::new();
        }
        if !header {
            rows.insert(0, Vec::new());
        }
        let mut lines = Vec::with_capacity(rows.len() + 1);
        for (i, row) in rows.iter().enumerate() {
            let mut line = String::from("|");
            for column in 0..width {
                let text = row.get(column).map_or("", String::as_str);
                if !text.is_empty() {
                    line.push(' ');
                    line.push_str(text);
                }
                line.push_str(" |");
            }
            lines.push(line);
            if i == 0 {
                lines.push(format!("|{}", " --- |".repeat(width)));
            }
        }
        lines
    }
}
