//! Telling what a path holds, and what of it is missing, before any image is read.

use std::path::{Path, PathBuf};

use crate::cifar::CifarFiles;
use crate::error::ImageError;
use crate::idx;
use crate::png_folder::PngFolder;
use crate::set::Subset;
use crate::source::ImageSource;

/// Where torchvision puts the files of a dataset, below the folder that it is given.
const INNER: [&str; 4] = ["raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw"];

impl ImageSource {
    /// Finds out what a path holds: a folder with IDX files, with CIFAR's files or one of its
    /// archives, or with a folder of PNG files for each class; or one of CIFAR's archives. All
    /// files have to be there, under the names that they are published with. Of PNG files the
    /// headers are read; other files are not opened.
    ///
    /// # Errors
    /// [`ImageError::Io`] when there is no such path, [`ImageError::Missing`] with the names of
    /// all files that are not there, [`ImageError::Unclear`] when it holds none of these, or more
    /// than one, and what is wrong with PNG files.
    pub fn find(path: &Path) -> Result<Self, ImageError> {
        let metadata = std::fs::metadata(path).map_err(|cause| ImageError::Io {
            path: path.to_owned(),
            cause,
        })?;
        if metadata.is_dir() {
            in_folder(path)
        } else {
            CifarFiles::in_file(path).map(Self::Cifar)
        }
    }
}

fn in_folder(dir: &Path) -> Result<ImageSource, ImageError> {
    let unclear = |problem: String| ImageError::Unclear {
        dir: dir.to_owned(),
        problem,
    };
    let mut idx: Vec<PathBuf> = [PathBuf::new()]
        .into_iter()
        .chain(INNER.map(PathBuf::from))
        .map(|inner| dir.join(inner))
        .filter(|inner| idx::holds_any(inner))
        .collect();
    let mut cifar = CifarFiles::in_folder(dir);
    let mut there: Vec<String> = idx
        .iter()
        .map(|inner| format!("IDX files ({})", inner.display()))
        .chain(cifar.iter().map(|files| files.name().to_owned()))
        .collect();
    if there.is_empty() && PngFolder::is_one(dir) {
        return PngFolder::find(dir).map(ImageSource::Png);
    }
    if there.len() > 1 {
        let last = there.pop().unwrap_or_default();
        let others = there.join(", ");
        return Err(unclear(format!(
            "holds {others} and {last}; give a folder with one of them"
        )));
    }
    match (idx.pop(), cifar.pop()) {
        (Some(dir), _) => idx::missing(&dir).map_or(Ok(ImageSource::Idx(dir)), Err),
        (_, Some(files)) => files.missing().map_or(Ok(ImageSource::Cifar(files)), Err),
        (None, None) => Err(unclear(format!(
            "no images here; give the folder with MNIST's four IDX files ({}, …; also as .gz), with CIFAR's files or archive (cifar-10-python.tar.gz), or with a folder of PNG files for each class",
            idx::names(Subset::Train)[0],
        ))),
    }
}
