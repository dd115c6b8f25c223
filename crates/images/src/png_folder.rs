//! Folders of PNG files, one folder per class, as torchvision's `ImageFolder` reads them.
//!
//! The classes are the names of the folders, in the order of their bytes. With folders for training
//! and test, each has the folders of the classes; without, every fifth image of a class, in the
//! order of names, is for the test. Rows take one image of every class in turn, so that the first
//! rows have all classes.

mod decode;
mod listing;

use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem, MOST_BYTES};
use crate::set::{Images, Subset};

pub use decode::{Picture, decode};
use listing::ClassFiles;

/// Of every so many images of a class one is for the test, where there is no folder for it.
const TEST_EVERY: usize = 5;

/// Labels are bytes.
const MOST_CLASSES: usize = 256;

/// The images of a folder: all files, their classes and their common size, but no pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PngFolder {
    train: Vec<(PathBuf, u8)>,
    test: Vec<(PathBuf, u8)>,
    classes: usize,
    channels: usize,
    height: usize,
    width: usize,
}

impl PngFolder {
    /// Whether a folder has PNG files in folders of classes.
    pub(crate) fn is_one(dir: &Path) -> bool {
        listing::is_one(dir)
    }

    /// Lists a folder, and reads the header of every file.
    ///
    /// # Errors
    /// Everything that can be seen to be wrong before pixels are read.
    pub(crate) fn find(dir: &Path) -> Result<Self, ImageError> {
        let mut faults = Vec::new();
        let (train, test) = if let Some((train, test)) = listing::parts(dir)? {
            let train = ClassFiles::list(&train, &mut faults)?;
            let test = ClassFiles::list(&test, &mut faults)?;
            faults.extend(test.names_missing_in(&train));
            (train, test)
        } else {
            let (test, train) = ClassFiles::list(dir, &mut faults)?.every(TEST_EVERY);
            (train, test)
        };
        let names = train.names();
        let (train, test) = (train.rows(&names), test.rows(&names));
        let mut found = Self {
            classes: names.len(),
            train,
            test,
            channels: 1,
            height: 0,
            width: 0,
        };
        faults.extend(found.counts(dir));
        faults.extend(found.measure());
        ImageError::none_of(faults, found)
    }

    /// Fewer than two classes, more than labels can tell apart, or nothing to be tested on.
    fn counts(&self, dir: &Path) -> Option<ImageError> {
        let problem = if self.classes < 2 {
            "has images of fewer than 2 classes; give a folder with a folder of PNG files for each class"
        } else if self.classes > MOST_CLASSES {
            "has more than 256 classes; give fewer"
        } else if self.test.is_empty() {
            "has no test images; give each class 5 images or more, or a folder test"
        } else {
            return None;
        };
        Some(ImageError::Unclear {
            dir: dir.to_owned(),
            problem: problem.to_owned(),
        })
    }

    /// Finds the size of the first image and whether any has colours, and what does not fit.
    fn measure(&mut self) -> Vec<ImageError> {
        let mut faults = Vec::new();
        let mut first: Option<(PathBuf, decode::PngHeader)> = None;
        for (path, _) in self.train.iter().chain(&self.test) {
            let header = match decode::header(path) {
                Ok(header) => header,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            if header.coloured {
                self.channels = 3;
            }
            let (of, expected) = first.get_or_insert_with(|| (path.clone(), header));
            if !header.is_as_large_as(expected) {
                faults.push(ImageError::Damaged {
                    file: path.display().to_string(),
                    problem: ImageProblem::Size {
                        found: header.size(),
                        expected: expected.size(),
                        of: of.display().to_string(),
                    },
                });
            }
        }
        if let Some((of, size)) = first {
            (self.height, self.width) = (size.height as usize, size.width as usize);
            let images = self.train.len() + self.test.len();
            let bytes = images as u128 * (self.channels * self.height * self.width) as u128;
            if bytes > u128::from(MOST_BYTES) {
                faults.push(ImageError::Damaged {
                    file: of.display().to_string(),
                    problem: ImageProblem::TooLarge { bytes },
                });
            }
        }
        faults
    }

    /// Reads a subset, and of it the first `rows` images, or all. Grey images get three equal
    /// planes where others have colours.
    ///
    /// # Errors
    /// All files that cannot be decoded.
    pub fn load(&self, subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
        let files = match subset {
            Subset::Train => &self.train,
            Subset::Test => &self.test,
        };
        let files = &files[..rows.unwrap_or(usize::MAX).min(files.len())];
        let mut images = Images {
            channels: self.channels,
            height: self.height,
            width: self.width,
            pixels: Vec::with_capacity(files.len() * self.channels * self.height * self.width),
            labels: Vec::with_capacity(files.len()),
            classes: self.classes,
        };
        let mut faults = Vec::new();
        for (path, label) in files {
            match decode::file(path, (self.height, self.width)) {
                Ok(picture) => {
                    picture.planes(self.channels, &mut images.pixels);
                    images.labels.push(*label);
                }
                Err(fault) => faults.push(fault),
            }
        }
        ImageError::none_of(faults, images)
    }
}
