//! When a worker did something, by its own clock, on the clock of the run.
//!
//! A message is read when this program gets to it, which may be much later than it was sent: the
//! program may have been stopped, or have had no core. All processes of a machine share the
//! system's monotonic clock, so a worker says when it sent a message. The clock of the run stands
//! still while a person suspends the program and its workers, and the system's does not.

/// A change of the distance between both clocks that is no standstill: they are not read at once.
const SLACK_NS: u64 = 1_000_000;

/// Both clocks, as they were read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The system's monotonic clock.
    pub system_ns: u64,
    /// The clock of the run.
    pub run_ns: u64,
}

/// From the system's clock to that of the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerClock {
    /// By how much the system's clock is ahead; the run's clock began later.
    ahead_ns: Option<u64>,
    /// The same before the run's clock last stood still.
    ahead_before_ns: u64,
}

impl WorkerClock {
    /// When something was that is `sent_ns` on the system's clock, on that of the run. `now` is a
    /// reading of both.
    pub fn run_ns(&mut self, sent_ns: u64, now: ClockReading) -> u64 {
        let ahead_ns = now.system_ns.saturating_sub(now.run_ns);
        let known_ns = *self.ahead_ns.get_or_insert_with(|| {
            self.ahead_before_ns = ahead_ns;
            ahead_ns
        });
        if ahead_ns > known_ns.saturating_add(SLACK_NS) {
            self.ahead_before_ns = known_ns;
            self.ahead_ns = Some(ahead_ns);
        }
        // A message from before the standstill is not later than now by the clock of then.
        let before_ns = sent_ns.saturating_sub(self.ahead_before_ns);
        if before_ns <= now.run_ns {
            before_ns
        } else {
            sent_ns.saturating_sub(ahead_ns).min(now.run_ns)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn read(system_ns: u64, run_ns: u64) -> ClockReading {
        ClockReading { system_ns, run_ns }
    }

    #[test]
    fn a_message_that_was_read_late_is_as_old_as_it_is() {
        let mut clock = WorkerClock::default();
        assert_eq!(clock.run_ns(101 * S, read(101 * S, S)), S);
        // This program was stopped for 8 seconds, and the clock of the run went on.
        assert_eq!(clock.run_ns(102 * S, read(110 * S, 10 * S)), 2 * S);
        assert_eq!(clock.run_ns(109 * S, read(110 * S, 10 * S)), 9 * S);
    }

    #[test]
    fn a_standstill_of_all_is_no_time() {
        let mut clock = WorkerClock::default();
        assert_eq!(clock.run_ns(101 * S, read(101 * S, S)), S);
        // Suspended at 2 s of the run, for 8 seconds, and read after that.
        assert_eq!(
            clock.run_ns(102 * S, read(110 * S + S / 2, 2 * S + S / 2)),
            2 * S
        );
        assert_eq!(
            clock.run_ns(111 * S, read(111 * S + S / 2, 3 * S + S / 2)),
            3 * S
        );
    }
}
