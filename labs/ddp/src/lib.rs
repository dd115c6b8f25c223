//! The ddp lab: data-parallel training in worker processes, by hand against under a launcher, and
//! both against one device.
//!
//! - **Belongs here:** the lab's arms, and the launcher's policy.
//! - **May use:** `experiment`, `workers`, `protocol`, `images`, `machine`, `pool`,
//!   `report`, `digest`, `clock`.
//! - **Does not belong here:** training, which the worker's program does; supervising processes;
//!   measuring, which is the same for all labs.

mod blame;
pub mod controller;
mod data;
mod drive;
mod hear;
mod incident;
mod late;
mod ledger;
mod live;
mod outcome;
mod plan;
mod remembered;
mod settings;
mod slow;
mod startup;
mod timeline;
mod words;
mod worker;

use std::path::PathBuf;

use workbench_experiment::lab::{
    Agreement, ArmContext, ArmOutput, DataSource, DefinitionError, Lab, LabDefinition, LabError,
    PreparedLab, RunConfig, Source, Terms,
};

use crate::data::Found;
use crate::drive::Drive;
use crate::plan::{Arm, Plan};
use crate::settings::Settings;

pub use worker::{LIBTORCH, VARIABLE as WORKER_VARIABLE};

/// Says where the program's set-up puts the worker's program, whether or not it is there.
pub type WorkerPlace = fn() -> Option<PathBuf>;

/// The lab.
pub struct DataParallel {
    definition: LabDefinition,
    worker: WorkerPlace,
}

impl DataParallel {
    /// The lab as its `lab.toml` defines it, whose worker is where `worker` says unless
    /// [`WORKER_VARIABLE`] names another.
    ///
    /// # Errors
    /// When `lab.toml` is broken, which the tests rule out.
    pub fn new(worker: WorkerPlace) -> Result<Self, DefinitionError> {
        let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        Ok(Self { definition, worker })
    }
}

impl Lab for DataParallel {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn source(&self, arm: &str) -> Option<Source> {
        Arm::of(arm).map(Arm::source)
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let Found {
            data,
            offer,
            recorded,
        } = data::look(&config.data)?;
        let (settings, warnings) = Settings::new(config, data, &offer)?;
        let worker = worker::find((self.worker)(), settings.cuda)?;
        Ok(Box::new(Prepared {
            settings,
            warnings,
            worker,
            recorded,
        }))
    }
}

struct Prepared {
    settings: Settings,
    warnings: Vec<String>,
    worker: PathBuf,
    recorded: Option<DataSource>,
}

impl PreparedLab for Prepared {
    fn data(&self) -> Option<DataSource> {
        self.recorded.clone()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn terms(&self) -> Terms {
        Terms {
            comparison: Some(self.settings.comparison()),
            // Sums over ranks round differently from sums over one batch, and weak scaling takes
            // other steps besides.
            outputs: Agreement::Near {
                metric: outcome::ACCURACY.to_owned(),
                tolerance: self.settings.tolerance,
            },
            lockstep: true,
        }
    }

    fn needs_pool(&self, _arm: &str) -> bool {
        false
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        self.settings.train_rows * u64::from(self.settings.epochs)
    }

    fn warm_up(&self, _arm: &str, _ctx: &ArmContext<'_>) -> Result<(), LabError> {
        // The start-up is a part of what is measured; `prepare` has run the worker once, so its
        // files are in memory.
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let arm = Arm::of(arm)
            .ok_or_else(|| LabError::Config(format!("the ddp lab has no arm `{arm}`")))?;
        let plan = Plan::new(arm, ctx.workers, &self.settings, ctx.scratch);
        let mut drive = Drive::new(&plan, &self.worker, ctx);
        drive.run()?;
        outcome::output(&drive)
    }
}
