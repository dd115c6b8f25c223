//! The MNIST that comes with the program (Yann LeCun, Corinna Cortes and Christopher Burges, 1998).
//!
//! Each subset is one zstd frame with the IDX file of its labels and then that of its images
//! (see `assets/datasets/README.md`), so a process that needs the first rows of one subset
//! unpacks nothing else.

use std::io::Read;

use crate::error::ImageError;
use crate::file::ImageFile;
use crate::idx::{self, IMAGES_HEADER, LABELS_HEADER};
use crate::set::{Images, Subset};

static TRAIN: &[u8] = include_bytes!("../../../assets/datasets/mnist_train.zst");
static TEST: &[u8] = include_bytes!("../../../assets/datasets/mnist_test.zst");
const TRAIN_ROWS: u64 = 60_000;
const TEST_ROWS: u64 = 10_000;
const PIXELS: u64 = 28 * 28;

/// MNIST: 60,000 images of handwritten digits to learn from or 10,000 to be tested on, 28 × 28,
/// grey. The first `rows` of them are unpacked, or all.
///
/// # Errors
/// [`ImageError::Embedded`] when the embedded bytes are damaged.
pub fn mnist(subset: Subset, rows: Option<usize>) -> Result<Images, ImageError> {
    let (packed, count) = match subset {
        Subset::Train => (TRAIN, TRAIN_ROWS),
        Subset::Test => (TEST, TEST_ROWS),
    };
    unpack(packed, count, rows).map_err(|error| damaged(&error))
}

/// The bytes of which [`mnist`] is unpacked: those to learn from, and those to be tested on.
pub fn packed_mnist() -> [&'static [u8]; 2] {
    [TRAIN, TEST]
}

fn unpack(packed: &[u8], count: u64, rows: Option<usize>) -> Result<Images, ImageError> {
    let mut frame = decoder(packed)?;
    let mut labels = Vec::with_capacity((LABELS_HEADER + count) as usize);
    frame
        .by_ref()
        .take(LABELS_HEADER + count)
        .read_to_end(&mut labels)
        .map_err(|error| damaged(&error))?;
    let labels = ImageFile {
        bytes: Some(labels.len() as u64),
        reader: labels.as_slice(),
        name: "labels".to_owned(),
    };
    let images = ImageFile {
        reader: frame,
        bytes: Some(IMAGES_HEADER + count * PIXELS),
        name: "images".to_owned(),
    };
    idx::read(labels, images, rows)
}

#[cfg(feature = "native")]
fn decoder(packed: &[u8]) -> Result<impl Read + '_, ImageError> {
    zstd::stream::read::Decoder::with_buffer(packed).map_err(|error| damaged(&error))
}

#[cfg(not(feature = "native"))]
fn decoder(packed: &[u8]) -> Result<impl Read + '_, ImageError> {
    ruzstd::decoding::StreamingDecoder::new(packed).map_err(|error| damaged(&error))
}

fn damaged(cause: &dyn std::fmt::Display) -> ImageError {
    ImageError::Embedded {
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_bytes_are_an_error_and_not_a_panic() {
        for packed in [&TEST[..0], &TEST[..1000], &TEST[5..], b"IDX"] {
            let error = unpack(packed, TEST_ROWS, None).map_err(|error| damaged(&error));
            assert!(
                matches!(error, Err(ImageError::Embedded { .. })),
                "{error:?}"
            );
        }
        // Another number of rows than there are.
        assert!(unpack(TEST, TEST_ROWS - 1, None).is_err());
        assert!(unpack(TEST, TEST_ROWS + 1, None).is_err());
    }
}
