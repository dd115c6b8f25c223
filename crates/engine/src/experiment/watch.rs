//! The eye on a run: five times a second it takes a sample of the machine, collects what the pool's tasks left, and
//! notes the progress, all into the record.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::control::Control;
use super::run::SAMPLES_PER_SECOND;
use crate::clock::Clock;
use crate::lab::{Progress, Told};
use crate::monitor::Monitor;
use crate::pool::Pool;
use crate::record::{Event, Recorder};

/// Watches one run, repeat after repeat.
pub(super) struct Watch {
    monitor: Monitor,
    current: Arc<Mutex<Option<Current>>>,
    recorder: Recorder,
    clock: Clock,
}

/// The repeat that is under way.
struct Current {
    pool: Option<Arc<Pool>>,
    progress: Progress,
    total: u64,
}

impl Watch {
    /// Starts sampling.
    pub(super) fn start(clock: Clock, recorder: Recorder, control: Control) -> io::Result<Self> {
        let current: Arc<Mutex<Option<Current>>> = Arc::default();
        let (seen, out) = (Arc::clone(&current), recorder.clone());
        let monitor = Monitor::start(clock, SAMPLES_PER_SECOND, move |tick| {
            out.emit_at(tick.t_ns, Event::Sample(tick.sample));
            for (source, text) in control.take_output() {
                out.emit(Event::Output { source, text });
            }
            // Held while the spans are handed over, so that a repeat cannot end between them.
            if let Some(current) = lock(&seen).as_ref() {
                current.collect(&out, clock);
            }
        })?;
        Ok(Self {
            monitor,
            current,
            recorder,
            clock,
        })
    }

    /// A repeat begins.
    pub(super) fn begin(&self, pool: Option<Arc<Pool>>, progress: Progress, total: u64) {
        *lock(&self.current) = Some(Current {
            pool,
            progress,
            total,
        });
    }

    /// The repeat has ended: what its last tasks left is recorded before this returns.
    pub(super) fn end(&self) {
        if let Some(current) = lock(&self.current).take() {
            current.collect(&self.recorder, self.clock);
        }
    }

    /// CPU time that watching has cost so far, in nanoseconds.
    pub(super) fn cpu_ns(&self) -> u64 {
        self.monitor.cpu_ns()
    }

    /// Stops sampling and returns what it has cost, in nanoseconds of CPU time.
    pub(super) fn stop(self) -> u64 {
        self.monitor.stop()
    }
}

impl Current {
    fn collect(&self, out: &Recorder, clock: Clock) {
        for span in self.pool.iter().flat_map(|pool| pool.drain_spans()) {
            out.emit_at(span.finished_ns, Event::Task(span));
        }
        for (at, told) in self.progress.take_told() {
            let event = match told {
                Told::Metric(name, step, value) => Event::Metric { name, step, value },
                Told::Output(source, text) => Event::Output { source, text },
            };
            let since = at.elapsed().as_nanos() as u64;
            out.emit_at(clock.now_ns().saturating_sub(since), event);
        }
        out.emit(Event::Progress {
            done: self.progress.done(),
            total: self.total,
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
