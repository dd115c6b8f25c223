//! Adam's step in one pass over memory: libtorch has a fused kernel that tch does not offer.
//!
//! Belongs here: the step. Does not belong here: which tensors there are, and what becomes of their
//! moments between steps.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use tch::Tensor;

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;

const WHAT: &str = "take a step of Adam";

/// 2²⁴: from there on single precision does not tell a step from the next.
const MOST_STEPS: f64 = 16_777_216.0;

/// A parameter and what its step needs. The four must have the same type, device, sizes and
/// strides, and lie densely in memory.
#[derive(Debug)]
pub struct Moving<'a> {
    /// What is moved.
    pub parameter: &'a Tensor,
    /// Its gradient.
    pub gradient: &'a Tensor,
    /// The running mean of the gradient, brought up to date.
    pub mean: &'a Tensor,
    /// The running mean of the gradient's square, brought up to date.
    pub square: &'a Tensor,
}

/// The numbers of one step of Adam (Kingma and Ba, 2015), without weight decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean.
    pub beta1: f64,
    /// Decay of the square.
    pub beta2: f64,
    /// What keeps the divisor from zero.
    pub epsilon: f64,
    /// Which step this is, a whole number from 1: for the bias correction. At most 2²⁴, up to which
    /// libtorch's single precision counts.
    pub step: f64,
}

/// PyTorch's defaults, and the first step.
impl Default for AdamStep {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            step: 1.0,
        }
    }
}

impl AdamStep {
    /// As PyTorch's Adam checks its arguments. A step 0 would divide by zero.
    fn check(&self) -> Result<()> {
        let numbers = [
            ("lr", self.lr, "0 or more", self.lr >= 0.0),
            (
                "beta1",
                self.beta1,
                "0 to below 1",
                (0.0..1.0).contains(&self.beta1),
            ),
            (
                "beta2",
                self.beta2,
                "0 to below 1",
                (0.0..1.0).contains(&self.beta2),
            ),
            ("epsilon", self.epsilon, "0 or more", self.epsilon >= 0.0),
            (
                "step",
                self.step,
                "a whole number from 1 to 16777216",
                self.step.fract() == 0.0 && (1.0..=MOST_STEPS).contains(&self.step),
            ),
        ];
        for (name, value, expected, is_so) in numbers {
            if !is_so || !value.is_finite() {
                let message = format!("{name} is {value}; give {expected}");
                return Err(Error::new(ErrorKind::InvalidArgument, WHAT, message));
            }
        }
        Ok(())
    }

    /// Moves all parameters by this step, all on one device. Several times as fast as one operation
    /// after the other, because the memory is gone through once.
    ///
    /// Other tensors that share memory with these change too, as with every operation of tch that
    /// works in place.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when a number is not what its description allows, or tensors
    /// do not fit together; then nothing was moved.
    pub fn apply(&self, all: &[Moving<'_>]) -> Result<()> {
        self.check()?;
        let tensors: Vec<_> = all
            .iter()
            .flat_map(|one| [one.parameter, one.gradient, one.mean, one.square])
            .map(Tensor::as_ptr)
            .collect();
        let options = ffi::AdamOptions {
            lr: self.lr,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            step: self.step,
        };
        ffi::check(WHAT, |message| {
            // SAFETY: the array holds four tensors, borrowed for the call, for each of `all.len()`
            // parameters; the shim checks that they are alike before the kernel writes to them.
            unsafe {
                let options = &raw const options;
                ffi::tddp_adam_step_all(tensors.as_ptr(), all.len(), options, message)
            }
        })
    }
}
