//! Data-parallel training with everything in sight, as people write it for torchrun. Every rank
//! runs this same program on its own rows; what makes them one training is marked with (1) to (9).
//! When a rank fails, all end.

use super::prelude::*;
use std::fs::{self, File};
use tch::{Device, nn};
use torch_ddp::{DistributedDataParallel, NcclOptions, ProcessGroup};

/// Trains as the job says.
///
/// # Errors
/// Whatever ends the training.
// Long because everything is spelt out in one place, to be read from top to bottom.
pub fn run(job: &Job, report: &Reporter) -> Result<(), Failure> {
    let spec = &job.spec;

    // (1) The ranks meet at a store that one of them serves.
    report.at(Phase::Rendezvous);
    let launch = job.launch()?;
    let store = launch.store(job.timeout()).map_err(Failure::rendezvous)?;

    // (2) Each connects to each: over gloo between processors, over NCCL between GPUs, where gloo
    // carries what is not on a GPU. Then each shows that it is of this launch.
    let (rank, world, gloo) = (job.rank, job.world, job.gloo()?);
    let formed = match job.device {
        Device::Cuda(index) => {
            let options = NcclOptions::new(index).timeout(job.timeout()).control(gloo);
            ProcessGroup::nccl(&store, rank, world, &options)
        }
        _ => ProcessGroup::gloo(&store, rank, world, &gloo),
    };
    let group = formed.map_err(Failure::rendezvous)?;
    job.prove(&group)?;
    report.stage(Stage::Rendezvous);

    let (train, test) = Dataset::load_both(job, report)?;

    tch::manual_seed(spec.seed as i64);
    let vars = nn::VarStore::new(job.device);
    let net = models::build((spec.model, spec.tuning), &vars.root(), train.shape())?;
    let mut adam = Adam::new(&vars, spec.lr);
    let mut progress = checkpoint::resume(job, &vars, &mut adam, Some(&group), report)?;

    // (3) All begin with rank 0's weights, which this broadcasts, and from now on the reducer
    // averages their gradients.
    report.at(Phase::AllReduce);
    let options = reducer_options(&spec.tuning);
    let mut ddp = DistributedDataParallel::new(&vars, &group, options)?;
    let gradient_bytes = parameters::gradient_bytes(&vars, spec.tuning.gradients);

    // (4) Each has its own shard of the rows.
    let mut sampler = DistributedSampler::new(train.len(), rank, world, spec.seed);
    let stop = StopSign::new(&store, rank);

    // (5) Rank 0 saves what all have. A checkpoint is there whole or not at all: it is written
    // beside its name, kept by the disk, and only then gets the name.
    let mut checkpoints = Checkpoints::of(job).put_by(|name, content| {
        let beside = name.with_extension("part");
        let file = File::create(&beside)?;
        let bytes = content(&file)?;
        file.sync_all()?;
        fs::rename(&beside, name)?;
        Ok(bytes)
    });

    'training: for epoch in progress.epoch..spec.epochs {
        // (6) Without this every epoch would go through the rows in the same order.
        sampler.set_epoch(epoch);
        for rows in sampler.batches(job.batch(), progress.rows) {
            let watch = report.begin_step(&progress);
            let batch = train.batch(&rows);

            // (7) Forward through the reducer: buffers of rank 0 first, then this rank's rows. With
            // gradient accumulation the gradients of early parts add up here, without reduction.
            watch.at(Phase::AllReduce);
            ddp.zero_grad()?;
            let (early, last) = batch.parts(spec.tuning.accumulate);
            let mut value = ddp.no_sync(|_| accumulate(&net, &early, &batch, &watch))?;
            let logits = ddp.forward(|| {
                watch.at(Phase::Forward);
                net.forward_t(&last.images, true)
            })?;
            let loss = last.loss(&logits, &batch);
            value += finite(&loss, &watch)?;

            // (8) Backward: each bucket of gradients is averaged over the ranks as soon as it is
            // full. In the last step of an epoch ranks may have different numbers of rows.
            watch.at(Phase::Backward);
            ddp.backward(&batch.weighted(&loss))?;
            report.reduced(gradient_bytes);

            // Equal gradients meet equal weights, so the weights stay equal.
            watch.at(Phase::Optimizer);
            adam.step()?;
            watch.waited(waited(&ddp, &watch)?);
            watch.end(&batch.share, value);

            progress.advance(&batch.share);
            if rank == 0 {
                checkpoints.after_step(progress, &vars, &adam, report);
            }
            if stop.reached(report)? {
                break 'training;
            }
        }
        // (9) Each evaluates its shard of one and the same model, and the sums are added up.
        broadcast_buffers(&vars, &group, report)?;
        let shard = evaluate(&net, &test, (rank, world), report)?;
        let metrics = all_reduce(shard, &group, report)?;
        report.evaluated(epoch + 1, &metrics);
        progress.finish_epoch(metrics.accuracy());
        if rank == 0 {
            checkpoints.save(progress, &vars, &adam, report);
        }
    }
    if rank == 0 {
        checkpoints.save(progress, &vars, &adam, report);
        checkpoints.finish(report);
    }
    // Nobody leaves while others may still need the store.
    report.at(Phase::Closing);
    group.barrier()?;
    report.done(&vars);
    Ok(())
}
