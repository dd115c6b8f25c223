//! The record of a run: its events, the log that holds them, the directory that the log lies in,
//! and the snapshot, which is the fold of the events so far and which everything else reads.
//!
//! - **Belongs here:** the events, writing and reading them, finding runs, the types of findings.
//! - **May use:** `clock`, `machine` and `pool`, for the types of samples and task spans.
//! - **Does not belong here:** what the numbers mean.

mod breakdown;
mod config;
mod error;
mod event;
mod finding;
mod outcome;
mod params;
mod reader;
mod snapshot;
mod store;
mod tail;
mod writer;

pub use breakdown::{Breakdown, Figure, Part, SlotState, Source, Standing};
pub use config::{DataSource, RunConfig};
pub use error::RecordError;
pub use event::{ArmFacts, Event, FORMAT, Record, RepeatFinished, RepeatId, RunStarted, RunStatus};
pub use finding::{Finding, Severity, Subject};
pub use outcome::{Agreement, ArmOutput, Item, Quantity, Terms};
pub use params::{FAULTS, ParamValue, Params, asked_fault};
pub use reader::{Log, fold_log, parse_log, read_log};
pub use snapshot::{CurvePoint, OutputLine, PROGRESS_POINTS, RepeatState, SlotTrack, Snapshot};
pub use store::{RunDir, Store};
pub use tail::Tail;
pub use writer::{Recorder, Subscriber};
