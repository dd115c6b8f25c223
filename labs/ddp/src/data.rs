//! The images: their location, number and shape. All of this is known before any worker starts.

use std::path::Path;

use workbench_ddp_protocol::Data;
use workbench_digest::Hasher;
use workbench_experiment::lab::{DataSource, LabError, Opt, Refusal};
use workbench_images::{CLASSES, ImageError, ImageSource, Images, Subset};
use workbench_machine::MachineFacts;

use crate::settings::{ImageShape, Offer};
use crate::tuning::computes_bf16;

/// Rows of the MNIST that comes with the program.
const MNIST: (u64, u64) = (60_000, 10_000);
/// More rows than any folder has.
const MOST_ROWS: u64 = 1 << 40;
/// The shape of its images.
const MNIST_SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 28,
    width: 28,
    classes: CLASSES,
};

/// The data that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The data source for the workers.
    pub data: Data,
    /// The limits from data and machine.
    pub offer: Offer,
    /// The recorded data of the run, if more is known than was requested.
    pub recorded: Option<DataSource>,
    /// SHA-256 of the images, in hexadecimal.
    pub sha256: String,
}

/// Inspects data and machine. Reads files completely, so that no worker finds an error in them
/// later.
///
/// # Errors
/// [`LabError::Refused`] when the data cannot be used.
pub fn look(source: &DataSource) -> Result<Found, LabError> {
    match source {
        DataSource::Embedded => Ok(Found {
            data: Data::Embedded,
            offer: offer(MNIST, MNIST_SHAPE),
            recorded: None,
            sha256: embedded_sha256(),
        }),
        DataSource::Folder { path, .. } => files(Path::new(path)),
        DataSource::File { .. } => Err(LabError::Refused(Refusal::of(
            Opt::Data,
            "the ddp lab learns from images; leave --target out",
        ))),
    }
}

/// What data and machine offer at most: what is beyond this is wrong on every machine.
pub fn at_most(source: &DataSource) -> Offer {
    let rows = match source {
        DataSource::Embedded => MNIST,
        DataSource::Folder { .. } | DataSource::File { .. } => (MOST_ROWS, MOST_ROWS),
    };
    Offer {
        train_rows: rows.0,
        test_rows: rows.1,
        images: MNIST_SHAPE,
        cores: f64::INFINITY,
        gpus: u32::MAX,
        bf16: true,
    }
}

/// The hash of the images that come with the program, as they are packed.
fn embedded_sha256() -> String {
    let mut hash = Hasher::default();
    for packed in workbench_images::packed_mnist() {
        hash.update(packed);
    }
    hash.finish()
}

fn files(path: &Path) -> Result<Found, LabError> {
    let refused = |error: ImageError| LabError::Refused(Refusal::of(Opt::Data, error.to_string()));
    let source = ImageSource::find(path).map_err(refused)?;
    let mut hash = Hasher::default();
    // Read one after the other: both together may fill much of a small machine's memory.
    let mut read = |part| -> Result<(u64, ImageShape), ImageError> {
        let images = source.load(part, None)?;
        take_in(&mut hash, &images);
        Ok((images.len() as u64, shape(&images)))
    };
    let (train, test) = (read(Subset::Train), read(Subset::Test));
    let ((train_rows, train), (test_rows, test)) =
        ImageError::both(train, test).map_err(refused)?;
    if train != test {
        return Err(LabError::Refused(Refusal::new(
            Opt::Data,
            path.display(),
            format!(
                "the training images are {train} and the test images {test}; take all files from the same dataset"
            ),
        )));
    }
    let found = hash.finish();
    let path = path.to_owned();
    Ok(Found {
        sha256: found.clone(),
        recorded: Some(DataSource::Folder {
            path: path.to_string_lossy().into_owned(),
            sha256: Some(found),
        }),
        data: Data::Files { path },
        offer: offer((train_rows, test_rows), train),
    })
}

fn offer((train_rows, test_rows): (u64, u64), images: ImageShape) -> Offer {
    let machine = MachineFacts::probe();
    Offer {
        train_rows,
        test_rows,
        images,
        cores: machine.cores_usable,
        gpus: machine.gpus.len() as u32,
        bf16: computes_bf16(),
    }
}

fn shape(images: &Images) -> ImageShape {
    ImageShape {
        channels: images.channels,
        height: images.height,
        width: images.width,
        classes: images.classes,
    }
}

/// Adds shape, labels and pixels to a fingerprint, so that it depends on the images and not on
/// names of files.
fn take_in(hash: &mut Hasher, images: &Images) {
    for number in [images.len(), images.channels, images.height, images.width] {
        hash.update((number as u64).to_le_bytes());
    }
    hash.update(&images.labels);
    hash.update(&images.pixels);
}
