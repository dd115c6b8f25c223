//! Labelled images to train on: the embedded MNIST, IDX files (MNIST and its kin), CIFAR, and
//! folders of PNG files, as people download and keep them.
//!
//! Every reader takes a limit of rows and reads or unpacks no more than those.
//!
//! - **Belongs here:** reading and checking files of images, and writing IDX.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** scaling to floats, shuffling, sharding, tensors; whoever
//!   trains does that.
//!
//! ```
//! use workbench_images::{Subset, ImageSource};
//!
//! let digits = ImageSource::Embedded.load(Subset::Test, Some(100))?;
//! assert_eq!((digits.len(), digits.classes), (100, 10));
//! assert_eq!(digits.image(0).map(<[u8]>::len), Some(28 * 28));
//! assert_eq!(digits.labels[..4], [7, 2, 1, 0]);
//! # Ok::<(), workbench_images::ImageError>(())
//! ```

mod archive;
mod cifar;
mod embedded;
mod error;
mod file;
mod folder;
pub mod idx;
pub mod pickle;
pub mod png_folder;
mod set;
mod source;

pub use cifar::{CifarFiles, CifarVersion};
pub use embedded::{mnist, packed_mnist};
pub use error::{ImageError, ImageProblem, PickleProblem};
pub use idx::{read_idx, write_idx};
pub use set::{CLASSES, Images, Subset};
pub use source::ImageSource;
