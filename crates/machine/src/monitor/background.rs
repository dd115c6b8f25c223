//! Ticking regularly on a thread of its own, with a sample whenever one is wanted, and measuring
//! what that costs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::sample::Sample;
use super::sampler::Sampler;
use crate::gpu::DriverProblem;
use workbench_clock::{Clock, thread_cpu_ns};

/// A moment at which the machine can be looked at.
#[derive(Debug)]
pub struct Tick<'a> {
    /// Reading of the run's clock.
    pub t_ns: u64,
    /// Whether the monitor is being stopped and no tick will follow.
    pub last: bool,
    sampler: &'a mut Sampler,
}

impl Tick<'_> {
    /// Looks at the machine. Shares stand for the time since the last tick at which this was done.
    pub fn sample(&mut self) -> Sample {
        self.sampler.sample()
    }

    /// Why the GPUs stopped answering; told once.
    pub fn gpu_problem(&mut self) -> Option<DriverProblem> {
        self.sampler.gpu_problem()
    }
}

/// A thread that ticks at a steady rate until it is stopped or dropped.
#[derive(Debug)]
pub struct Monitor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whether the thread has to end.
    ends: Mutex<bool>,
    wake: Condvar,
    cpu_ns: AtomicU64,
}

impl Monitor {
    /// Starts the thread `workbench-monitor`, which hands a [`Tick`] to `deliver` `hz` times a
    /// second, for the first time after one period, and once more when it is stopped. Whether a
    /// tick is used to look at the machine is up to `deliver`.
    ///
    /// The times are fixed in advance, so they do not drift; times that are missed, because the
    /// machine was too busy or `deliver` took long, are left out and not made up for. `deliver`
    /// runs on the monitor's thread and its CPU time counts as the monitor's.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when `hz` is not between 0.001 and 1000, and what the operating system says
    /// when it refuses the thread.
    pub fn start(
        clock: Clock,
        hz: f64,
        deliver: impl FnMut(Tick<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        if !(0.001..=1000.0).contains(&hz) {
            let text = format!("cannot sample {hz} times a second; give a rate from 0.001 to 1000");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let shared = Arc::new(Shared::default());
        let period_ns = (1e9 / hz) as u64;
        let thread = thread::Builder::new()
            .name("workbench-monitor".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run(clock, period_ns, deliver)
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// CPU time that the monitor's thread had used when it finished its last tick, and the process
    /// that asks the GPUs' driver, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.shared.cpu_ns.load(Ordering::Relaxed)
    }

    /// Delivers one last tick, ends the thread, and returns the CPU time that it used in all.
    pub fn stop(mut self) -> u64 {
        self.end();
        self.cpu_ns()
    }

    fn end(&mut self) {
        *self.shared.ends.lock() = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic in `deliver` was reported when it happened; the samples end there.
            let _ = thread.join();
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn run(&self, clock: Clock, period_ns: u64, mut deliver: impl FnMut(Tick<'_>)) {
        // Made here and not by the caller, who must not wait for the GPUs' driver.
        let mut sampler = Sampler::new();
        let start = Instant::now();
        loop {
            let passed_ns = start.elapsed().as_nanos() as u64;
            let tick = start + Duration::from_nanos(next_tick(period_ns, passed_ns));
            let last = self.ends_before(tick);
            deliver(Tick {
                t_ns: clock.now_ns(),
                last,
                sampler: &mut sampler,
            });
            let cpu_ns = thread_cpu_ns() + sampler.helper_cpu_ns();
            self.cpu_ns.store(cpu_ns, Ordering::Relaxed);
            if last {
                return;
            }
        }
    }

    /// Waits for the next tick. Says whether the thread has to end instead.
    fn ends_before(&self, tick: Instant) -> bool {
        let mut ends = self.ends.lock();
        while !*ends {
            if self.wake.wait_until(&mut ends, tick).timed_out() {
                break;
            }
        }
        *ends
    }
}

/// The first multiple of the period that lies ahead, in nanoseconds since the start.
pub(super) fn next_tick(period_ns: u64, passed_ns: u64) -> u64 {
    (passed_ns / period_ns + 1).saturating_mul(period_ns)
}
