//! Which checkpoints a training goes on from, and which are kept.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use crate::common::{Heard, checkpoints, faults, program, run, spec};
use workbench_ddp_protocol::{FailureKind, Program};
use workbench_worker::checkpoint;

/// The steps that the checkpoints in a folder are of.
fn steps_of(dir: &Path) -> Vec<u64> {
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap()[5..].to_owned();
    let files = checkpoint::list(dir);
    files
        .iter()
        .map(|path| name(path).parse().unwrap())
        .collect()
}

/// The uninterrupted training's parameters, and those of one that was killed in step 17 and went
/// on.
fn killed_and_resumed(program: Program, between: impl Fn(&Path)) -> (Vec<Heard>, Vec<Heard>) {
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
    resumed[0].warned_once(&[
        "step-0000000015.ckpt is damaged: its checksum",
        "goes on from the one after 13 steps",
    ]);
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
        anew[0].warned_once(&["begins from the beginning"]);
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
    let steps = steps_of(dir.path());
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
    let mut snapshot = checkpoint::CheckpointData::default();
    snapshot.progress.accuracy = Some(1.0);
    snapshot
        .write(&mut fs::File::create(&best).unwrap())
        .unwrap();
    let half = dir.path().join("step-0000000052.part");
    fs::write(&half, b"WBCK").unwrap();
    spec.resume = Some(dir.path().to_path_buf());
    spec.epochs = 3;
    assert_eq!(run(&spec, 1)[0].done().steps, 75);
    // The newest three, the one that training went on from, and the best.
    let left = steps_of(dir.path());
    assert_eq!(left, [75, 72, 68, 50, 3]);
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
fn three_ranks_go_on_as_if_nothing_had_been_too() {
    for program in [Program::ByHand, Program::Launched] {
        let dir = tempfile::tempdir().unwrap();
        let mut spec = spec(program);
        spec.train_rows = Some(480);
        let whole = run(&spec, 3);
        spec.checkpoint = Some(checkpoints(dir.path(), 6));
        spec.faults = faults(&["kill:rank=1,step=8"]);
        assert_eq!(run(&spec, 3)[1].status.signal(), Some(9));
        spec.faults.clear();
        spec.resume = Some(dir.path().to_path_buf());
        for (whole, resumed) in whole.iter().zip(&run(&spec, 3)) {
            assert_eq!(whole.losses()[6..], resumed.losses());
            let (whole, resumed) = (whole.done(), resumed.done());
            assert_eq!(whole.parameters_sha256, resumed.parameters_sha256);
        }
    }
}

#[test]
fn going_back_sets_the_abandoned_training_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.checkpoint = Some(checkpoints(dir.path(), 10));
    spec.checkpoint.as_mut().unwrap().keep = 6;
    run(&spec, 1);
    assert_eq!(steps_of(dir.path()), [50, 40, 30, 25, 20, 10]);
    let file = |name: &str| dir.path().join(name);
    let abandoned = fs::read(file("step-0000000050.ckpt")).unwrap();

    spec.lr *= 2.0;
    spec.checkpoint.as_mut().unwrap().keep = 1;
    spec.resume = Some(file("step-0000000020.ckpt"));
    for round in 1..=2 {
        let back = run(&spec, 1);
        assert_eq!(back[0].steps()[0].step, 20);
        back[0].warned_once(&["after 20 steps", "set aside"]);
        // The newest, and the one that training went on from. Maybe another was the best.
        let left = steps_of(dir.path());
        assert!(left.contains(&50) && left.contains(&20), "{left:?}");
        assert!(left.len() <= 3, "{left:?}");
        let aside = if round == 1 {
            "abandoned"
        } else {
            "abandoned-2"
        };
        assert!(file("step-0000000050").with_extension(aside).is_file());
    }
    assert_eq!(
        fs::read(file("step-0000000050.abandoned")).unwrap(),
        abandoned
    );
    assert_ne!(fs::read(file("step-0000000050.ckpt")).unwrap(), abandoned);
}

#[test]
fn a_training_that_begins_anew_sets_another_ones_checkpoints_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Launched);
    spec.checkpoint = Some(checkpoints(dir.path(), 10));
    run(&spec, 2);
    let before = steps_of(dir.path());
    spec.epochs = 1;
    let anew = run(&spec, 2);
    anew[0].warned_once(&["begins from the beginning"]);
    assert_eq!(anew[1].warnings(), Vec::<&str>::new());
    assert_eq!(steps_of(dir.path()), [13, 10]);
    for steps in before {
        let aside = format!("step-{steps:010}.abandoned");
        assert!(dir.path().join(&aside).is_file(), "{aside}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.epochs = 1;
    spec.checkpoint = Some(checkpoints(dir.path(), 10));
    run(&spec, 1);
    spec.resume = Some(dir.path().to_path_buf());
    let newest = dir.path().join("step-0000000099.ckpt");
    let refused = || {
        let heard = run(&spec, 1);
        let (kind, message, _) = heard[0].failure().unwrap();
        assert_eq!(kind, FailureKind::Checkpoint);
        assert!(message.contains("step-0000000099.ckpt"), "{message}");
        assert!(message.contains("move it elsewhere"), "{message}");
        assert!(newest.exists());
        message.to_owned()
    };
    fs::create_dir(&newest).unwrap();
    assert!(refused().contains("directory"));
    fs::remove_dir(&newest).unwrap();
    let mut bytes = fs::read(dir.path().join("step-0000000025.ckpt")).unwrap();
    bytes[7] = b'2';
    fs::write(&newest, bytes).unwrap();
    assert!(refused().contains("another version"));
}

#[test]
fn a_bare_name_has_older_checkpoints_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(Program::Single);
    spec.epochs = 1;
    spec.checkpoint = Some(checkpoints(dir.path(), 10));
    run(&spec, 1);
    let name = "step-0000000020.ckpt";
    let mut bytes = fs::read(dir.path().join(name)).unwrap();
    bytes[200] ^= 1;
    fs::write(dir.path().join(name), bytes).unwrap();
    let output = program()
        .args([
            "train",
            "--program=single",
            "--model=cnn",
            "--train-rows=400",
        ])
        .args(["--test-rows=201", "--epochs=1", "--batch=16", "--seed=5"])
        .args(["--resume", name])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("goes on from the one after 10 steps"),
        "{said}"
    );
    assert!(!dir.path().join(name).exists());
}
