//! The record of a run: its events, the log that holds them, the directory of the log, and the
//! snapshot: the fold of the events so far, which everything else reads.
//!
//! - **Belongs here:** the events, writing and reading them, finding runs, the types of findings.
//! - **May use:** `json`, `clock`; `machine` and `pool` for the types of samples and task spans;
//!   `dataset` for what is known of a table; `questions` for what was asked and answered.
//! - **Does not belong here:** the meaning of the numbers.

mod analysis;
mod answers;
mod arm_failure;
mod breakdown;
mod config;
mod controller;
mod damage;
mod decoder;
mod disturbance;
mod error;
mod event;
mod finding;
mod item_event;
mod lab_facts;
mod lab_page;
mod legacy;
mod lines;
mod lock;
mod log_file;
mod made;
mod outcome;
mod params;
mod reader;
mod run_failure;
mod run_label;
mod slot_track;
mod snapshot;
mod spoiled;
mod start;
mod store;
mod tail;
mod tally;
pub mod whole;
mod writer;

pub use analysis::{Analysis, BestItem, Dependent, Importance, NextBest};
pub use arm_failure::{ArmFailure, ArmFailureKind};
pub use breakdown::{Breakdown, Figure, Health, Part, SlotState, Source, TASK_OVERHEAD};
pub use config::{CONTROL, DataSource, RunConfig, Until};
pub use controller::{ControllerPhase, ControllerState};
pub use damage::Damage;
pub use decoder::Log;
pub use disturbance::Disturbance;
pub use error::RecordError;
pub use event::{
    ArmFacts, Event, FORMAT, PeerFacts, Record, RepeatFinished, RepeatId, RunResumed, RunStarted,
    RunStatus, Unreadable, UnreadableKind,
};
pub use finding::{Finding, RECOVERED, SHARED_CORES, Severity, Subject};
pub use item_event::{ItemEvent, ItemFailure, ItemPhase, ItemPlace};
pub use lab_facts::{FigureFacts, FigureGroup, ItemFacts, LabFacts, ParamFacts, Unit};
pub use lab_page::{LabPage, PageBlock, PageColumn, PageTable};
pub use lock::Lock;
pub use made::Made;
pub use outcome::{ArmComparison, ArmOutput, Basis, Direction, Item, NearPeers, Quantity};
pub use params::{ParamValue, Params};
pub use reader::{fold_log, fold_source, parse_log, read_log, scan_log};
pub use run_failure::{Refused, RunFailure};
pub use run_label::RunLabel;
pub use slot_track::SlotTrack;
pub use snapshot::{CurvePoint, OutputLine, PROGRESS_POINTS, RepeatState, SeenBefore, Snapshot};
pub use spoiled::{MOST_RERUNS, SpoiledRepeats};
pub use start::Start;
pub use store::{LogState, RunDir, RunOrder, RunStore};
pub use tail::Tail;
pub use tally::{ArmTally, RepeatPace, Tally};
pub use writer::{AT_RISK, QUEUE, RecordMark, Recorder, Subscriber};
