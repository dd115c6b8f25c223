//! Where the timeline is collected: one buffer per slot, written only by that slot's thread and
//! emptied by whoever drains. Also what each slot runs right now.

use std::sync::Arc;

use parking_lot::Mutex;

use super::quiet::drop_quietly;
use super::task::{AnyTask, Header};
use super::timeline::{NEVER_RAN, Outcome, TaskSpan};

/// Spans per allocation: large enough to make allocations rare, small enough that
/// growing copies nothing.
const CHUNK: usize = 1024;

/// What a slot runs right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTask {
    /// The task's number.
    pub task: u64,
    /// The task's name.
    pub name: Arc<str>,
    /// The group that the task was given.
    pub group: u32,
    /// The part that the task was given.
    pub part: u32,
    /// When it started, in nanoseconds on the pool's clock.
    pub started_ns: u64,
}

/// When an attempt ran, where, and how it ended.
#[derive(Debug, Clone, Copy)]
pub struct AttemptTimes {
    pub started_ns: u64,
    pub finished_ns: u64,
    pub cpu_ns: u64,
    pub core_wait_ns: u64,
    pub outcome: Outcome,
}

/// A span that does not yet know the name of unnamed tasks: a reference count that all threads
/// change is slow.
struct RawSpan {
    name: Option<Arc<str>>,
    task: u64,
    queued_ns: u64,
    ready_ns: u64,
    group: u32,
    part: u32,
    attempt: u32,
    ran: AttemptTimes,
}

#[derive(Default)]
struct Buffer {
    full: Vec<Vec<RawSpan>>,
    last: Vec<RawSpan>,
}

/// The task on top of a slot's stack and when it started.
pub type CurrentTask = Option<(Arc<dyn AnyTask>, u64)>;

/// Aligned so that two slots never share a cache line.
#[derive(Default)]
#[repr(align(128))]
struct Slot(Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    current: CurrentTask,
    spans: Buffer,
}

/// All slots' buffers, and one for tasks that never ran.
pub struct Spans {
    slots: Vec<Slot>,
    never_ran: Mutex<Buffer>,
    unnamed: Arc<str>,
}

impl Spans {
    pub fn new(slots: usize, unnamed: Arc<str>) -> Self {
        Self {
            slots: (0..slots).map(|_| Slot::default()).collect(),
            never_ran: Mutex::default(),
            unnamed,
        }
    }

    /// The name of a task that was given none.
    pub fn name_of(&self, header: &Header) -> Arc<str> {
        Arc::clone(header.spec.name.as_ref().unwrap_or(&self.unnamed))
    }

    /// The slot runs this task from now on. Returns what it ran before, which the task
    /// is nested in.
    pub fn begin(&self, slot: usize, task: Arc<dyn AnyTask>, started_ns: u64) -> CurrentTask {
        self.slots[slot]
            .0
            .lock()
            .current
            .replace((task, started_ns))
    }

    /// The slot's task ended; it goes back to what it ran before.
    pub fn end(&self, slot: usize, before: CurrentTask, header: &Header, ran: AttemptTimes) {
        let span = RawSpan::new(header, ran);
        let mut state = self.slots[slot].0.lock();
        state.spans.push(span);
        let ended = std::mem::replace(&mut state.current, before);
        drop(state);
        drop(ended);
    }

    /// A task ended without having run.
    pub fn never_ran(&self, header: &Header, now_ns: u64) {
        let ran = AttemptTimes {
            started_ns: now_ns,
            finished_ns: now_ns,
            cpu_ns: 0,
            core_wait_ns: 0,
            outcome: Outcome::Cancelled,
        };
        self.never_ran.lock().push(RawSpan::new(header, ran));
    }

    /// Takes all spans out.
    pub fn drain(&self) -> Vec<TaskSpan> {
        let mut spans = Vec::new();
        for (slot, place) in self.slots.iter().enumerate() {
            let buffer = std::mem::take(&mut place.0.lock().spans);
            self.finish(slot as u32, buffer, &mut spans);
        }
        let buffer = std::mem::take(&mut *self.never_ran.lock());
        self.finish(NEVER_RAN, buffer, &mut spans);
        spans
    }

    fn finish(&self, slot: u32, buffer: Buffer, spans: &mut Vec<TaskSpan>) {
        spans.reserve(buffer.full.len() * CHUNK + buffer.last.len());
        for chunk in buffer.full.into_iter().chain([buffer.last]) {
            spans.extend(chunk.into_iter().map(|raw| TaskSpan {
                task: raw.task,
                name: raw.name.unwrap_or_else(|| Arc::clone(&self.unnamed)),
                group: raw.group,
                part: raw.part,
                slot,
                attempt: raw.attempt,
                queued_ns: raw.queued_ns,
                ready_ns: raw.ready_ns.min(raw.ran.started_ns),
                started_ns: raw.ran.started_ns,
                finished_ns: raw.ran.finished_ns,
                cpu_ns: raw.ran.cpu_ns,
                core_wait_ns: raw.ran.core_wait_ns,
                outcome: raw.ran.outcome,
            }));
        }
    }

    /// What each slot runs right now.
    pub fn running(&self) -> Vec<Option<RunningTask>> {
        let current = |slot: &Slot| slot.0.lock().current.clone();
        self.slots
            .iter()
            .map(|slot| {
                current(slot).map(|(task, started_ns)| {
                    let header = task.header();
                    let running = RunningTask {
                        task: header.id,
                        name: self.name_of(header),
                        group: header.spec.group,
                        part: header.spec.part,
                        started_ns,
                    };
                    // The task may have ended meanwhile, and this be the last reference
                    // to its value.
                    drop_quietly(task);
                    running
                })
            })
            .collect()
    }
}

impl RawSpan {
    fn new(header: &Header, ran: AttemptTimes) -> Self {
        Self {
            name: header.spec.name.clone(),
            task: header.id,
            queued_ns: header.queued_ns(),
            ready_ns: header.ready_ns(),
            group: header.spec.group,
            part: header.spec.part,
            attempt: header.attempt(),
            ran,
        }
    }
}

impl Buffer {
    fn push(&mut self, span: RawSpan) {
        if self.last.len() == self.last.capacity() {
            if self.last.len() >= CHUNK {
                self.full.push(std::mem::take(&mut self.last));
            }
            self.last.reserve_exact(CHUNK);
        }
        self.last.push(span);
    }
}
