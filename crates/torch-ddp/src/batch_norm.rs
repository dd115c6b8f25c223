//! Batch normalisation over the rows of all ranks.
//!
//! Belongs here: the layer. Does not belong here: the sum that it makes over the ranks, which is
//! the group's.

use std::borrow::Borrow;

use tch::nn::{self, BatchNormConfig, ModuleT};
use tch::{Kind, Tensor};

use crate::error::{Error, ErrorKind, Result};
use crate::group::ProcessGroup;

const WHAT: &str = "normalise a batch over all ranks";

/// Batch normalisation whose mean and variance, in training, are those of the rows of all ranks:
/// the counterpart of `torch.nn.SyncBatchNorm`, on processors too.
///
/// tch's own layer takes those of each rank's rows. With few rows a rank, these vary much, and a
/// training on several ranks differs from one with the same rows on one. This layer makes two small
/// sums over the ranks in the forward pass, and two in the backward pass. Ranks may have different
/// numbers of rows, also none.
///
/// Its variables have the names that tch's layers give them, so weights can be exchanged. An error
/// in the backward pass comes from
/// [`DistributedDataParallel::backward`](crate::DistributedDataParallel::backward).
///
/// ```no_run
/// # fn main() -> torch_ddp::Result<()> {
/// # let (vars, group): (tch::nn::VarStore, torch_ddp::ProcessGroup) = todo!();
/// let norm = torch_ddp::SyncBatchNorm::new(vars.root() / "norm", 16, &group, Default::default());
/// let images = tch::Tensor::randn([32, 16, 28, 28], (tch::Kind::Float, tch::Device::Cpu));
/// let normalised = norm.forward(&images, true)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SyncBatchNorm {
    group: ProcessGroup,
    config: BatchNormConfig,
    running_mean: Tensor,
    running_var: Tensor,
    /// Scale and shift of every channel.
    affine: Option<(Tensor, Tensor)>,
}

impl SyncBatchNorm {
    /// A layer for inputs of so many channels, over the rows of all ranks of `group`.
    pub fn new<'a>(
        path: impl Borrow<nn::Path<'a>>,
        channels: i64,
        group: &ProcessGroup,
        config: BatchNormConfig,
    ) -> Self {
        let path = path.borrow();
        let affine = config.affine.then(|| {
            (
                path.var("weight", &[channels], config.ws_init),
                path.var("bias", &[channels], config.bs_init),
            )
        });
        Self {
            group: group.clone(),
            config,
            running_mean: path.zeros_no_train("running_mean", &[channels]),
            running_var: path.ones_no_train("running_var", &[channels]),
            affine,
        }
    }

    /// Normalises inputs of the form rows × channels × anything. In training all ranks call it
    /// together, and the running statistics are brought up to date; otherwise these are used, and
    /// nobody else is needed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for inputs of another form, on this rank alone, and, on all
    /// ranks, for a training on one number per channel in all, whose variance is unknown; otherwise
    /// when a rank is lost or late.
    pub fn forward(&self, inputs: &Tensor, train: bool) -> Result<Tensor> {
        let size = inputs.size();
        let channels = self.running_mean.numel().cast_signed() as i64;
        if size.len() < 2 || size[1] != channels {
            let message = format!("the input is of size {size:?}; give rows × {channels} × …");
            return Err(Error::new(ErrorKind::InvalidArgument, WHAT, message));
        }
        let (weight, bias) = self.affine.as_ref().map(|(w, b)| (w, b)).unzip();
        if !train {
            let running = (Some(&self.running_mean), Some(&self.running_var));
            return Ok(inputs.batch_norm(
                weight,
                bias,
                running.0,
                running.1,
                false,
                self.config.momentum,
                self.config.eps,
                self.config.cudnn_enabled,
            ));
        }
        let centred = self.standardised(inputs, channels)?;
        let mut shape = vec![1; size.len()];
        shape[1] = channels;
        let scaled = match (weight, bias) {
            (Some(weight), Some(bias)) => centred * weight.view(&shape[..]) + bias.view(&shape[..]),
            _ => centred,
        };
        Ok(scaled.to_kind(inputs.kind()))
    }

    /// Inputs with mean 0 and variance 1 over the rows of all ranks.
    fn standardised(&self, inputs: &Tensor, channels: i64) -> Result<Tensor> {
        let size = inputs.size();
        let mut shape = vec![1; size.len()];
        shape[1] = channels;
        let others: Vec<i64> = (0..size.len().cast_signed() as i64)
            .filter(|dim| *dim != 1)
            .collect();
        // Sums of half precision would lose what the variance is made of.
        let inputs = inputs.to_kind(Kind::Float);
        let own = (inputs.numel() / self.running_mean.numel().max(1)) as f32;
        let sums = inputs.sum_dim_intlist(&others[..], false, Kind::Float);
        let own = Tensor::from_slice(&[own]).to_device(inputs.device());
        // The number of rows travels with the sums.
        let sums = self
            .group
            .sum_with_gradient(&Tensor::cat(&[sums, own], 0))?;
        let count = sums.narrow(0, channels, 1).detach();
        if count.double_value(&[0]) < 2.0 {
            let message = "the ranks have one number per channel in all; give two rows or more";
            return Err(Error::new(ErrorKind::InvalidArgument, WHAT, message));
        }
        let mean = sums.narrow(0, 0, channels) / &count;
        let centred = inputs - mean.view(&shape[..]);
        let squares = centred
            .square()
            .sum_dim_intlist(&others[..], false, Kind::Float);
        let squares = self.group.sum_with_gradient(&squares)?;
        tch::no_grad(|| {
            let unbiased = &squares / (&count - 1.0);
            for (running, new) in [(&self.running_mean, &mean), (&self.running_var, &unbiased)] {
                let _ = running.shallow_clone().lerp_(new, self.config.momentum);
            }
        });
        let deviation = (squares / count + self.config.eps).sqrt();
        Ok(centred / deviation.view(&shape[..]))
    }
}

/// As part of a model: where [`forward`](SyncBatchNorm::forward) gives an error, this panics, as
/// tch's own layers do.
impl ModuleT for SyncBatchNorm {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Tensor {
        self.forward(xs, train)
            .unwrap_or_else(|error| panic!("{error}"))
    }
}
