//! IDX files: the format of MNIST, Fashion-MNIST and KMNIST (Yann LeCun, Corinna Cortes and
//! Christopher Burges, 1998).
//!
//! A header of big-endian 32-bit numbers, then bytes. Images: 0x803, count, height, width. Labels:
//! 0x801, count. Only unsigned bytes with these shapes are read; other IDX files are refused.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem};
use crate::file::{ImageFile, check_labels, open};
use crate::set::{CLASSES, Images, Split};

/// What a file of images starts with: unsigned bytes, three dimensions.
const IMAGES_MAGIC: u32 = 0x0803;
/// What a file of labels starts with: unsigned bytes, one dimension.
const LABELS_MAGIC: u32 = 0x0801;
pub(crate) const IMAGES_HEADER: u64 = 16;
pub(crate) const LABELS_HEADER: u64 = 8;

/// Reads a split from a folder with the four files as they are published: `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`; a dot in place
/// of the second dash will do. Of the split the first `rows` images are read, or all; what a file
/// announces is always checked against its size.
///
/// # Errors
/// [`ImageError::Missing`] when a file is not there, [`ImageError::Damaged`] when one is not what
/// it should be, and [`ImageError::Io`].
pub fn read_idx(dir: &Path, split: Split, rows: Option<usize>) -> Result<Images, ImageError> {
    let images = open(&find(dir, split, "images-idx3-ubyte")?)?;
    let labels = open(&find(dir, split, "labels-idx1-ubyte")?)?;
    read(labels, images, rows)
}

/// Reads the two files of a split from memory. `name` stands for them in messages.
///
/// # Errors
/// [`ImageError::Damaged`] when one is not what it should be.
pub fn parse(
    labels: &[u8],
    images: &[u8],
    name: &str,
    rows: Option<usize>,
) -> Result<Images, ImageError> {
    let input = |reader, what| ImageFile {
        reader,
        bytes: <[u8]>::len(reader) as u64,
        name: format!("{name} ({what})"),
    };
    read(input(labels, "labels"), input(images, "images"), rows)
}

/// Writes a split as the two IDX files that [`read_idx`] reads.
///
/// # Errors
/// [`ImageError::Io`] when a file cannot be written, or when the images are not grey or too many
/// for the format.
pub fn write_idx(dir: &Path, split: Split, images: &Images) -> Result<(), ImageError> {
    let (labels_file, images_file) = encode(images).map_err(|cause| ImageError::Io {
        path: dir.to_owned(),
        cause,
    })?;
    for (what, content) in [
        ("labels-idx1-ubyte", labels_file),
        ("images-idx3-ubyte", images_file),
    ] {
        let path = dir.join(format!("{}-{what}", prefix(split)));
        std::fs::write(&path, content).map_err(|cause| ImageError::Io { path, cause })?;
    }
    Ok(())
}

/// The file of the labels and that of the images.
fn encode(images: &Images) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    if images.channels != 1 {
        return Err(std::io::Error::other(format!(
            "IDX files hold grey images, and these have {} channels",
            images.channels
        )));
    }
    let number = |n: usize| {
        u32::try_from(n)
            .map(u32::to_be_bytes)
            .map_err(|_| std::io::Error::other(format!("{n} does not fit into an IDX header")))
    };
    let count = number(images.len())?;
    let mut labels_file = [LABELS_MAGIC.to_be_bytes(), count].concat();
    labels_file.extend_from_slice(&images.labels);
    let mut images_file = [
        IMAGES_MAGIC.to_be_bytes(),
        count,
        number(images.height)?,
        number(images.width)?,
    ]
    .concat();
    images_file.extend_from_slice(&images.pixels);
    Ok((labels_file, images_file))
}

fn prefix(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Test => "t10k",
    }
}

/// The names of the files of a split: images, labels.
pub(crate) fn names(split: Split) -> [String; 2] {
    ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|what| format!("{}-{what}", prefix(split)))
}

/// The file of a name, with either kind of dash, when it is there.
fn there(dir: &Path, name: &str) -> Option<PathBuf> {
    [dir.join(name), dir.join(dotted(name))]
        .into_iter()
        .find(|path| path.exists())
}

pub(crate) fn dotted(name: &str) -> String {
    name.replace("-idx", ".idx")
}

/// Whether any of the files is there, packed or not.
pub(crate) fn holds_any(dir: &Path) -> bool {
    let packed = |name: &str| dir.join(format!("{name}.gz")).exists();
    [Split::Train, Split::Test]
        .into_iter()
        .flat_map(names)
        .any(|name| there(dir, &name).is_some() || packed(&name) || packed(&dotted(&name)))
}

/// The files that are not there.
pub(crate) fn missing(dir: &Path) -> Vec<String> {
    [Split::Train, Split::Test]
        .into_iter()
        .flat_map(names)
        .filter(|name| there(dir, name).is_none())
        .collect()
}

fn find(dir: &Path, split: Split, what: &str) -> Result<PathBuf, ImageError> {
    let name = format!("{}-{what}", prefix(split));
    if let Some(path) = there(dir, &name) {
        return Ok(path);
    }
    let dotted = dotted(&name);
    let packed = [format!("{name}.gz"), format!("{dotted}.gz")]
        .into_iter()
        .find(|packed| dir.join(packed).exists());
    Err(ImageError::Missing {
        dir: dir.to_owned(),
        name,
        hint: match packed {
            Some(packed) => format!("unpack {packed} with gunzip"),
            None => "give the folder with the four IDX files, or use the embedded MNIST".to_owned(),
        },
    })
}

/// Reads labels, then images, checking the one against the other.
pub(crate) fn read<L: Read, I: Read>(
    mut labels: ImageFile<L>,
    mut images: ImageFile<I>,
    rows: Option<usize>,
) -> Result<Images, ImageError> {
    let label_count = labels_header(&mut labels)?;
    let shape = images_header(&mut images)?;
    if label_count != shape.count {
        return Err(labels.damaged(ImageProblem::Counts {
            labels: label_count,
            images: shape.count,
            of: images.name,
        }));
    }
    let wanted = rows.map_or(shape.count, |rows| rows.min(shape.count));
    let label_bytes = labels.take(wanted)?;
    check_labels(&label_bytes, 0).map_err(|problem| labels.damaged(problem))?;
    Ok(Images {
        channels: 1,
        height: shape.height,
        width: shape.width,
        pixels: images.take(wanted * shape.height * shape.width)?,
        labels: label_bytes,
        classes: CLASSES,
    })
}

/// What the header of a file of images says.
#[derive(Debug, Clone, Copy)]
struct Shape {
    count: usize,
    height: usize,
    width: usize,
}

/// Reads the header of a file of labels; gives their number.
fn labels_header<R: Read>(input: &mut ImageFile<R>) -> Result<usize, ImageError> {
    let [count] = header(input, LABELS_MAGIC, "labels", LABELS_HEADER)?;
    check_length(input, u128::from(LABELS_HEADER) + u128::from(count))?;
    Ok(count as usize)
}

/// Reads the header of a file of images.
fn images_header<R: Read>(input: &mut ImageFile<R>) -> Result<Shape, ImageError> {
    let [count, height, width] = header(input, IMAGES_MAGIC, "images", IMAGES_HEADER)?;
    if count == 0 || height == 0 || width == 0 {
        return Err(input.damaged(ImageProblem::Empty {
            count,
            height,
            width,
        }));
    }
    // Three 32-bit numbers can exceed 64 bits.
    let pixels = u128::from(count) * u128::from(height) * u128::from(width);
    check_length(input, u128::from(IMAGES_HEADER) + pixels)?;
    Ok(Shape {
        count: count as usize,
        height: height as usize,
        width: width as usize,
    })
}

/// Checks the magic number and gives the numbers after it.
fn header<R: Read, const N: usize>(
    input: &mut ImageFile<R>,
    magic: u32,
    what: &'static str,
    bytes: u64,
) -> Result<[u32; N], ImageError> {
    if input.bytes < bytes {
        return Err(input.damaged(ImageProblem::Header {
            expected: bytes,
            found: input.bytes,
        }));
    }
    let header = input.take(bytes as usize)?;
    let mut numbers = header
        .chunks_exact(4)
        .map(|four| four.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)));
    let found = numbers.next().unwrap_or_default();
    if found != magic {
        return Err(input.damaged(ImageProblem::Magic {
            what,
            expected: magic,
            found,
        }));
    }
    Ok(std::array::from_fn(|_| numbers.next().unwrap_or_default()))
}

fn check_length<R: Read>(input: &ImageFile<R>, expected: u128) -> Result<(), ImageError> {
    if u128::from(input.bytes) == expected {
        return Ok(());
    }
    Err(input.damaged(ImageProblem::Length {
        expected,
        found: input.bytes,
    }))
}
