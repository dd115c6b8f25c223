//! A short measurement of a lab's own unit of work, so that a run can be estimated before the first
//! one was made here.

use std::time::{Duration, Instant};

/// How long units are timed.
const LONG_ENOUGH: Duration = Duration::from_millis(100);
/// The fewest units that are timed, and the most.
const UNITS: std::ops::RangeInclusive<usize> = 3..=200;

/// How long a lab's own unit of work takes on one core of this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The unit, in a word: `tree`.
    pub unit: &'static str,
    /// Seconds that one takes on one core.
    pub unit_s: f64,
    /// How many there are in one repeat of an arm.
    pub units: u64,
}

impl Calibration {
    /// Times a unit of work: once to warm up, then for a tenth of a second, and three times at
    /// least. `once` does the unit with this number, and says whether it could.
    pub fn time(
        unit: &'static str,
        units: u64,
        mut once: impl FnMut(usize) -> bool,
    ) -> Option<Self> {
        if !once(0) {
            return None;
        }
        let begin = Instant::now();
        let mut done = 0;
        while done < *UNITS.start() || (begin.elapsed() < LONG_ENOUGH && done < *UNITS.end()) {
            if !once(done) {
                return None;
            }
            done += 1;
        }
        Some(Self {
            unit,
            unit_s: begin.elapsed().as_secs_f64() / done as f64,
            units,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_timed_several_times_and_given_up_when_it_fails() {
        let mut seen = 0;
        let timed = Calibration::time("tree", 7, |_| {
            seen += 1;
            true
        });
        let timed = timed.unwrap();
        assert!(seen > *UNITS.start() && seen <= UNITS.end() + 1);
        assert!(timed.unit_s >= 0.0 && timed.units == 7);
        assert_eq!(Calibration::time("tree", 7, |_| false), None);
        assert_eq!(Calibration::time("tree", 7, |at| at < 1), None);
    }
}
