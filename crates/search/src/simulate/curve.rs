//! Recorded learning curves, and what a simulation takes beside them.

use crate::loss::FiniteLoss;
use crate::trial::TrialId;

/// What a trial reported after a unit of budget, or after several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossPoint {
    /// After how much budget.
    pub budget: u64,
    /// Its loss then; none where it failed instead.
    pub loss: Option<FiniteLoss>,
    /// How long it took since the point before, in seconds.
    pub seconds: f64,
}

/// Everything that a trial would report if nothing stopped it. The points are in rising order of
/// budget; after a point without a loss there is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearningCurve {
    /// The points.
    pub points: Vec<LossPoint>,
}

impl LearningCurve {
    /// The least loss, and at which budget it was first.
    pub fn least(&self) -> Option<(FiniteLoss, u64)> {
        let losses = self.points.iter();
        losses
            .filter_map(|point| Some((point.loss?, point.budget)))
            .min()
    }
}

/// What legs of trials cost beside the units of budget, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LegCosts {
    /// Starting a new trial.
    pub start_s: f64,
    /// Loading the state of a paused trial. A trial that goes on in its slot at once has no such
    /// cost.
    pub resume_s: f64,
    /// Saving the state of a trial when it pauses.
    pub save_s: f64,
}

/// Curves with which a search cannot be simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// No slot.
    #[error("a search needs at least one slot")]
    NoSlots,
    /// No curve.
    #[error("there are no learning curves to simulate with")]
    NoCurves,
    /// A curve without the point at which the scheduler decides.
    #[error(
        "the curve of trial {trial} has no point at budget {budget}; finish stopped trials first, \
         or let the scheduler decide at budgets that were recorded"
    )]
    NoPoint {
        /// Which trial.
        trial: TrialId,
        /// Which budget.
        budget: u64,
    },
    /// Points out of order, or durations that are none.
    #[error("the curve of trial {0} is not in rising order of budget, or has a wrong duration")]
    Disordered(TrialId),
    /// A scheduler that copies trials: what the copies would have done was not recorded.
    #[error("a scheduler that copies trials cannot be simulated: nobody ran those copies")]
    Copies,
}
