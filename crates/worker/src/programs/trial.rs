//! One trial of a search: training on one device, an epoch at a time. After each, the loss on rows
//! that were set apart from the training rows is told, once the state is kept from which the trial
//! can go on. The test rows are looked at only where the trial is to be judged.

use super::prelude::*;
use tch::nn;
use workbench_ddp_protocol::FailureKind;
use workbench_images::Subset;

use crate::checkpoint::SavedProgress;
use crate::dataset::Batch;
use crate::models::Net;
use crate::reporter::StepWatch;
use crate::teller::TrialTeller;

/// What a trial asks for besides a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrialRows {
    /// Rows to select by, set apart from the training rows.
    pub validation: u64,
    /// Decides which those are.
    pub split_seed: u64,
    /// By how much weights shrink with each step, as a share of the learning rate.
    pub weight_decay: f64,
    /// Whether to look at the test rows when all epochs are done.
    pub judge: bool,
}

/// Trains a trial as the job says, from its newest checkpoint on.
///
/// # Errors
/// Whatever ends the training. A loss that is not finite is told before.
pub fn run(
    (job, rows): (&Job, &TrialRows),
    report: &Reporter,
    tell: &mut TrialTeller,
) -> Result<(), Failure> {
    let mut epoch = 0;
    let trained = train((job, rows), report, tell, &mut epoch);
    if let Err(failure) = &trained
        && failure.kind == FailureKind::NotFinite
    {
        tell.unit(epoch + 1, f64::NAN)?;
    }
    trained
}

fn train(
    (job, rows): (&Job, &TrialRows),
    report: &Reporter,
    tell: &mut TrialTeller,
    done: &mut u32,
) -> Result<(), Failure> {
    let spec = &job.spec;
    let all = Dataset::load(spec, Subset::Train, job.device)?;
    let (train, validation) = all.split(rows.validation, rows.split_seed)?;
    job.check_batch(train.len())?;

    tch::manual_seed(spec.seed as i64);
    let vars = nn::VarStore::new(job.device);
    let net = models::build((spec.model, spec.tuning), &vars.root(), train.shape())?;
    let mut adam = Adam::new(&vars, spec.lr);
    let mut progress = checkpoint::resume(job, &vars, &mut adam, None, report)?;
    *done = progress.epoch;
    if progress.epoch > 0 {
        // It may have been killed before it could tell this.
        tell.unit(progress.epoch, loss(&net, &validation, report)?)?;
    }

    let mut sampler = DistributedSampler::new(train.len(), 0, 1, spec.seed);
    let mut checkpoints = Checkpoints::of(job);

    for epoch in progress.epoch..spec.epochs {
        sampler.set_epoch(epoch);
        for rows_of_step in sampler.batches(job.batch(), progress.rows) {
            let watch = report.begin_step(&progress);
            let batch = train.batch(&rows_of_step);
            step(&net, &batch, (&mut adam, rows.weight_decay), watch)?;
            progress.advance(&batch.share);
        }
        let value = loss(&net, &validation, report)?;
        progress = SavedProgress {
            epoch: epoch + 1,
            rows: 0,
            ..progress
        };
        checkpoints.save(progress, &vars, &adam, report);
        checkpoints.finish(report);
        *done = epoch + 1;
        tell.unit(epoch + 1, value)?;
    }
    if rows.judge {
        let test = Dataset::load(spec, Subset::Test, job.device)?;
        tell.test(spec.epochs, loss(&net, &test, report)?)?;
    }
    Ok(())
}

/// One step on a batch.
fn step(
    net: &Net,
    batch: &Batch,
    (adam, weight_decay): (&mut Adam, f64),
    watch: StepWatch<'_>,
) -> Result<(), Failure> {
    watch.at(Phase::Forward);
    adam.zero_grad();
    let loss = batch.loss(&net.forward_t(&batch.images, true), batch);
    let value = finite(&loss, &watch)?;

    watch.at(Phase::Backward);
    loss.f_backward()?;

    watch.at(Phase::Optimizer);
    adam.decay(weight_decay);
    adam.step()?;
    watch.end(&batch.share, value);
    Ok(())
}

/// The mean loss on rows that are not trained on.
fn loss(net: &Net, rows: &Dataset, report: &Reporter) -> Result<f64, Failure> {
    let metrics = evaluate(net, rows, (0, 1), report)?;
    Ok(metrics.loss_sum / metrics.count.max(1) as f64)
}
