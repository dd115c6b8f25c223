//! How much the numbers of a run can tell.

use workbench_record::Finding;
use workbench_words::counted;

use super::numbers::lasting;
use crate::precision::{Noise, UntilOutcome};

/// What became of a run that was to go on until its intervals are narrow; the widest one is that of
/// `name`.
pub(super) fn finding(precision: &UntilOutcome, name: &str, repeats: u32, late: bool) -> Finding {
    let asked = percent(precision.asked.width);
    let repeats = counted(u64::from(repeats), "repeat");
    let Some(widest) = &precision.widest else {
        let text = format!(
            "After {repeats} not every arm has an interval, and --until {asked} needs one of each: at least 3 repeats that count."
        );
        return Finding::warning("until_missed", text);
    };
    let widest_is = format!(
        "that of {name} is {} of its speed-up wide",
        percent(widest.width)
    );
    let finding = if precision.reached {
        let text = format!(
            "Every interval is narrower than {asked} of its speed-up, as asked, after {repeats}; {widest_is}."
        );
        Finding::note("until_reached", text)
    } else {
        let why = if late {
            format!(
                "the {} of --max-time were up",
                lasting(precision.asked.max_time_s as f64)
            )
        } else {
            "no run has more repeats".to_owned()
        };
        let text = format!(
            "Not every interval is narrower than {asked} of its speed-up, as asked: {widest_is} after {repeats}, and {why}."
        );
        Finding::warning("until_missed", text)
    };
    finding
        .arm_on(&widest.arm, widest.workers)
        .number("width", widest.width)
        .number("asked", precision.asked.width)
}

/// What a control shows.
pub(super) fn noise(noise: Noise, base: &str) -> Finding {
    let Noise { ratio, factor } = noise;
    let text = format!(
        "The control does what {base} does and ran at {ratio:.3}× its speed, so equal work differs by up to {} here: a speed-up from {:.3}× to {factor:.3}× is not claimed.",
        percent(factor - 1.0),
        factor.recip()
    );
    Finding::note("noise", text)
        .arm(workbench_record::CONTROL)
        .number("ratio", ratio)
        .number("factor", factor)
}

/// `2 %`, `0.35 %`: two digits that count.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        return "an unknown share".to_owned();
    }
    let one = match percent {
        ..1.0 => 100.0,
        ..10.0 => 10.0,
        _ => 1.0,
    };
    format!("{} %", (percent * one).round() / one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_what_counts() {
        let cases = [
            (0.02, "2 %"),
            (0.0035, "0.35 %"),
            (0.0314, "3.1 %"),
            (0.1, "10 %"),
            (1.0, "100 %"),
            (0.0, "0 %"),
        ];
        for (share, text) in cases {
            assert_eq!(percent(share), text);
        }
    }
}
