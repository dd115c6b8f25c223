//! IDX files: the format of MNIST, Fashion-MNIST and KMNIST (Yann LeCun, Corinna Cortes and
//! Christopher Burges, 1998).
//!
//! A header of big-endian 32-bit numbers, then bytes. Images: 0x803, count, height, width. Labels:
//! 0x801, count. Only unsigned bytes with these shapes are read; other IDX files are refused. Files
//! may be packed with gzip, as they are published.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem};
use crate::file::{ImageFile, check_labels, failed, open, unpacked};
use crate::set::{CLASSES, Images, Subset};

/// What a file of images starts with: unsigned bytes, three dimensions.
const IMAGES_MAGIC: u32 = 0x0803;
/// What a file of labels starts with: unsigned bytes, one dimension.
const LABELS_MAGIC: u32 = 0x0801;
pub(crate) const IMAGES_HEADER: u64 = 16;
pub(crate) const LABELS_HEADER: u64 = 8;

/// Reads a subset from a folder with the four files as they are published:
/// `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, with or without `.gz`; a dot in place of the second dash will do. Of
/// the subset the first `rows` images are read, or all; what a file announces is checked against
/// its size, of packed files where all is read.
///
/// # Errors
/// [`ImageError::Missing`] when a file is not there, [`ImageError::Damaged`] when one is not what
/// it should be, and [`ImageError::Io`].
pub fn read_idx(dir: &Path, subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
    let [images, labels] = names(subset).map(|name| find(dir, &name).and_then(|path| open(&path)));
    let (images, labels) = ImageError::both(images, labels)?;
    read(labels, images, rows)
}

/// Reads the two files of a subset from memory. `name` stands for them in messages.
///
/// # Errors
/// [`ImageError::Damaged`] when one is not what it should be.
pub fn parse(
    labels: &[u8],
    images: &[u8],
    name: &str,
    rows: Option<usize>,
) -> Result<Images, ImageError> {
    let labels = in_memory(labels, format!("{name} (labels)"))?;
    let images = in_memory(images, format!("{name} (images)"))?;
    read(labels, images, rows)
}

fn in_memory(content: &[u8], name: String) -> Result<ImageFile<Box<dyn Read + '_>>, ImageError> {
    let (reader, bytes) =
        unpacked(content, content.len() as u64).map_err(|cause| failed(&name, cause))?;
    Ok(ImageFile {
        reader,
        bytes,
        name,
    })
}

/// Writes a subset as the two IDX files that [`read_idx`] reads.
///
/// # Errors
/// [`ImageError::Io`] when a file cannot be written, or when the images are not grey or too many
/// for the format.
pub fn write_idx(dir: &Path, subset: Subset, images: &Images) -> Result<(), ImageError> {
    let (labels_file, images_file) = encode(images).map_err(|cause| ImageError::Io {
        path: dir.to_owned(),
        cause,
    })?;
    for (what, content) in [
        ("labels-idx1-ubyte", labels_file),
        ("images-idx3-ubyte", images_file),
    ] {
        let path = dir.join(format!("{}-{what}", prefix(subset)));
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

fn prefix(subset: Subset) -> &'static str {
    match subset {
        Subset::Train => "train",
        Subset::Test => "t10k",
    }
}

/// The names of the files of a subset: images, labels.
pub(crate) fn names(subset: Subset) -> [String; 2] {
    ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|what| format!("{}-{what}", prefix(subset)))
}

/// The file of a name, with either kind of dash, unpacked or packed, when it is there.
fn there(dir: &Path, name: &str) -> Option<PathBuf> {
    let plain = [name.to_owned(), dotted(name)];
    let packed = plain.clone().map(|name| format!("{name}.gz"));
    let mut paths = plain.iter().chain(&packed).map(|name| dir.join(name));
    paths.find(|path| path.exists())
}

fn dotted(name: &str) -> String {
    name.replace("-idx", ".idx")
}

/// Whether any of the files is there.
pub(crate) fn holds_any(dir: &Path) -> bool {
    let mut all = [Subset::Train, Subset::Test].into_iter().flat_map(names);
    all.any(|name| there(dir, &name).is_some())
}

/// The files that are not there.
pub(crate) fn missing(dir: &Path) -> Option<ImageError> {
    let all = [Subset::Train, Subset::Test].into_iter().flat_map(names);
    let missing: Vec<String> = all.filter(|name| there(dir, name).is_none()).collect();
    (!missing.is_empty()).then(|| lacks(dir, missing.join(", ")))
}

fn lacks(dir: &Path, name: String) -> ImageError {
    ImageError::Missing {
        dir: dir.to_owned(),
        name,
        hint: "all four files of a dataset have to be there, unpacked or as .gz; fetch what is missing"
            .to_owned(),
    }
}

fn find(dir: &Path, name: &str) -> Result<PathBuf, ImageError> {
    there(dir, name).ok_or_else(|| lacks(dir, name.to_owned()))
}

/// Reads labels, then images, checking the one against the other.
pub(crate) fn read<L: Read, I: Read>(
    mut labels: ImageFile<L>,
    mut images: ImageFile<I>,
    rows: Option<usize>,
) -> Result<Images, ImageError> {
    let (label_count, shape) =
        ImageError::both(labels_header(&mut labels), images_header(&mut images))?;
    if label_count != shape.count {
        return Err(labels.damaged(ImageProblem::Counts {
            labels: label_count,
            images: shape.count,
            of: images.name,
        }));
    }
    let wanted = rows.map_or(shape.count, |rows| rows.min(shape.count));
    let whole = wanted == shape.count;
    let label_bytes = content(&mut labels, LABELS_HEADER, wanted as u128, whole);
    let label_bytes = label_bytes.and_then(|bytes| {
        let checked = check_labels(&bytes, 0, CLASSES);
        checked.map_err(|problem| labels.damaged(problem))?;
        Ok(bytes)
    });
    let pixels = wanted as u128 * (shape.height as u128 * shape.width as u128);
    let pixels = content(&mut images, IMAGES_HEADER, pixels, whole);
    let (labels, pixels) = ImageError::both(label_bytes, pixels)?;
    Ok(Images {
        channels: 1,
        height: shape.height,
        width: shape.width,
        pixels,
        labels,
        classes: CLASSES,
    })
}

/// Reads what comes after a header; where that is `whole`, nothing may follow.
fn content<R: Read>(
    input: &mut ImageFile<R>,
    header: u64,
    bytes: u128,
    whole: bool,
) -> Result<Vec<u8>, ImageError> {
    let too_large = || input.damaged(ImageProblem::TooLarge { bytes });
    let count = u64::try_from(bytes).map_err(|_| too_large())?;
    let content = input.take(count).map_err(|error| match error {
        ImageError::Damaged {
            file,
            problem: ImageProblem::Length { expected, found },
        } => ImageError::Damaged {
            file,
            problem: ImageProblem::Length {
                expected: expected + u128::from(header),
                found: found + header,
            },
        },
        other => other,
    })?;
    if whole && input.bytes.is_none() {
        input.ends(u128::from(header) + bytes)?;
    }
    Ok(content)
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
    let header = input.take(bytes).map_err(|error| match error {
        ImageError::Damaged {
            file,
            problem: ImageProblem::Length { found, .. },
        } => ImageError::Damaged {
            file,
            problem: ImageProblem::Header {
                expected: bytes,
                found,
            },
        },
        other => other,
    })?;
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
    match input.bytes {
        Some(found) if u128::from(found) != expected => {
            Err(input.damaged(ImageProblem::Length { expected, found }))
        }
        _ => Ok(()),
    }
}
