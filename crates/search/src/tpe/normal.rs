//! The normal distribution and sums of exponentials, the same on every machine.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

use crate::seed::Draws;

/// Beyond so many standard deviations the distribution function is 0 or 1 to a double's precision.
pub(super) const FAR: f64 = 8.3;

/// The logarithm of the square root of 2π.
pub(super) const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The probability of a value below `z`.
fn below(z: f64) -> f64 {
    if z > FAR {
        1.0
    } else {
        0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
    }
}

/// The logarithm of the probability of a value from `a` to `b`, which is larger. Both are not in
/// the same tail beyond 37, where it would be 0.
pub(super) fn log_mass(a: f64, b: f64) -> f64 {
    // The left tail has small numbers, which can be subtracted without loss.
    let (a, b) = if a > 0.0 { (-b, -a) } else { (a, b) };
    let mass = below(b) - if a < -38.0 { 0.0 } else { below(a) };
    libm::log(mass.max(f64::MIN_POSITIVE))
}

/// A normal value from 0 to 1 (Marsaglia's polar method). Mean and deviation are such that a third
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

/// The sum of the exponentials of all terms less the largest. Those below -40 count as -40, which
/// changes nothing. The compiler makes vector instructions of it, because it has no branches.
pub(super) fn sum_of_exponentials(terms: &[f64], largest: f64) -> f64 {
    // Adding this rounds a number to a whole one, which is then in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let mut sum = 0.0;
    for term in terms {
        let x = (term - largest).max(-40.0);
        let shifted = x * LOG2_E + ROUND;
        let rest = x - (shifted - ROUND) * LN_2;
        // The series of exp for |rest| <= ln 2 / 2, to 1e-9.
        let mut series = 1.0 / 40_320.0;
        for factor in [5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
            series = series * rest + 1.0 / factor;
        }
        let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
        sum += series * power;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_are_those_of_tables() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(log_mass(-1.0, 1.0).exp(), 0.682_689_492_137_086));
        assert!(near(log_mass(-99.0, 0.0).exp(), 0.5));
        assert!(near(log_mass(-99.0, 99.0).exp(), 1.0));
        // In both tails, where a difference of numbers near 1 would be 0.
        let tail = 6.220_960_574_271_785e-16_f64;
        assert!((log_mass(8.0, 99.0) - tail.ln()).abs() < 1e-9);
        assert!((log_mass(-99.0, -8.0) - tail.ln()).abs() < 1e-9);
        assert!(near(
            LOG_ROOT_TWO_PI,
            (2.0 * std::f64::consts::PI).sqrt().ln()
        ));
    }

    #[test]
    fn exponentials_are_those_of_the_library() {
        for at in 0..4000 {
            let x = -f64::from(at) / 100.0;
            let ours = sum_of_exponentials(&[x + 7.0], 7.0);
            assert!((ours / x.exp() - 1.0).abs() < 1e-9, "{x}");
        }
        assert!(sum_of_exponentials(&[f64::NEG_INFINITY, 0.0], 0.0) - 1.0 < 1e-16);
    }
}
