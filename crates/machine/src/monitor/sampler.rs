//! Taking one sample of everything: cores, process, GPUs.

use std::time::{Duration, Instant};

use super::round_share;
use super::sample::{GpuSample, Sample};
use crate::gpu::{Driver, DriverProblem, driver};
use workbench_clock::process_cpu_ns;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use super::linux::System;
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use super::portable::System;

/// Shares over less time than this are noise; three of the kernel's usual ticks.
const SHORTEST: Duration = Duration::from_millis(30);

/// Owns what a look at the machine needs: open files, buffers, and the counters of the last look.
#[derive(Debug)]
pub struct Sampler {
    system: System,
    gpus: Gpus,
    looked: Instant,
    process_cpu_ns: u64,
    process_cores: f32,
}

impl Sampler {
    /// A sampler whose first sample tells what happened since this call.
    ///
    /// Never fails: what the machine does not say is missing in the samples. Where there are GPUs,
    /// starting the NVIDIA driver may take a second the first time in a process.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self::of(System::new(std::path::Path::new("/")), driver())
    }

    /// A sampler that asks for no GPUs.
    #[cfg(any(workbench_portable, not(target_os = "linux")))]
    pub(crate) fn without_gpus() -> Self {
        Self::of(System::new(std::path::Path::new("/")), None)
    }

    /// A sampler of the machine whose files lie under `root`, for tests and benchmarks. The
    /// process' CPU time and the GPUs are still this machine's.
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    pub fn with_root(root: &std::path::Path) -> Self {
        Self::of(System::new(root), driver())
    }

    fn of(system: System, driver: Option<&'static Driver>) -> Self {
        Self {
            system,
            gpus: Gpus::new(driver),
            looked: Instant::now(),
            process_cpu_ns: process_cpu_ns(),
            process_cores: 0.0,
        }
    }

    /// Looks at everything once. Shares stand for the time since the last look,
    /// or since [`new`](Self::new).
    ///
    /// The kernel counts a core's time in ticks of usually 10 ms, too coarse for shorter spans than
    /// 30 ms: a look that follows sooner repeats the last shares, or zeros when there are none yet.
    pub fn sample(&mut self) -> Sample {
        let mut sample = Sample::default();
        let fresh = self.look_at_process();
        sample.process_cores = self.process_cores;
        self.system.look(fresh, &mut sample);
        sample.gpus = self.gpus.look();
        sample
    }

    /// Why the GPUs stopped answering; told once.
    pub fn gpu_problem(&mut self) -> Option<DriverProblem> {
        self.gpus.lost.take()
    }

    /// CPU time of the process that asks the GPUs' driver since this sampler was made, in
    /// nanoseconds.
    pub(super) fn helper_cpu_ns(&self) -> u64 {
        self.gpus.cpu_ns
    }

    /// Returns whether enough time has passed since the last look for new shares.
    fn look_at_process(&mut self) -> bool {
        let (now, cpu_ns) = (Instant::now(), process_cpu_ns());
        let passed = now.duration_since(self.looked);
        if passed < SHORTEST {
            return false;
        }
        let used_ns = cpu_ns.saturating_sub(self.process_cpu_ns) as f64;
        self.process_cores = round_share(used_ns / passed.as_nanos() as f64);
        (self.looked, self.process_cpu_ns) = (now, cpu_ns);
        true
    }
}

/// Asks the driver for samples of its GPUs.
#[derive(Debug)]
struct Gpus {
    driver: Option<&'static Driver>,
    /// CPU time of the helper when this began.
    before_ns: u64,
    /// The same since then.
    cpu_ns: u64,
    /// Whether it has been told that they do not answer.
    told: bool,
    /// Why they do not answer, to be told.
    lost: Option<DriverProblem>,
}

impl Gpus {
    fn new(driver: Option<&'static Driver>) -> Self {
        let link = driver.and_then(Driver::link);
        Self {
            driver,
            before_ns: link.map_or(0, |link| link.lock().cpu_ns),
            cpu_ns: 0,
            told: false,
            lost: None,
        }
    }

    /// One entry per GPU; an empty one for a GPU that does not answer.
    fn look(&mut self) -> Vec<GpuSample> {
        let Some((driver, link)) = self.driver.and_then(|known| Some((known, known.link()?)))
        else {
            return Vec::new();
        };
        let mut link = link.lock();
        let gpus = link.look();
        self.cpu_ns = link.cpu_ns.saturating_sub(self.before_ns);
        if !self.told
            && let Some(problem) = link.problem()
        {
            self.told = true;
            self.lost = Some(problem.clone());
        }
        gpus.unwrap_or_else(|| vec![GpuSample::default(); driver.gpus.len()])
    }
}
