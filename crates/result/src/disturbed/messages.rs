//! What disturbed a run, as text.

use std::collections::BTreeSet;

use workbench_record::{Disturbance, Finding, MOST_RERUNS, RepeatFinished};

use crate::document::{DisturbedBy, LeftOutRepeat, RunResult};
use crate::messages::{about, capitalise, core_seconds, lasting, repeat_name};

/// That a repeat is left out, and whether it runs `again`; `None` for one that counts.
pub fn left_out(repeat: &RepeatFinished, again: bool) -> Option<Finding> {
    if repeat.counts() {
        return None;
    }
    let causes: Vec<String> = repeat.disturbances.iter().map(what).collect();
    let then = if again {
        "It runs again.".to_owned()
    } else {
        format!(
            "It does not run again: a repeat does so {MOST_RERUNS} times at most, and all together as often as repeats were planned."
        )
    };
    let text = format!(
        "{} is left out, because {}. {then}",
        capitalise(&repeat_name(repeat)),
        causes.join(", and ")
    );
    Some(about(Finding::warning("repeat_left_out", text), repeat))
}

/// The sentence on disturbances in the headline of a run; `None` for an undisturbed one.
pub fn disturbed_text(result: &RunResult) -> Option<String> {
    if result.disturbances.is_empty() {
        return None;
    }
    let causes = result.disturbances.iter().map(|found| what(&found.cause));
    let causes: Vec<String> = causes.collect();
    let mut text = format!("This run was disturbed: {}", causes.join(", and "));
    if !result.left_out.is_empty() {
        text.push_str("; ");
        text.push_str(&fate(result));
    }
    Some(text)
}

/// How many repeats are left out, and how many of them are missing now.
fn fate(result: &RunResult) -> String {
    let left_out = result.left_out.len();
    let missing = missing(result);
    let are = if left_out == 1 {
        "repeat is"
    } else {
        "repeats are"
    };
    let then = match (missing, left_out) {
        (0, 1) => "it ran again undisturbed".to_owned(),
        (0, _) => "all of them ran again undisturbed".to_owned(),
        (1, _) => "1 is missing".to_owned(),
        _ => format!("{missing} are missing"),
    };
    format!("{left_out} {are} left out of all numbers, and {then}")
}

/// Repeats that are left out and not replaced; one that was spoiled several times is one.
fn missing(result: &RunResult) -> usize {
    let missing = result.left_out.iter().filter(|repeat| !repeat.replaced);
    let ids: BTreeSet<(&str, u32, u32)> = missing.map(LeftOutRepeat::id).collect();
    ids.len()
}

/// What became of the repeats that are left out.
pub(crate) fn repeats_left_out(result: &RunResult) -> Finding {
    let text = format!("{}.", capitalise(&fate(result)));
    Finding::warning("repeats_left_out", text)
        .number("left_out", result.left_out.len() as f64)
        .number("missing", missing(result) as f64)
}

/// A cause that disturbed a run.
pub(crate) fn cause(found: &DisturbedBy) -> Finding {
    let repeats = match found.repeats {
        1 => "1 repeat".to_owned(),
        n => format!("{n} repeats"),
    };
    let text = format!(
        "In {repeats}, {}.{}",
        what(&found.cause),
        advice(&found.cause)
    );
    let finding = Finding::warning(kind(&found.cause), text)
        .number("repeats", f64::from(found.repeats))
        .number("left_out", f64::from(found.left_out));
    match found.cause {
        Disturbance::Suspended { seconds }
        | Disturbance::Stopped { seconds }
        | Disturbance::Paused { seconds }
        | Disturbance::MemoryPressure { seconds } => finding.number("lasted_s", seconds),
        Disturbance::Throttled { periods, core_s } => finding
            .number("periods", periods as f64)
            .number("core_s", core_s),
        Disturbance::QuotaChanged { from, to } | Disturbance::AffinityChanged { from, to } => {
            finding.number("from_cores", from).number("to_cores", to)
        }
        Disturbance::FrequencyCapChanged { from_mhz, to_mhz } => finding
            .number("from_mhz", f64::from(from_mhz))
            .number("to_mhz", f64::from(to_mhz)),
        Disturbance::Steal { core_s } => finding.number("core_s", core_s),
    }
}

fn kind(cause: &Disturbance) -> &'static str {
    match cause {
        Disturbance::Suspended { .. } => "suspended",
        Disturbance::Stopped { .. } => "stopped",
        Disturbance::Paused { .. } => "paused",
        Disturbance::Throttled { .. } => "throttled",
        Disturbance::QuotaChanged { .. } => "quota_changed",
        Disturbance::AffinityChanged { .. } => "affinity_changed",
        Disturbance::FrequencyCapChanged { .. } => "frequency_cap_changed",
        Disturbance::Steal { .. } => "steal",
        Disturbance::MemoryPressure { .. } => "memory_pressure",
    }
}

/// What happened, as a part of a sentence.
fn what(cause: &Disturbance) -> String {
    match cause {
        Disturbance::Suspended { seconds } => {
            format!("the machine was suspended for {}", lasting(*seconds))
        }
        Disturbance::Stopped { seconds } => {
            format!("the program was stopped for {}", lasting(*seconds))
        }
        Disturbance::Paused { seconds } => {
            format!(
                "the hypervisor paused this machine for {}",
                lasting(*seconds)
            )
        }
        Disturbance::Throttled { periods, core_s } => format!(
            "the CPU quota of the control group kept the program off the cores (throttled in {periods} periods, {})",
            core_seconds(*core_s)
        ),
        Disturbance::QuotaChanged { from, to } => format!(
            "the CPU quota of the control group was changed: {} could be used instead of {}",
            cores(*to),
            number(*from)
        ),
        Disturbance::AffinityChanged { from, to } => format!(
            "the affinity mask was changed: {} could be used instead of {}",
            cores(*to),
            number(*from)
        ),
        Disturbance::FrequencyCapChanged { from_mhz, to_mhz } => format!(
            "the highest frequency that is allowed was {to_mhz} MHz instead of {from_mhz} MHz"
        ),
        Disturbance::Steal { core_s } => {
            let lost = core_seconds(*core_s);
            format!("the hypervisor gave {lost} to other machines (steal)")
        }
        Disturbance::MemoryPressure { seconds } => format!(
            "memory was short: threads stalled for {}",
            lasting(*seconds)
        ),
    }
}

/// What to do, as a sentence after a blank; empty where nothing is to be done.
fn advice(cause: &Disturbance) -> &'static str {
    match cause {
        Disturbance::Suspended { .. } | Disturbance::Stopped { .. } => "",
        Disturbance::Paused { .. } | Disturbance::Steal { .. } => {
            " Use a machine with cores of its own for cleaner numbers."
        }
        Disturbance::Throttled { .. } => {
            " Close what else runs in this container, or raise its CPU limit."
        }
        Disturbance::QuotaChanged { .. } | Disturbance::AffinityChanged { .. } => {
            " Keep the limits as they are while a run goes on."
        }
        Disturbance::FrequencyCapChanged { .. } => {
            " Repeats before and after the change were not equally fast."
        }
        Disturbance::MemoryPressure { .. } => " Close other programs, or choose a smaller preset.",
    }
}

fn cores(cores: f64) -> String {
    let noun = if (cores - 1.0).abs() < 1e-9 {
        "core"
    } else {
        "cores"
    };
    format!("{} {noun}", number(cores))
}

/// Two decimals at most.
fn number(cores: f64) -> String {
    if cores.is_finite() {
        // A zero without a sign.
        ((cores * 100.0).round() / 100.0 + 0.0).to_string()
    } else {
        "an unknown number of".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use workbench_record::RepeatId;

    use super::*;

    fn repeat(disturbances: Vec<Disturbance>) -> RepeatFinished {
        RepeatFinished {
            id: RepeatId {
                arm: "tasks".to_owned(),
                workers: 2,
                repeat: 2,
            },
            disturbances,
            ..RepeatFinished::default()
        }
    }

    #[test]
    fn a_repeat_that_is_left_out_names_its_causes_and_what_follows() {
        let stop = Disturbance::Stopped { seconds: 20.1 };
        let quota = Disturbance::QuotaChanged { from: 2.0, to: 0.5 };
        let found = left_out(&repeat(vec![stop, quota]), true).unwrap();
        assert_eq!(found.kind, "repeat_left_out");
        assert_eq!(found.subject.repeat, Some(2));
        assert_eq!(
            found.text,
            "Tasks on 2 workers (repeat 3) is left out, because the program was stopped for 20.10 s, \
             and the CPU quota of the control group was changed: 0.5 cores could be used instead of \
             2. It runs again."
        );
        let steal = Disturbance::Steal { core_s: 1.0 };
        assert_eq!(left_out(&repeat(vec![steal]), true), None);
    }

    #[test]
    fn one_core_is_one_core() {
        assert_eq!(
            [1.0, 0.5, 2.0].map(cores),
            ["1 core", "0.5 cores", "2 cores"]
        );
    }
}
