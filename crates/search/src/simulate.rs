//! Schedulers on recorded learning curves: how long a search would have taken on so many slots, and
//! what stopping early would have cost.

mod curve;
mod run;
mod simulated;

pub use curve::{LearningCurve, LegCosts, LossPoint, SimulationError};
pub use run::{simulate, simulate_paced};
pub use simulated::{SimulatedLeg, SimulatedSearch, SimulatedTrial};
