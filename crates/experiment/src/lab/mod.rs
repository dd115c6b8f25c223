//! What a lab is to the rest of the program: its definition, its resolved configuration, and the code that runs its arms.
//!
//! Belongs here: the contract between labs and the program. Does not belong here: any particular lab.

mod contract;
mod definition;
mod option;
mod params;

pub use contract::{ArmContext, Lab, LabError, PreparedLab, Progress, Told};
pub use definition::{ArmDefinition, DataKind, DefinitionError, LabDefinition, Preset, suggest};
pub use option::{Opt, Refusal};
pub use params::{ParamError, ParamSpec};
pub use workbench_record::{
    Agreement, ArmOutput, Breakdown, DataSource, FAULTS, Figure, Item, ParamValue, Params, Part,
    Quantity, RunConfig, SlotState, Source, Standing, Terms, asked_fault,
};
