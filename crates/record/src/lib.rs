//! The record of a run: its events, the log that holds them, the directory of the log, and the
//! snapshot: the fold of the events so far, which everything else reads.
//!
//! - **Belongs here:** the events, writing and reading them, finding runs, the types of findings.
//! - **May use:** `json`, `clock`; `machine` and `pool` for the types of samples and task spans;
//!   `dataset` for what is known of a table.
//! - **Does not belong here:** the meaning of the numbers.

mod arm_failure;
mod breakdown;
mod config;
mod controller;
mod decoder;
mod disturbance;
mod error;
mod event;
mod finding;
mod lab_facts;
mod left_out;
mod legacy;
mod lines;
mod outcome;
mod params;
mod reader;
mod snapshot;
mod store;
mod tail;
mod writer;

pub use arm_failure::{ArmFailure, ArmFailureKind};
pub use breakdown::{Breakdown, Figure, Health, Part, SlotState, Source};
pub use config::{DataSource, RunConfig};
pub use controller::{ControllerPhase, ControllerState};
pub use decoder::Log;
pub use disturbance::Disturbance;
pub use error::RecordError;
pub use event::{
    ArmFacts, Event, FORMAT, Record, RepeatFinished, RepeatId, RunStarted, RunStatus, Unreadable,
    UnreadableKind,
};
pub use finding::{Finding, Severity, Subject};
pub use lab_facts::{FigureFacts, FigureGroup, LabFacts, Unit};
pub use left_out::{LeftOut, MOST_RERUNS};
pub use outcome::{ArmComparison, ArmOutput, Basis, Direction, Item, Quantity};
pub use params::{ParamValue, Params};
pub use reader::{fold_log, fold_source, parse_log, read_log};
pub use snapshot::{
    CurvePoint, Damage, OutputLine, PROGRESS_POINTS, RepeatState, SlotTrack, Snapshot,
};
pub use store::{RunDir, Store};
pub use tail::Tail;
pub use writer::{Recorder, Subscriber};
