//! Diagnoses: what the numbers mean. Each rule checks one arm and gives a finding if its condition
//! holds.

use std::collections::BTreeSet;

use super::document::{ArmResult, Fit, RunResult};
use super::facts::{ArmDiagnosis, Diagnosis, Lost, LostTo, NoCoreCause, WaitCause};
use super::inflation::inflation as inflation_of;
use super::messages::OTHER_PROCESSES;
use super::tool_cost::ToolCost;
use workbench_record::{Disturbance, Finding, SHARED_CORES};
use workbench_stats::interval::Verdict;

/// A part of the slot time below this share gives no finding.
const WORTH_SAYING: f64 = 0.03;
/// Two predictions that differ by less than this share count as equal.
const SAME: f64 = 0.02;

type Rule = for<'a> fn(&'a ArmResult, &'a RunResult) -> Option<ArmDiagnosis<'a>>;

const RULES: [Rule; 8] = [
    no_difference,
    imbalance,
    bound,
    inflation,
    waiting,
    no_core,
    overhead,
    slots_busy,
];

/// All diagnoses of a run.
pub(super) fn diagnose(result: &RunResult) -> Vec<Diagnosis<'_>> {
    let mut out: Vec<Diagnosis<'_>> = result
        .compared()
        .flat_map(|arm| {
            let found = RULES.iter().filter_map(move |rule| rule(arm, result));
            found.map(move |found| Diagnosis::Arm(arm, found))
        })
        .collect();
    out.extend(best_arm(result));
    out.extend(scaling(result));
    out.extend(best_item(result));
    out.extend(tools(result));
    out
}

/// The costs of every way to run in parallel, and which pays from the smallest tasks on.
fn tools(result: &RunResult) -> Vec<Diagnosis<'_>> {
    let workers = result.tools.iter().map(|tool| tool.workers);
    let workers: BTreeSet<u32> = workers.filter(|workers| *workers > 1).collect();
    let order = workers.into_iter().filter_map(|workers| {
        let all = result.tools.iter();
        let is_told = |tool: &&ToolCost| tool.workers == workers && tool.pays_from_task_s.is_some();
        let mut tools: Vec<&ToolCost> = all.filter(is_told).collect();
        let size = |tool: &ToolCost| tool.pays_from_task_s.unwrap_or(f64::INFINITY);
        tools.sort_by(|a, b| size(a).total_cmp(&size(b)));
        (tools.len() > 1).then_some(Diagnosis::ToolOrder(workers, tools))
    });
    let costs = result.tools.iter().map(Diagnosis::ToolCost);
    order.chain(costs).collect()
}

/// A part of the slot time, if it is large enough for a finding.
fn lost(arm: &ArmResult, seconds: f64) -> Option<Lost> {
    let share = seconds / (arm.wall_median_s * f64::from(arm.workers));
    (share.is_finite() && share >= WORTH_SAYING).then_some(Lost {
        seconds,
        percent: share * 100.0,
    })
}

fn no_difference<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let undecided = arm.speedup_interval?.verdict()? == Verdict::NoDifference;
    (arm.workers > 1 && undecided).then_some(ArmDiagnosis::NoDifference {
        interval: arm.speedup_interval?.ends(),
        base: &result.base,
    })
}

fn imbalance<'a>(arm: &'a ArmResult, _: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let lost = lost(arm, arm.lost_s.imbalance)?;
    let predicted = arm.predicted?;
    // Where imbalance is most of the loss, the serial fraction measures it and not serial code.
    let is_most = arm.lost_s.imbalance > 0.5 * arm.lost_s.total();
    let to = LostTo::Imbalance {
        order: Some(predicted).filter(|p| p.longest_first > p.fifo * (1.0 + SAME)),
        karp_flatt: arm.karp_flatt.filter(|e| *e > 0.01 && is_most),
    };
    Some(ArmDiagnosis::Lost(lost, to))
}

fn bound<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let bound = arm.bound?;
    (bound < result.ideal(arm.workers) * (1.0 - SAME)).then_some(ArmDiagnosis::Bound(bound))
}

fn inflation<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    // Unequal work allows no diagnosis, and neither does work that took no CPU time.
    arm.speedup.filter(|_| arm.useful_s > 0.0)?;
    let to = LostTo::Inflation {
        more_percent: arm.lost_s.inflation / arm.useful_s * 100.0,
        base: &result.base,
        lockstep: result.comparison.lockstep,
        why: inflation_of(arm, result),
    };
    Some(ArmDiagnosis::Lost(lost(arm, arm.lost_s.inflation)?, to))
}

/// Cores that other processes used, where there is a warning of it.
fn others(result: &RunResult) -> Option<f64> {
    let is_others = |found: &&Finding| found.kind == OTHER_PROCESSES;
    let found = result.warnings.iter().find(is_others)?;
    found.numbers.get("cores").copied()
}

/// Whether the repeats of an arm noticed that its slots had no core each.
fn shared_cores(arm: &ArmResult, result: &RunResult) -> bool {
    result.warnings.iter().any(|found| {
        let of = (found.subject.arm.as_deref(), found.subject.workers);
        found.kind == SHARED_CORES && of == (Some(arm.name.as_str()), Some(arm.workers))
    })
}

fn waiting<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let cause = if arm.oversubscribed {
        WaitCause::Oversubscribed
    } else if shared_cores(arm, result) {
        WaitCause::SharedCores
    } else if result.comparison.lockstep {
        WaitCause::Lockstep
    } else if arm.is_opaque() {
        WaitCause::NotBusy
    } else {
        WaitCause::Tasks {
            // Otherwise the time that they took is counted apart.
            others: others(result).filter(|_| arm.lost_s.no_core == 0.0),
            steal_s: result
                .disturbances
                .iter()
                .find_map(|found| match found.cause {
                    Disturbance::Steal { core_s } => Some(core_s),
                    _ => None,
                }),
        }
    };
    let lost = lost(arm, arm.lost_s.waiting)?;
    Some(ArmDiagnosis::Lost(lost, LostTo::Waiting(cause)))
}

fn no_core<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let cause = if arm.oversubscribed {
        NoCoreCause::Oversubscribed
    } else {
        others(result).map_or(NoCoreCause::Unknown, NoCoreCause::Others)
    };
    let lost = lost(arm, arm.lost_s.no_core)?;
    Some(ArmDiagnosis::Lost(lost, LostTo::NoCore(cause)))
}

fn overhead<'a>(arm: &'a ArmResult, _: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let lost = lost(arm, arm.lost_s.overhead)?;
    let per_task_ms = arm.lost_s.overhead / arm.tasks.max(1) as f64 * 1e3;
    Some(ArmDiagnosis::Lost(lost, LostTo::Overhead(per_task_ms)))
}

fn slots_busy<'a>(arm: &'a ArmResult, _: &'a RunResult) -> Option<ArmDiagnosis<'a>> {
    let efficiency = arm.efficiency?;
    // A speed-up above the bound means that the base was slow; there is a warning for that.
    let believable = arm.speedup? <= arm.bound? * (1.0 + SAME);
    // Where the work that slots wait for is done faster than by the base, efficiency says little
    // about the slots.
    let all = arm.useful_s + arm.lost_s.total();
    let is_busy = all <= 0.0 || arm.useful_s / all >= 0.9;
    (arm.workers > 1 && efficiency >= 0.95 && believable && is_busy)
        .then(|| ArmDiagnosis::SlotsBusy((efficiency * 100.0).min(100.0)))
}

/// Which of several parallel arms is best at the highest number of workers, and whether the
/// difference is significant.
fn best_arm(result: &RunResult) -> Option<Diagnosis<'_>> {
    let workers = result.arms.iter().map(|arm| arm.workers).max()?;
    let mut arms: Vec<&ArmResult> = result
        .compared()
        .filter(|arm| arm.workers == workers && arm.speedup.is_some())
        .collect();
    arms.sort_by(|a, b| a.wall_median_s.total_cmp(&b.wall_median_s));
    let [best, second, ..] = arms.as_slice() else {
        return None;
    };
    let confidence = |arm: &ArmResult| arm.speedup_interval?.confidence();
    let ([low, _], [_, high]) = (confidence(best)?, confidence(second)?);
    Some(Diagnosis::BestArm {
        workers,
        best: &best.name,
        second: &second.name,
        ratio: Some(second.wall_median_s / best.wall_median_s)
            .filter(|ratio| low > high && ratio.is_finite()),
    })
}

/// The best item of the first arm that has one: all arms made the same items, or a warning says
/// that they did not.
fn best_item(result: &RunResult) -> Option<Diagnosis<'_>> {
    let mut arms = result.arms.iter();
    let found = arms.find_map(|arm| arm.analysis.as_ref()?.best.as_ref())?;
    let next = found.next.as_ref();
    let numbers = next.map(|next| [next.difference, next.low, next.high]);
    let mut numbers = numbers.into_iter().flatten().chain([found.value]);
    // Of what is no number, none is best.
    if !numbers.all(f64::is_finite) {
        return None;
    }
    Some(Diagnosis::BestItem(found, &result.lab_facts))
}

fn scaling(result: &RunResult) -> Vec<Diagnosis<'_>> {
    let mut out = Vec::new();
    for curve in &result.scaling {
        if let Fit::Fitted(fit) = &curve.usl
            && let Some(peak) = fit.peak_workers
            && peak < 1024.0
        {
            out.push(Diagnosis::Peak {
                arm: &curve.arm,
                peak,
                contention: fit.sigma,
                coherency: fit.kappa,
            });
        }
        if let Fit::Fitted(fit) = &curve.amdahl
            && fit.serial_fraction > 0.001
        {
            out.push(Diagnosis::SerialFraction {
                arm: &curve.arm,
                fraction: fit.serial_fraction,
            });
        }
    }
    out
}
