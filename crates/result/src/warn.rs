//! Warnings: what a reader has to know before trusting the numbers.

use super::document::{ArmResult, RunResult};
use super::facts::{Caveat, NoSpeedup, UnplannedEnd};
use workbench_clock::seconds;
use workbench_record::{Disturbance, RunStatus, Snapshot};
use workbench_stats::{descriptive, interval};

/// Wall times whose standard deviation is more than this share of their mean are noisy.
const NOISY: f64 = 0.05;
/// Stolen core time above this share gives a warning.
const STEAL: f64 = 0.02;
/// A speed-up may exceed its bound by this factor without a warning: clocks and samples are not
/// exact.
const TOO_GOOD: f64 = 1.02;
/// Other processes that use more than this many cores give a warning.
const OTHERS: f64 = 0.2;

/// The warnings besides differences between arms and recorded findings: those listed before them,
/// and those listed after them.
pub(super) fn caveats<'a>(
    result: &'a RunResult,
    snapshot: &'a Snapshot,
) -> (Vec<Caveat<'a>>, Vec<Caveat<'a>>) {
    let arms = || result.arms.iter();
    let mut before = Vec::new();
    before.extend(no_speedup(result));
    before.extend(unplanned_end(result));
    before.extend(stopped(result, snapshot));
    if result.machine.build_profile == "debug" {
        before.push(Caveat::DebugBuild);
    }
    let mut after = Vec::new();
    after.extend(few_repeats(result));
    after.extend(arms().filter_map(|arm| oversubscribed(arm, result)));
    after.extend(arms().filter_map(noisy));
    after.extend(arms().filter_map(|arm| above_bound(arm, result)));
    after.extend(machine_load(result, snapshot));
    after.extend(precision(result, snapshot));
    after.extend(result.noise.map(|noise| Caveat::Noise {
        noise,
        base: &result.base,
    }));
    (before, after)
}

fn no_speedup(result: &RunResult) -> Option<Caveat<'_>> {
    let why = match result.check.target_reached {
        Some(_) => NoSpeedup::TargetMissed,
        None => NoSpeedup::UnequalWork,
    };
    (!result.check.passed()).then_some(Caveat::NoSpeedup(why))
}

fn unplanned_end(result: &RunResult) -> Option<Caveat<'_>> {
    let facts = &result.lab_facts;
    let asked = facts.asked_faults(&result.parameters);
    let end = match (result.status, asked, &facts.faults) {
        (RunStatus::Completed, ..) => return None,
        (RunStatus::Unfinished, ..) => UnplannedEnd::Unfinished,
        (RunStatus::Interrupted, ..) => UnplannedEnd::Interrupted,
        (RunStatus::Failed, Some(fault), Some(parameter)) => {
            UnplannedEnd::AskedFault { parameter, fault }
        }
        (RunStatus::Failed, ..) => UnplannedEnd::Failed,
    };
    Some(Caveat::End {
        end,
        done: result.arms.iter().map(|arm| arm.wall_s.len()).sum(),
        run_id: &result.run_id,
    })
}

/// Arms that a person stopped while the others continued.
fn stopped<'a>(result: &'a RunResult, snapshot: &'a Snapshot) -> Vec<Caveat<'a>> {
    let done = |name: &str| {
        let arms = result.arms.iter().filter(|arm| arm.name == name);
        arms.map(|arm| arm.wall_s.len()).sum()
    };
    let stopped = snapshot.stopped_arms.keys();
    stopped
        .map(|arm| Caveat::ArmStopped {
            arm,
            done: done(arm),
            run_id: &result.run_id,
        })
        .collect()
}

/// Only once the run has ended: until then nothing is reached or missed.
fn precision<'a>(result: &'a RunResult, snapshot: &Snapshot) -> Option<Caveat<'a>> {
    let precision = result.precision.as_ref()?;
    let has_ended = result.status == RunStatus::Completed && result.check.passed();
    has_ended.then_some(Caveat::Precision {
        precision,
        repeats: result.repeats,
        late: seconds(snapshot.now_ns) >= precision.asked.max_time_s as f64,
    })
}

fn few_repeats(result: &RunResult) -> Option<Caveat<'_>> {
    let fewest = result.arms.iter().map(|arm| arm.wall_s.len()).min()?;
    (1..interval::FEWEST)
        .contains(&fewest)
        .then_some(Caveat::FewRepeats(fewest))
}

fn oversubscribed<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<Caveat<'a>> {
    arm.oversubscribed.then_some(Caveat::Oversubscribed {
        arm,
        usable: result.machine.cores_usable,
        limit: &result.machine.cores_limit,
    })
}

fn noisy(arm: &ArmResult) -> Option<Caveat<'_>> {
    let scatter = descriptive::coefficient_of_variation(&arm.wall_s)?;
    (scatter > NOISY).then(|| Caveat::Noisy {
        arm,
        scatter,
        outliers: descriptive::outliers(&arm.wall_s).len(),
    })
}

/// No schedule can exceed the bound, so a speed-up above it means that the machine was slower while
/// the base ran.
fn above_bound<'a>(arm: &'a ArmResult, result: &'a RunResult) -> Option<Caveat<'a>> {
    let (speedup, bound) = (arm.speedup?, arm.bound?);
    let above = speedup > bound * TOO_GOOD || arm.is_above_bound();
    (arm.name != result.base && !arm.control && above).then_some(Caveat::AboveBound {
        arm,
        speedup,
        bound,
        base: &result.base,
    })
}

/// Stolen time and other processes, from the samples taken while repeats ran.
fn machine_load(result: &RunResult, snapshot: &Snapshot) -> Vec<Caveat<'static>> {
    let (mut steal, mut others, mut total) = (0.0, 0.0, 0.0);
    for repeat in snapshot.repeats.iter().filter(|r| r.finished.is_some()) {
        // Sampling intervals differ; each sample stands for the time since the previous one.
        let mut until = repeat.started_ns;
        for (at, sample) in snapshot.samples_of(repeat) {
            let weight = seconds(at.saturating_sub(until));
            until = *at;
            let known = |share: f32| Some(f64::from(share)).filter(|share| share.is_finite());
            let sum = |shares: &[f32]| shares.iter().filter_map(|s| known(*s)).sum::<f64>();
            steal += weight * sum(&sample.steal);
            let own = known(sample.process_cores);
            let rest = own.map_or(0.0, |own| sum(&sample.cores) - own);
            others += weight * rest.max(0.0);
            total += weight;
        }
    }
    if total <= 0.0 {
        return Vec::new();
    }
    let (steal, others) = (steal / total, others / total);
    let mut out = Vec::new();
    let mut disturbances = result.disturbances.iter();
    let is_told = disturbances.any(|found| matches!(found.cause, Disturbance::Steal { .. }));
    if !is_told && steal / f64::from(result.machine.cores_logical.max(1)) > STEAL {
        out.push(Caveat::Steal(steal));
    }
    if others > OTHERS {
        out.push(Caveat::OtherProcesses(others));
    }
    out
}
