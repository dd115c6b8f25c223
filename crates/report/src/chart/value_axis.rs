//! The vertical axis of a chart of values that need not start at zero: round ticks, and equal
//! ratios equally far apart where values differ much.

use super::axis::{self, PixelScale};
use super::marks::{Chart, Lettering};
use super::palette::Role;
use crate::format;

/// From this ratio of the highest to the lowest value on, equal ratios are equally far apart.
const LOGARITHMIC: f64 = 25.0;

/// Values on pixels, with ticks.
pub(super) struct ValueAxis {
    scale: PixelScale,
    /// Values and their labels.
    ticks: Vec<(f64, String)>,
    /// Whether equal ratios are equally far apart.
    pub logarithmic: bool,
    ends: (f64, f64),
}

impl ValueAxis {
    /// An axis that holds all values, on the pixels `to` (bottom, top). A rate starts at zero and
    /// is never logarithmic. `None` without values.
    pub fn new(values: impl Iterator<Item = f64>, is_rate: bool, to: (f64, f64)) -> Option<Self> {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if !(low.is_finite() && high.is_finite()) {
            return None;
        }
        if low > 0.0 && high / low >= LOGARITHMIC && !is_rate {
            let ends = (low / 1.15, high * 1.15);
            return Some(Self {
                scale: PixelScale::log2(ends, to),
                ticks: decades(ends),
                logarithmic: true,
                ends,
            });
        }
        let from = if low >= 0.0 && (is_rate || low < 0.6 * high) {
            0.0
        } else {
            low
        };
        let room = ((high - from) * 0.06).max(high.abs() * 1e-6).max(1e-9);
        let ends = (
            if from > 0.0 || low < 0.0 {
                from - room
            } else {
                0.0
            },
            high + room,
        );
        let step = axis::step(ends.1 - ends.0, 5);
        let first = (ends.0 / step).ceil() as i64;
        let ticks = (first..first + 12).map(|i| i as f64 * step);
        let ticks = ticks.take_while(|value| *value <= ends.1);
        Some(Self {
            scale: PixelScale::linear(ends, to),
            ticks: ticks.map(|value| (value, signed(value, step))).collect(),
            logarithmic: false,
            ends,
        })
    }

    /// Grid lines from `left` to `right` with their values, where these are wanted.
    pub fn grid(&self, chart: &mut Chart, (left, right): (f64, f64), with_values: bool) {
        let small = Lettering::new(Role::Muted).small();
        for (value, label) in &self.ticks {
            let height = self.at(*value);
            chart.line((left, height), (right, height), 1.0, Role::Grid);
            if with_values {
                chart.text(left - 8.0, height, small.end(), label.as_str());
            }
        }
    }

    /// The height of a value, within the plot.
    pub fn at(&self, value: f64) -> f64 {
        self.scale.at(value.clamp(self.ends.0, self.ends.1))
    }
}

/// The axis below a plot, from 0 to `end`, with round values.
pub(super) fn foot(
    chart: &mut Chart,
    (x, end): (PixelScale, f64),
    (left, right): (f64, f64),
    bottom: f64,
) {
    let small = Lettering::new(Role::Muted).small();
    chart.line((left, bottom), (right, bottom), 1.0, Role::Muted);
    let step = axis::step(end, 6);
    for value in axis::ticks(end, 6) {
        let at = x.at(value);
        chart.line((at, bottom), (at, bottom + 4.0), 1.0, Role::Muted);
        let label = axis::tick_label(value, step);
        chart.text(at, bottom + 15.0, small.middle(), label);
    }
}

fn signed(value: f64, step: f64) -> String {
    if value < 0.0 {
        format!("−{}", axis::tick_label(-value, step))
    } else {
        axis::tick_label(value, step)
    }
}

/// 1, 2 and 5 times the powers of ten between two values; the powers alone where those are too
/// many.
fn decades((low, high): (f64, f64)) -> Vec<(f64, String)> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let factors: &[f64] = if last - first > 4 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    (first..=last)
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .filter(|value| (low..=high).contains(value))
        .map(|value| (value, format::parameter(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_are_few_and_within() {
        for ends in [(0.04, 2.5), (1e-9, 1e9), (0.9, 30.0)] {
            let ticks = decades(ends);
            assert!((2..=20).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.iter().all(|(v, _)| *v >= ends.0 && *v <= ends.1));
        }
    }

    #[test]
    fn ticks_below_zero_keep_their_sign() {
        assert_eq!(signed(-1500.0, 500.0), "−1,500");
        assert_eq!(signed(0.0, 0.5), "0");
    }
}
