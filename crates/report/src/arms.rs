//! Which of a result's arms a report speaks of, and how it calls them.

use std::collections::BTreeSet;

use super::format;
use workbench_result::{ArmResult, RunResult};

/// The arms that have a finished repeat.
pub(super) fn finished(result: &RunResult) -> impl Iterator<Item = &ArmResult> {
    result.arms.iter().filter(|arm| !arm.wall_s.is_empty())
}

/// The base, where it has a finished repeat.
pub(super) fn base(result: &RunResult) -> Option<&ArmResult> {
    finished(result).find(|arm| arm.name == result.base)
}

/// `tasks on 2 workers`; the arm alone when it is the base.
pub(super) fn arm_on_workers(result: &RunResult, arm: &ArmResult) -> String {
    let name = format::clean(&arm.name, 40);
    if arm.name == result.base && arm.workers <= 1 {
        name
    } else {
        format!(
            "{name} on {}",
            format::counted(u64::from(arm.workers), "worker")
        )
    }
}

/// One entry per arm: the one with the most workers.
pub(super) fn one_each(result: &RunResult) -> Vec<&ArmResult> {
    let mut chosen: Vec<&ArmResult> = Vec::new();
    for arm in finished(result) {
        match chosen.iter_mut().find(|known| known.name == arm.name) {
            Some(known) if known.workers < arm.workers => *known = arm,
            Some(_) => {}
            None => chosen.push(arm),
        }
    }
    chosen
}

/// The names of the figures that these arms have: as declared, then by name.
pub(super) fn figure_names<'a>(result: &RunResult, arms: &[&'a ArmResult]) -> Vec<&'a str> {
    let names: BTreeSet<&str> = arms
        .iter()
        .flat_map(|arm| arm.quality.keys().map(String::as_str))
        .collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    result.lab_facts.sort(&mut names);
    names
}

/// Why a speed-up is not exactly the quotient of the two median wall times that stand beside it,
/// with that quotient, for the arms where it differs as it is written; `None` where all agree.
pub fn quotients(result: &RunResult) -> Option<String> {
    // Arms that are compared on the way to a goal work for as long as they like.
    if result.race.is_some() {
        return None;
    }
    let base_s = base(result)?.wall_median_s;
    let others = finished(result).filter(|arm| arm.name != result.base);
    let differing = others.filter_map(|arm| {
        let stated = format::speedup(stated_speedup(result, arm)?);
        let quotient = base_s / arm.wall_median_s;
        let written = format::speedup(quotient);
        (quotient.is_finite() && written != stated)
            .then(|| format!("{written} for {}", arm_on_workers(result, arm)))
    });
    let differing: Vec<String> = differing.collect();
    (!differing.is_empty()).then(|| {
        format!(
            "A speed-up is the median over the rounds of the base's wall time divided by the arm's in the same round. The medians of \
             the wall times, divided by each other, give {}.",
            format::join_words(&differing, "and")
        )
    })
}

/// The speed-up of an arm, where one may be stated: the check passed and the value is a number.
pub(super) fn stated_speedup(result: &RunResult, arm: &ArmResult) -> Option<f64> {
    let may = result.check.passed();
    arm.speedup.filter(|s| may && s.is_finite() && *s >= 0.0)
}
