//! Faults that a rank injects into itself, where `--fault` asks for them.
//!
//! Belongs here: striking, when the training says that it has come to a place where a fault may.
//! Does not belong here: how the others deal with it.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use tch::{Device, Kind, TchError, Tensor};
use workbench_ddp_protocol::{Fault, Place, Slowness};

use crate::job::Job;

/// How far memory may grow while it is made to run out, in bytes.
const ROOM: u64 = 1 << 30;

/// Time enough for the others to come to where they wait, and to say so: heartbeats come five times
/// a second.
const OTHERS_TELL: Duration = Duration::from_millis(450);

/// The faults of this rank. Each strikes once, but for those that last.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Fault, Cell<bool>)>);

impl Faults {
    /// Those of a job that strike its own rank.
    pub fn of(job: &Job) -> Self {
        let mine = |fault: &&Fault| fault.rank() as usize == job.rank;
        let mine = job.spec.faults.iter().filter(mine);
        Self(mine.map(|fault| (*fault, Cell::new(false))).collect())
    }

    /// Strikes as far as this place and step are meant. Returns whether what is computed here is
    /// not a number from now on.
    ///
    /// `kill` and `stall` send this process SIGKILL and SIGSTOP. `oom` asks libtorch for more
    /// memory than a limit set just before allows, and unwinds as the bindings do when libtorch
    /// throws. `slow` makes the start-up longer.
    pub fn strike(&self, place: Place, step: u64) -> bool {
        if place == Place::StartUp {
            self.slow_down(place, cpu_time());
        }
        let mut is_nan = false;
        for fault in self.due(place, step) {
            match fault {
                Fault::Kill { .. } => send(Signal::KILL),
                Fault::Stall { .. } => send(Signal::STOP),
                Fault::Oom { .. } => run_out_of_memory(),
                Fault::Nan { .. } => is_nan = true,
                _ => {}
            }
        }
        is_nan
    }

    /// Strikes between forward and backward pass of a step, which takes about `work`. Returns how
    /// much longer that took, and whether the loss is not a number from now on.
    ///
    /// `slow` sleeps, within the forward pass, for as long as makes a step as slow as asked for.
    pub(crate) fn strike_forward(&self, step: u64, work: Duration) -> (Duration, bool) {
        let slept = self.slow_down(Place::Forward, work);
        (slept, self.strike(Place::Forward, step))
    }

    /// Strikes at what gradients are computed from, where they are to be spoilt and their loss is
    /// not: all of them become NaN.
    pub(crate) fn strike_gradients(&self, step: u64, loss: &Tensor) {
        if self.meant_for_all_reduce(step, |fault| matches!(fault, Fault::Nan { .. })) {
            // In place, so that it is a part of the program's own graph.
            let _ = loss.shallow_clone().g_mul_scalar_(f64::NAN);
        }
    }

    /// Strikes at the beginning of the backward pass of a step, which takes about `work`: `slow` at
    /// once, the others once all wait for this rank's gradients. Returns how much longer a slow
    /// step took.
    pub(crate) fn strike_all_reduce(&self, step: u64, work: Duration) -> Duration {
        let slept = self.slow_down(Place::AllReduce, work);
        if self.meant_for_all_reduce(step, |fault| !matches!(fault, Fault::Nan { .. })) {
            thread::sleep(work.max(OTHERS_TELL));
            self.strike(Place::AllReduce, step);
        }
        slept
    }

    /// Strikes before a checkpoint after so many steps is taken, or gives what is to strike when it
    /// is written. `step_work` is what a step takes.
    pub(crate) fn strike_checkpoint(&self, steps: u64, step_work: Duration) -> Option<Fault> {
        self.slow_down(Place::Checkpoint, step_work);
        let fault = self.due(Place::Checkpoint, steps).next();
        if let Some(Fault::Oom { .. }) = fault {
            run_out_of_memory();
        }
        fault
    }

    /// Makes what took `work` at a place as slow as asked for. Returns how much longer it took.
    pub(crate) fn slow_down(&self, place: Place, work: Duration) -> Duration {
        let mut more = Duration::ZERO;
        for (fault, _) in &self.0 {
            if let Fault::Slow { by, place: at, .. } = *fault
                && at == place
            {
                let longer = match by {
                    Slowness::Factor(factor) => work.as_secs_f64() * (factor - 1.0),
                    Slowness::Seconds(seconds) => seconds,
                };
                more += Duration::try_from_secs_f64(longer).unwrap_or_default();
            }
        }
        thread::sleep(more);
        more
    }

    /// Whether a fault of some kind is to strike in the all-reduce of a step.
    fn meant_for_all_reduce(&self, step: u64, kind: impl Fn(&Fault) -> bool) -> bool {
        let here = (Place::AllReduce, Some(step));
        let mut faults = self.0.iter().map(|(fault, _)| fault);
        faults.any(|fault| kind(fault) && (fault.place(), fault.step()) == here)
    }

    /// What is to strike here and has not yet.
    fn due(&self, place: Place, step: u64) -> impl Iterator<Item = Fault> {
        let is_due = move |fault: &Fault| {
            fault.place() == place
                && match place {
                    Place::StartUp => true,
                    _ if fault.is_lasting() => false,
                    Place::Forward | Place::AllReduce => fault.step() == Some(step),
                    Place::Checkpoint | Place::Evaluation => {
                        fault.step().is_some_and(|from| from <= step)
                    }
                }
        };
        let due = self.0.iter().filter(move |(fault, _)| is_due(fault));
        due.filter(|(_, struck)| !struck.replace(true))
            .map(|(fault, _)| *fault)
    }
}

/// Sends a signal to this process, of which all threads then die or stop.
pub(crate) fn send(signal: Signal) {
    // Its own process cannot refuse it.
    let _ = kill_process(getpid(), signal);
}

/// The CPU time of this process so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn run_out_of_memory() {
    if let Err(error) = ask_for_too_much() {
        resume_unwind(Box::new(error.to_string()));
    }
}

fn ask_for_too_much() -> Result<(), TchError> {
    let limit = getrlimit(Resource::As);
    let low = Rlimit {
        current: Some(memory_in_use().saturating_add(ROOM)),
        ..limit
    };
    // Where the limit cannot be set, what is asked for below is beyond any address space.
    let limited = setrlimit(Resource::As, low).is_ok();
    let elements = if limited { ROOM as i64 } else { i64::MAX / 8 };
    let got = Tensor::f_zeros([elements], (Kind::Float, Device::Cpu));
    // The report of the failure needs memory too.
    let _ = setrlimit(Resource::As, limit);
    got.map(drop)
}

/// The address space in use, in bytes.
fn memory_in_use() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages
        .as_deref()
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    pages.map_or(0, |pages| pages * rustix::param::page_size() as u64)
}
