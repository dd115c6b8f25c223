//! From a run's events to its result: the one structure that all reports render.
//!
//! Belongs here: which numbers a run has, whether its arms may be compared, what the numbers mean in words.
//! Does not belong here: formulas (they are in [`workbench_stats`]) and looks (they are in `workbench_report`).

mod check;
mod compute;
mod diagnose;
mod document;
mod scaling;
mod warn;
mod wording;

pub use compute::{WHAT_IF_WORKERS, compute, workers_of};
pub use document::{
    AmdahlFit, ArmResult, ArmSource, Asked, Check, Fit, Instrument, ItemResult, LostSeconds,
    Predicted, RunResult, SCHEMA, Scaling, ScalingPoint, UslFit, WhatIf, WhatIfPoint,
};
pub use wording::{arm_on, slots};
