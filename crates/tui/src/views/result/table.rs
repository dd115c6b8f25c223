//! The table of items or of tasks of one arm, in any order. The order is worked out when something
//! changed, not for every drawing, and only visible rows are looked at.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use ratatui::layout::Rect;
use workbench_clock::seconds;
use workbench_pool::{NEVER_RAN, Outcome, TaskSpan};
use workbench_record::{RepeatState, Snapshot};
use workbench_report::format;
use workbench_result::{ArmResult, ItemResult};

use super::natural::natural;
use crate::field::FilterField;
use crate::kit::Motion;
use crate::kit::{Pane, PaneRow, Scroll, below, cells, position, safe};
use crate::model::names::arm_on_workers;
use crate::theme::letter;
use crate::views::filter::{self, has_all};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Items,
    Tasks,
}

/// What the order was worked out from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    kind: Kind,
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
    kind: Kind,
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

/// A column of the table of tasks.
const TASK_COLUMNS: [(&str, u16); 8] = [
    ("task", 8),
    ("slot", 5),
    ("start s", 9),
    ("wall s", 9),
    ("CPU s", 8),
    ("waited s", 9),
    ("try", 4),
    ("outcome", 10),
];

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
            Kind::Items => Kind::Tasks,
            Kind::Tasks => Kind::Items,
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
        let rows = Rows::new(self.kind, arm, snapshot);
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
        let rows = Rows::new(self.kind, arm, snapshot);
        let typed = u16::from(self.filter.is_shown());
        let page = usize::from(pane.area.height.saturating_sub(3 + typed));
        let window = scroll.window(self.order.len(), page);
        let title = self.title(arm, rows.len());
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
    fn lines(&self, inner: &mut Pane<'_>, (rows, name): (&Rows<'_>, u16), window: Range<usize>) {
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

    fn title(&self, arm: &ArmResult, all: usize) -> String {
        let kind = match self.kind {
            Kind::Items => "Items",
            Kind::Tasks => "Tasks",
        };
        let arm_name = arm_on_workers(&arm.name, arm.workers);
        if self.order.len() == all {
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
    fn note(&self, rows: &Rows<'_>, window: &Range<usize>) -> String {
        match self.selected {
            Some(row) if self.order[window.clone()].contains(&row) => rows.name(row as usize),
            _ => position(window, self.order.len()),
        }
    }

    fn sort(&mut self, rows: &Rows<'_>, arm: &ArmResult) {
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
    fn header(&self, inner: &mut Pane<'_>, rows: &Rows<'_>, name: u16) -> Vec<u16> {
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

/// The rows of the table as they are in the record.
struct Rows<'a> {
    kind: Kind,
    items: &'a [ItemResult],
    /// The name of the best item.
    best: Option<&'a str>,
    metrics: Vec<&'a str>,
    repeat: Option<&'a RepeatState>,
    tasks: &'a [TaskSpan],
}

impl<'a> Rows<'a> {
    fn new(kind: Kind, arm: &'a ArmResult, snapshot: &'a Snapshot) -> Self {
        let repeat = snapshot.median_repeat(&arm.name, arm.workers);
        let looked_at = arm
            .items
            .iter()
            .take(8)
            .flat_map(|item| item.item.metrics.keys());
        let metrics: BTreeSet<&str> = looked_at.map(String::as_str).collect();
        let best = arm.analysis.as_ref().and_then(|found| found.best.as_ref());
        Self {
            kind,
            items: &arm.items,
            best: best.map(|best| best.item.as_str()),
            metrics: metrics.into_iter().collect(),
            repeat,
            tasks: repeat.map_or(&[], |r| &r.tasks),
        }
    }

    fn len(&self) -> usize {
        match self.kind {
            Kind::Items => self.items.len(),
            Kind::Tasks => self.tasks.len(),
        }
    }

    /// The whole name of a row.
    fn name(&self, at: usize) -> String {
        match self.kind {
            Kind::Items => self.items.get(at).map(|item| {
                let best = if self.is_best(item) { " (best)" } else { "" };
                format!("{}{best}", safe(&item.item.name))
            }),
            Kind::Tasks => self
                .tasks
                .get(at)
                .map(|task| format!("{} {}", safe(&task.name), task.part)),
        }
        .unwrap_or_default()
    }

    fn is_best(&self, item: &ItemResult) -> bool {
        self.best == Some(item.item.name.as_str())
    }

    /// What a filter looks at: names, and of a task its slot, its try and its outcome.
    fn words(&self, at: usize) -> String {
        let name = self.name(at);
        match self.tasks.get(at).filter(|_| self.kind == Kind::Tasks) {
            None => name,
            Some(task) if task.slot == NEVER_RAN => {
                format!("{name} none {}", task.outcome.word())
            }
            Some(task) => format!(
                "{name} slot {} try {} {}",
                task.slot,
                u64::from(task.attempt) + 1,
                task.outcome.word()
            ),
        }
    }

    /// Names and widths of the columns; the first takes what is left.
    fn columns(&self) -> Vec<(String, u16)> {
        match self.kind {
            Kind::Tasks => TASK_COLUMNS
                .iter()
                .map(|(name, w)| ((*name).to_owned(), *w))
                .collect(),
            Kind::Items => {
                let mut columns = vec![("item".to_owned(), 12), ("CPU s".to_owned(), 10)];
                columns.extend(
                    self.metrics
                        .iter()
                        .map(|m| (safe(m), cells(m).clamp(8, 14) + 2)),
                );
                columns
            }
        }
    }

    fn name_width(&self, inner: u16) -> u16 {
        let others: u16 = self.columns().iter().skip(1).map(|c| c.1).sum();
        inner.saturating_sub(others).clamp(10, 34)
    }

    fn compare(&self, column: usize, a: usize, b: usize) -> Ordering {
        match self.kind {
            Kind::Items => {
                let (a, b) = (&self.items[a], &self.items[b]);
                match column {
                    0 => natural(&a.item.name).cmp(&natural(&b.item.name)),
                    1 => a.cpu_s.total_cmp(&b.cpu_s),
                    _ => {
                        let value = |item: &ItemResult| {
                            let name = self.metrics.get(column - 2);
                            name.and_then(|m| item.item.metrics.get(*m))
                                .copied()
                                .unwrap_or(f64::NAN)
                        };
                        value(a).total_cmp(&value(b))
                    }
                }
            }
            Kind::Tasks => {
                let (a, b) = (&self.tasks[a], &self.tasks[b]);
                match column {
                    0 => (a.group, a.part, a.task).cmp(&(b.group, b.part, b.task)),
                    1 => a.slot.cmp(&b.slot),
                    2 => a.started_ns.cmp(&b.started_ns),
                    3 => a.wall_ns().cmp(&b.wall_ns()),
                    4 => a.cpu_ns.cmp(&b.cpu_ns),
                    5 => waited(a).cmp(&waited(b)),
                    6 => a.attempt.cmp(&b.attempt),
                    _ => a.outcome.word().cmp(b.outcome.word()),
                }
            }
        }
    }

    fn draw(&self, row: PaneRow<'_>, at: usize, name: u16) {
        match self.kind {
            Kind::Items => self.item(row, at, name),
            Kind::Tasks => self.task(row, at, name),
        }
    }

    fn item(&self, mut row: PaneRow<'_>, at: usize, name: u16) {
        let Some(item) = self.items.get(at) else {
            return;
        };
        let text = if self.is_best(item) {
            row.theme.accent
        } else {
            row.theme.text
        };
        row.left(&self.name(at), name, text).skip(1).right(
            &format::plain_seconds(item.cpu_s),
            9,
            text,
        );
        let columns = self.columns();
        for (metric, (_, columns)) in self.metrics.iter().zip(columns.iter().skip(2)) {
            let value = item.item.metrics.get(*metric);
            let value = value.map_or_else(|| format::MISSING.to_owned(), |v| format::number(*v));
            if row.rest() < *columns {
                break;
            }
            row.skip(1).right(&value, columns - 1, text);
        }
    }

    fn task(&self, mut row: PaneRow<'_>, at: usize, name: u16) {
        let theme = row.theme;
        let Some(task) = self.tasks.get(at) else {
            return;
        };
        let start = self.repeat.map_or(0, |r| r.started_ns);
        let slot = match task.slot {
            NEVER_RAN => "none".to_owned(),
            slot => slot.to_string(),
        };
        let plain = |ns: u64| format::plain_seconds(seconds(ns));
        let values = [
            slot,
            plain(task.started_ns.saturating_sub(start)),
            plain(task.wall_ns()),
            plain(task.cpu_ns),
            plain(waited(task)),
            (u64::from(task.attempt) + 1).to_string(),
            task.outcome.word().to_owned(),
        ];
        let style = if task.outcome == Outcome::Done {
            theme.text
        } else {
            theme.bad
        };
        row.cell(letter(task.group), theme.series(task.group as usize))
            .skip(1)
            .left(&self.name(at), name.saturating_sub(2), theme.text);
        for (value, (_, columns)) in values.iter().zip(&TASK_COLUMNS[1..]) {
            row.skip(1).right(value, columns - 1, style);
        }
    }
}

/// Time between being ready and being started, in nanoseconds.
fn waited(task: &TaskSpan) -> u64 {
    task.started_ns.saturating_sub(task.ready_ns)
}
