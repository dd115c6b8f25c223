//! A step of Adam against its definition, against torch.optim.Adam itself, and what is refused.

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

#[test]
fn the_stride_of_a_single_element_does_not_matter() {
    let cpu = (Kind::Float, Device::Cpu);
    let step = |gradient: &Tensor| {
        let [parameter, mean, square] = [(); 3].map(|()| Tensor::zeros([4, 1, 3, 3], cpu));
        let all = [Moving {
            parameter: &parameter,
            gradient,
            mean: &mean,
            square: &square,
        }];
        STEP.apply(&all).unwrap();
        parameter
    };
    let plain = Tensor::arange(36, cpu).view([4, 1, 3, 3]);
    // As gradients of convolutions with channels last come, of one channel.
    let other = plain.as_strided([4, 1, 3, 3], [9, 1, 3, 1], None::<i64>);
    assert_ne!(plain.stride(), other.stride());
    assert_eq!(step(&plain), step(&other));
}

/// The first numbers of `fixtures/make_adam.py`.
fn values(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 44) as f32 / f32::from(2_u8).powi(19) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// What PyTorch's own Adam made of the parameters, for every step.
fn expected(settings: &str, kernel: &str) -> Vec<Vec<f32>> {
    let lines = include_str!("../fixtures/adam.txt").lines();
    let start = format!("{settings} {kernel} ");
    lines
        .filter_map(|line| line.strip_prefix(&start))
        .map(|line| {
            let numbers = line.split(' ').skip(1);
            let bits = numbers.map(|bits| u32::from_str_radix(bits, 16).unwrap());
            bits.map(f32::from_bits).collect()
        })
        .collect()
}

#[test]
fn steps_are_those_of_torch_optim_adam() {
    const SHAPES: [&[i64]; 3] = [&[3, 4], &[5], &[2, 3, 2]];
    let length = |shape: &[i64]| shape.iter().product::<i64>() as usize;
    let kind = (Kind::Float, Device::Cpu);
    for (name, settings) in [
        ("default", AdamStep { lr: 1e-3, ..STEP }),
        (
            "large",
            AdamStep {
                beta1: 0.8,
                beta2: 0.95,
                epsilon: 1e-4,
                ..STEP
            },
        ),
        (
            "no-momentum",
            AdamStep {
                lr: 0.01,
                beta1: 0.0,
                beta2: 0.9,
                ..STEP
            },
        ),
    ] {
        let (plain, fused) = (expected(name, "plain"), expected(name, "fused"));
        assert_eq!((plain.len(), fused.len()), (12, 12));
        let state: Vec<[Tensor; 3]> = (0..)
            .zip(SHAPES)
            .map(|(seed, shape)| {
                let values = tensor(&values(seed, length(shape))).reshape(shape);
                [
                    values,
                    Tensor::zeros(shape, kind),
                    Tensor::zeros(shape, kind),
                ]
            })
            .collect();
        for step in 1..=12 {
            let gradients: Vec<Tensor> = (0..)
                .zip(SHAPES)
                .map(|(seed, shape)| {
                    tensor(&values(100 * step + seed, length(shape))).reshape(shape)
                })
                .collect();
            let all: Vec<Moving<'_>> = state
                .iter()
                .zip(&gradients)
                .map(|([parameter, mean, square], gradient)| Moving {
                    parameter,
                    gradient,
                    mean,
                    square,
                })
                .collect();
            let settings = AdamStep {
                step: step as f64,
                ..settings
            };
            settings.apply(&all).unwrap();
            let moved: Vec<f32> = state
                .iter()
                .flat_map(|[parameter, ..]| Vec::try_from(parameter.flatten(0, -1)).unwrap())
                .collect();
            let at = step as usize - 1;
            assert_eq!(moved.len(), fused[at].len());
            for ((ours, fused), plain) in moved.iter().zip(&fused[at]).zip(&plain[at]) {
                // The same kernel; another processor may contract other products and sums.
                assert!(
                    (ours - fused).abs() <= 2e-7,
                    "{name} {step}: {ours} is not {fused}"
                );
                assert!(
                    (ours - plain).abs() <= 2e-6,
                    "{name} {step}: {ours} is not {plain}"
                );
            }
        }
    }
}

#[test]
fn numbers_that_make_no_step_are_refused_and_nothing_is_moved() {
    let one = || tensor(&[1.0]);
    for (name, wrong) in [
        ("step is 0", AdamStep { step: 0.0, ..STEP }),
        ("step is -1", AdamStep { step: -1.0, ..STEP }),
        ("step is 1.5", AdamStep { step: 1.5, ..STEP }),
        (
            "step is NaN",
            AdamStep {
                step: f64::NAN,
                ..STEP
            },
        ),
        (
            "step is 16777217",
            AdamStep {
                step: 16_777_217.0,
                ..STEP
            },
        ),
        ("lr is -0.1", AdamStep { lr: -0.1, ..STEP }),
        (
            "lr is inf",
            AdamStep {
                lr: f64::INFINITY,
                ..STEP
            },
        ),
        ("beta1 is 1", AdamStep { beta1: 1.0, ..STEP }),
        (
            "beta2 is NaN",
            AdamStep {
                beta2: f64::NAN,
                ..STEP
            },
        ),
        (
            "epsilon is -1",
            AdamStep {
                epsilon: -1.0,
                ..STEP
            },
        ),
    ] {
        let (parameter, gradient, mean, square) = (one(), one(), one(), one());
        let all = [Moving {
            parameter: &parameter,
            gradient: &gradient,
            mean: &mean,
            square: &square,
        }];
        let error = wrong.apply(&all).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
        assert!(error.message().starts_with(name), "{name}: {error}");
        assert_eq!((parameter, mean, square), (one(), one(), one()), "{name}");
    }
}
