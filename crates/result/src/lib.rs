//! From a run's snapshot to its result: the one document that all reports render.
//!
//! - **Belongs here:** which numbers a run has, whether its arms may be compared, which findings
//!   follow from the numbers, whether a stored document still fits its log.
//! - **May use:** `record`, `stats`, `machine`, `pool`, `digest`, `json`, `clock`, `words`.
//! - **Does not belong here:** formulas, which are in [`workbench_stats`], and presentation, which
//!   is in `report`.

mod alike;
mod analyses;
mod bound;
mod check;
mod compared;
mod compute;
mod diagnose;
mod disturbed;
mod document;
mod facts;
mod inflation;
mod items;
mod messages;
mod opaque;
mod place;
mod precision;
mod race;
mod scaling;
mod stored;
mod tool_cost;
mod tools;
mod verdict;
mod warn;
mod what_if;

pub use compute::{compute, workers_of};
pub use disturbed::{disturbed_text, left_out_finding};
pub use document::{
    AmdahlFit, ArmResult, ArmSource, Asked, Check, DisturbedBy, Fingerprint, Fit, Instrument,
    ItemResult, LeftOutRepeat, LostSeconds, MadeBy, Predicted, RunResult, SCHEMA, Scaling,
    ScalingPoint, TimeBySize, UslFit,
};
pub use messages::log::OF_FILES;
pub use messages::{NO_SPEEDUP, arm_on, slots};
pub use precision::{Noise, UntilOutcome, WidestInterval};
pub use race::{Race, RaceArm, RaceLevel};
pub use stored::{RunLoaded, load, load_result, of_log, store};
pub use tool_cost::ToolCost;
pub use what_if::{WHAT_IF_WORKERS, WhatIf, WhatIfPoint};
pub use workbench_stats::interval::{Interval, IntervalKind, Verdict};
