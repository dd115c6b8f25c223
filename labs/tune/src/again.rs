//! Trains the model of a trial again, as it was after some unit of its budget. Training depends on
//! the seed, the trial and the unit alone, so it comes out the same.

use workbench_search::{Checkpoint, Configuration, TrialId};

use crate::objective::{Objective, TrialError, TrialModel, TrialPlace, TrialSeed};
use crate::trail;

/// What is known of a trial: with what it was run, and whose state it took over.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialOrigin {
    /// What it was run with.
    pub configuration: Configuration,
    /// Whose state it took over.
    pub parent: Option<Checkpoint>,
}

/// Trains a trial up to a unit of its budget; the model and its validation error there. A trial
/// that is a process has its files in `place`.
///
/// # Errors
/// When the engine fails, or a trial is not there.
pub fn train(
    objective: &Objective,
    trials: &impl Fn(TrialId) -> Option<TrialOrigin>,
    seed: impl Fn(TrialId) -> TrialSeed + Copy,
    (at, place): (Checkpoint, &TrialPlace),
) -> Result<(TrialModel, f64), TrialError> {
    // From the trial back to the one that began with nothing.
    let mut line = vec![(at, trials(at.trial).ok_or(TrialError::Checkpoint)?)];
    while let Some(parent) = line.last().and_then(|(_, origin)| origin.parent) {
        // A damaged record must not turn in a circle.
        if line.iter().any(|(known, _)| known.trial == parent.trial) {
            return Err(TrialError::Checkpoint);
        }
        line.push((parent, trials(parent.trial).ok_or(TrialError::Checkpoint)?));
    }
    let mut model: Option<TrialModel> = None;
    let mut loss = f64::NAN;
    for (at, origin) in line.iter().rev() {
        let config = trail::params(&origin.configuration);
        let seed = seed(at.trial);
        let mut trained = match model {
            None => objective.begin(&config, seed, place)?,
            Some(before) => objective.load(&before.save(), (&config, seed), place)?,
        };
        while trained.epoch() < at.budget {
            loss = objective.train(&mut trained)?;
        }
        model = Some(trained);
    }
    let model = model.ok_or(TrialError::Checkpoint)?;
    Ok((model, loss))
}
