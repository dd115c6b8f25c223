//! Measuring what processes use that a thread starts, as far as they need not be waited for.

use super::resource_use::{HardwareCounts, StartedProcesses};

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use super::linux::{EventCounters, ForkCounter};
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use super::portable::{EventCounters, ForkCounter};

/// Measures processes that the thread that made it starts, and all that these start.
pub struct ProcessMeter {
    /// Those of the stretch of time that was begun.
    counters: Option<EventCounters>,
    /// Whether the processor's counters can be had.
    counts: bool,
    forks: Option<ForkCounter>,
}

impl ProcessMeter {
    /// Looks at what the machine allows.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self {
            counters: None,
            counts: EventCounters::open().is_ok(),
            forks: ForkCounter::open(),
        }
    }

    /// Gets ready for a stretch of time.
    pub fn prepare(&mut self) {
        // What ended processes counted cannot be set back, so it takes new ones.
        self.counters = self.counts.then(|| EventCounters::open().ok()).flatten();
        if let Some(forks) = &mut self.forks {
            forks.take();
        }
    }

    /// Begins. Takes some microseconds.
    pub fn start(&mut self) {
        if let Some(counters) = &mut self.counters {
            counters.start();
        }
    }

    /// Ends, and says what was counted: by the processor, and of processes that were started.
    pub fn stop(&mut self) -> (Option<HardwareCounts>, Option<StartedProcesses>) {
        let hardware = self.counters.take();
        let hardware = hardware.and_then(|mut counters| counters.stop());
        (hardware, self.forks.as_mut().map(ForkCounter::take))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn processes_are_counted_and_threads_are_not() {
        let mut meter = ProcessMeter::new();
        for started in [3, 5] {
            // By something else; this one does not count.
            std::thread::spawn(|| Command::new("true").status().unwrap())
                .join()
                .unwrap();
            meter.prepare();
            meter.start();
            for _ in 1..started {
                assert!(Command::new("true").status().unwrap().success());
            }
            // A shell that starts none, in a process that has threads.
            let status = Command::new("sh").args(["-c", "exit 3"]).status();
            assert_eq!(status.unwrap().code(), Some(3));
            let (_, counted) = meter.stop();
            let expected = StartedProcesses {
                count: started,
                at_least: false,
            };
            assert!(
                counted.is_none_or(|counted| counted == expected),
                "{counted:?}"
            );
        }
    }
}
