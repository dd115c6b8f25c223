//! What the items of an arm are worth over their size: one panel per figure and for the CPU time,
//! two side by side. The best item is marked in all of them.

use super::axis::PixelScale;
use super::looks::{MARKERS, arm_marker, arm_role};
use super::marks::{Chart, DASHED, Lettering, Marker, SOLID, WIDTH};
use super::palette::Role;
use super::value_axis::{self, ValueAxis};
use crate::{arms, format, label};
use workbench_result::{ArmResult, ItemResult, RunResult};

const LEFT: f64 = 54.0;
const GAP: f64 = 70.0;
const PANEL: f64 = (WIDTH - LEFT - GAP - 12.0) / 2.0;
const PLOT: f64 = 170.0;
const HEAD: f64 = 46.0;
const FOOT: f64 = 50.0;
/// Panels at most.
const MOST: usize = 6;
/// Lines in one panel at most: a figure and those beside it, or arms.
const MOST_LINES: usize = 4;

/// One line of a panel.
struct ItemLine {
    name: String,
    role: Role,
    marker: Marker,
    points: Vec<(f64, f64)>,
    /// Whether the points are joined.
    joined: bool,
    /// Where a fitted line begins and ends.
    fit: Option<[(f64, f64); 2]>,
}

struct Panel {
    title: String,
    lines: Vec<ItemLine>,
}

/// The items of the first arm that has finished, by size.
struct Items<'a> {
    result: &'a RunResult,
    arm: &'a ArmResult,
    size: &'a str,
}

/// The chart; `None` where the lab declares no size of its items, or there are fewer than three
/// sizes.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let size = result.lab_facts.item.as_ref()?.size.as_deref()?;
    let mut finished = arms::finished(result);
    let arm = finished.find(|arm| !arm.items.is_empty())?;
    let items = Items { result, arm, size };
    let mut sizes: Vec<f64> = arm.items.iter().filter_map(|i| items.x(i)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let (Some(largest), true) = (sizes.last().copied(), sizes.len() > 2) else {
        return None;
    };
    let mut panels = items.of_metrics();
    panels.truncate(MOST - 1);
    panels.extend(items.of_time());
    let rows = panels.len().div_ceil(2);
    let name = format::clean(&label::label(&result.lab_facts, size), 30);
    let mut chart = Chart::new(
        rows as f64 * (HEAD + PLOT + FOOT),
        format!("Items over {name}"),
    );
    for (i, panel) in panels.iter().enumerate() {
        let left = LEFT + (i % 2) as f64 * (PANEL + GAP);
        let top = (i / 2) as f64 * (HEAD + PLOT + FOOT);
        let x = PixelScale::linear((0.0, largest), (left, left + PANEL));
        items.draw(&mut chart, panel, (x, largest, &name), (left, top));
    }
    chart.description = items.describe(&name, sizes.len());
    Some(chart)
}

impl Items<'_> {
    fn x(&self, item: &ItemResult) -> Option<f64> {
        let size = item.item.metrics.get(self.size).copied();
        size.filter(|x| x.is_finite() && *x >= 0.0)
    }

    fn points(&self, arm: &ArmResult, y: impl Fn(&ItemResult) -> Option<f64>) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = arm
            .items
            .iter()
            .filter_map(|item| Some((self.x(item)?, y(item).filter(|y| y.is_finite())?)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// A panel per metric, with the metrics that the lab wants beside it.
    fn of_metrics(&self) -> Vec<Panel> {
        let facts = &self.result.lab_facts;
        let names = self.arm.items.iter().flat_map(|i| i.item.metrics.keys());
        let mut names: Vec<&str> = names.map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| *name != self.size);
        facts.sort(&mut names);
        let beside = |name: &str| facts.figure(name)?.beside.as_deref();
        let main: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| beside(name).is_none_or(|other| !names.contains(&other)))
            .collect();
        main.into_iter()
            .map(|main| {
                let all = names.iter().copied();
                let with = all.filter(|name| beside(name) == Some(main));
                let with = std::iter::once(main).chain(with);
                let line = |(i, name): (usize, &str)| ItemLine {
                    name: label::label(facts, name),
                    role: Role::Series(i),
                    marker: MARKERS[i % MARKERS.len()],
                    points: self.points(self.arm, |item| item.item.metrics.get(name).copied()),
                    joined: true,
                    fit: None,
                };
                Panel {
                    title: label::label(facts, main),
                    lines: with.take(MOST_LINES).enumerate().map(line).collect(),
                }
            })
            .collect()
    }

    /// The CPU time of every arm's items, with the base's fitted line.
    fn of_time(&self) -> Option<Panel> {
        let arms = arms::one_each(self.result);
        let lines: Vec<ItemLine> = arms
            .iter()
            .take(MOST_LINES)
            .filter(|arm| !arm.items.is_empty())
            .map(|arm| {
                let points = self.points(arm, |item| Some(item.cpu_s));
                let ends = [points.first(), points.last()].map(|p| p.map_or(0.0, |p| p.0));
                let is_base = arm.name == self.result.base;
                let line = arm.time_by_size.filter(|_| is_base);
                ItemLine {
                    name: format::clean(&arm.name, 24),
                    role: arm_role(self.result, &arm.name),
                    marker: arm_marker(self.result, &arm.name),
                    points,
                    joined: false,
                    fit: line.map(|line| ends.map(|x| (x, line.intercept_s + line.slope_s * x))),
                }
            })
            .collect();
        let any = lines.iter().any(|line| !line.points.is_empty());
        any.then(|| Panel {
            title: "CPU time, s".to_owned(),
            lines,
        })
    }

    /// The size of the best item.
    fn best_size(&self) -> Option<f64> {
        let best = self.arm.analysis.as_ref()?.best.as_ref()?;
        let item = self.arm.items.iter().find(|i| i.item.name == best.item)?;
        self.x(item)
    }

    fn draw(
        &self,
        chart: &mut Chart,
        panel: &Panel,
        (x, largest, name): (PixelScale, f64, &str),
        (left, top): (f64, f64),
    ) {
        let (upper, bottom) = (top + HEAD, top + HEAD + PLOT);
        let fits = panel
            .lines
            .iter()
            .flat_map(|line| line.fit.iter().flatten());
        let all = panel.lines.iter().flat_map(|line| &line.points).chain(fits);
        let Some(y) = ValueAxis::new(all.map(|point| point.1), false, (bottom, upper)) else {
            return;
        };
        legend(chart, panel, left, top + 10.0);
        frame(chart, (x, largest, name), &y, (left, bottom));
        let best = self.best_size();
        if let Some(at) = best {
            let style = Lettering::new(Role::Muted).small();
            chart.path(
                vec![(x.at(at), upper), (x.at(at), bottom)],
                1.0,
                DASHED,
                Role::Muted,
            );
            let word = "best";
            let room = left + PANEL - style.width(word) - 4.0;
            chart.text((x.at(at) + 5.0).min(room), upper - 6.0, style, word);
        }
        for line in &panel.lines {
            let points: Vec<(f64, f64)> = line
                .points
                .iter()
                .map(|(a, b)| (x.at(*a), y.at(*b)))
                .collect();
            if let Some(ends) = line.fit {
                let ends = ends.map(|(a, b)| (x.at(a), y.at(b)));
                chart.path(ends.to_vec(), 1.4, DASHED, line.role);
            }
            if line.joined {
                chart.path(points.clone(), 1.8, SOLID, line.role);
            }
            for (point, (size, _)) in points.iter().zip(&line.points) {
                let is_best = best.is_some_and(|best| best.total_cmp(size).is_eq());
                if is_best {
                    chart.point(*point, 6.4, line.marker, line.role);
                    chart.point(*point, 4.4, line.marker, Role::Paper);
                }
                chart.point(*point, 2.8, line.marker, line.role);
            }
        }
    }

    fn describe(&self, name: &str, sizes: usize) -> String {
        let noun = self.result.lab_facts.item_word();
        let count = format::counted(sizes as u64, &format!("{noun} size"));
        let best = self
            .best_size()
            .map(|size| format!("The best has {} {name}.", format::parameter(size)));
        let time = self.arm.time_by_size.map(|line| {
            format!(
                "Each unit adds {} of CPU time.",
                format::seconds(line.slope_s)
            )
        });
        let told = [
            Some(format!("The figures of {count} over {name}.")),
            best,
            time,
        ];
        told.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

fn legend(chart: &mut Chart, panel: &Panel, left: f64, y: f64) {
    let bold = Lettering::new(Role::Ink).size(14.0).bold();
    let small = Lettering::new(Role::Ink).small();
    chart.text(left, y, bold, panel.title.as_str());
    if panel.lines.len() < 2 {
        return;
    }
    let mut x = left + bold.width(&panel.title) + 18.0;
    for line in &panel.lines {
        chart.point((x, y), 3.2, line.marker, line.role);
        chart.text(x + 9.0, y, small, line.name.as_str());
        x += 9.0 + small.width(&line.name) + 16.0;
    }
}

/// Grid lines with their values, and the axis of sizes.
fn frame(
    chart: &mut Chart,
    (x, largest, name): (PixelScale, f64, &str),
    y: &ValueAxis,
    (left, bottom): (f64, f64),
) {
    let small = Lettering::new(Role::Muted).small();
    let ends = (left, left + PANEL);
    y.grid(chart, ends, true);
    value_axis::foot(chart, (x, largest), ends, bottom);
    let middle = left + PANEL / 2.0;
    chart.text(middle, bottom + 32.0, small.middle(), name);
}
