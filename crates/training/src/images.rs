//! The images of a training: their location, number and shape. All of this is known before any
//! worker starts.

use std::fmt::{self, Display};
use std::path::Path;

use workbench_ddp_protocol::Data;
use workbench_digest::Hasher;
use workbench_experiment::lab::{DataSource, LabError, Opt, Refusal};
use workbench_images::{CLASSES, ImageError, ImageSource, Images, Subset};

/// Training and test rows of the images that come with the program.
pub const EMBEDDED_ROWS: (u64, u64) = (60_000, 10_000);
/// The shape of those images.
pub const EMBEDDED_SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 28,
    width: 28,
    classes: CLASSES,
};

/// What every image of a data set is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// Planes: 1 for grey, 3 for colours.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels per row.
    pub width: usize,
    /// How many classes there are.
    pub classes: usize,
}

impl Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} × {}", self.channels, self.height, self.width)
    }
}

/// Images that were found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundImages {
    /// The data source for the workers.
    pub data: Data,
    /// Training rows and test rows.
    pub rows: (u64, u64),
    /// The shape of every image.
    pub shape: ImageShape,
    /// The recorded data of the run, if more is known than was requested.
    pub recorded: Option<DataSource>,
    /// SHA-256 of the images, in hexadecimal.
    pub sha256: String,
}

impl FoundImages {
    /// As the worker's command line names them.
    pub fn argument(&self) -> String {
        match &self.data {
            Data::Embedded => "embedded".to_owned(),
            Data::Files { path } => path.display().to_string(),
        }
    }
}

/// Finds the images that `who` learns from. Reads files completely, so that no worker finds an
/// error in them later.
///
/// # Errors
/// [`LabError::Refused`] when they cannot be used.
pub fn find(who: &str, source: &DataSource) -> Result<FoundImages, LabError> {
    match source {
        DataSource::Embedded => Ok(FoundImages {
            data: Data::Embedded,
            rows: EMBEDDED_ROWS,
            shape: EMBEDDED_SHAPE,
            recorded: None,
            sha256: embedded_sha256(),
        }),
        DataSource::Folder { path, .. } => files(Path::new(path)),
        DataSource::File { .. } => Err(LabError::Refused(Refusal::of(
            Opt::Data,
            format!("{who} learns from images; leave --target out"),
        ))),
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

fn files(path: &Path) -> Result<FoundImages, LabError> {
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
    Ok(FoundImages {
        sha256: found.clone(),
        recorded: Some(DataSource::Folder {
            path: path.to_string_lossy().into_owned(),
            sha256: Some(found),
        }),
        data: Data::Files { path },
        rows: (train_rows, test_rows),
        shape: train,
    })
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
