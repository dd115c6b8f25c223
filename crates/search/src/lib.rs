//! Hyperparameter search by ask and tell: spaces of configurations, what chooses from them, what
//! stops trials early, and what that would have cost.
//!
//! - **Belongs here:** which configuration is tried next, for how long, and simulating such
//!   decisions on recorded learning curves. All of it is pure and deterministic in its seeds.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** running trials, threads, clocks, files, what is searched for.
#![doc = include_str!("../README.md")]

mod asha;
mod full;
mod grid;
mod hyperband;
mod loss;
mod median;
mod name;
mod pbt;
mod perturb;
mod random;
mod ranking;
mod scheduler;
mod searcher;
mod seed;
mod setting;
mod simulate;
mod space;
mod study;
mod tpe;
mod trial;
mod value;

pub use asha::Asha;
pub use full::FullBudget;
pub use grid::GridSearch;
pub use hyperband::{Bracket, BracketSizes, Hyperband};
pub use loss::FiniteLoss;
pub use median::MedianRule;
pub use pbt::Pbt;
pub use perturb::Perturb;
pub use random::RandomSearch;
pub use scheduler::{NextStep, TrialScheduler, TrialVerdict};
pub use searcher::Searcher;
pub use setting::SettingError;
pub use simulate::{
    LearningCurve, LegCosts, LossPoint, SimulatedLeg, SimulatedSearch, SimulatedTrial,
    SimulationError, simulate, simulate_paced,
};
pub use space::{
    Condition, ConditionTest, Dimension, Domain, Space, SpaceError, SpaceProblem, TextPlace,
};
pub use study::{Diverged, Leg, NextLeg, Replay, Study, StudyEvent, Trial, TrialState};
pub use tpe::Tpe;
pub use trial::{Checkpoint, TrialId};
pub use value::{ConfigValue, Configuration};
