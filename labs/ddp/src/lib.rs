//! The ddp lab: data-parallel training in worker processes, by hand and under a launcher, and both
//! compared with one device.
//!
//! - **Belongs here:** the lab's arms, and the launcher's policy.
//! - **May use:** `experiment`, `programs`, `workers`, `ddp-protocol`, `protocol`, `images`,
//!   `training`, `machine`, `pool`, `report`, `digest`, `clock`.
//! - **Does not belong here:** training, which the worker's program does; supervising processes;
//!   measuring, which is the same for all labs.

mod again;
mod arm;
mod attempt;
mod controller;
mod cores;
mod data;
mod drive;
mod environment;
mod events;
mod failures;
mod find_batch;
mod found_batch;
mod incident;
mod ledger;
mod live;
mod messages;
mod outcome;
mod params;
mod peers;
mod plan;
mod query;
mod rendezvous;
mod root_cause;
mod run;
mod settings;
mod startup;
mod step_time;
mod timeline;
mod tuning;

#[cfg(test)]
mod elastic_tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use workbench_ddp_protocol::Data;
use workbench_experiment::lab::{
    ArmContext, ArmOutput, Basis, Calibration, DataSource, DefinitionError, Finding, Lab,
    LabDefinition, LabError, LabHost, MakeAgain, NotTimed, Opt, Params, PreparedLab, QuestionSet,
    RecordedItem, Refusal, RunConfig, Source, page,
};
use workbench_training::{FoundImages, WORKER, find_images, find_worker};

use crate::arm::Arm;
use crate::drive::{Drive, WorkerProgram};
use crate::environment::{Environment, Treatment};
use crate::found_batch::{BATCH, FoundBatch};
use crate::plan::Plan;
use crate::settings::TrainSettings;

/// Who says so where something is missing.
const WHO: &str = "the ddp lab";

/// Who does what under which launcher: the page that reports show beside the results.
const LAUNCHERS: &str = include_str!("../../../docs/launchers.md");
/// What of it a run measures itself.
const MEASURED: [&str; 3] = [
    "time_to_first_step_s",
    "failure_to_next_step_s",
    "images_per_s",
];

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken, which the tests rule out.
pub fn lab(host: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    Ok(Box::new(DataParallel::new(host)?))
}

/// The lab.
pub struct DataParallel {
    definition: LabDefinition,
    questions: QuestionSet,
    host: LabHost,
}

impl DataParallel {
    /// The lab as its `lab.toml` defines it, whose worker is where the host's set-up puts it unless
    /// [`WORKER_VARIABLE`](workbench_training::WORKER_VARIABLE) names another.
    ///
    /// # Errors
    /// When `lab.toml` is broken, which the tests rule out.
    pub fn new(host: LabHost) -> Result<Self, DefinitionError> {
        let mut definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        let arms: Vec<&str> = definition
            .arms
            .iter()
            .map(|arm| arm.name.as_str())
            .collect();
        definition.page = Some(page(LAUNCHERS, &arms, &MEASURED));
        let questions = definition.read_questions(include_str!("../questions.toml"))?;
        Ok(Self {
            definition,
            questions,
            host,
        })
    }
}

impl Lab for DataParallel {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn questions(&self) -> &QuestionSet {
        &self.questions
    }

    fn source(&self, arm: &str) -> Option<Source> {
        Arm::of(arm).and_then(Arm::source)
    }

    fn check(&self, config: &RunConfig) -> Result<(), Refusal> {
        match TrainSettings::new(config, Data::Embedded, &data::at_most(&config.data)) {
            // The batch is not the one that is given.
            Err(LabError::Refused(refusal))
                if TrainSettings::batch_to_find(config).is_none()
                    || refusal.option != Opt::Set(BATCH.to_owned()) =>
            {
                Err(refusal)
            }
            _ => Ok(()),
        }
    }

    fn calibrate(
        &self,
        config: &RunConfig,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        let cuda = TrainSettings::wants_cuda(config).map_err(|_| NotTimed::Failed)?;
        let worker = find_worker(WHO, (self.host.program)(WORKER), cuda);
        let worker = worker.map_err(|_| NotTimed::NotSetUp)?;
        let images = find_images(WHO, &config.data).map_err(|_| NotTimed::Failed)?;
        let environment = Environment::of(std::env::vars_os(), cuda);
        step_time::time(config, (&worker, &environment), &images, is_wanted)
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let images = find_images(WHO, &config.data)?;
        let offer = data::offer(&images);
        let FoundImages {
            data,
            recorded,
            sha256,
            ..
        } = images;
        let cuda = TrainSettings::wants_cuda(config)?;
        let environment = Environment::of(std::env::vars_os(), cuda);
        let find_worker = || find_worker(WHO, (self.host.program)(WORKER), cuda);
        let mut asked = config.clone();
        let (settings, worker, found_batch) =
            if let Some(wanted) = TrainSettings::batch_to_find(config) {
                let worker = find_worker()?;
                let found =
                    find_batch::find((wanted, config), (&worker, &environment), (&offer, &data))?;
                asked.params.extend(found.settled());
                (
                    TrainSettings::new(&asked, data, &offer)?,
                    worker,
                    Some(found),
                )
            } else {
                // What makes no sense is refused before the worker is asked for.
                let settings = TrainSettings::new(config, data, &offer)?;
                (settings, find_worker()?, None)
            };
        let peers = if self.definition.has_peers(config) {
            let python = (self.host.peers_python)(&self.definition);
            Some(peers::peers(&settings, python)?)
        } else {
            None
        };
        let own = Box::new(Prepared {
            settings,
            environment,
            found_batch,
            worker,
            recorded,
            data_sha256: sha256,
        });
        match peers {
            Some(peers) => peers.around(own, &self.definition, &asked),
            None => Ok(own),
        }
    }
}

struct Prepared {
    settings: TrainSettings,
    environment: Environment,
    found_batch: Option<FoundBatch>,
    worker: PathBuf,
    recorded: Option<DataSource>,
    data_sha256: String,
}

impl PreparedLab for Prepared {
    fn data(&self) -> Option<DataSource> {
        self.recorded.clone()
    }

    fn data_sha256(&self) -> Option<String> {
        Some(self.data_sha256.clone())
    }

    fn software(&self) -> BTreeMap<String, String> {
        workbench_training::software()
    }

    fn item_again(&self, recorded: &RecordedItem<'_>) -> Option<MakeAgain<'_>> {
        if !again::is_offered(&self.settings, recorded) {
            return None;
        }
        let worker = (&*self.worker, &self.environment);
        Some(Box::new(move || again::first_steps(worker, &self.settings)))
    }

    fn settled(&self) -> Params {
        let found = self.found_batch.as_ref();
        found.map(FoundBatch::settled).unwrap_or_default()
    }

    fn warnings(&self) -> Vec<Finding> {
        let found = self.found_batch.iter().map(find_batch::finding);
        let environment = &self.environment;
        if environment.is_empty() {
            return found.collect();
        }
        let count = |treatment| environment.treated(treatment).count() as f64;
        let text = messages::environment(environment);
        let inherited = Finding::note("worker_environment", text)
            .number("cleared", count(Treatment::Cleared))
            .number("kept", count(Treatment::Kept));
        found.chain([inherited]).collect()
    }

    fn basis(&self) -> Basis {
        // Sums over ranks round differently from sums over one batch, and weak scaling also takes
        // other steps.
        Basis::NearOutputs {
            metric: outcome::ACCURACY.to_owned(),
            tolerance: self.settings.tolerance,
        }
    }

    fn comparison_note(&self) -> Option<String> {
        Some(self.settings.comparison())
    }

    fn needs_pool(&self, _arm: &str) -> bool {
        false
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        self.settings.train_rows * u64::from(self.settings.epochs)
    }

    fn warm_up(&self, _arm: &str, _ctx: &ArmContext<'_>) -> Result<(), LabError> {
        // The start-up is measured too; `prepare` has run the worker once, so its files are in the
        // page cache.
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let arm = Arm::of(arm)
            .ok_or_else(|| LabError::Config(format!("the ddp lab has no arm `{arm}`")))?;
        let plan = Plan::new(arm, ctx.workers, &self.settings, ctx.scratch);
        let program = WorkerProgram {
            path: &self.worker,
            environment: &self.environment,
        };
        let mut drive = Drive::new(&plan, program, ctx);
        drive.run()?;
        outcome::output(&drive)
    }
}
