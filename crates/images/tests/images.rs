//! The readers against what the published files hold, against damaged files, and against anything.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use workbench_images::{CLASSES, ImageError, ImageProblem, ImageSource, Images, Split, idx, mnist};
use workbench_images::{read_cifar10, read_idx, write_idx};

/// Of the four IDX files as they are published; `make_mnist.py` checks the same.
const PUBLISHED: [(Split, &str, &str); 4] = [
    (
        Split::Train,
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        Split::Train,
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        Split::Test,
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        Split::Test,
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

fn problem(result: Result<Images, ImageError>) -> ImageProblem {
    match result {
        Err(ImageError::Damaged { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_embedded_images_are_the_published_ones_byte_for_byte() {
    let dir = TempDir::new().unwrap();
    for part in [Split::Train, Split::Test] {
        write_idx(dir.path(), part, &mnist(part, None).unwrap()).unwrap();
    }
    let readme = include_str!("../../../assets/datasets/README.md");
    for (part, name, digest) in PUBLISHED {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        assert_eq!(sha256(&bytes), digest, "{part:?} {name}");
        assert!(readme.contains(digest), "{name}");
    }
}

#[test]
fn the_embedded_files_are_the_documented_ones() {
    let sums = include_str!("../../../assets/datasets/SHA256SUMS");
    for (name, packed) in [
        (
            "mnist_train.zst",
            &include_bytes!("../../../assets/datasets/mnist_train.zst")[..],
        ),
        (
            "mnist_test.zst",
            &include_bytes!("../../../assets/datasets/mnist_test.zst")[..],
        ),
    ] {
        let line = format!("{}  {name}", sha256(packed));
        assert!(sums.lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn every_digit_is_there_about_equally_often() {
    let train = mnist(Split::Train, None).unwrap();
    assert_eq!((train.channels, train.height, train.width), (1, 28, 28));
    assert_eq!(train.len(), 60_000);
    assert_eq!(train.pixels.len(), 60_000 * 28 * 28);
    let mut counts = [0; CLASSES];
    for label in &train.labels {
        counts[usize::from(*label)] += 1;
    }
    // As LeCun's page and every tutorial have them.
    assert_eq!(
        counts,
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    assert_eq!(train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
}

#[test]
fn a_limit_gives_the_first_rows() {
    let all = mnist(Split::Test, None).unwrap();
    for rows in [0, 1, 777, 10_000, usize::MAX] {
        let some = mnist(Split::Test, Some(rows)).unwrap();
        let kept = rows.min(10_000);
        assert_eq!(some.len(), kept);
        assert_eq!(some.labels, all.labels[..kept]);
        assert_eq!(some.pixels, all.pixels[..kept * 784]);
        assert_eq!(some.image(kept), None);
        assert_eq!(some.is_empty(), kept == 0);
    }
}

/// Three images of 2 × 3 pixels.
fn small() -> Images {
    Images {
        channels: 1,
        height: 2,
        width: 3,
        pixels: (0..18).collect(),
        labels: vec![3, 0, 9],
        classes: CLASSES,
    }
}

#[test]
fn both_spellings_of_the_names_are_found_and_packed_files_are_named() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_idx(dir.path(), Split::Test, &small()).unwrap();
    std::fs::rename(at("t10k-images-idx3-ubyte"), at("t10k-images.idx3-ubyte")).unwrap();
    let source = ImageSource::Idx(dir.path().to_owned());
    assert_eq!(source.load(Split::Test, None).unwrap(), small());

    let message = |error: ImageError| {
        let text = error.to_string();
        text.strip_prefix(&dir.path().display().to_string())
            .unwrap_or(&text)
            .to_owned()
    };
    assert_eq!(
        message(source.load(Split::Train, None).unwrap_err()),
        ": no train-images-idx3-ubyte here; give the folder with the four IDX files, or use the embedded MNIST"
    );
    std::fs::write(at("train-images-idx3-ubyte.gz"), "").unwrap();
    assert_eq!(
        message(source.load(Split::Train, None).unwrap_err()),
        ": no train-images-idx3-ubyte here; unpack train-images-idx3-ubyte.gz with gunzip"
    );
    std::fs::create_dir(at("train-images-idx3-ubyte")).unwrap();
    assert_eq!(
        message(source.load(Split::Train, None).unwrap_err()),
        "/train-images-idx3-ubyte: not an ordinary file; check the path and its permissions"
    );
}

#[test]
fn only_grey_images_can_be_written() {
    let dir = TempDir::new().unwrap();
    let colourful = Images {
        channels: 3,
        height: 2,
        width: 1,
        ..small()
    };
    let error = write_idx(dir.path(), Split::Train, &colourful).unwrap_err();
    assert!(error.to_string().contains("3 channels"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// The two files of [`small`]: labels, images.
fn small_files() -> (Vec<u8>, Vec<u8>) {
    let dir = TempDir::new().unwrap();
    write_idx(dir.path(), Split::Train, &small()).unwrap();
    let read = |name| std::fs::read(dir.path().join(name)).unwrap();
    (
        read("train-labels-idx1-ubyte"),
        read("train-images-idx3-ubyte"),
    )
}

#[test]
fn every_kind_of_damage_is_named() {
    let (labels, images) = small_files();
    let parse = |labels: &[u8], images: &[u8]| problem(idx::parse(labels, images, "x", None));
    let with = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };

    // The two files swapped: what people do.
    let swapped = idx::parse(&images, &labels, "digits", None).unwrap_err();
    assert_eq!(
        swapped.to_string(),
        "digits (labels): starts with 0x00000803, where IDX labels start with 0x00000801; \
         give the unpacked file as it is published"
    );
    assert_eq!(
        parse(
            &labels,
            &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        ),
        ImageProblem::Magic {
            what: "images",
            expected: 0x803,
            found: 0x1f8b_0800
        }
    );
    assert_eq!(
        parse(&labels, &images[..15]),
        ImageProblem::Header {
            expected: 16,
            found: 15
        }
    );
    for bytes in [33, 35] {
        let mut other = images.clone();
        other.resize(bytes, 0);
        let expected = ImageProblem::Length {
            expected: 34,
            found: bytes as u64,
        };
        assert_eq!(parse(&labels, &other), expected);
    }
    assert_eq!(
        parse(&with(&labels, 7, 2)[..10], &images),
        ImageProblem::Counts {
            labels: 2,
            images: 3,
            of: "x (images)".to_owned()
        }
    );
    assert_eq!(
        parse(&with(&labels, 9, 10), &images),
        ImageProblem::Label {
            row: 1,
            label: 10,
            max: 9
        }
    );
    assert_eq!(
        parse(&labels, &with(&images, 15, 0)),
        ImageProblem::Empty {
            count: 3,
            height: 2,
            width: 0
        }
    );
    // 2^96 pixels: no memory is asked for.
    let huge = [&[0, 0, 8, 3][..], &[0xFF; 12]].concat();
    assert!(matches!(
        parse(&labels, &huge),
        ImageProblem::Length { expected, found: 16 } if expected > 1 << 95
    ));
}

/// What each seed of the fuzz target gives: so many images, or a message with these words.
const CORPUS: [(&str, Result<usize, &str>); 9] = [
    ("three_images", Ok(3)),
    ("swapped", Err("(labels): starts with 0x00000803")),
    ("label_ten", Err("label 10 at row 1")),
    ("fewer_labels", Err("2 labels for the 3 images")),
    (
        "cut_images",
        Err("has 33 bytes where its header announces 34"),
    ),
    ("cut_header", Err("ends after 15 bytes")),
    ("no_width", Err("3 images of 2 × 0 pixels")),
    ("none", Err("0 images of 2 × 3 pixels")),
    ("huge", Err("has 16 bytes where its header announces")),
];

#[test]
fn the_seeds_of_the_fuzz_target_come_out_as_expected() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/idx");
    for (name, expected) in CORPUS {
        let bytes = std::fs::read(corpus.join(format!("{name}.idx"))).unwrap();
        let (labels, images) = bytes[1..].split_at(usize::from(bytes[0]));
        match (idx::parse(labels, images, "digits", None), expected) {
            (Ok(read), Ok(rows)) => assert_eq!(read.len(), rows, "{name}"),
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{name}: {error}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

/// `rows` records whose pixels and labels follow from their number.
fn cifar_file(dir: &Path, name: &str, first: usize, rows: usize) {
    let record = |row: usize| {
        let mut bytes = vec![(row % 10) as u8];
        bytes.extend((0..3072).map(|i| ((row * 7 + i) % 251) as u8));
        bytes
    };
    let bytes: Vec<u8> = (first..first + rows).flat_map(record).collect();
    std::fs::write(dir.join(name), bytes).unwrap();
}

fn cifar_folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&inner).unwrap();
    for batch in 0..5 {
        let name = format!("data_batch_{}.bin", batch + 1);
        cifar_file(&inner, &name, batch * 4, 4);
    }
    cifar_file(&inner, "test_batch.bin", 20, 3);
    dir
}

#[test]
fn cifar_batches_are_strung_together() {
    let dir = cifar_folder();
    let inner = dir.path().join("cifar-10-batches-bin");
    let train = read_cifar10(&inner, Split::Train, None).unwrap();
    assert_eq!((train.channels, train.height, train.width), (3, 32, 32));
    assert_eq!(train.len(), 20);
    for row in 0..20 {
        assert_eq!(usize::from(train.labels[row]), row % 10);
        let image = train.image(row).unwrap();
        assert_eq!((usize::from(image[0]), image.len()), (row * 7 % 251, 3072));
    }
    let source = ImageSource::Cifar10(dir.path().to_owned());
    assert_eq!(source.load(Split::Test, None).unwrap().labels, [0, 1, 2]);
    let some = source.load(Split::Train, Some(6)).unwrap();
    assert_eq!(some.labels, train.labels[..6]);
    assert_eq!(some.pixels, train.pixels[..6 * 3072]);
}

#[test]
fn cifar_files_that_are_missing_cut_or_wrong_are_named() {
    let dir = cifar_folder();
    let inner = dir.path().join("cifar-10-batches-bin");
    let file = inner.join("data_batch_3.bin");
    let read = || read_cifar10(dir.path(), Split::Train, None);

    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let text = read().unwrap_err().to_string();
    assert!(
        text.ends_with("data_batch_3.bin: has 12291 bytes, which is not a whole number of records of 3073 bytes; fetch it again"),
        "{text}"
    );
    let mut wrong = whole.clone();
    wrong[2 * 3073] = 77;
    std::fs::write(&file, &wrong).unwrap();
    assert_eq!(
        problem(read()),
        ImageProblem::Label {
            row: 2,
            label: 77,
            max: 9
        }
    );
    std::fs::write(&file, []).unwrap();
    assert_eq!(
        problem(read()),
        ImageProblem::Records {
            record: 3073,
            found: 0
        }
    );
    std::fs::remove_file(&file).unwrap();
    let text = read().unwrap_err().to_string();
    assert!(text.contains("no data_batch_3.bin here"), "{text}");
}

#[test]
fn a_folder_tells_what_it_holds() {
    let cifar = cifar_folder();
    let found = ImageSource::find(cifar.path()).unwrap();
    assert_eq!(found, ImageSource::Cifar10(cifar.path().to_owned()));
    let idx = TempDir::new().unwrap();
    for part in [Split::Train, Split::Test] {
        write_idx(idx.path(), part, &small()).unwrap();
    }
    let found = ImageSource::find(idx.path()).unwrap();
    assert_eq!(found, ImageSource::Idx(idx.path().to_owned()));

    let batch = cifar.path().join("cifar-10-batches-bin/data_batch_5.bin");
    std::fs::remove_file(batch).unwrap();
    let labels = idx.path().join("t10k-labels-idx1-ubyte");
    std::fs::rename(&labels, idx.path().join("t10k-labels.idx1-ubyte.gz")).unwrap();
    let told = |dir: &Path| ImageSource::find(dir).unwrap_err().to_string();
    assert!(told(cifar.path()).contains("no data_batch_5.bin here"));
    assert!(told(idx.path()).ends_with("unpack t10k-labels.idx1-ubyte.gz with gunzip"));
    assert!(told(&idx.path().join("none")).contains("No such file"));
}

fn any_images() -> impl Strategy<Value = Images> {
    (1..6_usize, 1..6_usize, 1..20_usize).prop_flat_map(|(height, width, count)| {
        let pixels = prop::collection::vec(any::<u8>(), height * width * count);
        let labels = prop::collection::vec(0..CLASSES as u8, count);
        (pixels, labels).prop_map(move |(pixels, labels)| Images {
            channels: 1,
            height,
            width,
            pixels,
            labels,
            classes: CLASSES,
        })
    })
}

/// Bytes that get past the magic number more often than chance would have it.
fn nearly_idx(magic: u8, numbers: usize) -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![0..6_u32, any::<u32>()];
    let header = prop::collection::vec(number, numbers);
    let body = prop::collection::vec(0..12_u8, 0..60);
    (header, body).prop_map(move |(header, body)| {
        let mut bytes = vec![0, 0, 8, magic];
        bytes.extend(header.iter().flat_map(|n| n.to_be_bytes()));
        bytes.extend(body);
        bytes
    })
}

fn sound_or_one_line(
    labels: &[u8],
    images: &[u8],
    rows: Option<usize>,
) -> Result<(), TestCaseError> {
    match idx::parse(labels, images, "x", rows) {
        Ok(read) => {
            prop_assert!(read.pixels.capacity() <= images.len());
            prop_assert!(read.labels.capacity() <= labels.len());
            prop_assert_eq!(read.pixels.len(), read.len() * read.image_len());
            prop_assert!(read.labels.iter().all(|l| usize::from(*l) < read.classes));
        }
        Err(error) => {
            prop_assert!(matches!(error, ImageError::Damaged { .. }), "{error:?}");
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        images in any_images(),
        part in prop_oneof![Just(Split::Train), Just(Split::Test)],
    ) {
        let dir = TempDir::new().unwrap();
        write_idx(dir.path(), part, &images).unwrap();
        prop_assert_eq!(read_idx(dir.path(), part, None).unwrap(), images);
    }

    #[test]
    fn arbitrary_bytes_are_refused_in_one_line(
        labels in prop::collection::vec(any::<u8>(), 0..100),
        images in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        sound_or_one_line(&labels, &images, None)?;
    }

    #[test]
    fn bytes_that_are_nearly_right_never_cost_more_than_their_size(
        labels in nearly_idx(1, 1),
        images in nearly_idx(3, 3),
        rows in prop::option::of(0..10_usize),
    ) {
        sound_or_one_line(&labels, &images, rows)?;
    }

    #[test]
    fn a_changed_byte_gives_sound_images_or_a_message(
        images in any_images(), at in any::<prop::sample::Index>(), value: u8,
    ) {
        let dir = TempDir::new().unwrap();
        write_idx(dir.path(), Split::Train, &images).unwrap();
        let labels = std::fs::read(dir.path().join("train-labels-idx1-ubyte")).unwrap();
        let mut pixels = std::fs::read(dir.path().join("train-images-idx3-ubyte")).unwrap();
        let at = at.index(pixels.len());
        pixels[at] = value;
        sound_or_one_line(&labels, &pixels, None)?;
    }

    #[test]
    fn arbitrary_cifar_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..8000)) {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("test_batch.bin"), &bytes).unwrap();
        match read_cifar10(dir.path(), Split::Test, None) {
            Ok(read) => prop_assert_eq!(read.len() * 3073, bytes.len()),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }
}
