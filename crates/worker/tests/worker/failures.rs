//! What becomes of a training when something breaks.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::channel;

use crate::common::{Rank, checkpoints, faults, program, run, spec};
use rustix::process::{Pid, Signal, kill_process};
use workbench_protocol::{FailureKind, FromWorker, Phase, Program, WorkerEnv};
use workbench_worker::checkpoint;

/// The uninterrupted training's parameters, and those of one that was killed in step 17 and went on.
fn killed_and_resumed(
    program: Program,
    between: impl Fn(&Path),
) -> (Vec<crate::common::Heard>, Vec<crate::common::Heard>) {
    let dir = tempfile::tempdir().unwrap();
    let whole = run(&spec(program), 2);
    let mut broken = spec(program);
    broken.checkpoint = Some(checkpoints(dir.path(), 5));
    broken.faults = faults(&["kill:rank=1,step=17"]);
    let killed = run(&broken, 2);
    assert_eq!(killed[1].status.signal(), Some(9));
    let (kind, _, step) = killed[0].failure().unwrap();
    assert_eq!((kind, step), (FailureKind::Peer, 17));
    between(dir.path());

    broken.faults.clear();
    broken.resume = Some(dir.path().to_path_buf());
    (whole, run(&broken, 2))
}

#[test]
fn a_killed_training_goes_on_as_if_nothing_had_been() {
    for program in [Program::ByHand, Program::Launched] {
        let (whole, resumed) = killed_and_resumed(program, |_| {});
        for (whole, resumed) in whole.iter().zip(&resumed) {
            assert_eq!(
                whole.done().parameters_sha256,
                resumed.done().parameters_sha256
            );
            assert_eq!(
                whole.done().final_loss.to_bits(),
                resumed.done().final_loss.to_bits()
            );
            assert_eq!(resumed.done().steps, 26);
            // From the checkpoint after 15 steps on, nothing else.
            assert_eq!(whole.losses()[15..], resumed.losses());
            assert_eq!(whole.evaluations()[1..], resumed.evaluations());
        }
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
    let (whole, resumed) = killed_and_resumed(Program::Launched, |dir| {
        let newest = checkpoint::list(dir).remove(0);
        let mut bytes = fs::read(&newest).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&newest, bytes).unwrap();
    });
    for (whole, resumed) in whole.iter().zip(&resumed) {
        assert_eq!(whole.losses()[13..], resumed.losses());
        assert_eq!(
            whole.done().parameters_sha256,
            resumed.done().parameters_sha256
        );
        let warnings = resumed.warnings();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("checksum"), "{warnings:?}");
    }
}

#[test]
fn without_a_sound_checkpoint_or_with_another_models_nothing_is_trained() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    fs::write(
        dir.path().join("step-0000000005.ckpt"),
        b"WBCKPT01 and no more",
    )
    .unwrap();
    spec.resume = Some(dir.path().to_path_buf());
    let damaged = run(&spec, 1);
    let (kind, message, _) = damaged[0].failure().unwrap();
    assert_eq!(kind, FailureKind::Checkpoint);
    assert!(message.contains("no sound checkpoint"), "{message}");

    // A folder without any is where the first attempt begins.
    let empty = tempfile::tempdir().unwrap();
    spec.resume = Some(empty.path().to_path_buf());
    (spec.checkpoint, spec.epochs) = (Some(checkpoints(empty.path(), 5)), 1);
    assert_eq!(run(&spec, 1)[0].done().steps, 25);

    spec.seed += 1;
    let other = run(&spec, 1);
    let (kind, message, _) = other[0].failure().unwrap();
    assert_eq!(kind, FailureKind::Checkpoint);
    assert!(message.contains("seed"), "{message}");
}

#[test]
fn the_newest_checkpoints_and_the_best_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.checkpoint = Some(checkpoints(dir.path(), 4));
    let heard = run(&spec, 1);
    let best = heard[0]
        .evaluations()
        .iter()
        .zip([25_u64, 50])
        .fold((0, 0), |best, (&(correct, ..), step)| {
            if correct > best.0 {
                (correct, step)
            } else {
                best
            }
        })
        .1;
    let steps: Vec<u64> = checkpoint::list(dir.path())
        .iter()
        .map(|path| {
            path.to_string_lossy()[path.to_string_lossy().len() - 15..][..10]
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(steps[..3], [50, 48, 44]);
    assert!(steps.contains(&best), "{steps:?} and {best}");
    assert!(steps.len() <= 4);
}

#[test]
fn where_no_checkpoint_can_be_written_training_goes_on_with_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut spec = spec(Program::Single);
    spec.checkpoint = Some(checkpoints(file.path(), 10));
    let heard = run(&spec, 1);
    assert!(heard[0].status.success());
    assert_eq!(heard[0].done().checkpoints, 0);
    // After 10, 20, 25, 30, 40 and 50 steps; the last has its accuracy as well.
    assert!(heard[0].warnings().len() >= 6);
    assert!(heard[0].warnings()[0].contains("training goes on"));
}

#[test]
fn a_loss_that_is_no_number_ends_the_training_before_it_reaches_the_weights() {
    for program in [Program::ByHand, Program::Launched] {
        let mut spec = spec(program);
        spec.faults = faults(&["nan:rank=1,step=3"]);
        let heard = run(&spec, 2);
        let (kind, message, step) = heard[1].failure().unwrap();
        assert_eq!((kind, step), (FailureKind::NotFinite, 3));
        assert!(message.contains("NaN"), "{message}");
        assert_eq!(heard[1].status.code(), Some(1));
        let (kind, _, step) = heard[0].failure().unwrap();
        assert_eq!((kind, step), (FailureKind::Peer, 3));
    }
}

#[test]
fn memory_that_is_used_up_is_called_so() {
    let mut spec = spec(Program::Single);
    spec.faults = faults(&["oom:rank=0,step=2"]);
    let heard = run(&spec, 1);
    let (kind, message, step) = heard[0].failure().unwrap();
    assert_eq!((kind, step), (FailureKind::OutOfMemory, 2));
    assert!(message.contains("smaller batch"), "{message}");
}

#[test]
fn a_slow_rank_learns_the_same() {
    let mut slow = spec(Program::Launched);
    slow.epochs = 1;
    let usual = run(&slow, 2);
    slow.faults = faults(&["slow:rank=1,factor=2"]);
    let heard = run(&slow, 2);
    assert_eq!(
        heard[0].done().parameters_sha256,
        usual[0].done().parameters_sha256
    );
}

#[test]
fn while_a_rank_stands_still_the_other_says_that_it_waits() {
    let mut spec = spec(Program::Launched);
    spec.faults = faults(&["stall:rank=1,step=4"]);
    let port = crate::common::port();
    let (tell, told) = channel();
    let waiting = Rank::start(&spec, &WorkerEnv::local(0, 2, port), move |message| {
        if matches!(
            message,
            FromWorker::Beat {
                phase: Phase::AllReduce,
                step: 4,
                ..
            }
        ) {
            let _ = tell.send(());
        }
    });
    let stalled = Rank::start(&spec, &WorkerEnv::local(1, 2, port), |_| {});
    told.recv().unwrap();
    for rank in [&stalled, &waiting] {
        let pid = Pid::from_child(&rank.child);
        kill_process(pid, Signal::KILL).unwrap();
    }
    assert!(stalled.end().steps().len() <= 4);
    waiting.end();
}

#[test]
fn requests_that_make_no_sense_end_with_2_and_one_line() {
    let refused = |flags: &[&str]| {
        let output = program()
            .arg("train")
            .args(["--model=cnn", "--program=single"])
            .args(flags)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        text
    };
    assert!(refused(&["--epochs=0"]).contains("epochs is 0"));
    assert!(refused(&["--lr=-1"]).contains("lr is -1"));
    assert!(refused(&["--data=/nowhere"]).contains("/nowhere"));
    assert!(refused(&["--fault=melt:rank=0"]).contains("no such fault"));
    assert!(refused(&["--device=tpu"]).contains("no such device"));
    assert!(refused(&["--train-rows=100", "--batch=101"]).contains("101"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let place = WorkerEnv::local(0, 2, port);
    let heard = Rank::start(&spec(Program::Launched), &place, |_| {}).end();
    let (kind, message, _) = heard.failure().unwrap();
    assert_eq!(kind, FailureKind::Rendezvous);
    assert!(message.contains(&port.to_string()), "{message}");
    assert!(message.contains("give another port"), "{message}");
}

#[test]
fn ranks_that_do_not_come_and_data_that_is_broken_are_named() {
    let mut spec = spec(Program::ByHand);
    spec.timeout_s = 1.0;
    let alone = Rank::start(
        &spec,
        &WorkerEnv::local(0, 2, crate::common::port()),
        |_| {},
    )
    .end();
    let (kind, message, _) = alone.failure().unwrap();
    assert_eq!(kind, FailureKind::Rendezvous);
    assert!(message.contains("rank 1 never came"), "{message}");

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("train-images-idx3-ubyte"), b"nothing").unwrap();
    fs::write(dir.path().join("train-labels-idx1-ubyte"), b"nothing").unwrap();
    let mut broken = crate::common::spec(Program::Single);
    broken.data = workbench_protocol::Data::Idx {
        dir: dir.path().to_path_buf(),
    };
    let heard = run(&broken, 1);
    assert_eq!(heard[0].failure().unwrap().0, FailureKind::Data);
    assert_eq!(heard[0].status.code(), Some(1));
}
