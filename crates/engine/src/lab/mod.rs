//! What a lab is to the rest of the program: its definition, its resolved configuration, and the code that runs its arms.
//!
//! Belongs here: the contract between labs and the program. Does not belong here: any particular lab.

mod breakdown;
mod config;
mod contract;
mod definition;
mod outcome;
mod params;

pub use breakdown::{Breakdown, Figure, Part, SlotState, Source, Standing};
pub use config::{DataSource, RunConfig};
pub use contract::{ArmContext, Lab, LabError, PreparedLab, Progress, Told};
pub use definition::{ArmDefinition, DataKind, DefinitionError, LabDefinition, Preset, suggest};
pub use outcome::{Agreement, ArmOutput, Item, Quantity, Terms};
pub use params::{FAULTS, ParamError, ParamSpec, ParamValue, Params, asked_fault};
