//! What a training without trouble promises.

use std::process::Stdio;

use crate::common::{Rank, checkpoints, run, run_by_flags, spec};
use workbench_ddp_protocol::{FromWorker, Program, Report, Stage, ToWorker};
use workbench_protocol::{WorkerEnv, write_frame};

#[test]
fn both_programs_do_the_same_and_leave_equal_parameters_on_all_ranks() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (program, folder) in [
        (Program::ByHand, "by-hand"),
        (Program::Launched, "launched"),
    ] {
        let mut spec = spec(program);
        spec.checkpoint = Some(checkpoints(&dir.path().join(folder), 7));
        all.push(run(&spec, 2));
    }
    let (first, second) = (&all[0][0], &all[1][0]);
    for rank in all.iter().flatten() {
        assert!(rank.status.success());
        assert_eq!(rank.stages(), Stage::ALL);
        assert_eq!(
            rank.done().parameters_sha256,
            first.done().parameters_sha256
        );
        // 12 whole batches and one of 8 rows per epoch.
        assert_eq!(rank.done().steps, 26);
        assert_eq!(rank.done().samples, 400);
        assert_eq!(rank.done().evaluated, 2);
        assert_eq!(rank.steps().len(), 26);
    }
    assert_eq!(first.done(), second.done(), "the same work");
    assert_eq!(first.done().bytes_reduced, 26 * 105_866 * 4 + 2 * 24);
    assert_eq!(first.losses(), second.losses());
    assert_eq!(first.evaluations(), second.evaluations());
    // After steps 7, 14 and 21, and after every epoch.
    let steps: Vec<u64> = first.checkpoints().iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [7, 13, 14, 21, 26]);
    assert!(all[0][1].checkpoints().is_empty(), "rank 0 alone writes");
}

#[test]
fn every_test_row_counts_once() {
    for world in [1, 2, 3] {
        let mut spec = spec(Program::Launched);
        (spec.train_rows, spec.epochs) = (Some(96), 1);
        // Neither a multiple of the ranks nor of the rows that go through the model at once.
        spec.test_rows = Some(521);
        for rank in run(&spec, world) {
            let evaluations = rank.evaluations();
            assert_eq!(evaluations.len(), 1);
            let (correct, count, loss_sum) = evaluations[0];
            assert_eq!(count, 521);
            assert!(correct <= count && loss_sum > 0.0);
        }
    }
}

#[test]
fn a_seed_reproduces_a_run_and_another_seed_does_not() {
    let spec = spec(Program::Single);
    let (first, again) = (run(&spec, 1), run(&spec, 1));
    assert_eq!(first[0].losses(), again[0].losses());
    assert_eq!(first[0].done(), again[0].done());
    let mut other = spec;
    other.seed += 1;
    assert_ne!(
        run(&other, 1)[0].done().parameters_sha256,
        first[0].done().parameters_sha256
    );
}

#[test]
fn two_ranks_learn_what_one_learns_from_twice_the_batch() {
    let two = run(&spec(Program::ByHand), 2);
    let mut alone = spec(Program::Single);
    alone.batch *= 2;
    let one = run(&alone, 1);
    let (a, b, both) = (two[0].steps(), two[1].steps(), one[0].steps());
    assert_eq!(a.len(), both.len());
    for ((a, b), both) in a.iter().zip(&b).zip(&both) {
        let mean = f64::midpoint(a.loss, b.loss);
        assert!(
            (mean - both.loss).abs() < 1e-3 * both.loss.max(0.1),
            "step {}: {mean} and {}",
            a.step,
            both.loss
        );
    }
    // The first step's loss has no rounding of gradients in it.
    assert!((f64::midpoint(a[0].loss, b[0].loss) - both[0].loss).abs() < 1e-6);
}

#[test]
fn flags_and_torchruns_variables_do_what_frames_do() {
    let flags = [
        "--program=by-hand",
        "--model=cnn",
        "--train-rows=400",
        "--test-rows=201",
        "--epochs=2",
        "--batch=16",
        "--seed=5",
        "--report-every=1",
    ];
    let outputs = run_by_flags(&flags);
    let supervised = run(&spec(Program::ByHand), 2);
    for (output, heard) in outputs.iter().zip(&supervised) {
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&heard.done().parameters_sha256), "{text}");
    }
    let text = String::from_utf8_lossy(&outputs[0].stdout);
    for step in supervised[0].steps() {
        let line = format!(
            "step {:>6}  epoch {}  loss {:.6}",
            step.step, step.epoch, step.loss
        );
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

#[test]
fn asked_to_stop_all_ranks_end_after_the_same_step_and_can_go_on() {
    let dir = tempfile::tempdir().unwrap();
    for program in [Program::ByHand, Program::Launched] {
        let mut long = spec(program);
        (long.train_rows, long.epochs) = (Some(2000), 1000);
        long.checkpoint = Some(checkpoints(
            &dir.path().join(format!("{program:?}")),
            1_000_000,
        ));
        let port = crate::common::port();
        let (tell, told) = std::sync::mpsc::channel();
        let mut ranks: Vec<Rank> = (0..2)
            .map(|rank| {
                let tell = tell.clone();
                Rank::start(&long, &WorkerEnv::local(rank, 2, port), move |message| {
                    if matches!(message, FromWorker::Report(Report::Step(step)) if step.step == 3) {
                        let _ = tell.send(());
                    }
                })
            })
            .collect();
        told.recv().unwrap();
        for rank in &mut ranks {
            write_frame(&mut rank.orders, &ToWorker::Stop).unwrap();
        }
        let heard: Vec<_> = ranks.into_iter().map(Rank::end).collect();
        assert_eq!(heard[0].done().steps, heard[1].done().steps);
        assert_eq!(
            heard[0].done().parameters_sha256,
            heard[1].done().parameters_sha256
        );
        let (step, path) = heard[0].checkpoints().pop().unwrap();
        assert_eq!(step, heard[0].done().steps);
        assert!(path.exists());
    }
}

#[test]
fn the_version_names_libtorch_and_help_shows_torchrun() {
    let output = |flag: &str| {
        let output = crate::common::program()
            .arg(flag)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let version = output("--version");
    assert!(version.contains("libtorch 2."), "{version}");
    assert!(version.contains("libtorch_cpu.so"), "{version}");
    assert!(output("--help").contains("torchrun --standalone"));
}
