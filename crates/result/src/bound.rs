//! What the machine allows, beside what the tasks allow.

use workbench_machine::MachineFacts;
use workbench_record::ArmComparison;

use crate::document::RunResult;

/// How many slots can run at the same time, at least a part of one: as many as there are usable
/// cores, after affinity and quota. Slots in lockstep on a machine with GPUs may compute there, and
/// a machine that does not say how many cores are usable bounds nothing.
pub(crate) fn slots_at_once(
    workers: u32,
    machine: &MachineFacts,
    comparison: &ArmComparison,
) -> f64 {
    let slots = f64::from(workers.max(1));
    if is_bounded(machine, comparison) {
        slots.min(machine.cores_usable)
    } else {
        slots
    }
}

/// The most that any work can gain from so many slots on this machine: the relative speeds of the
/// fastest usable cores added up, one core per slot. On equal cores that is
/// min(workers, usable cores).
pub(crate) fn ideal(workers: u32, machine: &MachineFacts, comparison: &ArmComparison) -> f64 {
    let at_once = slots_at_once(workers, machine, comparison);
    if is_bounded(machine, comparison) {
        machine.cores_together(at_once)
    } else {
        at_once
    }
}

/// Whether the machine's cores bound what slots can do.
fn is_bounded(machine: &MachineFacts, comparison: &ArmComparison) -> bool {
    let elsewhere = comparison.lockstep && !machine.gpus.is_empty();
    let known = machine.cores_usable.is_finite() && machine.cores_usable > 0.0;
    known && !elsewhere
}

/// Cores beyond this many are not drawn one by one.
const DRAWN: u32 = 1 << 12;

impl RunResult {
    /// The most that any work can gain from so many workers on the machine of this run, whatever
    /// its tasks are. An arm's own is [`ArmResult::ideal`](crate::ArmResult::ideal).
    pub fn ideal(&self, workers: u32) -> f64 {
        ideal(workers, &self.machine, &self.comparison)
    }

    /// The line of the ideal over the number of workers, from 0 to `most`, as `(workers,
    /// speed-up)`: it bends where a kind of core is used up, and is flat beyond the usable cores.
    pub fn ideal_line(&self, most: u32) -> Vec<(f64, f64)> {
        let bend = self.usable_cores().map_or(1, |cores| cores.ceil() as u32);
        let drawn = 1..=bend.min(most).min(DRAWN);
        let point = |workers: u32| (f64::from(workers), self.ideal(workers));
        let rest = (*drawn.end() < most).then(|| point(most));
        std::iter::once((0.0, 0.0))
            .chain(drawn.map(point))
            .chain(rest)
            .collect()
    }

    /// The cores that workers can use at once; `None` where they do not bound what workers can do.
    pub fn usable_cores(&self) -> Option<f64> {
        is_bounded(&self.machine, &self.comparison).then_some(self.machine.cores_usable)
    }
}
