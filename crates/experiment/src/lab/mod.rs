//! What a lab is to the rest of the program: its definition, its resolved configuration, and the
//! code that runs its arms.
//!
//! Belongs here: the contract between labs and the program. Does not belong here: any particular
//! lab.

mod assigned;
mod calibration;
mod contract;
mod definition;
mod offered;
mod option;
mod page;
mod params;
mod progress;
mod table;

pub use assigned::{AssignmentUnfit, assigned};
pub use calibration::{Calibration, NotTimed, RepeatAsked, RepeatTime, TimeBound, TimedOn};
pub use contract::{
    After, ArmContext, ArmRecord, ForeignLab, Lab, LabError, LabHost, MadeAgain, MakeAgain,
    MakeLab, PreparedLab, RecordedItem,
};
pub use definition::{
    ArmDefinition, DataDefinition, DataKind, DefinitionError, LIST_SEPARATOR, LabDefinition,
    PeerDefinition, PeerPackage, PeersDefinition, Preset, Roles, nearest, suggest,
};
pub use offered::{CommandInput, CommandOutput, LabCommand, OutputTable};
pub use option::{Opt, Refusal};
pub use page::page;
pub use params::{ParamError, ParamSpec};
pub use progress::{ArmMessage, Progress};
pub use table::{TableData, read_table};
pub use workbench_questions::QuestionSet;
pub use workbench_record::{
    Analysis, ArmComparison, ArmOutput, Basis, BestItem, Breakdown, ControllerPhase,
    ControllerState, DataSource, Dependent, Direction, Figure, FigureFacts, FigureGroup, Finding,
    Health, Importance, Item, ItemEvent, ItemFailure, ItemPhase, ItemPlace, LabFacts, NearPeers,
    NextBest, ParamValue, Params, Part, Quantity, RECOVERED, RecordMark, RepeatState, RunConfig,
    SHARED_CORES, SlotState, Source, Unit,
};
