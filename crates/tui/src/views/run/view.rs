//! What the Run screen keeps between two frames.

use super::items::ItemsView;
use super::log::LogView;
use super::panel::RunPanel;
use super::past::Strips;
use super::request::{Cursor, CursorRequest};
use super::timeline::Cells;
use workbench_history::Standing;
use workbench_record::Snapshot;

use crate::kit::Motion;
use crate::kit::plot::PlotArea;
use crate::model::RunModel;
use crate::model::snapshot_view::SnapshotView;
use crate::model::timeline::{STEPS, STRIDE};
use crate::views::curves::CurveChart;
use crate::views::panels::Panels;

/// Nanoseconds per column of history, from fine to coarse. The finest is the time between two
/// samples early in a run.
const COLUMN_NS: [u64; 7] = [
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    20_000_000_000,
    60_000_000_000,
];

/// What a drawing tells: where things are, which is the way from a click to what was meant.
#[derive(Debug, Default)]
pub struct RunDrawn {
    pub(super) panels: Panels<RunPanel>,
    pub(super) log: LogView,
    /// Where the curves are.
    pub(super) curves: Option<PlotArea>,
    /// Strips of the past.
    pub(super) strips: Strips,
    /// The cells of the timeline.
    pub(super) timeline: Option<Cells>,
}

impl RunDrawn {
    /// Nothing is drawn yet; what is not drawn cannot be clicked.
    pub(super) fn of(view: &RunView) -> Self {
        Self {
            panels: view.panels.clone(),
            log: view.log.clone(),
            ..Self::default()
        }
    }
}

/// The Run screen's own state: where the keys act and what people chose to look at.
#[derive(Debug, Default)]
pub struct RunView {
    pub(super) model: RunModel,
    pub(super) panels: Panels<RunPanel>,
    /// The picture that is held: a copy, so that nothing else has to tell it from a live one.
    pub(super) frozen: Option<Box<Snapshot>>,
    pub(super) freeze_next: bool,
    pub(super) column: usize,
    /// Steps that a cell of the timeline is coarser than it would be by itself.
    pub(super) stretch: isize,
    pub(super) cursor: Option<Cursor>,
    /// What was asked of the cursor since the last update, which knows the run.
    pub(super) requests: Vec<CursorRequest>,
    pub(super) chart: CurveChart,
    pub(super) log: LogView,
    pub(super) items: ItemsView,
    pub(super) strips: Strips,
    pub(super) timeline: Option<Cells>,
    /// Whether the curves have a place for the cursor.
    pub(super) cursor_in_curves: bool,
    /// How the run stands, where nothing more of it will come.
    pub standing: Option<Standing>,
}

impl RunView {
    /// A view that knows nothing yet, with the same panel in front.
    pub fn anew(&self) -> Self {
        Self {
            panels: self.panels.clone(),
            column: self.column,
            ..Self::default()
        }
    }

    /// Takes in what the last drawing told.
    pub fn take(&mut self, drawn: RunDrawn) {
        self.panels = drawn.panels;
        self.log = drawn.log;
        self.chart.field = drawn.curves;
        self.strips = drawn.strips;
        self.timeline = drawn.timeline;
    }

    pub(super) fn at_cursor<'a>(&self, run: SnapshotView<'a>) -> SnapshotView<'a> {
        run.at(self.cursor.map(|cursor| cursor.at_ns))
    }

    /// The item that would be stopped: the selected one, where keys act on the items and more can
    /// become of it.
    pub fn item_to_stop(&self) -> Option<&str> {
        let acts = self.panels.focus == RunPanel::Items;
        acts.then(|| self.items.to_stop(&self.model.items))?
    }

    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> RunPanel {
        self.panels.focus
    }

    /// Whether the picture is held.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some() || self.freeze_next
    }

    pub(super) fn stretch(&mut self, by: isize) {
        (self.column, self.stretch) = self.stretched(by);
    }

    /// Whether the stretch of time that the panel shows can be made longer or shorter.
    pub(super) fn can_stretch(&self, by: isize) -> bool {
        let panels: &[RunPanel] = match self.panels.focus {
            RunPanel::Timeline => &[RunPanel::Timeline],
            _ => &[RunPanel::Cores, RunPanel::Gpus],
        };
        self.panels.shows(panels) && self.stretched(by) != (self.column, self.stretch)
    }

    fn stretched(&self, by: isize) -> (usize, isize) {
        if self.panels.focus == RunPanel::Timeline {
            let most = STEPS.cast_signed();
            let stretch = (self.stretch + by * STRIDE).clamp(-most, most);
            return (self.column, stretch);
        }
        let column = self.column.saturating_add_signed(by);
        (column.min(COLUMN_NS.len() - 1), self.stretch)
    }

    pub(super) fn scroll(&mut self, panel: RunPanel, motion: Motion) {
        let scroll = self.panels.scroll(panel);
        match (panel, motion) {
            (RunPanel::Log, _) => self.log.scroll(motion),
            (RunPanel::Items, _) => self.items.scroll(scroll, &self.model.items, motion),
            // GPUs come in pages.
            (RunPanel::Gpus, Motion::Up) => scroll.act(Motion::PageUp),
            (RunPanel::Gpus, Motion::Down) => scroll.act(Motion::PageDown),
            _ => scroll.act(motion),
        }
    }

    /// What a click on a chart asks of the cursor.
    pub(super) fn request_at(&self, panel: RunPanel, x: u16, y: u16) -> Option<CursorRequest> {
        match panel {
            RunPanel::Cores | RunPanel::Gpus => self.strips.time_at(x, y).map(CursorRequest::Time),
            RunPanel::Timeline => self.timeline?.time_at(x, y).map(CursorRequest::Time),
            RunPanel::Curves => self.chart.field?.x_at(x, y).map(CursorRequest::Curve),
            RunPanel::Arms | RunPanel::Slots | RunPanel::Items | RunPanel::Log => None,
        }
    }

    pub(super) fn column_ns(&self) -> u64 {
        COLUMN_NS[self.column.min(COLUMN_NS.len() - 1)]
    }
}
