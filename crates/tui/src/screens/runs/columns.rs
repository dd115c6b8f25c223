//! Runs as lines of a list: columns as wide as what is in them, the same here and on the first
//! screen.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use workbench_history::Standing;

use super::super::SharedState;
use crate::kit::columns;
use crate::kit::text::width;
use crate::theme::Theme;
use workbench_history::list::RunRow;

/// How wide the texts of some runs are, measured once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Widths {
    id: usize,
    lab: usize,
    preset: usize,
    status: usize,
}

impl Widths {
    /// Measures some runs.
    pub fn of(rows: &[RunRow]) -> Self {
        let widest = |least: usize, most: usize, text: fn(&RunRow) -> &str| {
            rows.iter()
                .map(|row| width(text(row)))
                .max()
                .unwrap_or(0)
                .clamp(least, most)
        };
        Self {
            id: widest(3, 28, name_of),
            lab: widest(3, 10, |row| &row.lab),
            preset: widest(6, 12, |row| &row.preset),
            status: widest(6, 12, RunRow::status),
        }
    }
}

/// What a person calls a run; its id where nobody has given it a name.
fn name_of(row: &RunRow) -> &str {
    if row.label.name.is_empty() {
        &row.id
    } else {
        &row.label.name
    }
}

/// Columns that a speed-up takes with a part of its arm's name.
const LEAST_BEST: usize = 10;

/// The widths of a list's columns.
pub struct Columns {
    widths: Widths,
    started: usize,
    best: usize,
}

impl Columns {
    /// Columns in a number of cells. The start is left out where there is no room: the id begins
    /// with it.
    pub fn new(widths: Widths, room: usize) -> Self {
        let mut widths = widths;
        let wide = |w: &Widths| w.id + w.lab + w.preset + w.status + 2 * 4;
        if wide(&widths) + LEAST_BEST > room {
            // What came out matters more than how it was called.
            widths.preset = 0;
        }
        let used = wide(&widths) - 2 * usize::from(widths.preset == 0);
        let started = if used + 18 + 24 <= room { 16 } else { 0 };
        let gap = if started > 0 { 18 } else { 0 };
        Self {
            widths,
            started,
            best: room.saturating_sub(used + gap),
        }
    }

    fn line(&self, cells: [(&str, Style); 6], theme: &Theme) -> Line<'static> {
        let widths = [
            self.widths.id,
            self.started,
            self.widths.lab,
            self.widths.preset,
            self.widths.status,
            self.best,
        ];
        let cells: Vec<_> = cells
            .iter()
            .zip(widths)
            .filter(|(_, width)| *width > 0)
            .map(|((text, style), width)| (*text, width, *style))
            .collect();
        columns(&cells, theme)
    }

    /// The line above the rows.
    pub fn head(&self, theme: &Theme) -> Line<'static> {
        let dim = theme.dim;
        let names = ["RUN", "STARTED", "LAB", "PRESET", "STATUS", "BEST SPEED-UP"];
        let mut line = self.line(names.map(|name| (name, dim)), theme);
        line.spans.insert(0, Span::raw("  "));
        line
    }
}

/// One run as a line of a list.
pub fn run_line(row: &RunRow, columns: &Columns, shared: &SharedState) -> Line<'static> {
    let (theme, started) = (&shared.theme, shared.started(row));
    let status = match row.standing {
        Some(Standing::Completed) => theme.good,
        Some(Standing::Running) => theme.accent,
        Some(Standing::Interrupted | Standing::Killed) => theme.warn,
        _ => theme.bad,
    };
    columns.line(
        [
            (name_of(row), theme.text),
            (&started, theme.dim),
            (&row.lab, theme.text),
            (&row.preset, theme.text),
            (row.status(), status),
            (&row.best, theme.text),
        ],
        theme,
    )
}
