//! From a run's events to its result: the one structure that all reports render.

mod document;

pub use document::{
    AmdahlFit, ArmResult, Check, Fit, Instrument, ItemResult, LostSeconds, Predicted, RunResult,
    SCHEMA, Scaling, ScalingPoint, UslFit, WhatIf, WhatIfPoint,
};
