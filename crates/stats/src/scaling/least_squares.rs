//! Least squares for curves of the form S(p) = p/(1 + θ·a(p)), with every θ at least 0.
//!
//! What belongs here: the two small solvers that the laws share. What does not: which law it is and
//! whether there are enough points. Residuals are taken on the speed-up itself and not on a
//! linearised p/S, which would weigh the points with the poorest speed-ups most.

/// One measured point: workers and speed-up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) p: f64,
    pub(super) s: f64,
}

/// p − 1: the workers that wait for a serial section.
pub(super) fn contention(p: f64) -> f64 {
    p - 1.0
}

/// p(p − 1): the pairs of workers that keep each other up to date.
pub(super) fn coherency(p: f64) -> f64 {
    p * (p - 1.0)
}

/// No curve through a finite speed-up needs a θ beyond this; it keeps intermediate values finite.
const LARGEST: f64 = 1e12;

/// θ in 0 ..= `upper` that minimises the squared error of p/(1 + θ·cost(p)).
///
/// Each point alone would be met by one θ; below the least and above the greatest of those, every
/// prediction moves away from its point, so the optimum lies between them. A scan of that range
/// finds the valley and bisection of the derivative its floor.
pub(super) fn fit_one(points: &[Measured], cost: fn(f64) -> f64, upper: f64) -> f64 {
    const STEPS: u32 = 512;
    let upper = upper.min(LARGEST);
    let informative = || points.iter().filter(|point| cost(point.p) > 0.0);
    let own = |point: &Measured| ((point.p / point.s - 1.0) / cost(point.p)).clamp(0.0, upper);
    let low = informative().map(own).fold(upper, f64::min);
    let high = informative().map(own).fold(0.0, f64::max);
    if low >= high {
        return high;
    }
    let error = |theta: f64| squared_error(points, |p| theta * cost(p));
    // The curve bends where θ·cost is about 1, so steps are even in log(1 + θ·cost) for
    // the greatest cost.
    let scale = informative().map(|point| cost(point.p)).fold(0.0, f64::max);
    let (first, last) = ((low * scale).ln_1p(), (high * scale).ln_1p());
    let at = |step: u32| {
        let theta = (first + (last - first) * f64::from(step) / f64::from(STEPS)).exp_m1() / scale;
        theta.clamp(low, high)
    };
    let best = (0..=STEPS)
        .min_by(|&a, &b| error(at(a)).total_cmp(&error(at(b))))
        .unwrap_or(0);
    let floor = bisect(
        at(best.saturating_sub(1)),
        at((best + 1).min(STEPS)),
        |theta| slope(points, cost, theta),
    );
    [floor, at(best), low]
        .into_iter()
        .min_by(|&a, &b| error(a).total_cmp(&error(b)))
        .unwrap_or(floor)
}

/// Half the derivative of the squared error with respect to θ.
fn slope(points: &[Measured], cost: fn(f64) -> f64, theta: f64) -> f64 {
    points
        .iter()
        .map(|&Measured { p, s }| {
            let predicted = p / (1.0 + theta * cost(p));
            (s - predicted) * predicted * predicted * cost(p) / p
        })
        .sum()
}

/// Where `rising` crosses 0 upwards between `low` and `high`: down to
/// neighbouring floating-point numbers.
fn bisect(mut low: f64, mut high: f64, rising: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if rising(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// (σ, κ), both at least 0, that minimise the squared error of p/(1 + σ(p − 1) + κp(p − 1)).
///
/// The optimum lies in a corner, on an edge or inside, so each is asked: the edges exactly, the
/// inside by Levenberg–Marquardt (Marquardt 1963) from several starts. The simplest answer wins a
/// tie, so that data without coherency cost report κ = 0 and not a rounding error.
pub(super) fn fit_two(points: &[Measured]) -> (f64, f64) {
    let contention_only = (fit_one(points, contention, LARGEST), 0.0);
    let coherency_only = (0.0, fit_one(points, coherency, LARGEST));
    let starts = [linearised(points), contention_only, coherency_only];
    let inside = starts.map(|start| levenberg_marquardt(points, start));
    let tie = 1e-14 * points.iter().map(|point| point.s * point.s).sum::<f64>();
    let mut best = (0.0, 0.0);
    for candidate in [contention_only, coherency_only].into_iter().chain(inside) {
        if error_of(points, candidate) < error_of(points, best) - tie {
            best = candidate;
        }
    }
    best
}

/// A start: p/S − 1 is linear in σ and κ, and the weight S²/p turns its residuals into those of S
/// to first order.
fn linearised(points: &[Measured]) -> (f64, f64) {
    let rows = points.iter().map(|&Measured { p, s }| {
        let weight = s * s / p;
        (
            weight * contention(p),
            weight * coherency(p),
            weight * (p / s - 1.0),
        )
    });
    let (sigma, kappa) = Normal::from_rows(rows).solve(0.0);
    (sigma.clamp(0.0, LARGEST), kappa.clamp(0.0, LARGEST))
}

fn levenberg_marquardt(points: &[Measured], start: (f64, f64)) -> (f64, f64) {
    const ROUNDS: u32 = 1_000;
    const GIVE_UP: f64 = 1e16;
    let mut here = start;
    let mut error = error_of(points, here);
    let mut damping = 1e-3;
    for _ in 0..ROUNDS {
        let rows = points.iter().map(|&Measured { p, s }| {
            let predicted = p / (1.0 + here.0 * contention(p) + here.1 * coherency(p));
            let steep = predicted * predicted / p;
            (steep * contention(p), steep * coherency(p), predicted - s)
        });
        let step = Normal::from_rows(rows).solve(damping);
        let there = (
            (here.0 + step.0).clamp(0.0, LARGEST),
            (here.1 + step.1).clamp(0.0, LARGEST),
        );
        let reached = error_of(points, there);
        if reached < error {
            (here, error) = (there, reached);
            damping *= 0.2;
        } else {
            damping *= 5.0;
        }
        if damping > GIVE_UP || error == 0.0 {
            break;
        }
    }
    here
}

fn error_of(points: &[Measured], (sigma, kappa): (f64, f64)) -> f64 {
    squared_error(points, |p| sigma * contention(p) + kappa * coherency(p))
}

/// Sum of squared residuals of p/(1 + cost(p)).
fn squared_error(points: &[Measured], cost: impl Fn(f64) -> f64) -> f64 {
    points
        .iter()
        .map(|&Measured { p, s }| (p / (1.0 + cost(p)) - s).powi(2))
        .sum()
}

/// The normal equations of two unknowns.
#[derive(Default)]
struct Normal {
    xx: f64,
    xy: f64,
    yy: f64,
    xr: f64,
    yr: f64,
}

impl Normal {
    fn from_rows(rows: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        rows.fold(Self::default(), |sum, (x, y, r)| Self {
            xx: sum.xx + x * x,
            xy: sum.xy + x * y,
            yy: sum.yy + y * y,
            xr: sum.xr + x * r,
            yr: sum.yr + y * r,
        })
    }

    /// The solution with the diagonal raised by the factor 1 + `damping`; no step where the
    /// equations have none.
    fn solve(&self, damping: f64) -> (f64, f64) {
        let xx = self.xx * (1.0 + damping);
        let yy = self.yy * (1.0 + damping);
        let determinant = xx * yy - self.xy * self.xy;
        let solution = (
            (self.xr * yy - self.yr * self.xy) / determinant,
            (self.yr * xx - self.xr * self.xy) / determinant,
        );
        if solution.0.is_finite() && solution.1.is_finite() {
            solution
        } else {
            (0.0, 0.0)
        }
    }
}
