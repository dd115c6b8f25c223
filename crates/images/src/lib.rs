//! Labelled images to train on: the embedded MNIST, IDX files (MNIST and its kin), and
//! CIFAR-10's binary files.
//!
//! Belongs here: reading and checking. Does not belong here: scaling to floats, shuffling,
//! sharding, tensors; whoever trains does that. Every reader takes a limit of rows and reads or
//! unpacks no more than those.
//!
//! ```
//! use workbench_images::{Part, Source};
//!
//! let digits = Source::Embedded.load(Part::Test, Some(100))?;
//! assert_eq!((digits.len(), digits.classes), (100, 10));
//! assert_eq!(digits.image(0).map(<[u8]>::len), Some(28 * 28));
//! assert_eq!(digits.labels[..4], [7, 2, 1, 0]);
//! # Ok::<(), workbench_images::ImageError>(())
//! ```

mod cifar;
mod embedded;
mod error;
mod file;
mod folder;
pub mod idx;

use std::path::PathBuf;

pub use cifar::read_cifar10;
pub use embedded::mnist;
pub use error::{ImageError, Problem};
pub use idx::{read_idx, write_idx};

/// The classes of every dataset that is read here: labels are 0 to 9.
pub const CLASSES: usize = 10;

/// Images of one size with a label each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Planes per image: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels per plane.
    pub height: usize,
    /// Pixels per row.
    pub width: usize,
    /// All pixels, 0 to 255: image by image, plane by plane, row by row (the order that
    /// PyTorch calls NCHW).
    pub pixels: Vec<u8>,
    /// One label per image, below [`Images::classes`].
    pub labels: Vec<u8>,
    /// How many classes there are, whether or not each occurs.
    pub classes: usize,
}

impl Images {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes per image: channels × height × width.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of one image; `None` past the last.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        let start = index.checked_mul(self.image_len())?;
        self.pixels.get(start..start.checked_add(self.image_len())?)
    }
}

/// What to learn from and what to be tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What the model learns from.
    Train,
    /// What it is tested on.
    Test,
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The MNIST that comes with the program.
    Embedded,
    /// A folder with IDX files, see [`read_idx`].
    Idx(PathBuf),
    /// A folder with CIFAR-10's binary files, see [`read_cifar10`].
    Cifar10(PathBuf),
}

impl Source {
    /// Reads a part, and of it the first `rows` images, or all.
    ///
    /// # Errors
    /// Those of the reader: a file that is not there, or not what it should be.
    pub fn load(&self, part: Part, rows: Option<usize>) -> Result<Images, ImageError> {
        match self {
            Self::Embedded => mnist(part, rows),
            Self::Idx(dir) => read_idx(dir, part, rows),
            Self::Cifar10(dir) => read_cifar10(dir, part, rows),
        }
    }
}
