//! The tables of arms that work towards a goal: when each reached the target, and how far each was.

use super::tables::{ReportTable, name};
use super::{format, label};
use workbench_record::Direction;
use workbench_result::{Race, RaceArm, RaceLevel, RunResult};

/// The table; without rows where arms are compared in another way.
pub(super) fn table(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("workers", true),
        ("time to the target, median", true),
        ("reached it", true),
        ("never (censored)", true),
    ]);
    let Some(race) = &result.race else {
        return table;
    };
    let metric = label::label(&result.lab_facts, &race.metric);
    let after = format::seconds(race.equal_time_s);
    table.column(format!("{metric} after {after}"), true);
    let steps = format::count(race.equal_steps);
    table.column(format!("{metric} after {steps} steps"), true);
    table.column(format!("{metric} at the end"), true);
    let base = format::clean(&result.base, 40);
    table.column(format!("better than {base} after {after}"), true);
    for arm in &race.arms {
        table.rows.push(row(race, arm));
    }
    table
}

fn row(race: &Race, arm: &RaceArm) -> Vec<String> {
    let of = arm.to_target_s.len();
    let reached = race.target.map(|_| format!("{} of {of}", arm.reached));
    let censored = race
        .target
        .map(|_| format::count(u64::from(arm.censored())));
    let missing = || format::MISSING.to_owned();
    vec![
        name(&arm.arm),
        format::count(u64::from(arm.workers)),
        format::or_missing(arm.to_target_median_s, format::seconds),
        reached.unwrap_or_else(missing),
        censored.unwrap_or_else(missing),
        level(&arm.at_equal_time),
        level(&arm.at_equal_steps),
        level(&arm.at_end),
        format::or_missing(arm.better_than_base, |share| {
            ahead(share, arm.pairs_with_base)
        }),
    ]
}

/// In how many pairs an arm was ahead; a tie counts half.
fn ahead(share: f64, pairs: u32) -> String {
    let percent = format::percent(share);
    if pairs == 0 {
        return format!("{percent} of pairs");
    }
    let won = format::parameter(share * f64::from(pairs));
    let pairs = format::counted(u64::from(pairs), "pair");
    format!("{won} of {pairs} ({percent})")
}

/// A median with its interval.
fn level(level: &RaceLevel) -> String {
    let Some(median) = level.median else {
        return format::MISSING.to_owned();
    };
    match &level.interval {
        Some(interval) => format!(
            "{} ({} to {})",
            format::number(median),
            format::number(interval.low),
            format::number(interval.high)
        ),
        None => format::number(median),
    }
}

/// What the numbers mean, and what the target is.
pub(super) fn explained(result: &RunResult, race: &Race) -> String {
    let metric = label::label(&result.lab_facts, &race.metric);
    let side = match race.direction {
        Direction::AtLeast => "at least",
        Direction::AtMost => "at most",
    };
    let base = format::clean(&result.base, 40);
    let target = match race.target.map(format::number) {
        None => format!(
            "There is no target: it would be what every repeat of the base {base} reached at its \
             end, which is not known"
        ),
        Some(target) => {
            let from = if race.target_of_base {
                "what every repeat of the base reached at its end"
            } else {
                "as it was set"
            };
            format!(
                "The target: {metric} of {side} {target}, {from}. A repeat that never reached it is \
                 censored: its time is longer than all others, and an arm with one has no speed-up"
            )
        }
    };
    format!(
        "{target}. Medians are over the repeats, with their intervals. The last column: of all \
         pairs of a repeat of the arm and one of the base, those in which the arm was ahead; a tie \
         counts half."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_and_ties_count_half() {
        let percent = format::percent(2.0 / 3.0);
        assert_eq!(ahead(2.0 / 3.0, 9), format!("6 of 9 pairs ({percent})"));
        assert!(ahead(0.5, 9).starts_with("4.5 of 9 pairs ("));
        assert_eq!(ahead(2.0 / 3.0, 0), format!("{percent} of pairs"));
    }

    #[test]
    fn without_a_target_nothing_is_said_of_reaching_it() {
        let arm = RaceArm {
            arm: "asha".to_owned(),
            workers: 2,
            to_target_s: vec![None, None],
            reached: 0,
            to_target_median_s: None,
            at_end: RaceLevel::default(),
            at_equal_time: RaceLevel::default(),
            at_equal_steps: RaceLevel::default(),
            better_than_base: None,
            pairs_with_base: 0,
        };
        let mut race = Race {
            metric: "best_mse".to_owned(),
            direction: Direction::AtMost,
            target: None,
            target_of_base: true,
            equal_time_s: 1.0,
            equal_steps: 8,
            arms: Vec::new(),
        };
        let missing = [format::MISSING; 3];
        assert_eq!(row(&race, &arm)[2..5], missing);
        race.target = Some(0.5);
        assert_eq!(row(&race, &arm)[2..5], [format::MISSING, "0 of 2", "2"]);
    }
}
