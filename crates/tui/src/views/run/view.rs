//! What the Run screen keeps between two frames.

use ratatui::layout::Rect;

use super::log::LogView;
use super::panel::Panel;
use super::past::Strips;
use super::request::{Cursor, CursorRequest};
use super::timeline::Cells;
use workbench_record::Snapshot;

use crate::kit::Scroll;
use crate::kit::list::Motion;
use crate::model::RunModel;
use crate::model::snapshot_view::SnapshotView;
use crate::model::timeline::{STEPS, STRIDE};
use crate::views::Focus;
use crate::views::curves::Chart;

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

/// Where things were drawn last: the way from a click to what was meant.
#[derive(Debug, Default)]
pub struct Drawn {
    pub(super) panels: Vec<(Panel, Rect)>,
    /// Strips of the past.
    pub(super) strips: Strips,
    /// The cells of the timeline.
    pub(super) timeline: Option<Cells>,
}

/// The Run screen's own state: where the keys act and what people chose to look at.
#[derive(Debug, Default)]
pub struct RunView {
    pub(super) model: RunModel,
    pub(super) focus: Focus<Panel>,
    /// The picture that is held: a copy, so that nothing else has to tell it from a live one.
    pub(super) frozen: Option<Box<Snapshot>>,
    pub(super) freeze_next: bool,
    pub(super) column: usize,
    /// Steps that a cell of the timeline is coarser than it would be by itself.
    pub(super) stretch: isize,
    pub(super) cursor: Option<Cursor>,
    /// What was asked of the cursor since the last update, which knows the run.
    pub(super) requests: Vec<CursorRequest>,
    pub(super) scroll: [Scroll; 7],
    pub(super) chart: Chart,
    pub(super) log: LogView,
    pub(super) drawn: Drawn,
}

impl RunView {
    /// A view that knows nothing yet, with the same panel in front.
    pub fn anew(&self) -> Self {
        Self {
            focus: self.focus.clone(),
            column: self.column,
            ..Self::default()
        }
    }

    pub(super) fn at_cursor<'a>(&self, run: SnapshotView<'a>) -> SnapshotView<'a> {
        run.at(self.cursor.map(|cursor| cursor.at_ns))
    }

    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> Panel {
        self.focus.panel
    }

    /// Whether the picture is held.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some() || self.freeze_next
    }

    pub(super) fn stretch(&mut self, by: isize) {
        if self.focus.panel == Panel::Timeline {
            let most = STEPS.cast_signed();
            self.stretch = (self.stretch + by * STRIDE).clamp(-most, most);
        } else {
            let column = self.column.saturating_add_signed(by);
            self.column = column.min(COLUMN_NS.len() - 1);
        }
    }

    pub(super) fn scroll(&mut self, panel: Panel, motion: Motion) {
        match (panel, motion) {
            (Panel::Log, _) => self.log.scroll(motion),
            // GPUs come in pages.
            (Panel::Gpus, Motion::Up) => self.scroll[panel as usize].act(Motion::PageUp),
            (Panel::Gpus, Motion::Down) => self.scroll[panel as usize].act(Motion::PageDown),
            _ => self.scroll[panel as usize].act(motion),
        }
    }

    pub(super) fn column_ns(&self) -> u64 {
        COLUMN_NS[self.column.min(COLUMN_NS.len() - 1)]
    }
}
