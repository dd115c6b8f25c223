//! Findings on times.

use workbench_record::{Finding, RepeatId};

use super::{on, repeat};

/// A task ran outside of its repeat.
pub(crate) fn outside(id: &RepeatId, by_s: f64) -> Finding {
    let text = format!(
        "A task of {} ran {by_s:.3} s outside of the time of its repeat.",
        repeat(id)
    );
    on(Finding::error("task_outside_repeat", text), id).number("outside_s", by_s)
}

/// More task time than the slots have.
pub(crate) fn too_much_task_time(id: &RepeatId, busy_s: f64, slots_s: f64) -> Finding {
    let text = format!(
        "The tasks of {} kept their slots busy for {busy_s:.3} s, and all slots together have {slots_s:.3} s.",
        repeat(id)
    );
    on(Finding::error("task_time", text), id)
        .number("busy_s", busy_s)
        .number("slots_s", slots_s)
}

/// A slot that the arm does not have.
pub(crate) fn slot(id: &RepeatId, slot: u32) -> Finding {
    let text = format!(
        "A task of {} ran on slot {slot}, which it does not have.",
        repeat(id)
    );
    on(Finding::error("slot_unknown", text), id).slot(slot)
}

/// More CPU time than the machine has.
pub(crate) fn too_much_cpu(id: &RepeatId, cpu_s: f64, most_s: f64) -> Finding {
    let text = format!(
        "{} used {cpu_s:.3} s of CPU time; all processors together have {most_s:.3} s in its wall time.",
        repeat(id)
    );
    on(Finding::error("cpu_time", text), id)
        .number("cpu_s", cpu_s)
        .number("most_s", most_s)
}

/// Tasks with more CPU time than their process.
pub(crate) fn task_cpu(id: &RepeatId, tasks_s: f64, process_s: f64) -> Finding {
    let text = format!(
        "The tasks of {} used {tasks_s:.3} s of CPU time, and their whole process used {process_s:.3} s.",
        repeat(id)
    );
    on(Finding::error("task_cpu", text), id)
        .number("tasks_s", tasks_s)
        .number("process_s", process_s)
}

/// The processor counted other cycles than fit its CPU time.
pub(crate) fn frequency(id: &RepeatId, ghz: f64) -> Finding {
    let text = format!(
        "The cycles and the CPU time of {} make {ghz:.2} GHz, at which no processor runs.",
        repeat(id)
    );
    on(Finding::error("frequency", text), id).number("ghz", ghz)
}

/// Times that go backwards.
pub(crate) fn backwards(times: u32) -> Finding {
    Finding::error(
        "clock_backwards",
        format!("The run's clock, which only goes forwards, went backwards {times} times."),
    )
    .number("times", f64::from(times))
}

/// A repeat that ends after its end was recorded, or begins before its start was.
pub(crate) fn ends_late(id: &RepeatId, by_s: f64) -> Finding {
    let text = format!(
        "{} lies {by_s:.3} s outside of the times at which its start and end were recorded.",
        repeat(id)
    );
    on(Finding::error("repeat_outside_record", text), id).number("outside_s", by_s)
}

/// A repeat that went on after its end.
pub(crate) fn went_on(id: &RepeatId, by_s: f64) -> Finding {
    let text = format!(
        "{} still made progress {by_s:.3} s after its recorded end.",
        repeat(id)
    );
    on(Finding::error("progress_after_end", text), id).number("after_s", by_s)
}

/// Two repeats at the same time.
pub(crate) fn overlap(id: &RepeatId, other: &RepeatId) -> Finding {
    let text = format!("{} began before {} had ended.", repeat(id), repeat(other));
    on(Finding::error("repeats_overlap", text), id)
}

/// Samples that come more often than the program takes them.
pub(crate) fn cadence(found_s: f64, least_s: f64, samples: usize) -> Finding {
    Finding::error(
        "sampling_cadence",
        format!(
            "{samples} samples of the machine are {found_s:.3} s apart at the median; the program takes them every {least_s:.1} s or less often."
        ),
    )
    .number("found_s", found_s)
    .number("least_s", least_s)
}

/// Samples in a repeat that come more rarely than in the others.
pub(crate) fn cadence_of(id: &RepeatId, found_s: f64, expected_s: f64) -> Finding {
    let text = format!(
        "In {} even the closest samples of the machine are {found_s:.3} s apart, and the program takes them every {expected_s:.1} s.",
        repeat(id)
    );
    on(Finding::error("sampling_cadence", text), id)
        .number("found_s", found_s)
        .number("expected_s", expected_s)
}

/// CPU time of samples and of a repeat do not fit.
pub(crate) fn sampled_cpu(id: &RepeatId, sampled_s: f64, cpu_s: f64) -> Finding {
    let text = format!(
        "The samples taken during {} show {sampled_s:.3} s of CPU time, and the repeat says {cpu_s:.3} s.",
        repeat(id)
    );
    on(Finding::error("sampled_cpu", text), id)
        .number("sampled_s", sampled_s)
        .number("cpu_s", cpu_s)
}

/// Times with digits that no clock gives.
pub(crate) fn digits(round: usize, of: usize, digits: u32) -> Finding {
    Finding::error(
        "round_times",
        format!(
            "{round} of {of} times of repeats end in {digits} or more zeros, although the run's clock counts nanoseconds; chance gives less than one in a million of such logs."
        ),
    )
    .number("round", round as f64)
    .number("of", of as f64)
}

/// Durations that are all multiples of the same number.
pub(crate) fn multiples(id: &RepeatId, factor: u64, tasks: u32) -> Finding {
    let text = format!(
        "All {tasks} tasks of {} last a multiple of {factor} steps of the run's clock.",
        repeat(id)
    );
    on(Finding::error("multiples", text), id).number("factor", factor as f64)
}

/// A time in which the run's clock went on and nothing was recorded.
pub(crate) fn gap(seconds: f64) -> Finding {
    Finding::note(
        "record_gap",
        format!(
            "Nothing was recorded for {seconds:.1} s between two repeats; a machine under load, or a program that was stopped there, does that."
        ),
    )
    .number("seconds", seconds)
}

/// A run that lies in the future.
pub(crate) fn future(hours: f64) -> Finding {
    Finding::warning(
        "in_the_future",
        format!("The run is {hours:.1} hours in the future, by the clock of this machine; one of the two clocks is wrong."),
    )
    .number("hours", hours)
}

/// What explains a speed-up above its bound.
pub(crate) enum Odd {
    /// The base waited for its core.
    BaseWaited,
    /// The same work took less CPU time.
    LessCpu,
    /// Neither is seen.
    Nothing,
}

/// A speed-up above the bound.
pub(crate) fn above_bound(
    (arm, workers): (&str, u32),
    (speedup, bound): (f64, f64),
    odd: &Odd,
) -> Finding {
    let why = match odd {
        Odd::BaseWaited => {
            "the base had to wait for its core, as on a machine with other load, which makes the quotient too large"
        }
        Odd::LessCpu => {
            "the same work took less CPU time than in the base: a higher clock, warmer caches, or a base that was slowed down"
        }
        Odd::Nothing => "noise of a machine under load does that where there are few repeats",
    };
    Finding::note(
        "above_bound",
        format!("`{arm}` on {workers} has a speed-up of {speedup:.2} where {bound:.2} is possible: {why}."),
    )
    .arm_on(arm, workers)
    .number("speedup", speedup)
    .number("bound", bound)
}
