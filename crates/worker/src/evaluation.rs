//! How good a model is on the test rows, exactly: every row counts once, and sums are reduced, not
//! means.

use std::time::Instant;

use tch::{Kind, Reduction, Tensor, nn};
use torch_ddp::{ProcessGroup, ReduceOp};
use workbench_ddp_protocol::{FailureKind, Phase, Place};

use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::models::Net;
use crate::reporter::Reporter;
use crate::sampler::test_rows;

/// Rows that go through the model at once.
const BATCH: usize = 250;

/// Looks at the test rows of `rank`.
///
/// # Errors
/// When their loss is not finite: then no weight is worth keeping. When libtorch fails.
pub fn evaluate(
    net: &Net,
    test: &Dataset,
    (rank, world): (usize, usize),
    report: &Reporter,
) -> Result<Metrics, Failure> {
    let mut metrics = Metrics::default();
    let _no_grad = tch::no_grad_guard();
    let rows = test_rows(test.len(), rank, world);
    let batches = rows.chunks(BATCH);
    let half = batches.len() / 2;
    for (done, rows) in batches.enumerate() {
        // Again for every batch: what is silent for long is taken for stuck.
        report.at(Phase::Evaluation);
        let began = Instant::now();
        if done == half && report.pass(Place::Evaluation) {
            metrics.loss_sum = f64::NAN;
        }
        let (images, labels) = test.rows(rows);
        let logits = net.forward_t(&images, false);
        let loss =
            logits.f_cross_entropy_loss::<Tensor>(&labels, None, Reduction::Sum, -100, 0.0)?;
        let right = logits.argmax(1, false).eq_tensor(&labels);
        metrics.correct += right.sum(Kind::Int64).int64_value(&[]) as u64;
        metrics.count += rows.len() as u64;
        metrics.loss_sum += loss.double_value(&[]);
        report
            .faults()
            .slow_down(Place::Evaluation, began.elapsed());
    }
    if metrics.loss_sum.is_finite() {
        return Ok(metrics);
    }
    Err(Failure::new(
        FailureKind::NotFinite,
        format!(
            "the loss on the test rows after {} steps is {}; lower the learning rate, or look at the data",
            report.steps(),
            metrics.loss_sum
        ),
    ))
}

/// The sums of all ranks together, on every rank. They are numbers of the CPU, wherever the model
/// is: three of them go faster over gloo than through a GPU.
///
/// # Errors
/// When a rank is lost or late.
pub fn all_reduce(
    shard: Metrics,
    group: &ProcessGroup,
    report: &Reporter,
) -> Result<Metrics, Failure> {
    // Counts stay far below 2^53.
    let mut sums = Tensor::from_slice(&[shard.correct as f64, shard.count as f64, shard.loss_sum]);
    report.at(Phase::Sums);
    group.all_reduce(&mut sums, ReduceOp::Sum)?;
    report.reduced(3 * 8);
    Ok(Metrics {
        correct: sums.double_value(&[0]) as u64,
        count: sums.double_value(&[1]) as u64,
        loss_sum: sums.double_value(&[2]),
    })
}

/// Gives all ranks the buffers of rank 0: the running means of batch normalisation are of the rows
/// that a rank has seen, and what is evaluated and saved should be one model.
///
/// # Errors
/// When a rank is lost or late.
pub fn broadcast_buffers(
    vars: &nn::VarStore,
    group: &ProcessGroup,
    report: &Reporter,
) -> Result<(), Failure> {
    report.at(Phase::Evaluation);
    let _no_grad = tch::no_grad_guard();
    for (_, mut variable) in crate::parameters::sorted(vars) {
        if !variable.requires_grad() {
            group.broadcast(&mut variable, 0)?;
        }
    }
    Ok(())
}
