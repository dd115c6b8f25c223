//! What the numbers mean, in full sentences. Each rule looks at one arm and says something only when its numbers do.

use super::document::{ArmResult, Fit, RunResult};
use super::wording::{arm_on, lasting, slots};

/// A part of the slot time below this share is not worth a sentence.
const WORTH_SAYING: f64 = 0.03;
/// Two predictions nearer than this share are the same.
const SAME: f64 = 0.02;

type Rule = fn(&ArmResult, &RunResult) -> Option<String>;

const RULES: [Rule; 7] = [
    no_difference,
    imbalance,
    bound,
    inflation,
    waiting,
    overhead,
    little_left,
];

/// All that can be said of a run.
pub(super) fn diagnose(result: &RunResult) -> Vec<String> {
    let parallel = result.arms.iter().filter(|arm| arm.name != result.base);
    let mut out: Vec<String> = parallel
        .flat_map(|arm| RULES.iter().filter_map(|rule| rule(arm, result)))
        .collect();
    out.extend(best_arm(result));
    out.extend(scaling(result));
    out
}

/// `tasks on 8 workers`.
fn who(arm: &ArmResult) -> String {
    arm_on(&arm.name, arm.workers)
}

fn slot_time(arm: &ArmResult) -> f64 {
    arm.wall_median_s * f64::from(arm.workers)
}

/// A part of the slot time as a share, where it is worth a sentence.
fn share(arm: &ArmResult, seconds: f64) -> Option<f64> {
    let share = seconds / slot_time(arm);
    (share >= WORTH_SAYING).then_some(share * 100.0)
}

fn no_difference(arm: &ArmResult, result: &RunResult) -> Option<String> {
    let [low, high] = arm.speedup_ci95?;
    (arm.workers > 1 && low <= 1.0 && high >= 1.0).then(|| {
        format!(
            "Between {} and {} no difference can be claimed: the 95 % interval of the speed-up, {low:.2} to {high:.2}, holds 1.",
            who(arm),
            result.base
        )
    })
}

fn imbalance(arm: &ArmResult, _: &RunResult) -> Option<String> {
    let lost = share(arm, arm.lost_s.imbalance)?;
    let predicted = arm.predicted?;
    let who = who(arm);
    let start = format!(
        "With {who}, {lost:.0} % of the slot time ({}) is lost to imbalance",
        lasting(arm.lost_s.imbalance)
    );
    // Where imbalance is most of the loss, the serial fraction measures it and not serial code.
    let karp_flatt = match arm.karp_flatt {
        Some(e) if e > 0.01 && arm.lost_s.imbalance > 0.5 * arm.lost_s.total() => format!(
            " Karp–Flatt reads this as a serial fraction of {e:.3}, although nothing here is serial."
        ),
        _ => String::new(),
    };
    if predicted.longest_first > predicted.fifo * (1.0 + SAME) {
        Some(format!(
            "{start} because the longest tasks were started last; longest-first would give {:.2}× where this order allows {:.2}×.{karp_flatt}",
            predicted.longest_first, predicted.fifo
        ))
    } else {
        Some(format!(
            "{start}: at the end some slots had nothing left to start. Smaller tasks would even it out, another order would not.{karp_flatt}"
        ))
    }
}

fn bound(arm: &ArmResult, _: &RunResult) -> Option<String> {
    let bound = arm.bound?;
    (bound < f64::from(arm.workers) * (1.0 - SAME)).then(|| {
        format!(
            "No schedule of the {} tasks of {} can exceed {bound:.1}×: the longest task alone takes 1/{bound:.1} of all the work. Splitting it would lift this bound.",
            arm.tasks,
            who(arm)
        )
    })
}

fn inflation(arm: &ArmResult, result: &RunResult) -> Option<String> {
    // Of unequal work nothing can be said.
    arm.speedup?;
    let lost = share(arm, arm.lost_s.inflation)?;
    let more = arm.lost_s.inflation / arm.useful_s * 100.0;
    let cause = if result.comparison.lockstep {
        "every further process starts up and talks to the others, what is done again counts too, and cores that share caches, memory \
         bandwidth or clock frequency slow each other down"
    } else {
        "cores that share caches, memory bandwidth or clock frequency slow each other down"
    };
    Some(format!(
        "The same work took {more:.0} % more CPU time in {} than in {} ({}, {lost:.0} % of the slot time): {cause}.",
        who(arm),
        result.base,
        lasting(arm.lost_s.inflation)
    ))
}

fn waiting(arm: &ArmResult, result: &RunResult) -> Option<String> {
    let lost = share(arm, arm.lost_s.waiting)?;
    let cause = if arm.oversubscribed {
        "more slots than usable cores share those cores"
    } else if result.comparison.lockstep {
        "its slots work in step, and wait for each other and for what they exchange"
    } else {
        "tasks were ready later than slots, or were kept off their cores by other processes"
    };
    Some(format!(
        "With {}, {lost:.0} % of the slot time ({}) is lost to waiting: {cause}.",
        who(arm),
        lasting(arm.lost_s.waiting)
    ))
}

fn overhead(arm: &ArmResult, _: &RunResult) -> Option<String> {
    let lost = share(arm, arm.lost_s.overhead)?;
    let tasks = arm.tasks.max(1);
    Some(format!(
        "With {}, {lost:.0} % of the slot time ({}) is overhead, {:.2} ms for each of the {tasks} tasks: starting them, and what comes before the first and after the last.",
        who(arm),
        lasting(arm.lost_s.overhead),
        arm.lost_s.overhead / tasks as f64 * 1e3
    ))
}

fn little_left(arm: &ArmResult, _: &RunResult) -> Option<String> {
    let efficiency = arm.efficiency?;
    // Above the bound it is the base that was slow; a warning says so.
    let believable = arm.speedup? <= arm.bound? * (1.0 + SAME);
    // Where what is waited for is done faster than by the base, efficiency says little about the slots.
    let all = arm.useful_s + arm.lost_s.total();
    let is_busy = all <= 0.0 || arm.useful_s / all >= 0.9;
    (arm.workers > 1 && efficiency >= 0.95 && believable && is_busy).then(|| {
        format!(
            "{} keeps its slots {:.0} % busy with useful work: only more cores or faster code can give much more.",
            capitalise(&who(arm)),
            (efficiency * 100.0).min(100.0)
        )
    })
}

/// Which of several parallel arms at the highest number of workers is best, and whether that can be told.
fn best_arm(result: &RunResult) -> Option<String> {
    let workers = result.arms.iter().map(|arm| arm.workers).max()?;
    let mut arms: Vec<&ArmResult> = result
        .arms
        .iter()
        .filter(|arm| arm.name != result.base && arm.workers == workers && arm.speedup.is_some())
        .collect();
    arms.sort_by(|a, b| a.wall_median_s.total_cmp(&b.wall_median_s));
    let [best, second, ..] = arms.as_slice() else {
        return None;
    };
    let ([low, _], [_, high]) = (best.speedup_ci95?, second.speedup_ci95?);
    let ratio = second.wall_median_s / best.wall_median_s;
    Some(if low > high {
        format!(
            "On {}, {} is {ratio:.2}× as fast as {}: their intervals do not overlap.",
            slots(workers),
            best.name,
            second.name
        )
    } else {
        format!(
            "On {}, {} and {} are too close to tell apart: their intervals overlap.",
            slots(workers),
            best.name,
            second.name
        )
    })
}

fn scaling(result: &RunResult) -> Vec<String> {
    let mut out = Vec::new();
    for curve in &result.scaling {
        if let Fit::Fitted(fit) = &curve.usl
            && let Some(peak) = fit.peak_workers
            && peak < 1024.0
        {
            out.push(format!(
                "{}: after the universal scalability law more than about {peak:.0} workers would make it slower (contention {:.3}, coherency {:.5}).",
                capitalise(&curve.arm), fit.sigma, fit.kappa
            ));
        }
        if let Fit::Fitted(fit) = &curve.amdahl
            && fit.serial_fraction > 0.001
        {
            out.push(format!(
                "{}: after Amdahl's law a serial part of {:.1} % would cap the speed-up at {:.0}×, however many cores; what the task log shows as imbalance is counted in it.",
                capitalise(&curve.arm),
                fit.serial_fraction * 100.0,
                1.0 / fit.serial_fraction
            ));
        }
    }
    out
}

fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
