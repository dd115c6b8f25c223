//! The same data-parallel training on a trainer: it meets, shards, averages, evaluates, saves and
//! resumes; what is left is the training itself. When a rank fails, whoever launched the ranks
//! starts them again, and the trainer goes on from the last checkpoint.

use super::prelude::*;

/// Trains as the job says.
///
/// # Errors
/// Whatever ends the training.
pub fn run(job: &Job, report: &Reporter) -> Result<(), Failure> {
    let mut trainer = Trainer::start(job, report)?;
    let (train, test) = trainer.load()?;

    let mut model = trainer.prepare_model(|root| {
        models::build((job.spec.model, job.spec.tuning), root, train.shape())
    })?;
    let mut adam = Adam::new(model.vars(), job.spec.lr);
    trainer.resume(&mut model, &mut adam)?;
    let mut loader = trainer.prepare_loader(&train);

    while trainer.next_epoch(&mut loader) {
        while let Some((batch, watch)) = trainer.next_batch(&mut loader) {
            let loss = model.forward(&batch, &watch)?;
            let value = model.backward(&loss, &batch, &watch)?;
            model.step(&mut adam, &watch)?;
            trainer.end_step(watch, &batch, value, (&model, &adam))?;
        }
        if trainer.is_stopped() {
            break;
        }
        let metrics = trainer.evaluate(&model, &test)?;
        trainer.report(metrics, (&model, &adam));
    }
    trainer.finish(&model, &adam)
}
