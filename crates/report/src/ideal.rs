//! What the cores of the machine allow, in words: the ideal beside a speed-up, and the speeds of
//! cores that differ.

use workbench_machine::{CoreSpeeds, MachineFacts, SpeedSource};
use workbench_result::RunResult;

use super::format;

/// The name of the ideal on so many workers: it names the cores where there are fewer.
pub fn name(result: &RunResult, workers: u32) -> String {
    match result.usable_cores() {
        Some(cores) if cores < f64::from(workers) => {
            format!("ideal, {}", format::counted_number(cores, "core"))
        }
        _ => "ideal".to_owned(),
    }
}

/// What the ideal is on the machine of this run, as a part of a sentence.
pub fn explained(result: &RunResult) -> String {
    let speeds = result.machine.core_speeds.as_ref();
    match (result.usable_cores(), speeds) {
        (None, _) => "as many times as there are workers".to_owned(),
        (Some(_), Some(speeds)) => format!(
            "the speeds of the fastest usable cores added up, one core per worker ({})",
            told(speeds)
        ),
        (Some(cores), None) => format!(
            "as many times as there are workers, at most {}",
            format::counted_number(cores, "usable core")
        ),
    }
}

/// Whether so many usable cores are enough for so many slots, in a cell of a table.
pub(super) fn has_enough(cores: f64, slots: u32) -> String {
    if cores >= f64::from(slots) {
        "yes".to_owned()
    } else {
        format!("no, {}", format::number(cores))
    }
}

/// The relative speeds of a machine's usable cores; `None` where all are equally fast.
pub fn core_speeds(machine: &MachineFacts) -> Option<String> {
    machine.core_speeds.as_ref().map(told)
}

/// `4 at 1.00, 4 at 0.45, measured; together 5.80`.
fn told(speeds: &CoreSpeeds) -> String {
    let kinds = speeds.kinds.iter();
    let kinds = kinds.map(|kind| format!("{} at {:.2}", kind.cores, kind.speed));
    let known_by = match speeds.known_by {
        SpeedSource::Measured => "measured",
        SpeedSource::Capacity => "estimated from the kernel's capacities",
        SpeedSource::Firmware => "estimated from the firmware's figures",
        SpeedSource::Frequency => "estimated from highest frequencies",
        SpeedSource::CoreType => "estimated from the kinds of cores",
    };
    format!(
        "{}, {known_by}; together {:.2}",
        kinds.collect::<Vec<_>>().join(", "),
        speeds.all_together()
    )
}
