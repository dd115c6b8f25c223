//! What a reader must know before believing the numbers.

use super::document::{ArmResult, RunResult};
use super::wording::arm_on;
use workbench_clock::seconds;
use workbench_record::{RunStatus, Snapshot};
use workbench_stats::descriptive;

/// Wall times that scatter by more than this share of their mean are called noisy.
const NOISY: f64 = 0.05;
/// A share of stolen core time above this is worth a word.
const STEAL: f64 = 0.02;
/// A speed-up may exceed its bound by this factor before it is doubted: clocks and samples are not exact.
const TOO_GOOD: f64 = 1.02;
/// Other processes that use more than this many cores are worth a word.
const OTHERS: f64 = 0.2;

/// All warnings of a run, most serious first.
pub(super) fn warnings(result: &RunResult, snapshot: &Snapshot) -> Vec<String> {
    let mut out = result.check.differences.clone();
    if !result.check.passed() {
        let why = if result.check.target_reached.is_some() {
            "Not every arm reached the target"
        } else {
            "The arms did not do the same work with the same outcome"
        };
        out.push(format!("{why}, so no speed-up is stated."));
    }
    out.extend(status(result));
    out.extend(stopped(result, snapshot));
    if result.machine.build_profile == "debug" {
        out.push("This is a debug build: its times say nothing; build with --release.".to_owned());
    }
    out.extend(
        snapshot
            .findings
            .iter()
            .map(|(_, found)| found.text.clone()),
    );
    out.extend(repeats(result));
    out.extend(
        result
            .arms
            .iter()
            .filter_map(|arm| oversubscribed(arm, result)),
    );
    out.extend(result.arms.iter().filter_map(noisy));
    out.extend(result.arms.iter().filter_map(|arm| too_good(arm, result)));
    out.extend(machine_load(result, snapshot));
    out
}

fn status(result: &RunResult) -> Option<String> {
    let done: usize = result.arms.iter().map(|arm| arm.wall_s.len()).sum();
    let what = match result.status {
        RunStatus::Completed => return None,
        RunStatus::Unfinished => "has no end in its log: it is under way, or was killed",
        RunStatus::Interrupted => "was interrupted",
        RunStatus::Failed => "failed",
    };
    let start = format!("The run {what}; {done} finished repeats are reported.");
    let resume = format!("`workbench resume {}`", result.run_id);
    Some(match result.lab_facts.asked_faults(&result.parameters) {
        Some(fault) if result.status == RunStatus::Failed => format!(
            "{start} It failed with the fault that it was asked for ({}={fault}), so {resume} would meet the same fault and fail the same way.",
            result.lab_facts.faults.as_deref().unwrap_or_default()
        ),
        _ => format!("{start} {resume} does the rest."),
    })
}

/// Arms that a person stopped while the others went on.
fn stopped(result: &RunResult, snapshot: &Snapshot) -> Vec<String> {
    snapshot
        .stopped_arms
        .keys()
        .map(|arm| {
            let done: usize = result
                .arms
                .iter()
                .filter(|a| a.name == *arm)
                .map(|a| a.wall_s.len())
                .sum();
            format!(
                "{arm} was stopped by hand after {} of its repeats; the other arms went on. `workbench resume {}` does the rest.",
                done, result.run_id
            )
        })
        .collect()
}

fn repeats(result: &RunResult) -> Option<String> {
    let fewest = result.arms.iter().map(|arm| arm.wall_s.len()).min()?;
    match fewest {
        1 => Some("A single repeat has no interval: use --repeats 5 or more.".to_owned()),
        2..5 => Some(format!(
            "Intervals from {fewest} repeats are rough: use --repeats 5 or more to rely on them."
        )),
        _ => None,
    }
}

fn oversubscribed(arm: &ArmResult, result: &RunResult) -> Option<String> {
    arm.oversubscribed.then(|| {
        format!(
            "{} ran {} slots on {} usable cores ({}): its slots shared cores.",
            arm.name, arm.workers, result.machine.cores_usable, result.machine.cores_limit
        )
    })
}

fn noisy(arm: &ArmResult) -> Option<String> {
    let scatter = descriptive::coefficient_of_variation(&arm.wall_s)?;
    (scatter > NOISY).then(|| {
        let outliers = descriptive::outliers(&arm.wall_s).len();
        let outliers = match outliers {
            0 => String::new(),
            1 => ", 1 outlier kept".to_owned(),
            n => format!(", {n} outliers kept"),
        };
        format!(
            "The {} wall times of {} scatter by {:.0} % of their mean{outliers}: the machine was noisy.",
            arm.wall_s.len(),
            arm_on(&arm.name, arm.workers),
            scatter * 100.0
        )
    })
}

/// No schedule beats its bound, so a speed-up that does tells of a base that ran on a slower machine.
fn too_good(arm: &ArmResult, result: &RunResult) -> Option<String> {
    let (speedup, bound) = (arm.speedup?, arm.bound?);
    (arm.name != result.base && speedup > bound * TOO_GOOD).then(|| {
        format!(
            "The speed-up of {}, {speedup:.2}×, is above its bound of {bound:.2}×: the same work took less CPU time there than in {}, so the machine was not equally fast for both (clock frequency, neighbours on the host, caches). Use more --repeats.",
            arm_on(&arm.name, arm.workers),
            result.base
        )
    })
}

/// Stolen time and other processes, from the samples taken while repeats ran.
fn machine_load(result: &RunResult, snapshot: &Snapshot) -> Vec<String> {
    let (mut steal, mut others, mut total) = (0.0, 0.0, 0.0);
    for repeat in snapshot.repeats.iter().filter(|r| r.finished.is_some()) {
        // Samples are not equally far apart; each speaks for the time since the one before.
        let mut until = repeat.started_ns;
        for (at, sample) in snapshot.samples_of(repeat) {
            let weight = seconds(at.saturating_sub(until));
            until = *at;
            let sum = |shares: &[f32]| shares.iter().map(|s| f64::from(*s)).sum::<f64>();
            steal += weight * sum(&sample.steal);
            others += weight * (sum(&sample.cores) - f64::from(sample.process_cores)).max(0.0);
            total += weight;
        }
    }
    if total <= 0.0 {
        return Vec::new();
    }
    let (steal, others) = (steal / total, others / total);
    let mut out = Vec::new();
    if steal / f64::from(result.machine.cores_logical.max(1)) > STEAL {
        out.push(format!(
            "The hypervisor gave {steal:.2} cores' worth of time to other machines while this ran (steal): speed-ups are understated."
        ));
    }
    if others > OTHERS {
        out.push(format!(
            "Other processes used {others:.1} cores while this ran: close them and run again for cleaner numbers."
        ));
    }
    out
}
