//! Fully connected layers.

use tch::nn;

/// A fully connected layer with PyTorch's initial weights: uniform within ±1/√inputs.
pub(super) fn linear(path: &nn::Path, inputs: i64, outputs: i64) -> nn::Linear {
    let bound = 1.0 / (inputs as f64).sqrt();
    let config = nn::LinearConfig {
        ws_init: nn::Init::Uniform {
            lo: -bound,
            up: bound,
        },
        ..Default::default()
    };
    nn::linear(path, inputs, outputs, config)
}
