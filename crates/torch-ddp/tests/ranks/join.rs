//! Ranks with different numbers of inputs, after a step on all, against the same steps on one
//! process.

use crate::common::model::{
    CPU, assert_same_everywhere, batch, copy_of, data_parallel, every_kind_of_options,
    largest_difference, parameters,
};
use crate::common::on_ranks;
use tch::nn::{self, Module, ModuleT, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use torch_ddp::{DdpOptions, DistributedDataParallel, Divisor, Error, ErrorKind, GlooOptions};

/// Steps that each rank has inputs for; one has none at all.
const INPUTS: [usize; 4] = [1, 3, 0, 2];

/// The inputs of a rank's step: rows of its own.
fn input(rank: usize, step: usize) -> (Tensor, Tensor) {
    let (inputs, labels) = batch(128);
    let first = (8 * (4 * rank + step)).cast_signed() as i64;
    (inputs.narrow(0, first, 8), labels.narrow(0, first, 8))
}

#[test]
fn those_without_inputs_add_nothing_and_get_the_model_of_the_last() {
    on_ranks(
        "those_without_inputs_add_nothing_and_get_the_model_of_the_last",
        INPUTS.len(),
        |rank| {
            for (i, options) in every_kind_of_options().into_iter().enumerate() {
                for divisor in [Divisor::AllRanks, Divisor::RanksLeft] {
                    let group = rank
                        .try_group(&format!("{i}{divisor:?}"), &GlooOptions::default())
                        .unwrap();
                    let (vars, net, mut ddp) = data_parallel(&rank, &group, options);
                    let (alone, alone_net) = copy_of(&vars);
                    let mut sgd = nn::Sgd::default().build(&vars, 0.5).unwrap();
                    let mut step = |ddp: &mut DistributedDataParallel, (inputs, labels)| {
                        let labels: Tensor = labels;
                        ddp.zero_grad()?;
                        let out = ddp.forward(|| net.forward(&inputs))?;
                        ddp.backward(&out.cross_entropy_for_logits(&labels))?;
                        sgd.step();
                        Ok::<(), Error>(())
                    };
                    if options.static_graph {
                        let early = ddp.join([input(0, 0)], divisor, &mut step).unwrap_err();
                        assert_eq!(early.kind(), ErrorKind::InvalidArgument, "{early}");
                    }
                    step(&mut ddp, input(rank.rank, 3)).unwrap();
                    let inputs = (0..INPUTS[rank.rank]).map(|step| input(rank.rank, step));
                    ddp.join(inputs, divisor, step).unwrap();
                    assert_same_everywhere(&group, &parameters(&vars));
                    train_alone((&alone, &alone_net), divisor);
                    let difference = largest_difference(&parameters(&vars), &parameters(&alone));
                    assert!(difference < 1e-5, "{options:?} {divisor:?}: {difference}");
                }
            }
        },
    );
}

/// What all ranks do together.
fn train_alone((vars, net): (&nn::VarStore, &impl Module), divisor: Divisor) {
    let mut sgd = nn::Sgd::default().build(vars, 0.5).unwrap();
    for step in [3, 0, 1, 2] {
        let left: Vec<usize> = (0..INPUTS.len())
            .filter(|rank| step == 3 || INPUTS[*rank] > step)
            .collect();
        let losses: Vec<Tensor> = left
            .iter()
            .map(|rank| {
                let (inputs, labels) = input(*rank, step);
                net.forward(&inputs).cross_entropy_for_logits(&labels)
            })
            .collect();
        let divisor = match divisor {
            Divisor::AllRanks => INPUTS.len(),
            Divisor::RanksLeft => left.len(),
        };
        let sum: Tensor = losses.iter().sum();
        sgd.backward_step(&(sum / divisor as f64));
    }
}

#[test]
fn buffers_and_accumulated_steps_are_those_of_ranks_with_inputs() {
    on_ranks(
        "buffers_and_accumulated_steps_are_those_of_ranks_with_inputs",
        2,
        |rank| {
            let group = rank.group();
            tch::manual_seed(1);
            let vars = nn::VarStore::new(Device::Cpu);
            let net = nn::seq_t()
                .add(nn::linear(
                    vars.root() / "in",
                    20,
                    6,
                    nn::LinearConfig::default(),
                ))
                .add(nn::batch_norm1d(
                    vars.root() / "norm",
                    6,
                    nn::BatchNormConfig::default(),
                ))
                .add(nn::linear(
                    vars.root() / "out",
                    6,
                    5,
                    nn::LinearConfig::default(),
                ));
            let options = DdpOptions::default().gradient_as_bucket_view(true);
            let mut ddp = DistributedDataParallel::new(&vars, &group, options).unwrap();
            let mut sgd = nn::Sgd::default().build(&vars, 0.1).unwrap();
            // Rank 0, whose buffers the others usually take, has fewer.
            let steps = 2 + 3 * rank.rank;
            ddp.join(0..steps, Divisor::RanksLeft, |ddp, step| {
                let inputs = Tensor::randn([8, 20], CPU) + step as f64;
                let loss = |out: Tensor| out.square().mean(Kind::Float);
                ddp.zero_grad()?;
                ddp.no_sync(|ddp| {
                    let out = ddp.forward(|| net.forward_t(&inputs, true))?;
                    ddp.backward(&loss(out))
                })?;
                let out = ddp.forward(|| net.forward_t(&inputs, true))?;
                ddp.backward(&loss(out))?;
                sgd.step();
                Ok::<(), Error>(())
            })
            .unwrap();
            let all: Vec<Tensor> = crate::common::model::sorted(&vars)
                .into_iter()
                .map(|(_, tensor)| tensor)
                .collect();
            assert_same_everywhere(&group, &crate::common::model::flat(&all));
            // The mean follows inputs that rank 0 has never seen.
            let step = ddp.forward(|| net.forward_t(&Tensor::randn([8, 20], CPU), true));
            assert!(step.is_ok());
        },
    );
}
