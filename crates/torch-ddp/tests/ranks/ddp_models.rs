//! Which models can be trained data parallel: with parameters that go unused, with buffers, with
//! differences between ranks.

use crate::common::model::grad;
use crate::common::on_ranks;
use tch::{Device, Kind, Tensor, nn};
use torch_ddp::{DdpOptions, DistributedDataParallel, ErrorKind};

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
fn a_static_graph_is_learnt_from_the_first_pass_that_goes_backward() {
    let test = "a_static_graph_is_learnt_from_the_first_pass_that_goes_backward";
    on_ranks(test, 2, |rank| {
        let model = Choice::new();
        let group = rank.group();
        let options = DdpOptions::default().static_graph(true);
        let mut ddp = DistributedDataParallel::new(&model.0, &group, options).unwrap();
        let own = rank.rank as f64 + 1.0;
        // Nobody asks for the gradients of these.
        drop(ddp.forward(|| model.run(&["a", "b"])).unwrap());
        drop(ddp.forward(|| model.run(&["a", "b"])).unwrap());
        for _ in 0..3 {
            ddp.zero_grad().unwrap();
            let out = ddp.forward(|| model.run(&["a", "b"])).unwrap();
            ddp.backward(&(out * own)).unwrap();
            let mean = Vec::<f32>::try_from(grad(&model.0, "a")).unwrap();
            assert_eq!(mean, [1.5, 1.5]);
        }
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

            // Of passes without reduction only the first after one with it brings buffers in line.
            ddp.no_sync(|ddp| {
                for expected in [20.0, 20.0 * own] {
                    let _ = mean.fill_(20.0 * own);
                    let expected = if follow { expected } else { 20.0 * own };
                    let seen = ddp
                        .forward(|| (weight.shallow_clone(), mean.copy()))
                        .unwrap()
                        .1;
                    assert_eq!(Vec::<f64>::try_from(seen).unwrap(), [expected; 3]);
                }
            });
        }
    });
}

#[test]
fn variables_that_cannot_be_trained_are_refused() {
    on_ranks("variables_that_cannot_be_trained_are_refused", 1, |rank| {
        let group = rank.group();
        let vars = nn::VarStore::new(Device::Cpu);
        let weight = vars.root().ones("weight", &[2]);
        let add = |name: &str, tensor: Tensor| {
            vars.variables_
                .lock()
                .unwrap()
                .named_variables
                .insert(name.to_owned(), tensor)
        };
        for (tensor, message) in [
            (
                weight.shallow_clone(),
                "`alias` and `weight` are the same tensor",
            ),
            (&weight * 2.0, "`alias` is computed from others"),
        ] {
            add("alias", tensor);
            let error =
                DistributedDataParallel::new(&vars, &group, DdpOptions::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            assert!(error.to_string().contains(message), "{error}");
            // Nothing of it is left on the parameter.
            weight.sum(Kind::Float).backward();
        }
    });
}
