//! Trains a small net on several processes, each with its own part of every batch.
//!
//! Started by torchrun, or with `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT` set, it is
//! one process of many. Started on its own it runs itself twice:
//!
//! ```sh
//! cargo run -p torch-ddp --example ddp_mlp
//! torchrun --nproc-per-node 4 --no-python target/debug/examples/ddp_mlp
//! ```

mod processes;

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{DdpOptions, DistributedDataParallel, GlooOptions, Launch, ProcessGroup, ReduceOp};

const BATCH: i64 = 128;

fn main() -> Result<(), Box<dyn Error>> {
    match Launch::from_env()? {
        Some(launch) => train(&launch),
        None => processes::run_copies_of_this(2),
    }
}

fn train(launch: &Launch) -> Result<(), Box<dyn Error>> {
    let timeout = Duration::from_secs(60);
    let store = launch.store(timeout)?;
    let options = GlooOptions::default().timeout(timeout);
    let group = ProcessGroup::gloo(&store, launch.rank, launch.world_size, &options)?;

    let vars = nn::VarStore::new(Device::Cpu);
    let root = vars.root();
    let net = nn::seq()
        .add(nn::linear(
            &root / "hidden",
            2,
            64,
            nn::LinearConfig::default(),
        ))
        .add_fn(Tensor::relu)
        .add(nn::linear(
            &root / "out",
            64,
            2,
            nn::LinearConfig::default(),
        ));
    let mut ddp = DistributedDataParallel::new(&vars, &group, DdpOptions::default())?;
    let mut optimizer = nn::Adam::default().build(&vars, 1e-2)?;

    // Every rank draws points of its own: inside a ring or not?
    tch::manual_seed(i64::try_from(launch.rank)?);
    let rows = BATCH / i64::try_from(launch.world_size)?;
    for step in 1..=200 {
        let points = Tensor::randn([rows, 2], (Kind::Float, Device::Cpu));
        let radius = points.norm_scalaropt_dim(2.0, [1], false);
        let labels = (radius.ge(0.8) * radius.le(1.6)).to_kind(Kind::Int64);

        ddp.zero_grad()?;
        let logits = ddp.forward(|| net.forward(&points))?;
        let loss = logits.cross_entropy_for_logits(&labels);
        ddp.backward(&loss)?;
        optimizer.step();

        if step % 50 == 0 {
            // The loss of the whole batch is the mean of the parts'.
            let mut mean = loss.detach() / f64::from(u32::try_from(launch.world_size)?);
            group.all_reduce(&mut mean, ReduceOp::Sum)?;
            let mut right = logits.argmax(1, false).eq_tensor(&labels).sum(Kind::Int64);
            group.all_reduce(&mut right, ReduceOp::Sum)?;
            if launch.rank == 0 {
                let (loss, right) = (f64::try_from(&mean)?, i64::try_from(&right)?);
                writeln!(
                    stdout(),
                    "step {step}: loss {loss:.4}, {right} of {BATCH} right"
                )?;
            }
        }
    }
    // Nobody leaves while others still need the store that rank 0 serves.
    group.barrier()?;
    Ok(())
}
