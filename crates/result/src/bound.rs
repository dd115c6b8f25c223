//! What the machine allows, beside what the tasks allow.

use workbench_machine::MachineFacts;
use workbench_record::ArmComparison;

/// How many slots can run at the same time, at least a part of one: as many as there are usable
/// cores, after affinity and quota. Slots in lockstep on a machine with GPUs may compute there, and
/// a machine that does not say how many cores are usable bounds nothing.
pub fn slots_at_once(workers: u32, machine: &MachineFacts, comparison: &ArmComparison) -> f64 {
    let slots = f64::from(workers.max(1));
    let elsewhere = comparison.lockstep && !machine.gpus.is_empty();
    let known = machine.cores_usable.is_finite() && machine.cores_usable > 0.0;
    if known && !elsewhere {
        slots.min(machine.cores_usable)
    } else {
        slots
    }
}
