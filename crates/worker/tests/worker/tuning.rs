//! What makes a training faster or smaller, with the real worker: what stays the same, what
//! changes, and that all programs do the same.

use workbench_ddp_protocol::{
    BatchLimit, GradientFormat, Precision, Program, TrainSpec, TriedBatches, Tuning,
};

use crate::common::{program, run, spec};

/// A training with another tuning.
fn tuned(program: Program, tuning: Tuning) -> TrainSpec {
    TrainSpec {
        tuning,
        ..spec(program)
    }
}

/// Hash of the parameters and bytes reduced of a training, equal on both ranks.
fn outcome(spec: &TrainSpec) -> (String, u64) {
    let ranks = if spec.program == Program::Single {
        1
    } else {
        2
    };
    let heard = run(spec, ranks);
    let first = heard[0].done().clone();
    for rank in &heard {
        assert_eq!(rank.done().parameters_sha256, first.parameters_sha256);
        assert!(rank.steps().iter().all(|step| step.loss.is_finite()));
    }
    (first.parameters_sha256, first.bytes_reduced)
}

#[test]
fn both_programs_do_the_same_with_every_tuning() {
    let usual = Tuning::default();
    let plain = outcome(&tuned(Program::ByHand, usual));
    for (tuning, same_parameters, half_the_bytes) in [
        (
            Tuning {
                accumulate: 3,
                ..usual
            },
            false,
            false,
        ),
        (
            Tuning {
                gradients: GradientFormat::Fp16,
                ..usual
            },
            false,
            true,
        ),
        (
            Tuning {
                gradients: GradientFormat::Bf16,
                ..usual
            },
            false,
            true,
        ),
        (
            Tuning {
                find_unused_parameters: true,
                ..usual
            },
            true,
            false,
        ),
        (
            Tuning {
                static_graph: true,
                ..usual
            },
            true,
            false,
        ),
        (
            Tuning {
                precision: Precision::Bf16,
                channels_last: true,
                ..usual
            },
            false,
            false,
        ),
    ] {
        let by_hand = outcome(&tuned(Program::ByHand, tuning));
        assert_eq!(
            by_hand,
            outcome(&tuned(Program::Launched, tuning)),
            "{tuning:?}"
        );
        // Two ranks add up two numbers in any bucket: what does not touch the numbers changes none.
        assert_eq!(by_hand.0 == plain.0, same_parameters, "{tuning:?}");
        if half_the_bytes {
            assert!(
                by_hand.1 < plain.1 * 6 / 10,
                "{tuning:?}: {by_hand:?} {plain:?}"
            );
        } else {
            assert_eq!(by_hand.1, plain.1, "{tuning:?}");
        }
    }
}

#[test]
fn parts_of_a_step_are_the_same_step() {
    let whole = run(&spec(Program::Single), 1);
    let parts = Tuning {
        accumulate: 5,
        ..Tuning::default()
    };
    let heard = run(&tuned(Program::Single, parts), 1);
    let (whole, parts) = (whole[0].steps(), heard[0].steps());
    assert_eq!(whole.len(), parts.len());
    // The small network has no batch normalisation: the mathematics is the same, and only sums are
    // rounded in another way.
    for (whole, parts) in whole.iter().zip(&parts) {
        assert_eq!((whole.step, whole.samples), (parts.step, parts.samples));
        let apart = (whole.loss - parts.loss).abs() / whole.loss.abs().max(1e-3);
        assert!(
            apart < 1e-3,
            "step {}: {} {}",
            whole.step,
            whole.loss,
            parts.loss
        );
    }
}

#[test]
fn half_precision_learns_as_well() {
    let long = |tuning| TrainSpec {
        train_rows: Some(4000),
        test_rows: Some(1000),
        epochs: 1,
        batch: 32,
        lr: 2e-3,
        ..tuned(Program::Single, tuning)
    };
    let right = |tuning| {
        let heard = run(&long(tuning), 1);
        let (right, count, _) = heard[0].evaluations()[0];
        right as f64 / count as f64
    };
    let single = right(Tuning::default());
    let half = right(Tuning {
        precision: Precision::Bf16,
        ..Tuning::default()
    });
    assert!(single > 0.85, "{single}");
    assert!((single - half).abs() < 0.03, "{single} {half}");
}

#[test]
fn batches_are_tried_until_a_limit() {
    let output = program()
        .args(["batches", "--model=cnn", "--most-s=0.05", "--accumulate=2"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let first: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!((first[0], first.len()), ("8", 4), "{told}");
    let last = lines.last().unwrap();
    assert!(last.starts_with("fastest per row: "), "{told}");
    assert!(last.contains("largest that fits: "), "{told}");

    // What the lab asks, and is answered.
    let spec = TrainSpec {
        train_rows: Some(40),
        ..tuned(Program::Single, Tuning::default())
    };
    let order = serde_json::to_string(&spec).unwrap();
    let output = program()
        .args(["batches", "--most-s=60", "--processes=2", "--spec", &order])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let found: TriedBatches = serde_json::from_slice(&output.stdout).unwrap();
    let batches: Vec<u32> = found.tried.iter().map(|one| one.batch).collect();
    assert_eq!(batches, [8, 16, 32]);
    assert_eq!(found.limit, BatchLimit::Rows { rows: 40 });
}
