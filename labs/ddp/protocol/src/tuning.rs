//! What makes a training faster or smaller without changing what is trained.

use serde::{Deserialize, Serialize};

/// How a training computes and communicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuning {
    /// In what precision the model computes.
    pub precision: Precision,
    /// In how many parts the rows of a step go through the model, their gradients adding up.
    pub accumulate: u32,
    /// Whether images and activations lie in memory pixel by pixel, not plane by plane.
    pub channels_last: bool,
    /// In what form gradients travel.
    pub gradients: GradientFormat,
    /// Whether every step looks for parameters that get no gradient.
    pub find_unused_parameters: bool,
    /// Whether all steps are promised to have the same graph.
    pub static_graph: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            precision: Precision::Fp32,
            accumulate: 1,
            channels_last: false,
            gradients: GradientFormat::Fp32,
            find_unused_parameters: false,
            static_graph: false,
        }
    }
}

/// In what precision a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single precision.
    Fp32,
    /// Convolutions and products of matrices in bfloat16, all else in single precision.
    Bf16,
}

/// In what form gradients travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradientFormat {
    /// As they are, in single precision.
    Fp32,
    /// In half precision: half the bytes, at most 65,504.
    Fp16,
    /// As bfloat16: half the bytes, fewer digits, the range of single precision.
    Bf16,
}

impl GradientFormat {
    /// Bytes of one number.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Fp32 => 4,
            Self::Fp16 | Self::Bf16 => 2,
        }
    }
}
