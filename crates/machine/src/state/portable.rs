//! What systems without `/proc` say: how busy the cores are, and how much memory there is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::process::Signal;

use super::types::{CoreState, MachineState};
use crate::gpu::GpuWatch;
use crate::monitor::Sampler;

/// Looks at the machine.
#[derive(Debug)]
pub struct StateReader {
    sampler: Sampler,
    gpus: GpuWatch,
    memory_bytes: u64,
    looked: Instant,
}

impl StateReader {
    /// A reader whose first look tells what happened since this call.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self {
            sampler: Sampler::without_gpus(),
            gpus: GpuWatch::start(),
            memory_bytes: crate::portable::probe().memory_bytes,
            looked: Instant::now(),
        }
    }

    /// Looks once.
    pub fn look(&mut self) -> MachineState {
        let mut state = MachineState {
            unix_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64),
            interval_s: self.looked.elapsed().as_secs_f64(),
            ..MachineState::default()
        };
        self.looked = Instant::now();
        let busy = self.sampler.sample().cores;
        let cores = (0..).zip(busy).map(|(id, busy)| CoreState {
            id,
            busy,
            ..CoreState::default()
        });
        state.cores = cores.collect();
        state.memory.total_bytes = self.memory_bytes;
        let seen = self.gpus.look();
        (state.gpus, state.gpus_age_s, state.gpu_problem) = (seen.gpus, seen.age_s, seen.problem);
        state
    }

    /// Whether there may be GPUs: the driver has some, or has not said yet.
    pub fn has_gpus(&self) -> bool {
        self.gpus.is_open()
    }

    /// CPU time of the process that asks the GPUs' driver, in nanoseconds.
    pub fn helper_cpu_ns(&self) -> u64 {
        self.gpus.cpu_ns()
    }
}

/// Signals need to know which process is meant, which only Linux says here.
pub(super) fn send_signal(_: u32, _: u64, _: Signal) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
