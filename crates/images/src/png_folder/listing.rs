//! Which files belong to which class.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem};

/// What the folders of training and test images are called.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 5] = ["test", "testing", "val", "valid", "validation"];
/// What systems put beside the files of people.
const LITTER: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// The files of every class, in the order of their names.
#[derive(Debug, Clone)]
pub(super) struct ClassFiles {
    dir: PathBuf,
    files: BTreeMap<OsString, Vec<PathBuf>>,
}

/// The folders of training and test images; `None` where there is none of either.
pub(super) fn parts(dir: &Path) -> Result<Option<(PathBuf, PathBuf)>, ImageError> {
    let find = |names: &[&str]| {
        let mut places = names.iter().map(|name| dir.join(name));
        places.find(|place| place.is_dir())
    };
    match (find(&TRAIN), find(&TEST)) {
        (Some(train), Some(test)) => Ok(Some((train, test))),
        (None, None) => Ok(None),
        (train, _) => Err(ImageError::Missing {
            dir: dir.to_owned(),
            name: if train.is_some() { "test" } else { "train" }.to_owned(),
            hint: "the folders train and test both have to be there, or neither".to_owned(),
        }),
    }
}

/// Whether a folder, or the part for training in it, has folders with PNG files.
pub(super) fn is_one(dir: &Path) -> bool {
    let inner = TRAIN.iter().chain(&TEST).map(|name| dir.join(name));
    let mut places = inner.chain([dir.to_owned()]);
    places.any(|place| {
        let mut classes = entries(&place).unwrap_or_default().into_iter();
        classes.any(|class| {
            class.is_dir()
                && entries(&class).is_ok_and(|files| files.iter().any(|file| is_png(file)))
        })
    })
}

impl ClassFiles {
    /// Lists the folders of classes. What is in them and is no PNG file is a fault.
    pub fn list(dir: &Path, faults: &mut Vec<ImageError>) -> Result<Self, ImageError> {
        let mut classes = BTreeMap::new();
        for class in entries(dir)? {
            if !class.is_dir() {
                continue;
            }
            let mut files = Vec::new();
            for file in entries(&class)? {
                let what = if file.is_dir() {
                    "a folder"
                } else if is_png(&file) {
                    files.push(file);
                    continue;
                } else {
                    "no PNG file"
                };
                faults.push(ImageError::Damaged {
                    file: file.display().to_string(),
                    problem: ImageProblem::NotPng { what },
                });
            }
            if files.is_empty() {
                faults.push(wrong_class(&class, "has no PNG files; remove this class"));
            }
            classes.insert(class.file_name().unwrap_or_default().to_owned(), files);
        }
        Ok(Self {
            dir: dir.to_owned(),
            files: classes,
        })
    }

    /// The classes, in the order of their labels.
    pub fn names(&self) -> Vec<OsString> {
        self.files.keys().cloned().collect()
    }

    /// A fault for every class that `other` does not have.
    pub fn names_missing_in(&self, other: &Self) -> Vec<ImageError> {
        let missing = self
            .files
            .keys()
            .filter(|name| !other.files.contains_key(*name));
        missing
            .map(|name| {
                wrong_class(
                    &self.dir.join(name),
                    "is a class without training images; add some or remove it",
                )
            })
            .collect()
    }

    /// The first, and then every `every`-th file of each class, and the others.
    pub fn every(self, every: usize) -> (Self, Self) {
        let part = |first: bool| Self {
            dir: self.dir.clone(),
            files: self
                .files
                .iter()
                .map(|(name, files)| {
                    // Where a class has fewer, all are for training.
                    let is_first = |at: usize| at % every == every - 1;
                    let kept = files.iter().enumerate();
                    let kept = kept.filter(|(at, _)| is_first(*at) == first);
                    (name.clone(), kept.map(|(_, file)| file.clone()).collect())
                })
                .collect(),
        };
        (part(true), part(false))
    }

    /// All files with their labels, one of every class in turn.
    pub fn rows(self, names: &[OsString]) -> Vec<(PathBuf, u8)> {
        let mut rows = Vec::new();
        let mut columns: Vec<_> = self
            .files
            .into_iter()
            .filter_map(|(name, files)| {
                let label = names.iter().position(|known| *known == name)?;
                // Too many classes are refused before labels are used.
                Some((label.min(255) as u8, files.into_iter()))
            })
            .collect();
        loop {
            let before = rows.len();
            for (label, files) in &mut columns {
                rows.extend(files.next().map(|file| (file, *label)));
            }
            if rows.len() == before {
                return rows;
            }
        }
    }
}

fn wrong_class(class: &Path, problem: &'static str) -> ImageError {
    ImageError::Damaged {
        file: class.display().to_string(),
        problem: ImageProblem::Class(problem),
    }
}

/// What is in a folder, sorted, without hidden files.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let failed = |cause| ImageError::Io {
        path: dir.to_owned(),
        cause,
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !LITTER.contains(&name.as_ref()) {
            all.push(entry.path());
        }
    }
    all.sort();
    Ok(all)
}

fn is_png(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("png" | "PNG"))
}
