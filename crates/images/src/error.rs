//! What can be wrong with files of images.

use std::fmt::Write as _;
use std::path::PathBuf;

use thiserror::Error;

/// Bytes that a data set, or one file of it, may have when it is unpacked: every worker holds all.
pub(crate) const MOST_BYTES: u64 = 4 << 30;

/// Of several faults so many are told; the others are counted.
const TOLD: usize = 5;

/// Why images cannot be had: one line that says where, what, and what to do.
#[derive(Debug, Error)]
pub enum ImageError {
    /// A file is not there.
    #[error("{}: no {name} here; {hint}", dir.display())]
    Missing {
        /// Where it was looked for.
        dir: PathBuf,
        /// The name of the file, as it is published.
        name: String,
        /// What to do.
        hint: String,
    },
    /// A folder that is not one of images, or of more than one dataset.
    #[error("{}: {problem}", dir.display())]
    Unclear {
        /// The folder.
        dir: PathBuf,
        /// What is there instead, and what to do.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {cause}; check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{file}: {problem}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: ImageProblem,
    },
    /// Several of the above.
    #[error("{}", told(faults))]
    Several {
        /// Two or more.
        faults: Vec<ImageError>,
    },
    /// The embedded images cannot be unpacked.
    #[error("the embedded MNIST cannot be unpacked ({cause}); rebuild or reinstall the program")]
    Embedded {
        /// What went wrong.
        cause: String,
    },
}

impl ImageError {
    /// Both results, or the faults of both.
    ///
    /// # Errors
    /// When either is one.
    pub fn both<A, B>(a: Result<A, Self>, b: Result<B, Self>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(a), Err(b)) => Err(Self::Several {
                faults: a.each().into_iter().chain(b.each()).collect(),
            }),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// What all went well with, or all faults as one.
    ///
    /// # Errors
    /// When there is a fault.
    pub(crate) fn none_of<T>(mut faults: Vec<Self>, whole: T) -> Result<T, Self> {
        match faults.len() {
            0 => Ok(whole),
            1 => Err(faults.remove(0)),
            _ => Err(Self::Several {
                faults: faults.into_iter().flat_map(Self::each).collect(),
            }),
        }
    }

    /// The single faults.
    fn each(self) -> Vec<Self> {
        match self {
            Self::Several { faults } => faults,
            one => vec![one],
        }
    }
}

fn told(faults: &[ImageError]) -> String {
    let mut text = format!("{} faults", faults.len());
    for (fault, between) in faults
        .iter()
        .take(TOLD)
        .zip([": "].into_iter().chain([" | "; TOLD]))
    {
        text.push_str(between);
        text.push_str(&fault.to_string());
    }
    if faults.len() > TOLD {
        let _ = write!(text, " | and {} more", faults.len() - TOLD);
    }
    text
}

/// What is wrong with a file of images or labels.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageProblem {
    /// The first four bytes are those of something else.
    #[error(
        "starts with {found:#010x}, where IDX {what} start with {expected:#010x}; give the file as it is published"
    )]
    Magic {
        /// What the file should hold: `images` or `labels`.
        what: &'static str,
        /// The number that IDX files of this kind start with.
        expected: u32,
        /// What is there.
        found: u32,
    },
    /// The file ends inside its header.
    #[error("ends after {found} bytes, inside its header of {expected}; fetch it again")]
    Header {
        /// Bytes of the header.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The file is shorter or longer than its header says.
    #[error("has {found} bytes where its header announces {expected}; fetch it again")]
    Length {
        /// Bytes that the header announces, itself included.
        expected: u128,
        /// Bytes of the file.
        found: u64,
    },
    /// An unpacked file is longer than its header says.
    #[error("goes on after the {expected} bytes that its header announces; fetch it again")]
    Longer {
        /// Bytes that the header announces, itself included.
        expected: u128,
    },
    /// A packed file, or an archive, is cut or damaged.
    #[error("cannot be unpacked ({cause}); fetch it again")]
    Packed {
        /// What the decoder said.
        cause: String,
    },
    /// More than every worker could hold in memory.
    #[error(
        "announces {bytes} bytes, more than the {MOST_BYTES} that a worker holds; give fewer or smaller images"
    )]
    TooLarge {
        /// Bytes.
        bytes: u128,
    },
    /// The header announces no images, or images without pixels.
    #[error(
        "announces {count} images of {height} × {width} pixels; nothing can be learnt from these"
    )]
    Empty {
        /// Images.
        count: u32,
        /// Rows of pixels.
        height: u32,
        /// Pixels per row.
        width: u32,
    },
    /// Images and labels are not equally many.
    #[error(
        "has {labels} labels for the {images} images in {of}; take both files from the same dataset"
    )]
    Counts {
        /// Labels in this file.
        labels: usize,
        /// Images in the other.
        images: usize,
        /// The other file.
        of: String,
    },
    /// A label beyond the classes.
    #[error(
        "label {label} at row {row}, where labels are 0 to {}; datasets of {classes} classes can be used",
        classes - 1
    )]
    Label {
        /// The row, counted from 0.
        row: usize,
        /// What is there.
        label: u8,
        /// How many classes there are.
        classes: usize,
    },
    /// A file of records that is not a whole number of them.
    #[error(
        "has {found} bytes, which is not a whole number of records of {record} bytes; fetch it again"
    )]
    Records {
        /// Bytes of a record.
        record: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// A pickle that is not one of CIFAR's.
    #[error("{0}; take the files of CIFAR's version for Python as they are published")]
    Pickle(PickleProblem),
    /// A PNG file that cannot be decoded.
    #[error("is no sound PNG file ({cause}); make it anew or remove it")]
    Png {
        /// What the decoder said.
        cause: String,
    },
    /// Something else among the PNG files.
    #[error("is {what}; a folder of a class holds PNG files alone")]
    NotPng {
        /// What it is.
        what: &'static str,
    },
    /// Images of different sizes.
    #[error(
        "is {found} pixels (height × width), where {of} is {expected}; bring all images to one size"
    )]
    Size {
        /// Of this image.
        found: String,
        /// Of the first.
        expected: String,
        /// The first.
        of: String,
    },
    /// An image that shows what is behind it.
    #[error("has transparent pixels, whose colour is open; flatten it onto a background")]
    Transparent,
    /// A class that only the test images have, or that has no images.
    #[error("{0}")]
    Class(&'static str),
}

/// What is wrong with a pickle. Only what CIFAR's files consist of is read; nothing in it is ever
/// executed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PickleProblem {
    /// The bytes end inside.
    #[error("the pickle ends inside of what begins at byte {0}")]
    Cut(usize),
    /// An instruction that CIFAR's files do not have.
    #[error("byte {at} of the pickle is {code:#04x}, an instruction that no file of CIFAR has")]
    Instruction {
        /// Where.
        at: usize,
        /// Which.
        code: u8,
    },
    /// A Python object other than an array of bytes.
    #[error("the pickle names the Python object `{0}`; only NumPy arrays of bytes are read")]
    Object(String),
    /// An instruction without what it needs before it.
    #[error("the instruction at byte {0} of the pickle does not fit what is before it")]
    Order(usize),
    /// More values, or deeper ones, than any file of CIFAR has.
    #[error("the pickle has more values than any file of CIFAR")]
    TooMuch,
    /// An entry of the dictionary that is not there, or of another kind.
    #[error("the pickle has no `{0}`")]
    Entry(&'static str),
    /// An array of another shape.
    #[error("`data` is no array of {rows} × {columns} bytes, row by row")]
    Shape {
        /// Rows, as many as labels.
        rows: usize,
        /// Bytes of an image.
        columns: usize,
    },
}
