//! What every training step asks, however the training is organised.

use std::time::Duration;

use tch::Tensor;
use torch_ddp::{Compression, DdpOptions, DistributedDataParallel};
use workbench_ddp_protocol::{FailureKind, GradientFormat, Phase, Tuning};

use crate::dataset::Batch;
use crate::failure::Failure;
use crate::models::Net;
use crate::reporter::StepWatch;

/// How the reducer works, as a specification says.
pub(crate) fn reducer_options(tuning: &Tuning) -> DdpOptions {
    DdpOptions::default()
        .gradient_as_bucket_view(true)
        // Fixed, so that sums are rounded as before when training goes on from a checkpoint.
        .fixed_buckets(true)
        .find_unused_parameters(tuning.find_unused_parameters)
        .static_graph(tuning.static_graph)
        .compression(match tuning.gradients {
            GradientFormat::Fp32 => Compression::None,
            GradientFormat::Fp16 => Compression::Fp16,
            GradientFormat::Bf16 => Compression::Bf16,
        })
}

/// Gradient accumulation: forward and backward pass of all parts of a batch but the last, whose
/// gradients add up on this rank alone. Gives back their part of the loss. Faults strike in the
/// last part.
///
/// # Errors
/// When the loss is not finite, or libtorch fails.
pub(crate) fn accumulate(
    net: &Net,
    early: &[Batch],
    whole: &Batch,
    watch: &StepWatch,
) -> Result<f64, Failure> {
    let mut sum = 0.0;
    for part in early {
        watch.turn(Phase::Forward);
        let loss = part.loss(&net.forward_t(&part.images, true), whole);
        sum += checked(loss.f_double_value(&[])?, watch)?;
        watch.turn(Phase::Backward);
        whole.weighted(&loss).f_backward()?;
    }
    Ok(sum)
}

/// A loss as a number, before its gradients can spoil the weights. Faults of the forward pass
/// strike here, and those of gradients.
///
/// # Errors
/// When it is not finite.
pub(crate) fn finite(loss: &Tensor, watch: &StepWatch) -> Result<f64, Failure> {
    let value = checked(watch.strike(loss.f_double_value(&[])?), watch)?;
    watch.strike_gradients(loss);
    Ok(value)
}

fn checked(value: f64, watch: &StepWatch) -> Result<f64, Failure> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Failure::new(
        FailureKind::NotFinite,
        format!(
            "the loss of step {} is {value}; lower the learning rate, or look at the data",
            watch.step()
        ),
    ))
}

/// How long the last backward pass waited for the other ranks, by the reducer's own clock: from the
/// last gradient of this rank until the last bucket was averaged. That is the time of all
/// communication without the part behind which gradients were computed.
///
/// On a GPU this waits until the gradients are there, and is an error when they never come; ask
/// after the optimizer was started.
pub(crate) fn waited(
    ddp: &DistributedDataParallel,
    watch: &StepWatch,
) -> Result<Duration, Failure> {
    watch.awaits_gradients();
    let timings = ddp.timings()?;
    let communication = timings.communication.unwrap_or_default();
    Ok(communication.saturating_sub(timings.overlap.unwrap_or_default()))
}
