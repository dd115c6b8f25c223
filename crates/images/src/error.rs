//! What can be wrong with files of images.

use std::path::PathBuf;

use thiserror::Error;

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
    /// The embedded images cannot be unpacked.
    #[error("the embedded MNIST cannot be unpacked ({cause}); rebuild or reinstall the program")]
    Embedded {
        /// What went wrong.
        cause: String,
    },
}

/// What is wrong with a file of images or labels.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageProblem {
    /// The first four bytes are those of something else.
    #[error(
        "starts with {found:#010x}, where IDX {what} start with {expected:#010x}; give the unpacked file as it is published"
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
        "label {label} at row {row}, where labels are 0 to {max}; datasets of ten classes can be used"
    )]
    Label {
        /// The row, counted from 0.
        row: usize,
        /// What is there.
        label: u8,
        /// The largest label that there is.
        max: usize,
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
}
