//! A small convolutional network: two convolutions of 3 × 3 with pooling, two fully connected
//! layers. 105,866 parameters for MNIST, of which it learns more than 97 % in one pass.

use tch::{Tensor, nn};

use super::linear::linear;
use crate::dataset::Shape;

/// The smallest side of an image that two poolings leave something of.
pub(super) const LEAST: i64 = 4;

pub(super) fn cnn(root: &nn::Path, shape: Shape) -> nn::SequentialT {
    let flat = 32 * (shape.height / 4) * (shape.width / 4);
    nn::seq_t()
        .add(conv(&(root / "conv1"), shape.channels, 16))
        .add_fn(|xs| xs.relu().max_pool2d_default(2))
        .add(conv(&(root / "conv2"), 16, 32))
        .add_fn(|xs| xs.relu().max_pool2d_default(2).flatten(1, -1))
        .add(linear(&(root / "fc1"), flat, 64))
        .add_fn(Tensor::relu)
        .add(linear(&(root / "fc2"), 64, shape.classes))
}

fn conv(path: &nn::Path, inputs: i64, outputs: i64) -> nn::Conv2D {
    // PyTorch's default: uniform within ±1/√(inputs × 3 × 3).
    let bound = 1.0 / ((inputs * 9) as f64).sqrt();
    let config = nn::ConvConfig {
        padding: 1,
        ws_init: nn::Init::Uniform {
            lo: -bound,
            up: bound,
        },
        ..Default::default()
    };
    nn::conv2d(path, inputs, outputs, 3, config)
}
