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
    }
    // All ranks pass it over, one of them says so.
    let warnings = resumed[0].warnings();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("step-0000000015.ckpt is damaged: its checksum"),
        "{warnings:?}"
    );
    assert!(
        warnings[0].contains("goes on from the one after 13 steps"),
        "{warnings:?}"
    );
    assert_eq!(resumed[1].warnings(), Vec::<&str>::new());
}

#[test]
fn without_a_sound_checkpoint_a_training_begins_anew_with_a_warning() {
    for program in [Program::Single, Program::Launched] {
        let world = if program == Program::Single { 1 } else { 2 };
        let dir = tempfile::tempdir().unwrap();
        let broken = dir.path().join("step-0000000005.ckpt");
        fs::write(&broken, b"WBCKPT01 and no more").unwrap();
        let mut spec = spec(program);
        spec.epochs = 1;
        let whole = run(&spec, world);
        spec.resume = Some(dir.path().to_path_buf());
        let anew = run(&spec, world);
        assert_eq!(whole[0].losses(), anew[0].losses());
        let warnings = anew[0].warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains("begins from the beginning"),
            "{warnings:?}"
        );
        // It does not stand among those that count any more, and it is not lost.
        assert_eq!(
            checkpoint::list(dir.path()),
            Vec::<std::path::PathBuf>::new()
        );
        assert!(dir.path().join("step-0000000005.damaged").is_file());
    }
}

#[test]
fn a_file_that_is_not_sound_and_one_of_another_training_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    let broken = dir.path().join("step-0000000005.ckpt");
    fs::write(&broken, b"WBCKPT01 and no more").unwrap();
    spec.resume = Some(broken);
    let damaged = run(&spec, 1);
    let (kind, message, _) = damaged[0].failure().unwrap();
    assert_eq!(kind, FailureKind::Checkpoint);
    assert!(
        message.contains("no sound checkpoint before it"),
        "{message}"
    );

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
fn the_best_checkpoint_outlives_a_resumption() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.checkpoint = Some(checkpoints(dir.path(), 4));
    run(&spec, 1);
    // One that was better than any that is still to come, and half a file.
    let best = dir.path().join("step-0000000003.ckpt");
    let mut snapshot = checkpoint::Snapshot::default();
    snapshot.progress.accuracy = Some(1.0);
    snapshot
        .write(&mut fs::File::create(&best).unwrap())
        .unwrap();
    let half = dir.path().join("step-0000000052.part");
    fs::write(&half, b"WBCK").unwrap();
    spec.resume = Some(dir.path().to_path_buf());
    spec.epochs = 3;
    assert_eq!(run(&spec, 1)[0].done().steps, 75);
    let left = checkpoint::list(dir.path());
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(left[3], best);
    assert!(!half.exists());
}

#[test]
fn a_death_while_a_checkpoint_is_written_leaves_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut broken = spec(Program::Launched);
    broken.checkpoint = Some(checkpoints(dir.path(), 5));
    let whole = run(&spec(Program::Launched), 2);
    broken.faults = faults(&["kill:rank=0,step=8,in=checkpoint"]);
    let killed = run(&broken, 2);
    assert_eq!(killed[0].status.signal(), Some(9));
    assert_eq!(killed[1].failure().unwrap().0, FailureKind::Peer);
    // Half of it is there, under a name that nobody takes for a checkpoint.
    let half = dir.path().join("step-0000000010.part");
    assert!(half.metadata().unwrap().len() > 1000);
    assert_eq!(checkpoint::list(dir.path()).len(), 1);
    broken.faults.clear();
    broken.resume = Some(dir.path().to_path_buf());
    let resumed = run(&broken, 2);
    assert_eq!(whole[1].losses()[5..], resumed[1].losses());
    assert_eq!(
        whole[1].done().parameters_sha256,
        resumed[1].done().parameters_sha256
    );
    assert!(!half.exists());
}

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
    let warnings = heard[0].warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("No space left on device"),
        "{warnings:?}"
    );
    assert!(
        warnings[0].contains("no checkpoint after 25 steps"),
        "{warnings:?}"
    );
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
    spec.faults = faults(&["corrupt:step=15", "kill:rank=0,step=17"]);
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
