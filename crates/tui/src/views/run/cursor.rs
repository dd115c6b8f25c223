//! The cursor of time that cores, GPUs, timeline and curves share, and how it moves.
//!
//! Keys and clicks only ask; the drawing, which knows the run, answers.

use super::look::Look;
use super::{Panel, RunView};
use crate::views::curves::Axis;

/// What can be asked between two drawings; more is not kept.
const MOST_ASKS: usize = 64;

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// Nanoseconds on the run's clock.
    pub at_ns: u64,
    /// The step, where it was put on one: several steps can be recorded at the same time.
    step: Option<f64>,
}

/// What is asked of the cursor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask {
    /// On, and off.
    Turn,
    /// So many cells of the panel to the right.
    Move(i32),
    /// To a time.
    Time(u64),
    /// To a place on the axis of the curves.
    Curve(f64),
}

impl RunView {
    pub(super) fn ask(&mut self, ask: Ask) {
        if self.asks.len() < MOST_ASKS {
            self.asks.push(ask);
        }
    }

    /// Does what was asked of the cursor since the last drawing.
    pub(super) fn answer(&mut self, look: &Look<'_>) {
        for ask in std::mem::take(&mut self.asks) {
            self.cursor = match ask {
                Ask::Turn if self.cursor.is_some() => None,
                Ask::Turn => Self::cursor_at(look.now_ns(), look),
                Ask::Time(t) => Self::cursor_at(t, look),
                Ask::Curve(x) => self.on_curve(x, 0, look),
                Ask::Move(cells) => self.moved(cells, look),
            };
        }
        // A run that begins anew is shorter.
        if let Some(cursor) = &mut self.cursor {
            cursor.at_ns = cursor.at_ns.min(look.now_ns());
        }
    }

    fn cursor_at(at_ns: u64, look: &Look<'_>) -> Option<Cursor> {
        let at_ns = at_ns.min(look.now_ns());
        look.started().map(|_| Cursor { at_ns, step: None })
    }

    fn moved(&self, cells: i32, look: &Look<'_>) -> Option<Cursor> {
        let Some(cursor) = self.cursor else {
            return Self::cursor_at(look.now_ns(), look);
        };
        let column_ns = self.column_ns();
        let cell_ns = match self.focus.panel {
            Panel::Curves => {
                if let (Some(x), Some(field)) = (self.curves.cursor, self.curves.field()) {
                    return self.on_curve(field.moved(x, cells), cells.signum(), look);
                }
                column_ns
            }
            Panel::Timeline => self.timeline.step_ns().unwrap_or(column_ns),
            _ => column_ns,
        };
        let by = cell_ns.saturating_mul(u64::from(cells.unsigned_abs()));
        let at_ns = if cells < 0 {
            cursor.at_ns.saturating_sub(by)
        } else {
            cursor.at_ns.saturating_add(by)
        };
        Self::cursor_at(at_ns, look)
    }

    /// Where the repeat that is shown was at a place of the curves' axis.
    fn on_curve(&self, x: f64, towards: i32, look: &Look<'_>) -> Option<Cursor> {
        let look = look.at(self.cursor.map(|cursor| cursor.at_ns));
        let repeat = look.shown()?.state;
        let Some((at_ns, x)) = self.curves.time_of_x(repeat, x, towards) else {
            return self.cursor;
        };
        // Within the repeat, so that the chart does not become another one.
        let end = repeat
            .finished
            .as_ref()
            .map_or(look.now_ns(), |f| f.started_ns.saturating_add(f.wall_ns));
        let step = (self.curves.axis() == Axis::Step).then_some(x);
        Some(Cursor {
            at_ns: at_ns.clamp(repeat.started_ns, end.max(repeat.started_ns)),
            step,
        })
    }

    /// Puts the cursor of time where it lies on the axis of the curves.
    pub(super) fn place_cursor_in_curves(&mut self, look: &Look<'_>) {
        let at = self.cursor.and_then(|cursor| {
            let pinned = cursor.step.filter(|_| self.curves.axis() == Axis::Step);
            pinned.or_else(|| {
                let look = look.at(Some(cursor.at_ns));
                self.curves.x_of_time(look.shown()?.state, cursor.at_ns)
            })
        });
        self.curves.cursor = at;
    }
}
