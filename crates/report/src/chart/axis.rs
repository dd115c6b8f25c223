//! Scales from values to pixels, round tick values, and labels that keep out of each other's way.

/// How values map onto pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PixelScale {
    from: (f64, f64),
    to: (f64, f64),
    logarithmic: bool,
}

impl PixelScale {
    /// `from` (values) onto `to` (pixels). An empty range of values is widened, so that mapping
    /// never divides by zero.
    pub fn linear(from: (f64, f64), to: (f64, f64)) -> Self {
        let wide = from.1 - from.0 > 1e-12 && (from.1 - from.0).is_finite();
        Self {
            from: if wide { from } else { (from.0, from.0 + 1.0) },
            to,
            logarithmic: false,
        }
    }

    /// As [`PixelScale::linear`], with equal ratios equally far apart. Both ends of `from`
    /// must be positive.
    pub fn log2(from: (f64, f64), to: (f64, f64)) -> Self {
        let low = from.0.max(1e-9);
        Self {
            logarithmic: true,
            ..Self::linear((low.log2(), from.1.max(low * 1.001).log2()), to)
        }
    }

    /// The pixel of a value.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic {
            value.max(1e-9).log2()
        } else {
            value
        };
        let share = (value - self.from.0) / (self.from.1 - self.from.0);
        self.to.0 + share * (self.to.1 - self.to.0)
    }
}

/// The step of 1, 2 or 5 times a power of ten that gives at most about `wanted` ticks up to `top`.
pub(super) fn step(top: f64, wanted: usize) -> f64 {
    if !(top.is_finite() && top > 0.0) {
        return 1.0;
    }
    let rough = top / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0];
    let nice = factor.iter().find(|f| **f * power >= rough * 0.999);
    nice.unwrap_or(&10.0) * power
}

/// Round values from 0 to `top`.
pub(super) fn ticks(top: f64, wanted: usize) -> Vec<f64> {
    let step = step(top, wanted);
    let last = (top / step * 1.000_001).floor().clamp(0.0, 1000.0) as u32;
    (0..=last).map(|i| f64::from(i) * step).collect()
}

/// Round values from 0 to `top` and their labels, of which the last has the unit.
pub(super) fn labelled_ticks(top: f64, wanted: usize, unit: &str) -> Vec<(f64, String)> {
    let step = step(top, wanted);
    let values = ticks(top, wanted);
    let mut labelled: Vec<(f64, String)> = values
        .into_iter()
        .map(|value| (value, tick_label(value, step)))
        .collect();
    if let Some((_, label)) = labelled.last_mut() {
        *label = format!("{label} {unit}");
    }
    labelled
}

/// A tick's value with just as many decimals as its step needs.
pub(super) fn tick_label(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    if decimals == 0 {
        crate::format::count(value.round().max(0.0) as u64)
    } else {
        format!("{value:.decimals$}")
    }
}

/// Moves sorted positions apart until neighbours are `gap` away, within `low` to `high` as far as
/// there is room.
pub(super) fn spread(positions: &mut [f64], gap: f64, low: f64, high: f64) {
    let mut least = low;
    for position in positions.iter_mut() {
        *position = position.max(least);
        least = *position + gap;
    }
    let mut most = high;
    for position in positions.iter_mut().rev() {
        *position = position.min(most);
        most = *position - gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_meet_their_ends() {
        let scale = PixelScale::linear((0.0, 4.0), (10.0, 50.0));
        assert!((scale.at(0.0) - 10.0).abs() < 1e-9 && (scale.at(4.0) - 50.0).abs() < 1e-9);
        let log = PixelScale::log2((1.0, 64.0), (0.0, 60.0));
        assert!((log.at(8.0) - 30.0).abs() < 1e-9);
        assert!(log.at(0.0).is_finite());
        assert!(
            PixelScale::linear((1.0, 1.0), (0.0, 1.0))
                .at(1.0)
                .is_finite()
        );
        assert!(PixelScale::log2((1.0, 1.0), (0.0, 1.0)).at(1.0).is_finite());
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(format!("{:?}", ticks(2.0, 4)), "[0.0, 0.5, 1.0, 1.5, 2.0]");
        assert_eq!(ticks(430.0, 6).len(), 5);
        assert_eq!(ticks(0.0, 4).len(), 1);
        assert_eq!(tick_label(0.5, 0.5), "0.5");
        assert_eq!(tick_label(1500.0, 500.0), "1,500");
        for top in [1e-9, 0.37, 5.0, 99.0, 1e9] {
            let n = ticks(top, 6).len();
            assert!((2..=8).contains(&n), "{top}: {n}");
        }
    }

    #[test]
    fn labels_keep_apart_and_inside() {
        let mut positions = [10.0, 11.0, 12.0, 90.0];
        spread(&mut positions, 12.0, 0.0, 100.0);
        assert!(positions.windows(2).all(|p| p[1] - p[0] >= 12.0 - 1e-9));
        let mut low = [98.0, 99.0];
        spread(&mut low, 12.0, 0.0, 100.0);
        assert!((low[0] - 88.0).abs() < 1e-9 && (low[1] - 100.0).abs() < 1e-9);
    }
}
