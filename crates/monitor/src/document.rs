//! One look as a document for other programs.

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use workbench_machine::MachineFacts;
use workbench_machine::state::MachineState;

use crate::alert::Alert;

/// The version of the document's form. It rises when a field changes its meaning or is gone.
pub const FORMAT: u32 = 1;

/// What `workbench monitor --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonitorDocument {
    /// Version of this form.
    pub format: u32,
    /// What the machine is.
    pub machine: MachineFacts,
    /// What it does.
    pub state: MachineState,
    /// What somebody should look at.
    pub alerts: Vec<Alert>,
}

impl MonitorDocument {
    /// The document of a look.
    pub fn new(machine: MachineFacts, state: MachineState, alerts: Vec<Alert>) -> Self {
        Self {
            format: FORMAT,
            machine,
            state,
            alerts,
        }
    }
}

/// The schema of [`MonitorDocument`], as `docs/monitor.schema.json` has it.
pub fn schema() -> serde_json::Value {
    SchemaGenerator::default()
        .into_root_schema_for::<MonitorDocument>()
        .to_value()
}
