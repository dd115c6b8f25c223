//! How many images a second does data-parallel training of a ResNet-18 take?
//!
//! The ResNet-18 of He and others (2016) in the form used for small images: one channel, 28 × 28, a
//! first convolution of 3 × 3, no pooling before the blocks, 10 classes, 11.2 million parameters.
//! Random images; Adam; each process computes on one thread unless OMP_NUM_THREADS says otherwise.
//!
//! ```sh
//! cargo run --release -p torch-ddp --example resnet18 -- PROCESSES [BATCH_PER_PROCESS [STEPS]]
//! ```

mod processes;

use std::env;
use std::error::Error;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use tch::nn::{self, ModuleT, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    DdpOptions, DistributedDataParallel, GlooOptions, Launch, ProcessGroup, StepTimings,
};

/// Steps before the clock starts: buckets are made anew after the first.
const WARM_UP: u32 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let number = |index: usize, default: usize| match env::args().nth(index) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (processes, batch, steps) = (number(1, 2)?, number(2, 32)?, number(3, 10)?);
    match Launch::from_env()? {
        Some(launch) => measure(&launch, i64::try_from(batch)?, u32::try_from(steps)?),
        None => processes::run_copies_of_this(processes),
    }
}

fn measure(launch: &Launch, batch: i64, steps: u32) -> Result<(), Box<dyn Error>> {
    if env::var_os("OMP_NUM_THREADS").is_none() {
        tch::set_num_threads(1);
    }
    let timeout = Duration::from_secs(300);
    let store = launch.store(timeout)?;
    let options = GlooOptions::default().timeout(timeout);
    let group = ProcessGroup::gloo(&store, launch.rank, launch.world_size, &options)?;

    tch::manual_seed(1);
    let vars = nn::VarStore::new(Device::Cpu);
    let net = resnet18(&vars.root());
    let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default())?;
    let mut optimizer = nn::Adam::default().build(&vars, 1e-3)?;
    let images = Tensor::randn([batch, 1, 28, 28], (Kind::Float, Device::Cpu));
    let labels = Tensor::randint(10, [batch], (Kind::Int64, Device::Cpu));

    let mut begin = Instant::now();
    let mut timings = StepTimings::default();
    for step in 0..WARM_UP + steps {
        if step == WARM_UP {
            group.barrier()?;
            begin = Instant::now();
        }
        ddp.zero_grad()?;
        let logits = ddp.forward(|| net.forward_t(&images, true))?;
        ddp.backward(&logits.cross_entropy_for_logits(&labels))?;
        optimizer.step();
        timings = ddp.timings()?;
    }
    group.barrier()?;
    let seconds = begin.elapsed().as_secs_f64();
    if launch.rank == 0 {
        let world = u32::try_from(launch.world_size)?;
        let images = f64::from(steps) * f64::from(u32::try_from(batch)?) * f64::from(world);
        let mut out = stdout();
        writeln!(
            out,
            "{world} processes, {batch} images each: {:.2} images/s",
            images / seconds
        )?;
        writeln!(out, "{:.1} ms a step", seconds * 1e3 / f64::from(steps))?;
        writeln!(
            out,
            "{} parameters in buckets of {:?} bytes",
            count(&vars),
            ddp.bucket_sizes()?
        )?;
        writeln!(out, "last step: {timings:?}")?;
    }
    Ok(())
}

fn count(vars: &nn::VarStore) -> usize {
    vars.trainable_variables().iter().map(Tensor::numel).sum()
}

fn resnet18(path: &nn::Path) -> nn::SequentialT {
    let mut net = nn::seq_t()
        .add(conv(&(path / "conv1"), 1, 64, 3, 1))
        .add(nn::batch_norm2d(
            path / "bn1",
            64,
            nn::BatchNormConfig::default(),
        ))
        .add_fn(Tensor::relu);
    let mut channels = 64;
    for (stage, (width, stride)) in [(64, 1), (128, 2), (256, 2), (512, 2)]
        .into_iter()
        .enumerate()
    {
        let layer = path / format!("layer{}", stage + 1);
        net = net
            .add(block(&(&layer / 0), channels, width, stride))
            .add(block(&(&layer / 1), width, width, 1));
        channels = width;
    }
    net.add_fn(|xs| xs.adaptive_avg_pool2d([1, 1]).flat_view())
        .add(nn::linear(
            path / "fc",
            512,
            10,
            nn::LinearConfig::default(),
        ))
}

/// Two convolutions and what they are added to.
#[derive(Debug)]
struct Block {
    conv1: nn::Conv2D,
    bn1: nn::BatchNorm,
    conv2: nn::Conv2D,
    bn2: nn::BatchNorm,
    downsample: Option<(nn::Conv2D, nn::BatchNorm)>,
}

fn block(path: &nn::Path, input: i64, output: i64, stride: i64) -> Block {
    let norm = |name: &str| nn::batch_norm2d(path / name, output, nn::BatchNormConfig::default());
    Block {
        conv1: conv(&(path / "conv1"), input, output, 3, stride),
        bn1: norm("bn1"),
        conv2: conv(&(path / "conv2"), output, output, 3, 1),
        bn2: norm("bn2"),
        downsample: (stride != 1 || input != output).then(|| {
            (
                conv(&(path / "downsample"), input, output, 1, stride),
                norm("downsample_bn"),
            )
        }),
    }
}

impl ModuleT for Block {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Tensor {
        let ys = xs.apply(&self.conv1).apply_t(&self.bn1, train).relu();
        let ys = ys.apply(&self.conv2).apply_t(&self.bn2, train);
        let beside = match &self.downsample {
            Some((conv, norm)) => xs.apply(conv).apply_t(norm, train),
            None => xs.shallow_clone(),
        };
        (ys + beside).relu()
    }
}

fn conv(path: &nn::Path, input: i64, output: i64, size: i64, stride: i64) -> nn::Conv2D {
    let config = nn::ConvConfig {
        stride,
        padding: size / 2,
        bias: false,
        ..Default::default()
    };
    nn::conv2d(path, input, output, size, config)
}
