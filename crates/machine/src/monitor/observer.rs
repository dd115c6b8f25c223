//! Reading the counters behind the conditions of a stretch of time.

use workbench_clock::suspended_ns;

use super::conditions::Readings;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use super::linux::Counters;
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use super::portable::Counters;

/// Reads the machine's counters before and after a stretch of time. Takes a fraction of a
/// millisecond, more with many cores, so it is done while no clock runs.
#[derive(Debug)]
pub struct Observer {
    counters: Counters,
}

impl Observer {
    /// An observer of this machine.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self {
            counters: Counters::new(std::path::Path::new("/")),
        }
    }

    /// What the counters say now. `stopped_ns` is
    /// [`StopMeter::stopped_ns`](super::StopMeter::stopped_ns).
    pub fn read(&mut self, stopped_ns: u64) -> Readings {
        let mut readings = Readings {
            suspended_ns: suspended_ns(),
            stopped_ns,
            ..Readings::default()
        };
        self.counters.read(&mut readings);
        readings
    }
}
