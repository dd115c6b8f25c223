//! The words for intervals: what kind they are of, beside their ends or once for a whole table.

use workbench_result::{ArmResult, Interval, IntervalKind, ScalingPoint};

use super::format;

/// A range, where there is little room.
const NARROW_RANGE: &str = "range of 2";

/// What an interval is called.
pub fn name(kind: IntervalKind) -> &'static str {
    match kind {
        IntervalKind::Confidence95 => "95 % interval",
        IntervalKind::Range => "range of 2 repeats",
    }
}

/// What is said where there is none.
const NONE: &str = "no interval";

/// An interval of a ratio with its name, also where there is none.
pub fn named_or_none(interval: Option<&Interval>) -> String {
    interval.map_or_else(|| NONE.to_owned(), named)
}

/// An interval of a ratio with its name: `95 % interval 1.84 to 1.90`.
pub fn named(interval: &Interval) -> String {
    let ends = format::interval(interval.ends());
    format!("{} {ends}", name(interval.kind))
}

/// The end of an axis for values up to `most`, and their intervals: few and disturbed repeats have
/// intervals so wide that nothing else could be seen beside them, so they are cut off.
pub fn axis_end(most: f64, intervals: impl IntoIterator<Item = Interval>) -> f64 {
    const ROOM: f64 = 3.0;
    let highs = intervals.into_iter().map(|interval| interval.high);
    let highest = highs.filter(|high| high.is_finite()).fold(most, f64::max);
    highest.min(ROOM * most)
}

/// The kinds of the intervals in one table or chart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    confidence: bool,
    range: bool,
}

impl FromIterator<Interval> for Kinds {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> Self {
        let mut kinds = Self::default();
        for interval in intervals {
            match interval.kind {
                IntervalKind::Confidence95 => kinds.confidence = true,
                IntervalKind::Range => kinds.range = true,
            }
        }
        kinds
    }
}

impl Kinds {
    /// Those of the speed-ups of some arms.
    pub fn of_arms<'a>(arms: impl IntoIterator<Item = &'a ArmResult>) -> Self {
        let intervals = arms.into_iter().map(|arm| arm.speedup_interval);
        intervals.flatten().collect()
    }

    /// Those of the points of some curves.
    pub fn of_points<'a>(points: impl IntoIterator<Item = &'a ScalingPoint>) -> Self {
        points.into_iter().filter_map(|p| p.interval).collect()
    }

    /// What all of them are called, for a heading or a legend.
    pub fn name(self) -> &'static str {
        match (self.confidence, self.range) {
            (_, false) => name(IntervalKind::Confidence95),
            (false, true) => name(IntervalKind::Range),
            (true, true) => "95 % interval, or range of 2",
        }
    }

    /// One of them, of a ratio, under a heading that is [`Kinds::name`]: its ends, and what it is
    /// where the heading leaves that open.
    pub fn cell(self, interval: &Interval) -> String {
        self.marked(interval, format::interval(interval.ends()))
    }

    /// The same, also where there is none.
    pub fn cell_or_none(self, interval: Option<&Interval>) -> String {
        interval.map_or_else(|| NONE.to_owned(), |interval| self.cell(interval))
    }

    /// The same of a time.
    pub fn seconds_cell(self, interval: &Interval) -> String {
        self.marked(interval, format::seconds_interval(interval.ends()))
    }

    fn marked(self, interval: &Interval, ends: String) -> String {
        match interval.kind {
            IntervalKind::Range if self.confidence => format!("{ends}, range"),
            _ => ends,
        }
    }

    /// The heading of a column of 14 cells.
    pub fn narrow_name(self) -> &'static str {
        match (self.confidence, self.range) {
            (false, true) => NARROW_RANGE,
            _ => name(IntervalKind::Confidence95),
        }
    }

    /// One of them in a column of 14 cells: the ends of those that the heading names.
    pub fn narrow_cell(self, interval: &Interval) -> String {
        match interval.kind {
            IntervalKind::Range if self.confidence => NARROW_RANGE.to_owned(),
            _ => format::interval(interval.ends()),
        }
    }
}
