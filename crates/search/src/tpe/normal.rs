//! The normal distribution, the same on every machine.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::seed::Draws;

/// Beyond so many standard deviations the distribution function is 0 or 1 to a double's precision.
pub(super) const FAR: f64 = 8.3;

/// The probability of a value below `z`.
fn below(z: f64) -> f64 {
    if z > FAR {
        1.0
    } else {
        0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
    }
}

/// The logarithm of the probability of a value from `a` to `b`, which is larger. Far out in a tail
/// the result is only an upper bound, of which the exponential is 0 for all that matters.
pub(super) fn log_mass(a: f64, b: f64) -> f64 {
    // The left tail has small numbers, which can be subtracted without loss.
    let (a, b) = if a > 0.0 { (-b, -a) } else { (a, b) };
    if b < -4.0 * FAR {
        return -0.5 * b * b;
    }
    let mass = below(b) - if a < -4.0 * FAR { 0.0 } else { below(a) };
    libm::log(mass.max(f64::MIN_POSITIVE))
}

/// A normal value (Marsaglia's polar method) from 0 to 1. Mean and deviation are such that a third
/// of all values are.
pub(super) fn draw_within(mean: f64, deviation: f64, draws: &mut Draws) -> f64 {
    for _ in 0..1000 {
        let (x, y) = (2.0 * draws.unit() - 1.0, 2.0 * draws.unit() - 1.0);
        let square = x * x + y * y;
        if square <= 0.0 || square >= 1.0 {
            continue;
        }
        let length = libm::sqrt(-2.0 * libm::log(square) / square);
        for part in [x, y] {
            let value = mean + deviation * length * part;
            if (0.0..=1.0).contains(&value) {
                return value;
            }
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_are_those_of_tables() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(libm::exp(log_mass(-1.0, 1.0)), 0.682_689_492_137_086));
        assert!(near(libm::exp(log_mass(-99.0, 0.0)), 0.5));
        assert!(near(libm::exp(log_mass(-99.0, 99.0)), 1.0));
        // In both tails, where a difference of numbers near 1 would be 0.
        let tail = 6.220_960_574_271_785e-16_f64;
        assert!((log_mass(8.0, 99.0) - tail.ln()).abs() < 1e-9);
        assert!((log_mass(-99.0, -8.0) - tail.ln()).abs() < 1e-9);
        assert!(log_mass(50.0, 51.0) < -1000.0);
    }
}
