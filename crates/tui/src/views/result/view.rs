//! What the Result screen keeps between two frames.

use jiff::tz::TimeZone;
use workbench_history::Standing;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::charts::{Charts, nth_from_last};
use super::panel::ResultPanel;
use super::table::{self, ItemTable};
use super::timelines::ArmTimelines;
use super::what_if;
use crate::kit::Motion;
use crate::kit::plot::PlotArea;
use crate::views::curves::CurveChart;
use crate::views::panels::Panels;

/// The Result screen's own state.
#[derive(Debug)]
pub struct ResultView {
    pub(super) panels: Panels<ResultPanel>,
    pub(super) charts: Charts,
    /// Only what matters is shown, large, for a projector.
    pub(super) presenting: bool,
    /// The time zone in which times are shown.
    pub zone: TimeZone,
    /// How the run stands, where more is known than the result tells.
    pub standing: Option<Standing>,
    /// How often the next arm was asked for.
    pub(super) arm: usize,
    /// How many arms there are.
    pub(super) arms: usize,
    pub(super) table: ItemTable,
    pub(super) timelines: ArmTimelines,
    pub(super) chart: CurveChart,
    /// Where the charts over workers were drawn.
    pub(super) fields: Vec<PlotArea>,
}

/// What a drawing tells: where things are, which is the way from a click to what was meant.
#[derive(Debug, Default)]
pub struct ResultDrawn {
    pub(super) panels: Panels<ResultPanel>,
    pub(super) table: table::TableDrawn,
    /// Where the curves are.
    pub(super) curves: Option<PlotArea>,
    /// Where the charts over workers are.
    pub(super) fields: Vec<PlotArea>,
}

impl Default for ResultView {
    fn default() -> Self {
        Self {
            panels: Panels::default(),
            charts: Charts {
                cursor: 8,
                log: false,
            },
            presenting: false,
            zone: TimeZone::UTC,
            standing: None,
            arm: 0,
            arms: 0,
            table: ItemTable::default(),
            timelines: ArmTimelines::default(),
            chart: CurveChart::default(),
            fields: Vec::new(),
        }
    }
}

impl ResultView {
    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> ResultPanel {
        self.panels.focus
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
            self.chart.update(started, repeats);
        }
        self.timelines.update(result, snapshot);
        self.arms = result.arms.len();
        self.table
            .update(nth_from_last(&result.arms, self.arm), snapshot);
    }

    /// Takes in what the last drawing told.
    pub fn take(&mut self, drawn: ResultDrawn) {
        self.panels = drawn.panels;
        self.table.drawn = drawn.table;
        self.chart.field = drawn.curves;
        self.fields = drawn.fields;
    }

    pub(super) fn scroll(&mut self, panel: ResultPanel, motion: Motion) {
        let scroll = self.panels.scroll(panel);
        if panel == ResultPanel::Table {
            self.table.select(scroll, motion);
        } else {
            scroll.act(motion);
        }
    }

    /// In the table a click selects or sorts, on a chart it puts the cursor there.
    pub(super) fn click(&mut self, panel: ResultPanel, x: u16, y: u16) {
        match panel {
            ResultPanel::Table => self.table.click(x, y),
            ResultPanel::Curves => {
                if let Some(at) = self.chart.field.and_then(|field| field.x_at(x, y)) {
                    self.chart.cursor = Some(at);
                }
            }
            ResultPanel::WhatIf | ResultPanel::Scaling => {
                let workers = self.fields.iter().find_map(|field| field.x_at(x, y));
                if let Some(workers) = workers {
                    let most = f64::from(what_if::MOST);
                    self.charts.cursor = workers.round().clamp(1.0, most) as u32;
                }
            }
            _ => {}
        }
    }

    pub(super) fn move_cursor(&mut self, by: i32) {
        if self.panels.focus == ResultPanel::Curves {
            self.chart.step_cursor(by);
        } else {
            let cursor = self.charts.cursor.saturating_add_signed(by);
            self.charts.cursor = cursor.clamp(1, what_if::MOST);
        }
    }
}
