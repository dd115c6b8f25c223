//! Measuring for how long the program was stopped, on a thread that does nothing else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::stops::{PULSE_NS, Reading, Stops};
use workbench_clock::{CoreWait, process_cpu_ns, program_ns, thread_cpu_ns};

/// A thread that looks again and again whether the program stood still, until it is stopped or
/// dropped.
///
/// Has a thread of its own: one that also records, or asks a driver, waits for what it does, and
/// that would look like a stop.
#[derive(Debug)]
pub struct StopMeter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    orders: Mutex<Orders>,
    /// The thread has an order.
    wake: Condvar,
    /// The thread has looked.
    looked: Condvar,
    cpu_ns: AtomicU64,
    /// For how long the program was stopped so far, as far as the thread has looked.
    stopped_ns: AtomicU64,
    /// When the thread looks next, on the program's clock; 0 while it has not begun to.
    looks_ns: AtomicU64,
}

/// What the thread has to do.
#[derive(Debug, Default)]
struct Orders {
    end: bool,
    /// Look at once.
    look: bool,
}

/// Later than this, the thread is asked to look.
const OVERDUE_NS: u64 = 5_000_000;
/// A thread that has ended answers nothing.
const PATIENCE: Duration = Duration::from_secs(2);

impl StopMeter {
    /// Starts the thread `workbench-stops`.
    ///
    /// # Errors
    ///
    /// What the operating system says when it refuses the thread.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new()
            .name("workbench-stops".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run()
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// For how long the whole program was stopped so far, in nanoseconds: by SIGSTOP, a debugger, a
    /// frozen container or a paused virtual machine. Time for which a person suspended it with
    /// Ctrl-Z is not counted, as clocks stand still then.
    ///
    /// A thread that goes on after a stop may ask before the meter has noticed it. Then the call
    /// waits until it has.
    pub fn stopped_ns(&self) -> u64 {
        self.shared.look_if_overdue();
        self.shared.stopped_ns.load(Ordering::Acquire)
    }

    /// CPU time that the thread had used when it looked last, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.shared.cpu_ns.load(Ordering::Relaxed)
    }

    /// Ends the thread, and returns the CPU time that it used in all, in nanoseconds.
    pub fn stop(mut self) -> u64 {
        self.end();
        self.cpu_ns()
    }

    fn end(&mut self) {
        self.shared.orders.lock().end = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for StopMeter {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn run(&self) {
        let wait = CoreWait::of_this_thread();
        let mut stops = Stops::new(reading(&wait));
        let mut orders = self.orders.lock();
        while !orders.end {
            self.looks_ns
                .store(program_ns() + PULSE_NS, Ordering::Release);
            let wakes = Instant::now() + Duration::from_nanos(PULSE_NS);
            while !orders.end && !orders.look {
                if self.wake.wait_until(&mut orders, wakes).timed_out() {
                    break;
                }
            }
            let now = reading(&wait);
            self.stopped_ns.store(stops.add(now), Ordering::Release);
            self.cpu_ns.store(now.thread_cpu_ns, Ordering::Relaxed);
            orders.look = false;
            self.looked.notify_all();
        }
    }

    fn look_if_overdue(&self) {
        let overdue = || {
            let looks_ns = self.looks_ns.load(Ordering::Acquire);
            looks_ns != 0 && looks_ns.saturating_add(OVERDUE_NS) < program_ns()
        };
        if !overdue() {
            return;
        }
        let mut orders = self.orders.lock();
        // It may have looked before the lock was had; an order that it takes sets `look` back.
        orders.look = overdue() && !orders.end;
        self.wake.notify_one();
        while orders.look {
            if self.looked.wait_for(&mut orders, PATIENCE).timed_out() {
                break;
            }
        }
    }
}

fn reading(wait: &CoreWait) -> Reading {
    Reading {
        at_ns: program_ns(),
        queued_ns: wait.total_ns(),
        thread_cpu_ns: thread_cpu_ns(),
        program_cpu_ns: process_cpu_ns(),
    }
}
