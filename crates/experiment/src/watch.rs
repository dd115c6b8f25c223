//! Sampling a repeat: five times a second it collects the spans of the pool's tasks and the
//! messages of the arm, takes a sample of the machine when one is due ([`super::sampling`]), and
//! records all of them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::control::Control;
use super::sampling::{SampleSchedule, TICKS_PER_SECOND};
use crate::lab::Progress;
use workbench_clock::{Clock, program_ns};
use workbench_machine::gpu::DriverProblem;
use workbench_machine::monitor::{Monitor, Sample, StopMeter};
use workbench_pool::Pool;
use workbench_record::{Event, Finding, Recorder};

/// Unchanged progress is recorded at this interval too, so that a reader of the log sees that the
/// run is alive, and the time.
const SIGN_OF_LIFE_NS: u64 = 1_000_000_000;

/// Samples one run, repeat after repeat.
pub(super) struct Watch {
    monitor: Monitor,
    stops: StopMeter,
    current: Arc<Mutex<Option<Current>>>,
    recorder: Recorder,
    clock: Clock,
}

/// The repeat that is under way.
struct Current {
    started_ns: u64,
    pool: Option<Arc<Pool>>,
    progress: Progress,
    /// The last recorded progress (done, total), and its time.
    noted: Option<((u64, u64), u64)>,
    seen: Seen,
}

/// What the samples of a repeat say about it as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    /// The most resident memory, in bytes; 0 without samples.
    pub peak_rss_bytes: u64,
    /// Core time in nanoseconds, and the sum of core time × frequency.
    worked: (f64, f64),
    /// When the last sample was taken.
    at_ns: Option<u64>,
}

impl Seen {
    /// Takes in a sample, which speaks for the time since the one before.
    fn take(&mut self, started_ns: u64, t_ns: u64, sample: &Sample) {
        self.peak_rss_bytes = self.peak_rss_bytes.max(sample.rss_bytes);
        let since_ns = t_ns.saturating_sub(self.at_ns.unwrap_or(started_ns)) as f64;
        self.at_ns = Some(t_ns);
        for (mhz, busy) in sample.mhz.iter().zip(&sample.cores) {
            if *mhz > 0 {
                let worked_ns = f64::from(*busy) * since_ns;
                self.worked.0 += worked_ns;
                self.worked.1 += worked_ns * f64::from(*mhz);
            }
        }
    }

    /// Mean frequency of the cores while they worked, in MHz.
    pub fn mhz(&self) -> Option<f64> {
        let (worked_ns, sum) = self.worked;
        (worked_ns > 0.0).then(|| (sum / worked_ns).round())
    }
}

impl Watch {
    /// Starts sampling.
    pub(super) fn start(clock: Clock, recorder: Recorder, control: Control) -> io::Result<Self> {
        let current: Arc<Mutex<Option<Current>>> = Arc::default();
        let (seen, out) = (Arc::clone(&current), recorder.clone());
        let mut schedule = SampleSchedule::default();
        let mut processes = Processes::default();
        let stops = StopMeter::start()?;
        let monitor = Monitor::start(clock, TICKS_PER_SECOND, move |mut tick| {
            let t_ns = tick.t_ns;
            let started_ns = lock(&seen).as_ref().map(|current| current.started_ns);
            let due = schedule.is_due(t_ns, started_ns) || tick.last;
            if due {
                let mut sample = tick.sample();
                let (used_ns, rss) = lock(&seen).as_ref().map_or((0, 0), |current| {
                    let progress = &current.progress;
                    (progress.processes_cpu_ns(), progress.processes_rss())
                });
                sample.rss_bytes += rss;
                sample.process_cores += processes.cores(t_ns, started_ns, used_ns);
                if let Some(current) = lock(&seen).as_mut() {
                    current.seen.take(current.started_ns, t_ns, &sample);
                }
                out.emit_at(t_ns, Event::Sample(sample));
                if let Some(problem) = tick.gpu_problem() {
                    out.emit_at(t_ns, Event::Finding(no_gpu_samples(&problem)));
                }
            }
            for (source, text) in control.take_output() {
                out.emit(Event::Output { source, text });
            }
            // Held while the spans are recorded, so that the repeat cannot end in between.
            if let Some(current) = lock(&seen).as_mut() {
                current.collect(&out, clock, due);
            }
        })?;
        Ok(Self {
            monitor,
            stops,
            current,
            recorder,
            clock,
        })
    }

    /// A repeat has begun at `started_ns`.
    pub(super) fn begin(&self, started_ns: u64, pool: Option<Arc<Pool>>, progress: Progress) {
        *lock(&self.current) = Some(Current {
            started_ns,
            pool,
            progress,
            noted: None,
            seen: Seen::default(),
        });
    }

    /// Ends the repeat: the spans of its last tasks are recorded before this returns. Returns what
    /// the samples said about it.
    pub(super) fn end(&self) -> Seen {
        let current = lock(&self.current).take();
        current.map_or_else(Seen::default, |mut current| {
            current.collect(&self.recorder, self.clock, true);
            current.seen
        })
    }

    /// For how long the program was stopped so far, in nanoseconds.
    pub(super) fn stopped_ns(&self) -> u64 {
        self.stops.stopped_ns()
    }

    /// CPU time of sampling so far, in nanoseconds.
    pub(super) fn cpu_ns(&self) -> u64 {
        self.monitor.cpu_ns() + self.stops.cpu_ns()
    }

    /// Stops sampling and returns its CPU time, in nanoseconds.
    pub(super) fn stop(self) -> u64 {
        self.monitor.stop() + self.stops.stop()
    }
}

/// The finding that the GPUs say nothing, or nothing any more.
pub(super) fn no_gpu_samples(problem: &DriverProblem) -> Finding {
    let text = format!(
        "{problem} What the GPUs do is not recorded while it does not answer. {}",
        problem.remedy()
    );
    Finding::warning("gpu_driver", text)
}

/// CPU time of the processes that the current repeat has started, at the last sample.
#[derive(Default)]
struct Processes {
    repeat: Option<u64>,
    looked_ns: u64,
    used_ns: u64,
}

impl Processes {
    /// How many cores they have used since the previous sample; 0 in the first sample of a repeat.
    fn cores(&mut self, t_ns: u64, repeat: Option<u64>, used_ns: u64) -> f32 {
        let before = std::mem::replace(
            self,
            Self {
                repeat,
                looked_ns: t_ns,
                used_ns,
            },
        );
        if repeat.is_none() || before.repeat != repeat || t_ns <= before.looked_ns {
            return 0.0;
        }
        let used = used_ns.saturating_sub(before.used_ns) as f64;
        let cores = used / (t_ns - before.looked_ns) as f64;
        ((cores * 1000.0).round() / 1000.0) as f32
    }
}

impl Current {
    /// Records new messages and progress. States of slots change constantly, so they are recorded
    /// only when a sample is `due`.
    fn collect(&mut self, out: &Recorder, clock: Clock, due: bool) {
        for span in self.pool.iter().flat_map(|pool| pool.drain_spans()) {
            out.emit_at(span.finished_ns, Event::Task(span));
        }
        for (at, message) in self.progress.take_messages() {
            let since = program_ns().saturating_sub(at);
            out.emit_at(clock.now_ns().saturating_sub(since), message.into_event());
        }
        if due {
            for state in self.progress.take_slots() {
                out.emit(Event::Slot(state));
            }
        }
        // Read in this order, so that work done in between counts in the total as well.
        let (now_ns, done, total) = (clock.now_ns(), self.progress.done(), self.progress.total());
        let known = self.noted.is_some_and(|(noted, at_ns)| {
            noted == (done, total) && now_ns < at_ns + SIGN_OF_LIFE_NS
        });
        if !known {
            self.noted = Some(((done, total), now_ns));
            out.emit_at(now_ns, Event::Progress { done, total });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frequency_is_that_of_the_cores_that_worked() {
        let sample = |mhz: &[u32], cores: &[f32], rss_bytes| Sample {
            mhz: mhz.to_vec(),
            cores: cores.to_vec(),
            rss_bytes,
            ..Sample::default()
        };
        let mut seen = Seen::default();
        assert_eq!(seen.mhz(), None);
        seen.take(100, 200, &sample(&[3000, 1000], &[1.0, 0.0], 7));
        assert_eq!(seen.mhz(), Some(3000.0));
        // Three times as long, and on both cores; one of them does not say.
        seen.take(100, 500, &sample(&[2000, 0], &[1.0, 1.0], 5));
        assert_eq!(seen.mhz(), Some(2250.0));
        assert_eq!(seen.peak_rss_bytes, 7);
    }
}
