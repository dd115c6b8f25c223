//! A step of Adam against its definition, and tensors that do not fit together.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use tch::{Device, Kind, Tensor};
use torch_ddp::{AdamStep, ErrorKind, Moving};

const STEP: AdamStep = AdamStep {
    lr: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    step: 1.0,
};

fn tensor(values: &[f32]) -> Tensor {
    Tensor::from_slice(values)
}

#[test]
fn steps_are_those_of_the_paper() {
    // Kingma and Ba (2015), algorithm 1, in double precision.
    let gradients: [[f32; 3]; 3] = [[1.0, -2.0, 0.5], [0.5, 3.0, 0.0], [-1.0, 0.25, 1e-6]];
    let mut expected = [[1.0_f64, 2.0, 3.0], [0.0; 3], [0.0; 3]];
    let (parameter, mean, square) = (
        tensor(&[1.0, 2.0, 3.0]),
        tensor(&[0.0; 3]),
        tensor(&[0.0; 3]),
    );
    for (n, gradient) in (1..).zip(gradients) {
        let n = f64::from(n);
        for (i, g) in gradient.into_iter().map(f64::from).enumerate() {
            expected[1][i] = STEP.beta1 * expected[1][i] + (1.0 - STEP.beta1) * g;
            expected[2][i] = STEP.beta2 * expected[2][i] + (1.0 - STEP.beta2) * g * g;
            let mean = expected[1][i] / (1.0 - STEP.beta1.powf(n));
            let square = expected[2][i] / (1.0 - STEP.beta2.powf(n));
            expected[0][i] -= STEP.lr * mean / (square.sqrt() + STEP.epsilon);
        }
        let all = [Moving {
            parameter: &parameter,
            gradient: &tensor(&gradient),
            mean: &mean,
            square: &square,
        }];
        AdamStep { step: n, ..STEP }.apply(&all).unwrap();
    }
    for (tensor, expected) in [&parameter, &mean, &square].into_iter().zip(expected) {
        for (i, expected) in (0..).zip(expected) {
            let value = tensor.double_value(&[i]);
            assert!(
                (value - expected).abs() <= 1e-6 * expected.abs().max(1e-3),
                "{value} is not {expected}"
            );
        }
    }
}

#[test]
fn what_does_not_fit_together_is_refused_and_nothing_is_moved() {
    let cpu = (Kind::Float, Device::Cpu);
    let right = || Tensor::ones([2, 3], cpu);
    for (what, wrong) in [
        ("fewer elements", Tensor::ones([2, 2], cpu)),
        ("another shape", Tensor::ones([3, 2], cpu)),
        (
            "another order in memory",
            Tensor::ones([3, 2], cpu).transpose(0, 1),
        ),
        (
            "another type",
            Tensor::ones([2, 3], (Kind::Double, Device::Cpu)),
        ),
        ("nothing", Tensor::new()),
    ] {
        for place in 1..4 {
            let mut four = [right(), right(), right(), right()];
            four[place] = wrong.shallow_clone();
            let [parameter, gradient, mean, square] = &four;
            let sound = [right(), right(), right(), right()];
            let all = [
                Moving {
                    parameter: &sound[0],
                    gradient: &sound[1],
                    mean: &sound[2],
                    square: &sound[3],
                },
                Moving {
                    parameter,
                    gradient,
                    mean,
                    square,
                },
            ];
            let error = STEP.apply(&all).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{what}: {error}");
            assert_eq!(sound[0], right(), "{what}");
        }
    }
    // Gaps in memory, and what is no number.
    let sparse = Tensor::ones([2, 6], cpu).slice(1, 0, 6, 2);
    let whole = Tensor::ones([2, 3], (Kind::Int64, Device::Cpu));
    for odd in [sparse, whole] {
        let all = [Moving {
            parameter: &odd,
            gradient: &odd,
            mean: &odd,
            square: &odd,
        }];
        let error = STEP.apply(&all).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    STEP.apply(&[]).unwrap();
}
