//! What every training step asks, however the training is organised.

use std::time::Duration;

use tch::Tensor;
use torch_ddp::DistributedDataParallel;
use workbench_ddp_protocol::FailureKind;

use crate::failure::Failure;
use crate::reporter::StepWatch;

/// A loss as a number, before its gradients can spoil the weights. Faults of the forward pass
/// strike here, and those of gradients.
///
/// # Errors
/// When it is not finite.
pub(crate) fn finite(loss: &Tensor, watch: &StepWatch) -> Result<f64, Failure> {
    let value = watch.strike(loss.f_double_value(&[])?);
    if value.is_finite() {
        watch.strike_gradients(loss);
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
