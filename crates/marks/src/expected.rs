//! The value that a formula has in a run.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use workbench_questions::{
    Cause, Choice, ChoiceRule, Formula, Measure, Question, QuestionKind, RightChoice, TaskOrder,
};
use workbench_record::Quantity;
use workbench_result::{ArmResult, Fit, LostSeconds, RunResult};

/// Why a run does not say what a formula asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "no_basis", rename_all = "snake_case")]
pub enum NoBasis {
    /// The arm has no finished repeat at that number of workers.
    #[error("{}", crate::messages::not_run(arm.as_deref(), *workers))]
    NotRun {
        /// The arm; `None` where any that has a speed-up would do.
        arm: Option<String>,
        /// The number of workers, where one was asked for.
        workers: Option<u32>,
    },
    /// No speed-up is stated: work or outputs of the arms differ.
    #[error(
        "the run states no speed-up of {arm}, because its work or its outputs are not those of the base"
    )]
    NoSpeedup {
        /// The arm.
        arm: String,
    },
    /// The speed-up has no interval.
    #[error("the speed-up of {arm} has no interval; run at least 3 repeats")]
    NoInterval {
        /// The arm.
        arm: String,
    },
    /// It means something from two workers on.
    #[error("{arm} ran with one worker, and this takes at least two")]
    OneWorker {
        /// The arm.
        arm: String,
    },
    /// A fit needs several numbers of workers.
    #[error(
        "{arm} ran with too few numbers of workers for a fit; give several, for example --workers 1,2"
    )]
    NoFit {
        /// The arm.
        arm: String,
    },
    /// The arm's tasks are not known, or work in lockstep.
    #[error("the run recorded no tasks of {arm} that could be scheduled otherwise")]
    NoTasks {
        /// The arm.
        arm: String,
    },
    /// The number of slots is not among those that were computed.
    #[error("no schedule was computed for {slots} slots")]
    NotScheduled {
        /// The number of slots.
        slots: u32,
    },
    /// The arm has no such figure or counter.
    #[error("{arm} states no {figure}")]
    NoFigure {
        /// The arm.
        arm: String,
        /// The figure's or counter's name.
        figure: String,
    },
    /// The number is not finite.
    #[error("the run's number is not finite")]
    NotFinite,
    /// No choice stands for what the run shows.
    #[error("no choice stands for {value}, which the run shows")]
    NoSuchChoice {
        /// What the run shows.
        value: String,
    },
}

/// The value of a formula in a run.
///
/// # Errors
/// [`NoBasis`], where the run does not say.
pub fn expected(formula: &Formula, result: &RunResult) -> Result<f64, NoBasis> {
    let value = value(formula, result)?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(NoBasis::NotFinite)
    }
}

fn value(formula: &Formula, result: &RunResult) -> Result<f64, NoBasis> {
    match &formula.measure {
        Measure::Bound => return bound(formula, result),
        Measure::Limit => return Ok(what_if(formula, result)?.limit),
        Measure::WhatIf { order } => return scheduled(formula, *order, result),
        Measure::SerialFraction => return serial_fraction(formula, result),
        _ => {}
    }
    let arm = arm_of(formula, result)?;
    let name = || arm.name.clone();
    let speedup = || {
        arm.speedup
            .ok_or_else(|| NoBasis::NoSpeedup { arm: name() })
    };
    let interval = || {
        speedup()?;
        let interval = arm.speedup_interval;
        interval.ok_or_else(|| NoBasis::NoInterval { arm: name() })
    };
    Ok(match &formula.measure {
        Measure::WallTime => arm.wall_median_s,
        Measure::CpuTime => median(&arm.cpu_s).ok_or(NoBasis::NotFinite)?,
        Measure::SpeedUp => speedup()?,
        Measure::IntervalLow => interval()?.low,
        Measure::IntervalHigh => interval()?.high,
        Measure::Efficiency => speedup()? / f64::from(arm.workers.max(1)),
        Measure::KarpFlatt => {
            speedup()?;
            let fraction = arm.karp_flatt;
            fraction.ok_or_else(|| NoBasis::OneWorker { arm: name() })?
        }
        Measure::Ideal => arm.ideal.ok_or_else(|| NoBasis::NoTasks { arm: name() })?,
        Measure::LostShare { cause } => {
            lost(&arm.lost_s, *cause) / (f64::from(arm.workers.max(1)) * arm.wall_median_s)
        }
        Measure::LostTime { cause } => lost(&arm.lost_s, *cause),
        Measure::Tasks => arm.tasks as f64,
        Measure::Work { figure } => match arm.work.get(figure) {
            Some(count) => *count as f64,
            None => return Err(no_figure(arm, figure)),
        },
        Measure::Quality { figure } => match arm.quality.get(figure) {
            Some(Quantity::Number(number)) => *number,
            _ => return Err(no_figure(arm, figure)),
        },
        Measure::Bound | Measure::Limit | Measure::WhatIf { .. } | Measure::SerialFraction => {
            return Err(NoBasis::NoTasks { arm: name() });
        }
    })
}

fn no_figure(arm: &ArmResult, figure: &str) -> NoBasis {
    NoBasis::NoFigure {
        arm: arm.name.clone(),
        figure: figure.to_owned(),
    }
}

fn lost(seconds: &LostSeconds, cause: Option<Cause>) -> f64 {
    match cause {
        None => seconds.total(),
        Some(Cause::Overhead) => seconds.overhead,
        Some(Cause::Imbalance) => seconds.imbalance,
        Some(Cause::Waiting) => seconds.waiting,
        Some(Cause::Inflation) => seconds.inflation,
        Some(Cause::NoCore) => seconds.no_core,
    }
}

/// The arm that a formula is about, at the number of workers that it names, or at the largest.
fn arm_of<'a>(formula: &Formula, result: &'a RunResult) -> Result<&'a ArmResult, NoBasis> {
    let (arm, workers) = (formula.arm.as_deref(), formula.workers);
    let name = match arm {
        Some(name) => Some(name),
        None => fastest(result).map(|arm| arm.name.as_str()),
    };
    let of_name = result.arms.iter().filter(|arm| Some(&*arm.name) == name);
    let of_workers = of_name.filter(|arm| workers.is_none_or(|workers| arm.workers == workers));
    of_workers
        .max_by_key(|arm| arm.workers)
        .ok_or_else(|| NoBasis::NotRun {
            arm: arm.map(str::to_owned),
            workers,
        })
}

/// The arm with the largest speed-up, the control aside; of equals the first.
fn fastest(result: &RunResult) -> Option<&ArmResult> {
    result
        .compared()
        .filter_map(|arm| Some((arm.speedup.filter(|speedup| speedup.is_finite())?, arm)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, arm)| arm)
}

/// The bound at a number of workers: as measured where the arm ran with so many, else as if every
/// worker had a core of its own.
fn bound(formula: &Formula, result: &RunResult) -> Result<f64, NoBasis> {
    match arm_of(formula, result) {
        Ok(arm) => arm.bound.ok_or_else(|| NoBasis::NoTasks {
            arm: arm.name.clone(),
        }),
        Err(error) => {
            let workers = formula.workers.ok_or(error)?;
            Ok(what_if(formula, result)?.limit.min(f64::from(workers)))
        }
    }
}

fn what_if<'a>(
    formula: &Formula,
    result: &'a RunResult,
) -> Result<&'a workbench_result::WhatIf, NoBasis> {
    let any_workers = Formula {
        workers: None,
        ..formula.clone()
    };
    let arm = arm_of(&any_workers, result)?;
    let curve = result.what_if.iter().find(|curve| curve.arm == arm.name);
    curve.ok_or_else(|| NoBasis::NoTasks {
        arm: arm.name.clone(),
    })
}

fn scheduled(formula: &Formula, order: TaskOrder, result: &RunResult) -> Result<f64, NoBasis> {
    let curve = what_if(formula, result)?;
    let slots = formula.workers.unwrap_or(1);
    let point = curve.points.iter().find(|point| point.workers == slots);
    let point = point.ok_or(NoBasis::NotScheduled { slots })?;
    Ok(match order {
        TaskOrder::Fifo => point.fifo,
        TaskOrder::LongestFirst => point.longest_first,
    })
}

fn serial_fraction(formula: &Formula, result: &RunResult) -> Result<f64, NoBasis> {
    let arm = arm_of(formula, result)?;
    let scaling = result.scaling.iter().find(|curve| curve.arm == arm.name);
    match scaling.map(|curve| &curve.amdahl) {
        Some(Fit::Fitted(fit)) => Ok(fit.serial_fraction),
        _ => Err(NoBasis::NoFit {
            arm: arm.name.clone(),
        }),
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    let (low, high) = (values[middle], values[values.len() / 2]);
    Some(f64::midpoint(low, high))
}

/// The places of the right choices of a question; `None` where only a person can say.
///
/// # Errors
/// [`NoBasis`], where the run decides and does not say.
pub fn right_choices(
    question: &Question,
    result: &RunResult,
) -> Result<Option<BTreeSet<usize>>, NoBasis> {
    let QuestionKind::Choice { choices, right, .. } = &question.kind else {
        return Ok(None);
    };
    match right {
        RightChoice::NotSaid => Ok(None),
        RightChoice::Places(places) => Ok(Some(places.iter().copied().collect())),
        RightChoice::Run(rule) => {
            let value = shown(rule, result)?;
            let is_it = |choice: &Choice| choice.value.as_deref() == Some(&value);
            let places: BTreeSet<usize> = (0..choices.len())
                .filter(|place| is_it(&choices[*place]))
                .collect();
            if places.is_empty() {
                return Err(NoBasis::NoSuchChoice { value });
            }
            Ok(Some(places))
        }
    }
}

/// What a run shows.
fn shown(rule: &ChoiceRule, result: &RunResult) -> Result<String, NoBasis> {
    match rule {
        ChoiceRule::FastestArm => {
            let none = NoBasis::NotRun {
                arm: None,
                workers: None,
            };
            Ok(fastest(result).ok_or(none)?.name.clone())
        }
        ChoiceRule::LargestLoss { arm, workers } => {
            let formula = Formula {
                measure: Measure::LostTime { cause: None },
                arm: arm.clone(),
                workers: *workers,
            };
            let lost_s = arm_of(&formula, result)?.lost_s;
            let causes = Cause::ALL.map(|cause| (lost(&lost_s, Some(cause)), cause));
            let largest = causes
                .into_iter()
                .reduce(|a, b| if b.0 > a.0 { b } else { a });
            Ok(largest.map_or("", |(_, cause)| cause.name()).to_owned())
        }
    }
}
