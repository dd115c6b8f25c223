//! Data-parallel training on several processes, against the same training on one.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "bits are compared on purpose"
)]

mod common;

use std::time::Duration;

use common::{Process, die, on_ranks, on_ranks_of_which_some_die};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    Compression, DdpOptions, DistributedDataParallel, ErrorKind, GlooOptions, ProcessGroup,
    ReduceOp,
};

const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Two layers on twenty inputs and five classes.
fn mlp(vars: &nn::VarStore) -> impl Module + use<> {
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
fn batch(rows: i64) -> (Tensor, Tensor) {
    tch::manual_seed(7);
    let inputs = Tensor::randn([rows, 20], CPU);
    let labels = Tensor::randint(5, [rows], (Kind::Int64, Device::Cpu));
    (inputs, labels)
}

/// This rank's part of a batch.
fn part(rank: &Process, tensor: &Tensor) -> Tensor {
    tensor.chunk(rank.count(), 0).swap_remove(rank.rank)
}

fn flat<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Tensor {
    let parts: Vec<_> = tensors
        .into_iter()
        .map(|tensor| tensor.detach().flatten(0, -1))
        .collect();
    Tensor::cat(&parts, 0)
}

fn sorted(vars: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut named: Vec<_> = vars.variables().into_iter().collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    named
}

fn parameters(vars: &nn::VarStore) -> Tensor {
    flat(sorted(vars).iter().map(|(_, tensor)| tensor))
}

fn gradients(vars: &nn::VarStore) -> Tensor {
    let grads: Vec<_> = sorted(vars)
        .iter()
        .map(|(_, tensor)| tensor.grad())
        .collect();
    flat(&grads)
}

fn grad(vars: &nn::VarStore, name: &str) -> Tensor {
    vars.variables()[name].grad()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Asserts that all ranks have the same bits.
fn assert_same_everywhere(group: &ProcessGroup, tensor: &Tensor) {
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
fn data_parallel(
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
fn copy_of(vars: &nn::VarStore) -> (nn::VarStore, impl Module + use<>) {
    let mut copy = nn::VarStore::new(Device::Cpu);
    let net = mlp(&copy);
    copy.copy(vars).unwrap();
    (copy, net)
}

#[test]
fn gradients_are_those_of_the_whole_batch() {
    on_ranks("gradients_are_those_of_the_whole_batch", 2, |rank| {
        let group = rank.group();
        let (vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        assert_same_everywhere(&group, &parameters(&vars));
        assert_eq!(ddp.parameter_count(), 4);
        let (alone, alone_net) = copy_of(&vars);
        let (inputs, labels) = batch(128);

        let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
        ddp.backward(&out.cross_entropy_for_logits(&part(&rank, &labels)))
            .unwrap();
        alone_net
            .forward(&inputs)
            .cross_entropy_for_logits(&labels)
            .backward();

        assert_same_everywhere(&group, &gradients(&vars));
        let difference = largest_difference(&gradients(&vars), &gradients(&alone));
        assert!(difference < 1e-6, "{difference}");
        // And they are not those of this rank's part alone.
        let (local, local_net) = copy_of(&vars);
        local_net
            .forward(&part(&rank, &inputs))
            .cross_entropy_for_logits(&part(&rank, &labels))
            .backward();
        assert!(largest_difference(&gradients(&vars), &gradients(&local)) > 1e-3);
    });
}

fn every_kind_of_options() -> Vec<DdpOptions> {
    let default = DdpOptions::default();
    vec![
        default,
        default.buckets(512, 1024),
        default.gradient_as_bucket_view(true),
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

#[test]
fn replicas_stay_equal_to_the_bit_and_close_to_one_process() {
    on_ranks(
        "replicas_stay_equal_to_the_bit_and_close_to_one_process",
        3,
        |rank| {
            let (inputs, labels) = batch(96);
            for (i, options) in every_kind_of_options().into_iter().enumerate() {
                let group = rank
                    .try_group(&format!("group{i}"), &GlooOptions::default())
                    .unwrap();
                let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
                let (alone, alone_net) = copy_of(&vars);
                let mut opt = nn::Adam::default().build(&vars, 1e-2).unwrap();
                let mut alone_opt = nn::Adam::default().build(&alone, 1e-2).unwrap();
                for _ in 0..6 {
                    ddp.zero_grad().unwrap();
                    let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
                    ddp.backward(&out.cross_entropy_for_logits(&part(&rank, &labels)))
                        .unwrap();
                    opt.step();
                    let loss = alone_net.forward(&inputs).cross_entropy_for_logits(&labels);
                    alone_opt.backward_step(&loss);
                    assert_same_everywhere(&group, &parameters(&vars));
                }
                let difference = largest_difference(&parameters(&vars), &parameters(&alone));
                assert!(difference < 1e-4, "{options:?}: {difference}");
            }
        },
    );
}

#[test]
fn no_sync_adds_up_and_the_next_pass_reduces_the_sum() {
    on_ranks(
        "no_sync_adds_up_and_the_next_pass_reduces_the_sum",
        2,
        |rank| {
            for (i, options) in every_kind_of_options().into_iter().enumerate().take(4) {
                let group = rank
                    .try_group(&format!("group{i}"), &GlooOptions::default())
                    .unwrap();
                let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
                let (alone, alone_net) = copy_of(&vars);
                let (inputs, labels) = batch(64);
                let halves = |tensor: &Tensor| part(&rank, tensor).chunk(2, 0);
                let (xs, ys) = (halves(&inputs), halves(&labels));
                for round in 0..2 {
                    ddp.zero_grad().unwrap();
                    ddp.no_sync(|ddp| {
                        let out = ddp.forward(|| net.forward(&xs[0])).unwrap();
                        ddp.backward(&out.cross_entropy_for_logits(&ys[0])).unwrap();
                    });
                    let unreduced = group.all_gather(&gradients(&vars)).unwrap();
                    assert!(!unreduced[0].equal(&unreduced[1]), "round {round}");
                    let out = ddp.forward(|| net.forward(&xs[1])).unwrap();
                    ddp.backward(&out.cross_entropy_for_logits(&ys[1])).unwrap();
                    assert_same_everywhere(&group, &gradients(&vars));
                }
                // Two means over a quarter of the batch each: twice the mean over all of it.
                (alone_net.forward(&inputs).cross_entropy_for_logits(&labels) * 2.0).backward();
                let difference = largest_difference(&gradients(&vars), &gradients(&alone));
                assert!(difference < 1e-6, "{options:?}: {difference}");
            }
        },
    );
}

/// Three weights of which each pass uses some: the output is the sum of those named.
struct Choice(nn::VarStore);

impl Choice {
    fn new() -> Self {
        let vars = nn::VarStore::new(Device::Cpu);
        for name in ["a", "b", "c"] {
            let _ = vars.root().ones(name, &[2]);
        }
        Self(vars)
    }

    fn run(&self, names: &[&str]) -> Tensor {
        let vars = self.0.variables();
        names
            .iter()
            .map(|&name| vars[name].sum(Kind::Float))
            .reduce(|a, b| a + b)
            .unwrap()
    }
}

#[test]
fn unused_parameters_are_found() {
    on_ranks("unused_parameters_are_found", 2, |rank| {
        let group = rank.group();
        for view in [false, true] {
            let model = Choice::new();
            let options = DdpOptions::default()
                .find_unused_parameters(true)
                .gradient_as_bucket_view(view);
            let mut ddp = DistributedDataParallel::new(&model.0, &group, options).unwrap();
            for _ in 0..3 {
                ddp.zero_grad().unwrap();
                // `b` is used on rank 1 alone, `c` nowhere.
                let names: &[&str] = if rank.rank == 0 { &["a"] } else { &["a", "b"] };
                let out = ddp.forward(|| model.run(names)).unwrap();
                ddp.backward(&out).unwrap();
                let mean = |name| Vec::<f32>::try_from(grad(&model.0, name)).unwrap();
                assert_eq!(mean("a"), [1.0, 1.0]);
                assert_eq!(mean("b"), [0.5, 0.5]);
                assert!(!grad(&model.0, "c").defined());
            }
        }
    });
}

#[test]
fn unused_parameters_that_nobody_looks_for_are_an_error() {
    on_ranks(
        "unused_parameters_that_nobody_looks_for_are_an_error",
        2,
        |rank| {
            let model = Choice::new();
            let group = rank.group();
            let mut ddp =
                DistributedDataParallel::new(&model.0, &group, DdpOptions::default()).unwrap();
            let out = ddp.forward(|| model.run(&["a", "b"])).unwrap();
            ddp.backward(&out).unwrap();
            let error = ddp.forward(|| model.run(&["a", "b"])).unwrap_err();
            assert!(
                error
                    .message()
                    .contains("Expected to have finished reduction"),
                "{error}"
            );
        },
    );
}

#[test]
fn a_static_graph_may_leave_parameters_out() {
    on_ranks("a_static_graph_may_leave_parameters_out", 2, |rank| {
        let model = Choice::new();
        let group = rank.group();
        let options = DdpOptions::default().static_graph(true);
        let mut ddp = DistributedDataParallel::new(&model.0, &group, options).unwrap();
        let own = rank.rank as f64 + 1.0;
        for _ in 0..3 {
            ddp.zero_grad().unwrap();
            let out = ddp.forward(|| model.run(&["a", "b"])).unwrap();
            ddp.backward(&(out * own)).unwrap();
            assert_eq!(
                Vec::<f32>::try_from(grad(&model.0, "a")).unwrap(),
                [1.5, 1.5]
            );
            assert!(!grad(&model.0, "c").defined());
        }
        let mut other = DistributedDataParallel::new(&model.0, &group, options).unwrap();
        let error = other.forward(|| Tensor::from(1.0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    });
}

#[test]
fn models_that_differ_are_an_error_on_every_rank() {
    on_ranks("models_that_differ_are_an_error_on_every_rank", 3, |rank| {
        let group = rank.group();
        let vars = nn::VarStore::new(Device::Cpu);
        let width = if rank.rank == 2 { 7 } else { 6 };
        let _ = vars.root().zeros("bias", &[4]);
        let _ = vars.root().zeros("weight", &[4, width]);
        let make = |options| DistributedDataParallel::new(&vars, &group, options);
        let error = make(DdpOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert!(
            error.to_string().contains(
                "`weight`: Float [4, 6] trained on rank 0, Float [4, 7] trained on rank 2"
            ),
            "{error}"
        );
        // The group is still good.
        group.barrier().unwrap();

        let vars = nn::VarStore::new(Device::Cpu);
        let _ = vars.root().zeros("bias", &[4]);
        let options = DdpOptions::default().static_graph(rank.rank == 1);
        let error = DistributedDataParallel::new(&vars, &group, options).unwrap_err();
        assert!(error.to_string().contains("the options"), "{error}");

        let nothing = nn::VarStore::new(Device::Cpu);
        let _ = nothing.root().zeros_no_train("mean", &[4]);
        let error =
            DistributedDataParallel::new(&nothing, &group, DdpOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    });
}

#[test]
fn buffers_follow_rank_0() {
    on_ranks("buffers_follow_rank_0", 2, |rank| {
        let group = rank.group();
        for follow in [true, false] {
            let vars = nn::VarStore::new(Device::Cpu);
            let weight = vars.root().ones("weight", &[1]);
            let mut mean = vars.root().zeros_no_train("mean", &[3]);
            let own = 1.0 + rank.rank as f64;
            let _ = mean.fill_(own);
            let options = DdpOptions::default().broadcast_buffers(follow);
            let mut ddp = DistributedDataParallel::new(&vars, &group, options).unwrap();
            assert_eq!(Vec::<f32>::try_from(&mean).unwrap(), [1.0; 3]);
            let _ = mean.fill_(10.0 * own);
            let seen = ddp
                .forward(|| (weight.shallow_clone(), mean.copy()))
                .map(|(weight, mean)| {
                    ddp.backward(&weight).unwrap();
                    Vec::<f32>::try_from(mean).unwrap()
                })
                .unwrap();
            assert_eq!(seen, [if follow { 10.0 } else { 10.0 * own as f32 }; 3]);
        }
    });
}

#[test]
fn compressed_gradients_are_close() {
    on_ranks("compressed_gradients_are_close", 2, |rank| {
        let (inputs, labels) = batch(64);
        for (i, (compression, bits)) in [(Compression::Fp16, 10), (Compression::Bf16, 7)]
            .into_iter()
            .enumerate()
        {
            let group = rank
                .try_group(&format!("group{i}"), &GlooOptions::default())
                .unwrap();
            let options = DdpOptions::default().compression(compression);
            let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
            let (alone, alone_net) = copy_of(&vars);
            for _ in 0..2 {
                ddp.zero_grad().unwrap();
                let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
                ddp.backward(&out.cross_entropy_for_logits(&part(&rank, &labels)))
                    .unwrap();
            }
            alone_net
                .forward(&inputs)
                .cross_entropy_for_logits(&labels)
                .backward();
            assert_same_everywhere(&group, &gradients(&vars));
            let exact = gradients(&alone);
            let difference = largest_difference(&gradients(&vars), &exact);
            let largest = exact.abs().max().double_value(&[]);
            let allowed = 4.0 * largest * 0.5_f64.powi(bits);
            assert!(difference < allowed, "{compression:?}: {difference}");
            // It did travel with fewer bits.
            assert!(difference > 0.0);
        }
    });
}

#[test]
fn buckets_are_made_anew_after_the_first_step() {
    on_ranks("buckets_are_made_anew_after_the_first_step", 2, |rank| {
        let group = rank.group();
        // 10 weights of 4 KiB; buckets of 4 and then 12 KiB.
        let vars = nn::VarStore::new(Device::Cpu);
        let weights: Vec<_> = (0..10)
            .map(|i| vars.root().ones(&format!("w{i}"), &[1024]))
            .collect();
        let options = DdpOptions::default().buckets(4096, 3 * 4096);
        let mut ddp = DistributedDataParallel::new(&vars, &group, options).unwrap();
        assert_eq!(ddp.bucket_sizes().unwrap(), [40_960]);
        for _ in 0..2 {
            let out = ddp.forward(|| {
                weights
                    .iter()
                    .map(Tensor::shallow_clone)
                    .reduce(|a, b| (a * b).sin())
                    .unwrap()
            });
            ddp.backward(&out.unwrap().sum(Kind::Float)).unwrap();
        }
        assert_eq!(ddp.bucket_sizes().unwrap(), [4096, 12_288, 12_288, 12_288]);
    });
}

#[test]
fn timings_say_where_a_step_went() {
    on_ranks("timings_say_where_a_step_went", 2, |rank| {
        let group = rank.group();
        let (_vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        let (inputs, labels) = batch(64);
        assert_eq!(ddp.timings().unwrap(), torch_ddp::StepTimings::default());
        for iteration in 1..=30 {
            let out = ddp.forward(|| net.forward(&inputs)).unwrap();
            ddp.backward(&out.cross_entropy_for_logits(&labels))
                .unwrap();
            let timings = ddp.timings().unwrap();
            assert_eq!(timings.iteration, iteration);
            let parts = [timings.forward, timings.backward, timings.communication];
            assert!(parts.iter().all(Option::is_some), "{timings:?}");
            assert!(timings.overlap <= timings.communication, "{timings:?}");
        }
    });
}

#[test]
fn without_gradients_a_forward_pass_is_just_that() {
    on_ranks("without_gradients_a_forward_pass_is_just_that", 2, |rank| {
        let group = rank.group();
        let (vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        let (inputs, labels) = batch(8);
        for _ in 0..3 {
            let out = tch::no_grad(|| ddp.forward(|| net.forward(&inputs)).unwrap());
            assert!(!out.requires_grad());
            let out = ddp.forward(|| net.forward(&inputs)).unwrap();
            ddp.backward(&out.cross_entropy_for_logits(&labels))
                .unwrap();
        }
        assert_same_everywhere(&group, &gradients(&vars));
    });
}

#[test]
fn a_peer_killed_before_backward_is_an_error_and_no_hang() {
    let test = "a_peer_killed_before_backward_is_an_error_and_no_hang";
    on_ranks_of_which_some_die(test, 3, &[2], |rank| {
        let options = GlooOptions::default().timeout(Duration::from_secs(30));
        let group = rank.group_with(&options);
        let (vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        let (inputs, labels) = batch(8);
        let out = ddp.forward(|| net.forward(&inputs)).unwrap();
        if rank.rank == 2 {
            die();
        }
        let error = ddp
            .backward(&out.cross_entropy_for_logits(&labels))
            .unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout),
            "{error}"
        );
        // The model outlives the failure: with a new group of those left it trains on.
        drop((ddp, group));
        let left = ProcessGroup::gloo(&rank.store("left"), rank.rank, 2, &options).unwrap();
        let mut ddp = DistributedDataParallel::new(&vars, &left, DdpOptions::default()).unwrap();
        ddp.zero_grad().unwrap();
        let out = ddp.forward(|| net.forward(&inputs)).unwrap();
        ddp.backward(&out.cross_entropy_for_logits(&labels))
            .unwrap();
        assert_same_everywhere(&left, &gradients(&vars));
    });
}

#[test]
fn dropping_in_odd_orders_is_fine() {
    on_ranks("dropping_in_odd_orders_is_fine", 2, |rank| {
        let group = rank.group();
        let (inputs, labels) = batch(16);
        for options in every_kind_of_options() {
            // Gone between forward and backward: the backward pass is this rank's alone.
            let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
            let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
            drop(ddp);
            out.cross_entropy_for_logits(&part(&rank, &labels))
                .backward();
            let all = group.all_gather(&gradients(&vars)).unwrap();
            assert!(!all[0].equal(&all[1]));

            // The variables go first, then the graph of an earlier pass, then the reducer.
            let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
            let out = ddp.forward(|| net.forward(&inputs)).unwrap();
            let loss = out.cross_entropy_for_logits(&labels);
            drop((vars, net, out));
            ddp.backward(&loss).unwrap();
            drop(loss);
            drop(ddp);
        }
        // The group goes before the reducer, which goes on.
        let (vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        drop(group);
        let out = ddp.forward(|| net.forward(&inputs)).unwrap();
        ddp.backward(&out.cross_entropy_for_logits(&labels))
            .unwrap();
        assert_same_everywhere(ddp.group(), &gradients(&vars));
        let mut sum = Tensor::from(1_i64);
        ddp.group().all_reduce(&mut sum, ReduceOp::Sum).unwrap();
        assert_eq!(i64::try_from(&sum).unwrap(), 2);
    });
}

#[test]
fn a_panic_inside_no_sync_leaves_it() {
    on_ranks("a_panic_inside_no_sync_leaves_it", 2, |rank| {
        let group = rank.group();
        let (vars, net, mut ddp) = data_parallel(&rank, &group, DdpOptions::default());
        let (inputs, labels) = batch(16);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ddp.no_sync(|_| std::panic::resume_unwind(Box::new("on purpose")));
        }));
        assert!(panic.is_err());
        let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
        ddp.backward(&out.cross_entropy_for_logits(&part(&rank, &labels)))
            .unwrap();
        assert_same_everywhere(&group, &gradients(&vars));
    });
}
