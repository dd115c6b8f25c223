//! The sampling interval: five samples of the machine a second at first, and fewer as the run, and
//! the repeat under way, get longer.
//!
//! A log with a sample every 0.2 seconds at 256 cores and 8 GPUs would grow by 40 MB an hour, and
//! no chart could show all of it: a chart has at most some thousand columns. So the interval may be
//! as long as one column of such a chart: a 3000th of the run so far, which is 0.2 seconds for the
//! first ten minutes and a second after fifty. A repeat is also drawn alone, so within a repeat
//! samples are no further apart than a 50th of the repeat so far: a short repeat late in a long run
//! is sampled as well as one at its start. The interval is 5 seconds at most, so that a live screen
//! is updated. Twelve hours in one repeat make 18,000 samples instead of 216,000; each further
//! repeat adds 210 at most.
//!
//! Belongs here: when to take a sample. Does not belong here: taking it, and everything that is
//! collected at every tick (spans, curves, printed lines, progress).

/// Ticks per second: how often spans, curves, printed lines and progress are collected. Samples are
/// never taken more often.
pub const TICKS_PER_SECOND: f64 = 5.0;

/// The least time between two samples, in nanoseconds: one tick.
pub const SHORTEST_NS: u64 = (1e9 / TICKS_PER_SECOND) as u64;

/// The most time between two samples, in nanoseconds.
pub const LONGEST_NS: u64 = 5_000_000_000;

/// The least number of samples of a run, if it is long enough for them.
const PER_RUN: u64 = 3000;
/// The same for a repeat.
const PER_REPEAT: u64 = 50;

/// The sampling interval in nanoseconds, when the run has taken `run_ns` so far and the repeat
/// under way `repeat_ns`; `None` between repeats.
pub fn interval_ns(run_ns: u64, repeat_ns: Option<u64>) -> u64 {
    let run = run_ns / PER_RUN;
    let repeat = repeat_ns.unwrap_or(0) / PER_REPEAT;
    run.min(repeat).clamp(SHORTEST_NS, LONGEST_NS)
}

/// Decides at every tick whether a sample is due.
#[derive(Debug, Default)]
pub struct SampleSchedule {
    sampled_ns: Option<u64>,
}

impl SampleSchedule {
    /// Whether a sample is due at `t_ns` on the run's clock; `started_ns` is when the repeat under
    /// way began. The caller takes the sample when the answer is yes.
    pub fn is_due(&mut self, t_ns: u64, started_ns: Option<u64>) -> bool {
        let repeat_ns = started_ns.map(|started| t_ns.saturating_sub(started));
        let interval = interval_ns(t_ns, repeat_ns);
        // Ticks come a little early or late; half a tick decides between this one and the next.
        let due = self
            .sampled_ns
            .is_none_or(|sampled| t_ns.saturating_sub(sampled) + SHORTEST_NS / 2 >= interval);
        if due {
            self.sampled_ns = Some(t_ns);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3600 * SECOND;

    /// The times of the samples of repeats that follow one another, with ticks that come up to 20
    /// ms late.
    fn looks(repeats: &[u64]) -> Vec<u64> {
        let (mut schedule, mut looks, mut started) = (SampleSchedule::default(), Vec::new(), 0);
        let mut tick = SHORTEST_NS;
        for length in repeats {
            while tick < started + length {
                let t_ns = tick + tick % 20_000_003;
                if schedule.is_due(t_ns, Some(started)) {
                    looks.push(t_ns);
                }
                tick += SHORTEST_NS;
            }
            started += length;
        }
        looks
    }

    #[test]
    fn the_first_ten_minutes_are_seen_at_every_tick() {
        assert_eq!(looks(&[600 * SECOND]).len(), 600 * 5 - 1);
    }

    #[test]
    fn twelve_hours_stay_below_twenty_thousand_samples() {
        let one = looks(&[12 * HOUR]).len();
        assert!((15_000..20_000).contains(&one), "{one}");
        let many = looks(&[300 * SECOND; 144]).len();
        assert!(many < one + 144 * 250, "{many}");
    }

    #[test]
    fn a_short_repeat_late_in_a_long_run_is_seen_as_well_as_at_its_start() {
        let all = looks(&[11 * HOUR, 10 * SECOND]);
        let late: Vec<u64> = all.into_iter().filter(|t| *t >= 11 * HOUR).collect();
        assert!((49..=50).contains(&late.len()), "{late:?}");
    }

    proptest! {
        #[test]
        fn samples_are_never_too_far_apart(
            run in 0..u64::MAX,
            repeat in prop::option::of(0..u64::MAX),
        ) {
            let interval = interval_ns(run, repeat);
            prop_assert!((SHORTEST_NS..=LONGEST_NS).contains(&interval));
            prop_assert!(interval <= SHORTEST_NS.max(run / PER_RUN));
            prop_assert!(repeat.is_none_or(|ns| interval <= SHORTEST_NS.max(ns / PER_REPEAT)));
            prop_assert!(repeat.is_some() || interval == SHORTEST_NS);
        }

        #[test]
        fn a_longer_run_is_never_looked_at_more_often(
            run in 0..u64::MAX / 2,
            more in 0..u64::MAX / 2,
        ) {
            prop_assert!(interval_ns(run, Some(run)) <= interval_ns(run + more, Some(run + more)));
        }
    }
}
