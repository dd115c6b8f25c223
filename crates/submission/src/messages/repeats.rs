//! Findings on which repeats there are, and on the machine that made them.

use workbench_record::{Finding, RepeatId};

use super::{on, repeat};

/// The run says that it is complete, and lacks a repeat.
pub(crate) fn missing(id: &RepeatId) -> Finding {
    let text = format!(
        "The run is recorded as completed, but {} is not in its log.",
        repeat(id)
    );
    on(Finding::error("repeat_missing", text), id)
}

/// A repeat was finished twice.
pub(crate) fn twice(id: &RepeatId) -> Finding {
    let text = format!(
        "{} ended twice, and nothing spoiled it the first time.",
        repeat(id)
    );
    on(Finding::error("repeat_twice", text), id)
}

/// A repeat that the plan does not have.
pub(crate) fn unplanned(id: &RepeatId) -> Finding {
    let text = format!(
        "{} is in the log, but not in the plan of the run.",
        repeat(id)
    );
    on(Finding::error("repeat_unplanned", text), id)
}

/// The number of planned repeats does not follow from the configuration.
pub(crate) fn plan(planned: u32, follows: u64) -> Finding {
    Finding::error(
        "plan_differs",
        format!("The run planned {planned} repeats, and its configuration asks for {follows}."),
    )
    .number("planned", f64::from(planned))
    .number("asked", follows as f64)
}

/// The repeats ran in another order than the one that the seed draws.
pub(crate) fn order(found: &RepeatId, planned: &RepeatId) -> Finding {
    let text = format!(
        "Repeats ran in another order than the seed gives: {} ran where {} was planned.",
        repeat(found),
        repeat(planned)
    );
    on(Finding::error("order_differs", text), found)
}

/// Two repeats have the same times to the nanosecond.
pub(crate) fn copied(id: &RepeatId, other: &RepeatId) -> Finding {
    let text = format!(
        "{} and {} have the same times to the nanosecond, which two executions do not have.",
        repeat(id),
        repeat(other)
    );
    on(Finding::error("repeat_copied", text), id)
}

/// Arms did unequal work.
pub(crate) fn unequal() -> Finding {
    Finding::error(
        "unequal_work",
        "The arms did unequal work or gave unequal outputs, so no speed-up is stated.",
    )
}

/// The machine is said to have more usable cores than its samples show.
pub(crate) fn cores_of_samples(stated: f64, sampled: usize) -> Finding {
    Finding::error(
        "cores_differ",
        format!(
            "The machine is said to have {stated} usable cores, and its samples show {sampled}."
        ),
    )
    .number("stated", stated)
    .number("sampled", sampled as f64)
}

/// The usable cores of a repeat are not those of the machine.
pub(crate) fn usable_cores(id: &RepeatId, stated: f64, measured: f64) -> Finding {
    let text = format!(
        "{} could use {measured} cores, the machine of the run is said to have {stated}, and no change is recorded.",
        repeat(id)
    );
    on(Finding::error("cores_differ", text), id)
        .number("stated", stated)
        .number("measured", measured)
}

/// The machine says things of itself that exclude each other.
pub(crate) fn machine(usable: f64, processors: u32) -> Finding {
    Finding::error(
        "cores_differ",
        format!("The machine is said to have {usable} usable cores of {processors} processors."),
    )
    .number("usable", usable)
    .number("processors", f64::from(processors))
}
