//! The points of one curve of one repeat in rising x: taken in as they are recorded, in any order,
//! and thinned so that a drawing costs the same however long a repeat is.

use workbench_clock::seconds;
use workbench_record::{CurvePoint, RepeatId, RepeatState};

/// What a chart shows; the order is that in which people go through them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A curve that the lab records, by its name.
    Own(String),
    /// The curves of one name that belong to items of the latest repeat: trials, models.
    Items(String),
    /// Units of progress per second.
    Throughput,
}

/// What x counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axis {
    /// The lab's own steps; units of progress for the throughput.
    #[default]
    Step,
    /// Seconds since the start of the repeat.
    Time,
}

/// Points are thinned to about half as many when there are more.
const MOST: usize = 8192;
/// The shortest stretch of time that a throughput is taken over, in nanoseconds: the time
/// between two samples.
const STRETCH_NS: u64 = 200_000_000;
/// A repeat has at most twice as many stretches.
const STRETCHES: u64 = 50;

/// One curve.
#[derive(Debug)]
pub struct Series {
    /// Which repeat it is of.
    pub id: RepeatId,
    /// The item that it belongs to, for metrics of items.
    pub item: Option<String>,
    /// The place of its arm in the lab, 0 for the base.
    pub arm: usize,
    started_ns: u64,
    seen: usize,
    /// x and value, in rising x.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A curve without points yet.
    pub fn new(repeat: &RepeatState, arm: usize, item: Option<String>) -> Self {
        Self {
            id: repeat.id.clone(),
            item,
            arm,
            started_ns: repeat.started_ns,
            seen: 0,
            points: Vec::new(),
        }
    }

    /// Whether it is a curve of this repeat and item. The start is corrected once a repeat is over.
    pub fn is_of(&self, repeat: &RepeatState, item: Option<&str>) -> bool {
        self.id == repeat.id && self.started_ns == repeat.started_ns && self.item.as_deref() == item
    }

    /// Takes in what is new.
    pub fn update(&mut self, repeat: &RepeatState, metric: &Metric, axis: Axis) {
        match metric {
            Metric::Throughput => self.points = throughput(repeat, axis),
            Metric::Own(_) | Metric::Items(_) => {
                let all = recorded(repeat, metric, self.item.as_deref());
                if self.seen > all.len() {
                    self.seen = 0;
                    self.points.clear();
                }
                for point in &all[self.seen..] {
                    self.insert((place(point, repeat, axis), point.value));
                }
                self.seen = all.len();
            }
        }
    }

    fn insert(&mut self, point: (f64, f64)) {
        match self.points.last() {
            Some(last) if last.0 > point.0 => {
                let at = self.points.partition_point(|p| p.0 <= point.0);
                self.points.insert(at, point);
            }
            _ => self.points.push(point),
        }
        if self.points.len() > MOST {
            self.points = thinned(&self.points);
        }
    }

    /// The recorded value nearest to x, where the curve reaches that far.
    pub fn value_at(&self, x: f64) -> Option<f64> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        let reach = (last.0 - first.0) * 0.02 + 1e-9;
        if x < first.0 - reach || x > last.0 + reach {
            return None;
        }
        let after = self.points.partition_point(|p| p.0 < x);
        let near = self.points.get(after.saturating_sub(1)..)?.iter().take(2);
        near.min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()))
            .map(|p| p.1)
    }
}

/// The points that a repeat has recorded of a metric.
fn recorded<'a>(repeat: &'a RepeatState, metric: &Metric, item: Option<&str>) -> &'a [CurvePoint] {
    let points = match (metric, item) {
        (Metric::Own(name), _) => repeat.curves.get(name),
        (Metric::Items(name), Some(item)) => repeat
            .item_curves
            .get(name)
            .and_then(|items| items.get(item)),
        _ => None,
    };
    points.map_or(&[], Vec::as_slice)
}

/// Where a point lies on an axis: steps, or seconds since the start of its repeat.
pub fn place(point: &CurvePoint, repeat: &RepeatState, axis: Axis) -> f64 {
    match axis {
        Axis::Step => point.step as f64,
        Axis::Time => seconds(point.t_ns.saturating_sub(repeat.started_ns)),
    }
}

/// The lowest and the highest of every four points, so that no spike is lost.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(points.len() / 2 + 2);
    for four in points.chunks(4) {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (four.iter().min_by(by_value), four.iter().max_by(by_value));
        if let (Some(low), Some(high)) = (low, high) {
            let (first, second) = if low.0 <= high.0 {
                (low, high)
            } else {
                (high, low)
            };
            out.push(*first);
            if first != second {
                out.push(*second);
            }
        }
    }
    out
}

/// Units of progress per second over stretches of equal time; x is the end of a stretch.
fn throughput(repeat: &RepeatState, axis: Axis) -> Vec<(f64, f64)> {
    let start = repeat.started_ns;
    let known = || {
        let all = repeat.progress_points.iter();
        all.copied().filter(|(t, _)| *t > start)
    };
    let Some((last, _)) = known().next_back() else {
        return Vec::new();
    };
    let mut stretch = STRETCH_NS;
    while (last - start) / stretch > 2 * STRETCHES {
        stretch = stretch.saturating_mul(2);
    }
    let mut out = Vec::new();
    let mut from = (start, 0);
    for (t, done) in known() {
        // The last stretch of a repeat is as long as it is.
        let is_end = t == last && repeat.finished.is_some() && t - from.0 > stretch / 2;
        // Samples are not taken on the nanosecond.
        if t - from.0 < stretch - stretch / 10 && !is_end {
            continue;
        }
        let rate = done.saturating_sub(from.1) as f64 / seconds(t - from.0);
        let x = match axis {
            Axis::Step => done as f64,
            Axis::Time => seconds(t - start),
        };
        out.push((x, rate));
        from = (t, done);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::curves::tests::repeat;

    #[test]
    fn points_that_come_out_of_order_are_put_in_order() {
        let mut state = repeat("a", 0);
        let steps = [40, 10, 30, 20];
        for (t, step) in (0..).zip(steps) {
            let (t_ns, value) = (t, step as f64 * 2.0);
            let point = CurvePoint { t_ns, step, value };
            state
                .curves
                .entry("loss".to_owned())
                .or_default()
                .push(point);
        }
        let mut series = Series::new(&state, 0, None);
        let metric = Metric::Own("loss".to_owned());
        series.update(&state, &metric, Axis::Step);
        let xs: Vec<f64> = series.points.iter().map(|p| p.0).collect();
        assert_eq!(xs, [10.0, 20.0, 30.0, 40.0]);
        // What is taken in once is not taken in again.
        series.update(&state, &metric, Axis::Step);
        assert_eq!(series.points.len(), 4);
        assert_eq!(series.value_at(21.0), Some(40.0));
        assert_eq!(series.value_at(9.9), Some(20.0));
        assert_eq!(series.value_at(41.0), None);
    }

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_spikes() {
        let mut state = repeat("a", 0);
        let all = state.curves.entry("loss".to_owned()).or_default();
        all.extend((0..100_000).map(|i| CurvePoint {
            t_ns: i,
            step: i,
            value: if i == 33_333 { 9.0 } else { 1.0 },
        }));
        let mut series = Series::new(&state, 0, None);
        series.update(&state, &Metric::Own("loss".to_owned()), Axis::Step);
        assert!(series.points.len() <= MOST, "{}", series.points.len());
        assert!(series.points.contains(&(33_333.0, 9.0)));
        assert!(series.points.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn throughput_is_work_over_time() {
        let mut state = repeat("a", 0);
        state.started_ns = 1_000_000_000;
        state.progress_points = (1..=20)
            .map(|i| (state.started_ns + i * 200_000_000, i * 10))
            .collect();
        let rates = throughput(&state, Axis::Time);
        assert_eq!(rates.len(), 20);
        assert!(rates.iter().all(|r| (r.1 - 50.0).abs() < 1e-6), "{rates:?}");
        assert!((rates[19].0 - 4.0).abs() < 1e-9);
        let early = RepeatState {
            progress_points: state.progress_points[..2].to_vec(),
            ..state.clone()
        };
        let steps = throughput(&early, Axis::Step);
        assert_eq!(steps.len(), 2);
        assert!((steps[1].0 - 20.0).abs() < 1e-9);
        // A long repeat has no more stretches than a screen can show.
        state.progress_points = (1..=2000)
            .map(|i| (state.started_ns + i * 1_000_000_000, i * 10))
            .collect();
        let long = throughput(&state, Axis::Time);
        assert!(long.len() as u64 <= 2 * STRETCHES + 1, "{}", long.len());
    }
}
