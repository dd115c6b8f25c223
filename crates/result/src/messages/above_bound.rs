//! That a speed-up is above its bound.

use workbench_record::Finding;

use crate::document::ArmResult;

pub(super) fn finding(
    arm: &ArmResult,
    name: &str,
    speedup: f64,
    bound: f64,
    base: &str,
) -> Finding {
    let (kind, consequence) = if arm.is_above_bound() {
        (
            "interval_above_bound",
            "Its whole interval is above the bound, so the headline does not state it.",
        )
    } else {
        ("above_bound", "Use more --repeats.")
    };
    let text = format!(
        "The speed-up of {name}, {speedup:.2}×, is above its bound of {bound:.2}×: the same work took less CPU time there than in {base}, so the machine was not equally fast for both (clock frequency, neighbours on the host, caches). {consequence}"
    );
    Finding::warning(kind, text)
        .arm_on(&arm.name, arm.workers)
        .number("speedup", speedup)
        .number("bound", bound)
}
