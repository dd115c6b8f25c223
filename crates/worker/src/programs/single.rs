//! Training on one device: what the others are measured against.

use super::prelude::*;
use tch::nn;

/// Trains as the job says.
///
/// # Errors
/// Whatever ends the training.
pub fn run(job: &Job, report: &Reporter) -> Result<(), Failure> {
    let spec = &job.spec;
    report.stage(Stage::Rendezvous); // Nobody to meet.

    let (train, test) = Dataset::load_both(job, report)?;

    tch::manual_seed(spec.seed as i64);
    let vars = nn::VarStore::new(job.device);
    let net = models::build((spec.model, spec.tuning), &vars.root(), train.shape())?;
    let mut adam = Adam::new(&vars, spec.lr);
    let mut progress = checkpoint::resume(job, &vars, &mut adam, None, report)?;

    let mut sampler = DistributedSampler::new(train.len(), 0, 1, spec.seed);
    let mut checkpoints = Checkpoints::of(job);

    'training: for epoch in progress.epoch..spec.epochs {
        sampler.set_epoch(epoch);
        for rows in sampler.batches(job.batch(), progress.rows) {
            let watch = report.begin_step(&progress);
            let batch = train.batch(&rows);

            watch.at(Phase::Forward);
            adam.zero_grad();
            let (early, last) = batch.parts(spec.tuning.accumulate);
            let mut value = accumulate(&net, &early, &batch, &watch)?;
            watch.at(Phase::Forward);
            let logits = net.forward_t(&last.images, true);
            let loss = last.loss(&logits, &batch);
            value += finite(&loss, &watch)?;

            watch.at(Phase::Backward);
            loss.f_backward()?;

            watch.at(Phase::Optimizer);
            adam.step()?;
            watch.end(&batch.share, value);

            progress.advance(&batch.share);
            checkpoints.after_step(progress, &vars, &adam, report);
            if report.stop_requested() {
                break 'training;
            }
        }
        let metrics = evaluate(&net, &test, (0, 1), report)?;
        report.evaluated(epoch + 1, &metrics);
        progress.finish_epoch(metrics.accuracy());
        checkpoints.save(progress, &vars, &adam, report);
    }
    checkpoints.save(progress, &vars, &adam, report);
    checkpoints.finish(report);
    report.done(&vars);
    Ok(())
}
