//! Where images come from.

use std::path::PathBuf;

use crate::cifar::CifarFiles;
use crate::embedded::mnist;
use crate::error::ImageError;
use crate::idx::read_idx;
use crate::png_folder::PngFolder;
use crate::set::{Images, Subset};

/// Where images come from. [`ImageSource::find`] tells what a path holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// The MNIST that comes with the program.
    Embedded,
    /// A folder with IDX files, packed or not, see [`read_idx`].
    Idx(PathBuf),
    /// CIFAR-10 or CIFAR-100, as an archive or unpacked.
    Cifar(CifarFiles),
    /// A folder of PNG files for each class.
    Png(PngFolder),
}

impl ImageSource {
    /// Reads a subset, and of it the first `rows` images, or all.
    ///
    /// # Errors
    /// Those of the reader: all files that are not there, or not what they should be.
    pub fn load(&self, subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
        match self {
            Self::Embedded => mnist(subset, rows),
            Self::Idx(dir) => read_idx(dir, subset, rows),
            Self::Cifar(files) => files.load(subset, rows),
            Self::Png(folder) => folder.load(subset, rows),
        }
    }
}
