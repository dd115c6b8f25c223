//! Faults that a rank brings upon itself, where `--fault` asks for them.
//!
//! Belongs here: striking. Does not belong here: what the rest makes of it.

use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Signal, getpid, getrlimit, kill_process, setrlimit};
use tch::{Device, Kind, Tensor};
use workbench_protocol::Fault;

use crate::failure::Failure;
use crate::job::Job;
use crate::reporter::StepWatch;

/// How far memory may grow while it is made to run out, in bytes.
const ROOM: u64 = 64 << 20;

/// The faults of this rank.
#[derive(Debug, Clone)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Those of a job that strike its own rank.
    pub fn of(job: &Job) -> Self {
        let mine = |fault: &&Fault| fault.rank() as usize == job.rank;
        Self(job.spec.faults.iter().filter(mine).copied().collect())
    }

    /// Strikes as far as this step is meant, between forward and backward pass.
    ///
    /// `kill` and `stall` send this process SIGKILL and SIGSTOP. `slow` sleeps, within the forward pass, for as long as makes a
    /// step as slow as asked for, by the work of the step before. `nan` gives back a loss that is not a number. `oom` asks
    /// libtorch for more memory than a limit set just before allows.
    ///
    /// # Errors
    /// When memory has run out.
    pub fn strike(&self, watch: &StepWatch, loss: Tensor) -> Result<Tensor, Failure> {
        let mut loss = loss;
        for fault in &self.0 {
            match *fault {
                Fault::Slow { factor, .. } => slow_down(watch, factor),
                _ if fault.step() != Some(watch.step()) => {}
                Fault::Kill { .. } => send(Signal::KILL),
                Fault::Stall { .. } => send(Signal::STOP),
                Fault::Nan { .. } => loss *= f64::NAN,
                Fault::Oom { .. } => run_out_of_memory()?,
            }
        }
        Ok(loss)
    }
}

fn send(signal: Signal) {
    // Its own process cannot refuse it.
    let _ = kill_process(getpid(), signal);
}

fn slow_down(watch: &StepWatch, factor: f64) {
    let more = watch.usual_work().as_secs_f64() * (factor - 1.0);
    if let Ok(more) = Duration::try_from_secs_f64(more) {
        thread::sleep(more);
        watch.slept(more);
    }
}

fn run_out_of_memory() -> Result<(), Failure> {
    let limit = getrlimit(Resource::As);
    let mut low = limit;
    low.current = Some(memory_in_use().saturating_add(ROOM));
    // Where the limit cannot be set, what is asked for below is beyond any address space.
    let limited = setrlimit(Resource::As, low).is_ok();
    let elements = if limited { ROOM as i64 } else { i64::MAX / 8 };
    let got = Tensor::f_zeros([elements], (Kind::Float, Device::Cpu));
    // The report of the failure needs memory too.
    let _ = setrlimit(Resource::As, limit);
    got.map(drop).map_err(Failure::from)
}

/// The address space in use, in bytes.
fn memory_in_use() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages
        .as_deref()
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    pages.map_or(0, |pages| pages * rustix::param::page_size() as u64)
}
