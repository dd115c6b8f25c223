//! How far every arm was at any time: the best so far, as the median over the repeats, by time and
//! by work; and against the base with the range of the repeats.

use super::looks::{arm_marker, arm_role};
use super::marks::{Chart, DASHED, Lettering, SOLID, WIDTH};
use super::palette::Role;
use super::panel::{self, PlotPlace, pale};
use super::value_axis::ValueAxis;
use crate::arms::one_each;
use crate::{format, label};
use workbench_clock::seconds;
use workbench_record::{CurvePoint, Direction, RepeatState, Snapshot};
use workbench_result::{Race, RunResult};
use workbench_stats::descriptive;

/// Places along a plot at which curves are read.
const PLACES: usize = 160;
const LEGEND: f64 = 30.0;
const MARGIN: f64 = 54.0;

/// The curves of one arm's repeats.
struct Entrant<'a> {
    name: &'a str,
    role: Role,
    repeats: Vec<&'a RepeatState>,
    metric: &'a str,
}

/// Along what a curve is read.
#[derive(Clone, Copy, PartialEq)]
enum Along {
    Time,
    Steps,
}

impl Entrant<'_> {
    fn curve<'r>(&self, repeat: &'r RepeatState) -> &'r [CurvePoint] {
        repeat.curves.get(self.metric).map_or(&[], Vec::as_slice)
    }

    fn position(repeat: &RepeatState, point: &CurvePoint, along: Along) -> f64 {
        match along {
            Along::Time => seconds(point.t_ns.saturating_sub(repeat.started_ns)),
            Along::Steps => point.step as f64,
        }
    }

    /// The values of all repeats at a place; nothing where one has not begun or is over.
    fn values(&self, at: f64, along: Along) -> Option<Vec<f64>> {
        let value = |repeat: &&RepeatState| {
            let curve = self.curve(repeat);
            let end = curve
                .last()
                .map(|last| Self::position(repeat, last, along))?;
            let by_then = |point: &&CurvePoint| Self::position(repeat, point, along) <= at;
            let last = curve.iter().take_while(by_then).last()?;
            (at <= end * 1.000_001).then_some(last.value)
        };
        let values: Option<Vec<f64>> = self.repeats.iter().map(value).collect();
        values.filter(|values| !values.is_empty())
    }

    /// The longest of its repeats, along the axis.
    fn end(&self, along: Along) -> f64 {
        let ends = self.repeats.iter().filter_map(|repeat| {
            let last = self.curve(repeat).last()?;
            Some(Self::position(repeat, last, along))
        });
        ends.fold(0.0, f64::max)
    }

    /// PlotPlace, least, median and greatest value.
    fn band(&self, end: f64, along: Along) -> Vec<(f64, [f64; 3])> {
        let places = (0..=PLACES).map(|i| end * i as f64 / PLACES as f64);
        let told = places.filter_map(|at| {
            let values = self.values(at, along)?;
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            Some((at, [low, descriptive::median(&values)?, high]))
        });
        told.collect()
    }
}

/// The chart; `None` where arms are compared in another way.
pub(crate) fn chart(result: &RunResult, snapshot: &Snapshot) -> Option<Chart> {
    let race = result.race.as_ref()?;
    let entrants: Vec<Entrant<'_>> = one_each(result)
        .into_iter()
        .map(|arm| Entrant {
            name: &arm.name,
            role: arm_role(result, &arm.name),
            repeats: snapshot.finished(&arm.name, arm.workers),
            metric: &race.metric,
        })
        .collect();
    let base = entrants.iter().find(|entrant| entrant.name == result.base);
    let others: Vec<&Entrant<'_>> = entrants.iter().filter(|e| e.name != result.base).collect();
    let name = format::clean(&label::label(&result.lab_facts, &race.metric), 60);
    let plots = 2 + others.len();
    let rows = legend_rows(&entrants);
    let above = LEGEND * rows as f64;
    let mut chart = Chart::new(panel::height(above, plots), format!("{name} at any time"));
    legend(&mut chart, result, &entrants);
    let all: Vec<&Entrant<'_>> = entrants.iter().collect();
    for (index, along) in [Along::Time, Along::Steps].into_iter().enumerate() {
        let place = panel::place(above, index);
        let title = match along {
            Along::Time => format!("{name}, all arms"),
            Along::Steps => "The same over the work done".to_owned(),
        };
        draw(&mut chart, place, (&title, along), (&all, race), false)?;
    }
    for (index, other) in others.iter().enumerate() {
        let pair: Vec<&Entrant<'_>> = base.into_iter().chain([*other]).collect();
        let title = format!("{} against {}", other.name, result.base);
        let title = format::clean(&title, 60);
        let place = panel::place(above, 2 + index);
        draw(
            &mut chart,
            place,
            (&title, Along::Time),
            (&pair, race),
            true,
        )?;
    }
    chart.description = describe(race, &name);
    Some(chart)
}

fn draw(
    chart: &mut Chart,
    place: PlotPlace,
    (title, along): (&str, Along),
    (entrants, race): (&[&Entrant<'_>], &Race),
    banded: bool,
) -> Option<()> {
    let end = entrants.iter().map(|e| e.end(along)).fold(0.0, f64::max);
    let bands: Vec<_> = entrants.iter().map(|e| (e, e.band(end, along))).collect();
    // The first values of a search are far from all others, and would leave no room for them.
    let typical = |band: &Vec<(f64, [f64; 3])>| -> Vec<f64> {
        let skipped = band.len() / 6;
        let kept = band.iter().skip(skipped);
        kept.flat_map(|(_, [low, middle, high])| {
            if banded {
                vec![*low, *high]
            } else {
                vec![*middle]
            }
        })
        .collect()
    };
    let values: Vec<f64> = bands.iter().flat_map(|(_, band)| typical(band)).collect();
    let values = values.into_iter().chain(race.target);
    let y = ValueAxis::new(values, false, place.upright())?;
    let below = match along {
        Along::Time => "seconds",
        Along::Steps => "steps of work",
    };
    place.frame(chart, (title, below), end, &y);
    let x = place.along(end);
    if banded {
        let wide = (place.right - place.left) / PLACES as f64;
        for (entrant, band) in &bands {
            for (at, [low, _, high]) in band {
                let (top, bottom) = (y.at(*high), y.at(*low));
                let left = (x.at(*at) - wide / 2.0).max(place.left);
                chart.rect(left, top, wide, (bottom - top).max(1.0), pale(entrant.role));
            }
        }
    }
    if let Some(target) = race.target {
        let line = vec![(place.left, y.at(target)), (place.right, y.at(target))];
        chart.path(line, 1.0, DASHED, Role::Muted);
    }
    for (entrant, band) in &bands {
        let line = band
            .iter()
            .map(|(at, [_, middle, _])| (x.at(*at), y.at(*middle)));
        chart.path(line.collect(), 1.8, SOLID, entrant.role);
    }
    Some(())
}

fn entry_width(entrant: &Entrant<'_>) -> f64 {
    let name = format::clean(entrant.name, 40);
    Lettering::new(Role::Ink).small().width(&name) + 40.0
}

fn legend_rows(entrants: &[Entrant<'_>]) -> usize {
    let (mut rows, mut x) = (1, MARGIN);
    for entrant in entrants {
        let wide = entry_width(entrant);
        if x > MARGIN && x + wide > WIDTH {
            (rows, x) = (rows + 1, MARGIN);
        }
        x += wide;
    }
    rows
}

fn legend(chart: &mut Chart, result: &RunResult, entrants: &[Entrant<'_>]) {
    let small = Lettering::new(Role::Ink).small();
    let (mut x, mut y) = (MARGIN, 12.0);
    for entrant in entrants {
        let wide = entry_width(entrant);
        if x > MARGIN && x + wide > WIDTH {
            (x, y) = (MARGIN, y + LEGEND);
        }
        chart.line((x, y), (x + 14.0, y), 1.8, entrant.role);
        chart.point(
            (x + 7.0, y),
            3.2,
            arm_marker(result, entrant.name),
            entrant.role,
        );
        chart.text(x + 20.0, y, small, format::clean(entrant.name, 40));
        x += wide;
    }
}

fn describe(race: &Race, name: &str) -> String {
    let arms = race.arms.iter().map(|arm| {
        let end = arm
            .at_end
            .median
            .map_or("nothing".to_owned(), format::number);
        let reached = match arm.to_target_median_s {
            Some(s) => format!("the target after {}", format::seconds(s)),
            None => "not the target as a rule".to_owned(),
        };
        format!(
            "{}: {end} in the end, {reached}.",
            format::clean(&arm.arm, 40)
        )
    });
    let better = match race.direction {
        Direction::AtLeast => "more",
        Direction::AtMost => "less",
    };
    let arms: Vec<String> = arms.collect();
    format!("{name} over time, {better} is better. {}", arms.join(" "))
}
