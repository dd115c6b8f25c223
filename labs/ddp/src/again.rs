//! Training the first steps again, to see whether a record tells the truth.

use std::path::Path;

use workbench_ddp_protocol::{Device, StepReport, TrainSpec};
use workbench_experiment::lab::{LabError, MadeAgain, RecordedItem};

use crate::arm::Arm;
use crate::environment::Environment;
use crate::ledger::{FIRST_STEPS, Ledger};
use crate::messages;
use crate::outcome::{self, FIRST};
use crate::plan::{FaultPlan, Plan};
use crate::query::query;
use crate::settings::TrainSettings;

/// How far losses of the same work may be apart after the first steps: sums in another order differ
/// in the seventh digit, and a few steps make that some hundred times as much. Which order it is
/// depends on more than a processor's name (caches, instructions that a virtual machine hides), so
/// equal bits are welcome and not demanded.
const TOLERANCE: f64 = 1e-3;

/// Whether a recorded item can be made again here: the first steps of one process with one set of
/// threads, on processors. Those of several ranks would need as many here.
pub fn is_offered(settings: &TrainSettings, recorded: &RecordedItem<'_>) -> bool {
    recorded.item.name == FIRST
        && Arm::of(recorded.arm) == Some(Arm::Single)
        && settings.device(0) == Device::Cpu
}

/// Trains the first steps again.
///
/// # Errors
/// When the worker fails.
pub fn first_steps(
    program: (&Path, &Environment),
    settings: &TrainSettings,
) -> Result<MadeAgain, LabError> {
    let failed = |why: String| LabError::Failed(messages::no_steps_again(&why));
    let plan = Plan::trial(settings);
    let spec = TrainSpec {
        checkpoint: None,
        ..plan.spec(0, 1, &FaultPlan::default(), false)
    };
    let count = FIRST_STEPS.to_string();
    let args = ["steps", "--count", &count];
    let said = query(program, &args, &spec).map_err(failed)?;
    let reports: Vec<StepReport> =
        serde_json::from_slice(&said).map_err(|error| failed(error.to_string()))?;
    let mut ledger = Ledger::new(settings.train_rows);
    ledger.begin(1);
    for report in &reports {
        ledger.step(0, 0, report);
    }
    Ok(MadeAgain {
        item: outcome::first_steps(ledger.first_losses()),
        tolerance: Some(TOLERANCE),
    })
}
