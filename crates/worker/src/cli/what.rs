//! What is trained and where, which all trainings are told in the same way.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use workbench_ddp_protocol::{
    Data, Device, GradientFormat, Model, Precision, Program, TrainSpec, Tuning,
};

use crate::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// ResNet-18 with as many input channels as the images have
    Resnet18,
    /// Two convolutions, two fully connected layers
    Cnn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeviceName {
    Cpu,
    /// With `None`, the one that torchrun means by `LOCAL_RANK`; 0 without torchrun.
    Cuda(Option<u32>),
}

impl DeviceName {
    fn resolve(self) -> Result<Device, Failure> {
        let index = match self {
            Self::Cpu => return Ok(Device::Cpu),
            Self::Cuda(Some(index)) => index,
            Self::Cuda(None) => match std::env::var("LOCAL_RANK") {
                Err(_) => 0,
                Ok(rank) => rank.trim().parse().map_err(|_| {
                    Failure::spec(format!(
                        "LOCAL_RANK={rank} is no number; give --device cuda:INDEX, or start this with torchrun"
                    ))
                })?,
            },
        };
        Ok(Device::Cuda { index })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NumberFormat {
    /// Single precision
    Fp32,
    /// Half precision: half the bytes, at most 65,504
    Fp16,
    /// bfloat16: half the bytes, fewer digits, the range of single precision
    Bf16,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that do not depend on each other"
)]
struct TuningArgs {
    /// Compute convolutions and products of matrices in bfloat16, on processors that can
    #[arg(long)]
    bf16: bool,
    /// Parts in which the rows of a step go through the model, gradients adding up
    #[arg(long, value_name = "PARTS", default_value_t = 1)]
    accumulate: u32,
    /// Let the channels of a pixel lie beside each other in memory
    #[arg(long)]
    channels_last: bool,
    /// In what form gradients travel
    #[arg(long, value_enum, default_value = "fp32")]
    gradients: NumberFormat,
    /// Look in every step for parameters that get no gradient
    #[arg(long)]
    find_unused_parameters: bool,
    /// Promise that all steps have the same graph
    #[arg(long)]
    static_graph: bool,
}

impl TuningArgs {
    fn into_tuning(self) -> Tuning {
        Tuning {
            precision: if self.bf16 {
                Precision::Bf16
            } else {
                Precision::Fp32
            },
            accumulate: self.accumulate,
            channels_last: self.channels_last,
            gradients: match self.gradients {
                NumberFormat::Fp32 => GradientFormat::Fp32,
                NumberFormat::Fp16 => GradientFormat::Fp16,
                NumberFormat::Bf16 => GradientFormat::Bf16,
            },
            find_unused_parameters: self.find_unused_parameters,
            static_graph: self.static_graph,
        }
    }
}

/// What is trained, and where.
#[derive(Debug, Args)]
pub(super) struct WhatArgs {
    /// What is trained
    #[arg(long, value_enum, default_value = "resnet18")]
    model: ModelName,
    /// Images: a folder with MNIST's IDX files (also .gz), CIFAR's files or archive, or a folder of
    /// PNG files for each class; `embedded` for the MNIST inside this program
    #[arg(long, value_name = "PATH", default_value = "embedded")]
    data: PathBuf,
    /// Seed of weights and shuffling
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads of libtorch in this process
    #[arg(long, default_value_t = 1)]
    threads: u32,
    /// Where to compute: cpu, cuda:INDEX, or cuda for the GPU with this rank's number on its
    /// machine
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: DeviceName,
    #[command(flatten)]
    tuning: TuningArgs,
}

impl WhatArgs {
    /// A training of this in one process, of one epoch, without checkpoints.
    pub(super) fn into_spec(self) -> Result<TrainSpec, Failure> {
        Ok(TrainSpec {
            program: Program::Single,
            model: match self.model {
                ModelName::Resnet18 => Model::Resnet18,
                ModelName::Cnn => Model::Cnn,
            },
            data: data(self.data)?,
            train_rows: None,
            test_rows: None,
            epochs: 1,
            batch: 2,
            lr: 1e-3,
            seed: self.seed,
            threads: self.threads,
            device: self.device.resolve()?,
            checkpoint: None,
            resume: None,
            faults: Vec::new(),
            step_reports_every: 1,
            timeout_s: 300.0,
            tuning: self.tuning.into_tuning(),
        })
    }
}

fn data(path: PathBuf) -> Result<Data, Failure> {
    if path.as_os_str() == "embedded" {
        return Ok(Data::Embedded);
    }
    match fs::metadata(&path) {
        Ok(_) => Ok(Data::Files { path }),
        Err(error) => Err(Failure::spec(format!(
            "--data {}: {error}; give images, or embedded",
            path.display()
        ))),
    }
}

fn device(text: &str) -> Result<DeviceName, String> {
    match text.split_once(':') {
        None if text == "cpu" => Ok(DeviceName::Cpu),
        None if text == "cuda" => Ok(DeviceName::Cuda(None)),
        Some(("cuda", index)) => index
            .parse()
            .map(|index| DeviceName::Cuda(Some(index)))
            .map_err(|_| format!("`{index}` is no number of a GPU; give cuda:0, cuda:1, …")),
        _ => Err("there is no such device; give cpu, cuda or cuda:INDEX".to_owned()),
    }
}
