//! Speed-ups of several runs below each other: for each arm a bar per run, with the run's letter, a
//! whisker for the interval, and one scale for all.

use super::axis::PixelScale;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use super::rows::{self, LEFT};
use super::speedup::whisker;
use crate::{format, intervals};
use workbench_result::Interval;

const RIGHT: f64 = WIDTH - 190.0;
const ROW: f64 = 25.0;
const BAR: f64 = 13.0;
const GAP: f64 = 15.0;
const TOP: f64 = 16.0;
/// Arms drawn at most; the tables have them all.
const MOST_ARMS: usize = 24;

/// An arm with a number of workers, and what it brought in each run.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmBars {
    /// The arm's name.
    pub name: String,
    /// What stands below the name.
    pub below: String,
    /// The runs that state a speed-up for it.
    pub bars: Vec<RunBar>,
}

/// What an arm brought in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunBar {
    /// The run's place among those side by side, which is its colour.
    pub run: usize,
    /// The letter that stands for the run.
    pub letter: &'static str,
    /// Times as fast as the base.
    pub speedup: f64,
    /// How far the speed-up is certain.
    pub interval: Option<Interval>,
    /// The interval as it is written beside the bar.
    pub cell: String,
}

/// The chart; a sentence where no arm has a speed-up.
pub(crate) fn chart(arms: &[ArmBars]) -> Chart {
    let arms = &arms[..arms.len().min(MOST_ARMS)];
    let bars = || arms.iter().flat_map(|arm| &arm.bars);
    let title = "Speed-ups of the runs side by side";
    if bars().next().is_none() {
        let text = "No arm has a speed-up in any of the runs.";
        let mut chart = Chart::new(60.0, title);
        let style = Lettering::new(Role::Muted).middle();
        chart.text(WIDTH / 2.0, 30.0, style, text);
        text.clone_into(&mut chart.description);
        return chart;
    }
    let most = bars().map(|bar| bar.speedup).fold(1.0, f64::max);
    let most = intervals::axis_end(most, bars().filter_map(|bar| bar.interval));
    let heights = arms.iter().map(|arm| GAP + arm.bars.len() as f64 * ROW);
    let end = TOP + heights.sum::<f64>();
    let mut chart = Chart::new(end + 36.0, title);
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    rows::grid(&mut chart, scale, rows::ratios(most, 5), (TOP, end, 18.0));
    let one = scale.at(1.0);
    chart.line((one, TOP - 4.0), (one, end + 4.0), 1.2, Role::Ink);
    let mut y = TOP;
    for arm in arms {
        let name = (y + GAP / 2.0 + ROW / 2.0, arm.name.as_str());
        rows::row_label(&mut chart, name, (name.0 + 17.0, &arm.below));
        y += GAP / 2.0;
        for bar in &arm.bars {
            draw(&mut chart, bar, scale, y + ROW / 2.0);
            y += ROW;
        }
        y += GAP / 2.0;
    }
    let told = arms.iter().flat_map(|arm| {
        let of_run = |bar: &RunBar| {
            let speedup = format::speedup(bar.speedup);
            let interval = intervals::named_or_none(bar.interval.as_ref());
            format!("{} {}: {speedup}, {interval}", arm.name, bar.letter)
        };
        arm.bars.iter().map(of_run)
    });
    let told: Vec<String> = told.collect();
    chart.description = format!("{}.", told.join("; "));
    chart
}

fn draw(chart: &mut Chart, bar: &RunBar, scale: PixelScale, middle: f64) {
    let role = Role::Series(bar.run);
    let (zero, value) = (scale.at(0.0), scale.at(bar.speedup));
    let letter = Lettering::new(role).size(13.0).bold();
    chart.text(LEFT - 20.0, middle, letter, bar.letter);
    chart.rect(zero, middle - BAR / 2.0, value - zero, BAR, role);
    let ends = bar.interval.map(|interval| interval.ends());
    if let Some([low, high]) = ends.filter(|ends| ends.iter().all(|v| v.is_finite())) {
        let ends = (scale.at(low), scale.at(high).min(RIGHT));
        whisker(chart, ends, middle, value);
    }
    let strong = Lettering::new(role).size(15.0).bold();
    let text = format::speedup(bar.speedup);
    let x = RIGHT + 14.0;
    let after = x + strong.width(&text).max(46.0) + 8.0;
    chart.text(x, middle, strong, text);
    let small = Lettering::new(Role::Muted).small();
    let interval = small.fit(&bar.cell, WIDTH - after);
    chart.text(after, middle, small, interval);
}
