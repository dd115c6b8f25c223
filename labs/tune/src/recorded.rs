//! What a run's record says about one search.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_experiment::lab::{ItemPhase, LabError, RepeatState};
use workbench_record::Snapshot;
use workbench_search::{
    Checkpoint, Configuration, FiniteLoss, LearningCurve, LossPoint, StudyEvent, TrialId,
};

use crate::again::TrialOrigin;
use crate::messages;
use crate::timing;
use crate::trail;

/// One search of a run.
pub struct RecordedSearch<'a> {
    /// The repeat.
    pub repeat: &'a RepeatState,
    /// Its trials, by number.
    pub trials: BTreeMap<TrialId, RecordedTrial>,
}

/// One of its trials.
#[derive(Debug, Clone, Default)]
pub struct RecordedTrial {
    /// What it was run with.
    pub configuration: Configuration,
    /// Whose state it took over.
    pub parent: Option<Checkpoint>,
    /// Its last state.
    pub phase: ItemPhase,
    /// Losses by unit of budget, those that were trained afterwards included.
    pub losses: BTreeMap<u64, f64>,
    /// How many units the search itself trained.
    pub units: u64,
    /// Attempts that failed.
    pub failures: u32,
    /// Seconds on slots.
    pub seconds: f64,
    /// The GPUs that it had, one entry each time that they were others.
    pub gpus: Vec<Vec<String>>,
}

impl RecordedTrial {
    /// The least loss within the search, and after which unit.
    pub fn best(&self) -> Option<(FiniteLoss, u64)> {
        let own = self.losses.iter().filter(|(unit, _)| **unit <= self.units);
        own.filter_map(|(unit, loss)| Some((FiniteLoss::new(*loss)?, *unit)))
            .min()
    }
}

/// The searches of an arm that count, in the order of repeats and, within one, of numbers of
/// workers; all arms' where none is named.
///
/// # Errors
/// When there is none.
pub fn searches<'a>(
    snapshot: &'a Snapshot,
    arm: Option<&str>,
    names: &[String],
) -> Result<Vec<RecordedSearch<'a>>, LabError> {
    let counted = snapshot.counted().into_iter();
    let wanted = counted.filter(|repeat| arm.is_none_or(|arm| repeat.id.arm == arm));
    let mut found: Vec<RecordedSearch<'a>> = wanted
        .map(|repeat| RecordedSearch::of(repeat, names))
        .collect();
    found.sort_by_key(|search| (search.repeat.id.repeat, search.repeat.id.workers));
    if found.is_empty() {
        let text = match arm {
            Some(arm) => messages::no_search_of(arm, snapshot),
            None => messages::no_search(),
        };
        return Err(LabError::Config(text));
    }
    Ok(found)
}

impl<'a> RecordedSearch<'a> {
    /// The search of a repeat; `names` are the parameters of its space, in order.
    pub fn of(repeat: &'a RepeatState, names: &[String]) -> Self {
        let mut trials: BTreeMap<TrialId, RecordedTrial> = BTreeMap::new();
        for event in trail::events(repeat, names) {
            match event {
                StudyEvent::Started {
                    trial,
                    configuration,
                    from,
                    ..
                } => {
                    let trial = trials.entry(trial).or_default();
                    (trial.configuration, trial.parent) = (configuration, from);
                }
                StudyEvent::Reported {
                    trial,
                    budget,
                    loss,
                    ..
                } => {
                    let trial = trials.entry(trial).or_default();
                    trial.losses.insert(budget, loss.get());
                    trial.units = trial.units.max(budget);
                }
                _ => {}
            }
        }
        for (_, event) in &repeat.items {
            let known = trail::trial(&event.item).and_then(|trial| trials.get_mut(&trial));
            let Some(known) = known else { continue };
            if event.is_change() {
                known.phase = event.phase;
            }
            known.failures = known.failures.max(event.failures);
            if !event.gpus.is_empty() && known.gpus.last() != Some(&event.gpus) {
                known.gpus.push(event.gpus.clone());
            }
        }
        for (item, points) in repeat
            .item_curves
            .get(trail::AFTERWARDS)
            .into_iter()
            .flatten()
        {
            let known = trail::trial(item).and_then(|trial| trials.get_mut(&trial));
            let Some(known) = known else { continue };
            known
                .losses
                .extend(points.iter().map(|point| (point.step, point.value)));
        }
        for task in &repeat.tasks {
            if let Some(trial) = trials.get_mut(&TrialId(u64::from(task.group))) {
                trial.seconds += seconds(task.wall_ns());
            }
        }
        Self { repeat, trials }
    }

    /// Where the best model of the search was.
    pub fn best(&self) -> Option<(FiniteLoss, Checkpoint)> {
        let all = self.trials.iter();
        let best = all.filter_map(|(trial, known)| {
            let (loss, budget) = known.best()?;
            Some((loss, *trial, budget))
        });
        let (loss, trial, budget) = best.min()?;
        Some((loss, Checkpoint { trial, budget }))
    }

    /// Where a trial came from.
    pub fn origin(&self, trial: TrialId) -> Option<TrialOrigin> {
        let known = self.trials.get(&trial)?;
        Some(TrialOrigin {
            configuration: known.configuration.clone(),
            parent: known.parent,
        })
    }

    /// Everything that each trial would report if nothing stopped it, as far as it was recorded,
    /// with the time that each unit took. Units that were trained afterwards, and a failure, take
    /// as long as one of the trial did on the whole.
    pub fn curves(&self) -> Vec<LearningCurve> {
        let timed = timing::units(self.repeat);
        let of = |(trial, known): (&TrialId, &RecordedTrial)| {
            let begun = known.parent.map_or(0, |parent| parent.budget);
            let units = known.units.saturating_sub(begun).max(1) as f64;
            let usual = known.seconds / units;
            let timed = timed.get(trial);
            let points = known.losses.iter().map(|(budget, loss)| LossPoint {
                budget: *budget,
                loss: FiniteLoss::new(*loss),
                seconds: timed
                    .and_then(|timed| timed.get(budget))
                    .copied()
                    .unwrap_or(usual),
            });
            let failed = (known.phase == ItemPhase::Failed).then_some(LossPoint {
                budget: known.units + 1,
                loss: None,
                seconds: usual,
            });
            LearningCurve {
                points: points.chain(failed).collect(),
            }
        };
        self.trials.iter().map(of).collect()
    }
}
