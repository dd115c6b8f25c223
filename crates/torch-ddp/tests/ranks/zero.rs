//! Adam with its moments dealt to the ranks, against Adam on every rank.

use crate::common::model::{
    assert_same_everywhere, batch, data_parallel, parameters, part, sorted,
};
use crate::common::{Process, on_ranks};
use tch::nn::{self, Module};
use tch::{Device, Kind, Tensor};
use torch_ddp::{
    AdamMoments, AdamStep, DdpOptions, DistributedDataParallel, ErrorKind, Moving, ProcessGroup,
    ZeroRedundancyAdam,
};

const FIRST: AdamStep = AdamStep {
    lr: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    step: 1.0,
};

/// Adam with all moments on every rank.
struct Plain(Vec<(String, Tensor, AdamMoments)>, AdamStep);

impl Plain {
    fn new(vars: &nn::VarStore) -> Self {
        let slot = |(name, tensor): (String, Tensor)| {
            let [mean, square] = [(); 2].map(|()| tensor.detach().zeros_like());
            (name, tensor, AdamMoments { mean, square })
        };
        Self(sorted(vars).into_iter().map(slot).collect(), FIRST)
    }

    fn step(&mut self) {
        let gradients: Vec<Tensor> = self.0.iter().map(|(_, tensor, _)| tensor.grad()).collect();
        let all: Vec<Moving<'_>> = self
            .0
            .iter()
            .zip(&gradients)
            .map(|((_, parameter, moments), gradient)| Moving {
                parameter,
                gradient,
                mean: &moments.mean,
                square: &moments.square,
            })
            .collect();
        self.1.apply(&all).unwrap();
        self.1.step += 1.0;
    }
}

struct Training {
    vars: nn::VarStore,
    net: Box<dyn Module>,
    ddp: DistributedDataParallel,
}

impl Training {
    fn new(rank: &Process, group: &ProcessGroup) -> Self {
        let options = DdpOptions::default().gradient_as_bucket_view(true);
        let (vars, net, ddp) = data_parallel(rank, group, options);
        Self { vars, net, ddp }
    }

    /// The gradients of one batch.
    fn gradients(&mut self, rank: &Process) {
        let (inputs, labels) = batch(48);
        self.ddp.zero_grad().unwrap();
        let net = &self.net;
        let out = self
            .ddp
            .forward(|| net.forward(&part(rank, &inputs)))
            .unwrap();
        let loss = out.cross_entropy_for_logits(&part(rank, &labels));
        self.ddp.backward(&loss).unwrap();
    }
}

#[test]
fn parameters_and_moments_are_those_of_adam_bit_for_bit() {
    on_ranks(
        "parameters_and_moments_are_those_of_adam_bit_for_bit",
        3,
        |rank| {
            let group = rank.group();
            let mut plain = Training::new(&rank, &group);
            let mut dealt = Training::new(&rank, &group);
            let mut adam = Plain::new(&plain.vars);
            let mut zero = ZeroRedundancyAdam::new(&dealt.vars, &group, FIRST).unwrap();
            for step in 0..8 {
                plain.gradients(&rank);
                adam.step();
                dealt.gradients(&rank);
                zero.step().unwrap();
                assert_same_everywhere(&group, &parameters(&dealt.vars));
                assert!(
                    parameters(&dealt.vars).equal(&parameters(&plain.vars)),
                    "step {step}"
                );
                if step == 4 {
                    // A new optimizer that goes on from the gathered moments.
                    let whole = gathered(&group, &zero, &adam);
                    let next = *zero.next_step();
                    assert!((next.step - 6.0).abs() < 1e-9);
                    zero = ZeroRedundancyAdam::new(&dealt.vars, &group, next).unwrap();
                    zero.load(&whole).unwrap();
                }
            }
            // All moments together are twice the model, each rank has a part, and all have some.
            let bytes = i64::try_from(zero.state_bytes()).unwrap();
            let all = group.all_gather(&Tensor::from(bytes)).unwrap();
            let bytes: Vec<i64> = all.iter().map(|bytes| bytes.int64_value(&[])).collect();
            let model: i64 = parameters(&dealt.vars).numel().cast_signed() as i64 * 4;
            assert_eq!(bytes.iter().sum::<i64>(), 2 * model);
            assert!(bytes.iter().all(|bytes| *bytes > 0), "{bytes:?}");
            assert!(zero.owned().count() > 0);
        },
    );
}

/// The moments, on all ranks, which are Adam's.
fn gathered(
    group: &ProcessGroup,
    zero: &ZeroRedundancyAdam,
    adam: &Plain,
) -> Vec<(String, AdamMoments)> {
    let error = zero.gather(group.size()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    let mut whole = Vec::new();
    for root in 0..group.size() {
        let moments = zero.gather(root).unwrap();
        if root == group.rank() {
            whole = moments;
        } else {
            assert!(moments.is_empty());
        }
    }
    for ((name, moments), (known, _, reference)) in whole.iter().zip(&adam.0) {
        assert_eq!(name, known);
        assert!(moments.mean.equal(&reference.mean), "{name}");
        assert!(moments.square.equal(&reference.square), "{name}");
    }
    assert_eq!(whole.len(), adam.0.len());
    whole
}

#[test]
fn parameters_may_lie_in_any_order_but_without_gaps() {
    on_ranks(
        "parameters_may_lie_in_any_order_but_without_gaps",
        2,
        |rank| {
            let group = rank.group();
            let vars = nn::VarStore::new(Device::Cpu);
            let turned = Tensor::arange(6, (Kind::Float, Device::Cpu))
                .view([2, 3])
                .tr();
            let mut weight = vars.root().zeros("weight", &[3, 2]);
            // The first step of Adam is the learning rate.
            let expected = &turned - 1.0;
            weight.set_data(&turned);
            assert!(!weight.is_contiguous());
            let mut zero = ZeroRedundancyAdam::new(&vars, &group, AdamStep::default()).unwrap();
            zero.next_step().lr = 1.0;
            weight.sum(Kind::Float).backward();
            zero.step().unwrap();
            assert!((weight.detach() - expected).abs().max().double_value(&[]) < 1e-5);

            let gaps = nn::VarStore::new(Device::Cpu);
            let mut weight = gaps.root().zeros("weight", &[2]);
            weight.set_data(&Tensor::zeros([4], (Kind::Float, Device::Cpu)).slice(0, 0, 4, 2));
            let none = nn::VarStore::new(Device::Cpu);
            for vars in [&gaps, &none] {
                let error = ZeroRedundancyAdam::new(vars, &group, AdamStep::default()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            }
            let error = zero.load(&[]).err().map(|error| error.kind());
            assert_eq!(error.is_some(), zero.owned().count() > 0);
        },
    );
}
