//! Arms of which nothing is known but what their processes used: programs that tell no tasks.

use workbench_clock::seconds;
use workbench_record::RepeatState;
use workbench_stats::descriptive;

use crate::document::ArmResult;

/// The CPU time of a repeat's processes, in seconds, where they told no tasks.
pub(crate) fn cpu_s(repeat: &RepeatState) -> Option<f64> {
    let finished = repeat
        .finished
        .as_ref()
        .filter(|_| repeat.tasks.is_empty())?;
    let processes = finished.usage.as_ref()?.processes?;
    Some(seconds(processes.cpu_ns()))
}

/// The CPU time of what a repeat did, in seconds: of its tasks, or else of its processes.
pub(crate) fn work_cpu_s(repeat: &RepeatState) -> f64 {
    cpu_s(repeat)
        .unwrap_or_else(|| descriptive::total(repeat.tasks.iter().map(|task| seconds(task.cpu_ns))))
}

/// The bound of such an arm. Only the number of workers bounds it, and that only as long as its
/// program does what the base's does: one that is faster than that shows that it does not.
pub(crate) fn bound(workers: u32, ideal: f64, speedup: Option<f64>) -> Option<f64> {
    let holds = workers > 1 && speedup.is_none_or(|speedup| speedup <= ideal);
    holds.then_some(ideal)
}

impl ArmResult {
    /// Whether nothing is known of the arm but what its processes used.
    pub(crate) fn is_opaque(&self) -> bool {
        let processes = self.usage.as_ref().and_then(|usage| usage.processes);
        self.tasks == 0 && processes.is_some()
    }
}
