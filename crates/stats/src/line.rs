//! A straight line through points, by least squares.

/// `y = intercept + slope × x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedLine {
    /// y at x = 0.
    pub intercept: f64,
    /// How much y rises when x rises by one.
    pub slope: f64,
    /// Share of the variance of y that the line explains, 0 to 1; 1 where y does not vary.
    pub r_squared: f64,
}

impl FittedLine {
    /// y on the line.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

/// The line with the least sum of squared distances in y. `None` with fewer than three points, when
/// all x are equal, or when a number is not finite.
pub fn fit(points: &[(f64, f64)]) -> Option<FittedLine> {
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x_mean, y_mean) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - x_mean, y - y_mean);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    let slope = xy / xx;
    let intercept = y_mean - slope * x_mean;
    let r_squared = if yy == 0.0 { 1.0 } else { xy * xy / (xx * yy) };
    let line = FittedLine {
        intercept,
        slope,
        r_squared,
    };
    [intercept, slope, r_squared]
        .iter()
        .all(|number| number.is_finite())
        .then_some(line)
}
