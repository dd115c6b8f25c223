//! A small net, its data, and what is asked of its parameters.

use super::Process;
use tch::nn::{self, Module};
use tch::{Device, Kind, Tensor};
use torch_ddp::{DdpOptions, DistributedDataParallel, ProcessGroup};

pub const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Two layers on twenty inputs and five classes.
pub fn mlp(vars: &nn::VarStore) -> impl Module + use<> {
    let root = vars.root();
    nn::seq()
        .add(nn::linear(
            &root / "first",
            20,
            32,
            nn::LinearConfig::default(),
        ))
        .add_fn(Tensor::tanh)
        .add(nn::linear(
            &root / "second",
            32,
            5,
            nn::LinearConfig::default(),
        ))
}

/// The same batch of `rows` on every rank.
pub fn batch(rows: i64) -> (Tensor, Tensor) {
    tch::manual_seed(7);
    let inputs = Tensor::randn([rows, 20], CPU);
    let labels = Tensor::randint(5, [rows], (Kind::Int64, Device::Cpu));
    (inputs, labels)
}

/// This rank's part of a batch.
pub fn part(rank: &Process, tensor: &Tensor) -> Tensor {
    tensor.chunk(rank.count(), 0).swap_remove(rank.rank)
}

pub fn flat<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Tensor {
    let parts: Vec<_> = tensors
        .into_iter()
        .map(|tensor| tensor.detach().flatten(0, -1))
        .collect();
    Tensor::cat(&parts, 0)
}

pub fn sorted(vars: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut named: Vec<_> = vars.variables().into_iter().collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    named
}

pub fn parameters(vars: &nn::VarStore) -> Tensor {
    flat(sorted(vars).iter().map(|(_, tensor)| tensor))
}

pub fn gradients(vars: &nn::VarStore) -> Tensor {
    let grads: Vec<_> = sorted(vars)
        .iter()
        .map(|(_, tensor)| tensor.grad())
        .collect();
    flat(&grads)
}

pub fn grad(vars: &nn::VarStore, name: &str) -> Tensor {
    vars.variables()[name].grad()
}

pub fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Asserts that all ranks have the same bits.
pub fn assert_same_everywhere(group: &ProcessGroup, tensor: &Tensor) {
    let all = group.all_gather(tensor).unwrap();
    for (rank, other) in all.iter().enumerate() {
        assert!(
            other.equal(tensor),
            "rank {rank} has other values than rank {}",
            group.rank()
        );
    }
}

/// A model that is different on every rank, until it is made data parallel.
pub fn data_parallel(
    rank: &Process,
    group: &ProcessGroup,
    options: DdpOptions,
) -> (nn::VarStore, Box<dyn Module>, DistributedDataParallel) {
    tch::manual_seed(100 + rank.number());
    let vars = nn::VarStore::new(Device::Cpu);
    let net = mlp(&vars);
    let ddp = DistributedDataParallel::new(&vars, group, options).unwrap();
    (vars, Box::new(net), ddp)
}

/// A second model with the parameters of the first, trained on one process.
pub fn copy_of(vars: &nn::VarStore) -> (nn::VarStore, impl Module + use<>) {
    let mut copy = nn::VarStore::new(Device::Cpu);
    let net = mlp(&copy);
    copy.copy(vars).unwrap();
    (copy, net)
}

/// Every way of working that must not change the result.
pub fn every_kind_of_options() -> Vec<DdpOptions> {
    let default = DdpOptions::default();
    vec![
        default,
        default.buckets(512, 1024),
        default.gradient_as_bucket_view(true),
        default.fixed_buckets(true).buckets(512, 1024),
        default.find_unused_parameters(true),
        default.static_graph(true),
        default
            .static_graph(true)
            .gradient_as_bucket_view(true)
            .buckets(512, 1024),
        default
            .find_unused_parameters(true)
            .gradient_as_bucket_view(true)
            .buckets(512, 1024),
    ]
}
