//! The text of all findings of a run: the one place that makes sentences from facts. Each function
//! makes a [`Finding`]: its kind, severity, subject, numbers and text.

mod above_bound;
pub(super) mod alike;
mod best_item;
pub(super) mod log;
mod numbers;
mod precision;
pub(super) mod race;
mod tools;
mod waiting;

use workbench_record::{Finding, RepeatFinished};
use workbench_stats::scaling::FitRefusal;
use workbench_words::{count, counted, counted_number};

use super::document::{ArmResult, Predicted};
use super::facts::{
    ArmDiagnosis, Caveat, Diagnosis, Difference, Lost, LostTo, MissedTarget, NoSpeedup,
    UnfittedWorkers, UnplannedEnd,
};
use super::inflation::messages as inflation;
pub(crate) use numbers::core_seconds;
pub use numbers::lasting;
use numbers::{decimals, value};

/// The kind of the finding that no speed-up is stated.
pub const NO_SPEEDUP: &str = "no_speedup";
/// The kind of the finding that other processes used cores.
pub(super) const OTHER_PROCESSES: &str = "other_processes";

/// `1 worker`, `8 workers`.
pub fn slots(workers: u32) -> String {
    counted(u64::from(workers), "worker")
}

/// `tasks on 8 workers`.
pub fn arm_on(arm: &str, workers: u32) -> String {
    format!("{arm} on {}", slots(workers))
}

fn on(arm: &ArmResult) -> String {
    arm_on(&arm.name, arm.workers)
}

pub(super) fn repeat_name(repeat: &RepeatFinished) -> String {
    let id = &repeat.id;
    format!("{} (repeat {})", arm_on(&id.arm, id.workers), id.repeat + 1)
}

pub(super) fn about(finding: Finding, repeat: &RepeatFinished) -> Finding {
    let id = &repeat.id;
    finding.arm_on(&id.arm, id.workers).repeat(id.repeat)
}

/// How a repeat differs from the reference.
pub(super) fn difference(
    difference: &Difference<'_>,
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
) -> Finding {
    let (this, other) = (repeat_name(repeat), repeat_name(reference));
    let finding = match difference {
        Difference::Work {
            counter,
            expected,
            found,
        } => Finding::error(
            "unequal_work",
            format!("Unequal work: {this} counted {found} {counter}, {other} counted {expected}."),
        )
        .number("expected", *expected as f64)
        .number("found", *found as f64),
        Difference::OutputCount => output_count(repeat, reference),
        Difference::Outputs { different, first } => {
            let all = repeat.items.len();
            let text = format!(
                "Unequal outputs: {different} of {all} differ between {this} and {other}, the first is {first}."
            );
            Finding::error("unequal_outputs", text)
                .number("different", *different as f64)
                .number("outputs", all as f64)
        }
        Difference::FigureMissing { metric, item } => Finding::error(
            "unequal_outputs",
            format!("Unequal outputs: only one of {other} and {this} gave the {metric} of {item}."),
        ),
        Difference::Figure {
            metric,
            item,
            expected,
            found,
            tolerance,
        } => {
            let [was, is] = [*expected, *found].map(|figure| decimals(figure, 4));
            let apart = value(*tolerance);
            let text = format!(
                "Unequal outputs: the {metric} of {item} is {is} in {this} and {was} in {other}, more than {apart} apart."
            );
            Finding::error("unequal_outputs", text)
                .number("expected", *expected)
                .number("found", *found)
                .number("tolerance", *tolerance)
        }
    };
    about(finding, repeat)
}

fn output_count(repeat: &RepeatFinished, reference: &RepeatFinished) -> Finding {
    let (this, other) = (repeat_name(repeat), repeat_name(reference));
    let [found, expected] = [repeat, reference].map(|side| side.items.len());
    let text = format!(
        "Unequal outputs: {this} gave {}, {other} gave {expected}.",
        counted(found as u64, "output")
    );
    Finding::error("unequal_outputs", text)
        .number("expected", expected as f64)
        .number("found", found as f64)
}

/// That a repeat ended before its target.
pub(super) fn missed_target(missed: &MissedTarget<'_>) -> Finding {
    let (name, metric) = (repeat_name(missed.repeat), missed.metric);
    let reached = match missed.reached {
        Some(reached) => format!("came to a {metric} of {}", value(reached)),
        None => format!("gave no {metric}"),
    };
    let (direction, target) = (missed.direction, missed.target);
    let text = format!(
        "Target missed: {name} {reached}, and the target is {direction} {}.",
        value(target)
    );
    let finding = Finding::error("target_missed", text).number("target", target);
    let finding = match missed.reached {
        Some(value) => finding.number("reached", value),
        None => finding,
    };
    about(finding, missed.repeat)
}

/// How many differences are not listed.
pub(super) fn more_differences(more: usize) -> Finding {
    Finding::error(
        "more_differences",
        format!("{more} more differences of this kind."),
    )
    .number("more", more as f64)
}

/// The text of a warning.
pub(super) fn caveat(caveat: &Caveat<'_>) -> Finding {
    match caveat {
        Caveat::NoSpeedup(why) => no_speedup(why),
        Caveat::End { end, done, run_id } => unplanned_end(end, *done, run_id),
        Caveat::ArmStopped { arm, done, run_id } => arm_stopped(arm, *done, run_id),
        Caveat::DebugBuild => Finding::warning(
            "debug_build",
            "This is a debug build: its times say nothing; build with --release.",
        ),
        Caveat::FewRepeats(fewest) => few_repeats(*fewest),
        Caveat::Oversubscribed { arm, usable, limit } => {
            let text = format!(
                "{} ran {} on {} ({limit}): its slots shared cores.",
                arm.name,
                counted(u64::from(arm.workers), "slot"),
                counted_number(*usable, "usable core")
            );
            Finding::warning("oversubscribed", text)
                .arm_on(&arm.name, arm.workers)
                .number("cores_usable", *usable)
        }
        Caveat::Noisy {
            arm,
            scatter,
            outliers,
        } => noisy(arm, *scatter, *outliers),
        Caveat::AboveBound {
            arm,
            speedup,
            bound,
            base,
        } => above_bound::finding(arm, &on(arm), *speedup, *bound, base),
        Caveat::Precision {
            precision,
            repeats,
            late,
        } => {
            let widest = precision.widest.as_ref();
            let name = widest.map(|widest| arm_on(&widest.arm, widest.workers));
            precision::finding(precision, &name.unwrap_or_default(), *repeats, *late)
        }
        Caveat::Noise { noise, base } => precision::noise(*noise, base),
        Caveat::Steal(cores) => Finding::warning(
            "steal",
            format!(
                "The hypervisor gave {cores:.2} cores' worth of time to other machines while this ran (steal): speed-ups are understated."
            ),
        )
        .number("cores", *cores),
        Caveat::OtherProcesses(cores) => Finding::warning(
            OTHER_PROCESSES,
            format!(
                "Other processes used {cores:.1} cores while this ran: close them and run again for cleaner numbers."
            ),
        )
        .number("cores", *cores),
    }
}

fn arm_stopped(arm: &str, done: usize, run_id: &str) -> Finding {
    let text = format!(
        "{arm} was stopped by hand after {done} of its repeats; the other arms went on. `workbench resume {run_id}` does the rest."
    );
    Finding::warning("arm_stopped", text)
        .arm(arm)
        .number("done", done as f64)
}

fn no_speedup(why: &NoSpeedup) -> Finding {
    let why = match why {
        NoSpeedup::TargetMissed => "Not every arm reached the target",
        NoSpeedup::UnequalWork => "The arms did not do the same work with the same outcome",
    };
    Finding::error(NO_SPEEDUP, format!("{why}, so no speed-up is stated."))
}

fn unplanned_end(end: &UnplannedEnd<'_>, done: usize, run_id: &str) -> Finding {
    let resume = format!("`workbench resume {run_id}`");
    let rest = format!("{resume} does the rest.");
    let start = |what| format!("The run {what}; {done} finished repeats are reported.");
    let finding = match end {
        UnplannedEnd::Unfinished => {
            let start = start("has no end in its log: it is under way, or was killed");
            Finding::warning("run_unfinished", format!("{start} {rest}"))
        }
        UnplannedEnd::Interrupted => Finding::warning(
            "run_interrupted",
            format!("{} {rest}", start("was interrupted")),
        ),
        UnplannedEnd::Failed => {
            Finding::error("run_failed", format!("{} {rest}", start("failed")))
        }
        UnplannedEnd::AskedFault { parameter, fault } => Finding::error(
            "run_failed_as_asked",
            format!(
                "{} It failed with the fault that it was asked for ({parameter}={fault}), so {resume} would meet the same fault and fail the same way.",
                start("failed")
            ),
        )
        .option(parameter),
    };
    finding.number("done", done as f64)
}

fn few_repeats(fewest: usize) -> Finding {
    let text = match fewest {
        1 => "A single repeat has no interval: use --repeats 5 or more.".to_owned(),
        n => format!(
            "{n} repeats have a range and no confidence interval, so they cannot show which arm is faster: use --repeats 5 or more."
        ),
    };
    Finding::warning("few_repeats", text)
        .option("--repeats")
        .number("repeats", fewest as f64)
}

fn noisy(arm: &ArmResult, scatter: f64, outliers: usize) -> Finding {
    let kept = match outliers {
        0 => String::new(),
        n => format!(", {} kept", counted(n as u64, "outlier")),
    };
    let text = format!(
        "The {} wall times of {} scatter by {:.0} % of their mean{kept}: the machine was noisy.",
        arm.wall_s.len(),
        on(arm),
        scatter * 100.0
    );
    Finding::warning("noisy", text)
        .arm_on(&arm.name, arm.workers)
        .number("scatter", scatter)
        .number("outliers", outliers as f64)
}

/// What the numbers mean.
pub(super) fn diagnosis(diagnosis: &Diagnosis<'_>) -> Finding {
    match diagnosis {
        Diagnosis::Arm(arm, found) => {
            arm_diagnosis(arm, found).arm_on(&arm.name, arm.workers)
        }
        Diagnosis::BestArm {
            workers,
            best,
            second,
            ratio,
        } => best_arm(*workers, [best, second], *ratio),
        Diagnosis::ToolCost(tool) => tools::cost(tool),
        Diagnosis::ToolOrder(workers, all) => tools::order(*workers, all),
        Diagnosis::BestItem(best, lab) => best_item::finding(best, lab),
        Diagnosis::Peak {
            arm,
            peak,
            contention,
            coherency,
        } => Finding::note(
            "peak",
            format!(
                "{}: after the universal scalability law more than about {peak:.0} workers would make it slower (contention {contention:.3}, coherency {coherency:.5}).",
                capitalise(arm)
            ),
        )
        .arm(arm)
        .number("peak_workers", *peak),
        Diagnosis::SerialFraction { arm, fraction } => Finding::note(
            "serial_fraction",
            format!(
                "{}: after Amdahl's law a serial part of {:.1} % would cap the speed-up at {:.1}×, however many cores; what the task log shows as imbalance is counted in it.",
                capitalise(arm),
                fraction * 100.0,
                1.0 / fraction
            ),
        )
        .arm(arm)
        .number("serial_fraction", *fraction),
    }
}

fn best_arm(workers: u32, [best, second]: [&str; 2], ratio: Option<f64>) -> Finding {
    let on = slots(workers);
    let finding = match ratio {
        Some(ratio) => Finding::note(
            "best_arm",
            format!(
                "On {on}, {best} is {ratio:.2}× as fast as {second}: their intervals do not overlap."
            ),
        )
        .number("ratio", ratio),
        None => Finding::note(
            "too_close",
            format!(
                "On {on}, {best} and {second} are too close to tell apart: their intervals overlap."
            ),
        ),
    };
    finding
        .arm(best)
        .against(second)
        .number("workers", f64::from(workers))
}

fn arm_diagnosis(arm: &ArmResult, diagnosis: &ArmDiagnosis<'_>) -> Finding {
    let who = on(arm);
    match diagnosis {
        ArmDiagnosis::NoDifference { interval, base } => {
            let [low, high] = interval;
            let text = format!(
                "Between {who} and {base} no difference can be claimed: the 95 % interval of the speed-up, {low:.2} to {high:.2}, holds 1."
            );
            Finding::note("no_difference", text)
                .against(base)
                .number("low", *low)
                .number("high", *high)
        }
        ArmDiagnosis::Bound(bound) => {
            let text = format!(
                "No schedule of the {} of {who} can exceed {bound:.1}×: the longest task alone takes 1/{bound:.1} of all the work. Splitting it would lift this bound.",
                counted(arm.tasks, "task")
            );
            Finding::note("bound", text).number("bound", *bound)
        }
        ArmDiagnosis::Lost(lost, to) => lost_time(arm, *lost, to),
        ArmDiagnosis::SlotsBusy(percent) => {
            let text = format!(
                "{} keeps its slots {percent:.0} % busy with useful work: only more cores or faster code can give much more.",
                capitalise(&who)
            );
            Finding::note("slots_busy", text).number("busy_percent", *percent)
        }
    }
}

/// The lost slot time of an arm, and its cause.
fn lost_time(arm: &ArmResult, lost: Lost, to: &LostTo<'_>) -> Finding {
    let (who, lasted, share) = (on(arm), lasting(lost.seconds), lost.percent);
    let finding = match to {
        LostTo::Imbalance { order, karp_flatt } => {
            let start = format!("With {who}, {share:.0} % of the slot time ({lasted})");
            Finding::note("imbalance", imbalance(&start, *order, *karp_flatt))
        }
        LostTo::Inflation {
            more_percent,
            base,
            lockstep,
            why,
        } => {
            let cause = inflation::causes(why, *lockstep);
            let text = format!(
                "The same work took {more_percent:.0} % more CPU time in {who} than in {base} ({lasted}, {share:.0} % of the slot time): {cause}."
            );
            Finding::note("inflation", text)
                .against(base)
                .number("more_percent", *more_percent)
        }
        LostTo::Waiting(cause) => {
            let cause = waiting::cause(cause);
            let text = format!(
                "With {who}, {share:.0} % of the slot time ({lasted}) is lost to waiting: {cause}."
            );
            Finding::note("waiting", text)
        }
        LostTo::NoCore(cause) => waiting::no_core(
            &who,
            &format!("{share:.0} % of the slot time ({lasted})"),
            cause,
        ),
        LostTo::Overhead(per_task_ms) => {
            let text = format!(
                "With {who}, {share:.0} % of the slot time ({lasted}) is overhead, {} for {}: starting them, and what comes before the first and after the last.",
                lasting(per_task_ms / 1e3),
                match arm.tasks {
                    0 | 1 => "its only task".to_owned(),
                    tasks => format!("each of the {} tasks", count(tasks)),
                }
            );
            Finding::note("overhead", text).number("per_task_ms", *per_task_ms)
        }
    };
    finding
        .number("lost_s", lost.seconds)
        .number("lost_percent", lost.percent)
}

fn imbalance(start: &str, order: Option<Predicted>, karp_flatt: Option<f64>) -> String {
    let serial = match karp_flatt {
        Some(e) => format!(
            " Karp–Flatt reads this as a serial fraction of {e:.3}, although nothing here is serial."
        ),
        None => String::new(),
    };
    match order {
        Some(predicted) => format!(
            // Not as two speed-ups: those of recorded durations are no measured ones.
            "{start} is lost to imbalance because the longest tasks were started last; started longest first, the same tasks would end {:.0} % sooner.{serial}",
            (1.0 - predicted.fifo / predicted.longest_first) * 100.0
        ),
        None => format!(
            "{start} is lost to imbalance: at the end some slots had nothing left to start. Smaller tasks would even it out, another order would not.{serial}"
        ),
    }
}

/// Why a scaling law was not fitted, to what was left.
pub(super) fn refusal(refusal: &FitRefusal, without: &UnfittedWorkers) -> Finding {
    let mut text = refusal.to_string();
    for (of, why) in [
        (
            &without.sharing,
            "share cores, or have cores of other speeds,",
        ),
        (&without.failed, "failed, or recovered from a failure,"),
    ] {
        if !of.is_empty() {
            let of: Vec<String> = of.iter().map(u32::to_string).collect();
            text.extend([
                " Workers that ",
                why,
                " do not count (",
                &of.join(", "),
                ").",
            ]);
        }
    }
    match refusal {
        FitRefusal::TooFewWorkers { law, found } => Finding::note("too_few_workers", text)
            .number("needed", law.needed() as f64)
            .number("found", found.len() as f64),
        FitRefusal::BadPoint {
            workers, speedup, ..
        } => Finding::note("bad_point", text)
            .number("workers", *workers)
            .number("speedup", *speedup),
    }
}

/// Why no scaling law is fitted to arms that did different work.
pub(super) fn different_work() -> Finding {
    Finding::note(
        "different_work",
        "The laws of scaling are of equal work, and these arms did different work.",
    )
}

pub(super) fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
