//! What becomes of a training when something breaks.

use std::fs;
use std::process::Stdio;
use std::sync::mpsc::channel;

use crate::common::{Rank, checkpoints, faults, program, run, spec};
use rustix::process::{Pid, Signal, kill_process};
use workbench_ddp_protocol::{FailureKind, FromWorker, Phase, Program};
use workbench_protocol::{Position, WorkerEnv};

#[test]
fn on_a_full_disk_training_goes_on_and_the_checkpoint_before_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.epochs = 1;
    spec.checkpoint = Some(checkpoints(dir.path(), 5));
    let whole = run(&spec, 1);
    spec.faults = faults(&["disk-full:step=22"]);
    for file in fs::read_dir(dir.path()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    let heard = run(&spec, 1);
    heard[0].warned_once(&["No space left on device", "no checkpoint after 25 steps"]);
    assert_eq!(
        whole[0].done().parameters_sha256,
        heard[0].done().parameters_sha256
    );
    // Only the first of the two after 25 steps failed, the one without its accuracy.
    let names: Vec<_> = heard[0]
        .checkpoints()
        .iter()
        .map(|(step, _)| *step)
        .collect();
    assert_eq!(names, [5, 10, 15, 20, 25]);
    let left = fs::read_dir(dir.path()).unwrap();
    assert!(
        left.flatten()
            .all(|file| file.path().extension().unwrap() == "ckpt")
    );
}

#[test]
fn a_checkpoint_that_a_fault_damages_is_found_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.checkpoint = Some(checkpoints(dir.path(), 5));
    // Checkpoints are written one after the other, beside the training: while that of step 20 is
    // written, that of step 15 is complete.
    spec.faults = faults(&["corrupt:step=15", "kill:rank=0,step=20,in=checkpoint"]);
    run(&spec, 1);
    let (epochs, dir) = (spec.epochs, dir.path().to_path_buf());
    spec = crate::common::spec(Program::Single);
    spec.epochs = epochs;
    spec.resume = Some(dir);
    let heard = run(&spec, 1);
    assert!(heard[0].warnings()[0].contains("step-0000000015.ckpt is damaged"));
    assert_eq!(heard[0].steps()[0].step, 10);
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
fn memory_that_is_used_up_is_called_so_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (fault, after) in [
        ("oom:rank=0,in=start-up", 0),
        ("oom:rank=0,step=2", 2),
        ("oom:rank=0,step=2,in=all-reduce", 2),
        ("oom:rank=0,step=2,in=checkpoint", 4),
        ("oom:rank=0,step=2,in=evaluation", 25),
    ] {
        let mut spec = spec(Program::Single);
        spec.checkpoint = Some(checkpoints(dir.path(), 4));
        spec.faults = faults(&[fault]);
        let heard = run(&spec, 1);
        let (kind, message, step) = heard[0].failure().unwrap();
        assert_eq!((kind, step), (FailureKind::OutOfMemory, after), "{fault}");
        assert!(message.contains("smaller batch"), "{fault}: {message}");
        assert_eq!(heard[0].status.code(), Some(1), "{fault}");
    }
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
            FromWorker::Heartbeat {
                position: Position {
                    phase: Phase::AllReduce,
                    step: 4,
                },
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
    assert!(refused(&["--batch=1"]).contains("batch is 1"));
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
fn a_port_that_is_taken_is_named_to_those_who_start_by_hand_too() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = program()
        .args(["train", "--model=cnn", "--train-rows=400", "--epochs=1"])
        .envs(WorkerEnv::local(0, 2, port).to_vars())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&port.to_string()), "{said}");
    assert!(said.contains("give another port"), "{said}");
}

/// An IDX file: what it holds, its dimensions, its bytes.
fn idx(dimensions: &[u32], fill: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|length| length.to_be_bytes()));
    let count: u32 = dimensions.iter().product();
    bytes.resize(bytes.len() + count as usize, fill);
    bytes
}

#[test]
fn images_that_make_no_sense_are_named_with_what_is_wrong() {
    let images = idx(&[64, 28, 28], 7);
    let good = (images.clone(), idx(&[64], 3));
    for (train, test, said) in [
        (
            (images[..1000].to_vec(), idx(&[64], 3)),
            &good,
            "fetch it again",
        ),
        ((images.clone(), idx(&[63], 3)), &good, "63"),
        ((images.clone(), idx(&[64], 200)), &good, "200"),
        ((idx(&[64, 784], 7), idx(&[64], 3)), &good, "idx"),
        (
            good.clone(),
            &(idx(&[64, 20, 20], 7), idx(&[64], 3)),
            "1 × 20 × 20",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("train-images-idx3-ubyte", &train.0),
            ("train-labels-idx1-ubyte", &train.1),
            ("t10k-images-idx3-ubyte", &test.0),
            ("t10k-labels-idx1-ubyte", &test.1),
        ] {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let output = program()
            .args([
                "train",
                "--program=single",
                "--model=cnn",
                "--batch=16",
                "--epochs=1",
            ])
            .arg("--data")
            .arg(dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn ranks_that_do_not_come_and_data_that_is_broken_are_named() {
    let mut spec = spec(Program::ByHand);
    spec.timeout_s = 5.0;
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
    broken.data = workbench_ddp_protocol::Data::Files {
        path: dir.path().to_path_buf(),
    };
    let heard = run(&broken, 1);
    assert_eq!(heard[0].failure().unwrap().0, FailureKind::Data);
    assert_eq!(heard[0].status.code(), Some(1));
}
