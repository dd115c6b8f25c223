//! CIFAR-10 and CIFAR-100 (Alex Krizhevsky, 2009) as people download them: the versions for Python
//! and for C ("binary"), each as its archive or unpacked. Images are 3 × 32 × 32 bytes, red plane
//! first.

mod version;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::archive;
use crate::error::{ImageError, ImageProblem, MOST_BYTES};
use crate::file::{ImageFile, check_labels, open};
use crate::pickle;
use crate::set::{Images, Subset};

pub use version::CifarVersion;
use version::{BatchLayout, VERSIONS};

const CHANNELS: usize = 3;
const SIDE: usize = 32;
const PIXELS: usize = CHANNELS * SIDE * SIDE;

/// Where CIFAR's files were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CifarFiles {
    version: &'static CifarVersion,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The folder that the archive unpacks to.
    Folder(PathBuf),
    /// The archive.
    Archive(PathBuf),
}

impl CifarFiles {
    /// What of CIFAR is in a folder: the files, the folder that an archive unpacks to, or an
    /// archive under its published name. Several versions may be there.
    pub(crate) fn in_folder(dir: &Path) -> Vec<Self> {
        let mut found = Vec::new();
        for version in &VERSIONS {
            let mut places = [dir.join(version.folder), dir.to_owned()].into_iter();
            let unpacked = places
                .find(|place| version.any_in(place))
                .map(Place::Folder);
            let archive = dir.join(version.archive);
            let packed = || archive.is_file().then(|| Place::Archive(archive.clone()));
            if let Some(place) = unpacked.or_else(packed) {
                found.push(Self { version, place });
            }
        }
        found
    }

    /// What a file holds: an archive of one of the versions, whatever its name.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn in_file(path: &Path) -> Result<Self, ImageError> {
        let (mut seen, mut version) = (0, None);
        let file = open(path)?;
        let packed = file.bytes.is_none();
        let visited = archive::visit(file, |member| {
            seen += 1;
            version = VERSIONS.iter().find(|version| member.is_in(version.folder));
            Ok(version.is_none())
        });
        match (version, visited) {
            (Some(version), _) => Ok(Self {
                version,
                place: Place::Archive(path.to_owned()),
            }),
            (None, Err(error @ ImageError::Io { .. })) => Err(error),
            (None, Err(damaged)) if packed || seen > 0 => Err(damaged),
            // What is no archive at all is not a damaged one.
            _ => Err(ImageError::Unclear {
                dir: path.to_owned(),
                problem: format!(
                    "no archive of CIFAR; give {} as it is published, or a folder",
                    VERSIONS
                        .each_ref()
                        .map(|version| version.archive)
                        .join(", ")
                ),
            }),
        }
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> &'static str {
        self.version.archive
    }

    /// The files that are not in the folder. What an archive lacks is seen when it is read.
    pub(crate) fn missing(&self) -> Option<ImageError> {
        let Place::Folder(dir) = &self.place else {
            return None;
        };
        let names = self.version.train.iter().chain(self.version.test);
        self.lacks(dir, names.filter(|name| !dir.join(name).exists()))
    }

    fn lacks<'a>(
        &self,
        place: &Path,
        names: impl Iterator<Item = &'a &'a str>,
    ) -> Option<ImageError> {
        let names: Vec<&str> = names.copied().collect();
        (!names.is_empty()).then(|| ImageError::Missing {
            dir: place.to_owned(),
            name: names.join(", "),
            hint: format!(
                "all files of {} have to be there; fetch what is missing",
                self.version.archive
            ),
        })
    }

    /// Reads a subset, and of it the first `rows` images, or all.
    ///
    /// # Errors
    /// All that is wrong with its files.
    pub fn load(&self, subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
        let names = match subset {
            Subset::Train => self.version.train,
            Subset::Test => self.version.test,
        };
        let batches = match &self.place {
            Place::Folder(dir) => self.read_folder(dir, names, rows)?,
            Place::Archive(path) => self.read_archive(path, names, rows)?,
        };
        Ok(self.strung_together(batches, rows.unwrap_or(usize::MAX)))
    }

    fn read_folder(
        &self,
        dir: &Path,
        names: &[&str],
        rows: Option<usize>,
    ) -> Result<Vec<BatchFile>, ImageError> {
        if let Some(missing) = self.lacks(dir, names.iter().filter(|name| !dir.join(name).exists()))
        {
            return Err(missing);
        }
        let mut batches: Vec<BatchFile> = Vec::new();
        let mut faults = Vec::new();
        for name in names {
            let have: usize = batches.iter().map(|batch| batch.labels.len()).sum();
            let left = rows.map(|rows| rows.saturating_sub(have));
            match open(&dir.join(name)).and_then(|file| self.batch(file, left)) {
                Ok(batch) => batches.push(batch),
                Err(fault) => faults.push(fault),
            }
        }
        ImageError::none_of(faults, batches)
    }

    /// In one pass, in whatever order the files come.
    fn read_archive(
        &self,
        path: &Path,
        names: &[&str],
        rows: Option<usize>,
    ) -> Result<Vec<BatchFile>, ImageError> {
        let mut batches: Vec<Option<BatchFile>> = names.iter().map(|_| None).collect();
        let mut faults = Vec::new();
        archive::visit(open(path)?, |member| {
            let place = names
                .iter()
                .position(|name| member.is_file_in(self.version.folder, name));
            if let Some(place) = place {
                match self.batch(member.into_file(path), rows) {
                    Ok(batch) => batches[place] = Some(batch),
                    Err(fault @ ImageError::Io { .. }) => return Err(fault),
                    Err(fault) => {
                        faults.push(fault);
                        batches[place] = Some(BatchFile::default());
                    }
                }
            }
            Ok(batches.iter().any(Option::is_none))
        })?;
        let absent = names
            .iter()
            .zip(&batches)
            .filter(|(_, batch)| batch.is_none())
            .map(|(name, _)| name);
        faults.extend(self.lacks(path, absent));
        let whole = batches.into_iter().flatten().collect();
        ImageError::none_of(faults, whole)
    }

    /// The first `rows` images of a file, or all. Of a pickle all come in any case.
    fn batch<R: Read>(
        &self,
        file: ImageFile<R>,
        rows: Option<usize>,
    ) -> Result<BatchFile, ImageError> {
        match self.version.layout {
            BatchLayout::Records { labels } => records(file, labels, self.version.classes, rows),
            BatchLayout::Pickle { labels } => pickled(file, labels, self.version.classes),
        }
    }

    fn strung_together(&self, batches: Vec<BatchFile>, rows: usize) -> Images {
        let mut images = Images {
            channels: CHANNELS,
            height: SIDE,
            width: SIDE,
            pixels: Vec::new(),
            labels: Vec::new(),
            classes: self.version.classes,
        };
        for batch in batches {
            let kept = batch.labels.len().min(rows - images.labels.len());
            images.labels.extend_from_slice(&batch.labels[..kept]);
            images
                .pixels
                .extend_from_slice(&batch.pixels[..kept * PIXELS]);
        }
        images
    }
}

/// The images of one file.
#[derive(Debug, Default)]
struct BatchFile {
    labels: Vec<u8>,
    pixels: Vec<u8>,
}

/// Records of `labels` bytes of labels, the last of which counts, and the pixels.
fn records<R: Read>(
    mut file: ImageFile<R>,
    labels: usize,
    classes: usize,
    rows: Option<usize>,
) -> Result<BatchFile, ImageError> {
    let record = labels + PIXELS;
    let mut batch = BatchFile::default();
    let bytes = match (file.bytes, rows) {
        (Some(bytes), _) => {
            whole_records(&file, record, bytes)?;
            rows.map_or(bytes, |rows| bytes.min((rows * record) as u64))
        }
        (None, Some(rows)) => (rows * record) as u64,
        (None, None) => MOST_BYTES,
    };
    let mut content = Vec::new();
    let read = file.reader.by_ref().take(bytes).read_to_end(&mut content);
    let read = read.map_err(|cause| file.failed(cause))? as u64;
    if file.bytes.is_none() {
        whole_records(&file, record, read)?;
    }
    for (row, record) in content.chunks_exact(record).enumerate() {
        let (label, pixels) = record.split_at(labels);
        check_labels(&label[labels - 1..], row, classes)
            .map_err(|problem| file.damaged(problem))?;
        batch.labels.push(label[labels - 1]);
        batch.pixels.extend_from_slice(pixels);
    }
    Ok(batch)
}

fn whole_records<R: Read>(
    file: &ImageFile<R>,
    record: usize,
    found: u64,
) -> Result<(), ImageError> {
    let record = record as u64;
    if found > 0 && found.is_multiple_of(record) {
        return Ok(());
    }
    Err(file.damaged(ImageProblem::Records { record, found }))
}

fn pickled<R: Read>(
    mut file: ImageFile<R>,
    labels: &'static str,
    classes: usize,
) -> Result<BatchFile, ImageError> {
    let mut content = Vec::new();
    let read = file
        .reader
        .by_ref()
        .take(MOST_BYTES)
        .read_to_end(&mut content);
    read.map_err(|cause| file.failed(cause))?;
    let batch = pickle::parse(&content, labels, PIXELS)
        .map_err(|problem| file.damaged(ImageProblem::Pickle(problem)))?;
    check_labels(&batch.labels, 0, classes).map_err(|problem| file.damaged(problem))?;
    Ok(BatchFile {
        pixels: batch.pixels.to_vec(),
        labels: batch.labels,
    })
}
