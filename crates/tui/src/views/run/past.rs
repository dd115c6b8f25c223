//! Strips of the past beside the figures of cores, process and GPUs, with the cursor of
//! time in each.
//!
//! All strips of a panel have the same columns of time, the newest at the right; where the cursor
//! is older than what a strip can show, the strip goes back to it.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::kit::Pane;
use crate::kit::strip::{Extent, strip};
use crate::model::history::{History, Line};

/// Where a strip was drawn.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    area: Rect,
    /// The number of its last column.
    last: u64,
}

/// The past as the panels show it.
#[derive(Debug)]
pub struct Past<'a> {
    history: &'a History,
    column_ns: u64,
    cursor: Option<u64>,
    drawn: Strips,
}

/// Where strips were drawn: the way from a cell to a time.
#[derive(Debug, Clone, Default)]
pub struct Strips {
    column_ns: u64,
    all: Vec<Drawn>,
}

impl Strips {
    /// The middle of the time that a cell stands for.
    pub fn time_at(&self, x: u16, y: u16) -> Option<u64> {
        let at = (x, y).into();
        let strip = self.all.iter().find(|strip| strip.area.contains(at))?;
        let back = u64::from(strip.area.right() - 1 - x);
        let column = strip.last.checked_sub(back)?;
        Some(column.saturating_mul(self.column_ns) + self.column_ns / 2)
    }

    /// Takes in the strips of another panel.
    pub fn extend(&mut self, other: Self) {
        self.column_ns = other.column_ns;
        self.all.extend(other.all);
    }
}

impl<'a> Past<'a> {
    /// The past in columns of `column_ns`, with a cursor at a time.
    pub fn new(history: &'a History, column_ns: u64, cursor: Option<u64>) -> Self {
        let column_ns = column_ns.max(1);
        Self {
            history,
            column_ns,
            cursor,
            drawn: Strips {
                column_ns,
                all: Vec::new(),
            },
        }
    }

    /// Nanoseconds that a column stands for.
    pub fn column_ns(&self) -> u64 {
        self.column_ns
    }

    /// Where the strips are that were drawn.
    pub fn into_strips(self) -> Strips {
        self.drawn
    }

    /// Draws the past of a line over the last `columns` columns of a place.
    pub fn beside(&mut self, place: &mut Pane<'_>, columns: u16, what: (Line, Option<Style>)) {
        let area = place.area;
        let columns = columns.min(area.width);
        // Room above a high strip keeps neighbours apart.
        let height = area.height - u16::from(area.height > 2);
        let area = Rect {
            x: area.right() - columns,
            width: columns,
            height,
            ..area
        };
        self.draw(&mut place.part(area), what);
    }

    /// Draws the past of a line over an area.
    pub fn draw(&mut self, pane: &mut Pane<'_>, (line, style): (Line, Option<Style>)) {
        let area = pane.area;
        if area.is_empty() {
            return;
        }
        let newest = self.history.newest();
        let cursor = self.cursor.map(|t| (t / self.column_ns).min(newest));
        let room = u64::from(area.width) - 1;
        let back = cursor.map_or(0, |at| (newest - at).saturating_sub(room));
        let mut values = self.history.line(line, area.width, back);
        if line == Line::Memory {
            to_peak(&mut values);
        }
        strip(pane, &values, style);
        let last = newest - back;
        if let Some(at) = cursor {
            pane.mark_column(area.right() - 1 - (last - at) as u16);
        }
        self.drawn.all.push(Drawn { area, last });
    }
}

/// Scales a line to its own highest value: the shape tells something where the share of all
/// memory does not.
fn to_peak(line: &mut [Option<Extent>]) {
    let peak = line.iter().flatten().map(|e| e.high).fold(0.0, f32::max);
    if peak <= 0.0 {
        return;
    }
    for extent in line.iter_mut().flatten() {
        *extent = Extent {
            low: extent.low / peak,
            mean: extent.mean / peak,
            high: extent.high / peak,
        };
    }
}

#[cfg(test)]
mod tests {
    use workbench_machine::monitor::Sample;

    use super::*;
    use crate::model::history::Whole;
    use crate::theme::{Theme, ThemeName};
    use ratatui::buffer::Buffer;

    /// A cell that is clicked stands for the time at which the cursor is then drawn, also far back.
    #[test]
    fn a_click_puts_the_cursor_where_it_was_made() {
        let samples: Vec<(u64, Sample)> = (0..100)
            .map(|t| {
                let cores = vec![0.5];
                let sample = Sample {
                    cores,
                    ..Sample::default()
                };
                (t * 10, sample)
            })
            .collect();
        let mut history = History::default();
        let whole = Whole {
            cores: 1.0,
            memory: 1,
        };
        history.update(&samples, 10, 1, whole);
        let theme = Theme::new(ThemeName::Mono, false, true);
        let place = Rect::new(2, 1, 30, 2);
        let drawn = |cursor| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 40, 4));
            let mut past = Past::new(&history, 10, cursor);
            let mut pane = Pane::new(&mut buf, place, &theme);
            past.beside(&mut pane, 20, (Line::Core(0), None));
            let marked = (0..40).filter(|x| {
                let style = buf[(*x, 1)].modifier;
                buf[(*x, 1)].symbol() == "│" || style.contains(ratatui::style::Modifier::REVERSED)
            });
            let marked: Vec<u16> = marked.collect();
            (past.into_strips(), marked)
        };
        let (strips, marked) = drawn(None);
        assert!(marked.is_empty());
        assert_eq!(strips.time_at(31, 1), Some(995));
        assert_eq!(strips.time_at(11, 1), None);
        for x in 12..32 {
            let time = strips.time_at(x, 2);
            assert_eq!(drawn(time).1, [x]);
        }
        // Older than what fits: the strip goes back.
        let (strips, marked) = drawn(Some(105));
        assert_eq!(marked, [12]);
        assert_eq!(strips.time_at(12, 1), Some(105));
    }
}
