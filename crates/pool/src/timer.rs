//! The thread that waits for delays before retries. It is started by the first retry that
//! has a delay.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::task::AnyTask;

/// What is done with a task when its delay is over.
pub type Fire = Arc<dyn Fn(Arc<dyn AnyTask>) + Send + Sync>;

/// Tasks in the order in which their delays end.
#[derive(Default)]
pub struct Timer {
    state: Mutex<TaskState>,
    changed: Condvar,
}

#[derive(Default)]
struct TaskState {
    entries: BinaryHeap<Reverse<Entry>>,
    added: u64,
    thread: Option<JoinHandle<()>>,
    stopping: bool,
}

struct Entry {
    due: Instant,
    order: u64,
    task: Arc<dyn AnyTask>,
}

impl Timer {
    /// Fires the task at `due`; at once when no thread can be started.
    pub fn schedule(
        self: &Arc<Self>,
        due: Instant,
        task: Arc<dyn AnyTask>,
        name: &str,
        fire: impl FnOnce() -> Fire,
    ) {
        let mut state = self.state.lock();
        if state.thread.is_none() && !state.stopping {
            let (timer, fire) = (Arc::clone(self), fire());
            let for_thread = Arc::clone(&fire);
            let thread = std::thread::Builder::new().name(name.to_owned());
            if let Ok(handle) = thread.spawn(move || timer.run(&for_thread)) {
                state.thread = Some(handle);
            } else {
                // A retry that comes too early is better than one that never comes.
                drop(state);
                fire(task);
                return;
            }
        }
        let order = state.added;
        state.added += 1;
        state.entries.push(Reverse(Entry { due, order, task }));
        self.changed.notify_one();
    }

    /// Ends the thread. Delays that are still running are forgotten.
    pub fn stop(&self, join: bool) {
        let thread = {
            let mut state = self.state.lock();
            state.stopping = true;
            state.thread.take()
        };
        self.changed.notify_one();
        if let Some(thread) = thread.filter(|_| join) {
            // It runs no foreign code, so it cannot have panicked.
            let _ = thread.join();
        }
    }

    fn run(&self, fire: &Fire) {
        let mut state = self.state.lock();
        while !state.stopping {
            let now = Instant::now();
            match state.entries.peek().map(|entry| entry.0.due) {
                Some(due) if due <= now => {
                    if let Some(Reverse(entry)) = state.entries.pop() {
                        drop(state);
                        fire(entry.task);
                        state = self.state.lock();
                    }
                }
                Some(due) => {
                    self.changed.wait_until(&mut state, due);
                }
                None => self.changed.wait(&mut state),
            }
        }
        let forgotten = std::mem::take(&mut state.entries);
        drop(state);
        drop(forgotten);
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}
