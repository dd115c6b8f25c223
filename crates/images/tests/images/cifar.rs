//! CIFAR in each version in which it is published, as an archive and unpacked.

use std::fs;
use std::path::Path;

use crate::common::{cifar_pickle, cifar_pixels, cifar10_python, gz, tar_gz};
use proptest::prelude::*;
use tempfile::TempDir;
use workbench_images::pickle;
use workbench_images::{ImageError, ImageProblem, ImageSource, Images, Subset};

/// Paths and contents of files.
type Files = Vec<(String, Vec<u8>)>;

/// The published files of each version with 4 images per batch: archive, paths, contents.
fn versions() -> Vec<(&'static str, Files)> {
    let records = |labels: usize, classes: usize, first: usize| -> Vec<u8> {
        let record = |row: usize| {
            let mut bytes = vec![0; labels];
            bytes[labels - 1] = (row % classes) as u8;
            bytes.extend(cifar_pixels(row));
            bytes
        };
        (first..first + 4).flat_map(record).collect()
    };
    let fine = |first: usize| -> Vec<u8> {
        let labels: Vec<u8> = (first..first + 4).map(|row| (row % 100) as u8).collect();
        cifar_pickle("fine_labels", &labels, first)
    };
    let mut binary: Files = (0..5)
        .map(|batch| {
            (
                format!("data_batch_{}.bin", batch + 1),
                records(1, 10, batch * 4),
            )
        })
        .collect();
    binary.push(("test_batch.bin".to_owned(), records(1, 10, 20)));
    let within = |folder: &str, files: Files| -> Files {
        let path = |(name, content)| (format!("{folder}/{name}"), content);
        files.into_iter().map(path).collect()
    };
    let two = |end: &str, train: Vec<u8>, test: Vec<u8>| {
        vec![(format!("train{end}"), train), (format!("test{end}"), test)]
    };
    vec![
        ("cifar-10-python.tar.gz", cifar10_python(4)),
        (
            "cifar-10-binary.tar.gz",
            within("cifar-10-batches-bin", binary),
        ),
        (
            "cifar-100-python.tar.gz",
            within("cifar-100-python", two("", fine(0), fine(20))),
        ),
        (
            "cifar-100-binary.tar.gz",
            within(
                "cifar-100-binary",
                two(".bin", records(2, 100, 0), records(2, 100, 20)),
            ),
        ),
    ]
}

fn unpack(dir: &Path, files: &[(String, Vec<u8>)]) {
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn load(path: &Path, subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
    ImageSource::find(path)?.load(subset, rows)
}

#[test]
fn every_version_is_read_packed_and_unpacked() {
    for (archive, files) in versions() {
        let dir = TempDir::new().unwrap();
        unpack(dir.path(), &files);
        let folder = dir.path().join(files[0].0.split('/').next().unwrap());
        let packed = dir.path().join("elsewhere").join(archive);
        fs::create_dir(packed.parent().unwrap()).unwrap();
        fs::write(&packed, tar_gz(&files)).unwrap();
        let renamed = dir.path().join("images.tgz");
        fs::copy(&packed, &renamed).unwrap();
        let places = [
            dir.path(),
            &folder,
            packed.parent().unwrap(),
            &packed,
            &renamed,
        ];
        let classes = if archive.contains("100") { 100 } else { 10 };
        let rows = if classes == 100 { 4 } else { 20 };
        for place in places {
            let train = load(place, Subset::Train, None).unwrap();
            assert_eq!((train.channels, train.height, train.width), (3, 32, 32));
            assert_eq!((train.len(), train.classes), (rows, classes), "{archive}");
            for row in 0..rows {
                assert_eq!(usize::from(train.labels[row]), row % classes, "{archive}");
                assert_eq!(train.image(row).unwrap(), cifar_pixels(row), "{archive}");
            }
            let test = load(place, Subset::Test, None).unwrap();
            assert_eq!(test.image(1).unwrap(), cifar_pixels(21), "{archive}");
            for some in [0, 3, 6] {
                let few = load(place, Subset::Train, Some(some)).unwrap();
                let kept = some.min(rows);
                assert_eq!(few.labels, train.labels[..kept], "{archive}");
                assert_eq!(few.pixels, train.pixels[..kept * 3072], "{archive}");
            }
        }
    }
}

/// The message for what is wrong with CIFAR-10's archive for Python.
fn told(files: &[(String, Vec<u8>)]) -> String {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("cifar-10-python.tar.gz");
    fs::write(&path, tar_gz(files)).unwrap();
    let error = load(&path, Subset::Train, None).unwrap_err().to_string();
    error.replace(&dir.path().display().to_string(), "")
}

#[test]
fn what_an_archive_lacks_and_all_that_is_damaged_is_told_at_once() {
    let whole = cifar10_python(4);
    let without = |name: &str| -> Vec<_> {
        let files = whole.iter().filter(|(path, _)| !path.ends_with(name));
        files.cloned().collect()
    };
    let text = told(&without("data_batch_3"));
    assert!(text.contains("no data_batch_3 here"), "{text}");
    let mut files = without("data_batch_3");
    for (path, content) in &mut files {
        if path.ends_with("data_batch_2") {
            content.truncate(5000);
        }
        if path.ends_with("data_batch_5") {
            *content = b"\x80\x02cos\nsystem\n(U\x04rm *tR.".to_vec();
        }
    }
    let text = told(&files);
    for words in [
        "3 faults",
        "data_batch_2: the pickle ends inside",
        "data_batch_5: the pickle names the Python object `os.system`",
        "no data_batch_3 here",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let dir = TempDir::new().unwrap();
    let path = dir.path().join("cifar-10-python.tar.gz");
    let packed = tar_gz(&whole);
    for cut in [3, 40, packed.len() / 4, packed.len() / 2] {
        fs::write(&path, &packed[..cut]).unwrap();
        let text = load(dir.path(), Subset::Train, None)
            .unwrap_err()
            .to_string();
        let named = text.contains("cannot be unpacked") || text.contains("no archive of CIFAR");
        assert!(named && !text.contains('\n'), "{cut}: {text}");
    }
    fs::write(&path, tar_gz(&[("readme.txt".to_owned(), vec![1; 700])])).unwrap();
    let text = load(&path, Subset::Train, None).unwrap_err().to_string();
    assert!(
        text.contains("no archive of CIFAR; give cifar-10-python.tar.gz"),
        "{text}"
    );
}

#[test]
fn binary_files_that_are_missing_cut_or_wrong_are_named() {
    let dir = TempDir::new().unwrap();
    let (_, files) = versions().swap_remove(1);
    unpack(dir.path(), &files);
    let inner = dir.path().join("cifar-10-batches-bin");
    let batch = |number: u8| inner.join(format!("data_batch_{number}.bin"));
    let read = || load(dir.path(), Subset::Train, None).unwrap_err();
    let problem = || match read() {
        ImageError::Damaged { problem, .. } => problem,
        other => panic!("{other:?}"),
    };
    let whole = fs::read(batch(3)).unwrap();
    fs::write(batch(3), &whole[..whole.len() - 1]).unwrap();
    let text = read().to_string();
    assert!(
        text.ends_with("data_batch_3.bin: has 12291 bytes, which is not a whole number of records of 3073 bytes; fetch it again"),
        "{text}"
    );
    fs::write(batch(3), gz(&whole)).unwrap();
    assert!(load(dir.path(), Subset::Train, None).is_ok());
    let mut wrong = whole.clone();
    wrong[2 * 3073] = 77;
    fs::write(batch(3), &wrong).unwrap();
    let label = ImageProblem::Label {
        row: 2,
        label: 77,
        classes: 10,
    };
    assert_eq!(problem(), label);
    fs::write(batch(3), []).unwrap();
    fs::write(batch(5), [1]).unwrap();
    let text = read().to_string();
    assert!(text.starts_with("2 faults: "), "{text}");
    assert!(
        text.contains("has 0 bytes") && text.contains("has 1 bytes"),
        "{text}"
    );
    fs::remove_file(batch(3)).unwrap();
    fs::remove_file(batch(5)).unwrap();
    let text = read().to_string();
    assert!(
        text.contains("no data_batch_3.bin, data_batch_5.bin here"),
        "{text}"
    );
}

#[test]
fn what_numpy_writes_today_is_read_too() {
    // Written by Python 3.11 with NumPy 2.4, protocol 4: two images, labels 7 and 3.
    let bytes = include_bytes!("../fixtures/numpy_protocol_4.pickle");
    let batch = pickle::parse(bytes, "labels", 4).unwrap();
    assert_eq!(batch.labels, [7, 3]);
    assert_eq!(batch.pixels, [0, 1, 2, 3, 4, 5, 6, 255]);
}

/// What each seed of the fuzz target gives: so many labels, or a message with these words.
const CORPUS: [(&str, Result<usize, &str>); 9] = [
    ("sound", Ok(2)),
    ("os_system", Err("names the Python object `os.system`")),
    ("floats", Err("`numpy.dtype f8`")),
    ("cut", Err("ends inside")),
    ("no_labels", Err("no `labels`")),
    (
        "text_protocol",
        Err("an instruction that no file of CIFAR has"),
    ),
    ("fewer_pixels", Err("no array of 2 × 4 bytes")),
    ("deep", Err("more values than any file")),
    ("huge_string", Err("ends inside")),
];

#[test]
fn the_seeds_of_the_fuzz_target_come_out_as_expected() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pickle");
    for (name, expected) in CORPUS {
        let bytes = fs::read(corpus.join(format!("{name}.pickle"))).unwrap();
        match (pickle::parse(&bytes, "labels", 4), expected) {
            (Ok(batch), Ok(rows)) => assert_eq!(batch.labels.len(), rows, "{name}"),
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{name}: {error}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

/// What each seed of the fuzz target of archives gives.
const ARCHIVES: [(&str, Result<usize, &str>); 6] = [
    ("sound", Ok(5)),
    ("cut", Err("cannot be unpacked")),
    ("cut_inside", Err("cannot be unpacked")),
    ("foreign", Err("no archive of CIFAR")),
    ("huge_member", Err("cannot be unpacked")),
    ("lacks_one", Err("no test.bin here")),
];

#[test]
fn the_seeds_of_archives_come_out_as_expected() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/archive");
    for (name, expected) in ARCHIVES {
        let path = corpus.join(format!("{name}.tar.gz"));
        let test = load(&path, Subset::Test, None);
        match (
            load(&path, Subset::Train, None).and_then(|train| Ok((train, test?))),
            expected,
        ) {
            (Ok((train, _)), Ok(rows)) => assert_eq!(train.len(), rows, "{name}"),
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{name}: {error}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

proptest! {
    #[test]
    fn any_binary_file_is_images_or_one_line(bytes in prop::collection::vec(any::<u8>(), 0..8000)) {
        let dir = TempDir::new().unwrap();
        unpack(dir.path(), &versions().swap_remove(1).1);
        fs::write(dir.path().join("cifar-10-batches-bin/test_batch.bin"), &bytes).unwrap();
        match load(dir.path(), Subset::Test, None) {
            Ok(read) => prop_assert_eq!(read.len() * 3073, bytes.len()),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }

    #[test]
    fn any_bytes_are_a_batch_or_one_line(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let bytes = [b"\x80\x02", &bytes[..]].concat();
        if let Err(error) = pickle::parse(&bytes, "labels", 4) {
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn a_changed_byte_never_makes_another_shape(at in 0_usize..6000, value in any::<u8>()) {
        let mut bytes = cifar_pickle("labels", &[3, 1], 0);
        let at = at % bytes.len();
        bytes[at] = value;
        match pickle::parse(&bytes, "labels", 3072) {
            Ok(batch) => prop_assert_eq!(batch.pixels.len(), batch.labels.len() * 3072),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }
}
