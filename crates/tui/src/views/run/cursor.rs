//! The cursor of time that cores, GPUs, timeline and curves share, and how it moves.
//!
//! Keys and clicks only ask; the next update, which knows the run, answers.

use super::panel::RunPanel;
use super::request::{Cursor, CursorRequest};
use super::view::RunView;
use crate::model::curves::Axis;
use crate::model::snapshot_view::SnapshotView;

/// What can be asked between two updates; more is not kept.
const MOST_REQUESTS: usize = 64;

impl RunView {
    pub(super) fn request(&mut self, request: CursorRequest) {
        if self.requests.len() < MOST_REQUESTS {
            self.requests.push(request);
        }
    }

    /// Does what was asked of the cursor since the last update.
    pub(super) fn answer(&mut self, run: &SnapshotView<'_>) {
        for request in std::mem::take(&mut self.requests) {
            self.cursor = match request {
                CursorRequest::Toggle if self.cursor.is_some() => None,
                CursorRequest::Toggle => Self::cursor_at(run.snapshot.now_ns, run),
                CursorRequest::Time(t) => Self::cursor_at(t, run),
                CursorRequest::Curve(x) => self.on_curve(x, 0, run),
                CursorRequest::Move(cells) => self.moved(cells, run),
            };
        }
        // A run that begins anew is shorter.
        if let Some(cursor) = &mut self.cursor {
            cursor.at_ns = cursor.at_ns.min(run.snapshot.now_ns);
        }
    }

    fn cursor_at(at_ns: u64, run: &SnapshotView<'_>) -> Option<Cursor> {
        let at_ns = at_ns.min(run.snapshot.now_ns);
        run.started().map(|_| Cursor { at_ns, step: None })
    }

    fn moved(&self, cells: i32, run: &SnapshotView<'_>) -> Option<Cursor> {
        let Some(cursor) = self.cursor else {
            return Self::cursor_at(run.snapshot.now_ns, run);
        };
        let column_ns = self.column_ns();
        let cell_ns = match self.panels.focus {
            RunPanel::Curves => {
                if let (Some(x), Some(field)) = (self.chart.cursor, self.chart.field) {
                    return self.on_curve(field.moved(x, cells), cells.signum(), run);
                }
                column_ns
            }
            RunPanel::Timeline => self.timeline.map_or(column_ns, |cells| cells.step_ns),
            _ => column_ns,
        };
        let by = cell_ns.saturating_mul(u64::from(cells.unsigned_abs()));
        let at_ns = if cells < 0 {
            cursor.at_ns.saturating_sub(by)
        } else {
            cursor.at_ns.saturating_add(by)
        };
        Self::cursor_at(at_ns, run)
    }

    /// Where the repeat that is shown was at a place of the curves' axis.
    fn on_curve(&self, x: f64, towards: i32, run: &SnapshotView<'_>) -> Option<Cursor> {
        let run = run.at(self.cursor.map(|cursor| cursor.at_ns));
        let repeat = run.repeat()?;
        let Some((at_ns, x)) = self.chart.curves.time_of_x(repeat, x, towards) else {
            return self.cursor;
        };
        // Within the repeat, so that the chart does not become another one.
        let end = repeat.finished.as_ref().map_or(run.snapshot.now_ns, |f| {
            f.started_ns.saturating_add(f.wall_ns)
        });
        let step = (self.chart.curves.axis() == Axis::Step).then_some(x);
        Some(Cursor {
            at_ns: at_ns.clamp(repeat.started_ns, end.max(repeat.started_ns)),
            step,
        })
    }

    /// Puts the cursor of time where it lies on the axis of the curves.
    pub(super) fn place_cursor_in_curves(&mut self, run: &SnapshotView<'_>) {
        let shown = run.at(self.cursor.map(|cursor| cursor.at_ns));
        let now_ns = run.snapshot.now_ns;
        let x_now = |repeat| self.chart.curves.x_of_time(repeat, now_ns);
        self.cursor_in_curves = shown.repeat().and_then(x_now).is_some();
        let at = self.cursor.and_then(|cursor| {
            let pinned = cursor
                .step
                .filter(|_| self.chart.curves.axis() == Axis::Step);
            pinned.or_else(|| {
                let run = run.at(Some(cursor.at_ns));
                self.chart.curves.x_of_time(run.repeat()?, cursor.at_ns)
            })
        });
        self.chart.cursor = at;
    }
}
