//! The statistics against NumPy, SciPy, published values and their own laws.
//!
//! Fixtures lie in `tests/fixtures/stats/`, with the script that makes them.

#![allow(
    clippy::float_cmp,
    reason = "where a result is exact, anything but that number is wrong"
)]
#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod coverage;
mod descriptive;
mod interval;
mod line;
mod lost_time;
#[path = "../support/noise.rs"]
mod noise;
mod scaling;
mod schedule;

/// Asserts that two numbers agree to `tolerance`, relative to the larger and absolute below 1.
#[track_caller]
fn assert_close(actual: f64, expected: f64, tolerance: f64) {
    let scale = actual.abs().max(expected.abs()).max(1.0);
    assert!(
        (actual - expected).abs() <= tolerance * scale,
        "got {actual}, expected {expected} within {tolerance}"
    );
}
