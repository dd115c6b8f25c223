//! Opening files whose size bounds what is read, and checking labels. Formats are in
//! the modules beside.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::{ImageError, ImageProblem};
use crate::set::CLASSES;

/// Something to read with a name for messages and a known size, so that no header can ask for more
/// memory than there are bytes.
pub(crate) struct ImageFile<R> {
    pub reader: R,
    pub bytes: u64,
    pub name: String,
}

impl<R: Read> ImageFile<R> {
    /// Reads exactly `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<Vec<u8>, ImageError> {
        let mut out = vec![0; count];
        self.reader
            .read_exact(&mut out)
            .map_err(|cause| ImageError::Io {
                path: (&self.name).into(),
                cause,
            })?;
        Ok(out)
    }

    pub fn damaged(&self, problem: ImageProblem) -> ImageError {
        ImageError::Damaged {
            file: self.name.clone(),
            problem,
        }
    }
}

/// Opens an ordinary file.
pub(crate) fn open(path: &Path) -> Result<ImageFile<BufReader<File>>, ImageError> {
    let failed = |cause| ImageError::Io {
        path: path.to_owned(),
        cause,
    };
    // Opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("not an ordinary file")));
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    Ok(ImageFile {
        reader: BufReader::new(file),
        bytes,
        name: path.display().to_string(),
    })
}

/// Refuses labels beyond the classes; `first` is the row of the first of them.
pub(crate) fn check_labels(labels: &[u8], first: usize) -> Result<(), ImageProblem> {
    let beyond = |label: &u8| usize::from(*label) >= CLASSES;
    match labels.iter().position(beyond) {
        None => Ok(()),
        Some(at) => Err(ImageProblem::Label {
            row: first + at,
            label: labels[at],
            max: CLASSES - 1,
        }),
    }
}
