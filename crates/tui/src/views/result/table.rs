//! The table of items or of tasks of one arm, in any order. The order is worked out when something
//! changed, not for every drawing, and only visible rows are looked at.

use std::ops::Range;

use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::ArmResult;

use super::rows::{RowKind, TableRows};
use crate::field::FilterField;
use crate::kit::Motion;
use crate::kit::{Pane, Scroll, below, position};
use crate::model::names::{arm_on_workers, short_arm};
use crate::views::filter::{self, has_all};

/// What the order was worked out from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    kind: RowKind,
    arm: String,
    workers: u32,
    repeat: u32,
    rows: usize,
    column: Option<usize>,
    reversed: bool,
    words: Vec<String>,
}

/// What is shown, in which order.
#[derive(Debug, Default)]
pub struct ItemTable {
    kind: RowKind,
    /// The column to sort by; `None` is the order of the lab.
    column: Option<usize>,
    reversed: bool,
    key: Option<Key>,
    order: Vec<u32>,
    /// Words that what is shown has.
    pub filter: FilterField,
    /// The selected row, by its place in the record.
    selected: Option<u32>,
    /// Where it was drawn last.
    pub drawn: TableDrawn,
    /// How often an order was worked out.
    pub sorted: u32,
}

/// Where the table was drawn.
#[derive(Debug, Default)]
pub struct TableDrawn {
    /// The line of names.
    head: Rect,
    /// The lines below it.
    body: Rect,
    /// The first row.
    first: usize,
    /// The column of the screen that each column of the table ends before.
    ends: Vec<u16>,
}

impl ItemTable {
    /// Sorts by the next column; after the last comes the lab's own order.
    pub fn next_column(&mut self) {
        self.column = Some(self.column.map_or(0, |c| c + 1));
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
    }

    /// Shows tasks instead of items, and back.
    pub fn toggle(&mut self) {
        self.kind = match self.kind {
            RowKind::Items => RowKind::Tasks,
            RowKind::Tasks => RowKind::Items,
        };
        self.column = None;
        self.selected = None;
    }

    /// Forgets which row was selected: another arm has other rows.
    pub fn deselect(&mut self) {
        self.selected = None;
    }

    /// Moves the selected row.
    pub fn select(&mut self, scroll: &mut Scroll, motion: Motion) {
        let selected = self.selected;
        let at = selected.and_then(|row| self.order.iter().position(|other| *other == row));
        let at = scroll.select(at, motion);
        self.selected = self.order.get(at).copied();
    }

    /// A click on a name sorts by that column, or the other way round; a click on a row selects it.
    pub fn click(&mut self, x: u16, y: u16) {
        let drawn = &self.drawn;
        if drawn.head.contains((x, y).into()) {
            let column = drawn.ends.iter().position(|end| x < *end);
            if column.is_some() && column == self.column {
                self.reverse();
            } else if column.is_some() {
                (self.column, self.reversed) = (column, false);
            }
        } else if drawn.body.contains((x, y).into()) {
            let at = drawn.first + usize::from(y - drawn.body.y);
            if let Some(row) = self.order.get(at) {
                self.selected = Some(*row);
            }
        }
    }

    /// Puts the rows of an arm into order where something has changed.
    pub fn update(&mut self, arm: Option<&ArmResult>, snapshot: &Snapshot) {
        let Some(arm) = arm else { return };
        let rows = TableRows::new((self.kind, self.column), arm, snapshot);
        if self.column.is_some_and(|c| c >= rows.columns().len()) {
            self.column = None;
        }
        self.sort(&rows, arm);
    }

    /// Draws the panel; tells where the table is.
    pub fn draw(
        &self,
        pane: Pane<'_>,
        scroll: &mut Scroll,
        arm: Option<&ArmResult>,
        snapshot: &Snapshot,
    ) -> TableDrawn {
        let Some(arm) = arm else {
            pane.panel(("Items", ""))
                .nothing("no repeat of any arm has finished");
            return TableDrawn::default();
        };
        let rows = TableRows::new((self.kind, self.column), arm, snapshot);
        let typed = u16::from(self.filter.is_shown());
        let page = usize::from(pane.area.height.saturating_sub(3 + typed));
        let window = scroll.window(self.order.len(), page);
        let title = self.title(arm, rows.len(), pane.area.width);
        let note = self.note(&rows, &window);
        let mut inner = pane.panel((&title, &note));
        if typed == 1 {
            filter::draw(&self.filter, &mut inner.row(0));
        }
        let mut inner = inner.below(typed);
        let name = rows.name_width(inner.area.width);
        let ends = self.header(&mut inner, &rows, name);
        if self.order.is_empty() {
            let why = if rows.len() == 0 {
                "nothing was recorded"
            } else {
                "no row has all these words"
            };
            inner.below(1).nothing(why);
        }
        let area = inner.area;
        let drawn = TableDrawn {
            head: Rect {
                height: area.height.min(1),
                ..area
            },
            body: below(area, 1),
            first: window.start,
            ends,
        };
        self.lines(&mut inner, (&rows, name), window);
        drawn
    }

    /// The visible rows, the selected one marked.
    fn lines(
        &self,
        inner: &mut Pane<'_>,
        (rows, name): (&TableRows<'_>, u16),
        window: Range<usize>,
    ) {
        let theme = inner.theme;
        let places = inner.area.rows().skip(1);
        for (place, at) in places.zip(&self.order[window]) {
            let mut line = inner.part(place);
            rows.draw(line.row(0), *at as usize, name);
            if self.selected == Some(*at) {
                line.buf.set_style(place, theme.selected);
            }
        }
    }

    fn title(&self, arm: &ArmResult, all: usize, columns: u16) -> String {
        let kind = match self.kind {
            RowKind::Items => "Items",
            RowKind::Tasks => "Tasks",
        };
        let arm_name = if columns < 56 {
            short_arm(&arm.name, arm.workers)
        } else {
            arm_on_workers(&arm.name, arm.workers)
        };
        if self.order.len() == all && columns < 56 {
            format!("{kind} of {arm_name}")
        } else if self.order.len() == all {
            format!("{kind} of {arm_name}, median repeat")
        } else {
            format!(
                "{} of {all} {} of {arm_name}",
                self.order.len(),
                kind.to_lowercase()
            )
        }
    }

    /// The selected row in full, or which rows are visible.
    fn note(&self, rows: &TableRows<'_>, window: &Range<usize>) -> String {
        match self.selected {
            Some(row) if self.order[window.clone()].contains(&row) => rows.name(row as usize),
            _ => position(window, self.order.len()),
        }
    }

    fn sort(&mut self, rows: &TableRows<'_>, arm: &ArmResult) {
        let key = Key {
            kind: self.kind,
            arm: arm.name.clone(),
            workers: arm.workers,
            repeat: rows.repeat.map_or(0, |r| r.id.repeat),
            rows: rows.len(),
            column: self.column,
            reversed: self.reversed,
            words: filter::words(&self.filter),
        };
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.sorted += 1;
        let all = 0..u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.order = all
            .filter(|at| key.words.is_empty() || has_all(&key.words, &rows.words(*at as usize)))
            .collect();
        self.key = Some(key);
        if let Some(column) = self.column {
            self.order
                .sort_by(|a, b| rows.compare(column, *a as usize, *b as usize));
        }
        if self.reversed {
            self.order.reverse();
        }
    }

    /// The names of the columns; where each ends.
    fn header(&self, inner: &mut Pane<'_>, rows: &TableRows<'_>, name: u16) -> Vec<u16> {
        let (area, theme) = (inner.area, inner.theme);
        let mut ends = Vec::new();
        let mut row = inner.row(0);
        let arrow = theme.glyphs.order[usize::from(self.reversed)];
        for (i, (text, columns)) in rows.columns().into_iter().enumerate() {
            let (text, style) = if self.column == Some(i) {
                (format!("{text} {arrow}"), theme.accent)
            } else {
                (text, theme.dim)
            };
            if i == 0 {
                row.left(&text, name, style);
            } else if row.rest() >= columns {
                row.skip(1).right(&text, columns.saturating_sub(1), style);
            } else {
                break;
            }
            ends.push(area.right() - row.rest());
        }
        ends
    }
}
