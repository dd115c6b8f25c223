//! Processes that are started, as Linux' perf events tell of them.

use std::io;

use perf_event::data::Record;
use perf_event::events::Software;
use perf_event::{Builder, Sampler};

use crate::monitor::resource_use::StartedProcesses;
use crate::proc_stat;

/// Every process and thread that is started inherits an event per core. With more cores than this
/// that would be felt.
const MOST_CORES: usize = 32;
/// Bytes of the buffer of each core: some 4000 starts and ends. What the system lets a user have
/// without privileges is about twice as much.
const BUFFER: usize = 1 << 18;
/// A buffer with less room than this may have had none for the next record, in bytes.
const FULL: usize = BUFFER - 4096;

/// Counts what the thread that opened it starts, and all that these processes start.
pub(crate) struct ForkCounter {
    /// One per core; each tells of what was started there.
    cores: Vec<Sampler>,
}

impl ForkCounter {
    /// Begins to count; `None` where the machine does not allow it, or has too many cores.
    pub fn open() -> Option<Self> {
        let text = std::fs::read("/proc/stat").ok()?;
        let mut cores = Vec::new();
        proc_stat::parse_cores(&text, &mut cores);
        if cores.is_empty() || cores.len() > MOST_CORES {
            return None;
        }
        let cores = cores.into_iter().map(|(core, _)| open(core as usize));
        let cores = cores.collect::<io::Result<_>>().ok()?;
        Some(Self { cores })
    }

    /// Processes that were started since it was last asked.
    pub fn take(&mut self) -> StartedProcesses {
        let mut started = StartedProcesses::default();
        for core in &mut self.cores {
            let mut bytes = 0;
            while let Some(record) = core.next_record() {
                bytes += record.len() + HEADER;
                match record.parse_record() {
                    // Otherwise a thread.
                    Ok(Record::Fork(fork)) if fork.pid != fork.ppid => started.count += 1,
                    Ok(Record::Lost(_)) => started.at_least = true,
                    _ => {}
                }
                if bytes > BUFFER {
                    break;
                }
            }
            started.at_least |= bytes > FULL;
        }
        started
    }
}

/// Bytes before what a record says.
const HEADER: usize = 8;

fn open(core: usize) -> io::Result<Sampler> {
    Builder::new(Software::DUMMY)
        .one_cpu(core)
        .inherit(true)
        .task(true)
        .exclude_kernel(true)
        .exclude_hv(true)
        .enabled(true)
        .build()?
        .sampled(BUFFER)
}
