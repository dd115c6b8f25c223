//! Opening files, packed with gzip or not, whose content bounds what is read, and checking labels.
//! Formats are in the modules beside.

use std::fs::File;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{ImageError, ImageProblem, MOST_BYTES};

/// What every gzip file begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Something to read with a name for messages.
pub(crate) struct ImageFile<R> {
    pub reader: R,
    /// How many bytes there are; `None` where a packed file tells only at its end.
    pub bytes: Option<u64>,
    pub name: String,
}

impl<R: Read> ImageFile<R> {
    /// Reads exactly `count` bytes. No header can ask for more memory than there are bytes.
    pub fn take(&mut self, count: u64) -> Result<Vec<u8>, ImageError> {
        if count > MOST_BYTES {
            return Err(self.damaged(ImageProblem::TooLarge {
                bytes: u128::from(count),
            }));
        }
        let mut out = match self.bytes {
            Some(bytes) => Vec::with_capacity(count.min(bytes) as usize),
            None => Vec::new(),
        };
        let read = self.reader.by_ref().take(count).read_to_end(&mut out);
        match read.map_err(|cause| self.failed(cause))? as u64 {
            read if read == count => Ok(out),
            found => Err(self.damaged(ImageProblem::Length {
                expected: u128::from(count),
                found,
            })),
        }
    }

    /// Checks that nothing is left. To be asked where the length was not known before.
    pub fn ends(&mut self, expected: u128) -> Result<(), ImageError> {
        let more = self.reader.read(&mut [0]);
        if more.map_err(|cause| self.failed(cause))? == 0 {
            return Ok(());
        }
        Err(self.damaged(ImageProblem::Longer { expected }))
    }

    pub fn damaged(&self, problem: ImageProblem) -> ImageError {
        ImageError::Damaged {
            file: self.name.clone(),
            problem,
        }
    }

    /// The error for a reader that failed.
    pub fn failed(&self, cause: Error) -> ImageError {
        failed(&self.name, cause)
    }
}

/// The error for reading the file of a name: what a decoder says is damage of the file.
pub(crate) fn failed(name: &str, cause: Error) -> ImageError {
    let damage = [
        ErrorKind::InvalidData,
        ErrorKind::InvalidInput,
        ErrorKind::UnexpectedEof,
    ];
    if damage.contains(&cause.kind()) {
        return ImageError::Damaged {
            file: name.to_owned(),
            problem: ImageProblem::Packed {
                cause: one_line(&cause.to_string()),
            },
        };
    }
    ImageError::Io {
        path: name.into(),
        cause,
    }
}

/// A foreign text without what would spoil a line.
pub(crate) fn one_line(text: &str) -> String {
    let shown = text.chars().take(200);
    shown
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Opens an ordinary file, and unpacks it on the way where it is packed with gzip, whatever its
/// name.
pub(crate) fn open(path: &Path) -> Result<ImageFile<Box<dyn Read>>, ImageError> {
    let failed = |cause| ImageError::Io {
        path: path.to_owned(),
        cause,
    };
    // Opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(Error::other("not an ordinary file")));
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let (reader, bytes) = unpacked(BufReader::new(file), bytes).map_err(failed)?;
    Ok(ImageFile {
        reader,
        bytes,
        name: path.display().to_string(),
    })
}

/// What a reader holds, unpacked where it is packed, and how many bytes that are where it is not.
pub(crate) fn unpacked<'a>(
    mut reader: impl BufRead + 'a,
    bytes: u64,
) -> Result<(Box<dyn Read + 'a>, Option<u64>), Error> {
    if reader.fill_buf()?.starts_with(&GZIP) {
        Ok((Box::new(MultiGzDecoder::new(reader)), None))
    } else {
        Ok((Box::new(reader), Some(bytes)))
    }
}

/// Refuses labels beyond the classes; `first` is the row of the first of them.
pub(crate) fn check_labels(
    labels: &[u8],
    first: usize,
    classes: usize,
) -> Result<(), ImageProblem> {
    let beyond = |label: &u8| usize::from(*label) >= classes;
    match labels.iter().position(beyond) {
        None => Ok(()),
        Some(at) => Err(ImageProblem::Label {
            row: first + at,
            label: labels[at],
            classes,
        }),
    }
}
