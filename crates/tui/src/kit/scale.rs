//! From values to places on an axis and back, linear or logarithmic, and where its marks go.
//!
//! Does not belong here: drawing.

/// An axis: the values at its ends, and how values are spread between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    start: f64,
    end: f64,
    log: bool,
}

/// A linear axis from 0 to 1.
impl Default for Scale {
    fn default() -> Self {
        Self::linear(0.0, 1.0)
    }
}

impl Scale {
    /// Equal steps for equal differences.
    pub fn linear(start: f64, end: f64) -> Self {
        Self {
            start,
            end,
            log: false,
        }
    }

    /// Equal steps for equal ratios; linear where there is nothing above 0 to begin with.
    pub fn log(start: f64, end: f64) -> Self {
        Self {
            start,
            end,
            log: start > 0.0,
        }
    }

    /// An axis that holds all values with some air around them; logarithmic where asked for
    /// and possible. Values that are not numbers, and with a logarithm those not above 0,
    /// have no place.
    pub fn around(values: impl IntoIterator<Item = f64>, log: bool) -> Option<Self> {
        let (mut low, mut high, mut lowest) = (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY);
        for value in values.into_iter().filter(|v| v.is_finite()) {
            lowest = lowest.min(value);
            high = high.max(value);
            if value > 0.0 {
                low = low.min(value);
            }
        }
        if lowest > high {
            return None;
        }
        // Ratios beyond what powers of ten can hold are nobody's measurements.
        if log && low <= high && low > 1e-280 {
            let air = (high / low).powf(0.05).max(1.05);
            let (start, end) = (low / air, high * air);
            if start > 0.0 && end.is_finite() {
                return Some(Self::log(start, end));
            }
        }
        let air = (high / 2.0 - lowest / 2.0) * 0.1;
        let air = if air > 0.0 {
            air
        } else {
            (high.abs() * 0.05).max(1e-6)
        };
        // What is never negative does not get an axis that is.
        let start = if lowest >= 0.0 {
            (lowest - air).max(0.0)
        } else {
            lowest - air
        };
        Some(Self::linear(start, high + air))
    }

    /// Whether equal ratios are equal steps.
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Whether there is something between its ends.
    pub fn is_sound(&self) -> bool {
        let span = self.end - self.start;
        self.start.is_finite() && span.is_finite() && span > 0.0
    }

    /// Where a value lies: 0 at the start, 1 at the end, beyond them outside.
    pub fn share(&self, value: f64) -> Option<f64> {
        let share = if self.log {
            if value <= 0.0 {
                return None;
            }
            (value / self.start).ln() / (self.end / self.start).ln()
        } else {
            (value - self.start) / (self.end - self.start)
        };
        share.is_finite().then_some(share)
    }

    /// The value at a place: the inverse of [`Self::share`].
    pub fn value(&self, share: f64) -> f64 {
        if self.log {
            self.start * (self.end / self.start).powf(share)
        } else {
            self.start + (self.end - self.start) * share
        }
    }

    /// At most `most` values that are easy to read, at least `least` apart on a linear axis,
    /// in rising order.
    pub fn ticks(&self, most: u16, least: f64) -> Vec<f64> {
        if !self.is_sound() {
            return Vec::new();
        }
        if self.log {
            let ticks = self.log_ticks(most);
            // Within a decade marks go as on a linear axis.
            if ticks.len() > 1 || self.end / self.start >= 10.0 {
                return ticks;
            }
        }
        let step = nice_step(self.end - self.start, most).max(least);
        let first = (self.start / step - 1e-6).ceil();
        (0..=u32::from(most) + 1)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|value| *value <= self.end + step * 1e-6)
            .collect()
    }

    /// Powers of ten, with 2 and 5 times these where there is room.
    fn log_ticks(&self, most: u16) -> Vec<f64> {
        let decades = (self.end / self.start).log10();
        let most = f64::from(most.max(1));
        let within: &[f64] = if decades * 3.0 <= most + 2.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let stride = (decades / most).ceil().max(1.0) as i32;
        let (first, last) = (
            self.start.log10().floor() as i32,
            self.end.log10().ceil() as i32,
        );
        let first = first.div_euclid(stride) * stride;
        let inside = self.start * 0.999_999..=self.end * 1.000_001;
        (first..=last)
            .step_by(stride.unsigned_abs() as usize)
            .flat_map(|power| within.iter().map(move |m| m * 10_f64.powi(power)))
            .filter(|value| inside.contains(value))
            .collect()
    }
}

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts.
pub fn nice_step(span: f64, most: u16) -> f64 {
    let rough = span / f64::from(most.max(1));
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|s| s * power >= rough * 0.999);
    step.unwrap_or(10.0) * power
}

/// What stands at the marks: as many decimals as tell them apart, thousands and millions in short.
pub fn labels(ticks: &[f64]) -> Vec<String> {
    let gaps: Vec<f64> = ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let step = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let even = gaps.iter().all(|gap| *gap < step * 1.01);
    let all = ticks.iter().map(|tick| decimals(*tick)).max().unwrap_or(0);
    ticks
        .iter()
        .map(|tick| label(*tick, if even { all } else { decimals(*tick) }))
        .collect()
}

/// The decimals of a value, six at most.
fn decimals(value: f64) -> usize {
    let exact = |digits: &i32| {
        let shifted = value * 10_f64.powi(*digits);
        (shifted - shifted.round()).abs() < 1e-6 * shifted.abs().max(1.0)
    };
    (0..6).find(exact).unwrap_or(6).unsigned_abs() as usize
}

fn label(value: f64, digits: usize) -> String {
    let shortened = |unit: f64, name: &str| {
        let digits = decimals(value / unit).min(2);
        format!("{:.digits$}{name}", value / unit)
    };
    match value.abs() {
        s if s >= 1e15 => format!("{value:.0e}"),
        s if s >= 1e9 => shortened(1e9, "G"),
        s if s >= 1e6 => shortened(1e6, "M"),
        s if s >= 1e4 => shortened(1e3, "k"),
        s if s > 0.0 && s < 1e-4 => format!("{value:.0e}"),
        _ => format!("{value:.digits$}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        for (end, most, step) in [
            (10.0, 5, 2.0),
            (64.0, 8, 10.0),
            (2.0, 4, 0.5),
            (17.2, 4, 5.0),
        ] {
            assert!(
                (nice_step(end, most) - step).abs() < 1e-9,
                "{end} {most}: {}",
                nice_step(end, most)
            );
        }
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!((nice_step(odd, 3) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn marks_of_a_logarithmic_axis_are_powers_of_ten_and_parts_of_them_where_there_is_room() {
        let told = |start, end, most| labels(&Scale::log(start, end).ticks(most, 0.0));
        assert_eq!(told(1.0, 64.0, 8), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(told(0.01, 100.0, 5), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(told(1.0, 1e8, 4), ["1", "100", "10k", "1M", "100M"]);
        // Within a decade: marks as on a linear axis.
        assert_eq!(told(2.1, 3.9, 4), ["2.5", "3.0", "3.5"]);
    }

    #[test]
    fn marks_have_as_many_decimals_as_tell_them_apart() {
        let told = |start, end, most| labels(&Scale::linear(start, end).ticks(most, 0.0));
        assert_eq!(told(0.0, 2.0, 4), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(told(0.801, 0.812, 3), ["0.805", "0.810"]);
        assert_eq!(told(0.0, 40_000.0, 4), ["0", "10k", "20k", "30k", "40k"]);
        assert_eq!(told(-1.0, 1.0, 2), ["-1", "0", "1"]);
    }

    #[test]
    fn an_axis_holds_its_values_and_never_goes_below_nothing() {
        let around = |values: &[f64], log| Scale::around(values.iter().copied(), log);
        let flat = around(&[3.0, 3.0], false).unwrap();
        assert!(flat.is_sound());
        assert!(around(&[0.1, 9.0], false).unwrap().value(0.0) >= 0.0);
        assert!(around(&[-1.0, 9.0], false).unwrap().value(0.0) < -1.0);
        // Nothing above 0: no logarithm.
        assert!(!around(&[-1.0, 0.0], true).unwrap().is_log());
        assert!(around(&[0.0, 0.5], true).unwrap().is_log());
        assert_eq!(around(&[f64::NAN, f64::INFINITY], true), None);
        assert_eq!(around(&[], false), None);
    }

    proptest! {
        #[test]
        fn places_and_values_are_each_others_inverse(
            a in -1e6..1e6_f64,
            span in 1e-3..1e6_f64,
            share in 0.0..1.0_f64,
            log: bool,
        ) {
            let from = a.abs() + 1e-3;
            let scale =
                if log { Scale::log(from, from + span) } else { Scale::linear(a, a + span) };
            let back = scale.share(scale.value(share)).unwrap();
            prop_assert!((back - share).abs() < 1e-6, "{back} {share}");
        }

        #[test]
        fn marks_are_few_and_on_the_axis(
            a in any::<f64>(),
            b in any::<f64>(),
            most in 1..40_u16,
            log: bool,
        ) {
            if let Some(scale) = Scale::around([a, b], log) {
                let ticks = scale.ticks(most, 0.0);
                prop_assert!(ticks.len() <= usize::from(most) + 2, "{}", ticks.len());
                for tick in &ticks {
                    let share = scale.share(*tick).unwrap();
                    prop_assert!((-0.01..=1.01).contains(&share), "{tick} {share}");
                }
                prop_assert_eq!(labels(&ticks).len(), ticks.len());
            }
        }
    }
}
