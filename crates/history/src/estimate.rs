//! Estimates the duration of a configuration from completed runs, and from what a lab has timed.
//! Words are made in `estimate_messages`.

use std::collections::BTreeSet;

use workbench_experiment::lab::{
    Calibration, DataSource, Lab, LabDefinition, NotTimed, Params, RepeatAsked, RunConfig,
    TimeBound, TimedOn,
};
use workbench_record::RunStatus;
use workbench_report::format;
use workbench_result::RunResult;

/// A completed run: its settings, and the duration of each arm.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Its id, safe to show.
    pub id: String,
    /// Its lab.
    pub lab: String,
    /// Its preset.
    pub preset: String,
    /// The lab's parameters.
    pub params: Params,
    /// Whether faults were injected.
    pub with_faults: bool,
    /// Where its data came from.
    pub data: DataSource,
    /// Arm, workers, median wall time in seconds.
    pub walls: Vec<(String, u32, f64)>,
}

impl PastRun {
    /// The past run of a result and id; `None` unless the run was completed.
    pub fn of(id: &str, result: &RunResult) -> Option<Self> {
        (result.status == RunStatus::Completed).then(|| Self {
            id: id.to_owned(),
            lab: result.lab.clone(),
            preset: result.preset.clone(),
            params: result.parameters.clone(),
            with_faults: result.lab_facts.asked_faults(&result.parameters).is_some(),
            data: result.data.clone(),
            walls: result
                .arms
                .iter()
                .filter(|arm| !arm.wall_s.is_empty())
                .map(|arm| (arm.name.clone(), arm.workers, arm.wall_median_s))
                .collect(),
        })
    }

    /// What was set differently in this run: `rows=4000 instead of 1000`.
    fn differences(&self, config: &RunConfig) -> Vec<String> {
        let show = |params: &Params, name: &str| {
            let value = params.get(name).map(ToString::to_string);
            let value = value.filter(|value| !value.is_empty());
            format::clean(&value.unwrap_or_else(|| "nothing".to_owned()), 40)
        };
        let names: BTreeSet<&String> = self.params.keys().chain(config.params.keys()).collect();
        let mut differences: Vec<String> = names
            .into_iter()
            .filter(|name| self.params.get(*name) != config.params.get(*name))
            .map(|name| {
                let (had, has) = (show(&self.params, name), show(&config.params, name));
                format!("{}={had} instead of {has}", format::clean(name, 40))
            })
            .collect();
        if !self.data.is_same_place(&config.data) {
            differences.push("other data".to_owned());
        }
        differences
    }

    /// Seconds that the arms, workers and repeats of a configuration would take at the speed of
    /// this run. Without a measurement of its own, an arm counts as one without any loss.
    fn projected_s(&self, config: &RunConfig, lab: &LabDefinition) -> f64 {
        let slot_time: f64 = self
            .walls
            .iter()
            .map(|(_, p, wall)| wall * f64::from(*p))
            .sum();
        let mean = slot_time / self.walls.len() as f64;
        let once: f64 = executions(config, lab)
            .map(|(arm, p)| self.wall_s(arm, p).unwrap_or(mean / f64::from(p)))
            .sum();
        once * f64::from(config.repeats)
    }

    /// Median wall time of an arm with so many workers, in seconds.
    fn wall_s(&self, arm: &str, workers: u32) -> Option<f64> {
        let mut walls = self.walls.iter();
        let found = walls.find(|(name, p, _)| name == arm && *p == workers);
        found.map(|(_, _, wall)| *wall)
    }

    /// Whether all that a configuration runs was measured in this run, and its repeats are known
    /// before.
    fn tells_all(&self, config: &RunConfig, lab: &LabDefinition) -> bool {
        let mut executions = executions(config, lab);
        config.until.is_none() && executions.all(|(arm, p)| self.wall_s(arm, p).is_some())
    }
}

/// What one repeat of a configuration consists of: arms with their workers. The control is the base
/// once more.
fn executions<'a>(
    config: &'a RunConfig,
    lab: &'a LabDefinition,
) -> impl Iterator<Item = (&'a str, u32)> {
    let control = config.control.then_some(lab.base.as_str());
    let arms = config.arms.iter().map(String::as_str).chain(control);
    arms.flat_map(|name| {
        let workers: &[u32] = match lab.arm(name) {
            Some(arm) if arm.parallel => &config.workers,
            _ => &[1],
        };
        workers.iter().map(move |p| (name, *p))
    })
}

/// How long a run would take, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEstimate {
    /// A run with the same settings was completed.
    SameRun {
        /// Seconds.
        seconds: f64,
        /// The id of that run, safe to show.
        run: String,
        /// Whether that run tells of all that is to be run; otherwise it takes longer.
        is_whole: bool,
    },
    /// The lab's unit of work was timed.
    Timed {
        /// Seconds.
        seconds: f64,
        /// What they are to the real ones.
        bound: TimeBound,
        /// The unit, in a few words.
        unit: String,
        /// What it was timed on.
        on: TimedOn,
        /// Seconds that one takes there.
        unit_s: f64,
        /// Arms whose work is another, so that they are not in the seconds.
        without: Vec<String>,
    },
    /// Only a run with other settings was completed.
    SimilarRun {
        /// Seconds, if the settings made no difference.
        seconds: f64,
        /// The id of that run, safe to show.
        run: String,
        /// What was set otherwise: `rows=4000 instead of 1000`.
        differences: Vec<String>,
    },
    /// Nothing is known.
    Unknown {
        /// The preset of which no run was completed.
        preset: String,
        /// Why nothing was timed, where that was tried.
        why: Option<NotTimed>,
    },
}

/// What came of timing a lab's unit of work for a configuration.
#[derive(Clone, Copy)]
pub struct TimedLab<'a> {
    /// The lab.
    pub lab: &'a dyn Lab,
    /// What came of it.
    pub found: &'a Result<Calibration, NotTimed>,
    /// The cores that this machine has for a run.
    pub cores: f64,
}

impl RunEstimate {
    /// Seconds, as far as anything is known.
    pub fn likely_s(&self) -> Option<f64> {
        match self {
            Self::SameRun { seconds, .. }
            | Self::Timed { seconds, .. }
            | Self::SimilarRun { seconds, .. } => Some(*seconds),
            Self::Unknown { .. } => None,
        }
    }

    /// Whether nothing can be known before: programs do the work.
    pub fn is_of_programs(&self) -> bool {
        matches!(
            self,
            Self::Unknown {
                why: Some(NotTimed::Programs),
                ..
            }
        )
    }
}

/// The estimated duration of a configuration of a lab: from a run with the same settings, else from
/// what the lab has timed, else from the most similar run. Of equally similar runs the first one
/// counts, so pass the latest run first.
pub fn estimate<'a>(
    past: impl Iterator<Item = &'a PastRun>,
    config: &RunConfig,
    lab: &LabDefinition,
    timed: Option<TimedLab<'_>>,
) -> RunEstimate {
    let with_faults = lab.facts().asked_faults(&config.params).is_some();
    // A run with a fault is no measure for one without.
    let candidates = past
        .filter(|run| run.lab == config.lab && run.preset == config.preset)
        .filter(|run| with_faults || !run.with_faults)
        .filter(|run| !run.walls.is_empty())
        .map(|run| (run, run.differences(config)));
    let nearest = candidates.min_by_key(|(_, differences)| differences.len());
    let of_timed = || timed.and_then(|timed| of_timed(timed, config, lab));
    match nearest {
        Some((run, differences)) if differences.is_empty() => RunEstimate::SameRun {
            seconds: run.projected_s(config, lab),
            run: run.id.clone(),
            is_whole: run.tells_all(config, lab),
        },
        Some((run, differences)) => of_timed().unwrap_or_else(|| RunEstimate::SimilarRun {
            seconds: run.projected_s(config, lab),
            run: run.id.clone(),
            differences,
        }),
        None => of_timed().unwrap_or_else(|| RunEstimate::Unknown {
            preset: config.preset.clone(),
            why: timed.and_then(|timed| timed.found.as_ref().err().copied()),
        }),
    }
}

/// What the arms, workers and repeats of a configuration would take at the speed that was timed;
/// `None` where none of its arms works in what was timed.
fn of_timed(
    timed: TimedLab<'_>,
    config: &RunConfig,
    definition: &LabDefinition,
) -> Option<RunEstimate> {
    let TimedLab { lab, found, cores } = timed;
    let calibration = found.as_ref().ok()?;
    let mut without: Vec<String> = Vec::new();
    let mut once: Option<(f64, TimeBound)> = None;
    for (arm, workers) in executions(config, definition) {
        let asked = RepeatAsked {
            config,
            arm,
            workers,
            cores,
        };
        match lab.repeat_time(&asked, calibration) {
            Some(time) => {
                once = Some(once.map_or((time.seconds, time.bound), |(sum, bound)| {
                    (sum + time.seconds, bound.and(time.bound))
                }));
            }
            None if without.iter().any(|known| known == arm) => {}
            None => without.push(arm.to_owned()),
        }
    }
    let (seconds, bound) = once?;
    let is_part = !without.is_empty() || config.until.is_some();
    Some(RunEstimate::Timed {
        seconds: seconds * f64::from(config.repeats),
        bound: match bound {
            TimeBound::AtMost if is_part => TimeBound::About,
            _ if is_part => TimeBound::AtLeast,
            bound => bound,
        },
        unit: calibration.unit.clone(),
        on: calibration.on,
        unit_s: calibration.unit_s,
        without,
    })
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
