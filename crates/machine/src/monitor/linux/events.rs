//! What the processor counts, through Linux' perf events.

use std::io;

use perf_event::events::Hardware;
use perf_event::{Builder, Counter, ReadFormat};
use rustix::io::Errno;

use crate::monitor::usage::{CounterAccess, HardwareCounts};

/// Counters of the thread that opened them, and of all threads and processes that it starts later.
/// They count outside the kernel only, which systems allow by default.
#[derive(Debug)]
pub(crate) struct EventCounters {
    instructions: Counter,
    cycles: Counter,
    /// Some processors count no misses.
    cache_misses: Option<Counter>,
}

impl EventCounters {
    /// Opens them; they do not count yet.
    pub fn open() -> Result<Self, CounterAccess> {
        let open = |event: Hardware| {
            Builder::new(event)
                .inherit(true)
                .exclude_kernel(true)
                .exclude_hv(true)
                .read_format(ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING)
                .build()
        };
        Ok(Self {
            instructions: open(Hardware::INSTRUCTIONS).map_err(|error| refused(&error))?,
            cycles: open(Hardware::CPU_CYCLES).map_err(|error| refused(&error))?,
            cache_misses: open(Hardware::CACHE_MISSES).ok(),
        })
    }

    /// Begins to count.
    pub fn start(&mut self) {
        // One that does not start counts nothing, and says so when it is read.
        for counter in self.all() {
            let _ = counter.enable();
        }
    }

    /// Stops counting; `None` when the processor was too busy counting for others.
    pub fn stop(&mut self) -> Option<HardwareCounts> {
        for counter in self.all() {
            let _ = counter.disable();
        }
        Some(HardwareCounts {
            instructions: count(&mut self.instructions)?,
            cycles: count(&mut self.cycles)?,
            cache_misses: self.cache_misses.as_mut().and_then(count),
        })
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Counter> {
        [&mut self.instructions, &mut self.cycles]
            .into_iter()
            .chain(&mut self.cache_misses)
    }
}

/// The count over the whole time: with more counters than the processor has, each counts a part of
/// it.
fn count(counter: &mut Counter) -> Option<u64> {
    let data = counter.read_full().ok()?;
    let enabled = data.time_enabled()?.as_secs_f64();
    let running = data.time_running()?.as_secs_f64();
    (running > 0.0).then(|| (data.count() as f64 * enabled / running) as u64)
}

fn refused(error: &io::Error) -> CounterAccess {
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM | Errno::NOSYS) => CounterAccess::NotAllowed,
        _ => CounterAccess::NotSupported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_and_a_lack_are_told_apart() {
        for (errno, access) in [
            (Errno::ACCESS, CounterAccess::NotAllowed),
            (Errno::PERM, CounterAccess::NotAllowed),
            (Errno::NOENT, CounterAccess::NotSupported),
            (Errno::OPNOTSUPP, CounterAccess::NotSupported),
        ] {
            assert_eq!(refused(&errno.into()), access);
        }
    }
}
