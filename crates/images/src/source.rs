//! Where images come from.

use std::path::PathBuf;

use crate::cifar::read_cifar10;
use crate::embedded::mnist;
use crate::error::ImageError;
use crate::idx::read_idx;
use crate::set::{Images, Split};

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// The MNIST that comes with the program.
    Embedded,
    /// A folder with IDX files, see [`read_idx`].
    Idx(PathBuf),
    /// A folder with CIFAR-10's binary files, see [`read_cifar10`].
    Cifar10(PathBuf),
}

impl ImageSource {
    /// Reads a split, and of it the first `rows` images, or all.
    ///
    /// # Errors
    /// Those of the reader: a file that is not there, or not what it should be.
    pub fn load(&self, split: Split, rows: Option<usize>) -> Result<Images, ImageError> {
        match self {
            Self::Embedded => mnist(split, rows),
            Self::Idx(dir) => read_idx(dir, split, rows),
            Self::Cifar10(dir) => read_cifar10(dir, split, rows),
        }
    }
}
