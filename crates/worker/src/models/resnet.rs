//! ResNet-18 (He, Zhang, Ren and Sun, 2016) in the layout, with the names and the initial weights
//! of torchvision's; only its first convolution (7 × 7, stride 2) takes as many channels as the
//! images have. With one channel and 10 classes: 11,175,370 parameters.

use tch::Tensor;
use tch::nn::init::{FanInOut, NonLinearity, NormalOrUniform};
use tch::nn::{self, ModuleT};

use super::linear::linear;
use crate::dataset::Shape;

pub(super) fn resnet18(root: &nn::Path, shape: Shape) -> nn::SequentialT {
    let mut net = nn::seq_t()
        .add(conv(&(root / "conv1"), shape.channels, 64, 7, 2))
        .add(norm(&(root / "bn1"), 64))
        .add_fn(|xs| xs.relu().max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false));
    let mut channels = 64;
    for (number, (width, stride)) in [(64, 1), (128, 2), (256, 2), (512, 2)]
        .into_iter()
        .enumerate()
    {
        let stage = root / format!("layer{}", number + 1);
        net = net
            .add(block(&(&stage / 0), channels, width, stride))
            .add(block(&(&stage / 1), width, width, 1));
        channels = width;
    }
    net.add_fn(|xs| xs.adaptive_avg_pool2d([1, 1]).flatten(1, -1))
        .add(linear(&(root / "fc"), channels, shape.classes))
}

/// Two convolutions of 3 × 3, and the input added to what they give.
#[derive(Debug)]
struct BasicBlock {
    conv1: nn::Conv2D,
    bn1: nn::BatchNorm,
    conv2: nn::Conv2D,
    bn2: nn::BatchNorm,
    /// Where the block changes the size: a convolution of 1 × 1 that does the same to the input.
    downsample: Option<(nn::Conv2D, nn::BatchNorm)>,
}

fn block(path: &nn::Path, inputs: i64, outputs: i64, stride: i64) -> BasicBlock {
    BasicBlock {
        conv1: conv(&(path / "conv1"), inputs, outputs, 3, stride),
        bn1: norm(&(path / "bn1"), outputs),
        conv2: conv(&(path / "conv2"), outputs, outputs, 3, 1),
        bn2: norm(&(path / "bn2"), outputs),
        downsample: (stride != 1 || inputs != outputs).then(|| {
            let path = path / "downsample";
            (
                conv(&(&path / 0), inputs, outputs, 1, stride),
                norm(&(&path / 1), outputs),
            )
        }),
    }
}

impl ModuleT for BasicBlock {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Tensor {
        let mut ys = xs.apply(&self.conv1).apply_t(&self.bn1, train).relu_();
        ys = ys.apply(&self.conv2).apply_t(&self.bn2, train);
        match &self.downsample {
            Some((conv, norm)) => ys += xs.apply(conv).apply_t(norm, train),
            None => ys += xs,
        }
        ys.relu_()
    }
}

fn conv(path: &nn::Path, inputs: i64, outputs: i64, size: i64, stride: i64) -> nn::Conv2D {
    let config = nn::ConvConfig {
        stride,
        padding: size / 2,
        bias: false,
        ws_init: nn::Init::Kaiming {
            dist: NormalOrUniform::Normal,
            fan: FanInOut::FanOut,
            non_linearity: NonLinearity::ReLU,
        },
        ..Default::default()
    };
    nn::conv2d(path, inputs, outputs, size, config)
}

fn norm(path: &nn::Path, channels: i64) -> nn::BatchNorm {
    let config = nn::BatchNormConfig {
        ws_init: nn::Init::Const(1.0),
        ..Default::default()
    };
    nn::batch_norm2d(path, channels, config)
}
