//! What the items of all arms came to, over each of their settings; and their settings side by
//! side, from the worst to the best item.

use std::collections::BTreeSet;

use super::axis::{self, PixelScale};
use super::looks::{arm_marker, arm_role};
use super::marks::{Chart, Lettering, Marker, SOLID, WIDTH};
use super::palette::{RAMP, Role};
use super::panel::{self, PlotPlace};
use super::value_axis::ValueAxis;
use crate::arms::one_each;
use crate::{format, label};
use workbench_record::{Direction, ParamValue, Params, Snapshot};
use workbench_result::RunResult;

/// Settings that are drawn at most.
const MOST: usize = 12;
/// Items that are drawn at most.
const MOST_ITEMS: usize = 2000;
/// From this ratio on, equal ratios are equally far apart.
const LOGARITHMIC: f64 = 25.0;
const TALL: f64 = 210.0;

/// One item: what it was made with, and the best that it came to.
pub(super) struct DrawnItem<'a> {
    settings: &'a Params,
    best: f64,
    role: Role,
    marker: Marker,
}

/// The items of all arms whose settings are recorded.
pub(super) struct AllMade<'a> {
    items: Vec<DrawnItem<'a>>,
    /// How many there are, those that are not drawn included.
    of: usize,
    names: Vec<&'a str>,
    metric: String,
    direction: Direction,
}

/// A chart of items, and how many of them it draws.
pub(crate) struct ItemChart {
    pub chart: Chart,
    /// The items that are drawn.
    pub drawn: usize,
    /// All there are.
    pub of: usize,
}

/// Takes every n-th of each arm, evenly, so that all together are `most` at the most, and each arm
/// keeps its share of them.
fn thin<T>(arms: Vec<Vec<T>>, most: usize) -> Vec<T> {
    let all: usize = arms.iter().map(Vec::len).sum();
    let most = most.min(all);
    let taken = |place: usize| place * most / all.max(1);
    let items = arms.into_iter().flatten().enumerate();
    let kept = items.filter(|(place, _)| taken(place + 1) > taken(*place));
    kept.map(|(_, item)| item).collect()
}

impl<'a> AllMade<'a> {
    /// Those of the median repeat of every arm; `None` where there are fewer than three.
    pub fn new(result: &RunResult, snapshot: &'a Snapshot) -> Option<Self> {
        let direction = result
            .race
            .as_ref()
            .map_or(Direction::AtMost, |race| race.direction);
        let mut arms = Vec::new();
        let mut metric = None;
        for arm in one_each(result) {
            let Some(repeat) = snapshot.median_repeat(&arm.name, arm.workers) else {
                continue;
            };
            let Some((name, curves)) = repeat.item_curves.iter().next() else {
                continue;
            };
            metric.get_or_insert_with(|| name.clone());
            let mut items = Vec::new();
            for (_, event) in &repeat.items {
                let curve = curves
                    .get(&event.item)
                    .filter(|_| !event.settings.is_empty());
                let values = curve.into_iter().flatten().map(|point| point.value);
                let best = values.reduce(|best, value| match direction {
                    Direction::AtLeast => best.max(value),
                    Direction::AtMost => best.min(value),
                });
                items.extend(best.map(|best| DrawnItem {
                    settings: &event.settings,
                    best,
                    role: arm_role(result, &arm.name),
                    marker: arm_marker(result, &arm.name),
                }));
            }
            arms.push(items);
        }
        let of = arms.iter().map(Vec::len).sum();
        let items = thin(arms, MOST_ITEMS);
        let names: BTreeSet<&str> = items
            .iter()
            .flat_map(|item| item.settings.keys().map(String::as_str))
            .collect();
        let metric = label::label(&result.lab_facts, &metric?);
        let names: Vec<&str> = names.into_iter().take(MOST).collect();
        (items.len() > 2 && !names.is_empty()).then_some(Self {
            items,
            of,
            names,
            metric,
            direction,
        })
    }

    fn drawn(&self, chart: Chart) -> ItemChart {
        ItemChart {
            chart,
            drawn: self.items.len(),
            of: self.of,
        }
    }

    /// The items from the worst to the best.
    fn ranked(&self) -> Vec<&DrawnItem<'a>> {
        let mut ranked: Vec<&DrawnItem<'_>> = self.items.iter().collect();
        ranked.sort_by(|a, b| match self.direction {
            Direction::AtLeast => a.best.total_cmp(&b.best),
            Direction::AtMost => b.best.total_cmp(&a.best),
        });
        ranked
    }

    /// The values of the items that are not far off.
    fn typical(&self) -> Vec<f64> {
        let ranked = self.ranked();
        let far = ranked.len() / 20;
        ranked.into_iter().skip(far).map(|item| item.best).collect()
    }
}

/// The values of one setting, along an axis.
struct SettingAxis {
    words: Vec<String>,
    scale: PixelScale,
    ticks: Vec<(f64, String)>,
}

impl SettingAxis {
    fn new(values: &[&ParamValue], to: (f64, f64)) -> Option<Self> {
        let numbers: Vec<f64> = values.iter().filter_map(|value| number(value)).collect();
        if numbers.len() < values.len() {
            let words: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
            let words: Vec<String> = words.into_iter().collect();
            let last = words.len() as f64 - 0.5;
            let ticks = words.iter().enumerate();
            return Some(Self {
                ticks: ticks
                    .map(|(i, word)| (i as f64, format::clean(word, 16)))
                    .collect(),
                scale: PixelScale::linear((-0.5, last), to),
                words,
            });
        }
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !low.is_finite() {
            return None;
        }
        let logarithmic = low > 0.0 && high / low >= LOGARITHMIC;
        let (scale, ticks) = if logarithmic {
            let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
            let powers = (first..=last).map(|power| 10f64.powi(power));
            (
                PixelScale::log2((low, high), to),
                powers.collect::<Vec<_>>(),
            )
        } else {
            let step = axis::step(high - low, 4);
            let from = (low / step).ceil() as i64;
            let ticks = (from..from + 8).map(|i| i as f64 * step);
            let ticks = ticks.take_while(|value| *value <= high);
            (PixelScale::linear((low, high), to), ticks.collect())
        };
        let ticks = ticks.into_iter();
        Some(Self {
            ticks: ticks
                .map(|value| (value, format::parameter(value)))
                .collect(),
            scale,
            words: Vec::new(),
        })
    }

    fn at(&self, value: &ParamValue) -> Option<f64> {
        if self.words.is_empty() {
            return number(value).map(|number| self.scale.at(number));
        }
        let word = value.to_string();
        let place = self.words.iter().position(|known| *known == word)?;
        Some(self.scale.at(place as f64))
    }
}

fn number(value: &ParamValue) -> Option<f64> {
    match value {
        ParamValue::Integer(number) => Some(*number as f64),
        ParamValue::Float(number) => Some(*number),
        ParamValue::Text(_) | ParamValue::Boolean(_) => None,
    }
}

/// One plot for each setting.
pub(crate) fn slices(result: &RunResult, snapshot: &Snapshot) -> Option<ItemChart> {
    let made = AllMade::new(result, snapshot)?;
    let metric = format::clean(&made.metric, 60);
    let title = format!("{metric} over each setting");
    let mut chart = Chart::new(panel::height(0.0, made.names.len()), title);
    for (index, name) in made.names.iter().enumerate() {
        let place = panel::place(0.0, index);
        let values = made
            .items
            .iter()
            .filter_map(|item| item.settings.get(*name));
        let ends = (place.left + 4.0, place.right - 4.0);
        let Some(x) = SettingAxis::new(&values.collect::<Vec<_>>(), ends) else {
            continue;
        };
        let y = ValueAxis::new(made.typical().into_iter(), false, place.upright())?;
        slice(&mut chart, place, (name, &metric), (&x, &y), &made);
    }
    let count = format::counted(made.items.len() as u64, result.lab_facts.item_word());
    chart.description = format!(
        "The best {metric} of {count} over {}.",
        made.names.join(", ")
    );
    Some(made.drawn(chart))
}

fn slice(
    chart: &mut Chart,
    place: PlotPlace,
    (name, metric): (&str, &str),
    (x, y): (&SettingAxis, &ValueAxis),
    made: &AllMade<'_>,
) {
    let small = Lettering::new(Role::Muted).small();
    place.title(
        chart,
        &format!("{metric} over {}", format::clean(name, 30)),
        "",
    );
    y.grid(chart, (place.left, place.right), true);
    chart.line(
        (place.left, place.bottom),
        (place.right, place.bottom),
        1.0,
        Role::Muted,
    );
    for (value, text) in &x.ticks {
        let at = x.scale.at(*value);
        chart.line(
            (at, place.bottom),
            (at, place.bottom + 4.0),
            1.0,
            Role::Muted,
        );
        chart.text(at, place.bottom + 15.0, small.middle(), text.as_str());
    }
    for item in &made.items {
        let at = item.settings.get(name).and_then(|value| x.at(value));
        if let Some(at) = at {
            chart.point((at, y.at(item.best)), 2.4, item.marker, item.role);
        }
    }
}

/// A line for each item through all settings, dark where the item is good.
pub(crate) fn side_by_side(result: &RunResult, snapshot: &Snapshot) -> Option<ItemChart> {
    const TOP: f64 = 40.0;
    const SIDE: f64 = 70.0;
    let made = AllMade::new(result, snapshot)?;
    let metric = format::clean(&made.metric, 30);
    let mut chart = Chart::new(TOP + TALL + 24.0, "All settings side by side".to_owned());
    let ends = (TOP + TALL, TOP);
    let mut axes = Vec::new();
    for name in &made.names {
        let values = made
            .items
            .iter()
            .filter_map(|item| item.settings.get(*name));
        axes.extend(SettingAxis::new(&values.collect::<Vec<_>>(), ends).map(|axis| (*name, axis)));
    }
    let y = ValueAxis::new(made.typical().into_iter(), false, ends)?;
    let gap = (WIDTH - 2.0 * SIDE) / axes.len().max(1) as f64;
    let x = |index: usize| SIDE + gap * index as f64;
    let ranked = made.ranked();
    for (at, item) in ranked.iter().enumerate() {
        let line = axes
            .iter()
            .enumerate()
            .map(|(index, (name, axis))| Some((x(index), axis.at(item.settings.get(*name)?)?)));
        // A setting that an item does not have is passed over.
        let mut line: Vec<(f64, f64)> = line.flatten().collect();
        line.push((x(axes.len()), y.at(item.best)));
        let shade = at * RAMP / ranked.len();
        chart.path(line, 1.0, SOLID, Role::Ramp(shade.min(RAMP - 1)));
    }
    let (bold, small) = (
        Lettering::new(Role::Ink).bold(),
        Lettering::new(Role::Ink).small(),
    );
    for (index, (name, axis)) in axes.iter().enumerate() {
        chart.line((x(index), TOP), (x(index), TOP + TALL), 1.0, Role::Ink);
        let title = bold.fit(&format::clean(name, 30), gap - 8.0);
        chart.text(x(index), TOP - 18.0, bold.middle(), title);
        for (value, text) in &axis.ticks {
            chart.text(
                x(index) - 6.0,
                axis.scale.at(*value),
                small.end(),
                text.as_str(),
            );
        }
    }
    let last = x(axes.len());
    y.grid(&mut chart, (last - 3.0, last), true);
    chart.line((last, TOP), (last, TOP + TALL), 1.0, Role::Ink);
    chart.text(
        last,
        TOP - 18.0,
        bold.middle(),
        bold.fit(&metric, gap + SIDE),
    );
    chart.description = format!("A line for each item through {}.", made.names.join(", "));
    Some(made.drawn(chart))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_items_every_arm_keeps_its_share() {
        let arms = || vec![vec!['a'; 3000], vec!['b'; 500], vec!['c'; 500]];
        let kept = thin(arms(), 2000);
        let of = |arm| kept.iter().filter(|kept| **kept == arm).count();
        assert_eq!((of('a'), of('b'), of('c')), (1500, 250, 250));
        assert_eq!(thin(arms(), 9000).len(), 4000, "few are all drawn");
        assert!(thin(Vec::<Vec<u8>>::new(), 2000).is_empty());
    }
}
