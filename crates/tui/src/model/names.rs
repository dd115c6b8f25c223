//! What arms and repeats are called on the screen.

use workbench_record::RepeatId;
use workbench_result::arm_on;

use crate::kit::safe;

/// `tasks on 2 workers`.
pub fn arm_on_workers(arm: &str, workers: u32) -> String {
    arm_on(&safe(arm), workers)
}

/// An arm where there is little room for it: `tasks 2`.
pub fn short_arm(arm: &str, workers: u32) -> String {
    format!("{} {workers}", safe(arm))
}

/// `tasks on 2 workers, repeat 3 of 5`.
pub fn repeat_name(id: &RepeatId, of: u32) -> String {
    let arm = arm_on_workers(&id.arm, id.workers);
    format!("{arm}, repeat {} of {of}", u64::from(id.repeat) + 1)
}
