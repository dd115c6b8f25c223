//! What became of arms on their way to a goal.

use workbench_record::{Finding, LabFacts};
use workbench_words::counted;

use super::numbers::significant;
use super::slots;
use crate::race::{Race, RaceArm};

/// That a repeat of the base never reached the target.
pub(crate) fn base_missed(race: &Race, base: &RaceArm, facts: &LabFacts) -> Finding {
    let name = format!("{} on {}", base.arm, slots(base.workers));
    let so = "so no speed-up is stated; set a target that it reaches";
    missed((race, facts), base, (&name, so), |text| {
        Finding::error("target_missed", text)
    })
}

/// That arms have repeats which never reached the target; nothing where there is none.
pub(crate) fn findings(race: &Race, base: &str, facts: &LabFacts) -> Vec<Finding> {
    if race.target.is_none() {
        return Vec::new();
    }
    let others = race.arms.iter().filter(|arm| arm.arm != base);
    let censored = others.filter(|arm| arm.censored() > 0);
    censored
        .map(|arm| {
            let name = format!("{} on {}", arm.arm, slots(arm.workers));
            let so = "so no speed-up of it is stated: its time to the target is not known, only that \
                      it is longer";
            missed((race, facts), arm, (&name, so), |text| Finding::warning("censored", text))
        })
        .collect()
}

fn missed(
    (race, facts): (&Race, &LabFacts),
    arm: &RaceArm,
    (name, so): (&str, &str),
    finding: impl FnOnce(String) -> Finding,
) -> Finding {
    let of = counted(arm.to_target_s.len() as u64, "repeat");
    let metric = facts.called(&race.metric);
    let target = race.target.map_or_else(String::new, |target| {
        format!(" of {} {}", race.direction.words(), significant(target))
    });
    let text = format!(
        "Target not reached: in {} of {of} {name} did not come to a {metric}{target}, {so}.",
        arm.censored()
    );
    let finding = finding(text).arm_on(&arm.arm, arm.workers);
    let finding = finding.number("censored", f64::from(arm.censored()));
    match race.target {
        Some(target) => finding.number("target", target),
        None => finding,
    }
}
