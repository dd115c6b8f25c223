//! What systems without `/proc` say: how busy the cores are, and how much memory there is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::process::Signal;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::types::{CoreState, MachineState, MemoryState};
use crate::gpu::GpuWatch;
use crate::monitor::Sampler;

/// Looks at the machine.
#[derive(Debug)]
pub struct StateReader {
    sampler: Sampler,
    gpus: GpuWatch,
    /// `None` on a system that sysinfo does not know.
    system: Option<System>,
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
            system: System::new_with_specifics(memory()).ok(),
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
        if let Some(system) = &mut self.system {
            system.refresh_specifics(memory());
            state.memory = memory_of(system);
        }
        let seen = self.gpus.look();
        (state.gpus, state.gpus_age_s, state.gpu_problem) = (seen.gpus, seen.age_s, seen.problem);
        state
    }

    /// Whether the GPUs' driver may still answer: it has some or has not said yet, and is not
    /// silent.
    pub fn gpus_are_awaited(&self) -> bool {
        self.gpus.is_awaited()
    }

    /// How often it has answered.
    pub fn gpu_answers(&self) -> u64 {
        self.gpus.answers()
    }

    /// Asks it, for the next look. Waits for nothing.
    pub fn ask_gpus(&self) {
        self.gpus.ask();
    }

    /// CPU time of the process that asks the GPUs' driver, in nanoseconds.
    pub fn helper_cpu_ns(&self) -> u64 {
        self.gpus.cpu_ns()
    }
}

fn memory() -> RefreshKind {
    RefreshKind::nothing().with_memory(MemoryRefreshKind::everything())
}

fn memory_of(system: &System) -> MemoryState {
    // Where a system does not say how much is available, sysinfo says 0.
    let known = |bytes: u64| Some(bytes).filter(|bytes| *bytes > 0);
    MemoryState {
        total_bytes: system.total_memory(),
        available_bytes: known(system.available_memory()),
        free_bytes: known(system.free_memory()),
        swap_total_bytes: Some(system.total_swap()),
        swap_used_bytes: Some(system.used_swap()),
        ..MemoryState::default()
    }
}

/// Signals need to know which process is meant, which only Linux says here.
pub(super) fn send_signal(_: u32, _: u64, _: Signal) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
