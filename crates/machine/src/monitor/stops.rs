//! For how long the program was stopped: by SIGSTOP, a debugger, a frozen container, or a
//! hypervisor that paused the whole machine.
//!
//! A thread that sleeps for short times knows when it should have woken up. If it wakes later, it
//! waited for a core, waited for something else, or the whole program stood still. Waiting for a
//! core is counted by the kernel (`/proc/thread-self/schedstat`), so a busy machine is not taken
//! for a stop. And a program that stands still uses no CPU time: while its threads go on as before,
//! only this thread was held up.

/// How long the thread sleeps at most, in nanoseconds: stops are measured this exactly. Fifty short
/// wake-ups a second cost less than a thousandth of a core.
pub(super) const PULSE_NS: u64 = 20_000_000;

/// Shorter times are no stops but delays, of timers or of pages that are not in memory. A thread
/// that did nothing but this was up to 10 ms late (12 programs and loops at once on two cores).
const SHORTEST_NS: u64 = 50_000_000;
/// The same where the kernel does not count the time of waiting for a core: for so short a time a
/// busy machine may give the program no core at all.
const SHORTEST_UNCOUNTED_NS: u64 = 250_000_000;

/// A program that uses fewer cores than this gives no sign of life by its CPU time.
const ACTIVE_CORES: f64 = 0.2;
/// Weight of the newest rate in the mean.
const NEWEST: f64 = 0.125;

/// What the thread sees when it wakes up, in nanoseconds.
#[expect(clippy::struct_field_names, reason = "units stand in names")]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// The program's clock, which stands still while a person suspends the program with Ctrl-Z.
    pub at_ns: u64,
    /// How long the thread has waited for a core in all, where the kernel counts it.
    pub queued_ns: Option<u64>,
    /// CPU time of the thread.
    pub thread_cpu_ns: u64,
    /// CPU time of the whole program.
    pub program_cpu_ns: u64,
}

/// Adds up the stops.
#[derive(Debug)]
pub(super) struct Stops {
    last: Reading,
    /// Cores that the program used lately.
    cores: f64,
    stopped_ns: u64,
}

impl Stops {
    pub fn new(first: Reading) -> Self {
        Self {
            last: first,
            cores: 0.0,
            stopped_ns: 0,
        }
    }

    /// Takes the next reading, before which the thread meant to sleep for [`PULSE_NS`]. Returns for
    /// how long the program was stopped so far.
    pub fn add(&mut self, now: Reading) -> u64 {
        let before = std::mem::replace(&mut self.last, now);
        let passed_ns = now.at_ns.saturating_sub(before.at_ns);
        if passed_ns == 0 {
            return self.stopped_ns;
        }
        let queued_ns = now.queued_ns.zip(before.queued_ns);
        let accounted_ns = [
            PULSE_NS,
            queued_ns.map_or(0, |(now, before)| now.saturating_sub(before)),
            now.thread_cpu_ns.saturating_sub(before.thread_cpu_ns),
        ];
        let absent_ns = accounted_ns
            .iter()
            .fold(passed_ns, |rest, part| rest.saturating_sub(*part));
        let used_ns = now.program_cpu_ns.saturating_sub(before.program_cpu_ns) as f64;
        // The time in which the program did what it did, if it went on as before.
        let alive_ns = if self.cores > ACTIVE_CORES {
            used_ns / self.cores
        } else {
            0.0
        };
        let stopped_ns = absent_ns.min(passed_ns.saturating_sub(alive_ns as u64));
        let shortest_ns = match queued_ns {
            Some(_) => SHORTEST_NS,
            None => SHORTEST_UNCOUNTED_NS,
        };
        if stopped_ns >= shortest_ns {
            self.stopped_ns += stopped_ns;
        } else {
            self.cores += (used_ns / passed_ns as f64 - self.cores) * NEWEST;
        }
        self.stopped_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Pulses of a program that uses `cores`, one after the other.
    struct Program {
        stops: Stops,
        now: Reading,
        cores: f64,
    }

    impl Program {
        fn new(cores: f64, counts: bool) -> Self {
            let now = Reading {
                at_ns: 5 * MS,
                queued_ns: counts.then_some(0),
                ..Reading::default()
            };
            let mut program = Self {
                stops: Stops::new(now),
                now,
                cores,
            };
            for _ in 0..50 {
                assert_eq!(program.pulse(0, 0, 20), 0);
            }
            program
        }

        /// The thread wakes up `late_ms` late, after having waited for a core for `queued_ms`;
        /// the program's threads ran for `alive_ms`. Returns the milliseconds of all stops.
        fn pulse(&mut self, late_ms: u64, queued_ms: u64, alive_ms: u64) -> u64 {
            self.now.at_ns += PULSE_NS + late_ms * MS;
            self.now.queued_ns = self.now.queued_ns.map(|ns| ns + queued_ms * MS);
            self.now.thread_cpu_ns += MS / 100;
            self.now.program_cpu_ns += (alive_ms as f64 * self.cores) as u64 * MS;
            self.stops.add(self.now) / MS
        }
    }

    #[test]
    fn a_stopped_program_is_seen_whatever_it_does() {
        for (cores, counts) in [(0.0, true), (1.0, true), (64.0, true), (2.0, false)] {
            let mut program = Program::new(cores, counts);
            let stopped = program.pulse(20_000, 3, 10);
            assert!((19_950..=20_000).contains(&stopped), "{cores}: {stopped}");
            assert_eq!(program.pulse(0, 0, 20), stopped, "counted once");
        }
        // So is a short pause where waiting is counted; elsewhere it may have been the machine.
        assert_eq!(Program::new(1.0, true).pulse(60, 0, 0), 59);
        assert_eq!(Program::new(1.0, false).pulse(60, 0, 0), 0);
        // A second is seen on any number of cores, and so are two stops.
        let mut program = Program::new(256.0, true);
        assert!((970..=1000).contains(&program.pulse(1000, 0, 20)));
        assert!((1940..=2000).contains(&program.pulse(1000, 0, 0)));
    }

    #[test]
    fn a_busy_machine_does_not_look_like_a_stop() {
        // The thread waited for a core, and the others of the program too.
        let mut program = Program::new(2.0, true);
        assert_eq!(program.pulse(3000, 2995, 700), 0);
        // Many small delays never add up to one.
        let mut program = Program::new(2.0, true);
        for _ in 0..1000 {
            assert_eq!(program.pulse(15, 1, 10), 0);
        }
        // It waited for a page, or for a lock whose holder waited for a core, again and again.
        let mut program = Program::new(0.3, true);
        for _ in 0..100 {
            assert_eq!(program.pulse(40, 0, 10), 0);
        }
        // Where the kernel counts no waiting, the program's own CPU time tells.
        let mut program = Program::new(2.0, false);
        assert_eq!(program.pulse(240, 0, 20), 0);
        assert_eq!(program.pulse(1000, 0, 800), 0);
    }

    #[test]
    fn a_thread_that_is_held_up_alone_is_no_stop() {
        // A driver that sleeps, or a page that is read from disk, while the others go on.
        for cores in [1.0, 2.0, 64.0] {
            assert_eq!(Program::new(cores, true).pulse(2000, 0, 2020), 0, "{cores}");
        }
    }

    #[test]
    fn time_that_does_not_pass_is_none() {
        let mut stops = Stops::new(Reading::default());
        assert_eq!(stops.add(Reading::default()), 0);
    }
}
