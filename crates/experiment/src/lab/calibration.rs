//! A short measurement of a lab's own unit of work, so that a run can be estimated before the first
//! one was made here.

use std::time::{Duration, Instant};

use workbench_record::RunConfig;

/// How long units are timed.
const LONG_ENOUGH: Duration = Duration::from_millis(100);
/// The fewest units that are timed, and the most.
const UNITS: std::ops::RangeInclusive<usize> = 3..=200;

/// What a unit of work was timed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedOn {
    /// So many threads, a core each.
    Threads(u32),
    /// A GPU.
    Gpu,
}

impl TimedOn {
    /// How many of these have room side by side on so many cores. One has: where it has not, that
    /// was timed with it.
    fn room(self, cores: f64) -> f64 {
        match self {
            Self::Threads(threads) => (cores / f64::from(threads.max(1))).max(1.0),
            Self::Gpu => f64::INFINITY,
        }
    }
}

/// How long a lab's own unit of work takes on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The unit, in a few words: `tree`, `step of 64 rows`.
    pub unit: String,
    /// What it was timed on.
    pub on: TimedOn,
    /// Seconds that one takes.
    pub unit_s: f64,
    /// How many there are in one repeat of an arm.
    pub units: u64,
}

impl Calibration {
    /// Times a unit of work on one thread: once to warm up, then for a tenth of a second, and three
    /// times at least unless it takes long. `once` does the unit with this number, and says whether
    /// it could.
    ///
    /// # Errors
    /// When a unit could not be done.
    pub fn time(unit: &str, units: u64, once: impl FnMut(usize) -> bool) -> Result<Self, NotTimed> {
        Self::time_for(LONG_ENOUGH, (unit, units), once)
    }

    /// As [`Calibration::time`], for as long as `enough`: where units differ, more of them have to
    /// be timed.
    ///
    /// # Errors
    /// When a unit could not be done.
    pub fn time_for(
        enough: Duration,
        (unit, units): (&str, u64),
        mut once: impl FnMut(usize) -> bool,
    ) -> Result<Self, NotTimed> {
        if !once(0) {
            return Err(NotTimed::Failed);
        }
        let begin = Instant::now();
        let mut done = 0;
        // Long units are waited for less often.
        while done == 0
            || (done < *UNITS.start() && begin.elapsed() < enough * 4)
            || (done < *UNITS.end() && begin.elapsed() < enough)
        {
            if !once(done) {
                return Err(NotTimed::Failed);
            }
            done += 1;
        }
        Ok(Self {
            unit: unit.to_owned(),
            on: TimedOn::Threads(1),
            unit_s: begin.elapsed().as_secs_f64() / done as f64,
            units,
        })
    }

    /// Seconds that so many units take where `at_once` of them are done at the same time on so many
    /// cores, without any loss.
    pub fn seconds(&self, units: f64, at_once: f64, cores: f64) -> f64 {
        let at_once = at_once.min(self.on.room(cores));
        units * self.unit_s / at_once.max(f64::MIN_POSITIVE)
    }
}

/// Why nothing was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTimed {
    /// The lab has no unit of work.
    NoUnit,
    /// Programs that are no part of this one do the work; none of them is run before it is asked
    /// for.
    Programs,
    /// What does the work has not been set up yet.
    NotSetUp,
    /// A unit could not be done, or took too long to wait for.
    Failed,
    /// Nobody waits for it any more.
    Unwanted,
}

/// An arm with so many workers, of which one repeat is to be estimated.
#[derive(Debug, Clone, Copy)]
pub struct RepeatAsked<'a> {
    /// What is to be run.
    pub config: &'a RunConfig,
    /// The arm.
    pub arm: &'a str,
    /// Its workers; 1 for a serial arm.
    pub workers: u32,
    /// The cores that this machine has for it.
    pub cores: f64,
}

/// What an estimated time is to the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBound {
    /// It takes as long, or longer: what is lost in parallel is not known before.
    AtLeast,
    /// It may take less or more.
    About,
    /// It takes as long, or less, but for what is lost in parallel.
    AtMost,
}

impl TimeBound {
    /// Of two times that follow each other: their sum is only bounded where both are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::About }
    }
}

/// How long one repeat of an arm takes at the speed of a calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepeatTime {
    /// Seconds.
    pub seconds: f64,
    /// What they are to the real ones.
    pub bound: TimeBound,
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
        assert!(seen > 1 && seen <= UNITS.end() + 1);
        assert!(timed.unit_s >= 0.0 && timed.units == 7);
        let failed = Err(NotTimed::Failed);
        assert_eq!(Calibration::time("tree", 7, |_| false), failed);
        assert_eq!(Calibration::time("tree", 7, |at| at < 1), failed);
    }

    fn timed(on: TimedOn) -> Calibration {
        Calibration {
            unit: "step".to_owned(),
            on,
            unit_s: 0.5,
            units: 8,
        }
    }

    /// More at once than there are cores for takes no less time.
    #[test]
    fn what_is_done_at_once_needs_cores() {
        let near = |found: f64, wanted: f64| (found - wanted).abs() < 1e-12;
        let one = timed(TimedOn::Threads(1));
        assert!(near(one.seconds(8.0, 1.0, 4.0), 4.0));
        assert!(near(one.seconds(8.0, 4.0, 4.0), 1.0));
        assert!(near(one.seconds(8.0, 16.0, 4.0), 1.0));
        // What a quota of half a core takes away was timed with the unit.
        assert!(near(one.seconds(8.0, 2.0, 0.5), 4.0));
        let two = timed(TimedOn::Threads(2));
        assert!(near(two.seconds(8.0, 4.0, 4.0), 2.0));
        assert!(near(timed(TimedOn::Gpu).seconds(8.0, 4.0, 1.0), 1.0));
    }

    #[test]
    fn a_sum_is_bounded_where_all_of_it_is() {
        use TimeBound::{About, AtLeast, AtMost};
        assert_eq!(AtLeast.and(AtLeast), AtLeast);
        assert_eq!(AtMost.and(AtMost), AtMost);
        assert_eq!(AtLeast.and(AtMost), About);
        assert_eq!(AtMost.and(About), About);
    }
}
