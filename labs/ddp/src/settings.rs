//! The lab's parameters, typed, and checked against the data and the machine.

use std::fmt::Display;

use workbench_ddp_protocol::{Data, Device, Fault, Model, Place, Precision, shares};
use workbench_experiment::lab::{LabError, Opt, Refusal, RunConfig};
use workbench_report::format::counted_number;
use workbench_training::ImageShape;

use crate::arm::Arm;
use crate::found_batch::{BatchChoice, FIND};
use crate::params::Reader;
use crate::tuning::TunedArms;

/// The shortest side of an image that the small network can process.
const CNN_SMALLEST: usize = 4;

/// How the batch scales with workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchScaling {
    /// Each worker adds its own batch to a step.
    Weak,
    /// Workers share the batch of one.
    Strong,
}

/// How the learning rate grows with the rows of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LrRule {
    /// Not at all.
    Constant,
    /// With the square root.
    Sqrt,
    /// In proportion (Goyal et al., 2017).
    Linear,
}

/// The lab's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSettings {
    /// The model.
    pub model: Model,
    /// The data.
    pub data: Data,
    /// Training rows.
    pub train_rows: u64,
    /// Test rows.
    pub test_rows: u64,
    /// Epochs.
    pub epochs: u32,
    /// Rows of a step, of one worker or of all.
    pub batch: u32,
    /// Weak or strong scaling.
    pub scaling: BatchScaling,
    /// Learning rate for a step of one worker's batch.
    pub lr: f64,
    /// How it grows with the rows of a step.
    pub lr_rule: LrRule,
    /// Threads of each worker.
    pub threads: u32,
    /// Whether workers compute on GPUs.
    pub cuda: bool,
    /// Seed of weights and shuffling.
    pub seed: u64,
    /// Steps between checkpoints; `None` for the last alone.
    pub checkpoint_every: Option<u64>,
    /// Seconds between checkpoints, whichever comes first; `None` for steps alone.
    pub checkpoint_every_s: Option<f64>,
    /// Checkpoints kept.
    pub keep: u32,
    /// Failures after which the launcher continues.
    pub max_failures: u32,
    /// The fewest workers with which the launcher continues; `None` for all.
    pub least_workers: Option<u32>,
    /// Seconds until a lost worker can be replaced.
    pub away_s: f64,
    /// Seconds that ranks wait for each other.
    pub timeout_s: f64,
    /// How far accuracies may differ.
    pub tolerance: f64,
    /// How the arms compute and communicate.
    pub tuned: TunedArms,
    /// Faults to inject.
    pub faults: Vec<Fault>,
    /// Numbers of workers of the parallel arms.
    pub workers: Vec<u32>,
    /// Whether there are arms with several ranks at all.
    pub parallel: bool,
}

/// The limits from machine and data.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Available training rows.
    pub train_rows: u64,
    /// Available test rows.
    pub test_rows: u64,
    /// The shape of every image.
    pub images: ImageShape,
    /// Usable cores.
    pub cores: f64,
    /// GPUs.
    pub gpus: u32,
    /// Whether the processor has instructions for bfloat16.
    pub bf16: bool,
}

impl TrainSettings {
    /// Reads the parameters and checks them.
    ///
    /// # Errors
    /// [`LabError::Refused`] with what is possible instead.
    pub fn new(config: &RunConfig, data: Data, offer: &Offer) -> Result<Self, LabError> {
        let params = Reader(&config.params);
        let faults = faults(params.text("fault")?)?;
        let settings = Self {
            model: match params.text("model")? {
                "cnn" => Model::Cnn,
                _ => Model::Resnet18,
            },
            data,
            train_rows: rows("train_rows", params.count("train_rows")?, offer.train_rows)?,
            test_rows: rows("test_rows", params.count("test_rows")?, offer.test_rows)?,
            epochs: params.count("epochs")? as u32,
            batch: params.count("batch")? as u32,
            scaling: match params.text("scaling")? {
                "strong" => BatchScaling::Strong,
                _ => BatchScaling::Weak,
            },
            lr: params.number("lr")?,
            lr_rule: match params.text("lr_rule")? {
                "sqrt" => LrRule::Sqrt,
                "linear" => LrRule::Linear,
                _ => LrRule::Constant,
            },
            threads: params.count("threads")? as u32,
            cuda: Self::wants_cuda(config)?,
            seed: config.seed,
            checkpoint_every: Some(params.count("checkpoint_every")?).filter(|every| *every > 0),
            checkpoint_every_s: Some(params.number("checkpoint_every_s")?)
                .filter(|every| *every > 0.0),
            keep: params.count("keep")? as u32,
            max_failures: params.count("max_failures")? as u32,
            least_workers: Some(params.count("least_workers")? as u32).filter(|least| *least > 0),
            away_s: params.number("away_s")?,
            timeout_s: params.number("timeout_s")?,
            tolerance: params.number("accuracy_tolerance")?,
            tuned: TunedArms::read(&params)?,
            faults,
            workers: config.workers.clone(),
            // Other arms than the lab's own are peers, which have ranks as well.
            parallel: config
                .arms
                .iter()
                .any(|arm| Arm::of(arm).is_none_or(Arm::has_ranks)),
        };
        settings.check_images(offer.images)?;
        settings.check_devices(config.oversubscribe, offer)?;
        settings.check_batches()?;
        settings.check_tuning(offer)?;
        settings.check_faults()?;
        Ok(settings)
    }

    /// Whether a configuration asks for GPUs.
    ///
    /// # Errors
    /// When the parameter is missing.
    pub fn wants_cuda(config: &RunConfig) -> Result<bool, LabError> {
        Ok(Reader(&config.params).text("device")? == "cuda")
    }

    /// Which batch is to be found by trying, if one is. Runs of older versions have not asked.
    pub fn batch_to_find(config: &RunConfig) -> Option<BatchChoice> {
        match Reader(&config.params).text(FIND) {
            Ok("fastest") => Some(BatchChoice::Fastest),
            Ok("largest") => Some(BatchChoice::Largest),
            _ => None,
        }
    }

    /// All numbers of workers that may share the rows: those of the arms, and those with which the
    /// launcher may continue.
    pub fn worlds(&self) -> Vec<u32> {
        let mut worlds = vec![1];
        if self.parallel {
            for &workers in &self.workers {
                let least = self
                    .least_workers
                    .map_or(workers, |least| least.min(workers));
                worlds.extend(least..=workers);
            }
        }
        worlds.sort_unstable();
        worlds.dedup();
        worlds
    }

    /// The largest number of workers of any arm.
    fn most_workers(&self) -> u32 {
        self.worlds().last().copied().unwrap_or(1)
    }

    fn check_images(&self, images: ImageShape) -> Result<(), LabError> {
        let smallest = images.height.min(images.width);
        if self.model == Model::Cnn && smallest < CNN_SMALLEST {
            let reason = format!(
                "images of {images} are too small for it, which pools them twice; give model=resnet18"
            );
            return refused(set("model"), "cnn", reason);
        }
        Ok(())
    }

    fn check_devices(&self, oversubscribe: bool, offer: &Offer) -> Result<(), LabError> {
        let most = self.most_workers();
        if self.cuda {
            if most > offer.gpus {
                let reason = format!(
                    "this machine has {} GPUs, and each worker needs one; give fewer --workers, or --set device=cpu",
                    offer.gpus
                );
                return refused(Opt::Workers, most, reason);
            }
            return Ok(());
        }
        let wanted = f64::from(most) * f64::from(self.threads);
        if wanted > offer.cores.max(1.0) && !oversubscribe {
            let threads = (offer.cores / f64::from(most)).floor().max(1.0);
            let reason = format!(
                "{most} workers of so many threads need {wanted} cores, and this machine has {}; give threads={threads}, fewer --workers, or --oversubscribe",
                counted_number(offer.cores, "usable one")
            );
            return refused(set("threads"), self.threads, reason);
        }
        Ok(())
    }

    fn check_batches(&self) -> Result<(), LabError> {
        for world in self.worlds() {
            if self.scaling == BatchScaling::Strong && !self.batch.is_multiple_of(world) {
                let reason = format!(
                    "strong scaling shares it among {world} workers; give a multiple of {world}, or --set scaling=weak"
                );
                return refused(set("batch"), self.batch, reason);
            }
            let (batch, shard) = (self.batch_of(world), self.train_rows / u64::from(world));
            if batch < 2 || u64::from(batch) > shard {
                let reason = format!(
                    "that is {batch} rows per step for each of {world} workers, who have {shard} training rows each; give a batch that makes 2 to {shard}"
                );
                return refused(set("batch"), self.batch, reason);
            }
        }
        Ok(())
    }

    fn check_tuning(&self, offer: &Offer) -> Result<(), LabError> {
        let tuning = self.tuned.parallel();
        if tuning.precision == Precision::Bf16 && (self.cuda || !offer.bf16) {
            let reason = if self.cuda {
                "it is for processors here; give fp32 with device=cuda"
            } else {
                "this processor has no instructions for it, so it would be slower; give fp32"
            };
            return refused(set("precision"), "bf16", reason.to_owned());
        }
        if tuning.static_graph && tuning.accumulate > 1 {
            let reason = "a static graph has one pass per step; give 1, or static_graph=no";
            return refused(set("accumulate"), tuning.accumulate, reason.to_owned());
        }
        let least = self
            .worlds()
            .iter()
            .map(|&world| self.batch_of(world))
            .min();
        let most = (least.unwrap_or(2) / 2).max(1);
        if tuning.accumulate > most {
            let reason = format!(
                "a part has 2 rows or more, and a step of a worker has {}; give at most {most}",
                least.unwrap_or(2)
            );
            return refused(set("accumulate"), tuning.accumulate, reason);
        }
        Ok(())
    }

    fn check_faults(&self) -> Result<(), LabError> {
        let most = self.most_workers();
        let steps = self.steps_per_epoch(most) * u64::from(self.epochs);
        for fault in &self.faults {
            if fault.rank() >= most {
                let reason = format!("the ranks are 0 to {}; give one of them", most - 1);
                return refused(set("fault"), fault, reason);
            }
            // Steps count from 0, but checkpoints and evaluations come after so many steps, the
            // last after all of them.
            let last = match fault.place() {
                Place::Checkpoint | Place::Evaluation => steps,
                _ => steps.saturating_sub(1),
            };
            if fault.step().is_some_and(|step| step > last) {
                let reason = format!("the training has {steps} steps; give one of 0 to {last}");
                return refused(set("fault"), fault, reason);
            }
        }
        Ok(())
    }

    /// Rows of one step of one of `world` workers.
    pub fn batch_of(&self, world: u32) -> u32 {
        match self.scaling {
            BatchScaling::Weak => self.batch,
            BatchScaling::Strong => self.batch / world.max(1),
        }
    }

    /// Steps of an epoch with this many workers.
    pub fn steps_per_epoch(&self, world: u32) -> u64 {
        shares::steps(self.train_rows, world, self.batch_of(world))
    }

    /// Learning rate with this many workers.
    pub fn lr_of(&self, world: u32) -> f64 {
        let factor = match self.scaling {
            BatchScaling::Weak => f64::from(world),
            BatchScaling::Strong => 1.0,
        };
        match self.lr_rule {
            LrRule::Constant => self.lr,
            LrRule::Sqrt => self.lr * factor.sqrt(),
            LrRule::Linear => self.lr * factor,
        }
    }

    /// Where a rank computes.
    pub fn device(&self, rank: u32) -> Device {
        if self.cuda {
            Device::Cuda { index: rank }
        } else {
            Device::Cpu
        }
    }

    /// What is compared, for the headline.
    pub fn comparison(&self) -> String {
        let batch = self.batch;
        let scaling = match (self.scaling, self.lr_rule) {
            (BatchScaling::Strong, _) => {
                format!("strong scaling: {batch} rows per step, shared by the workers")
            }
            (BatchScaling::Weak, LrRule::Constant) => {
                format!("weak scaling: {batch} rows per step and worker, the learning rate stays")
            }
            (BatchScaling::Weak, LrRule::Sqrt) => format!(
                "weak scaling: {batch} rows per step and worker, the learning rate grows with √workers"
            ),
            (BatchScaling::Weak, LrRule::Linear) => format!(
                "weak scaling: {batch} rows per step and worker, the learning rate grows with the workers"
            ),
        };
        scaling + &self.tuned.told()
    }
}

fn refused<T>(option: Opt, given: impl Display, reason: String) -> Result<T, LabError> {
    Err(LabError::Refused(Refusal::new(option, given, reason)))
}

fn set(name: &str) -> Opt {
    Opt::Set(name.to_owned())
}

fn rows(name: &str, asked: u64, there: u64) -> Result<u64, LabError> {
    match asked {
        0 => Ok(there),
        rows if rows > there => {
            let reason = format!("the data has {there}; give 0 for all of them, or fewer");
            refused(set(name), rows, reason)
        }
        rows => Ok(rows),
    }
}

fn faults(text: &str) -> Result<Vec<Fault>, LabError> {
    text.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse()
                .map_err(|error| LabError::Refused(Refusal::of(set("fault"), format!("{error}"))))
        })
        .collect()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
