//! Telling what a folder of images holds, and what of it is missing, before any image is read.

use std::path::{Path, PathBuf};

use crate::error::ImageError;
use crate::set::Split;
use crate::source::ImageSource;
use crate::{cifar, idx};

/// Where torchvision puts the files of a dataset, below the folder that it is given.
const INNER: [&str; 4] = ["raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw"];

impl ImageSource {
    /// Finds out what a folder holds: IDX files or CIFAR-10's binary files. All files of the format
    /// have to be there, under the names that they are published with; none is opened.
    ///
    /// # Errors
    /// [`ImageError::Io`] when there is no such folder, [`ImageError::Missing`] with the names of
    /// all files that are not there, and [`ImageError::Unclear`] when the folder holds neither
    /// format, or both.
    pub fn find(dir: &Path) -> Result<Self, ImageError> {
        let metadata = std::fs::metadata(dir).map_err(|cause| ImageError::Io {
            path: dir.to_owned(),
            cause,
        })?;
        let unclear = |problem: String| ImageError::Unclear {
            dir: dir.to_owned(),
            problem,
        };
        if !metadata.is_dir() {
            return Err(unclear(
                "this is a file; give the folder that holds the files of images".to_owned(),
            ));
        }
        match (idx::holds_any(dir), cifar::holds_any(dir)) {
            (true, false) => complete(Self::Idx(dir.to_owned()), dir, &idx::missing(dir)),
            (false, true) => complete(Self::Cifar10(dir.to_owned()), dir, &cifar::missing(dir)),
            (true, true) => Err(unclear(
                "holds both IDX files and CIFAR-10's; give a folder with one of them".to_owned(),
            )),
            (false, false) => Err(unclear(nothing(dir))),
        }
    }
}

fn complete(
    source: ImageSource,
    dir: &Path,
    missing: &[String],
) -> Result<ImageSource, ImageError> {
    if missing.is_empty() {
        return Ok(source);
    }
    let packed: Vec<String> = missing
        .iter()
        .flat_map(|name| [format!("{name}.gz"), format!("{}.gz", idx::dotted(name))])
        .filter(|packed| dir.join(packed).exists())
        .collect();
    let hint = if packed.is_empty() {
        "all files of a dataset have to be there; fetch what is missing".to_owned()
    } else {
        format!("unpack {} with gunzip", packed.join(" "))
    };
    Err(ImageError::Missing {
        dir: dir.to_owned(),
        name: missing.join(", "),
        hint,
    })
}

/// Why nothing was found, as far as the folder tells.
fn nothing(dir: &Path) -> String {
    let inner: Option<PathBuf> = INNER
        .iter()
        .map(|inner| dir.join(inner))
        .find(|inner| idx::holds_any(inner));
    if let Some(inner) = inner {
        return format!("no images here; give {}", inner.display());
    }
    if dir.join("data_batch_1").exists() || dir.join("cifar-10-batches-py").exists() {
        return "these are CIFAR-10's files for Python; take those of the binary version"
            .to_owned();
    }
    format!(
        "no images here; give the folder with MNIST's four IDX files ({}, …) or CIFAR-10's six binary files ({}, …)",
        idx::names(Split::Train)[0],
        cifar::TRAIN[0]
    )
}
