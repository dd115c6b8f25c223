//! What the Monitor screen keeps between two frames.

use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::Rect;
use workbench_machine::state::SeenProcess;
use workbench_monitor::{
    ColumnSpread, MonitorLook, ProcessRow, ProcessWish, Timeline, Trace, arranged,
};

use super::panel::MonitorPanel;
use crate::field::FilterField;
use crate::kit::Motion;
use crate::kit::strip::Extent;
use crate::views::filter;
use crate::views::panels::Panels;

/// What a drawing tells: where things are.
#[derive(Debug, Default)]
pub struct MonitorDrawn {
    pub(super) panels: Panels<MonitorPanel>,
    /// The first line of the processes.
    pub(super) list: Rect,
}

/// The Monitor screen's own state.
#[derive(Debug, Default)]
pub struct MonitorView {
    pub(super) panels: Panels<MonitorPanel>,
    pub(super) wish: ProcessWish,
    pub(super) filter: FilterField,
    look: Option<Arc<MonitorLook>>,
    /// From one look to the next, where that is not as usual.
    interval: Option<Duration>,
    timeline: Timeline,
    /// The picture that is held, with its past.
    frozen: Option<Box<(Arc<MonitorLook>, Timeline)>>,
    grain: usize,
    rows: Vec<ProcessRow>,
    /// The selected process, by its number and start.
    selected: Option<(u32, u64)>,
    /// The process that the last picture marks, by its number and start.
    marked: Option<(u32, u64)>,
    list: Rect,
    /// Signals are not handed over.
    pub read_only: bool,
}

impl MonitorView {
    /// Takes in a look.
    pub fn add(&mut self, look: Arc<MonitorLook>) {
        self.timeline.add(&look.state);
        self.look = Some(look);
        self.arrange();
    }

    /// Looks are so far apart.
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = Some(interval);
        self.forget();
    }

    /// Forgets what was seen; where the person looked stays.
    pub fn forget(&mut self) {
        self.timeline = self
            .interval
            .map_or_else(Timeline::default, Timeline::every);
        self.look = None;
        self.frozen = None;
        self.rows.clear();
        self.marked = None;
    }

    /// What is shown.
    pub fn shown(&self) -> Option<&MonitorLook> {
        match &self.frozen {
            Some(frozen) => Some(&frozen.0),
            None => self.look.as_deref(),
        }
    }

    /// Works out which processes are shown. To be called before drawing.
    pub fn update(&mut self) {
        self.arrange();
        let (rows, place) = self.rows();
        let first = rows.get(place.unwrap_or(0));
        self.marked = first.and_then(|row| self.process(row)).map(identity);
    }

    /// Rows name processes by their places in the look that is shown, so they change with it.
    fn arrange(&mut self) {
        self.wish.words = self.words();
        if let Some(look) = self.shown() {
            self.rows = arranged(&look.state.processes, &self.wish);
        }
    }

    /// Takes in what the last drawing told.
    pub fn take(&mut self, drawn: MonitorDrawn) {
        self.panels = drawn.panels;
        self.list = drawn.list;
    }

    /// Whether the picture is held.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Whether one panel has the whole screen.
    pub(super) fn is_zoomed(&self) -> bool {
        self.panels.zoomed
    }

    pub(super) fn turn_frozen(&mut self) {
        self.frozen = match (self.frozen.take(), &self.look) {
            (None, Some(look)) => Some(Box::new((Arc::clone(look), self.timeline.clone()))),
            _ => None,
        };
        self.arrange();
    }

    pub(super) fn stretch(&mut self, by: isize) {
        let grain = self.grain.saturating_add_signed(by);
        self.grain = grain.min(Timeline::coarsest());
    }

    /// Whether there is a longer or a shorter stretch of time.
    pub(super) fn can_stretch(&self, by: isize) -> bool {
        let grain = self.grain.checked_add_signed(by);
        grain.is_some_and(|grain| grain <= Timeline::coarsest())
    }

    fn past(&self) -> &Timeline {
        self.frozen
            .as_ref()
            .map_or(&self.timeline, |frozen| &frozen.1)
    }

    /// The past of a share, at most so many columns, the newest last.
    pub(super) fn columns(&self, trace: Trace, most: u16) -> Vec<Option<Extent>> {
        let columns = self.past().columns(trace, self.grain, usize::from(most));
        columns
            .into_iter()
            .map(|column| column.map(extent))
            .collect()
    }

    /// The past of a rate, with its highest as a full column, and the highest.
    pub(super) fn rates(&self, trace: Trace, most: u16) -> (Vec<Option<Extent>>, f32) {
        let highest = self.past().highest(trace, self.grain, usize::from(most));
        let scale = if highest > 0.0 { highest } else { 1.0 };
        let scaled = |extent: Extent| Extent {
            low: extent.low / scale,
            mean: extent.mean / scale,
            high: extent.high / scale,
        };
        let columns = self.columns(trace, most);
        (
            columns
                .into_iter()
                .map(|column| column.map(scaled))
                .collect(),
            highest,
        )
    }

    /// The time that a column of history stands for, in seconds.
    pub(super) fn column_s(&self) -> f64 {
        self.past().column_s(self.grain)
    }

    /// Whether figures of GPUs of this age, in seconds, are older than they should be.
    pub(super) fn is_old(&self, age_s: f64) -> bool {
        self.past().is_old(age_s)
    }

    /// The processes that are shown, and the place of the selected one.
    pub(super) fn rows(&self) -> (&[ProcessRow], Option<usize>) {
        let of_row = |row: &ProcessRow| self.process(row).map(identity) == self.selected;
        let place = self
            .selected
            .and_then(|_| self.rows.iter().position(of_row));
        (&self.rows, place)
    }

    pub(super) fn process(&self, row: &ProcessRow) -> Option<&SeenProcess> {
        self.shown()?.state.processes.get(row.place)
    }

    /// The process that the last picture marks, and no other that has taken its place in the list
    /// since. Words that were typed since then hold.
    pub fn marked(&mut self) -> Option<&SeenProcess> {
        if self.wish.words != self.words() {
            self.update();
        }
        let marked = self.marked?;
        let mut seen = self.shown()?.state.processes.iter();
        seen.find(|process| identity(process) == marked)
    }

    fn move_selected(&mut self, motion: Motion) {
        // The first one is marked where none was chosen.
        let place = self.rows().1.or(Some(0));
        let place = self
            .panels
            .scroll(MonitorPanel::Processes)
            .select(place, motion);
        self.select(place);
    }

    pub(super) fn select_at(&mut self, y: u16) {
        let list = self.list;
        if (list.top()..list.bottom()).contains(&y) {
            let first = self.panels.scroll(MonitorPanel::Processes).first;
            self.select(first + usize::from(y - list.y));
        }
    }

    pub(super) fn scroll(&mut self, panel: MonitorPanel, motion: Motion) {
        if panel == MonitorPanel::Processes {
            self.move_selected(motion);
        } else {
            self.panels.scroll(panel).act(motion);
        }
    }

    /// The words that processes have to have.
    fn words(&self) -> Vec<String> {
        filter::words(&self.filter)
    }

    fn select(&mut self, place: usize) {
        let chosen = self.rows.get(place).and_then(|row| self.process(row));
        if let Some(chosen) = chosen.map(identity) {
            self.selected = Some(chosen);
            self.marked = Some(chosen);
        }
    }
}

fn identity(process: &SeenProcess) -> (u32, u64) {
    (process.pid, process.started_ticks)
}

fn extent(spread: ColumnSpread) -> Extent {
    Extent {
        low: spread.low,
        mean: spread.mean,
        high: spread.high,
    }
}
