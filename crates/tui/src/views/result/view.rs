//! What the Result screen keeps between two frames.

use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::charts::{Charts, nth_from_last};
use super::panel::Panel;
use super::table::Table;
use super::what_if;
use crate::kit::Scroll;
use crate::kit::plot::Field;
use crate::views::Focus;
use crate::views::curves::Chart;

/// The Result screen's own state.
#[derive(Debug)]
pub struct ResultView {
    pub(super) focus: Focus<Panel>,
    pub(super) charts: Charts,
    /// How often the next arm was asked for.
    pub(super) arm: usize,
    pub(super) scroll: [Scroll; 12],
    pub(super) table: Table,
    pub(super) chart: Chart,
    /// The tab that was open last.
    pub(super) open: Option<Panel>,
    /// Where the panels were drawn, and where their tabs.
    pub(super) places: Vec<(Panel, Rect)>,
    pub(super) tabs: Vec<(Panel, Rect)>,
    /// Where the charts over workers were drawn.
    pub(super) fields: Vec<Field>,
}

impl Default for ResultView {
    fn default() -> Self {
        Self {
            focus: Focus::default(),
            charts: Charts {
                cursor: 8,
                log: false,
            },
            arm: 0,
            scroll: [Scroll::default(); 12],
            table: Table::default(),
            chart: Chart::default(),
            open: None,
            places: Vec::new(),
            tabs: Vec::new(),
            fields: Vec::new(),
        }
    }
}

impl ResultView {
    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> Panel {
        self.focus.panel
    }

    /// How often the table was put into order.
    #[cfg(test)]
    pub fn times_sorted(&self) -> u32 {
        self.table.sorted
    }

    /// Puts the table into order and takes in curves. To be called before drawing.
    pub fn update(&mut self, result: &RunResult, snapshot: &Snapshot) {
        if let Some(started) = &snapshot.started {
            let repeats = &snapshot.repeats;
            self.chart.curves.update(started, repeats);
        }
        self.table
            .update(nth_from_last(&result.arms, self.arm), snapshot);
    }

    pub(super) fn move_cursor(&mut self, by: i32) {
        if self.focus.panel == Panel::Curves {
            self.chart.step_cursor(by);
        } else {
            let cursor = self.charts.cursor.saturating_add_signed(by);
            self.charts.cursor = cursor.clamp(1, what_if::MOST);
        }
    }
}
