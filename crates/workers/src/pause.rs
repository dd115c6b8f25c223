//! Suspends all workers while the program itself is suspended from its terminal.
//!
//! Workers are in process groups of their own, so that a Ctrl-C reaches them only through the
//! program; Ctrl-Z has to reach them too, or they would go on working while no one reads their
//! messages.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Processes that can be stopped and continued.
pub trait Pausable: Send + Sync {
    /// Stops every process that is not stopped already; returns the ranks.
    fn pause(&self) -> Vec<u32>;
    /// Continues these ranks.
    fn resume(&self, ranks: &[u32]);
}

/// All groups.
static GROUPS: Mutex<Vec<Weak<dyn Pausable>>> = Mutex::new(Vec::new());

/// Registers a group. [`stand_still`] waits until the returned guard is dropped, which is when all
/// processes of the group are known.
pub fn register<T: Pausable + 'static>(group: &Arc<T>) -> impl Drop + use<T> {
    let group: Weak<T> = Arc::downgrade(group);
    let mut groups = GROUPS.lock();
    groups.retain(|known| known.strong_count() > 0);
    groups.push(group);
    groups
}

/// Suspends the workers of all groups and all clocks, runs `body`, in which this process is
/// suspended and continued, and then continues everything. A worker that was stopped before stays
/// stopped.
pub fn stand_still(body: impl FnOnce()) {
    // No group can begin while this lock is held.
    let all = GROUPS.lock();
    let groups: Vec<Arc<dyn Pausable>> = all.iter().filter_map(Weak::upgrade).collect();
    workbench_clock::stand_still(|| {
        let stopped: Vec<Vec<u32>> = groups.iter().map(|group| group.pause()).collect();
        body();
        for (group, ranks) in groups.iter().zip(stopped) {
            group.resume(&ranks);
        }
    });
}
