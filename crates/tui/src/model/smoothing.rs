//! Smoothing of curves, so that their course shows through noise. What was measured stays where it
//! is: only lines are smoothed, and the panel says so.

/// How much of each value comes from those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Smoothing {
    /// As it was measured.
    #[default]
    Off,
    /// 0.6 of each value.
    Light,
    /// 0.9 of each value.
    Strong,
}

impl Smoothing {
    /// The next one, round the end.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::Light,
            Self::Light => Self::Strong,
            Self::Strong => Self::Off,
        }
    }

    /// The share of each value that comes from those before it.
    pub fn weight(self) -> f64 {
        match self {
            Self::Off => 0.0,
            Self::Light => 0.6,
            Self::Strong => 0.9,
        }
    }

    /// The exponential moving average of a curve, without the pull of its beginning. Values that
    /// are not finite are left out.
    pub fn smooth(self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let weight = self.weight();
        if weight == 0.0 {
            return points.to_vec();
        }
        let (mut sum, mut total) = (0.0, 0.0);
        let finite = points.iter().filter(|(_, y)| y.is_finite());
        let smoothed = finite.map(|(x, y)| {
            sum = weight * sum + (1.0 - weight) * y;
            total = weight * total + (1.0 - weight);
            (*x, sum / total)
        });
        smoothed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_becomes_less_and_a_level_stays() {
        let noisy: Vec<(f64, f64)> = (0..100)
            .map(|x| (f64::from(x), if x % 2 == 0 { 1.0 } else { 3.0 }))
            .collect();
        let width = |points: &[(f64, f64)]| {
            let late = points[50..].iter().map(|p| p.1);
            late.clone().fold(f64::MIN, f64::max) - late.fold(f64::MAX, f64::min)
        };
        let [off, light, strong] =
            [Smoothing::Off, Smoothing::Light, Smoothing::Strong].map(|s| s.smooth(&noisy));
        assert_eq!(off, noisy);
        assert!(width(&light) < width(&off) && width(&strong) < width(&light));
        // The first value stands for itself, and a level is kept from the beginning.
        assert_eq!(strong[0], noisy[0]);
        let level = Smoothing::Strong.smooth(&[(0.0, 5.0), (1.0, 5.0), (2.0, 5.0)]);
        assert!(level.iter().all(|(_, y)| (y - 5.0).abs() < 1e-12));
        let holes = Smoothing::Light.smooth(&[(0.0, 1.0), (1.0, f64::NAN), (2.0, 1.0)]);
        assert_eq!(holes.len(), 2);
        assert_eq!(Smoothing::Off.next().next().next(), Smoothing::Off);
    }
}
