//! CIFAR-10's binary files (Alex Krizhevsky, 2009): records of a label and 3 × 32 × 32 bytes,
//! red plane first.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem};
use crate::file::{ImageFile, check_labels, open};
use crate::set::{CLASSES, Images, Split};

const CHANNELS: usize = 3;
const SIDE: usize = 32;
const PIXELS: usize = CHANNELS * SIDE * SIDE;
const RECORD: usize = 1 + PIXELS;

pub(crate) const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const TEST: [&str; 1] = ["test_batch.bin"];
/// The folder that the published archive unpacks to.
const FOLDER: &str = "cifar-10-batches-bin";

/// Reads a split from the folder that the archive of the binary version unpacks to, or the folder
/// above it: the five files `data_batch_1.bin` to `data_batch_5.bin`, or `test_batch.bin`. The
/// first `rows` images are read, or all; all files have to be there.
///
/// # Errors
/// [`ImageError::Missing`] when a file is not there, [`ImageError::Damaged`] when one is not what
/// it should be, and [`ImageError::Io`].
pub fn read_cifar10(dir: &Path, split: Split, rows: Option<usize>) -> Result<Images, ImageError> {
    let names: &[&str] = match split {
        Split::Train => &TRAIN,
        Split::Test => &TEST,
    };
    let dir = &folder(dir);
    let mut inputs = Vec::new();
    for name in names {
        let path = dir.join(name);
        if !path.exists() {
            return Err(ImageError::Missing {
                dir: dir.to_owned(),
                name: (*name).to_owned(),
                hint: "give the folder with the six files of CIFAR-10's binary version".to_owned(),
            });
        }
        inputs.push(open(&path)?);
    }
    let mut images = empty();
    for input in inputs {
        let left = rows.map(|rows| rows.saturating_sub(images.len()));
        read_records(input, left, &mut images)?;
    }
    Ok(images)
}

/// The folder of the files, when `dir` is that or the one above.
fn folder(dir: &Path) -> PathBuf {
    let inner = dir.join(FOLDER);
    if inner.is_dir() {
        inner
    } else {
        dir.to_owned()
    }
}

/// Whether any of the files is there.
pub(crate) fn holds_any(dir: &Path) -> bool {
    let dir = folder(dir);
    TRAIN
        .iter()
        .chain(&TEST)
        .any(|name| dir.join(name).exists())
}

/// The files that are not there.
pub(crate) fn missing(dir: &Path) -> Vec<String> {
    let dir = folder(dir);
    let names = TRAIN.iter().chain(&TEST);
    names
        .filter(|name| !dir.join(name).exists())
        .map(|name| (*name).to_owned())
        .collect()
}

fn empty() -> Images {
    Images {
        channels: CHANNELS,
        height: SIDE,
        width: SIDE,
        pixels: Vec::new(),
        labels: Vec::new(),
        classes: CLASSES,
    }
}

/// Appends the first `rows` records of a file, or all.
fn read_records<R: Read>(
    mut input: ImageFile<R>,
    rows: Option<usize>,
    images: &mut Images,
) -> Result<(), ImageError> {
    let record = RECORD as u64;
    if input.bytes == 0 || !input.bytes.is_multiple_of(record) {
        return Err(input.damaged(ImageProblem::Records {
            record,
            found: input.bytes,
        }));
    }
    let count = (input.bytes / record) as usize;
    let wanted = rows.map_or(count, |rows| rows.min(count));
    images.labels.reserve(wanted);
    images.pixels.reserve(wanted * PIXELS);
    let mut buffer = [0; RECORD];
    for row in 0..wanted {
        input
            .reader
            .read_exact(&mut buffer)
            .map_err(|cause| ImageError::Io {
                path: (&input.name).into(),
                cause,
            })?;
        check_labels(&buffer[..1], row).map_err(|problem| input.damaged(problem))?;
        images.labels.push(buffer[0]);
        images.pixels.extend_from_slice(&buffer[1..]);
    }
    Ok(())
}
