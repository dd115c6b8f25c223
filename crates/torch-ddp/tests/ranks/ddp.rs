//! Data-parallel training on several processes, against the same training on one.

use std::time::Duration;

use crate::common::model::{
    assert_same_everywhere, batch, copy_of, data_parallel, every_kind_of_options, gradients,
    largest_difference, parameters, part,
};
use crate::common::{die, on_ranks, on_ranks_of_which_some_die};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    Compression, DdpOptions, DistributedDataParallel, ErrorKind, GlooOptions, ProcessGroup,
    ReduceOp,
};

#[test]
fn gradients_are_those_of_the_whole_batch() {
    on_ranks("gradients_are_those_of_the_whole_batch", 2, |rank| {
        // Also where every reduction is compared between ranks first.
        for checked in [false, true] {
            let options = GlooOptions::default().checked(checked);
            let group = rank
                .try_group(&format!("checked{checked}"), &options)
                .unwrap();
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
        }
    });
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
            for (i, options) in every_kind_of_options().into_iter().enumerate().take(5) {
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

#[test]
fn compressed_gradients_are_close() {
    on_ranks("compressed_gradients_are_close", 2, |rank| {
        let (inputs, labels) = batch(64);
        for (i, (compression, kind, bits)) in [
            (Compression::Fp16, Kind::Half, 10),
            (Compression::Bf16, Kind::BFloat16, 7),
        ]
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
            // It did travel with fewer bits: what arrived is what such a number can be.
            let arrived = gradients(&vars);
            assert!(arrived.to_kind(kind).to_kind(Kind::Float).equal(&arrived));
            assert!(!exact.to_kind(kind).to_kind(Kind::Float).equal(&exact));
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
fn buckets_that_are_fixed_are_the_same_from_the_first_step_on() {
    let test = "buckets_that_are_fixed_are_the_same_from_the_first_step_on";
    on_ranks(test, 3, |rank| {
        let fixed = DdpOptions::default().fixed_buckets(true).buckets(600, 2000);
        for (i, options) in [
            fixed,
            fixed.gradient_as_bucket_view(true),
            fixed.static_graph(true),
            fixed.compression(Compression::Fp16),
        ]
        .into_iter()
        .enumerate()
        {
            let group = rank
                .try_group(&format!("group{i}"), &GlooOptions::default())
                .unwrap();
            let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
            // Second layer: 160 weights, 5 biases; first layer: 640 weights, 32 biases.
            let sizes = [640, 2580, 128];
            assert_eq!(ddp.bucket_sizes().unwrap(), sizes);
            let (inputs, labels) = batch(96);
            let step = |net: &dyn Module, ddp: &mut DistributedDataParallel| {
                ddp.zero_grad().unwrap();
                let out = ddp.forward(|| net.forward(&part(&rank, &inputs))).unwrap();
                ddp.backward(&out.cross_entropy_for_logits(&part(&rank, &labels)))
                    .unwrap();
            };
            // What a second pass makes of the same parameters is what the first pass of another
            // reducer does.
            step(&*net, &mut ddp);
            step(&*net, &mut ddp);
            assert_eq!(ddp.bucket_sizes().unwrap(), sizes);
            let (copy, copy_net) = copy_of(&vars);
            let mut anew = DistributedDataParallel::new(&copy, &group, options).unwrap();
            step(&copy_net, &mut anew);
            assert!(gradients(&vars).equal(&gradients(&copy)), "{options:?}");
            assert_same_everywhere(&group, &gradients(&vars));
        }
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
