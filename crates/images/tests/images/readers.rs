//! The readers against what the published files hold, against damaged files, and against anything.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use workbench_images::{
    CLASSES, ImageError, ImageProblem, ImageSource, Images, Subset, idx, mnist,
};
use workbench_images::{read_idx, write_idx};

/// Of the four IDX files as they are published; `make_mnist.py` checks the same.
const PUBLISHED: [(Subset, &str, &str); 4] = [
    (
        Subset::Train,
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        Subset::Train,
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        Subset::Test,
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        Subset::Test,
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
    for part in [Subset::Train, Subset::Test] {
        write_idx(dir.path(), part, &mnist(part, None).unwrap()).unwrap();
    }
    let readme = include_str!("../../../../assets/datasets/README.md");
    for (part, name, digest) in PUBLISHED {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        assert_eq!(sha256(&bytes), digest, "{part:?} {name}");
        assert!(readme.contains(digest), "{name}");
    }
}

#[test]
fn the_embedded_files_are_the_documented_ones() {
    let sums = include_str!("../../../../assets/datasets/SHA256SUMS");
    for (name, packed) in [
        (
            "mnist_train.zst",
            &include_bytes!("../../../../assets/datasets/mnist_train.zst")[..],
        ),
        (
            "mnist_test.zst",
            &include_bytes!("../../../../assets/datasets/mnist_test.zst")[..],
        ),
    ] {
        let line = format!("{}  {name}", sha256(packed));
        assert!(sums.lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn every_digit_is_there_about_equally_often() {
    let train = mnist(Subset::Train, None).unwrap();
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
    let all = mnist(Subset::Test, None).unwrap();
    for rows in [0, 1, 777, 10_000, usize::MAX] {
        let some = mnist(Subset::Test, Some(rows)).unwrap();
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
fn both_spellings_of_the_names_are_found_packed_or_not() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let source = ImageSource::Idx(dir.path().to_owned());
    write_idx(dir.path(), Subset::Test, &small()).unwrap();
    let read = || source.load(Subset::Test, None).unwrap();
    std::fs::rename(at("t10k-images-idx3-ubyte"), at("t10k-images.idx3-ubyte")).unwrap();
    assert_eq!(read(), small());
    for (name, packed) in [
        ("t10k-images.idx3-ubyte", "t10k-images-idx3-ubyte.gz"),
        ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte.gz"),
    ] {
        let plain = std::fs::read(at(name)).unwrap();
        std::fs::remove_file(at(name)).unwrap();
        // Some browsers unpack what they fetch and keep the name.
        std::fs::write(at(packed), &plain).unwrap();
        assert_eq!(read(), small());
        std::fs::write(at(packed), crate::common::gz(&plain)).unwrap();
        assert_eq!(read(), small());
        assert_eq!(source.load(Subset::Test, Some(1)).unwrap().labels, [3]);
    }
    let message = |error: ImageError| {
        let text = error.to_string();
        text.replace(&dir.path().display().to_string(), "")
    };
    assert_eq!(
        message(source.load(Subset::Train, None).unwrap_err()),
        "2 faults: : no train-images-idx3-ubyte here; all four files of a dataset have to be there, \
         unpacked or as .gz; fetch what is missing | : no train-labels-idx1-ubyte here; all four \
         files of a dataset have to be there, unpacked or as .gz; fetch what is missing"
    );
    std::fs::create_dir(at("train-images-idx3-ubyte")).unwrap();
    std::fs::write(at("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 0]).unwrap();
    assert_eq!(
        message(source.load(Subset::Train, None).unwrap_err()),
        "/train-images-idx3-ubyte: not an ordinary file; check the path and its permissions"
    );
}

#[test]
fn packed_files_that_are_cut_damaged_or_too_long_are_named() {
    let (labels, images) = small_files();
    let parse = |images: &[u8]| problem(idx::parse(&labels, images, "x", None));
    let whole = crate::common::gz(&images);
    assert!(idx::parse(&crate::common::gz(&labels), &whole, "x", None).is_ok());
    for cut in 0..whole.len() - 1 {
        let problem = parse(&whole[..cut]);
        let named = matches!(
            problem,
            ImageProblem::Packed { .. } | ImageProblem::Header { .. }
        );
        assert!(named, "{cut}: {problem:?}");
    }
    let mut checksum = whole.clone();
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    assert!(matches!(parse(&checksum), ImageProblem::Packed { .. }));
    let longer = ImageProblem::Longer { expected: 34 };
    assert_eq!(
        parse(&crate::common::gz(&[&images[..], &[0]].concat())),
        longer
    );
    let shorter = ImageProblem::Length {
        expected: 34,
        found: 33,
    };
    assert_eq!(parse(&crate::common::gz(&images[..33])), shorter);
    // Small when it is packed, and more than a worker can hold.
    let mut huge = images.clone();
    huge[8..16].fill(0xff);
    let problem = parse(&crate::common::gz(&huge));
    assert!(
        matches!(problem, ImageProblem::TooLarge { .. }),
        "{problem:?}"
    );
}

#[test]
fn the_faults_of_both_files_are_told_at_once() {
    let (labels, images) = small_files();
    let error = idx::parse(&images, &labels, "digits", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 faults: digits (labels): starts with 0x00000803, where IDX labels start with 0x00000801; \
         give the file as it is published | digits (images): ends after 11 bytes, \
         inside its header of 16; fetch it again"
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
    let error = write_idx(dir.path(), Subset::Train, &colourful).unwrap_err();
    assert!(error.to_string().contains("3 channels"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// The two files of [`small`]: labels, images.
fn small_files() -> (Vec<u8>, Vec<u8>) {
    let dir = TempDir::new().unwrap();
    write_idx(dir.path(), Subset::Train, &small()).unwrap();
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
            classes: 10
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
            let faults = match &error {
                ImageError::Several { faults } => faults.as_slice(),
                one => std::slice::from_ref(one),
            };
            let damage = |fault: &ImageError| matches!(fault, ImageError::Damaged { .. });
            prop_assert!(faults.iter().all(damage), "{error:?}");
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        images in any_images(),
        part in prop_oneof![Just(Subset::Train), Just(Subset::Test)],
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
        write_idx(dir.path(), Subset::Train, &images).unwrap();
        let labels = std::fs::read(dir.path().join("train-labels-idx1-ubyte")).unwrap();
        let mut pixels = std::fs::read(dir.path().join("train-images-idx3-ubyte")).unwrap();
        let at = at.index(pixels.len());
        pixels[at] = value;
        sound_or_one_line(&labels, &pixels, None)?;
    }
}
