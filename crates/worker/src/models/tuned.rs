//! A model that computes in another precision, or on another layout of memory.

use tch::nn::{self, ModuleT};
use tch::{Kind, Tensor};
use torch_ddp::autocast_bf16;
use workbench_ddp_protocol::{Precision, Tuning};

/// A model, and how it computes. What goes in and comes out is as without.
#[derive(Debug)]
pub(super) struct Tuned {
    net: nn::SequentialT,
    tuning: Tuning,
}

impl Tuned {
    pub(super) fn new(net: nn::SequentialT, tuning: Tuning) -> Self {
        Self { net, tuning }
    }
}

impl ModuleT for Tuned {
    fn forward_t(&self, images: &Tensor, train: bool) -> Tensor {
        let rearranged = self.tuning.channels_last.then(|| channels_last(images));
        let images = rearranged.as_ref().unwrap_or(images);
        match self.tuning.precision {
            Precision::Fp32 => self.net.forward_t(images, train),
            Precision::Bf16 => autocast_bf16(|| self.net.forward_t(images, train))
                // As tch does where libtorch fails: the worker reports what a panic carries.
                .unwrap_or_else(|error| panic!("{error}"))
                .to_kind(Kind::Float),
        }
    }
}

/// The same images with the channels of a pixel beside each other in memory. Convolutions,
/// normalisation and pooling hand the layout on to what they give.
fn channels_last(images: &Tensor) -> Tensor {
    let (rows, channels, height, width) = images.size4().unwrap_or_default();
    let strides = [height * width * channels, 1, width * channels, channels];
    // With one channel both layouts have the bytes in the same order: the strides tell them apart.
    images.permute([0, 2, 3, 1]).contiguous().as_strided(
        [rows, channels, height, width],
        strides,
        None,
    )
}
