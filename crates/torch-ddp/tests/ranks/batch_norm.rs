//! Batch normalisation over the rows of all ranks, against tch's own layer on all rows at once.

use crate::common::model::{CPU, assert_same_everywhere, flat, largest_difference, sorted};
use crate::common::{Process, on_ranks};
use tch::nn::{self, ModuleT, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    DdpOptions, DistributedDataParallel, ErrorKind, ProcessGroup, ReduceOp, SyncBatchNorm,
};

/// How many rows each rank has: one has a single one, and one none.
const ROWS: [i64; 4] = [4, 1, 0, 3];

fn own(rank: &Process, all: &Tensor) -> Tensor {
    all.split_with_sizes(ROWS, 0).swap_remove(rank.rank)
}

/// A layer over all ranks, and one of tch's with the same weights.
fn both(group: &ProcessGroup) -> [(nn::VarStore, Box<dyn ModuleT>); 2] {
    let config = nn::BatchNormConfig::default();
    let stores = [(); 2].map(|()| nn::VarStore::new(Device::Cpu));
    tch::manual_seed(1);
    let ours = SyncBatchNorm::new(stores[0].root(), 3, group, config);
    tch::manual_seed(1);
    let theirs = nn::batch_norm2d(stores[1].root(), 3, config);
    let [first, second] = stores;
    [(first, Box::new(ours)), (second, Box::new(theirs))]
}

#[test]
fn statistics_and_gradients_are_those_of_all_rows() {
    on_ranks(
        "statistics_and_gradients_are_those_of_all_rows",
        4,
        |rank| {
            let group = rank.group();
            let [(vars, ours), (alone, theirs)] = both(&group);
            assert_eq!(names(&vars), names(&alone));
            tch::manual_seed(2);
            // Far from zero, where a mean of squares would have no digits left.
            let all = (Tensor::randn([8, 3, 5, 4], CPU) * 2.0 + 300.0).set_requires_grad(true);
            let weight = Tensor::randn([8, 3, 5, 4], CPU);
            let mine = own(&rank, &all).detach().set_requires_grad(true);
            let out = ours.forward_t(&mine, true);
            let whole = theirs.forward_t(&all, true);
            assert!(close(&out, &own(&rank, &whole), 1e-3));

            (out * own(&rank, &weight)).sum(Kind::Float).backward();
            (whole * &weight).sum(Kind::Float).backward();
            assert!(close(&mine.grad(), &own(&rank, &all.grad()), 1e-3));
            for (name, variable) in sorted(&vars) {
                let reference = &alone.variables()[&name];
                if variable.requires_grad() {
                    let mut sum = variable.grad();
                    group.all_reduce(&mut sum, ReduceOp::Sum).unwrap();
                    assert!(close(&sum, &reference.grad(), 1e-3), "{name}");
                } else {
                    assert!(close(&variable, reference, 1e-3), "{name}");
                    assert_same_everywhere(&group, &variable);
                }
            }
            // In an evaluation nobody else is needed.
            if rank.rank == 0 {
                let mine = own(&rank, &all).detach();
                assert!(close(
                    &ours.forward_t(&mine, false),
                    &theirs.forward_t(&mine, false),
                    1e-3
                ));
            }
        },
    );
}

fn names(vars: &nn::VarStore) -> Vec<String> {
    sorted(vars).into_iter().map(|(name, _)| name).collect()
}

fn close(a: &Tensor, b: &Tensor, limit: f64) -> bool {
    a.size() == b.size() && (a.numel() == 0 || largest_difference(a, b) < limit)
}

/// One convolution, a normalisation, and a layer for the classes.
fn net(vars: &nn::VarStore, group: Option<&ProcessGroup>) -> nn::SequentialT {
    let (root, config) = (vars.root(), nn::BatchNormConfig::default());
    let norm = &root / "norm";
    let seq = nn::seq_t().add(nn::conv2d(
        &root / "conv",
        1,
        4,
        3,
        nn::ConvConfig::default(),
    ));
    let seq = match group {
        Some(group) => seq.add(SyncBatchNorm::new(norm, 4, group, config)),
        None => seq.add(nn::batch_norm2d(norm, 4, config)),
    };
    seq.add_fn(|xs| xs.relu().flatten(1, -1)).add(nn::linear(
        &root / "out",
        4 * 6 * 6,
        3,
        nn::LinearConfig::default(),
    ))
}

#[test]
fn two_ranks_train_what_one_trains_on_the_same_rows() {
    on_ranks(
        "two_ranks_train_what_one_trains_on_the_same_rows",
        2,
        |rank| {
            let group = rank.group();
            tch::manual_seed(5);
            let vars = nn::VarStore::new(Device::Cpu);
            let model = net(&vars, Some(&group));
            let mut alone = nn::VarStore::new(Device::Cpu);
            let alone_model = net(&alone, None);
            let options = DdpOptions::default().gradient_as_bucket_view(true);
            let mut ddp = DistributedDataParallel::new(&vars, &group, options).unwrap();
            alone.copy(&vars).unwrap();
            let mut sgd = nn::Sgd::default().build(&vars, 0.1).unwrap();
            let mut alone_sgd = nn::Sgd::default().build(&alone, 0.1).unwrap();
            tch::manual_seed(6);
            for _ in 0..5 {
                let images = Tensor::randn([8, 1, 8, 8], CPU);
                let labels = Tensor::randint(3, [8], (Kind::Int64, Device::Cpu));
                let part = |all: &Tensor| all.chunk(2, 0).swap_remove(rank.rank);
                ddp.zero_grad().unwrap();
                let out = ddp
                    .forward(|| model.forward_t(&part(&images), true))
                    .unwrap();
                ddp.backward(&out.cross_entropy_for_logits(&part(&labels)))
                    .unwrap();
                sgd.step();
                let loss = alone_model
                    .forward_t(&images, true)
                    .cross_entropy_for_logits(&labels);
                alone_sgd.backward_step(&loss);
            }
            let all = |vars: &nn::VarStore| flat(sorted(vars).iter().map(|(_, tensor)| tensor));
            assert_same_everywhere(&group, &all(&vars));
            let difference = largest_difference(&all(&vars), &all(&alone));
            assert!(difference < 1e-4, "{difference}");
        },
    );
}

#[test]
fn inputs_without_a_variance_are_refused_everywhere() {
    on_ranks(
        "inputs_without_a_variance_are_refused_everywhere",
        2,
        |rank| {
            let group = rank.group();
            let vars = nn::VarStore::new(Device::Cpu);
            let norm = SyncBatchNorm::new(vars.root(), 3, &group, nn::BatchNormConfig::default());
            let odd = norm.forward(&Tensor::zeros([2, 4], CPU), true).unwrap_err();
            assert_eq!(odd.kind(), ErrorKind::InvalidArgument, "{odd}");
            let rows = 1 - rank.number();
            let single = norm
                .forward(&Tensor::zeros([rows, 3], CPU), true)
                .unwrap_err();
            assert_eq!(single.kind(), ErrorKind::InvalidArgument, "{single}");
            assert!(norm.forward(&Tensor::zeros([1, 3], CPU), true).is_ok());
        },
    );
}
