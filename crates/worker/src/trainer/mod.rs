//! A small trainer, with the ideas of Ray Train: what every data-parallel training does is done
//! once, here.
//!
//! Belongs here: meeting, sharding, averaging gradients, evaluating, checkpoints, going on from
//! one. Does not belong here: the model, the loss, the optimizer, which stay in the training
//! program; starting processes and starting them again, which is the supervisor's.

mod loader;
mod model;

use tch::{Device, nn};
use torch_ddp::{NcclOptions, ProcessGroup, Store};
use workbench_ddp_protocol::{Phase, Stage};

use crate::adam::Adam;
use crate::checkpoint::{self, Checkpoints, SavedProgress};
use crate::dataset::{Batch, Dataset};
use crate::evaluation::{all_reduce, broadcast_buffers, evaluate};
use crate::failure::Failure;
use crate::job::Job;
use crate::metrics::Metrics;
use crate::models::Net;
use crate::reporter::{Reporter, StepWatch};
use crate::stop::StopSign;

pub use loader::Loader;
pub use model::PreparedModel;

/// One rank's trainer.
#[derive(Debug)]
pub struct Trainer<'a> {
    job: &'a Job,
    report: &'a Reporter,
    group: ProcessGroup,
    stop: StopSign,
    stopped: bool,
    progress: SavedProgress,
    checkpoints: Checkpoints,
}

impl<'a> Trainer<'a> {
    /// Meets the other ranks.
    ///
    /// # Errors
    /// When they do not come in time.
    pub fn start(job: &'a Job, report: &'a Reporter) -> Result<Self, Failure> {
        report.at(Phase::Rendezvous);
        let store: Store = job
            .launch()?
            .store(job.timeout())
            .map_err(Failure::rendezvous)?;
        let group = meet(job, &store)?;
        report.stage(Stage::Rendezvous);
        Ok(Self {
            job,
            report,
            group,
            stop: StopSign::new(&store, job.rank),
            stopped: false,
            progress: SavedProgress::default(),
            checkpoints: Checkpoints::of(job),
        })
    }

    /// Reads the rows to train on and those to be tested on.
    ///
    /// # Errors
    /// When they cannot be read, or a batch has more rows than a rank gets.
    pub fn load(&self) -> Result<(Dataset, Dataset), Failure> {
        Dataset::load_both(self.job, self.report)
    }

    /// Builds the model with weights from the job's seed, and makes it data-parallel.
    ///
    /// # Errors
    /// Those of `build`, and when a rank is lost or late.
    pub fn prepare_model(
        &self,
        build: impl FnOnce(&nn::Path) -> Result<Net, Failure>,
    ) -> Result<PreparedModel<'a>, Failure> {
        tch::manual_seed(self.job.spec.seed as i64);
        let vars = nn::VarStore::new(self.job.device);
        let net = build(&vars.root())?;
        PreparedModel::new(vars, net, &self.group, (self.job, self.report))
    }

    /// Deals the rows of `data` to the ranks, other ones in every epoch.
    pub fn prepare_loader<'d>(&self, data: &'d Dataset) -> Loader<'d> {
        Loader::new(data, self.job)
    }

    /// Goes on from the checkpoint that the job names, if it names one.
    ///
    /// # Errors
    /// When there is no sound one, or it is of another model.
    pub fn resume(&mut self, model: &mut PreparedModel, adam: &mut Adam) -> Result<(), Failure> {
        let group = Some(&self.group);
        self.progress = checkpoint::resume(self.job, model.vars(), adam, group, self.report)?;
        Ok(())
    }

    /// Begins the next epoch, or goes on with the one that was interrupted; `false` when all are
    /// done.
    pub fn next_epoch(&self, loader: &mut Loader) -> bool {
        let more = self.progress.epoch < self.job.spec.epochs;
        if more {
            loader.begin_epoch(self.progress.epoch, self.progress.rows);
        }
        more
    }

    /// The next batch of this rank, and the watch for its step; `None` at the end of the epoch, or
    /// when all ranks are to stop.
    pub fn next_batch(&self, loader: &mut Loader) -> Option<(Batch, StepWatch<'a>)> {
        if self.stopped {
            return None;
        }
        let watch = self.report.begin_step(&self.progress);
        loader.next_batch().map(|batch| (batch, watch))
    }

    /// A step is done, with this loss. Writes a checkpoint when it is time for one.
    ///
    /// # Errors
    /// When the other ranks cannot be reached.
    pub fn end_step(
        &mut self,
        watch: StepWatch,
        batch: &Batch,
        loss: f64,
        (model, adam): (&PreparedModel, &Adam),
    ) -> Result<(), Failure> {
        watch.waited(model.waited(&watch)?);
        watch.end(&batch.share, loss);
        self.progress.advance(&batch.share);
        self.checkpoints
            .after_step(self.progress, model.vars(), adam, self.report);
        self.stopped = self.stop.reached(self.report)?;
        Ok(())
    }

    /// Whether all ranks were asked to end here.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How good the model is on all test rows; the same answer on every rank.
    ///
    /// # Errors
    /// When a rank is lost or late.
    pub fn evaluate(&self, model: &PreparedModel, test: &Dataset) -> Result<Metrics, Failure> {
        broadcast_buffers(model.vars(), &self.group, self.report)?;
        let place = (self.job.rank, self.job.world);
        let shard = evaluate(model.net(), test, place, self.report)?;
        all_reduce(shard, &self.group, self.report)
    }

    /// An epoch is done, with these metrics and this state, which is saved if checkpoints are
    /// wanted.
    pub fn report(&mut self, metrics: Metrics, (model, adam): (&PreparedModel, &Adam)) {
        self.report.evaluated(self.progress.epoch + 1, &metrics);
        self.progress.finish_epoch(metrics.accuracy());
        self.save(model, adam);
    }

    /// The training is over.
    ///
    /// # Errors
    /// When a rank is lost before all are done.
    pub fn finish(mut self, model: &PreparedModel, adam: &Adam) -> Result<(), Failure> {
        self.save(model, adam);
        self.checkpoints.finish(self.report);
        // Nobody leaves while others may still need the store.
        self.report.at(Phase::Closing);
        self.group.barrier()?;
        self.report.done(model.vars());
        Ok(())
    }

    fn save(&mut self, model: &PreparedModel, adam: &Adam) {
        self.checkpoints
            .save(self.progress, model.vars(), adam, self.report);
    }
}

/// The group of all ranks: over gloo between processors, over NCCL between GPUs.
fn meet(job: &Job, store: &Store) -> Result<ProcessGroup, Failure> {
    let formed = match job.device {
        Device::Cuda(index) => {
            let options = NcclOptions::new(index)
                .timeout(job.timeout())
                .control(job.gloo()?);
            ProcessGroup::nccl(store, job.rank, job.world, &options)
        }
        _ => ProcessGroup::gloo(store, job.rank, job.world, &job.gloo()?),
    };
    let group = formed.map_err(Failure::rendezvous)?;
    job.prove(&group)?;
    Ok(group)
}
