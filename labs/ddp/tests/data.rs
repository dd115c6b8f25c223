//! Folders of images: what is recorded of them, what is refused before any worker starts, and
//! training on them where `WORKBENCH_WORKER` names a worker.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use workbench_ddp_protocol::version_line;
use workbench_experiment::lab::{DataSource, Lab, LabError, LabHost, RunConfig};
use workbench_experiment::{Control, OtherOrigin, Request, resolve, resume, run};
use workbench_images::{Images, Subset, mnist, write_idx};
use workbench_lab_ddp::DataParallel;
use workbench_machine::{BuildFacts, usable_cores};
use workbench_record::{RunStatus, RunStore};
use workbench_training::WORKER_VARIABLE;

/// A program that says that it is a worker of these sources, and is none.
static IDLE: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("workbench-worker");
    fs::write(&program, format!("#!/bin/sh\necho {}\n", version_line())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (dir, program)
});

fn lab() -> DataParallel {
    DataParallel::new(LabHost {
        program: |_| Some(IDLE.1.clone()),
        ..LabHost::default()
    })
    .unwrap()
}

/// The configuration of a small training on the images in a folder.
fn config(dir: &Path, set: &[&str]) -> RunConfig {
    let request = Request {
        preset: Some("quick".to_owned()),
        workers: vec![2].into(),
        oversubscribe: true,
        until: None,
        control: false,
        data: Some(dir.to_owned()),
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        ..Request::default()
    };
    resolve(lab().definition(), &request, &usable_cores()).unwrap()
}

/// Files as people download them.
#[path = "../../../crates/images/tests/images/common/mod.rs"]
mod files;

/// The first digits of MNIST as somebody's own IDX files.
fn idx_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (part, rows) in [(Subset::Train, 240), (Subset::Test, 60)] {
        write_idx(dir.path(), part, &mnist(part, Some(rows)).unwrap()).unwrap();
    }
    dir
}

/// CIFAR-10's files with 40 images each.
fn cifar_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let batches = (1..=5).map(|batch| format!("data_batch_{batch}.bin"));
    for (name, first) in batches.chain(["test_batch.bin".to_owned()]).zip(0_usize..) {
        let record = |row: usize| {
            let mut bytes = vec![(row % 10) as u8];
            bytes.extend((0..3072).map(|at| ((row % 10) * 25 + at % 5) as u8));
            bytes
        };
        let bytes: Vec<u8> = (40 * first..40 * (first + 1)).flat_map(record).collect();
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

/// The error for a folder, which must be a usage error.
fn refusal_with(dir: &Path, set: &[&str]) -> String {
    match lab().prepare(&config(dir, set)) {
        Err(LabError::Refused(refusal)) => refusal.to_string(),
        Err(other) => panic!("{}: {other:?}", dir.display()),
        Ok(_) => panic!("{} is taken", dir.display()),
    }
}

#[track_caller]
fn refused(dir: &Path, words: &[&str]) {
    let text = refusal_with(dir, &[]);
    assert!(text.starts_with("`--data"), "{text}");
    assert!(!text.contains('\n'), "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in {text}");
    }
}

fn recorded(dir: &Path) -> DataSource {
    let prepared = lab().prepare(&config(dir, &[])).unwrap();
    prepared.data().unwrap()
}

#[test]
fn what_was_read_is_recorded_and_has_to_be_there_again() {
    let (dir, same) = (idx_folder(), idx_folder());
    let DataSource::Folder { path, sha256 } = recorded(dir.path()) else {
        panic!("not a folder");
    };
    assert_eq!(Path::new(&path), dir.path());
    let sha256 = sha256.unwrap();
    assert_eq!(sha256.len(), 64);
    // The name of the folder, and of the files, do not matter.
    let name = same.path().join("train-images-idx3-ubyte");
    fs::rename(&name, same.path().join("train-images.idx3-ubyte")).unwrap();
    let found = |dir: &Path| match recorded(dir) {
        DataSource::Folder { sha256, .. } => sha256.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(found(same.path()), sha256);

    let mut begun = config(dir.path(), &[]);
    begun.data = recorded(dir.path());
    assert!(lab().prepare(&begun).is_ok());
    // One pixel of one image.
    let file = dir.path().join("t10k-images-idx3-ubyte");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_ne!(found(dir.path()), sha256);
    let changed = lab().prepare(&begun).unwrap().data_sha256();
    assert_eq!(changed, Some(found(dir.path())));
    // The lab's own data have a hash too.
    begun.data = DataSource::Embedded;
    let own = lab().prepare(&begun).unwrap();
    assert_eq!(own.data(), None);
    assert!(own.data_sha256().is_some_and(|own| Some(own) != changed));
}

#[test]
fn a_run_on_other_images_than_it_was_begun_with_is_not_resumed() {
    let folder = idx_folder();
    let runs = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(runs.path().to_owned())).unwrap();
    // Where no real worker is named its arms fail; what it learns from is recorded before.
    let set = ["batch=20", "max_failures=0", "train_rows=40"];
    let config = config(folder.path(), &set);
    let control = Control::default();
    let ended = run(
        &lab(),
        config,
        &BuildFacts::default(),
        &store,
        Box::new(|_| {}),
        &control,
    )
    .unwrap();
    assert_eq!(ended.result.data, recorded(folder.path()));
    let labels = folder.path().join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    let last = bytes.last_mut().unwrap();
    *last = (*last + 1) % 10;
    fs::write(&labels, bytes).unwrap();
    let resumed = resume(
        &lab(),
        &ended.run,
        (&BuildFacts::default(), OtherOrigin::Refuse),
        Box::new(|_| {}),
        &control,
    );
    if ended.result.status == RunStatus::Completed {
        assert!(resumed.is_ok(), "there is nothing left to do");
    } else {
        let told = resumed.err().unwrap().to_string();
        assert!(told.contains("data has changed"), "{told}");
    }
}

#[test]
fn folders_without_images_are_told_what_would_be_one() {
    let dir = tempfile::tempdir().unwrap();
    refused(
        dir.path(),
        &[
            "no images here",
            "train-images-idx3-ubyte",
            "cifar-10-python.tar.gz",
            "PNG files for each class",
        ],
    );
    refused(&dir.path().join("nowhere"), &["nowhere", "No such file"]);
    let file = dir.path().join("houses.csv");
    fs::write(&file, "a,b\n").unwrap();
    refused(&file, &["houses.csv", "no archive of CIFAR", "or a folder"]);
    let raw = dir.path().join("FashionMNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("t10k-labels-idx1-ubyte"), "").unwrap();
    refused(
        dir.path(),
        &["FashionMNIST/raw: no train-images-idx3-ubyte"],
    );
    let raw = dir.path().join("MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("t10k-labels-idx1-ubyte"), "").unwrap();
    refused(
        dir.path(),
        &["MNIST/raw", "FashionMNIST/raw", "a folder with one of them"],
    );
    fs::remove_dir_all(dir.path().join("MNIST")).unwrap();
    fs::remove_dir_all(dir.path().join("FashionMNIST")).unwrap();
    fs::write(dir.path().join("data_batch_1"), "").unwrap();
    refused(dir.path(), &["no data_batch_2, ", "cifar-10-python.tar.gz"]);
}

#[test]
fn all_missing_files_are_named_at_once() {
    let dir = idx_folder();
    let path = |name: &str| dir.path().join(name);
    fs::remove_file(path("train-labels-idx1-ubyte")).unwrap();
    fs::remove_file(path("t10k-images-idx3-ubyte")).unwrap();
    refused(
        dir.path(),
        &["no train-labels-idx1-ubyte, t10k-images-idx3-ubyte here"],
    );
    let cifar = cifar_folder();
    for name in ["data_batch_2.bin", "test_batch.bin"] {
        fs::remove_file(cifar.path().join(name)).unwrap();
    }
    refused(cifar.path(), &["no data_batch_2.bin, test_batch.bin here"]);
    for file in fs::read_dir(idx_folder().keep()).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, cifar.path().join(file.file_name().unwrap())).unwrap();
        fs::remove_file(file).unwrap();
    }
    refused(
        cifar.path(),
        &["holds IDX files", "and cifar-10-binary.tar.gz"],
    );
}

#[test]
fn damaged_files_are_named_with_what_is_wrong() {
    /// Changes a file of a whole folder, and expects words about it.
    #[track_caller]
    fn damaged(folder: &TempDir, name: &str, change: impl FnOnce(&mut Vec<u8>), words: &[&str]) {
        let file = folder.path().join(name);
        let whole = fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&file, bytes).unwrap();
        refused(folder.path(), &[&[name], words].concat());
        fs::write(&file, whole).unwrap();
    }
    let idx = idx_folder();
    let (images, labels) = ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    damaged(
        &idx,
        images,
        |bytes| bytes[2] = 9,
        &["starts with 0x00000903"],
    );
    damaged(
        &idx,
        images,
        |bytes| bytes.truncate(9),
        &["inside its header of 16"],
    );
    damaged(
        &idx,
        images,
        |bytes| bytes.truncate(bytes.len() - 1),
        &["its header announces 188176"],
    );
    damaged(&idx, images, |bytes| bytes[11] = 0, &["0 × 28 pixels"]);
    damaged(
        &idx,
        labels,
        |bytes| bytes.push(0),
        &["its header announces 68"],
    );
    damaged(
        &idx,
        labels,
        |bytes| bytes[8 + 59] = 10,
        &["label 10 at row 59", "0 to 9"],
    );
    let fewer = |bytes: &mut Vec<u8>| {
        bytes.pop();
        bytes[7] -= 1;
    };
    damaged(&idx, labels, fewer, &["59 labels for the 60 images"]);
    let cifar = cifar_folder();
    let batch = "data_batch_4.bin";
    damaged(
        &cifar,
        batch,
        |bytes| bytes.truncate(bytes.len() - 1),
        &["records of 3073 bytes"],
    );
    damaged(&cifar, batch, Vec::clear, &["has 0 bytes"]);
    damaged(
        &cifar,
        batch,
        |bytes| bytes[3073 * 7] = 77,
        &["label 77 at row 7"],
    );
}

#[test]
fn the_faults_of_all_files_are_told_at_once() {
    let dir = idx_folder();
    for name in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
        fs::write(dir.path().join(name), "nothing").unwrap();
    }
    let words = [
        "2 faults",
        "train-images-idx3-ubyte: ends",
        "t10k-labels-idx1-ubyte: ends",
    ];
    refused(dir.path(), &words);
}

/// Packed with gzip, as they are published.
fn packed_idx_folder() -> TempDir {
    let dir = idx_folder();
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap().path();
        let packed = files::gz(&fs::read(&file).unwrap());
        fs::write(format!("{}.gz", file.display()), packed).unwrap();
        fs::remove_file(file).unwrap();
    }
    dir
}

#[test]
fn packed_files_are_the_same_data_as_unpacked_ones() {
    let sha256 = |source| match source {
        DataSource::Folder { sha256, .. } => sha256.unwrap(),
        other => panic!("{other:?}"),
    };
    let (packed, plain) = (packed_idx_folder(), idx_folder());
    assert_eq!(
        sha256(recorded(packed.path())),
        sha256(recorded(plain.path()))
    );
}

/// CIFAR-10's archive for Python, with 40 images in each file.
fn cifar_archive() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let archive = files::tar_gz(&files::cifar10_python(40));
    fs::write(dir.path().join("cifar-10-python.tar.gz"), archive).unwrap();
    dir
}

/// Three classes of 60 images in colours, a fifth of which is for the test.
fn png_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (class, tint) in [("cat", 40), ("dog", 120), ("fox", 200)] {
        for number in 0..60_u8 {
            let pixels: Vec<u8> = (0..8 * 8 * 3)
                .map(|at| tint + (at as u8 % 7) + number % 5)
                .collect();
            let path = dir.path().join(class).join(format!("{number:02}.png"));
            files::write_png(&path, (8, 8), png::ColorType::Rgb, &pixels);
        }
    }
    dir
}

#[test]
fn images_that_do_not_fit_together_or_the_model_are_refused() {
    let sized = |side: usize| Images {
        channels: 1,
        height: side,
        width: side,
        pixels: vec![0; 200 * side * side],
        labels: vec![0; 200],
        classes: 10,
    };
    let dir = tempfile::tempdir().unwrap();
    write_idx(dir.path(), Subset::Train, &sized(28)).unwrap();
    write_idx(dir.path(), Subset::Test, &sized(32)).unwrap();
    refused(
        dir.path(),
        &["1 × 28 × 28", "1 × 32 × 32", "the same dataset"],
    );
    for part in [Subset::Train, Subset::Test] {
        write_idx(dir.path(), part, &sized(3)).unwrap();
    }
    let told = refusal_with(dir.path(), &[]);
    assert!(told.contains("1 × 3 × 3 are too small"), "{told}");
    assert!(
        lab()
            .prepare(&config(dir.path(), &["model=resnet18"]))
            .is_ok()
    );
    // The rows that there are bound what may be asked for.
    let told = refusal_with(dir.path(), &["model=resnet18", "train_rows=201"]);
    assert!(told.contains("the data has 200"), "{told}");
}

#[test]
fn training_on_a_folder_uses_its_rows() {
    if std::env::var_os(WORKER_VARIABLE).is_none() {
        eprintln!("NOT RUN: {WORKER_VARIABLE} names no worker (tests/run sets it)");
        return;
    }
    for (folder, trained, tested) in [
        (packed_idx_folder(), 240, 60),
        (cifar_folder(), 200, 40),
        (cifar_archive(), 200, 40),
        (png_folder(), 144, 36),
    ] {
        let config = config(folder.path(), &["batch=20"]);
        let arms = config.arms.clone();
        let dir = tempfile::tempdir().unwrap();
        let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
        let ended = run(
            &lab(),
            config,
            &BuildFacts::default(),
            &store,
            Box::new(|_| {}),
            &Control::default(),
        )
        .unwrap();
        let result = &ended.result;
        assert_eq!(result.status, RunStatus::Completed, "{:?}", ended.failure);
        let trained_by: Vec<&str> = result.arms.iter().map(|arm| arm.name.as_str()).collect();
        assert_eq!(trained_by, arms);
        for arm in &result.arms {
            assert_eq!(arm.work["images_trained"], trained, "{}", arm.name);
            assert_eq!(arm.work["images_tested"], tested, "{}", arm.name);
        }
        assert_eq!(result.data, recorded(folder.path()));
        assert!(result.command.contains(" --data "), "{}", result.command);
    }
}
