//! What an arm reports while it runs, shared between the threads that work and those that sample.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use workbench_clock::program_ns;
use workbench_record::{ControllerState, Event, Finding, ItemEvent, SlotState};

/// Progress of an arm and the request to stop it. Clones share both.
#[derive(Debug, Clone)]
pub struct Progress {
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
    cancelled: Arc<AtomicBool>,
    processes_cpu_ns: Arc<AtomicU64>,
    processes_rss: Arc<AtomicU64>,
    messages: Arc<Mutex<Vec<(u64, ArmMessage)>>>,
    slots: Arc<Mutex<BTreeMap<u32, SlotState>>>,
    to_stop: Arc<Mutex<Vec<String>>>,
}

/// A message of an arm while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum ArmMessage {
    /// A point of a curve.
    Metric {
        /// What the curve shows.
        name: String,
        /// The item that it belongs to; `None` for the repeat as a whole.
        item: Option<String>,
        /// The step in the lab's own counting.
        step: u64,
        /// The value.
        value: f64,
    },
    /// A printed line: who printed it, and the line.
    Output(String, String),
    /// Something that a reader of the result has to know.
    Finding(Finding),
    /// What becomes of an item.
    Item(ItemEvent),
    /// The state of the arm's controller.
    State(ControllerState),
}

impl ArmMessage {
    /// The event that records it.
    pub fn into_event(self) -> Event {
        match self {
            Self::Metric {
                name,
                item,
                step,
                value,
            } => Event::Metric {
                name,
                item,
                step,
                value,
            },
            Self::Output(source, text) => Event::Output { source, text },
            Self::Finding(finding) => Event::Finding(finding),
            Self::Item(event) => Event::Item(event),
            Self::State(state) => Event::State(state),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(Arc::default(), u64::MAX)
    }
}

impl Progress {
    /// Progress zero of a total, that stops when `cancelled` turns true.
    pub fn new(cancelled: Arc<AtomicBool>, total: u64) -> Self {
        Self {
            done: Arc::default(),
            total: Arc::new(AtomicU64::new(total)),
            cancelled,
            processes_cpu_ns: Arc::default(),
            processes_rss: Arc::default(),
            messages: Arc::default(),
            slots: Arc::default(),
            to_stop: Arc::default(),
        }
    }

    /// The same, with items that a person wants to have stopped.
    #[must_use]
    pub fn stopping(self, to_stop: Arc<Mutex<Vec<String>>>) -> Self {
        Self { to_stop, ..self }
    }

    /// The items that a person has asked to stop since the last call; the arm goes on without them.
    pub fn take_stop_requests(&self) -> Vec<String> {
        let mut asked = self.to_stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *asked)
    }

    /// Adds units of work done.
    pub fn add(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// Units of work done so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Lowers the total units of work, for example because a trial was stopped early. A total never
    /// grows: a larger value than the current total changes nothing.
    pub fn set_total(&self, units: u64) {
        self.total.fetch_min(units, Ordering::Relaxed);
    }

    /// Units of work in all, never less than those done.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed).max(self.done())
    }

    /// Adds a point to a curve: what it shows (`loss`, `images/s`), the step in the lab's own
    /// counting, and the value. A value that is no finite number is a gap in the curve.
    pub fn metric(&self, name: &str, step: u64, value: f64) {
        self.point(name, None, step, value);
    }

    /// Adds a point to a curve that belongs to one item (a trial, a model), named as in the arm's
    /// output.
    pub fn item_metric(&self, item: &str, name: &str, step: u64, value: f64) {
        self.point(name, Some(item.to_owned()), step, value);
    }

    fn point(&self, name: &str, item: Option<String>, step: u64, value: f64) {
        if value.is_finite() {
            let name = name.to_owned();
            self.say(ArmMessage::Metric {
                name,
                item,
                step,
                value,
            });
        }
    }

    /// Reports a line that a worker or a library printed.
    pub fn output(&self, source: &str, text: &str) {
        self.say(ArmMessage::Output(source.to_owned(), text.to_owned()));
    }

    /// Reports something that a reader of the result has to know.
    pub fn report(&self, finding: Finding) {
        self.say(ArmMessage::Finding(finding));
    }

    /// Reports the new state of the arm's controller.
    pub fn state(&self, state: ControllerState) {
        self.say(ArmMessage::State(state));
    }

    /// Reports the state of a slot. Only the latest state of a slot is recorded, at each sample and
    /// once at the end.
    pub fn slot(&self, state: SlotState) {
        lock(&self.slots).insert(state.slot, state);
    }

    /// The states of slots that were reported since the last call.
    pub fn take_slots(&self) -> Vec<SlotState> {
        std::mem::take(&mut *lock(&self.slots))
            .into_values()
            .collect()
    }

    /// Reports the total CPU time of this arm's processes so far, in nanoseconds. It counts as the
    /// run's own.
    pub fn set_processes_cpu_ns(&self, total_ns: u64) {
        self.processes_cpu_ns.fetch_max(total_ns, Ordering::Relaxed);
    }

    /// The CPU time of processes that the arm has started, in nanoseconds.
    pub fn processes_cpu_ns(&self) -> u64 {
        self.processes_cpu_ns.load(Ordering::Relaxed)
    }

    /// Reports the total resident memory of the processes that the arm has started, in bytes; it
    /// counts as the program's. Shared memory counts for each process.
    pub fn set_processes_rss(&self, bytes: u64) {
        self.processes_rss.store(bytes, Ordering::Relaxed);
    }

    /// The resident memory of processes that the arm has started, in bytes.
    pub fn processes_rss(&self) -> u64 {
        self.processes_rss.load(Ordering::Relaxed)
    }

    /// The arm's messages since the last call, with their times by [`program_ns`].
    pub fn take_messages(&self) -> Vec<(u64, ArmMessage)> {
        std::mem::take(&mut *lock(&self.messages))
    }

    /// Whether the arm should stop as soon as it can.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn say(&self, message: ArmMessage) {
        lock(&self.messages).push((program_ns(), message));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_shrinks_and_never_grows_or_falls_below_what_is_done() {
        let progress = Progress::new(Arc::default(), 100);
        progress.add(30);
        progress.set_total(60);
        progress.set_total(80);
        assert_eq!((progress.done(), progress.total()), (30, 60));
        progress.set_total(10);
        assert_eq!(progress.total(), 30);
        progress.add(5);
        assert_eq!((progress.done(), progress.total()), (35, 35));
    }
}
