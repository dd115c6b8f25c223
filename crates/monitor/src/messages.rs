//! Alerts in words.

use std::fmt;

use workbench_machine::gpu::{GpuState, ThrottleReason};
use workbench_machine::state::MachineState;
use workbench_report::format;

use crate::alert::{AlertKind, AlertSubject};
use crate::recording::RecordingFlaw;

/// An alert as a sentence.
pub(crate) fn alert(
    kind: AlertKind,
    subject: &AlertSubject,
    (value, limit): (f64, f64),
    state: &MachineState,
) -> String {
    let percent = format::percent(value);
    let gpu = match subject {
        AlertSubject::Gpu(index) => state.gpus.iter().find(|gpu| gpu.index == *index),
        _ => None,
    };
    match kind {
        AlertKind::Memory => format!("{percent} of memory is in use."),
        AlertKind::MemoryStalls => {
            format!("Tasks stalled for memory {percent} of the time.")
        }
        AlertKind::Disk => format!("{} is {percent} full.", of(subject)),
        AlertKind::Quota => format!(
            "The cgroup quota kept threads off {} cores.",
            format::number((value * 100.0).round() / 100.0)
        ),
        AlertKind::Steal => format!("The hypervisor took {percent} of the cores' time."),
        AlertKind::CoreTemperature | AlertKind::GpuTemperature => {
            format!("{} is at {value:.0} °C (limit {limit:.0} °C).", of(subject))
        }
        AlertKind::GpuLost => format!("{} does not answer any more.", of(subject)),
        AlertKind::GpuDriver => state
            .gpu_problem
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        AlertKind::GpuError => match gpu.and_then(|gpu| gpu.xid.as_ref()?.last()) {
            Some(number) => format!("The driver told an error of {}: Xid {number}.", of(subject)),
            None => format!("The driver told an error of {}.", of(subject)),
        },
        AlertKind::GpuMemoryErrors => format!(
            "{} has found {} that it could not mend.",
            of(subject),
            format::counted(value as u64, "memory error")
        ),
        AlertKind::GpuHeldDown => {
            format!("{} is held down: {}.", of(subject), held_down(gpu))
        }
    }
}

fn of(subject: &AlertSubject) -> String {
    match subject {
        AlertSubject::Machine => "the machine".to_owned(),
        AlertSubject::Core(id) => format!("Core {id}"),
        AlertSubject::Gpu(index) => format!("GPU {index}"),
        AlertSubject::FileSystem(place) => format::clean(place, 60),
    }
}

fn held_down(gpu: Option<&GpuState>) -> String {
    let reasons = gpu
        .and_then(|gpu| gpu.throttle.as_deref())
        .unwrap_or_default();
    let words: Vec<&str> = reasons
        .iter()
        .map(|reason| ThrottleReason::words(*reason))
        .collect();
    words.join(", ")
}

/// What is odd about a recording, as a sentence.
impl fmt::Display for RecordingFlaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Cut => out.write_str(
                "The recording ends within a line, as a kill leaves it: the last look is left out.",
            ),
            Self::Damaged(lines) => write!(
                out,
                "{} of the recording cannot be read and {} left out.",
                format::counted(lines as u64, "line"),
                if lines == 1 { "is" } else { "are" }
            ),
            Self::ClockSetBack(times) => write!(
                out,
                "The machine's clock was set back {} while it was recorded.",
                format::counted(times as u64, "time")
            ),
            Self::Ahead(ms) => write!(
                out,
                "The recording is dated {} after now: the clock of its machine or of this one is \
                 wrong.",
                format::stretch((ms / 1000) as f64)
            ),
        }
    }
}

/// Names between commas.
pub(crate) fn names<const N: usize>(names: [&str; N]) -> String {
    names.join(", ")
}
