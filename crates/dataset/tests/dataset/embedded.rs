//! The embedded table and the split, against the figures that scikit-learn gives.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use workbench_dataset::{Split, Supervised, california_housing, train_test_split};

/// Of the 20,640 × 9 little-endian f64, row by row; also in `assets/datasets/README.md`.
const CALIFORNIA_SHA256: &str = "9b9082ab86651a01d663a8e4a70ea14c0b41d0b2bd693bccd3221dcd111e15ca";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_embedded_file_is_the_one_that_is_documented() {
    let packed = include_bytes!("../../../../assets/datasets/california_housing.bin.zst");
    let sums = include_str!("../../../../assets/datasets/SHA256SUMS");
    let readme = include_str!("../../../../assets/datasets/README.md");
    let digest = hex(&Sha256::digest(packed));
    let line = format!("{digest}  california_housing.bin.zst");
    assert!(sums.lines().any(|known| known == line), "{line}");
    assert!(readme.contains(&digest) && readme.contains(CALIFORNIA_SHA256));
    assert!(packed.len() < 250_000);
}

#[test]
fn california_housing_has_the_bits_that_scikit_learn_serves() {
    let table = california_housing().unwrap();
    assert_eq!(
        table.columns(),
        [
            "MedInc",
            "HouseAge",
            "AveRooms",
            "AveBedrms",
            "Population",
            "AveOccup",
            "Latitude",
            "Longitude",
            "MedHouseVal"
        ]
    );
    assert_eq!((table.name(), table.rows()), ("California Housing", 20_640));
    assert_eq!(table.sha256(), CALIFORNIA_SHA256);
    let row = |i: usize| -> Vec<f64> { (0..9).map(|c| table.column(c).unwrap()[i]).collect() };
    assert_eq!(
        row(0),
        [
            8.3252,
            41.0,
            880.0 / 126.0,
            129.0 / 126.0,
            322.0,
            322.0 / 126.0,
            37.88,
            -122.23,
            4.526
        ]
    );
    assert_eq!(
        row(1),
        [
            8.3014,
            21.0,
            7099.0 / 1138.0,
            1106.0 / 1138.0,
            2401.0,
            2401.0 / 1138.0,
            37.86,
            -122.22,
            3.585
        ]
    );
    assert_eq!(
        row(20_639),
        [
            2.3886,
            16.0,
            2785.0 / 530.0,
            616.0 / 530.0,
            1387.0,
            1387.0 / 530.0,
            39.37,
            -121.24,
            0.894
        ]
    );
}

#[test]
fn the_mean_of_the_target_is_the_published_one() {
    let housing = Supervised::from_table(&california_housing().unwrap(), "MedHouseVal").unwrap();
    assert_eq!((housing.rows, housing.features), (20_640, 8));
    assert!(housing.warnings.is_empty());
    let mean = housing.y.iter().sum::<f64>() / housing.rows as f64;
    // NumPy sums pairwise; a plain sum of 20,640 values may differ in the last digits.
    assert!((mean - 2.068_558_169_089_147_5).abs() < 1e-12, "{mean}");
}

/// Test rows followed by training rows, as the fixture's digests have them.
fn digest(split: &Split) -> String {
    let indices = split.test.iter().chain(&split.train);
    hex(&Sha256::digest(
        indices.flat_map(|i| i.to_le_bytes()).collect::<Vec<u8>>(),
    ))
}

fn numbers<'a>(words: impl Iterator<Item = &'a str>) -> Vec<u32> {
    words.map(|word| word.parse().unwrap()).collect()
}

#[test]
fn splits_are_those_of_scikit_learn_index_for_index() {
    let fixture = include_str!("../fixtures/dataset/splits.txt");
    let lines: Vec<&str> = fixture
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(lines.len(), 20);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (rows, share, seed) = (
            words[0].parse().unwrap(),
            words[1].parse().unwrap(),
            words[2].parse().unwrap(),
        );
        let split = train_test_split(rows, share, seed).unwrap();
        assert_eq!(
            split.test.len(),
            words[3].parse::<usize>().unwrap(),
            "{line}"
        );
        assert_eq!(split.test.len() + split.train.len(), rows);
        if words[4] == "test" {
            let cut = words.iter().position(|&word| word == "train").unwrap();
            assert_eq!(split.test, numbers(words[5..cut].iter().copied()), "{line}");
            assert_eq!(
                split.train,
                numbers(words[cut + 1..].iter().copied()),
                "{line}"
            );
        } else {
            assert_eq!(
                split.test[..8],
                numbers(words[6..14].iter().copied()),
                "{line}"
            );
            assert_eq!(
                split.train[..8],
                numbers(words[14..].iter().copied()),
                "{line}"
            );
            assert_eq!(digest(&split), words[5], "{line}");
        }
    }
}
